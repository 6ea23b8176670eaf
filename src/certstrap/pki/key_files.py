"""Private keys read from any form that `cryptography` knows, PEM or DER; limits on their rounds.

That is PKCS#1 (RFC 8017), SEC1 (RFC 5915), PKCS#8 (RFC 5958), encrypted by PBES2 (RFC 8018) or by
OpenSSL's legacy PEM headers; and the malformed keys of certstrap and GnuTLS. In place of a key a
file may hold its address in a hardware token, a URI (RFC 7512).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from math import prod
from typing import NamedTuple, Self
from urllib.parse import unquote_to_bytes

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

from certstrap.errors import (
    NoPassphraseError,
    RefusedError,
    UnusableFileError,
    WrongPassphraseError,
)
from certstrap.hints import Hint
from certstrap.pki import asn1, pem
from certstrap.pki.keys import CURVES, HMAC_SHA256, NIST_CURVES, PrivateKey
from certstrap.text import printable, quoted

Passphrase = Callable[[], bytes]
"""Returns a passphrase; called only when one is needed. Empty means none."""

SCHEME = "pkcs11:"
OF_TOKEN = ("token", "manufacturer", "serial", "model")
OF_SLOT = ("slot-id", "slot-manufacturer", "slot-description")
_OF_PIN = {"pin-value", "pin-source"}
_OF_PATH = {*OF_TOKEN, *OF_SLOT, "object", "id", "type"}
_OF_QUERY = {"module-path", "module-name"}


class TokenURI(NamedTuple):
    """The address of a key in a token.

    Attributes:
        text: the URI, as the user typed it.
        attributes: its attributes, decoded.
    """

    text: str
    attributes: Mapping[str, bytes]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a URI.

        Raises:
            RefusedError: it is malformed, names no key, has an attribute that is not known, or a
                PIN.
        """
        path, _, query = text.removeprefix(SCHEME).partition("?")
        of_path = [(_OF_PATH, each) for each in path.split(";")]
        of_query = [(_OF_QUERY, each) for each in query.split("&")]
        attributes: dict[str, bytes] = {}
        for known, part in of_path + of_query:
            name, _, value = part.partition("=")
            if name in _OF_PIN:
                raise RefusedError(
                    f"The PIN cannot be in the URI of a key ({name}): the URI is kept in a file.",
                    "Leave the PIN out of it; use --pin-file FILE or CERTSTRAP_PIN, or type it.",
                )
            if part and (name not in known or not value or name in attributes):
                raise RefusedError(
                    f"Invalid URI of a key: {quoted(part)} is not an attribute that it can have "
                    "there, has no value, or appears twice.",
                    f"It looks like {SCHEME}token=LABEL;object=LABEL, with %20 for a space.",
                )
            if re.search("%(?![0-9A-Fa-f]{2})", value):
                raise RefusedError(
                    f"Invalid URI of a key: {quoted(part)} has a % without two hexadecimal digits.",
                    "Write %25 for a percent sign.",
                )
            if part:
                attributes[name] = unquote_to_bytes(value)
        if not attributes.keys() & {"object", "id"} or not text.isprintable():
            raise RefusedError(
                f"{printable(text)} does not name a key.",
                f"Add the label of the key, as in {SCHEME}token=LABEL;object=LABEL, or its id=%01.",
            )
        if attributes.get("type", b"private") != b"private":
            raise RefusedError(
                f"{printable(text)} does not name a private key.", "Leave out its type."
            )
        return cls(text, attributes)

    @classmethod
    def in_file(cls, data: bytes, source: str) -> Self | None:
        """Return the URI that a file holds in place of a private key; None for any other file.

        Raises:
            UnusableFileError: it begins as such a URI, and is not one.
        """
        if not data.startswith(SCHEME.encode()):
            return None
        try:
            return cls.parse(data.decode().rstrip("\r\n"))
        except (RefusedError, ValueError) as cause:
            reason = "does not hold the URI of a key in a token"
            raise UnusableFileError(source, reason, getattr(cause, "hint", "")) from None

    def text_of(self, attribute: str) -> str:
        """Return an attribute as text; empty if the URI lacks it."""
        return self.attributes.get(attribute, b"").decode(errors="replace")

    @property
    def content(self) -> bytes:
        """What a file holds in place of the private key."""
        return f"{self.text}\n".encode()

    @property
    def place(self) -> str:
        """Where the key is, for readers: ``the token "ca"``."""
        named = self.text_of("token") or self.text_of("serial")
        return f"the token {quoted(named)}" if named else "a token"


_RSA_PSS = bytes.fromhex("06092a864886f70d01010a")  # RFC 4055, 3.1
_CERTSTRAPS_HMAC = HMAC_SHA256 + b"\0\0"


def load(data: bytes, source: str, passphrase: Passphrase) -> tuple[PrivateKey, bytes]:
    """Read a private key, PEM or DER, and return it with the passphrase that opened it, or ``b""``.

    ``passphrase`` is called once, and only if the key is encrypted.

    Raises:
        UnusableFileError: it is not a private key, is broken, or is of a kind that cannot sign.
        WrongPassphraseError: it is encrypted, and not with that passphrase.
    """
    if uri := TokenURI.in_file(data, source):
        raise UnusableFileError(
            source,
            f"holds no key, but says that it is in {uri.place}, which never gives it away",
            "Only the commands that sign with the key of a CA can use it.",
        )
    block, is_pem = pem.find(data, pem.PRIVATE_KEY, source)
    der = pem.der_of(block) if is_pem else block
    if _CERTSTRAPS_HMAC in der:  # certstrap 1.3.0 writes 00 00 where hmacWithSHA256 has a NULL
        block, is_pem = der.replace(_CERTSTRAPS_HMAC, HMAC_SHA256 + b"\5\0", 1), False
    if _RSA_PSS in der[:32]:
        # It would be read as an RSA key for anything, and what binds it to PSS would be lost.
        raise UnusableFileError(
            source, "holds an RSA-PSS key", "Use an RSA key that is not bound to PSS."
        )
    loader = load_pem_private_key if is_pem else load_der_private_key
    secret = b""
    try:
        try:
            key = loader(block, None)
        except TypeError:  # it is encrypted
            require_few_rounds(_rounds_of_pem(block) if is_pem else rounds_of(block), source)
            secret = passphrase()
            if not secret:
                raise UnusableFileError(
                    source,
                    "is encrypted, and no passphrase was given",
                    "Type it on a terminal, set CERTSTRAP_PASSPHRASE, or use --passphrase-file "
                    "FILE in place of --no-passphrase.",
                ) from None
            key = loader(block, secret)
    except (ValueError, UnsupportedAlgorithm, InternalError, MemoryError) as cause:
        if "EC private key is not encoded properly" in str(cause):
            return _ec_key_of_gnutls(b"" if secret else der, source), secret
        # `cryptography` reports an unknown cipher and a wrong passphrase with the same exception.
        if secret and isinstance(cause, ValueError) and "unknown" not in str(cause).lower():
            raise WrongPassphraseError(source) from None
        raise UnusableFileError(
            source,
            "is not a private key that can be read",
            "It may be broken, or of a kind that is not supported.",
        ) from None
    if not isinstance(key, PrivateKey):
        raise UnusableFileError(
            source, "holds a key that cannot sign", "RSA, EC, Ed25519 and Ed448 keys can."
        )
    return key, secret


def opened(data: bytes, source: str, passphrase: Passphrase) -> tuple[PrivateKey | None, bool]:
    """Return a private key, and whether it is encrypted; None if ``passphrase`` does not open it.

    A passphrase that is empty, or wrong, or a `NoPassphraseError`, opens none.

    Raises:
        UnusableFileError: it is not a private key that can be read.
    """
    asked: list[bool] = []

    def ask() -> bytes:
        asked.append(True)
        return passphrase()

    try:
        return load(data, source, ask)[0], bool(asked)
    except (NoPassphraseError, WrongPassphraseError):
        return None, True
    except UnusableFileError:
        if not asked:
            raise
        return None, True


def is_malformed(data: bytes) -> bool:
    """Return whether ``data`` is an encrypted key of certstrap, malformed for other programs."""
    blocks = [data, *map(pem.der_of, pem.find_all(data, pem.PRIVATE_KEY))]
    return any(_CERTSTRAPS_HMAC in block for block in blocks)


_SEC1 = rb"\x02\x01\x01\x04([\x00-\x7f])"  # the version 1, and a short octet string


def _ec_key_of_gnutls(der: bytes, source: str) -> PrivateKey:
    """Return an EC key, not encrypted, whose number has not the length of RFC 5915, 3.

    GnuTLS writes it as an INTEGER: with one zero more than the curve needs, or with fewer.
    """
    found = re.search(_SEC1, der)
    curves = [curve for name, curve in NIST_CURVES.items() if CURVES[name] in der]
    if found and curves:
        number = int.from_bytes(der[found.end() :][: found[1][0]])
        with suppress(ValueError):
            return ec.derive_private_key(number, curves[0])
    raise UnusableFileError(
        source,
        "holds an EC key with an invalid encoding",
        Hint("Rewrite it with", ("openssl", "pkey", ("-in", source), ("-out", "NEW"))),
    )


MOST_ROUNDS = 10_000_000
"""OWASP recommends 600,000 of PBKDF2-HMAC-SHA256; 10 million take seconds."""

MOST_BYTES = 32 * 1024
"""Of private keys in a file; one of RSA with 16384 bits has a third of that."""

_SCRYPT = bytes.fromhex("06092b06010401da47040b")  # RFC 7914, 7


def require_few_rounds(rounds: int, source: str) -> None:
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


def require_quick(blocks: Sequence[bytes], source: str) -> None:
    """Refuse a file whose private keys, as PEM blocks, would take too long to read.

    Raises:
        UnusableFileError: they have more than 32 KB, or more than 10 million rounds in all.
    """
    if sum(map(len, blocks)) > MOST_BYTES:
        raise UnusableFileError(
            source, f"has more than {MOST_BYTES >> 10} KB of private keys", "Split it."
        )
    require_few_rounds(sum(map(_rounds_of_pem, blocks)), source)


def _rounds_of_pem(block: bytes) -> int:
    """Return the rounds of a PEM block: only keys with this label are derived in rounds."""
    begins = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"
    return rounds_of(pem.der_of(block)) if block.startswith(begins) else 0


def rounds_of(der: bytes | memoryview) -> int:
    """Return the rounds of the key derivation of an encrypted PKCS#8 key; 0 if it is not one.

    They are the largest number among the parameters (RFC 8018, A); those of scrypt are multiplied,
    as each of them adds to the time.
    """
    numbers = [0]
    parts = [memoryview(der)]
    for part in parts:  # the list grows while it is read
        for tag, content in asn1.elements(part):
            if tag == asn1.INTEGER:
                numbers.append(int.from_bytes(content))
            elif tag & asn1.CONSTRUCTED:
                parts.append(content)
    return max(*numbers, prod(numbers[1:4]) if _SCRYPT in bytes(der) else 0)
