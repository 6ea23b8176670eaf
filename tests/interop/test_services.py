"""Two services of one's own, as the page on them has it: each checks the other's certificate."""

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import create_connection, create_server
from threading import Thread

import pytest
import yaml

from certstrap.cli.context import utc_now
from tests.builders.depots import NEW_KEY
from tests.conftest import CommandLine
from tests.docs import ROOT, blocks
from tests.interop.peers import nginx

PAGE = ROOT / "docs" / "services.md"
NAME = "temporal.example.com"


def shown(language: str) -> str:
    """Return the one block of the page in that language."""
    (block,) = (block for block in blocks(PAGE) if block.language == language)
    return "\n".join(block.lines)


@pytest.fixture
def certstrap(folder: Path) -> CommandLine:
    """The command line in a folder with the certificates of the page, by the wall clock."""
    made = CommandLine(now=utc_now())
    made("issue", "temporal", "--domain", NAME, "--profile", "server", *NEW_KEY)
    made("issue", "worker", "--profile", "client", *NEW_KEY)
    return made


@contextmanager
def server(name: str) -> Iterator[int]:
    """Serve with the certificate of ``name`` as the page's table says, and answer "hello"."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"out/{name}.crt", f"out/{name}.key")
    context.load_verify_locations("out/Cert.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    with create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with (
                        suppress(OSError),
                        context.wrap_socket(connection, server_side=True) as established,
                    ):
                        established.sendall(b"hello")

        thread = Thread(target=run, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(2)
    thread.join(15)


def answer(context: ssl.SSLContext, port: int) -> bytes:
    with (
        create_connection(("127.0.0.1", port), 10) as plain,
        context.wrap_socket(plain, server_hostname=NAME) as established,
    ):
        return established.recv(100)


def test_the_client_of_the_page_and_a_server_accept_each_other(certstrap: CommandLine) -> None:
    assert certstrap("verify", "temporal", "--server", NAME).lines[0] == "temporal: good"
    names: dict[str, ssl.SSLContext] = {}
    exec(shown("python"), names)  # noqa: S102 - the page's own program
    with server("temporal") as port:
        assert answer(names["context"], port) == b"hello"
        nobody = ssl.create_default_context(cafile="out/Cert.crt")
        with pytest.raises(ssl.SSLError):
            answer(nobody, port)
    with server("worker") as port, pytest.raises(ssl.SSLCertVerificationError):
        answer(names["context"], port)  # a client's certificate is not a server's


def test_nginx_takes_the_configuration_of_the_page(certstrap: CommandLine, folder: Path) -> None:
    program = nginx()
    block = shown("nginx").replace("/etc/nginx/", f"{folder}/out/")
    settings = f"pid {folder}/pid; error_log stderr; events {{}} http {{ {block} }}"
    (folder / "nginx.conf").write_text(settings)
    subprocess.run([program, "-t", "-q", "-c", f"{folder}/nginx.conf"], check=True)


def test_the_configuration_of_a_temporal_server_names_the_files_of_the_page() -> None:
    frontend = yaml.safe_load(shown("yaml"))["global"]["tls"]["frontend"]
    assert frontend["server"]["requireClientAuth"] is True
    assert frontend["server"]["clientCaFiles"] == frontend["client"]["rootCaFiles"]
    assert frontend["client"]["serverName"] == NAME
