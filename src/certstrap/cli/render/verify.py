"""What ``verify`` shows: as lines, as a drawing, as JSON."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from certstrap.hints import printed
from certstrap.inventory.verify import Link, Verdict
from certstrap.text import escaped, serial_number, timestamp

if TYPE_CHECKING:
    from rich.console import RenderableType


SCHEMA = "certstrap.verify/1"


def _parts(verdict: Verdict, depot_path: str) -> Iterator[tuple[str, str]]:
    """Yield the lines about a certificate, each with its style."""
    if verdict.is_good:
        yield f"{escaped(verdict.name)}: good", "bold green"
    else:
        yield f"{escaped(verdict.name)}: not good", "bold red"
    if verdict.unreadable:
        yield f"  failed: {escaped(verdict.unreadable)}", "red"
    for number, link in enumerate(verdict.links, 1):
        yield _link(link, number), ""
        for finding in link.findings:
            yield f"     failed: {escaped(finding.sentence)}", "red"
            if finding.hint:
                yield f"     hint: {printed(finding.hint, depot_path)}", ""
    if verdict.links:
        read = ", ".join(map(escaped, verdict.crls))
        yield f"  {f'CRLs: {read}' if read else 'No CRL was found.'}", "dim"


def _link(link: Link, number: int) -> str:
    certificate = link.certificate
    end = certificate.not_valid_after_utc
    subject = certificate.subject.rfc4514_string() or "no subject"
    return escaped(f"  {number}. {link.source}: {subject}, until {end:%Y-%m-%d}")


def lines(verdicts: Sequence[Verdict], depot_path: str = "") -> Iterator[str]:
    """Yield everything as plain text."""
    for number, verdict in enumerate(verdicts):
        if number:
            yield ""
        yield from (line for line, _ in _parts(verdict, depot_path))


def drawing(verdicts: Sequence[Verdict], width: int, depot_path: str = "") -> "RenderableType":
    """Return everything to be drawn by rich on a terminal of ``width`` columns."""
    from rich.console import Group  # noqa: PLC0415 - a pipe never needs it
    from rich.text import Text  # noqa: PLC0415

    parts: list[RenderableType] = []
    for verdict in verdicts:
        parts += [Text()] if parts else []
        for line, style in _parts(verdict, depot_path):
            indent = " " * (len(line) - len(line.lstrip()) + 3)
            folded = wrap(line, width, subsequent_indent=indent, drop_whitespace=True)
            parts += [Text(each, style=style) for each in folded]
    return Group(*parts)


def document(verdicts: Sequence[Verdict], at: datetime, depot_path: str = "") -> dict[str, Any]:
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
        "unreadable": verdict.unreadable or None,
        "crls": list(verdict.crls),
        "chain": [
            {
                "source": link.source,
                "subject": link.certificate.subject.rfc4514_string(),
                "serial": serial_number(link.certificate.serial_number),
                "not_after": timestamp(link.certificate.not_valid_after_utc),
                "failures": [
                    {
                        "rule": finding.rule,
                        "sentence": finding.sentence,
                        "hint": printed(finding.hint, depot_path) or None,
                    }
                    for finding in link.findings
                ],
            }
            for link in verdict.links
        ],
    }
