"""How texts from others are shown."""


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
