"""PKCS#12 and PKCS#7: what is in them, whoever wrote it."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, pkcs7, pkcs12

from certstrap.errors import UnusableFileError, WrongPassphraseError
from certstrap.pki import pem, stores
from tests.builders import pairs
from tests.builders.der import CN, UTF8, der, integer, oid, raw_certificate, raw_name, sequence
from tests.builders.stores import PASSPHRASE, certificate_bag, store_of, two_keys

SIGNED_DATA, DATA = "1.2.840.113549.1.7.2", "1.2.840.113549.1.7.1"


def secret() -> bytes:
    return PASSPHRASE


def raw_pkcs7(*certificates: bytes) -> bytes:
    parts = (integer(1), der(0x31, b""), sequence(oid(DATA)), der(0xA0, b"".join(certificates)))
    return sequence(oid(SIGNED_DATA), der(0xA0, sequence(*parts, der(0x31, b""))))


def test_every_key_is_read_with_its_certificate_and_whether_it_is_encrypted() -> None:
    first, second, clear = (pairs.made() for _ in range(3))
    found = stores.open_pkcs12(two_keys([first, second], clear), "f", secret)
    assert [each.encrypted for each in found.keys] == [False, True, True]
    assert [each.certificate for each in found.keys] == [
        each.certificate for each in (clear, first, second)
    ]
    assert {*found.certificates} == {each.certificate for each in (first, second, clear)}
    assert found.passphrase == PASSPHRASE


def test_a_key_without_its_certificate_is_read() -> None:
    ca, other = pairs.ca(), pairs.made()
    data = pkcs12.serialize_key_and_certificates(
        None, other.key, None, [ca.certificate], NoEncryption()
    )
    found = stores.open_pkcs12(data, "f", bytes)
    ((private, encrypted, certificate),) = found.keys
    assert private
    assert private.public_key() == other.key.public_key()
    assert (encrypted, certificate, found.passphrase) == (False, None, b"")
    assert stores.load_key(data, "f", bytes)[0].public_key() == other.key.public_key()


def test_a_file_that_is_not_whole_is_not_opened() -> None:
    data = two_keys([pairs.made()])
    with pytest.raises(WrongPassphraseError):
        stores.open_pkcs12(data[:-20], "f", secret)
    with pytest.raises(UnusableFileError, match=r"^f is encrypted, and no "):
        stores.open_pkcs12(data, "f", bytes)


def test_a_key_of_a_store_is_needed_once() -> None:
    for pair_count, sentence in ((2, "2 private keys"), (0, "no private key")):
        data = two_keys([pairs.made() for _ in range(pair_count)])
        with pytest.raises(UnusableFileError, match=f"^f holds {sentence} that can sign"):
            stores.load_key(data, "f", secret)


def test_the_certificates_of_pkcs7_begin_with_what_issued_no_other() -> None:
    root = pairs.ca(subject="root")
    middle = pairs.ca(subject="middle", by=root)
    chain = [pairs.leaf(middle).certificate, middle.certificate, root.certificate]
    ders = [each.public_bytes(Encoding.DER) for each in chain]
    for form in (Encoding.DER, Encoding.PEM):
        found = stores.read_pkcs7(pkcs7.serialize_certificates(chain[::-1], form), "f")
        assert found[0] == ders[0]
        assert {*found} == {*ders}


def test_certificates_of_which_a_name_cannot_be_read_keep_their_order() -> None:
    odd = raw_certificate(subject=raw_name([], [(CN, UTF8, b"x")]))
    ders = [odd, pairs.ca().certificate.public_bytes(Encoding.DER)]
    found = stores.open_pkcs12(store_of(*map(certificate_bag, ders)), "f", secret)
    assert {each.public_bytes(Encoding.DER) for each in found.certificates} == {*ders}
    assert stores.read_pkcs7(raw_pkcs7(*ders), "f") == ders


@pytest.mark.parametrize("data", [raw_pkcs7()[:-1], raw_pkcs7(b"\x30\x00")])
def test_pkcs7_without_a_certificate_that_can_be_read_is_refused(data: bytes) -> None:
    assert pem.container_of(data) == pem.PKCS7
    with pytest.raises(UnusableFileError, match="is a PKCS#7 file without a certificate that can"):
        stores.read_pkcs7(data, "f")


UNREADABLE = certificate_bag(sequence(b"\x04\x00"))


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("passphrase", ["", "pässwörd", "p" * 100])
def test_a_part_that_cannot_be_read_is_not_called_a_wrong_passphrase(
    digest: str, passphrase: str
) -> None:
    data = store_of(UNREADABLE, passphrase=passphrase.encode(), digest=digest)
    with pytest.raises(UnusableFileError, match=r"^f has a part that cannot be read") as caught:
        stores.open_pkcs12(data, "f", passphrase.encode)
    assert caught.value.hint == pem.conversion(data, pem.PKCS12, pem.CERTIFICATE, "f")


@pytest.mark.parametrize("data", [store_of(UNREADABLE), two_keys([pairs.made()])])
def test_a_wrong_passphrase_is_called_one_whatever_else_is_wrong(data: bytes) -> None:
    for wrong in ("another".encode, lambda: b"\xff"):
        with pytest.raises(WrongPassphraseError):
            stores.open_pkcs12(data, "f", wrong)
