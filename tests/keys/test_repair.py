"""Malformed keys of certstrap 1.3.0 and GnuTLS are read all the same."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate

from certstrap import keys, pem
from certstrap.errors import WrongPassphraseError
from certstrap.keys import PrivateKey
from tests.builders import DATA

SECRET = b"123456"


def never() -> bytes:
    raise AssertionError("a passphrase was asked for")


def secret() -> bytes:
    return SECRET


def public(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("name", ["EC_Enc", "P521_Enc", "Ed_Enc", "RSA_Enc"])
def test_the_encrypted_keys_of_certstrap_itself_are_read(name: str) -> None:
    data = (DATA / f"{name}.key").read_bytes()
    certificate = load_pem_x509_certificate((DATA / f"{name}.crt").read_bytes())
    key, opened_by = keys.load(data, "k", secret)
    assert (key.public_key(), opened_by) == (certificate.public_key(), SECRET)
    with pytest.raises(WrongPassphraseError):
        keys.load(data, "k", lambda: b"12345")
    if name != "RSA_Enc":
        der_form = pem.der_of(data)
        assert bytes.fromhex("2a864886f70d02090000") in der_form
        assert public(keys.load(der_form, "k", secret)[0]) == public(key)
        crlf = data.replace(b"\n", b"\r\n")
        assert public(keys.load(crlf, "k", secret)[0]) == public(key)
