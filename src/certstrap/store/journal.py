"""Journals: files that replace others change all or not at all, even if the process is killed.

When all new files of a command are on disk under temporary names, and before the first of them
replaces another, a journal in each of their folders lists them. It is removed when all have their
own names. If the process is killed, the next one that locks such a folder finds the journal: if
every folder has its own, it finishes what they list; otherwise nothing has changed yet, or
everything has, and it removes the journals.

A journal counts only if nobody else can have put it there. In a folder where only its owner can
remove a file (mode 1777, as of ``/tmp``), everybody has journals of names of their own, so that
nobody can keep others from writing one.
"""

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import NamedTuple

from certstrap import documents, platform
from certstrap.errors import (
    CertstrapError,
    PathTakenError,
    StorageError,
    UnusableFileError,
    storage_errors,
)
from certstrap.store import files
from certstrap.store.files import JOURNAL, NewFile, Staged, folder_of
from certstrap.text import printable

_MODE = 0o600
_MOST_BYTES = 16 * 1024 * 1024  # of a journal; a renewal of 10,000 certificates has half of that
_LONGEST_NAME = 255  # bytes; the limit of every common file system


class Step(NamedTuple):
    """A staged file, the name it gets, and whether it replaces a file; both are in one folder."""

    staged: str
    name: str
    replace: bool


class Journal(NamedTuple):
    """What one command changes in a folder.

    Attributes:
        identifier: is the same in the journals of one command, and in no others.
        others: the other folders that it changes, relative to this one.
        steps: what it changes in this one, in order.
    """

    identifier: str
    others: tuple[str, ...]
    steps: tuple[Step, ...]

    @classmethod
    def parse(cls, data: bytes, path: str) -> "Journal":
        """Return the journal with that content.

        Raises:
            ValueError, UnusableFileError: it is not one, leads out of its folder, or is too large.
        """
        if len(data) > _MOST_BYTES:
            raise ValueError
        found = documents.parse_json(data.decode(), path)
        try:
            steps = tuple(Step(*step) for step in found["steps"])
            journal = cls(found["identifier"], tuple(found["others"]), steps)
        except (TypeError, KeyError):
            raise ValueError from None
        names = [name for step in steps for name in step[:2]]
        texts = [journal.identifier, *journal.others, *names]
        if not all(isinstance(text, str) for text in texts) or not all(map(_is_safe, steps)):
            raise ValueError
        return journal

    @property
    def data(self) -> bytes:
        """Its content."""
        return json.dumps(self._asdict()).encode()


def _is_safe(step: Step) -> bool:
    """Return whether a step stays in its folder, and gives a name to a staged file."""
    plain = step.name == os.path.basename(step.name) and step.name not in {"", ".", ".."}
    fits = len(os.fsencode(step.name)) <= _LONGEST_NAME and "\0" not in step.name
    return plain and fits and files.is_temporary(step.staged)


@contextmanager
def recorded(staged: Sequence[Staged]) -> Iterator[None]:
    """Have a journal of the staged files in each of their folders for the block.

    There must be none yet: one that is there cannot be finished.
    """
    groups: dict[tuple[int, int], list[Staged]] = defaultdict(list)
    for new in staged:
        status = os.stat(folder_of(new.name))
        groups[status.st_dev, status.st_ino].append(new)
    folders = {folder_of(group[0].name): group for group in groups.values()}
    identifier = os.urandom(16).hex()
    with ExitStack() as journals:
        for folder, group in folders.items():
            others = (platform.relative_folder(each, folder) for each in folders if each != folder)
            steps = (
                Step(os.path.basename(new.name), os.path.basename(new.file.path), new.file.replace)
                for new in group
            )
            _write(Journal(identifier, tuple(others), tuple(steps)), folder, journals)
        try:
            yield
        except BaseException:
            journals.close()
            with suppress(StorageError):
                for folder in folders:
                    files.sync_folder(folder)
            raise


def _write(journal: Journal, folder: str, journals: ExitStack) -> None:
    name = f"{JOURNAL}-{journal.identifier}" if files.is_sticky(folder) else JOURNAL
    path = os.path.join(folder, name)
    with ExitStack() as temporary:
        new = files.stage(NewFile(path, journal.data, _MODE), temporary)
        journals.callback(files.remove_if_same, path, new)
        try:
            files.give_name(new.name, path)
        except PathTakenError:
            raise _unfinished(path, "cannot be used by this one") from None
        files.sync_folder(folder)


def others(folder: str) -> list[str]:
    """Return the other folders, which must exist, that the journals in ``folder`` name."""
    return [each for path, journal in _read(folder) for each in _others(path, journal)]


def _others(path: str, journal: Journal) -> list[str]:
    found = [os.path.join(os.path.dirname(path), other) for other in journal.others]
    for other in found:
        if not os.path.isdir(other):
            raise _unfinished(path, f"needs {printable(other)}, which is missing")
    return found


def recover(folder: str) -> None:
    """Finish what a killed process began to replace in ``folder`` and the `others`; all are locked.

    Raises:
        UnusableFileError: it cannot be finished, as another of its folders is missing.
        StorageError: the operating system refuses.
    """
    for path, journal in _read(folder):
        involved = [folder, *_others(path, journal)]
        parts = [
            part
            for each in involved
            for part in _read(each)
            if part[1].identifier == journal.identifier
        ]
        if len(parts) == len(involved):
            for part in parts:
                _finish(*part)
        for each, _ in parts:
            with storage_errors("remove", each):
                platform.unlink(each)
            files.remove_temporary(os.path.dirname(each))


def _finish(journal_path: str, journal: Journal) -> None:
    folder = os.path.dirname(journal_path)
    for step in journal.steps:
        staged, path = os.path.join(folder, step.staged), os.path.join(folder, step.name)
        with storage_errors("finish replacing", f"{path}, as {journal_path} says"):
            if not files.is_own(staged):  # it has its name since before the process was killed
                continue
            if step.replace:
                platform.replace(staged, path)
        if not step.replace:
            with suppress(PathTakenError):
                files.give_name(staged, path)
        files.sync_folder(folder)


def _read(folder: str) -> Iterator[tuple[str, Journal]]:
    """Yield each journal in ``folder`` that this user can trust, with its path."""
    for path in files.journals(folder):
        with suppress(CertstrapError, ValueError):
            yield path, Journal.parse(files.read(path, "journal", own=True), path)


def _unfinished(path: str, reason: str) -> UnusableFileError:
    return UnusableFileError(
        path,
        f"was left by a killed command, and {reason}",
        "Run a command there as the user who ran that one, or remove the file and check which "
        "files belong together.",
    )
