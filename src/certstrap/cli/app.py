"""The app, its table of commands, and where errors are reported.

Every command is a new process, so a command's module is imported only when it is called: neither
help nor completion of command names needs one.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from certstrap import __version__
from certstrap.cli import context as outside
from certstrap.cli.context import Context
from certstrap.cli.parsing import Command, Group, as_typer_reads
from certstrap.errors import CertstrapError, InternalError, OutputError, StorageError
from certstrap.text import escaped

GROUPS = {
    "Create certificates": {
        "issue": "Create whatever is missing for client certificates.",
        "init": "Create a CA: its key, its certificate and an empty CRL.",
        "request-cert": "Create a key and a certificate request.",
        "sign": "Sign a request with a CA.",
        "export-pkcs8": "Write a key as PKCS#8, which the Java SDK reads.",
    },
    "Renew and revoke": {
        "renew": "Renew certificates: the same names, the same CA, new dates.",
        "revoke": "Revoke a certificate: add it to the CRL of its CA.",
        "crl": "Create or renew a CA's CRL, or print those of a chain.",
        "passphrase": "Change, set or remove the passphrase of a key.",
    },
    "Inspect and verify": {
        "status": "Show what a depot contains, and when it expires.",
        "inspect": "Show the contents of a certificate, request, CRL or key.",
        "verify": "Verify certificates: chain, signatures, dates, CRLs.",
    },
    "For Temporal": {
        "check": "Check certificates and keys against Temporal Cloud's rules.",
        "connect": "Print the configuration of a client.",
        "filters": "Print certificate filters that admit only these clients.",
        "bundle": "Create the CA file to upload to Temporal Cloud.",
    },
    "Other tools and formats": {
        "import": "Copy a certificate from any tool into the depot.",
        "export-chain": "Write a certificate and the intermediates above it.",
        "export-pkcs12": "Write key, certificate and chain as one PKCS#12 file.",
        "gen": "Write a CA or a leaf to files of your own, as tcld does.",
    },
}
"""All commands and their summaries, in the groups and the order in which they are always listed."""

SUMMARIES = {name: text for group in GROUPS.values() for name, text in group.items()}
LONG_NAME_OF_GEN = "generate-certificates"  # tcld's
MODULES = {"import": "import_", LONG_NAME_OF_GEN: "gen"}
"""The modules of commands, if they have another name."""
_INTERRUPTED = 130  # the status that typer gives to Ctrl-C


class LazyCommand(TyperCommand):
    """A command of the table, whose module is imported when it is called or its help is shown."""

    @cached_property
    def loaded(self) -> TyperCommand | TyperGroup:
        """The real command."""
        assert self.name  # noqa: S101 - all have one
        name = MODULES.get(self.name, self.name.replace("-", "_"))
        module = import_module(f"{__package__}.commands.{name}")
        command = typer.main.get_command(_app_of(self.name, module))
        assert isinstance(command, TyperCommand | TyperGroup)  # noqa: S101 - typer has no other
        command.name = self.name
        return command

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return the context of the real command, in which typer goes on."""
        return self.loaded.make_context(*args, **kwargs)


def _app_of(name: str, module: ModuleType) -> typer.Typer:
    """Return an app with the command, or the group of commands, that a module defines."""
    holder = typer.Typer(add_completion=False, rich_markup_mode=None)
    # Arguments that are too many are refused by `Command`, with a hint.
    how: dict[str, Any] = {"cls": Command, "context_settings": {"allow_extra_args": True}}
    epilog = "\n".join(module.EXAMPLES)
    if not hasattr(module, "COMMANDS"):
        holder.command(name, epilog=epilog, **how)(as_typer_reads(module.command))
        return holder
    holder.callback(cls=Group, invoke_without_command=True, epilog=epilog)(module.before)
    for sub, (visible, function, examples) in module.COMMANDS.items():
        add = holder.command(sub, epilog="\n".join(examples), hidden=not visible, **how)
        add(as_typer_reads(function))
    return holder


class _App(Group):
    """All commands, and the one place where errors are caught: every caller comes by here."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for group, summaries in GROUPS.items():
            for name, summary in summaries.items():
                self.add_command(LazyCommand(name, help=summary, rich_help_panel=group))
        self.add_command(LazyCommand(LONG_NAME_OF_GEN, hidden=True))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with _errors_reported(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        with _errors_reported(ctx):
            try:
                result = super().invoke(ctx)
            except typer.Exit:  # as of a check that found something
                _warn_of_options(ctx.obj)
                raise
            _warn_of_options(ctx.obj)
            return result


def _warn_of_options(context: Context | None) -> None:
    """Say which options had no effect."""
    for check in context.without_effect if context else ():
        if line := check():
            typer.echo(line, err=True)


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
        hint = "Raise the limit (ulimit -v), or end other programs."
        raise _reported(CertstrapError("There is not enough memory.", hint), ctx.obj) from None
    except BaseException as cause:  # a panic of the library is no Exception
        if outside.shows_tracebacks():
            raise
        raise _reported(InternalError(cause), ctx.obj) from None


def _reported(error: CertstrapError, context: Context | None) -> typer.Exit:
    """Print an error's sentence, and its hint if it has one, to standard error."""
    depot_path = context.named_depot if context else ""
    sentence = str(error)
    typer.echo(
        typer.style(sentence, fg="red") if outside.shows_colour(errors=True) else sentence, err=True
    )
    for line in error.hint_lines(depot_path):
        typer.echo(line, err=True)
    return typer.Exit(error.exit_code)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"certstrap version {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=_App,
    invoke_without_command=True,
    rich_markup_mode=None,  # see help.py
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="certstrap issue your-namespace\ncertstrap status\ncertstrap renew --expiring 30d",
)


@app.callback()
def _certstrap(
    ctx: typer.Context,
    depot_path: str = typer.Option(
        "out",
        "--depot-path",
        envvar="CERTSTRAP_DEPOT_PATH",
        metavar="DIR",
        help="The depot: the folder with keys, requests and certificates.",
    ),
    wait: int = typer.Option(
        60,
        "--wait",
        envvar="CERTSTRAP_WAIT",
        metavar="SECONDS",
        min=0,
        max=86_400,
        help="How long to wait for another process that uses the depot.",
    ),
    version: bool = typer.Option(  # noqa: ARG001 - its callback does the work
        False, "--version", "-v", callback=_print_version, is_eager=True, help="Print the version."
    ),
    auto_confirm: bool = typer.Option(False, "--auto_confirm", hidden=True),  # noqa: ARG001 - tcld's, for `gen`
) -> None:
    """A small local PKI, step by step: a CA, keys, requests and certificates in one folder."""
    context: Context = ctx.obj or Context()
    source = ctx.get_parameter_source("depot_path")
    named = "" if source is None or source.name == "DEFAULT" else depot_path
    ctx.obj = context._replace(
        depot_path=depot_path, named_depot=named, wait=wait, without_effect=[]
    )
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def main(context: Context | None = None) -> NoReturn:
    """Run the command line, in surroundings that may be given, and exit with its status."""
    outside.prepare_streams()
    outside.ignore_impossible_sizes()
    if outside.hides_warnings():  # warnings are for those who write programs
        warnings.simplefilter("ignore")
    try:
        app(prog_name="certstrap", obj=context)
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
