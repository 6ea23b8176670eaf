"""How many columns of a terminal a text takes: for plain lines, for which rich is not loaded."""

from unicodedata import category, east_asian_width, normalize


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
