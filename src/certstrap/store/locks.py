"""Locks on folders, so that two processes never change one at the same time; and Ctrl-C, held back.

On POSIX a lock is flock(2) on the folder itself, so that no file is left in it. Whoever may read a
folder may lock it too, so no wait is endless.
"""

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from math import inf
from typing import NamedTuple

from certstrap import platform
from certstrap.errors import InUseError, StorageError, storage_errors
from certstrap.store import files


class Interrupts(list[int]):
    """The signals of Ctrl-C that came while it is held back; a handler that records them."""

    most: float = inf
    """How many are held back; one more raises `KeyboardInterrupt`."""

    def __call__(self, number: int, _: object) -> None:
        """Record a signal; raise `KeyboardInterrupt` if it is too many."""
        self.append(number)
        if len(self) > self.most:
            raise KeyboardInterrupt

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Let Ctrl-C through for the block, also one that came before."""
        before, self.most = self.most, 0
        try:
            if self:
                raise KeyboardInterrupt
            yield
        finally:
            self.most = before


@contextmanager
def one_step() -> Iterator[None]:
    """Hold Ctrl-C back for one of several steps, after which it ends the command."""
    with uninterrupted() as interrupts:
        yield
    if interrupts:
        raise KeyboardInterrupt


@contextmanager
def one_report() -> Iterator[None]:
    """Hold one Ctrl-C back while a change is reported; nobody may read the report: two end it."""
    with uninterrupted() as interrupts:
        before, interrupts.most = interrupts.most, 1
        try:
            yield
        finally:
            interrupts.most = before


@contextmanager
def uninterrupted() -> Iterator[Interrupts]:
    """Hold Ctrl-C back for the block; yield the signals that came, for the block to check.

    A Ctrl-C that the block does not act on came too late, and has no effect.
    """
    before = signal.getsignal(signal.SIGINT)
    pending = before if isinstance(before, Interrupts) else Interrupts()
    if before is not signal.default_int_handler:  # an outer block holds it, or another program
        yield pending
        return
    try:
        signal.signal(signal.SIGINT, pending)
    except ValueError:  # only the main thread may, and only the main thread is interrupted
        yield pending
        return
    try:
        yield pending
    finally:
        signal.signal(signal.SIGINT, before)


NOTICE = 1.0  # seconds to wait before anything is said
_PAUSES = (0.001, 0.05)  # seconds between two tries: the first pause, and the longest


class Timeout(NamedTuple):
    """How long to wait for another process.

    Attributes:
        waiting: called once with the folder if it takes longer than a second.
    """

    seconds: float = 60
    waiting: Callable[[str], None] = lambda _folder: None


DEFAULT_TIMEOUT = Timeout()


@contextmanager
def locked(
    folders: Iterable[str], timeout: Timeout = DEFAULT_TIMEOUT, create: str = ""
) -> Iterator[tuple[Interrupts, list[str]]]:
    """Hold the locks of existing folders for the block; wait for whoever else holds one.

    A folder with two names has one lock. Locks are taken in one order, so that no two processes
    wait for each other. Ctrl-C ends a wait; for the block it is held back.

    Args:
        create: a folder that is locked too, and made with its missing parents if it does not
            exist. What was made is removed when the block ends, if nothing is in it.

    Yields:
        The signals of Ctrl-C that came, and the folders that were made.

    Raises:
        InUseError: another process did not release one of them in time.
        StorageError: the operating system refuses.
    """
    names = [*folders, create] if create else [*folders]
    wait = _Wait(timeout)
    with uninterrupted() as interrupts, ExitStack() as released, ExitStack() as held:
        while True:
            made = files.make_folders(create) if create else []
            with ExitStack() as attempt:
                try:
                    opened = _opened(names, attempt)
                    for _, (fd, folder) in sorted(opened.items()):
                        _wait_for(fd, folder, wait, interrupts)
                except StorageError:  # nobody can lock it
                    for folder in made:
                        files.remove_empty(folder)
                    raise
                if all(platform.is_still(fd, folder) for fd, folder in opened.values()):
                    held.push(attempt.pop_all())
                    break
            # Whoever made a folder wrote nothing to it and removed it, or it was replaced.
        # Nobody else may find a folder that is about to go; on Windows an open one cannot go.
        end = released if platform.IS_WINDOWS else held
        for folder in reversed(made):  # the inmost is removed first
            end.callback(files.remove_empty, folder)
        yield interrupts, made


def _opened(folders: Iterable[str], stack: ExitStack) -> dict[tuple[int, int], tuple[int, str]]:
    """Open folders, each once; return the open files and a name of each by device and inode."""
    found: dict[tuple[int, int], tuple[int, str]] = {}
    for folder in folders:
        with storage_errors("lock", folder):
            fd = platform.open_folder(folder)
            stack.callback(os.close, fd)
            status = os.stat(folder) if platform.IS_WINDOWS else os.fstat(fd)
        found.setdefault((status.st_dev, status.st_ino), (fd, folder))
    return found


class _Wait:
    """The time that has been waited for a number of locks."""

    def __init__(self, timeout: Timeout) -> None:
        self.timeout = timeout
        self.begin = time.monotonic()
        self.said = False
        self.pause = _PAUSES[0]

    def a_moment(self, folder: str) -> None:
        """Wait until the next try; raise an error if that was the last one."""
        waited = time.monotonic() - self.begin
        if waited >= self.timeout.seconds:
            raise InUseError(folder, self.timeout.seconds)
        if waited >= NOTICE and not self.said:
            self.said = True
            self.timeout.waiting(folder)
        time.sleep(min(self.pause, self.timeout.seconds - waited))
        self.pause = min(2 * self.pause, _PAUSES[1])


def _wait_for(fd: int, folder: str, wait: _Wait, interrupts: Interrupts) -> None:
    with storage_errors("lock", folder):
        while not platform.try_lock(fd):
            with interrupts.allowed():
                wait.a_moment(folder)
