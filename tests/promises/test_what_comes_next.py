"""After `sign` and `issue`, two lines on a terminal name the commands that come next."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from certstrap import platform
from tests.builders.depots import NEW_KEY
from tests.cli.terminal import ends, terminal
from tests.conftest import CommandLine

CA = ("init", "--cn", "Cert", *NEW_KEY)
REQUEST = ("request-cert", *NEW_KEY, "--cn")
CHECK = "Check it: certstrap check"
CONNECT = "Configure its client: certstrap connect"


@pytest.fixture
def ca(certstrap: CommandLine, folder: Path) -> None:
    """A depot with a CA that two requests wait for."""
    certstrap(*CA, "--path-length", "1")
    for name in ("a", "my client"):
        certstrap(*REQUEST, name)
    certstrap(*REQUEST, "web", "--domain", "a.example")


@pytest.mark.usefixtures("ca")
@pytest.mark.parametrize(("name", "shown"), [("a", "a"), ("my client", "'my client'")])
@pytest.mark.parametrize("command", ["sign", "issue"])
def test_two_lines_on_a_terminal_say_what_comes_next(
    folder: Path, command: str, name: str, shown: str
) -> None:
    with terminal(folder, command, name) as child:
        lines = [line.strip() for line in ends(child).splitlines()]
    assert lines[-2:] == [
        f"{CHECK} {shown}",
        f"{CONNECT} {shown} --namespace NAMESPACE.ACCOUNT",
    ]
    assert len([line for line in lines if line.startswith(("Check", "Configure"))]) == 2


@pytest.mark.usefixtures("ca")
@pytest.mark.parametrize("command", ["sign", "issue"])
def test_a_pipe_does_without_them(certstrap: CommandLine, command: str) -> None:
    outcome = certstrap(command, "a")
    assert "check" not in outcome.stdout
    assert "connect" not in outcome.stdout


@pytest.mark.usefixtures("ca")
@pytest.mark.parametrize(
    "options", [("--intermediate",), ("--cert", "a.crt"), ("--profile", "server")]
)
def test_a_certificate_that_is_no_client_s_or_not_in_the_depot_has_none(
    folder: Path, options: tuple[str, ...]
) -> None:
    name = "web" if "server" in options else "a"
    with terminal(folder, "sign", name, *options) as child:
        assert "Check it" not in ends(child)


@pytest.mark.usefixtures("ca")
def test_a_certificate_for_a_server_is_checked_as_its_clients_do(folder: Path) -> None:
    with terminal(folder, "issue", "web") as child:
        last = ends(child).splitlines()[-1]
    assert last == "  Check it as its clients do: certstrap verify web --server a.example"


@pytest.mark.usefixtures("ca")
def test_a_depot_elsewhere_stands_in_both(folder: Path) -> None:
    with terminal(folder, "--depot-path", "./out", "sign", "a") as child:
        shown = ends(child)
    assert "certstrap --depot-path ./out check a\n" in shown
    assert "certstrap --depot-path ./out connect a --namespace " in shown


UPLOAD = "Upload out/Cert.crt to your Namespace, as its CA certificate."


def install(folder: Path, *programs: str) -> str:
    """Create programs that copy to a file, and return the folder that they are in, for PATH."""
    (folder / "bin").mkdir()
    for name in programs:
        (folder / "bin" / name).write_text("#!/bin/sh\nexec cat > copied\n")
        (folder / "bin" / name).chmod(0o755)
    return str(folder / "bin")


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        ({"WSL_DISTRO_NAME": "Debian", "DISPLAY": ":0"}, "clip.exe < 'a b.crt'"),
        ({"MSYSTEM": "MINGW64"}, "clip.exe < 'a b.crt'"),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "wl-copy < 'a b.crt'"),
        ({"DISPLAY": ":0"}, "xclip -selection clipboard < 'a b.crt'"),
        ({"DISPLAY": ""}, ""),
        ({}, ""),
    ],
)
def test_the_clipboard_that_is_there_is_used(
    folder: Path, environ: Mapping[str, str], line: str
) -> None:
    path = install(folder, "clip.exe", "wl-copy", "xclip")
    assert platform.copying_line("a b.crt", {**environ, "PATH": path}, windows=False) == line
    (folder / "bin/wl-copy").unlink()
    (folder / "bin/xclip").unlink()
    without = platform.copying_line("a b.crt", {**environ, "PATH": path}, windows=False)
    assert without == (line if "clip.exe" in line else "")


def test_macos_has_a_clipboard_without_a_variable(folder: Path) -> None:
    path = install(folder, "pbcopy", "xclip")
    line = platform.copying_line("a.crt", {"PATH": path, "DISPLAY": ":0"}, windows=False)
    assert line == "pbcopy < a.crt"


def test_the_line_for_windows_is_read_by_cmd_and_powershell() -> None:
    assert platform.copying_line(r"out\a b.crt", {}, windows=True) == r'type "out\a b.crt" | clip'


@pytest.mark.parametrize("names", [("a",), ("a", "b")])
def test_the_line_that_copies_a_new_ca_follows_its_upload_on_a_terminal_and_works(
    folder: Path, names: tuple[str, ...]
) -> None:
    environ = {"DISPLAY": ":0", "WAYLAND_DISPLAY": "", "PATH": f"{install(folder, 'xclip')}:/bin"}
    with terminal(folder, "issue", *names, *NEW_KEY, environ=environ) as child:
        lines = [line.strip() for line in ends(child).splitlines()]
    assert f"New CA: {folder}/out/Cert.crt" in lines
    label, _, command = lines[lines.index(UPLOAD) + 1].partition(": ")
    assert (label, command) == ("Copy its text", "xclip -selection clipboard < out/Cert.crt")
    subprocess.run(["sh", "-c", command], env=environ, check=True)
    assert (folder / "copied").read_bytes() == (folder / "out/Cert.crt").read_bytes()


def test_a_pipe_and_a_machine_without_a_clipboard_do_without_that_line(
    certstrap: CommandLine, folder: Path
) -> None:
    environ = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "PATH": "/bin"}
    with terminal(folder, "issue", "a", *NEW_KEY, environ=environ) as child:
        assert "Copy" not in ends(child)
    copies = {"DISPLAY": ":0", "PATH": install(folder, "xclip")}
    again = certstrap("--depot-path", "pipe", "issue", "a", *NEW_KEY, environ=copies)
    assert "Copy" not in again.stdout
