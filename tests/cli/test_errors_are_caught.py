"""No user ever sees a traceback, whatever the program stumbles over."""

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from certstrap.cli import app
from certstrap.cli.world import World
from tests.cli import foreign
from tests.conftest import CommandLine, Program, snapshot

INIT = ("init", "--cn", "Cert", "--curve", "P-256", "--no-passphrase")
CREATED = "Created out/Cert.key\nCreated out/Cert.crt\nCreated out/Cert.crl\n"
PYTHON = (sys.executable, "-m", "certstrap")


def stumble(cause: BaseException, *args: str) -> tuple[int, str]:
    """Call the app in a world whose clock raises ``cause``; return status and standard error."""

    def now() -> datetime:
        raise cause

    result = CliRunner().invoke(app, list(args), obj=World(now=now, environ={}))
    assert not result.stdout
    return result.exit_code, result.stderr


@pytest.mark.parametrize(
    "cause", [ValueError("secret"), KeyError("secret"), MemoryError("secret"), AssertionError()]
)
def test_an_exception_nobody_thought_of_is_told_without_what_it_says(
    folder: Path, cause: Exception
) -> None:
    status, told = stumble(cause, *INIT)
    sentence, hint = told.splitlines()
    kind = type(cause).__name__
    assert sentence.startswith(f"certstrap failed in a way it never should: {kind} in now, line ")
    assert hint == "Hint: Please report it, with the command line."
    assert "secret" not in told
    assert status == 1
    assert not list(folder.iterdir())


def test_an_error_of_the_system_that_nobody_thought_of_is_told(folder: Path) -> None:
    status, told = stumble(OSError(5, "Input/output error", "some/file"), *INIT)
    assert status == 1
    assert told.splitlines()[0] == "Cannot use some/file: Input/output error."
    assert not list(folder.iterdir())


def test_an_interrupt_anywhere_ends_with_130(folder: Path) -> None:
    assert stumble(KeyboardInterrupt(), *INIT)[0] == 130
    assert not list(folder.iterdir())


def run(
    script: str, *args: str | bytes, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the program as ``"$@"`` of a line of shell, which arranges its streams."""
    done = subprocess.run(
        ["sh", "-c", script, "sh", *PYTHON, *args],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, **(environ or {})},
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return done


@pytest.mark.parametrize("args", [INIT, ("--version",), ("--help",), ("init", "--help")])
def test_closed_standard_output_is_no_error(folder: Path, args: tuple[str, ...]) -> None:
    done = run('"$@" >&-', *args)
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "out/Cert.crl").is_file() == (args == INIT)


def test_errors_are_told_while_standard_output_is_closed(folder: Path) -> None:
    done = run('"$@" >&-', "sign")
    assert done.returncode == 1
    assert done.stderr.startswith("One host name must be provided.\n")
    done = run('"$@" >&-', "sgin")
    assert done.returncode == 2
    assert "Did you mean 'sign'?" in done.stderr


def test_closed_standard_error_is_no_error(folder: Path) -> None:
    assert run('"$@" 2>&-', *INIT).stdout == CREATED
    done = run('"$@" 2>&-', *INIT)
    assert (done.returncode, done.stdout) == (1, "")


def test_all_streams_may_be_closed(folder: Path) -> None:
    assert run('"$@" <&- >&- 2>&-', *INIT).returncode == 0
    assert run('"$@" <&- >&- 2>&-', *INIT).returncode == 1


@pytest.mark.parametrize("given", [(), ("--passphrase-file", "-")])
def test_closed_standard_input_gives_no_passphrase(folder: Path, given: tuple[str, ...]) -> None:
    done = run('"$@" <&-', *INIT[:-1], *given)
    assert done.returncode == 1
    assert "--no-passphrase" in done.stderr.splitlines()[1]
    assert not list(folder.iterdir())


@pytest.mark.parametrize("args", [("--version",), ("--help",), ("init", "--help"), INIT])
def test_full_standard_output_is_told(folder: Path, args: tuple[str, ...]) -> None:
    done = run('"$@" > /dev/full', *args)
    assert done.returncode == 1
    sentence, hint = done.stderr.splitlines()
    assert sentence == "Cannot write to standard output: No space left on device."
    assert hint.startswith("Hint: ")
    if args == INIT:  # what is on the disk is not denied
        assert "nothing was changed" not in hint
        assert (folder / "out/Cert.crl").is_file()


@pytest.mark.parametrize("args", [("sign",), ("sgin",)])
def test_full_standard_error_still_ends_with_the_status(
    folder: Path, args: tuple[str, ...]
) -> None:
    assert run('"$@" 2> /dev/full', *args).returncode in {1, 2}


@pytest.mark.parametrize("args", [("--version",), ("--help",), (*INIT, "--stdout")])
def test_a_reader_that_has_gone_is_left_in_peace(folder: Path, args: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*PYTHON, *args], stdout=write, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")
    assert (folder / "out/Cert.crl").is_file() == (args[0] == "init")


@pytest.mark.parametrize(
    "environ", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX"}]
)
def test_names_that_the_terminal_cannot_show_are_used_all_the_same(
    folder: Path, environ: Mapping[str, str], program: Program
) -> None:
    args = ("init", "--cn", "Ünï", *INIT[3:])
    done = program(*args, environ=environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 3
    names = sorted(path.name for path in (folder / "out").iterdir())
    assert names == ["Ünï.crl", "Ünï.crt", "Ünï.key"]
    done = program(*args, environ=environ)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 2


def test_names_that_cannot_be_shown_are_escaped(program: Program) -> None:
    done = program("init", "--cn", "證書", *INIT[3:], environ={"PYTHONIOENCODING": "latin-1"})
    assert done.stdout.splitlines()[0] == "Created out/\\u8b49\\u66f8.key"
    done = program("sign", "請求", "--CA", "x", environ={"PYTHONIOENCODING": "latin-1"})
    assert done.stderr.startswith("There is no certificate request out/\\u8acb\\u6c42.csr.\n")


def test_without_any_unicode_at_all_a_name_is_refused(folder: Path, program: Program) -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = program("init", "--cn", "Ünï", *INIT[3:], environ=ascii_only)
    assert done.returncode == 1
    assert done.stderr.startswith('Invalid name: "')
    assert not list(folder.iterdir())


def test_bytes_that_are_no_text_do_no_harm(folder: Path) -> None:
    done = run('"$@"', "--depot-path", b"depot\xff", *INIT)
    assert (done.returncode, done.stderr) == (0, "")
    assert os.path.exists(b"depot\xff/Cert.crl")
    before = snapshot(folder)
    for args, sentence in (
        (("init", "--cn", b"\xff"), 'Invalid name: "\\udcff" holds a control character.'),
        (("init", "--cn", "x", "--o", b"\xff"), 'Invalid organization: "\\udcff" holds a control '),
        (("init", "--cn", "x", "--key", b"\xff"), "There is no private key \\udcff."),
        (("init", "--cn", "x", "--curve", b"\xff"), 'Unknown curve: "\\udcff".'),
        (("sign", b"x\xff"), 'Invalid name: "x\\udcff" holds a control character.'),
    ):
        done = run('"$@"', *args)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(sentence)
    assert snapshot(folder) == before


@pytest.mark.parametrize("name", ["new\nline", "tab\t", "\x1b[31mred"])
def test_a_path_cannot_speak_to_the_terminal(
    certstrap: CommandLine, folder: Path, name: str
) -> None:
    foreign.write(folder / f"{name}.csr", b"")
    for args in (
        ("export-pkcs8", "--key", name, "--output", "x"),
        ("request-cert", "--cn", "x", "--no-passphrase", "--csr", f"{name}.csr"),
        ("sign", "x", "--CA", "y", "--csr", f"{name}.csr"),
    ):
        lines = certstrap.refuses(*args, sentence="").stderr.split("\n")
        assert len(lines) == 3
        assert all(line.isprintable() for line in lines)


def test_a_folder_that_has_gone_is_told(folder: Path) -> None:
    (folder / "gone").mkdir()
    script = 'cd gone && rmdir ../gone && "$@"'
    done = run(script, *INIT, environ={"PYTHONSAFEPATH": "1"})
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "Cannot write out/Cert.key: No such file or directory."


def test_completion_that_cannot_be_installed_is_told(folder: Path) -> None:
    (folder / "home").touch()
    done = subprocess.run(
        ["bash", "-c", '"$@"; exit "$?"', "bash", *PYTHON, "--install-completion"],
        capture_output=True,
        text=True,
        env={**os.environ, "HOME": str(folder / "home")},
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 2
