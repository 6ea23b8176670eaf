"""After `sign` and `issue`, two lines on a terminal name the commands that come next."""

from pathlib import Path

import pytest

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
        certstrap(*REQUEST, name, "--domain", "a.example")


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
    with terminal(folder, "sign", "a", *options) as child:
        assert "Check it" not in ends(child)


@pytest.mark.usefixtures("ca")
def test_a_depot_elsewhere_stands_in_both(folder: Path) -> None:
    with terminal(folder, "--depot-path", "./out", "sign", "a") as child:
        shown = ends(child)
    assert "certstrap --depot-path ./out check a\n" in shown
    assert "certstrap --depot-path ./out connect a --namespace " in shown
