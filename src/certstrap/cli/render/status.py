"""What ``status`` shows: as plain lines, as a drawing, as JSON, as metrics for Prometheus.

A depot may be large, so everything is yielded line by line.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from textwrap import wrap
from typing import TYPE_CHECKING, NamedTuple

from certstrap.cli.render.report import finding_object
from certstrap.inventory.status import Item, Status
from certstrap.text import columns, days_left, escaped, padded, serial_number, timestamp

if TYPE_CHECKING:
    from rich.text import Text


SCHEMA = "certstrap.status/1"
_SOON = 30  # days
_STYLES = {
    "valid": "green",
    "not yet valid": "yellow",
    "expired": "red",
    "revoked": "red",
    "unknown": "yellow",
}
_KEY, _DAYS, _DATE = 8, 10, 10  # columns
_BARS = (60, 5), (80, 10), (100, 20)
"""From how many columns on, and how many of them a bar takes."""

_WITHOUT = {
    "request": "not signed",
    "key": "key alone",
    "crl": "CRL alone",
}


class ItemRow(NamedTuple):
    """A line, and what is wrong, which is shown below it.

    Attributes:
        depth: how many CAs it is below.
        name: its name, and that it is a CA.
        key: its kind of key.
        days: how long it is valid still, or why it is not.
        date: when it ends, or empty.
        left: how much of its time is left, from 0 to 1; None if it has no certificate.
        style: how it is drawn.
        problems: what is wrong.
    """

    depth: int
    name: str
    key: str
    days: str
    date: str
    left: float | None
    style: str
    problems: tuple[str, ...]


def row_of(depth: int, item: Item, now: datetime) -> ItemRow:
    """Return the line of an item."""
    problems = tuple(escaped(problem.sentence) for problem in item.problems)
    name = escaped(item.stem) + (" (CA)" if item.kind == "ca" else "")
    state = item.state(now)
    if item.end is None or item.start is None:
        words = _WITHOUT.get(item.kind, "unreadable")
        return ItemRow(depth, name, item.key, words, "", None, "yellow", problems)
    whole = max((item.end - item.start).total_seconds(), 1)
    left = min(max((item.end - now).total_seconds() / whole, 0), 1)
    days = days_left(item.end, now)
    style = "yellow" if state == "valid" and days < _SOON else _STYLES[state]
    if state == "not yet valid":
        words = "not yet"
    else:
        words = f"{days} day{'' if days == 1 else 's'}" if state == "valid" else state
    left = 0 if state in {"revoked", "expired"} else left
    return ItemRow(depth, name, item.key, words, f"{item.end:%Y-%m-%d}", left, style, problems)


def _rows(status: Status, items: Iterable[tuple[int, Item]]) -> Iterator[ItemRow]:
    return (row_of(depth, item, status.now) for depth, item in items)


def lines(status: Status, items: Iterable[tuple[int, Item]]) -> Iterator[str]:
    """Yield items as plain text in columns: name, key, days left, end; what is wrong below."""
    yield from (f"! {escaped(problem.sentence)}" for problem in status.problems)
    rows = list(_rows(status, items))
    width = max((2 * row.depth + columns(row.name) for row in rows), default=0)
    for row in rows:
        indent = "  " * row.depth
        name = padded(indent + row.name, width)
        yield f"{name}  {row.key:{_KEY}}  {row.days:{_DAYS}}  {row.date}".rstrip()
        yield from (f"{indent}  ! {problem}" for problem in row.problems)


def drawing(status: Status, items: Iterable[tuple[int, Item]], width: int) -> Iterator["Text"]:
    """Yield items to be drawn by rich, aligned in ``width`` columns."""
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415 - a pipe never needs it
    from rich.text import Text  # noqa: PLC0415

    bar = max((columns for least, columns in _BARS if width >= least), default=0)
    room = max(width - _KEY - _DAYS - _DATE - bar - 2 * (4 if bar else 3), 10)
    yield from (Text(f"! {escaped(each.sentence)}", style="red") for each in status.problems)
    rows = list(_rows(status, items))
    room = min(room, max((3 * row.depth + cell_len(row.name) for row in rows), default=0))
    for row, branch, below in _branches(rows):
        name = branch + row.name
        shown = name if cell_len(name) <= room else set_cell_size(name, room - 1) + "…"
        line = Text(set_cell_size(shown, room))
        line.append(f"  {row.key:{_KEY}}", style="dim")
        if bar:
            full = round((row.left or 0) * bar)
            drawn = "█" * full + "░" * (bar - full) if row.left is not None else " " * bar
            line.append(f"  {drawn}", style=row.style)
        line.append(f"  {row.days:{_DAYS}}", style=row.style)
        line.append(f"  {row.date}")
        line.rstrip()
        yield line
        for problem in row.problems:
            indent = below + "  ! "
            folded = wrap(problem, max(width - len(indent), 20))
            for number, part in enumerate(folded):
                yield Text(indent if not number else below + "    ").append(part, style="red")


def _branches(following: Sequence[ItemRow]) -> Iterator[tuple[ItemRow, str, str]]:
    """Yield each row with the lines of the tree before its name, and before what is below it."""
    more = [False] * len(following)  # whether another one follows at the same depth, of one CA
    last: dict[int, int] = {}
    for number in range(len(following) - 1, -1, -1):
        depth = following[number].depth
        more[number] = depth in last
        last = {other: at for other, at in last.items() if other < depth} | {depth: number}
    open_at: dict[int, bool] = {}
    for row, goes_on in zip(following, more, strict=True):
        open_at[row.depth] = goes_on
        trunk = "".join("│  " if open_at[depth] else "   " for depth in range(1, row.depth))
        if not row.depth:
            yield row, "", ""
        else:
            yield row, f"{trunk}{'├─' if goes_on else '└─'} ", trunk + ("│  " if goes_on else "   ")


def document(
    status: Status,
    items: Iterable[tuple[int, Item]],
    limit: datetime | None = None,
    depot_path: str = "",
) -> Iterator[str]:
    """Yield the lines of a JSON document, which docs/json.md describes.

    The items come with their depth. If there is a limit, they end by then.
    """
    head = {
        "schema": SCHEMA,
        "depot": status.root,
        "checked_at": timestamp(status.now),
        "expiring_by": timestamp(limit) if limit else None,
        "problems": [finding_object(problem, depot_path) for problem in status.problems],
    }
    yield json.dumps(head)[:-1] + ', "items": ['
    waiting = ""
    for _, item in items:
        if waiting:
            yield f"{waiting},"
        waiting = json.dumps(_item(item, status.now, depot_path))
    yield f"{waiting}]}}"


def _item(item: Item, now: datetime, depot_path: str) -> dict[str, object]:
    return {
        "name": item.stem,
        "kind": item.kind,
        "key": item.key or None,
        "has_key": item.has_key,
        "state": item.state(now),
        "not_before": timestamp(item.start) if item.start else None,
        "not_after": timestamp(item.end) if item.end else None,
        "days_left": days_left(item.end, now) if item.end else None,
        "serial": serial_number(item.serial) if item.serial is not None else None,
        "issuer": item.issuer or None,
        "issuer_name": item.issuer_name or None,
        "revoked_at": timestamp(item.revoked) if item.revoked else None,
        "crl_next_update": timestamp(item.crl_end) if item.crl_end else None,
        "problems": [finding_object(problem, depot_path) for problem in item.problems],
    }


_METRICS = {
    "certstrap_certificate_not_after_timestamp_seconds": "When the certificate expires.",
    "certstrap_certificate_revoked": "Whether the CRL of its CA revokes the certificate.",
    "certstrap_crl_next_update_timestamp_seconds": "When the CRL expires.",
    "certstrap_problems": "How many problems the files of that name have.",
}


def metrics(status: Status) -> Iterator[str]:
    """Yield gauges in the text format of Prometheus (its exposition format, version 0.0.4)."""
    values: tuple[Callable[[Item], int | None], ...] = (
        lambda item: int(item.end.timestamp()) if item.end else None,
        lambda item: int(item.revoked is not None) if item.end else None,
        lambda item: int(item.crl_end.timestamp()) if item.crl_end else None,
        lambda item: len(item.problems),
    )
    for (name, words), value in zip(_METRICS.items(), values, strict=True):
        yield f"# HELP {name} {words}"
        yield f"# TYPE {name} gauge"
        for item in status.items:
            number = value(item)
            if number is not None:
                labels = {"name": item.stem, "issuer": item.issuer or item.issuer_name}
                shown = ",".join(f'{key}="{_label(text)}"' for key, text in labels.items())
                yield f"{name}{{{shown}}} {number}"


def _label(text: str) -> str:
    """Return a value of a label; what is not text is escaped, as JSON and terminals have it."""
    return escaped(text).replace("\\", r"\\").replace('"', r"\"")
