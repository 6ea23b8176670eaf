"""What is typed before a prompt appears is an answer to it, as for certstrap."""

import shutil
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.builders.keys import load_key
from tests.cli.shell import bash
from tests.cli.terminal import AGAIN, NEW, ends
from tests.programs import CERTSTRAP, environment

SLOW_TO_START = 'sleep 0.5; "$@"; echo the end is $?'


@pytest.fixture
def has_script() -> None:
    assert shutil.which("script"), "script (util-linux) is not installed"


@pytest.mark.usefixtures("has_script")
def test_two_empty_lines_down_a_pipe_into_a_terminal_leave_the_key_unencrypted(
    folder: Path,
) -> None:
    done = bash(
        "printf '\\n\\n' | timeout 30 script -qec 'certstrap init --cn CA --curve P-256' /dev/null"
    )
    assert NEW in done.stdout
    assert AGAIN in done.stdout
    assert [line for line in done.lines if line.startswith("Created")] == [
        "Created out/CA.key", "Created out/CA.crt", "Created out/CA.crl",
    ]  # fmt: skip
    load_key(folder / "out/CA.key")


@pytest.mark.usefixtures("has_script")
def test_the_answers_of_three_commands_are_typed_before_the_first_starts(folder: Path) -> None:
    commands = (
        "certstrap init --cn CA --curve P-256 && certstrap request-cert --cn a --curve P-256 && "
        "certstrap sign a --CA CA"
    )
    typed = "one\\none\\ntwo\\ntwo\\none\\n"
    done = bash(f"printf '{typed}' | timeout 30 script -qec '{commands}' /dev/null")
    assert "Created out/a.crt from out/a.csr signed by out/CA.key" in done.lines
    load_key(folder / "out/CA.key", b"one")
    load_key(folder / "out/a.key", b"two")


def slow_init(folder: Path) -> Any:
    """Return a terminal in which `init` starts after a while."""
    command = [*CERTSTRAP, "init", "--cn", "CA", "--curve", "P-256"]
    return pexpect.spawn(
        "sh",
        ["-c", SLOW_TO_START, "sh", *command],
        cwd=str(folder),
        env=environment(),
        timeout=20,
        encoding="utf-8",
    )


def test_both_answers_are_sent_to_a_program_that_has_not_started(folder: Path) -> None:
    child = slow_init(folder)
    child.send("secret\r")
    child.send("secret\r")
    printed = ends(child)
    assert "the end is 0" in printed
    assert "Created out/CA.key (encrypted by passphrase)" in printed
    load_key(folder / "out/CA.key", b"secret")


def test_answers_that_differ_are_still_refused(folder: Path) -> None:
    child = slow_init(folder)
    child.send("one\rother\r")
    printed = ends(child)
    assert "Passphrases do not match." in printed
    assert "the end is 1" in printed
    assert not list(folder.iterdir())
