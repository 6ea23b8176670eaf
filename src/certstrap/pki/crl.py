"""Certificate revocation lists (RFC 5280, 5). Pure: no disk, no clock."""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime

from cryptography import x509

from certstrap.errors import RefusedError
from certstrap.hints import Hint
from certstrap.pki.build import Issuer
from certstrap.pki.decode import authority_key_identifier, extension, validity_of
from certstrap.pki.findings import Finding
from certstrap.pki.keys import signature_hash
from certstrap.pki.parts import UNDECODABLE
from certstrap.text import quoted, utc

CRL = x509.CertificateRevocationList

_HOLD = x509.ReasonFlags.certificate_hold
REASONS = {
    flag.value: flag
    for flag in x509.ReasonFlags
    if flag not in {x509.ReasonFlags.remove_from_crl, _HOLD}
}
"""Why a certificate is revoked, as RFC 5280, 5.3.1 names it.

removeFromCRL is for delta CRLs, and certificateHold for what may be valid again later.
"""

COMPROMISED = {x509.ReasonFlags.key_compromise, x509.ReasonFlags.ca_compromise}
"""The reasons that say that somebody else has the key."""


NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""The time that RFC 5280, 4.1.2.5 has for what has no end."""


def reason_of(text: str) -> x509.ReasonFlags:
    """Return the reason of that name, in any case; an empty name is ``unspecified``.

    Raises:
        RefusedError: there is none, or it is certificateHold, which nothing here would end.
    """
    if text.casefold() == _HOLD.value.casefold():
        raise RefusedError(
            f"The reason {_HOLD.value} is for a certificate that may be valid again later, which "
            "certstrap does not support.",
            "Choose another reason, or leave it out.",
        )
    for name, flag in REASONS.items():
        if (text or "unspecified").casefold() == name.casefold():
            return flag
    raise RefusedError(
        f"There is no reason {quoted(text)}.", f"Choose one of {', '.join(REASONS)}."
    )


def following(
    issuer: Issuer,
    crls: Collection[CRL],
    now: datetime,
    end: datetime | None = None,
    entries: Iterable[x509.RevokedCertificate] | None = None,
) -> CRL:
    """Return the CRL that follows ``crls``, the complete ones of a CA; without any, the first one.

    Args:
        end: the next update. None for the CA's end, so that no peer is shut out by a CRL that has
            run out before its CA has; after that it is `NEVER`, as it must be after ``now``.
        entries: what it lists; None for the entries of ``crls``.
    """
    ca = issuer.certificate
    end = end or validity_of(ca).end
    number = max(map(number_of, crls), default=0) + 1
    # All entries at once: the builder's `add_revoked_certificate` copies its list at each call.
    listed = [*(_entries(crls).values() if entries is None else entries)]
    builder = x509.CertificateRevocationListBuilder(
        ca.subject, now, end if end >= now else NEVER, revoked_certificates=listed
    )
    builder = builder.add_extension(authority_key_identifier(ca), critical=False)
    builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    return builder.sign(issuer.key, signature_hash(issuer.key))


def current(crl: CRL, now: datetime, source: str, hint: Hint | str = "") -> Iterator[Finding]:
    """Yield why ``crl`` does not count at ``now``; ``hint`` is for one that has expired."""
    end = crl.next_update_utc
    if end and now > end:
        yield Finding("crl-expired", f"{source} expired on {utc(end)}.", hint)
    if now < crl.last_update_utc:
        start = utc(crl.last_update_utc)
        yield Finding("crl-not-yet-valid", f"{source} is not valid before {start}.")


def entry_of(crl: CRL, serial: int) -> x509.RevokedCertificate | None:
    """Return the entry of the certificate with that serial number, or None."""
    if serial < 0:  # which the library does not look for
        return next((each for each in crl if each.serial_number == serial), None)
    return crl.get_revoked_certificate_by_serial_number(serial)


def reason_in(entry: x509.RevokedCertificate) -> x509.ReasonFlags | None:
    """Return why a certificate was revoked; None, which is ``unspecified``, if it does not say."""
    reasons = (each.value for each in entry_extensions(entry))
    return next((each.reason for each in reasons if isinstance(each, x509.CRLReason)), None)


def entry_extensions(entry: x509.RevokedCertificate) -> list[x509.Extension[x509.ExtensionType]]:
    """Return what an entry says besides its date; nothing if it cannot be read."""
    try:
        return list(entry.extensions)
    except UNDECODABLE:
        return []


def is_worse(reason: x509.ReasonFlags, than: x509.ReasonFlags) -> bool:
    """Return whether a reason takes more trust away than another one.

    Somebody else who has the key can have used it before the certificate was revoked, and a hold
    may be released.
    """
    if than == _HOLD:
        return reason != _HOLD
    return reason in COMPROMISED and than not in COMPROMISED


def revoke(
    issuer: Issuer, crls: Collection[CRL], serial: int, reason: x509.ReasonFlags, now: datetime
) -> CRL:
    """Return the CRL that follows ``crls``, with one certificate more, or another reason for one.

    A certificate that they revoke stays revoked since that date. An unspecified reason is left out,
    as RFC 5280, 5.3.1 has it.
    """
    entries = _entries(crls)
    old = entries.get(serial)
    entry = x509.RevokedCertificateBuilder(serial, old.revocation_date_utc if old else now)
    for each in entry_extensions(old) if old else ():
        if not isinstance(each.value, x509.CRLReason):
            entry = entry.add_extension(each.value, each.critical)
    if reason != x509.ReasonFlags.unspecified:
        entry = entry.add_extension(x509.CRLReason(reason), critical=False)
    entries[serial] = entry.build()
    return following(issuer, crls, now, entries=entries.values())


def number_of(crl: CRL) -> int:
    """Return the number of a CRL; 0 if it has none."""
    number = extension(crl, x509.CRLNumber)
    return number.crl_number if number else 0


def age(crl: CRL) -> tuple[int, datetime]:
    """Return what is higher of the newer one of two CRLs of one CA."""
    return number_of(crl), crl.last_update_utc


def newest_first(crls: Iterable[CRL]) -> list[CRL]:
    """Return CRLs of one CA, the newest first."""
    return sorted(crls, key=age, reverse=True)


def _entries(crls: Iterable[CRL]) -> dict[int, x509.RevokedCertificate]:
    """Return the entries of CRLs by serial number; what the newest one says of each counts.

    certstrap's own CRLs may have a serial number twice, of which the first entry counts.
    """
    found: dict[int, x509.RevokedCertificate] = {}
    for crl in newest_first(crls):
        for entry in crl:
            found.setdefault(entry.serial_number, entry)
    return found
