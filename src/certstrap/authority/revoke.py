"""Revoke a certificate: add it to the CRL of the CA that issued it."""

from datetime import datetime
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.authority.ca import open_key
from certstrap.authority.plan import Plan
from certstrap.certificates import Issuer, crl, rules
from certstrap.certificates.properties import identity, is_issued_by, is_self_signed
from certstrap.depot import CERTIFICATE, CRL, KEY, Depot, Entry, compromised
from certstrap.depot.archive import Archive
from certstrap.errors import ChooseCAError, RefusedError
from certstrap.files import PUBLIC_MODE
from certstrap.names import Name

_COMPROMISED = {x509.ReasonFlags.key_compromise, x509.ReasonFlags.ca_compromise}


class Revoked(NamedTuple):
    """The result.

    Attributes:
        crl_path: the CRL.
        entries: its number of entries.
        since: since when it was revoked already, or None.
        list_path: the list of compromised keys, if its key is on it since now; else empty.
        still_valid: the serial numbers of older certificates of that name that are not revoked.
        certificate: what was revoked, unless only its serial number is known.
    """

    crl_path: str
    entries: int
    since: datetime | None
    list_path: str = ""
    still_valid: tuple[int, ...] = ()
    certificate: x509.Certificate | None = None


def revoke(plan: Plan, which: Name | int, ca: Name | None, reason: x509.ReasonFlags) -> Revoked:
    """Add a certificate to its CA's CRL, which is created if it does not exist; once.

    Args:
        plan: what it is added to.
        which: a name, or the serial number of a certificate whose file is gone.
        ca: who issued it; None for the only CA of the depot that did.
        reason: why.

    Raises:
        RefusedError: the CA did not issue it, it is the CA itself, or its serial number is
            negative.
        ChooseCAError: ``ca`` is None, and more than one CA or none is possible.
    """
    depot = plan.depot
    what = _certificate(depot, which) if isinstance(which, Name) else which
    entry = depot.choose_ca(ca) if ca or isinstance(what, int) else _issuer(depot, what)
    certificate = entry.certificate()
    _require_issued(depot, certificate, entry, what)
    serial = what if isinstance(what, int) else what.serial_number
    if serial < 0:
        raise RefusedError(
            "A certificate with a negative serial number cannot be put on a CRL.",
            "To lock its holder out, replace the CA that issued it.",
        )
    issuer = Issuer.of_crl(certificate, entry.path(CERTIFICATE), lambda: open_key(plan, entry))
    path = entry.path(CRL)
    plan.lock()
    list_path = _note_key(plan, what, certificate) if reason in _COMPROMISED else ""
    old, found = None, what if isinstance(what, x509.Certificate) else None
    if entry.has(CRL):
        old = crl.load(entry.read(CRL), path, issuer.certificate)
        since = crl.revoked_since(old, serial)
        if since:
            others = _still_valid(plan, which, certificate, old)
            return Revoked(path, len(old), since, list_path, others, found)
    new = crl.revoke(issuer, old, serial, reason, plan.now)
    plan.replace(path, new.public_bytes(Encoding.PEM), PUBLIC_MODE)
    others = _still_valid(plan, which, certificate, new)
    return Revoked(path, len(new), None, list_path, others, found)


def _still_valid(
    plan: Plan, which: Name | int, ca: x509.Certificate, after: x509.CertificateRevocationList
) -> tuple[int, ...]:
    """Return the serial numbers of what ``which`` had before it was renewed and is accepted yet."""
    if isinstance(which, int):
        return ()
    entry = plan.depot.find(which, CERTIFICATE)
    return tuple(
        each.serial_number
        for each in Archive(plan.depot).certificates_of(entry)
        if each.not_valid_after_utc >= plan.now
        and is_issued_by(each, ca)
        and not crl.revoked_since(after, each.serial_number)
    )


def _note_key(plan: Plan, which: x509.Certificate | int, ca: x509.Certificate) -> str:
    """Put the key of a certificate of ``ca`` on the list of compromised keys, if it is known.

    Returns the path of the list, or an empty string if nothing changes.
    """
    found = [which] if isinstance(which, x509.Certificate) else _numbered(plan.depot, which)
    before = after = compromised.read(plan.depot)
    for certificate in (each for each in found if is_issued_by(each, ca)):
        after = compromised.with_key(after, certificate.public_key(), identity(certificate))
    if after == before:
        return ""
    path = compromised.path_of(plan.depot)
    plan.replace(path, after.encode(errors="surrogateescape"), PUBLIC_MODE)
    return path


def _numbered(depot: Depot, serial: int) -> list[x509.Certificate]:
    """Return the certificates with that serial number, in the depot or in its archive."""
    every = [*depot.certificates(), *Archive(depot).certificates()]
    return [each for _, each in every if each.serial_number == serial]


def _certificate(depot: Depot, name: Name) -> x509.Certificate:
    gone = "If its file is gone, revoke it by its serial number: --serial HEX."
    return depot.find(name, CERTIFICATE).certificate(gone)


def _issuer(depot: Depot, certificate: x509.Certificate) -> Entry:
    """Return the only CA that issued ``certificate``; one with a key, if there is one."""
    issuers = [
        each.entry for each in depot.authorities if is_issued_by(certificate, each.certificate)
    ]
    found = [entry for entry in issuers if entry.has(KEY)] or issuers
    if not found:
        raise RefusedError(
            f"No CA in {depot.root} issued that certificate.",
            "Revoke it in the depot of its CA.",
        )
    if len(found) > 1:
        raise ChooseCAError(depot.root, [entry.stem for entry in found])
    return found[0]


def _require_issued(
    depot: Depot, ca: x509.Certificate, entry: Entry, which: x509.Certificate | int
) -> None:
    """Refuse what the CA did not issue, and the CA itself; by signature, not by name.

    It comes before the CA's key is read, so that no passphrase is asked for in vain.
    """
    rules.require(rules.crl_issuer(ca, entry.stem))
    if (
        (which.public_key(), which.subject) == (ca.public_key(), ca.subject)
        if isinstance(which, x509.Certificate)
        else which == ca.serial_number and is_self_signed(ca)
    ):
        raise RefusedError(
            f"{entry.stem} is the CA itself, and cannot revoke itself.",
            "To retire a root, remove it from every trust store.",
        )
    known = [which] if isinstance(which, x509.Certificate) else _numbered(depot, which)
    if known and not any(is_issued_by(certificate, ca) for certificate in known):
        raise RefusedError(
            f"The CA {entry.stem} did not issue that certificate.",
            "Name the CA that did, or leave out --CA.",
        )
