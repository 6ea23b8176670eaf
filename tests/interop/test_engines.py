"""CAs of other programs below our root, as the page on intermediates has them."""

from pathlib import Path

import pytest

from certstrap.cli.context import utc_now
from tests import programs
from tests.conftest import CommandLine
from tests.docs import ROOT, Terminal, blocks, steps
from tests.interop import peers
from tests.interop.openbao import TOKEN

PAGE = ROOT / "docs/intermediates.md"
CFSSL = "github.com/cloudflare/cfssl/cmd/{}@v1.6.5"
NAMESPACE = """
mount --bind hosts /etc/hosts
ip link set lo up
answers() {
  for _ in $(seq 100); do
    openssl s_client -connect "$1:443" -verify_hostname "$1" -verify_return_error \\
      -CAfile web/Example_Root.crt -showcerts < /dev/null > shown.txt && return
    sleep 0.1
  done
  cat */log
}
(cd ca && HOME=$PWD exec caddy run 2> log) &
answers ca.example.com
(cd web && HOME=$PWD exec caddy run 2> log) &
answers web.example.com
kill %1 %2
wait
"""
"""Runs both servers, each at an address of its own, where nobody else has their ports."""


def follow(folder: Path, heading: str, **environ: str) -> None:
    """Type what is under a heading of the page."""
    terminal = Terminal(folder, {"HOME": str(folder), **environ})
    try:
        for step in steps([block for block in blocks(PAGE) if block.heading == heading]):
            terminal.follow(step)
    finally:
        terminal.close()


@pytest.fixture(scope="session")
def cfssl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the programs of cfssl."""
    folder = tmp_path_factory.mktemp("bin")
    peers.go_programs(folder, *(CFSSL.format(name) for name in ("cfssl", "cfssljson")))
    return folder


def test_openbao_issues_revokes_and_is_renewed(tmp_path: Path, openbao: str) -> None:
    follow(tmp_path, "OpenBao", BAO_ADDR=openbao, BAO_TOKEN=TOKEN)


def test_cfssl_issues_and_revokes(tmp_path: Path, cfssl: Path) -> None:
    path = f"{cfssl}:{programs.environment()['PATH']}"
    follow(tmp_path, "cfssl", PATH=path)


def test_caddy_issues_certificates_by_acme(tmp_path: Path) -> None:
    peers.program("caddy", asked="version", answers=r"v2\.",
                          what="Caddy (pip install '.[server]')")  # fmt: skip
    new = ("unshare", "--map-root-user", "--net", "--mount", "bash", "-c")
    if programs.run(*new, "command -v ip", exit_code=None).exit_code:
        peers.lacks("the right to create network namespaces, or ip (iproute2)")
    follow(tmp_path, "Caddy, with ACME")
    folder = tmp_path / "caddy"
    files = [block for block in blocks(PAGE) if block.language == "caddyfile"]
    for number, (name, block) in enumerate(zip(("ca", "web"), files, strict=True), start=2):
        (folder / name).mkdir()
        # Two servers on one machine: neither takes the address of the other.
        _, *lines = block.lines
        options = ["{", "\tadmin off", f"\tdefault_bind 127.0.0.{number}"]
        (folder / name / "Caddyfile").write_text("\n".join([*options, *lines, ""]))
    for name in ("Example_Root.crt", "Example_Issuing.crt", "Example_Issuing.key"):
        (folder / "ca" / name).write_bytes((folder / "out" / name).read_bytes())
    (folder / "web/Example_Root.crt").write_bytes((folder / "out/Example_Root.crt").read_bytes())
    (folder / "hosts").write_text("127.0.0.2 ca.example.com\n127.0.0.3 web.example.com\n")
    programs.run(*new, NAMESPACE, folder=folder)
    line = CommandLine(now=utc_now())
    verified = line("--depot-path", str(folder / "out"), "verify", str(folder / "shown.txt"),
                    "--server", "web.example.com")  # fmt: skip
    assert f"{folder}/shown.txt: good" in verified.stdout
