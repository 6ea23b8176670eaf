"""Filters and whom they admit: as lines, as a table, as JSON."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from certstrap.cli.terminal import GREY, ORANGE
from certstrap.errors import CertstrapError
from certstrap.store.depot import Entry
from certstrap.temporal.filters import Admission, Filter, Match
from certstrap.text import columns, escaped, padded

if TYPE_CHECKING:
    from rich.console import RenderableType

SCHEMA = "certstrap.filters/1"
_WITHDRAWN = {
    "revoked": "it is revoked, and Temporal Cloud does not read CRLs",
    "compromised-key": "its key is compromised, which Temporal Cloud does not know",
}


def admission_lines(admissions: Iterable[Admission]) -> Iterator[str]:
    """Yield who else is admitted."""
    for each in admissions:
        notes = "".join(f" {note[:1].upper()}{note[1:]}." for note in _notes(each.withdrawn))
        yield escaped(f"The filter {each.filter} also admits {each.path}.{notes}")


def unreadable_lines(unreadable: Iterable[tuple[Entry, CertstrapError]]) -> Iterator[str]:
    """Yield of which certificates it is not known whether a filter admits them."""
    for entry, error in unreadable:
        yield f"Cannot tell whether a filter admits {escaped(entry.stem)}: {error}"


def _notes(withdrawn: Collection[str]) -> list[str]:
    return [note for rule, note in _WITHDRAWN.items() if rule in withdrawn]


def _verdict(match: Match, filters: Sequence[Filter]) -> str:
    if not match.numbers:
        return "no filter admits it"
    found = ", ".join(f"filter {n} ({filters[n - 1]})" for n in match.numbers)
    return escaped("; ".join((found, *_notes(match.withdrawn))))


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
        style = ORANGE if match.withdrawn else "" if match.numbers else GREY
        table.add_row(Text(escaped(match.name)), Text(_verdict(match, filters), style=style))
    return table


def document(
    path: str,
    matches: Iterable[Match],
    filters: Iterable[Filter],
    unreadable: Iterable[tuple[Entry, CertstrapError]],
) -> dict[str, Any]:
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
                "revoked": "revoked" in match.withdrawn,
                "compromised_key": "compromised-key" in match.withdrawn,
            }
            for match in matches
        ],
        "unreadable": [{"name": entry.stem, "reason": str(error)} for entry, error in unreadable],
    }
