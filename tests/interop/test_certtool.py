"""GnuTLS verifies our chains and CRLs, and reads our keys."""

from pathlib import Path

import pytest

from certstrap.cli.context import utc_now
from tests.builders.depots import NEW_KEY
from tests.conftest import CommandLine
from tests.interop.conftest import HOST, KINDS
from tests.interop.peers import certtool

TRUSTED = "Chain verification output: Verified. The certificate is trusted."
CLIENT, SERVER = "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"
CODE_SIGNING = "1.3.6.1.5.5.7.3.3"

every_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def chain(pki: Path, certstrap: CommandLine) -> Path:
    """The chain of `below` with the root, as `export-chain` writes it."""
    path = Path.cwd() / "chain.pem"
    export = ("export-chain", "below", "--with-root", "--output", str(path))
    certstrap("--depot-path", str(pki), *export, now=utc_now())
    return path


@every_kind
def test_a_chain_of_three_verifies(chain: Path) -> None:
    assert chain.read_text().count("BEGIN CERTIFICATE") == 3
    assert TRUSTED in certtool("--verify-chain", "--infile", chain).stdout


@every_kind
def test_a_chain_with_an_intermediate_of_another_key_does_not(
    pki: Path, stranger: Path, folder: Path
) -> None:
    files = (pki / "below.crt", stranger / "Intermediate.crt", stranger / "Root.crt")
    (folder / "chain.pem").write_text("".join(file.read_text() for file in files))
    refused = certtool("--verify-chain", "--infile", "chain.pem", exit_code=1).stdout
    assert "Chain verification output: Not verified." in refused


@every_kind
@pytest.mark.parametrize(
    ("name", "purpose"), [("below", CLIENT), ("server", CLIENT), ("server", SERVER)]
)
def test_a_leaf_verifies_below_a_trusted_root_for_its_purpose(
    pki: Path, folder: Path, name: str, purpose: str
) -> None:
    (folder / "chain.pem").write_text(
        (pki / f"{name}.crt").read_text() + (pki / "Intermediate.crt").read_text()
    )
    verify = ("--verify", "--load-ca-certificate", pki / "Root.crt", "--infile", "chain.pem")
    profile = ("--verify-profile", "medium")
    assert TRUSTED in certtool(*verify, *profile, "--verify-purpose", purpose).stdout
    certtool(*verify, *profile, "--verify-purpose", CODE_SIGNING, exit_code=1)


def test_a_server_is_known_by_its_name(pki: Path) -> None:
    verify = (
        "--verify", "--load-ca-certificate", pki / "Root.crt", "--infile", pki / "server.crt",
        "--verify-hostname",
    )  # fmt: skip
    assert TRUSTED in certtool(*verify, HOST).stdout
    certtool(*verify, "another.example.com", exit_code=1)


@every_kind
def test_a_crl_verifies_with_its_own_ca_alone(pki: Path, stranger: Path) -> None:
    verify = ("--verify-crl", "--infile", pki / "Root.crl", "--load-ca-certificate")
    assert "Verified. The certificate is trusted." in certtool(*verify, pki / "Root.crt").stdout
    certtool(*verify, stranger / "Root.crt", exit_code=1)


def test_a_revoked_certificate_is_seen_to_be(certstrap: CommandLine, folder: Path) -> None:
    now = utc_now()
    certstrap("init", "--cn", "Root", *NEW_KEY, now=now)
    for name in ("good", "bad"):
        certstrap("request-cert", "--cn", name, *NEW_KEY)
        certstrap("sign", name, "--expires", "1 year", now=now)
    certstrap("revoke", "--CN", "bad", "--reason", "keyCompromise", now=now)
    verify = (
        "--verify", "--load-ca-certificate", "out/Root.crt", "--load-crl", "out/Root.crl",
        "--infile",
    )  # fmt: skip
    assert TRUSTED in certtool(*verify, "out/good.crt").stdout
    assert "revoked" in certtool(*verify, "out/bad.crt", exit_code=1).stdout


@every_kind
def test_a_key_is_read_unencrypted_and_encrypted(
    pki: Path, certstrap: CommandLine, kind: str
) -> None:
    clear = certtool("--key-info", "--infile", pki / "client.key").stdout
    assert "Public Key Algorithm: " in clear
    certstrap("request-cert", "--cn", "N", *KINDS[kind], "--passphrase", "secret")
    read = ("--key-info", "--pkcs8", "--infile", "out/N.key", "--password")
    certtool(*read, "secret")
    certtool(*read, "wrong", exit_code=1)
