"""Private keys: their kinds, how they are made, read and written.

Read is every form that `cryptography` knows, PEM or DER: PKCS#1 (RFC 8017), SEC1 (RFC 5915), PKCS#8
(RFC 5958), encrypted by PBES2 (RFC 8018) or by OpenSSL's legacy PEM headers; and certstrap's own
malformed PBES2. Written is what certstrap reads too.
"""

import hashlib
import os
import re
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)

from certstrap import encoding
from certstrap.errors import InvalidKeySpec, Refused, Unusable, WrongPassphrase, quoted

PrivateKey = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
)
PublicKey = (
    rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey
)
Passphrase = Callable[[], bytes]
"""Gives a passphrase when it is called, which is only when one is needed; empty means none."""

SMALLEST_RSA, LARGEST_RSA = 2048, 16384  # bits
SMALLEST_CURVE = 224  # bits; as strong as RSA 2048 (NIST SP 800-57, table 2)
PBKDF2_ROUNDS = 600_000  # OWASP's number for PBKDF2-HMAC-SHA256

_CURVES: dict[str, Callable[[], PrivateKey]] = {
    "P-224": lambda: ec.generate_private_key(ec.SECP224R1()),
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}
CURVES = tuple(_CURVES)


class KeySpec(NamedTuple):
    """The kind of a new key: an RSA modulus of ``bits``, or the curve of a name in `CURVES`."""

    bits: int = 0
    curve: str = ""

    @classmethod
    def of(cls, bits: int, curve: str) -> "KeySpec":
        """Return the spec of an RSA key of ``bits``, or of ``curve`` (any case) where one is named.

        Raises:
            InvalidKeySpec: the curve is unknown, or ``bits`` is under 2048 or over 16384.
        """
        if curve:
            for known in CURVES:
                if curve.casefold() == known.casefold():
                    return cls(curve=known)
            raise InvalidKeySpec(
                f"Unknown curve: {quoted(curve)}.", f"Choose one of {', '.join(CURVES)}."
            )
        if not SMALLEST_RSA <= bits <= LARGEST_RSA:
            raise InvalidKeySpec(
                f"An RSA key of {bits} bits is not made here.",
                f"Choose from {SMALLEST_RSA} to {LARGEST_RSA} bits.",
            )
        return cls(bits=bits)

    def generate(self) -> PrivateKey:
        """Return a new key of this kind."""
        if self.curve:
            return _CURVES[self.curve]()
        return rsa.generate_private_key(public_exponent=65537, key_size=self.bits)

    def __str__(self) -> str:
        return self.curve or f"RSA {self.bits}"


RSA_2048 = KeySpec(bits=2048)
RSA_4096 = KeySpec(bits=4096)
P256 = KeySpec(curve="P-256")
P384 = KeySpec(curve="P-384")


def spec_of(key: PrivateKey) -> KeySpec:
    """Return the kind of a key; a curve that is not in `CURVES` goes by its own name."""
    if isinstance(key, rsa.RSAPrivateKey):
        return KeySpec(bits=key.key_size)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        known = {
            "secp224r1": "P-224",
            "secp256r1": "P-256",
            "secp384r1": "P-384",
            "secp521r1": "P-521",
        }
        return KeySpec(curve=known.get(key.curve.name, key.curve.name))
    return KeySpec(curve="Ed25519" if isinstance(key, ed25519.Ed25519PrivateKey) else "Ed448")


def spec_like(key: PrivateKey) -> KeySpec:
    """Return the kind of a new key that goes with ``key``: its own, if such are made here."""
    spec = spec_of(key)
    return spec if spec.bits or spec.curve in CURVES else P384


def load(data: bytes, source: str, passphrase: Passphrase) -> tuple[PrivateKey, bytes]:
    """Read a private key.

    Args:
        data: the content of the file, PEM or DER.
        source: its path, for the sentences.
        passphrase: called once, and only if the key is encrypted.

    Returns:
        The key, and the passphrase that opened it (empty where it was in the clear).

    Raises:
        Unusable: it is no private key, is broken, or of a kind that cannot sign certificates.
        WrongPassphrase: it is encrypted, and not with that passphrase.
    """
    block, is_pem = _mended(*encoding.find(data, encoding.PRIVATE_KEY, source))
    if _RSA_PSS in (encoding.der_of(block) if is_pem else block)[:32]:
        # It would be read as an RSA key for anything, and what binds it to PSS would be lost.
        raise Unusable(source, "holds an RSA-PSS key", "Use an RSA key that is not bound to PSS.")
    loader = load_pem_private_key if is_pem else load_der_private_key
    secret = b""
    try:
        try:
            key = loader(block, None)
        except TypeError:  # it is encrypted
            secret = passphrase()
            if not secret:
                raise Unusable(
                    source,
                    "is encrypted, and no passphrase was given",
                    "Type it, give --passphrase-file FILE or set CERTSTRAP_PASSPHRASE.",
                ) from None
            key = loader(block, secret)
    except (ValueError, UnsupportedAlgorithm, InternalError, MemoryError) as cause:
        if "EC private key is not encoded properly" in str(cause):
            return _of_gnutls(b"" if secret else block, source, is_pem=is_pem), secret
        # `cryptography` tells a cipher it does not know from a wrong passphrase by its words alone.
        if secret and isinstance(cause, ValueError) and "unknown" not in str(cause).lower():
            raise WrongPassphrase(source) from None
        raise Unusable(
            source,
            "is not a private key that can be read",
            "It may be broken, or of a kind that is not supported.",
        ) from None
    if not isinstance(key, PrivateKey):
        raise Unusable(
            source, "holds a key that cannot sign", "RSA, EC, Ed25519 and Ed448 keys can."
        )
    return key, secret


_RSA_PSS = bytes.fromhex("06092a864886f70d01010a")  # RFC 4055, 3.1
_HMAC_SHA256 = bytes.fromhex("06082a864886f70d0209")


def _mended(block: bytes, is_pem: bool) -> tuple[bytes, bool]:
    """Return a key block, with the AlgorithmIdentifier that certstrap ends wrongly put right.

    certstrap 1.3.0 ends hmacWithSHA256 in its PBKDF2 parameters with `00 00`, not the NULL `05 00`.
    """
    der = encoding.der_of(block) if is_pem else block
    if _HMAC_SHA256 + b"\0\0" not in der:
        return block, is_pem
    return der.replace(_HMAC_SHA256 + b"\0\0", _HMAC_SHA256 + b"\5\0", 1), False


_SEC1 = rb"\x02\x01\x01\x04([\x00-\x7f])"  # the version 1, and a short octet string
_CURVE_OIDS: dict[str, Callable[[], ec.EllipticCurve]] = {
    "06052b81040021": ec.SECP224R1,
    "06082a8648ce3d030107": ec.SECP256R1,
    "06052b81040022": ec.SECP384R1,
    "06052b81040023": ec.SECP521R1,
}


def _of_gnutls(block: bytes, source: str, *, is_pem: bool) -> PrivateKey:
    """Return an EC key in the clear whose number has not the length that RFC 5915, 3 gives it.

    GnuTLS writes the content of an INTEGER: one zero more than the curve needs, or fewer.
    """
    der = encoding.der_of(block) if is_pem else block
    found = re.search(_SEC1, der)
    curves = [curve() for oid, curve in _CURVE_OIDS.items() if bytes.fromhex(oid) in der]
    if found and curves:
        number = int.from_bytes(der[found.end() :][: found[1][0]])
        with suppress(ValueError):
            return ec.derive_private_key(number, curves[0])
    raise Unusable(
        source,
        "holds an EC key that is not encoded as it should be",
        f"Mend it with: openssl pkey -in {source} -out NEW",
    )


def dump(key: PrivateKey, passphrase: bytes) -> bytes:
    """Return a key as the depot keeps it, in PEM.

    In the clear (empty ``passphrase``), RSA is PKCS#1 and the others PKCS#8, as certstrap has them;
    encrypted, all are `dump_pkcs8`'s.
    """
    if isinstance(key, rsa.RSAPrivateKey) and not passphrase:
        return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return dump_pkcs8(key, passphrase)


def dump_pkcs8(key: PrivateKey, passphrase: bytes) -> bytes:
    """Return a key as PKCS#8 PEM; encrypted if ``passphrase`` is not empty.

    Encryption is PBES2 with PBKDF2-HMAC-SHA256, 600,000 rounds, and AES-256-CBC (RFC 8018, 6.2).
    `cryptography` encrypts PKCS#8 with 2,048 rounds and has no way to ask for more, so the
    EncryptedPrivateKeyInfo (RFC 5958, 3) is put together here.
    """
    if not passphrase:
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    clear = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    salt, iv = os.urandom(16), os.urandom(16)
    derived = hashlib.pbkdf2_hmac("sha256", passphrase, salt, PBKDF2_ROUNDS, dklen=32)
    padding = 16 - len(clear) % 16
    encryptor = Cipher(algorithms.AES(derived), modes.CBC(iv)).encryptor()
    encrypted = encryptor.update(clear + bytes([padding]) * padding) + encryptor.finalize()
    prf = _sequence(_HMAC_SHA256, b"\5\0")
    rounds = _der(0x02, PBKDF2_ROUNDS.to_bytes(3, "big"))
    pbkdf2 = _sequence(_PBKDF2, _sequence(_der(0x04, salt), rounds, prf))
    pbes2 = _sequence(_PBES2, _sequence(pbkdf2, _sequence(_AES_256_CBC, _der(0x04, iv))))
    return encoding.pem("ENCRYPTED PRIVATE KEY", _sequence(pbes2, _der(0x04, encrypted)))


_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_PBKDF2 = bytes.fromhex("06092a864886f70d01050c")
_AES_256_CBC = bytes.fromhex("060960864801650304012a")


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:  # noqa: PLR2004 - X.690, 8.1.3: the short form of a length ends here
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def _sequence(*parts: bytes) -> bytes:
    return _der(0x30, b"".join(parts))


def signature_hash(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None:
    """Return the hash that ``key`` signs with: as strong as its curve; SHA-256 for RSA."""
    if isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey):
        return None
    if isinstance(key, rsa.RSAPrivateKey) or key.key_size <= 256:  # noqa: PLR2004 - P-256
        return hashes.SHA256()
    return hashes.SHA384() if key.key_size <= 384 else hashes.SHA512()  # noqa: PLR2004 - P-384


def require_strong(key: object, source: str) -> None:
    """Refuse a public key that no peer should accept in a certificate.

    Raises:
        Refused: it is RSA under 2048 or over 16384 bits, or neither RSA, EC, Ed25519 nor Ed448.
    """
    if not isinstance(key, PublicKey):
        raise Refused(
            f"{source} holds a key that cannot sign.", "Use an RSA, EC, Ed25519 or Ed448 key."
        )
    if isinstance(key, rsa.RSAPublicKey) and not SMALLEST_RSA <= key.key_size <= LARGEST_RSA:
        raise Refused(
            f"{source} holds an RSA key of {key.key_size} bits.",
            f"Use one of {SMALLEST_RSA} to {LARGEST_RSA} bits.",
        )
    if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < SMALLEST_CURVE:
        raise Refused(
            f"{source} holds an EC key of {key.key_size} bits.",
            f"Use one of {SMALLEST_CURVE} bits or more.",
        )
