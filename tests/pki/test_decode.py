"""Certificates and requests from outside: what is read, and what is refused."""

import re
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from certstrap.errors import CertstrapError, RefusedError, UnusableFileError
from certstrap.pki import keys, pem, rules
from certstrap.pki.build import sign
from certstrap.pki.decode import comparable_name, is_ca, load_certificate, validity_of
from certstrap.pki.issuers import is_self_signed
from certstrap.pki.keys import RSA_2048, PrivateKey
from certstrap.pki.profiles import LeafProfile
from certstrap.pki.rules import load_request
from certstrap.pki.validity import Validity
from tests.builders import DATA
from tests.builders.certificates import END, a_certificate, a_request, an_issuer
from tests.builders.der import (
    BASIC_CONSTRAINTS,
    BMP,
    CN,
    COUNTRY,
    LEAF_NAME,
    ODD_NAMES,
    ORG,
    SUBJECT_ALTERNATIVE_NAME,
    TELETEX,
    UTF8,
    der,
    integer,
    oid,
    raw_certificate,
    raw_extension,
    raw_name,
    raw_request,
    sequence,
    sign_raw,
)
from tests.builders.keys import LEAF_KEY, OTHER_KEY, a_key, an_rsa_key
from tests.builders.openssl import openssl
from tests.conftest import NOW, Program


def pem_of(thing: x509.Certificate | x509.CertificateSigningRequest) -> bytes:
    return thing.public_bytes(Encoding.PEM)


def der_of(thing: x509.Certificate | x509.CertificateSigningRequest) -> bytes:
    return thing.public_bytes(Encoding.DER)


def read_and_sign(data: bytes) -> x509.Certificate:
    request = load_request(data, "f")
    return sign(an_issuer(), request, LeafProfile(), Validity.starting(NOW, END))


def test_a_certificate_is_read_as_pem_or_der_with_anything_around_it() -> None:
    certificate = a_certificate()
    key = keys.dump(LEAF_KEY, b"")
    for data in (
        pem_of(certificate),
        der_of(certificate),
        b"a note\n" + key + pem_of(certificate).replace(b"\n", b"\r\n") + b"the end",
        pem_of(certificate) + pem_of(a_certificate(key=OTHER_KEY)),
    ):
        assert load_certificate(data, "f") == certificate


def test_a_request_is_read_as_pem_or_der_by_either_label() -> None:
    request = a_request()
    for data in (
        pem_of(request),
        der_of(request),
        pem.to_pem("NEW CERTIFICATE REQUEST", der_of(request)),
    ):
        assert load_request(data, "f") == request


@pytest.mark.parametrize("file", ["EC_Enc.crt", "RSA_Enc.crt", "Ed_Enc.crt", "P521_Enc.crt"])
def test_the_certificates_of_certstrap_itself_are_read(file: str) -> None:
    assert is_ca(load_certificate((DATA / file).read_bytes(), file))


@pytest.mark.parametrize(
    "args",
    [
        ("genpkey", "-algorithm", "ED448"),
        ("ecparam", "-name", "secp256k1", "-genkey"),
        ("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
    ],
    ids=["Ed448", "secp256k1", "RSA"],
)
def test_the_requests_of_openssl_are_read(args: tuple[str, ...]) -> None:
    key = openssl(*args)
    options = ("-subj", "/C=DE/O=x/CN=leaf", "-addext", "subjectAltName=DNS:a.example")
    request = openssl("req", "-new", "-key", "/dev/stdin", *options, data=key)
    assert read_and_sign(request).subject.rfc4514_string() == "CN=leaf,O=x,C=DE"


def test_a_request_signed_with_rsa_pss_is_read() -> None:
    key = keys.dump(a_key(RSA_2048), b"")
    options = ("-subj", "/CN=leaf", "-sigopt", "rsa_padding_mode:pss")
    request = openssl("req", "-new", "-key", "/dev/stdin", *options, data=key)
    assert load_request(request, "f").public_key() == a_key(RSA_2048).public_key()


def test_a_request_for_a_key_that_is_bound_to_pss_is_refused(tmp_path: Path) -> None:
    """Its certificate would be for a plain RSA key."""
    key = tmp_path / "key"
    openssl("genpkey", "-algorithm", "RSA-PSS", "-out", str(key))
    request = openssl("req", "-new", "-key", str(key), "-subj", "/CN=leaf")
    with pytest.raises(RefusedError, match=r"^f has an RSA-PSS key\.$"):
        load_request(request, "f")
    ca = openssl("req", "-x509", "-new", "-key", str(key), "-subj", "/CN=ca")
    violations = rules.ca(load_certificate(ca, "f"), NOW, "f")
    assert "f has an RSA-PSS key." in [violation.sentence for violation in violations]


@pytest.mark.parametrize(
    ("digest", "key"),
    [("sha1", a_key(RSA_2048)), ("sha1", LEAF_KEY), ("md5", a_key(RSA_2048))],
    ids=["SHA-1 RSA", "SHA-1 EC", "MD5 RSA"],
)
def test_a_request_signed_with_a_weak_hash_is_refused(digest: str, key: PrivateKey) -> None:
    args = ("req", "-new", f"-{digest}", "-subj", "/CN=leaf", "-key", "/dev/stdin")
    with pytest.raises(RefusedError, match=f"^f is signed with {digest.upper()}, "):
        load_request(openssl(*args, data=keys.dump(key, b"")), "f")


def test_a_request_with_a_weak_key_is_refused() -> None:
    with pytest.raises(RefusedError, match="f has an RSA key of 1024 bits"):
        load_request(pem_of(a_request(key=an_rsa_key(1024))), "f")


def test_a_request_for_a_key_that_cannot_sign_is_refused() -> None:
    public = x25519.X25519PrivateKey.generate().public_key()
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(RefusedError, match="f has a key that cannot sign"):
        load_request(raw_request(spki=spki), "f")


def test_a_request_that_its_own_key_has_not_signed_is_refused() -> None:
    spki = OTHER_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    changed = der_of(a_request()).replace(b"leaf", b"loaf")
    for data in (raw_request(spki=spki), changed, pem.to_pem("CERTIFICATE REQUEST", changed)):
        with pytest.raises(RefusedError, match=r"^f is not signed by its own key\.$"):
            load_request(data, "f")


WRONG = {
    "a key": keys.dump(LEAF_KEY, b""),
    "a request": pem_of(a_request()),
    "a certificate": pem_of(a_certificate()),
}


@pytest.mark.parametrize(
    ("held", "sentence"),
    [("a key", "a private key"), ("a request", "a certificate request")],
)
def test_what_is_no_certificate_is_reported_as_what_it_is(held: str, sentence: str) -> None:
    with pytest.raises(UnusableFileError, match=f"^f holds {sentence}, not a certificate"):
        load_certificate(WRONG[held], "f")


@pytest.mark.parametrize(
    ("held", "sentence"),
    [("a key", "a private key"), ("a certificate", "a certificate")],
)
def test_what_is_no_request_is_reported_as_what_it_is(held: str, sentence: str) -> None:
    with pytest.raises(UnusableFileError, match=f"^f holds {sentence}, not a certificate request"):
        load_request(WRONG[held], "f")


def test_der_of_something_else_is_refused() -> None:
    for load, data in (
        (load_certificate, der_of(a_request())),
        (load_request, der_of(a_certificate())),
        (load_certificate, pem.der_of(keys.dump(LEAF_KEY, b""))),
    ):
        with pytest.raises(UnusableFileError, match="that can be read"):
            load(data, "f")


# Broken

UNREADABLE_NAMES = {
    "bad UTF-8": raw_name([(CN, UTF8, b"\xff")]),
    "half of a BMPString": raw_name([(CN, BMP, b"abc")]),
    "a lone surrogate": raw_name([(CN, BMP, b"\xd8\0\0a")]),
    "Latin-1 in a TeletexString": raw_name([(CN, TELETEX, b"l\xe4f")]),
    "a number": raw_name([("1.2.3.4", 0x02, b"\1")]),
    "an empty RDN": raw_name([], [(CN, UTF8, b"x")]),
    "an RDN with one value twice": raw_name([(ORG, UTF8, b"x"), (ORG, UTF8, b"x")]),
    "an RDN that is not sorted": raw_name([(COUNTRY, UTF8, b"DE"), (ORG, UTF8, b"x")]),
}
ONE_DOMAIN = sequence(der(0x82, b"a.example"))
UNREADABLE_EXTENSIONS = {
    "a name twice": raw_extension(SUBJECT_ALTERNATIVE_NAME, ONE_DOMAIN) * 2,
    "no sequence": raw_extension(SUBJECT_ALTERNATIVE_NAME, b"zz"),
    "a domain of 8 bits": raw_extension(SUBJECT_ALTERNATIVE_NAME, sequence(der(0x82, b"\xe4"))),
    "an address of 5 octets": raw_extension(
        SUBJECT_ALTERNATIVE_NAME, sequence(der(0x87, bytes(5)))
    ),
    "an X.400 address": raw_extension(SUBJECT_ALTERNATIVE_NAME, sequence(der(0xA3))),
    "an endless path": raw_extension(
        BASIC_CONSTRAINTS, sequence(der(0x01, b"\xff"), integer(2**80))
    ),
    "a path below zero": raw_extension(BASIC_CONSTRAINTS, sequence(b"\x01\x01\xff\x02\x01\xff")),
}


@pytest.mark.parametrize("name", UNREADABLE_NAMES)
def test_a_name_that_cannot_be_decoded_makes_its_file_unusable(name: str) -> None:
    with pytest.raises(UnusableFileError, match="f has a part that cannot be read: subject "):
        load_request(raw_request(subject=UNREADABLE_NAMES[name]), "f")
    with pytest.raises(UnusableFileError, match="f has a part that cannot be read: subject "):
        load_certificate(raw_certificate(subject=UNREADABLE_NAMES[name], issuer=LEAF_NAME), "f")


@pytest.mark.parametrize("name", UNREADABLE_EXTENSIONS)
def test_an_extension_that_cannot_be_decoded_makes_its_file_unusable(name: str) -> None:
    part = "f has a part that cannot be read: extension (subjectAltName|basicConstraints) "
    with pytest.raises(UnusableFileError, match=part):
        load_request(raw_request(extensions=UNREADABLE_EXTENSIONS[name]), "f")
    with pytest.raises(UnusableFileError, match=part):
        load_certificate(raw_certificate(extensions=UNREADABLE_EXTENSIONS[name]), "f")


@pytest.mark.parametrize(
    "octets",
    [bytes([10, 0, 0, 0, 255, 0, 0, 0]), b"\xfe\x80" + bytes(14) + b"\xff" * 2 + bytes(14)],
)
def test_an_address_that_is_a_network_is_refused(octets: bytes) -> None:
    """RFC 5280, 4.2.1.6: four octets or sixteen; eight or 32 are for constraints."""
    network = raw_extension(SUBJECT_ALTERNATIVE_NAME, sequence(der(0x87, octets)))
    with pytest.raises(RefusedError, match="asks for a network"):
        read_and_sign(raw_request(extensions=network))


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (raw_certificate(version=der(0xA0, integer(9))), "version"),
        (raw_certificate(end=der(0x18, b"20400101000060Z")), "expiry date"),
        (raw_certificate(end=der(0x18, b"20400101000000+0100")), "expiry date"),
        (raw_certificate(end=der(0x18, b"00000101000000Z")), "expiry date"),
        (raw_certificate(spki=sequence(sequence(oid("1.2.3.4")), der(0x03, b"\0"))), "key"),
    ],
    ids=["version 10", "second 60", "a time zone", "the year 0", "odd key"],
)
def test_a_certificate_with_an_odd_part_is_unusable(data: bytes, part: str) -> None:
    with pytest.raises(UnusableFileError, match=f"f has a part that cannot be read: {part} "):
        load_certificate(data, "f")


@pytest.mark.parametrize("data", [b"\x30\x80" * 50_000, b"\x30\x88" + b"\xff" * 8])
def test_what_has_not_the_structure_of_a_certificate_is_unusable(data: bytes) -> None:
    with pytest.raises(UnusableFileError, match="f is not a certificate that can be read"):
        load_certificate(data, "f")


@pytest.mark.parametrize("serial", [integer(0), integer(1), b"\x02\x01\xff", integer(2**200)])
def test_a_certificate_with_any_serial_number_is_read_without_a_warning(serial: bytes) -> None:
    certificate = load_certificate(raw_certificate(serial=serial), "f")
    assert serial in certificate.tbs_certificate_bytes


@pytest.mark.parametrize(
    "subject",
    [
        raw_name([(CN, UTF8, b"x" * 65)]),
        raw_name([(CN, UTF8, b"")]),
        raw_name([(COUNTRY, UTF8, b"DEU")], [(CN, UTF8, b"x")]),
    ],
    ids=["65 letters", "an empty name", "three letters"],
)
def test_a_subject_past_its_bounds_is_refused_or_read_without_a_warning(subject: bytes) -> None:
    try:
        leaf = read_and_sign(raw_request(subject=subject))
    except CertstrapError:
        return
    assert subject in leaf.tbs_certificate_bytes


def test_the_program_passes_on_no_warning_of_the_library(folder: Path, program: Program) -> None:
    (folder / "out").mkdir()
    constraints = raw_extension(BASIC_CONSTRAINTS, sequence(der(0x01, b"\xff")), critical=True)
    ca = raw_certificate(serial=integer(0), extensions=constraints)
    (folder / "out" / "CA.crt").write_bytes(ca)
    (folder / "out" / "CA.key").write_bytes(keys.dump(LEAF_KEY, b""))
    (folder / "out" / "CA.key").chmod(0o400)
    request = a_request(key=OTHER_KEY, subject=x509.Name([]), names=[x509.DNSName("a.example")])
    (folder / "short.csr").write_bytes(pem_of(request))
    subject = load_request(raw_request(subject=ODD_NAMES["64 letters"]), "f").subject
    (folder / "long.csr").write_bytes(pem_of(a_request(key=OTHER_KEY, subject=subject)))
    for file in ("short", "long"):
        done = program("sign", file, "--CA", "CA", "--csr", f"{file}.csr")
        assert re.fullmatch(rf'out/{file}.crt is for ".+", the name in it.\n', done.stderr)


REQUEST, CERTIFICATE = a_request(), a_certificate()
PART = st.floats(0, 1, exclude_max=True)


def look_at(data: bytes) -> None:
    """Load and use ``data`` as the verbs do; nothing but the tool's own errors may come out."""
    for load in (load_request, load_certificate):
        try:
            found = load(data, "f")
            if isinstance(found, x509.Certificate):
                _ = (
                    validity_of(found),
                    is_ca(found),
                    is_self_signed(found),
                    comparable_name(found.subject),
                )
            else:
                sign(an_issuer(), found, LeafProfile(), Validity.starting(NOW, END))
        except CertstrapError:
            continue


@given(st.binary(max_size=300))
def test_random_bytes_raise_nothing_but_the_tools_own_errors(data: bytes) -> None:
    look_at(data)
    look_at(pem.to_pem("CERTIFICATE", data))
    look_at(pem.to_pem("CERTIFICATE REQUEST", data))
    look_at(raw_request(subject=data))
    look_at(raw_request(extensions=data))
    look_at(raw_certificate(subject=data, extensions=data))


@given(st.sampled_from([pem_of(REQUEST), der_of(REQUEST), pem_of(CERTIFICATE)]), PART)
def test_what_was_cut_short_is_refused(whole: bytes, part: float) -> None:
    cut = whole.rstrip()[: int((len(whole.rstrip()) - 1) * part)]
    for load in (load_request, load_certificate):
        with pytest.raises(CertstrapError):
            load(cut, "f")


@given(
    st.sampled_from([REQUEST.tbs_certrequest_bytes, CERTIFICATE.tbs_certificate_bytes]),
    st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 7)), min_size=1, max_size=3
    ),
)
@settings(max_examples=200)
def test_flipped_bits_under_a_right_signature_raise_nothing_but_the_tools_own_errors(
    content: bytes, flips: list[tuple[float, int]]
) -> None:
    changed = bytearray(content)
    for position, bit in flips:
        changed[int(len(content) * position)] ^= 1 << bit
    look_at(sign_raw(bytes(changed)))


UNUSED_BITS = len(der_of(REQUEST)) - len(REQUEST.signature) - 1  # nothing depends on that octet


@given(
    st.integers(0, len(der_of(REQUEST)) - 1).filter(lambda p: p != UNUSED_BITS), st.integers(0, 7)
)
def test_a_request_with_a_flipped_bit_is_refused(position: int, bit: int) -> None:
    changed = bytearray(der_of(REQUEST))
    changed[position] ^= 1 << bit
    with pytest.raises(CertstrapError):
        load_request(bytes(changed), "f")
