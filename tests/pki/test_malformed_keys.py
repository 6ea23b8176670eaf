"""Malformed keys of certstrap 1.3.0 and GnuTLS are read all the same."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import load_pem_x509_certificate

from certstrap.errors import UnusableFileError, WrongPassphraseError
from certstrap.pki import key_files, pem
from tests.builders import DATA
from tests.builders.der import der, sequence
from tests.builders.keys import SECRET, never, public, secret


@pytest.mark.parametrize("name", ["EC_Enc", "P521_Enc", "Ed_Enc", "RSA_Enc"])
def test_the_encrypted_keys_of_certstrap_itself_are_read(name: str) -> None:
    data = (DATA / f"{name}.key").read_bytes()
    certificate = load_pem_x509_certificate((DATA / f"{name}.crt").read_bytes())
    key, opened_by = key_files.load(data, "k", secret)
    assert (key.public_key(), opened_by) == (certificate.public_key(), SECRET)
    with pytest.raises(WrongPassphraseError):
        key_files.load(data, "k", lambda: b"12345")
    if name != "RSA_Enc":
        der_form = pem.der_of(data)
        assert bytes.fromhex("2a864886f70d02090000") in der_form
        assert public(key_files.load(der_form, "k", secret)[0]) == public(key)
        crlf = data.replace(b"\n", b"\r\n")
        assert public(key_files.load(crlf, "k", secret)[0]) == public(key)


CURVES = {
    "P-224": (ec.SECP224R1(), "06052b81040021", 28),
    "P-256": (ec.SECP256R1(), "06082a8648ce3d030107", 32),
    "P-384": (ec.SECP384R1(), "06052b81040022", 48),
    "P-521": (ec.SECP521R1(), "06052b81040023", 66),
}
ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def of_gnutls(oid: str, number: int, octets: int) -> bytes:
    """Return an ECPrivateKey (RFC 5915, 3) whose number has so many octets."""
    parameters = der(0xA0, bytes.fromhex(oid))
    number_of_gnutls = der(0x04, number.to_bytes(octets, "big"))
    return sequence(der(0x02, b"\1"), number_of_gnutls, parameters)


@pytest.mark.parametrize("more", [1, -1])
@pytest.mark.parametrize("curve", CURVES)
def test_an_ec_key_of_gnutls_with_a_zero_too_many_or_too_few_is_read(curve: str, more: int) -> None:
    kind, oid, octets = CURVES[curve]
    number = int.from_bytes(b"\x5a" * (octets - 2), "big")
    data = of_gnutls(oid, number, octets + more)
    expected = ec.derive_private_key(number, kind).public_key()
    for form in (data, pem.to_pem("EC PRIVATE KEY", data)):
        key, opened_by = key_files.load(form, "k", never)
        assert (key.public_key(), opened_by) == (expected, b"")


@pytest.mark.parametrize("number", [0, ORDER_OF_P256, ORDER_OF_P256 + 1, 2**256])
def test_an_ec_key_of_gnutls_whose_number_is_out_of_range_is_refused(number: int) -> None:
    data = of_gnutls(CURVES["P-256"][1], number, 33)
    with pytest.raises(UnusableFileError, match="k holds an EC key with an invalid encoding"):
        key_files.load(data, "k", never)


def test_an_ec_key_of_gnutls_on_an_unknown_curve_is_refused() -> None:
    with pytest.raises(UnusableFileError):
        key_files.load(of_gnutls("06052b8104000a", 5, 33), "k", never)  # secp256k1
