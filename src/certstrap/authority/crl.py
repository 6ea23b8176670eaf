"""Renew the dates of CRLs, and join those of a chain."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap import pem
from certstrap.authority.ca import open_key
from certstrap.authority.plan import Plan
from certstrap.certificates import Issuer, crl
from certstrap.certificates.properties import is_ca
from certstrap.depot import CERTIFICATE, CRL
from certstrap.depot.chain import crls_of, issuers_of, name_of_ca, require_root
from certstrap.errors import CertstrapError, PathTakenError, RefusedError
from certstrap.files import PUBLIC_MODE
from certstrap.names import Name
from certstrap.shell import arguments


class NewCRL(NamedTuple):
    """A CRL that was written.

    Attributes:
        path: where it is.
        crl: the CRL.
        created: whether there was none before.
    """

    path: str
    crl: x509.CertificateRevocationList
    created: bool


def renew_crl(plan: Plan, name: Name, days: int | None = None) -> NewCRL:
    """Write the CRL of a CA with new dates, or the first one if it has none.

    Args:
        plan: what it is added to.
        name: the CA.
        days: when its next update is due, counted from the plan's ``now``; None for the CA's end.

    Raises:
        RefusedError: it is not a CA's, the CA may not sign CRLs, or its CRL is another CA's.
    """
    entry = plan.depot.find(name, CERTIFICATE, ca=True)
    certificate, path = entry.certificate(), entry.path(CRL)
    if not is_ca(certificate):
        raise RefusedError(
            f"{entry.path(CERTIFICATE)} is not a CA's certificate, so it has no CRL.",
            "Name a CA; to write the CRLs of its chain: "
            f"certstrap crl {arguments(entry.stem, '--bundle')}",
        )
    issuer = Issuer.of_crl(certificate, entry.path(CERTIFICATE), lambda: open_key(plan, entry))
    plan.lock()
    old = crl.load(entry.read(CRL), path, certificate) if entry.has(CRL) else None
    end = plan.now + timedelta(days=days) if days else None
    new = crl.following(issuer, old, plan.now, end)
    plan.replace(path, new.public_bytes(Encoding.PEM), PUBLIC_MODE)
    return NewCRL(path, new, old is None)


def crl_bundle(plan: Plan, name: Name) -> bytes:
    """Return the CRLs of the CAs above ``name``, and its own if it is a CA; PEM, the root's last.

    Raises:
        RefusedError: the chain does not reach a root, or a CA of it has no CRL that readers accept.
    """
    certificate = plan.depot.find(name, CERTIFICATE).certificate()
    above = issuers_of(plan.depot, certificate)
    require_root(plan.depot, [certificate, *above])
    cas = [certificate, *above] if is_ca(certificate) else above
    return b"".join(_current(plan, ca).public_bytes(Encoding.PEM) for ca in cas)


def _current(plan: Plan, ca: x509.Certificate) -> x509.CertificateRevocationList:
    """Return the CRL of ``ca`` with the highest number.

    Raises:
        RefusedError: there is none, it is past its next update, or another one that the same key
            signed revokes more.
    """
    found = sorted(crls_of(plan.depot, ca), key=lambda each: _age(each[1]))
    shown = name_of_ca(ca)
    command = f"certstrap crl {_shell_name(plan, ca)}"
    if not found:
        hint = f"Make it where the CA's key is: {command}"
        raise RefusedError(f"{shown} has no CRL, and its readers refuse every client.", hint)
    entry, last = found[-1]
    due = last.next_update_utc
    if due and due < plan.now:
        raise RefusedError(
            f"{entry.path(CRL)} ended on {due:%Y-%m-%d}, and its readers refuse every client.",
            f"Renew it where the CA's key is: {command}",
        )
    for other, older in found[:-1]:
        if _serials(older) - _serials(last):
            raise RefusedError(
                f"{other.path(CRL)} revokes certificates that {entry.path(CRL)} does not, and "
                "both are CRLs of one CA.",
                "Revoke them in the newer one too (--serial HEX --CA NAME), then remove the older.",
            )
    return last


def _age(of: x509.CertificateRevocationList) -> tuple[int, datetime]:
    return crl.number_of(of), of.last_update_utc


def _serials(of: Iterable[x509.RevokedCertificate]) -> set[int]:
    return {entry.serial_number for entry in of}


def _shell_name(plan: Plan, ca: x509.Certificate) -> str:
    """Return how the entry of ``ca`` is named on a command line."""
    return next(
        arguments(each.entry.stem) for each in plan.depot.authorities if each.certificate == ca
    )


def write_bundle(plan: Plan, path: str, bundle: bytes) -> None:
    """Write CRLs to a file that the user named; only a file with CRLs alone is replaced.

    Raises:
        PathTakenError: there is a file with anything else.
    """
    if plan.exists(path):
        if not _has_only_crls(plan.read(path, pem.CRL), path):
            raise PathTakenError(path)
        plan.replace(path, bundle, PUBLIC_MODE)
    else:
        plan.add(path, bundle, PUBLIC_MODE)


def _has_only_crls(data: bytes, path: str) -> bool:
    try:
        kinds = {pem.kind_of(label) for label, _ in pem.blocks(data, path)}
    except CertstrapError:
        return False
    return kinds == {pem.CRL}
