"""Files, whole or not at all: read with care, created without overwriting, replaced in one step.

A file is written beside its place under a passing name, flushed to the disk, and only then given
its own name; no process ever sees half of one, whenever another is killed (rename(2), link(2)).
"""

import errno
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import NamedTuple

from certstrap.errors import FileExists, LaxMode, NotFound, Storage, Unusable

KEY_MODE = 0o440  # certstrap's; the umask may take from it
PUBLIC_MODE = 0o444
EXPORT_MODE = 0o400

_PASSING = (".certstrap-", ".tmp")
_OPEN_TO_OTHERS = stat.S_IWGRP | stat.S_IRWXO
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
    except IsADirectoryError:
        raise Unusable(path, "is not a regular file", f"It should be a {what}.") from None
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
    """Create all the files, in their order, or none.

    The first is seen before the second; each is on the disk when this returns. With ``overwrite``
    each takes the place of whatever has its path, in one step, but not all of them in one.

    Raises:
        FileExists: one of them is there already.
        Storage: the operating system refuses, for example as the disk is full.
    """
    with ExitStack() as passing, ExitStack() as rollback:
        for file, staged in [(file, _stage(file, passing)) for file in files]:
            if overwrite:
                with _storage("write", file.path):
                    os.replace(staged.name, file.path)
                continue
            rollback.callback(_remove_if_ours, file.path, staged)
            _give_name(staged.name, file.path)
        _sync_folders(files)
        rollback.pop_all()


def remove_leftovers(folder: str) -> None:
    """Remove passing names that a killed process left in ``folder``; the caller holds its lock."""
    with _storage("clean", folder):
        for name in os.listdir(folder):
            if name.startswith(_PASSING[0]) and name.endswith(_PASSING[1]):
                _remove(os.path.join(folder, name))


@contextmanager
def locked(folder: str) -> Iterator[None]:
    """Hold the lock of ``folder`` for the block; whoever else wants it waits.

    On POSIX it is flock(2) on the folder itself, so that no file is left in it.
    """
    with _storage("lock", folder):
        fd = _lock(folder)
    try:
        yield
    finally:
        os.close(fd)


def make_folders(path: str) -> list[str]:
    """Create the folder ``path``, its parents too, open to its owner alone; return those made.

    Raises:
        Storage: the operating system refuses.
    """
    made: list[str] = []
    with _storage("create", path):
        missing = [path]
        while not os.path.isdir(parent := os.path.dirname(missing[-1]) or "."):
            missing.append(parent)
        for folder in reversed(missing):
            try:
                os.mkdir(folder, 0o700)
            except FileExistsError:
                if not os.path.isdir(folder):
                    raise
            else:
                made.append(folder)
    return made


def remove_empty(folder: str) -> None:
    """Remove a folder that `make_folders` made, unless something came into it."""
    with suppress(OSError):
        os.rmdir(folder)


class _Staged(NamedTuple):
    name: str
    inode: tuple[int, int]


def _stage(file: NewFile, passing: ExitStack) -> _Staged:
    folder = os.path.dirname(file.path) or "."
    name = os.path.join(folder, os.urandom(8).hex().join(_PASSING))
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
        if (
            sys.platform == "win32"
        ):  # pragma: no cover - there, rename never overwrites; not run in CI
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
    except OSError as cause:
        raise Storage("write", path, cause) from None


def _sync_folders(files: Iterable[NewFile]) -> None:
    if sys.platform == "win32":  # pragma: no cover - Windows has no such call; not run in CI
        return
    for folder in {os.path.dirname(file.path) or "." for file in files}:
        with _storage("write", folder):
            fd = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)


def _remove(path: str) -> None:
    with suppress(FileNotFoundError, NotADirectoryError):
        os.unlink(path)


def _remove_if_ours(path: str, staged: _Staged) -> None:
    with suppress(FileNotFoundError):
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

    fd = os.open(folder, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    return fd


@contextmanager
def _storage(verb: str, path: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as cause:
        raise Storage(verb, path, _as_os_error(cause)) from None


def _as_os_error(cause: OSError | ValueError) -> OSError:
    return cause if isinstance(cause, OSError) else OSError(errno.EINVAL, str(cause))
