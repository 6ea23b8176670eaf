"""Issue: create in one step whatever is missing of a CA, a key, a request and a certificate."""

import shlex
from typing import NamedTuple

from cryptography import x509

from certstrap import keys
from certstrap.authority.create import CA, NewCA, create_ca, is_export, open_ca, require_usable
from certstrap.authority.export import add_pkcs8
from certstrap.authority.plan import Plan
from certstrap.authority.request import (
    NewRequest,
    OwnedKey,
    common_name_of,
    request_certificate,
)
from certstrap.authority.sign import Signed, sign
from certstrap.certificates import CAProfile, LeafProfile, rules
from certstrap.certificates.properties import extension, is_ca, is_issued_by, is_self_signed
from certstrap.depot import CERTIFICATE, KEY, PKCS8, REQUEST, Entry
from certstrap.depot.chain import expired, issuers_of, key_of_ca, withdrawn
from certstrap.errors import AlreadyExistsError, ChooseCAError, RefusedError
from certstrap.keys import RSA_2048, RSA_4096, KeySpec, spec_of
from certstrap.names import AlternativeNames, Name, Subject
from certstrap.validity import Expiry

CA_EXPIRY = Expiry.parse("18 months")
DEFAULT_CA = Name.parse("Cert")  # the name in the documented walkthrough


class Wanted(NamedTuple):
    """What `issue` is asked for.

    Attributes:
        name: for whom.
        ca: by which CA; None is the only one of the depot, or a new one.
        names: its alternative names.
        spec: the kind of a new key, and on a curve that of a new CA too; None is RSA 2048.
        expiry: its end; cut to the CA's.
        pkcs8: whether to write the key as PKCS#8 too.
    """

    name: Name
    ca: Name | None
    names: AlternativeNames
    spec: KeySpec | None
    expiry: Expiry
    pkcs8: bool = False


class PKCS8Key(NamedTuple):
    """The PKCS#8 form of a key: its path, and whether it was created now."""

    path: str
    created: bool


class Issued(NamedTuple):
    """What `issue` created, and where everything is.

    Attributes:
        new_ca: the CA if it was created; so with the next two.
        request: the key and the request.
        signed: the certificate.
        certificate: the certificate, new or not.
        entry: its files.
        key: its key, or None if the depot does not have it.
        pkcs8: its key as PKCS#8, if clients are to load that.
        ca: the CA, new or not.
        root_path: the certificate of the root above it, or empty if the depot does not have it.
    """

    new_ca: NewCA | None
    request: NewRequest | None
    signed: Signed | None
    certificate: x509.Certificate
    entry: Entry
    key: OwnedKey | None
    pkcs8: PKCS8Key | None
    ca: CA
    root_path: str

    @property
    def ca_is_root(self) -> bool:
        """Whether the CA is a root; clients need a chain otherwise."""
        return is_self_signed(self.ca.certificate)


def issue(plan: Plan, wanted: Wanted) -> Issued:
    """Create whatever is missing for a certificate; what exists is used as it is.

    All that can be refused without a key is refused before one is opened or generated.

    Raises:
        RefusedError: a part that exists is not as wanted, or belongs to another name.
    """
    entry = plan.depot.place(wanted.name)
    if entry.has(CERTIFICATE):
        return _with_certificate(plan, entry, wanted)
    found = _find_ca(plan, entry, wanted)
    ca = open_ca(plan, found) if found.has(CERTIFICATE) else None
    request = _existing_request(entry, wanted)
    key = _existing_key(plan, entry, wanted)
    if request:
        _require_same_key(request, entry.path(REQUEST), entry, key)
    new_ca = None if ca else _create_ca(plan, found, wanted)
    requested = None if request else _request(plan, entry, wanted, key)
    key = requested.key if requested else key
    ca = new_ca.ca if new_ca else ca
    assert ca  # noqa: S101 - it is one of the two
    request = requested.request if requested else request
    assert request  # noqa: S101 - it is one of the two
    path = entry.path(CERTIFICATE)
    signed = sign(
        plan, ca, request, entry.path(REQUEST), LeafProfile(), wanted.expiry, path,
        AlreadyExistsError("certificate", entry.stem, path),
    )  # fmt: skip
    pkcs8 = _pkcs8(plan, entry, wanted, key, signed.certificate)
    root = _root_path(plan, ca)
    return Issued(new_ca, requested, signed, signed.certificate, entry, key, pkcs8, ca, root)


def _existing_key(plan: Plan, entry: Entry, wanted: Wanted) -> OwnedKey | None:
    if not entry.has(KEY):
        return None
    if is_export(entry) and not entry.has(REQUEST, CERTIFICATE):
        raise RefusedError(
            f"{entry.path(KEY)} is the PKCS#8 form of another key.", "Choose another name."
        )
    key, secret = entry.key(plan.passphrases.opening)
    require_usable(plan, key, entry.path(KEY))
    rules.require(key_of_ca(plan.depot, key.public_key(), entry.path(KEY)))
    if wanted.spec not in {None, spec_of(key)}:
        raise RefusedError(
            f"{entry.path(KEY)} is a key of kind {spec_of(key)}, not {wanted.spec}.",
            "An existing key is used as it is: leave the option out, or choose another name.",
        )
    return OwnedKey(key, bool(secret))


def _with_certificate(plan: Plan, entry: Entry, wanted: Wanted) -> Issued:
    """Return what exists already; only the PKCS#8 key may be missing."""
    path = entry.path(CERTIFICATE)
    certificate = entry.certificate()
    if is_ca(certificate):
        raise RefusedError(f"{path} is a CA's certificate.", "Choose another name for the client.")
    ca_option = f" --CA {shlex.quote(wanted.ca.text)}" if wanted.ca else ""
    again = (
        "Move it away, then sign the same request again with: "
        f"certstrap issue {shlex.quote(wanted.name.text)}{ca_option}"
    )
    rules.require(rules.valid(certificate, plan.now, path, again))
    _require_same_names(certificate, path, wanted)
    ca = _issuer(plan, certificate, path, wanted.ca)
    chain = [certificate, ca.certificate, *ca.ancestors]
    rules.require(expired(chain[1:], plan.now))
    rules.require(withdrawn(plan.depot, chain, path))
    key = _existing_key(plan, entry, wanted)
    _require_same_key(certificate, path, entry, key)
    pkcs8 = _pkcs8(plan, entry, wanted, key, certificate)
    root = _root_path(plan, ca)
    return Issued(None, None, None, certificate, entry, key, pkcs8, ca, root)


def _root_path(plan: Plan, ca: CA) -> str:
    """Return the path of the root's certificate above ``ca``, if the depot has it."""
    root = (ca.certificate, *ca.ancestors)[-1]
    if root == ca.certificate:
        return ca.entry.path(CERTIFICATE) if is_self_signed(root) else ""
    found = (each.entry for each in plan.depot.authorities if each.certificate == root)
    return next(found).path(CERTIFICATE) if is_self_signed(root) else ""


def _issuer(plan: Plan, certificate: x509.Certificate, path: str, ca: Name | None) -> CA:
    """Return the CA that issued an existing certificate."""
    chosen = plan.depot.choose_ca(ca) if ca else None
    for authority in plan.depot.authorities:
        if chosen in {None, authority.entry} and is_issued_by(certificate, authority.certificate):
            ancestors = issuers_of(plan.depot, authority.certificate)
            return CA(authority.entry, authority.certificate, ancestors)
    raise RefusedError(
        f"{path} exists already, and is not issued by {ca or 'a CA of this depot'}.",
        "Add the certificate of the CA that issued it, or choose another name.",
    )


def _find_ca(plan: Plan, entry: Entry, wanted: Wanted) -> Entry:
    """Return the CA that signs, or where a new one goes if the depot has none."""
    try:
        found = plan.depot.choose_ca(wanted.ca)
    except ChooseCAError as error:
        if error.found:
            raise
        found = plan.depot.place(DEFAULT_CA, ca=True)
    if found.stem == entry.stem:
        raise RefusedError(
            f"{wanted.name} is the name of the CA.", "Choose another name for the client."
        )
    return found


def _create_ca(plan: Plan, entry: Entry, wanted: Wanted) -> NewCA:
    name = wanted.ca or DEFAULT_CA
    spec = wanted.spec if wanted.spec and wanted.spec.curve else RSA_4096
    return create_ca(plan, entry, Subject.of(name.common_name), spec, CAProfile(), CA_EXPIRY)


def _existing_request(entry: Entry, wanted: Wanted) -> x509.CertificateSigningRequest | None:
    if not entry.has(REQUEST):
        return None
    request = entry.request()
    _require_same_names(request, entry.path(REQUEST), wanted)
    return request


def _request(plan: Plan, entry: Entry, wanted: Wanted, key: OwnedKey | None) -> NewRequest:
    subject = Subject.of(common_name=common_name_of(wanted.name, wanted.names))
    return request_certificate(plan, entry, subject, wanted.names, key or wanted.spec or RSA_2048)


def _pkcs8(
    plan: Plan,
    entry: Entry,
    wanted: Wanted,
    key: OwnedKey | None,
    certificate: x509.Certificate,
) -> PKCS8Key | None:
    """Return the PKCS#8 form of the key, if clients are to load it; it is created if missing.

    Raises:
        RefusedError: the file that exists has another key.
    """
    path = entry.path(PKCS8)
    if plan.exists(path):
        if not wanted.pkcs8 and not (key and key.encrypted):
            return None
        found, _ = keys.load(entry.read(PKCS8), path, plan.passphrases.opening)
        rules.require(rules.pair(certificate, entry.path(CERTIFICATE), found, path))
        return PKCS8Key(path, created=False)
    if not wanted.pkcs8:
        return None
    if not key:
        raise RefusedError(
            f"{entry.path(KEY)} does not exist, so there is no PKCS#8 form of it.",
            "Run export-pkcs8 where the key is.",
        )
    add_pkcs8(plan, path, key.private)
    return PKCS8Key(path, created=True)


def _require_same_names(
    found: x509.Certificate | x509.CertificateSigningRequest, path: str, wanted: Wanted
) -> None:
    """Refuse a request or certificate that has other names than those wanted."""
    names = wanted.names.to_x509()
    if names and {*names} != {*(extension(found, x509.SubjectAlternativeName) or ())}:
        raise RefusedError(
            f"{path} has other alternative names than those asked for.",
            "What exists is used as it is: leave them out, or choose another name.",
        )


def _require_same_key(
    found: x509.Certificate | x509.CertificateSigningRequest,
    path: str,
    entry: Entry,
    key: OwnedKey | None,
) -> None:
    """Refuse a request or certificate that has another key than the one in the depot."""
    if key and found.public_key() != key.private.public_key():
        raise RefusedError(
            f"{path} was created for another key than {entry.path(KEY)}.",
            "Put back the files that belong together, or choose another name.",
        )
