"""Private keys as they are written; OpenSSL reads them."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ed448
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from certstrap.errors import WrongPassphraseError
from certstrap.pki import key_files, keys, pem
from certstrap.pki.keys import CURVES, P256, RSA_2048, KeySpec, PrivateKey
from tests.builders.der import der, integer, oid, sequence
from tests.builders.keys import LEAF_KEY, SECRET, a_key, never, public, secret
from tests.builders.openssl import openssl

SPECS = [RSA_2048, *(KeySpec(curve=curve) for curve in CURVES)]
ED448 = ed448.Ed448PrivateKey.generate()
TRADITIONAL = PrivateFormat.TraditionalOpenSSL
PKCS8 = PrivateFormat.PKCS8


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_unencrypted_rsa_is_pkcs1_and_all_else_pkcs8_as_certstrap_has_them(spec: KeySpec) -> None:
    key = a_key(spec)
    written = keys.dump(key, b"")
    label = b"RSA PRIVATE KEY" if spec.bits else b"PRIVATE KEY"
    assert written.startswith(b"-----BEGIN " + label + b"-----\n")
    form = TRADITIONAL if spec.bits else PKCS8
    assert written == key.private_bytes(Encoding.PEM, form, NoEncryption())
    loaded, opened_by = key_files.load(written, "k", never)
    assert (public(loaded), opened_by) == (public(key), b"")


@pytest.mark.parametrize("key", [*map(a_key, SPECS), ED448], ids=lambda k: str(keys.spec_of(k)))
def test_unencrypted_pkcs8_is_what_openssl_writes(key: PrivateKey) -> None:
    written = openssl("pkcs8", "-topk8", "-nocrypt", data=keys.dump(key, b""))
    assert keys.dump_pkcs8(key, b"") == written


@pytest.mark.parametrize("spec", [RSA_2048, P256, KeySpec(curve="Ed25519")], ids=str)
def test_encrypted_is_pbes2_that_openssl_reads(spec: KeySpec) -> None:
    key = a_key(spec)
    written = keys.dump(key, SECRET)
    assert written.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    clear = openssl("pkey", "-passin", "pass:123456", data=written)
    assert clear == keys.dump_pkcs8(key, b"")
    loaded, opened_by = key_files.load(written, "k", secret)
    assert (public(loaded), opened_by) == (public(key), SECRET)


def test_encrypted_has_600000_rounds_of_hmac_sha256_and_aes_256_cbc() -> None:
    def random_parts(written: bytes) -> tuple[bytes, bytes]:
        """Check all but the salt and the IV, which are returned."""
        cipher = oid("2.16.840.1.101.3.4.1.42") + b"\x04\x10"
        salt_at = written.index(b"\x04\x10") + 2
        iv_at = written.index(cipher) + len(cipher)
        salt, iv = written[salt_at : salt_at + 16], written[iv_at : iv_at + 16]
        prf = sequence(oid("1.2.840.113549.2.9"), der(0x05))
        pbkdf2 = sequence(der(0x04, salt), integer(600_000), prf)
        parameters = sequence(sequence(oid("1.2.840.113549.1.5.12"), pbkdf2), sequence(cipher, iv))
        assert sequence(oid("1.2.840.113549.1.5.13"), parameters) in written
        return salt, iv

    first, second = (random_parts(pem.der_of(keys.dump(LEAF_KEY, SECRET))) for _ in range(2))
    assert len({*first, *second}) == 4


PASSPHRASES = [b"\0", b"a\0b", b"\xff\xfe", "päss東".encode(), b"y" * 5000]


@pytest.mark.parametrize("passphrase", PASSPHRASES, ids=lambda p: repr(p[:8]))
def test_a_passphrase_may_be_any_bytes(passphrase: bytes) -> None:
    written = keys.dump(LEAF_KEY, passphrase)
    loaded, opened_by = key_files.load(written, "k", lambda: passphrase)
    assert (public(loaded), opened_by) == (public(LEAF_KEY), passphrase)
    with pytest.raises(WrongPassphraseError):
        key_files.load(written, "k", lambda: passphrase + b"x")
