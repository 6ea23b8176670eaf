"""Files that hold several objects in a form of their own: PKCS#12 (RFC 7292), PKCS#7 (RFC 2315)."""

import hashlib
import hmac
import warnings
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InternalError
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key, pkcs12

from certstrap.errors import UnusableFileError, WrongPassphraseError
from certstrap.pki import asn1, key_files, pem
from certstrap.pki.asn1 import contents
from certstrap.pki.key_files import Passphrase
from certstrap.pki.keys import PrivateKey
from certstrap.pki.parts import UNDECODABLE
from certstrap.text import counted

_UNREADABLE = (*UNDECODABLE, InternalError)
_ENCRYPTED_DATA = bytes.fromhex("06092a864886f70d010706")  # RFC 7292, 4.1
_KEY_BAG = bytes.fromhex("060b2a864886f70d010c0a0101")  # RFC 7292, 4.2.1
_ENCRYPTED_KEY_BAG = bytes.fromhex("060b2a864886f70d010c0a0102")  # 4.2.2


class StoredKey(NamedTuple):
    """A private key in a PKCS#12 file.

    Attributes:
        private: the key; None if it cannot be read, or is of a kind that cannot sign.
        encrypted: whether it is encrypted, and not with the empty passphrase.
        certificate: the certificate with its public key, if the file has one.
    """

    private: PrivateKey | None
    encrypted: bool
    certificate: x509.Certificate | None


class Store(NamedTuple):
    """What is in a PKCS#12 file.

    Attributes:
        certificates: that of the first key first; without a key, those first that issued no other.
        passphrase: what opened it.
    """

    keys: tuple[StoredKey, ...]
    certificates: tuple[x509.Certificate, ...]
    passphrase: bytes


def open_pkcs12(data: bytes, source: str, passphrase: Passphrase) -> Store:
    """Read a PKCS#12 file; ``passphrase`` is called if neither none nor the empty one opens it.

    Raises:
        UnusableFileError: it would take too long, is encrypted and there is no passphrase, or has
            a part that the library cannot read.
        WrongPassphraseError: it is encrypted, and not with that passphrase; or it is broken.
    """
    require_quick(data, source)
    for secret in (None, b""):  # no passphrase has two encodings (RFC 7292, B.1)
        with suppress(*_UNREADABLE):
            return _store(data, secret)
        _require_other_passphrase(data, source, secret)
    given = passphrase()
    if not given:
        raise UnusableFileError(
            source,
            "is encrypted, and no passphrase was given",
            "Type it, give --passphrase-file FILE or set CERTSTRAP_PASSPHRASE.",
        )
    try:
        return _store(data, given)
    except _UNREADABLE:  # a wrong passphrase and broken data look the same
        _require_other_passphrase(data, source, given)
        raise WrongPassphraseError(source) from None


def _require_other_passphrase(data: bytes, source: str, secret: bytes | None) -> None:
    """Refuse a file that the library cannot read, although its MAC was made with ``secret``."""
    if _has_mac_of(data, secret):
        raise UnusableFileError(
            source,
            "has a part that cannot be read",
            pem.conversion(data, pem.PKCS12, pem.CERTIFICATE, source),
        )


_DIGESTS = {
    bytes.fromhex("2b0e03021a"): "sha1",
    bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
}


def _has_mac_of(data: bytes, secret: bytes | None) -> bool:
    """Return whether the MAC of a PKCS#12 file, if it has one, is that with a passphrase.

    See RFC 7292, 4 for the file, and B for the MAC's key.
    """
    try:
        _, safe, mac = contents(*contents(data))
        hashed, salt, *rounds = contents(mac)
        algorithm, expected = contents(hashed)
        digest = _DIGESTS[bytes(contents(algorithm)[0])]
        (content,) = contents(contents(safe)[1])
        password = b"" if secret is None else f"{secret.decode()}\0".encode("utf-16-be")
    except (ValueError, KeyError, IndexError, TypeError):
        return False
    size = hashlib.new(digest).block_size
    filled = ((each * size)[: -(-len(each) // size) * size] for each in (bytes(salt), password))
    key = b"".join((b"\3" * size, *filled))
    for _ in range(int.from_bytes(rounds[0]) if rounds else 1):
        key = hashlib.new(digest, key).digest()
    return hmac.digest(key, content, digest) == expected


def _store(data: bytes, secret: bytes | None) -> Store:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library warns of BER, which others write
        found = pkcs12.load_pkcs12(data, secret)
    certificates = [each.certificate for each in found.additional_certs]
    if found.cert:
        certificates.insert(0, found.cert.certificate)
    else:
        certificates = _lowest_first(certificates)
    keys: list[object] = [found.key] if found.key else []
    bags = list(_key_bags(data))
    if len(bags) > 1:  # the library reads the first one alone
        keys = [_key(bag, secret) for bag, _ in bags]
    encrypted = [bool(secret) and is_encrypted for _, is_encrypted in bags]
    stored = tuple(
        _stored(key, is_encrypted, certificates)
        for key, is_encrypted in zip(keys, encrypted or [bool(secret)] * len(keys), strict=False)
    )
    return Store(stored, tuple(certificates), secret or b"")


def _stored(key: object, encrypted: bool, certificates: Iterable[x509.Certificate]) -> StoredKey:
    if not isinstance(key, PrivateKey):
        return StoredKey(None, encrypted, None)
    public = key.public_key()
    for certificate in certificates:
        with suppress(*_UNREADABLE):
            if certificate.public_key() == public:
                return StoredKey(key, encrypted, certificate)
    return StoredKey(key, encrypted, None)


def _key(bag: bytes, secret: bytes | None) -> object:
    for each in (None, secret):
        with suppress(*_UNREADABLE):
            return load_der_private_key(bag, each)
    return None


def _key_bags(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """Yield the content of each key bag, and whether it is encrypted."""
    for kind, part in _parts(data, (_KEY_BAG, _ENCRYPTED_KEY_BAG)):
        _, bag, *_ = contents(part)
        yield bytes(bag), kind == _ENCRYPTED_KEY_BAG


def _parts(data: bytes, kinds: Collection[bytes]) -> Iterator[tuple[bytes, memoryview]]:
    """Yield the outermost parts that begin with one of these object identifiers, with it."""
    parts = [memoryview(data)]
    for part in parts:  # the list grows while it is read
        kind = next((kind for kind in kinds if part[: len(kind)] == kind), b"")
        if kind:
            yield kind, part
            continue
        for tag, content in asn1.elements(part):
            if tag & asn1.CONSTRUCTED or tag == asn1.OCTET_STRING:
                parts.append(content)


def require_quick(data: bytes, source: str) -> None:
    """Refuse a PKCS#12 file that would take too long to read.

    Raises:
        UnusableFileError: it has more than 1 MB, or more than 10 million rounds in all.
    """
    pem.require_size(data, pem.PKCS12, source)
    key_files.require_few_rounds(rounds_of(data), source)


def rounds_of(data: bytes) -> int:
    """Return the rounds that a PKCS#12 file asks for, in all of its encrypted parts and its MAC."""
    encrypted = [part for _, part in _parts(data, (_ENCRYPTED_DATA, _ENCRYPTED_KEY_BAG))]
    macs = [mac for file in contents(data) for mac in contents(file)[2:3]]  # RFC 7292, 4
    return sum(map(key_files.rounds_of, [*encrypted, *macs]))


def read_pkcs7(data: bytes, source: str) -> list[bytes]:
    """Return the DER of the certificates in a PKCS#7 file, those first that issued no other.

    PKCS#7 has no order: its certificates are a set.

    Raises:
        UnusableFileError: it cannot be read, or has none.
    """
    # It imports half of `email`: 5 % of a start, and most commands read no PKCS#7.
    from cryptography.hazmat.primitives.serialization import pkcs7  # noqa: PLC0415 - see above

    block = next((block for _, block in pem.blocks(data, source)), b"")
    try:
        found = pkcs7.load_der_pkcs7_certificates(pem.der_of(block) if block else data)
    except _UNREADABLE:
        raise UnusableFileError(
            source, f"is a {pem.PKCS7} without a certificate that can be read", "Name another file."
        ) from None
    return [each.public_bytes(Encoding.DER) for each in _lowest_first(found)]


def _lowest_first(certificates: list[x509.Certificate]) -> list[x509.Certificate]:
    """Return certificates, those first whose name is no other's issuer."""
    try:
        names = {each: (each.subject, each.issuer) for each in certificates}
    except _UNREADABLE:
        return certificates
    issuers = {issuer for subject, issuer in names.values() if subject != issuer}
    return sorted(certificates, key=lambda each: names[each][0] in issuers)


def load_key(data: bytes, source: str, passphrase: Passphrase) -> tuple[PrivateKey, bytes]:
    """Read a private key in any form, or the one in a PKCS#12 file; see `key_files.load`."""
    if pem.container_of(data) != pem.PKCS12:
        return key_files.load(data, source, passphrase)
    found = open_pkcs12(data, source, passphrase)
    keys = [each.private for each in found.keys if each.private]
    if len(keys) != 1:
        count = counted(len(keys), "private key") if keys else "no private key"
        raise UnusableFileError(source, f"holds {count} that can sign", "Name a file with one key.")
    return keys[0], found.passphrase
