"""Killed at any system call that changes the depot, the program leaves nothing half.

Killed at a call that only reads, it leaves what it leaves when it is killed at the next of these.
"""

import pytest

from tests.conftest import snapshot
from tests.faults.conftest import Calls, Stage
from tests.faults.scenes import CREATING, NEW_KEY, Scene, assert_whole, here, names, passing
from tests.faults.strace import break_call

pytestmark = pytest.mark.usefixtures("traceable")


@pytest.mark.parametrize("scene", CREATING, ids=str)
def test_a_command_killed_at_any_call_leaves_whole_files_and_a_depot_to_go_on_with(
    scene: Scene, stage: Stage, calls: Calls
) -> None:
    for call in (call for call in calls(scene) if not call.tells):
        folder = stage(scene)
        before = snapshot(folder)
        killed = break_call(folder, call, "signal=KILL", *scene.command)
        assert killed.exit_code == -9, (call, killed)
        assert not killed.stdout, (call, killed)
        assert_whole(folder)
        assert snapshot(folder).items() >= before.items(), call
        new = set(names(folder)) - set(names(stage(scene))) - set(passing(folder))
        assert new <= scene.creates, call

        here(folder, "request-cert", "--common-name", "next", *NEW_KEY)
        assert not passing(folder), call
        assert_whole(folder)
