"""Who signed a certificate, also with algorithms that Temporal Cloud refuses.

`cryptography` verifies no certificate that is signed with SHA-1 or MD5. That it was signed so is
found by a rule of its own, and must not look like a signature of somebody else.
"""

from cryptography import x509
from cryptography.exceptions import InternalError
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa

from certstrap.certificates.properties import is_issued_by, verifies
from certstrap.temporal.kinds import has_accepted_signature


def is_issued(certificate: x509.Certificate, ca: x509.Certificate) -> bool:
    """Tell whether ``ca`` issued ``certificate``: by the names, byte by byte, and the signature."""
    if has_accepted_signature(certificate):
        return is_issued_by(certificate, ca)
    same = certificate.issuer.public_bytes() == ca.subject.public_bytes()
    return same and is_signed_by(certificate, ca)


def is_root(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate is issued by itself."""
    return is_issued(certificate, certificate)


def is_signed_by(certificate: x509.Certificate, ca: x509.Certificate) -> bool:
    """Tell whether the key of ``ca`` signed ``certificate``, whatever the names are."""
    key, signature = ca.public_key(), certificate.signature
    content = certificate.tbs_certificate_bytes

    def check() -> bool:
        parameters, hashed = (
            certificate.signature_algorithm_parameters,
            certificate.signature_hash_algorithm,
        )
        if isinstance(key, rsa.RSAPublicKey) and hashed:
            scheme = parameters if isinstance(parameters, padding.PSS) else padding.PKCS1v15()
            key.verify(signature, content, scheme, hashed)
        elif isinstance(key, ec.EllipticCurvePublicKey) and hashed:
            key.verify(signature, content, ec.ECDSA(hashed))
        elif isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            key.verify(signature, content)
        else:
            return False
        return True

    try:
        return verifies(check)
    except InternalError:  # OpenSSL refuses the key, for example as too long
        return False
