"""Ctrl-C undoes a command, or comes too late; SIGTERM leaves nothing half."""

import signal

import pytest
import typer

from tests import programs
from tests.conftest import snapshot
from tests.programs import CERTSTRAP
from tests.promises.conftest import Break, Calls, Stage
from tests.promises.scenes import (
    INIT,
    ISSUE,
    REVOKE,
    Scene,
    assert_whole,
    names,
    revoked,
    temporary,
)
from tests.promises.strace import DEPOT, Call

pytestmark = pytest.mark.usefixtures("traceable")


def committed(calls: list[Call]) -> int:
    """Return where in ``calls`` the names of the last files are on the disk."""
    flushed = [i for i, call in enumerate(calls) if call.name == "fsync" and call.paths == (DEPOT,)]
    return next(i for i in range(flushed[-1], len(calls)) if calls[i].name == "close")


@pytest.mark.parametrize("scene", [INIT, REVOKE], ids=str)
def test_an_interrupt_undoes_all_until_the_files_are_on_the_disk_and_then_nothing(
    scene: Scene, stage: Stage, calls: Calls, break_call: Break, subtests: pytest.Subtests
) -> None:
    every = calls(scene)
    locking = next(i for i, call in enumerate(every) if call.name == "flock")
    # Until then it only reads, if there is a depot, and an interrupt at one call is like another.
    for i in range(len(every)) if scene is INIT else [0, *range(locking, len(every))]:
        with subtests.test(call=str(every[i])):
            folder = stage(scene)
            before = snapshot(folder)
            interrupted = break_call(folder, every[i], "signal=INT", *scene.command)
            assert not interrupted.stderr
            if i <= committed(every):
                assert interrupted.exit_code == 130
                assert snapshot(folder) == before
            else:
                assert interrupted.exit_code == 0
                assert scene.creates <= set(names(folder))
                assert not temporary(folder)
                assert_whole(folder)
                assert revoked(folder) == (scene is REVOKE)


def test_an_interrupt_while_the_program_starts_is_no_traceback(stage: Stage) -> None:
    folder = stage(INIT)
    log = folder.with_suffix(".strace")
    looking = (
        "?stat,?newfstatat,?statx"  # it looks for a module before it reads it, compiled or not
    )
    interrupted = programs.run(
        *("strace", "-f", "-o", log, "-P", typer.__file__, "-e", f"trace={looking}"),
        *("-e", f"inject={looking}:signal=INT:when=1"),
        *(*CERTSTRAP, *INIT.command),
        folder=folder,
        exit_code=130,
    )
    assert "SIGINT" in log.read_text()
    assert interrupted == (130, "", "")
    assert not snapshot(folder)


def test_a_termination_at_any_new_name_leaves_whole_files(
    stage: Stage, calls: Calls, break_call: Break
) -> None:
    for call in calls(ISSUE):
        if call.name in {"link", "linkat"}:
            folder = stage(ISSUE)
            terminated = break_call(folder, call, "signal=TERM", *ISSUE.command)
            assert terminated.exit_code == -signal.SIGTERM
            assert_whole(folder)
