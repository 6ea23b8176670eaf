"""Certificates and requests from outside: decoded as far as they are used here, and checked."""

from collections.abc import Callable
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from certstrap import encoding, keys
from certstrap.errors import Refused, Unusable
from certstrap.facts import UNDECODABLE, verifies

_WEAK_HASHES = (hashes.MD5, hashes.SHA1)


def load_certificate(data: bytes, source: str) -> x509.Certificate:
    """Read the first certificate in ``data``, PEM or DER.

    Raises:
        Unusable: there is none, or a part of it that is used here cannot be decoded.
    """
    certificate = _decode(
        data, encoding.CERTIFICATE, source,
        x509.load_pem_x509_certificate, x509.load_der_x509_certificate,
    )  # fmt: skip
    try:
        _ = certificate.subject, certificate.issuer, certificate.extensions
        _ = certificate.public_key(), certificate.signature_hash_algorithm
        _ = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except UNDECODABLE:
        raise _unreadable(source, encoding.CERTIFICATE) from None
    return certificate


def load_request(data: bytes, source: str) -> x509.CertificateSigningRequest:
    """Read the first certificate request in ``data``, PEM or DER, and check what it claims.

    Raises:
        Unusable: there is none, or it cannot be decoded.
        Refused: its own signature does not verify or is made with SHA-1 or MD5, or its key is weak.
    """
    request = _decode(
        data, encoding.REQUEST, source, x509.load_pem_x509_csr, x509.load_der_x509_csr
    )
    try:
        _ = request.subject, request.extensions
        key, algorithm = request.public_key(), request.signature_hash_algorithm
    except UNDECODABLE:
        raise _unreadable(source, encoding.REQUEST) from None
    keys.require_strong(key, source)
    if isinstance(algorithm, _WEAK_HASHES):
        raise Refused(
            f"{source} is signed with {algorithm.name.upper()}, which proves nothing today.",
            "Have it made again, with SHA-256.",
        )
    if not verifies(lambda: request.is_signature_valid):
        raise Refused(
            f"{source} is not signed by the key it holds.",
            "It was changed or is broken: have it made again.",
        )
    return request


_Decoded = TypeVar("_Decoded")


def _decode(
    data: bytes,
    kind: str,
    source: str,
    from_pem: Callable[[bytes], _Decoded],
    from_der: Callable[[bytes], _Decoded],
) -> _Decoded:
    block, is_pem = encoding.find(data, kind, source)
    try:
        return (from_pem if is_pem else from_der)(block)
    except UNDECODABLE:
        raise _unreadable(source, kind) from None


def _unreadable(source: str, kind: str) -> Unusable:
    return Unusable(source, f"is not a {kind} that can be read", "It may be broken or cut short.")
