"""What ``status`` shows: as plain lines, as a drawing, as JSON, as metrics for Prometheus.

A depot may be large, so everything is yielded line by line.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from certstrap.cli.render.report import finding_object
from certstrap.cli.terminal import GREEN, GREY, ORANGE, RED
from certstrap.hints import Hint, printed
from certstrap.inventory.status import SOON, Counts, Item, Status
from certstrap.pki.findings import Finding
from certstrap.text import (
    columns,
    counted,
    days_left,
    escaped,
    padded,
    serial_number,
    time_left,
    timestamp,
    utc,
    wrapped,
)

if TYPE_CHECKING:
    from rich.text import Text


SCHEMA = "certstrap.status/1"
_STYLES = {
    "valid": GREEN,
    "not yet valid": ORANGE,
    "expired": RED,
    "revoked": RED,
    "unknown": ORANGE,
}
_KEY, _LEFT, _DATE = 8, 10, 10  # columns of plain lines
_BARS = (5, 10, 20)  # columns
_HEADINGS = ("Name", "Key", "Left", "")

_WITHOUT = {"request": "not signed", "key": "key alone", "crl": "CRL alone"}


class Listing(NamedTuple):
    """What is shown of the whole depot: a part of it, or only what ends by a limit."""

    whole: Status
    status: Status
    limit: datetime | None = None
    depot_path: str = ""

    @property
    def title(self) -> str:
        """Which depot it was, and when."""
        return f"{escaped(self.status.root)} as of {utc(self.status.now)}"

    def shown(self) -> Iterator[tuple[int, Item]]:
        """Yield what is shown, each item with its depth."""
        if self.limit is None:
            yield from self.status.tree()
        else:
            yield from ((0, item) for item in self.status.ending_by(self.limit))

    def counts(self) -> tuple[Counts, Counts]:
        """Return how much is shown, and how much is not."""
        shown = [item for _, item in self.shown()]
        stems = {item.stem for item in shown}
        left_out = [item for item in self.whole.items if item.stem not in stems]
        now, of_depot = self.status.now, len(self.status.problems)
        return Counts.of(shown, now, of_depot), Counts.of(left_out, now)


class ItemRow(NamedTuple):
    """A line, and what is wrong, which is shown below it.

    ``left`` is how long it is valid still, or why it is not; ``end`` is None if it is over.
    """

    depth: int
    name: str
    key: str
    left: str
    date: str
    locked: str
    end: datetime | None
    style: str
    problems: tuple[Finding, ...]


def _rows(listing: Listing) -> list[ItemRow]:
    return [_row(depth, item, listing.status.now) for depth, item in listing.shown()]


def _row(depth: int, item: Item, now: datetime) -> ItemRow:
    name = escaped(item.stem) + (" (CA)" if item.kind == "ca" else "")
    state = item.state(now)
    style = _STYLES[state]
    left, date, end = _WITHOUT.get(item.kind, "unreadable"), "", None
    if item.end:
        date = f"{item.end:%Y-%m-%d}"
        end = None if state in {"revoked", "expired"} else item.end
        left = {"valid": time_left(item.end, now), "not yet valid": "not yet"}.get(state, state)
        style = ORANGE if item.ends_soon(now) else style
    locked = "encrypted" if item.encrypted else f"in {item.token.place}" if item.token else ""
    return ItemRow(depth, name, item.key, left, date, locked, end, style, item.problems)


def lines(listing: Listing) -> Iterator[str]:
    """Yield items as plain text in columns; what is wrong below, and what to do."""
    path = listing.depot_path
    yield from (text for text, _ in _problem_lines(listing.status.problems, path))
    rows = _rows(listing)
    width = max((2 * row.depth + columns(row.name) for row in rows), default=0)
    for row in rows:
        indent = "  " * row.depth
        name = padded(indent + row.name, width)
        words = f"{row.key:{_KEY}}  {row.left:{_LEFT}}  {row.date:{_DATE}}  {row.locked}"
        yield f"{name}  {words}".rstrip()
        yield from (f"{indent}  {text}" for text, _ in _problem_lines(row.problems, path))


def _problem_lines(
    problems: Sequence[Finding], depot_path: str, width: int = 0
) -> Iterator[tuple[str, str]]:
    """Yield the lines of what is wrong and what to do, each with its style.

    They are wrapped to ``width`` columns, if that is not 0; a command never is, so that it can be
    copied.
    """
    for problem in problems:
        for number, part in enumerate(wrapped(escaped(problem.sentence), width and width - 2)):
            yield ("  " if number else "! ") + part, RED
        if problem.hint:
            has_command = isinstance(problem.hint, Hint) and problem.hint.command
            hint = f"hint: {printed(problem.hint, depot_path)}"
            for part in wrapped(hint, 0 if has_command else width and width - 2):
                yield f"  {part}", ""


def drawing(listing: Listing, width: int) -> Iterator["Text"]:
    """Yield items to be drawn by rich, aligned in ``width`` columns: a header, rows and totals."""
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415 - a pipe never needs it
    from rich.text import Text  # noqa: PLC0415

    now, rows, scale = listing.status.now, _rows(listing), _scale(listing)
    yield Text(listing.title, "bold")
    for text, style in _problem_lines(listing.status.problems, listing.depot_path, width):
        yield Text(text, style)
    names, keys, lefts, locks = (
        max(map(columns, each))
        for each in zip(
            _HEADINGS,
            *((" " * 3 * row.depth + row.name, row.key, row.left, row.locked) for row in rows),
            strict=True,
        )
    )
    room = width - keys - lefts - _DATE - locks - 2 * (4 if locks else 3)
    fitting = (bar for bar in _BARS if scale and room - bar - 2 >= min(names, width // 3))
    bar = max(fitting, default=0)
    room = min(names, max(room - (bar and bar + 2), 10))

    def line(row: ItemRow, drawn: str, branch: str = "") -> Text:
        name = branch + row.name
        shown = name if cell_len(name) <= room else set_cell_size(name, room - 1) + "…"
        text = Text(set_cell_size(shown, room))
        text.stylize(GREY, 0, len(branch))
        text.append(f"  {row.key:{keys}}", GREY)
        # Many that are good are no news: their bars have no colour.
        text.append(f"  {drawn:{bar}}" if bar else "", GREY if row.style == GREEN else row.style)
        text.append(f"  {row.left:{lefts}}", row.style)
        text.append(f"  {row.date:{_DATE}}")
        text.append(f"  {row.locked}", GREY)
        text.rstrip()
        return text

    if rows:
        name, key, left, locked = _HEADINGS
        last = f"{scale:%Y-%m-%d}" if scale and bar >= _DATE else ""
        heading = ItemRow(0, name, key, left, "Expires", locked, None, "", ())
        yield Text(line(heading, last.rjust(bar)).plain, GREY)
    for row, branch, below in _branches(rows):
        yield line(row, _bar(row.end, now, scale, bar) if scale else "", branch)
        indent = f"{below}  "
        for text, style in _problem_lines(row.problems, listing.depot_path, width - len(indent)):
            yield Text.assemble((indent, GREY), (text, style))
    shown, left_out = listing.counts()
    style = RED if shown.expired or shown.problems else ORANGE if shown.expiring_soon else GREEN
    totals = [("", shown, style), ("Not shown: ", left_out, "")][: 2 if left_out.names else 1]
    for start, counts, style in totals:
        yield from (Text(part, style) for part in wrapped(f"{start}{_totals(counts)}", width))


def _totals(of: Counts) -> str:
    expire = f"{of.expiring_soon:,} expire" if of.expiring_soon > 1 else "1 expires"
    parts = {
        counted(of.names, "name"): True,
        f"{expire if of.expiring_soon else 'none expires'} within {SOON.days} days": of.names,
        f"{of.expired:,} expired": of.expired,
        counted(of.problems, "problem") if of.problems else "no problems": of.names or of.problems,
    }
    return ", ".join(part for part, counts in parts.items() if counts)


def _scale(listing: Listing) -> datetime | None:
    """Return the end of the time scale: the last end of what is not a CA, or else of the CAs."""
    now = listing.status.now
    ends = [
        (item.kind != "ca", item.end)
        for _, item in listing.shown()
        if item.end and item.end > now and not item.revoked
    ]
    return max(ends)[1] if ends else None


def _bar(end: datetime | None, now: datetime, scale: datetime, width: int) -> str:
    """Return a bar from now to ``end`` as Rich draws progress, in half columns; at least one."""
    if end is None:
        return ""
    halves = max(round(2 * width * min((end - now) / (scale - now), 1)), 1)
    return "━" * (halves // 2) + "╸" * (halves % 2)


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


def document(listing: Listing) -> Iterator[str]:
    """Yield the lines of a JSON document, which docs/json.md describes."""
    status, limit, depot_path = listing.status, listing.limit, listing.depot_path
    head = {
        "schema": SCHEMA,
        "depot": status.root,
        "checked_at": timestamp(status.now),
        "expiring_by": timestamp(limit) if limit else None,
        "problems": [finding_object(problem, depot_path) for problem in status.problems],
    }
    yield json.dumps(head)[:-1] + ', "items": ['
    waiting = ""
    for _, item in listing.shown():
        if waiting:
            yield f"{waiting},"
        waiting = json.dumps(_item(item, status.now, depot_path))
    shown, left_out = listing.counts()
    tail = {"shown": shown._asdict(), "not_shown": left_out._asdict()}
    yield f"{waiting}], {json.dumps(tail)[1:]}"


def _item(item: Item, now: datetime, depot_path: str) -> dict[str, object]:
    return {
        "name": item.stem,
        "kind": item.kind,
        "key": item.key or None,
        "has_key": item.has_key,
        "encrypted": item.encrypted,
        "key_uri": item.token.text if item.token else None,
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


_METRICS: dict[str, tuple[str, Callable[[Item], datetime | int | None]]] = {
    "certificate_not_after_timestamp_seconds": (
        "When the certificate expires.",
        lambda item: item.end,
    ),
    "certificate_revoked": (
        "Whether the CRL of its CA revokes the certificate.",
        lambda item: int(item.revoked is not None) if item.end else None,
    ),
    "crl_next_update_timestamp_seconds": ("When the CRL expires.", lambda item: item.crl_end),
    "problems": ("How many problems the files of that name have.", lambda item: len(item.problems)),
}


def metrics(status: Status) -> Iterator[str]:
    """Yield gauges in the text format of Prometheus (its exposition format, version 0.0.4)."""
    for name, (words, value) in _METRICS.items():
        yield f"# HELP certstrap_{name} {words}"
        yield f"# TYPE certstrap_{name} gauge"
        for item in status.items:
            found = value(item)
            if found is not None:
                labels = {"name": item.stem, "issuer": item.issuer or item.issuer_name}
                shown = ",".join(f'{key}="{_label(text)}"' for key, text in labels.items())
                number = int(found.timestamp()) if isinstance(found, datetime) else found
                yield f"certstrap_{name}{{{shown}}} {number}"


def _label(text: str) -> str:
    """Return a value of a label; what is not text is escaped, as JSON and terminals have it."""
    return escaped(text).replace("\\", r"\\").replace('"', r"\"")
