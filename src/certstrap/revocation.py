"""Certificate revocation lists (RFC 5280, 5). Pure: no disk, no clock."""

from datetime import datetime

from cryptography import x509

from certstrap.facts import authority_key_identifier, validity_of
from certstrap.issuer import Issuer
from certstrap.keys import signature_hash


def empty(issuer: Issuer, now: datetime) -> x509.CertificateRevocationList:
    """Return the first CRL of a CA: nothing revoked, number 1, good until the CA's end."""
    return _build(issuer, now, number=1, entries=[])


def _build(
    issuer: Issuer, now: datetime, *, number: int, entries: list[x509.RevokedCertificate]
) -> x509.CertificateRevocationList:
    ca = issuer.certificate
    # The builder's own `add_revoked_certificate` copies its list at each call.
    builder = x509.CertificateRevocationListBuilder(
        ca.subject, now, validity_of(ca).end, revoked_certificates=entries
    )
    builder = builder.add_extension(authority_key_identifier(ca), critical=False)
    builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    return builder.sign(issuer.key, signature_hash(issuer.key))
