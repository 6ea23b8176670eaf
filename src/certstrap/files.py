"""Files, whole or not at all: read with care, created without overwriting, replaced in one step.

A file is written beside its place under a passing name, flushed to the disk, and only then given
its own name; no process ever sees half of one, whenever another is killed (rename(2), link(2)).
"""

import errno
import os
import signal
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import NamedTuple

from certstrap.errors import FileExists, LaxMode, NotFound, Storage, Unusable

KEY_MODE = 0o440  # certstrap's; the umask may take from it
PUBLIC_MODE = 0o444
EXPORT_MODE = 0o400

_PASSING = (".certstrap-", ".tmp")
_OPEN_TO_OTHERS = stat.S_IWGRP | stat.S_IRWXO
_NO_FOLDER_SYNC = {errno.EINVAL, errno.EOPNOTSUPP}  # as VirtualBox's shared folders have it
_NO_HARD_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


class NewFile(NamedTuple):
    """A file to be: its path, its content, and the mode it is born with (less the umask)."""

    path: str
    data: bytes
    mode: int


def read(path: str, what: str, *, private: bool = False, hint: str = "") -> bytes:
    """Return the content of a regular file.

    Args:
        path: the file; a link is followed.
        what: what it should be, for the sentence when it is not there.
        private: refuse it if others can read or write it.
        hint: what to do where it is not there.

    Raises:
        NotFound: nothing is there.
        Unusable: a folder, a FIFO or a device is there.
        LaxMode: ``private`` was asked for, and is not so.
        Storage: the operating system refuses.
    """
    try:
        # Without O_NONBLOCK, opening a FIFO would wait for a writer that may never come.
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        try:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode):
                raise Unusable(path, "is not a regular file", f"It should be a {what}.")
            mode = stat.S_IMODE(found.st_mode)
            if private and sys.platform != "win32" and mode & _OPEN_TO_OTHERS:
                raise LaxMode(path, mode)
            with open(fd, "rb", closefd=False) as file:
                return file.read()
        finally:
            os.close(fd)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(what, path, hint) from None
    except (OSError, ValueError) as cause:  # ValueError: a NUL in the path
        raise Storage("read", path, _as_os_error(cause)) from None


def require_free(path: str, hint: str = "") -> None:
    """Refuse a path that is taken, before any work is done for it.

    Raises:
        FileExists: something is there; ``hint`` takes the place of its own.
    """
    if os.path.lexists(path):
        raise FileExists(path, hint)


def create(files: Sequence[NewFile], *, overwrite: bool = False) -> None:
    """Do what `write` does while no other process writes to the same folders."""
    with ExitStack() as locks:
        for folder in sorted({real_folder(file.path) for file in files}):
            if os.path.isdir(folder):  # otherwise writing tells what is wrong, and with which file
                locks.enter_context(locked(folder))
        write(files, overwrite=overwrite)


def write(files: Sequence[NewFile], *, overwrite: bool = False) -> None:
    """Create all the files, in their order, or none; the caller has `locked` their folders.

    The first is seen before the second; each is on the disk when this returns. With ``overwrite``
    each takes the place of whatever has its path, in one step, but not all of them in one; if the
    rest fails, what was there comes back.

    Raises:
        FileExists: one of them is there already.
        Storage: the operating system refuses, for example as the disk is full.
    """
    with uninterrupted() as interrupted, ExitStack() as passing, ExitStack() as rollback:
        for file, staged in [(file, _stage(file, passing)) for file in files]:
            if overwrite:
                _put_aside(file.path, passing, rollback)
                with _storage("write", file.path):
                    os.replace(staged.name, file.path)
            else:
                rollback.callback(_remove_if_ours, file.path, staged)
                _give_name(staged.name, file.path)
            # A key's name too is on the disk before anything that depends on it can be seen.
            _sync_folder(os.path.dirname(file.path) or ".")
        if interrupted:
            raise KeyboardInterrupt
        rollback.pop_all()


def real_folder(path: str) -> str:
    """Return the folder that a file at ``path`` would be in, by its real name."""
    with _storage("write", path):
        return os.path.realpath(os.path.dirname(path))


@contextmanager
def locked(folder: str) -> Iterator[None]:
    """Hold the lock of ``folder`` for the block; whoever else wants it waits.

    What a killed process left in it is cleared away.

    On POSIX it is flock(2) on the folder itself, so that no file is left in it.
    """
    with _storage("lock", folder):
        fd = _lock(folder)
    with uninterrupted():
        try:
            _remove_leftovers(folder)
            yield
        finally:
            os.close(fd)


class _Held(list[int]):
    """Takes signals and does nothing about them."""

    def __call__(self, number: int, _: object) -> None:
        self.append(number)


@contextmanager
def uninterrupted() -> Iterator[list[int]]:
    """Let Ctrl-C do nothing in the block; yield what came, which is for the block to heed.

    What comes when all is done comes too late, and does not make it look undone.
    """
    before = signal.getsignal(signal.SIGINT)
    held = before if isinstance(before, _Held) else _Held()
    if before is not signal.default_int_handler:  # an outer block holds it, or somebody else does
        yield held
        return
    try:
        signal.signal(signal.SIGINT, held)
    except ValueError:  # only the main thread may, and only there Ctrl-C interrupts
        yield held
        return
    try:
        yield held
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def folder_for(path: str) -> Iterator[None]:
    """Have the folder ``path`` for the block, its parents too; those made go if the block fails.

    They are open to their owner alone.

    Raises:
        Storage: the operating system refuses.
    """
    with ExitStack() as rollback:
        with _storage("create", path):
            for folder in reversed(_missing(path)):
                rollback.callback(_remove_empty, folder)
                try:
                    os.mkdir(folder, 0o700)
                except FileExistsError:
                    if not os.path.isdir(folder):
                        raise
                _sync_folder(os.path.dirname(folder) or ".")
        yield
        rollback.pop_all()


def _missing(path: str) -> list[str]:
    """Return the folders that ``path`` lacks, itself first."""
    missing: list[str] = []
    while path not in missing and not os.path.isdir(path):
        missing.append(path)
        path = os.path.dirname(path) or "."
    return missing


def _remove_empty(folder: str) -> None:
    with suppress(OSError):
        os.rmdir(folder)


class _Staged(NamedTuple):
    name: str
    inode: tuple[int, int]


def _passing_name(path: str) -> str:
    return os.path.join(os.path.dirname(path), os.urandom(8).hex().join(_PASSING))


def _stage(file: NewFile, passing: ExitStack) -> _Staged:
    name = _passing_name(file.path)
    with _storage("write", file.path):
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        passing.callback(_remove, name)
        with open(os.open(name, flags, file.mode), "wb") as stream:
            stream.write(file.data)
            stream.flush()
            os.fsync(stream.fileno())
            born = os.fstat(stream.fileno())
    return _Staged(name, (born.st_dev, born.st_ino))


def _give_name(name: str, path: str) -> None:
    """Give a staged file its name, unless that is taken."""
    try:
        if sys.platform == "win32":  # pragma: no cover - not run in CI; rename overwrites nothing
            os.rename(name, path)
            return
        try:
            os.link(name, path)
        except OSError as cause:
            if cause.errno not in _NO_HARD_LINKS:
                raise
            # FAT and some shared folders: two steps, safe among those who hold the depot's lock.
            if os.path.lexists(path):
                raise FileExistsError from None
            os.rename(name, path)
    except FileExistsError:
        raise FileExists(path) from None
    except (OSError, ValueError) as cause:
        raise Storage("write", path, _as_os_error(cause)) from None


def _sync_folder(folder: str) -> None:
    if sys.platform == "win32":  # pragma: no cover - Windows has no such call; not run in CI
        return
    with _storage("write", folder):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        except OSError as cause:
            if cause.errno not in _NO_FOLDER_SYNC:
                raise
        finally:
            os.close(fd)


def _put_aside(path: str, passing: ExitStack, rollback: ExitStack) -> None:
    """Keep what has the path under a passing name as well, to put it back if the rest fails."""
    name = _passing_name(path)
    passing.callback(_remove, name)
    try:
        os.link(path, name)
    except FileNotFoundError:
        rollback.callback(_remove, path)
    except OSError as cause:
        if cause.errno not in _NO_HARD_LINKS:
            raise Storage("write", path, cause) from None
    else:
        rollback.callback(os.replace, name, path)


def _remove(path: str) -> None:
    """Remove a passing name; one that cannot be removed now goes with the next command."""
    with suppress(OSError):
        os.unlink(path)


def _remove_if_ours(path: str, staged: _Staged) -> None:
    with suppress(OSError, ValueError):
        found = os.lstat(path)
        if (found.st_dev, found.st_ino) == staged.inode:
            os.unlink(path)


def _lock(folder: str) -> int:
    """Return an open file that holds the lock until it is closed."""
    if sys.platform == "win32":  # pragma: no cover - Windows cannot lock a folder; not run in CI
        import msvcrt  # noqa: PLC0415

        fd = os.open(os.path.join(folder, ".lock"), os.O_RDWR | os.O_CREAT)
        msvcrt.locking(fd, msvcrt.LK_LOCK, 1)
        return fd
    import fcntl  # noqa: PLC0415

    while True:
        fd = os.open(folder, os.O_RDONLY)
        fcntl.flock(fd, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(fd), os.stat(folder)):
                return fd
        # Whoever made the folder could not write into it, and took it away while we waited.
        os.close(fd)
        with suppress(FileExistsError):
            os.mkdir(folder, 0o700)


def _remove_leftovers(folder: str) -> None:
    """Remove passing names that a killed process left in ``folder``; the caller holds its lock."""
    with _storage("clean", folder):
        for name in os.listdir(folder):
            if name.startswith(_PASSING[0]) and name.endswith(_PASSING[1]):
                _remove(os.path.join(folder, name))


@contextmanager
def _storage(verb: str, path: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as cause:
        raise Storage(verb, path, _as_os_error(cause)) from None


def _as_os_error(cause: OSError | ValueError) -> OSError:
    return cause if isinstance(cause, OSError) else OSError(errno.EINVAL, str(cause))
