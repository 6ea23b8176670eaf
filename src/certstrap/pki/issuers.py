"""Who issued a certificate: found by name, and proved by the signature.

`cryptography` verifies no certificate that is signed with SHA-1 or MD5. That it is signed so is
another matter, and must not look like a signature of somebody else.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Generic, NamedTuple, Protocol, TypeVar

from cryptography import x509
from cryptography.exceptions import InternalError, InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.pki import pem
from certstrap.pki.decode import UNDECODABLE, extension

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


class _HasCertificate(Protocol):
    @property
    def certificate(self) -> x509.Certificate: ...


CA = TypeVar("CA", bound=_HasCertificate)


class _Candidate(NamedTuple, Generic[CA]):
    identifier: bytes | None
    key: object  # decoding it takes a tenth of the time of verifying with it
    authority: CA


class Issuers(Generic[CA]):
    """CAs, such as those of a depot.

    A certificate is compared with those CAs that have the name of its issuer, byte for byte; first
    with those that have the key that it names. What counts is the signature alone.
    """

    def __init__(self, authorities: Iterable[CA]) -> None:
        self._named: dict[bytes, list[_Candidate[CA]]] = defaultdict(list)
        for ca in sorted(
            authorities, key=lambda each: each.certificate.not_valid_after_utc, reverse=True
        ):
            named = extension(ca.certificate, x509.SubjectKeyIdentifier)
            candidate = _Candidate(named.digest if named else None, ca.certificate.public_key(), ca)
            self._named[ca.certificate.subject.public_bytes()].append(candidate)

    def of(self, certificate: x509.Certificate) -> CA | None:
        """Return the CA that signed ``certificate``; of one that was renewed, what ends last."""
        candidates = self._named.get(certificate.issuer.public_bytes(), [])
        if len(candidates) > 1:
            named = extension(certificate, x509.AuthorityKeyIdentifier)
            wanted = named.key_identifier if named else None
            candidates = sorted(
                candidates,
                key=lambda each: (
                    each.authority.certificate != certificate,  # a root is its own issuer
                    each.identifier != wanted,
                ),
            )
        for candidate in candidates:
            if is_signed_with(certificate, candidate.key):
                return candidate.authority
        return None


def is_issued_by(certificate: x509.Certificate, ca: x509.Certificate) -> bool:
    """Return whether ``ca`` signed ``certificate``: by the names and by the signature."""

    def check() -> bool:
        certificate.verify_directly_issued_by(ca)
        return True

    return verifies(check)


@lru_cache
def is_self_signed(certificate: x509.Certificate) -> bool:
    """Return whether ``certificate`` is signed by the key it holds."""
    return is_issued_by(certificate, certificate)


def verifies(check: Callable[[], bool]) -> bool:
    """Return whether ``check`` returns True; one that cannot decode what it checks does not."""
    try:
        return check()
    except (InvalidSignature, InternalError, *UNDECODABLE):  # OpenSSL may refuse the key itself
        return False
