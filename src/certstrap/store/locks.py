"""Locks on folders, so that two processes never change one at the same time; and Ctrl-C, held back.

On POSIX a lock is flock(2) on the folder itself, so that no file is left in it. Whoever may read a
folder may lock it too, so no wait is endless.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from math import inf
from typing import NamedTuple

from certstrap.errors import InUseError, storage_errors


class _Pending(list[int]):
    """A signal handler that records what came, and raises it if it is too much."""

    most: float = inf

    def __call__(self, number: int, _: object) -> None:
        self.append(number)
        if len(self) > self.most:
            raise KeyboardInterrupt


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
def uninterrupted() -> Iterator[_Pending]:
    """Hold Ctrl-C back for the block; yield the signals that came, for the block to check.

    A Ctrl-C that the block does not act on came too late, and has no effect.
    """
    before = signal.getsignal(signal.SIGINT)
    pending = before if isinstance(before, _Pending) else _Pending()
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


FolderId = tuple[int, int]

SILENCE = 1.0  # seconds to wait before anything is said
_PAUSES = (0.001, 0.05)  # seconds between two tries: the first pause, and the longest


def _say_nothing(folder: str) -> None:
    """Do nothing: the default of `Patience.waiting`."""


class Patience(NamedTuple):
    """How long to wait for another process.

    Attributes:
        seconds: how long, for all the locks of a call.
        waiting: called once with the folder if it takes longer than a second.
    """

    seconds: float = 60
    waiting: Callable[[str], None] = _say_nothing


PATIENT = Patience()


@contextmanager
def locked(
    folders: Iterable[str], held: Collection[FolderId] = (), patience: Patience = PATIENT
) -> Iterator[frozenset[FolderId]]:
    """Hold the locks of existing ``folders`` for the block; wait for whoever else holds one.

    A folder with two names has one lock. Locks are taken in one order, so that no two processes
    wait for each other.

    Args:
        folders: the folders.
        held: the folders whose locks this process holds already.
        patience: how long to wait.

    Yields:
        All folders whose locks are held now.

    Raises:
        InUseError: another process did not release one of them in time.
        StorageError: the operating system refuses.
    """
    wanted = {folder_id(folder): folder for folder in folders}
    wait = _Wait(patience)
    with uninterrupted(), ExitStack() as stack:  # also while they are released: all is done then
        for folder in (wanted[each] for each in sorted(wanted.keys() - set(held))):
            with storage_errors("lock", folder):
                stack.callback(os.close, _lock(folder, wait))
        yield frozenset(wanted) | frozenset(held)


def folder_id(folder: str) -> FolderId:
    """Return the device and the inode of a folder, which are the same under all of its names."""
    with storage_errors("lock", folder):
        status = os.stat(folder)
    return status.st_dev, status.st_ino


class _Wait:
    """The time that has been waited for a number of locks."""

    def __init__(self, patience: Patience) -> None:
        self.patience = patience
        self.begin = time.monotonic()
        self.said = False
        self.pause = _PAUSES[0]

    def a_moment(self, folder: str) -> None:
        """Wait until the next try; raise an error if that was the last one."""
        waited = time.monotonic() - self.begin
        if waited >= self.patience.seconds:
            raise InUseError(folder, self.patience.seconds)
        if waited >= SILENCE and not self.said:
            self.said = True
            self.patience.waiting(folder)
        time.sleep(min(self.pause, self.patience.seconds - waited))
        self.pause = min(2 * self.pause, _PAUSES[1])


def _lock(folder: str, wait: _Wait) -> int:
    """Return an open file that holds the lock until it is closed."""
    while True:
        fd = _open(folder)
        try:
            _wait_for(fd, folder, wait)
            if _is_still(fd, folder):
                return fd
        except BaseException:
            os.close(fd)
            raise
        # Whoever created the folder could not write to it, and removed it while this one waited.
        os.close(fd)
        with suppress(FileExistsError):
            os.mkdir(folder, 0o700)


def _wait_for(fd: int, folder: str, wait: _Wait) -> None:
    """Take the lock; Ctrl-C ends the wait, also while it is held back for other locks."""
    with uninterrupted() as interrupts:
        while not (interrupts or _try_lock(fd)):
            wait.a_moment(folder)
        if interrupts:
            raise KeyboardInterrupt


def _open(folder: str) -> int:
    if sys.platform == "win32":  # pragma: no cover - Windows cannot lock a folder; not run in CI
        return os.open(os.path.join(folder, ".lock"), os.O_RDWR | os.O_CREAT)
    return os.open(folder, os.O_RDONLY)


def _try_lock(fd: int) -> bool:
    """Return whether the lock was free, and is held now."""
    if sys.platform == "win32":  # pragma: no cover - not run in CI
        import msvcrt  # noqa: PLC0415

        with suppress(PermissionError):
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
            return True
        return False
    import fcntl  # noqa: PLC0415

    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_still(fd: int, folder: str) -> bool:
    """Return whether ``fd`` is the folder that has the name now."""
    if sys.platform == "win32":  # pragma: no cover - not run in CI; an open file keeps its folder
        return True
    try:
        return os.path.samestat(os.fstat(fd), os.stat(folder))
    except FileNotFoundError:
        return False
