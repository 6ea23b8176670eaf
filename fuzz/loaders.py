"""The functions that decode what others made, called directly: only a `CertstrapError` may come."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from random import Random
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.errors import CertstrapError
from certstrap.pki import build, crl, decode, issuers, key_files, keys, pem, revocation, rules
from certstrap.pki.build import Issuer
from certstrap.pki.findings import require
from certstrap.pki.name_constraints import not_permitted
from certstrap.pki.profiles import CAProfile, LeafProfile
from certstrap.pki.validity import Validity
from fuzz import corpus, mutate, objects
from fuzz.corpus import CERTSTRAPS, NOW, SECRET

_PASSPHRASES = (b"", SECRET.encode(), CERTSTRAPS.encode(), b"wrong", b"\xff", b"\0", b"x" * 2000)


class Call(NamedTuple):
    """A loader by its name, the data, and a passphrase for keys."""

    name: str
    data: bytes
    passphrase: bytes = b""


def make(rng: Random) -> Call:
    """Return a call with data that is odd, or changed, or both."""
    name = rng.choice(tuple(_LOADERS))
    kind = {"certificate": "certificate", "request": "certificate request", "crl": "x509 crl"}.get(
        name
    )
    if kind and rng.random() < 0.5:
        data = objects.odd(rng, kind, "Cert" if name == "crl" else "")
    else:
        suffix = {"key": ".key", "certificate": ".crt", "request": ".csr", "crl": ".crl"}.get(
            name, ""
        )
        data = rng.choice(_files(suffix))
    if not kind or rng.random() < 0.4:
        data = mutate.file_changed(rng, data, list(_files("")))
    return Call(name, data, rng.choice(_PASSPHRASES))


def _files(suffix: str) -> tuple[bytes, ...]:
    files = {**corpus.ours(), **corpus.certstraps()}
    return tuple(data for file, data in files.items() if file.endswith(suffix))


def run(call: Call) -> None:
    """Make the call; what it raises, other than a `CertstrapError`, is a fault."""
    try:
        _LOADERS[call.name](call)
    except CertstrapError as error:
        _require_printable(error)


def _require_printable(error: CertstrapError) -> None:
    assert str(error)
    assert f"{error} {error.hint}".isprintable(), "the sentence cannot be printed safely"


def _pem(call: Call) -> None:
    for block in pem.find_all(call.data, pem.CERTIFICATE):
        assert pem.find(block, pem.CERTIFICATE, "file") == (block, True)
    for kind in (pem.CERTIFICATE, pem.REQUEST, pem.PRIVATE_KEY, pem.CRL):
        try:
            pem.find(call.data, kind, "file")
        except CertstrapError as error:
            _require_printable(error)


def _key(call: Call) -> None:
    key, _ = key_files.load(call.data, "file", lambda: call.passphrase)
    public = key.public_key()
    require(rules.strong_key(public, "file"))
    with _no_refusal("a key that was written cannot be read"):
        again, _ = key_files.load(keys.dump(key, b""), "file", lambda: b"")
    assert again.public_key() == public, "a key that is written is read as another"


def _certificate(call: Call) -> None:
    certificate = decode.load_certificate(call.data, "file")
    _ = decode.validity_of(certificate), decode.names_of(certificate)
    _ = decode.identity(certificate), issuers.is_self_signed(certificate)
    _ = decode.comparable_name(certificate.subject)
    list(rules.ca(certificate, NOW, "file"))
    list(rules.crl_issuer(certificate, "file"))
    list(rules.pair(certificate, "file", corpus.key("client"), "key"))
    issuer = Issuer.of(certificate, "file", NOW, lambda: (corpus.key("Cert"), "key"))
    for whose in ("client", "pending"):
        _sign(issuer, rules.load_request(corpus.request(whose, "a.example"), "request"))
    crl.following(issuer, [], NOW)


def _request(call: Call) -> None:
    request = rules.load_request(call.data, "file")
    decode.identity(request)
    for ca in _issuers():
        list(not_permitted(request.subject, decode.alternative_names(request), ca.certificate))
        _sign(ca, request)


def _sign(issuer: Issuer, request: x509.CertificateSigningRequest) -> None:
    """Sign a request with every profile that allows it; what is signed must be readable."""
    validity = Validity.starting(NOW, NOW + timedelta(days=1))
    for profile in (LeafProfile(), CAProfile(0)):
        if not list(rules.request(request, profile, issuer.certificate)):
            signed = build.sign(issuer, request, profile, validity)
            build.extensions_left_out(request, signed)
            with _no_refusal("what was signed cannot be read"):
                decode.load_certificate(signed.public_bytes(Encoding.DER), "signed")


def _crl(call: Call) -> None:
    issuer = _issuers()[0]
    found = decode.decode_crl(call.data, "file")
    if any(revocation.unusable(found, "file")):
        return
    after = crl.revoke(issuer, [found], 4711, x509.ReasonFlags.key_compromise, NOW)
    with _no_refusal("a CRL that was written cannot be read"):
        again = decode.decode_crl(after.public_bytes(Encoding.PEM), "file")
    assert crl.entry_of(again, 4711), "what is revoked is not in the CRL"


@contextmanager
def _no_refusal(fault: str) -> Iterator[None]:
    try:
        yield
    except CertstrapError as error:
        raise AssertionError(fault) from error


@cache
def _issuers() -> tuple[Issuer, ...]:
    return (
        _issuer("Cert", corpus.certificate("Cert", ca=True, path_length=1)),
        _issuer("Locked", corpus.certificate("Locked", ca=True, permit="example.com")),
    )


def _issuer(whose: str, data: bytes) -> Issuer:
    certificate = decode.load_certificate(data, "CA")
    return Issuer.of(certificate, "CA", NOW, lambda: (corpus.key(whose), "key"))


_LOADERS: dict[str, Callable[[Call], None]] = {
    "pem": _pem,
    "key": _key,
    "certificate": _certificate,
    "request": _request,
    "crl": _crl,
}
