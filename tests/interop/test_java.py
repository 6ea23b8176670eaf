"""The JDK loads our chains and PKCS#8 keys, validates them, and talks TLS 1.3 with them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from tests.interop import peers
from tests.interop.conftest import HOST, TLS_KINDS

SOURCE = Path(__file__).with_name("Interop.java")
QUICK_START = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


@pytest.fixture(scope="module")
def java() -> str:
    """The launcher of a JDK, which compiles a single source file by itself."""
    return peers.program(
        "java",
        asked="--list-modules",
        answers=r"jdk\.compiler@(1[7-9]|[2-9]\d)",
        what="a JDK, 17 or later",
    )


# The JDK verifies no P-224 signatures.
@pytest.mark.parametrize("kind", TLS_KINDS)
def test_the_jdk_accepts_chain_and_key_and_turns_the_stranger_away(
    java: str, kind: str, depot: Path, stranger: Path, below: Path, certstrap: CommandLine
) -> None:
    shutil.copy(depot / "Root.crt", "ca.crt")
    shutil.copy(depot / "Root.crl", "ca.crl")
    for name, chain, key in (
        ("client", depot / "client.crt", depot / "client.key"),
        ("below", below, depot / "below.key"),
        ("server", depot / "server.crt", depot / "server.key"),
        ("stranger", stranger / "client.crt", stranger / "client.key"),
    ):
        shutil.copy(chain, f"{name}.crt")
        certstrap("export-pkcs8", "--key", str(key), "--output", f"{name}.key")
    algorithm = kind if kind in {"RSA", "Ed25519"} else "EC"
    done = subprocess.run(
        [java, *QUICK_START, SOURCE, algorithm, HOST],
        capture_output=True,
        text=True,
        timeout=peers.SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "chain of client validated: 1 certificates",
        "chain of below validated: 2 certificates",
        "chain of server validated: 1 certificates",
        "chain of stranger refused",
        "TLSv1.3 with CN=client",
        "TLSv1.3 with CN=below",
        "TLS with stranger refused",
    ]
