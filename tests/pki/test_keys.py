"""The kinds of private keys, and the hash that each signs with."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519

from certstrap.errors import RefusedError
from certstrap.pki import keys
from certstrap.pki.keys import CURVES, P256, P384, RSA_2048, KeySpec
from tests.builders.keys import a_key

SPECS = [RSA_2048, *(KeySpec(curve=curve) for curve in CURVES)]
ED448 = ed448.Ed448PrivateKey.generate()


def test_every_curve_is_known_in_any_case() -> None:
    for curve in ("P-224", "P-256", "P-384", "P-521", "Ed25519"):
        assert KeySpec.of(0, curve) == KeySpec.of(512, curve.swapcase()) == KeySpec(curve=curve)
        assert str(KeySpec(curve=curve)) == curve


@pytest.mark.parametrize("curve", ["P-192", "secp256k1", "Ed448", " ", "P-256 ", "\x1b[31m"])
def test_an_unknown_curve_is_refused_with_the_known_ones(curve: str) -> None:
    with pytest.raises(RefusedError, match="Unknown curve: ") as caught:
        KeySpec.of(2048, curve)
    assert str(caught.value).isprintable()
    assert "P-224, P-256, P-384, P-521, Ed25519" in caught.value.hint


@pytest.mark.parametrize("bits", [2048, 3072, 4096, 16384])
def test_rsa_keys_have_from_2048_to_16384_bits(bits: int) -> None:
    assert KeySpec.of(bits, "") == KeySpec(bits=bits)
    assert str(KeySpec(bits=bits)) == f"RSA {bits}"


@pytest.mark.parametrize("bits", [-1, 0, 512, 2047, 16385, 10**9])
def test_other_sizes_are_refused(bits: int) -> None:
    with pytest.raises(RefusedError, match=f"RSA key of {bits} bits"):
        KeySpec.of(bits, "")


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_a_key_is_of_the_kind_that_was_asked_for(spec: KeySpec) -> None:
    assert keys.spec_of(a_key(spec)) == keys.spec_like(a_key(spec).public_key()) == spec
    assert spec.generate().public_key() != a_key(spec).public_key()


def test_a_kind_that_is_not_made_here_goes_by_its_own_name() -> None:
    for key, name in ((ED448, "Ed448"), (ec.generate_private_key(ec.SECP256K1()), "secp256k1")):
        assert keys.spec_of(key) == KeySpec(curve=name)
        assert keys.spec_like(key.public_key()) == P384


@pytest.mark.parametrize(
    ("spec", "digest"),
    [
        (RSA_2048, hashes.SHA256),
        (KeySpec(bits=3072), hashes.SHA256),
        (KeySpec(curve="P-224"), hashes.SHA256),
        (P256, hashes.SHA256),
        (P384, hashes.SHA384),
        (KeySpec(curve="P-521"), hashes.SHA512),
    ],
    ids=str,
)
def test_the_hash_is_as_strong_as_the_curve(
    spec: KeySpec, digest: type[hashes.HashAlgorithm]
) -> None:
    assert isinstance(keys.signature_hash(a_key(spec)), digest)


def test_edwards_curves_bring_their_own_hash() -> None:
    assert keys.signature_hash(ed25519.Ed25519PrivateKey.generate()) is None
    assert keys.signature_hash(ED448) is None
