"""Transactions: the only way to write. What is written is collected, and then all of it or nothing.

The folders are locked before anything is read that is to be changed, until all files have their
names, so that nothing changes in between but by programs that take no lock.
"""

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from itertools import groupby
from typing import NamedTuple
from unicodedata import normalize

from certstrap import platform
from certstrap.errors import CertstrapError, PathTakenError, RefusedError, attempted, storage_errors
from certstrap.store import files, journal
from certstrap.store.depot import DepotFolder
from certstrap.store.files import NewFile, Staged, folder_of, is_stream
from certstrap.store.locks import Interrupts, Timeout, locked

Exists = Callable[[str], CertstrapError]
"""Returns the error for the path of a file that already exists."""

Write = Callable[[bytes], None]
"""Writes to a stream that is open."""


_IGNORE = ".gitignore"  # `git add .` would take the keys of a new depot


class Held(NamedTuple):
    """Folders that are locked.

    Attributes:
        made: those that did not exist before.
        names: the files of the depot; None if that is not locked.
    """

    made: tuple[str, ...]
    interrupts: Interrupts
    names: Sequence[str] | None


@contextmanager
def begun(
    depot: DepotFolder | None, outputs: Iterable[str], timeout: Timeout, *, creates: bool
) -> Iterator[Held]:
    """Lock a depot and the folders of outputs for the block, and finish what a killed process left.

    Args:
        depot: None for a command that has none. One that does not exist is not locked.
        creates: whether a missing depot is made; it is removed again if it is empty in the end.

    Raises:
        InUseError, StorageError: a folder cannot be locked.
        UnusableFileError: what a killed process left cannot be finished.
    """
    archive = depot.archive if depot else ""
    if attempted(lambda: files.require_own_folder(archive)):  # there is none that can be trusted
        archive = ""
    create = depot.root if depot and creates else ""
    wanted = dict.fromkeys(folder_of(path) for path in outputs if not is_stream(path))
    if depot:
        wanted[depot.root] = None
    while True:
        folders = [each for each in wanted if os.path.isdir(each) and not _same(each, archive)]
        with locked(folders, timeout, create) as (interrupts, made):
            changed = dict.fromkeys(filter(os.path.isdir, (*folders, create, archive)))
            left = [each for each in changed if files.journals(each)]
            others = [other for each in left for other in journal.others(each)]
            unlocked = [each for each in others if not any(_same(each, one) for one in changed)]
            if not unlocked:
                for each in left:
                    journal.recover(each)
                names = {each: files.remove_temporary(each) for each in changed}
                yield Held(tuple(made), interrupts, names.get(depot.root) if depot else None)
                return
        wanted.update(dict.fromkeys(unlocked))


def _same(folder: str, other: str) -> bool:
    return os.path.isdir(folder) and os.path.isdir(other) and os.path.samefile(folder, other)


class Transaction:
    """What a command writes, while the folders are locked."""

    def __init__(self, depot: DepotFolder, held: Held, open_stream: Callable[[str], Write]) -> None:
        self.depot = depot
        self._held = held
        self._open_stream = open_stream
        self._files: dict[str, NewFile] = {}
        self._streams: dict[str, bytes] = {}
        self._created: list[Staged] = []
        self._removed: list[str] = []

    def exists(self, path: str) -> bool:
        """Return whether a file is there, or added; a pipe outside of the depot is no file."""
        if path in self._files or path in self._streams:
            return True
        folder, _, name = path.rpartition(os.sep)
        is_new = folder == self.depot.root and not self.depot.may_have(name)
        return not is_new and exists(self.depot, path)

    def require_free(self, path: str, error: Exists = PathTakenError) -> None:
        """Refuse a path that a file has, with ``error``, before any work is done for it.

        Raises:
            StorageError: its folder does not exist.
        """
        if self.exists(path):
            raise error(path)
        folder = folder_of(path)
        if folder not in {self.depot.root, self.depot.archive}:  # which are made
            with storage_errors("write", path):
                os.stat(folder)

    def add(self, path: str, data: bytes, mode: int) -> None:
        """Add a new file with that content and mode (less the umask).

        Raises:
            PathTakenError: it exists, or was added already.
        """
        self.require_free(path)
        if is_stream_of(self.depot, path):
            self._open_stream(path)
            self._streams[path] = data
        else:
            self._files[path] = NewFile(path, data, mode)

    def add_or_replace(self, path: str, data: bytes, mode: int, is_own: Callable[[], bool]) -> str:
        """Add a file, or replace one if ``is_own`` says so; return ``Created`` or ``Updated``."""
        if not self.exists(path):
            self.add(path, data, mode)
            return "Created"
        if not is_own():
            raise PathTakenError(path)
        self.replace(path, data, mode)
        return "Updated"

    def replace(self, path: str, data: bytes, mode: int, *, keep_mode: bool = False) -> None:
        """Add a file that takes the place of one that may exist.

        Args:
            path: the file; a link is replaced, not what it leads to.
            keep_mode: whether it gets the mode and the owner of the one that exists.
        """
        self._files[path] = NewFile(path, data, mode, replace=True, keep_mode=keep_mode)

    def remove(self, path: str) -> None:
        """Remove a file, after all others have been written."""
        self._removed.append(path)

    def write_files(self) -> None:
        """Write the files, private keys first, and then remove what is to go; see `write`."""
        new = sorted(self._files.values(), key=lambda file: not files.is_private(file))
        is_new = self.depot.root in self._held.made
        if is_new and any(self.depot.holds(file.path) for file in new):
            new.append(NewFile(os.path.join(self.depot.root, _IGNORE), b"*\n", files.EDITED_MODE))
        with ExitStack() as undo:
            for folder in {folder_of(file.path) for file in new} & {self.depot.archive}:
                for made in files.make_folders(folder):
                    undo.callback(files.remove_empty, made)
                files.require_own_folder(folder)  # it may have come since the archive was read
            self._created = write(new, self._held.interrupts) if new else []
            _remove(self._removed)
            undo.pop_all()
        for folder in self._held.made if new else ():
            files.sync_folder(folder_of(folder))

    def write_streams(self, timeout: Timeout) -> None:
        """Write to pipes and devices, which may wait for who reads them: no lock is held any more.

        If that fails, the files that were created are removed again.
        """
        try:
            for path, data in self._streams.items():
                self._open_stream(path)(data)
        except BaseException:
            folders = {folder_of(each.file.path) for each in self._created}
            with locked(folders, timeout):
                for each in self._created:
                    files.remove_if_same(each.file.path, each)
                for folder in self._held.made:
                    files.remove_empty(folder)
            raise


def write(new: Sequence[NewFile], interrupts: Sequence[int] = ()) -> list[Staged]:
    """Write files in their order, all or none; the caller has locked their folders.

    The first can be seen before the second; each is on disk when this returns, and private keys
    before anything that follows them can be seen. A file that replaces another does so in one step,
    but several files do not all change in one step: if a later one fails, the earlier ones are
    undone, and if this process is killed in between, whoever locks the folder finishes it.

    Args:
        interrupts: the signals of Ctrl-C that have come; it grows meanwhile.

    Returns:
        The files that did not exist before.

    Raises:
        PathTakenError: one of the files exists and is not to be replaced.
        StorageError: the operating system refuses, for example because the disk is full.
        KeyboardInterrupt: it came before all files had their names; none has changed.
    """
    recorded = len(new) > 1 and any(file.replace for file in new)
    with ExitStack() as temporary:
        staged = files.stage_all(new, temporary)
        with journal.recorded(staged) if recorded else nullcontext(), ExitStack() as rollback:
            for _, group in groupby(staged, lambda each: files.is_private(each.file)):
                _give_names(list(group), temporary, rollback, keep_staged=recorded)
            if interrupts:
                raise KeyboardInterrupt
            rollback.pop_all()
    return [each for each in staged if not each.file.replace]


def _remove(paths: Sequence[str]) -> None:
    """Remove files, all or none unless this process is killed."""
    with ExitStack() as temporary, ExitStack() as rollback:
        for path in paths:
            files.keep_old(path, temporary, rollback)
            with storage_errors("remove", path):
                platform.unlink(path)
        for folder in dict.fromkeys(map(folder_of, paths)):
            files.sync_folder(folder)
        rollback.pop_all()


def _give_names(
    staged: Sequence[Staged], temporary: ExitStack, rollback: ExitStack, *, keep_staged: bool
) -> None:
    """Give staged files their names, and wait until these are on disk; ``rollback`` undoes it."""
    for new in staged:
        path = new.file.path
        if new.file.replace:
            files.keep_old(path, temporary, rollback)
            name = files.second_name(new.name, temporary) if keep_staged else new.name
            with storage_errors("write", path):
                platform.replace(name, path)
        else:
            rollback.callback(files.remove_if_same, path, new)
            files.give_name(new.name, path)
    for folder in dict.fromkeys(folder_of(new.file.path) for new in staged):
        files.sync_folder(folder)


def exists(depot: DepotFolder, path: str) -> bool:
    """Return whether a file is there; a pipe outside of the depot is no file."""
    return os.path.lexists(path) and not is_stream_of(depot, path)


def is_stream_of(depot: DepotFolder, path: str) -> bool:
    """Return whether a path is of a pipe or a device, and not of something in the depot."""
    if os.path.dirname(path) == depot.root:
        return False
    return is_stream(path) and not depot.holds(path)


def require_apart(path: str, *others: str) -> None:
    """Refuse a path that leads to the same file as another one, however they are spelled."""
    for other in others:
        if path == other or _place(path) & _place(other):
            raise RefusedError(
                f"{path} is given for two files.",
                f"{other} is the same file: use a different path for each.",
            )


def _place(path: str) -> set[tuple[int, int, str]]:
    """Return what two paths have in common if they lead to one file; a pipe is no file.

    A file is known by its inode; one that does not exist yet, by its folder and its name, which
    some file systems compare without case and in another form of Unicode.
    """
    with suppress(OSError, ValueError):
        found = os.stat(path)
        return {(found.st_dev, found.st_ino, "")} if stat.S_ISREG(found.st_mode) else set()
    real = os.path.realpath(path)
    with suppress(OSError, ValueError):
        folder = os.stat(os.path.dirname(real))
        name = normalize("NFC", os.path.basename(real).casefold())
        return {(folder.st_dev, folder.st_ino, name)}
    return set()  # writing says that the folder is missing
