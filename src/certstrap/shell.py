"""Names and files in the command lines that are printed, which are pasted into a POSIX shell."""


def arguments(name: str, options: str = "") -> str:
    """Return a name and the options of its command, in an order that certstrap can read.

    What begins with a dash is a name only after ``--``, and nothing is an option after that.

    Args:
        name: the name, as it is.
        options: the options with their values, as a shell reads them; empty for none.
    """
    if name.startswith("-"):
        return f"{options} -- {_quote(name)}".lstrip()
    return f"{_quote(name)} {options}".rstrip()


def option(name: str, value: str) -> str:
    """Return an option with its value, which may begin with a dash."""
    return f"{name}{'=' if value.startswith('-') else ' '}{_quote(value)}"


def file(path: str) -> str:
    """Return the path of a file, which no program can take for an option."""
    return _quote(f"./{path}" if path.startswith("-") else path)


def _quote(text: str) -> str:
    from shlex import quote  # noqa: PLC0415 - few commands print a command line

    return quote(text)
