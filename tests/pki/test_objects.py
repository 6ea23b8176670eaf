"""What is in a file: every form that certificates, requests, CRLs and keys come in."""

from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)

from certstrap.errors import CertstrapError, NoPassphraseError, UnusableFileError
from certstrap.pki import decode, keys
from certstrap.pki.decode import KeyObject, Object
from tests.builders import crls, foreign
from tests.builders.certificates import a_certificate, a_request
from tests.builders.der import der, oid, sequence
from tests.builders.keys import (
    CA_KEY,
    LEAF_KEY,
    SECRET,
    a_dsa_key,
    an_rsa_key,
    key_data,
    never,
    secret,
)
from tests.promises.test_certstrap_depot import DATA, MALFORMED

CERTIFICATE, REQUEST = a_certificate(), a_request()
PEM, DER = Encoding.PEM, Encoding.DER


def read(
    data: bytes,
    passphrase: Callable[[], bytes] = never,
    of_pkcs12: Callable[[], bytes] = never,
) -> list[Object]:
    return decode.read(data, "file", passphrase, of_pkcs12)


def nobody() -> bytes:
    raise NoPassphraseError("Nobody is there.")


def public(encoding: Encoding) -> bytes:
    return LEAF_KEY.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("encoding", [PEM, DER], ids=["PEM", "DER"])
def test_each_kind_of_object_is_read(encoding: Encoding) -> None:
    made = {
        "certificate": CERTIFICATE.public_bytes(encoding),
        "certificate request": REQUEST.public_bytes(encoding),
        "certificate revocation list": crls.made_elsewhere(CERTIFICATE, CA_KEY, encoding=encoding),
        "private key": key_data(LEAF_KEY, encoding=encoding),
        "public key": public(encoding),
    }
    for kind, data in made.items():
        (found,) = read(data)
        assert (found.kind, found.source, found.problem) == (kind, "file", "")
        assert found.value is not None


def test_public_key_of_an_object_is_that_of_its_private_key() -> None:
    for data in (key_data(LEAF_KEY), REQUEST.public_bytes(PEM), public(DER)):
        (found,) = read(data)
        assert found.public_key == LEAF_KEY.public_key()
    (crl,) = read(crls.made_elsewhere(CERTIFICATE, CA_KEY))
    assert crl.public_key is None


def test_several_objects_are_numbered_by_their_kind() -> None:
    data = CERTIFICATE.public_bytes(PEM)
    found = read(data + key_data(LEAF_KEY) + data)
    assert [each.source for each in found] == [
        "file (certificate 1)",
        "file (private key 1)",
        "file (certificate 2)",
    ]


@pytest.mark.parametrize(
    ("form", "name"),
    [(PrivateFormat.PKCS8, "PKCS#8"), (PrivateFormat.TraditionalOpenSSL, "SEC1")],
)
def test_form_of_a_key_is_named(form: PrivateFormat, name: str) -> None:
    (found,) = read(key_data(LEAF_KEY, form=form))
    assert isinstance(found.value, KeyObject)
    assert found.value.form == name
    (found,) = read(key_data(LEAF_KEY, form=form, encoding=DER))
    assert isinstance(found.value, KeyObject)
    assert found.value.form == "DER"


def test_encrypted_key_is_opened_with_its_passphrase_and_else_stays_closed() -> None:
    data = keys.dump(LEAF_KEY, SECRET)
    (opened,) = read(data, secret)
    assert opened.public_key == LEAF_KEY.public_key()
    for passphrase in (nobody, lambda: b"", lambda: b"another"):
        (closed,) = read(data, passphrase)
        assert closed.value == KeyObject(None, "PKCS#8", encrypted=True)
        assert closed.public_key is None
        assert not closed.problem


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_keys_of_certstrap_are_known(name: str) -> None:
    data = (DATA / f"{name}.key").read_bytes()
    for passphrase in (nobody, secret):
        (found,) = read(data, passphrase)
        assert isinstance(found.value, KeyObject)
        assert found.value.malformed


def test_object_that_cannot_be_read_says_why_and_the_others_are_read() -> None:
    good = CERTIFICATE.public_bytes(PEM)
    bad = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    key = b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"
    public_key = b"-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n"
    found = read(bad + good + key + public_key)
    assert [bool(each.problem) for each in found] == [True, False, True, True]
    assert found[0].problem.startswith("file (certificate 1) is not a certificate that can be read")


def test_kind_that_is_not_known_is_named() -> None:
    (found,) = read(b"-----BEGIN DH PARAMETERS-----\nMAA=\n-----END DH PARAMETERS-----\n")
    assert found == Object("file", "dh parameters", None)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b" \n", "is empty"),
        (b"no PEM", "is neither PEM, DER nor PKCS#12"),
        (b"\x30\x00", "is DER, but holds nothing that can be read"),
        ("text".encode("utf-16"), "is text in UTF-16"),
        (b"-----BEGIN CERTIFICATE-----\nMAA=\n", "is broken: it has no END line"),
    ],
)
def test_file_without_any_object_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(UnusableFileError, match=reason):
        read(data)


def test_request_that_no_ca_would_sign_is_read() -> None:
    (found,) = read(foreign.request_changed_after_signing())
    assert isinstance(found.value, x509.CertificateSigningRequest)


def a_pkcs12(passphrase: bytes, key: object = LEAF_KEY) -> bytes:
    return pkcs12.serialize_key_and_certificates(
        b"name",
        key,  # type: ignore[arg-type]
        a_certificate(key=LEAF_KEY) if key is LEAF_KEY else None,
        [CERTIFICATE],
        BestAvailableEncryption(passphrase) if passphrase else NoEncryption(),
    )


@pytest.mark.parametrize("passphrase", [b"", SECRET])
def test_pkcs12_file_is_read(passphrase: bytes) -> None:
    found = read(a_pkcs12(passphrase), of_pkcs12=secret)
    assert [each.source for each in found] == [
        "file (private key)",
        "file (certificate 1)",
        "file (certificate 2)",
    ]
    assert found[0].public_key == found[1].public_key == LEAF_KEY.public_key()


def test_pkcs12_file_with_another_key_or_none_is_read() -> None:
    found = read(a_pkcs12(b"", None))
    assert [each.source for each in found] == ["file (certificate 1)"]
    (only,) = read(a_pkcs12(b"", a_dsa_key()), of_pkcs12=secret)[:1]
    assert only.problem == "file (private key) cannot be read, or cannot sign."


@pytest.mark.parametrize(
    ("passphrase", "sentence"),
    [
        (lambda: b"another", "The passphrase does not decrypt file."),
        (lambda: b"", "file is encrypted, and no passphrase was given."),
        (nobody, "Nobody is there."),
    ],
)
def test_pkcs12_file_that_cannot_be_opened_is_refused(
    passphrase: Callable[[], bytes], sentence: str
) -> None:
    with pytest.raises(CertstrapError) as refused:
        read(a_pkcs12(SECRET), of_pkcs12=passphrase)
    assert str(refused.value) == sentence


@pytest.mark.parametrize("encoding", [PEM, DER], ids=["PEM", "DER"])
def test_keys_that_cannot_sign_are_named_as_that(encoding: Encoding) -> None:
    key = x25519.X25519PrivateKey.generate()
    public = key.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(encoding, PrivateFormat.PKCS8, NoEncryption())
    for kind, data in (("public key", public), ("private key", private)):
        problem = "file holds a key that cannot sign."
        assert read(data) == [Object("file", kind, None, problem)]


def test_a_public_key_of_pkcs1_is_read_and_a_broken_one_named() -> None:
    key = an_rsa_key(2048).public_key()
    data = key.public_bytes(DER, PublicFormat.PKCS1)
    assert read(data)[0].public_key == key
    (broken,) = read(sequence(sequence(oid("1.2.3")), der(0x03, b"")))
    assert broken.problem == "file is not a public key that can be read."


def test_key_in_a_brainpool_curve_is_read() -> None:
    key = ec.generate_private_key(ec.BrainpoolP256R1())
    (found,) = read(key_data(key))
    assert found.public_key == key.public_key()
