"""Revoke a certificate: put it on the CRL of the CA that issued it."""

from datetime import datetime
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap import files, revocation
from certstrap.authority.create import load_issuer
from certstrap.authority.key_source import Passphrases
from certstrap.authority.sign import choose_ca
from certstrap.depot import CRL, Depot
from certstrap.errors import ChooseCA, Refused
from certstrap.facts import extension, is_ca, is_issued_by, is_self_signed, require_ca
from certstrap.files import PUBLIC_MODE, NewFile
from certstrap.names import Name


class Revoked(NamedTuple):
    """What came of it: the CRL, its number of entries, and since when if it was so already."""

    crl_path: str
    entries: int
    since: datetime | None


def revoke(
    depot: Depot,
    which: Name | int,
    ca: str,
    reason: x509.ReasonFlags,
    passphrases: Passphrases,
    now: datetime,
) -> Revoked:
    """Put a certificate on its CA's CRL, which is made if it is missing; once.

    Args:
        depot: where all of it is.
        which: a name, or the serial number of a certificate whose file is gone.
        ca: who issued it; empty for the only CA of the depot that did.
        reason: why.
        passphrases: asked if the CA's key is encrypted.
        now: the instant of revocation.

    Raises:
        Refused: the CA did not issue it, or it is the CA itself.
        ChooseCA: ``ca`` is empty, and more than one CA or none will do.
    """
    gone = "If its file is gone, revoke it by its serial number: --serial HEX."
    what = depot.certificate(which, gone) if isinstance(which, Name) else which
    name = Name(ca) if ca else _only_issuer(depot, what)
    _require_right(depot, depot.certificate(name), name, what)
    issuer = load_issuer(depot, name, passphrases, now)
    serial = what if isinstance(what, int) else what.serial_number
    path = depot.path(name, CRL)
    with depot.locked():
        crl = None
        if depot.has(name, CRL):
            crl = revocation.load(*depot.read(name, CRL), issuer.certificate)
            since = revocation.revoked_since(crl, serial)
            if since:
                return Revoked(path, len(crl), since)
        crl = revocation.revoke(issuer, crl, serial, reason, now)
        new = NewFile(path, crl.public_bytes(Encoding.PEM), PUBLIC_MODE)
        files.write([new], overwrite=True)
    return Revoked(path, len(crl), None)


def _only_issuer(depot: Depot, certificate: x509.Certificate | int) -> Name:
    if isinstance(certificate, int):
        return choose_ca(depot, "")
    issuers = [
        stem for stem, ca in depot.certificates() if is_ca(ca) and is_issued_by(certificate, ca)
    ]
    able = depot.cas()
    found = [stem for stem in issuers if stem in able] or issuers  # its key may be elsewhere
    if not found:
        raise Refused(
            f"No CA in {depot.root} issued that certificate.",
            "Revoke it where its CA is.",
        )
    if len(found) > 1:
        raise ChooseCA(depot.root, found)
    return Name(found[0])


def _numbered(depot: Depot, serial: int) -> list[x509.Certificate]:
    return [found for _, found in depot.certificates() if found.serial_number == serial]


def _require_right(
    depot: Depot, ca: x509.Certificate, name: Name, which: x509.Certificate | int
) -> None:
    """Refuse what the CA did not issue, and the CA itself; by signature, not by name.

    It comes before the CA's key is read, so that nobody types a passphrase for nothing.
    """
    require_ca(ca)
    usage = extension(ca, x509.KeyUsage)
    if usage and not usage.crl_sign:
        raise Refused(f"The CA {name} may not sign CRLs.", "Its key usage says so.")
    if (
        (which.public_key(), which.subject) == (ca.public_key(), ca.subject)
        if isinstance(which, x509.Certificate)
        else which == ca.serial_number and is_self_signed(ca)
    ):
        raise Refused(
            f"{name} is the CA itself, and cannot revoke itself.",
            "A root goes by being taken out of every trust store.",
        )
    known = [which] if isinstance(which, x509.Certificate) else _numbered(depot, which)
    if known and not any(is_issued_by(certificate, ca) for certificate in known):
        raise Refused(
            f"The CA {name} did not issue that certificate.",
            "Name the CA that did, or leave out --CA.",
        )
