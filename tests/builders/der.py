"""DER put together by hand, for what no builder builds."""

from collections.abc import Sequence

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certstrap.pki import pem
from certstrap.pki.asn1 import elements
from tests.builders.keys import LEAF_KEY

CN, ORG, COUNTRY = "2.5.4.3", "2.5.4.10", "2.5.4.6"
UTF8, PRINTABLE, TELETEX, IA5, UNIVERSAL, BMP = 0x0C, 0x13, 0x14, 0x16, 0x1C, 0x1E
SUBJECT_ALTERNATIVE_NAME, BASIC_CONSTRAINTS = "2.5.29.17", "2.5.29.19"

_SPKI = LEAF_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    octets = len(content).to_bytes(4, "big").lstrip(b"\0")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def sequence(*parts: bytes) -> bytes:
    return der(0x30, *parts)


def integer(number: int) -> bytes:
    return der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    content = bytes([40 * first + second])
    for arc in rest:
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.insert(0, arc & 0x7F | 0x80)
        content += bytes(septets)
    return der(0x06, content)


def raw_name(*rdns: Sequence[tuple[str, int, bytes]]) -> bytes:
    """Return a name of RDNs in the order given; an attribute is its type, its tag, its content."""
    return sequence(
        *(der(0x31, *(sequence(oid(kind), der(tag, v)) for kind, tag, v in rdn)) for rdn in rdns)
    )


def raw_extension(kind: str, *value: bytes, critical: bool = False) -> bytes:
    return sequence(oid(kind), der(0x01, b"\xff") if critical else b"", der(0x04, *value))


LEAF_NAME = raw_name([(CN, UTF8, b"leaf")])


ODD_NAMES = {
    "PrintableString": raw_name([(CN, PRINTABLE, b"leaf")]),
    "a country in UTF8String": raw_name([(COUNTRY, UTF8, b"DE")], [(CN, UTF8, b"leaf")]),
    "BMPString": raw_name([(CN, BMP, "läf".encode("utf-16-be"))]),
    "UniversalString": raw_name([(CN, UNIVERSAL, "läf🙂".encode("utf-32-be"))]),
    "TeletexString": raw_name([(CN, TELETEX, b"leaf")]),
    "IA5String": raw_name([("1.2.840.113549.1.9.1", IA5, b"a@example.com")]),
    "an unknown attribute": raw_name([("1.2.3.4", UTF8, b"x")], [(CN, UTF8, b"leaf")]),
    "an RDN of two values": raw_name(
        [(ORG, UTF8, b"x"), (COUNTRY, PRINTABLE, b"DE")], [(CN, UTF8, b"y")]
    ),
    "a type twice": raw_name([(CN, UTF8, b"one")], [(CN, PRINTABLE, b"two")]),
    "another order": raw_name(
        [(CN, UTF8, b"leaf")], [(ORG, UTF8, b"o")], [(COUNTRY, PRINTABLE, b"DE")]
    ),
    "spaces": raw_name([(CN, UTF8, b"  l f ")]),
    "an empty value": raw_name([(ORG, UTF8, b"")], [(CN, UTF8, b"leaf")]),
    "64 letters": raw_name([(CN, UTF8, "ä".encode() * 64)]),
}


def raw_request(
    *,
    subject: bytes = LEAF_NAME,
    extensions: bytes = b"",
    attributes: bytes = b"",
    spki: bytes = _SPKI,
) -> bytes:
    """Return the DER of a request with those parts, rightly signed by `LEAF_KEY`."""
    if extensions:
        attributes += sequence(oid("1.2.840.113549.1.9.14"), der(0x31, sequence(extensions)))
    return sign_raw(sequence(integer(0), subject, spki, der(0xA0, attributes)))


def raw_certificate(
    *,
    version: bytes = der(0xA0, integer(2)),
    serial: bytes = integer(5),
    end: bytes = der(0x18, b"20400101000000Z"),
    subject: bytes = LEAF_NAME,
    issuer: bytes = b"",
    spki: bytes = _SPKI,
    extensions: bytes = b"",
) -> bytes:
    """Return the DER of a certificate with those parts, signed by `LEAF_KEY`.

    It is self-issued, if no ``issuer`` is given.
    """
    validity = sequence(der(0x18, b"20200101000000Z"), end)
    extra = der(0xA3, sequence(extensions)) if extensions else b""
    return sign_raw(
        sequence(version, serial, _ECDSA, issuer or subject, validity, subject, spki, extra)
    )


def raw_crl(*serials: int, issuer: bytes = LEAF_NAME) -> bytes:
    """Return the DER of a CRL with those serial numbers, signed by `LEAF_KEY`."""
    begin, end = der(0x17, b"200101000000Z"), der(0x17, b"400101000000Z")
    entries = sequence(*(sequence(integer(serial), begin) for serial in serials))
    return sign_raw(sequence(integer(1), _ECDSA, issuer, begin, end, entries))


_ECDSA = sequence(oid("1.2.840.10045.4.3.2"))


def sign_raw(content: bytes) -> bytes:
    signature = LEAF_KEY.sign(content, ec.ECDSA(hashes.SHA256()))
    return sequence(content, _ECDSA, der(0x03, b"\0", signature))


def pbes2(*kdf: bytes, iv: bytes = bytes(16), content: bytes = bytes(32)) -> bytes:
    cipher = sequence(oid("2.16.840.1.101.3.4.1.42"), der(0x04, iv))
    parameters = sequence(sequence(*kdf), cipher)
    return sequence(sequence(oid("1.2.840.113549.1.5.13"), parameters), der(0x04, content))


def scrypt(n: int, r: int, p: int) -> bytes:
    parameters = sequence(der(0x04, b"salt"), integer(n), integer(r), integer(p))
    return pbes2(oid("1.3.6.1.4.1.11591.4.11"), parameters)


def pbkdf2(rounds: bytes, **more: bytes) -> bytes:
    prf = sequence(oid("1.2.840.113549.2.9"), der(0x05))
    return pbes2(oid("1.2.840.113549.1.5.12"), sequence(der(0x04, b"salt"), rounds, prf), **more)


def with_rounds(data: bytes, old: int, new: int) -> bytes:
    """Return a PKCS#12 file, or a part of one, in which every number ``old`` is ``new``."""
    changed = b""
    for tag, view in elements(data):
        content = bytes(view)
        if tag == 0x02 and content == integer(old)[2:]:
            changed += integer(new)
        elif tag & 0x20 or (tag == 0x04 and pem.is_der(content)):
            changed += der(tag, with_rounds(content, old, new))
        else:
            changed += der(tag, content)
    return changed
