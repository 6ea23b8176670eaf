"""The lines of ``issue``: what it created, and what to do next."""

from collections.abc import Iterator
from shlex import quote
from typing import TYPE_CHECKING

from certstrap.cli.render.curves import is_unusable, refusal_lines
from certstrap.cli.render.lines import (
    ca_lines,
    expiry_line,
    first_crl_lines,
    left_out_lines,
    request_lines,
    signed_line,
    usage_lines,
)
from certstrap.cli.render.program import program_for
from certstrap.depot import CERTIFICATE, KEY

if TYPE_CHECKING:
    from certstrap.authority.issue import Issued


def issued_lines(issued: "Issued") -> Iterator[str]:
    """Yield what was created, and what exists already."""
    if issued.new_ca:
        yield from ca_lines(issued.new_ca)
    if issued.request:
        yield from request_lines(issued.request)
    if issued.signed:
        yield from first_crl_lines(issued.signed)
        yield signed_line(issued.signed)
        yield expiry_line(issued.certificate, cut=issued.signed.cut)
        yield from left_out_lines(issued.signed)
    else:
        end = issued.certificate.not_valid_after_utc
        yield f"{issued.entry.path(CERTIFICATE)} exists already, and is valid until {end:%Y-%m-%d}."
    if issued.pkcs8 and issued.pkcs8.created:
        yield f"Created {issued.pkcs8.path}"


def next_lines(
    issued: "Issued", depot_path: str, name: str, *, on_terminal: bool = False
) -> Iterator[str]:
    """Yield what to do next.

    Args:
        issued: the result.
        depot_path: the depot, as the user typed it.
        name: the name, as the user typed it.
        on_terminal: whether a person reads it.
    """
    program = program_for(depot_path)
    public = issued.certificate.public_key()
    ca_key = issued.ca.certificate.public_key()
    refused_ca = [*refusal_lines(ca_key, of_ca=True)]
    refused = [*refusal_lines(public)] or refused_ca
    if refused:
        yield from ("", *refused)
    if refused_ca or is_unusable(public):
        return
    certificate = issued.entry.path(CERTIFICATE)
    key = issued.entry.path(KEY) if issued.key else f"the key that {certificate} was created for"
    encrypted = issued.key is not None and issued.key.encrypted
    if issued.pkcs8:
        key = issued.pkcs8.path
    yield ""
    yield "What to do next:"
    upload = "Upload" if issued.new_ca else "If you have not done so yet, upload"
    root = issued.root_path or f"the root above {issued.ca.entry.path(CERTIFICATE)}"
    yield f"  {upload} {root} to your Namespace, as its CA certificate."
    if issued.ca_is_root:
        yield f"  Give your client {certificate} and {key}."
    else:
        export = f"{program} export-chain {quote(name)}"
        yield f"  Give your client its chain ({export}) and {key}."
    if encrypted and not issued.pkcs8:
        command = f"{program} export-pkcs8 {quote(name)}"
        yield f"  Clients need that key unencrypted: {command} writes such a copy."
    if on_terminal:
        yield from (f"  {line}" for line in usage_lines(program, name))
    if issued.new_ca and not issued.new_ca.encrypted:
        ca = quote(issued.new_ca.ca.entry.stem)
        yield ""
        yield "The CA's key is not encrypted. For one that is, and client keys that are not:"
        yield f"  {program} init --common-name {ca} --passphrase-file FILE"
        yield f"  {program} issue {quote(name)} --no-passphrase"
