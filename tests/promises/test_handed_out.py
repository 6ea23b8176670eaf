"""What is given to a client belongs together, is not revoked, and has a key of its own."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from tests.builders.certificates import a_certificate, a_name
from tests.builders.depots import NEW_KEY
from tests.builders.keys import load_key
from tests.conftest import NOW, CommandLine

NAMESPACE = ("--namespace", "your-namespace.acct")


@pytest.fixture
def chain(certstrap: CommandLine) -> CommandLine:
    """A depot with a root, an intermediate and two clients, ``alice`` and ``bob``, below it."""
    certstrap("init", "--cn", "Root", "--path-length", "1", *NEW_KEY)
    certstrap("request-cert", "--cn", "Int", *NEW_KEY)
    certstrap("sign", "Int", "--intermediate", "--CA", "Root")
    for name in ("alice", "bob"):
        certstrap("issue", name, "--CA", "Int", "--expires", "30d", *NEW_KEY)
    return certstrap


def set_aside(folder: Path, *names: str) -> None:
    """Move files of the depot to a folder next to it."""
    (folder / "old").mkdir(exist_ok=True)
    for name in names:
        shutil.move(folder / "out" / name, folder / "old" / name)


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_a_pkcs8_file_of_an_older_key_is_refused(certstrap: CommandLine, folder: Path) -> None:
    certstrap("issue", "a", "--pkcs8", *NEW_KEY)
    set_aside(folder, "a.key", "a.csr", "a.crt")
    certstrap.refuses(
        "issue",
        "a",
        "--pkcs8",
        *NEW_KEY,
        sentence="out/a.pkcs8.key already exists and is not the key of a.",
    )
    certstrap("issue", "a", *NEW_KEY)
    certstrap.refuses(
        "issue", "a", "--pkcs8", sentence="out/a.pkcs8.key already exists and is not the key of a."
    )
    set_aside(folder, "a.pkcs8.key")
    issued = certstrap("issue", "a", "--pkcs8")
    assert "Give your client out/a.crt and out/a.pkcs8.key." in issued.stdout


def test_a_pkcs8_file_of_an_older_key_is_not_that_of_a_new_encrypted_one(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("issue", "a", "--pkcs8", *NEW_KEY)
    set_aside(folder, "a.key", "a.csr", "a.crt")
    (folder / "p.txt").write_text("p")
    certstrap.refuses(
        "issue", "a", "--curve", "P-256", "--key-passphrase-file", "p.txt", "--CA", "Cert",
        sentence="out/a.pkcs8.key already exists and is not the key of a.",
    )  # fmt: skip


def test_the_key_of_another_name_is_not_taken_for_a_pkcs8_form(certstrap: CommandLine) -> None:
    certstrap("issue", "a.pkcs8", *NEW_KEY)
    certstrap.refuses(
        "issue",
        "a",
        "--pkcs8",
        *NEW_KEY,
        sentence="out/a.pkcs8.key already exists and is not the key of a.",
    )


def test_a_pkcs8_form_is_not_taken_for_the_key_of_another_name(certstrap: CommandLine) -> None:
    certstrap("issue", "a", "--pkcs8", *NEW_KEY)
    for command in (("issue", "a.pkcs8"), ("request-cert", "--cn", "a.pkcs8")):
        certstrap.refuses(*command, *NEW_KEY, sentence="")


def test_the_pkcs8_form_of_an_encrypted_key_is_compared_too(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("request-cert", "--cn", "a", "--curve", "P-256", "--passphrase", "p")
    certstrap("issue", "a", "--curve", "P-256", "--passphrase", "p")
    certstrap("export-pkcs8", "a", "--passphrase", "p")
    issued = certstrap("issue", "a", "--passphrase", "p")
    assert "Give your client out/a.crt and out/a.pkcs8.key." in issued.stdout
    certstrap("request-cert", "--cn", "b", *NEW_KEY)
    certstrap("export-pkcs8", "b")
    set_aside(folder, "a.pkcs8.key")
    shutil.move(folder / "out/b.pkcs8.key", folder / "out/a.pkcs8.key")
    certstrap.refuses(
        "issue",
        "a",
        "--passphrase",
        "p",
        sentence="out/a.pkcs8.key already exists and is not the key of a.",
    )


def test_no_key_is_exported_that_is_not_the_certificates(
    certstrap: CommandLine, folder: Path
) -> None:
    for name in ("a", "b"):
        certstrap("issue", name, *NEW_KEY)
    set_aside(folder, "a.key")
    shutil.copy(folder / "out/b.key", folder / "out/a.key")
    for command in (("export-pkcs8", "a"), ("export-pkcs12", "a", "--no-passphrase")):
        certstrap.refuses(*command, sentence="out/a.key is not the key of out/a.crt.")


def test_a_client_is_not_given_the_key_of_a_ca(certstrap: CommandLine, folder: Path) -> None:
    certstrap("init", "--cn", "Cert", *NEW_KEY)
    shutil.copy(folder / "out/Cert.key", folder / "out/leaf.key")
    certstrap.refuses("issue", "leaf", sentence="out/leaf.key has the key of the CA Cert")
    key, ca = load_key(folder / "out/Cert.key"), load(folder / "out/Cert.crt")
    leaf = a_certificate(key=key, by=(ca.subject, key), subject=a_name("leaf"), constraints=None)
    (folder / "leaf.pem").write_bytes(leaf.public_bytes(Encoding.PEM))
    certstrap("import", "leaf", "--cert", "leaf.pem")
    for command in (("issue", "leaf"), ("export-pkcs8", "leaf"), ("connect", "leaf", *NAMESPACE)):
        certstrap.refuses(*command, sentence="has the key of the CA Cert")
    certstrap("request-cert", "--cn", "other", "--key", "out/Cert.key")
    certstrap.refuses("sign", "other", sentence="out/other.csr has the key of the CA Cert")
    certstrap("sign", "other", "--intermediate", exit_code=1)  # the path length says no


@pytest.mark.parametrize(
    "command",
    [
        ("issue", "bob", "--CA", "Int"),
        ("issue", "bob"),
        ("export-chain", "bob"),
        ("export-pkcs8", "bob"),
        ("connect", "bob", *NAMESPACE),
        ("export-pkcs12", "bob", "--no-passphrase"),
        ("sign", "carol", "--CA", "Int"),
        ("issue", "dave", "--CA", "Int", *NEW_KEY),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_nothing_is_handed_out_below_a_revoked_intermediate(
    chain: CommandLine, command: tuple[str, ...]
) -> None:
    chain("request-cert", "--cn", "carol", *NEW_KEY)
    chain("revoke", "--CN", "Int")
    chain.refuses(*command, sentence='The CA "CN=Int" was revoked on 2026-11-23 12:00:00 UTC.')


@pytest.mark.parametrize(
    "command",
    [
        ("issue", "bob"),
        ("export-chain", "bob"),
        ("export-pkcs8", "bob"),
        ("export-pkcs12", "bob", "--no-passphrase"),
        ("connect", "bob", *NAMESPACE),
        ("sign", "bob", "--CA", "Int", "--cert", "other.crt"),
    ],
    ids=lambda command: command[0],
)
def test_what_is_revoked_is_not_handed_out_in_any_form(
    chain: CommandLine, command: tuple[str, ...]
) -> None:
    chain("revoke", "--CN", "bob")
    chain.refuses(*command, sentence="out/bob.crt was revoked on 2026-11-23 12:00:00 UTC.")


@pytest.mark.parametrize("names", [(), ("Root", "Int")])
def test_a_ca_that_is_revoked_is_not_uploaded(chain: CommandLine, names: tuple[str, ...]) -> None:
    chain("bundle", *names)
    chain("revoke", "--CN", "Int")
    chain.refuses("bundle", *names, sentence="out/Int.crt was revoked on 2026-11-23 12:00:00 UTC.")
    chain("bundle", "Root")


def test_a_ca_that_is_revoked_can_be_rotated_away_and_nothing_else(
    chain: CommandLine, folder: Path
) -> None:
    chain("request-cert", "--cn", "New", *NEW_KEY)
    chain("sign", "New", "--intermediate", "--CA", "Root")
    chain("revoke", "--CN", "Int", "--CA", "Root")
    rotation = ("bundle", "--output", "b.pem", "--rotate")
    chain(*rotation, "Int", "New", stderr="out/Int.crt was revoked on 2026-11-23 12:00:00 UTC.\n")
    (folder / "b.pem").unlink()
    chain.refuses(*rotation, "New", "Int", sentence="out/Int.crt was revoked on")


def test_a_new_request_of_a_revoked_name_is_signed(chain: CommandLine, folder: Path) -> None:
    chain("revoke", "--CN", "bob")
    chain("request-cert", "--cn", "bob", "--csr", "new.csr", "--key", "new.key", *NEW_KEY)
    chain("sign", "bob", "--CA", "Int", "--csr", "new.csr", "--cert", "new.crt")
    assert load(folder / "new.crt").subject == load(folder / "out/bob.crt").subject


def test_a_broken_certificate_of_that_name_does_not_keep_a_request_from_being_signed(
    chain: CommandLine, folder: Path
) -> None:
    set_aside(folder, "bob.crt")
    (folder / "out/bob.crt").write_text("broken")
    chain("sign", "bob", "--CA", "Int", "--cert", "other.crt")


def test_every_crl_of_the_issuing_key_counts(certstrap: CommandLine, folder: Path) -> None:
    certstrap("init", "--cn", "Cert", *NEW_KEY)
    certstrap("issue", "bob", "--expires", "30d", *NEW_KEY)
    key = load_pem_private_key((folder / "out/Cert.key").read_bytes(), None)
    renewed = a_certificate(
        key=key,  # type: ignore[arg-type]
        subject=load(folder / "out/Cert.crt").subject,
        end=NOW + timedelta(days=900),
    )
    (folder / "renewed.pem").write_bytes(renewed.public_bytes(Encoding.PEM))
    certstrap("import", "Renewed", "--cert", "renewed.pem", "--key", "out/Cert.key")
    certstrap("revoke", "--CN", "bob", "--CA", "Renewed")
    for ca in ("Cert", "Renewed"):
        certstrap.refuses("issue", "bob", "--CA", ca, sentence="out/bob.crt was revoked on")


def test_a_crl_of_somebody_else_is_not_in_the_way(chain: CommandLine, folder: Path) -> None:
    (folder / "out/foreign.crl").write_text("broken")
    shutil.copy(folder / "out/Root.crl", folder / "out/copy.crl")
    assert "already exists" in chain("issue", "bob").stdout
    (folder / "out/Root.crl").chmod(0o644)
    (folder / "out/Root.crl").write_text("broken")
    chain.refuses("issue", "bob", sentence="out/Root.crl is not a certificate revocation list")


def test_below_an_expired_root_nothing_is_exported_without_a_warning(
    chain: CommandLine, folder: Path
) -> None:
    old = load(folder / "out/Root.crt")
    key = load_pem_private_key((folder / "out/Root.key").read_bytes(), None)
    expired = a_certificate(
        key=key,  # type: ignore[arg-type]
        subject=old.subject,
        start=NOW - timedelta(days=30),
        end=NOW - timedelta(days=1),
    )
    set_aside(folder, "Root.crt")
    (folder / "out/Root.crt").write_bytes(expired.public_bytes(Encoding.PEM))
    sentence = 'The CA "CN=Root" expired on 2026-11-22 12:00:00 UTC.'
    chain.refuses("issue", "bob", sentence=sentence)
    chain.refuses("issue", "dave", "--CA", "Int", *NEW_KEY, sentence=sentence)
    exported = chain("export-chain", "bob", stderr=f"{sentence}\n")
    assert exported.stdout == "Created out/bob.chain.crt\n"
    chain("export-pkcs12", "bob", "--no-passphrase", stderr=f"{sentence}\n")


def test_a_certificate_that_has_expired_is_not_called_a_ca(chain: CommandLine) -> None:
    later = NOW + timedelta(days=40)
    sentence = "out/bob.crt expired on 2026-12-23 12:00:00 UTC."
    for command in (("export-chain", "bob"), ("export-pkcs12", "bob", "--no-passphrase")):
        chain(*command, now=later, stderr=f"{sentence}\n")
