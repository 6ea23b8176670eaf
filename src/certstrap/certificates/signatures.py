"""Who signed a certificate, by the key alone, and with algorithms that are not accepted today.

`cryptography` verifies no certificate that is signed with SHA-1 or MD5. That it is signed so is
another matter, and must not look like a signature of somebody else.
"""

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa

from certstrap.certificates.properties import verifies


def is_signed_by(certificate: x509.Certificate, ca: x509.Certificate) -> bool:
    """Return whether the key of ``ca`` signed ``certificate``, whatever the names are."""
    return is_signed_with(certificate, ca.public_key())


def is_signed_with(certificate: x509.Certificate, key: object) -> bool:
    """Return whether the private half of a public ``key`` signed ``certificate``."""
    signature, content = certificate.signature, certificate.tbs_certificate_bytes

    def check() -> bool:
        hashed = certificate.signature_hash_algorithm
        if isinstance(key, ec.EllipticCurvePublicKey) and hashed:
            key.verify(signature, content, ec.ECDSA(hashed))
        elif isinstance(key, rsa.RSAPublicKey) and hashed:
            parameters = certificate.signature_algorithm_parameters
            scheme = parameters if isinstance(parameters, padding.PSS) else padding.PKCS1v15()
            key.verify(signature, content, scheme, hashed)
        elif isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            key.verify(signature, content)
        else:
            return False
        return True

    return verifies(check)
