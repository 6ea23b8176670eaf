"""`revoke`: what is put on a CRL, once; which CRL it is, and what is refused."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import CRLEntryExtensionOID, ExtensionOID

from certstrap.pki.crl import REASONS
from certstrap.pki.keys import P256, PrivateKey
from tests.builders import crls, foreign
from tests.builders.certificates import NO_CA, a_certificate, a_name
from tests.builders.depots import NEW_KEY, TEN_YEARS, UNUSED, init, signed
from tests.cli.terminal import ends, terminal
from tests.conftest import NOW, CommandLine, Program, snapshot

REVOKE = ("revoke", "--CN", "client", "--CA", "Cert")
UPDATED = "Updated out/Cert.crl: 1 revoked certificate\n"
TRUTH = (
    "Temporal Cloud does not check CRLs: to lock this client out there, use a certificate "
    "filter or a new CA."
)
LATER = NOW + timedelta(days=3)

Sign = Callable[..., int]


@pytest.fixture
def sign(certstrap: CommandLine, folder: Path) -> Sign:
    """Requests and signs a certificate, and returns its serial number."""

    def signed(name: str, ca: str = "Cert", *options: str) -> int:
        certstrap("request-cert", "--cn", name, *NEW_KEY)
        certstrap("sign", name, "--CA", ca, *options)
        stem = name.replace(" ", "_")
        return foreign.load_certificate(folder / f"out/{stem}.crt").serial_number

    return signed


pytestmark = pytest.mark.depot(init("Cert", "--path-length", "1", *TEN_YEARS), *signed("client"))
"""A depot with the CA `Cert`, good for ten years, and the certificate `client`."""


@pytest.fixture
def serial(depot: Path) -> int:
    """The serial number of `client`."""
    return foreign.load_certificate(depot / "client.crt").serial_number


def ca_of(depot: Path) -> tuple[x509.Certificate, PrivateKey]:
    return foreign.load_certificate(depot / "Cert.crt"), foreign.load_key(depot / "Cert.key")


def test_it_prints_one_line_that_does_not_hold_the_name(
    certstrap: CommandLine, depot: Path
) -> None:
    assert certstrap(*REVOKE).stdout == UPDATED
    assert "client" not in certstrap(*REVOKE).stdout


def test_the_crl_holds_the_serial_number_until_the_end_of_the_ca(
    certstrap: CommandLine, depot: Path, serial: int
) -> None:
    certstrap(*REVOKE, now=LATER)
    crl = crls.load(depot / "Cert.crl")
    ca, _ = ca_of(depot)
    assert crls.revoked(crl) == [(serial, LATER, "")]
    assert crl.is_signature_valid(ca.public_key())  # type: ignore[arg-type]
    assert crl.issuer.public_bytes() == ca.subject.public_bytes()
    assert crl.last_update_utc == LATER
    assert crl.next_update_utc == ca.not_valid_after_utc
    assert {ext.oid: ext.critical for ext in crl.extensions} == {
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER: False,
        ExtensionOID.CRL_NUMBER: False,
    }
    aki = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    ski = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert aki.key_identifier == ski.digest


def test_nothing_but_the_crl_is_changed(certstrap: CommandLine, depot: Path) -> None:
    before = snapshot(depot)
    certstrap(*REVOKE)
    after = snapshot(depot)
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == {"Cert.crl"}
    assert (depot / "Cert.crl").stat().st_mode & 0o777 == 0o444


def test_each_crl_has_the_next_number_and_keeps_what_was_on_the_last(
    certstrap: CommandLine, depot: Path, serial: int, sign: Sign
) -> None:
    assert crls.number(depot / "Cert.crl") == 1
    expected = [serial, sign("a"), sign("b")]
    for count, name in enumerate(("client", "a", "b"), start=1):
        now = NOW + timedelta(days=count)
        line = certstrap("revoke", "--CN", name, "--CA", "Cert", now=now).stdout
        many = "" if count == 1 else "s"
        assert line == f"Updated out/Cert.crl: {count} revoked certificate{many}\n"
        assert crls.number(depot / "Cert.crl") == count + 1
        assert crls.serials(depot / "Cert.crl") == expected[:count]
    assert [when for _, when, _ in crls.revoked(crls.load(depot / "Cert.crl"))] == [
        NOW + timedelta(days=count) for count in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("more", "note"),
    [
        ((), ""),
        (("--reason", "keyCompromise"), ""),
        (
            ("--reason", "superseded"),
            "The reason stays keyCompromise: it can only be made worse.\n",
        ),
        (
            ("--reason", "unspecified"),
            "The reason stays keyCompromise: it can only be made worse.\n",
        ),
    ],
)
def test_a_second_time_says_since_when_and_changes_nothing(
    certstrap: CommandLine, depot: Path, more: tuple[str, ...], note: str
) -> None:
    certstrap(*REVOKE, "--reason", "keyCompromise")
    before, born = snapshot(depot), (depot / "Cert.crl").stat()
    line = certstrap(*REVOKE, *more, now=LATER, stderr=note).stdout
    assert line == "Revoked already, since 2026-11-23 12:00:00 UTC: nothing was changed.\n"
    assert snapshot(depot) == before
    assert (depot / "Cert.crl").stat() == born


@pytest.mark.parametrize("before", sorted({*REASONS} - {"keyCompromise", "cACompromise"}))
@pytest.mark.parametrize("reason", ["keyCompromise", "cACompromise"])
def test_a_reason_can_be_made_worse(
    before: str, reason: str, certstrap: CommandLine, depot: Path, serial: int
) -> None:
    certstrap(*REVOKE, "--reason", before)
    line = certstrap(*REVOKE, "--reason", reason, now=LATER).stdout
    assert line == (
        f"Revoked already, since 2026-11-23 12:00:00 UTC: the reason is now {reason} and updated "
        "out/compromised-keys.\n"
    )
    assert crls.revoked(crls.load(depot / "Cert.crl")) == [(serial, NOW, reason)]
    assert crls.number(depot / "Cert.crl") == 3


def test_a_hold_of_another_tool_can_be_made_a_revocation_and_keeps_its_other_extensions(
    certstrap: CommandLine, depot: Path, serial: int
) -> None:
    hold = x509.CRLReason(x509.ReasonFlags.certificate_hold)
    since = x509.InvalidityDate(NOW.replace(tzinfo=None))
    held = crls.entry(serial, NOW, hold, since)
    foreign.write(depot / "Cert.crl", crls.made_elsewhere(*ca_of(depot), entries=[held]))
    certstrap(*REVOKE, now=LATER)
    (entry,) = crls.load(depot / "Cert.crl")
    assert [each.value for each in entry.extensions] == [since]
    assert entry.revocation_date_utc == NOW
    certstrap(*REVOKE, "--reason", "keyCompromise", now=LATER)
    (entry,) = crls.load(depot / "Cert.crl")
    assert len(entry.extensions) == 2


def test_a_reason_that_cannot_be_read_can_be_made_worse(
    certstrap: CommandLine, depot: Path, serial: int
) -> None:
    odd = x509.UnrecognizedExtension(CRLEntryExtensionOID.CRL_REASON, b"\x0a\x01\x63")
    held = crls.entry(serial, NOW, odd)
    foreign.write(depot / "Cert.crl", crls.made_elsewhere(*ca_of(depot), entries=[held]))
    assert certstrap(*REVOKE, now=LATER).stdout.endswith(": nothing was changed.\n")
    certstrap(*REVOKE, "--reason", "keyCompromise", now=LATER)
    assert crls.revoked(crls.load(depot / "Cert.crl")) == [(serial, NOW, "keyCompromise")]


@pytest.mark.parametrize("reason", ["certificateHold", "CERTIFICATEHOLD"])
def test_a_hold_is_refused_as_nothing_ends_it(
    reason: str, certstrap: CommandLine, depot: Path
) -> None:
    certstrap.refuses(
        *REVOKE, "--reason", reason,
        sentence="The reason certificateHold is for a certificate that may be valid again later",
        hint="Choose another reason",
    )  # fmt: skip


def test_the_reasons_are_those_of_rfc_5280(certstrap: CommandLine, depot: Path) -> None:
    help_text = " ".join(certstrap("revoke", "--help").stdout.split())
    assert list(REASONS) == [
        "unspecified", "keyCompromise", "cACompromise", "affiliationChanged", "superseded",
        "cessationOfOperation", "privilegeWithdrawn", "aACompromise",
    ]  # fmt: skip
    assert f"Why: {', '.join(REASONS)}." in help_text


@pytest.mark.parametrize("reason", [*REASONS, "KEYCOMPROMISE", "keycompromise", ""])
def test_a_reason_stands_in_the_entry(
    certstrap: CommandLine, depot: Path, serial: int, reason: str
) -> None:
    certstrap(*REVOKE, "--reason", reason)
    expected = "keyCompromise" if reason.lower() == "keycompromise" else reason
    # RFC 5280, 5.3.1: "unspecified" should be absent.
    shown = "" if expected == "unspecified" else expected
    assert crls.revoked(crls.load(depot / "Cert.crl")) == [(serial, NOW, shown)]


@pytest.mark.parametrize("reason", ["removeFromCRL", "because", "0", "key compromise"])
def test_another_reason_is_refused(certstrap: CommandLine, depot: Path, reason: str) -> None:
    certstrap.refuses(
        *REVOKE, "--reason", reason,
        sentence=f'There is no reason "{reason}".', hint="keyCompromise, cACompromise",
    )  # fmt: skip


def test_what_another_ca_issued_is_refused(certstrap: CommandLine, depot: Path, sign: Sign) -> None:
    certstrap(*init("Other"))
    sign("theirs", "Other")
    certstrap.refuses(
        "revoke", "--CN", "theirs", "--CA", "Cert",
        sentence="The CA Cert did not issue that certificate.", hint="leave out --CA",
    )  # fmt: skip


def test_a_ca_of_the_same_name_did_not_issue_it(certstrap: CommandLine, depot: Path) -> None:
    key = P256.generate()
    foreign.store_ca(depot, "Twin", it=a_certificate(key=key, subject=a_name("Cert")), key=key)
    certstrap.refuses(
        "revoke", "--CN", "client", "--CA", "Twin", sentence="The CA Twin did not issue that"
    )
    certstrap("revoke", "--CN", "client")
    assert not (depot / "Twin.crl").exists()


@pytest.mark.parametrize("ca", [("--CA", "Cert"), ()])
@pytest.mark.parametrize("name", ["Cert", "Renewed"])
def test_a_ca_does_not_revoke_itself(
    certstrap: CommandLine, depot: Path, ca: tuple[str, ...], name: str
) -> None:
    _, key = ca_of(depot)
    renewed = a_certificate(key=key, subject=a_name("Cert"))
    foreign.write(depot / "Renewed.crt", renewed.public_bytes(Encoding.PEM), 0o444)
    certstrap.refuses(
        "revoke", "--CN", name, *ca,
        sentence="is the CA itself, and cannot revoke itself.", hint="trust store",
    )  # fmt: skip


def test_a_ca_does_not_revoke_its_own_serial_number(certstrap: CommandLine, depot: Path) -> None:
    ca, _ = ca_of(depot)
    certstrap.refuses("revoke", "--serial", f"{ca.serial_number:X}", sentence="Cert is the CA its")


def test_a_leaf_that_was_given_the_key_of_its_ca_is_no_ca(
    certstrap: CommandLine, depot: Path
) -> None:
    ca, key = ca_of(depot)
    mistake = a_certificate(
        key=key, subject=a_name("mistake"), by=(ca.subject, key), constraints=NO_CA
    )
    foreign.write(depot / "mistake.crt", mistake.public_bytes(Encoding.PEM), 0o444)
    assert certstrap("revoke", "--CN", "mistake").stdout == UPDATED


def test_a_leaf_revokes_nothing(certstrap: CommandLine, depot: Path, sign: Sign) -> None:
    sign("leaf")
    outcome = certstrap.refuses(
        "revoke", "--CN", "client", "--CA", "leaf",
        sentence="Selected CA certificate is not allowed to sign certificates.",
    )  # fmt: skip
    assert len(outcome.stderr.splitlines()) == 1


def test_a_ca_that_may_not_sign_crls_is_refused(certstrap: CommandLine, depot: Path) -> None:
    foreign.store_ca(depot, "Mute")
    certstrap.refuses(
        "revoke", "--serial", "2A", "--CA", "Mute",
        sentence="The CA Mute may not sign CRLs.", hint="key usage",
    )  # fmt: skip


@pytest.mark.parametrize("usages", [("key_cert_sign", "crl_sign"), ()])
def test_a_ca_of_another_tool_revokes(
    certstrap: CommandLine, depot: Path, usages: tuple[str, ...]
) -> None:
    key = P256.generate()
    usage = foreign.key_usage(*usages) if usages else None
    foreign.store_ca(depot, "Theirs", it=a_certificate(key=key, usage=usage), key=key)
    certstrap("revoke", "--serial", "2A", "--elsewhere", "--CA", "Theirs")
    assert crls.serials(depot / "Theirs.crl") == [42]


@pytest.mark.parametrize(
    "now",
    [
        datetime(2036, 11, 23, 12, 0, 1, tzinfo=UTC),  # it has expired
        NOW - timedelta(days=1),  # it is not valid yet
    ],
)
def test_a_ca_that_is_not_valid_now_still_revokes(
    certstrap: CommandLine, depot: Path, serial: int, now: datetime
) -> None:
    certstrap(*REVOKE, now=now)
    crl = crls.load(depot / "Cert.crl")
    assert crls.serials(depot / "Cert.crl") == [serial]
    assert crl.next_update_utc
    assert crl.next_update_utc > crl.last_update_utc


def test_in_its_last_second_a_ca_still_revokes(
    certstrap: CommandLine, depot: Path, serial: int
) -> None:
    certstrap(*REVOKE, now=datetime(2036, 11, 23, 12, tzinfo=UTC))
    assert crls.serials(depot / "Cert.crl") == [serial]


def test_a_key_that_is_not_the_cas_is_refused(certstrap: CommandLine, depot: Path) -> None:
    (depot / "Cert.key").unlink()
    foreign.write(depot / "Cert.key", foreign.key_data(P256.generate()))
    certstrap.refuses(*REVOKE, sentence="out/Cert.key is not the key of out/Cert.crt.")


def test_an_intermediate_is_revoked_by_the_ca_above(
    certstrap: CommandLine, depot: Path, sign: Sign
) -> None:
    intermediate = sign("Int CA", "Cert", "--intermediate")
    certstrap("revoke", "--CN", "Int CA", "--CA", "Cert", "--reason", "cACompromise")
    assert crls.revoked(crls.load(depot / "Cert.crl")) == [(intermediate, NOW, "cACompromise")]
    certstrap.refuses("revoke", "--CN", "Int CA", "--CA", "Int CA", sentence="is the CA itself")


def test_an_intermediate_gets_its_crl_when_it_revokes(
    certstrap: CommandLine, depot: Path, sign: Sign
) -> None:
    sign("Int CA", "Cert", "--intermediate", "--expires", "5 years")
    below = sign("below", "Int CA")
    (depot / "Int_CA.crl").unlink()
    outcome = certstrap("revoke", "--CN", "below", "--CA", "Int CA")
    assert outcome.stdout == "Updated out/Int_CA.crl: 1 revoked certificate\n"
    ca, crl = foreign.load_certificate(depot / "Int_CA.crt"), crls.load(depot / "Int_CA.crl")
    assert crls.serials(depot / "Int_CA.crl") == [below]
    assert crls.number(depot / "Int_CA.crl") == 1
    assert crl.is_signature_valid(ca.public_key())  # type: ignore[arg-type]
    assert crl.next_update_utc == ca.not_valid_after_utc == datetime(2031, 11, 23, 12, tzinfo=UTC)
    assert (depot / "Int_CA.crl").stat().st_mode & 0o777 == 0o444
    assert crls.serials(depot / "Cert.crl") == []


def test_a_root_whose_crl_is_gone_gets_a_new_one(
    certstrap: CommandLine, depot: Path, serial: int
) -> None:
    (depot / "Cert.crl").unlink()
    assert certstrap(*REVOKE).stdout == UPDATED
    assert crls.serials(depot / "Cert.crl") == [serial]


@pytest.mark.parametrize("ca", ["RSA", "Ed25519", "P-521", "encrypted", "2080"])
def test_every_kind_of_ca_signs_its_crl(
    certstrap: CommandLine, folder: Path, sign: Sign, ca: str
) -> None:
    options = {
        "RSA": ("--key-bits", "2048", "--no-passphrase"),
        "encrypted": ("--curve", "P-256", "--passphrase", "123"),
        "2080": (*NEW_KEY, "--expires", "2080-06-30"),
    }.get(ca, ("--curve", ca, "--no-passphrase"))
    certstrap("init", "--cn", "Cert", *options)
    given = ("--passphrase", "123") if ca == "encrypted" else ()
    serial = sign("client", "Cert", *given)
    assert certstrap(*REVOKE, *given).stdout == UPDATED
    certificate = foreign.load_certificate(folder / "out/Cert.crt")
    crl = crls.load(folder / "out/Cert.crl")
    assert crl.is_signature_valid(certificate.public_key())  # type: ignore[arg-type]
    assert crl.next_update_utc == certificate.not_valid_after_utc
    assert crls.serials(folder / "out/Cert.crl") == [serial]


@pytest.mark.parametrize(
    ("given", "typed"),
    [
        (("--passphrase", "123"), ""),
        (("--passphrase-file", "secret"), ""),
        (("--passphrase-file", "-"), "123\n"),
        ((), "123\n"),
    ],
)
def test_the_key_of_the_ca_is_opened(
    certstrap: CommandLine, folder: Path, sign: Sign, given: tuple[str, ...], typed: str
) -> None:
    (folder / "secret").write_text("123\n")
    certstrap("init", "--cn", "Cert", "--curve", "P-256", "--passphrase", "123")
    sign("client", "Cert", "--passphrase", "123")
    assert certstrap(*REVOKE, *given, input=typed).stdout == UPDATED
    certstrap.refuses(*REVOKE, "--passphrase", "1234", sentence="does not decrypt out/Cert.key.")
    certstrap.refuses(*REVOKE, sentence="A passphrase is needed, and there is neither a terminal")


def test_what_is_refused_is_refused_before_the_prompt(certstrap: CommandLine, depot: Path) -> None:
    certstrap("init", "--cn", "Shut", "--curve", "P-256", "--passphrase", "123")
    for name, sentence in (
        ("client", "The CA Shut did not issue that certificate."),
        ("Shut", "Shut is the CA itself, and cannot revoke itself."),
    ):
        certstrap.refuses("revoke", "--CN", name, "--CA", "Shut", sentence=sentence)


def test_a_passphrase_that_is_not_needed_does_no_harm(certstrap: CommandLine, depot: Path) -> None:
    unused = f"--passphrase {UNUSED}"
    assert certstrap(*REVOKE, "--passphrase", "123", stderr=unused).stdout == UPDATED


def test_on_a_terminal_it_tells_the_truth_about_temporal_cloud(
    folder: Path, program: Program
) -> None:
    program("init", "--cn", "Cert", "--curve", "P-256", "--passphrase", "123")
    program("request-cert", "--cn", "client", *NEW_KEY)
    program("sign", "client", "--passphrase", "123")
    with terminal(folder, *REVOKE, "--reason", "keyCompromise") as child:
        child.expect_exact("Enter passphrase for CA key (empty for no passphrase): ")
        child.sendline("123")
        lines = ends(child).strip().splitlines()
    noted = "Updated out/compromised-keys: certstrap will not sign its key again."
    assert lines == [UPDATED.strip(), noted, TRUTH]
    passphrase = ("--passphrase", "123")
    with terminal(
        folder, "revoke", "--serial", "1f", "--elsewhere", "--CA", "Cert", *passphrase
    ) as child:
        assert ends(child).splitlines() == ["Updated out/Cert.crl: 2 revoked certificates", TRUTH]
    assert "Temporal" not in program(*REVOKE, "--passphrase", "123").stdout
