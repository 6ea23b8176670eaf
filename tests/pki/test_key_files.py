"""Private keys are read from every form, and whatever is broken is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from certstrap.errors import CertstrapError, UnusableFileError, WrongPassphraseError
from certstrap.pki import key_files, keys, pem, stores
from certstrap.pki.key_files import rounds_of
from certstrap.pki.keys import P256, RSA_2048, PrivateKey
from tests.builders import DATA
from tests.builders.der import der, integer, oid, pbkdf2, scrypt, sequence, with_rounds
from tests.builders.keys import LEAF_KEY, SECRET, a_dsa_key, a_key, never, public, secret
from tests.builders.openssl import openssl

TRADITIONAL = PrivateFormat.TraditionalOpenSSL
PKCS8 = PrivateFormat.PKCS8


def sec1_with_parameters() -> bytes:
    return openssl("ecparam", "-name", "prime256v1", "-genkey")


READ: dict[str, Callable[[], bytes]] = {
    "PKCS#1": lambda: openssl("genrsa", "-traditional", "2048"),
    "PKCS#1 DER": lambda: openssl("rsa", "-traditional", "-outform", "DER", data=READ["PKCS#1"]()),
    "SEC1": lambda: openssl("ecparam", "-name", "secp384r1", "-genkey", "-noout"),
    "SEC1 after EC PARAMETERS": sec1_with_parameters,
    "SEC1 DER": lambda: openssl("ec", "-outform", "DER", data=sec1_with_parameters()),
    "PKCS#8": lambda: openssl("pkey", data=sec1_with_parameters()),
    "PKCS#8 DER": lambda: openssl("pkey", "-outform", "DER", data=sec1_with_parameters()),
    "PKCS#8 RSA": lambda: openssl("genpkey", "-algorithm", "RSA"),
    "explicit P-256": lambda: openssl(
        "ecparam", "-name", "prime256v1", "-param_enc", "explicit", "-genkey"
    ),
    "secp256k1": lambda: openssl("ecparam", "-name", "secp256k1", "-genkey"),
    "Ed25519": lambda: openssl("genpkey", "-algorithm", "ED25519"),
    "Ed448": lambda: openssl("genpkey", "-algorithm", "ED448"),
    "Ed448 DER": lambda: openssl("genpkey", "-algorithm", "ED448", "-outform", "DER"),
    "CRLF": lambda: sec1_with_parameters().replace(b"\n", b"\r\n"),
}


@pytest.mark.parametrize("form", READ)
def test_an_unencrypted_key_is_read_in_any_form_without_a_passphrase(form: str) -> None:
    data = READ[form]()
    key, opened_by = key_files.load(data, "k", never)
    expected = openssl("pkey", "-pubout", data=data)
    assert key.public_key() == load_pem_public_key(expected)
    assert opened_by == b""
    assert public(key_files.load(keys.dump(key, b""), "k", never)[0]) == public(key)


PASS = ("-passout", "pass:123456")
ENCRYPTED = {
    "legacy 3DES": ("rsa", "-traditional", "-des3", *PASS),
    "legacy AES-256": ("rsa", "-traditional", "-aes256", *PASS),
    "legacy SEC1": ("ec", "-aes128", *PASS),
    "PBES2": ("pkcs8", "-topk8", *PASS),
    "PBES2 DER": ("pkcs8", "-topk8", "-outform", "DER", *PASS),
    "PBES2 3DES": ("pkcs8", "-topk8", "-v2", "des3", *PASS),
    "PBES2 HMAC-SHA1": ("pkcs8", "-topk8", "-v2prf", "hmacWithSHA1", *PASS),
    "PBES2 HMAC-SHA512": ("pkcs8", "-topk8", "-v2prf", "hmacWithSHA512", *PASS),
    "PBES2 scrypt": ("pkcs8", "-topk8", "-scrypt", *PASS),
    "PBES1": ("pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES", *PASS),
}


@pytest.mark.parametrize("form", ENCRYPTED)
def test_an_encrypted_key_is_read_in_any_form_with_its_passphrase_alone(form: str) -> None:
    key = a_key(RSA_2048 if ENCRYPTED[form][0] == "rsa" else P256)
    clear = keys.dump(key, b"")
    data = openssl(*ENCRYPTED[form], data=clear)
    answers = [SECRET]  # one: whoever asks twice fails
    loaded, opened_by = key_files.load(data, "k", answers.pop)
    assert (public(loaded), opened_by) == (public(key), SECRET)
    with pytest.raises(UnusableFileError, match="k is encrypted, and no passphrase was given"):
        key_files.load(data, "k", bytes)
    for wrong in (b"wrong", b"\xff\0\xfe"):
        with pytest.raises(WrongPassphraseError, match="does not decrypt out/k"):
            key_files.load(data, "out/k", lambda wrong=wrong: wrong)  # type: ignore[misc]


X25519 = x25519.X25519PrivateKey.generate()
DSA = a_dsa_key()


@pytest.mark.parametrize("key", [X25519, DSA], ids=["X25519", "DSA"])
@pytest.mark.parametrize("passphrase", [b"", SECRET])
def test_a_key_that_cannot_sign_certificates_is_refused(
    key: x25519.X25519PrivateKey | dsa.DSAPrivateKey, passphrase: bytes
) -> None:
    cipher = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    data = key.private_bytes(Encoding.PEM, PKCS8, cipher)
    with pytest.raises(UnusableFileError, match=r"^k holds a key that cannot sign") as caught:
        key_files.load(data, "k", lambda: passphrase)
    assert "RSA, EC, Ed25519 and Ed448" in caught.value.hint


def test_a_key_that_is_bound_to_pss_is_refused() -> None:
    for form in ("PEM", "DER"):
        data = openssl("genpkey", "-algorithm", "RSA-PSS", "-outform", form)
        with pytest.raises(UnusableFileError, match=r"^k holds an RSA-PSS key\.$"):
            key_files.load(data, "k", never)


@pytest.mark.parametrize(
    "options", [("-v2", "camellia-256-cbc"), ("-v2", "aes256", "-v2prf", "hmacWithMD5")]
)
def test_a_cipher_that_is_not_supported_is_not_reported_as_a_wrong_passphrase(
    options: tuple[str, ...],
) -> None:
    data = openssl("pkcs8", "-topk8", *PASS, *options, data=keys.dump(LEAF_KEY, b""))
    with pytest.raises(UnusableFileError, match="is not a private key that can be read"):
        key_files.load(data, "k", secret)
    legacy = openssl(
        "rsa", "-traditional", "-camellia128", *PASS, data=keys.dump(a_key(RSA_2048), b"")
    )
    with pytest.raises(UnusableFileError, match="is not a private key that can be read"):
        key_files.load(legacy, "k", secret)


# Broken

OBJECTS = {
    "PKCS#8": keys.dump(LEAF_KEY, b""),
    "PKCS#1": keys.dump(a_key(RSA_2048), b""),
    "SEC1": LEAF_KEY.private_bytes(Encoding.PEM, TRADITIONAL, NoEncryption()),
    "PBES2": LEAF_KEY.private_bytes(Encoding.PEM, PKCS8, BestAvailableEncryption(SECRET)),
    "legacy": LEAF_KEY.private_bytes(Encoding.PEM, TRADITIONAL, BestAvailableEncryption(SECRET)),
    "certificate": (DATA / "EC_Enc.crt").read_bytes(),
}


def is_refused_or_read(data: bytes) -> None:
    try:
        key, _ = key_files.load(data, "k", secret)
    except CertstrapError:
        return
    assert isinstance(key, PrivateKey)


@given(st.binary(max_size=300))
def test_random_bytes_raise_nothing_but_the_tools_own_errors(data: bytes) -> None:
    is_refused_or_read(data)
    is_refused_or_read(pem.to_pem("PRIVATE KEY", data))
    is_refused_or_read(pem.to_pem("ENCRYPTED PRIVATE KEY", data))


@given(st.sampled_from(sorted(OBJECTS)), st.data())
def test_a_key_cut_short_is_refused(name: str, data: st.DataObject) -> None:
    whole = OBJECTS[name].rstrip()
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(CertstrapError):
        key_files.load(cut, "k", secret)
    if inside := pem.der_of(whole):
        with pytest.raises(CertstrapError):
            key_files.load(inside[: data.draw(st.integers(0, len(inside) - 1))], "k", secret)


@given(st.sampled_from(sorted(OBJECTS)), st.data())
@settings(max_examples=200)
def test_a_key_with_flipped_bits_raises_nothing_but_the_tools_own_errors(
    name: str, data: st.DataObject
) -> None:
    block = OBJECTS[name]
    changed = bytearray(pem.der_of(block) or block)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    is_refused_or_read(bytes(changed))


PATHOLOGICAL = {
    "endless nesting": b"\x30\x80" * 50_000,
    "a length of 2**64": b"\x30\x88" + b"\xff" * 8 + b"x",
    "no content": sequence(),
    "scrypt of a terabyte": scrypt(2**40, 8, 1),
    "scrypt of an odd cost": scrypt(15, 1, 1),
    "scrypt of nothing": scrypt(0, 0, 0),
    "scrypt of 2**70": scrypt(2**70, 8, 1),
    "no rounds": pbkdf2(integer(0)),
    "negative rounds": pbkdf2(b"\x02\x01\xff"),
    "2**80 rounds": pbkdf2(integer(2**80)),
    "a short IV": pbkdf2(integer(1), iv=bytes(15)),
    "an empty secret": pbkdf2(integer(1), content=b""),
    "half a block": pbkdf2(integer(1), content=bytes(24)),
}


@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_pathological_asn1_raises_nothing_but_the_tools_own_errors(name: str) -> None:
    for data in (PATHOLOGICAL[name], pem.to_pem("ENCRYPTED PRIVATE KEY", PATHOLOGICAL[name])):
        with pytest.raises(CertstrapError):
            key_files.load(data, "k", secret)


def pbes1(rounds: int) -> bytes:
    parameters = sequence(der(0x04, bytes(8)), integer(rounds))
    return sequence(sequence(oid("1.2.840.113549.1.12.1.3"), parameters), der(0x04, bytes(64)))


ENDLESS = {
    "PBKDF2": pbkdf2(integer(10_000_001)),
    "2**31 of PBKDF2": pbkdf2(integer(2**31)),
    "2**40 of PBKDF2": pbkdf2(integer(2**40)),
    "PBKDF2 that says scrypt too": pbkdf2(
        integer(2**31), content=oid("1.3.6.1.4.1.11591.4.11") + integer(0)
    ),
    "scrypt": scrypt(2**20, 8, 2),
    "scrypt, again and again": scrypt(2, 1, 2**24),
    "PBES1": pbes1(2**40),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_key_that_takes_too_many_rounds_is_refused_before_the_prompt(name: str) -> None:
    """The library would work for minutes, or panic."""
    for data in (ENDLESS[name], pem.to_pem("ENCRYPTED PRIVATE KEY", ENDLESS[name])):
        with pytest.raises(UnusableFileError, match="encrypted with more than 10,000,000 rounds"):
            key_files.load(data, "k", never)


@pytest.mark.parametrize(
    ("data", "rounds"),
    [
        (pbkdf2(integer(10_000_000)), 10_000_000),
        (scrypt(2**14, 8, 1), 2**17),
        (pbes1(2048), 2048),
        (b"", 0),
        (b"\x30\x80" * 50_000, 0),
        (b"\x30\x84\x7f\xff\xff\xff", 0),
    ],
)
def test_the_rounds_of_a_key_are_known(data: bytes, rounds: int) -> None:
    assert rounds_of(data) == rounds


@pytest.mark.parametrize("options", [(), ("-aes128", "-passout", "pass:x")], ids=" ".join)
def test_keys_that_are_not_pkcs8_take_no_rounds(tmp_path: Path, options: tuple[str, ...]) -> None:
    key = tmp_path / "key"
    key.write_bytes(keys.dump(a_key(RSA_2048), b""))
    block = openssl("rsa", "-in", key, "-traditional", *options)
    assert block.startswith(b"-----BEGIN RSA PRIVATE KEY-----")
    key_files.require_quick([block, block], "k")


def test_a_file_with_more_keys_than_anybody_has_is_refused() -> None:
    block = keys.dump(a_key(RSA_2048), b"")
    with pytest.raises(UnusableFileError, match=r"k has more than 32 KB of private keys"):
        key_files.require_quick([block] * 20, "k")


@pytest.mark.parametrize(
    "options",
    [
        ("-nomaciter",),
        ("-certpbe", "NONE", "-keypbe", "NONE"),
        ("-nomac",),
        ("-nomac", "-certpbe", "NONE"),
        ("-nomac", "-keypbe", "NONE", "-certpbe", "AES-256-CBC"),
        ("-nomaciter", "-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES"),
    ],
    ids=" ".join,
)
def test_the_rounds_of_a_pkcs12_file_are_known(tmp_path: Path, options: tuple[str, ...]) -> None:
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    key.write_bytes(keys.dump(LEAF_KEY, b""))
    openssl("req", "-x509", "-new", "-key", key, "-subj", "/CN=x", "-out", certificate)
    files = ("-inkey", key, "-in", certificate, "-passout", "pass:x")
    data = openssl("pkcs12", "-export", *files, "-iter", 7777, *options)
    parts = data.count(integer(7777))
    assert parts > 0
    assert stores.rounds_of(data) - parts * 7777 in {0, 1, 2048}  # those of the MAC
    assert stores.rounds_of(with_rounds(data, 7777, 2**40)) // 2**40 == parts


@pytest.mark.parametrize("data", [b"", b"\x30\x80" * 50_000, sequence(), sequence(sequence())])
def test_what_is_no_pkcs12_file_takes_no_rounds(data: bytes) -> None:
    assert stores.rounds_of(data) == 0
