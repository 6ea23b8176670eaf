"""The app and its table of commands.

Every command is a new process, so a command's module is imported when it is called, and not before.
"""

import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from certstrap import __version__
from certstrap.cli.spelling import one_spelling
from certstrap.cli.world import World
from certstrap.errors import CertstrapError, Internal, Storage, Untold

_COMMANDS = {  # and the modules that hold them
    "init": "init",
    "request-cert": "request_cert",
    "sign": "sign",
    "issue": "issue",
    "revoke": "revoke",
    "import": "importing",
    "export-pkcs8": "export_pkcs8",
    "export-pkcs12": "export_pkcs12",
    "export-chain": "export_chain",
    "gen": "gen",
}
_ALIASES = {"generate-certificates": "gen"}  # tcld's long name


def _markup() -> Any:
    """Help and usage errors are drawn for a terminal, and plain in a pipe."""
    return "rich" if all(it and it.isatty() for it in (sys.stdout, sys.stderr)) else None


class _Command(TyperCommand):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"rich_markup_mode": _markup()})

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        return super().parse_args(ctx, one_spelling(args, self.params))


class _Commands(Mapping[str, TyperCommand | TyperGroup]):
    """The commands by name; looking one up imports it."""

    def __getitem__(self, name: str) -> TyperCommand | TyperGroup:
        name = _ALIASES.get(name, name)
        module = import_module(f"{__name__}.{_COMMANDS[name]}")
        holder = typer.Typer(add_completion=False)
        if hasattr(module, "COMMANDS"):
            holder.callback(cls=_Subgroup, help=module.HELP, no_args_is_help=True)(_nothing)
            for sub, (shown, function, example) in module.COMMANDS.items():
                epilog = f"Example: {example}"
                holder.command(sub, cls=_Command, epilog=epilog, hidden=not shown)(function)
        else:
            holder.command(name, cls=_Command, epilog=f"Example: {module.EXAMPLE}")(module.command)
        command = typer.main.get_command(holder)
        assert isinstance(command, TyperCommand | TyperGroup)  # noqa: S101 - typer makes no other
        command.name = name
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(_COMMANDS)

    def __len__(self) -> int:
        return len(_COMMANDS)


def _nothing() -> None:
    """Do nothing before a command of a group."""


class _Subgroup(TyperGroup):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs | {"rich_markup_mode": _markup()})

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        return super().parse_args(ctx, one_spelling(args, self.params, interspersed=False))


class _Group(_Subgroup):
    """Knows the commands, and is the one place where errors are caught."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.commands = _Commands()  # type: ignore[assignment]

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if args[:1] == ["help"]:  # `certstrap help sign`, as certstrap has it
            args = [*args[1:], "--help"]
        with _errors_told():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        with _errors_told():
            return super().invoke(ctx)


@contextmanager
def _errors_told() -> Iterator[None]:
    """Tell whatever goes wrong in the block: no user ever sees a traceback."""
    try:
        yield
    except CertstrapError as error:
        raise _told(error) from None
    except BrokenPipeError:
        raise  # typer closes quietly when nobody reads
    except OSError as cause:
        if cause.filename is None:
            raise _told(Untold(cause)) from None
        raise _told(Storage("use", str(cause.filename), cause)) from None
    except (typer.Exit, typer.Abort, TyperException):
        raise
    except Exception as cause:  # noqa: BLE001 - whatever it is
        raise _told(Internal(cause)) from None


def _told(error: CertstrapError) -> typer.Exit:
    from certstrap.cli.console import complain  # noqa: PLC0415 - only who fails pays for it

    complain(error)
    return typer.Exit(error.exit_code)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"certstrap version {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
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
            help="The folder with keys, requests and certificates.",
        ),
    ] = "out",
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool,
        typer.Option(
            "--version", "-v", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """A small local PKI, step by step: a CA, keys, requests and certificates in one folder."""
    if not depot_path:
        raise typer.BadParameter("the depot needs a folder", param_hint="--depot-path")
    ctx.obj = (ctx.obj or World())._replace(depot_path=depot_path)


def main() -> None:
    """Run the command line and exit with its status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a name in a script that the terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    if not sys.warnoptions:  # warnings are for those who write programs; users get sentences
        warnings.simplefilter("ignore")
    status: object = None
    try:
        app(prog_name="certstrap")
    except SystemExit as end:
        status = end.code
    except OSError:  # standard error cannot be written, so nothing can be said
        status = 1
    if not _close_streams():
        status = status or 1
    raise SystemExit(status)


def _close_streams() -> bool:
    """Close standard output and standard error; tell whether all was written.

    Left to Python, a failure to do so is a message of its own and status 120.
    """
    written = True
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.close()
        except OSError:
            written = False
    return written
