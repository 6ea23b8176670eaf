"""Printed command lines for names that begin with a dash can be pasted into a shell."""

import re
import shlex
from pathlib import Path

import pytest

from certstrap.hints import command_line
from tests.builders.depots import NEW_KEY
from tests.cli.terminal import ends, terminal
from tests.conftest import CommandLine

NAMES = ("-y", "--wait", "-- x", "-it's")
CA = ("init", *NEW_KEY, "--path-length", "1")


@pytest.fixture
def ca(certstrap: CommandLine) -> None:
    """A depot with a CA whose name begins with a dash."""
    certstrap(*CA, "--common-name=-z")


def _lines(text: str) -> list[list[str]]:
    """Return the words of each command line of certstrap in a text."""
    found = re.findall(r"\bcertstrap (.*)$", text, re.MULTILINE)
    return [shlex.split(line.strip()) for line in found]


@pytest.mark.usefixtures("ca")
@pytest.mark.parametrize("name", [*NAMES, "plain", "two words"])
def test_a_name_and_its_options_are_read_as_they_were_meant(
    certstrap: CommandLine, name: str
) -> None:
    def run(command: str, *words: str | tuple[str, ...]) -> str:
        line = shlex.split(command_line(("certstrap", command, *words)))
        return certstrap(*line[1:]).stdout

    curve = ("--curve", "P-256")
    run("issue", name, curve)
    run("request-cert", ("--common-name", f"{name}2"), curve, ("--no-passphrase",))
    for suffix in (".crt", "2.csr"):
        assert Path(f"out/{name}{suffix}".replace(" ", "_").replace("'", "_")).is_file()
    assert run("inspect", name, ("--json",))[0] == "{"


@pytest.mark.usefixtures("ca")
def test_what_comes_next_on_a_terminal_works_when_it_is_pasted(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("request-cert", "--no-passphrase", "--curve", "P-256", "--common-name=-y")
    with terminal(folder, "issue", "--", "-y") as child:
        shown = ends(child)
    lines = _lines(shown.replace("\r", ""))
    assert ["check", "--", "-y"] in lines
    assert ["connect", "--namespace", "NAMESPACE.ACCOUNT", "--", "-y"] in lines


REFUSED = {
    "the CRL of a client": (["crl", "--", "-y"], ["crl", "--bundle", "--", "-y"]),
    "no such CA": (["sign", "--CA=-n", "--", "-q"], ["init", "--common-name=-n"]),
    "no such request": (["sign", "--", "-n"], ["request-cert", "--common-name=-n"]),
    "a CA keeps its key": (
        ["renew", "--new-key", "--", "-z"],
        ["bundle", "--rotate", "-z", "NEW"],
    ),
}


@pytest.mark.usefixtures("ca")
@pytest.mark.parametrize("case", REFUSED)
def test_hints_name_it_so_that_it_can_be_pasted(certstrap: CommandLine, case: str) -> None:
    certstrap("issue", "--curve", "P-256", "--", "-y")
    certstrap("request-cert", "--no-passphrase", "--curve", "P-256", "--common-name=-q")
    line, hinted = REFUSED[case]
    outcome = certstrap(*line, exit_code=1)
    assert shlex.join(hinted) in outcome.stderr, outcome


@pytest.mark.usefixtures("ca")
def test_the_steps_of_a_rotation_can_be_pasted(certstrap: CommandLine, folder: Path) -> None:
    certstrap("issue", "--curve", "P-256", "--", "-y")
    certstrap(*CA, "--common-name=-new")
    shown = certstrap("bundle", "--rotate", "-z", "-new", "--output", "b.pem").stdout
    (folder / "new").mkdir()
    signing = next(words for words in _lines(shown) if words[0] == "sign")
    certstrap(*signing)
    assert (folder / "new" / "-y.crt").is_file()
    assert "certstrap check --connect your-namespace.acct.tmprl.cloud -- -y" in shown
