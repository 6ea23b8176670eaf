"""Ctrl-C undoes a command, or comes too late; SIGTERM leaves nothing half."""

import signal

import pytest

from tests.conftest import snapshot
from tests.faults import strace
from tests.faults.conftest import Calls, Stage
from tests.faults.scenes import INIT, ISSUE, REVOKE, Scene, assert_whole, names, passing, revoked
from tests.faults.strace import break_call

pytestmark = pytest.mark.usefixtures("traceable")


@pytest.mark.parametrize("scene", [INIT, REVOKE], ids=str)
def test_an_interrupt_at_any_call_undoes_all_or_comes_too_late(
    scene: Scene, stage: Stage, calls: Calls, subtests: pytest.Subtests
) -> None:
    for call in calls(scene):
        with subtests.test(call=str(call)):
            folder = stage(scene)
            before = snapshot(folder)
            interrupted = break_call(
                folder, call, "signal=INT", *scene.command, measured=call.name == "fsync"
            )
            assert not interrupted.stderr
            if interrupted.exit_code == 0:
                assert scene.creates <= set(names(folder))
                assert not passing(folder)
                assert_whole(folder)
                assert revoked(folder) == (scene is REVOKE)
            else:
                assert interrupted.exit_code == 130
                assert snapshot(folder) == before


def test_an_interrupt_while_the_program_starts_is_no_traceback(stage: Stage) -> None:
    log = strace.run(stage(INIT), *INIT.command, trace="openat").log
    opened = [line for line in log if line.startswith("openat(")]
    nth = next(n for n, line in enumerate(opened, 1) if "/typer/" in line)
    folder = stage(INIT)
    inject = f"openat:signal=INT:when={nth}"
    interrupted = strace.run(folder, *INIT.command, trace="openat", inject=inject)
    assert interrupted.exit_code == 130
    assert not interrupted.stderr
    assert not snapshot(folder)


def test_a_termination_at_any_new_name_leaves_whole_files(stage: Stage, calls: Calls) -> None:
    for call in calls(ISSUE):
        if call.name in {"link", "linkat"}:
            folder = stage(ISSUE)
            terminated = break_call(folder, call, "signal=TERM", *ISSUE.command)
            assert terminated.exit_code == -signal.SIGTERM
            assert_whole(folder)
