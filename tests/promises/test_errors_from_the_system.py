"""Whatever the operating system refuses, the program says so and leaves all as it was."""

import errno
import os
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path

import pytest

from tests.builders.depots import NEW_KEY
from tests.conftest import snapshot
from tests.promises.conftest import Break, Calls, Stage
from tests.promises.processes import certstrap
from tests.promises.scenes import (
    CREATING,
    EXPORT,
    INIT,
    ISSUE,
    REQUEST,
    REVOKE,
    SIGN,
    Scene,
    assert_whole,
    here,
    names,
    revoked,
    temporary,
)
from tests.promises.strace import DEPOT, Call

pytestmark = pytest.mark.usefixtures("traceable")

_NOT_CREATED = ("ENOSPC", "EIO", "EACCES", "EDQUOT")
ERRORS = {
    "open": ("EACCES", "EIO"),
    "openat": ("EACCES", "EIO"),
    "write": ("ENOSPC", "EDQUOT", "EIO"),
    "fsync": ("EIO", "ENOSPC", "EDQUOT"),
    "flock": ("ENOLCK",),
    "mkdir": _NOT_CREATED,
    "mkdirat": _NOT_CREATED,
    "link": _NOT_CREATED,
    "linkat": _NOT_CREATED,
    "rename": _NOT_CREATED,
    "renameat": _NOT_CREATED,
}


def breakable(calls: list[Call]) -> list[tuple[Call, str]]:
    """Return the calls that can fail, each with an error; calls of one name take turns."""
    turns = {name: cycle(errors) for name, errors in ERRORS.items()}
    return [
        (call, next(turns[call.name])) for call in calls if call.name in turns and not call.reports
    ]


NEEDED = {SIGN: f"{DEPOT}/Cert.crt", EXPORT: f"{DEPOT}/client.crt"}


def is_look_around(scene: Scene, call: Call, every: list[tuple[Call, str]]) -> bool:
    """Tell whether a call only looks for CAs among all certificates, or for temporary files.

    What cannot be read then stops no command that does not need it.
    """
    (path,) = call.paths
    first = next(each for each, _ in every if each.paths == call.paths)
    if path in {DEPOT, f"{DEPOT}/archive"}:
        return call == first
    return path.endswith(".crt") and (call != first or path != NEEDED.get(scene))


@pytest.mark.parametrize("scene", [*CREATING, REVOKE], ids=str)
def test_an_error_at_any_call_is_reported_and_leaves_the_folder_as_it_was(
    scene: Scene, stage: Stage, calls: Calls, break_call: Break, subtests: pytest.Subtests
) -> None:
    every = breakable(calls(scene))
    if scene is ISSUE:  # the same loops as `init` makes, over more files: the last of each call
        every = list({call.name: (call, error) for call, error in every}.values())
    for call, error in every:
        with subtests.test(call=str(call), error=error):
            folder = stage(scene)
            before = snapshot(folder)
            refused = break_call(folder, call, f"error={error}", *scene.command)
            if refused.exit_code == 0:
                assert is_look_around(scene, call, every)
                assert set(names(folder)) == scene.creates | set(names(stage(scene)))
                assert_whole(folder)
                continue
            assert snapshot(folder) == before
            assert refused.exit_code == 1
            assert not refused.stdout
            sentence, hint, *more = refused.stderr.splitlines()
            assert sentence.startswith("Cannot ")
            assert sentence.endswith(f": {os.strerror(getattr(errno, error))}.")
            assert hint.startswith("Hint: ")
            assert not more


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_no_folder_on_the_way_to_the_depot_is_left_behind(
    nth: int, stage: Stage, traced: Break
) -> None:
    folder = stage(INIT)
    refused = traced(
        folder, "--depot-path", f"{DEPOT}/with/parents", *INIT.command,
        inject=f"?mkdir,mkdirat:error=ENOSPC:when={nth}",
    )  # fmt: skip
    assert refused.exit_code == 1
    assert "No space left on device" in refused.stderr
    assert not snapshot(folder)


@pytest.mark.parametrize("error", ["EPERM", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EINVAL"])
@pytest.mark.parametrize("scene", [*CREATING, REVOKE], ids=str)
def test_a_disk_without_hard_links_will_do(
    error: str, scene: Scene, stage: Stage, traced: Break
) -> None:
    folder = stage(scene)
    inject = f"?link,linkat:error={error}"
    done = traced(folder, *scene.command, inject=inject)
    assert done.exit_code == 0, done
    assert scene is REVOKE or any("(INJECTED)" in line for line in done.log)
    assert set(names(folder)) == scene.creates | set(names(stage(scene)))
    assert_whole(folder)
    assert revoked(folder) == (scene is REVOKE)


def test_without_hard_links_a_replaced_file_is_restored_with_its_mode(
    stage: Stage, traced: Break
) -> None:
    folder = stage(REVOKE)
    before = snapshot(folder)
    # The new file and a copy of the old one are flushed first, and then the folder.
    inject = "?link,linkat:error=EPERM fsync:error=EIO:when=3"
    refused = traced(folder, *REVOKE.command, inject=inject)
    assert refused.exit_code == 1, refused
    assert any(call.name.startswith("rename") for call in refused.calls)
    assert snapshot(folder) == before


def test_without_hard_links_nothing_is_overwritten_either(stage: Stage, traced: Break) -> None:
    folder = stage(REQUEST)
    before = snapshot(folder)
    inject = "?link,linkat:error=EPERM:delay_enter=500000"
    with ThreadPoolExecutor() as pool:
        future = pool.submit(traced, folder, *REQUEST.command, inject=inject)
        while not future.done() and not temporary(folder):
            time.sleep(0.01)
        (folder / DEPOT / "client.csr").write_text("precious")  # after it was found to be free
    refused = future.result()
    assert refused.exit_code == 1, refused
    assert refused.stderr.startswith(f"{DEPOT}/client.csr already exists!\n")
    (folder / DEPOT / "client.csr").unlink()
    assert snapshot(folder) == before


@pytest.mark.parametrize("error", ["EINVAL", "EOPNOTSUPP"])
def test_a_disk_that_cannot_flush_folders_will_do(
    error: str, stage: Stage, calls: Calls, break_call: Break
) -> None:
    folders = [call for call in calls(SIGN) if call.name == "fsync" and call.paths == (DEPOT,)]
    for call in folders:
        folder = stage(SIGN)
        done = break_call(folder, call, f"error={error}", *SIGN.command)
        assert done.exit_code == 0, done
        assert_whole(folder)


@pytest.mark.parametrize("scene", [REQUEST, REVOKE], ids=str)
def test_a_temporary_file_that_cannot_be_removed_goes_with_the_next_command(
    scene: Scene, stage: Stage, traced: Break
) -> None:
    folder = stage(scene)
    done = traced(folder, *scene.command, inject="?unlink,unlinkat:error=EIO")
    assert done.exit_code == 0, done
    assert_whole(folder)
    here(folder, "request-cert", "--common-name", "next", *NEW_KEY)
    assert not temporary(folder)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is full")
@pytest.mark.parametrize("scene", [INIT, REVOKE], ids=str)
def test_the_error_of_an_output_that_cannot_be_written_is_true(scene: Scene, stage: Stage) -> None:
    folder = stage(scene)
    before = snapshot(folder)
    ended = certstrap(folder, *scene.command, under=["sh", "-c", '"$@" > /dev/full', "sh"])
    assert ended.exit_code == 1
    assert "No space left on device" in ended.stderr
    assert ("nothing was changed" in ended.stderr) == (snapshot(folder) == before)
    assert_whole(folder)


def test_without_a_standard_output_the_work_is_done(stage: Stage) -> None:
    folder = stage(INIT)
    ended = certstrap(folder, *INIT.command, under=["sh", "-c", '"$@" >&-', "sh"])
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert_whole(folder)
