"""What a command writes outside of the depot, or for many names, is all there, or as it was.

So it is whether the command is killed, interrupted or refused a system call.
"""

import errno
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.builders.depots import NEW_KEY
from tests.conftest import snapshot
from tests.promises.conftest import Break, Calls, Stage
from tests.promises.scenes import Scene, assert_whole
from tests.promises.strace import DEPOT, Call, after_changes
from tests.promises.test_errors_from_the_system import breakable

pytestmark = pytest.mark.usefixtures("traceable")

OUTPUTS = f"{DEPOT}-outputs"
EDITED = f"{OUTPUTS}/temporal.toml"
CLOUD = ("--namespace", "your-namespace.acct")


@dataclass(frozen=True)
class Output(Scene):
    """A scene that has a folder beside the depot, with a list and a configuration."""

    def __str__(self) -> str:
        return " ".join(self.command[:2])

    def prepare(self, folder: Path) -> None:
        super().prepare(folder)
        (folder / OUTPUTS).mkdir()
        (folder / OUTPUTS / "list.csv").write_text("name\none\ntwo\n")
        (folder / EDITED).write_text('[profile.other]\naddress = "localhost:7233"\n')


_CA = ("init", "--common-name", "Cert", *NEW_KEY)
_BEFORE = (
    _CA,
    ("init", "--common-name", "Next", *NEW_KEY),
    ("issue", "client", "--CA", "Cert", *NEW_KEY),
)
LIST = Output(
    ("issue", "--from", f"{OUTPUTS}/list.csv", "--CA", "Cert", *NEW_KEY), (_CA,), frozenset()
)


def output(*command: str) -> Output:
    return Output(command, _BEFORE, frozenset())


SCENES = (
    LIST,
    output("bundle", "--rotate", "Cert", "Next", "--output", f"{OUTPUTS}/bundle.pem"),
    output("crl", "client", "--bundle", "--output", f"{OUTPUTS}/crls.pem"),
    output("filters", "client", "--output", f"{OUTPUTS}/filters.json"),
    output("connect", "client", *CLOUD, "--into", EDITED),
)
scenes = pytest.mark.parametrize("scene", SCENES, ids=str)


def visible(folder: Path) -> set[str]:
    """Return the paths of all files but temporary ones and journals."""
    return {name for name in snapshot(folder) if "/.certstrap-" not in name}


def temporary(folder: Path) -> list[str]:
    return [name for name in snapshot(folder) if "/.certstrap-" in name]


def assert_all(scene: Output, folder: Path, complete: Path) -> None:
    """Assert that the command has done all its work, as it did in the folder ``complete``."""
    assert visible(folder) == visible(complete)
    assert not temporary(folder)
    if scene is LIST:
        assert_whole(folder)
    for path in (complete / OUTPUTS).iterdir():
        found, wanted = (folder / OUTPUTS / path.name).read_text(), path.read_text()
        assert found.replace(str(folder), "") == wanted.replace(str(complete), "")


@scenes
def test_killed_at_any_call_it_leaves_whole_files_and_the_same_line_does_the_rest(
    scene: Output, stage: Stage, calls: Calls, break_call: Break, traced: Break
) -> None:
    every = after_changes(calls(scene))
    before, complete = stage(scene), stage(scene)
    assert traced(complete, *scene.command).exit_code == 0
    for call in every:
        folder = stage(scene)
        assert break_call(folder, call, "signal=KILL", *scene.command).exit_code == -9
        assert visible(before) <= visible(folder) <= visible(complete), call
        if scene is LIST:
            assert_whole(folder)
        profiles = tomllib.loads((folder / EDITED).read_text())["profile"]
        assert "other" in profiles, call
        again = traced(folder, *scene.command)
        assert again.exit_code == 0 or "already" in again.stderr or "exists" in again.stderr, again
        assert_all(scene, folder, complete)


@scenes
def test_an_error_at_any_call_leaves_all_as_it_was(
    scene: Output, stage: Stage, calls: Calls, break_call: Break, traced: Break
) -> None:
    before, complete = snapshot(stage(scene)), stage(scene)
    assert traced(complete, *scene.command).exit_code == 0
    ways = {kind(call): (call, error) for call, error in breakable(calls(scene))}
    for call, error in ways.values():
        folder = stage(scene)
        refused = break_call(folder, call, f"error={error}", *scene.command)
        if refused.exit_code == 0:  # it looked for CAs or temporary files, and needed none there
            assert call.name == "openat"
            assert_all(scene, folder, complete)
            continue
        assert snapshot(folder) == before, (call, refused)
        assert os.strerror(getattr(errno, error)) in refused.stderr, (call, refused)


@scenes
def test_an_interrupt_at_any_call_undoes_all_or_comes_too_late(
    scene: Output, stage: Stage, calls: Calls, break_call: Break, traced: Break
) -> None:
    before, complete = snapshot(stage(scene)), stage(scene)
    assert traced(complete, *scene.command).exit_code == 0
    every = calls(scene)
    locking = next(i for i, call in enumerate(every) if call.name == "flock")
    for call in {kind(call): call for call in after_changes(every[locking:])}.values():
        folder = stage(scene)
        interrupted = break_call(folder, call, "signal=INT", *scene.command)
        assert interrupted.exit_code in {0, 130}, (call, interrupted)
        if interrupted.exit_code:
            assert snapshot(folder) == before, call
        else:
            assert_all(scene, folder, complete)


def kind(call: Call) -> tuple[str, ...]:
    """Return what stands for all calls in the same loop over many files."""
    return (call.name, *(os.path.dirname(path) + path[-4:] for path in call.paths))
