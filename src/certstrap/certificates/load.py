"""Certificates and requests, decoded and checked as far as this program uses them."""

from collections.abc import Callable
from typing import TypeVar

from cryptography import x509

from certstrap import pem
from certstrap.certificates import rules
from certstrap.certificates.properties import UNDECODABLE
from certstrap.errors import UnusableFileError


def load_certificate(data: bytes, source: str) -> x509.Certificate:
    """Read the first certificate in ``data``, PEM or DER.

    Raises:
        UnusableFileError: there is none, or a part of it that this program uses cannot be decoded.
    """
    certificate = _decode(
        data, pem.CERTIFICATE, source,
        x509.load_pem_x509_certificate, x509.load_der_x509_certificate,
    )  # fmt: skip
    try:
        _ = certificate.subject, certificate.issuer, certificate.extensions
        _ = certificate.public_key(), certificate.signature_hash_algorithm
        _ = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except UNDECODABLE:
        raise _unreadable(source, pem.CERTIFICATE) from None
    return certificate


def load_request(data: bytes, source: str) -> x509.CertificateSigningRequest:
    """Read the first certificate request in ``data``, PEM or DER, and check its own signature.

    Raises:
        UnusableFileError: there is none, or it cannot be decoded.
        RefusedError: its own signature does not verify or uses SHA-1 or MD5, or its key is weak.
    """
    request = decode_request(data, source)
    rules.require(rules.request_itself(request, source))
    return request


def decode_request(data: bytes, source: str) -> x509.CertificateSigningRequest:
    """Read the first certificate request in ``data``, PEM or DER, which cannot be trusted yet.

    Raises:
        UnusableFileError: there is none, or it cannot be decoded.
    """
    request = _decode(data, pem.REQUEST, source, x509.load_pem_x509_csr, x509.load_der_x509_csr)
    try:
        _ = request.subject, request.extensions
        _ = request.public_key(), request.signature_hash_algorithm
    except UNDECODABLE:
        raise _unreadable(source, pem.REQUEST) from None
    return request


def key_of_request(data: bytes, source: str) -> object:
    """Return the public key in the first certificate request in ``data``, and decode no more of it.

    Raises:
        UnusableFileError: there is none, or its key cannot be decoded.
    """
    request = _decode(data, pem.REQUEST, source, x509.load_pem_x509_csr, x509.load_der_x509_csr)
    try:
        return request.public_key()
    except UNDECODABLE:
        raise _unreadable(source, pem.REQUEST) from None


_Decoded = TypeVar("_Decoded")


def _decode(
    data: bytes,
    kind: str,
    source: str,
    from_pem: Callable[[bytes], _Decoded],
    from_der: Callable[[bytes], _Decoded],
) -> _Decoded:
    block, is_pem = pem.find(data, kind, source)
    try:
        return (from_pem if is_pem else from_der)(block)
    except UNDECODABLE:
        raise _unreadable(source, kind) from None


def _unreadable(source: str, kind: str) -> UnusableFileError:
    return UnusableFileError(
        source, f"is not a {kind} that can be read", "It may be broken or cut short."
    )
