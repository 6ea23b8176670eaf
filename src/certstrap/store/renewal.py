"""Hints: how what has expired is renewed, and what is revoked gets a new key."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from cryptography import x509

from certstrap.hints import Hint
from certstrap.pki import rules
from certstrap.pki.decode import is_ca, validity_of
from certstrap.pki.findings import Finding
from certstrap.store.depot import CERTIFICATE, CRL, KEY, DepotFolder, Entry


def expired(
    depot: DepotFolder, chain: Iterable[x509.Certificate], now: datetime, path: str = ""
) -> Iterator[Finding]:
    """Yield what in ``chain`` is not valid at ``now``: the first is at ``path``, or a CA too."""
    for number, certificate in enumerate(chain):
        source = "" if number else path
        dates = rules.valid(certificate, now, source or rules.name_of_ca(certificate), "")
        yield from with_renewal(dates, depot, certificate, now, source)


def with_renewal(
    findings: Iterable[Finding],
    depot: DepotFolder,
    certificate: x509.Certificate,
    now: datetime,
    path: str = "",
) -> Iterator[Finding]:
    """Yield findings about a certificate; if it has expired, with how to renew it.

    Args:
        path: where it is, unless it is a CA's.
    """
    for finding in findings:
        is_over = finding.rule == "expired"
        hint = how_to_renew(depot, certificate, now, path) if is_over else finding.hint
        yield finding._replace(hint=hint)


def how_to_renew(
    depot: DepotFolder, certificate: x509.Certificate, now: datetime, path: str = ""
) -> Hint | str:
    """Return how to renew a certificate; the uppermost CA that has expired comes first."""
    chain = depot.chain_of(certificate)
    expired_ones = [each for each in chain if validity_of(each).state(now) == "expired"]
    first = expired_ones[-1] if expired_ones else certificate
    named = {each.certificate: each.entry for each in depot.authorities}
    entry = named.get(first, _entry_at(depot, path))
    if entry is None:
        return ""
    what = "the CA first" if first in named else "it"
    if not can_be_signed(depot, first):
        return f"Renew {what}, where the key that signs it is."
    return Hint(f"Renew {what}", ("certstrap", "renew", entry.stem))


def with_new_key(
    findings: Iterable[Finding], depot: DepotFolder, certificate: x509.Certificate, path: str
) -> Iterator[Finding]:
    """Yield why a certificate must not be used; if it is a client's, with how to get a new key.

    A renewal would keep the key, which may have been lost.
    """
    for finding in findings:
        entry = None if is_ca(certificate) else _entry_at(depot, path)
        is_possible = can_be_signed(depot, certificate)
        hint = new_key_hint(entry.stem) if entry and is_possible else finding.hint
        yield finding._replace(hint=hint)


def new_key_hint(name: str) -> Hint:
    """Return how to give a client a new key, and a certificate for it."""
    return Hint(
        "If the client may be let in again, give it a new key",
        ("certstrap", "renew", name, ("--new-key",)),
    )


def _entry_at(depot: DepotFolder, path: str) -> Entry | None:
    entries = depot.with_suffix(CERTIFICATE)
    return next((each for each in entries if each.path(CERTIFICATE) == path), None)


def can_be_signed(depot: DepotFolder, certificate: x509.Certificate) -> bool:
    """Return whether the key of a CA that issued a certificate is here."""
    return any(ca.entry.has(KEY) for ca in depot.issuers.of(certificate))


def renewal_of_crl(*entries: Entry, what: str = "Renew it") -> Hint | str:
    """Return how to renew the CRL of a CA, which has these entries; the CRL is in the first."""
    for entry in entries:
        if entry.has(KEY):
            return Hint(what, ("certstrap", "crl", entry.stem))
    path = entries[0].path(CRL)
    return (
        "Write a new one where the key of its CA is, or fetch it again from the engine that has "
        f"that key, and copy it to {path}."
    )
