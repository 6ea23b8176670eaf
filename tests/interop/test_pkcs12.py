"""OpenSSL, the JDK's KeyStore and GnuTLS open our PKCS#12 files, old form and new."""

import re
import shutil
from pathlib import Path

import pytest

from certstrap.cli.context import utc_now
from tests.conftest import USUAL_ROUNDS, CommandLine
from tests.interop.conftest import HOST, Make
from tests.interop.peers import certtool, java, openssl

SOURCE = Path(__file__).with_name("KeyStores.java")
PASSPHRASE = "correct horse"
PASSIN = ("-passin", f"pass:{PASSPHRASE}")
MODERN = "PBES2, PBKDF2, AES-256-CBC, Iteration 600000, PRF hmacWithSHA256"
LEGACY = "pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048"

some_kinds = pytest.mark.parametrize("kind", ["RSA", "P-256", "Ed25519"])
either_form = pytest.mark.parametrize("legacy", [(), ("--legacy",)], ids=["modern", "legacy"])


@pytest.fixture
def export(folder: Path, pki: Path) -> CommandLine:
    """`export-pkcs12` in a copy of the depot."""
    shutil.copytree(pki, folder / "out")
    return CommandLine(now=utc_now(), rounds=USUAL_ROUNDS)


def bags(info: str) -> list[str]:
    """Return what `openssl pkcs12 -info` says of MAC and bags, which goes to standard error."""
    return [line for line in info.splitlines() if line.startswith(("MAC:", "PKCS7", "Shrouded"))]


@some_kinds
@either_form
def test_openssl_finds_the_key_its_certificate_and_the_whole_chain(
    export: CommandLine, pki: Path, legacy: tuple[str, ...]
) -> None:
    export("export-pkcs12", "below", "--passphrase", PASSPHRASE, *legacy)
    read = ("pkcs12", "-in", "out/below.p12", "-nodes", "-out", "found.pem", *PASSIN)
    openssl(*read, *(["-legacy"] if legacy else []))
    found = Path("found.pem").read_text()
    certificates = [(pki / f"{name}.crt").read_text() for name in ("below", "Intermediate", "Root")]
    assert re.findall(r"-----BEGIN C.*?END CERTIFICATE-----\n", found, re.DOTALL) == certificates
    theirs = openssl("pkey", "-in", "found.pem", "-pubout").stdout
    assert theirs == openssl("pkey", "-in", pki / "below.key", "-pubout").stdout


def test_the_new_form_is_aes_256_and_pbkdf2_of_600000_rounds(export: CommandLine) -> None:
    export("export-pkcs12", "client", "--passphrase", PASSPHRASE)
    info = openssl("pkcs12", "-info", "-noout", "-in", "out/client.p12", *PASSIN).stderr
    assert bags(info)[1:] == [
        f"PKCS7 Encrypted data: {MODERN}",
        "PKCS7 Data",
        f"Shrouded Keybag: {MODERN}",
    ]
    assert bags(info)[0].startswith("MAC: sha256, ")


@pytest.mark.parametrize(
    ("options", "passphrase"),
    [(("--passphrase", PASSPHRASE, "--legacy"), PASSPHRASE), (("--no-passphrase",), "")],
)
def test_the_old_form_is_3des_and_sha1_and_the_only_one_without_a_passphrase(
    export: CommandLine, options: tuple[str, ...], passphrase: str
) -> None:
    """Bouncy Castle 1.78 refuses to derive a key from the empty passphrase by PBKDF2."""
    export("export-pkcs12", "client", *options)
    read = ("pkcs12", "-info", "-noout", "-in", "out/client.p12", "-passin", f"pass:{passphrase}")
    info = openssl(*read).stderr
    assert bags(info) == [
        "MAC: sha1, Iteration 2048",
        f"PKCS7 Encrypted data: {LEGACY}",
        "PKCS7 Data",
        f"Shrouded Keybag: {LEGACY}",
    ]


@either_form
def test_openssl_opens_it_with_the_passphrase_alone(
    export: CommandLine, legacy: tuple[str, ...]
) -> None:
    export("export-pkcs12", "client", "--passphrase", PASSPHRASE, *legacy)
    read = ("pkcs12", "-noout", "-legacy", "-in", "out/client.p12", "-passin")
    assert "invalid password" in openssl(*read, "pass:wrong", exit_code=1).stderr
    openssl(*read, f"pass:{PASSPHRASE}")


def test_openssl_opens_a_passphrase_beyond_ascii(export: CommandLine) -> None:
    export("export-pkcs12", "client", "--passphrase", "grün 日本")
    openssl("pkcs12", "-noout", "-in", "out/client.p12", "-passin", "pass:grün 日本")


@pytest.mark.parametrize("kind", ["RSA", "P-256"])
def test_openssl_opens_a_file_without_a_passphrase(export: CommandLine, pki: Path) -> None:
    export("export-pkcs12", "client", "--no-passphrase")
    read = ("pkcs12", "-in", "out/client.p12", "-passin", "pass:")
    Path("key").write_text(openssl(*read, "-nocerts", "-nodes").stdout)
    theirs = openssl("pkey", "-in", "key", "-pubout").stdout
    assert theirs == openssl("pkey", "-in", pki / "client.key", "-pubout").stdout
    assert openssl(*read, "-nokeys").stdout.count("BEGIN CERTIFICATE") == 2


def test_the_jdk_finds_the_key_with_its_whole_chain(
    certstrap: CommandLine, make_depot: Make
) -> None:
    files, expected = [], []
    chain = "CN=below < CN=Intermediate < CN=Root,O=Example,C=DE"
    # The new form takes the JDK seconds, and what protects a key does not depend on its kind.
    for kind, algorithm, form in (
        ("P-256", "EC", "modern"),
        ("P-256", "EC", "legacy"),
        ("RSA", "RSA", "legacy"),
        ("Ed25519", "EdDSA", "legacy"),
    ):
        depot, file = ("--depot-path", str(make_depot(kind, "ours"))), f"{kind}.{form}"
        given = ("--passphrase", PASSPHRASE, "--output", file)
        options = ("--legacy",) if form == "legacy" else ()
        certstrap(*depot, "export-pkcs12", "below", *given, *options, now=utc_now())
        files += [file, PASSPHRASE]
        expected.append(f"below: {algorithm}, {chain}")
    files += ["RSA.legacy", "wrong"]
    assert java(SOURCE, *files).stdout.splitlines() == [*expected, "refused"]


def test_the_jdk_finds_the_key_in_a_file_without_a_passphrase(export: CommandLine) -> None:
    files = []
    for name, *options in (("client",), ("below", "--legacy")):
        export("export-pkcs12", name, "--no-passphrase", *options)
        files += [f"out/{name}.p12", ""]
    found = java(SOURCE, *files).stdout.splitlines()
    assert [line.split(",")[0] for line in found] == ["client: EC", "below: EC"]


def test_the_jdk_does_not_open_what_the_command_warns_of(export: CommandLine) -> None:
    assert "Java" in export("export-pkcs12", "server", "--passphrase", "grün").stdout
    assert java(SOURCE, "out/server.p12", "grün").stdout.splitlines() == ["refused"]


def test_the_jdk_finds_a_pair_of_gen_that_was_imported(
    certstrap: CommandLine, folder: Path
) -> None:
    now = utc_now()
    ca = ("--ca-cert", "ca.pem", "--ca-key", "ca.key")
    certstrap("gen", "ca", "--org", "temporal", "-d", "1y", *ca, now=now)
    pair = ("--cert", "client.pem", "--key", "client.key")
    certstrap("gen", "leaf", "--org", "temporal", "--cn", HOST, *ca, *pair, now=now)
    certstrap("import", "Root", "--cert", "ca.pem", now=now)
    certstrap("import", "Worker", *pair, now=now)
    certstrap("export-pkcs12", "Worker", "--passphrase", PASSPHRASE, "--legacy", now=now)
    (found,) = java(SOURCE, "out/Worker.p12", PASSPHRASE).stdout.splitlines()
    assert found.startswith(f"worker: EC, CN={HOST},O=temporal < CN=client.root.temporal.")


@either_form
def test_gnutls_finds_the_key_with_its_whole_chain(
    export: CommandLine, legacy: tuple[str, ...]
) -> None:
    export("export-pkcs12", "below", "--passphrase", PASSPHRASE, *legacy)
    read = ("--p12-info", "--inder", "--infile", "out/below.p12", "--password")
    found = certtool(*read, PASSPHRASE).stdout
    assert found.count("BEGIN CERTIFICATE") == 3
    assert found.count("BEGIN ENCRYPTED PRIVATE KEY") == 1
    assert "Message Authentication Code" in certtool(*read, "wrong", exit_code=1).stderr
