"""Certificates, requests, CRLs, keys and PKCS#12, decoded from whatever a file contains.

Nothing here is trusted. An object that cannot be read says why.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple, TypeVar

from cryptography import x509
from cryptography.exceptions import InternalError
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    load_der_public_key,
    load_pem_public_key,
)
from cryptography.x509.oid import NameOID

from certstrap.errors import CertstrapError, UnusableFileError
from certstrap.pki import asn1, key_files, parts, pem, stores
from certstrap.pki.key_files import Passphrase, TokenURI
from certstrap.pki.keys import PrivateKey, PublicKey
from certstrap.pki.names import AlternativeNames
from certstrap.pki.parts import UNDECODABLE, Readable, Signed, Unreadable
from certstrap.pki.validity import Validity

_Value = TypeVar("_Value", bound=x509.ExtensionType)
_Signed = TypeVar(
    "_Signed", x509.Certificate, x509.CertificateSigningRequest, x509.CertificateRevocationList
)
_KINDS: dict[type[Signed], str] = {
    x509.Certificate: pem.CERTIFICATE,
    x509.CertificateSigningRequest: pem.REQUEST,
    x509.CertificateRevocationList: pem.CRL,
}


def extensions(of: Signed) -> x509.Extensions:
    """Return the extensions of an object: those that can be read."""
    try:
        return of.extensions
    except UNDECODABLE:
        return _readable(of).shown.extensions


def unreadable(of: Signed) -> tuple[Unreadable, ...]:
    """Return the extensions of an object that cannot be read."""
    try:
        _ = of.extensions
    except UNDECODABLE:
        return _readable(of).unreadable
    return ()


def _readable(of: Signed) -> Readable:
    found = _read(type(of), of.public_bytes(Encoding.DER))  # type: ignore[arg-type] # a class has a hash
    assert found  # noqa: S101 - the library has read its structure
    return found


_read = lru_cache(parts.read)  # of their bytes: CRLs have no hash


def extension(of: Signed, kind: type[_Value]) -> _Value | None:
    """Return the value of the extension of that kind, or None."""
    for each in extensions(of):
        value = each.value
        if type(value) is kind:  # they are abstract base classes, for which `isinstance` is slow
            return value
    return None


class LoadedCertificate(NamedTuple):
    """A certificate, and where it comes from.

    Attributes:
        source: a path, with the number of the certificate if the file has several.
        name: its name in the depot, if it is known to be there; else empty.
        can_be_renewed: whether the key that signs it is in the depot too.
    """

    certificate: x509.Certificate
    source: str
    name: str = ""
    can_be_renewed: bool = False


@lru_cache
def subject_of(certificate: x509.Certificate) -> x509.Name:
    """Return the distinguished name of ``certificate``, which the library decodes each time."""
    return certificate.subject


@lru_cache
def validity_of(certificate: x509.Certificate) -> Validity:
    """Return when ``certificate`` is valid."""
    return Validity(certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def names_of(of: x509.Certificate | x509.CertificateSigningRequest) -> AlternativeNames:
    """Return the domains, addresses and URIs among the alternative names."""
    names = copied_names(of)
    return AlternativeNames(
        tuple(name.value for name in names if isinstance(name, x509.DNSName)),
        tuple(name.value for name in names if isinstance(name.value, IPv4Address | IPv6Address)),
        tuple(name.value for name in names if isinstance(name, x509.UniformResourceIdentifier)),
    )


def alternative_names(
    of: x509.Certificate | x509.CertificateSigningRequest,
) -> list[x509.GeneralName]:
    """Return all alternative names."""
    return list(extension(of, x509.SubjectAlternativeName) or ())


def copied_names(
    request: x509.CertificateSigningRequest | x509.Certificate,
) -> list[x509.GeneralName]:
    """Return the alternative names that a certificate for ``request`` gets.

    They are its domains, addresses and URIs, as in certstrap.
    """
    copied = (x509.DNSName, x509.IPAddress, x509.UniformResourceIdentifier)
    return [name for name in alternative_names(request) if isinstance(name, copied)]


def identity(of: x509.Certificate | x509.CertificateSigningRequest) -> str:
    """Return the name it is for: its common name, else its first alternative name.

    It is empty if there is none, or more than one common name.
    """
    common_names = of.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if common_names:
        return str(common_names[0].value) if len(common_names) == 1 else ""
    return names_of(of).first


def is_ca(of: x509.Certificate | x509.CertificateSigningRequest) -> bool:
    """Return whether basicConstraints make it a CA."""
    constraints = extension(of, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def path_length_of(ca: x509.Certificate | x509.CertificateSigningRequest) -> int | None:
    """Return how many CAs may follow ``ca``, or None for any number."""
    constraints = extension(ca, x509.BasicConstraints)
    return constraints.path_length if constraints else None


@lru_cache
def comparable_name(name: x509.Name) -> tuple[frozenset[tuple[str, str]], ...]:
    """Return a distinguished name in a form that compares without regard to case and spaces.

    The attributes of one RDN are a set (RFC 5280, 7.1).
    """
    return tuple(
        frozenset(
            (part.oid.dotted_string, " ".join(str(part.value).split()).casefold()) for part in rdn
        )
        for rdn in name.rdns
    )


@lru_cache
def authority_key_identifier(ca: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """Return the identifier of ``ca``'s key for what it signs (RFC 5280, 4.2.1.1)."""
    identifier = extension(ca, x509.SubjectKeyIdentifier)
    if identifier:
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    key = ca.public_key()
    assert isinstance(key, PublicKey)  # noqa: S101 - `rules.strong_key` has checked it
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)


def load(
    kind: type[_Signed],
    data: bytes,
    source: str,
    needed: Collection[x509.ObjectIdentifier] = (),
) -> _Signed:
    """Read the first object of a kind in ``data``, PEM or DER; whoever signed it, if anybody did.

    The extensions ``needed`` must be readable, besides those that are always needed.

    Raises:
        UnusableFileError: there is none, or a part of it that is needed cannot be decoded.
    """
    der = _der_in(data, kind, source)
    with suppress(*UNDECODABLE):
        decoded: _Signed = parts.decoded(kind, der)
        return decoded
    found = parts.read(kind, der)
    lost = {each.oid for each in found.unreadable} if found else set()
    is_complete = lost.isdisjoint(oid.dotted_string for oid in needed)
    if found is None or found.whole is None or not is_complete:  # an empty CRL is falsy
        raise _unreadable(source, kind, found)
    assert isinstance(found.whole, kind)  # noqa: S101 - it was decoded as one
    return found.whole


load_certificate = partial(load, x509.Certificate)
decode_request = partial(load, x509.CertificateSigningRequest)
decode_crl = partial(load, x509.CertificateRevocationList)


def key_of_request(data: bytes, source: str) -> object:
    """Return the public key in the first certificate request in ``data``, and need no more of it.

    Raises:
        UnusableFileError: there is none, or its key cannot be decoded.
    """
    kind = x509.CertificateSigningRequest
    der = _der_in(data, kind, source)
    with suppress(*UNDECODABLE):
        return x509.load_der_x509_csr(der).public_key()
    found = _signed(der, kind, source)
    if found.public_key is None:
        raise _unreadable(source, kind, found.readable)
    return found.public_key


def _der_in(data: bytes, kind: type[Signed], source: str) -> bytes:
    block, is_pem = pem.find(data, _KINDS[kind], source)
    return pem.der_of(block) if is_pem else block


def _unreadable(source: str, kind: type[Signed], found: Readable | None) -> UnusableFileError:
    problem = found.problem if found else f"is not a {_KINDS[kind]} that can be read"
    return UnusableFileError(source, problem, "It may be broken or cut short.")


PUBLIC_KEY = "public key"
_FORMS = {
    "RSA PRIVATE KEY": "PKCS#1",
    "EC PRIVATE KEY": "SEC1",
    "PRIVATE KEY": "PKCS#8",
    "ENCRYPTED PRIVATE KEY": "PKCS#8",
}


class KeyObject(NamedTuple):
    """A private key.

    Attributes:
        private: the key; None if it is encrypted and was not opened.
        form: ``PKCS#1``, ``SEC1``, ``PKCS#8``, ``PKCS#12`` or ``DER``; another PEM label as it is.
        encrypted: None if it is in a token, which stays closed.
        malformed: whether its encoding is that of certstrap 1.3.0, which other programs refuse.
        uri: where it is, if it is in a token.
    """

    private: PrivateKey | None
    form: str
    encrypted: bool | None = False
    malformed: bool = False
    uri: TokenURI | None = None


Value = Signed | KeyObject | PublicKey


class Object(NamedTuple):
    """An object in a file.

    Attributes:
        source: the path, with its number if the file has several of its kind.
        kind: what it is, in words.
        value: the object; None if it cannot be used, or is of a kind that is not known here.
        problem: what of it cannot be read, and why, in a sentence; or empty.
        readable: of a certificate, request or CRL, what can be read.
    """

    source: str
    kind: str
    value: Value | None
    problem: str = ""
    readable: Readable | None = None

    @property
    def public_key(self) -> object | None:
        """Its public key, if it has one that is known."""
        if self.readable and any(each.part == parts.KEY for each in self.readable.unreadable):
            return None
        match self.readable.shown if self.readable else self.value:
            case x509.Certificate() | x509.CertificateSigningRequest() as signed:
                return signed.public_key()
            case KeyObject(private=private):
                return private.public_key() if private else None
        return self.value if isinstance(self.value, PublicKey) else None


def read(
    data: bytes, source: str, key_passphrase: Passphrase, pkcs12_passphrase: Passphrase
) -> list[Object]:
    """Return what is in a file, in its order.

    Args:
        data: its content.
        source: its path, for the sentences.
        key_passphrase: called for each private key that is encrypted; see `key_files.opened`.
        pkcs12_passphrase: called if the file is PKCS#12 and an empty passphrase does not open it.

    Raises:
        UnusableFileError: it is empty, broken, of no form that is known, or would take too long.
        WrongPassphraseError, NoPassphraseError: it is PKCS#12, and cannot be opened.
    """
    pem.require_size(data, pem.CRL, source)
    if uri := TokenURI.in_file(data, source):
        return [Object(source, pem.PRIVATE_KEY, KeyObject(None, "URI", encrypted=None, uri=uri))]
    container = pem.container_of(data)
    if container == pem.PKCS12:
        return list(_pkcs12(data, source, pkcs12_passphrase))
    if container == pem.PKCS7:
        return list(_pkcs7(data, source))
    if container:
        pem.find(data, pem.CERTIFICATE, source)  # which says what to do
    if pem.is_der(data):
        return [_der(data, source, key_passphrase)]
    blocks = list(pem.blocks(data, source))
    if not blocks:
        if found := _any_signed(data, source):  # DER, and something after it
            return [found]
        raise UnusableFileError(
            source,
            "is neither PEM, DER nor PKCS#12",
            "It should hold a certificate, a certificate request, a CRL or a key.",
        )
    listed = [(_kind(label), block) for label, block in blocks]
    key_files.require_quick([each for kind, each in listed if kind == pem.PRIVATE_KEY], source)
    objects, counts = list[Object](), Counter[str]()
    for kind, block in listed:
        counts[kind] += 1
        name = source if len(listed) == 1 else f"{source} ({kind} {counts[kind]})"
        objects.append(_object(kind, block, name, key_passphrase))
    return objects


def _kind(label: bytes) -> str:
    return PUBLIC_KEY if label.endswith(b"PUBLIC KEY") else pem.kind_of(label)


def _signed(der: bytes, kind: type[Signed], source: str) -> Object:
    """Return a certificate, request or CRL."""
    found = parts.read(kind, der)
    problem = "" if found and not found.unreadable else str(_unreadable(source, kind, found))
    return Object(source, _KINDS[kind], found.whole if found else None, problem, found)


def _any_signed(der: bytes, source: str) -> Object | None:
    found = (_signed(der, kind, source) for kind in _KINDS)
    return next((each for each in found if each.readable), None)


def _object(kind: str, data: bytes, source: str, passphrase: Passphrase) -> Object:
    """Return what is in a PEM block, or a key in DER."""
    for signed, name in _KINDS.items():
        if name == kind:
            return _signed(pem.der_of(data), signed, source)
    try:
        if kind == pem.PRIVATE_KEY:
            return Object(source, kind, _key_object(data, source, passphrase))
        return Object(source, kind, _public_key(data, source) if kind == PUBLIC_KEY else None)
    except CertstrapError as error:
        return Object(source, kind, None, str(error))


def _key_object(data: bytes, source: str, passphrase: Passphrase) -> KeyObject:
    private, encrypted = key_files.opened(data, source, passphrase)
    malformed = encrypted and key_files.is_malformed(data)
    label = (
        "DER" if pem.is_der(data) else data[len("-----BEGIN ") : data.index(b"-----\n")].decode()
    )
    return KeyObject(private, _FORMS.get(label, label), encrypted, malformed)


def _public_key(data: bytes, source: str) -> PublicKey:
    try:
        key = (load_der_public_key if pem.is_der(data) else load_pem_public_key)(data)
    except (*UNDECODABLE, InternalError):
        raise UnusableFileError(source, "is not a public key that can be read") from None
    if not isinstance(key, PublicKey):
        raise UnusableFileError(source, "holds a key that cannot sign")
    return key


_KEYS = {  # by the tags of the first elements
    b"\x30\x03": PUBLIC_KEY,
    b"\x02\x30": pem.PRIVATE_KEY,  # PKCS#8
    b"\x30\x04": pem.PRIVATE_KEY,  # PKCS#8, encrypted
    b"\x02\x04": pem.PRIVATE_KEY,  # SEC1
    b"\x02\x02": pem.PRIVATE_KEY,  # PKCS#1
}


def _der(data: bytes, source: str, passphrase: Passphrase) -> Object:
    if found := _any_signed(data, source):
        return found
    tags = bytes(each[0] for each in asn1.items(data))
    kind = PUBLIC_KEY if tags == b"\x02\x02" else _KEYS.get(tags[:2], "")  # PKCS#1
    if kind:
        return _object(kind, data, source, passphrase)
    raise UnusableFileError(
        source,
        "is DER, but holds nothing that can be read",
        "It may be broken, or of a kind that is not supported.",
    )


def _pkcs12(data: bytes, source: str, passphrase: Passphrase) -> Iterator[Object]:
    store = stores.open_pkcs12(data, source, passphrase)
    for number, (private, encrypted, certificate) in enumerate(store.keys, 1):
        of = f", of certificate {store.certificates.index(certificate) + 1}" if certificate else ""
        count = f" {number}{of}" if len(store.keys) > 1 else ""
        name = f"{source} (private key{count})"
        if private:
            yield Object(name, pem.PRIVATE_KEY, KeyObject(private, "PKCS#12", encrypted))
        else:
            yield Object(name, pem.PRIVATE_KEY, None, f"{name} cannot be read, or cannot sign.")
    ders = (each.public_bytes(Encoding.DER) for each in store.certificates)
    yield from _numbered(ders, x509.Certificate, source)


def _pkcs7(data: bytes, source: str) -> Iterator[Object]:
    """Yield what is in it, also if the library cannot read one of its certificates."""
    block = next((block for _, block in pem.blocks(data, source)), b"")
    der = pem.der_of(block) if block else data
    certificates, crls = parts.in_pkcs7(der)
    try:
        certificates = stores.read_pkcs7(data, source)
    except UnusableFileError:
        if not certificates and not crls:
            raise
    yield from _numbered(certificates, x509.Certificate, source)
    yield from _numbered(crls, x509.CertificateRevocationList, source)


def _numbered(ders: Iterable[bytes], kind: type[Signed], source: str) -> Iterator[Object]:
    for number, der in enumerate(ders, 1):
        yield _signed(der, kind, f"{source} ({_KINDS[kind]} {number})")


def unencrypted_key_of_pkcs12(data: bytes, source: str) -> object | None:
    """Return the public half of the key in a PKCS#12 file; None if it is encrypted, or has none.

    Raises:
        UnusableFileError: it is no PKCS#12 file.
    """
    if pem.container_of(data) != pem.PKCS12:
        raise UnusableFileError(source, f"is not a {pem.PKCS12} that can be read")
    with suppress(UnusableFileError):
        for each in stores.open_pkcs12(data, source, bytes).keys:
            return each.private.public_key() if each.private else None
    return None
