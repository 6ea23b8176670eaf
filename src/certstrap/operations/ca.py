"""Create a CA, and open one: its certificate, the CAs above it, its key, its first CRL."""

import os
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.errors import AlreadyExistsError
from certstrap.operations.plan import Plan
from certstrap.pki import build, crl, key_files, keys, rules
from certstrap.pki.build import Issuer
from certstrap.pki.key_files import Passphrase
from certstrap.pki.keys import KeySpec, PrivateKey
from certstrap.pki.names import Subject
from certstrap.pki.profiles import CAProfile
from certstrap.pki.validity import Expiry, Validity
from certstrap.store.chain import expired, issuers_of, name_of_ca, withdrawn
from certstrap.store.compromised import compromised
from certstrap.store.depot import CERTIFICATE, CRL, KEY, PKCS8, REQUEST, Entry, Name
from certstrap.store.files import KEY_MODE, PUBLIC_MODE, source_of
from certstrap.text import option


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


class NewCA(NamedTuple):
    """A CA that was created.

    Attributes:
        ca: the CA.
        encrypted: whether its key is encrypted.
        key_was_there: whether its key existed already, alone, as a killed command leaves it.
    """

    ca: CA
    encrypted: bool
    key_was_there: bool


def create_ca(
    plan: Plan,
    entry: Entry,
    subject: Subject,
    key: KeySpec | str,
    profile: CAProfile,
    expiry: Expiry,
) -> NewCA:
    """Create a root CA.

    Args:
        plan: what it is added to.
        entry: where its files go.
        subject: its distinguished name.
        key: the kind of its new key, or a file with its key, which is copied into the depot.
        profile: its path length and permitted domains.
        expiry: its end, counted from the plan's ``now``.

    A key of the right kind that exists alone is used: a command that was killed leaves one.

    Raises:
        AlreadyExistsError: there is a CA of that name, or another part of one.
        RefusedError: the key is weak or compromised.
    """
    taken = partial(AlreadyExistsError, "CA", entry.stem)
    for suffix in (CERTIFICATE, CRL):
        plan.require_free(entry.path(suffix), taken)
    validity = Validity.starting(plan.now, expiry.after(plan.now))
    lone = lone_key(plan, entry, key) if isinstance(key, KeySpec) else None
    if not lone:
        plan.require_free(entry.path(KEY), taken)
    if lone:
        private, secret = lone
    elif isinstance(key, KeySpec):
        secret = plan.passphrases.new()
        private = plan.generate(key)
    else:
        private, secret = read_key(plan, key, plan.passphrases.opening)
        require_usable(plan, private, source_of(key))
        secret = secret or plan.passphrases.new()
    certificate = build.self_sign(private, subject, profile, validity)
    issuer = Issuer.of(
        certificate, entry.path(CERTIFICATE), plan.now, lambda: (private, entry.path(KEY))
    )
    plan.issuers[entry.stem] = issuer
    revocations = crl.empty(issuer, plan.now)
    if not lone:
        plan.add(entry.path(KEY), keys.dump(private, secret, plan.rounds), KEY_MODE, taken)
    for suffix, new in ((CERTIFICATE, certificate), (CRL, revocations)):
        pem = new.public_bytes(Encoding.PEM)
        plan.add(entry.path(suffix), pem, PUBLIC_MODE, taken)
    ca = plan.cas[entry.stem] = CA(entry, certificate)
    return NewCA(ca, bool(secret), lone is not None)


def read_key(plan: Plan, path: str, passphrase: Passphrase) -> tuple[PrivateKey, bytes]:
    """Return the private key in a file that the user named, and the passphrase that opened it."""
    return key_files.load(plan.read(path, "private key"), source_of(path), passphrase)


def lone_key(plan: Plan, entry: Entry, spec: KeySpec) -> tuple[PrivateKey, bytes] | None:
    """Return the key of an entry that has nothing else, and its passphrase, if it is of that kind.

    A command that was killed after the first of its files leaves such a key, and uses it when it
    is run again.

    Raises:
        RefusedError: it is compromised, or not encrypted although a passphrase was given.
    """
    if not entry.has(KEY) or entry.has(REQUEST, CERTIFICATE, CRL) or is_export(entry):
        return None
    private, secret = entry.key(plan.passphrases.opening)
    if keys.spec_of(private) != spec:
        return None
    plan.passphrases.require_used(entry.path(KEY), secret)
    require_usable(plan, private, entry.path(KEY))
    return private, secret


def is_export(entry: Entry) -> bool:
    """Return whether its key is surely what `export-pkcs8` wrote for another entry."""
    other = entry.stem.removesuffix(PKCS8.removesuffix(KEY))
    return other != entry.stem and Entry(entry.root, other).has(KEY)


def require_usable(plan: Plan, key: PrivateKey, path: str) -> None:
    """Refuse a private key, read from ``path``, that nothing should be created for.

    Raises:
        RefusedError: it is weak or compromised.
    """
    rules.require(rules.strong_key(key.public_key(), path))
    rules.require(compromised(plan.depot, key.public_key(), path))
