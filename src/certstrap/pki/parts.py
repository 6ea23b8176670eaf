"""Certificates, requests and CRLs, taken apart: what can be read of them, and what cannot, and why.

`cryptography` refuses some of them as a whole because of one part. Here the outer structure is read
(RFC 5280, 4.1 and 5.1; RFC 2986, 4), and each part is put, alone, into an object that is otherwise
valid, for the library to decode. What cannot be read is left out of what is shown.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import ExtensionOID

from certstrap.pki import asn1
from certstrap.pki.asn1 import INTEGER, SEQUENCE, encoded, items, sequence
from certstrap.pki.names import name_text, oid_name
from certstrap.text import escaped, quoted, serial_number

UNDECODABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What `cryptography` raises for objects that cannot be decoded or verified."""

VERSION, SERIAL, SIGNATURE = "version", "serial number", "signature algorithm"
ISSUER, SUBJECT, KEY, START, END = "issuer", "subject", "key", "start date", "expiry date"
LAST_UPDATE, NEXT_UPDATE = "last update", "next update"
_DATES, _ENTRIES, _EXTENSIONS, _ATTRIBUTES = "dates", "entries", "extensions", "attributes"

USED = {
    oid.dotted_string
    for oid in (
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.CRL_NUMBER,
        ExtensionOID.DELTA_CRL_INDICATOR,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.INHIBIT_ANY_POLICY,
        ExtensionOID.ISSUING_DISTRIBUTION_POINT,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.POLICY_CONSTRAINTS,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    )
}
"""The extensions without which an object is not used; of others, the critical ones."""

_MOST_NAMED = 10
Signed = x509.Certificate | x509.CertificateSigningRequest | x509.CertificateRevocationList


class Unreadable(NamedTuple):
    """A part that cannot be read, and why, in words.

    Attributes:
        is_needed: whether the object cannot be used without it.
        oid: of an extension, its type.
    """

    part: str
    reason: str
    is_needed: bool = True
    oid: str = ""


class Readable(NamedTuple):
    """What can be read of an object.

    Attributes:
        der: the object, without what follows it.
        whole: the object; None if it cannot be used without the parts that cannot be read.
        shown: the same without these parts, for people to look at: it is signed by nobody.
        unreadable: these parts.
        raw: the DER of the parts of the outer structure, if some cannot be read.
    """

    der: bytes
    whole: Signed | None
    shown: Signed
    unreadable: tuple[Unreadable, ...] = ()
    raw: dict[str, bytes] = {}  # noqa: RUF012 - never changed

    @property
    def problem(self) -> str:
        """What cannot be read, and why; of very many parts, the first."""
        parts = [f"{each.part} ({each.reason})" for each in self.unreadable]
        if len(parts) > _MOST_NAMED:
            parts[_MOST_NAMED:] = [f"and {len(parts) - _MOST_NAMED:,} more"]
        what = "a part" if len(parts) == 1 else "parts"
        return f"has {what} that cannot be read: {'; '.join(parts)}"


_EMPTY = sequence()
_ED25519 = sequence(bytes.fromhex("06032b6570"))
_INTEGER = encoded(INTEGER, b"\1")
_TIME = encoded(0x17, b"500101000000Z")
_TIMES = (0x17, 0x18)
_KEY = sequence(_ED25519, encoded(asn1.BIT_STRING, bytes(33)))
_FALSE, _TRUE = encoded(0x01, b"\0"), encoded(0x01, b"\xff")
_ANY_SEQUENCE = (SEQUENCE,)

_Layout = tuple[tuple[str, tuple[int, ...], bytes], ...]
"""The parts of what is signed: the name of each, its tags, and a valid one; empty if optional."""

_LAYOUTS: dict[type[Signed], _Layout] = {
    x509.Certificate: (
        (VERSION, (0xA0,), encoded(0xA0, encoded(INTEGER, b"\2"))),
        (SERIAL, (INTEGER,), _INTEGER),
        (SIGNATURE, _ANY_SEQUENCE, _ED25519),
        (ISSUER, _ANY_SEQUENCE, _EMPTY),
        (_DATES, _ANY_SEQUENCE, sequence(_TIME, _TIME)),
        (SUBJECT, _ANY_SEQUENCE, _EMPTY),
        (KEY, _ANY_SEQUENCE, _KEY),
        ("unique identifier of the issuer", (0x81,), b""),
        ("unique identifier of the subject", (0x82,), b""),
        (_EXTENSIONS, (0xA3,), b""),
    ),
    x509.CertificateSigningRequest: (
        (VERSION, (INTEGER,), encoded(INTEGER, b"\0")),
        (SUBJECT, _ANY_SEQUENCE, _EMPTY),
        (KEY, _ANY_SEQUENCE, _KEY),
        (_ATTRIBUTES, (0xA0,), encoded(0xA0)),
    ),
    x509.CertificateRevocationList: (
        (VERSION, (INTEGER,), _INTEGER),
        (SIGNATURE, _ANY_SEQUENCE, _ED25519),
        (ISSUER, _ANY_SEQUENCE, _EMPTY),
        (LAST_UPDATE, _TIMES, _TIME),
        (NEXT_UPDATE, _TIMES, b""),
        (_ENTRIES, _ANY_SEQUENCE, b""),
        (_EXTENSIONS, (0xA0,), b""),
    ),
}
_LOADERS: dict[type[Signed], Callable[[bytes], Signed]] = {
    x509.Certificate: x509.load_der_x509_certificate,
    x509.CertificateSigningRequest: x509.load_der_x509_csr,
    x509.CertificateRevocationList: x509.load_der_x509_crl,
}


def read(kind: type[Signed], der: bytes) -> Readable | None:
    """Return what can be read of an object; None if it has not the structure of its kind."""
    try:
        value = _decoded(kind, der)
        return Readable(der, value, value)
    except UNDECODABLE as error:
        reason = _words(error)
    if not (raw := _split(kind, der)):
        return None
    filtered = _Filter(kind)
    shown = _decoded(kind, _built(kind, {part: filtered(part, raw[part]) for part in raw}))
    differ = raw[SIGNATURE] != items(der)[1]
    other = SIGNATURE if differ else "encoding"
    unreadable = filtered.unreadable or [Unreadable(other, reason)]
    whole: Signed | None = None
    if not any(each.is_needed for each in unreadable):
        with suppress(*UNDECODABLE):
            whole = _LOADERS[kind](der)
    first = der[: asn1.content_of(der)[1]]
    return Readable(first, whole, shown, tuple(unreadable), raw)


def _decoded(kind: type[Signed], der: bytes) -> Signed:
    """Return an object every part of which can be decoded."""
    value: Signed = decoded(kind, der)
    if isinstance(value, x509.CertificateRevocationList):
        for entry in value:
            _ = entry.extensions
    return value


def decoded(kind: type[Signed], der: bytes) -> Any:
    """Return an object every part of which can be decoded, save the extensions of CRL entries.

    Raises:
        UNDECODABLE: it is not one.
    """
    value = _LOADERS[kind](der)
    _ = value.extensions
    with suppress(UnsupportedAlgorithm):  # which is named, and is needed to check it alone
        _ = value.signature_hash_algorithm
    if isinstance(value, x509.CertificateRevocationList):
        _ = value.issuer, value.last_update_utc, value.next_update_utc
        _ = [entry.revocation_date_utc for entry in value]
    else:
        _ = value.subject, value.public_key()
    if isinstance(value, x509.Certificate):
        _ = value.issuer, value.not_valid_before_utc, value.not_valid_after_utc
    return value


def _split(kind: type[Signed], der: bytes) -> dict[str, bytes]:
    """Return the DER of each part; nothing if it has not the structure of its kind."""
    outer = list(items(der))
    signed = items(outer[0]) if len(outer) == 3 else []  # noqa: PLR2004 - and how, and the signature
    parts: dict[str, bytes] = {}
    for part, tags, valid in _LAYOUTS[kind]:
        if signed and signed[0][0] in tags:
            parts[part] = signed.pop(0)
        elif valid and part != VERSION:
            return {}
        else:
            parts[part] = b""
    return {} if signed else {SIGNATURE: outer[1], **parts}


def in_pkcs7(der: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return the DER of each certificate and of each CRL in signed data (RFC 2315, 9.1)."""
    content = [each for field in items(der)[1:] for each in items(field)]
    fields = {each[0]: each for signed in content for each in items(signed)[::-1]}
    return items(fields.get(0xA0, b"")), items(fields.get(0xA1, b""))


def _built(kind: type[Signed], parts: dict[str, bytes]) -> bytes:
    signed = (parts.get(part, valid) for part, _, valid in _LAYOUTS[kind])
    algorithm = parts.get(SIGNATURE, _ED25519)
    return sequence(sequence(*signed), algorithm, encoded(asn1.BIT_STRING, b"\0"))


class _Filter:
    """Takes what cannot be read out of the parts of an object, and keeps why."""

    def __init__(self, kind: type[Signed]) -> None:
        self.kind, self.unreadable = kind, list[Unreadable]()

    def __call__(self, part: str, value: bytes) -> bytes:
        """Return a part without what cannot be read in it."""
        reason = self._reason(part, value)
        if not reason:
            return value
        lists: dict[str, Callable[[bytes], bytes | None]] = {
            _DATES: self._dates,
            _EXTENSIONS: self._extensions,
            _ATTRIBUTES: self._attributes,
            _ENTRIES: self._entries,
        }
        kept = lists[part](value) if part in lists else None
        if kept is not None:
            return kept
        is_date = part in {LAST_UPDATE, NEXT_UPDATE}
        self._add(part, _reason_of_date(value) if is_date else reason)
        return next((valid for name, _, valid in _LAYOUTS[self.kind] if name == part), _ED25519)

    def _add(self, part: str, reason: str, *, is_needed: bool = True, oid: str = "") -> None:
        self.unreadable.append(Unreadable(part, reason, is_needed, oid))

    def _reason(self, part: str, value: bytes) -> str:
        """Return why a part cannot be decoded; empty if it can."""
        try:
            _decoded(self.kind, _built(self.kind, {part: value}))
        except UNDECODABLE as error:
            return _words(error)
        return ""

    def _dates(self, value: bytes) -> bytes | None:
        dates = items(value)
        if len(dates) != 2:  # noqa: PLR2004 - the first and the last
            return None
        for number, part in enumerate((START, END)):
            if self._reason(_DATES, sequence(_TIME, dates[number])):
                self._add(part, _reason_of_date(dates[number]))
                dates[number] = _TIME
        return sequence(*dates)

    def _extensions(self, value: bytes) -> bytes | None:
        listed = items(value)
        if len(listed) != 1:
            return None

        def built(*extensions: bytes) -> bytes:
            return encoded(value[0], sequence(*extensions))

        kept = self._kept(_EXTENSIONS, items(listed[0]), built)
        return built(*kept) if kept else b""

    def _attributes(self, value: bytes) -> bytes:
        return encoded(value[0], *sorted(map(self._attribute, items(value))))  # DER orders a SET

    def _attribute(self, attribute: bytes) -> bytes:
        """Return an attribute of a request; of extensions, those that can be read."""
        reason = self._reason(_ATTRIBUTES, encoded(0xA0, attribute))
        if not reason:
            return attribute
        fields = items(attribute)
        values = [value for each in fields[1:] for value in items(each)]
        oid = _oid_in(attribute)
        if oid not in _EXTENSION_REQUESTS or len(values) != 1:
            is_needed = oid in _EXTENSION_REQUESTS
            name = "extension request" if is_needed else f"attribute {oid_name(oid)}"
            self._add(name, reason, is_needed=is_needed)
            return b""

        def built(*extensions: bytes) -> bytes:
            return sequence(fields[0], encoded(asn1.SET, sequence(*extensions)))

        return built(
            *self._kept(_ATTRIBUTES, items(values[0]), lambda each: encoded(0xA0, built(each)))
        )

    def _kept(
        self, part: str, extensions: list[bytes], built: Callable[[bytes], bytes]
    ) -> list[bytes]:
        """Return the extensions that can be read in a part, of each type the first."""
        kept: dict[str, bytes] = {}
        for each in extensions:
            oid = _oid_in(each)
            reason = "it appears twice" if oid in kept else self._reason(part, built(each))
            if not reason:
                kept[oid] = each
                continue
            name, fields = f"extension {oid_name(oid)}", items(each)
            strict = sequence(*(field for field in fields if field != _FALSE))
            if oid not in kept and strict != each and not self._reason(part, built(strict)):
                kept[oid] = strict
                self._add(name, "it writes out critical FALSE, which DER forbids")
            else:
                self._add(name, reason, is_needed=oid in USED or _TRUE in fields, oid=oid)
        return list(kept.values())

    def _entries(self, value: bytes) -> bytes:
        """Return the entries of a CRL, without what cannot be read in them."""
        entries = items(value)
        for number in list(self._unreadable_entries(entries, 0)):
            bare = sequence(*items(entries[number])[:2])
            name = serial_number(int.from_bytes(b"".join(items(bare)[:1])[2:], signed=True))
            reason = self._reason(_ENTRIES, sequence(entries[number]))
            if self._reason(_ENTRIES, sequence(bare)):
                self._add(f"entry {name}", reason)
                entries[number] = b""
            else:
                self._add(f"extensions of the entry {name}", reason, is_needed=False)
                entries[number] = bare
        return sequence(*entries)

    def _unreadable_entries(self, entries: list[bytes], first: int) -> Iterator[int]:
        """Yield the places of the entries that cannot be read: by halves, as most can be."""
        if self._reason(_ENTRIES, sequence(*entries)):
            if len(entries) == 1:
                yield first
            else:
                middle = len(entries) // 2
                yield from self._unreadable_entries(entries[:middle], first)
                yield from self._unreadable_entries(entries[middle:], first + middle)


_EXTENSION_REQUESTS = {"1.2.840.113549.1.9.14", "1.3.6.1.4.1.311.2.1.14"}  # RFC 2985; Microsoft's
_LONGEST_OID = 64  # bytes


def _oid_in(der: bytes) -> str:
    """Return the type that an extension or attribute begins with, in words if it has none."""
    first = next(iter(items(der)), b"")
    content = first[2:]
    if first[:1] != b"\6" or not content or len(content) > _LONGEST_OID:
        return "of an unknown type"
    arcs = [0]
    for octet in content:
        arcs[-1] = arcs[-1] << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(0)
    top = min(arcs[0] // 40, 2)
    return ".".join(map(str, (top, arcs[0] - 40 * top, *arcs[1:-1])))


def shown_name(der: bytes) -> str:
    """Return a distinguished name as RFC 4514 has it: what cannot be read, in hex (2.4)."""
    return ",".join(text for rdn in reversed(items(der)) if (text := _shown_rdn(rdn)))


def _shown_rdn(rdn: bytes) -> str:
    for attributes in (items(rdn), map(_in_utf8, items(rdn))):
        ordered = encoded(asn1.SET, *sorted(attributes))  # as DER has it, and not all who write
        with suppress(*UNDECODABLE):
            return name_text(
                x509.load_der_x509_crl(
                    _built(x509.CertificateRevocationList, {ISSUER: sequence(ordered)})
                ).issuer
            )
    return "+".join(
        f"{oid_name(_oid_in(each))}=#{b''.join(items(each)[1:]).hex()}" for each in items(rdn)
    )


def _in_utf8(attribute: bytes) -> bytes:
    """Return an attribute with a TeletexString, which is Latin-1 in practice, as a UTF8String."""
    kind, *values = items(attribute)
    return sequence(
        kind,
        *(
            encoded(0x0C, each[2:].decode("latin-1").encode()) if each[0] == 0x14 else each  # noqa: PLR2004
            for each in values
        ),
    )


_KINDS_OF_ERRORS = {
    "EncodedDefault": "it writes out a default value, which DER forbids",
    "ExtraData": "it has extra data",
    "InvalidSize": "it has too few or too many elements",
    "InvalidValue": "it has a value that is not valid",
    "ShortData": "it is empty, or a field is missing",
    "UnexpectedTag": "it has a field of the wrong type",
}
_OUR_WORDS = (
    ("path_length must be None", "it has a path length, but is not a CA"),
    ("single-valued", "it has none or several values"),
    ("x400Address", "it has an X.400 address or an EDI party name, which are not supported"),
    ("authority_cert_issuer and", "it has an issuer or a serial number without the other"),
    ("Either full_name, ", "it has a distribution point with reasons only"),
    ("Could not deserialize key", "it has a value that is not valid"),
    ("does not appear to be an IPv4", "it has an address that is not valid"),
)


def _words(error: Exception) -> str:
    """Return in words why `cryptography` cannot decode something."""
    text = str(error)
    if found := re.match(r"error parsing asn1 value: ParseError \{ kind: (\w+)", text):
        return _KINDS_OF_ERRORS.get(found[1], "it is not valid DER")
    if isinstance(error, UnsupportedAlgorithm) and (oid := re.search(r"\d+(\.\d+)+", text)):
        return f"{oid[0]} is not supported"
    return next((words for part, words in _OUR_WORDS if part in text), escaped(text).rstrip("."))


def _reason_of_date(date: bytes) -> str:
    return f"{quoted(date[2:].decode(errors='replace'))} is not a date that RFC 5280 allows"
