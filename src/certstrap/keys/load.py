"""Private keys read from any form that `cryptography` knows, PEM or DER.

That is PKCS#1 (RFC 8017), SEC1 (RFC 5915), PKCS#8 (RFC 5958), encrypted by PBES2 (RFC 8018) or by
OpenSSL's legacy PEM headers; and the malformed keys that `repair` knows.
"""

from collections.abc import Callable

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

from certstrap import pem
from certstrap.errors import UnusableFileError, WrongPassphraseError
from certstrap.keys.spec import PrivateKey

Passphrase = Callable[[], bytes]
"""Returns a passphrase; called only when one is needed. Empty means none."""

_RSA_PSS = bytes.fromhex("06092a864886f70d01010a")  # RFC 4055, 3.1
_CERTSTRAPS_HMAC = bytes.fromhex("06082a864886f70d02090000")  # see `repair`


def load(data: bytes, source: str, passphrase: Passphrase) -> tuple[PrivateKey, bytes]:
    """Read a private key.

    Args:
        data: the content of the file, PEM or DER.
        source: its path, for the sentences.
        passphrase: called once, and only if the key is encrypted.

    Returns:
        The key, and the passphrase that opened it (empty if it is not encrypted).

    Raises:
        UnusableFileError: it is not a private key, is broken, or is of a kind that cannot sign.
        WrongPassphraseError: it is encrypted, and not with that passphrase.
    """
    block, is_pem = pem.find(data, pem.PRIVATE_KEY, source)
    der = pem.der_of(block) if is_pem else block
    if _CERTSTRAPS_HMAC in der:
        from certstrap.keys.repair import pbes2_of_certstrap  # noqa: PLC0415 - rarely needed

        block, is_pem = pbes2_of_certstrap(der), False
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
            from certstrap.keys import rounds  # noqa: PLC0415 - only then

            rounds.require_few(rounds.rounds_of(pem.der_of(block) if is_pem else block), source)
            secret = passphrase()
            if not secret:
                raise UnusableFileError(
                    source,
                    "is encrypted, and no passphrase was given",
                    "Type it on a terminal, or set CERTSTRAP_PASSPHRASE. --passphrase-file FILE, "
                    "in place of --no-passphrase, encrypts new keys too.",
                ) from None
            key = loader(block, secret)
    except (ValueError, UnsupportedAlgorithm, InternalError, MemoryError) as cause:
        if "EC private key is not encoded properly" in str(cause):
            from certstrap.keys.repair import ec_key_of_gnutls  # noqa: PLC0415 - rarely needed

            return ec_key_of_gnutls(b"" if secret else block, source, is_pem=is_pem), secret
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


def is_malformed(data: bytes) -> bool:
    """Return whether ``data`` is an encrypted key of certstrap, malformed for other programs."""
    blocks = [data, *map(pem.der_of, pem.find_all(data, pem.PRIVATE_KEY))]
    return any(_CERTSTRAPS_HMAC in block for block in blocks)
