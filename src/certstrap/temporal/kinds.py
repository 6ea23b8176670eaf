"""Kinds of keys and of signatures, and who takes them."""

from cryptography import x509
from cryptography.x509.oid import SignatureAlgorithmOID as Oid

from certstrap.keys import SMALLEST_RSA, KeySpec

LARGEST_RSA_OF_GO = 8192
"""Bits; crypto/tls refuses a larger key in any certificate that a client presents."""

_CURVES = {"P-224", "P-256", "P-384", "P-521"}
_SIGNATURES = {
    Oid.RSA_WITH_SHA256,
    Oid.RSA_WITH_SHA384,
    Oid.RSA_WITH_SHA512,
    Oid.ECDSA_WITH_SHA256,
    Oid.ECDSA_WITH_SHA384,
    Oid.ECDSA_WITH_SHA512,
}
_PSS_HASHES = {"sha256", "sha384", "sha512"}
_NAMES = {Oid.ED25519: "Ed25519", Oid.ED448: "Ed448"}


def is_accepted(kind: KeySpec | None) -> bool:
    """Return whether Temporal Cloud takes certificates for keys of that kind, from some client."""
    if kind is None:
        return False
    return kind.bits >= SMALLEST_RSA or kind.curve in _CURVES


def has_accepted_signature(certificate: x509.Certificate) -> bool:
    """Return whether a certificate is signed with RSA or ECDSA, and SHA-256 or stronger."""
    oid = certificate.signature_algorithm_oid
    if oid == Oid.RSASSA_PSS:
        algorithm = certificate.signature_hash_algorithm
        return algorithm is not None and algorithm.name in _PSS_HASHES
    return oid in _SIGNATURES


def signature_name(certificate: x509.Certificate) -> str:
    """Return what a certificate is signed with, in words."""
    oid = certificate.signature_algorithm_oid
    algorithm = certificate.signature_hash_algorithm
    return _NAMES.get(oid) or (algorithm.name.upper() if algorithm else oid.dotted_string)
