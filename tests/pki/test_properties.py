"""What certificates say of themselves, and who issued whom."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from certstrap.errors import CertstrapError, RefusedError
from certstrap.pki import crl, decode, issuers, rules
from certstrap.pki.decode import load_certificate
from certstrap.pki.findings import require
from certstrap.pki.issuers import is_signed_by
from certstrap.pki.validity import Validity
from tests.builders import DATA
from tests.builders.certificates import (
    END,
    NO_CA,
    START,
    a_certificate,
    a_name,
    a_request,
    an_issuer,
    key_usage,
)
from tests.builders.der import (
    BASIC_CONSTRAINTS,
    BMP,
    CN,
    ORG,
    PRINTABLE,
    UTF8,
    der,
    integer,
    raw_certificate,
    raw_extension,
    raw_name,
    sequence,
)
from tests.builders.keys import CA_KEY, LEAF_KEY, OTHER_KEY
from tests.conftest import NOW

CA = a_certificate()
CA_NAME = a_name("Test CA")


def test_an_extension_is_its_value_or_none() -> None:
    assert decode.extension(CA, x509.BasicConstraints) == x509.BasicConstraints(True, None)
    assert decode.extension(CA, x509.KeyUsage) is None
    assert decode.extension(a_request(), x509.SubjectAlternativeName) is None


def test_the_validity_is_that_of_the_certificate() -> None:
    assert decode.validity_of(CA) == Validity(START, END)


@pytest.mark.parametrize(
    ("constraints", "is_ca"),
    [(x509.BasicConstraints(ca=True, path_length=0), True), (NO_CA, False), (None, False)],
)
def test_a_ca_is_what_basic_constraints_say(
    constraints: x509.BasicConstraints | None, is_ca: bool
) -> None:
    assert decode.is_ca(a_certificate(constraints=constraints)) == is_ca


def test_a_certificate_of_version_1_is_no_ca() -> None:
    certificate = load_certificate(raw_certificate(version=b""), "f")
    assert certificate.version == x509.Version.v1
    assert not decode.is_ca(certificate)
    with pytest.raises(RefusedError):
        require(rules.ca_certificate(certificate))


def test_a_certificate_was_issued_by_a_ca_with_that_name_and_that_key() -> None:
    leaf = a_certificate(
        key=LEAF_KEY, subject=a_name("leaf"), by=(CA_NAME, CA_KEY), constraints=NO_CA
    )
    assert issuers.is_issued_by(leaf, CA)
    assert issuers.is_self_signed(CA)
    assert not issuers.is_self_signed(leaf)
    assert not issuers.is_issued_by(CA, leaf)
    assert not issuers.is_issued_by(leaf, a_certificate(subject=a_name("Other CA")))
    assert not issuers.is_issued_by(leaf, a_certificate(key=OTHER_KEY))
    assert not issuers.is_self_signed(
        a_certificate(key=LEAF_KEY, subject=CA_NAME, by=(CA_NAME, CA_KEY))
    )


def test_a_key_that_cannot_sign_has_issued_nothing() -> None:
    spki = x25519.X25519PrivateKey.generate().public_key()
    odd = raw_certificate(spki=spki.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    certificate = load_certificate(odd, "f")
    assert not issuers.is_self_signed(certificate)
    assert not is_signed_by(crl.following(an_issuer(), [], NOW), certificate)


@pytest.mark.parametrize("cause", [InvalidSignature(), ValueError(), TypeError()])
def test_a_check_that_fails_to_decode_is_false(cause: Exception) -> None:
    def stumble() -> bool:
        raise cause

    assert not issuers.verifies(stumble)
    assert issuers.verifies(lambda: True)
    assert not issuers.verifies(lambda: False)


def names_are_the_same(one: bytes, other: bytes) -> bool:
    first, second = (
        load_certificate(raw_certificate(subject=name), "f").subject for name in (one, other)
    )
    return decode.comparable_name(first) == decode.comparable_name(second)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Cert", "cert", True),
        ("Straße", "STRASSE", True),
        ("My  CA ", "my ca", True),
        ("Cert", "Cert2", False),
        ("MyCA", "My CA", False),
    ],
)
def test_names_are_compared_without_case_and_with_spaces_as_one(
    one: str, other: str, same: bool
) -> None:
    for tag, encoded in ((UTF8, other.encode()), (BMP, other.encode("utf-16-be"))):
        assert (
            names_are_the_same(raw_name([(CN, UTF8, one.encode())]), raw_name([(CN, tag, encoded)]))
            == same
        )


def test_names_are_the_same_in_other_types_of_string_but_not_in_other_attributes() -> None:
    name = raw_name([(ORG, UTF8, b"x")], [(CN, UTF8, b"y")])
    assert names_are_the_same(name, raw_name([(ORG, PRINTABLE, b"X")], [(CN, UTF8, b"Y")]))
    assert not names_are_the_same(name, raw_name([(CN, UTF8, b"y")], [(ORG, UTF8, b"x")]))
    assert not names_are_the_same(name, raw_name([(CN, UTF8, b"x")], [(CN, UTF8, b"y")]))
    assert not names_are_the_same(name, raw_name([(ORG, UTF8, b"x")]))


@pytest.mark.parametrize(
    "certificate",
    [
        CA,
        a_certificate(usage=key_usage("key_cert_sign", "crl_sign")),
        a_certificate(usage=key_usage("key_cert_sign")),
        a_certificate(constraints=x509.BasicConstraints(ca=True, path_length=0)),
    ],
)
def test_a_ca_may_sign(certificate: x509.Certificate) -> None:
    require(rules.ca_certificate(certificate))


@pytest.mark.parametrize(
    "certificate",
    [
        a_certificate(constraints=NO_CA),
        a_certificate(constraints=None),
        a_certificate(usage=key_usage("crl_sign")),
        a_certificate(constraints=NO_CA, usage=key_usage("key_cert_sign", "crl_sign")),
    ],
)
def test_a_leaf_and_a_ca_without_cert_sign_may_not_sign(certificate: x509.Certificate) -> None:
    with pytest.raises(RefusedError):
        require(rules.ca_certificate(certificate))


SECOND = timedelta(seconds=1)


def test_a_ca_is_valid_from_its_first_to_its_last_second() -> None:
    require(rules.valid(CA, START, "CA.crt", rules.EXPIRED_CA))
    require(rules.valid(CA, END, "CA.crt", rules.EXPIRED_CA))
    with pytest.raises(RefusedError) as early:
        require(rules.valid(CA, START - SECOND, "CA.crt", rules.EXPIRED_CA))
    assert str(early.value) == "CA.crt is not valid before 2026-11-22 12:00:00 UTC."
    with pytest.raises(RefusedError) as late:
        require(rules.valid(CA, END + SECOND, "CA.crt", rules.EXPIRED_CA))
    assert str(late.value) == f"CA.crt expired on {END:%Y-%m-%d} 12:00:00 UTC."


@pytest.mark.parametrize(
    ("end", "year"),
    [(b"00000101000000Z", 0), (b"00010101000000Z", 1), (b"99991231235959Z", 9999)],
)
def test_any_year_is_refused_or_compared(end: bytes, year: int) -> None:
    try:
        certificate = load_certificate(raw_certificate(end=der(0x18, end)), "f")
        require(rules.valid(certificate, NOW, "f", rules.EXPIRED_CA))
    except CertstrapError:
        assert year < NOW.year
    else:
        assert decode.validity_of(certificate).end.year == year


def test_the_authority_key_identifier_is_the_subject_key_identifier_of_the_ca() -> None:
    of_odd = decode.authority_key_identifier(a_certificate(identifier=b"odd"))
    assert of_odd == x509.AuthorityKeyIdentifier(b"odd", None, None)


def test_without_one_it_is_the_sha_1_of_the_public_key() -> None:
    digest = x509.SubjectKeyIdentifier.from_public_key(CA_KEY.public_key()).digest
    assert decode.authority_key_identifier(CA).key_identifier == digest


@pytest.mark.parametrize("name", ["EC_Enc", "RSA_Enc", "Ed_Enc"])
def test_the_cas_of_certstrap_itself_may_sign(name: str) -> None:
    certificate = load_certificate((DATA / f"{name}.crt").read_bytes(), name)
    require(rules.ca_certificate(certificate))
    require(rules.valid(certificate, NOW + timedelta(days=365), name, rules.EXPIRED_CA))
    assert issuers.is_self_signed(certificate)


def test_a_path_length_of_any_size_is_refused_or_read() -> None:
    for length in (integer(2**63 - 1), integer(2**64), integer(2**80), b"\x02\x01\xff"):
        value = sequence(der(0x01, b"\xff"), length)
        extension = raw_extension(BASIC_CONSTRAINTS, value, critical=True)
        try:
            assert decode.is_ca(load_certificate(raw_certificate(extensions=extension), "f"))
        except CertstrapError as error:
            assert "cannot be read: extension basicConstraints" in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("common_names", "found"), [([], "a.example"), (["x"], "x"), (["x", "y"], "")]
)
def test_the_identity_is_the_common_name_else_the_first_alternative_name(
    common_names: list[str], found: str
) -> None:
    names = [x509.DNSName("a.example"), x509.DNSName("b.example")]
    subject = x509.Name(x509.NameAttribute(NameOID.COMMON_NAME, each) for each in common_names)
    assert decode.identity(a_request(subject=subject, names=names)) == found
    assert decode.identity(a_certificate(subject=subject, names=names)) == found
    if not common_names:
        assert decode.identity(a_request(subject=subject)) == ""
