"""What ``inspect`` shows: what objects say, as a report, as JSON and as PEM."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certstrap.cli.render.report import Cell, Line, Section
from certstrap.cli.terminal import GREEN, GREY, ORANGE, RED
from certstrap.inventory import inspect
from certstrap.inventory.inspect import Inspected, Inspection
from certstrap.pki import parts, pem
from certstrap.pki.decode import KeyObject
from certstrap.pki.issuers import has_supported_signature
from certstrap.pki.keys import PublicKey
from certstrap.store.depot import CERTIFICATE
from certstrap.text import counted, escaped, timestamp

SCHEMA = "certstrap.inspect/1"
_LABELS = 12  # columns
_SOON = 30  # days
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
    problems = (("Problem", problem, RED) for problem in each.problems)
    for label, text, style in chain(_rows(each, now), problems):
        if text:
            yield Cell(f"  {label:{_LABELS}}", GREY), Cell(escaped(text), style)


def _rows(each: Inspected, now: datetime) -> Iterator[tuple[str, str, str]]:
    """Yield what an object says, in words: a label, the text, and how that is drawn."""
    if readable := each.object.readable:
        of = inspect.properties(readable, now)
        match readable.shown:
            case x509.Certificate():
                yield from _of_certificate(of, each, now)
            case x509.CertificateSigningRequest():
                yield from _of_request(of)
            case _:
                yield from _of_crl(of, each)
        return
    match each.object.value:
        case KeyObject() as key:
            yield from _of_key(key, each.object.public_key)
        case None:
            if not each.object.problem:
                yield "Content", "not read by certstrap", ""
        case _:
            yield from _of_public_key(inspect.key_properties(each.object.public_key))


_UNREADABLE = "(cannot be read)"


def _of_certificate(
    of: inspect.Properties, each: Inspected, now: datetime
) -> Iterator[tuple[str, str, str]]:
    yield "Subject", of["subject"] or "(none)", "bold"
    yield "Issuer", of["issuer"], ""
    yield "Issued by", _issuer(of, each), ""
    yield from _asked(of)
    yield "Valid", _period(of["not_before"], of["not_after"]), ""
    yield "Days left", *_days(of, now)
    yield "Key", _key(of["key"]), ""
    yield "Signature", of["signature"] or _UNREADABLE, ""
    yield "Serial", of["serial"] or _UNREADABLE, ""
    yield "SHA-256", _colons(of["sha256"]), ""
    yield "SHA-1", _colons(of["sha1"]), ""


def _period(start: str | None, end: str | None, no_end: str = _UNREADABLE) -> str:
    """Return in words between which timestamps something is valid."""
    first, last = (date and date[:-1].replace("T", " ") for date in (start, end))
    until = f"{last} UTC" if last else no_end
    return f"{first or _UNREADABLE} to {until}" if until else f"{first or _UNREADABLE} UTC"


def _issuer(of: inspect.Properties, each: Inspected) -> str:
    if of["self_signed"]:
        return "itself: it is self-signed"
    match each.object.value:
        case None:
            return ""
        case x509.Certificate() as certificate if not has_supported_signature(certificate):
            return "not known: its signature cannot be checked"
    if not each.issuer:
        return "no CA in this depot"
    return f"the CA {each.issuer.entry.stem} ({each.issuer.entry.path(CERTIFICATE)})"


def _ca(of: inspect.Properties) -> str:
    length = of["path_length"]
    if not of["ca"]:
        return _UNREADABLE if of["ca"] is None else "no"
    if length is None:
        return "yes, with any number of CAs below it"
    return f"yes, with {'at most ' if length else ''}{counted(length, 'CA')} below it"


def _asked(of: inspect.Properties) -> Iterator[tuple[str, str, str]]:
    """Yield what a certificate has, and a request asks for."""
    yield "Names", _names(of["names"]), ""
    yield "CA", _ca(of), ""
    yield "Used for", ", ".join(of["extended_key_usage"] or ()), ""
    yield "Key usage", ", ".join(of["key_usage"] or ()), ""
    yield "Permitted", _names(of["permitted_names"]), ""
    yield "Excluded", _names(of["excluded_names"]), ""
    yield "CRL at", ", ".join(of["crl_urls"] or ()), ""
    yield "OCSP at", ", ".join(of["ocsp_urls"] or ()), ""
    yield "Issuer at", ", ".join(of["issuer_urls"] or ()), ""
    yield from _others(of)


def _others(of: inspect.Properties) -> Iterator[tuple[str, str, str]]:
    for other in of["other_extensions"]:
        critical = ", critical" if other["critical"] else ""
        yield "Extension", f"{other['name'] or other['oid']}{critical}", ""


def _of_request(of: inspect.Properties) -> Iterator[tuple[str, str, str]]:
    yield "Subject", of["subject"] or "(none)", "bold"
    yield from _asked(of)
    yield from _of_public_key(of["key"])
    yield "Signature", of["signature"] or _UNREADABLE, ""


def _of_crl(of: inspect.Properties, each: Inspected) -> Iterator[tuple[str, str, str]]:
    yield "Issuer", of["issuer"], "bold"
    if each.object.value is not None:  # an empty CRL is falsy
        by = each.issuer
        yield "Signed by", f"the CA {by.entry.stem}" if by else "no CA in this depot", ""
    yield "Number", str(of["number"]) if of["number"] is not None else "none", ""
    lost = each.object.readable.unreadable if each.object.readable else ()
    no_end = _UNREADABLE if any(part.part == parts.NEXT_UPDATE for part in lost) else ""
    yield "Valid", _period(of["last_update"], of["next_update"], no_end), ""
    yield "Signature", of["signature"] or _UNREADABLE, ""
    yield from _others(of)
    revoked = of["revoked"]
    yield "Revoked", f"{len(revoked)} certificate{'' if len(revoked) == 1 else 's'}", ""
    for entry in revoked[:_MOST_REVOKED]:
        reason = f", {entry['reason']}" if entry["reason"] else ""
        yield "", f"{entry['serial']} on {entry['date'][:10]}{reason}", ""
    if len(revoked) > _MOST_REVOKED:
        yield "", f"and {len(revoked) - _MOST_REVOKED} more", ""


def _of_key(key: KeyObject, public: object) -> Iterator[tuple[str, str, str]]:
    if key.private:
        yield "Key", _key(inspect.key_properties(public)), ""
    if key.uri:
        yield "Kept in", f"{key.uri.place}, which is not opened here", ""
        return
    yield "Form", key.form, ""
    opened = "and opened" if key.private else "not opened: give its passphrase to see its kind"
    yield "Encrypted", f"yes, {opened}" if key.encrypted else "no", ""


def _key(of: inspect.Properties) -> str:
    strength = f", {of['strength']}-bit security" if of["strength"] is not None else ""
    return f"{of['kind'] or _UNREADABLE}{strength}"


def _of_public_key(of: inspect.Properties) -> Iterator[tuple[str, str, str]]:
    yield "Key", _key(of), ""
    yield "SHA-256", f"{_colons(of['sha256'])} (of the key)", ""


_FORMS = {
    "dns": "DNS",
    "ip": "IP",
    "uri": "URI",
    "email": "email",
    "directory": "DirName",
    "other": "other",
}
"""What OpenSSL writes before a name (https://docs.openssl.org/master/man5/x509v3_config/)."""


def _names(names: dict[str, list[str]] | None) -> str:
    shown = (f"{_FORMS[kind]}:{name}" for kind, values in (names or {}).items() for name in values)
    return ", ".join(shown)


def _days(of: inspect.Properties, now: datetime) -> tuple[str, str]:
    """Return in words how long a certificate is valid still, and the style of these words."""
    days, end = of["days_left"], of["not_after"]
    if days is None:
        return "", ""
    if timestamp(now) > end:
        ago = f"{-days} day{'' if days == -1 else 's'} ago" if days else "today"
        return f"none: it expired {ago}", RED
    return str(days) if days else "less than one", ORANGE if days < _SOON else GREEN


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
        "unreadable": [
            {"part": part.part, "reason": part.reason}
            for part in (each.object.readable.unreadable if each.object.readable else ())
        ],
        "content": _content(each, now),
    }


def _content(each: Inspected, now: datetime) -> dict[str, Any] | None:
    if each.object.readable:
        return inspect.properties(each.object.readable, now)
    match each.object.value:
        case KeyObject() as key:
            public = each.object.public_key
            return {
                "key": inspect.key_properties(public) if key.private else None,
                "form": key.form,
                "encrypted": key.encrypted,
                "malformed": key.malformed,
                "uri": key.uri.text if key.uri else None,
            }
        case None:
            return None
        case _:
            return {"key": inspect.key_properties(each.object.public_key)}


_PEM_LABELS = {
    pem.CERTIFICATE: "CERTIFICATE",
    pem.REQUEST: "CERTIFICATE REQUEST",
    pem.CRL: "X509 CRL",
}


def pem_blocks(inspection: Inspection) -> Iterator[str]:
    """Yield each object as PEM; of a private key, which is never shown, the public key."""
    for each in inspection.found:
        if each.object.readable:
            label = _PEM_LABELS[each.object.kind]
            yield pem.to_pem(label, each.object.readable.der).decode().rstrip()
        elif isinstance(each.object.public_key, PublicKey):
            public = each.object.public_key
            pem_text = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            yield pem_text.decode().rstrip()
