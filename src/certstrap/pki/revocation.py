"""Revocation: which CRLs speak of a certificate, and whether one revokes it."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from cryptography import x509

from certstrap.pki.crl import revoked_since
from certstrap.pki.decode import comparable_name, subject_of
from certstrap.pki.findings import Finding
from certstrap.pki.issuers import is_signed_by
from certstrap.text import utc

CRL = x509.CertificateRevocationList


def speaks_of(crl: CRL, ca: x509.Certificate) -> bool:
    """Return whether ``crl`` counts for what ``ca`` issued: by its issuer's name and its key.

    A CA that was renewed has two certificates, and one name and key.
    """
    same = comparable_name(crl.issuer) == comparable_name(subject_of(ca))
    return same and is_signed_by(crl, ca)


def revocations(crls: Iterable[CRL]) -> dict[int, datetime]:
    """Return the serial numbers on the CRLs of one CA, each with the first time on any of them."""
    found: dict[int, datetime] = {}
    for crl in crls:
        for entry in crl:
            since, serial = entry.revocation_date_utc, entry.serial_number
            found[serial] = min(since, found.get(serial, since))
    return found


def revoked(certificate: x509.Certificate, crls: Iterable[CRL], source: str) -> Iterator[Finding]:
    """Yield whether ``certificate`` is revoked by ``crls``, which speak of it."""
    dates = [revoked_since(crl, certificate.serial_number) for crl in crls]
    if known := [date for date in dates if date]:
        yield Finding(
            "revoked",
            f"{source} was revoked on {utc(min(known))}.",
            "Move it away, and its key and request too if the key was lost.",
        )
