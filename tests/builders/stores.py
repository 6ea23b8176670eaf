"""PKCS#12 files that `cryptography` does not write."""

import hashlib
import hmac
from collections.abc import Sequence

from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.pki import keys, pem
from tests.builders.der import der, integer, oid, sequence
from tests.builders.pairs import Pair
from tests.conftest import FEW_ROUNDS

DATA, BAGS, CERTIFICATE = (
    "1.2.840.113549.1.7.1",
    "1.2.840.113549.1.12.10.1",
    "1.2.840.113549.1.9.22.1",
)
PASSPHRASE = b"p"


def two_keys(encrypted: Sequence[Pair], *clear: Pair, passphrase: bytes = PASSPHRASE) -> bytes:
    """Return a file that `PASSPHRASE` opens, of keys and their certificates.

    Args:
        encrypted: those whose keys are encrypted.
        clear: those whose keys are not.
        passphrase: what encrypts the keys.
    """
    bags = []
    for pair in (*clear, *encrypted):
        secret = passphrase if pair in encrypted else b""
        key = pem.der_of(keys.dump_pkcs8(pair.key, secret, FEW_ROUNDS))
        bags += [
            sequence(oid(f"{BAGS}.{2 if secret else 1}"), der(0xA0, key)),
            certificate_bag(pair.certificate.public_bytes(Encoding.DER)),
        ]
    return store_of(*bags)


def certificate_bag(certificate: bytes) -> bytes:
    value = sequence(oid(CERTIFICATE), der(0xA0, der(0x04, certificate)))
    return sequence(oid(f"{BAGS}.3"), der(0xA0, value))


def store_of(*bags: bytes, passphrase: bytes = PASSPHRASE, digest: str = "sha256") -> bytes:
    """Return a file of bags, which ``passphrase`` opens."""
    safe = sequence(content_info(sequence(*bags)))
    return sequence(integer(3), content_info(safe), mac_of(safe, passphrase, digest))


def content_info(content: bytes) -> bytes:
    return sequence(oid(DATA), der(0xA0, der(0x04, content)))


_DIGESTS = {
    "sha1": "1.3.14.3.2.26",
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}


def mac_of(safe: bytes, passphrase: bytes = PASSPHRASE, digest: str = "sha256") -> bytes:
    """Return the MacData (RFC 7292, 4), of one round, which only BER writes out."""
    salt, size = bytes(8), hashlib.new(digest).block_size
    text = (passphrase.decode() + "\0").encode("utf-16-be")
    key = hashlib.new(digest, bytes([3]) * size + _filled(salt, size) + _filled(text, size))  # B.2
    algorithm = sequence(oid(_DIGESTS[digest]), b"\5\0")
    mac = der(0x04, hmac.digest(key.digest(), safe, digest))
    return sequence(sequence(algorithm, mac), der(0x04, salt), integer(1))


def _filled(data: bytes, size: int) -> bytes:
    return (data * size)[: -(-len(data) // size) * size]
