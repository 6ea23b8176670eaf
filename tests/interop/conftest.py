"""Depots for the peers, made by the commands: one a key kind, and its double by another CA."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from certstrap.cli.context import utc_now
from tests.conftest import CommandLine
from tests.interop.openbao import openbao_server

KINDS = {
    "RSA": ("--key-bits", "2048"),
    "P-224": ("--curve", "P-224"),
    "P-256": ("--curve", "P-256"),
    "P-384": ("--curve", "P-384"),
    "P-521": ("--curve", "P-521"),
    "Ed25519": ("--curve", "Ed25519"),
}
TLS_KINDS = [kind for kind in KINDS if kind != "P-224"]  # TLS 1.3 has none (RFC 8446, 4.2.3)

HOST = "server.example.com"
NAMELESS = "a-name-that-goes-into-the-alternative-names-alone.because.it.is.too.long.example.com"
"""Longer than a common name may be, so that the subject is empty."""

Make = Callable[[str, str], Path]


@pytest.fixture(scope="session")
def make_depot(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Make the depot of a CA for a key kind, once a session.

    ``Root`` signs ``Intermediate``, ``client`` (without alternative names), ``server`` (with a
    domain, addresses and a URI) and `NAMELESS`; ``Intermediate`` signs ``below``.
    """

    @cache
    def make(kind: str, ca: str) -> Path:
        folder = tmp_path_factory.mktemp(f"{ca}-{kind}")
        command_line = CommandLine(now=utc_now())  # peers judge by the wall clock

        def certstrap(*args: str) -> None:
            command_line("--depot-path", str(folder), *args)

        def request(*names: str) -> None:
            certstrap("request-cert", *names, *KINDS[kind], "--no-passphrase")

        certstrap(
            "init", "--cn", "Root", "--path-length", "1", "--o", "Example", "--c", "DE",
            *KINDS[kind], "--no-passphrase",
        )  # fmt: skip
        request("--cn", "Intermediate")
        certstrap("sign", "Intermediate", "--CA", "Root", "--intermediate")
        request("--cn", "client")
        request(
            "--cn", "server", "--domain", f"{HOST},www.example.com", "--ip", "127.0.0.1,::1",
            "--uri", "https://example.com/server",
        )  # fmt: skip
        request("--domain", NAMELESS)
        for name in ("client", "server", NAMELESS):
            certstrap("sign", name, "--CA", "Root", "--expires", "1 year")
        request("--cn", "below")
        certstrap("sign", "below", "--CA", "Intermediate", "--expires", "1 year")
        return folder

    return make


@pytest.fixture
def kind() -> str:
    """The key kind of the depots; tests for which it matters are parametrized with it."""
    return "P-256"


@pytest.fixture
def pki(kind: str, make_depot: Make) -> Path:
    """The depot of `make_depot` that is ours."""
    return make_depot(kind, "ours")


@pytest.fixture
def stranger(kind: str, make_depot: Make) -> Path:
    """A depot with the same names in all of its certificates, but other keys."""
    return make_depot(kind, "strangers")


@pytest.fixture
def below(pki: Path, tmp_path: Path) -> Path:
    """The chain of ``below``: its certificate and its intermediate's, without the root."""
    path = tmp_path / "below-chain.crt"
    path.write_bytes(chain_of_below(pki))
    return path


def chain_of_below(depot: Path) -> bytes:
    """Return the certificate of ``below`` and its intermediate's, without the root."""
    return (depot / "below.crt").read_bytes() + (depot / "Intermediate.crt").read_bytes()


@pytest.fixture(scope="session")
def openbao() -> Iterator[str]:
    """The address of an OpenBao server, which runs once a session."""
    with openbao_server() as address:
        yield address
