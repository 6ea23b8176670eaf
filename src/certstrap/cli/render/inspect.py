"""What ``inspect`` shows: what objects say, as a report, as JSON and as PEM."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certstrap.cli.render.report import Cell, Line, Section
from certstrap.inventory import inspect
from certstrap.inventory.inspect import Inspected, Inspection
from certstrap.pki.decode import KeyObject
from certstrap.pki.issuers import has_supported_signature
from certstrap.pki.keys import PublicKey
from certstrap.store.depot import CERTIFICATE
from certstrap.text import counted, days_left, escaped, timestamp, utc

SCHEMA = "certstrap.inspect/1"
_LABELS = 12  # columns
_MOST_REVOKED = 10
"""Entries of a CRL that are shown; JSON has all."""


def sections(found: Iterable[Inspection], now: datetime) -> Iterator[list[Section]]:
    """Yield a report on each object, and on whether those of one name belong together."""
    for inspection in found:
        for each in inspection.found:
            yield [list(_lines(each, now))]
        if inspection.sentence:
            yield [[(Cell(escaped(inspection.sentence), "bold"),)]]


def _lines(each: Inspected, now: datetime) -> Iterator[Line]:
    yield (Cell(escaped(f"{each.object.source}: {each.object.kind}"), "bold"),)
    problems = (("Problem", problem, "red") for problem in each.problems)
    for label, text, style in chain(_rows(each, now), problems):
        if text:
            yield Cell(f"  {label:{_LABELS}}", "dim"), Cell(escaped(text), style)


def _rows(each: Inspected, now: datetime) -> Iterator[tuple[str, str, str]]:
    """Yield what an object says, in words: a label, the text, and how that is drawn."""
    match each.object.value:
        case x509.Certificate() as certificate:
            yield from _of_certificate(certificate, each, now)
        case x509.CertificateSigningRequest() as request:
            yield from _of_request(request)
        case x509.CertificateRevocationList() as crl:
            yield from _of_crl(crl, each, now)
        case KeyObject() as key:
            yield from _of_key(key, each.object.public_key)
        case None:
            if not each.object.problem:
                yield "Content", "not read by certstrap", ""
        case _:
            yield from _of_public_key(inspect.key_properties(each.object.public_key))


def _of_certificate(
    certificate: x509.Certificate, each: Inspected, now: datetime
) -> Iterator[tuple[str, str, str]]:
    of = inspect.certificate_properties(certificate, now)
    yield "Subject", of["subject"] or "(none)", "bold"
    yield "Issuer", of["issuer"], ""
    yield "Issued by", _issuer(of, each, certificate), ""
    yield "Names", _names(of["names"]), ""
    length = of["path_length"]
    below = "any number of CAs" if length is None else counted(length, "CA")
    yield "CA", f"yes, with {below} below it" if of["ca"] else "no", ""
    yield from _usages(of)
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    yield "Valid", _period(start, end), ""
    yield "Days left", *_days(certificate, now)
    yield from _of_public_key(of["key"])
    yield "Signature", of["signature"], ""
    yield "Serial", of["serial"], ""
    yield "SHA-256", _colons(of["sha256"]), ""
    yield "SHA-1", _colons(of["sha1"]), ""


_SOON = 30  # days


def _period(start: datetime, end: datetime | None) -> str:
    return f"{utc(start).removesuffix(' UTC')} to {utc(end)}" if end else utc(start)


def _issuer(of: inspect.Properties, each: Inspected, certificate: x509.Certificate) -> str:
    if of["self_signed"]:
        return "itself: it is self-signed"
    if not has_supported_signature(certificate):
        return "not known: its signature cannot be checked"
    if not each.issuer:
        return "no CA in this depot"
    return f"the CA {each.issuer.entry.stem} ({each.issuer.entry.path(CERTIFICATE)})"


def _usages(of: inspect.Properties) -> Iterator[tuple[str, str, str]]:
    yield "Used for", ", ".join(of["extended_key_usage"]), ""
    yield "Key usage", ", ".join(of["key_usage"]), ""
    yield "Permitted", _names(of["permitted_names"]), ""
    yield "Excluded", _names(of["excluded_names"]), ""
    for other in of["other_extensions"]:
        critical = ", critical" if other["critical"] else ""
        yield "Extension", f"{other['name'] or other['oid']}{critical}", ""


def _of_request(request: x509.CertificateSigningRequest) -> Iterator[tuple[str, str, str]]:
    of = inspect.request_properties(request)
    yield "Subject", of["subject"] or "(none)", "bold"
    yield "Names", _names(of["names"]), ""
    yield from _usages(of)
    yield from _of_public_key(of["key"])
    yield "Signature", of["signature"], ""


def _of_crl(
    crl: x509.CertificateRevocationList, each: Inspected, now: datetime
) -> Iterator[tuple[str, str, str]]:
    of = inspect.crl_properties(crl, now)
    yield "Issuer", of["issuer"], "bold"
    by = each.issuer
    yield "Signed by", f"the CA {by.entry.stem}" if by else "no CA in this depot", ""
    yield "Number", str(of["number"]) if of["number"] is not None else "none", ""
    yield "Valid", _period(crl.last_update_utc, crl.next_update_utc), ""
    yield "Signature", of["signature"], ""
    revoked = of["revoked"]
    yield "Revoked", f"{len(revoked)} certificate{'' if len(revoked) == 1 else 's'}", ""
    for entry in revoked[:_MOST_REVOKED]:
        reason = f", {entry['reason']}" if entry["reason"] else ""
        yield "", f"{entry['serial']} on {entry['date'][:10]}{reason}", ""
    if len(revoked) > _MOST_REVOKED:
        yield "", f"and {len(revoked) - _MOST_REVOKED} more", ""


def _of_key(key: KeyObject, public: object) -> Iterator[tuple[str, str, str]]:
    if key.private:
        yield from _of_public_key(inspect.key_properties(public))
    yield "Form", key.form, ""
    opened = "and opened" if key.private else "not opened: give its passphrase to see its kind"
    yield "Encrypted", f"yes, {opened}" if key.encrypted else "no", ""


def _of_public_key(of: inspect.Properties) -> Iterator[tuple[str, str, str]]:
    strength = f", {of['strength']}-bit security" if of["strength"] is not None else ""
    yield "Key", f"{of['kind']}{strength}", ""


def _names(names: dict[str, list[str]] | None) -> str:
    shown = (
        name if kind in {"dns", "ip", "uri", "email"} else f"{kind} {name}"
        for kind, values in (names or {}).items()
        for name in values
    )
    return ", ".join(shown)


def _days(certificate: x509.Certificate, now: datetime) -> tuple[str, str]:
    """Return in words how long a certificate is valid still, and the style of these words."""
    end = certificate.not_valid_after_utc
    days = days_left(end, now)
    if now > end:
        ago = f"{-days} day{'' if days == -1 else 's'} ago" if days else "today"
        return f"none: it expired {ago}", "red"
    return str(days) if days else "less than one", "yellow" if days < _SOON else "green"


def _colons(digest: str) -> str:
    return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2)).upper()


def document(found: Sequence[Inspection], now: datetime) -> dict[str, Any]:
    """Return everything as JSON, which docs/json.md describes."""
    return {
        "schema": SCHEMA,
        "inspected_at": timestamp(now),
        "results": [
            {
                "name": inspection.name,
                "belong_together": inspection.together,
                "objects": [_object(each, now) for each in inspection.found],
            }
            for inspection in found
        ],
    }


def _object(each: Inspected, now: datetime) -> dict[str, Any]:
    return {
        "source": each.object.source,
        "kind": each.object.kind,
        "depot_issuer": each.issuer.entry.stem if each.issuer else None,
        "problems": list(each.problems),
        "content": _content(each, now),
    }


def _content(each: Inspected, now: datetime) -> dict[str, Any] | None:
    match each.object.value:
        case x509.Certificate() as certificate:
            return inspect.certificate_properties(certificate, now)
        case x509.CertificateSigningRequest() as request:
            return inspect.request_properties(request)
        case x509.CertificateRevocationList() as crl:
            return inspect.crl_properties(crl, now)
        case KeyObject() as key:
            public = each.object.public_key
            return {
                "key": inspect.key_properties(public) if key.private else None,
                "form": key.form,
                "encrypted": key.encrypted,
                "malformed": key.malformed,
            }
        case None:
            return None
        case _:
            return {"key": inspect.key_properties(each.object.public_key)}


def pem_blocks(inspection: Inspection) -> Iterator[str]:
    """Yield each object as PEM; of a private key, which is never shown, the public key."""
    for each in inspection.found:
        value = each.object.value
        if isinstance(
            value,
            x509.Certificate | x509.CertificateSigningRequest | x509.CertificateRevocationList,
        ):
            yield value.public_bytes(Encoding.PEM).decode().rstrip()
        elif isinstance(each.object.public_key, PublicKey):
            key = each.object.public_key.public_bytes(
                Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
            )
            yield key.decode().rstrip()
