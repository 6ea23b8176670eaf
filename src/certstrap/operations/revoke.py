"""Revoke certificates, renew the dates of CRLs, and join the CRLs of a chain."""

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain as chained
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.errors import CertstrapError, ChooseCAError, RefusedError, attempted
from certstrap.hints import Hint
from certstrap.operations.ca import open_key
from certstrap.pki import crl, pem, rules
from certstrap.pki.build import Issuer
from certstrap.pki.decode import decode_crl, identity, is_ca, validity_of
from certstrap.pki.findings import require
from certstrap.pki.issuers import is_issued_by, is_self_signed, is_signed_by
from certstrap.session import Session
from certstrap.store import withdrawn
from certstrap.store.archive import Archive
from certstrap.store.crls import complete_crls_of
from certstrap.store.depot import CERTIFICATE, CRL, KEY, DepotFolder, Entry, Name
from certstrap.store.files import PUBLIC_MODE
from certstrap.store.renewal import renewal_of_crl
from certstrap.store.transaction import Transaction
from certstrap.text import serial_number

_GONE = Hint(
    "If its file is gone, revoke it where the key of its CA is: in an engine, or in a depot with "
    "{} and {}",
    options=("--serial HEX", "--elsewhere"),
)


class Revoked(NamedTuple):
    """The result.

    Attributes:
        since: since when it was revoked already; None if it was not on that CRL.
        list_path: the list of compromised keys, if its key is on it since now; else empty.
        certificate: what was revoked, if a name was given.
        is_worse: whether it was revoked already, for a reason that is not as bad.
        is_known: whether the depot or its archive has that certificate.
        still_valid: the serial numbers of older certificates of that name that are not revoked.
        unreadable: why older certificates of that name cannot be read, which may be valid.
    """

    crl_path: str
    entries: int
    since: datetime | None
    list_path: str
    certificate: x509.Certificate | None
    reason: x509.ReasonFlags
    is_worse: bool
    is_known: bool
    still_valid: tuple[int, ...]
    unreadable: tuple[CertstrapError, ...]


def revoke(
    session: Session,
    new: Transaction,
    which: Name | int,
    ca: Name | None,
    reason: x509.ReasonFlags,
    *,
    elsewhere: bool = False,
) -> Revoked:
    """Add a certificate to its CA's CRL, which is created if it does not exist; once.

    One that is on it already stays on it, with ``reason`` if that is worse than what it says.

    Args:
        ca: who issued it; None for the only CA of the depot that did.
        elsewhere: whether a serial number is revoked that nothing in the depot has.

    Raises:
        RefusedError: the CA did not issue it, it is the CA itself, its serial number is negative,
            or it is not known.
        ChooseCAError: ``ca`` is None, and more than one CA or none is possible.
    """
    depot, certificate, older = session.depot, None, []
    if isinstance(which, Name):
        named = depot.find(which, CERTIFICATE)
        certificate = named.certificate(_GONE)
        older = [attempted(each.certificate) for each in Archive(depot).of(named)]
        known, serial = [certificate], certificate.serial_number
    else:
        serial = which
        readable = (each for each in _all(depot) if isinstance(each, x509.Certificate))
        known = [each for each in readable if each.serial_number == serial]
    entry = _issuer(depot, certificate) if certificate and not ca else depot.choose_ca(ca)
    issuing, path = entry.certificate(), entry.path(CRL)
    _require_issued(entry, issuing, certificate or serial, known)
    if serial < 0:
        raise RefusedError(
            "A certificate with a negative serial number cannot be put on a CRL.",
            "To lock its holder out, replace the CA that issued it.",
        )
    crls = complete_crls_of(depot, issuing)
    every = crl.newest_first(crls.values())
    before = next(filter(None, (crl.entry_of(each, serial) for each in every)), None)
    if not (known or before or elsewhere):
        _require_known(depot, serial, entry)
    issuer = Issuer.of_crl(issuing, entry.path(CERTIFICATE), lambda: open_key(session, entry))
    list_path = _note_key(session, new, known, issuing) if reason in crl.COMPROMISED else ""
    is_on_it = entry in crls and crl.entry_of(crls[entry], serial) is not None
    unspecified = x509.ReasonFlags.unspecified
    reason_before = (crl.reason_in(before) or unspecified) if before else reason
    is_worse = crl.is_worse(reason, reason_before)
    if not before or is_worse:
        after = crl.revoke(issuer, every, serial, reason, session.now)
    else:
        after = crls[entry] if is_on_it else crl.following(issuer, every, session.now)
        reason = reason_before
    if not is_on_it or is_worse:
        new.replace(path, after.public_bytes(Encoding.PEM), PUBLIC_MODE)
    return Revoked(
        path,
        len(after),
        before.revocation_date_utc if before and is_on_it else None,
        list_path,
        certificate,
        reason,
        is_worse,
        is_known=bool(known),
        still_valid=tuple(
            each.serial_number
            for each in older
            if isinstance(each, x509.Certificate)
            and validity_of(each).state(session.now) != "expired"
            and is_issued_by(each, issuing)
            and not crl.entry_of(after, each.serial_number)
        ),
        unreadable=tuple(each for each in older if isinstance(each, CertstrapError)),
    )


def _require_known(depot: DepotFolder, serial: int, ca: Entry) -> None:
    """Refuse a serial number that no certificate has, unless the key of the CA is elsewhere.

    A mistyped one would leave the certificate valid that was meant, and stay on the CRL for ever.
    """
    if not ca.has(KEY):
        return
    unreadable = [str(found) for found in _all(depot) if isinstance(found, CertstrapError)]
    number = serial_number(serial)
    sentence = f"Nothing in {depot.root} or its archive has the serial number {number}."
    raise RefusedError(
        " ".join((sentence, *unreadable)),
        Hint(
            "Check the number. If it is right and the file of the certificate is elsewhere, add {}",
            options=("--elsewhere",),
        ),
    )


def _all(depot: DepotFolder) -> Iterator[x509.Certificate | CertstrapError]:
    for _, found in chained(depot.certificates(), Archive(depot).certificates()):
        yield found


def _note_key(
    session: Session, new: Transaction, found: Iterable[x509.Certificate], ca: x509.Certificate
) -> str:
    """Put the keys of what ``ca`` issued on the list of compromised keys.

    The path of the list is returned; an empty one if nothing changes.
    """
    before = after = withdrawn.read_list(session.depot)
    for certificate in (each for each in found if is_issued_by(each, ca)):
        after = withdrawn.with_key(after, certificate.public_key(), identity(certificate))
    if after == before:
        return ""
    path = withdrawn.path_of(session.depot)
    new.replace(path, after.encode(errors="surrogateescape"), PUBLIC_MODE)
    return path


def _issuer(depot: DepotFolder, certificate: x509.Certificate) -> Entry:
    issuers = [each.entry for each in depot.issuers.of(certificate)]
    found = [entry for entry in issuers if entry.has(KEY)] or issuers
    if not found:
        depot.require_all_cas("Cannot tell which CA issued that certificate.")
        raise RefusedError(
            f"No CA in {depot.root} issued that certificate.",
            "Revoke it where the key of its CA is.",
        )
    if len(found) > 1:
        raise ChooseCAError(depot.root, [entry.stem for entry in found])
    return found[0]


def _require_issued(
    entry: Entry,
    ca: x509.Certificate,
    which: x509.Certificate | int,
    known: Sequence[x509.Certificate],
) -> None:
    """Refuse what the CA did not issue, and the CA itself; by signature, not by name."""
    require(rules.crl_issuer(ca, entry.stem))
    if (
        (which.public_key(), which.subject) == (ca.public_key(), ca.subject)
        if isinstance(which, x509.Certificate)
        else which == ca.serial_number and is_self_signed(ca)
    ):
        raise RefusedError(
            f"{entry.stem} is the CA itself, and cannot revoke itself.",
            "To retire a root, remove it from every trust store.",
        )
    if known and not any(is_issued_by(certificate, ca) for certificate in known):
        raise RefusedError(
            f"The CA {entry.stem} did not issue that certificate.",
            "Name the CA that did, or leave out --CA.",
        )


class NewCRL(NamedTuple):
    """A CRL that was written."""

    path: str
    crl: x509.CertificateRevocationList
    created: bool


def renew_crl(session: Session, new: Transaction, name: Name, days: int | None = None) -> NewCRL:
    """Write the CRL of a CA with new dates, or the first one if it has none.

    Args:
        days: when its next update is due, counted from now; None for the CA's end.

    Raises:
        RefusedError: it is not a CA's, the CA may not sign CRLs, or its CRL is another CA's.
    """
    entry, certificate = _ca(session, name)
    path = entry.path(CRL)
    issuer = Issuer.of_crl(certificate, entry.path(CERTIFICATE), lambda: open_key(session, entry))
    crls = complete_crls_of(session.depot, certificate)
    end = session.now + timedelta(days=days) if days else None
    following = crl.following(issuer, crls.values(), session.now, end)
    new.replace(path, following.public_bytes(Encoding.PEM), PUBLIC_MODE)
    return NewCRL(path, following, not entry.has(CRL))


def crl_bundle(session: Session, name: Name) -> bytes:
    """Return the CRLs of the CAs above ``name``, and its own if it is a CA; PEM, the root's last.

    Raises:
        RefusedError: the chain does not reach a root, or a CA of it has no CRL that readers accept.
    """
    certificate = session.depot.find(name, CERTIFICATE).certificate()
    chain = session.depot.chain_of(certificate)
    require(rules.complete(chain, session.depot.root))
    cas = chain if is_ca(certificate) else chain[1:]
    return b"".join(_current(session, ca).public_bytes(Encoding.PEM) for ca in cas)


def crl_in_der(session: Session, name: Name) -> bytes:
    """Return the CRL of a CA, as a URL in certificates serves it (RFC 5280, 4.2.1.13).

    Raises:
        RefusedError: it is not a CA's, or the CA has no CRL that readers accept.
    """
    return _current(session, _ca(session, name)[1]).public_bytes(Encoding.DER)


def _ca(session: Session, name: Name) -> tuple[Entry, x509.Certificate]:
    """Return the entry of a CA, and its certificate."""
    entry = session.depot.find(name, CERTIFICATE, ca=True)
    certificate = entry.certificate()
    if not is_ca(certificate):
        raise RefusedError(
            f"{entry.path(CERTIFICATE)} is not a CA's certificate, so it has no CRL.",
            Hint(
                "Name a CA; to write the CRLs of its chain",
                ("certstrap", "crl", entry.stem, ("--bundle",)),
            ),
        )
    return entry, certificate


def _current(session: Session, ca: x509.Certificate) -> x509.CertificateRevocationList:
    """Return the newest CRL that ``ca`` signed, which others of that name must not exceed."""
    found = complete_crls_of(session.depot, ca)
    own = [each for each in found.items() if is_signed_by(each[1], ca)]
    entries = [each.entry for each in session.depot.authorities if each.certificate == ca]
    if not own:
        raise RefusedError(
            f"{rules.name_of_ca(ca)} has no CRL, so programs that check CRLs refuse every client.",
            renewal_of_crl(*entries),
        )
    entry, last = max(own, key=lambda each: crl.age(each[1]))
    due = last.next_update_utc
    if due and due < session.now:
        raise RefusedError(
            f"{entry.path(CRL)} expired on {due:%Y-%m-%d}, so programs that check CRLs refuse "
            "every client.",
            renewal_of_crl(*entries),
        )
    for other, older in found.items():
        if _serials(older) - _serials(last):
            raise RefusedError(
                f"{other.path(CRL)} revokes certificates that {entry.path(CRL)} does not, and "
                "both are CRLs of one CA.",
                renewal_of_crl(*entries, what="Write a new one with all of them"),
            )
    return last


def _serials(of: Iterable[x509.RevokedCertificate]) -> set[int]:
    return {entry.serial_number for entry in of}


def write_crls(session: Session, new: Transaction, path: str, content: bytes) -> str:
    """Write CRLs to a file that the user named; only a file with CRLs alone is replaced.

    What was done is returned; see `Transaction.add_or_replace`.

    Raises:
        RefusedError: the depot keeps the CRL of a CA there, which remembers what was revoked.
    """
    file = os.path.basename(path)
    entry = session.depot.entry(file.removesuffix(CRL))
    if file.endswith(CRL) and session.depot.holds(path) and entry.has(CERTIFICATE):
        raise RefusedError(
            f"{path} is where the depot keeps the CRL of a CA.", "Name a file in another folder."
        )

    def has_only_crls() -> bool:
        data = session.read(path, pem.CRL)
        if pem.is_der(data):
            return not isinstance(attempted(lambda: decode_crl(data, path)), CertstrapError)
        kinds = attempted(lambda: {pem.kind_of(label) for label, _ in pem.blocks(data, path)})
        return kinds == {pem.CRL}

    return new.add_or_replace(path, content, PUBLIC_MODE, has_only_crls)
