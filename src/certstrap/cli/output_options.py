"""The options that name a file to write, for which ``-`` never means a file of that name."""

from typing import Any

import typer

from certstrap.cli.console import STANDARD_OUTPUT
from certstrap.errors import RefusedError


def file(*spellings: str, help: str) -> Any:  # noqa: A002 - as typer calls it
    """Return an option that names a file to write; ``-`` is refused."""
    return _option(spellings, help, "A file of that name is ./-.")


def file_or_device(*spellings: str, help: str) -> Any:  # noqa: A002
    """Return the same where a device such as ``/dev/stdout`` may take the place of the file."""
    hint = "Standard output is /dev/stdout, and a file of that name is ./-."
    return _option(spellings, help, hint)


def _option(spellings: tuple[str, ...], text: str, hint: str) -> Any:
    def refuse_dash(param: typer.CallbackParam, value: str) -> str:
        if value == STANDARD_OUTPUT:
            option = param.opts[-1]  # the short spelling, as in the examples of the help
            raise RefusedError(f"{option} needs the name of a file, not -.", hint)
        return value

    return typer.Option(*spellings, metavar="FILE", help=text, callback=refuse_dash)


def file_unless_dash(path: str) -> str:
    """Return the file that ``--output`` names, or nothing for ``-``: standard output."""
    return "" if path == STANDARD_OUTPUT else path
