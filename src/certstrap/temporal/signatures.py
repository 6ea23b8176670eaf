"""Who signed a certificate, also with algorithms that Temporal Cloud refuses.

`cryptography` verifies no certificate that is signed with SHA-1 or MD5. That it was signed so is
found by a rule of its own, and must not look like a signature of somebody else.
"""

from cryptography import x509

from certstrap.certificates.properties import is_issued_by
from certstrap.certificates.signatures import is_signed_by
from certstrap.temporal.kinds import has_accepted_signature


def is_issued(certificate: x509.Certificate, ca: x509.Certificate) -> bool:
    """Tell if ``ca`` issued ``certificate``: by the names, byte by byte, and the signature."""
    if has_accepted_signature(certificate):
        return is_issued_by(certificate, ca)
    same = certificate.issuer.public_bytes() == ca.subject.public_bytes()
    return same and is_signed_by(certificate, ca)


def is_root(certificate: x509.Certificate) -> bool:
    """Return whether a certificate is issued by itself."""
    return is_issued(certificate, certificate)
