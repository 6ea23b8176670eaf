"""A command that has to wait for another process says so, and does not wait for ever."""

import sys
import time

import pytest

from certstrap.store.locks import locked
from tests.conftest import snapshot
from tests.programs import end
from tests.promises.conftest import Stage
from tests.promises.processes import start, until_waiting
from tests.promises.scenes import CREATING, REVOKE, Scene, assert_whole
from tests.promises.strace import DEPOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who waits")


@pytest.mark.parametrize("scene", [*CREATING, REVOKE], ids=str)
def test_a_command_that_may_not_wait_is_refused_and_changes_nothing(
    scene: Scene, stage: Stage
) -> None:
    folder = stage(scene)
    (folder / DEPOT).mkdir(exist_ok=True)
    before = snapshot(folder)
    with locked([str(folder / DEPOT)]):
        ended = end(start(folder, "--wait", "0", *scene.command))
    assert (ended.exit_code, ended.stdout) == (1, "")
    sentence, hint = ended.stderr.splitlines()
    assert sentence == f"Another process uses {DEPOT}, and has not finished after 0 seconds."
    assert "--wait SECONDS" in hint
    assert hint.endswith(f"fuser -v {DEPOT}")
    assert snapshot(folder) == before


def test_a_wait_is_reported_after_a_second_and_ends_as_asked(stage: Stage) -> None:
    folder = stage(REVOKE)
    before = snapshot(folder)
    with locked([str(folder / DEPOT)]):  # opened for reading only, as any user could
        process = start(folder, "--wait", "2", *REVOKE.command)
        until_waiting([process])
        begin = time.monotonic()
        assert process.stderr
        first = process.stderr.readline().decode()
        assert time.monotonic() - begin >= 0.5
        ended = end(process)
    assert first == f"Waiting up to 2 seconds for another process that uses {DEPOT} (--wait).\n"
    assert ended.exit_code == 1
    assert ended.stderr.startswith(
        f"Another process uses {DEPOT}, and has not finished after 2 seconds.\n"
    )
    assert snapshot(folder) == before


def test_a_command_that_has_waited_does_its_work(stage: Stage) -> None:
    folder = stage(REVOKE)
    with locked([str(folder / DEPOT)]):
        process = start(folder, *REVOKE.command)
        assert process.stderr
        assert process.stderr.readline().startswith(b"Waiting up to 60 seconds")
    assert end(process).exit_code == 0
    assert_whole(folder)
