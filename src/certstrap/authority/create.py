"""Create a CA: its key, its certificate, its first CRL. And the keys that it can have."""

from functools import partial
from typing import NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding

from certstrap import certificates, keys
from certstrap.authority.ca import CA
from certstrap.authority.plan import Plan
from certstrap.certificates import CAProfile, Issuer, crl, rules
from certstrap.depot import CERTIFICATE, CRL, KEY, PKCS8, REQUEST, Entry
from certstrap.depot.compromised import compromised
from certstrap.errors import AlreadyExistsError
from certstrap.files import KEY_MODE, PUBLIC_MODE
from certstrap.keys import KeySpec, Passphrase, PrivateKey
from certstrap.names import Subject
from certstrap.streams import source_of
from certstrap.validity import Expiry, Validity


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
    certificate = certificates.self_sign(private, subject, profile, validity)
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
    return keys.load(plan.read(path, "private key"), source_of(path), passphrase)


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
