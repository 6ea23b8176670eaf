"""No user ever sees a traceback, whatever the program stumbles over."""

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from certstrap.cli.app import app
from certstrap.cli.context import Context
from certstrap.errors import InternalError
from certstrap.hints import printed
from tests import programs
from tests.builders import foreign
from tests.builders.depots import NEW_KEY
from tests.conftest import CommandLine, Program, snapshot, visible
from tests.programs import CERTSTRAP, Outcome

INIT = ("init", "--cn", "Cert", *NEW_KEY)
CREATED = "Created out/Cert.key\nCreated out/Cert.crt\nCreated out/Cert.crl\n"


def stumble(cause: BaseException, *args: str) -> tuple[int, str]:
    """Call the app in a world whose clock raises ``cause``; return status and standard error."""

    def now() -> datetime:
        raise cause

    result = CliRunner().invoke(app, list(args), obj=Context(now=now, environ={}))
    assert not result.stdout
    return result.exit_code, result.stderr


class Panic(BaseException):
    """What the library raises when it panics is no Exception either."""


@pytest.mark.parametrize(
    "cause", [ValueError("secret"), KeyError("secret"), Panic("secret"), AssertionError()]
)
def test_an_unexpected_exception_is_reported_without_its_text(
    folder: Path, cause: BaseException
) -> None:
    status, reported = stumble(cause, *INIT)
    sentence, hint = reported.splitlines()
    kind = type(cause).__name__
    assert sentence.startswith(f"certstrap failed unexpectedly: {kind} in {__name__}.now, line ")
    assert hint == f"Hint: {printed(InternalError(cause).hint)}"
    assert "CERTSTRAP_DEBUG=1" in hint
    assert "secret" not in reported
    assert status == 1
    assert not list(folder.iterdir())


def test_an_unexpected_system_error_is_reported(folder: Path) -> None:
    status, reported = stumble(OSError(5, "Input/output error", "some/file"), *INIT)
    assert status == 1
    assert reported.splitlines()[0] == "Cannot use some/file: Input/output error."
    assert not list(folder.iterdir())


@pytest.mark.parametrize("cause", [MemoryError(), ImportError("failed to map segment")])
def test_too_little_memory_is_reported(folder: Path, cause: Exception) -> None:
    assert stumble(cause, *INIT) == (
        1,
        "There is not enough memory.\nHint: Raise the limit (ulimit -v), or end other programs.\n",
    )


def test_the_debug_variable_shows_the_traceback_of_an_unexpected_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def now() -> datetime:
        raise ZeroDivisionError

    monkeypatch.setenv("CERTSTRAP_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        CliRunner().invoke(app, INIT, obj=Context(now=now, environ={}), catch_exceptions=False)


def test_an_interrupt_anywhere_ends_with_130(folder: Path) -> None:
    assert stumble(KeyboardInterrupt(), *INIT)[0] == 130
    assert not list(folder.iterdir())


def run(
    script: str,
    *args: str | bytes,
    environ: Mapping[str, str] | None = None,
    exit_code: int | None = 0,
) -> Outcome:
    """Run the program as ``"$@"`` of a line of shell, which arranges its streams."""
    done = programs.run(
        "sh", "-c", script, "sh", *CERTSTRAP, *args, environ=environ, exit_code=exit_code
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return done


@pytest.mark.parametrize("args", [INIT, ("--version",), ("--help",), ("init", "--help")])
def test_closed_standard_output_is_no_error(folder: Path, args: tuple[str, ...]) -> None:
    assert not run('"$@" >&-', *args).stderr
    assert (folder / "out/Cert.crl").is_file() == (args == INIT)


def test_errors_are_reported_while_standard_output_is_closed(folder: Path) -> None:
    done = run('"$@" >&-', "sign", exit_code=1)
    assert done.stderr.startswith("One host name must be provided.\n")
    done = run('"$@" >&-', "sgin", exit_code=2)
    assert "Did you mean 'sign'?" in done.stderr


def test_closed_standard_error_is_no_error(folder: Path) -> None:
    assert run('"$@" 2>&-', *INIT).stdout == CREATED
    assert not run('"$@" 2>&-', *INIT, exit_code=1).stdout


def test_all_streams_may_be_closed(folder: Path) -> None:
    run('"$@" <&- >&- 2>&-', *INIT)
    run('"$@" <&- >&- 2>&-', *INIT, exit_code=1)


@pytest.mark.parametrize("given", [(), ("--passphrase-file", "-")])
def test_closed_standard_input_gives_no_passphrase(folder: Path, given: tuple[str, ...]) -> None:
    done = run('"$@" <&-', *INIT[:-1], *given, exit_code=1)
    assert "--no-passphrase" in done.stderr.splitlines()[1]
    assert not list(folder.iterdir())


@pytest.mark.parametrize("args", [("--version",), ("--help",), ("init", "--help"), INIT])
def test_full_standard_output_is_reported(folder: Path, args: tuple[str, ...]) -> None:
    done = run('"$@" > /dev/full', *args, exit_code=1)
    sentence, hint = done.stderr.splitlines()
    assert sentence == "Cannot write to standard output: No space left on device."
    assert hint.startswith("Hint: ")
    if args == INIT:  # what is on the disk is not denied
        assert "nothing was changed" not in hint
        assert (folder / "out/Cert.crl").is_file()


@pytest.mark.parametrize(("args", "status"), [(("sign",), 1), (("sgin",), 1)])
def test_full_standard_error_still_ends_with_a_status_that_is_not_0(
    folder: Path, args: tuple[str, ...], status: int
) -> None:
    run('"$@" 2> /dev/full', *args, exit_code=status)


@pytest.mark.parametrize("args", [("--version",), ("--help",), (*INIT, "--stdout")])
def test_a_reader_that_has_gone_is_no_error(folder: Path, args: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)
    process = programs.start(*CERTSTRAP, *args, stdout=write)
    os.close(write)
    assert programs.end(process) == (1, "", "")
    assert (folder / "out/Cert.crl").is_file() == (args[0] == "init")


@pytest.mark.parametrize(
    "environ", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX"}]
)
def test_names_that_the_terminal_cannot_show_are_used_all_the_same(
    folder: Path, environ: Mapping[str, str], program: Program
) -> None:
    args = ("init", "--cn", "Ünï", *INIT[3:])
    done = program(*args, environ=environ)
    assert not done.stderr
    assert len(done.lines) == 3
    names = sorted(path.name for path in visible(folder / "out"))
    assert names == ["Ünï.crl", "Ünï.crt", "Ünï.key"]
    done = program(*args, environ=environ, exit_code=1)
    assert len(done.stderr.splitlines()) == 2


def test_names_that_cannot_be_shown_are_escaped(program: Program) -> None:
    latin = {"PYTHONIOENCODING": "latin-1"}
    done = program("init", "--cn", "證書", *INIT[3:], environ=latin)
    assert done.lines[0] == "Created out/\\u8b49\\u66f8.key"
    done = program("sign", "請求", "--CA", "x", environ=latin, exit_code=1)
    assert done.stderr.startswith("There is no certificate request out/\\u8acb\\u6c42.csr.\n")


def test_without_any_unicode_at_all_a_name_is_refused(folder: Path, program: Program) -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = program("init", "--cn", "Ünï", *INIT[3:], environ=ascii_only, exit_code=1)
    assert done.stderr.startswith('Invalid name: "')
    assert not list(folder.iterdir())


def test_bytes_that_are_no_text_do_no_harm(folder: Path) -> None:
    assert not run('"$@"', "--depot-path", b"depot\xff", *INIT).stderr
    assert os.path.exists(b"depot\xff/Cert.crl")
    before = snapshot(folder)
    for args, sentence in (
        (("init", "--cn", b"\xff"), 'Invalid name: "\\udcff" has a control character.'),
        (("init", "--cn", "x", "--o", b"\xff"), 'Invalid organization: "\\udcff" has a control '),
        (("init", "--cn", "x", "--key", b"\xff"), "There is no private key \\udcff."),
        (("init", "--cn", "x", "--curve", b"\xff"), 'Unknown curve: "\\udcff".'),
        (("sign", b"x\xff"), 'Invalid name: "x\\udcff" has a control character.'),
    ):
        done = run('"$@"', *args, exit_code=1)
        assert not done.stdout
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


@pytest.mark.parametrize("text", ["\x1b[31mred", "\u202eevil", "tab\t", "\x9b2J"])
@pytest.mark.parametrize(
    "words",
    [
        ("{}",),
        ("--{}", "init"),
        ("init", "--{}"),
        ("init", "--{}=x"),
        ("init", "x", "{}"),
        ("init", "--key-bits", "{}"),
        ("gen", "{}"),
    ],
)
def test_a_usage_error_cannot_speak_to_the_terminal(
    certstrap: CommandLine, words: tuple[str, ...], text: str
) -> None:
    said = certstrap(*(word.format(text) for word in words), exit_code=2).stderr
    assert all(line.isprintable() for line in said.split("\n"))
    assert "Error: " in said


def test_a_folder_that_has_gone_is_reported(folder: Path) -> None:
    (folder / "gone").mkdir()
    script = 'cd gone && rmdir ../gone && "$@"'
    done = run(script, *INIT, environ={"PYTHONSAFEPATH": "1"}, exit_code=1)
    assert done.stderr.splitlines()[0] == "Cannot create out: No such file or directory."


def test_completion_that_cannot_be_installed_is_reported(folder: Path) -> None:
    (folder / "home").touch()
    done = programs.run(
        "bash", "-c", '"$@"; exit "$?"', "bash", *CERTSTRAP, "--install-completion",
        environ={"HOME": str(folder / "home")}, exit_code=1,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 2
