"""Files, whole or not at all: read with care, created without overwriting, replaced in one step.

A file is written next to its final place under a temporary name, flushed to disk, and only then
given its own name, so that no process ever sees half of one, even if this one is killed (link(2),
rename(2)). A pipe or a device that a user names in the place of a file is read once, to its end,
and written without a temporary file.
"""

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from typing import NamedTuple

from certstrap import platform
from certstrap.errors import (
    ON_WINDOWS_DRIVE,
    ForeignOwnerError,
    LaxModeError,
    NotFoundError,
    PathTakenError,
    StorageError,
    TooLargeError,
    UnusableFileError,
    storage_errors,
)
from certstrap.hints import Hint
from certstrap.pki.findings import Finding


def is_shared(folder: str) -> bool:
    """Return whether users other than root and the one who runs this may write to ``folder``."""
    return not platform.IS_WINDOWS and _is_shared(os.stat(folder))


def _is_shared(folder: os.stat_result) -> bool:
    others = folder.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return bool(others) or folder.st_uid not in {0, os.geteuid()}


def can_be_entered(folder: str, group: int = -1) -> bool:
    """Return whether others than its owner can enter a folder: a group, or any."""
    found = os.stat(folder)
    by_group = found.st_mode & stat.S_IXGRP and group in {-1, found.st_gid}
    return bool(found.st_mode & stat.S_IXOTH or by_group)


def readable_by_group(path: str) -> Iterator[Finding]:
    """Yield whether the members of a group can read the private key at ``path``.

    They must be able to enter its folder too. A group that is the owner's own has no others.
    """
    if platform.IS_WINDOWS:
        return
    key = os.stat(path)
    if not (key.st_mode & stat.S_IRGRP and can_be_entered(folder_of(path), key.st_gid)):
        return
    from grp import getgrgid  # noqa: PLC0415 - Windows has none
    from pwd import getpwuid  # noqa: PLC0415 - nor this

    name = str(key.st_gid)
    with suppress(KeyError):
        group, owner = getgrgid(key.st_gid), getpwuid(key.st_uid).pw_name
        name = group.gr_name
        if name == owner and not {*group.gr_mem} - {owner}:
            return
    yield Finding(
        "group-readable-key",
        f"{path} can be read by every member of the group {name}, who can enter {folder_of(path)}.",
        Hint("Let only its owner read it", ("chmod", "0400", path)),
        "warning",
    )


def restricting(root: str) -> Hint | str:
    """Return how to keep others from writing to the folder of a depot."""
    if platform.has_no_modes(root):
        return ON_WINDOWS_DRIVE
    chmod = ("chmod", "go-w", root)
    if os.stat(root).st_uid in {0, os.geteuid()}:
        return Hint("Restrict it with", chmod)
    return Hint("Restrict it with", ("chown", str(os.geteuid()), root), chmod)


def require_own_folder(path: str) -> None:
    """Refuse a folder in the depot that another user may have put there, or may write to."""
    with storage_errors("read", path):
        found = os.lstat(path)
        owner = foreign_owner(path, found.st_uid)
    if not stat.S_ISDIR(found.st_mode):
        what = "a symbolic link" if stat.S_ISLNK(found.st_mode) else "not a folder"
        raise UnusableFileError(
            path, f"is {what}, and it keeps private keys", "Replace it with a folder of your own."
        )
    if owner:
        raise ForeignOwnerError(path, owner, folder_of(path))
    if not platform.IS_WINDOWS and found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise UnusableFileError(
            path,
            "can be changed by others, and it keeps private keys",
            Hint("Restrict it with", ("chmod", "0700", path)),
        )


def foreign_owner(path: str, uid: int) -> str:
    """Return who else may have put a file where it is, or an empty string if nobody can have.

    In a folder that others may write to, files of root, of the folder's owner and of the user who
    runs this are right, and links to files likewise.

    Returns:
        The name of the owner, and the number of one that has no name.
    """
    if platform.IS_WINDOWS:
        return ""
    owners = {uid, os.lstat(path).st_uid} - {0, os.geteuid()}
    if not owners:
        return ""
    folder = os.stat(folder_of(path))
    owners.discard(folder.st_uid)
    return _user_name(min(owners)) if owners and _is_shared(folder) else ""


def is_own(path: str) -> bool:
    """Return whether a file is there, and no other user can have put it there."""
    try:
        return not foreign_owner(path, os.lstat(path).st_uid)
    except OSError:  # whoever needs the folder says what is wrong with it
        return False


def is_sticky(folder: str) -> bool:
    """Return whether only its owner can remove a file from ``folder``, as from ``/tmp``."""
    return bool(os.stat(folder).st_mode & stat.S_ISVTX)


def _user_name(uid: int) -> str:
    from pwd import getpwuid  # noqa: PLC0415 - Windows has none

    try:
        return f"the user {getpwuid(uid).pw_name}"
    except KeyError:
        return f"the user {uid}"


def folder_of(path: str) -> str:
    """Return the folder of a path."""
    return os.path.dirname(path) or "."


STANDARD_INPUT = "-"  # in the place of a file that is read

_DESCRIPTOR = r"/dev/(?:std(in|out|err)|fd/([0-9]{1,6}))|/proc/self/fd/([0-9]{1,6})"
_HINT = "Check what the path refers to."
_STANDARD = {"in": 0, "out": 1, "err": 2}


def source_of(path: str) -> str:
    """Return how a file that the user named is called in messages."""
    return "standard input" if path == STANDARD_INPUT else path


def is_stream(path: str) -> bool:
    """Return whether ``path`` names a pipe, a device or an open file, not a file or folder."""
    if _descriptor_in(path):
        return True
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _descriptor_in(path: str) -> re.Match[str] | None:
    # Most paths are of files, and the pattern is not even compiled for them.
    begins_so = path.startswith(("/dev/", "/proc/self/fd/"))
    return re.fullmatch(_DESCRIPTOR, path) if begins_so else None


def descriptor(path: str, flags: int) -> int:
    """Return a descriptor of the stream, or of a file; a FIFO waits for the other side.

    What is open already is shared, with its place in the file: Linux would open ``/dev/stdin`` and
    ``/dev/stdout`` anew if they are files, from the beginning, and what comes before and after
    would be read again, or overwritten.
    """
    found = _descriptor_in(path)
    if not found:
        return os.open(path, flags | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0))
    standard, *numbers = found.groups()
    return os.dup(_STANDARD[standard] if standard else int(next(filter(None, numbers))))


def read_stream(path: str) -> bytes:
    """Return all that the stream has; more than 64 MB are a `TooLargeError`."""
    with storage_errors("read", path, _HINT), open(descriptor(path, os.O_RDONLY), "rb") as stream:
        data = stream.read(TooLargeError.LIMIT + 1)
    if len(data) > TooLargeError.LIMIT:
        raise TooLargeError(path)
    return data


def open_stream(path: str) -> Callable[[bytes], None]:
    """Open a stream, and return what writes to it once, and closes it."""
    with storage_errors("write", path, _HINT):
        fd = descriptor(path, os.O_WRONLY)

    def write(data: bytes) -> None:
        with storage_errors("write", path, _HINT), open(fd, "wb", buffering=0) as stream:
            rest = memoryview(data)
            while rest:
                rest = rest[stream.write(rest) :]

    return write


KEY_MODE = 0o400  # certstrap's is 0440; on macOS every local user is in the group of a new file
PUBLIC_MODE = 0o444
EXPORT_MODE = 0o400
EDITED_MODE = 0o644  # of files that their owner may change

JOURNAL = ".certstrap-journal"
"""How the name of a file begins that lists what a process is about to replace; see `journal`."""

# Without O_NONBLOCK, opening a FIFO waits for a writer that may never come.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_CHUNK = 65_536  # bytes
_FEW, _THREADS = 8, 4  # files that are flushed one after another; more by so many threads
_AT_ONCE = 160  # files, that are open at the same time
_OPEN_TO_OTHERS = stat.S_IWGRP | stat.S_IRWXO

_Open = list[tuple[int, str]]  # descriptors, and the paths that their files will have


class NewFile(NamedTuple):
    """A file to write.

    Attributes:
        mode: the mode it is created with, less the umask.
        keep_mode: whether it gets the mode and the owner of that file.
    """

    path: str
    data: bytes
    mode: int
    replace: bool = False
    keep_mode: bool = False


class Staged(NamedTuple):
    """A file that is on disk under a temporary name.

    Attributes:
        inode: its device and inode.
    """

    name: str
    inode: tuple[int, int]
    file: NewFile


def read(
    path: str, kind: str, *, private: bool = False, own: bool = False, hint: Hint | str = ""
) -> bytes:
    """Return the content of a regular file.

    Args:
        private: refuse it if others can read or write it.
        own: refuse it if another user may have put it there; see `foreign_owner`.
        hint: what to do if it does not exist.

    Raises:
        NotFoundError: it does not exist.
        UnusableFileError: it is a folder, a FIFO, a device, or a broken symbolic link.
        TooLargeError: it has more than 64 MB.
        LaxModeError: it should be private, and is not.
        ForeignOwnerError: another user may have put it there.
        StorageError: the operating system refuses.
    """
    try:
        with storage_errors("read", path):
            fd = os.open(path, _FLAGS)
            try:
                found = os.fstat(fd)
                if not stat.S_ISREG(found.st_mode):
                    raise UnusableFileError(
                        path, "is not a regular file", f"It should be a {kind}."
                    )
                mode = stat.S_IMODE(found.st_mode)
                if private and not platform.IS_WINDOWS and mode & _OPEN_TO_OTHERS:
                    raise LaxModeError(path, mode, is_mode=not platform.has_no_modes(path))
                owner = foreign_owner(path, found.st_uid) if own else ""
                if owner:
                    raise ForeignOwnerError(path, owner, folder_of(path))
                return _content(fd, path, found.st_size)
            finally:
                os.close(fd)
    except StorageError as error:
        if isinstance(error.cause, FileNotFoundError | NotADirectoryError):
            if os.path.islink(path):
                raise UnusableFileError(
                    path, "is a broken symbolic link", "Correct the link, or remove it."
                ) from None
            raise NotFoundError(kind, path, hint) from None
        raise


def _content(fd: int, path: str, size: int) -> bytes:
    data = bytearray(os.read(fd, _CHUNK))
    # Reading on to find the end of a small file takes as long as reading it.
    while len(data) != size and (chunk := os.read(fd, _CHUNK)):
        data += chunk
        if len(data) > TooLargeError.LIMIT:
            raise TooLargeError(path)
    return bytes(data)


def make_folders(path: str) -> list[str]:
    """Make a folder and its missing parents, mode 0700; return those made, inmost first."""
    made: list[str] = []
    with storage_errors("create", path), ExitStack() as rollback:
        for folder in reversed(_missing(path)):
            try:
                os.mkdir(folder, 0o700)
            except FileExistsError:
                if not os.path.isdir(folder):
                    raise
                continue
            made.insert(0, folder)
            rollback.callback(remove_empty, folder)
            sync_folder(folder_of(folder))
        rollback.pop_all()
    return made


def names_in(folder: str) -> list[str]:
    """Return the names of the files in ``folder``; none if it does not exist."""
    with storage_errors("read", folder):
        try:
            return os.listdir(folder)
        except FileNotFoundError:
            return []


def is_temporary(name: str) -> bool:
    """Return whether a file has one of the names that files are written under."""
    return re.fullmatch(r"\.certstrap-[0-9a-f]{16}\.tmp", name) is not None


def _temporary(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(".certstrap-") and is_temporary(name)]


def has_temporary(folder: str) -> bool:
    """Return whether there are temporary files in ``folder``, if it can be listed."""
    with suppress(OSError, ValueError):
        return any(_temporary(os.listdir(folder)))
    return False


def journals(folder: str) -> list[str]:
    """Return the journals in ``folder`` that no other user can have put there."""
    paths = [os.path.join(folder, JOURNAL)]
    with suppress(OSError):
        if is_sticky(folder):
            pattern = rf"{re.escape(JOURNAL)}-[0-9a-f]{{32}}"
            names = os.listdir(folder)
            paths += [os.path.join(folder, name) for name in names if re.fullmatch(pattern, name)]
    return list(filter(is_own, paths))


def remove_temporary(folder: str) -> list[str]:
    """Remove the temporary files that a killed process left in ``folder``, which is locked.

    Those that a journal lists stay until `journal.recover` has finished what it is about.
    The names that were in the folder are returned.
    """
    with storage_errors("clean", folder):
        names = os.listdir(folder)
    temporary = _temporary(names)
    for name in () if temporary and journals(folder) else temporary:
        remove(os.path.join(folder, name))
    return names


def _missing(path: str) -> list[str]:
    missing: list[str] = []
    while path not in missing and not os.path.isdir(path):
        missing.append(path)
        path = folder_of(path)
    return missing


def remove_empty(folder: str) -> None:
    """Remove a folder that has nothing in it."""
    with suppress(OSError):
        platform.remove_empty(folder)


def _temporary_name(path: str, number: int) -> str:
    return os.path.join(os.path.dirname(path), f".certstrap-{number % 2**64:016x}.tmp")


def is_private(file: NewFile) -> bool:
    """Return whether a new file is for its owner alone, as private keys are."""
    return not file.mode & stat.S_IROTH


def stage_all(files: Sequence[NewFile], temporary: ExitStack) -> list[Staged]:
    """Put files on disk under temporary names; many are flushed at once, as disks do it so."""
    if len(files) <= _FEW:
        return [stage(file, temporary) for file in files]
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - most commands write few

    staged: list[Staged] = []
    with ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, len(files), _AT_ONCE):
            staged += _stage_group(files[start : start + _AT_ONCE], temporary, pool.map)
    return staged


def stage(file: NewFile, temporary: ExitStack) -> Staged:
    """Put a file on disk under a temporary name, which ``temporary`` removes."""
    return _stage_group([file], temporary, map)[0]


def _stage_group(
    files: Sequence[NewFile],
    temporary: ExitStack,
    apply: Callable[[Callable[[_Open], None], list[_Open]], Iterable[None]],
) -> list[Staged]:
    first = int.from_bytes(os.urandom(8))
    names = [_temporary_name(file.path, first + number) for number, file in enumerate(files)]
    descriptors: _Open = []
    try:
        for name, file in zip(names, files, strict=True):
            with storage_errors("write", file.path):
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
                temporary.callback(remove, name)
                descriptor = os.open(name, flags, file.mode)
                descriptors.append((descriptor, file.path))
                rest = memoryview(file.data)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
                if file.keep_mode:
                    platform.copy_access(file.path, descriptor)
        shares = [descriptors[start::_THREADS] for start in range(min(_THREADS, len(descriptors)))]
        list(apply(_sync, shares))
        found = [os.fstat(descriptor) for descriptor, _ in descriptors]
        return [
            Staged(name, (status.st_dev, status.st_ino), file)
            for name, status, file in zip(names, found, files, strict=True)
        ]
    finally:
        for descriptor, _ in descriptors:
            os.close(descriptor)


def _sync(files: _Open) -> None:
    for descriptor, path in files:
        with storage_errors("write", path):
            os.fsync(descriptor)


def give_name(name: str, path: str) -> None:
    """Give a staged file its final name, unless a file has that name."""
    try:
        with storage_errors("write", path):
            platform.link_or_rename(name, path)
    except StorageError as error:
        if isinstance(error.cause, FileExistsError):
            raise PathTakenError(path) from None
        raise


def sync_folder(folder: str) -> None:
    """Wait until the names in ``folder`` are on disk."""
    with storage_errors("write", folder):
        platform.sync_folder(folder)


def keep_old(path: str, temporary: ExitStack, rollback: ExitStack) -> None:
    """Keep the file at ``path`` under a temporary name as well, to restore it if the rest fails."""
    with storage_errors("write", path):
        if os.path.lexists(path):
            rollback.callback(platform.replace, second_name(path, temporary), path)
        else:
            rollback.callback(remove, path)


def second_name(path: str, temporary: ExitStack) -> str:
    """Return a temporary name of the file at ``path``; where no file has two, that of a copy."""
    name = _temporary_name(path, int.from_bytes(os.urandom(8)))
    temporary.callback(remove, name)
    with storage_errors("write", path):
        return name if platform.link(path, name) else _copy(path, temporary)


def _copy(path: str, temporary: ExitStack) -> str:
    fd = os.open(path, _FLAGS)
    try:
        found = os.fstat(fd)
        name = stage(NewFile(path, _content(fd, path, found.st_size), 0o600), temporary).name
    finally:
        os.close(fd)
    os.chmod(name, stat.S_IMODE(found.st_mode))
    return name


def remove(path: str) -> None:
    """Remove a file; one that cannot be removed now is removed by the next command."""
    with suppress(OSError):
        platform.unlink(path)


def remove_if_same(path: str, staged: Staged) -> None:
    """Remove the file at ``path`` if it is the one that was staged."""
    with suppress(OSError, ValueError):
        found = os.lstat(path)
        if (found.st_dev, found.st_ino) == staged.inode:
            platform.unlink(path)
