"""Private keys, and the files that hold them."""

from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from certstrap.pki.keys import CURVES, P256, RSA_2048, KeySpec, PrivateKey

EVERY_SPEC = [RSA_2048, *(KeySpec(curve=curve) for curve in CURVES)]

CA_KEY = ec.generate_private_key(ec.SECP256R1())
LEAF_KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
ED448_KEY = ed448.Ed448PrivateKey.generate()

SECRET = b"123456"
"""The passphrase of the keys in `DATA`, and of those that tests encrypt."""


@cache
def a_key(spec: KeySpec = P256) -> PrivateKey:
    """Return a key of that kind, always the same one."""
    return an_rsa_key(spec.bits) if spec.bits else spec.generate()


@cache
def an_rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """Return an RSA key of a size that certstrap itself may not generate, always the same one."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def a_dsa_key() -> dsa.DSAPrivateKey:
    """Return a key that cannot sign certificates, always the same one."""
    return dsa.generate_private_key(1024)  # noqa: S505 - to be refused


def public(key: PrivateKey) -> bytes:
    """Return the public half, to compare."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def never() -> bytes:
    """Return no passphrase: the test fails if one is asked for."""
    raise AssertionError("nothing here is encrypted")


def secret() -> bytes:
    """Return the passphrase `SECRET`."""
    return SECRET


def key_data(
    key: PrivateKey,
    *,
    form: PrivateFormat = PrivateFormat.PKCS8,
    encoding: Encoding = Encoding.PEM,
    passphrase: bytes = b"",
) -> bytes:
    """Return a key as a file holds it; the form TraditionalOpenSSL is PKCS#1 or SEC1."""
    protection = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(encoding, form, protection)


def load_key(path: Path, passphrase: bytes | None = None) -> PrivateKey:
    """Return the key in a PEM file, as `cryptography` reads it."""
    key = load_pem_private_key(path.read_bytes(), passphrase)
    assert isinstance(key, PrivateKey)
    return key
