"""Reports of what was found: plain lines, a drawing for a terminal, and findings as JSON."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, groupby
from typing import TYPE_CHECKING, NamedTuple

from certstrap.cli.context import prints_to_terminal
from certstrap.cli.terminal import draw, print_json, print_lines
from certstrap.hints import printed
from certstrap.pki.findings import Finding
from certstrap.text import columns

if TYPE_CHECKING:
    from rich.console import RenderableType


class Cell(NamedTuple):
    """A part of a line, and how it is drawn (a style of rich, or empty)."""

    text: str
    style: str = ""


Line = tuple[Cell, ...]
"""What stands side by side; a terminal wraps the last cell, and begins each of its lines there."""

Section = list[Line]


def show(
    document: Callable[[], object],
    reports: Callable[[int], Iterable[list[Section]]],
    *,
    as_json: bool,
) -> None:
    """Print what was found to standard output: as JSON, drawn on a terminal, or as plain lines.

    ``reports`` is called with the columns of the terminal, 0 if there is none.
    """
    if as_json:
        print_json(document())
    elif prints_to_terminal():
        draw(lambda width: drawing(reports(width)))
    else:
        print_lines(lines(reports(0)))


def lines(reports: Iterable[list[Section]]) -> Iterator[str]:
    """Yield reports as plain text, with an empty line between sections."""
    for number, section in enumerate(chain.from_iterable(reports)):
        if number:
            yield ""
        yield from ("".join(cell.text for cell in line) for line in section)


def drawing(reports: Iterable[list[Section]]) -> "RenderableType":
    """Return reports to be drawn by rich, with an empty line between them."""
    from rich.console import Group  # noqa: PLC0415 - a pipe never needs it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    def widths_of(line: Line) -> list[int]:
        return [columns(cell.text) for cell in line[:-1]]

    parts: list[RenderableType] = []
    for sections in reports:
        parts += [Text()] if parts else []
        for widths, together in groupby(chain.from_iterable(sections), widths_of):
            table = Table.grid()
            for width in widths:
                table.add_column(width=width, no_wrap=True)
            table.add_column(overflow="fold")
            for line in together:
                table.add_row(*(Text(cell.text, style=cell.style) for cell in line))
            parts.append(table)
    return Group(*parts)


def finding_object(finding: Finding, depot_path: str) -> dict[str, str | None]:
    """Return a finding as JSON has it, with its hint for the depot that the user named."""
    return {
        "rule": finding.rule,
        "sentence": finding.sentence,
        "hint": printed(finding.hint, depot_path) or None,
    }
