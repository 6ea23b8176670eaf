"""Killed at any system call, the program leaves nothing half."""

import pytest

from tests.conftest import snapshot
from tests.faults.conftest import Break, Calls, Stage
from tests.faults.scenes import CREATING, NEW_KEY, Scene, assert_whole, here, names, temporary
from tests.faults.strace import after_changes

pytestmark = pytest.mark.usefixtures("traceable")


@pytest.mark.parametrize("scene", CREATING, ids=str)
def test_a_command_killed_at_any_call_leaves_whole_files_and_a_depot_to_go_on_with(
    scene: Scene, stage: Stage, calls: Calls, break_call: Break
) -> None:
    kills = after_changes(calls(scene))
    assert len(kills) >= 1 + 4 * len(scene.creates)  # open, write, link and unlink each file
    for call in kills:
        folder = stage(scene)
        before = snapshot(folder)
        killed = break_call(folder, call, "signal=KILL", *scene.command)
        assert killed.exit_code == -9, (call, killed)
        assert not killed.stdout, (call, killed)
        assert_whole(folder)
        assert snapshot(folder).items() >= before.items(), call
        new = set(names(folder)) - set(names(stage(scene))) - set(temporary(folder))
        assert new <= scene.creates, call

        here(folder, "request-cert", "--common-name", "next", *NEW_KEY)
        assert not temporary(folder), call
        assert_whole(folder)
