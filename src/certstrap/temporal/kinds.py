"""Kinds of keys and of signatures, and who takes them."""

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import SignatureAlgorithmOID as Oid

from certstrap.keys import SMALLEST_RSA, KeySpec

LARGEST_RSA_OF_GO = 8192
"""Bits; crypto/tls refuses a larger key in any certificate that a client presents."""

_CURVES = {
    "secp224r1": "P-224",
    "secp256r1": "P-256",
    "secp384r1": "P-384",
    "secp521r1": "P-521",
}
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


def kind_of(key: object) -> KeySpec | None:
    """Return the kind of a public key, or None for one that signs nothing in TLS."""
    match key:
        case rsa.RSAPublicKey():
            return KeySpec(bits=key.key_size)
        case ec.EllipticCurvePublicKey():
            return KeySpec(curve=_CURVES.get(key.curve.name, key.curve.name))
        case ed25519.Ed25519PublicKey():
            return KeySpec(curve="Ed25519")
        case ed448.Ed448PublicKey():
            return KeySpec(curve="Ed448")
    return None


def is_accepted(kind: KeySpec | None) -> bool:
    """Tell whether Temporal Cloud takes certificates for keys of that kind, from some client."""
    if kind is None:
        return False
    return kind.bits >= SMALLEST_RSA or kind.curve in _CURVES.values()


def has_accepted_signature(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate is signed with RSA or ECDSA, and SHA-256 or stronger."""
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
