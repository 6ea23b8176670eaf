"""Renew certificates: the same again with new dates; and put back what a renewal replaced."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from certstrap.errors import (
    CertstrapError,
    NotFoundError,
    RefusedError,
    UnusableFileError,
    WrongPassphraseError,
)
from certstrap.hints import Hint
from certstrap.operations.ca import issuer_of, open_key, usable_ca
from certstrap.pki import crl, key_files, keys, rules
from certstrap.pki.build import Issuer, length_asked_for, successor, successor_of_root
from certstrap.pki.decode import extension, is_ca, path_length_of
from certstrap.pki.findings import Finding, require
from certstrap.pki.issuers import is_issued_by, is_self_signed
from certstrap.pki.keys import (
    CURVES,
    P384,
    RSA_2048,
    SMALLEST_RSA,
    KeySpec,
    PrivateKey,
    kind_of,
    signature_hash,
)
from certstrap.pki.profiles import CAProfile, LeafProfile
from certstrap.pki.validity import BACKDATED, Expiry, Validity
from certstrap.session import CA, Session
from certstrap.store import files
from certstrap.store.archive import Archive, Archived
from certstrap.store.depot import (
    CERTIFICATE,
    CHAIN,
    CRL,
    KEY,
    PKCS8,
    PKCS12,
    REQUEST,
    Authority,
    Depot,
    Entry,
    Name,
)
from certstrap.store.files import EXPORT_MODE, KEY_MODE, PUBLIC_MODE
from certstrap.store.renewal import renewal
from certstrap.store.transaction import Transaction
from certstrap.store.withdrawn import compromised, key_of_ca, revoked

MODES = {  # in the order in which they are written: a key before what depends on it
    KEY: KEY_MODE,
    PKCS8: EXPORT_MODE,
    REQUEST: PUBLIC_MODE,
    CERTIFICATE: PUBLIC_MODE,
    CHAIN: PUBLIC_MODE,
    PKCS12: EXPORT_MODE,
}
_LEGACY = bytes.fromhex("2a864886f70d010c0103")  # pbeWithSHAAnd3-KeyTripleDES-CBC, RFC 7292, C


class NewKey(NamedTuple):
    """A key that takes the place of another: both, and the passphrase that opened the old one."""

    private: PrivateKey
    old: PrivateKey
    secret: bytes


class Change(NamedTuple):
    """A certificate that takes the place of another, and perhaps its key."""

    old: x509.Certificate
    new: x509.Certificate
    key: NewKey | None


def contents(session: Session, entry: Entry, change: Change) -> dict[str, bytes]:
    """Return the new content of the files of ``entry``, by their suffixes, as far as they change.

    Raises:
        CertstrapError: one of them cannot be read or opened, or the chain has no root.
    """
    found = {CERTIFICATE: change.new.public_bytes(Encoding.PEM)}
    if change.key:
        found |= _of_new_key(session, entry, change.key)
    if entry.has(CHAIN) and (old_chain := _chain(entry))[0] == change.old:
        chain = session.depot.chain_of(change.new)
        require(rules.complete(chain, session.depot.root))
        if not is_self_signed(old_chain[-1]):
            chain.pop()
        found[CHAIN] = b"".join(each.public_bytes(Encoding.PEM) for each in chain)
    if entry.has(PKCS12) and (data := _pkcs12(session, entry, change)):
        found[PKCS12] = data
    return found


def put(
    new: Transaction,
    archive: Archive,
    entry: Entry,
    found: dict[str, bytes],
    old: x509.Certificate,
) -> list[str]:
    """Archive the files of ``entry`` and replace them; return where the old ones go.

    Args:
        new: what it is added to.
        archive: where the old ones go.
        entry: whose files.
        found: the new content by suffix.
        old: the certificate that is replaced.
    """
    number = archive.next_number(entry)
    archived = []
    for suffix, mode in MODES.items():
        if suffix in found and entry.has(suffix):
            to = archive.path(entry, number, old.serial_number, suffix)
            new.add(to, files.read(entry.path(suffix), "file", own=True), mode)
            archived.append(to)
    for suffix, mode in MODES.items():
        if suffix in found:
            new.replace(entry.path(suffix), found[suffix], mode)
    return archived


def _of_new_key(session: Session, entry: Entry, key: NewKey) -> dict[str, bytes]:
    found = {KEY: keys.dump(key.private, key.secret, session.rounds)}
    public = key.old.public_key()
    if entry.has(PKCS8):
        old, secret = key_files.load(
            entry.read(PKCS8), entry.path(PKCS8), session.passphrases.opening
        )
        if old.public_key() == public:
            found[PKCS8] = keys.dump_pkcs8(key.private, secret, session.rounds)
    if entry.has(REQUEST):
        request = entry.request()
        if request.public_key() == public:
            found[REQUEST] = _request(request, key.private)
    return found


def _request(old: x509.CertificateSigningRequest, key: PrivateKey) -> bytes:
    """Return a request that asks for what ``old`` does, for another key."""
    builder = x509.CertificateSigningRequestBuilder(old.subject)
    names = extension(old, x509.SubjectAlternativeName)
    if names:
        builder = builder.add_extension(names, critical=not old.subject.rdns)
    return builder.sign(key, signature_hash(key)).public_bytes(Encoding.PEM)


def _chain(entry: Entry) -> list[x509.Certificate]:
    """Return the certificates of an exported chain.

    Raises:
        UnusableFileError: it has none, or one that cannot be read.
    """
    try:
        return x509.load_pem_x509_certificates(entry.read(CHAIN))
    except ValueError as cause:
        again = Hint("Move it away, and write it again", ("certstrap", "export-chain", entry.stem))
        raise UnusableFileError(
            entry.path(CHAIN), "is not a chain of certificates", again
        ) from cause


def _pkcs12(session: Session, entry: Entry, change: Change) -> bytes | None:
    """Return the PKCS#12 file for the new certificate, encrypted as the old one; None if none is.

    Raises:
        CertstrapError: the old one cannot be opened.
    """
    from certstrap.operations.export import encryption_for  # noqa: PLC0415 - rarely needed

    data = entry.read(PKCS12)
    opened, secret = _open_pkcs12(session, data, entry.path(PKCS12))
    if not opened.cert or opened.cert.certificate != change.old:
        return None
    key = change.key.private if change.key and opened.key else opened.key
    encryption = encryption_for(secret, session.rounds, legacy=_LEGACY in data)
    _, *above = session.depot.chain_of(change.new)
    name = opened.cert.friendly_name
    return pkcs12.serialize_key_and_certificates(name, key, change.new, above, encryption)  # type: ignore[arg-type]


def _open_pkcs12(
    session: Session, data: bytes, path: str
) -> tuple[pkcs12.PKCS12KeyAndCertificates, bytes]:
    """Return what is in a PKCS#12 file, and the passphrase that opened it.

    Raises:
        CertstrapError: it cannot be opened.
    """
    key_files.require_quick_pkcs12(data, path)
    for secret in _secrets(session, path):
        try:
            return pkcs12.load_pkcs12(data, secret or None), secret
        except (ValueError, UnsupportedAlgorithm):
            continue
    raise WrongPassphraseError(path, _hint(path))


def _secrets(session: Session, path: str) -> Iterator[bytes]:
    """Yield what may open a PKCS#12 file: nothing, else the passphrase that is asked for."""
    yield b""
    secret = session.passphrases.opening_pkcs12()
    if not secret:
        reason = "is encrypted, and no passphrase was given"
        raise UnusableFileError(path, reason, _hint(path))
    yield secret


def _hint(path: str) -> str:
    return (
        f"It changes together with its certificate: give its passphrase, or move {path} away and "
        "write it again with export-pkcs12."
    )


WITHDRAWN = {"revoked", "compromised-key"}
"""The rules that a certificate violates that is not to be used, and is not renewed unasked."""


def _replace_ca(entry: Entry) -> Hint:
    return Hint(
        "Create a new CA, and move the clients to it",
        ("certstrap", "init", ("--common-name", "NEW")),
        ("certstrap", "bundle", ("--rotate", entry.stem, "NEW")),
    )


class RenewOptions(NamedTuple):
    """How certificates are renewed.

    Attributes:
        new_key: whether they get new keys.
        expiry: their end; None for the length of validity that they have.
    """

    new_key: bool = False
    expiry: Expiry | None = None


class Renewed(NamedTuple):
    """A certificate that took the place of another.

    Attributes:
        entry: its files.
        old: the certificate before.
        certificate: the certificate.
        cut: whether it was to end later than its CA, by more than a minute.
        paths: the files that were replaced.
        archived: where the old ones are.
        crl_ends: when the CRL of a CA is due that could not be renewed along with it, or None.
    """

    entry: Entry
    old: x509.Certificate
    certificate: x509.Certificate
    cut: bool
    paths: tuple[str, ...]
    archived: tuple[str, ...]
    crl_ends: datetime | None = None


class Outcome(NamedTuple):
    """The result of renewing what expires soon.

    Attributes:
        renewed: the certificates.
        skipped: those that are revoked or compromised, and why.
        refused: those that could not be read or renewed and roots that nobody named, and why.
    """

    renewed: list[Renewed]
    skipped: list[tuple[Entry, CertstrapError]]
    refused: list[tuple[Entry, CertstrapError]]


def renew(
    session: Session, new: Transaction, names: Sequence[Name], wanted: RenewOptions
) -> Outcome:
    """Renew certificates by name: all of them or none; CAs before what they issued.

    Raises:
        CertstrapError: one of them cannot be renewed.
    """
    entries = [session.depot.find(name, CERTIFICATE) for name in names]
    found = [(entry, entry.certificate()) for entry in dict.fromkeys(entries)]
    if wanted.new_key:
        _prepare_keys(session, found)
    archive = Archive(session.depot)
    each = (
        _renew(session, new, archive, entry, wanted) for entry in _in_order(session.depot, found)
    )
    return Outcome([renewed for renewed in each if renewed], [], [])


def renew_expiring(
    session: Session, new: Transaction, limit: datetime, wanted: RenewOptions
) -> Outcome:
    """Renew all certificates of the depot that end by ``limit``; CAs before what they issued.

    What cannot be read or renewed is in the result, and does not keep the others from it. So is a
    root, which is renewed only by name: what is renewed here is not reported again until it ends,
    and nobody would notice that the Namespace still has the old one.

    Raises:
        NotFoundError: there is no depot.
    """
    session.depot.require()
    outcome = Outcome([], [], [])
    found = []
    for entry, certificate in session.depot.certificates():
        if isinstance(certificate, CertstrapError):
            outcome.refused.append((entry, certificate))
        elif certificate.not_valid_after_utc <= limit:
            found.append((entry, certificate))
    if wanted.new_key:
        _prepare_keys(session, found)
    archive = Archive(session.depot)
    for entry in _in_order(session.depot, found):
        certificate = entry.certificate()
        try:
            require(_withdrawn(session, entry, certificate))
        except CertstrapError as error:
            is_withdrawn = isinstance(error, RefusedError) and error.rule in WITHDRAWN
            (outcome.skipped if is_withdrawn else outcome.refused).append((entry, error))
            continue
        try:
            _require_no_root(session, entry, certificate)
            renewed = _renew(session, new, archive, entry, wanted, longer=True)
            outcome.renewed.extend([renewed] if renewed else [])
        except CertstrapError as error:
            outcome.refused.append((entry, error))
    return outcome


def _require_no_root(session: Session, entry: Entry, certificate: x509.Certificate) -> None:
    """Refuse to renew a root that nobody named.

    Raises:
        RefusedError: it is one.
    """
    if is_ca(certificate) and is_self_signed(certificate):
        end = certificate.not_valid_after_utc
        verb = "expires" if end >= session.now else "expired"
        raise RefusedError(
            f"{entry.path(CERTIFICATE)} is a root that {verb} on {end:%Y-%m-%d}, and a root is "
            "renewed only by name, as you have to upload it again.",
            Hint(
                "Create a new CA and change over to it with {}; or keep this one: renew it, and "
                "upload it",
                ("certstrap", "renew", entry.stem),
                options=("bundle --rotate",),
            ),
        )


def _prepare_keys(session: Session, found: Iterable[tuple[Entry, x509.Certificate]]) -> None:
    """Generate the new keys of clients at one time; others get none."""
    session.prepare_keys(
        {
            entry.path(KEY): _spec_like(old)
            for entry, old in found
            if entry.has(KEY) and not is_ca(old)
        }
    )


def _in_order(depot: Depot, found: Iterable[tuple[Entry, x509.Certificate]]) -> list[Entry]:
    def place(each: tuple[Entry, x509.Certificate]) -> tuple[bool, int]:
        certificate = each[1]
        if not is_ca(certificate):
            return True, 0
        return False, len(depot.chain_of(certificate))

    return [entry for entry, _ in sorted(found, key=place)]


def _renew(
    session: Session,
    new: Transaction,
    archive: Archive,
    entry: Entry,
    wanted: RenewOptions,
    *,
    longer: bool = False,
) -> Renewed | None:
    """Renew one certificate; nothing of it is added if it is refused.

    Args:
        session: what the command works with.
        new: what it is added to.
        archive: where the old files go.
        entry: whose certificate.
        wanted: how.
        longer: return None if the new certificate would not end later than the old one; refuse it
            if that is for its CA.
    """
    path = entry.path(CERTIFICATE)
    old = entry.certificate()
    if is_ca(old):
        _require_same_key(entry, wanted)
    if not wanted.new_key:
        _require_not_withdrawn(session, entry, old)
        _require_good_key(session, entry, old)
        _require_own_key(entry, old)
    if is_ca(old) and is_self_signed(old):
        return _renew_root(session, new, archive, entry, old, wanted)
    ca = _issuing_ca(session, entry, old)
    require(rules.request(old, _profile(old), ca.certificate, ca.ancestors))
    ends = [ca.certificate, *archive.certificates_of(ca.entry)]
    validity = _validity(session, archive, entry, old, wanted, ends)
    if longer and validity.end <= old.not_valid_after_utc:
        return None
    issuer = issuer_of(session, ca)
    if longer and issuer.validity.end <= old.not_valid_after_utc:
        raise RefusedError(
            f"{path} expires with its CA, and renewing it would not make it valid for longer.",
            renewal(session.depot, ca.certificate, session.now),
        )
    key = _new_key(session, entry, old) if wanted.new_key else None
    public = key.private.public_key() if key else old.public_key()
    assert isinstance(public, keys.PublicKey)  # noqa: S101 - `rules.strong_key` has checked it
    certificate = successor(old, public, issuer, validity, ca.ancestors)
    cut = validity.is_cut_by(issuer.validity)
    renewed = _put(session, new, archive, entry, Change(old, certificate, key), cut=cut)
    if not is_ca(old):
        return renewed
    session.depot.count_renewed(entry, certificate)
    return renewed._replace(crl_ends=_end_of_crl(entry, old))


def _renew_root(
    session: Session,
    new: Transaction,
    archive: Archive,
    entry: Entry,
    old: x509.Certificate,
    wanted: RenewOptions,
) -> Renewed:
    """Renew a root, and its CRL if that was to end with it."""
    path, crl_path = entry.path(CERTIFICATE), entry.path(CRL)
    validity = _validity(session, archive, entry, old, wanted, [])
    key, key_path = open_key(session, entry)
    require(rules.pair(old, path, key, key_path))
    certificate = successor_of_root(old, key, validity)
    issuer = Issuer(certificate, key)
    before = entry.crl(old) if entry.has(CRL) else None
    renewed = _put(session, new, archive, entry, Change(old, certificate, None), cut=False)
    if before is not None and before.next_update_utc == old.not_valid_after_utc:
        pem = crl.following(issuer, before, session.now).public_bytes(Encoding.PEM)
        new.replace(crl_path, pem, PUBLIC_MODE)
        renewed = renewed._replace(paths=(*renewed.paths, crl_path))
    session.depot.count_renewed(entry, certificate)
    return renewed


def _put(
    session: Session, new: Transaction, archive: Archive, entry: Entry, change: Change, *, cut: bool
) -> Renewed:
    found = contents(session, entry, change)
    archived = put(new, archive, entry, found, change.old)
    archive.count_archived(entry, change.old)
    paths = tuple(entry.path(suffix) for suffix in MODES if suffix in found)
    return Renewed(entry, change.old, change.new, cut, paths, tuple(archived))


def _validity(
    session: Session,
    archive: Archive,
    entry: Entry,
    old: x509.Certificate,
    wanted: RenewOptions,
    cas: Iterable[x509.Certificate],
) -> Validity:
    if wanted.expiry:
        return Validity.starting(session.now, wanted.expiry.after(session.now))
    ends = (ca.not_valid_after_utc for ca in cas)
    length = length_asked_for(old, archive.certificates_of(entry), ends)
    start = session.now - BACKDATED
    try:
        end = start + length
    except OverflowError:
        end = crl.NEVER
    return Validity(start, end)


def _require_same_key(entry: Entry, wanted: RenewOptions) -> None:
    if wanted.new_key:
        raise RefusedError(
            f"{entry.stem} is a CA: with a new key, nothing that it issued would be valid.",
            _replace_ca(entry),
        )


def _withdrawn(session: Session, entry: Entry, certificate: x509.Certificate) -> Iterator[Finding]:
    """Yield whether a certificate is revoked, or its key is compromised."""
    path = entry.path(CERTIFICATE)
    session.depot.require_readable_cas()
    chain = session.depot.chain_of(certificate)
    yield from revoked(session.depot, chain[:2], path)
    yield from compromised(session.depot, certificate.public_key(), path)


def _require_not_withdrawn(session: Session, entry: Entry, old: x509.Certificate) -> None:
    for violation in _withdrawn(session, entry, old):
        raise RefusedError(violation.sentence, _way_out(entry, old), violation.rule)


def _require_good_key(session: Session, entry: Entry, old: x509.Certificate) -> None:
    path = entry.path(CERTIFICATE)
    found = list(rules.strong_key(old.public_key(), path))
    if not is_ca(old):
        found += key_of_ca(session.depot, old.public_key(), path)
    for violation in found:
        raise RefusedError(violation.sentence, _way_out(entry, old), violation.rule)


def _require_own_key(entry: Entry, old: x509.Certificate) -> None:
    """Refuse to renew beside another key, with which the new certificate would be of no use.

    A key that is encrypted or cannot be read is not compared: it is not needed.
    """
    path = entry.path(KEY)
    private = None
    with suppress(CertstrapError):
        private, _ = key_files.load(files.read(path, "private key", own=True), path, bytes)
    for violation in rules.pair(old, entry.path(CERTIFICATE), private, path) if private else ():
        raise RefusedError(
            violation.sentence,
            "The certificate keeps the key that it has. Put that key back, or move "
            f"{path} away if the key is elsewhere.",
            violation.rule,
        )


def _way_out(entry: Entry, old: x509.Certificate) -> Hint:
    if is_ca(old):
        return _replace_ca(entry)
    return Hint(
        "If the client may be let in again, give it a new key",
        ("certstrap", "renew", entry.stem, ("--new-key",)),
    )


def _issuing_ca(session: Session, entry: Entry, old: x509.Certificate) -> CA:
    """Return the CA that issued a certificate, by its signature, and may sign.

    Raises:
        RefusedError: it is not in the depot, or may not sign.
        IncompleteError: it is not, and certificates cannot be read.
        NotFoundError: its key is not in the depot.
    """
    found = [*session.depot.issuers.of(old)]
    if not found:
        session.depot.require_all_cas(f"Cannot tell which CA issued {entry.path(CERTIFICATE)}.")
        raise RefusedError(
            f"{entry.path(CERTIFICATE)} was not issued by a CA in {session.depot.root}.",
            "Renew it in the depot of its CA, or import the CA's certificate and key.",
        )

    def place(each: Authority) -> tuple[bool, datetime]:
        return each.entry.has(KEY), each.certificate.not_valid_after_utc

    chosen = max(found, key=place)
    if not chosen.entry.has(KEY):
        raise NotFoundError(
            "private key",
            chosen.entry.path(KEY),
            "Renew the certificate where the key of its CA is.",
        )
    return usable_ca(session, chosen.entry, chosen.certificate)


def _profile(old: x509.Certificate) -> CAProfile | LeafProfile:
    if is_ca(old):
        return CAProfile(path_length_of(old))
    usages = extension(old, x509.ExtendedKeyUsage)
    return LeafProfile(tuple(usages)) if usages else LeafProfile()


def _new_key(session: Session, entry: Entry, old: x509.Certificate) -> NewKey:
    """Return a new key of the kind that the entry has, which is opened.

    Raises:
        NotFoundError: the entry has no key.
        RefusedError: its key is not that of the certificate.
    """
    if not entry.has(KEY):
        raise NotFoundError(
            "private key",
            entry.path(KEY),
            "Create the new key and a request where the client's key is, and sign that.",
        )
    private, secret = entry.key(session.passphrases.opening)
    require(rules.pair(old, entry.path(CERTIFICATE), private, entry.path(KEY)))
    return NewKey(session.new_key(_spec_like(old), entry.path(KEY)), private, secret)


def _spec_like(old: x509.Certificate) -> KeySpec:
    """Return the kind of a new key: that of the old one, if it is strong and can be generated."""
    spec = kind_of(old.public_key())
    if spec and spec.bits:
        bits = spec.bits + -spec.bits % 8  # other sizes are generated smaller
        return KeySpec(bits=bits) if bits >= SMALLEST_RSA else RSA_2048
    return spec if spec and spec.curve in CURVES else P384


def _end_of_crl(entry: Entry, old: x509.Certificate) -> datetime | None:
    """Return when the CRL of an intermediate is due, if it was to end with the old certificate."""
    with suppress(CertstrapError):
        due = entry.crl(old).next_update_utc
        if due and due <= old.not_valid_after_utc:
            return due
    return None


_FROM_CERTIFICATE = (CHAIN, PKCS12)
_AWAY = "Move it out of the archive."


def prune(session: Session, new: Transaction, limit: datetime) -> list[str]:
    """Remove the private keys from the archive that were replaced before ``limit``.

    Returns:
        Their paths.

    Raises:
        CertstrapError: an archived certificate cannot be read, so when it was replaced is unknown.
    """
    session.depot.require()
    paths = sorted(Archive(session.depot).keys_replaced_by(limit))
    for path in paths:
        new.remove(path)
    return paths


def undo(session: Session, new: Transaction, names: Sequence[Name]) -> list[Renewed]:
    """Put back what was archived last of each name, and archive what is there now.

    Undone twice, a renewal is as it was.

    Raises:
        CertstrapError: for one of them there is nothing to put back, or it may not be used.
    """
    entries = dict.fromkeys(session.depot.find(name, CERTIFICATE) for name in names)
    archive = Archive(session.depot)
    return [_undo(session, new, archive, entry) for entry in entries]


def _undo(session: Session, new: Transaction, archive: Archive, entry: Entry) -> Renewed:
    path = entry.path(CERTIFICATE)
    now_there = entry.certificate()
    last = next(iter(archive.of(entry)), None)
    if not last:
        raise RefusedError(
            f"{archive.root} has nothing that took the place of {path}.",
            Hint("Only a renewal can be undone. Renew it", ("certstrap", "renew", entry.stem)),
        )
    source, before = last.paths[CERTIFICATE], last.certificate()
    if (before.subject, before.issuer) != (now_there.subject, now_there.issuer):
        raise RefusedError(
            f"{source} is for another subject, or from another CA, than {path}.",
            "Move it out of the archive.",
        )
    require(rules.valid(before, session.now, source, f"Leave {path} as it is."))
    session.depot.require_readable_cas()
    chain = session.depot.chain_of(before)
    require(revoked(session.depot, chain[:2], source))
    require(compromised(session.depot, before.public_key(), source))
    same_key = before.public_key() == now_there.public_key()
    if not same_key and KEY not in last.paths:
        raise RefusedError(
            f"The archive does not have the key of {source}.",
            "A certificate does not work without its key.",
        )
    for suffix in _FROM_CERTIFICATE if same_key else MODES:
        if entry.has(suffix) and suffix not in last.paths:
            raise RefusedError(
                f"{entry.path(suffix)} is newer than what is put back, and would not belong to it.",
                "Move it away, and create it again afterwards.",
            )
    found = {suffix: last.read(suffix) for suffix in MODES if suffix in last.paths}
    require(_not_belonging(session, last, before, found))
    archived = put(new, archive, entry, found, now_there)
    paths = tuple(entry.path(suffix) for suffix in found)
    return Renewed(entry, now_there, before, cut=False, paths=paths, archived=tuple(archived))


def _not_belonging(
    session: Session, last: Archived, before: x509.Certificate, found: Mapping[str, bytes]
) -> Iterator[Finding]:
    """Yield why archived files must not be put back: they are not what a renewal has replaced.

    Args:
        session: what the command works with; it opens keys that are encrypted.
        last: the archived files.
        before: the certificate among them.
        found: the content of all of them, by suffix.

    Raises:
        CertstrapError: one of them cannot be read.
    """
    source, public = last.paths[CERTIFICATE], before.public_key()
    if not is_self_signed(before) and not any(session.depot.issuers.of(before)):
        session.depot.require_all_cas(f"Cannot tell which CA issued {source}.")
        yield Finding("issuer", f"{source} was not issued by a CA in {session.depot.root}.", _AWAY)
    for suffix in found.keys() & {KEY, PKCS8}:
        path = last.paths[suffix]
        key, _ = key_files.load(found[suffix], path, session.passphrases.opening)
        yield from rules.same_key(key.public_key(), path, public, source)
    if REQUEST in found:
        request = rules.load_request(found[REQUEST], last.paths[REQUEST])
        yield from rules.same_key(request.public_key(), last.paths[REQUEST], public, source)
    if CHAIN in found and not _is_chain_of(before, found[CHAIN], session.depot):
        yield Finding("chain", f"{last.paths[CHAIN]} is not the chain of {source}.", _AWAY)
    if PKCS12 in found:
        path = last.paths[PKCS12]
        opened, _ = _open_pkcs12(session, found[PKCS12], path)
        if not (opened.key and opened.cert and opened.cert.certificate == before):
            yield Finding("pair", f"{path} is not {source} with its key.", _AWAY)
        else:
            yield from rules.same_key(opened.key.public_key(), path, public, source)


def _is_chain_of(leaf: x509.Certificate, data: bytes, depot: Depot) -> bool:
    """Return whether a PEM file has ``leaf``, then the CAs of the depot that issued it."""
    try:
        first, *above = x509.load_pem_x509_certificates(data)
    except ValueError:
        return False
    return first == leaf and all(
        is_issued_by(below, ca)
        and any(
            (ca.subject, ca.public_key()) == (each.certificate.subject, each.key)
            for each in depot.authorities  # it may have been renewed since
        )
        for below, ca in pairwise([first, *above])
    )
