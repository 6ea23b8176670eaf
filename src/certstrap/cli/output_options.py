"""What ``-`` means for the options that name a file to write: never a file of that name."""

import typer

from certstrap.cli.console import STANDARD_OUTPUT
from certstrap.errors import RefusedError


def require_file(param: typer.CallbackParam, value: str) -> str:
    """Refuse ``-`` as the value of an option that names a file to write.

    Raises:
        RefusedError: it is ``-``.
    """
    return _file(param, value, "A file of that name is ./-.")


def require_file_or_device(param: typer.CallbackParam, value: str) -> str:
    """Do the same where a device such as ``/dev/stdout`` takes the place of a file."""
    hint = "Standard output is /dev/stdout, and a file of that name is ./-."
    return _file(param, value, hint)


def _file(param: typer.CallbackParam, value: str, hint: str) -> str:
    if value == STANDARD_OUTPUT:
        option = param.opts[-1]  # the short spelling, as in the examples of the help
        raise RefusedError(f"{option} needs the name of a file, not -.", hint)
    return value


def file_unless_dash(path: str) -> str:
    """Return the file that ``--output`` names, or nothing for ``-``: standard output."""
    return "" if path == STANDARD_OUTPUT else path
