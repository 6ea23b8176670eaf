"""nginx reads the CRLs of a whole chain: a client is admitted, revoked, and refused."""

import signal
import socket
import ssl
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from certstrap.cli.context import utc_now
from tests import programs
from tests.builders.depots import NEW_KEY
from tests.conftest import CommandLine
from tests.docs import ROOT, blocks
from tests.interop.peers import nginx

SECONDS = 20
ADMITTED, REFUSED = "200", "400"

CONFIGURATION = """
daemon off;
user root;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen unix:{folder}/socket ssl;
        ssl_certificate {folder}/out/server.crt;
        ssl_certificate_key {folder}/out/server.key;
{documented}
        location / {{ return 200; }}
    }}
}}
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short, as that of a socket must be."""
    with tempfile.TemporaryDirectory(prefix="nginx") as name:
        yield Path(name)


@pytest.fixture
def certstrap(folder: Path) -> CommandLine:
    """The command line, on the depot of ``folder``, by the wall clock as nginx goes by it."""
    return CommandLine(now=utc_now())


class Server:
    """An nginx with the lines of the documentation, and what it answers to clients."""

    def __init__(self, folder: Path, process: programs.Process) -> None:
        self._folder, self._process = folder, process

    def answer(self, certificate: str, name: str) -> str:
        """Return the status of a request with the certificate in a file and the key of ``name``."""
        out = self._folder / "out"
        context = ssl.create_default_context(cafile=str(out / "Cert.crt"))
        context.load_cert_chain(out / certificate, out / f"{name}.key")
        with socket.socket(socket.AF_UNIX) as plain:
            plain.connect(str(self._folder / "socket"))
            with context.wrap_socket(plain, server_hostname="server.example") as tls:
                tls.sendall(b"GET / HTTP/1.0\r\n\r\n")
                return tls.recv(100).split()[1].decode()

    def reload(self, certificate: str, name: str) -> None:
        """Reload it, and wait until a client that is still admitted is refused."""
        self._process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.answer(certificate, name) == REFUSED)


def wait_until(condition: "object") -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "nginx did not do it in time"
        time.sleep(0.05)


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Run nginx with the lines of docs/revocation.md."""
    (block,) = (
        block for block in blocks(ROOT / "docs/revocation.md")
        if block.heading == "nginx" and block.language == "nginx"
    )  # fmt: skip
    documented = "\n".join(block.lines).replace("/etc/nginx/clients", str(folder / "clients"))
    path = folder / "nginx.conf"
    path.write_text(CONFIGURATION.format(folder=folder, documented=documented))
    process = programs.start(nginx(), "-e", folder / "error.log", "-c", path)
    try:
        wait_until((folder / "socket").exists)
        yield Server(folder, process)
    finally:
        process.send_signal(signal.SIGTERM)
        programs.end(process)


def test_nginx_admits_a_client_until_it_is_revoked_and_the_crls_are_reloaded(
    certstrap: CommandLine, folder: Path
) -> None:
    clients = folder / "clients"
    clients.mkdir()

    def run(*args: str) -> None:
        certstrap("--depot-path", str(folder / "out"), *args)

    def bundle() -> None:
        run("crl", "below", "--bundle", "--output", str(clients / "crls.pem"))

    run("init", "--cn", "Cert", *NEW_KEY, "--path-length", "1")
    run("request-cert", "--cn", "Int", *NEW_KEY)
    run("sign", "Int", "--CA", "Cert", "--intermediate")
    run("issue", "server", "--CA", "Cert", "--curve", "P-256", "--domain", "server.example")
    for name, ca in (("top", "Cert"), ("below", "Int"), ("other", "Int")):
        run("issue", name, "--CA", ca, "--curve", "P-256")
        run("export-chain", name)
    (clients / "Cert.crt").write_bytes((folder / "out/Cert.crt").read_bytes())
    bundle()
    chains = {name: f"{name}.chain.crt" for name in ("top", "below", "other")}
    with serving(folder) as server:
        assert {server.answer(chain, name) for name, chain in chains.items()} == {ADMITTED}
        for name in ("below", "top"):
            run("revoke", "--CN", name)
            bundle()
            assert server.answer(chains[name], name) == ADMITTED  # nginx has the old CRLs
            server.reload(chains[name], name)
            assert server.answer(chains["other"], "other") == ADMITTED
        run("revoke", "--CN", "Int", "--CA", "Cert")
        bundle_again = ("crl", "Int", "--bundle", "--output", str(clients / "crls.pem"))
        run(*bundle_again)
        server.reload(chains["other"], "other")


def test_nginx_refuses_every_client_below_an_intermediate_without_a_crl(
    certstrap: CommandLine, folder: Path
) -> None:
    (folder / "clients").mkdir()

    def run(*args: str) -> None:
        certstrap("--depot-path", str(folder / "out"), *args)

    run("init", "--cn", "Cert", *NEW_KEY, "--path-length", "1")
    run("request-cert", "--cn", "Int", *NEW_KEY)
    run("sign", "Int", "--CA", "Cert", "--intermediate")
    run("issue", "server", "--CA", "Cert", "--curve", "P-256", "--domain", "server.example")
    run("issue", "below", "--CA", "Int", "--curve", "P-256")
    run("export-chain", "below")
    for file, name in (("Cert.crt", "Cert.crt"), ("Cert.crl", "crls.pem")):
        (folder / "clients" / name).write_bytes((folder / "out" / file).read_bytes())
    with serving(folder) as server:
        assert server.answer("below.chain.crt", "below") == REFUSED
