"""A full disk, a folder that may not be written, a file that may not be read."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import programs
from tests.builders.depots import NEW_KEY
from tests.conftest import snapshot
from tests.programs import Outcome, end, ordinary
from tests.promises.conftest import Stage, skip_without
from tests.promises.processes import certstrap, start, with_files_up_to
from tests.promises.scenes import (
    CREATING,
    EXPORT,
    INIT,
    ISSUE,
    REQUEST,
    SIGN,
    Scene,
    assert_whole,
    names,
)
from tests.promises.strace import DEPOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes and mounts")


def assert_refused(ended: Outcome, sentence: str) -> None:
    """Assert that a command refused, in one sentence and a hint."""
    assert ended.exit_code == 1, ended
    assert not ended.stdout, ended
    first, hint, *more = ended.stderr.splitlines()
    assert first == sentence
    assert hint.startswith("Hint: ")
    assert not more


@pytest.fixture(scope="session")
def _why_not() -> str:
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        return "root cannot become ordinary: setpriv (util-linux) is not installed"
    return ""


@pytest.fixture
def ordinary_user(_why_not: str) -> list[str]:
    """What runs the program as one who may do only what modes allow."""
    skip_without(_why_not)
    return ordinary()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for two files."""
    folder = tmp_path / "small"
    folder.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root on Linux can mount a small disk")
    mounting = ["mount", "-t", "tmpfs", "-o", "size=8k", "small", str(folder)]
    mounted = programs.run(*mounting, exit_code=None)
    if mounted.exit_code:
        pytest.skip(f"no small disk can be mounted: {mounted.stderr.strip()}")
    yield folder
    programs.run("umount", folder)


@pytest.mark.parametrize("size", [0, 200, 400])
@pytest.mark.parametrize("scene", CREATING, ids=str)
def test_a_file_that_outgrows_its_limit_leaves_the_folder_as_it_was(
    size: int, scene: Scene, stage: Stage
) -> None:
    folder = stage(scene)
    before = snapshot(folder)
    ended = certstrap(folder, *scene.command, under=with_files_up_to(size))
    if ended.exit_code == 0:  # all its files are small enough
        assert size
        assert_whole(folder)
    else:
        assert ": File too large.\nHint: " in ended.stderr
        assert snapshot(folder) == before


@pytest.mark.parametrize("scene", [INIT, ISSUE], ids=str)
def test_a_full_disk_is_reported_and_left_as_it_was(scene: Scene, small_disk: Path) -> None:
    ended = certstrap(small_disk, *scene.command)
    assert ended.exit_code == 1
    written, _, reason = ended.stderr.removeprefix(f"Cannot write {DEPOT}/").partition(": ")
    assert written in scene.creates
    assert reason.startswith("No space left on device.\nHint: ")
    assert not snapshot(small_disk)

    programs.run("mount", "-o", "remount,size=1m", small_disk)
    assert certstrap(small_disk, *scene.command).exit_code == 0
    assert_whole(small_disk)


def test_a_disk_that_is_read_only_is_reported(small_disk: Path) -> None:
    programs.run("mount", "-o", "remount,ro", small_disk)
    ended = certstrap(small_disk, *INIT.command)
    assert_refused(ended, f"Cannot create {DEPOT}: Read-only file system.")


@pytest.mark.parametrize("scene", [REQUEST, SIGN, EXPORT], ids=str)
def test_a_depot_that_may_not_be_written_is_reported(
    scene: Scene, stage: Stage, ordinary_user: list[str]
) -> None:
    folder = stage(scene)
    (folder / DEPOT).chmod(0o500)
    before = snapshot(folder)
    ended = certstrap(folder, *scene.command, under=ordinary_user)
    (file, *_) = sorted(scene.creates, reverse=True)
    assert_refused(ended, f"Cannot write {DEPOT}/{file}: Permission denied.")
    assert snapshot(folder) == before


def test_a_folder_that_may_not_hold_a_depot_is_reported(
    stage: Stage, ordinary_user: list[str]
) -> None:
    folder = stage(INIT)
    folder.chmod(0o500)
    ended = certstrap(folder, *INIT.command, under=ordinary_user)
    assert_refused(ended, f"Cannot create {DEPOT}: Permission denied.")
    assert not snapshot(folder)


def test_a_folder_that_may_not_be_entered_is_reported(
    stage: Stage, ordinary_user: list[str]
) -> None:
    folder = stage(INIT)
    folder.chmod(0)
    process = start(folder, *INIT.command, under=ordinary_user)
    try:
        ended = end(process, seconds=10)
    finally:
        folder.chmod(0o700)
    assert_refused(ended, f"Cannot create {DEPOT}: Permission denied.")


@pytest.mark.parametrize("file", ["client.csr", "Cert.crt", "Cert.key"])
def test_a_file_that_may_not_be_read_is_reported(
    file: str, stage: Stage, ordinary_user: list[str]
) -> None:
    folder = stage(SIGN)
    (folder / DEPOT / file).chmod(0)
    before = snapshot(folder)
    ended = certstrap(folder, *SIGN.command, under=ordinary_user)
    assert_refused(ended, f"Cannot read {DEPOT}/{file}: Permission denied.")
    assert snapshot(folder) == before


@pytest.mark.parametrize("command", [("sign", "client"), ISSUE.command], ids=str)
def test_a_depot_that_may_not_be_listed_is_not_an_empty_one(
    command: tuple[str, ...], stage: Stage, ordinary_user: list[str]
) -> None:
    folder = stage(SIGN)
    (folder / DEPOT).chmod(0o300)
    ended = certstrap(folder, *command, under=ordinary_user)
    (folder / DEPOT).chmod(0o700)
    assert_refused(ended, f"Cannot lock {DEPOT}: Permission denied.")


def test_a_ca_that_may_not_be_read_does_not_bring_another(
    stage: Stage, ordinary_user: list[str]
) -> None:
    folder = stage(INIT)
    certstrap(folder, "init", "--common-name", "Mine", *NEW_KEY)
    (folder / DEPOT / "Mine.crt").chmod(0)
    before = names(folder)
    ended = certstrap(folder, *ISSUE.command, under=ordinary_user)
    assert_refused(ended, f"Cannot read {DEPOT}/Mine.crt: Permission denied.")
    assert names(folder) == before
