"""JSON and TOML that others wrote, read within limits: of bytes, of levels, of a key's parts.

The readers of the standard library take minutes for some files, and run out of stack for others.
"""

import json
import re
import tomllib
from collections.abc import Callable
from typing import Any

from certstrap.errors import TooLargeError, UnusableFileError

MOST_BYTES = 1024 * 1024
"""Of a file that a person writes; a list of 10,000 certificates has half of that."""

_MOST_LEVELS = 64
_MOST_PARTS = 40
_MOST_BITS = 64
_TOO_DEEP = "it nests too deep"
_PART = r"""(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
# A key that is not quoted, or that is (TOML 1.0, Keys). It begins where no other can have begun, so
# that no character is looked at more than as often as a key may have parts.
_LONG_KEY = rf"""(?<![\w.\\-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{_MOST_PARTS}}}"""


class InvalidDocumentError(UnusableFileError):
    """A file is not JSON, or not TOML.

    Attributes:
        why: the reason, without the place.
        line: the line that is wrong; 0 if that is not known.
    """

    def __init__(self, path: str, language: str, reason: str, hint: str = "") -> None:
        at = re.search(r"\(at line (\d+), column \d+\)$", reason)
        self.line = int(at[1]) if at else 0
        self.why = reason[: at.start()].rstrip() if at else reason
        reason = f"is not {language} that can be read: {reason}"
        super().__init__(path, reason, hint or "Correct it, and try again.")


def text_of(data: bytes, path: str, encoding: str = "utf-8") -> str:
    """Return the text of a file that a person writes.

    Raises:
        TooLargeError: it has more than 1 MB.
        UnusableFileError: it is not UTF-8.
    """
    if len(data) > MOST_BYTES:
        raise TooLargeError(path, MOST_BYTES)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise UnusableFileError(path, "is not text in UTF-8", "Save it as UTF-8.") from None


Pairs = list[tuple[str, object]]


def parse_json(text: str, path: str, make: Callable[[Pairs], object] = dict, hint: str = "") -> Any:
    """Return what a JSON text holds; ``make`` makes a value of the pairs of each object, in order.

    The path and the hint are for the error.

    Raises:
        InvalidDocumentError: it is not JSON, or nests too deep.
    """
    return _parsed(lambda: json.loads(text, object_pairs_hook=make), path, "JSON", hint)


def parse_toml(text: str, path: str) -> dict[str, Any]:
    """Return what a TOML text holds.

    Raises:
        InvalidDocumentError: it is not TOML, nests too deep, or has a key of too many parts.
    """
    long_key = re.search(_LONG_KEY, text)
    if long_key:
        line = text.count("\n", 0, long_key.start()) + 1
        reason = f"A key has more than {_MOST_PARTS} parts (at line {line}, column 1)"
        raise InvalidDocumentError(path, "TOML", reason)
    found: dict[str, Any] = _parsed(lambda: tomllib.loads(text), path, "TOML")
    return found


def _parsed(load: Callable[[], Any], path: str, language: str, hint: str = "") -> Any:
    try:
        found = load()
        _require_plain(found)
    except RecursionError:
        reason = _TOO_DEEP
    except ValueError as error:  # a number of more than 4,300 digits too
        reason = str(error).partition(";")[0]
    else:
        return found
    raise InvalidDocumentError(path, language, reason, hint)


def _require_plain(found: object) -> None:
    """Raise ValueError for what whoever compares or shows the values might stumble over."""
    level = [found]
    for _ in range(_MOST_LEVELS):
        if any(isinstance(each, int) and each.bit_length() > _MOST_BITS for each in level):
            raise ValueError(f"a number has more than {_MOST_BITS} bits")
        level = [child for each in level for child in _children(each)]
    if level:
        raise ValueError(_TOO_DEEP)


def _children(value: object) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
