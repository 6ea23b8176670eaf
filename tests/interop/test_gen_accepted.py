"""What `gen` and `import` lead to is accepted as what the walkthrough leads to is."""

from pathlib import Path

import pytest

from certstrap.cli.context import utc_now
from tests.builders.depots import NEW_KEY
from tests.conftest import CommandLine
from tests.interop.peers import certtool, openssl
from tests.interop.test_pkilint import findings
from tests.interop.test_temporal import connect, serving

CA_FILES = ("--ca-cert", "ca.pem", "--ca-key", "ca.key")
LEAF_FILES = ("--cert", "client.pem", "--key", "client.key")
NEW_CA = {
    "RSA": ("-newkey", "rsa:2048"),
    "P-256": ("-newkey", "ec", "-pkeyopt", "group:P-256"),
    "P-384": ("-newkey", "ec", "-pkeyopt", "group:P-384"),
    "P-521": ("-newkey", "ec", "-pkeyopt", "group:P-521"),
    "Ed25519": ("-newkey", "ed25519"),
}


def gen(today: CommandLine, organization: str = "temporal", *more: str) -> None:
    """Write the pairs of the documented lines."""
    org = ("--org", organization, *more)
    today("gen", "ca", *org, "-d", "1y", *CA_FILES)
    today("gen", "leaf", *org, "-d", "364d", *CA_FILES, *LEAF_FILES)


def by_openssl(today: CommandLine, kind: str) -> None:
    """Write a CA of OpenSSL, and a leaf of `gen` below it."""
    openssl(
        "req", "-x509", *NEW_CA[kind], "-nodes", "-subj", "/C=DE/O=Example/CN=Their CA",
        "-days", "30", "-keyout", "ca.key", "-out", "ca.pem",
        "-addext", "keyUsage=critical,keyCertSign,cRLSign",
    )  # fmt: skip
    later = CommandLine(now=utc_now())
    later("gen", "leaf", "--org", "temporal", *CA_FILES, *LEAF_FILES)


def accepted(ca: str, leaf: str) -> None:
    """Ask OpenSSL and GnuTLS."""
    strict = ("verify", "-x509_strict", "-CAfile", ca, "-purpose")
    for purpose in ("sslclient", "sslserver"):
        assert openssl(*strict, purpose, leaf).stdout == f"{leaf}: OK\n"
    Path("chain.pem").write_text(Path(leaf).read_text() + Path(ca).read_text())
    assert (
        "Chain verification output: Verified."
        in certtool("--verify-chain", "--infile", "chain.pem").stdout
    )


@pytest.mark.parametrize(
    ("organization", "more"),
    [
        ("temporal", ()),
        ("Größe & Söhne (日本)", ("--ou", "Ärzte")),
        ("o" * 64, ("--ou", "u" * 64)),
    ],
    ids=["plain", "letters", "lengths"],
)
def test_a_ca_and_a_leaf_of_gen_are_accepted(
    today: CommandLine, folder: Path, organization: str, more: tuple[str, ...]
) -> None:
    gen(today, organization, *more)
    accepted("ca.pem", "client.pem")
    for file in ("ca.pem", "client.pem"):
        assert findings((folder / file).read_text()) == set()


def test_both_with_common_names(today: CommandLine, folder: Path) -> None:
    today("gen", "ca", "--org", "temporal", "--cn", "Our CA", "-d", "1y", *CA_FILES)
    today("gen", "leaf", "--org", "temporal", "--cn", "worker", *CA_FILES, *LEAF_FILES)
    accepted("ca.pem", "client.pem")
    for file in ("ca.pem", "client.pem"):
        assert findings((folder / file).read_text()) == set()


@pytest.mark.parametrize("kind", NEW_CA)
def test_a_leaf_of_gen_below_a_ca_of_openssl_is_accepted(
    today: CommandLine, folder: Path, kind: str
) -> None:
    by_openssl(today, kind)
    accepted("ca.pem", "client.pem")
    assert findings((folder / "client.pem").read_text()) == set()


def test_keys_are_pkcs8_as_openssl_writes_it(today: CommandLine, folder: Path) -> None:
    gen(today)
    for key in ("ca.key", "client.key"):
        openssl("pkcs8", "-topk8", "-nocrypt", "-in", key, "-out", "theirs")
        assert (folder / key).read_bytes() == (folder / "theirs").read_bytes()


@pytest.mark.parametrize("kind", NEW_CA)
def test_what_an_imported_ca_signs_and_revokes(today: CommandLine, folder: Path, kind: str) -> None:
    by_openssl(today, kind)
    later = CommandLine(now=utc_now())
    later("import", "Theirs", "--cert", "ca.pem", "--key", "ca.key")
    for name in ("good", "bad"):
        later("request-cert", "--cn", name, *NEW_KEY)
        later("sign", name, "--CA", "Theirs", "--expires", "7 days")
        accepted("out/Theirs.crt", f"out/{name}.crt")
        assert findings((folder / f"out/{name}.crt").read_text()) == set()
    later("revoke", "--CN", "bad")
    assert findings((folder / "out/Theirs.crl").read_text()) == set()
    check = ("verify", "-crl_check", "-CAfile", "out/Theirs.crt", "-CRLfile", "out/Theirs.crl")
    openssl(*check, "out/good.crt")
    assert "certificate revoked" in openssl(*check, "out/bad.crt", exit_code=2).stderr


def test_a_pair_of_gen_lets_a_temporal_client_in(
    today: CommandLine, folder: Path, pki: Path
) -> None:
    gen(today)
    with serving(pki, folder / "ca.pem") as server:
        connect(server, pki, folder / "client.pem", folder / "client.key")
    (seen,) = server.seen
    assert seen.startswith("client.endentity.temporal.")


def test_a_chain_of_an_imported_intermediate_lets_a_temporal_client_in(
    today: CommandLine, folder: Path, pki: Path
) -> None:
    for name in ("Root", "Intermediate"):
        key = ("--key", str(pki / f"{name}.key")) if name == "Intermediate" else ()
        today("import", name, "--cert", str(pki / f"{name}.crt"), *key)
    today("request-cert", "--cn", "worker", *NEW_KEY)
    today("sign", "worker", "--CA", "Intermediate", "--expires", "7 days")
    today("export-chain", "worker")
    with serving(pki, pki / "Root.crt") as server:
        connect(server, pki, folder / "out/worker.chain.crt", folder / "out/worker.key")
    assert server.seen == ["worker"]
