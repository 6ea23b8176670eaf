"""What is read of certificates, requests and CRLs that the library refuses as a whole."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certstrap.errors import UnusableFileError
from certstrap.pki import decode, parts
from certstrap.pki.names import name_text
from certstrap.pki.parts import Readable, Signed
from tests.builders.certificates import a_certificate, a_request
from tests.builders.der import (
    BASIC_CONSTRAINTS,
    CN,
    COUNTRY,
    LEAF_NAME,
    ORG,
    SUBJECT_ALTERNATIVE_NAME,
    TELETEX,
    UTF8,
    der,
    integer,
    oid,
    raw_certificate,
    raw_crl,
    raw_extension,
    raw_name,
    raw_request,
    sequence,
    sign_raw,
)
from tests.builders.keys import LEAF_KEY

ECDSA = sequence(oid("1.2.840.10045.4.3.2"))
POLICIES, KEY_USAGE, POINTS = "2.5.29.32", "2.5.29.15", "2.5.29.31"
AUTHORITY = "2.5.29.35"
CA_FALSE = raw_extension(BASIC_CONSTRAINTS, sequence())
SIGNING = raw_extension(KEY_USAGE, b"\x03\x02\x01\x06")


def read(kind: type[Signed], data: bytes) -> Readable:
    """Return what can be read, which is something."""
    found = parts.read(kind, data)
    assert found
    return found


def read_certificate(extensions: bytes) -> Readable:
    return read(x509.Certificate, raw_certificate(extensions=extensions))


@pytest.mark.parametrize(
    ("extension", "part", "reason"),
    [
        (raw_extension(POLICIES), "certificatePolicies", "it is empty, or a field is missing"),
        (CA_FALSE, "basicConstraints", "it appears twice"),
        (
            raw_extension(AUTHORITY, sequence(der(0xA1, der(0xA4, LEAF_NAME)))),
            "authorityKeyIdentifier",
            "it has an issuer or a serial number without the other",
        ),
        (
            raw_extension(SUBJECT_ALTERNATIVE_NAME, sequence(der(0xA3))),
            "subjectAltName",
            "it has an X.400 address or an EDI party name, which are not supported",
        ),
        (
            raw_extension(SUBJECT_ALTERNATIVE_NAME, sequence(der(0x87, bytes(5)))),
            "subjectAltName",
            "it has an address that is not valid",
        ),
        (
            raw_extension(POINTS, sequence(sequence(der(0x81, b"\1\2")))),
            "cRLDistributionPoints",
            "it has a distribution point with reasons only",
        ),
        (sequence(), "of an unknown type", "it is empty, or a field is missing"),
        (sequence(der(0x06, b"\x55" * 99), der(0x04)), "of an unknown type", ""),
        (sequence(oid("2.25.3"), integer(1)), "2.25.3", "it has a field of the wrong type"),
    ],
)
def test_an_extension_that_cannot_be_read_is_named_and_the_others_are_shown(
    extension: bytes, part: str, reason: str
) -> None:
    found = read_certificate(CA_FALSE + extension + SIGNING)
    (lost,) = found.unreadable
    assert lost.part == f"extension {part}"
    assert lost.reason.startswith(reason)
    assert [each.oid.dotted_string for each in found.shown.extensions] == [
        BASIC_CONSTRAINTS,
        KEY_USAGE,
    ]


def test_ca_false_with_a_path_length_is_named() -> None:
    found = read_certificate(raw_extension(BASIC_CONSTRAINTS, sequence(integer(0))))
    assert found.unreadable[0].reason == "it has a path length, but is not a CA"
    assert list(found.shown.extensions) == []


def test_extensions_that_are_no_list_are_named() -> None:
    key = LEAF_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    found = read(x509.Certificate, raw_certificate(spki=key + der(0xA3)))
    assert [each.part for each in found.unreadable] == ["extensions"]


NOT_CRITICAL = sequence(
    oid(SUBJECT_ALTERNATIVE_NAME), der(0x01, b"\0"), der(0x04, sequence(der(0x82, b"a.b")))
)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (x509.Certificate, raw_certificate(extensions=CA_FALSE + NOT_CRITICAL)),
        (x509.CertificateSigningRequest, raw_request(extensions=CA_FALSE + NOT_CRITICAL)),
    ],
)
def test_an_extension_that_writes_out_critical_false_is_shown(
    kind: type[Signed], data: bytes
) -> None:
    found = read(kind, data)
    (lost,) = found.unreadable
    assert lost.reason == "it writes out critical FALSE, which DER forbids"
    assert isinstance(found.shown, x509.Certificate | x509.CertificateSigningRequest)
    assert decode.names_of(found.shown).domains == ("a.b",)
    assert found.whole is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (raw_name([], [(CN, UTF8, b"x")]), "CN=x"),
        (raw_name([(CN, UTF8, b"\xff")], [(ORG, UTF8, b"o")]), "O=o,commonName=#0c01ff"),
        (raw_name([(COUNTRY, UTF8, b"DE"), (ORG, UTF8, b"x")]), "O=x+C=DE"),
        (raw_name([(CN, TELETEX, b"M\xfcller"), (ORG, UTF8, b"x")]), "O=x+CN=Müller"),
        (sequence(der(0x31, sequence(oid("1.2.3"), integer(1)))), "1.2.3=#020101"),
    ],
)
def test_a_name_is_shown_with_the_bytes_of_what_cannot_be_read(name: bytes, shown: str) -> None:
    found = read(x509.Certificate, raw_certificate(subject=name, issuer=LEAF_NAME))
    assert parts.shown_name(found.raw["subject"]) == shown
    assert [each.part for each in found.unreadable] == ["subject"]


@pytest.mark.parametrize("date", [b"20400101000000.5Z", b"204001010000Z", b"2040\xff", b""])
def test_a_date_that_cannot_be_read_is_named_and_the_other_one_is_shown(date: bytes) -> None:
    found = read(x509.Certificate, raw_certificate(end=der(0x18, date)))
    (lost,) = found.unreadable
    assert lost.part == "expiry date"
    assert "is not a date that RFC 5280 allows" in lost.reason
    assert isinstance(found.shown, x509.Certificate)
    assert found.shown.not_valid_before_utc.year == 2020


def test_three_dates_are_none() -> None:
    """One that has no end is not told from one whose end is lost."""
    date = der(0x18, b"20400101000000Z")
    found = read(x509.Certificate, raw_certificate(end=date + date))
    assert [each.part for each in found.unreadable] == ["dates"]


def test_what_differs_between_inside_and_outside_is_named() -> None:
    data = raw_crl(5)
    other = sequence(oid("1.2.840.10045.4.3.3"))
    found = read(x509.CertificateRevocationList, data.replace(ECDSA, other, 1))
    assert [each.part for each in found.unreadable] == ["signature algorithm"]


def test_the_rest_of_a_trusted_certificate_of_openssl_is_named() -> None:
    certificate = a_certificate().public_bytes(Encoding.DER)
    found = read(x509.Certificate, certificate + sequence())
    assert [each.part for each in found.unreadable] == ["encoding"]
    assert found.der == certificate
    assert found.whole is None


@pytest.mark.parametrize(
    ("attribute", "part", "is_needed"),
    [
        (sequence(oid("1.2.840.113549.1.9.14"), der(0x31)), "extension request", True),
        (sequence(oid("1.2.840.113549.1.9.14")), "extension request", True),
        (sequence(oid("1.2.840.113549.1.9.7"), integer(1)), "challengePassword", False),
        (sequence(), "attribute of an unknown type", False),
    ],
)
def test_an_attribute_of_a_request_that_cannot_be_read_is_named(
    attribute: bytes, part: str, is_needed: bool
) -> None:
    found = read(x509.CertificateSigningRequest, raw_request(attributes=attribute))
    assert found.whole is None
    (lost,) = found.unreadable
    assert lost.part.endswith(part)
    assert lost.is_needed == is_needed
    assert isinstance(found.shown, x509.CertificateSigningRequest)
    assert name_text(found.shown.subject) == "CN=leaf"


REASON = "2.5.29.21"


@pytest.mark.parametrize("place", range(5))
def test_an_entry_of_a_crl_is_shown_without_extensions_that_cannot_be_read(place: int) -> None:
    twice = sequence(raw_extension(REASON, der(0x0A, b"\1")) * 2)
    data = crl_with(*(twice if number == place else b"" for number in range(5)))
    found = read(x509.CertificateRevocationList, data)
    (lost,) = found.unreadable
    assert lost.part == f"extensions of the entry {place}"
    assert not lost.is_needed
    assert isinstance(found.shown, x509.CertificateRevocationList)
    assert [each.serial_number for each in found.shown] == list(range(5))
    assert found.whole is not None


def test_an_entry_without_a_date_is_left_out_and_named() -> None:
    found = read(x509.CertificateRevocationList, crl_with(b"", b"\5\0"))
    assert [each.part for each in found.unreadable] == ["entry 1"]
    assert found.whole is None
    assert isinstance(found.shown, x509.CertificateRevocationList)
    assert [each.serial_number for each in found.shown] == [0]


def crl_with(*more: bytes) -> bytes:
    """Return a CRL with an entry for each: what is in it after the date; NULL is in its place."""
    begin, end = der(0x17, b"200101000000Z"), der(0x17, b"400101000000Z")
    entries = [
        sequence(integer(number), *((each,) if each == b"\5\0" else (begin, each)))
        for number, each in enumerate(more)
    ]
    return sign_raw(sequence(integer(1), ECDSA, LEAF_NAME, begin, end, sequence(*entries)))


def test_a_crl_without_entries_whose_date_cannot_be_read_is_shown() -> None:
    found = read(
        x509.CertificateRevocationList, sign_raw(sequence(ECDSA, LEAF_NAME, der(0x17, b"1Z")))
    )
    assert [each.part for each in found.unreadable] == ["last update"]
    assert found.unreadable[0].reason == '"1Z" is not a date that RFC 5280 allows'


def test_a_crl_with_an_extension_that_cannot_be_read_has_the_others() -> None:
    twice = raw_extension("1.2.3", b"") * 2
    begin, number = der(0x17, b"200101000000Z"), raw_extension("2.5.29.20", integer(7))
    extensions = der(0xA0, sequence(twice, number))
    crl = sign_raw(sequence(integer(1), ECDSA, LEAF_NAME, begin, begin, extensions))
    found = decode.extension(decode.decode_crl(crl, "f"), x509.CRLNumber)
    assert found == x509.CRLNumber(7)


def test_of_very_many_parts_the_first_are_named() -> None:
    found = read_certificate(raw_extension(POLICIES, b"?") + raw_extension(POLICIES) * 5_000)
    assert len(found.unreadable) == 5_001
    assert found.problem.endswith("; and 4,991 more")
    assert found.problem.count("certificatePolicies") == 10


def test_what_has_another_structure_is_not_read() -> None:
    request = a_request().public_bytes(Encoding.DER)
    assert parts.read(x509.Certificate, request) is None
    for data in (
        b"",
        b"\x30",
        sequence(),
        sequence(b"", b""),
        sequence(sequence(), b"\5\0", b"\5\0"),
    ):
        assert parts.read(x509.CertificateRevocationList, data) is None


def test_an_extension_that_nothing_needs_does_not_make_a_certificate_unusable() -> None:
    lost = raw_extension(POLICIES, b"?")
    certificate = decode.load_certificate(raw_certificate(extensions=SIGNING + lost), "f")
    assert decode.extension(certificate, x509.KeyUsage)
    assert decode.extension(certificate, x509.CertificatePolicies) is None
    assert [each.part for each in decode.unreadable(certificate)] == [
        "extension certificatePolicies"
    ]
    assert decode.unreadable(a_certificate()) == ()


@pytest.mark.parametrize(
    "extension", [raw_extension(POLICIES, b"?", critical=True), raw_extension(KEY_USAGE, b"?")]
)
def test_a_critical_extension_and_one_that_is_used_are_needed(extension: bytes) -> None:
    with pytest.raises(UnusableFileError, match=r"^f has a part that cannot be read: extension "):
        decode.load_certificate(raw_certificate(extensions=extension), "f")
