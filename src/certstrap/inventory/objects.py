"""What is in a file: certificates, requests, CRLs and keys, in PEM, DER or PKCS#12.

Nothing here is trusted. What a CA would refuse to sign is read all the same, and an object that
cannot be read is one that says why.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InternalError
from cryptography.hazmat.primitives.serialization import (
    load_der_public_key,
    load_pem_public_key,
    pkcs12,
)

from certstrap import certificates, keys, pem
from certstrap.certificates import crl as crls
from certstrap.certificates.properties import UNDECODABLE
from certstrap.errors import (
    CertstrapError,
    NoPassphraseError,
    UnusableFileError,
    WrongPassphraseError,
)
from certstrap.keys import Passphrase, PrivateKey, rounds

PUBLIC_KEY = "public key"
PKCS12_FILE = "PKCS#12 file"

_PKCS12 = re.compile(  # PFX (RFC 7292, 4): version 3, then a SEQUENCE; BER is common
    rb"\x30(?:[\x00-\x80]|\x81.|\x82..|\x83...)\x02\x01\x03\x30", re.DOTALL
)
_FORMS = {
    b"RSA PRIVATE KEY": "PKCS#1",
    b"EC PRIVATE KEY": "SEC1",
    b"PRIVATE KEY": "PKCS#8",
    b"ENCRYPTED PRIVATE KEY": "PKCS#8",
}


class KeyObject(NamedTuple):
    """A private key.

    Attributes:
        private: the key; None if it is encrypted and was not opened.
        form: ``PKCS#1``, ``SEC1``, ``PKCS#8``, ``PKCS#12`` or ``DER``; another PEM label as it is.
        encrypted: whether it is encrypted.
        malformed: whether its encoding is that of certstrap 1.3.0, which other programs refuse.
    """

    private: PrivateKey | None
    form: str
    encrypted: bool = False
    malformed: bool = False


Value = (
    x509.Certificate
    | x509.CertificateSigningRequest
    | x509.CertificateRevocationList
    | KeyObject
    | keys.PublicKey
)


class Object(NamedTuple):
    """An object in a file.

    Attributes:
        source: the path, with its number if the file has several of its kind.
        kind: what it is, in words.
        value: the object; None if it cannot be read, or is of a kind that is not known here.
        problem: why it cannot be read, in a sentence; or empty.
    """

    source: str
    kind: str
    value: Value | None
    problem: str = ""

    @property
    def public_key(self) -> object | None:
        """Its public key, if it has one that is known."""
        match self.value:
            case x509.Certificate() | x509.CertificateSigningRequest():
                return self.value.public_key()
            case KeyObject(private=private):
                return private.public_key() if private else None
        return self.value if isinstance(self.value, keys.PublicKey) else None


def read(
    data: bytes, source: str, key_passphrase: Passphrase, pkcs12_passphrase: Passphrase
) -> list[Object]:
    """Return what is in a file, in its order.

    Args:
        data: its content.
        source: its path, for the sentences.
        key_passphrase: called for each private key that is encrypted; a key for which it raises
            `NoPassphraseError`, or returns nothing or another passphrase, stays closed.
        pkcs12_passphrase: called if the file is PKCS#12 and an empty passphrase does not open it.

    Raises:
        UnusableFileError: it is empty, broken, or neither PEM, DER nor PKCS#12.
        WrongPassphraseError, NoPassphraseError: it is PKCS#12, and cannot be opened.
    """
    if not data.strip():
        raise UnusableFileError(source, "is empty")
    if _PKCS12.match(data):
        return list(_pkcs12(data, source, pkcs12_passphrase))
    if pem.is_der(data):
        return [_der(data, source, key_passphrase)]
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        pem.find(data, pem.CERTIFICATE, source)  # which says what to do
    blocks = list(pem.blocks(data, source))
    if not blocks:
        raise UnusableFileError(
            source,
            "is neither PEM, DER nor PKCS#12",
            "It should hold a certificate, a certificate request, a CRL or a key.",
        )
    kinds = [_kind(label) for label, _ in blocks]
    return [
        _pem(kinds[number], block, _numbered(source, kinds, number), key_passphrase)
        for number, (_, block) in enumerate(blocks)
    ]


def _kind(label: bytes) -> str:
    return PUBLIC_KEY if label.endswith(b"PUBLIC KEY") else pem.kind_of(label)


def _numbered(source: str, kinds: list[str], number: int) -> str:
    kind = kinds[number]
    return source if len(kinds) == 1 else f"{source} ({kind} {kinds[: number + 1].count(kind)})"


def _pem(kind: str, block: bytes, source: str, passphrase: Passphrase) -> Object:
    try:
        return Object(source, kind, _value(kind, block, source, passphrase))
    except CertstrapError as error:
        return Object(source, kind, None, str(error))


def _value(kind: str, block: bytes, source: str, passphrase: Passphrase) -> Value | None:
    match kind:
        case pem.CERTIFICATE:
            return certificates.load_certificate(block, source)
        case pem.REQUEST:
            return certificates.decode_request(block, source)
        case pem.CRL:
            return crls.decode(block, source)
        case pem.PRIVATE_KEY:
            return key_object(block, source, passphrase)
        case _ if kind == PUBLIC_KEY:
            return _public_key(block, source, load_pem_public_key)
    return None


def key_object(data: bytes, source: str, passphrase: Passphrase) -> KeyObject:
    """Return a private key, which stays closed if ``passphrase`` does not open it.

    Raises:
        UnusableFileError: it is not a private key that can be read.
    """
    asked: list[bool] = []

    def ask() -> bytes:
        asked.append(True)
        return passphrase()

    private = None
    try:
        private, _ = keys.load(data, source, ask)
    except (NoPassphraseError, WrongPassphraseError):
        pass
    except UnusableFileError:
        if not asked:
            raise
    return KeyObject(private, _form(data), bool(asked), bool(asked) and keys.is_malformed(data))


def _form(data: bytes) -> str:
    labels = () if pem.is_der(data) else (label for label, _ in pem.blocks(data, ""))
    label = next((label for label in labels if pem.kind_of(label) == pem.PRIVATE_KEY), b"DER")
    return _FORMS.get(label, label.decode())


def _public_key(data: bytes, source: str, load: Callable[[bytes], object]) -> keys.PublicKey:
    try:
        key = load(data)
    except (*UNDECODABLE, InternalError):
        key = None
    if not isinstance(key, keys.PublicKey):
        raise UnusableFileError(source, "is not a public key that can be read")
    return key


def _der(data: bytes, source: str, passphrase: Passphrase) -> Object:
    attempts: dict[str, Callable[[], Value]] = {
        pem.CERTIFICATE: lambda: certificates.load_certificate(data, source),
        pem.REQUEST: lambda: certificates.decode_request(data, source),
        pem.CRL: lambda: crls.decode(data, source),
        PUBLIC_KEY: lambda: _public_key(data, source, load_der_public_key),
        pem.PRIVATE_KEY: lambda: key_object(data, source, passphrase),
    }
    for kind, attempt in attempts.items():
        try:
            return Object(source, kind, attempt())
        except CertstrapError:
            continue
    raise UnusableFileError(
        source,
        "is DER, but holds nothing that can be read",
        "It may be broken, or of a kind that is not supported.",
    )


def _pkcs12(data: bytes, source: str, passphrase: Passphrase) -> Iterator[Object]:
    found = _opened(data, source, passphrase)
    if found.key is not None:
        if isinstance(found.key, PrivateKey):
            key = KeyObject(found.key, "PKCS#12")
            yield Object(f"{source} (private key)", pem.PRIVATE_KEY, key)
        else:
            problem = f"{source} holds a key that cannot sign."
            yield Object(f"{source} (private key)", pem.PRIVATE_KEY, None, problem)
    every = [found.cert] if found.cert else []
    for number, each in enumerate([*every, *found.additional_certs], 1):
        yield Object(f"{source} (certificate {number})", pem.CERTIFICATE, each.certificate)


def unencrypted_key_of_pkcs12(data: bytes, source: str) -> object | None:
    """Return the public half of the key in a PKCS#12 file; None if it is encrypted, or has none.

    Raises:
        UnusableFileError: it is no PKCS#12 file.
    """
    if not _PKCS12.match(data):
        raise UnusableFileError(source, f"is not a {PKCS12_FILE} that can be read")
    with suppress(UnusableFileError):
        opened = _opened(data, source, bytes)
        if isinstance(opened.key, PrivateKey):
            return opened.key.public_key()
    return None


def _opened(data: bytes, source: str, passphrase: Passphrase) -> pkcs12.PKCS12KeyAndCertificates:
    rounds.require_few(rounds.rounds_of_pkcs12(data), source)
    for secret in (None, b""):  # no passphrase has two encodings (RFC 7292, B.1)
        try:
            return pkcs12.load_pkcs12(data, secret)
        except (*UNDECODABLE, InternalError):
            continue
    secret = passphrase()
    try:
        return pkcs12.load_pkcs12(data, secret)
    except (*UNDECODABLE, InternalError):  # a wrong passphrase and broken data look the same
        if secret:
            raise WrongPassphraseError(source) from None
    raise UnusableFileError(
        source,
        "is encrypted, and no passphrase was given",
        "Type it, give --passphrase-file FILE or set CERTSTRAP_PASSPHRASE.",
    )
