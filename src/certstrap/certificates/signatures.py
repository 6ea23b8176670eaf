"""Who signed a certificate, by the key alone, and with algorithms that are not accepted today.

`cryptography` verifies no certificate that is signed with SHA-1 or MD5. That it is signed so is
another matter, and must not look like a signature of somebody else.
"""

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap import pem
from certstrap.certificates.properties import verifies

Signed = x509.Certificate | x509.CertificateSigningRequest | x509.CertificateRevocationList


def is_signed_by(of: Signed, ca: x509.Certificate) -> bool:
    """Return whether the key of ``ca`` signed a certificate or a CRL, whatever the names are."""
    return is_signed_with(of, ca.public_key())


def is_signed_with(of: Signed, key: object) -> bool:
    """Return whether the private half of a public ``key`` signed a certificate, request or CRL.

    `cryptography` has methods for requests and CRLs, which answer False if Ctrl-C comes meanwhile.
    """
    signature, content = of.signature, _content(of)

    def check() -> bool:
        if isinstance(of, x509.Certificate) and not _names_one_algorithm(of):
            return False
        hashed = of.signature_hash_algorithm
        if isinstance(key, ec.EllipticCurvePublicKey) and hashed:
            key.verify(signature, content, ec.ECDSA(hashed))
        elif isinstance(key, rsa.RSAPublicKey) and hashed:
            parameters = of.signature_algorithm_parameters
            scheme = parameters if isinstance(parameters, padding.PSS) else padding.PKCS1v15()
            key.verify(signature, content, scheme, hashed)
        elif isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            key.verify(signature, content)
        else:
            return False
        return True

    return verifies(check)


def _content(of: Signed) -> bytes:
    """Return the bytes that were signed."""
    match of:
        case x509.Certificate():
            return of.tbs_certificate_bytes
        case x509.CertificateSigningRequest():
            return of.tbs_certrequest_bytes
        case x509.CertificateRevocationList():
            return of.tbs_certlist_bytes


def _names_one_algorithm(of: x509.Certificate) -> bool:
    """Return whether the algorithm that was signed is the one beside it (RFC 5280, 4.1.1.2).

    `cryptography` decodes a certificate in which it is not, and no such CRL.
    """
    _, beside, _ = _inside(of.public_bytes(Encoding.DER))
    signed = [each for each in _inside(of.tbs_certificate_bytes) if each[0] == pem.SEQUENCE]
    return signed[0] == beside


def _inside(der: bytes) -> list[tuple[int, memoryview]]:
    """Return the tags and the contents of the elements of a SEQUENCE."""
    [(_, content)] = pem.elements(memoryview(der))
    return list(pem.elements(content))
