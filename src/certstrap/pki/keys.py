"""Private keys: their kinds, how they are generated, and how they are written."""

import hashlib
import os
from collections.abc import Callable
from threading import Thread
from typing import NamedTuple

from cryptography.exceptions import InternalError
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from certstrap.errors import RefusedError
from certstrap.pki import pem
from certstrap.pki.asn1 import INTEGER, OCTET_STRING, encoded, sequence
from certstrap.text import quoted

PrivateKey = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
)
PublicKey = (
    rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey
)
SMALLEST_RSA, LARGEST_RSA = 2048, 16384  # bits
SMALLEST_CURVE = 224  # bits; as strong as RSA 2048 (NIST SP 800-57, table 2)

NIST_CURVES: dict[str, ec.EllipticCurve] = {
    "P-224": ec.SECP224R1(),
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}
_NAMES = {curve.name: name for name, curve in NIST_CURVES.items()}
CURVES = {
    "P-224": bytes.fromhex("06052b81040021"),
    "P-256": bytes.fromhex("06082a8648ce3d030107"),
    "P-384": bytes.fromhex("06052b81040022"),
    "P-521": bytes.fromhex("06052b81040023"),
    "Ed25519": bytes.fromhex("06032b6570"),
}
"""The curves of new keys, and their object identifiers in DER (RFC 5480, 2.1.1.1; RFC 8410, 3)."""


class KeySpec(NamedTuple):
    """The kind of a new key: an RSA modulus of ``bits``, or the curve of a name in `CURVES`."""

    bits: int = 0
    curve: str = ""

    @classmethod
    def of(cls, bits: int, curve: str) -> "KeySpec":
        """Return the kind of an RSA key of ``bits``, or of ``curve`` if one is named.

        A curve is found without regard to case and hyphens: ``p256`` is ``P-256``.

        Raises:
            RefusedError: the curve is unknown, or ``bits`` is under 2048, over 16384 or no
                multiple of 8.
        """
        if curve:
            known = {_plain(each): each for each in CURVES}
            if _plain(curve) not in known:
                hint = f"Choose one of {', '.join(CURVES)}."
                raise RefusedError(f"Unknown curve: {quoted(curve)}.", hint)
            return cls(curve=known[_plain(curve)])
        hint = f"Choose a multiple of 8, such as {bits - bits % 8}." if bits % 8 else ""
        if not SMALLEST_RSA <= bits <= LARGEST_RSA:
            hint = f"Choose from {SMALLEST_RSA} to {LARGEST_RSA} bits."
        if hint:
            raise RefusedError(f"An RSA key of {bits} bits is not supported.", hint)
        return cls(bits=bits)

    def generate(self) -> PrivateKey:
        """Return a new key of this kind."""
        if self.curve in NIST_CURVES:
            return ec.generate_private_key(NIST_CURVES[self.curve])
        if self.curve:
            return ed25519.Ed25519PrivateKey.generate()
        return rsa.generate_private_key(public_exponent=65537, key_size=self.bits)

    def __str__(self) -> str:
        return self.curve or f"RSA {self.bits}"


def generating(spec: KeySpec) -> Callable[[], PrivateKey]:
    """Begin to generate a key, and return a function that waits for it and returns it.

    A large RSA key takes minutes; a thread generates it, so that Ctrl-C ends the wait at once.
    """
    outcome: list[PrivateKey | BaseException] = []

    def generate() -> None:
        try:
            outcome.append(spec.generate())
        except InternalError:  # OpenSSL fails so if it gets no memory
            outcome.append(MemoryError())
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            outcome.append(error)

    thread = Thread(target=generate, daemon=True)
    try:
        thread.start()
    except RuntimeError:  # the operating system allows no more threads
        return spec.generate

    def result() -> PrivateKey:
        thread.join()
        if isinstance(outcome[0], BaseException):
            raise outcome[0]
        return outcome[0]

    return result


def _plain(curve: str) -> str:
    return curve.replace("-", "").casefold()


RSA_2048 = KeySpec(bits=2048)
RSA_4096 = KeySpec(bits=4096)
P256 = KeySpec(curve="P-256")
P384 = KeySpec(curve="P-384")


def spec_of(key: PrivateKey) -> KeySpec:
    """Return the kind of a private key."""
    kind = kind_of(key.public_key())
    assert kind  # noqa: S101 - its public half is a `PublicKey`
    return kind


def kind_of(key: object) -> KeySpec | None:
    """Return the kind of a public key, or None for one that cannot sign.

    A curve that is not in `CURVES` has its own name.
    """
    match key:
        case rsa.RSAPublicKey():
            return KeySpec(bits=key.key_size)
        case ec.EllipticCurvePublicKey():
            return KeySpec(curve=_NAMES.get(key.curve.name, key.curve.name))
        case ed25519.Ed25519PublicKey():
            return KeySpec(curve="Ed25519")
        case ed448.Ed448PublicKey():
            return KeySpec(curve="Ed448")
    return None


def spec_like(key: object) -> KeySpec:
    """Return the kind of a new key: that of a public ``key`` if it is strong and can be made."""
    spec = kind_of(key)
    if spec and spec.bits:
        bits = spec.bits + -spec.bits % 8  # other sizes are generated smaller
        return KeySpec(bits=bits) if bits >= SMALLEST_RSA else RSA_2048
    return spec if spec and spec.curve in CURVES else P384


def signature_hash(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None:
    """Return the hash that ``key`` signs with: as strong as its curve; SHA-256 for RSA."""
    if isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey):
        return None
    if isinstance(key, rsa.RSAPrivateKey) or key.key_size <= 256:  # noqa: PLR2004 - P-256
        return hashes.SHA256()
    return hashes.SHA384() if key.key_size <= 384 else hashes.SHA512()  # noqa: PLR2004 - P-384


PBKDF2_ROUNDS = 600_000  # OWASP's number for PBKDF2-HMAC-SHA256


def dump(key: PrivateKey, passphrase: bytes, rounds: int = PBKDF2_ROUNDS) -> bytes:
    """Return a key as the depot keeps it, in PEM.

    Not encrypted (``passphrase`` is empty), RSA is PKCS#1 and the others are PKCS#8, as certstrap
    writes them; encrypted, all are written by `dump_pkcs8`.
    """
    if isinstance(key, rsa.RSAPrivateKey) and not passphrase:
        return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return dump_pkcs8(key, passphrase, rounds)


def dump_pkcs8(key: PrivateKey, passphrase: bytes, rounds: int = PBKDF2_ROUNDS) -> bytes:
    """Return a key as PKCS#8 PEM; encrypted if ``passphrase`` is not empty.

    Encryption is PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC (RFC 8018, 6.2). `cryptography`
    has no way to ask for more than 2,048 rounds, so it is built here (RFC 5958, 3).
    """
    if not passphrase:
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    clear = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    salt, iv = os.urandom(16), os.urandom(16)
    derived = hashlib.pbkdf2_hmac("sha256", passphrase, salt, rounds, dklen=32)
    padding = 16 - len(clear) % 16
    encryptor = Cipher(algorithms.AES(derived), modes.CBC(iv)).encryptor()
    encrypted = encryptor.update(clear + bytes([padding]) * padding) + encryptor.finalize()
    prf = sequence(HMAC_SHA256, b"\5\0")
    number = encoded(INTEGER, rounds.to_bytes(rounds.bit_length() // 8 + 1))
    pbkdf2 = sequence(_PBKDF2, sequence(encoded(OCTET_STRING, salt), number, prf))
    aes = sequence(_AES_256_CBC, encoded(OCTET_STRING, iv))
    pbes2 = sequence(_PBES2, sequence(pbkdf2, aes))
    der = sequence(pbes2, encoded(OCTET_STRING, encrypted))
    return pem.to_pem("ENCRYPTED PRIVATE KEY", der)


HMAC_SHA256 = bytes.fromhex("06082a864886f70d0209")  # with its tag and length, as the next ones
_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_PBKDF2 = bytes.fromhex("06092a864886f70d01050c")
_AES_256_CBC = bytes.fromhex("060960864801650304012a")
