"""A file of the user that `connect --into` changes is the old one or the new one, and whole."""

import stat
import sys
import tomllib
from pathlib import Path

import pytest

from tests.builders.depots import NEW_KEY
from tests.conftest import snapshot
from tests.programs import end
from tests.promises.conftest import Break, Calls, Stage
from tests.promises.processes import start, with_files_up_to
from tests.promises.scenes import Scene, temporary
from tests.promises.strace import DEPOT, after_changes

BEFORE = "# mine\n[profile.default]\naddress = 'localhost:7233'\n"
NAMESPACE = ("--namespace", "your-namespace.acct")
FILE = f"{DEPOT}/temporal.toml"
_INTO = ("connect", "client", *NAMESPACE, "--into", FILE, "--profile", "prod")


class Into(Scene):
    """A client's profile is added to a file in the folder of the depot."""

    def prepare(self, folder: Path) -> None:
        super().prepare(folder)
        (folder / FILE).write_text(BEFORE)
        (folder / FILE).chmod(0o640)


INTO = Into(_INTO, (("issue", "client", *NEW_KEY),), frozenset())


def profiles(folder: Path) -> list[str]:
    path = folder / FILE
    text = path.read_text()
    assert text.startswith(BEFORE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    return [*tomllib.loads(text)["profile"]]


@pytest.mark.usefixtures("traceable")
def test_a_command_killed_at_any_call_leaves_the_old_file_or_the_new_one(
    stage: Stage, calls: Calls, break_call: Break, traced: Break
) -> None:
    kills = after_changes(calls(INTO))
    assert len(kills) >= 4
    for call in kills:
        folder = stage(INTO)
        killed = break_call(folder, call, "signal=KILL", *INTO.command)
        assert killed.exit_code == -9, (call, killed)
        found = profiles(folder)
        again = traced(folder, *INTO.command)
        assert again.exit_code == len(found) - 1, (call, again)
        assert profiles(folder) == ["default", "prod"], call
        assert not temporary(folder), call


def test_a_full_disk_leaves_the_old_file(stage: Stage) -> None:
    folder = stage(INTO)
    before = snapshot(folder)
    failed = end(start(folder, *INTO.command, under=with_files_up_to(40)))
    assert failed.exit_code == 1, failed
    assert failed.stderr.startswith("Cannot write "), failed
    assert snapshot(folder) == before


@pytest.mark.skipif(sys.platform == "win32", reason="locks are flock(2)")
def test_processes_that_change_one_file_at_once_lose_nothing(stage: Stage) -> None:
    folder = stage(INTO)
    names = [f"p{number}" for number in range(8)]
    started = [start(folder, *_INTO[:-1], name) for name in names]
    for process in started:
        outcome = end(process)
        assert outcome.exit_code == 0, outcome
    assert sorted(profiles(folder)) == sorted(["default", *names])
