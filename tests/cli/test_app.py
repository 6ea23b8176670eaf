"""The app as a whole: version, help, unknown commands, completion, and the ways to start it."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import pexpect
import pytest

from certstrap import __version__
from certstrap.cli import app
from tests.cli.terminal import ends, terminal
from tests.conftest import CommandLine, Program
from tests.interop import peers

COMMANDS = ["init", "request-cert", "sign", "issue", "export-pkcs8"]
BESIDE_PYTHON = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.parametrize("option", ["--version", "-v", "-version"])
def test_the_version_is_told(certstrap: CommandLine, option: str) -> None:
    assert certstrap(option).stdout == f"certstrap version {__version__}\n"


def test_the_version_goes_before_everything_else(certstrap: CommandLine, folder: Path) -> None:
    outcome = certstrap("--depot-path", "", "--version", "init", "--cn", "X")
    assert outcome.stdout == f"certstrap version {__version__}\n"
    assert not list(folder.iterdir())


@pytest.mark.parametrize("start", [["certstrap"], [sys.executable, "-m", "certstrap"]])
def test_there_are_two_ways_to_start_it(folder: Path, start: list[str]) -> None:
    done = subprocess.run(
        [*start, "sign"],
        capture_output=True,
        text=True,
        env={**os.environ, **BESIDE_PYTHON},
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("One host name must be provided.\n")
    usage = subprocess.run(
        [*start, "bogus"],
        capture_output=True,
        text=True,
        env={**os.environ, **BESIDE_PYTHON},
        check=False,
    )
    assert usage.stderr.startswith("Usage: certstrap [OPTIONS] COMMAND [ARGS]...\n")


def test_help_lists_every_command(certstrap: CommandLine) -> None:
    outcome = certstrap("--help")
    listed = re.findall(r"^  ([a-z0-9-]+)  +[A-Z]", outcome.stdout, re.MULTILINE)
    assert set(COMMANDS) <= set(listed)
    assert outcome.lines[-1] == "  Example: certstrap issue your-namespace"


@pytest.mark.parametrize("args", [("help",), ("-h",)])
def test_help_has_other_names(certstrap: CommandLine, args: tuple[str, ...]) -> None:
    assert certstrap(*args).stdout == certstrap("--help").stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_each_command_ends_with_an_example(
    certstrap: CommandLine, command: str
) -> None:
    outcome = certstrap(command, "--help")
    assert outcome.lines[0].startswith(f"Usage: certstrap {command} [OPTIONS]")
    assert outcome.lines[-1].startswith(f"  Example: certstrap {command} ")
    assert certstrap("help", command).stdout == outcome.stdout


def test_the_examples_work_in_their_order(certstrap: CommandLine, folder: Path) -> None:
    for command in COMMANDS:
        module = import_module(f"certstrap.cli.{command.replace('-', '_')}")
        words = shlex.split(module.EXAMPLE)
        fast = [] if command in {"sign", "export-pkcs8"} else ["--curve", "P-256"]
        certstrap(*words[1:], *fast, input="\n\n")
    assert (folder / "out/your-namespace.pkcs8.key").is_file()


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_on_a_pipe_is_plain_and_says_what_every_option_is_for(
    certstrap: CommandLine, command: str
) -> None:
    printed = certstrap(*command.split(), "--help").stdout
    assert printed.isascii()
    assert "\x1b" not in printed
    assert "--years" not in printed
    options = re.findall(r"^  (-\S.*)$\n?(.*)", printed, re.MULTILINE)
    assert options
    for first, second in options:
        assert re.search(r"\S  +\S", first) or second.startswith("       "), first


def test_help_on_a_terminal_is_drawn(folder: Path) -> None:
    for environ, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        with terminal(folder, "sign", "--help", environ=environ) as child:
            printed = ends(child)
        assert "╭─ Options ─" in re.sub(r"\x1b\[[0-9;]*m", "", printed)
        assert 'Example: certstrap sign your-namespace --CA "Cert"' in printed
        assert bool(re.search(r"\x1b\[[0-9;]*3[0-9]m", printed)) == coloured


def test_help_on_a_terminal_is_plain_for_a_file(folder: Path) -> None:
    with terminal(folder, "--help", output="help.txt") as child:
        assert ends(child) == ""
    assert (folder / "help.txt").read_text().isascii()


def test_without_a_command_the_help_is_shown_and_the_status_is_2(certstrap: CommandLine) -> None:
    outcome = certstrap(exit_code=2)
    assert outcome.stdout == ""
    assert outcome.stderr == certstrap("--help").stdout


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sgin", "sign"),
        ("requestcert", "request-cert"),
        ("request_cert", "request-cert"),
        ("export-pkcs", "export-pkcs8"),
        ("Init", "init"),
    ],
)
def test_a_mistyped_command_is_met_with_the_one_that_was_meant(
    certstrap: CommandLine, folder: Path, typed: str, meant: str
) -> None:
    error = certstrap(typed, "--cn", "x", exit_code=2).stderr.splitlines()[-1]
    assert error.startswith(f"Error: No such command '{typed}'. Did you mean '{meant}'")
    assert not list(folder.iterdir())


def test_an_unknown_command_is_told(certstrap: CommandLine) -> None:
    outcome = certstrap("frobnicate", exit_code=2)
    assert outcome.stderr.splitlines()[-1] == "Error: No such command 'frobnicate'."


def test_a_mistyped_option_is_met_with_the_one_that_was_meant(certstrap: CommandLine) -> None:
    outcome = certstrap("init", "--comon-name", "x", exit_code=2)
    assert "No such option: --comon-name" in outcome.stderr
    assert "--common-name" in outcome.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "environ",
    [{"CERTSTRAP_DEPOT_PATH": "elsewhere"}, {"CERTSTRAP_DEPOT_PATH": ""}],
)
def test_the_environment_names_the_depot(program: Program, environ: Mapping[str, str]) -> None:
    depot = environ["CERTSTRAP_DEPOT_PATH"] or "out"
    args = ("init", "--cn", "X", "--curve", "P-256", "--no-passphrase")
    assert program(*args, environ=environ).stdout.startswith(f"Created {depot}/X.key\n")
    done = program("--depot-path", "option", *args, environ=environ)
    assert done.stdout.startswith("Created option/X.key\n")


def test_the_app_lists_its_commands_without_importing_them(folder: Path) -> None:
    assert app.info.cls is not None
    script = "import sys, certstrap.cli; print([m for m in sys.modules if 'cli.init' in m])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def complete(shell: str, line: str) -> Mapping[str, str]:
    """Return the environment by which a shell asks how ``line`` may go on."""
    return {
        "_CERTSTRAP_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": line.replace(" ", "\n"),
        "COMP_CWORD": str(line.count(" ")),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("line", "wanted", "unwanted"),
    [
        ("certstrap ", COMMANDS, ["--version"]),
        ("certstrap re", ["request-cert"], ["init"]),
        ("certstrap --dep", ["--depot-path"], ["init"]),
        ("certstrap init --p", ["--passphrase-file", "--path-length", "--province"], ["--CA"]),
        ("certstrap sign x --CA Cert --exp", ["--expires"], ["--CA"]),
    ],
)
def test_the_shells_are_told_how_a_line_may_go_on(
    program: Program, shell: str, line: str, wanted: list[str], unwanted: list[str]
) -> None:
    done = program(environ=complete(shell, line))
    assert (done.returncode, done.stderr) == (0, "")
    words = set(re.findall(r"[A-Za-z0-9-]+", done.stdout))
    words |= {match for match in re.findall(r'"(--?[a-z-]+)"', done.stdout)}
    assert set(wanted) <= words
    offered = {word.split("\t")[0].split('"')[-1] for word in done.stdout.splitlines()}
    assert not set(unwanted) & offered


# How each shell is started so that it reads what --install-completion wrote, and nothing else.
SHELLS = {
    "bash": ["bash", "-i"],
    "zsh": ["zsh", "-i"],
    "fish": ["fish", "-i"],
}


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_works_in_a_real_shell_once_it_is_installed(folder: Path, shell: str) -> None:
    path = peers.program(shell, asked="--version", answers=".", what=shell)
    home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / ".config"), "TERM": "dumb"}
    environ = {**os.environ, **BESIDE_PYTHON, **home, "PS1": "ready> ", "ZDOTDIR": str(folder)}
    installed = subprocess.run(
        [path, "-c", "certstrap --install-completion; true"],
        capture_output=True,
        text=True,
        env=environ,
        check=True,
    )
    assert f"{shell} completion installed in {folder}" in installed.stdout
    shown = subprocess.run(
        [path, "-c", "certstrap --show-completion; true"],
        capture_output=True,
        text=True,
        env=environ,
        check=True,
    )
    assert "_CERTSTRAP_COMPLETE" in shown.stdout
    child = pexpect.spawn(
        path,
        SHELLS[shell][1:],
        env=environ,
        cwd=str(folder),
        timeout=20,
        encoding="utf-8",
        dimensions=(24, 120),
    )
    try:
        child.send("certstrap req\t")
        child.expect_exact("certstrap request-cert ")
        child.send("--no-pass\t")
        child.expect_exact("--no-passphrase")
        child.send("--cn typed --curve P-256\r")
        child.expect_exact("Created out/typed.csr")
    finally:
        child.close(force=True)


def test_completion_for_an_unknown_shell_is_refused_in_one_sentence(program: Program) -> None:
    done = program(environ={"_CERTSTRAP_COMPLETE": "complete_tcsh"})
    assert done.returncode == 1
    assert done.stderr == "Shell tcsh not supported.\n"


def test_shutil_finds_the_command(folder: Path) -> None:
    assert shutil.which("certstrap", path=BESIDE_PYTHON["PATH"])
