"""The result of ``renew``: as lines and as JSON."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from cryptography import x509

from certstrap.cli.render.created import excluded_lines
from certstrap.errors import CertstrapError
from certstrap.hints import Hint, printed
from certstrap.operations.renew import Outcome, Renewed
from certstrap.pki.path import usages_of
from certstrap.pki.profiles import usage_name
from certstrap.store.depot import CERTIFICATE, KEY, Entry
from certstrap.text import serial_number, timestamp

SCHEMA = "certstrap.renew/1"


def lines(outcome: Outcome, archive: str, limit: datetime | None) -> Iterator[str]:
    """Yield what was replaced, where the old files are, and what nobody should use any more."""
    for each in outcome.renewed:
        certificate_path = each.entry.path(CERTIFICATE)
        for path in each.paths:
            if path == certificate_path:
                with_ca = ", with its CA" if each.cut else ""
                end = each.certificate.not_valid_after_utc
                yield f"Updated {path}: expires {end:%Y-%m-%d}{with_ca}"
            else:
                yield f"Updated {path}"
        none = frozenset[x509.ObjectIdentifier]()
        lost = (usages_of(each.old) or none) - (usages_of(each.certificate) or none)
        yield from excluded_lines(sorted(map(usage_name, lost)))
    if outcome.renewed:
        yield f"The old files are in {archive}."
    yield from (f"Not renewed: {reason}" for _, reason in outcome.skipped)
    if limit and not outcome.renewed and not outcome.refused:
        yield f"Nothing to renew: nothing else expires by {limit:%Y-%m-%d}."


def ca_lines(renewed: Renewed, problems: Sequence[str], depot_path: str) -> Iterator[str]:
    """Yield what to know of a CA that was renewed, and what Temporal Cloud has against it."""
    name = renewed.entry.stem
    path = renewed.entry.path(CERTIFICATE)
    yield f"{path} has the key and the name that it had: what it issued stays valid."
    if renewed.crl_ends:
        yield f"Its CRL expires on {renewed.crl_ends:%Y-%m-%d}, with the old certificate."
        yield printed(Hint("Renew the CRL", ("certstrap", "crl", name)), depot_path)
    if renewed.certificate.issuer != renewed.certificate.subject:
        if not renewed.entry.has(KEY):
            yield f"Import {path} where its key is: into that depot, or into the engine."
        yield "Export the chains that it is in again, or renew the certificates below it."
        return
    for problem in problems:
        yield f"Temporal Cloud does not accept it: {problem}"
    if not problems:
        yield (
            f"Upload {path} in place of the old certificate: a Namespace does not accept two CAs "
            "with the same name."
        )
    rotate = Hint(
        "To have both accepted while clients change over, create a CA with another name instead",
        ("certstrap", "init", ("--common-name", "NEW")),
        ("certstrap", "bundle", ("--rotate", name, "NEW")),
    )
    yield printed(rotate, depot_path)


def pruned(paths: Sequence[str], now: datetime) -> dict[str, Any]:
    """Return which archived private keys were removed as JSON, which docs/renewal.md describes."""
    return {
        "schema": SCHEMA,
        "renewed_at": timestamp(now),
        "action": "pruned",
        "removed": list(paths),
    }


def document(
    outcome: Outcome,
    now: datetime,
    depot_path: str,
    *,
    restored: bool,
    command: tuple[str, int] | None,
) -> dict[str, Any]:
    """Return the result as JSON, which docs/json.md describes.

    It may be that of an undone renewal (``restored``). The command is the one that was run
    afterwards, with its exit status.
    """
    return {
        "schema": SCHEMA,
        "renewed_at": timestamp(now),
        "action": "restored" if restored else "renewed",
        "renewed": [_renewed(each) for each in outcome.renewed],
        "skipped": [_reason(*each, depot_path) for each in outcome.skipped],
        "refused": [_reason(*each, depot_path) for each in outcome.refused],
        "command": {"line": command[0], "exit_status": command[1]} if command else None,
    }


def _renewed(renewed: Renewed) -> dict[str, Any]:
    return {
        "name": renewed.entry.stem,
        "certificate": renewed.entry.path(CERTIFICATE),
        "serial": serial_number(renewed.certificate.serial_number),
        "not_after": timestamp(renewed.certificate.not_valid_after_utc),
        "ends_with_its_ca": renewed.cut,
        "old_serial": serial_number(renewed.old.serial_number),
        "old_not_after": timestamp(renewed.old.not_valid_after_utc),
        "updated": list(renewed.paths),
        "archived": list(renewed.archived),
    }


def _reason(entry: Entry, error: CertstrapError, depot_path: str) -> dict[str, Any]:
    fix = printed(error.hint, depot_path) or None
    return {"name": entry.stem, "reason": error.text, "fix": fix}
