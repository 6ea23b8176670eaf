"""How values are written for readers and for programs, and how texts from others are shown."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from unicodedata import category, east_asian_width, normalize


def timestamp(instant: datetime) -> str:
    """Return an instant for programs: in ISO 8601 and UTC, as in ``2026-11-23T12:00:00Z``."""
    return f"{instant.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def utc(instant: datetime) -> str:
    """Return an instant for readers: in UTC, to the second, as in ``2026-11-23 12:00:00 UTC``."""
    return f"{instant.replace(tzinfo=None).isoformat(' ', 'seconds')} UTC"


def days_left(end: datetime, now: datetime) -> int:
    """Return the days until ``end``, to the nearest; negative if it was days ago."""
    return (end - now + timedelta(hours=12)).days


def time_left(end: datetime, now: datetime) -> str:
    """Return the time until ``end``, which is to come: below two days in hours, then minutes."""
    hours, rest = divmod(end - now, timedelta(hours=1))
    if hours >= 48:  # noqa: PLR2004 - two days
        number, unit = days_left(end, now), "day"
    elif hours:
        number, unit = hours, "hour"
    else:
        number, unit = max(rest // timedelta(minutes=1), 1), "minute"
    return f"{number} {unit}{'' if number == 1 else 's'}"


def serial_number(number: int) -> str:
    """Return a serial number in upper-case hex, as OpenSSL writes it."""
    return f"{number:X}"


def with_capital(sentence: str) -> str:
    """Return a sentence with a capital, if it begins with standard input: that is no path."""
    begins_so = sentence.startswith(("standard input ", "standard input:"))
    return f"S{sentence[1:]}" if begins_so else sentence


def quoted(text: str) -> str:
    """Return ``text`` between quotes, safe to print on a terminal."""
    return f'"{printable(text)}"'


def printable(text: str) -> str:
    """Return ``text`` without control sequences, cut to 80 characters."""
    shown = escaped(text)
    return shown if len(shown) <= 80 else shown[:79] + "…"  # noqa: PLR2004 - the docstring says it


def escaped(text: str) -> str:
    """Return ``text`` with the characters that a terminal could interpret escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def columns(text: str) -> int:
    """Return how many columns ``text`` takes, with the widths of Unicode Standard Annex 11.

    The annex gives none to marks; here, marks and format characters take no column of their own, as
    terminals draw them in that of the character before.
    """
    return len(text) if text.isascii() else sum(map(_columns_of, normalize("NFC", text)))


def _columns_of(character: str) -> int:
    if category(character) in {"Mn", "Mc", "Me", "Cf"}:
        return 0
    return 2 if east_asian_width(character) in {"W", "F"} else 1


def padded(text: str, width: int) -> str:
    """Return ``text`` with spaces after it, so that it takes at least ``width`` columns."""
    return text + " " * (width - columns(text))


def wrapped(text: str, width: int) -> Iterator[str]:
    """Yield the lines of ``text`` in ``width`` columns, if that is not 0; no word is cut."""
    line, *words = text.split(" ") if width else [text]
    for word in words:
        if columns(f"{line} {word}") > width:
            yield line
            line = word
        else:
            line += f" {word}"
    yield line


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: ``1 CA``, ``2 CAs``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def enumerated(words: Sequence[str]) -> str:
    """Return words for a sentence, as in "Python, .NET and Ruby"."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
