"""Where the passphrases of a command come from."""

import os
import stat
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self, TypeVar
from unicodedata import normalize

from certstrap.errors import (
    AlreadyExistsError,
    CertstrapError,
    ChangedError,
    NotFoundError,
    PathTakenError,
    RefusedError,
    storage_errors,
)
from certstrap.hints import Hint
from certstrap.pki.build import Issuer
from certstrap.pki.key_files import Passphrase
from certstrap.pki.keys import PBKDF2_ROUNDS, KeySpec, PrivateKey
from certstrap.store import files
from certstrap.store.depot import Depot
from certstrap.store.files import STANDARD_INPUT, NewFile, source_of
from certstrap.store.locks import PATIENT, FolderId, Patience, folder_id, locked

if TYPE_CHECKING:
    from certstrap.operations.ca import CA


class Passphrases(NamedTuple):
    """Functions that return a passphrase, each called only when one is needed.

    Attributes:
        opening: the passphrase of a key that is encrypted.
        opening_ca: the same, for the key of a CA that signs.
        new: the passphrase of a new key; empty leaves it unencrypted.
        explicit: whether the user gave a passphrase to this very command, and so believes that it
            protects something.
        opening_pkcs12: the passphrase of a PKCS#12 file that is encrypted.
    """

    opening: Passphrase
    opening_ca: Passphrase
    new: Passphrase
    explicit: bool = False
    opening_pkcs12: Passphrase = bytes

    def require_used(self, path: str, secret: bytes) -> None:
        """Refuse a passphrase that protects nothing.

        Raises:
            RefusedError: one was given to the command, and the key at ``path`` needed none.
        """
        if self.explicit and not secret:
            raise RefusedError(
                f"{path} is not encrypted, and the passphrase would not protect it.",
                "Leave the passphrase out; export-pkcs8 --encrypt writes an encrypted copy.",
            )


Generate = Callable[[KeySpec], PrivateKey]
"""Generates a key; it may take its time, and whoever provides it may show that."""

Taken = Callable[[str], CertstrapError]
"""Returns the error for the path of a file that exists already."""

Result = TypeVar("Result")


class Plan:
    """The new files of one command. They are written when the block ends without an error.

    Attributes:
        depot: the depot that the command works on.
        passphrases: where its passphrases come from.
        now: the instant of the command.
        generate: generates its keys.
        standard_input: returns all of standard input, which is empty otherwise.
        patience: how long it waits for another process.
        rounds: of PBKDF2, which encrypt its keys.
        cas: the CAs that may sign, by stem; each is checked once.
        issuers: the CAs whose keys are open, by stem; a key is opened once.
    """

    def __init__(
        self,
        depot: Depot,
        passphrases: Passphrases,
        now: datetime,
        generate: Generate = KeySpec.generate,
        standard_input: Callable[[], bytes] = bytes,
        patience: Patience = PATIENT,
        rounds: int = PBKDF2_ROUNDS,
    ) -> None:
        self.depot = depot
        self.passphrases = passphrases
        self.now = now
        self.generate = generate
        self.standard_input = standard_input
        self.patience = patience
        self.rounds = rounds
        self.cas: dict[str, CA] = {}
        self.issuers: dict[str, Issuer] = {}
        self._files: dict[str, NewFile] = {}
        self._streams: dict[str, bytes] = {}
        self._taken: dict[str, Taken] = {}
        self._optional: set[str] = set()
        self._expected: dict[str, bytes | None] = {}
        self._archives = False
        self._locks = ExitStack()
        self._held: frozenset[FolderId] = frozenset()
        self._swept: set[str] = set()

    def __enter__(self) -> Self:
        self.settle(self.depot.root, self.depot.archive)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._locks:
            if kind is None:
                self.commit()

    def read(self, path: str, kind: str) -> bytes:
        """Return the content of a file that the user named, which may be a pipe; ``-`` too.

        Args:
            path: the file, or ``-`` for standard input.
            kind: what it should hold, for error messages.

        Raises:
            NotFoundError, UnusableFileError, StorageError: see `files.read`.
        """
        if path == STANDARD_INPUT:
            with storage_errors("read", source_of(path)):
                return self.standard_input()
        if self._is_stream(path):
            return files.read_stream(path)
        return files.read(path, kind)

    def exists(self, path: str) -> bool:
        """Return whether a file is there, or is planned; a pipe outside of the depot is no file."""
        planned = path in self._files or path in self._streams
        return planned or (os.path.lexists(path) and not self._is_stream(path))

    def _is_stream(self, path: str) -> bool:
        if os.path.dirname(path) == self.depot.root:
            return False
        return files.is_stream(path) and not self.depot.holds(path)

    def require_free(self, path: str, taken: Taken = PathTakenError) -> None:
        """Refuse a path that is taken, before any work is done for it.

        Raises:
            CertstrapError: what ``taken`` returns: the file exists or is planned.
        """
        if self.exists(path):
            raise taken(path)

    def add(self, path: str, data: bytes, mode: int, taken: Taken = PathTakenError) -> None:
        """Plan a new file with that content and mode (less the umask).

        Raises:
            CertstrapError: what ``taken`` returns: it is planned already; or, when the plan is
                carried out, the file exists.
        """
        if path in self._files or path in self._streams:
            raise taken(path)
        if self._is_stream(path):
            self._streams[path] = data
            return
        self._files[path] = NewFile(path, data, mode)
        self._taken[path] = taken

    def add_if_missing(self, path: str, data: bytes, mode: int) -> None:
        """Plan a new file in the depot, which is left out if another process creates it first."""
        self._files[path] = NewFile(path, data, mode)
        self._optional.add(path)

    def replace(self, path: str, data: bytes, mode: int) -> None:
        """Plan a file that takes the place of one that may exist."""
        self._files[path] = NewFile(path, data, mode, replace=True)

    def read_to_replace(self, path: str, kind: str, hint: Hint | str = "") -> tuple[str, bytes]:
        """Return the real path and the content of a file of the user that is to be replaced.

        No other process that respects locks changes it until the plan is carried out.

        Args:
            path: the file; a link to it stays a link.
            kind: what it should hold, for error messages.
            hint: what to do if it does not exist.

        Raises:
            NotFoundError, UnusableFileError, StorageError: see `files.read`.
        """
        files.read(path, kind, hint=hint)
        real = os.path.realpath(path)
        self._lock(os.path.dirname(real))
        return real, files.read(real, kind, hint=hint)

    def replace_alike(self, path: str, data: bytes) -> None:
        """Plan new content for a file that exists; its mode and its owner stay as they are."""
        self._files[path] = NewFile(path, data, files.EXPORT_MODE, replace=True, alike=True)

    def expect(self, path: str) -> None:
        """Let the plan fail if a file of the depot has changed when it is carried out.

        To be called before the file is read, for what the plan depends on; it need not exist.

        Raises:
            ChangedError: when the plan is carried out.
        """
        if path not in self._expected:
            self._expected[path] = _content(path)

    def archive(self, path: str, to: str, mode: int) -> None:
        """Plan a copy, in the depot's archive, of a file that is about to be replaced.

        Raises:
            PathTakenError: a file has the name ``to``; now, or when the plan is carried out.
            ChangedError: the file is another one when the plan is carried out.
        """
        self.expect(path)
        data = self._expected[path]
        assert data is not None, path  # noqa: S101 - the caller has found the file
        self._archives = True
        self.add(to, data, mode)

    def settle(self, *folders: str) -> None:
        """Finish what a killed process began to replace in ``folders``, before they are read.

        Raises:
            CertstrapError: it cannot be finished.
        """
        if any(os.path.lexists(os.path.join(folder, files.JOURNAL)) for folder in folders):
            from certstrap.store import journal  # noqa: PLC0415 - rarely needed

            journal.settle(folders, self._held, self.patience)

    def lock(self) -> None:
        """Hold the depot's lock from now on, to change what is read.

        Raises:
            InUseError: another process holds it for too long.
            StorageError: there is no depot, or the operating system refuses.
        """
        self._lock(self.depot.root)

    def _lock(self, *folders: str) -> None:
        """Lock folders; the archive has no lock of its own, but that of the depot."""
        root, archive = self.depot.root, self.depot.archive
        kept = {*folders}
        if os.path.isdir(archive):
            kept = {root if os.path.samefile(each, archive) else each for each in folders}
        self.settle(*kept)
        self._held = self._locks.enter_context(locked(kept, self._held, self.patience))
        if os.path.isdir(archive) and folder_id(root) in self._held:
            kept.add(archive)
        for folder in kept - self._swept:
            files.remove_temporary(folder)
            self._swept.add(folder)

    def commit(self) -> None:
        """Write what is planned, all or nothing; a plan for many certificates goes on after that.

        Raises:
            CertstrapError: a file that was free exists now, or the operating system refuses.
        """
        if self._files or self._streams:
            self._write()
        self.drop()

    def carry_out(
        self, steps: Callable[[], Result], again: Callable[[], Result] | None = None
    ) -> Result:
        """Run ``steps``, which commit what they plan, and return their result.

        If another process creates or changes a part of it at the same time, all is forgotten that
        was planned and known, and ``again`` runs, or the same steps once more, with what exists
        then, while this process alone uses the depot.
        """
        try:
            return steps()
        except (AlreadyExistsError, PathTakenError, ChangedError):
            self._start_again()
            return (again or steps)()

    def _start_again(self) -> None:
        self.drop()
        self.settle(self.depot.root, self.depot.archive)
        self.lock()
        self.cas.clear()
        self.issuers.clear()
        self.depot = Depot(self.depot.root)

    def drop(self) -> None:
        """Plan nothing, and hold no lock."""
        for planned in (
            self._files, self._streams, self._taken, self._optional, self._expected,
        ):  # fmt: skip
            planned.clear()
        self._archives = False
        self._locks.close()
        self._held = frozenset()

    def _write(self) -> None:
        with ExitStack() as stack:
            # Opened first: a FIFO waits for its reader, and Ctrl-C may end that.
            opened = [
                (stack.enter_context(files.stream_writer(path)), data)
                for path, data in self._streams.items()
            ]

            def write_streams() -> None:
                for write, data in opened:
                    write(data)

            if any(self.depot.holds(path) for path in self._files):
                stack.enter_context(files.folder_for(self.depot.root))
                if self._archives:
                    stack.enter_context(files.folder_for(self.depot.archive))
            folders = {os.path.dirname(path) or "." for path in self._files}
            # If a folder is missing, writing says which file cannot be written.
            self._lock(*filter(os.path.isdir, folders))
            for path, content in self._expected.items():
                if _content(path) != content:
                    raise ChangedError(path)
            new = [
                file
                for path, file in self._files.items()
                if not (path in self._optional and os.path.lexists(path))
            ]
            # Keys first: what depends on one is seen only when it is on disk.
            new.sort(key=lambda file: not files.is_private(file))
            try:
                files.write(new, write_streams, _record_of(new))
            except PathTakenError as error:
                raise self._taken.get(error.path, PathTakenError)(error.path) from None


def _content(path: str) -> bytes | None:
    """Return the content of a file of the depot; None if there is none."""
    try:
        return files.read(path, "file", own=True)
    except NotFoundError:
        return None


def _record_of(new: list[NewFile]) -> files.Record | None:
    """Return what records files that change all or not at all, if a new one alone would do harm."""
    if len(new) == 1 or not any(file.replace for file in new):
        return None
    from certstrap.store import journal  # noqa: PLC0415 - most commands only create files

    return journal.recorded


def require_apart(path: str, *others: str) -> None:
    """Refuse a path that leads to the same file as another one, however they are spelled.

    Raises:
        RefusedError: writing one would destroy the other.
    """
    for other in others:
        if path == other or _place(path) & _place(other):
            raise RefusedError(
                f"{path} is given for two files.",
                f"{other} is the same file: use a different path for each.",
            )


def _place(path: str) -> set[tuple[int, int, str]]:
    """Return what two paths have in common if they lead to one file; a pipe is no file.

    A file is known by its inode. One that does not exist yet is known by its folder and its name,
    which some file systems compare without case and in another form of Unicode.
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
