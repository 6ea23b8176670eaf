"""Streams: the pipes and devices that a user may name in the place of a file.

Among them are ``/dev/stdin``, ``/dev/stdout``, FIFOs and the ``<(command)`` of a shell. A stream is
read once, to its end, and written without a temporary file.
"""

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from certstrap.errors import TooLargeError, storage_errors

STANDARD_INPUT = "-"  # in the place of a file that is read

_DESCRIPTOR = r"/dev/(?:std(in|out|err)|fd/([0-9]{1,6}))|/proc/self/fd/([0-9]{1,6})"
_HINT = "Check where it leads."
_STANDARD = {"in": 0, "out": 1, "err": 2}


def source_of(path: str) -> str:
    """Return how a file that the user named is called in messages."""
    return "standard input" if path == STANDARD_INPUT else path


def is_stream(path: str) -> bool:
    """Tell if ``path`` names a pipe, a device or an open file, and not a file or a folder."""
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


def read(path: str) -> bytes:
    """Return all that the stream has.

    Raises:
        TooLargeError: it has more than 64 MB, or does not end.
        StorageError: the operating system refuses.
    """
    with storage_errors("read", path, _HINT), open(descriptor(path, os.O_RDONLY), "rb") as stream:
        data = stream.read(TooLargeError.LIMIT + 1)
    if len(data) > TooLargeError.LIMIT:
        raise TooLargeError(path)
    return data


@contextmanager
def writing(path: str) -> Iterator[Callable[[bytes], None]]:
    """Open the stream, and yield what writes to it.

    Raises:
        StorageError: the operating system refuses.
    """
    with ExitStack() as stack:
        with storage_errors("write", path, _HINT):
            stream = stack.enter_context(open(descriptor(path, os.O_WRONLY), "wb", buffering=0))

        def write(data: bytes) -> None:
            with storage_errors("write", path, _HINT):
                rest = memoryview(data)
                while rest:
                    rest = rest[stream.write(rest) :]

        yield write
