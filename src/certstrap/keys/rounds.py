"""How long it would take to derive the key of an encrypted private key, known before it starts.

What a file asks for may take a processor minutes, or more memory than there is.
"""

from math import prod

from certstrap import pem

MOST_ROUNDS = 10_000_000
"""OWASP recommends 600,000 of PBKDF2-HMAC-SHA256; 10 million take seconds."""

_SCRYPT = bytes.fromhex("06092b06010401da47040b")  # RFC 7914, 7


def rounds_of(der: bytes) -> int:
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
            elif tag == pem.SEQUENCE:
                parts.append(content)
    return max(*numbers, prod(numbers[1:4]) if _SCRYPT in der else 0)
