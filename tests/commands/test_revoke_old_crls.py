"""`revoke` on what it finds: CRLs of certstrap and of others, and what is none."""

import shutil
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.cli.context import Context
from certstrap.pki.keys import P256, PrivateKey
from tests.builders import crls, foreign
from tests.builders.depots import NEW_KEY, TEN_YEARS, init, signed
from tests.conftest import NOW, CommandLine, call

REVOKE = ("revoke", "--CN", "client", "--CA", "Cert")
OLD = NOW - timedelta(days=100)


pytestmark = pytest.mark.depot(init("Cert", *TEN_YEARS), *signed("client"))
"""A depot with the CA `Cert` and the certificate `client`."""


@pytest.fixture
def ca(depot: Path) -> tuple[x509.Certificate, PrivateKey]:
    """The CA's certificate and its key."""
    return foreign.load_certificate(depot / "Cert.crt"), foreign.load_key(depot / "Cert.key")


@pytest.fixture
def serial(depot: Path) -> int:
    """The serial number of `client`."""
    return foreign.load_certificate(depot / "client.crt").serial_number


Put = Callable[[bytes], None]


@pytest.fixture
def put(depot: Path) -> Put:
    """Puts something in the place of the CA's CRL."""

    def replace(data: bytes) -> None:
        (depot / "Cert.crl").unlink()
        foreign.write(depot / "Cert.crl", data, 0o444)

    return replace


@pytest.mark.parametrize(("before", "after"), [(None, 1), (0, 1), (7, 8), (2**64, 2**64 + 1)])
def test_the_number_of_a_crl_grows_or_begins(
    certstrap: CommandLine,
    depot: Path,
    ca: tuple[x509.Certificate, PrivateKey],
    put: Put,
    before: int | None,
    after: int,
) -> None:
    put(crls.made_elsewhere(*ca, crl_number=before))
    certstrap(*REVOKE)
    assert crls.number(depot / "Cert.crl") == after


@pytest.mark.parametrize("next_update", [OLD + timedelta(days=1), NOW + timedelta(days=1)])
def test_a_crl_near_or_past_its_next_update_is_carried_on_to_the_end_of_the_ca(
    certstrap: CommandLine,
    depot: Path,
    ca: tuple[x509.Certificate, PrivateKey],
    put: Put,
    serial: int,
    next_update: datetime,
) -> None:
    entries = [crls.entry(1, OLD), crls.entry(2, OLD)]
    put(crls.made_elsewhere(*ca, entries=entries, updated=OLD, next_update=next_update))
    outcome = certstrap(*REVOKE)
    assert outcome.stdout == "Updated out/Cert.crl: 3 revoked certificates\n"
    crl = crls.load(depot / "Cert.crl")
    assert crls.revoked(crl) == [(1, OLD, ""), (2, OLD, ""), (serial, NOW, "")]
    assert crl.last_update_utc == NOW
    assert crl.next_update_utc == ca[0].not_valid_after_utc


def test_an_old_crl_knows_what_is_revoked_already(
    certstrap: CommandLine,
    depot: Path,
    ca: tuple[x509.Certificate, PrivateKey],
    put: Put,
    serial: int,
) -> None:
    old = crls.made_elsewhere(*ca, entries=[crls.entry(serial, OLD)])
    put(old)
    outcome = certstrap(*REVOKE)
    assert (
        outcome.stdout
        == f"Revoked already, since {OLD:%Y-%m-%d %H:%M:%S} UTC: nothing was changed.\n"
    )
    assert (depot / "Cert.crl").read_bytes() == old


def test_entries_keep_all_that_they_say(
    certstrap: CommandLine, depot: Path, ca: tuple[x509.Certificate, PrivateKey], put: Put
) -> None:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\5\0")
    said: Sequence[x509.ExtensionType] = [
        x509.CRLReason(x509.ReasonFlags.key_compromise),
        x509.InvalidityDate(OLD.replace(tzinfo=None)),
        unknown,
    ]
    put(crls.made_elsewhere(*ca, entries=[crls.entry(7, OLD, *said)]))
    certstrap(*REVOKE)
    first = next(iter(crls.load(depot / "Cert.crl")))
    assert first.serial_number == 7
    assert [extension.value for extension in first.extensions] == said


def test_what_certstrap_put_on_it_twice_is_on_it_once_since_the_first_time(
    certstrap: CommandLine,
    depot: Path,
    ca: tuple[x509.Certificate, PrivateKey],
    put: Put,
    serial: int,
) -> None:
    later = OLD + timedelta(days=1)
    put(crls.made_elsewhere(*ca, entries=[crls.entry(7, OLD), crls.entry(7, later)]))
    outcome = certstrap(*REVOKE)
    assert crls.revoked(crls.load(depot / "Cert.crl")) == [(7, OLD, ""), (serial, NOW, "")]
    assert outcome.stdout == "Updated out/Cert.crl: 2 revoked certificates\n"


def test_a_crl_in_der_is_read_and_pem_takes_its_place(
    certstrap: CommandLine,
    depot: Path,
    ca: tuple[x509.Certificate, PrivateKey],
    put: Put,
    serial: int,
) -> None:
    put(crls.made_elsewhere(*ca, entries=[crls.entry(7)], encoding=Encoding.DER))
    certstrap(*REVOKE)
    assert crls.serials(depot / "Cert.crl") == [7, serial]


def test_a_crl_of_mode_0600_is_read(certstrap: CommandLine, depot: Path) -> None:
    (depot / "Cert.crl").chmod(0o600)
    certstrap(*REVOKE)
    assert len(crls.serials(depot / "Cert.crl")) == 1


def test_a_crl_of_another_key_is_refused(
    certstrap: CommandLine, depot: Path, ca: tuple[x509.Certificate, PrivateKey], put: Put
) -> None:
    put(crls.made_elsewhere(ca[0], P256.generate()))
    certstrap.refuses(
        *REVOKE, sentence="out/Cert.crl is not signed by its CA.", hint="move it away"
    )


def test_a_crl_that_was_changed_is_refused(
    certstrap: CommandLine, depot: Path, ca: tuple[x509.Certificate, PrivateKey], put: Put
) -> None:
    der = crls.made_elsewhere(*ca, entries=[crls.entry(0xCAFED00D)], encoding=Encoding.DER)
    put(der.replace(b"\xca\xfe\xd0\x0d", b"\xca\xfe\xd0\x0e"))
    certstrap.refuses(*REVOKE, sentence="out/Cert.crl is not signed by its CA.")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "out/Cert.crl is empty."),
        (b"\n", "out/Cert.crl is empty."),
        (b"what is this?", "out/Cert.crl is not a certificate revocation list that can be read."),
        (b"-----BEGIN X509 CRL-----\nMII", "out/Cert.crl is broken: it has no END line."),
        (
            b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
            "out/Cert.crl is not a certificate revocation list that can be read.",
        ),
        (
            foreign.certificate().public_bytes(Encoding.PEM),
            "out/Cert.crl holds a certificate, not a certificate revocation list.",
        ),
        (
            foreign.certificate().public_bytes(Encoding.DER),
            "out/Cert.crl is not a certificate revocation list that can be read.",
        ),
    ],
)
def test_what_is_no_crl_is_refused(
    certstrap: CommandLine, depot: Path, put: Put, data: bytes, sentence: str
) -> None:
    put(data)
    outcome = certstrap.refuses(*REVOKE, sentence=sentence)
    assert outcome.stderr.splitlines()[1].startswith("Hint: ")


def test_every_cut_of_a_crl_is_refused(
    certstrap: CommandLine, depot: Path, ca: tuple[x509.Certificate, PrivateKey], put: Put
) -> None:
    whole = crls.made_elsewhere(*ca, entries=[crls.entry(7)])
    for length in range(0, len(whole) - len("-----END X509 CRL-----\n"), 40):
        put(whole[:length])
        certstrap.refuses(*REVOKE, sentence="out/Cert.crl is ")


def test_a_folder_in_the_place_of_the_crl_is_refused(certstrap: CommandLine, depot: Path) -> None:
    (depot / "Cert.crl").unlink()
    (depot / "Cert.crl").mkdir()
    certstrap.refuses(*REVOKE, sentence="out/Cert.crl is not a regular file.")


def broken_text(depot: Path) -> None:
    (depot / "Cert.crl").unlink()
    (depot / "Cert.crl").write_text("garbage")


def broken_link(depot: Path) -> None:
    (depot / "Cert.crl").unlink()
    (depot / "Cert.crl").symlink_to("nowhere")


def broken_folder(depot: Path) -> None:
    (depot / "Cert.crl").unlink()
    (depot / "Cert.crl").mkdir()


def of_another_key(depot: Path) -> None:
    ca = foreign.load_certificate(depot / "Cert.crt")
    foreign.write(depot / "Cert.crl", crls.made_elsewhere(ca, P256.generate()))


@pytest.mark.parametrize("damage", [broken_text, broken_link, broken_folder, of_another_key])
@pytest.mark.parametrize(
    "command",
    [
        ("revoke", "--CN", "client"),
        ("revoke", "--serial", "2A", "--elsewhere"),
        ("crl", "Cert"),
        ("crl", "client", "--bundle"),
        ("renew", "client"),
        ("renew", "Cert"),
        ("issue", "client"),
        ("sign", "client", "--cert", "copy.crt"),
        ("bundle", "--rotate", "Cert", "Next"),
        ("export-chain", "client"),
        ("export-pkcs12", "client", "--no-passphrase"),
        ("filters", "client"),
        ("connect", "client", "--namespace", "your-namespace.acct"),
    ],
    ids=" ".join,
)
def test_whatever_needs_a_crl_that_cannot_be_read_says_the_way_out(
    damage: Callable[[Path], None], command: tuple[str, ...], certstrap: CommandLine, depot: Path
) -> None:
    if "Next" in command:
        certstrap("init", "--cn", "Next", *NEW_KEY)
    damage(depot)
    hint = (
        "Hint: Restore it from a copy. If there is none, move it away, create a new one, and "
        "revoke again what it revoked: mv out/Cert.crl out/Cert.crl.broken && certstrap crl Cert\n"
    )
    outcome = certstrap.refuses(*command, sentence="out/Cert.crl", hint=hint)
    shutil.move(depot / "Cert.crl", depot / "Cert.crl.broken")
    certstrap("crl", "Cert")
    again = call(*command, input="", context=Context(now=lambda: NOW, environ={}))
    assert again.exit_code == 0 or "Cert.crl" not in again.stderr, (outcome, again)
