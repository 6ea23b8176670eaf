"""A key that somebody else has is not signed again."""

import json
import re
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.builders.depots import NEW_KEY
from tests.conftest import CommandLine

SENTENCE = " has a compromised key"


@pytest.fixture
def stolen(certstrap: CommandLine) -> CommandLine:
    """A depot in which the key of ``bob`` is compromised."""
    certstrap("issue", "bob", "--expires", "30d", *NEW_KEY)
    certstrap("revoke", "--CN", "bob", "--reason", "keyCompromise")
    return certstrap


def fingerprint(path: Path) -> str:
    key = x509.load_pem_x509_certificate(path.read_bytes()).public_key()
    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def test_revoking_for_it_notes_the_fingerprint_of_the_key(
    stolen: CommandLine, folder: Path
) -> None:
    noted = folder / "out/compromised-keys"
    assert noted.read_text() == f"{fingerprint(folder / 'out/bob.crt')}  bob\n"
    assert noted.stat().st_mode & 0o777 == 0o444
    stolen("revoke", "--CN", "bob", "--reason", "keyCompromise")
    assert len(noted.read_text().splitlines()) == 1


@pytest.mark.parametrize("reason", ["superseded", "unspecified", "cessationOfOperation"])
def test_revoking_for_another_reason_notes_nothing(
    certstrap: CommandLine, folder: Path, reason: str
) -> None:
    certstrap("issue", "bob", *NEW_KEY)
    certstrap("revoke", "--CN", "bob", "--reason", reason)
    assert not (folder / "out/compromised-keys").exists()
    (folder / "out/bob.crt").unlink()
    assert "Created out/bob.crt" in certstrap("issue", "bob").stdout


def test_a_certificate_that_was_revoked_before_can_still_be_noted(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("issue", "bob", *NEW_KEY)
    certstrap("revoke", "--CN", "bob")
    reported = certstrap("revoke", "--CN", "bob", "--reason", "keyCompromise").stdout
    assert reported == (
        "Revoked already, since 2026-11-23 12:00:00 UTC: the reason is now keyCompromise and "
        "updated out/compromised-keys.\n"
    )
    assert fingerprint(folder / "out/bob.crt") in (folder / "out/compromised-keys").read_text()


def test_the_documented_way_of_renewal_does_not_sign_it_again(
    stolen: CommandLine, folder: Path
) -> None:
    stolen.refuses("issue", "bob", sentence="out/bob.crt was revoked on")
    shutil.move(folder / "out/bob.crt", folder / "bob.crt")
    stolen.refuses("issue", "bob", sentence="out/bob.key" + SENTENCE, hint="create new ones")
    stolen.refuses("sign", "bob", sentence="out/bob.csr" + SENTENCE)
    stolen.refuses(
        "request-cert", "--cn", "new", "--key", "out/bob.key", sentence="out/bob.key" + SENTENCE
    )
    (folder / "out/bob.csr").unlink()
    stolen.refuses("request-cert", "--cn", "bob", *NEW_KEY, sentence="out/bob.key" + SENTENCE)
    (folder / "out/bob.key").unlink()
    assert "Created out/bob.crt" in stolen("issue", "bob", *NEW_KEY).stdout


def test_it_is_refused_without_its_key_too(stolen: CommandLine, folder: Path) -> None:
    (folder / "out/bob.key").unlink()
    (folder / "out/Cert.crl").unlink()
    stolen.refuses("issue", "bob", sentence="out/bob.crt" + SENTENCE)


def test_no_ca_is_created_with_it_and_no_ca_signs_with_it(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("init", "--cn", "Root", "--path-length", "1", *NEW_KEY)
    certstrap("request-cert", "--cn", "Int", *NEW_KEY)
    certstrap("sign", "Int", "--intermediate", "--CA", "Root")
    certstrap("revoke", "--CN", "Int", "--CA", "Root", "--reason", "cACompromise")
    certstrap.refuses(
        "init", "--cn", "New", "--key", "out/Int.key", sentence="out/Int.key" + SENTENCE
    )
    (folder / "out/Root.crl").unlink()
    certstrap("request-cert", "--cn", "leaf", *NEW_KEY)
    certstrap.refuses("sign", "leaf", "--CA", "Int", sentence='The CA "CN=Int"' + SENTENCE)


@pytest.fixture
def shared(certstrap: CommandLine) -> CommandLine:
    """A depot in which ``bob`` and ``twin`` had the same key, which is compromised."""
    certstrap("issue", "bob", "--expires", "30d", *NEW_KEY)
    certstrap("request-cert", "--cn", "twin", "--key", "out/bob.key")
    certstrap("sign", "twin", "--expires", "30d")
    shutil.copy("out/bob.key", "out/twin.key")
    certstrap("revoke", "--CN", "bob", "--reason", "keyCompromise")
    return certstrap


@pytest.mark.parametrize(
    "command",
    [
        ("issue", "twin"),
        ("sign", "twin", "--cert", "new.crt"),
        ("export-chain", "twin"),
        ("export-pkcs12", "twin", "--no-passphrase"),
        ("export-pkcs8", "twin"),
        ("export-pkcs8", "--key", "out/bob.key", "--output", "new.key"),
        ("connect", "twin", "--namespace", "your-namespace.acct"),
    ],
    ids=" ".join,
)
def test_another_certificate_for_it_is_not_handed_out(
    shared: CommandLine, command: tuple[str, ...]
) -> None:
    shared.refuses(*command, sentence=SENTENCE)


def test_nothing_is_handed_out_below_another_certificate_for_the_key_of_a_ca(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("init", "--cn", "Root", "--path-length", "2", *NEW_KEY)
    certstrap("request-cert", "--cn", "Int", *NEW_KEY)
    certstrap("sign", "Int", "--CA", "Root", "--intermediate", "--path-length", "1")
    certstrap("request-cert", "--cn", "Sub", *NEW_KEY)
    certstrap("sign", "Sub", "--CA", "Int", "--intermediate")
    certstrap("issue", "a", "--CA", "Sub", *NEW_KEY)
    shutil.copy(folder / "out/Int.csr", folder / "out/Next.csr")
    certstrap("sign", "Next", "--CA", "Root", "--intermediate", "--path-length", "1")
    certstrap("revoke", "--CN", "Int", "--CA", "Root", "--reason", "cACompromise")
    (folder / "out/Int.crt").unlink()
    for command in (("issue", "a"), ("export-chain", "a"), ("bundle", "Root", "Next")):
        certstrap.refuses(*command, sentence=SENTENCE)
    certstrap("request-cert", "--cn", "b", *NEW_KEY)
    certstrap.refuses("sign", "b", "--CA", "Sub", sentence='The CA "CN=Int"' + SENTENCE)


def test_a_serial_number_notes_the_key_that_this_ca_certified(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("issue", "bob", *NEW_KEY)
    serial = x509.load_pem_x509_certificate((folder / "out/bob.crt").read_bytes()).serial_number
    certstrap("revoke", "--serial", f"{serial:x}", "--reason", "keyCompromise")
    assert fingerprint(folder / "out/bob.crt") in (folder / "out/compromised-keys").read_text()
    unknown = "Its key is not known, so it is not on the list of compromised keys.\n"
    line = ("revoke", "--serial", "1234", "--elsewhere", "--reason", "keyCompromise")
    certstrap(*line, stderr=unknown)
    assert len((folder / "out/compromised-keys").read_text().splitlines()) == 1


def test_remarks_and_empty_lines_may_stand_in_the_list(stolen: CommandLine, folder: Path) -> None:
    noted = folder / "out/compromised-keys"
    noted.chmod(0o644)
    noted.write_bytes(b"# \xff stolen laptop\n\n" + noted.read_bytes())
    (folder / "out/bob.crt").unlink()
    stolen.refuses("sign", "bob", sentence=SENTENCE)
    stolen("issue", "alice", *NEW_KEY)
    stolen("revoke", "--CN", "alice", "--reason", "keyCompromise")
    assert re.fullmatch(
        rb"# \xff stolen laptop\n\n[0-9a-f]{64}  bob\n[0-9a-f]{64}  alice\n", noted.read_bytes()
    )


@pytest.mark.parametrize("line", ["bob", "0" * 63, "0" * 65, "G" * 64])
def test_a_line_that_is_no_fingerprint_is_refused(
    stolen: CommandLine, folder: Path, line: str
) -> None:
    noted = folder / "out/compromised-keys"
    noted.chmod(0o644)
    noted.write_text(noted.read_text() + line + "\n")
    stolen.refuses(
        "issue", "alice", *NEW_KEY,
        sentence="out/compromised-keys has no SHA-256 fingerprint in line 2.",
    )  # fmt: skip


def test_status_marks_each_file_that_has_it(shared: CommandLine) -> None:
    shared("request-cert", "--cn", "other", *NEW_KEY)
    shutil.copy("out/bob.key", "out/alone.key")
    lines = shared("status").lines
    marked = [line.strip() for line in lines if SENTENCE in line]
    files = ["out/bob.crt", "out/twin.crt", "out/alone.key"]
    assert marked == [
        f"! {file}{SENTENCE}: a certificate for it was revoked because of that." for file in files
    ]
    document = json.loads(shared("status", "--json").stdout)
    rules = {
        item["name"]: [each["rule"] for each in item["problems"]] for item in document["items"]
    }
    assert rules == {
        "Cert": [], "alone": ["compromised-key"], "bob": ["compromised-key"], "other": [],
        "twin": ["compromised-key"],
    }  # fmt: skip


def test_status_marks_a_key_of_another_certificate_too(shared: CommandLine) -> None:
    shared("request-cert", "--cn", "mixed", *NEW_KEY)
    Path("out/mixed.key").unlink()
    shutil.copy("out/bob.key", "out/mixed.key")
    assert f"  ! out/mixed.key{SENTENCE}: a certificate for it was revoked because of that." in (
        shared("status").lines
    )


def test_inspect_says_so_of_certificate_request_and_key(shared: CommandLine) -> None:
    found = shared("inspect", "twin").stdout
    for file in ("out/twin.crt", "out/twin.csr", "out/twin.key"):
        assert f"{file}{SENTENCE}" in found


def test_a_chain_with_it_is_not_good(shared: CommandLine) -> None:
    found = shared("verify", "twin", exit_code=3)
    assert found.lines[:3] == [
        "twin: not good",
        "  1. out/twin.crt: CN=twin, expires 2026-12-23",
        f"     failed: out/twin.crt{SENTENCE}: a certificate for it was revoked because of that.",
    ]


def test_a_list_that_cannot_be_read_is_reported_by_all_that_read_it(shared: CommandLine) -> None:
    noted = Path("out/compromised-keys")
    noted.chmod(0o644)
    noted.write_text("not a fingerprint\n")
    sentence = "out/compromised-keys has no SHA-256 fingerprint in line 1."
    assert shared("status", exit_code=3).lines[0] == f"! {sentence}"
    assert f"     failed: {sentence}" in shared("verify", "twin", exit_code=3).lines
    assert f"it is revoked: {sentence}" in shared("check", "twin", exit_code=3).stdout
    found = shared("inspect", "twin", exit_code=1).stdout
    assert f"Cannot tell whether the key of out/twin.crt is compromised: {sentence}" in found
