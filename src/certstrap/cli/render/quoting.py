"""Values as programs and shells read them. No value has control characters or line breaks."""

from collections.abc import Callable
from shlex import quote

Quote = Callable[[str], str]


def double(text: str) -> str:
    """Return a string in double quotes, as in Python, Go, C# and YAML.

    Go refuses a byte order mark that is not written as an escape.
    """
    return '"' + _escaped(text, '"').replace("\ufeff", "\\ufeff") + '"'


def single(text: str) -> str:
    """Return a string in single quotes, as in TypeScript, Ruby, PHP and fish."""
    return "'" + _escaped(text, "'") + "'"


def java_string(text: str) -> str:
    """Return a string of Java; its source may be read in any encoding that contains ASCII."""
    units = double(text).encode("utf-16-be")
    return "".join(
        chr(unit) if unit < 0x80 else f"\\u{unit:04x}"  # noqa: PLR2004 - ASCII
        for unit in (int.from_bytes(units[i : i + 2]) for i in range(0, len(units), 2))
    )


def posix(text: str) -> str:
    """Return a word of a POSIX shell."""
    return quote(text)


def fish(text: str) -> str:
    """Return a word of fish, whose single quotes know a backslash."""
    return single(text)


_POWERSHELL_QUOTES = str.maketrans({c: c * 2 for c in "'\u2018\u2019\u201a\u201b"})


def powershell(text: str) -> str:
    """Return a word of PowerShell, which takes typographic quotes for plain ones."""
    return "'" + text.translate(_POWERSHELL_QUOTES) + "'"


def _escaped(text: str, mark: str) -> str:
    return text.replace("\\", "\\\\").replace(mark, "\\" + mark)


SHELLS: dict[str, Quote] = {"sh": posix, "powershell": powershell, "fish": fish}
