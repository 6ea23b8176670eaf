"""CRLs: the empty one of a new CA, and those that follow it (RFC 5280, 5)."""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from certstrap.errors import CertstrapError, RefusedError, UnusableFileError
from certstrap.pki import crl as revocation
from certstrap.pki import pem
from certstrap.pki.decode import decode_crl, extension
from certstrap.pki.keys import P384, RSA_2048, KeySpec
from certstrap.pki.revocation import speaks_of
from tests.builders import DATA
from tests.builders.certificates import END, NO_CA, a_certificate, a_name, an_issuer
from tests.builders.der import der, integer, oid, sequence
from tests.builders.keys import CA_KEY, OTHER_KEY, a_key
from tests.builders.openssl import openssl, openssl_accepts
from tests.conftest import NOW

UNSPECIFIED = x509.ReasonFlags.unspecified
COMPROMISED = x509.ReasonFlags.key_compromise
SPECS = [RSA_2048, P384, *(KeySpec(curve=curve) for curve in ("P-256", "P-521", "Ed25519"))]


def pem_of(crl: x509.CertificateRevocationList) -> bytes:
    return crl.public_bytes(Encoding.PEM)


def number_of(crl: x509.CertificateRevocationList) -> int:
    number = extension(crl, x509.CRLNumber)
    assert number is not None
    return number.crl_number


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_the_first_crl_is_empty_has_number_1_and_is_good_to_the_end_of_its_ca(
    spec: KeySpec, tmp_path: Path
) -> None:
    issuer = an_issuer(key=a_key(spec))
    crl = revocation.following(issuer, [], NOW)
    assert crl.issuer == issuer.certificate.subject
    assert list(crl) == []
    assert number_of(crl) == 1
    assert (crl.last_update_utc, crl.next_update_utc) == (NOW, END)
    assert crl.is_signature_valid(a_key(spec).public_key())
    assert [(ext.oid.dotted_string, ext.critical) for ext in crl.extensions] == [
        ("2.5.29.35", False),
        ("2.5.29.20", False),
    ]
    (tmp_path / "ca").write_bytes(issuer.certificate.public_bytes(Encoding.PEM))
    text = openssl("crl", "-CAfile", tmp_path / "ca", "-text", "-noout", data=pem_of(crl)).decode()
    assert "Version 2" in text
    assert "No Revoked Certificates" in text


def test_a_crl_carries_the_identifier_of_its_ca() -> None:
    odd = revocation.following(an_issuer(a_certificate(identifier=b"odd")), [], NOW)
    assert extension(odd, x509.AuthorityKeyIdentifier) == x509.AuthorityKeyIdentifier(
        b"odd", None, None
    )
    plain = extension(revocation.following(an_issuer(), [], NOW), x509.AuthorityKeyIdentifier)
    digest = x509.SubjectKeyIdentifier.from_public_key(CA_KEY.public_key()).digest
    assert plain is not None
    assert plain.key_identifier == digest


def test_a_ca_may_write_its_crl_in_its_last_second() -> None:
    crl = revocation.following(an_issuer(now=END), [], END)
    assert crl.last_update_utc == crl.next_update_utc == END


def test_openssl_finds_a_certificate_revoked_or_not(tmp_path: Path) -> None:
    issuer = an_issuer()
    leaf = a_certificate(
        key=OTHER_KEY,
        subject=a_name("leaf"),
        by=(issuer.certificate.subject, CA_KEY),
        constraints=NO_CA,
    )
    crl_file = tmp_path / "crl.pem"
    options = ("-crl_check", "-CRLfile", str(crl_file))
    empty = revocation.following(issuer, [], NOW)
    crl_file.write_bytes(pem_of(empty))
    assert openssl_accepts(tmp_path, issuer.certificate, leaf, options=options) == [True]
    after = revocation.revoke(issuer, [empty], leaf.serial_number, COMPROMISED, NOW)
    crl_file.write_bytes(pem_of(after))
    assert openssl_accepts(tmp_path, issuer.certificate, leaf, options=options) == [False]


@given(st.lists(st.integers(1, 2**159), unique=True, max_size=8))
def test_after_n_revocations_a_crl_holds_those_n_serials_and_its_number_has_grown_by_n(
    serials: list[int],
) -> None:
    issuer = an_issuer()
    crl = revocation.following(issuer, [], NOW)
    for days, serial in enumerate(serials):
        now = NOW + timedelta(days=days)
        assert revocation.entry_of(crl, serial) is None
        crl = revocation.revoke(issuer, [crl], serial, COMPROMISED, now)
        entry = revocation.entry_of(crl, serial)
        assert entry is not None
        assert entry.revocation_date_utc == crl.last_update_utc == now
    assert [entry.serial_number for entry in crl] == serials
    assert number_of(crl) == 1 + len(serials)
    assert crl.next_update_utc == END
    assert pem_of(decode_crl(pem_of(crl), "CA.crl")) == pem_of(crl)


def test_earlier_entries_are_kept_as_they_are() -> None:
    issuer = an_issuer()
    first = revocation.revoke(issuer, [], 5, COMPROMISED, NOW)
    second = revocation.revoke(issuer, [first], 6, UNSPECIFIED, NOW + timedelta(days=1))
    kept, added = second
    assert (kept.serial_number, kept.revocation_date_utc) == (5, NOW)
    assert kept.extensions.get_extension_for_class(x509.CRLReason).value.reason == COMPROMISED
    assert added.serial_number == 6
    assert not list(added.extensions)
    assert (number_of(first), number_of(second)) == (1, 2)


@pytest.mark.parametrize("name", revocation.REASONS)
def test_a_reason_goes_by_the_name_of_rfc_5280_in_any_case(name: str) -> None:
    flag = revocation.reason_of(name.upper())
    assert flag.value == name
    (entry,) = revocation.revoke(an_issuer(), [], 5, flag, NOW)
    found = [ext.value.public_bytes() for ext in entry.extensions]
    codes = {
        "keyCompromise": 1, "cACompromise": 2, "affiliationChanged": 3, "superseded": 4,
        "cessationOfOperation": 5, "certificateHold": 6, "privilegeWithdrawn": 9,
        "aACompromise": 10,
    }  # fmt: skip
    assert found == ([der(0x0A, bytes([codes[name]]))] if name != "unspecified" else [])


def test_no_reason_is_unspecified_and_an_unknown_one_is_refused_with_the_known_ones() -> None:
    assert revocation.reason_of("") == UNSPECIFIED
    for name in ("removeFromCRL", "lost", " "):
        with pytest.raises(RefusedError, match="There is no reason") as caught:
            revocation.reason_of(name)
        assert "keyCompromise" in caught.value.hint
        assert "removeFromCRL" not in caught.value.hint


def test_a_crl_is_read_as_pem_or_der_even_past_its_next_update() -> None:
    issuer = an_issuer()
    crl = revocation.revoke(issuer, [], 5, COMPROMISED, NOW)
    for data in (pem_of(crl), crl.public_bytes(Encoding.DER)):
        assert decode_crl(data, "f") == crl


@pytest.mark.parametrize("name", ["EC_Enc", "RSA_Enc", "Ed_Enc"])
def test_the_crls_of_certstrap_itself_are_read(name: str) -> None:
    ca = x509.load_pem_x509_certificate((DATA / f"{name}.crt").read_bytes())
    crl = decode_crl((DATA / f"{name}.crl").read_bytes(), name)
    assert crl.issuer == ca.subject


def test_what_is_no_crl_is_refused() -> None:
    issuer = an_issuer()
    certificate = issuer.certificate.public_bytes(Encoding.PEM)
    with pytest.raises(
        UnusableFileError, match="f holds a certificate, not a certificate revocation list"
    ):
        decode_crl(certificate, "f")
    with pytest.raises(
        UnusableFileError, match="is not a certificate revocation list that can be read"
    ):
        decode_crl(pem.to_pem("X509 CRL", b"0\0"), "f")


def a_raw_crl(entries: bytes = b"", *, version: bytes = integer(1), end: bytes = b"") -> bytes:
    """Return the DER of a CRL of the test CA with those entries, rightly signed."""
    algorithm = sequence(oid("1.2.840.10045.4.3.2"))
    name = a_name("Test CA").public_bytes()
    start = der(0x17, b"260101000000Z")
    listed = sequence(entries) if entries else b""
    content = sequence(version, algorithm, name, start, end, listed)
    signature = CA_KEY.sign(content, ec.ECDSA(hashes.SHA256()))
    return sequence(content, algorithm, der(0x03, b"\0", signature))


def an_entry(*, serial: bytes = integer(5), date: bytes = b"20260101000000Z") -> bytes:
    return sequence(serial, der(0x18, date))


def test_a_crl_without_a_number_is_followed_by_number_1() -> None:
    issuer = an_issuer()
    for data in (a_raw_crl(an_entry()), a_raw_crl(an_entry(), version=b"")):
        crl = decode_crl(data, "f")
        after = revocation.revoke(issuer, [crl], 6, UNSPECIFIED, NOW)
        assert number_of(after) == 1
        assert [entry.serial_number for entry in after] == [5, 6]


@pytest.mark.parametrize(
    "entry",
    [an_entry(date=b"00000101000000Z"), an_entry(serial=integer(2**200)), sequence()],
    ids=["the year 0", "a long serial", "nothing"],
)
def test_an_odd_entry_is_refused_or_kept(entry: bytes) -> None:
    issuer = an_issuer()
    with suppress(CertstrapError):
        crl = decode_crl(a_raw_crl(entry), "f")
        revocation.entry_of(crl, 5)
        assert len(list(revocation.revoke(issuer, [crl], 6, UNSPECIFIED, NOW))) == 2


ONE = revocation.revoke(an_issuer(), [], 5, COMPROMISED, NOW)
WHOLE = ONE.public_bytes(Encoding.DER)
UNUSED_BITS = len(WHOLE) - len(ONE.signature) - 1  # the one octet that nothing depends on


@given(st.integers(0, len(WHOLE) - 1).filter(lambda p: p != UNUSED_BITS), st.integers(0, 7))
def test_a_crl_cut_short_or_with_a_flipped_bit_speaks_of_nothing(position: int, bit: int) -> None:
    flipped = bytearray(WHOLE)
    flipped[position] ^= 1 << bit
    for broken in (WHOLE[:position], bytes(flipped)):
        with suppress(CertstrapError):
            assert not speaks_of(decode_crl(broken, "f"), an_issuer().certificate)
