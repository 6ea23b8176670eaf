"""How long it would take to derive the key of an encrypted private key, known before it starts.

What a file asks for may take a processor minutes, or more memory than there is.
"""

from math import prod

from certstrap import pem
from certstrap.errors import UnusableFileError

MOST_ROUNDS = 10_000_000
"""OWASP recommends 600,000 of PBKDF2-HMAC-SHA256; 10 million take seconds."""

_CONSTRUCTED, _OCTET_STRING = 0x20, 0x04  # X.690, 8.1.2.5
_ENCRYPTED = (
    bytes.fromhex("06092a864886f70d010706"),  # encryptedData (RFC 7292, 4.1)
    bytes.fromhex("060b2a864886f70d010c0a0102"),  # pkcs8ShroudedKeyBag (RFC 7292, 4.2.2)
)
_SCRYPT = bytes.fromhex("06092b06010401da47040b")  # RFC 7914, 7


def require_few(rounds: int, source: str) -> None:
    """Refuse what would take too long to decrypt.

    Raises:
        UnusableFileError: it takes more than 10 million rounds.
    """
    if rounds > MOST_ROUNDS:
        raise UnusableFileError(
            source,
            f"is encrypted with more than {MOST_ROUNDS:,} rounds, which would take too long",
            "Encrypt it again with fewer (-iter of openssl pkcs8 and openssl pkcs12).",
        )


def rounds_of(der: bytes | memoryview) -> int:
    """Return the rounds of the key derivation of an encrypted PKCS#8 key; 0 if it is not one.

    They are the largest number among the parameters (RFC 8018, A); those of scrypt are multiplied,
    as each of them adds to the time.
    """
    numbers = [0]
    parts = [memoryview(der)]
    for part in parts:  # the list grows while it is read
        for tag, content in pem.elements(part):
            if tag == pem.INTEGER:
                numbers.append(int.from_bytes(content))
            elif tag & _CONSTRUCTED:
                parts.append(content)
    return max(*numbers, prod(numbers[1:4]) if _SCRYPT in bytes(der) else 0)


def rounds_of_pkcs12(der: bytes) -> int:
    """Return the most rounds that a PKCS#12 file asks for before anything in it is decrypted."""
    rounds = [0]
    parts = [memoryview(der)]
    for part in parts:  # the list grows while it is read
        if bytes(part[:13]).startswith(_ENCRYPTED):
            rounds.append(rounds_of(part))
            continue
        for tag, content in pem.elements(part):
            if tag & _CONSTRUCTED or tag == _OCTET_STRING:
                parts.append(content)
    for _, content in pem.elements(memoryview(der)):
        mac = [each for _, each in pem.elements(content)][2:3]  # RFC 7292, 4
        rounds += map(rounds_of, mac)
    return max(rounds)
