"""Filters and whom they admit: as lines, as a table, as JSON."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from certstrap.temporal.filters import Admission, Filter, Match
from certstrap.text import columns, escaped, padded

if TYPE_CHECKING:
    from rich.console import RenderableType


SCHEMA = "certstrap.filters/1"
_REVOKED = "revoked, and Temporal Cloud does not read CRLs"


def admission_lines(admissions: Iterable[Admission]) -> Iterator[str]:
    """Yield who else is admitted."""
    for each in admissions:
        note = f" It is {_REVOKED}." if each.revoked else ""
        yield escaped(f"The filter {each.filter} also admits {each.path}.{note}")


def _verdict(match: Match, filters: Sequence[Filter]) -> str:
    if not match.numbers:
        return "no filter admits it"
    found = ", ".join(f"filter {n} ({filters[n - 1]})" for n in match.numbers)
    return escaped(f"{found}; {_REVOKED}" if match.revoked else found)


def lines(matches: Sequence[Match], filters: Sequence[Filter]) -> Iterator[str]:
    """Yield a line for each leaf, in columns."""
    width = max((columns(escaped(match.name)) for match in matches), default=0)
    for match in matches:
        yield f"{padded(escaped(match.name), width)}  {_verdict(match, filters)}"


def drawing(matches: Sequence[Match], filters: Sequence[Filter]) -> "RenderableType":
    """Return the same as a table, to be drawn by rich."""
    from rich import box  # noqa: PLC0415 - a pipe never needs it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE)
    table.add_column("Client", overflow="fold")
    table.add_column("Admitted by", overflow="fold")
    for match in matches:
        style = "yellow" if match.revoked else "" if match.numbers else "dim"
        table.add_row(Text(escaped(match.name)), Text(_verdict(match, filters), style=style))
    return table


def document(path: str, matches: Iterable[Match], filters: Iterable[Filter]) -> dict[str, Any]:
    """Return the same as JSON, which docs/json.md describes."""
    return {
        "schema": SCHEMA,
        "file": path,
        "filters": [each.fields for each in filters],
        "clients": [
            {
                "name": match.name,
                "certificate": match.path,
                "admitted_by": list(match.numbers),
                "revoked": match.revoked,
            }
            for match in matches
        ],
    }
