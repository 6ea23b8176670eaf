"""Private keys written as PEM; encrypted ones as PKCS#8 with PBES2 (RFC 5958, RFC 8018)."""

import hashlib
import os

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from certstrap import pem
from certstrap.keys.spec import PrivateKey

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

    Encryption is PBES2 with PBKDF2-HMAC-SHA256, 600,000 rounds if ``rounds`` does not say
    otherwise, and AES-256-CBC (RFC 8018, 6.2).
    `cryptography` encrypts PKCS#8 with 2,048 rounds and has no way to ask for more, so the
    EncryptedPrivateKeyInfo (RFC 5958, 3) is built here.
    """
    if not passphrase:
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    from cryptography.hazmat.primitives.ciphers import (  # noqa: PLC0415 - only what encrypts
        Cipher,
        algorithms,
        modes,
    )

    clear = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    salt, iv = os.urandom(16), os.urandom(16)
    derived = hashlib.pbkdf2_hmac("sha256", passphrase, salt, rounds, dklen=32)
    padding = 16 - len(clear) % 16
    encryptor = Cipher(algorithms.AES(derived), modes.CBC(iv)).encryptor()
    encrypted = encryptor.update(clear + bytes([padding]) * padding) + encryptor.finalize()
    prf = _sequence(HMAC_SHA256, b"\5\0")
    number = _der(0x02, rounds.to_bytes(rounds.bit_length() // 8 + 1, "big"))
    pbkdf2 = _sequence(_PBKDF2, _sequence(_der(0x04, salt), number, prf))
    pbes2 = _sequence(_PBES2, _sequence(pbkdf2, _sequence(_AES_256_CBC, _der(0x04, iv))))
    return pem.to_pem("ENCRYPTED PRIVATE KEY", _sequence(pbes2, _der(0x04, encrypted)))


HMAC_SHA256 = bytes.fromhex("06082a864886f70d0209")  # with its tag and length, as the next ones
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
