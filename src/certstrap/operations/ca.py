"""Create a CA, and open one: its certificate, the CAs above it, its key, its first CRL."""

import os
from functools import partial
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.errors import AlreadyExistsError, RefusedError
from certstrap.hints import Hint
from certstrap.pki import build, crl, key_files, keys, rules, stores
from certstrap.pki.build import Issuer
from certstrap.pki.findings import require
from certstrap.pki.issuers import is_self_signed
from certstrap.pki.key_files import Passphrase, TokenURI
from certstrap.pki.keys import KeySpec, PrivateKey
from certstrap.pki.names import Subject
from certstrap.pki.profiles import CAProfile
from certstrap.pki.urls import NO_URLS, URLs
from certstrap.pki.validity import Expiry, Validity
from certstrap.session import CA, Session
from certstrap.store.crls import complete_crls_of
from certstrap.store.depot import CERTIFICATE, CRL, KEY, PKCS8, REQUEST, URLS, Entry, Name
from certstrap.store.files import EDITED_MODE, KEY_MODE, PUBLIC_MODE, source_of
from certstrap.store.renewal import expired, with_renewal
from certstrap.store.transaction import Transaction
from certstrap.store.withdrawn import compromised, withdrawn


def open_ca(session: Session, entry: Entry, name: Name | None = None) -> CA:
    """Return a CA of the depot that may sign; its key is not read yet.

    Args:
        name: the name under which the user asked for it, for the hint that creates it.

    Raises:
        CertstrapError: its certificate is missing, its URLs cannot be used, or it or a CA above it
            may not sign.
    """
    if entry.stem in session.cas:
        return session.cas[entry.stem]
    wanted = name.text if name else entry.stem
    create = ("certstrap", "init", ("--common-name", wanted))
    missing = session.depot.without_suffix(wanted, CERTIFICATE) or Hint(
        "Check the name, or create it with", create
    )
    ca = usable_ca(session, entry, entry.certificate(missing))
    session.cas[entry.stem] = ca._replace(urls=entry.urls())
    return session.cas[entry.stem]


def usable_ca(session: Session, entry: Entry, certificate: x509.Certificate) -> CA:
    """Return the CA with that certificate; see `open_ca`."""
    found = rules.ca(certificate, session.now, entry.path(CERTIFICATE))
    require(with_renewal(found, session.depot, certificate, session.now))
    chain = session.depot.chain_of(certificate)
    require(expired(session.depot, chain[1:], session.now))
    require(withdrawn(session.depot, chain, rules.name_of_ca(certificate)))
    ca = session.cas[entry.stem] = CA(entry, certificate, chain[1:])
    return ca


def issuer_of(session: Session, ca: CA) -> Issuer:
    """Return a CA with its key, which is opened once a session."""
    stem = ca.entry.stem
    known = session.issuers.get(stem)
    if not known or known.certificate != ca.certificate:
        session.issuers[stem] = Issuer.of(
            ca.certificate,
            ca.entry.path(CERTIFICATE),
            session.now,
            lambda: open_key(session, ca.entry),
        )
    return session.issuers[stem]


def open_key(session: Session, entry: Entry) -> tuple[PrivateKey, str]:
    """Return the key of a CA, and its path.

    Raises:
        NotFoundError: it is elsewhere.
    """
    hint = (
        "Sign and revoke where its key is, in another depot or in an engine such as OpenBao, and "
        f"copy its CRL to {entry.path(CRL)}."
    )
    path, data = entry.path(KEY), entry.read(KEY, hint)
    if uri := TokenURI.in_file(data, path):
        return session.key_in_token(uri), path
    opening = partial(session.passphrases.opening_ca, entry.stem)
    return key_files.load(data, path, opening)[0], path


def add_missing_crl(session: Session, new: Transaction, entry: Entry, issuer: Issuer) -> str:
    """Add the first CRL of a CA whose key is open, if it has none; return its path if it is added.

    A CA that may not sign CRLs gets none, and neither does one in a depot that cannot be written.
    """
    path = entry.path(CRL)
    if (
        new.exists(path)
        or any(rules.crl_issuer(issuer.certificate, entry.stem))
        or not os.access(session.depot.root, os.W_OK)
    ):
        return ""
    before = complete_crls_of(session.depot, issuer.certificate)  # if its files were renamed
    first = crl.following(issuer, before.values(), session.now)
    new.add(path, first.public_bytes(Encoding.PEM), PUBLIC_MODE)
    return path


class TokenKey(NamedTuple):
    """A key in a token, which is to be made there if ``new`` says of which kind."""

    uri: TokenURI
    new: KeySpec | None = None


class NewCA(NamedTuple):
    """A CA that was created.

    Attributes:
        paths: the new files; not its key, if a killed command had left that.
    """

    ca: CA
    encrypted: bool
    paths: tuple[str, ...]


def create_ca(
    session: Session,
    new: Transaction,
    entry: Entry,
    subject: Subject,
    key: KeySpec | str | TokenKey,
    profile: CAProfile,
    expiry: Expiry,
    urls: URLs = NO_URLS,
) -> NewCA:
    """Create a root CA.

    Args:
        key: the kind of its new key, a file with its key, which is copied into the depot, or a key
            in a token, whose URI is all that goes into the depot.
        urls: those of all that it signs.

    A key of the right kind that exists alone is used: a command that was killed leaves one.

    Raises:
        AlreadyExistsError: there is a CA of that name, or another part of one.
        RefusedError: the key is weak or compromised.
    """
    exists_error = partial(AlreadyExistsError, "CA", entry.stem, hint=ca_exists(entry))
    for suffix in (CERTIFICATE, CRL):
        new.require_free(entry.path(suffix), exists_error)
    if urls != entry.urls():  # a command that was killed leaves them too
        new.require_free(entry.path(URLS), exists_error)
    validity = Validity.starting(session.now, expiry.after(session.now))
    leftover = leftover_key(session, entry, key, of_ca=True) if isinstance(key, KeySpec) else None
    if not leftover:
        new.require_free(entry.path(KEY), exists_error)
    private, secret = leftover or _key_of_new_ca(session, entry, key)
    certificate = build.self_sign(private, subject, profile, validity)
    issuer = Issuer.of(
        certificate, entry.path(CERTIFICATE), session.now, lambda: (private, entry.path(KEY))
    )
    session.issuers[entry.stem] = issuer
    before = complete_crls_of(session.depot, certificate)
    revocations = crl.following(issuer, before.values(), session.now)
    uri = key.uri if isinstance(key, TokenKey) else None
    if uri and not is_self_signed(certificate):
        raise RefusedError(
            f"The public key that {uri.place} shows is not that of its private key.",
            "Write the right one there, with the id of the private key.",
        )
    suffixes = [CERTIFICATE, CRL]
    if not leftover:
        suffixes.insert(0, KEY)
        data = uri.content if uri else keys.dump(private, secret, session.rounds)
        new.add(entry.path(KEY), data, KEY_MODE)
    if urls != entry.urls():  # before the certificate, which must not be there without them
        suffixes.append(URLS)
        new.add(entry.path(URLS), urls.text.encode(), EDITED_MODE)
    for suffix, each in ((CERTIFICATE, certificate), (CRL, revocations)):
        new.add(entry.path(suffix), each.public_bytes(Encoding.PEM), PUBLIC_MODE)
    ca = session.cas[entry.stem] = CA(entry, certificate, urls=urls)
    return NewCA(ca, bool(secret), tuple(map(entry.path, suffixes)))


def _key_of_new_ca(
    session: Session, entry: Entry, key: KeySpec | str | TokenKey
) -> tuple[PrivateKey, bytes]:
    """Return the key of a new CA, and its passphrase; see `create_ca`."""
    if isinstance(key, KeySpec):
        secret = session.passphrases.new_ca()
        return session.new_key(key, entry.path(KEY)), secret
    if isinstance(key, TokenKey):
        private, secret = session.key_in_token(key.uri, key.new), b""
        require_usable(session, private, key.uri.text)
        return private, secret
    private, secret = read_key(session, key, session.passphrases.opening)
    require_usable(session, private, source_of(key))
    return private, secret or session.passphrases.new_ca()


def ca_exists(entry: Entry) -> str:
    """Return a hint if an entry is a CA, whose files nobody should move away; else nothing."""
    return f"{entry.stem} is a CA: choose another name." if entry.is_ca else ""


def read_key(session: Session, path: str, passphrase: Passphrase) -> tuple[PrivateKey, bytes]:
    """Return the private key in a file that the user named, and the passphrase that opened it."""
    return stores.load_key(session.read(path, "private key"), source_of(path), passphrase)


def leftover_key(
    session: Session, entry: Entry, spec: KeySpec, *, of_ca: bool = False
) -> tuple[PrivateKey, bytes] | None:
    """Return the key of an entry that has nothing else, and its passphrase, if it is of that kind.

    A command that was killed after the first of its files leaves such a key, and uses it when it
    is run again. It must be usable, and encrypted if a passphrase was given.
    """
    if (
        not session.depot.has(entry, KEY)
        or entry.has(REQUEST, CERTIFICATE, CRL)
        or is_export(entry)
    ):
        return None
    given = session.passphrases
    opening = partial(given.opening_ca, entry.stem) if of_ca else given.opening
    private, secret = entry.key(opening)
    if keys.spec_of(private) != spec:
        return None
    given.require_used(entry.path(KEY), secret, name=entry.stem, of_ca=of_ca)
    require_usable(session, private, entry.path(KEY))
    return private, secret


def is_export(entry: Entry) -> bool:
    """Return whether its key is surely what `export-pkcs8` wrote for another entry."""
    other = entry.stem.removesuffix(PKCS8.removesuffix(KEY))
    return other != entry.stem and Entry(entry.root, other).has(KEY)


def require_usable(session: Session, key: PrivateKey, path: str) -> None:
    """Refuse a private key, read from ``path``, that is weak or compromised."""
    require(rules.strong_key(key.public_key(), path))
    require(compromised(session.depot, key.public_key(), path))
