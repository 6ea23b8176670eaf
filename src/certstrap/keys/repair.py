"""Malformed keys of other programs, read all the same; nothing here is on the main path."""

import re
from collections.abc import Callable
from contextlib import suppress

from cryptography.hazmat.primitives.asymmetric import ec

from certstrap import pem
from certstrap.errors import UnusableFileError
from certstrap.keys.pbes2 import HMAC_SHA256
from certstrap.keys.spec import PrivateKey


def pbes2_of_certstrap(der: bytes) -> bytes:
    """Return an encrypted PKCS#8 key with the parameters of its PBKDF2 corrected.

    certstrap 1.3.0 ends the AlgorithmIdentifier of hmacWithSHA256 in ``00 00`` instead of a NULL,
    ``05 00``.
    """
    return der.replace(HMAC_SHA256 + b"\0\0", HMAC_SHA256 + b"\5\0", 1)


_SEC1 = rb"\x02\x01\x01\x04([\x00-\x7f])"  # the version 1, and a short octet string
_CURVE_OIDS: dict[str, Callable[[], ec.EllipticCurve]] = {
    "06052b81040021": ec.SECP224R1,
    "06082a8648ce3d030107": ec.SECP256R1,
    "06052b81040022": ec.SECP384R1,
    "06052b81040023": ec.SECP521R1,
}


def ec_key_of_gnutls(block: bytes, source: str, *, is_pem: bool) -> PrivateKey:
    """Return an EC key, not encrypted, whose number has not the length of RFC 5915, 3.

    GnuTLS writes it as an INTEGER: with one zero more than the curve needs, or with fewer.
    """
    der = pem.der_of(block) if is_pem else block
    found = re.search(_SEC1, der)
    curves = [curve() for oid, curve in _CURVE_OIDS.items() if bytes.fromhex(oid) in der]
    if found and curves:
        number = int.from_bytes(der[found.end() :][: found[1][0]])
        with suppress(ValueError):
            return ec.derive_private_key(number, curves[0])
    raise UnusableFileError(
        source,
        "holds an EC key with an invalid encoding",
        f"Rewrite it with: openssl pkey -in {source} -out NEW",
    )
