"""What to do about arguments that a command does not take."""

from collections.abc import Sequence

import typer

from certstrap.shell import arguments, option

_NAMED_WITH = {"init": "--common-name", "request-cert": "--common-name", "revoke": "--CN"}
"""The commands that take their name with an option, as certstrap has it."""


def hint_for(ctx: typer.Context, extra: Sequence[str]) -> str:
    """Return what to do about the arguments ``extra``, which the command does not take."""
    command, name = ctx.command.name or "", " ".join(extra)
    if command in _NAMED_WITH and not ctx.params["common_name"]:
        return f"Use {option(_NAMED_WITH[command], name)}"
    if command == "status":
        return f"It shows the whole depot; for one name, use: certstrap inspect {arguments(name)}"
    quotes = "name or value with spaces goes between quotes."
    if command in _NAMED_WITH:
        return f"It takes one name, with {_NAMED_WITH[command]}; a {quotes}"
    takes_name = any(param.param_type_name == "argument" for param in ctx.command.params)
    return f"It takes one name; a {quotes}" if takes_name else f"A {quotes}"
