"""Keys in hardware tokens and HSMs, found, generated and used through PKCS#11.

Only a session imports this module, once a URI names a key: it needs ``python-pkcs11``, which few
install. A key is an instance of the classes of `cryptography`, whose builders call its ``sign``.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pkcs11
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.util.ec import encode_ec_public_key

from certstrap.errors import RefusedError
from certstrap.pki.key_files import OF_SLOT, OF_TOKEN, TokenURI
from certstrap.pki.keys import CURVES, KeySpec, PrivateKey
from certstrap.text import quoted

_PROXIES = ("p11-kit-proxy.so", "libp11-kit.so.0", "p11-kit-proxy.dylib")
"""The module of p11-kit, which knows the modules that a system has, by its names."""

_ED25519 = (CURVES["Ed25519"], b"\x13\x0cedwards25519")  # PKCS #11 3.0, 2.3.10
_TRIES = "Check it before you run the command again: a token locks after a few wrong PINs."
_WRONG = "the PIN is wrong"
_CHECK = "Check that the token is plugged in, and that it can do this."
_REFUSED: dict[type[Exception], tuple[str, str]] = {
    pkcs11.PinIncorrect: (_WRONG, _TRIES),
    pkcs11.PinInvalid: (_WRONG, _TRIES),
    pkcs11.PinLenRange: (_WRONG, _TRIES),
    pkcs11.PinLocked: ("the PIN is locked", "Unlock it with the program that came with the token."),
}


def find(uri: TokenURI, module: str) -> pkcs11.Token:
    """Return the token that ``uri`` names, in which nobody is logged in yet.

    Args:
        module: the PKCS#11 module, if the URI does not name one; empty for p11-kit's.

    Raises:
        RefusedError: the module cannot be loaded, or there is not exactly one such token.
    """
    library = _load(uri, module)
    tokens = []
    with _errors(f"The module {library.so} fails"):
        for slot in library.get_slots(token_present=True):
            with suppress(pkcs11.TokenNotPresent, pkcs11.TokenNotRecognised):
                token: pkcs11.Token = slot.get_token()
                if pkcs11.TokenFlag.TOKEN_INITIALIZED in token.flags:
                    tokens.append(token)
    wanted = {name: uri.text_of(name) for name in OF_TOKEN + OF_SLOT if name in uri.attributes}
    found = [each for each in tokens if wanted.items() <= _attributes(each).items()]
    if len(found) == 1:
        return found[0]
    if found:
        raise RefusedError(
            f"More than one token is {uri.place}: {_listed(found)}.",
            "Add the serial number to the URI, as in serial=1234.",
        )
    here = f"The tokens here are {_listed(tokens)}" if tokens else "There is no token here"
    raise RefusedError(
        f"{library.so} does not find {uri.place}.",
        f"{here}. Plug it in, or name its module in CERTSTRAP_PKCS11_MODULE.",
    )


def _load(uri: TokenURI, module: str) -> Any:
    name = uri.text_of("module-name")
    named = uri.text_of("module-path") or (name and f"lib{name}.so") or module
    failures = []
    for each in (named,) if named else _PROXIES:
        try:
            return pkcs11.lib(each)
        except pkcs11.PKCS11Error as cause:
            failures.append(str(cause) or type(cause).__name__)
    raise RefusedError(
        f"Cannot load the PKCS#11 module {named or _PROXIES[0]} ({failures[0]}).",
        "Install the module of the token, and name it in CERTSTRAP_PKCS11_MODULE, or in the URI "
        "as in ?module-path=/usr/lib/softhsm/libsofthsm2.so.",
    )


def _attributes(token: pkcs11.Token) -> dict[str, str]:
    slot = token.slot
    return {
        "token": token.label,
        "manufacturer": token.manufacturer_id,
        "serial": token.serial.decode(errors="replace"),
        "model": token.model,
        "slot-id": str(slot.slot_id),
        "slot-manufacturer": slot.manufacturer_id,
        "slot-description": slot.slot_description,
    }


def _listed(tokens: Sequence[pkcs11.Token]) -> str:
    return ", ".join(
        f"{quoted(each.label)} (serial {each.serial.decode(errors='replace')})" for each in tokens
    )


class Token:
    """A token, in which this process is logged in."""

    def __init__(self, found: pkcs11.Token, pin: bytes) -> None:
        """Log in.

        Raises:
            RefusedError: there is no PIN, it cannot be one, or it is not accepted (one try).
        """
        self.name = f"the token {quoted(found.label)}"
        if not pin:
            raise RefusedError(
                f"The PIN of {self.name} is needed.",
                "Type it on a terminal, set CERTSTRAP_PIN, or use --pin-file FILE.",
            )
        self.pin = pin.decode(errors="surrogateescape")
        if not self.pin.isprintable():  # the token would count it as a wrong one
            raise RefusedError(
                f"The PIN of {self.name} is not text in UTF-8, or has a character that cannot be "
                "typed; it was not sent.",
                "Type it, or write it again: PowerShell can write UTF-16, or a byte order mark.",
            )
        writes = pkcs11.TokenFlag.WRITE_PROTECTED not in found.flags
        with _errors(f"Cannot log in to {self.name}"):
            try:
                self.session = found.open(rw=writes, user_pin=self.pin)
            except pkcs11.UserAlreadyLoggedIn:  # by another session of this process
                self.session = found.open(rw=writes)

    def key(self, uri: TokenURI) -> PrivateKey:
        """Return the key that ``uri`` names.

        Raises:
            RefusedError: there is not exactly one, or it cannot be used.
        """
        found = self._private_keys(uri)
        if len(found) != 1:
            there = "more than one" if found else "no"
            labels = ", ".join(
                f"{quoted(each.label)} (id {_percent(each.id)})"
                for each in found or self._private_keys()
            )
            raise RefusedError(
                f"There is {there} private key in {self.name} that {uri.text} names.",
                f"Its keys are {labels}." if labels else "Add --generate to make it there.",
            )
        private = found[0]
        same = {Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.KEY_TYPE: private.key_type}
        same |= {Attribute.ID: private.id} if private.id else {Attribute.LABEL: private.label}
        with _errors(f"Cannot read {self.name}"):
            public = next(iter(self.session.get_objects(same)), None)
        if public is None:
            raise RefusedError(
                f"There is no public key beside the private key {quoted(private.label)} in "
                f"{self.name}.",
                "Write it there too, with the same id.",
            )
        return self._opened(private, public)

    def generate(self, uri: TokenURI, spec: KeySpec) -> PrivateKey:
        """Return a new key, which ``uri`` names and which never leaves the token.

        Raises:
            RefusedError: there is such a key, or the token cannot make one.
        """
        if self._private_keys(uri):
            raise RefusedError(
                f"There is a private key in {self.name} that {uri.text} names.",
                "Leave out --generate to use it, or choose another label for the new one.",
            )
        of_key: dict[str, Any] = {
            "id": uri.attributes.get("id", os.urandom(20)),
            "label": uri.text_of("object"),
            "store": True,
            "capabilities": pkcs11.MechanismFlag.SIGN | pkcs11.MechanismFlag.VERIFY,
            "private_template": {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
        }
        with _errors(f"Cannot generate a key of kind {spec} in {self.name}"):
            if spec.bits:
                pair = self.session.generate_keypair(KeyType.RSA, spec.bits, **of_key)
            else:
                kind = KeyType.EC_EDWARDS if spec.curve == "Ed25519" else KeyType.EC
                curve = {Attribute.EC_PARAMS: CURVES[spec.curve]}
                parameters = self.session.create_domain_parameters(kind, curve, local=True)
                pair = parameters.generate_keypair(**of_key)
        public, private = pair
        return self._opened(private, public)

    def _private_keys(self, uri: TokenURI | None = None) -> list[Any]:
        wanted: dict[Attribute, Any] = {Attribute.CLASS: ObjectClass.PRIVATE_KEY}
        if uri and "object" in uri.attributes:
            wanted[Attribute.LABEL] = uri.text_of("object")
        if uri and "id" in uri.attributes:
            wanted[Attribute.ID] = uri.attributes["id"]
        with _errors(f"Cannot read {self.name}"):
            return list(self.session.get_objects(wanted))

    def _opened(self, private: Any, public: Any) -> PrivateKey:
        with _errors(f"Cannot read {self.name}"):
            if private.key_type == KeyType.RSA:
                exponent, modulus = (
                    int.from_bytes(public[each])
                    for each in (Attribute.PUBLIC_EXPONENT, Attribute.MODULUS)
                )
                return _RSAKey(self, private, rsa.RSAPublicNumbers(exponent, modulus).public_key())
            if private.key_type == KeyType.EC_EDWARDS and public[Attribute.EC_PARAMS] in _ED25519:
                point = public[Attribute.EC_POINT][-32:]  # an OCTET STRING in some tokens
                return _Ed25519Key(self, private, ed25519.Ed25519PublicKey.from_public_bytes(point))
            if private.key_type == KeyType.EC:
                return _ECKey(self, private, load_der_public_key(encode_ec_public_key(public)))
        raise RefusedError(
            f"The key {quoted(private.label)} in {self.name} is of a kind that is not supported.",
            "RSA keys, keys on a NIST curve and Ed25519 keys are.",
        )


def _percent(octets: bytes) -> str:
    return "".join(f"%{each:02x}" for each in octets)


@contextmanager
def _errors(sentence: str) -> Iterator[None]:
    """Raise what a module reports in the block as an error with that sentence."""
    try:
        yield
    except (pkcs11.PKCS11Error, ValueError, UnsupportedAlgorithm) as cause:
        reason, hint = _REFUSED.get(type(cause), (type(cause).__name__, _CHECK))
        raise RefusedError(f"{sentence}: {reason}.", hint) from None


class _Key:
    """What keys of all kinds have in common: they sign in their token, and never leave it."""

    def __init__(self, token: Token, private: Any, public: Any) -> None:
        self._token, self._private, self._public = token, private, public

    @property
    def key_size(self) -> Any:
        return self._public.key_size

    def public_key(self) -> Any:
        return self._public

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: object) -> Any:
        return self

    def _signature(self, data: bytes, mechanism: Mechanism) -> bytes:
        with _errors(f"{self._token.name} does not sign"):
            pin = self._token.pin if self._private[Attribute.ALWAYS_AUTHENTICATE] else None
            signature: bytes = self._private.sign(data, mechanism=mechanism, pin=pin)
        return signature

    def _stays(self, *_: object) -> Any:
        raise RefusedError(f"The key in {self._token.name} never leaves it.")

    private_bytes = private_bytes_raw = private_numbers = exchange = decrypt = _stays


class _RSAKey(_Key, rsa.RSAPrivateKey):
    """An RSA key, which signs with PKCS#1 v1.5 and SHA-256: see `keys.signature_hash`."""

    def sign(self, data: Any, *_: object) -> bytes:
        return self._signature(bytes(data), Mechanism.SHA256_RSA_PKCS)


class _ECKey(_Key, ec.EllipticCurvePrivateKey):
    """A key on a NIST curve; it signs a hash that is computed here."""

    @property
    def curve(self) -> Any:
        return self._public.curve

    def sign(self, data: Any, signature_algorithm: Any) -> bytes:
        digest = hashlib.new(signature_algorithm.algorithm.name, data).digest()
        raw = self._signature(digest, Mechanism.ECDSA)  # r and s, each as long as the order
        half = (self.curve.key_size + 7) // 8
        return encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))


class _Ed25519Key(_Key, ed25519.Ed25519PrivateKey):
    """An Ed25519 key."""

    def sign(self, data: Any) -> bytes:
        return self._signature(bytes(data), Mechanism.EDDSA)
