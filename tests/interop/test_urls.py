"""OpenSSL and Go read our URLs, and what `crl --der` and `export-chain --der` write for them."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tests.builders.depots import NEW_KEY
from tests.commands.test_urls import CRL, ISSUER, OCSP, OPTIONS
from tests.conftest import CommandLine
from tests.interop.peers import go, openssl

READ_URLS = Path(__file__).with_name("go_urls")


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, and reports nothing."""

    def log_message(self, *_: object) -> None:
        """Write no log."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder for the block, and yield its URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_openssl_fetches_the_crl_from_where_the_certificate_says(
    today: CommandLine, folder: Path
) -> None:
    (folder / "web").mkdir()
    verify = ("verify", "-crl_check", "-crl_download", "-CAfile", "out/Cert.crt", "out/a.crt")
    publish = ("crl", "Cert", "--der", "--output", "web/Cert.crl")
    with served(folder / "web") as url:
        today("init", "--cn", "Cert", "--crl-url", f"{url}/Cert.crl", *NEW_KEY)
        today("issue", "a", "--curve", "P-256")
        assert "unable to get certificate CRL" in openssl(*verify, exit_code=2).stderr
        today(*publish)
        openssl(*verify)
        today("revoke", "--CN", "a")
        openssl(*verify)
        today(*publish)
        assert "certificate revoked" in openssl(*verify, exit_code=2).stderr


def test_openssl_and_go_read_every_url_and_what_they_serve(
    today: CommandLine, folder: Path
) -> None:
    today("init", "--cn", "Cert", *OPTIONS, *NEW_KEY)
    today("issue", "a", "--curve", "P-256")
    for name in ("Cert", "a"):
        today("export-chain", name, "--der", "--output", f"{name}.cer")
    today("revoke", "--CN", "a")
    today("crl", "Cert", "--der", "--output", "Cert.crl")
    extensions = "crlDistributionPoints,authorityInfoAccess"
    shown = openssl("x509", "-in", "a.cer", "-noout", "-ext", extensions).stdout
    for line in (f"URI:{CRL}", f"OCSP - URI:{OCSP}", f"CA Issuers - URI:{ISSUER}"):
        assert line in shown
    assert "critical" not in shown
    found = go(READ_URLS, *(folder / file for file in ("a.cer", "Cert.cer", "Cert.crl")))
    assert found.lines == [CRL, OCSP, ISSUER, "1 revoked"]
