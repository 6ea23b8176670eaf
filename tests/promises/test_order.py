"""What is on the disk before what: read off the system calls of the real program."""

import os
from collections.abc import Iterable

import pytest

from tests.promises.conftest import Break, Record, Stage
from tests.promises.scenes import CREATING, INIT, REVOKE, Scene
from tests.promises.strace import DEPOT, Call

pytestmark = pytest.mark.usefixtures("traceable")

GIVE_A_NAME = {"link", "linkat", "rename", "renameat", "renameat2"}


def named(calls: list[Call]) -> list[int]:
    """Return where in ``calls`` a file gets the name under which it is seen."""
    found = [
        index
        for index, call in enumerate(calls)
        if call.name in GIVE_A_NAME and "/." not in call.paths[-1]
    ]
    assert found
    return found


def flushed(calls: Iterable[Call]) -> set[str]:
    """Return the paths of what is flushed to the disk."""
    return {call.paths[0] for call in calls if call.name == "fsync"}


@pytest.mark.parametrize("scene", [*CREATING, REVOKE], ids=str)
def test_a_file_is_on_the_disk_before_it_gets_its_name(scene: Scene, record: Record) -> None:
    calls = record(scene).calls
    for index in named(calls):
        assert calls[index].paths[0] in flushed(calls[:index])


@pytest.mark.parametrize("scene", CREATING, ids=str)
def test_a_key_and_its_name_are_on_the_disk_before_what_depends_on_it_is_seen(
    scene: Scene, record: Record
) -> None:
    calls = record(scene).calls
    keys = [index for index in named(calls) if calls[index].paths[-1].endswith(".key")]
    others = [index for index in named(calls) if index not in keys]
    for key in keys:
        assert all(key < other for other in others)
        assert all(DEPOT in flushed(calls[key:other]) for other in others)


@pytest.mark.parametrize("scene", [*CREATING, REVOKE], ids=str)
def test_names_are_on_the_disk_before_they_are_reported(scene: Scene, record: Record) -> None:
    calls = record(scene).calls
    last = named(calls)[-1]
    reported = next(i for i, call in enumerate(calls) if call.reports)
    assert DEPOT in flushed(calls[last:reported])


def test_a_new_depot_is_on_the_disk_before_it_is_reported(prepared: Stage, record: Record) -> None:
    log = record(INIT).log
    made = next(i for i, line in enumerate(log) if line.startswith("mkdir"))
    reported = next(i for i, line in enumerate(log) if "Created" in line)
    around = f"<{prepared(INIT).with_name('recorded')}>)"
    assert any(line.startswith("fsync(") and around in line for line in log[made:reported])


def test_each_new_folder_on_the_way_to_a_depot_is_on_the_disk(stage: Stage, traced: Break) -> None:
    folder = stage(INIT)
    (folder / DEPOT).mkdir()
    calls = traced(folder, "--depot-path", f"{DEPOT}/with/parents", *INIT.command).calls
    for made in (f"{DEPOT}/with", f"{DEPOT}/with/parents"):
        at = next(
            i for i, call in enumerate(calls) if call.paths == (made,) and "mkdir" in call.name
        )
        flush = next(call for call in calls[at:] if call.name == "fsync")
        assert flush.paths == (os.path.dirname(made),)
