"""What others bring: keys, requests and certificates as other tools make them.

Each builder is keyword-only with valid defaults, so that a test changes the one thing it is about.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from certstrap.keys import P256, PrivateKey
from tests.conftest import NOW

YEAR = timedelta(days=365)
ECDSA_WITH_SHA1 = bytes.fromhex("300906072a8648ce3d0401")


def key_pem(
    key: PrivateKey, *, form: PrivateFormat = PrivateFormat.PKCS8, passphrase: bytes = b""
) -> bytes:
    """Return a key as PEM; ``form`` TraditionalOpenSSL is PKCS#1 for RSA and SEC1 for EC."""
    protection = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, form, protection)


def weak_key() -> rsa.RSAPrivateKey:
    """Return an RSA key that is too short to be accepted."""
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - meant


def name_of(common_name: str) -> x509.Name:
    """Return a distinguished name that is a common name alone, or empty."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else [])


def request(
    *,
    key: PrivateKey | None = None,
    subject: x509.Name | str = "client",
    extensions: Sequence[x509.ExtensionType] = (),
) -> bytes:
    """Return a certificate request as PEM."""
    subject = name_of(subject) if isinstance(subject, str) else subject
    builder = x509.CertificateSigningRequestBuilder(subject)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key or P256.generate(), hashes.SHA256()).public_bytes(Encoding.PEM)


def request_with_a_broken_signature() -> bytes:
    """Return a request as DER whose signature was made over something else."""
    honest = x509.load_pem_x509_csr(request())
    other = x509.load_pem_x509_csr(request(subject="other"))
    return _signed(honest, honest.public_bytes(Encoding.DER)[-1:], other.signature)


def request_signed_with_sha1() -> bytes:
    """Return a request as DER that is signed with SHA-1, which `cryptography` does not make."""
    key = ec.generate_private_key(ec.SECP256R1())
    it = x509.load_pem_x509_csr(request(key=key))
    signature = key.sign(it.tbs_certrequest_bytes, ec.ECDSA(hashes.SHA1()))  # noqa: S303 - meant
    return _signed(it, ECDSA_WITH_SHA1, signature)
