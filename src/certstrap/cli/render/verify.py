"""What ``verify`` shows: whether certificates are good, as a report and as JSON."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from certstrap.cli.render.report import Cell, Line, Section, finding_object
from certstrap.cli.terminal import GREEN, GREY, RED
from certstrap.hints import printed
from certstrap.inventory.verify import Link, Verdict
from certstrap.pki.names import name_text
from certstrap.text import escaped, serial_number, timestamp

SCHEMA = "certstrap.verify/1"


def sections(verdicts: Iterable[Verdict], depot_path: str) -> Iterator[list[Section]]:
    """Yield a report on each certificate: its chain, and what is wrong with it."""
    for verdict in verdicts:
        yield [list(_lines(verdict, depot_path))]


def _lines(verdict: Verdict, depot_path: str) -> Iterator[Line]:
    result, colour = ("good", GREEN) if verdict.is_good else ("not good", RED)
    yield (Cell(f"{escaped(verdict.name)}: {result}", f"bold {colour}"),)
    if verdict.unreadable:
        yield Cell("  failed: ", RED), Cell(escaped(str(verdict.unreadable)), RED)
        if verdict.unreadable.hint:
            yield Cell("  hint: "), Cell(printed(verdict.unreadable.hint, depot_path))
    for number, link in enumerate(verdict.links, 1):
        yield Cell(f"  {number}. "), Cell(_link(link))
        for finding in link.findings:
            yield Cell("     failed: ", RED), Cell(escaped(finding.sentence), RED)
            if finding.hint:
                yield Cell("     hint: "), Cell(printed(finding.hint, depot_path))
    if verdict.links:
        read = ", ".join(map(escaped, verdict.crls))
        yield Cell("  "), Cell(f"CRLs: {read}" if read else "No CRL was found.", GREY)


def _link(link: Link) -> str:
    certificate = link.certificate
    end = certificate.not_valid_after_utc
    subject = name_text(certificate.subject) or "no subject"
    return escaped(f"{link.source}: {subject}, expires {end:%Y-%m-%d}")


def document(verdicts: Sequence[Verdict], at: datetime, depot_path: str) -> dict[str, Any]:
    """Return everything as JSON, which docs/json.md describes."""
    return {
        "schema": SCHEMA,
        "at": timestamp(at),
        "good": all(verdict.is_good for verdict in verdicts),
        "results": [_result(verdict, depot_path) for verdict in verdicts],
    }


def _result(verdict: Verdict, depot_path: str) -> dict[str, Any]:
    return {
        "name": verdict.name,
        "good": verdict.is_good,
        "unreadable": str(verdict.unreadable) if verdict.unreadable else None,
        "crls": list(verdict.crls),
        "chain": [
            {
                "source": link.source,
                "subject": name_text(link.certificate.subject),
                "serial": serial_number(link.certificate.serial_number),
                "not_after": timestamp(link.certificate.not_valid_after_utc),
                "failures": [finding_object(each, depot_path) for each in link.findings],
            }
            for link in verdict.links
        ],
    }
