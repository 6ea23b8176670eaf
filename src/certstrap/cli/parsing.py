"""How command lines are read: by typer, but spelled as certstrap's users may spell them.

certstrap's parser is Go's, which takes ``-ca x``, ``--ca=x`` and ``--flag=false``; and its scripts
say ``certstrap help sign``.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from inspect import Parameter, Signature, signature
from itertools import takewhile
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.models import OptionInfo

from certstrap.cli.help import HelpPage

_BEFORE = {  # the options that go before the command, and their values
    "depot-path": ("--depot-path", "DIR"),
    "wait": ("--wait", "SECONDS"),
}


class Command(HelpPage, TyperCommand):
    """A command whose options may have one dash, and which has a hint for what it does not take."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments as `with_two_dashes` spells them; refuse misplaced or extra ones."""
        for arg in takewhile("--".__ne__, args):  # what follows are names
            option, value = _BEFORE.get(arg.partition("=")[0].lstrip("-"), ("", ""))
            if option and arg.startswith("-"):
                line = f"certstrap {option} {value} {self.name} ..."
                ctx.fail(f"{option} goes before the command: {line}")
        extra = super().parse_args(ctx, with_two_dashes(args, self.params))
        if extra and not ctx.resilient_parsing:
            sentence = f"Got unexpected extra argument(s) ({' '.join(extra)})"
            takes_name = any(param.param_type_name == "argument" for param in self.params)
            hint = "It takes one name; a" if takes_name else "A"
            ctx.fail(f"{sentence}\nHint: {hint} name or value with spaces goes between quotes.")
        return extra


class Group(HelpPage, TyperGroup):
    """A group whose options may have one dash, and which has a command ``help``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the options before the command as `with_two_dashes` spells them."""
        return super().parse_args(ctx, with_two_dashes(args, self.params, interspersed=False))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command to go on with: for ``help sign``, that of ``sign --help``."""
        if args == ["help"] and not ctx.resilient_parsing:
            typer.echo(ctx.get_help())
            ctx.exit()
        if args[0] == "help":
            args = [*args[1:], "--help"]
        return super().resolve_command(ctx, args)


def as_typer_reads(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command with a parameter for each option of its groups, and the context of typer.

    The command gets a `Context` first. A group is the default of one parameter: a named tuple of
    options, in whose place the command gets one of their values. These are texts, flags, and lists
    of texts where the default is empty.
    """
    _, *params = signature(command).parameters.values()
    groups: dict[str, Any] = {each.name: each.default for each in params if _is_group(each)}

    def call(ctx: typer.Context, **given: Any) -> None:
        for name, group in groups.items():
            fields = group._asdict().items()
            values = (given.pop(f"{name}_{field}", default) for field, default in fields)
            given[name] = type(group)(*values)
        command(ctx.obj._replace(typed=_typed(ctx)), **given)

    call.__doc__ = command.__doc__
    own = signature(call).parameters["ctx"]
    options = (each for param in params for each in _options(param))
    call.__signature__ = Signature([own, *options])  # type: ignore[attr-defined]
    return call


def _is_group(param: Parameter) -> bool:
    return isinstance(param.default, tuple)


def _options(param: Parameter) -> Iterator[Parameter]:
    if not _is_group(param):
        yield param
        return
    for field, option in param.default._asdict().items():
        if isinstance(option, OptionInfo):
            kind = {(): list[str], False: bool}.get(option.default, str)
            yield param.replace(name=f"{param.name}_{field}", default=option, annotation=kind)


def _typed(ctx: Any) -> set[str]:
    """Return the names of the parameters on the command line, which have not just a default."""
    typed = {name for name in ctx.params if ctx.get_parameter_source(name).name == "COMMANDLINE"}
    return typed | _typed(ctx.parent) if ctx.parent else typed


TRUE = {"1", "t", "T", "true", "TRUE", "True"}
FALSE = {"0", "f", "F", "false", "FALSE", "False"}
_WORDS = {word for word in TRUE | FALSE if len(word) > 1}  # after a space; others are names
# An empty passphrase means none; an empty name of its file never does, and is an error.
_MAY_BE_EMPTY = {"--passphrase", "--passphrase-file", "--key-passphrase-file"}
# An empty limit of a CA is not passed over: an unset variable must not make a CA without limits.
_LIMITS = ("--permit-", "--exclude-")


def with_two_dashes(
    args: Sequence[str], params: Iterable[object], *, interspersed: bool = True
) -> list[str]:
    """Return ``args`` with each known option under its first name; the rest is unchanged.

    If they are not ``interspersed``, no options follow the first word that is not one.
    """
    options = {
        name.lstrip("-"): param
        for param in params
        if isinstance(param, TyperOption)
        for name in param.opts
    }
    result: list[str] = []
    rest = list(args)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.removeprefix("-").removeprefix("-").partition("=")
        option = options.get(name) if word.startswith("-") else None
        if word == "--" or (not interspersed and not word.startswith("-")):
            return [*result, word, *rest]
        if option is None:
            # Go has no bundled letters, so -org=Acme must never be read as -o rg=Acme.
            is_long = len(name) > 1 and word.startswith("-") and not word.startswith("--")
            result.append("-" + word if is_long else word)
        elif option.is_flag:
            if not equals and rest[:1] and rest[0] in _WORDS:
                value = rest.pop(0)
            if value not in FALSE:
                result.append(option.opts[0] + ("" if value in TRUE else equals + value))
        else:
            given = [value] if equals else rest[: option.nargs]
            rest = rest if equals else rest[option.nargs :]
            first = option.opts[0]
            if given != [""] or first in _MAY_BE_EMPTY or first.startswith(_LIMITS):
                result += [first, *given]
    return result
