"""The lines of ``issue``: what it created, and what to do next."""

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from certstrap.cli.render import created
from certstrap.cli.render.keys import is_unusable, refusal_lines
from certstrap.hints import Hint, printed
from certstrap.operations.issue import Issuance, Ready
from certstrap.pki.issuers import is_self_signed
from certstrap.pki.server import is_for_server, served_names
from certstrap.store.depot import CERTIFICATE, CRL, KEY, Name
from certstrap.text import escaped, quoted, serial_number, timestamp

CopyingLine = Callable[[str], str]
"""Returns the command line that copies a file to the clipboard; empty where no program does."""

SCHEMA = "certstrap.issue/1"


def issued_lines(issued: Issuance) -> Iterator[str]:
    """Yield what was created, and what already exists."""
    ready, path = issued.ready, issued.ready.entry.path(CERTIFICATE)
    if issued.new_ca:
        yield from created.ca_lines(issued.new_ca)
    if issued.request:
        yield from created.request_lines(issued.request)
    if issued.signed:
        yield from created.first_crl_lines(issued.signed)
        yield created.signed_line(issued.signed)
        yield created.expiry_line(issued.certificate, cut=issued.signed.cut)
        yield from created.left_out_lines(issued.signed)
    else:
        end = issued.certificate.not_valid_after_utc
        yield f"{path} already exists and expires on {end:%Y-%m-%d}."
    yield from created.other_name_lines(path, issued.certificate, Name(ready.entry.stem))
    if ready.pkcs8 in ready.missing:
        yield f"Created {ready.pkcs8}"


def next_lines(
    issued: Issuance, depot_path: str, name: str, copying: CopyingLine | None = None
) -> Iterator[str]:
    """Yield what to do next; with ``copying``, which is for a person on a terminal, more of it.

    The name is as the user typed it.
    """
    if issued.new_ca:
        yield from ("", _where_line(issued))
    refused = [*_key_lines(issued)]
    if refused:
        yield from ("", *refused)
    refused_ca = any(refusal_lines(issued.ca.certificate.public_key(), of_ca=True))
    if refused_ca or is_unusable(issued.certificate.public_key()):
        return
    entry, pkcs8 = issued.ready.entry, issued.ready.pkcs8
    certificate = entry.path(CERTIFICATE)
    key = entry.path(KEY) if issued.key else f"the key that {certificate} was created for"
    encrypted = issued.key is not None and issued.key.encrypted
    if pkcs8:
        key = pkcs8
    yield ""
    yield "What to do next:"
    for_server = is_for_server(issued.certificate)
    yield from (f"  {line}" for line in _trust_lines(issued, copying, for_server=for_server))
    holder = "server" if for_server else "client"
    if is_self_signed(issued.ca.certificate):
        yield f"  Give your {holder} {certificate} and {key}."
    else:
        yield f"  Give your {holder} {key} and its chain."
        chain = Hint("Write the chain", ("certstrap", "export-chain", name))
        yield f"  {printed(chain, depot_path)}"
    if encrypted and not pkcs8:
        export = ("certstrap", "export-pkcs8", name)
        who = f"{holder.capitalize()}s need a key that is not encrypted."
        yield f"  {who} {printed(Hint('Write such a copy', export), depot_path)}"
    if for_server:
        host = served_names(issued.certificate)[0].replace("*", "www")
        verify = ("certstrap", "verify", name, ("--server", host))
        yield f"  {printed(Hint('Check it as its clients do', verify), depot_path)}"
    elif copying:
        yield from (f"  {printed(hint, depot_path)}" for hint in created.usage_hints(name))
    if issued.new_ca and not issued.new_ca.encrypted:
        encrypt = ("certstrap", "passphrase", issued.ca.entry.stem)
        yield ""
        yield printed(Hint("The CA's key is not encrypted. Encrypt it", encrypt), depot_path)


def _trust_lines(
    issued: Issuance, copying: CopyingLine | None, *, for_server: bool
) -> Iterator[str]:
    """Yield who is to trust the root."""
    root = issued.root_path or f"the root above {issued.ca.entry.path(CERTIFICATE)}"
    if for_server:
        yield f"Let the clients of your server trust {root}."
        return
    upload = "Upload" if issued.new_ca else "If you have not done so yet, upload"
    yield f"{upload} {root} to your Namespace, as its CA certificate."
    yield from _copying_lines(issued.root_path, copying)


def _where_line(issued: Issuance) -> str:
    """Return the line on where a new CA is: whoever is in the wrong folder sees it."""
    return f"New CA: {os.path.abspath(issued.ca.entry.path(CERTIFICATE))}"


def _copying_lines(path: str, copying: CopyingLine | None) -> Iterator[str]:
    if path and copying and (line := copying(path)):
        yield f"Copy its text: {line}"


def _key_lines(issued: Issuance) -> Iterator[str]:
    """Yield who refuses the key of the certificate, or else that of its CA."""
    yield from [*refusal_lines(issued.certificate.public_key())] or refusal_lines(
        issued.ca.certificate.public_key(), of_ca=True
    )


def next_lines_of_many(
    issued: Sequence[Issuance], copying: CopyingLine | None = None
) -> Iterator[str]:
    """Yield how many certificates there are, and what to do next; see `next_lines`."""
    created = sum(each.signed is not None for each in issued)
    yield ""
    noun = "certificate" if created == 1 else "certificates"
    yield f"Created {created} {noun}; {len(issued) - created} existed already."
    yield from dict.fromkeys(line for each in issued for line in _key_lines(each))
    new_ca = next((each for each in issued if each.new_ca), None)
    if new_ca:
        yield _where_line(new_ca)
    upload = "Upload" if new_ca else "If you have not done so yet, upload"
    clients, servers = set[str](), set[str]()
    for each in issued:
        (servers if is_for_server(each.certificate) else clients).add(each.root_path)
    for root in sorted(filter(None, clients)):
        yield f"{upload} {root} to your Namespace, as its CA certificate."
        yield from _copying_lines(root, copying)
    for root in sorted(filter(None, servers)):
        yield f"Let the clients of your servers trust {root}."


def ready_lines(every: Sequence[Ready]) -> Iterator[str]:
    """Yield what would be created, and what already exists."""
    first = next((each for each in every if each.ca is None), None)
    if first:
        yield from (f"Would create {path}" for path in _ca_paths(first))
    for ready in every:
        if ready.certificate:
            end = ready.certificate.not_valid_after_utc
            path = ready.entry.path(CERTIFICATE)
            yield f"{path} already exists and expires on {end:%Y-%m-%d}."
        yield from (f"Would create {path}" for path in ready.missing)


def other_expiry_lines(every: Sequence[Ready], depot_path: str) -> Iterator[str]:
    """Yield which certificates exist, and were made for another end than is asked for now."""
    for ready in every:
        if ready.certificate and ready.wanted.expiry and ready.has_other_expiry:
            text = ready.wanted.expiry.text
            path, end = ready.entry.path(CERTIFICATE), ready.certificate.not_valid_after_utc
            renew = ("certstrap", "renew", ready.wanted.name.text, ("--expires", text))
            hint = "Renew it where the key of its CA is."
            if ready.ca_entry.has(KEY):
                hint = printed(Hint("Renew it", renew), depot_path)
            yield (
                f"{escaped(path)} already exists and expires on {end:%Y-%m-%d}, which is not "
                f"{quoted(text)} after it was created. {hint}"
            )


def _ca_paths(ready: Ready) -> Iterator[str]:
    """Yield the paths of the files of a CA that is to be created."""
    return (ready.ca_entry.path(suffix) for suffix in (KEY, CERTIFICATE, CRL))


def document(issued: Sequence[Issuance], now: datetime) -> dict[str, Any]:
    """Return what was created as JSON, which docs/json.md describes."""
    results = [
        {
            "name": each.ready.entry.stem,
            "created": [*_created(each)],
            "certificate": each.ready.entry.path(CERTIFICATE),
            "key": each.ready.entry.path(KEY) if each.key else None,
            "pkcs8_key": each.ready.pkcs8 or None,
            "ca": each.ca.entry.stem,
            "serial": serial_number(each.certificate.serial_number),
            "not_after": timestamp(each.certificate.not_valid_after_utc),
        }
        for each in issued
    ]
    return _document(now, results, dry_run=False)


def dry_run_document(ready: Sequence[Ready], now: datetime) -> dict[str, Any]:
    """Return what would be created as JSON, which docs/json.md describes."""
    first = next((each for each in ready if each.ca is None), None)  # it comes with the new CA
    results = [
        {
            "name": each.entry.stem,
            "created": [*(_ca_paths(each) if each is first else ()), *each.missing],
            "certificate": each.entry.path(CERTIFICATE),
            "ca": each.ca_entry.stem,
        }
        for each in ready
    ]
    return _document(now, results, dry_run=True)


def _document(now: datetime, results: list[dict[str, Any]], *, dry_run: bool) -> dict[str, Any]:
    return {"schema": SCHEMA, "issued_at": timestamp(now), "dry_run": dry_run, "results": results}


def _created(issued: Issuance) -> Iterator[str]:
    """Yield the paths of the files that were created, in the order of their lines."""
    ready, new_ca, request = issued.ready, issued.new_ca, issued.request
    if new_ca:
        yield from new_ca.paths
    if request:
        yield from request.paths
    if issued.signed:
        yield ready.entry.path(CERTIFICATE)
    if ready.pkcs8 in ready.missing:
        yield ready.pkcs8
