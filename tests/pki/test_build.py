"""Certificates and requests: built by profile, and read with all their checks."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from certstrap.errors import CertstrapError, InvalidNameError, RefusedError
from certstrap.hints import printed
from certstrap.pki import keys
from certstrap.pki.build import extensions_left_out, make_request, self_sign, sign
from certstrap.pki.decode import extension, load_certificate, path_length_of
from certstrap.pki.issuers import is_self_signed
from certstrap.pki.keys import CURVES, RSA_2048, KeySpec
from certstrap.pki.names import NO_NAMES, Subject
from certstrap.pki.path import shortest_remaining_path_length
from certstrap.pki.profiles import BOTH, CLIENT, SERVER, CAProfile, LeafProfile
from certstrap.pki.rules import load_request
from certstrap.pki.validity import Validity
from tests.builders.certificates import (
    END,
    START,
    a_certificate,
    a_name,
    a_request,
    alternative,
    an_issuer,
)
from tests.builders.der import (
    BASIC_CONSTRAINTS,
    BMP,
    CN,
    IA5,
    ODD_NAMES,
    SUBJECT_ALTERNATIVE_NAME,
    TELETEX,
    UTF8,
    der,
    oid,
    raw_certificate,
    raw_extension,
    raw_name,
    raw_request,
    sequence,
)
from tests.builders.keys import CA_KEY, LEAF_KEY, OTHER_KEY, a_key
from tests.builders.openssl import openssl_accepts
from tests.conftest import NOW

VALIDITY = Validity.starting(NOW, NOW + timedelta(days=365))
LEAF = LeafProfile()
SPECS = [RSA_2048, *(KeySpec(curve=curve) for curve in CURVES)]


def der_of(
    thing: x509.Certificate | x509.CertificateSigningRequest,
) -> bytes:
    return thing.public_bytes(Encoding.DER)


def bits_of(usage: x509.KeyUsage | None) -> set[str]:
    assert usage is not None
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign",
    )  # fmt: skip
    return {name for name in names if getattr(usage, name)}


def extensions_of(certificate: x509.Certificate) -> dict[str, bool]:
    """Return the names of the extensions, and whether each is critical."""
    return {ext.oid._name: ext.critical for ext in certificate.extensions}


# Profiles


@pytest.mark.parametrize("length", [-1, -(2**70), 256, 2**64, 10**30])
def test_a_path_length_that_cannot_be_is_refused(length: int) -> None:
    with pytest.raises(RefusedError, match="A path length cannot be"):
        CAProfile.of(length)


@pytest.mark.parametrize("length", [None, 0, 1, 255])
def test_a_ca_has_the_path_length_that_was_asked_for(length: int | None) -> None:
    certificate = self_sign(CA_KEY, Subject.of("CA"), CAProfile(length), VALIDITY)
    found = extension(certificate, x509.BasicConstraints)
    assert found == x509.BasicConstraints(ca=True, path_length=length)


def test_the_profiles_are_those_of_certstrap_where_nothing_is_said() -> None:
    assert (CAProfile().path_length, CAProfile().constraints, CAProfile().usages) == (
        0,
        None,
        (),
    )
    assert LEAF.usages == BOTH == (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)


# Roots


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_a_root_says_what_a_ca_has_to_say_and_no_more(spec: KeySpec) -> None:
    key = a_key(spec)
    certificate = self_sign(key, Subject.of("CA", "Org"), CAProfile(), VALIDITY)
    assert certificate.version == x509.Version.v3
    assert certificate.subject == certificate.issuer == a_name("CA", organization_name="Org")
    assert Validity(certificate.not_valid_before_utc, certificate.not_valid_after_utc) == VALIDITY
    assert extensions_of(certificate) == {
        "basicConstraints": True,
        "keyUsage": True,
        "subjectKeyIdentifier": False,
    }
    assert bits_of(extension(certificate, x509.KeyUsage)) == {"key_cert_sign", "crl_sign"}
    digest = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    assert extension(certificate, x509.SubjectKeyIdentifier) == digest
    algorithm, expected = certificate.signature_hash_algorithm, keys.signature_hash(key)
    assert (algorithm and algorithm.name) == (expected and expected.name)
    assert is_self_signed(certificate)


def test_a_root_with_name_constraints_says_so_critically() -> None:
    limits = x509.NameConstraints([x509.DNSName("a.example")], [x509.DNSName("b.a.example")])
    certificate = self_sign(CA_KEY, Subject.of("CA"), CAProfile.of(0, limits), VALIDITY)
    assert extensions_of(certificate)["nameConstraints"]
    assert extension(certificate, x509.NameConstraints) == limits


def test_an_intermediate_may_be_limited_to_a_usage_and_no_more_than_its_ca_permits() -> None:
    top = CAProfile(None, usages=CLIENT)
    root = an_issuer()
    above = sign(root, a_request(subject=a_name("Above")), top, VALIDITY)
    assert [*(extension(above, x509.ExtendedKeyUsage) or ())] == [*CLIENT]
    issuer, request = an_issuer(above, key=LEAF_KEY), a_request(subject=a_name("Below"))
    below = sign(issuer, request, CAProfile(usages=BOTH), VALIDITY)
    assert [*(extension(below, x509.ExtendedKeyUsage) or ())] == [*CLIENT]
    with pytest.raises(RefusedError, match="may not sign certificates for this purpose"):
        sign(issuer, request, CAProfile(usages=SERVER), VALIDITY)


def test_a_root_may_have_a_name_of_its_own() -> None:
    names = alternative(domains="ca.example")
    certificate = self_sign(CA_KEY, Subject.of("CA"), CAProfile(), VALIDITY, names)
    assert extension(certificate, x509.SubjectAlternativeName) == names.to_x509()
    assert not extensions_of(certificate)["subjectAltName"]


def test_every_serial_number_is_random_positive_and_of_20_octets_at_most() -> None:
    request = a_request()
    serials = {sign(an_issuer(), request, LEAF, VALIDITY).serial_number for _ in range(20)}
    serials |= {
        self_sign(CA_KEY, Subject.of("CA"), CAProfile(), VALIDITY).serial_number for _ in range(20)
    }
    assert len(serials) == 40
    assert all(0 < serial < 2**159 for serial in serials)
    assert max(serials) > 2**128


# Requests


def test_a_request_asks_for_its_names_and_nothing_else() -> None:
    names = alternative(domains="a.example,*.a.example", addresses="::1", uris="spiffe://a/b")
    request = make_request(LEAF_KEY, Subject.of("leaf"), names)
    assert request.is_signature_valid
    (only,) = request.extensions
    assert (only.value, only.critical) == (names.to_x509(), False)
    assert not list(make_request(LEAF_KEY, Subject.of("leaf"), NO_NAMES).extensions)
    assert der_of(load_request(der_of(request), "f")) == der_of(request)


def test_without_a_subject_the_names_are_critical() -> None:
    (only,) = make_request(LEAF_KEY, Subject.of(), alternative(addresses="::1")).extensions
    assert only.critical
    with pytest.raises(InvalidNameError, match="is empty"):
        make_request(LEAF_KEY, Subject.of(), NO_NAMES)


def test_a_common_name_of_64_characters_of_any_script_goes_all_the_way(tmp_path: Path) -> None:
    for character in "aé東🙂":
        request = make_request(LEAF_KEY, Subject.of(character * 64), NO_NAMES)
        read = load_request(der_of(request), "f")
        certificate = sign(an_issuer(), read, LEAF, VALIDITY)
        (found,) = load_certificate(der_of(certificate), "f").subject
        assert found.value == character * 64
        assert openssl_accepts(tmp_path, an_issuer().certificate, certificate) == [True]


# Leaves


@pytest.mark.parametrize("ca_spec", [RSA_2048, KeySpec(curve="P-384"), KeySpec(curve="Ed25519")])
@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_a_leaf_says_what_its_profile_and_its_key_ask_for(spec: KeySpec, ca_spec: KeySpec) -> None:
    issuer = an_issuer(key=a_key(ca_spec))
    names = [x509.DNSName("a.example")]
    leaf = sign(issuer, a_request(key=a_key(spec), names=names), LEAF, VALIDITY)
    assert extensions_of(leaf) == {
        "basicConstraints": True,
        "keyUsage": True,
        "extendedKeyUsage": False,
        "subjectKeyIdentifier": False,
        "authorityKeyIdentifier": False,
        "subjectAltName": False,
    }
    no_ca = x509.BasicConstraints(ca=False, path_length=None)
    assert extension(leaf, x509.BasicConstraints) == no_ca
    encipherment = {"key_encipherment"} if spec.bits else set()
    assert bits_of(extension(leaf, x509.KeyUsage)) == {"digital_signature"} | encipherment
    assert extension(leaf, x509.ExtendedKeyUsage) == x509.ExtendedKeyUsage(BOTH)
    for of, kind in ((spec, x509.SubjectKeyIdentifier), (ca_spec, x509.AuthorityKeyIdentifier)):
        found = extension(leaf, kind)
        digest = x509.SubjectKeyIdentifier.from_public_key(a_key(of).public_key()).digest
        assert getattr(found, "digest", getattr(found, "key_identifier", None)) == digest
    assert leaf.public_key() == a_key(spec).public_key()
    assert leaf.version == x509.Version.v3
    leaf.verify_directly_issued_by(issuer.certificate)


@pytest.mark.parametrize("usages", [CLIENT, SERVER, BOTH])
def test_a_leaf_is_for_clients_servers_or_both(
    usages: tuple[x509.ObjectIdentifier, ...], tmp_path: Path
) -> None:
    request = a_request(names=[x509.DNSName("a.example")])
    leaf = sign(an_issuer(), request, LeafProfile(usages), VALIDITY)
    assert extension(leaf, x509.ExtendedKeyUsage) == x509.ExtendedKeyUsage(usages)
    ca = an_issuer().certificate
    for purpose, usage in (("sslclient", CLIENT), ("sslserver", SERVER)):
        taken = openssl_accepts(tmp_path, ca, leaf, options=("-purpose", purpose))
        assert taken == [usage[0] in usages]


def test_a_leaf_is_cut_to_the_validity_of_its_ca() -> None:
    whole = Validity(START - timedelta(days=9), END + timedelta(days=9))
    leaf = sign(an_issuer(), a_request(), LEAF, whole)
    assert (leaf.not_valid_before_utc, leaf.not_valid_after_utc) == (START, END)


def test_what_else_a_request_asks_for_is_left_out_and_reported() -> None:
    request = a_request(
        names=[x509.DNSName("a.example")],
        extensions=[
            x509.BasicConstraints(ca=True, path_length=9),
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]),
            x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"),
        ],
    )
    leaf = sign(an_issuer(), request, LEAF, VALIDITY)
    assert extension(leaf, x509.ExtendedKeyUsage) == x509.ExtendedKeyUsage(BOTH)
    assert "1.2.3.4" not in {ext.oid.dotted_string for ext in leaf.extensions}
    left_out = ("basicConstraints", "extendedKeyUsage", "1.2.3.4")
    assert extensions_left_out(request, leaf) == left_out
    assert extensions_left_out(a_request(), leaf) == ()


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_subject_is_copied_byte_for_byte(name: str, tmp_path: Path) -> None:
    subject = ODD_NAMES[name]
    request = load_request(raw_request(subject=subject), "f")
    leaf = sign(an_issuer(), request, LEAF, VALIDITY)
    assert leaf.tbs_certificate_bytes.count(subject) == 1
    assert openssl_accepts(tmp_path, an_issuer().certificate, leaf) == [True]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_the_name_of_a_ca_is_copied_byte_for_byte(name: str) -> None:
    constraints = raw_extension(BASIC_CONSTRAINTS, sequence(der(0x01, b"\xff")), critical=True)
    ca = load_certificate(raw_certificate(subject=ODD_NAMES[name], extensions=constraints), "f")
    issuer = an_issuer(ca, key=LEAF_KEY)
    leaf = sign(issuer, a_request(key=OTHER_KEY, subject=a_name("new")), LEAF, VALIDITY)
    assert leaf.tbs_certificate_bytes.count(ODD_NAMES[name]) == 1
    leaf.verify_directly_issued_by(ca)


@pytest.mark.parametrize(
    "names",
    [
        sequence(der(0x82, b"a.example"), der(0x82, b"*.a.example")),
        sequence(der(0x87, b"\x0a\0\0\1"), der(0x86, b"spiffe://a/b"), der(0x82, b"a.example")),
    ],
)
@pytest.mark.parametrize("subject", [raw_name([(CN, UTF8, b"leaf")]), raw_name()])
def test_alternative_names_are_copied_and_critical_without_a_subject(
    names: bytes, subject: bytes
) -> None:
    asked = raw_extension(SUBJECT_ALTERNATIVE_NAME, names)
    leaf = sign(
        an_issuer(),
        load_request(raw_request(subject=subject, extensions=asked), "f"),
        LEAF,
        VALIDITY,
    )
    critical = subject == raw_name()
    expected = raw_extension(SUBJECT_ALTERNATIVE_NAME, names, critical=critical)
    assert expected in leaf.tbs_certificate_bytes
    assert leaf.subject.public_bytes() == subject


UPN = "1.3.6.1.4.1.311.20.2.3"
NOT_COPIED = {
    "e-mail address a@b.example": der(0x81, b"a@b.example"),
    "user principal name a@b.example": der(0xA0, oid(UPN), der(0xA0, der(UTF8, b"a@b.example"))),
    "other name of type 1.2.3.4": der(0xA0, oid("1.2.3.4"), der(0xA0, der(UTF8, b"x"))),
    "directory name CN=x": der(0xA4, raw_name([(CN, BMP, b"\0x")])),
    "registered ID 1.2.3": der(0x88, b"\x2a\x03"),
}


@pytest.mark.parametrize("name", NOT_COPIED)
def test_names_of_other_kinds_are_not_copied_but_listed(name: str) -> None:
    kept = der(0x82, b"a.example")
    asked = raw_extension(SUBJECT_ALTERNATIVE_NAME, sequence(NOT_COPIED[name], kept))
    request = load_request(raw_request(extensions=asked), "f")
    leaf = sign(an_issuer(), request, LEAF, VALIDITY)
    expected = raw_extension(SUBJECT_ALTERNATIVE_NAME, sequence(kept))
    assert expected in leaf.tbs_certificate_bytes
    assert extensions_left_out(request, leaf) == (name,)


@pytest.mark.parametrize("name", NOT_COPIED)
def test_a_request_that_has_only_names_of_other_kinds_names_nothing(name: str) -> None:
    asked = raw_extension(SUBJECT_ALTERNATIVE_NAME, sequence(NOT_COPIED[name]))
    request = load_request(raw_request(subject=raw_name(), extensions=asked), "f")
    with pytest.raises(RefusedError, match="neither a subject nor alternative names"):
        sign(an_issuer(), request, LEAF, VALIDITY)


def test_a_name_that_is_not_copied_is_not_checked_against_the_constraints() -> None:
    permitted = x509.NameConstraints([x509.RFC822Name("other.example")], None)
    issuer = an_issuer(a_certificate(name_constraints=permitted))
    request = a_request(names=[x509.DNSName("a.example"), x509.RFC822Name("a@b.example")])
    leaf = sign(issuer, request, LEAF, VALIDITY)
    assert extensions_left_out(request, leaf) == ("e-mail address a@b.example",)


def test_a_request_that_names_nothing_is_refused() -> None:
    empty = raw_extension(SUBJECT_ALTERNATIVE_NAME, sequence())
    for extensions in (b"", empty):
        request = load_request(raw_request(subject=raw_name(), extensions=extensions), "f")
        with pytest.raises(RefusedError, match="neither a subject nor alternative names"):
            sign(an_issuer(), request, LEAF, VALIDITY)
    leaf = sign(an_issuer(), load_request(raw_request(extensions=empty), "f"), LEAF, VALIDITY)
    assert "subjectAltName" not in extensions_of(leaf)


@pytest.mark.parametrize(
    "character",
    [*"\0\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x1b\n\x7f\x9b\u2028\u2029"],
)
def test_a_subject_that_can_look_like_another_is_refused(character: str) -> None:
    odd = f"a{character}b"
    for subject in (a_name(odd), a_name("a", organization_name=odd)):
        with pytest.raises(RefusedError, match="has a control character in its names") as error:
            sign(an_issuer(), a_request(subject=subject), LEAF, VALIDITY)
        assert str(error.value).isprintable()


@pytest.mark.parametrize("character", ["\u00ad", "\u200b", "\u2060", "\ufeff"])
def test_a_subject_with_an_invisible_character_is_refused(character: str) -> None:
    with pytest.raises(RefusedError, match="has an invisible character in its names"):
        sign(an_issuer(), a_request(subject=a_name(f"a{character}b")), LEAF, VALIDITY)


@pytest.mark.parametrize("tag", [0x82, 0x86], ids=["domain", "URI"])
@pytest.mark.parametrize("character", ["\0", "\n", "\x1b", "\x7f"])
def test_an_alternative_name_with_a_control_character_is_refused(tag: int, character: str) -> None:
    name = der(tag, f"http://a.example{character}.evil.example".encode())
    asked = raw_extension(SUBJECT_ALTERNATIVE_NAME, sequence(name))
    request = load_request(raw_request(extensions=asked), "f")
    with pytest.raises(RefusedError, match="has a control character in its names"):
        sign(an_issuer(), request, LEAF, VALIDITY)


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (0x1A, b"leaf"),  # VisibleString
        (0x17, b"260101000000Z"),  # UTCTime
        (0x18, b"20260101000000Z"),  # GeneralizedTime
        (0x04, b"leaf"),  # OCTET STRING
        (0x03, b"\0leaf"),  # BIT STRING
    ],
)
def test_a_subject_that_is_no_text_is_refused(tag: int, value: bytes) -> None:
    for kind in (CN, "2.5.4.45", "1.2.3.4"):
        data = raw_request(subject=raw_name([(kind, tag, value)]))
        with pytest.raises(CertstrapError):
            sign(an_issuer(), load_request(data, "f"), LEAF, VALIDITY)


@pytest.mark.parametrize("constrained", [x509.RFC822Name("b.example"), x509.DNSName("b.example")])
@pytest.mark.parametrize("tag", [UTF8, TELETEX, IA5])
def test_an_email_address_below_name_constraints_is_signed_only_if_others_can_compare_it(
    tag: int, constrained: x509.GeneralName, tmp_path: Path
) -> None:
    root = a_certificate(name_constraints=x509.NameConstraints([constrained], None))
    subject = raw_name([("1.2.840.113549.1.9.1", tag, b"a@b.example")], [(CN, UTF8, b"leaf")])
    request = load_request(raw_request(subject=subject), "f")
    unconstrained = sign(an_issuer(), request, LEAF, VALIDITY)
    assert openssl_accepts(tmp_path, an_issuer().certificate, unconstrained) == [True]
    if tag == IA5:
        leaf = sign(an_issuer(root), request, LEAF, VALIDITY)
        assert openssl_accepts(tmp_path, root, leaf) == [True]
    else:
        with pytest.raises(RefusedError, match="is not an IA5String, which a CA with"):
            sign(an_issuer(root), request, LEAF, VALIDITY)


def test_an_international_mailbox_is_not_signed_below_name_constraints(tmp_path: Path) -> None:
    """RFC 9598, 6 compares it with the constraints of e-mail addresses."""
    mailbox = der(0xA0, oid("1.3.6.1.5.5.7.8.9"), der(0xA0, der(UTF8, "ü@evil.example".encode())))
    asked = raw_extension(SUBJECT_ALTERNATIVE_NAME, sequence(mailbox, der(0x82, b"a.example")))
    root = a_certificate(
        name_constraints=x509.NameConstraints([x509.RFC822Name("b.example")], None)
    )
    leaf = sign(an_issuer(root), load_request(raw_request(extensions=asked), "f"), LEAF, VALIDITY)
    assert b"evil" not in leaf.tbs_certificate_bytes
    assert openssl_accepts(tmp_path, root, leaf) == [True]


def test_a_server_without_alternative_names_is_refused() -> None:
    with pytest.raises(RefusedError, match="no alternative names"):
        sign(an_issuer(), a_request(), LeafProfile(SERVER), VALIDITY)


@pytest.mark.parametrize("common_name", ["Test CA", "test ca", "TEST  CA"])
@pytest.mark.parametrize("profile", [LEAF, CAProfile()])
def test_a_request_with_the_name_of_its_ca_is_refused(
    common_name: str, profile: LeafProfile | CAProfile
) -> None:
    with pytest.raises(RefusedError, match="has the name of the CA itself"):
        sign(an_issuer(), a_request(subject=a_name(common_name)), profile, VALIDITY)
    between = an_issuer(a_certificate(subject=a_name("Between")))
    request = a_request(subject=a_name(common_name))
    with pytest.raises(RefusedError, match="a name can appear only once in a chain"):
        sign(between, request, profile, VALIDITY, [a_certificate()])
    sign(an_issuer(), a_request(subject=a_name("Test CA 2")), profile, VALIDITY)


def test_names_that_a_ca_above_forbids_are_refused() -> None:
    trees = x509.NameConstraints([x509.DNSName("example.com")], None)
    root = a_certificate(subject=a_name("Root"), name_constraints=trees)
    constrained = an_issuer(a_certificate(name_constraints=trees))
    request = a_request(names=[x509.DNSName("a.other")])
    with pytest.raises(RefusedError, match=r"may not sign a\.other: it is permitted example\.com"):
        sign(constrained, request, LEAF, VALIDITY)
    with pytest.raises(RefusedError, match=r"may not sign a\.other"):
        sign(an_issuer(), request, LEAF, VALIDITY, [root])
    sign(constrained, a_request(names=[x509.DNSName("a.example.com")]), LEAF, VALIDITY)


# Intermediates


def with_room(length: int | None, subject: str = "Test CA") -> x509.Certificate:
    constraints = x509.BasicConstraints(ca=True, path_length=length)
    return a_certificate(subject=a_name(subject), constraints=constraints)


@pytest.mark.parametrize(
    ("room", "asked"),
    [(None, None), (None, 0), (None, 7), (1, 0), (2, 0), (2, 1), (9, 8)],
)
def test_an_intermediate_has_less_room_than_its_ca_and_may_be_signed_with(
    room: int | None, asked: int | None, tmp_path: Path
) -> None:
    root = with_room(room)
    between = sign(
        an_issuer(root), a_request(subject=a_name("Between")), CAProfile(asked), VALIDITY
    )
    found = extension(between, x509.BasicConstraints)
    assert found == x509.BasicConstraints(ca=True, path_length=asked)
    assert bits_of(extension(between, x509.KeyUsage)) == {"key_cert_sign", "crl_sign"}
    assert "extendedKeyUsage" not in extensions_of(between)
    issuer = an_issuer(between, key=LEAF_KEY)
    leaf = sign(issuer, a_request(key=OTHER_KEY), LEAF, VALIDITY, [root])
    (tmp_path / "between").write_bytes(between.public_bytes(Encoding.PEM))
    options = ("-untrusted", str(tmp_path / "between"))
    assert openssl_accepts(tmp_path, root, leaf, options=options) == [True]


@pytest.mark.parametrize("asked", [None, 0, 1, 3])
def test_no_intermediate_follows_a_ca_without_room(asked: int | None) -> None:
    with pytest.raises(RefusedError, match="The CA's path length is 0: no intermediate") as caught:
        sign(an_issuer(with_room(0)), a_request(), CAProfile(asked), VALIDITY)
    assert "init --path-length 1" in printed(caught.value.hint)


@pytest.mark.parametrize(("room", "asked"), [(1, None), (1, 1), (1, 3), (2, 2), (3, None)])
def test_an_intermediate_may_have_a_longer_path_than_fits_below_its_ca(
    room: int, asked: int | None
) -> None:
    """RFC 5280, 6.1.4 (m): the smallest of all that have gone before counts."""
    ca = with_room(room)
    signed = sign(an_issuer(ca), a_request(), CAProfile(asked), VALIDITY)
    assert path_length_of(signed) == asked
    assert shortest_remaining_path_length([ca]) == room


@pytest.mark.parametrize(
    ("lengths", "room"),
    [([None], None), ([0], 0), ([None, 5], 4), ([3, 5], 3), ([5, 3, None], 2), ([2, 1, 9], 0)],
)
def test_the_ca_that_allows_the_least_says_how_many_fit(
    lengths: list[int | None], room: int | None
) -> None:
    cas = [with_room(length) for length in lengths]
    assert shortest_remaining_path_length(cas) == room


@pytest.mark.parametrize(
    ("above", "asked", "signs"), [(1, 0, False), (2, 0, True), (2, 1, True), (None, 5, True)]
)
def test_the_room_of_the_cas_above_counts_too(above: int | None, asked: int, signs: bool) -> None:
    issuer, request = an_issuer(with_room(None)), a_request(subject=a_name("Below"))
    ancestors = [with_room(above, "Root")]
    if signs:
        sign(issuer, request, CAProfile(asked), VALIDITY, ancestors)
    else:
        with pytest.raises(RefusedError, match=f"path length is {above}"):
            sign(issuer, request, CAProfile(asked), VALIDITY, ancestors)


def test_an_intermediate_without_a_subject_is_refused() -> None:
    """RFC 5280, 4.1.2.6: what it signs would have no issuer."""
    request = a_request(subject=a_name(), names=[x509.DNSName("ca.example")])
    with pytest.raises(RefusedError, match="subject"):
        sign(an_issuer(), request, CAProfile(), VALIDITY)
