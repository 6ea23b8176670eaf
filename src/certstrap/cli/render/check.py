"""What ``check`` shows: the results by each rule, as reports and as JSON."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

import typer

from certstrap.cli.context import prints_to_terminal
from certstrap.cli.render import report
from certstrap.cli.render.report import Cell, Line, Section
from certstrap.cli.terminal import FOUND, GREEN, GREY, ORANGE, RED, print_lines
from certstrap.hints import printed
from certstrap.temporal.check import Report
from certstrap.temporal.handshake import Handshake
from certstrap.temporal.rules import Result, Status
from certstrap.text import counted, escaped, timestamp, with_capital

SCHEMA = "certstrap.check/1"
_WIDE = 100
"""Columns from which on a terminal shows the identifiers of the rules."""
_RULES = 19
"""Columns that these take at least, so that the texts of several reports are aligned."""

_COLOURS = {"passed": GREEN, "warning": ORANGE, "failed": RED}


class ResultRow(NamedTuple):
    """A line of a report; the sentence is the rule if it passed, else what is wrong."""

    group: str
    status: Status
    rule: str
    sentence: str
    fix: str = ""

    @property
    def text(self) -> str:
        """The sentence, and what to do."""
        return f"{self.sentence} To fix: {self.fix}" if self.fix else self.sentence


SHOWN: dict[str, tuple[Status, ...]] = {
    "all": ("passed", "warning", "failed"),
    "problems": ("warning", "failed"),
    "failures": ("failed",),
}
"""What is shown of a report, by how much is asked for."""


def rows(
    of: Report, depot_path: str = "", shown: tuple[Status, ...] = SHOWN["all"]
) -> Iterator[ResultRow]:
    """Yield a report's rows, of those with these verdicts."""
    found = [_row(result, depot_path) for result in of.results]
    if of.rehearsal:
        found.append(_rehearsal(of.rehearsal))
    if of.connection:
        found.append(_connection(of.connection, of.address))
    return (row for row in found if row.status in shown)


def _row(result: Result, depot_path: str) -> ResultRow:
    rule = result.rule
    sentence = escaped(" ".join(result.sentences)) or rule.sentence
    group = rule.group[:1].upper() + rule.group[1:]
    fix = printed(result.fix, depot_path)
    return ResultRow(group, result.status, rule.identifier, sentence, fix)


def _rehearsal(tried: Handshake) -> ResultRow:
    sentence = {
        "accepted": "A TLS 1.3 server that trusts only the uploaded CAs accepts the client.",
        "refused": "A TLS 1.3 server that trusts only the uploaded CAs refuses the client: "
        f"{_words(tried)}.",
        "skipped": f"Not tried: {escaped(tried.words)}.",
    }.get(tried.outcome, f"The connection cannot be set up: {_words(tried)}.")
    return ResultRow("Rehearsal", _status(tried), "rehearsal", sentence)


def _connection(tried: Handshake, address: str) -> ResultRow:
    words, address = _words(tried), escaped(address)
    sentence = {
        "accepted": f"{address} accepts the certificate.",
        "refused": f"{address} refuses the certificate: {words}.",
        "untrusted": f"The certificate of {address} is not trusted: "
        f"{escaped(tried.reason) or words}.",
        "unreachable": f"{address} is not reachable: {words}.",
        "failed": f"The TLS connection to {address} fails: {words}.",
        "skipped": f"Not tried: {escaped(tried.words)}.",
    }[tried.outcome]
    fix = tried.fix
    if tried.demanded is False:
        sentence = (
            f"{address} accepts the client, but also clients without a certificate: this proves "
            "nothing about the certificate."
        )
        fix = "Use the endpoint of a Namespace that requires certificates."
    elif tried.doubt:
        sentence = f"{sentence} {tried.doubt}"
    return ResultRow("Connection", _status(tried), "connection", sentence, escaped(fix))


def _status(tried: Handshake) -> Status:
    if tried.outcome == "skipped" or tried.demanded is False or tried.doubt:
        return "warning"
    return "passed" if tried.outcome == "accepted" else "failed"


def _words(tried: Handshake) -> str:
    alert = f" (TLS alert {tried.alert})" if tried.alert else ""
    return escaped(f'"{tried.words}"{alert}')


def _title(of: Report) -> str:
    """Return what was checked: the name and its files."""
    subject = of.subject
    files = [
        *([subject.client.path] if subject.client else []),
        *([subject.key.path] if subject.key else []),
        *([f"CA {subject.uploaded.path}"] if subject.uploaded else []),
    ]
    shown = ", ".join(files)
    is_name = shown in {subject.name, f"CA {subject.name}"}
    return escaped(shown if is_name else f"{subject.name}: {shown}")


def _verdict(of: Report) -> str:
    statuses = [row.status for row in rows(of)]
    failed, warnings = statuses.count("failed"), statuses.count("warning")
    notes = f", with {counted(warnings, 'warning')}" if warnings else ""
    name = escaped(of.subject.name)
    if failed:
        return with_capital(f"{name} failed: {failed} of {len(statuses)} checks{notes}.")
    return with_capital(f"{name} passed{notes}.")


def _is_clean(of: Report, *, strict: bool) -> bool:
    """Return whether nothing failed and, if that is to be ``strict``, nothing is a warning."""
    return of.passed and not (strict and any(rows(of, shown=("warning",))))


def show(
    reports: Sequence[Report],
    now: datetime,
    depot_path: str,
    *,
    quiet: bool,
    as_json: bool,
    strict: bool = False,
    is_long: bool = True,
    servers: Sequence[str] = (),
) -> None:
    """Print the results of checks, and end with status 3 if anything failed.

    Args:
        quiet: print only what failed, on a line each.
        strict: warnings count as much as failures.
        is_long: print every rule; else what is wrong, and a line with totals.
        servers: what was not checked, as its certificates are for servers alone.
    """
    clean = all(_is_clean(each, strict=strict) for each in reports)
    shown = SHOWN["all" if not quiet else "problems" if strict else "failures"]

    def found(width: int) -> Iterator[list[Section]]:
        if is_long or quiet:
            yield from sections(reports, depot_path, width, shown)
        else:
            yield from sections(reports, depot_path, width, SHOWN["problems"])
            yield [[_end(_totals(reports, servers), all(each.passed for each in reports))]]

    if as_json or not quiet or (not clean and prints_to_terminal()):
        report.show(
            lambda: _document(reports, now, depot_path, shown, servers), found, as_json=as_json
        )
    elif not clean:  # a line for each, as in a log
        print_lines(
            f"{escaped(each.subject.name)}: {row.rule}: {row.text}"
            for each in reports
            for row in rows(each, depot_path, shown)
        )
    if not clean:
        raise typer.Exit(FOUND)


def _totals(reports: Sequence[Report], servers: Sequence[str]) -> str:
    """Return how many subjects were checked, how many servers were not, and the results."""
    failed = sum(not each.passed for each in reports)
    clean = sum(_is_clean(each, strict=True) for each in reports)
    warned = len(reports) - failed - clean
    counts = ((clean, "passed"), (warned, "passed with warnings"), (failed, "failed"))
    parts = [f"{count} {what}" for count, what in counts if count]
    line = f"Checked {counted(len(reports), 'certificate')}: {', '.join(parts) or 'none'}."
    if servers:
        line += f" Not checked, as they are for servers only: {escaped(', '.join(servers))}."
    return line


def _end(sentence: str, passed: bool) -> Line:
    return (Cell(sentence, _COLOURS["passed" if passed else "failed"]),)


def sections(
    reports: Iterable[Report], depot_path: str, width: int, shown: tuple[Status, ...] = SHOWN["all"]
) -> Iterator[list[Section]]:
    """Yield a report on each subject: what is found by each rule, by group, and the verdict.

    Args:
        width: the columns of the terminal; 0 if there is none.
        shown: the verdicts that are shown.
    """
    for each in reports:
        found = list(rows(each, depot_path, shown))
        if found:
            yield list(_sections(each, found, width))


def _sections(of: Report, found: Sequence[ResultRow], width: int) -> Iterator[Section]:
    names_rules = not 0 < width < _WIDE
    rule_width = max(_RULES if width else 0, *(len(row.rule) for row in found))
    yield [(Cell(_title(of), "bold"),)]
    for group, members in groupby(found, key=lambda row: row.group):
        section: Section = [(Cell(group, "bold"),)]
        for row in members:
            status = Cell(f"  {row.status:7}  ", _COLOURS[row.status])
            rule = [Cell(f"{row.rule:{rule_width}}  ", GREY)] if names_rules else []
            text = _text(row, names_rules=names_rules) if width else row.text
            section.append((status, *rule, Cell(text)))
        yield section
    yield [_end(_verdict(of), of.passed)]


def _text(row: ResultRow, *, names_rules: bool) -> str:
    """Return the text of a row as a terminal shows it, on lines of their own."""
    said = [row.sentence, *([f"To fix: {row.fix}"] if row.fix else ())]
    # The guide to error texts has the identifiers of rules.
    if row.status != "passed" and not names_rules and row.rule != row.group.lower():
        said.append(f"Rule: {row.rule}")
    return "\n".join(said)


def _document(
    reports: Sequence[Report],
    now: datetime,
    depot_path: str,
    shown: tuple[Status, ...],
    servers: Sequence[str],
) -> dict[str, Any]:
    """Return reports as JSON, which docs/json.md describes, with findings of those verdicts."""
    return {
        "schema": SCHEMA,
        "checked_at": timestamp(now),
        "passed": all(each.passed for each in reports),
        "results": [_result(each, depot_path, shown) for each in reports],
        "servers": list(servers),
    }


def _result(of: Report, depot_path: str, shown: tuple[Status, ...]) -> dict[str, Any]:
    subject = of.subject
    connection = None
    if of.connection:
        connection = {
            "address": of.address,
            **_handshake(of.connection),
            "certificate_demanded": of.connection.demanded,
            "reason": of.connection.reason or of.connection.doubt or None,
            "fix": of.connection.fix or None,
        }
    return {
        "name": subject.name,
        "certificate": subject.client.path if subject.client else None,
        "key": subject.key.path if subject.key else None,
        "ca": subject.uploaded.path if subject.uploaded else None,
        "passed": of.passed,
        "findings": [
            {
                "rule": result.rule.identifier,
                "group": result.rule.group,
                "status": result.status,
                "requirement": result.rule.sentence,
                "problems": list(result.sentences),
                "fix": printed(result.fix, depot_path) or None,
                "reason": result.rule.reason,
                "documentation": result.rule.page,
            }
            for result in of.results
            if result.status in shown
        ],
        "rehearsal": _handshake(of.rehearsal) if of.rehearsal else None,
        "connection": connection,
    }


def _handshake(tried: Handshake) -> dict[str, Any]:
    return {"outcome": tried.outcome, "words": tried.words or None, "alert": tried.alert or None}
