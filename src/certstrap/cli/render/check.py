"""Reports of ``check``: as lines, as a table, as JSON."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from certstrap.hints import printed
from certstrap.temporal.check import Report
from certstrap.temporal.findings import Finding, Status
from certstrap.temporal.handshake import Handshake
from certstrap.text import escaped, timestamp, with_capital

if TYPE_CHECKING:
    from rich.console import RenderableType


SCHEMA = "certstrap.check/1"
_WIDE = 100
"""Columns from which on a table shows the identifiers of the rules."""

_COLOURS = {"passed": "green", "warning": "yellow", "failed": "red"}


class Row(NamedTuple):
    """A line of a report.

    Attributes:
        group: what it is shown below.
        status: the verdict.
        rule: the identifier of the rule.
        sentence: the rule, if it passed; else what is wrong.
        fix: what to do, or empty.
    """

    group: str
    status: Status
    rule: str
    sentence: str
    fix: str = ""

    @property
    def text(self) -> str:
        """The sentence, and what to do."""
        return f"{self.sentence} To fix: {self.fix}" if self.fix else self.sentence


def rows(report: Report, depot_path: str = "", *, quiet: bool = False) -> Iterator[Row]:
    """Yield a report's rows; with ``quiet``, of what failed only."""
    found = [_row(finding, depot_path) for finding in report.findings]
    if report.rehearsal:
        found.append(_rehearsal(report.rehearsal))
    if report.connection:
        found.append(_connection(report.connection, report.address))
    return (row for row in found if row.status == "failed" or not quiet)


def _row(finding: Finding, depot_path: str) -> Row:
    rule = finding.rule
    sentence = escaped(" ".join(finding.sentences)) or rule.sentence
    group = rule.group[:1].upper() + rule.group[1:]
    fix = printed(finding.fix, depot_path)
    return Row(group, finding.status, rule.identifier, sentence, fix)


def _rehearsal(tried: Handshake) -> Row:
    sentence = {
        "accepted": "A TLS 1.3 server that trusts only the uploaded CAs lets the client in.",
        "refused": "A TLS 1.3 server that trusts only the uploaded CAs refuses the client: "
        f"{_words(tried)}.",
        "skipped": f"Not tried: {escaped(tried.words)}.",
    }.get(tried.outcome, f"The connection cannot be set up: {_words(tried)}.")
    return Row("Rehearsal", _status(tried), "rehearsal", sentence)


def _connection(tried: Handshake, address: str) -> Row:
    words, address = _words(tried), escaped(address)
    sentence, fix = {
        "accepted": (f"{address} accepts the certificate.", ""),
        "refused": (
            f"{address} refuses the certificate: {words}.",
            "Upload the CA that issued it to the Namespace, and look at its certificate filters.",
        ),
        "untrusted": (
            f"The certificate of {address} is not trusted: {words}.",
            "Temporal Cloud needs neither --server-ca nor --server-name; another server may.",
        ),
        "unreachable": (
            f"{address} is not reachable: {words}.",
            "Check the address, the port, the network and its firewalls.",
        ),
        "failed": (
            f"The TLS connection to {address} fails: {words}.",
            "Check that it is the address of a Temporal endpoint.",
        ),
        "skipped": (f"Not tried: {escaped(tried.words)}.", ""),
    }[tried.outcome]
    if tried.demanded is False:
        sentence = (
            f"{address} lets the client in, but also whoever has no certificate: this proves "
            "nothing about the certificate."
        )
        fix = "Use the endpoint of a Namespace that demands certificates."
    return Row("Connection", _status(tried), "connection", sentence, fix)


def _status(tried: Handshake) -> Status:
    if tried.outcome == "skipped" or tried.demanded is False:
        return "warning"
    return "passed" if tried.outcome == "accepted" else "failed"


def _words(tried: Handshake) -> str:
    alert = f" (TLS alert {tried.alert})" if tried.alert else ""
    return escaped(f'"{tried.words}"{alert}')


def title(report: Report) -> str:
    """Return what was checked: the name and its files."""
    subject = report.subject
    files = [
        *([subject.client.path] if subject.client else []),
        *([subject.key.path] if subject.key else []),
        *([f"CA {subject.uploaded.path}"] if subject.uploaded else []),
    ]
    shown = ", ".join(files)
    return escaped(
        shown if shown in {subject.name, f"CA {subject.name}"} else f"{subject.name}: {shown}"
    )


def verdict(report: Report) -> str:
    """Return what came of it all, in a sentence."""
    statuses = [row.status for row in rows(report)]
    failed, warnings = statuses.count("failed"), statuses.count("warning")
    notes = f", with {warnings} warning{'s' if warnings > 1 else ''}" if warnings else ""
    name = escaped(report.subject.name)
    if failed:
        return with_capital(f"{name} failed: {failed} of {len(statuses)} checks{notes}.")
    return with_capital(f"{name} passed{notes}.")


def lines(reports: Iterable[Report], depot_path: str = "", *, quiet: bool = False) -> Iterator[str]:
    """Yield reports as plain text: one line a rule, in columns.

    With ``quiet``, a line says which subject failed, and there is none for those that passed.
    """
    for number, report in enumerate(reports):
        found = list(rows(report, depot_path, quiet=quiet))
        if quiet:
            name = escaped(report.subject.name)
            yield from (f"{name}: {row.rule}: {row.text}" for row in found)
            continue
        if number:
            yield ""
        yield title(report)
        width = max(len(row.rule) for row in found)
        for group, members in groupby(found, key=lambda row: row.group):
            yield ""
            yield group
            yield from (f"  {row.status:7}  {row.rule:{width}}  {row.text}" for row in members)
        yield ""
        yield verdict(report)


def drawing(
    reports: Sequence[Report], width: int, depot_path: str = "", *, quiet: bool = False
) -> "RenderableType":
    """Return reports to be drawn by rich on a terminal of ``width`` columns."""
    from rich.console import Group  # noqa: PLC0415 - a pipe never needs it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    parts: list[RenderableType] = []
    for report in reports:
        found = list(rows(report, depot_path, quiet=quiet))
        if quiet and not found:
            continue
        parts.append(Text(title(report), style="bold"))
        for group, members in groupby(found, key=lambda row: row.group):
            table = Table.grid(padding=(0, 2, 0, 0))
            table.add_column(min_width=9, no_wrap=True)
            if width >= _WIDE:
                table.add_column(min_width=19, no_wrap=True)
            table.add_column(overflow="fold")
            for row in members:
                cells = [Text(f"  {row.status}", style=_COLOURS[row.status])]
                cells += [Text(row.rule, style="dim")] if width >= _WIDE else []
                said = [row.sentence, *([f"To fix: {row.fix}"] if row.fix else ())]
                # The guide to error texts has the identifiers of rules.
                named = width >= _WIDE or row.rule == row.group.lower()
                if row.status != "passed" and not named:
                    said.append(f"Rule: {row.rule}")
                table.add_row(*cells, Text("\n".join(said)))
            parts += [Text(group, style="bold"), table]
        style = _COLOURS["passed" if report.passed else "failed"]
        parts += [Text(verdict(report), style=style), Text()]
    return Group(*parts)


def document(
    reports: Sequence[Report], now: datetime, depot_path: str = "", *, quiet: bool = False
) -> dict[str, Any]:
    """Return reports as JSON, which docs/json.md describes; ``quiet``: findings that failed."""
    return {
        "schema": SCHEMA,
        "checked_at": timestamp(now),
        "passed": all(report.passed for report in reports),
        "results": [_result(report, depot_path, quiet=quiet) for report in reports],
    }


def _result(report: Report, depot_path: str, *, quiet: bool) -> dict[str, Any]:
    subject = report.subject
    connection = None
    if report.connection:
        connection = {
            "address": report.address,
            **_handshake(report.connection),
            "certificate_demanded": report.connection.demanded,
        }
    return {
        "name": subject.name,
        "certificate": subject.client.path if subject.client else None,
        "key": subject.key.path if subject.key else None,
        "ca": subject.uploaded.path if subject.uploaded else None,
        "passed": report.passed,
        "findings": [
            _finding(finding, depot_path)
            for finding in report.findings
            if finding.status == "failed" or not quiet
        ],
        "rehearsal": _handshake(report.rehearsal) if report.rehearsal else None,
        "connection": connection,
    }


def _finding(finding: Finding, depot_path: str) -> dict[str, Any]:
    rule = finding.rule
    return {
        "rule": rule.identifier,
        "group": rule.group,
        "status": finding.status,
        "requirement": rule.sentence,
        "problems": list(finding.sentences),
        "fix": printed(finding.fix, depot_path) or None,
        "reason": rule.reason,
        "documentation": rule.page,
    }


def _handshake(tried: Handshake) -> dict[str, Any]:
    return {"outcome": tried.outcome, "words": tried.words or None, "alert": tried.alert or None}
