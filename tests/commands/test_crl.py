"""`crl`: a CRL is made where it is missing, renewed, printed, and joined with those above it."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.pki.crl import NEVER
from tests.builders import crls, foreign
from tests.builders.certificates import a_certificate, a_name, key_usage
from tests.builders.depots import NEW_KEY, init, signed
from tests.builders.keys import CA_KEY, key_data, load_key
from tests.cli.terminal import ends, terminal
from tests.conftest import NOW, CommandLine, snapshot
from tests.programs import CERTSTRAP, ordinary, run

LATER = NOW + timedelta(days=3)
ISSUE = ("issue", "client", "--CA", "Int", "--curve", "P-256")


pytestmark = pytest.mark.depot(
    init("Cert", "--path-length", "1"),
    *signed("Int", "Cert", "--intermediate", "--expires", "1 year"),
    *signed("client", "Int", "--expires", "90d"),
)
"""The root `Cert`, `Int` below it, and `client` below that."""


@pytest.fixture(autouse=True)
def no_crl_of_int(depot: Path) -> None:
    """Remove the CRL of `Int`."""
    (depot / "Int.crl").unlink()


def bundled(pem: str | bytes) -> list[x509.CertificateRevocationList]:
    """Return the CRLs in a bundle, as a reader finds them: block by block."""
    data = pem.encode() if isinstance(pem, str) else pem
    end = b"-----END X509 CRL-----"
    return [x509.load_pem_x509_crl(part + end) for part in data.split(end)[:-1]]


def test_a_missing_crl_is_made(certstrap: CommandLine, depot: Path) -> None:
    printed = certstrap("crl", "Int").stdout
    assert printed == "Created out/Int.crl: 0 revoked certificates, next update on 2027-11-23\n"
    crl, ca = crls.load(depot / "Int.crl"), foreign.load_certificate(depot / "Int.crt")
    assert crls.revoked(crl) == []
    assert crl.is_signature_valid(ca.public_key())  # type: ignore[arg-type]
    assert (crl.last_update_utc, crl.next_update_utc) == (NOW, ca.not_valid_after_utc)
    assert crls.number(depot / "Int.crl") == 1
    assert (depot / "Int.crl").stat().st_mode & 0o777 == 0o444


def test_the_dates_of_a_crl_are_renewed_and_its_entries_stay(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("revoke", "--serial", "2A", "--elsewhere", "--CA", "Cert", "--reason", "superseded")
    before = crls.revoked(crls.load(depot / "Cert.crl"))
    printed = certstrap("crl", "Cert", "--days", "7", now=LATER).stdout
    assert printed == "Updated out/Cert.crl: 1 revoked certificate, next update on 2026-12-03\n"
    crl = crls.load(depot / "Cert.crl")
    assert crls.revoked(crl) == before == [(42, NOW, "superseded")]
    assert (crl.last_update_utc, crl.next_update_utc) == (LATER, LATER + timedelta(days=7))
    assert crls.number(depot / "Cert.crl") == 3
    certstrap("crl", "Cert", now=LATER)
    again = crls.load(depot / "Cert.crl")
    assert again.next_update_utc == foreign.load_certificate(depot / "Cert.crt").not_valid_after_utc


def test_the_crl_of_an_expired_ca_can_be_renewed(certstrap: CommandLine, depot: Path) -> None:
    certstrap("crl", "Int", now=NOW + timedelta(days=1000))
    assert crls.load(depot / "Int.crl").next_update_utc == NEVER


def test_stdout_prints_the_crl_as_well(certstrap: CommandLine, depot: Path) -> None:
    line, _, pem = certstrap("crl", "Int", "--stdout").stdout.partition("\n")
    assert line.startswith("Created out/Int.crl: ")
    assert pem.encode() == (depot / "Int.crl").read_bytes()


def test_what_is_no_ca_has_no_crl(certstrap: CommandLine, depot: Path) -> None:
    certstrap("issue", "a client", *NEW_KEY, "--CA", "Cert")
    sentence = "out/a_client.crt is not a CA's certificate, so it has no CRL."
    hint = "Hint: Name a CA; to write the CRLs of its chain: certstrap crl a_client --bundle\n"
    certstrap.refuses("crl", "a client", sentence=sentence, hint=hint)
    assert certstrap("crl", "a_client", "--bundle").stdout.startswith("-----BEGIN X509 CRL-----")
    certstrap.refuses("crl", "nobody", sentence="There is no certificate out/nobody.crt.")


def test_the_crl_of_another_ca_is_not_renewed(certstrap: CommandLine, depot: Path) -> None:
    shutil.copy(depot / "Cert.crl", depot / "Int.crl")
    certstrap.refuses("crl", "Int", sentence="out/Int.crl is not signed by its CA.")


@pytest.mark.parametrize(
    "options",
    [("--bundle", "--days", "3"), ("--bundle", "--stdout"), ("--output", "crls.pem")],
    ids=" ".join,
)
def test_options_that_do_not_go_together_are_refused(
    options: tuple[str, ...], certstrap: CommandLine, depot: Path
) -> None:
    before = snapshot(depot)
    assert "Usage: certstrap crl" in certstrap("crl", "Cert", *options, exit_code=2).stderr
    assert snapshot(depot) == before


def test_a_ca_that_has_no_crl_gets_one_with_its_next_signature(
    certstrap: CommandLine, depot: Path
) -> None:
    (depot / "client.crt").unlink()
    printed = certstrap("sign", "client", "--CA", "Int").stdout
    assert printed == "Created out/client.crt from out/client.csr signed by out/Int.key\n"
    crl, ca = crls.load(depot / "Int.crl"), foreign.load_certificate(depot / "Int.crt")
    assert crls.revoked(crl) == []
    assert crl.is_signature_valid(ca.public_key())  # type: ignore[arg-type]


def test_issue_says_that_a_ca_got_its_first_crl(certstrap: CommandLine, depot: Path) -> None:
    (depot / "client.crt").unlink()
    assert certstrap(*ISSUE).lines[0] == "Created out/Int.crl"
    (depot / "client.crt").unlink()
    assert "Created out/Int.crl" not in certstrap(*ISSUE).lines


def test_sign_says_on_a_terminal_that_a_ca_got_its_first_crl(
    certstrap: CommandLine, depot: Path, folder: Path
) -> None:
    (depot / "client.crt").unlink()
    with terminal(folder, "sign", "client", "--CA", "Int", "--expires", "30d") as child:
        assert ends(child).splitlines().count("Created out/Int.crl") == 1


def test_a_crl_that_exists_is_left_as_it_is_by_a_signature(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("revoke", "--serial", "2A", "--elsewhere", "--CA", "Int")
    before = (depot / "Int.crl").read_bytes()
    (depot / "client.crt").unlink()
    certstrap("sign", "client", "--CA", "Int", now=LATER)
    assert (depot / "Int.crl").read_bytes() == before


def test_a_ca_that_may_not_sign_crls_signs_without_one(certstrap: CommandLine, depot: Path) -> None:
    ca = a_certificate(subject=a_name("Old"), usage=key_usage("key_cert_sign"))
    (depot / "Old.crt").write_bytes(ca.public_bytes(Encoding.PEM))
    (depot / "Old.key").write_bytes(key_data(CA_KEY))
    (depot / "Old.key").chmod(0o400)
    (depot / "client.crt").unlink()
    certstrap("sign", "client", "--CA", "Old")
    assert not (depot / "Old.crl").exists()


def test_a_ca_in_a_depot_that_cannot_be_written_signs_without_a_crl(
    certstrap: CommandLine, depot: Path, folder: Path
) -> None:
    if not shutil.which("setpriv"):
        pytest.skip("setpriv (util-linux) is not on this machine")
    depot.chmod(0o500)
    before = snapshot(depot)
    line = ("sign", "client", "--CA", "Int", "--csr", "out/client.csr", "--cert", "client.crt")
    run(*ordinary(), *CERTSTRAP, *line, folder=folder)
    depot.chmod(0o700)
    after = snapshot(depot)
    assert after == before
    assert (folder / "client.crt").exists()


def test_the_bundle_of_a_leaf_has_the_crls_of_all_cas_above_it(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("revoke", "--CN", "client")
    printed = certstrap("crl", "client", "--bundle").stdout
    files = [(depot / name).read_bytes() for name in ("Int.crl", "Cert.crl")]
    assert printed.encode() == b"".join(files)
    assert [len(crl) for crl in bundled(printed)] == [1, 0]
    assert certstrap("crl", "Int", "--bundle").stdout == printed
    assert certstrap("crl", "Cert", "--bundle").stdout.encode() == files[1]


def test_a_bundle_is_written_again_over_a_file_that_has_only_crls(
    certstrap: CommandLine, depot: Path, folder: Path
) -> None:
    certstrap("crl", "Int")
    write = ("crl", "client", "--bundle", "--output", "crls.pem")
    assert certstrap(*write).stdout == "Created crls.pem\n"
    assert [len(crl) for crl in bundled((folder / "crls.pem").read_bytes())] == [0, 0]
    certstrap("revoke", "--CN", "client")
    assert certstrap(*write).stdout == "Updated crls.pem\n"
    assert [len(crl) for crl in bundled((folder / "crls.pem").read_bytes())] == [1, 0]
    assert (folder / "crls.pem").stat().st_mode & 0o777 == 0o444


@pytest.mark.parametrize("content", [b"", b"notes\n", "crt", "broken"])
def test_a_bundle_overwrites_nothing_else(
    content: bytes | str, certstrap: CommandLine, depot: Path, folder: Path
) -> None:
    certstrap("crl", "Int")
    crl, crt = (depot / "Cert.crl").read_bytes(), (depot / "Cert.crt").read_bytes()
    made = {"crt": crl + crt, "broken": crl + crl[:60]}
    (folder / "file").write_bytes(content if isinstance(content, bytes) else made[content])
    line = ("crl", "client", "--bundle", "--output", "file")
    certstrap.refuses(*line, sentence="file already exists!")


def test_a_bundle_can_be_written_to_a_pipe(
    certstrap: CommandLine, depot: Path, folder: Path
) -> None:
    certstrap("crl", "Int")
    line = ("crl", "client", "--bundle", "--output", "/dev/stdout")
    printed = run(*CERTSTRAP, *line, folder=folder).stdout
    assert printed.encode().startswith((depot / "Int.crl").read_bytes())


def test_a_bundle_without_the_crl_of_a_ca_is_refused(certstrap: CommandLine, depot: Path) -> None:
    certstrap.refuses(
        "crl", "client", "--bundle",
        sentence='The CA "CN=Int" has no CRL, so programs that check CRLs refuse every client.',
        hint="certstrap crl Int",
    )  # fmt: skip


def test_a_bundle_with_a_crl_that_has_ended_is_refused(certstrap: CommandLine, depot: Path) -> None:
    certstrap("crl", "Int", "--days", "1")
    certstrap("crl", "client", "--bundle", now=NOW + timedelta(days=1))
    certstrap.refuses(
        "crl", "client", "--bundle", now=LATER,
        sentence="out/Int.crl expired on 2026-11-24, so programs that check CRLs "
        "refuse every client.",
        hint="certstrap crl Int",
    )  # fmt: skip


def test_a_bundle_of_an_incomplete_chain_is_refused(certstrap: CommandLine, depot: Path) -> None:
    (depot / "Cert.crt").unlink()
    certstrap.refuses("crl", "client", "--bundle", sentence="The chain is incomplete")


def test_of_two_crls_of_one_ca_the_newer_is_bundled_if_it_revokes_all(
    certstrap: CommandLine, depot: Path
) -> None:
    for suffix in ("crt", "key", "crl"):
        shutil.copy(depot / f"Cert.{suffix}", depot / f"Copy.{suffix}")
    certstrap("revoke", "--serial", "2A", "--elsewhere", "--CA", "Cert")
    (crl,) = bundled(certstrap("crl", "Cert", "--bundle").stdout)
    assert [each.serial_number for each in crl] == [42]
    certstrap("revoke", "--serial", "2B", "--elsewhere", "--CA", "Copy")
    (crl,) = bundled(certstrap("crl", "Cert", "--bundle").stdout)
    assert [each.serial_number for each in crl] == [42, 43]
    ca = foreign.load_certificate(depot / "Cert.crt"), load_key(depot / "Cert.key")
    (depot / "Copy.crl").unlink()
    newer = crls.made_elsewhere(*ca, entries=[crls.entry(44)], crl_number=9)
    foreign.write(depot / "Copy.crl", newer, 0o644)
    certstrap.refuses(
        "crl", "Cert", "--bundle",
        sentence="out/Cert.crl revokes certificates that out/Copy.crl does not",
        hint="Write a new one with all of them: certstrap crl C",
    )  # fmt: skip
    certstrap("crl", "Cert")
    (crl,) = bundled(certstrap("crl", "Cert", "--bundle").stdout)
    assert {each.serial_number for each in crl} == {42, 44}
