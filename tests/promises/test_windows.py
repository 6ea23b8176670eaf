"""What Windows refuses, according to its documentation, keeps no command from its work.

The commands run on a stand-in, `tests/windows.py`: no Windows was at hand.
"""

import errno
import json
import os
import sys
from functools import partial
from pathlib import Path

import pytest

from certstrap import platform
from certstrap.errors import InUseError
from certstrap.hints import Hint, printed
from certstrap.store.depot import Name
from certstrap.store.files import JOURNAL
from tests import programs
from tests.builders.depots import NEW_KEY
from tests.conftest import Program, snapshot

STAND_IN = Path(__file__).parent.parent / "windows.py"
STAGED = ".certstrap-0123456789abcdef.tmp"
SECRET = ("--passphrase", "p")


@pytest.fixture
def windows(folder: Path) -> Program:
    """The program, on the stand-in for Windows."""
    return partial(programs.run, sys.executable, str(STAND_IN), folder=folder)


def files_of(folder: Path) -> dict[str, tuple[int, bytes | None]]:
    """Return all files but those of the locks, which stay."""
    return {name: each for name, each in snapshot(folder).items() if not name.endswith(".lock")}


def test_files_are_created_read_only_and_replaced_all_the_same(
    windows: Program, folder: Path
) -> None:
    windows("init", "--cn", "Cert", "--path-length", "1", *NEW_KEY)
    windows("issue", "client", *NEW_KEY)
    assert not (folder / "out/client.key").stat().st_mode & 0o222
    assert "the group" not in windows("check", "client").stdout  # a mode has no meaning there
    windows("export-pkcs8", "client")
    windows("export-chain", "client")
    windows("export-pkcs12", "client", *SECRET)
    before = (folder / "out/client.crt").read_bytes()
    windows("renew", "client", "--new-key", *SECRET)
    assert (folder / "out/client.crt").read_bytes() != before
    assert not (folder / "out/client.crt").stat().st_mode & 0o222
    windows("renew", "--undo", "client", *SECRET)
    assert (folder / "out/client.crt").read_bytes() == before
    windows("crl", "Cert")
    windows("revoke", "--CN", "client", "--CA", "Cert", "--reason", "keyCompromise")
    windows("issue", "other", *NEW_KEY)
    windows("revoke", "--CN", "other", "--CA", "Cert", "--reason", "keyCompromise")
    assert len((folder / "out/compromised-keys").read_text().splitlines()) == 2
    assert not [name for name in files_of(folder) if name.endswith(".tmp")]


def test_what_fails_is_undone(windows: Program, folder: Path) -> None:
    windows("issue", "client", *NEW_KEY)
    (folder / "out/archive").write_bytes(b"")  # it cannot be a folder
    before = files_of(folder)
    windows("renew", "client", exit_code=1)
    windows("issue", "client", "--CA", "missing", exit_code=1)
    windows("init", "--cn", "Cert", *NEW_KEY, exit_code=1)
    assert files_of(folder) == before


def test_a_depot_in_which_nothing_was_written_goes_again(windows: Program, folder: Path) -> None:
    windows("--depot-path", "a/b", "init", "--cn", "Cert", "--key", "none", exit_code=1)
    assert not (folder / "a").exists()


def test_commands_are_quoted_for_the_shell_at_hand(windows: Program, folder: Path) -> None:
    quoted = {"MSYSTEM": "MINGW64"}, "'a b'"
    for environ, name in (quoted, ({}, '"a b"')):
        done = windows("sign", "a b", exit_code=1, environ=environ)
        assert f"certstrap request-cert --common-name {name}" in done.stderr, done


def test_what_a_killed_process_left_is_finished(windows: Program, folder: Path) -> None:
    windows("issue", "client", *NEW_KEY)
    out = folder / "out"
    (out / STAGED).write_bytes((out / "Cert.crl").read_bytes())
    (out / STAGED).chmod(0o444)
    steps = [[STAGED, "Cert.crl", True]]
    (out / JOURNAL).write_text(json.dumps({"identifier": "x", "others": [], "steps": steps}))
    windows("status", exit_code=None)
    assert not list(out.glob(".certstrap*"))


def test_a_configuration_and_a_list_are_written(windows: Program, folder: Path) -> None:
    windows("issue", "client", *NEW_KEY)
    (folder / "temporal.toml").touch()
    windows("connect", "client", "--namespace", "your-namespace.acct", "--into", "temporal.toml")
    assert "[profile.default]" in (folder / "temporal.toml").read_text()
    (folder / "list.csv").write_text("name\n" + "".join(f"n{i}\n" for i in range(12)))
    windows("issue", "--from", "list.csv", *NEW_KEY)
    assert len(list((folder / "out").glob("n*.crt"))) == 12


@pytest.mark.parametrize(
    ("name", "ca", "client"),
    [
        ("CON", "_CON", "_con"),
        ("nul.txt", "_nul.txt", "_NUL.TXT"),
        ("COM1", "_COM1", "_com1"),
        ("a:b?", "a_b_", "A_B_"),
        ("x\\y", "x_y", "X_Y"),
        ("z.", "z.", "Z."),
    ],
)
def test_a_name_that_windows_keeps_for_itself_names_other_files(
    windows: Program, folder: Path, name: str, ca: str, client: str
) -> None:
    windows("init", "--cn", f"{name}", *NEW_KEY)
    windows("request-cert", "--cn", "client", *NEW_KEY)
    windows("sign", "client", "--CA", name)
    assert (folder / f"out/{ca}.crt").exists()
    windows("renew", name)
    windows("--depot-path", "others", "request-cert", "--cn", name.swapcase(), *NEW_KEY)
    assert (folder / f"others/{client}.csr").exists()


def test_another_process_is_waited_for(windows: Program, folder: Path) -> None:
    windows("issue", "client", *NEW_KEY)
    fd = os.open(folder / "out" / platform.LOCK, os.O_RDWR)
    assert platform.try_lock(fd)
    outcome = windows("--wait", "0", "issue", "other", *NEW_KEY, exit_code=1)
    assert "wait longer with --wait SECONDS before the command." in outcome.stderr
    assert "fuser" not in outcome.stderr
    assert "fuser" in printed(InUseError("out", 1).hint)
    os.close(fd)
    windows("issue", "other", *NEW_KEY)


@pytest.mark.parametrize(
    ("stem", "windows", "posix"),
    [
        ("CON", "_CON", "CON"),
        ("con", "_con", "con"),
        ("Nul.txt", "_Nul.txt", "Nul.txt"),
        ("NUL .a", "_NUL .a", "NUL .a"),
        ("COM1", "_COM1", "COM1"),
        ("lpt\xb9", "_lpt\xb9", "lpt\xb9"),
        ("CONIN$", "_CONIN$", "CONIN$"),
        ("CONX", "CONX", "CONX"),
        ("COM10", "COM10", "COM10"),
        ('a<>:"/\\|?*b', "a_________b", 'a<>:"_\\|?*b'),
        ("a.", "a.", "a."),
    ],
)
def test_the_beginning_of_a_file_name_is_what_the_system_allows(
    stem: str, windows: str, posix: str
) -> None:
    assert platform.file_stem(stem, windows=True) == windows
    assert platform.file_stem(stem, windows=False) == posix
    assert platform.is_file_name(stem, windows=True) == (stem == windows)


def test_on_linux_certstraps_file_names_stay() -> None:
    assert (Name("CON").ca_stem, Name("a:b?").ca_stem) == ("CON", "a:b?")


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("a-b_c.d", "a-b_c.d"),
        (r"out\Cert.crt", r"out\Cert.crt"),
        ("--ca=x.y", "--ca=x.y"),
        ("-x.y", '"-x.y"'),
        ("", '""'),
        ("a b", '"a b"'),
        ("O'Brien & Co", '"O\'Brien & Co"'),
        ("a,b;c|d(e)", '"a,b;c|d(e)"'),
        ("C:\\my files\\", '"C:\\my files\\\\"'),
        ("$a 'b'", "'$a ''b'''"),
        ("50%", "'50%'"),
        ('say "hi"', "'say \"hi\"'"),
        ("a\u201db\u2019c", "'a\u201db\u2019\u2019c'"),
    ],
)
def test_words_are_quoted_for_the_shells_of_windows(word: str, written: str) -> None:
    assert platform.command_line(["x", word], windows=True) == f"x {written}"


def test_commands_follow_each_other_as_the_shell_at_hand_has_it() -> None:
    assert platform.in_turn(["a", "b"], windows=True) == "a, then b"
    assert platform.in_turn(["a", "b"], windows=False) == "a && b"
    assert printed(Hint("So", ("a", "b c"), ("d",))) == "So: a 'b c' && d"


def test_a_file_system_without_hard_links_is_known_by_each_of_its_errors() -> None:
    assert {errno.EINVAL, errno.EPERM, errno.EOPNOTSUPP} < platform.NO_HARD_LINKS


DRIVE = "C:\\134 /mnt/c 9p rw,noatime,aname=drvfs;path=C:\\;uid=1000;gid=1000;symlinkroot=/mnt/ 0 0"
MOUNTS = f"/dev/sdc / ext4 rw,relatime 0 0\n{DRIVE}\n"


@pytest.mark.parametrize(
    ("path", "mounts", "expected"),
    [
        ("/mnt/c/certs/out", MOUNTS, True),
        ("/mnt/c", MOUNTS, True),
        ("/mnt/cd/out", MOUNTS, False),
        ("/home/me/out", MOUNTS, False),
        ("/mnt/c/out", MOUNTS.replace(";uid", ";metadata;uid"), False),
        ("/mnt/c/out", "C: /mnt/c drvfs rw,noatime 0 0\n", True),
        ("/mnt/c/out", "C: /mnt/c drvfs rw,metadata 0 0\n", False),
        ("/mnt/my drive/out", "C: /mnt/my\\040drive drvfs rw 0 0\n", True),
        ("/mnt/c/linux/out", f"{MOUNTS}/dev/sdd /mnt/c/linux ext4 rw 0 0\n", False),
        ("/mnt/c", "broken\n", False),
    ],
)
def test_a_drive_of_windows_is_known_by_its_mount(path: str, mounts: str, expected: bool) -> None:
    assert platform.is_windows_drive(path, mounts) == expected


def test_on_a_drive_of_windows_the_hint_is_not_chmod(folder: Path, program: Program) -> None:
    program("issue", "client", *NEW_KEY)
    for path in (folder / "out").iterdir():
        path.chmod(0o777)
    (folder / "out").chmod(0o777)
    in_wsl = partial(programs.run, sys.executable, str(STAND_IN), folder=folder)
    outcome = in_wsl("export-pkcs8", "client", environ={"WSL": "1"}, exit_code=1)
    remark, sentence, hint = outcome.stderr.splitlines()
    assert "move the depot to a folder of Linux" in remark
    assert sentence == "out/client.key is a private key that others can access (mode 0777)."
    assert hint.startswith("Hint: This is a drive of Windows, whose files have no modes in WSL: ")
    assert "chmod 0" not in outcome.stderr
    outcome = program("export-pkcs8", "client", exit_code=1)
    assert "chmod go-w out" in outcome.stderr
    assert "chmod 0400 out/client.key" in outcome.stderr
