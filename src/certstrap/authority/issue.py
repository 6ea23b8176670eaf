"""Issue: do in one step what is missing of a CA, a key, a request and a certificate."""

from datetime import datetime
from typing import NamedTuple

from cryptography import x509

from certstrap.authority.chain import require_not_revoked
from certstrap.authority.create import NewCA, draft_ca, load_issuer
from certstrap.authority.export import pkcs8_as
from certstrap.authority.key_source import Generate, OwnedKey, Passphrases, create
from certstrap.authority.request import NewRequest, common_name_of, draft_request
from certstrap.authority.sign import Signed, certificate_as, certify, choose_ca, is_cut
from certstrap.certificates import CAProfile, LeafProfile, extensions_left_out
from certstrap.depot import CERTIFICATE, KEY, PKCS8, REQUEST, Depot
from certstrap.errors import AlreadyExists, FileExists, Refused
from certstrap.facts import extension, is_ca, is_issued_by, is_self_signed, require_valid
from certstrap.files import NewFile
from certstrap.issuer import Issuer
from certstrap.keys import RSA_2048, RSA_4096, KeySpec, Passphrase, require_strong, spec_of
from certstrap.names import AlternativeNames, Name, Subject
from certstrap.validity import Expiry, Validity

CA_EXPIRY = "18 months"
DEFAULT_CA = "Cert"  # the name of the documented walkthrough


class Issued(NamedTuple):
    """What `issue` made, and where all of it is.

    Attributes:
        ca: the CA, or None if it was there already; so with the next three.
        request: the key and the request.
        signed: the certificate.
        pkcs8: the path of the key as PKCS#8, if it was made now.
        certificate: the certificate, new or not.
        certificate_path: where it is.
        key_path: the key that belongs to it, or empty where the depot has none.
        pkcs8_path: where its PKCS#8 form is, new or not, or empty where the depot has none.
        key_encrypted: whether that key is encrypted.
        ca_path: the CA's certificate.
        ca_is_root: whether it is a root; clients need a chain otherwise.
    """

    ca: NewCA | None
    request: NewRequest | None
    signed: Signed | None
    pkcs8: str | None
    certificate: x509.Certificate
    certificate_path: str
    key_path: str
    pkcs8_path: str
    key_encrypted: bool
    ca_path: str
    ca_is_root: bool


class Wanted(NamedTuple):
    """What `issue` is asked for: for whom, by which CA (empty: the only one), and how.

    ``spec`` is the kind of a new key, and on a curve that of a new CA too; None is RSA 2048.
    """

    name: Name
    ca: str
    names: AlternativeNames
    spec: KeySpec | None
    expiry: Expiry
    pkcs8: bool = False


def issue(
    depot: Depot,
    wanted: Wanted,
    passphrases: Passphrases,
    now: datetime,
    generate: Generate = KeySpec.generate,
) -> Issued:
    """Do what is missing of the way to a certificate; nothing is done twice.

    Args:
        depot: where all of it is kept.
        wanted: what for.
        passphrases: ``opening`` for keys that are encrypted, ``new`` for all that are made.
        now: the instant of all of it.
        generate: makes the keys.

    Raises:
        Refused: a part that is there is not as wanted, or belongs to another.
    """
    try:
        return _issue(depot, wanted, passphrases, now, generate)
    except (AlreadyExists, FileExists):
        with depot.locked():  # until whoever made a part of it meanwhile has made it all
            pass
        return _issue(depot, wanted, passphrases, now, generate)


def _issue(
    depot: Depot,
    wanted: Wanted,
    passphrases: Passphrases,
    now: datetime,
    generate: Generate,
) -> Issued:
    name = wanted.name
    key = _existing_key(depot, wanted, passphrases.opening)
    if depot.has(name, CERTIFICATE):
        return _with_certificate(depot, wanted, key, now)
    new: list[NewFile] = []
    ca, created, issuer = _authority(depot, wanted, passphrases, now, generate, new)
    end = wanted.expiry.after(now)
    requested, request = _request(depot, wanted, key, passphrases, generate, new)
    certificate = certify(depot, issuer, request, LeafProfile(), Validity.starting(now, end))
    path = depot.path(name, CERTIFICATE)
    new.append(certificate_as(path, certificate))
    owned = requested.key if requested else key
    pkcs8 = _pkcs8(depot, wanted, owned, new)
    create(depot, new, "certificate", name)
    signed = Signed(
        path,
        depot.path(name, REQUEST),
        depot.path(ca, KEY),
        certificate,
        is_cut(issuer, end),
        extensions_left_out(request, certificate),
    )
    made = (created, requested, signed, pkcs8)
    return _issued(depot, name, made, certificate, owned, ca, issuer.certificate)


_Made = tuple[NewCA | None, NewRequest | None, Signed | None, str | None]


def _issued(
    depot: Depot,
    name: Name,
    made: _Made,
    certificate: x509.Certificate,
    key: OwnedKey | None,
    ca: Name,
    ca_certificate: x509.Certificate,
) -> Issued:
    """Return what was made, and where that and the rest is now."""
    return Issued(
        *made,
        certificate=certificate,
        certificate_path=depot.path(name, CERTIFICATE),
        key_path=depot.path(name, KEY) if key else "",
        pkcs8_path=depot.path(name, PKCS8) if depot.has(name, PKCS8) else "",
        key_encrypted=bool(key and key.encrypted),
        ca_path=depot.path(ca, CERTIFICATE),
        ca_is_root=is_self_signed(ca_certificate),
    )


def _existing_key(depot: Depot, wanted: Wanted, passphrase: Passphrase) -> OwnedKey | None:
    if not depot.has(wanted.name, KEY):
        return None
    key, secret = depot.key(wanted.name, passphrase)
    require_strong(key.public_key(), depot.path(wanted.name, KEY))
    if wanted.spec not in {None, spec_of(key)}:
        raise Refused(
            f"{depot.path(wanted.name, KEY)} is a key of kind {spec_of(key)}, not {wanted.spec}.",
            "A key that is there is used as it is: leave the option out, or choose another name.",
        )
    return OwnedKey.of(key, secret)


def _with_certificate(depot: Depot, wanted: Wanted, key: OwnedKey | None, now: datetime) -> Issued:
    """Return what is there already; only the PKCS#8 key may be missing."""
    path = depot.path(wanted.name, CERTIFICATE)
    certificate = depot.certificate(wanted.name)
    if is_ca(certificate):
        raise Refused(f"{path} is a CA's certificate.", "Give the client a name of its own.")
    again = "Move it away and run issue again: the same request is signed again."
    require_valid(certificate, now, path, again)
    _require_same(certificate, path, wanted, key)
    chosen = Name(wanted.ca).stems if wanted.ca else ()
    for stem, ca in depot.certificates():
        if (not chosen or stem in chosen) and is_issued_by(certificate, ca):
            require_not_revoked(depot, certificate, path, ca)
            break
    else:
        raise Refused(
            f"{path} is there already, and is not issued by {wanted.ca or 'a CA of this depot'}.",
            "Put the certificate of the CA that issued it beside it, or choose another name.",
        )
    new: list[NewFile] = []
    pkcs8 = _pkcs8(depot, wanted, key, new)
    depot.create(new)
    made = (None, None, None, pkcs8)
    return _issued(depot, wanted.name, made, certificate, key, Name(stem), ca)


def _authority(
    depot: Depot,
    wanted: Wanted,
    passphrases: Passphrases,
    now: datetime,
    generate: Generate,
    new: list[NewFile],
) -> tuple[Name, NewCA | None, Issuer]:
    name = choose_ca(depot, wanted.ca, DEFAULT_CA)
    if name.stem == wanted.name.stem:
        raise Refused(f"{wanted.name} is the name of the CA.", "Give the client a name of its own.")
    if depot.has(name, CERTIFICATE):
        return name, None, load_issuer(depot, name, passphrases, now)
    spec = wanted.spec if wanted.spec and wanted.spec.curve else RSA_4096
    subject, expiry = Subject(common_name=name.text), Expiry.parse(CA_EXPIRY)
    ca, drafted = draft_ca(
        depot, name, subject, spec, CAProfile(), expiry, passphrases, now, generate
    )
    new += drafted
    return name, ca, ca.issuer


def _request(
    depot: Depot,
    wanted: Wanted,
    key: OwnedKey | None,
    passphrases: Passphrases,
    generate: Generate,
    new: list[NewFile],
) -> tuple[NewRequest | None, x509.CertificateSigningRequest]:
    name, path = wanted.name, depot.path(wanted.name, REQUEST)
    if depot.has(name, REQUEST):
        request = depot.request(name)
        _require_same(request, path, wanted, key)
        return None, request
    subject = Subject(common_name=common_name_of(name, wanted.names))
    requested, drafted = draft_request(
        (depot.path(name, KEY), path),
        subject, wanted.names, key or wanted.spec or RSA_2048, passphrases.new, generate,
    )  # fmt: skip
    new += drafted
    return requested, requested.request


def _pkcs8(depot: Depot, wanted: Wanted, key: OwnedKey | None, new: list[NewFile]) -> str | None:
    if not wanted.pkcs8 or depot.has(wanted.name, PKCS8):
        return None
    if not key:
        raise Refused(
            f"{depot.path(wanted.name, KEY)} is not here, so there is no PKCS#8 form of it.",
            "Whoever made the request has the key: run export-pkcs8 there.",
        )
    path = depot.path(wanted.name, PKCS8)
    new.append(pkcs8_as(path, key.private))
    return path


def _require_same(
    found: x509.Certificate | x509.CertificateSigningRequest,
    path: str,
    wanted: Wanted,
    key: OwnedKey | None,
) -> None:
    """Refuse a request or certificate that has other names than those wanted, or another key."""
    names = wanted.names.to_x509()
    if names and {*names} != {*(extension(found, x509.SubjectAlternativeName) or ())}:
        raise Refused(
            f"{path} has other alternative names than those asked for.",
            "What is there is used as it is: leave them out, or choose another name.",
        )
    if key and found.public_key() != key.private.public_key():
        raise Refused(
            f"{path} was made for another key than {wanted.name.stem}{KEY}.",
            "Put back the files that belong together, or choose another name.",
        )
