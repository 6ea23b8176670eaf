"""What a user sees.

Results go to standard output, one line a file, and nothing else does, except a file that was
asked for. Errors, hints and warnings go to standard error, prompts to the terminal, a spinner to
standard error if that is a terminal. Paths are printed as plain text. `rich` is imported only to
draw.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from html import escape
from io import StringIO
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.cli import context
from certstrap.pki.keys import KeySpec, PrivateKey, generating
from certstrap.store.locks import one_report
from certstrap.text import columns, escaped

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text


_Result = TypeVar("_Result")

STANDARD_OUTPUT = "-"  # in the place of a file that is written

# Each has a contrast of 3 or more, as WCAG 2.2, 1.4.11, wants it, with white and with #292929; on
# a terminal of 16 colours, it becomes its own green, yellow, red or grey.
GREEN, ORANGE, RED, GREY = "color(28)", "color(166)", "color(196)", "color(243)"

FOUND = 3
"""The exit status of a command that looks for something, and found it."""


def say(*lines: str) -> None:
    """Print lines to standard output; what they report is done, so one Ctrl-C comes too late."""
    with one_report():
        for line in lines:
            typer.echo(escaped(line))


def say_json(document: object) -> None:
    """Print a document in JSON to standard output, as `say` does."""
    with one_report():
        typer.echo(json.dumps(document, indent=2))


def print_lines(lines: Iterable[str]) -> None:
    """Print a result to standard output, as its lines come; Ctrl-C ends it."""
    context.require_output()
    context.write_lines(lines)


def print_json(document: object) -> None:
    """Print a result in JSON to standard output, as `print_lines` does."""
    print_lines([json.dumps(document, indent=2)])


def warn(*lines: str) -> None:
    """Print lines to standard error, if standard output is for programs."""
    for line in lines:
        typer.echo(escaped(line), err=True)


def say_pem(
    of: x509.Certificate | x509.CertificateSigningRequest | x509.CertificateRevocationList,
) -> None:
    """Print a new certificate, request or CRL as PEM to standard output, as `say` does."""
    context.require_output()
    with one_report():
        typer.echo(of.public_bytes(Encoding.PEM), nl=False)


def say_text(text: str) -> None:
    """Print a file that was asked for to standard output; in a pipe, in UTF-8."""
    context.require_output()
    typer.echo(text if context.prints_to_terminal() else text.encode(), nl=False)


def generate(spec: KeySpec) -> PrivateKey:
    """Return a new key; on a terminal, a spinner shows while an RSA key is generated."""
    if not spec.bits:
        return spec.generate()
    return spinning(f"Generating an {spec} key", generating(spec))


def spinning(title: str, work: Callable[[], _Result]) -> _Result:
    """Return what ``work`` returns; on a terminal, show a spinner meanwhile."""
    if not context.reports_to_terminal():
        return work()
    from rich.console import Console  # noqa: PLC0415 - a pipe never needs it
    from rich.text import Text  # noqa: PLC0415

    with Console(stderr=True).status(Text(title)):
        return work()


Report = Callable[[int, int], None]
"""Called with how many steps of how many are done."""


@contextmanager
def progress(title: str, delay: float = 0) -> Iterator[Report]:
    """Yield what reports progress, which a terminal shows after some seconds."""
    if not context.reports_to_terminal():
        yield lambda _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415 - a pipe never needs it

    with progress_bar(title, Console(stderr=True), monotonic, delay) as report:
        yield report


@contextmanager
def progress_bar(
    title: str, console: "Console", seconds: Callable[[], float], delay: float
) -> Iterator[Report]:
    """Yield what reports progress, drawn as a bar with an estimate, which is wiped in the end.

    The bar begins with a report after ``delay`` seconds, never before: what comes first may ask for
    a passphrase, or show that it generates a key. One step alone needs none.
    """
    from rich.progress import (  # noqa: PLC0415 - a pipe never needs it
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True,
        redirect_stdout=False, redirect_stderr=False,
    )  # fmt: skip
    task = bar.add_task(title, total=None)
    start = seconds()

    def report(done: int, total: int) -> None:
        if total > 1 and seconds() - start >= delay:
            bar.start()
            bar.update(task, completed=done, total=total)

    try:
        yield report
    finally:
        bar.stop()


_PICTURE = 100  # columns
_TITLE = "certstrap status"
# Rich's pictures load a font from another server; the next one that they name is on every machine.
_FONT = r"(?s)@font-face \{.*?\}\s*"
# Rich's own has no title, and is white where readers have asked for dark pages.
_HTML = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta name="viewport" content="width=device-width">
<title></title>
<style>:root {{ color-scheme: light dark; }}</style>
</head>
<body>
<pre style="font-family: Menlo, 'DejaVu Sans Mono', Consolas, monospace">{code}</pre>
</body>
</html>
"""
# What a font for code does not have comes from others, whose characters have widths of their own.
_OTHER_FONTS = re.compile("[^\\0-\u04ff\u2000-\u25ff]+")
_CELL = '<span style="display: inline-block; width: {}ch">{}</span>'


def _console(**how: Any) -> "Console":
    from rich.console import Console  # noqa: PLC0415 - a pipe never needs it

    return Console(highlight=False, markup=False, emoji=False, **how)


def draw(picture: "Callable[[int], RenderableType]") -> None:
    """Print to standard output what ``picture`` returns for the columns of the terminal."""
    console = _console()
    console.print(picture(console.width))


def draw_lines(lines: "Callable[[int], Iterable[Text]]") -> None:
    """Print to standard output each line that ``lines`` returns for the columns of the terminal."""
    console = _console()
    for line in lines(console.width):
        console.print(line, soft_wrap=True)


def save_pictures(lines: "Callable[[int], Iterable[Text]]", title: str) -> tuple[str, str]:
    """Return a picture of lines as SVG and as HTML, which load nothing from elsewhere.

    They are drawn for a width of 100 columns; ``title`` says of what.
    """
    drawn = {"record": True, "file": StringIO(), "width": _PICTURE}
    console = _console(force_terminal=True, color_system="truecolor", **drawn)
    for line in lines(_PICTURE):
        console.print(line)
    title = f"{_TITLE}: {title}"
    element = f"<title>{escape(title)}</title>"
    svg = console.export_svg(title=title, clear=False, unique_id="status")
    html = console.export_html(inline_styles=True, code_format=_HTML)
    html = _OTHER_FONTS.sub(lambda run: _CELL.format(columns(run[0]), run[0]), html)
    return (
        re.sub(_FONT, "", svg).replace("<style>", f"{element}\n    <style>", 1),
        html.replace("<title></title>", element, 1),
    )


def is_picture(text: str) -> bool:
    """Return whether a file is what `save_pictures` returned."""
    begins = text.startswith(('<svg class="rich-terminal"', "<!DOCTYPE html>"))
    return begins and f"<title>{_TITLE}: " in text
