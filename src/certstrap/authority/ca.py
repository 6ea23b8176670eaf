"""Open a CA of the depot: its certificate, the CAs above it, its key, its first CRL."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.authority.plan import Plan
from certstrap.certificates import Issuer, crl, rules
from certstrap.depot import CERTIFICATE, CRL, KEY, Entry
from certstrap.depot.chain import expired, issuers_of, name_of_ca, withdrawn
from certstrap.files import PUBLIC_MODE
from certstrap.keys import PrivateKey
from certstrap.names import Name
from certstrap.shell import option


class CA(NamedTuple):
    """A CA that may sign.

    Attributes:
        entry: its files.
        certificate: its certificate.
        ancestors: the CAs above it, as far as the depot has them; the next one first.
    """

    entry: Entry
    certificate: x509.Certificate
    ancestors: Sequence[x509.Certificate] = ()


def open_ca(plan: Plan, entry: Entry, name: Name | None = None) -> CA:
    """Return a CA of the depot that may sign; its key is not read yet.

    Args:
        plan: where it is kept.
        entry: its files.
        name: the name under which the user asked for it, for the hint that creates it.

    Raises:
        NotFoundError: its certificate is not in the depot.
        RefusedError: it may not sign, or a certificate of its chain is revoked.
    """
    if entry.stem in plan.cas:
        return plan.cas[entry.stem]
    wanted = name.text if name else entry.stem
    certificate = entry.certificate(
        f"Check the name, or create it with: certstrap init {option('--common-name', wanted)}"
    )
    return usable_ca(plan, entry, certificate)


def usable_ca(plan: Plan, entry: Entry, certificate: x509.Certificate) -> CA:
    """Return the CA with that certificate; see `open_ca`."""
    rules.require(rules.ca(certificate, plan.now, entry.path(CERTIFICATE)))
    ancestors = issuers_of(plan.depot, certificate)
    rules.require(expired(ancestors, plan.now))
    rules.require(withdrawn(plan.depot, [certificate, *ancestors], name_of_ca(certificate)))
    ca = plan.cas[entry.stem] = CA(entry, certificate, ancestors)
    return ca


def issuer_of(plan: Plan, ca: CA) -> Issuer:
    """Return a CA with its key, which is opened once a plan.

    Raises:
        NotFoundError: its key is not in the depot.
        RefusedError: it is not the key of its certificate.
    """
    stem = ca.entry.stem
    known = plan.issuers.get(stem)
    if not known or known.certificate != ca.certificate:
        plan.issuers[stem] = Issuer.of(
            ca.certificate, ca.entry.path(CERTIFICATE), plan.now, lambda: open_key(plan, ca.entry)
        )
    return plan.issuers[stem]


def open_key(plan: Plan, entry: Entry) -> tuple[PrivateKey, str]:
    """Return the key of a CA, and its path."""
    return entry.key(plan.passphrases.opening_ca)[0], entry.path(KEY)


def add_missing_crl(plan: Plan, entry: Entry, issuer: Issuer) -> str:
    """Add the first CRL of a CA whose key is open, if it has none; return its path if it is added.

    A CA that may not sign CRLs gets none, and neither does one in a depot that cannot be written.
    """
    path = entry.path(CRL)
    if (
        plan.exists(path)
        or any(rules.crl_issuer(issuer.certificate, entry.stem))
        or not os.access(plan.depot.root, os.W_OK)
    ):
        return ""
    new = crl.empty(issuer, plan.now)
    plan.add_if_missing(path, new.public_bytes(Encoding.PEM), PUBLIC_MODE)
    return path
