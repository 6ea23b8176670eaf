"""Sign a request with a CA of the depot."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.errors import (
    AlreadyExistsError,
    CertstrapError,
    PathTakenError,
    RefusedError,
    attempted,
)
from certstrap.hints import Hint
from certstrap.operations.ca import add_missing_crl, issuer_of, open_ca
from certstrap.pki import build, rules
from certstrap.pki.decode import identity
from certstrap.pki.findings import Finding, require
from certstrap.pki.issuers import is_self_signed
from certstrap.pki.name_constraints import disjoint
from certstrap.pki.path import permitted_usages, shortest_remaining_path_length
from certstrap.pki.profiles import CAProfile, LeafProfile, Profile, usage_name
from certstrap.pki.urls import NO_URLS, URLs
from certstrap.pki.validity import Expiry, Validity
from certstrap.session import CA, Session
from certstrap.store.depot import CERTIFICATE, KEY, REQUEST, DepotFolder, Entry, Name
from certstrap.store.files import PUBLIC_MODE, source_of
from certstrap.store.renewal import can_be_signed
from certstrap.store.transaction import Exists, Transaction
from certstrap.store.withdrawn import compromised, key_of_ca, revoked, withdrawn
from certstrap.text import quoted


class Signed(NamedTuple):
    """A certificate that was signed.

    Attributes:
        path: where it is, or empty.
        cut: whether it was to end later than its CA, by more than a minute.
        left_out: the extensions and names of the request that were not copied.
        excluded: the usages of the profile that a CA above excludes, in words.
        remaining_path_length: how many CAs fit below an intermediate, if its path length allows
            more; or None.
        crl_path: the CA's first CRL, if it had none; else empty.
        disjoint: what an intermediate is permitted and a CA above it, if they share no name.
    """

    path: str
    request_path: str
    ca_key_path: str
    certificate: x509.Certificate
    cut: bool
    left_out: tuple[str, ...]
    excluded: tuple[str, ...] = ()
    remaining_path_length: int | None = None
    crl_path: str = ""
    disjoint: tuple[tuple[str, str], ...] = ()


def sign(
    session: Session,
    new: Transaction,
    ca: CA,
    request: x509.CertificateSigningRequest,
    request_path: str,
    profile: Profile,
    expiry: Expiry,
    path: str,
    urls: URLs = NO_URLS,
) -> Signed:
    """Sign ``request`` with ``ca``, which gets its first CRL if it has none.

    Args:
        expiry: its end, counted from the session's ``now``; cut to the CA's.
        path: where the certificate goes; empty for nowhere.
        urls: those in it; of each kind that is empty, those of the CA.

    Raises:
        RefusedError: the CA may not sign this.
    """
    end = expiry.after(session.now)
    key = request.public_key()
    if isinstance(profile, LeafProfile):
        require(key_of_ca(session.depot, key, request_path))
    require(compromised(session.depot, key, request_path))
    issuer, cas = issuer_of(session, ca), (ca.certificate, *ca.ancestors)
    permitted = permitted_usages(profile.usages, cas)
    validity = Validity.starting(session.now, end)
    urls = urls.or_else(ca.urls)
    certificate = build.sign(issuer, request, profile, validity, ca.ancestors, urls)
    crl_path = add_missing_crl(session, new, ca.entry, issuer)
    if path:
        new.add(path, certificate.public_bytes(Encoding.PEM), PUBLIC_MODE)
    return Signed(
        path,
        request_path,
        ca.entry.path(KEY),
        certificate,
        validity.is_cut_by(issuer.validity),
        build.extensions_left_out(request, certificate),
        tuple(usage_name(usage) for usage in profile.usages if usage not in permitted),
        _remaining_path_length(profile, cas),
        crl_path,
        _disjoint(profile, certificate, cas),
    )


def _remaining_path_length(profile: Profile, cas: Sequence[x509.Certificate]) -> int | None:
    """Return how many CAs fit below a new one of that profile, if that is fewer than it allows."""
    if isinstance(profile, LeafProfile):
        return None
    remaining, allowed = shortest_remaining_path_length(cas), profile.path_length
    if remaining is None or (allowed is not None and allowed < remaining):
        return None
    return remaining - 1


def _disjoint(
    profile: Profile, certificate: x509.Certificate, cas: Sequence[x509.Certificate]
) -> tuple[tuple[str, str], ...]:
    if isinstance(profile, LeafProfile) or not profile.constraints:
        return ()
    return tuple(each for above in cas for each in disjoint(certificate, above))


def sign_request(
    session: Session,
    new: Transaction,
    name: Name,
    ca: Name | None,
    profile: Profile,
    expiry: Expiry,
    *,
    request_file: str = "",
    certificate_file: str | None = "",
    urls: URLs = NO_URLS,
) -> Signed:
    """Sign the request of ``name``.

    Args:
        request_file: the request, if it is not in the depot.
        certificate_file: where the certificate goes, if not into the depot; None for nowhere.
        urls: as in `sign`.

    Raises:
        AlreadyExistsError: the depot has a certificate of that name.
        RefusedError: the CA may not sign, or not this; or a CA is to be signed, and the request
            that the user named has another name in it.
    """
    depot = session.depot
    entry = depot.place(name) if request_file else depot.find(name, REQUEST)
    path = certificate_file or ""
    exists_error: Exists = PathTakenError
    if certificate_file == "":
        path = entry.path(CERTIFICATE)
        hint = _how_to_renew(depot, entry) if isinstance(profile, CAProfile) else ""
        exists_error = partial(AlreadyExistsError, "certificate", entry.stem, hint=hint)
    if path:
        new.require_free(path, exists_error)
    if request_file:
        data = session.read(request_file, "certificate request")
        request = rules.load_request(data, source_of(request_file))
        if isinstance(profile, CAProfile):
            _require_name(name, request, source_of(request_file))
    else:
        create = ("certstrap", "request-cert", ("--common-name", name.text))
        missing = depot.without_suffix(name.text, REQUEST) or Hint("Create it with", create)
        request = entry.request(missing)
    issuing = open_ca(session, depot.choose_ca(ca), ca)
    if entry.has(CERTIFICATE):  # the user named another file for the new one
        require(_revoked_before(depot, entry, request))
    # Nobody types the passphrase of the CA's key for nothing.
    require(rules.request(request, profile, issuing.certificate, issuing.ancestors))
    request_path = source_of(request_file) or entry.path(REQUEST)
    return sign(session, new, issuing, request, request_path, profile, expiry, path, urls)


def _how_to_renew(depot: DepotFolder, entry: Entry) -> Hint | str:
    """Return how to renew the intermediate that an entry has; empty if that cannot be done here."""
    if entry.is_ca:
        old = entry.certificate()
        with suppress(CertstrapError):
            require(withdrawn(depot, depot.chain_of(old), entry.path(CERTIFICATE)))
            if can_be_signed(depot, old) and not is_self_signed(old):
                return Hint(
                    "Choose another name; or renew it, with the key and the CA that it has",
                    ("certstrap", "renew", entry.stem),
                )
    return ""


def _require_name(name: Name, request: x509.CertificateSigningRequest, source: str) -> None:
    found = identity(request)
    if found and not name.stands_for(found):
        raise RefusedError(
            f"{source} is for {quoted(found)}, and {quoted(name.text)} was asked for.",
            "If you mean that CA, use that name.",
        )


def _revoked_before(
    depot: DepotFolder, entry: Entry, request: x509.CertificateSigningRequest
) -> Iterator[Finding]:
    """Yield whether the certificate of ``entry`` has the key of ``request`` and is revoked."""
    found = attempted(entry.certificate)  # one that cannot be read is not needed
    if isinstance(found, x509.Certificate) and found.public_key() == request.public_key():
        yield from revoked(depot, depot.chain_of(found)[:2], entry.path(CERTIFICATE))
