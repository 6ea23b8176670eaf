"""Private keys: every form is read, and what is written is read by others."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from cryptography.x509 import load_pem_x509_certificate
from hypothesis import given, settings
from hypothesis import strategies as st

from certstrap import encoding, keys
from certstrap.errors import CertstrapError, InvalidKeySpec, Refused, Unusable, WrongPassphrase
from certstrap.keys import CURVES, P256, P384, RSA_2048, KeySpec, PrivateKey
from tests.making import (
    DATA,
    LEAF_KEY,
    a_key,
    an_rsa_key,
    der,
    integer,
    oid,
    openssl,
    pbkdf2,
    scrypt,
    sequence,
)

SPECS = [RSA_2048, *(KeySpec(curve=curve) for curve in CURVES)]
ED448 = ed448.Ed448PrivateKey.generate()
TRADITIONAL = PrivateFormat.TraditionalOpenSSL
PKCS8 = PrivateFormat.PKCS8
SECRET = b"123456"


def never() -> bytes:
    raise AssertionError("a passphrase was asked for")


def secret() -> bytes:
    return SECRET


def public(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_every_curve_is_known_in_any_case() -> None:
    for curve in ("P-224", "P-256", "P-384", "P-521", "Ed25519"):
        assert KeySpec.of(0, curve) == KeySpec.of(512, curve.swapcase()) == KeySpec(curve=curve)
        assert str(KeySpec(curve=curve)) == curve


@pytest.mark.parametrize("curve", ["P-192", "secp256k1", "Ed448", " ", "P-256 ", "\x1b[31m"])
def test_an_unknown_curve_is_refused_with_the_known_ones(curve: str) -> None:
    with pytest.raises(InvalidKeySpec, match="Unknown curve: ") as caught:
        KeySpec.of(2048, curve)
    assert str(caught.value).isprintable()
    assert "P-224, P-256, P-384, P-521, Ed25519" in caught.value.hint


@pytest.mark.parametrize("bits", [2048, 3072, 4096, 16384])
def test_rsa_keys_have_from_2048_to_16384_bits(bits: int) -> None:
    assert KeySpec.of(bits, "") == KeySpec(bits=bits)
    assert str(KeySpec(bits=bits)) == f"RSA {bits}"


@pytest.mark.parametrize("bits", [-1, 0, 512, 2047, 16385, 10**9])
def test_other_sizes_are_refused(bits: int) -> None:
    with pytest.raises(InvalidKeySpec, match=f"RSA key of {bits} bits"):
        KeySpec.of(bits, "")


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_a_key_is_of_the_kind_that_was_asked_for(spec: KeySpec) -> None:
    assert keys.spec_of(a_key(spec)) == keys.spec_like(a_key(spec)) == spec
    assert spec.generate().public_key() != a_key(spec).public_key()


def test_a_kind_that_is_not_made_here_goes_by_its_own_name() -> None:
    for key, name in ((ED448, "Ed448"), (ec.generate_private_key(ec.SECP256K1()), "secp256k1")):
        assert keys.spec_of(key) == KeySpec(curve=name)
        assert keys.spec_like(key) == P384


# Written


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_in_the_clear_rsa_is_pkcs1_and_all_else_pkcs8_as_certstrap_has_them(spec: KeySpec) -> None:
    key = a_key(spec)
    written = keys.dump(key, b"")
    label = b"RSA PRIVATE KEY" if spec.bits else b"PRIVATE KEY"
    assert written.startswith(b"-----BEGIN " + label + b"-----\n")
    form = TRADITIONAL if spec.bits else PKCS8
    assert written == key.private_bytes(Encoding.PEM, form, NoEncryption())
    loaded, opened_by = keys.load(written, "k", never)
    assert (public(loaded), opened_by) == (public(key), b"")


@pytest.mark.parametrize("key", [*map(a_key, SPECS), ED448], ids=lambda k: str(keys.spec_of(k)))
def test_in_the_clear_pkcs8_is_what_openssl_writes(key: PrivateKey) -> None:
    written = openssl("pkcs8", "-topk8", "-nocrypt", data=keys.dump(key, b""))
    assert keys.dump_pkcs8(key, b"") == written


@pytest.mark.parametrize("spec", [RSA_2048, P256, KeySpec(curve="Ed25519")], ids=str)
def test_encrypted_is_pbes2_that_openssl_reads(spec: KeySpec) -> None:
    key = a_key(spec)
    written = keys.dump(key, SECRET)
    assert written.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    clear = openssl("pkey", "-passin", "pass:123456", data=written)
    assert clear == keys.dump_pkcs8(key, b"")
    loaded, opened_by = keys.load(written, "k", secret)
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

    first, second = (random_parts(encoding.der_of(keys.dump(LEAF_KEY, SECRET))) for _ in range(2))
    assert len({*first, *second}) == 4


PASSPHRASES = [b"\0", b"a\0b", b"\xff\xfe", "päss東".encode(), b"y" * 5000]


@pytest.mark.parametrize("passphrase", PASSPHRASES, ids=lambda p: repr(p[:8]))
def test_a_passphrase_may_be_any_bytes(passphrase: bytes) -> None:
    written = keys.dump(LEAF_KEY, passphrase)
    loaded, opened_by = keys.load(written, "k", lambda: passphrase)
    assert (public(loaded), opened_by) == (public(LEAF_KEY), passphrase)
    with pytest.raises(WrongPassphrase):
        keys.load(written, "k", lambda: passphrase + b"x")


# Read


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
def test_a_key_in_the_clear_is_read_in_any_form_and_nobody_is_asked(form: str) -> None:
    data = READ[form]()
    key, opened_by = keys.load(data, "k", never)
    expected = openssl("pkey", "-pubout", data=data)
    assert key.public_key() == load_pem_public_key(expected)
    assert opened_by == b""
    assert public(keys.load(keys.dump(key, b""), "k", never)[0]) == public(key)


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
    loaded, opened_by = keys.load(data, "k", answers.pop)
    assert (public(loaded), opened_by) == (public(key), SECRET)
    with pytest.raises(Unusable, match="k is encrypted, and no passphrase was given"):
        keys.load(data, "k", bytes)
    for wrong in (b"wrong", b"\xff\0\xfe"):
        with pytest.raises(WrongPassphrase, match="does not open out/k"):
            keys.load(data, "out/k", lambda wrong=wrong: wrong)  # type: ignore[misc]


@pytest.mark.parametrize("name", ["EC_Enc", "P521_Enc", "Ed_Enc", "RSA_Enc"])
def test_the_encrypted_keys_of_certstrap_itself_are_read(name: str) -> None:
    data = (DATA / f"{name}.key").read_bytes()
    certificate = load_pem_x509_certificate((DATA / f"{name}.crt").read_bytes())
    key, opened_by = keys.load(data, "k", secret)
    assert (key.public_key(), opened_by) == (certificate.public_key(), SECRET)
    with pytest.raises(WrongPassphrase):
        keys.load(data, "k", lambda: b"12345")
    if name != "RSA_Enc":
        der_form = encoding.der_of(data)
        assert bytes.fromhex("2a864886f70d02090000") in der_form
        assert public(keys.load(der_form, "k", secret)[0]) == public(key)
        crlf = data.replace(b"\n", b"\r\n")
        assert public(keys.load(crlf, "k", secret)[0]) == public(key)


X25519 = x25519.X25519PrivateKey.generate()
DSA = dsa.generate_private_key(1024)  # noqa: S505 - to be refused


@pytest.mark.parametrize("key", [X25519, DSA], ids=["X25519", "DSA"])
@pytest.mark.parametrize("passphrase", [b"", SECRET])
def test_a_key_that_cannot_sign_certificates_is_refused(
    key: x25519.X25519PrivateKey | dsa.DSAPrivateKey, passphrase: bytes
) -> None:
    cipher = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    data = key.private_bytes(Encoding.PEM, PKCS8, cipher)
    with pytest.raises(Unusable, match=r"^k holds a key that cannot sign") as caught:
        keys.load(data, "k", lambda: passphrase)
    assert "RSA, EC, Ed25519 and Ed448" in caught.value.hint


def test_a_key_that_is_bound_to_pss_is_refused() -> None:
    for form in ("PEM", "DER"):
        data = openssl("genpkey", "-algorithm", "RSA-PSS", "-outform", form)
        with pytest.raises(Unusable, match=r"^k holds an RSA-PSS key\.$"):
            keys.load(data, "k", never)


@pytest.mark.parametrize(
    "options", [("-v2", "camellia-256-cbc"), ("-v2", "aes256", "-v2prf", "hmacWithMD5")]
)
def test_a_cipher_that_is_not_supported_is_not_told_as_a_wrong_passphrase(
    options: tuple[str, ...],
) -> None:
    data = openssl("pkcs8", "-topk8", *PASS, *options, data=keys.dump(LEAF_KEY, b""))
    with pytest.raises(Unusable, match="is not a private key that can be read"):
        keys.load(data, "k", secret)
    legacy = openssl(
        "rsa", "-traditional", "-camellia128", *PASS, data=keys.dump(a_key(RSA_2048), b"")
    )
    with pytest.raises(Unusable, match="is not a private key that can be read"):
        keys.load(legacy, "k", secret)


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
        key, _ = keys.load(data, "k", secret)
    except CertstrapError:
        return
    assert isinstance(key, PrivateKey)


@given(st.binary(max_size=300))
def test_random_bytes_raise_nothing_but_the_tools_own_errors(data: bytes) -> None:
    is_refused_or_read(data)
    is_refused_or_read(encoding.pem("PRIVATE KEY", data))
    is_refused_or_read(encoding.pem("ENCRYPTED PRIVATE KEY", data))


@given(st.sampled_from(sorted(OBJECTS)), st.data())
def test_a_key_cut_short_is_refused(name: str, data: st.DataObject) -> None:
    whole = OBJECTS[name].rstrip()
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(CertstrapError):
        keys.load(cut, "k", secret)
    if inside := encoding.der_of(whole):
        with pytest.raises(CertstrapError):
            keys.load(inside[: data.draw(st.integers(0, len(inside) - 1))], "k", secret)


@given(st.sampled_from(sorted(OBJECTS)), st.data())
@settings(max_examples=200)
def test_a_key_with_flipped_bits_raises_nothing_but_the_tools_own_errors(
    name: str, data: st.DataObject
) -> None:
    block = OBJECTS[name]
    changed = bytearray(encoding.der_of(block) or block)
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
    for data in (PATHOLOGICAL[name], encoding.pem("ENCRYPTED PRIVATE KEY", PATHOLOGICAL[name])):
        with pytest.raises(CertstrapError):
            keys.load(data, "k", secret)


# What may sign


@pytest.mark.parametrize(
    ("key", "digest"),
    [
        (a_key(RSA_2048), hashes.SHA256),
        (an_rsa_key(3072), hashes.SHA256),
        (a_key(KeySpec(curve="P-224")), hashes.SHA256),
        (LEAF_KEY, hashes.SHA256),
        (a_key(P384), hashes.SHA384),
        (a_key(KeySpec(curve="P-521")), hashes.SHA512),
    ],
    ids=["RSA 2048", "RSA 3072", "P-224", "P-256", "P-384", "P-521"],
)
def test_the_hash_is_as_strong_as_the_curve(
    key: PrivateKey, digest: type[hashes.HashAlgorithm]
) -> None:
    assert isinstance(keys.signature_hash(key), digest)


def test_edwards_curves_bring_their_own_hash() -> None:
    assert keys.signature_hash(ed25519.Ed25519PrivateKey.generate()) is None
    assert keys.signature_hash(ED448) is None


@pytest.mark.parametrize("key", [*map(a_key, SPECS), ED448], ids=lambda k: str(keys.spec_of(k)))
def test_a_strong_key_is_taken(key: PrivateKey) -> None:
    keys.require_strong(key.public_key(), "k")


@pytest.mark.parametrize("bits", [1024, 2047])
def test_a_weak_rsa_key_is_refused(bits: int) -> None:
    with pytest.raises(Refused, match=f"k holds an RSA key of {bits} bits"):
        keys.require_strong(an_rsa_key(bits).public_key(), "k")


def test_an_enormous_rsa_key_is_refused() -> None:
    numbers = rsa.RSAPublicNumbers(65537, (1 << 16400) + 1)
    with pytest.raises(Refused, match="of 16401 bits"):
        keys.require_strong(numbers.public_key(), "k")


def test_a_curve_that_is_weaker_than_rsa_2048_is_refused() -> None:
    """NIST SP 800-57: 112 bits of strength need a curve of 224 bits."""
    key, _ = keys.load(openssl("ecparam", "-name", "prime192v1", "-genkey"), "k", never)
    with pytest.raises(Refused, match="192 bits"):
        keys.require_strong(key.public_key(), "k")


@pytest.mark.parametrize("key", [X25519.public_key(), DSA.public_key(), object()])
def test_what_cannot_sign_is_refused(key: object) -> None:
    with pytest.raises(Refused, match="k holds a key that cannot sign"):
        keys.require_strong(key, "k")
