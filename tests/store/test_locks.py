"""Locks: one process or thread at a time changes a folder, whatever it calls the folder."""

import os
import resource
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from certstrap.errors import CertstrapError, InUseError, StorageError
from certstrap.hints import printed
from certstrap.store.locks import locked
from tests.builders.depots import NEW_KEY
from tests.conftest import CommandLine, snapshot


class Holder(threading.Thread):
    """A thread that locks folders, and holds their locks until it is told to leave."""

    def __init__(self, *folders: str, create: str = "") -> None:
        super().__init__(daemon=True)
        self._folders, self._create = folders, create
        self._entered, self._leave = threading.Event(), threading.Event()
        self.start()

    def run(self) -> None:
        with locked(self._folders, create=self._create):
            self._entered.set()
            self._leave.wait()

    def holds(self) -> bool:
        """Tell whether it has the locks, which must be free."""
        return self._entered.wait(10)

    def waits(self) -> bool:
        """Tell whether it waits for somebody who holds one of the locks."""
        return not self._entered.wait(0.1)

    def leave(self) -> None:
        self._leave.set()
        self.join(10)
        assert not self.is_alive()


@pytest.fixture
def out(folder: Path) -> Iterator[Path]:
    """A folder ``out``, beside it a folder ``other``, and ``link``, which leads to ``out``."""
    (folder / "out").mkdir()
    (folder / "other").mkdir()
    (folder / "link").symlink_to("out")
    yield folder / "out"
    with locked(["out", "other"]):  # nobody holds a lock any more
        pass


@pytest.mark.parametrize("name", ["out", "./out", "out/", "other/../out", "link", "{}"])
def test_a_lock_is_held_until_the_block_ends_under_each_name_of_the_folder(
    name: str, out: Path
) -> None:
    with locked([name.format(out)]):
        other = Holder("out")
        assert other.waits()
    assert other.holds()
    other.leave()


def test_a_lock_leaves_nothing_in_the_folder(out: Path) -> None:
    before = snapshot(out.parent)
    with locked(["out"]):
        assert snapshot(out.parent) == before
    assert snapshot(out.parent) == before


def test_another_folder_can_be_locked_meanwhile(out: Path) -> None:
    with locked(["out"]):
        other = Holder("other")
        assert other.holds()
        other.leave()


def test_one_folder_under_two_names_is_locked_once(out: Path) -> None:
    with locked(["out", "link", str(out)]):
        other = Holder("out")
        assert other.waits()
    assert other.holds()
    other.leave()


def test_no_folder_at_all_can_be_locked_too() -> None:
    with locked([]) as (interrupts, made):
        assert (interrupts, made) == ([], [])


def test_no_two_wait_for_each_other_whatever_order_they_ask_in(out: Path) -> None:
    def lock(*folders: str) -> None:
        for _ in range(200):
            with locked(folders):
                pass

    threads = [
        threading.Thread(target=lock, args=folders, daemon=True)
        for folders in (("out", "other"), ("other", "link"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


def test_a_lock_is_released_when_the_block_fails(out: Path) -> None:
    with pytest.raises(CertstrapError), locked(["out"]):
        raise CertstrapError("no")
    other = Holder("out")
    assert other.holds()
    other.leave()


def test_no_lock_is_held_if_one_cannot_be_had(out: Path) -> None:
    with pytest.raises(StorageError, match=r"^Cannot lock missing: "):
        locked(["out", "other", "missing"]).__enter__()
    other = Holder("out", "other")
    assert other.holds()
    other.leave()


def test_the_locks_taken_before_are_released_if_one_cannot_be_opened(out: Path) -> None:
    lowest = os.open(".", os.O_RDONLY)
    os.close(lowest)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 1, before[1]))  # one more, not two
    try:
        with pytest.raises(StorageError, match=r"^Cannot lock (out|other): Too many open files"):
            locked(["out", "other"]).__enter__()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert os.open(".", os.O_RDONLY) == lowest
    os.close(lowest)


@pytest.mark.parametrize("path", ["missing", "nul\0", "x" * 256, "file/below"])
def test_only_what_exists_can_be_locked(path: str, folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(StorageError, match=r"^Cannot lock "):
        locked([path]).__enter__()


def test_a_folder_that_is_removed_while_one_waits_is_created_again(out: Path) -> None:
    """Its creator could not write to it; whoever waits needs it all the same."""
    with locked(["out"]):
        second = Holder(create="out")
        assert second.waits()
        out.rmdir()
    assert second.holds()
    assert out.stat().st_mode & 0o777 == 0o700
    third = Holder(create="out")
    assert third.waits()
    second.leave()
    assert third.holds()
    third.leave()
    assert not out.exists()  # nothing was written
    out.mkdir()


def test_a_folder_that_goes_while_one_waits_and_is_not_to_be_made_cannot_be_locked(
    out: Path,
) -> None:
    with ThreadPoolExecutor(1) as pool, locked(["out"]):
        waiting = pool.submit(lambda: locked(["out"]).__enter__())
        assert wait([waiting], 0.1).not_done
        out.rmdir()
    with pytest.raises(StorageError, match=r"^Cannot lock out: "):
        waiting.result(10)
    out.mkdir()


def test_a_folder_that_is_replaced_while_one_waits_is_locked_in_its_place(out: Path) -> None:
    with locked(["out"]):
        second = Holder("out")
        assert second.waits()
        out.rmdir()
        out.mkdir()
        out.chmod(0o755)
    assert second.holds()
    assert out.stat().st_mode & 0o777 == 0o755
    third = Holder("out")
    assert third.waits()
    second.leave()
    assert third.holds()
    third.leave()


def test_a_command_says_that_it_waits_and_gives_up_after_the_time_it_was_given(
    certstrap: CommandLine, out: Path
) -> None:
    holder = Holder("out")
    assert holder.holds()
    request = ("--depot-path", "out", "--wait", "2", "request-cert", "--cn", "a")
    outcome = certstrap.refuses(*request, *NEW_KEY, sentence="Waiting up to 2 seconds")
    assert outcome.stderr.splitlines()[1:] == [
        "Another process uses out, and has not finished after 2 seconds.",
        f"Hint: {printed(InUseError('out', 2).hint)}",
    ]
    holder.leave()
