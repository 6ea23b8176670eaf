"""Keys and passphrases stay with their owner."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from certstrap.cli.context import Context, run_command
from certstrap.store.locks import locked
from tests.builders.depots import init, issue
from tests.conftest import NOW, CommandLine, call

LEFT = ".certstrap-0123456789abcdef.tmp"
READING = [
    ("status",),
    ("verify", "client"),
    ("inspect", "client"),
    ("check", "client"),
    ("connect", "client", "--namespace", "client.acct"),
    ("filters", "client"),
    ("bundle",),
]


def test_a_command_after_a_renewal_does_not_get_the_passphrase(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CERTSTRAP_PASSPHRASE", "abracadabra")
    monkeypatch.setenv("CERTSTRAP_DEPOT_PATH", "elsewhere")
    assert run_command("env > seen") == 0
    seen = (folder / "seen").read_text()
    assert "abracadabra" not in seen
    assert "CERTSTRAP_DEPOT_PATH=elsewhere" in seen


def test_git_does_not_take_the_keys_of_a_new_depot(certstrap: CommandLine, folder: Path) -> None:
    certstrap(*issue("client"))
    assert (folder / "out/.gitignore").read_text() == "*\n"
    if not shutil.which("git"):
        pytest.skip("there is no git")
    for command in (("init", "--quiet"), ("add", ".")):
        subprocess.run(["git", *command], check=True)
    assert not subprocess.run(["git", "ls-files"], check=True, capture_output=True).stdout


def test_a_folder_that_was_there_before_is_left_to_its_owner(
    certstrap: CommandLine, folder: Path
) -> None:
    (folder / "out").mkdir()
    certstrap(*init())
    assert not (folder / "out/.gitignore").exists()


@pytest.mark.depot(init(), issue("client"))
@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_what_a_killed_command_left_goes_with_the_next_one_that_only_reads(
    certstrap: CommandLine, depot: Path, command: tuple[str, ...]
) -> None:
    (depot / LEFT).write_bytes(b"a private key")
    certstrap(*command)
    assert not (depot / LEFT).exists()


@pytest.mark.depot(init(), issue("client"))
def test_what_another_process_is_writing_stays_and_is_not_waited_for(
    certstrap: CommandLine, depot: Path
) -> None:
    (depot / LEFT).write_bytes(b"a private key")
    with locked(["out"]):
        certstrap("status")
    assert (depot / LEFT).exists()


@pytest.mark.depot(init(), issue("client"))
@pytest.mark.parametrize("text", ["a\x1b[31mred", "two\nlines", "txt\u202egpj"], ids=ascii)
def test_no_name_that_is_printed_changes_the_terminal(depot: Path, text: str) -> None:
    for suffix in (".key", ".csr", ".crt"):
        shutil.copy2(depot / f"client{suffix}", depot / f"{text}{suffix}")
    os.unlink(depot / f"{text}.key")
    (depot / f"{text}.key").write_text("broken")
    (depot / f"{text}.key").chmod(0o400)
    commands = [
        ("renew", "--expiring", "9999d"),
        ("renew", "--expiring", "9999d", "--new-key"),
        ("status",),
        ("check",),
        ("status", "--expiring", "9999d"),
        ("bundle",),
    ]
    for command in commands:
        done = call(*command, input="", context=Context(now=lambda: NOW))
        shown = done.stdout + done.stderr
        assert all(c.isprintable() or c == "\n" for c in shown), (command, shown)
        assert "two\nlines" not in shown
