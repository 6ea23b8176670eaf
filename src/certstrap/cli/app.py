"""The app and its table of commands.

Every command is a new process, so a command's module is imported only when it is called.
"""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from itertools import takewhile
from types import ModuleType
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.exceptions import TyperException

from certstrap import __version__
from certstrap.cli import context as outside
from certstrap.cli.context import Context
from certstrap.errors import (
    CertstrapError,
    InternalError,
    OutOfMemoryError,
    OutputError,
    StorageError,
)
from certstrap.hints import Hint, printed
from certstrap.text import escaped

_COMMANDS = {  # and the modules that contain them
    "init": "init",
    "request-cert": "request_cert",
    "sign": "sign",
    "issue": "issue",
    "revoke": "revoke",
    "crl": "crl",
    "renew": "renew",
    "import": "import_",
    "export-pkcs8": "export_pkcs8",
    "export-pkcs12": "export_pkcs12",
    "export-chain": "export_chain",
    "gen": "gen",
    "check": "check",
    "bundle": "bundle",
    "status": "status",
    "inspect": "inspect",
    "verify": "verify",
    "connect": "connect",
    "filters": "filters",
}
_BEFORE = {  # the options that go before the command, and their values
    "depot-path": ("--depot-path", "DIR"),
    "wait": ("--wait", "SECONDS"),
}
_AS_IT_IS = "\b\n"  # tells Click to break no line of what follows
_INTERRUPTED = 130  # the status that typer gives to Ctrl-C
_ALIASES = {"generate-certificates": "gen"}  # tcld's long name


def _markup() -> Any:
    """Return how help and usage errors are drawn: with rich on a terminal, plain in a pipe."""
    return "rich" if outside.prints_to_terminal() and outside.reports_to_terminal() else None


class _WithExample:
    """Ends a help page that rich draws with the example as plain text, which it would wrap."""

    epilog: str | None

    def format_help(self, ctx: Any, formatter: Any) -> None:
        example, is_drawn = self.epilog, self.rich_markup_mode is not None  # type: ignore[attr-defined]
        if is_drawn:
            self.epilog = None
        super().format_help(ctx, formatter)  # type: ignore[misc]
        if is_drawn:
            formatter.write(f" {(example or '').removeprefix(_AS_IT_IS)}\n")


class _Command(_WithExample, TyperCommand):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"rich_markup_mode": _markup()})

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        for arg in takewhile("--".__ne__, args):  # what follows are names
            option, value = _BEFORE.get(arg.partition("=")[0].lstrip("-"), ("", ""))
            if option and arg.startswith("-"):
                line = f"certstrap {option} {value} {self.name} ..."
                ctx.fail(f"{option} goes before the command: {line}")
        ctx.allow_extra_args = True  # they are refused here instead, with a hint
        extra = super().parse_args(ctx, with_two_dashes(args, self.params))
        if extra and not ctx.resilient_parsing:
            sentence = f"Got unexpected extra argument(s) ({' '.join(extra)})"
            hint = printed(hint_for(ctx, extra), ctx.obj.named_depot)
            ctx.fail(f"{sentence}\nHint: {hint}")
        return extra


class _Subgroup(_WithExample, TyperGroup):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs | {"rich_markup_mode": _markup()})

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        rest = super().parse_args(ctx, with_two_dashes(args, self.params, interspersed=False))
        if ctx._protected_args == ["help"]:  # noqa: SLF001 - `help sign`, as certstrap has it
            ctx._protected_args, ctx.args = rest[:1], [*rest[1:], "--help"]  # noqa: SLF001
        return rest

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        if not ctx._protected_args:  # noqa: SLF001 - no command was given
            typer.echo(ctx.get_help())
            return None
        return super().invoke(ctx)


class _Group(_Subgroup):
    """Loads a command when it is called, and is the one place where errors are caught."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.commands = dict.fromkeys(_COMMANDS)  # type: ignore[assignment] # for suggestions

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override] # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override] # noqa: ARG002
        name = _ALIASES.get(cmd_name, cmd_name)
        if name in _COMMANDS and self.commands[name] is None:
            self.commands[name] = _load(name)
        return self.commands.get(name)

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        with _errors_reported(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        with _errors_reported(ctx):
            return super().invoke(ctx)


def _epilog(example: str) -> str:
    return f"{_AS_IT_IS}Example: {example}"


def _load(name: str) -> TyperCommand | TyperGroup:
    """Return the command, whose module is imported."""
    module = import_module(f"{__package__}.commands.{_COMMANDS[name]}")
    command = typer.main.get_command(_app_of(name, module))
    assert isinstance(command, TyperCommand | TyperGroup)  # noqa: S101 - typer has no other
    command.name = name
    return command


def _app_of(name: str, module: ModuleType) -> typer.Typer:
    holder = typer.Typer(add_completion=False)
    if not hasattr(module, "COMMANDS"):
        holder.command(name, cls=_Command, epilog=_epilog(module.EXAMPLE))(module.command)
        return holder
    holder.callback(
        cls=_Subgroup,
        help=module.HELP,
        epilog=_epilog(module.EXAMPLE),
    )(getattr(module, "before", _nothing))
    for sub, (visible, function, example) in module.COMMANDS.items():
        holder.command(sub, cls=_Command, epilog=_epilog(example), hidden=not visible)(function)
    return holder


def _nothing() -> None:
    """Do nothing before a command of a group."""


@contextmanager
def _errors_reported(ctx: typer.Context) -> Iterator[None]:
    """Report whatever goes wrong in the block in a sentence: no user ever sees a traceback."""
    try:
        yield
    except CertstrapError as error:
        raise _reported(error, ctx.obj) from None
    except BrokenPipeError:
        raise  # typer ends quietly if nobody reads
    except OSError as cause:
        if cause.filename is None:
            raise _reported(OutputError(cause), ctx.obj) from None
        raise _reported(StorageError("use", str(cause.filename), cause), ctx.obj) from None
    except TyperException as error:  # a usage error, which quotes what was typed
        error.message = "\n".join(map(escaped, error.message.split("\n")))
        raise
    except (typer.Exit, typer.Abort, KeyboardInterrupt, SystemExit):
        raise
    except (MemoryError, ImportError):  # what cannot be loaded is too large
        raise _reported(OutOfMemoryError(), ctx.obj) from None
    except BaseException as cause:  # a panic of the library is no Exception
        if outside.shows_tracebacks():
            raise
        raise _reported(InternalError(cause), ctx.obj) from None


def _reported(error: CertstrapError, context: Context | None) -> typer.Exit:
    """Print an error's sentence, and its hint if it has one, to standard error."""
    depot_path = context.named_depot if context else ""
    sentence = str(error)
    typer.echo(typer.style(sentence, fg="red") if outside.has_colour() else sentence, err=True)
    for line, hint in error.details:
        typer.echo(f"{line} {printed(hint, depot_path)}".rstrip(), err=True)
    if error.hint:
        typer.echo(f"Hint: {printed(error.hint, depot_path)}", err=True)
    return typer.Exit(error.exit_code)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"certstrap version {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=_Group,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: certstrap issue your-namespace",
)


@app.callback()
def _certstrap(
    ctx: typer.Context,
    depot_path: Annotated[
        str,
        typer.Option(
            "--depot-path",
            envvar="CERTSTRAP_DEPOT_PATH",
            metavar="DIR",
            help="The depot: the folder with keys, requests and certificates.",
        ),
    ] = "out",
    wait: Annotated[
        int,
        typer.Option(
            "--wait",
            metavar="SECONDS",
            min=0,
            max=86_400,
            help="How long to wait for another process that uses the depot.",
        ),
    ] = 60,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool,
        typer.Option(
            "--version", "-v", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
    auto_confirm: Annotated[bool, typer.Option("--auto_confirm", hidden=True)] = False,  # noqa: ARG001 - tcld's, for `gen`
) -> None:
    """A small local PKI, step by step: a CA, keys, requests and certificates in one folder."""
    context: Context = ctx.obj or Context()
    source = ctx.get_parameter_source("depot_path")
    named = "" if source is None or source.name == "DEFAULT" else depot_path
    ctx.obj = context._replace(depot_path=depot_path, named_depot=named, wait=wait, remarks=set())


def main() -> NoReturn:
    """Run the command line and exit with its status."""
    outside.prepare_streams()
    outside.ignore_impossible_sizes()
    if outside.hides_warnings():  # warnings are for those who write programs
        warnings.simplefilter("ignore")
    try:
        app(prog_name="certstrap")
    except SystemExit as end:
        status = end.code
    except OSError:  # standard error cannot be written, so nothing can be reported
        status = 1
    except outside.completion_errors():
        typer.echo("Shell completion needs the variables that a shell sets.", err=True)
        status = 1
    if status != _INTERRUPTED and not outside.close_streams():  # which waits for who reads them
        status = status or 1
    outside.end(status)


_NAMED_WITH = {"init": "--common-name", "request-cert": "--common-name", "revoke": "--CN"}
"""The commands that take their name with an option, as certstrap has it."""


def hint_for(ctx: typer.Context, extra: Sequence[str]) -> Hint | str:
    """Return what to do about the arguments ``extra``, which the command does not take."""
    command, name = ctx.command.name or "", " ".join(extra)
    if command in _NAMED_WITH and not ctx.params["common_name"]:
        return Hint("Name it", ("certstrap", command, (_NAMED_WITH[command], name)))
    if command == "status":
        return Hint("It shows the whole depot; for one name, use", ("certstrap", "inspect", name))
    quotes = "name or value with spaces goes between quotes."
    if command in _NAMED_WITH:
        return f"It takes one name, with {_NAMED_WITH[command]}; a {quotes}"
    takes_name = any(param.param_type_name == "argument" for param in ctx.command.params)
    return f"It takes one name; a {quotes}" if takes_name else f"A {quotes}"


TRUE = {"1", "t", "T", "true", "TRUE", "True"}
FALSE = {"0", "f", "F", "false", "FALSE", "False"}
_WORDS = {word for word in TRUE | FALSE if len(word) > 1}  # after a space; others are names
# An empty passphrase means none; an empty name of its file never does, and is an error.
_MAY_BE_EMPTY = {"--passphrase", "--passphrase-file"}


def with_two_dashes(
    args: Sequence[str], params: Iterable[object], *, interspersed: bool = True
) -> list[str]:
    """Return ``args`` with each known option under its first name; the rest is unchanged.

    Args:
        args: the words after the command.
        params: the parameters of the command.
        interspersed: whether options may follow the first word that is not one.
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
            if given != [""] or option.opts[0] in _MAY_BE_EMPTY:
                result += [option.opts[0], *given]
    return result
