"""How texts from others are shown, and how names and files stand in printed command lines."""

from shlex import quote


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


def arguments(name: str, options: str = "") -> str:
    """Return a name and the options of its command, in an order that certstrap can read.

    What begins with a dash is a name only after ``--``, and nothing is an option after that.

    Args:
        name: the name, as it is.
        options: the options with their values, as a shell reads them; empty for none.
    """
    if name.startswith("-"):
        return f"{options} -- {quote(name)}".lstrip()
    return f"{quote(name)} {options}".rstrip()


def option(name: str, value: str) -> str:
    """Return an option with its value, which may begin with a dash."""
    return f"{name}{'=' if value.startswith('-') else ' '}{quote(value)}"


def quoted_path(path: str) -> str:
    """Return the path of a file, which no program can take for an option."""
    return quote(f"./{path}" if path.startswith("-") else path)
