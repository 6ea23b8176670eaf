"""The kinds of private keys, and how they are generated."""

from collections.abc import Callable
from threading import Thread
from typing import NamedTuple

from cryptography.exceptions import InternalError
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from certstrap.errors import InvalidKeySpecError
from certstrap.text import quoted

PrivateKey = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
)
PublicKey = (
    rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey
)
SMALLEST_RSA, LARGEST_RSA = 2048, 16384  # bits
SMALLEST_CURVE = 224  # bits; as strong as RSA 2048 (NIST SP 800-57, table 2)

_CURVES: dict[str, Callable[[], PrivateKey]] = {
    "P-224": lambda: ec.generate_private_key(ec.SECP224R1()),
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}
CURVES = tuple(_CURVES)


class KeySpec(NamedTuple):
    """The kind of a new key: an RSA modulus of ``bits``, or the curve of a name in `CURVES`."""

    bits: int = 0
    curve: str = ""

    @classmethod
    def of(cls, bits: int, curve: str) -> "KeySpec":
        """Return the kind of an RSA key of ``bits``, or of ``curve`` if one is named.

        A curve is found without regard to case and hyphens: ``p256`` is ``P-256``.

        Raises:
            InvalidKeySpecError: the curve is unknown, or ``bits`` is under 2048 or over 16384.
        """
        if curve:
            for known in CURVES:
                if _plain(curve) == _plain(known):
                    return cls(curve=known)
            raise InvalidKeySpecError(
                f"Unknown curve: {quoted(curve)}.", f"Choose one of {', '.join(CURVES)}."
            )
        if not SMALLEST_RSA <= bits <= LARGEST_RSA:
            raise InvalidKeySpecError(
                f"An RSA key of {bits} bits is not supported.",
                f"Choose from {SMALLEST_RSA} to {LARGEST_RSA} bits.",
            )
        return cls(bits=bits)

    def generate(self) -> PrivateKey:
        """Return a new key of this kind."""
        if self.curve:
            return _CURVES[self.curve]()
        return rsa.generate_private_key(public_exponent=65537, key_size=self.bits)

    def __str__(self) -> str:
        return self.curve or f"RSA {self.bits}"


def generating(spec: KeySpec) -> Callable[[], PrivateKey]:
    """Begin to generate a key, and return a function that waits for it and returns it.

    A large RSA key takes minutes; a thread generates it, so that Ctrl-C ends the wait at once.
    """
    outcome: list[PrivateKey | BaseException] = []

    def generate() -> None:
        try:
            outcome.append(spec.generate())
        except InternalError:  # OpenSSL fails so if it gets no memory
            outcome.append(MemoryError())
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            outcome.append(error)

    thread = Thread(target=generate, daemon=True)
    try:
        thread.start()
    except RuntimeError:  # the operating system allows no more threads
        return spec.generate

    def result() -> PrivateKey:
        thread.join()
        if isinstance(outcome[0], BaseException):
            raise outcome[0]
        return outcome[0]

    return result


def _plain(curve: str) -> str:
    return curve.replace("-", "").casefold()


RSA_2048 = KeySpec(bits=2048)
RSA_4096 = KeySpec(bits=4096)
P256 = KeySpec(curve="P-256")
P384 = KeySpec(curve="P-384")


_NAMES = {
    "secp224r1": "P-224",
    "secp256r1": "P-256",
    "secp384r1": "P-384",
    "secp521r1": "P-521",
}


def spec_of(key: PrivateKey) -> KeySpec:
    """Return the kind of a key; a curve that is not in `CURVES` has its own name."""
    if isinstance(key, rsa.RSAPrivateKey):
        return KeySpec(bits=key.key_size)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return KeySpec(curve=_NAMES.get(key.curve.name, key.curve.name))
    return KeySpec(curve="Ed25519" if isinstance(key, ed25519.Ed25519PrivateKey) else "Ed448")


def kind_of(key: object) -> KeySpec | None:
    """Return the kind of a public key, or None for one that cannot sign."""
    match key:
        case rsa.RSAPublicKey():
            return KeySpec(bits=key.key_size)
        case ec.EllipticCurvePublicKey():
            return KeySpec(curve=_NAMES.get(key.curve.name, key.curve.name))
        case ed25519.Ed25519PublicKey():
            return KeySpec(curve="Ed25519")
        case ed448.Ed448PublicKey():
            return KeySpec(curve="Ed448")
    return None


def spec_like(key: PrivateKey) -> KeySpec:
    """Return the kind of a new key that goes with ``key``: the same, if it can be generated."""
    spec = spec_of(key)
    return spec if spec.bits or spec.curve in CURVES else P384


def signature_hash(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None:
    """Return the hash that ``key`` signs with: as strong as its curve; SHA-256 for RSA."""
    if isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey):
        return None
    if isinstance(key, rsa.RSAPrivateKey) or key.key_size <= 256:  # noqa: PLR2004 - P-256
        return hashes.SHA256()
    return hashes.SHA384() if key.key_size <= 384 else hashes.SHA512()  # noqa: PLR2004 - P-384
