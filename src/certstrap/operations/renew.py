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
from certstrap.operations.export import encryption_for
from certstrap.pki import crl, key_files, keys, pem, rules, stores
from certstrap.pki.build import Issuer, length_asked_for, request_for, successor
from certstrap.pki.decode import extension, is_ca, path_length_of
from certstrap.pki.findings import Finding, require
from certstrap.pki.issuers import is_issued_by, is_self_signed
from certstrap.pki.keys import PrivateKey, spec_like
from certstrap.pki.profiles import CAProfile, LeafProfile
from certstrap.pki.validity import BACKDATED, Expiry, Validity
from certstrap.session import CA, Session
from certstrap.store import files
from certstrap.store.archive import Archive, Archived
from certstrap.store.crls import complete_crls_of
from certstrap.store.depot import (
    CERTIFICATE,
    CHAIN,
    CRL,
    KEY,
    PKCS8,
    PKCS12,
    REQUEST,
    DepotFolder,
    Entry,
    Name,
)
from certstrap.store.files import EXPORT_MODE, KEY_MODE, PUBLIC_MODE
from certstrap.store.renewal import can_be_signed, how_to_renew, new_key_hint, with_new_key
from certstrap.store.transaction import Transaction
from certstrap.store.withdrawn import compromised, key_of_ca, revoked, withdrawn

MODES = {  # in the order in which they are written: a key before what depends on it
    KEY: KEY_MODE,
    PKCS8: EXPORT_MODE,
    REQUEST: PUBLIC_MODE,
    CERTIFICATE: PUBLIC_MODE,
    CHAIN: PUBLIC_MODE,
    PKCS12: EXPORT_MODE,
}
_LEGACY = bytes.fromhex("2a864886f70d010c0103")  # pbeWithSHAAnd3-KeyTripleDES-CBC, RFC 7292, C


class Change(NamedTuple):
    """A certificate that takes the place of another, and perhaps its key.

    Attributes:
        secret: the passphrase that opened the old key, if there is a new one.
    """

    old: x509.Certificate
    new: x509.Certificate
    key: PrivateKey | None = None
    secret: bytes = b""


def _contents(session: Session, entry: Entry, change: Change) -> dict[str, bytes]:
    """Return the new content of the files of ``entry``, by suffix, as far as they change."""
    found = {CERTIFICATE: change.new.public_bytes(Encoding.PEM)}
    if change.key:
        found |= _of_new_key(session, entry, change, change.key)
    old_chain = _chain_in(entry.read(CHAIN)) if entry.has(CHAIN) else None
    if old_chain == []:
        again = Hint("Move it away, and write it again", ("certstrap", "export-chain", entry.stem))
        raise UnusableFileError(entry.path(CHAIN), "is not a chain of certificates", again)
    if old_chain and old_chain[0] == change.old:
        chain = session.depot.chain_of(change.new)
        require(rules.complete(chain, session.depot.root))
        if not is_self_signed(old_chain[-1]):
            chain.pop()
        found[CHAIN] = b"".join(each.public_bytes(Encoding.PEM) for each in chain)
    if entry.has(PKCS12) and (data := _pkcs12(session, entry, change)):
        found[PKCS12] = data
    return found


def _of_new_key(
    session: Session, entry: Entry, change: Change, key: PrivateKey
) -> dict[str, bytes]:
    found = {KEY: keys.dump(key, change.secret, session.rounds)}
    before = change.old.public_key()
    if entry.has(PKCS8):
        old, secret = key_files.load(
            entry.read(PKCS8), entry.path(PKCS8), session.passphrases.opening
        )
        if old.public_key() == before:
            found[PKCS8] = keys.dump_pkcs8(key, secret, session.rounds)
    if entry.has(REQUEST):
        request = entry.request()
        if request.public_key() == before:
            names = extension(request, x509.SubjectAlternativeName)
            made = request_for(key, request.subject, names)
            found[REQUEST] = made.public_bytes(Encoding.PEM)
    return found


def _pkcs12(session: Session, entry: Entry, change: Change) -> bytes | None:
    """Return the PKCS#12 file for the new certificate, encrypted as the old one, or None."""
    data = entry.read(PKCS12)
    opened, secret = _open_pkcs12(session, data, entry.path(PKCS12), entry)
    if not opened.cert or opened.cert.certificate != change.old:
        return None
    key = change.key if change.key and opened.key else opened.key
    encryption = encryption_for(secret, session.rounds, legacy=_LEGACY in data)
    _, *above = session.depot.chain_of(change.new)
    name = opened.cert.friendly_name
    return pkcs12.serialize_key_and_certificates(name, key, change.new, above, encryption)  # type: ignore[arg-type]


def _open_pkcs12(
    session: Session, data: bytes, path: str, entry: Entry
) -> tuple[pkcs12.PKCS12KeyAndCertificates, bytes]:
    """Return what is in a PKCS#12 file, and the passphrase that opened it."""
    stores.require_quick(data, path)
    if pem.container_of(data) != pem.PKCS12:
        again = Hint("Move it away, and write it again", ("certstrap", "export-pkcs12", entry.stem))
        raise UnusableFileError(path, "is not a PKCS#12 file", again)
    for passphrase in (bytes, session.passphrases.opening_pkcs12):  # most are not encrypted
        secret = passphrase()
        with suppress(ValueError, UnsupportedAlgorithm):
            return pkcs12.load_pkcs12(data, secret or None), secret
    hint = Hint(
        f"It changes together with its certificate: give its passphrase, or move {path} away and "
        "write it again afterwards",
        ("certstrap", "export-pkcs12", entry.stem),
    )
    if not secret:
        raise UnusableFileError(path, "is encrypted, and no passphrase was given", hint)
    raise WrongPassphraseError(path, hint)


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
        expiry: their end; None for the length of validity that they have.
    """

    new_key: bool = False
    expiry: Expiry | None = None


class Renewed(NamedTuple):
    """A certificate that took the place of another.

    Attributes:
        cut: whether it was to end later than its CA, by more than a minute.
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


class _Renewal(NamedTuple):
    """What renewing works with: the session, what it adds to, where old files go, and how."""

    session: Session
    new: Transaction
    archive: Archive
    wanted: RenewOptions

    def in_order(
        self, found: Sequence[tuple[Entry, x509.Certificate]]
    ) -> list[tuple[Entry, x509.Certificate]]:
        """Return certificates in the order in which they are renewed: CAs before what they issued.

        New RSA keys of clients are generated at one time; a CA gets none.
        """
        clients = [each for each in found if not is_ca(each[1])]
        if self.wanted.new_key:
            with_key = (each for each in clients if each[0].has(KEY))
            specs = {entry.path(KEY): spec_like(old.public_key()) for entry, old in with_key}
            self.session.prepare_keys(specs)
        cas = (each for each in found if is_ca(each[1]))
        chain_of = self.session.depot.chain_of
        return [*sorted(cas, key=lambda each: len(chain_of(each[1]))), *clients]


def renew(
    session: Session, new: Transaction, names: Sequence[Name], wanted: RenewOptions
) -> Outcome:
    """Renew certificates by name: all of them or none; CAs before what they issued."""
    entries = dict.fromkeys(session.depot.find(name, CERTIFICATE) for name in names)
    found = [(entry, entry.certificate()) for entry in entries]
    renewal = _Renewal(session, new, Archive(session.depot), wanted)
    each = (_renew(renewal, entry, old) for entry, old in renewal.in_order(found))
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
    renewal = _Renewal(session, new, Archive(session.depot), wanted)
    for entry, old in renewal.in_order(found):
        try:
            require(_withdrawn(session, old, entry.path(CERTIFICATE)))
            _require_no_root(session, entry, old)
            renewed = _renew(renewal, entry, old, longer=True)
            outcome.renewed.extend([renewed] if renewed else [])
        except CertstrapError as error:
            is_withdrawn = isinstance(error, RefusedError) and error.rule in WITHDRAWN
            (outcome.skipped if is_withdrawn else outcome.refused).append((entry, error))
    return outcome


def _require_no_root(session: Session, entry: Entry, certificate: x509.Certificate) -> None:
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
            )
            if entry.has(KEY)
            else _replace_ca(entry)._replace(
                sentence="Renew it where its key is; or create a new CA, and move the clients to it"
            ),
        )


def _renew(
    renewal: _Renewal, entry: Entry, old: x509.Certificate, *, longer: bool = False
) -> Renewed | None:
    """Renew one certificate; nothing of it is added if it is refused.

    If it must be valid for ``longer``, it is refused where its CA forbids that, and None is
    returned where the old one expires as late as the new one would.
    """
    session, archive, wanted = renewal.session, renewal.archive, renewal.wanted
    path = entry.path(CERTIFICATE)
    if not wanted.new_key:
        _require_good_key(session, entry, old)
    elif is_ca(old):
        raise RefusedError(
            f"{entry.stem} is a CA: with a new key, nothing that it issued would be valid.",
            _replace_ca(entry),
        )
    if is_ca(old) and is_self_signed(old):
        return _renew_root(renewal, entry, old)
    ca = _issuing_ca(session, entry, old)
    ends = [ca.certificate, *archive.certificates_of(ca.entry)]
    validity = _validity(renewal, entry, old, ends)
    if longer and validity.end <= old.not_valid_after_utc:
        return None
    issuer = issuer_of(session, ca)
    if longer and issuer.validity.end <= old.not_valid_after_utc:
        raise RefusedError(
            f"{path} expires with its CA, and renewing it would not make it valid for longer.",
            how_to_renew(session.depot, ca.certificate, session.now),
        )
    key, secret = _new_key(session, entry, old) if wanted.new_key else (None, b"")
    public = key.public_key() if key else old.public_key()
    assert isinstance(public, keys.PublicKey)  # noqa: S101 - `rules.strong_key` has checked it
    change = Change(old, successor(old, public, issuer, validity, ca.ancestors), key, secret)
    found = _contents(session, entry, change)
    renewed = _replace(renewal, entry, change, found, cut=validity.is_cut_by(issuer.validity))
    if not is_ca(old):
        return renewed
    session.depot.count_renewed(entry, change.new)
    return renewed._replace(crl_ends=_end_of_crl(entry, old))


def _renew_root(renewal: _Renewal, entry: Entry, old: x509.Certificate) -> Renewed:
    """Renew a root, and its CRL if that was to end with it."""
    session, crl_path = renewal.session, entry.path(CRL)
    validity = _validity(renewal, entry, old, [])
    key, key_path = open_key(session, entry)
    require(rules.pair(old, entry.path(CERTIFICATE), key, key_path))
    change = Change(old, successor(old, key.public_key(), Issuer(old, key), validity))
    crls = complete_crls_of(session.depot, old)
    renewed = _replace(renewal, entry, change, _contents(session, entry, change))
    if entry in crls and crls[entry].next_update_utc == old.not_valid_after_utc:
        following = crl.following(Issuer(change.new, key), crls.values(), session.now)
        renewal.new.replace(crl_path, following.public_bytes(Encoding.PEM), PUBLIC_MODE)
        renewed = renewed._replace(paths=(*renewed.paths, crl_path))
    session.depot.count_renewed(entry, change.new)
    return renewed


def _replace(
    renewal: _Renewal, entry: Entry, change: Change, found: dict[str, bytes], *, cut: bool = False
) -> Renewed:
    """Archive files of an entry and replace them; ``found`` has their new content by suffix."""
    number = renewal.archive.next_number(entry)
    changed = {suffix: mode for suffix, mode in MODES.items() if suffix in found}
    archived = []
    for suffix, mode in changed.items():
        if entry.has(suffix):
            to = renewal.archive.path(entry, number, change.old.serial_number, suffix)
            renewal.new.add(to, files.read(entry.path(suffix), "file", own=True), mode)
            archived.append(to)
    for suffix, mode in changed.items():
        renewal.new.replace(entry.path(suffix), found[suffix], mode)
    renewal.archive.count_archived(entry, change.old)
    paths = tuple(map(entry.path, changed))
    return Renewed(entry, change.old, change.new, cut, paths, tuple(archived))


def _validity(
    renewal: _Renewal, entry: Entry, old: x509.Certificate, cas: Iterable[x509.Certificate]
) -> Validity:
    """Return the validity that was asked for, else as long as before; one of ``cas`` has cut it."""
    now, wanted = renewal.session.now, renewal.wanted
    if wanted.expiry:
        return Validity.starting(now, wanted.expiry.after(now))
    ends = (ca.not_valid_after_utc for ca in cas)
    length = length_asked_for(old, renewal.archive.certificates_of(entry), ends)
    start = now - BACKDATED
    try:
        end = start + length
    except OverflowError:
        end = crl.NEVER
    return Validity(start, end)


def _withdrawn(session: Session, certificate: x509.Certificate, path: str) -> Iterator[Finding]:
    session.depot.require_readable_cas()
    yield from revoked(session.depot, session.depot.chain_of(certificate)[:2], path)
    stolen = compromised(session.depot, certificate.public_key(), path)
    yield from with_new_key(stolen, session.depot, certificate, path)


def _require_good_key(session: Session, entry: Entry, old: x509.Certificate) -> None:
    """Refuse to keep a key that is weak, compromised, a CA's, or not the one beside it.

    A key that is encrypted or cannot be read is not compared: it is not needed.
    """
    path, key_path, public = entry.path(CERTIFICATE), entry.path(KEY), old.public_key()
    way_out = _way_out(session, entry, old)
    require(_withdrawn(session, old, path), way_out)
    require(rules.strong_key(public, path), way_out)
    if not is_ca(old):
        require(key_of_ca(session.depot, public, path), way_out)
    try:
        data = files.read(key_path, "private key", own=True)
        private, _ = key_files.load(data, key_path, bytes)
    except CertstrapError:
        return
    require(
        rules.pair(old, path, private, key_path),
        "The certificate keeps the key that it has. Put that key back, or move "
        f"{key_path} away if the key is elsewhere.",
    )


def _way_out(session: Session, entry: Entry, old: x509.Certificate) -> Hint | str:
    """Return what to do instead; empty if that is up to whoever has the key of its CA."""
    if is_ca(old):
        return _replace_ca(entry)
    return new_key_hint(entry.stem) if can_be_signed(session.depot, old) else ""


def _issuing_ca(session: Session, entry: Entry, old: x509.Certificate) -> CA:
    """Return the CA that issued a certificate, by its signature, and may sign it again."""
    found = [*session.depot.issuers.of(old)]
    if not found:
        session.depot.require_all_cas(f"Cannot tell which CA issued {entry.path(CERTIFICATE)}.")
        raise RefusedError(
            f"{entry.path(CERTIFICATE)} was not issued by a CA in {session.depot.root}.",
            "Renew it in the depot of its CA, or import the CA's certificate and key.",
        )

    chosen = max(found, key=lambda ca: (ca.entry.has(KEY), ca.certificate.not_valid_after_utc))
    if not chosen.entry.has(KEY):
        raise NotFoundError(
            "private key",
            chosen.entry.path(KEY),
            "Renew the certificate where the key of its CA is.",
        )
    ca = usable_ca(session, chosen.entry, chosen.certificate)
    usages = extension(old, x509.ExtendedKeyUsage)
    leaf = LeafProfile(tuple(usages)) if usages else LeafProfile()
    profile = CAProfile(path_length_of(old)) if is_ca(old) else leaf
    require(rules.request(old, profile, ca.certificate, ca.ancestors))
    return ca


def _new_key(session: Session, entry: Entry, old: x509.Certificate) -> tuple[PrivateKey, bytes]:
    """Return a new key of the kind that the entry has, and the passphrase that opened that."""
    if not entry.has(KEY):
        raise NotFoundError(
            "private key",
            entry.path(KEY),
            "Create the new key and a request where the client's key is, and sign that.",
        )
    private, secret = entry.key(session.passphrases.opening)
    require(rules.pair(old, entry.path(CERTIFICATE), private, entry.path(KEY)))
    return session.new_key(spec_like(old.public_key()), entry.path(KEY)), secret


def _end_of_crl(entry: Entry, old: x509.Certificate) -> datetime | None:
    """Return when the CRL of an intermediate is due, if it was to end with the old certificate.

    Whoever has its key elsewhere renews it.
    """
    with suppress(CertstrapError):
        due = entry.crl().next_update_utc
        if due and due <= old.not_valid_after_utc and entry.has(KEY):
            return due
    return None


_AWAY = "Move it out of the archive."


def prune(session: Session, new: Transaction, limit: datetime) -> list[str]:
    """Remove the private keys from the archive that were replaced before ``limit``.

    Returns their paths, unless an archived certificate cannot be read: then the time is unknown.
    """
    session.depot.require()
    paths = sorted(Archive(session.depot).keys_replaced_by(limit))
    for path in paths:
        new.remove(path)
    return paths


def undo(session: Session, new: Transaction, names: Sequence[Name]) -> list[Renewed]:
    """Put back what was archived last of each name, and archive what is there now.

    Undone twice, a renewal is as it was. If one of them cannot be put back, nothing is.
    """
    entries = dict.fromkeys(session.depot.find(name, CERTIFICATE) for name in names)
    renewal = _Renewal(session, new, Archive(session.depot), RenewOptions())
    return [_undo(renewal, entry) for entry in entries]


def _undo(renewal: _Renewal, entry: Entry) -> Renewed:
    session, archive, path = renewal.session, renewal.archive, entry.path(CERTIFICATE)
    now_there = entry.certificate()
    last = next(iter(archive.of(entry)), None)
    if not last:
        raise RefusedError(
            f"{archive.root} has no older version of {path}.",
            "Only a renewal can be undone.",
        )
    source, before = last.paths[CERTIFICATE], last.certificate()
    if (before.subject, before.issuer) != (now_there.subject, now_there.issuer):
        sentence = f"{source} is for another subject, or from another CA, than {path}."
        raise RefusedError(sentence, _AWAY)
    require(rules.valid(before, session.now, source, f"Leave {path} as it is."))
    session.depot.require_readable_cas()
    require(withdrawn(session.depot, session.depot.chain_of(before), source))
    same_key = before.public_key() == now_there.public_key()
    if not same_key and (is_ca(before) or is_ca(now_there)):
        raise RefusedError(
            f"{source} has another key than {path}: nothing that this CA issued would be valid.",
            _AWAY,
        )
    if not same_key and KEY not in last.paths:
        raise RefusedError(
            f"The archive does not have the key of {source}.",
            "A certificate does not work without its key.",
        )
    for suffix in (CHAIN, PKCS12) if same_key else MODES:
        if entry.has(suffix) and suffix not in last.paths:
            raise RefusedError(
                f"{entry.path(suffix)} is newer than what is put back, and would not belong to it.",
                "Move it away, and create it again afterwards.",
            )
    found = {suffix: last.read(suffix) for suffix in MODES if suffix in last.paths}
    require(_not_belonging(session, entry, last, before, found))
    return _replace(renewal, entry, Change(now_there, before), found)


def _not_belonging(
    session: Session,
    entry: Entry,
    last: Archived,
    before: x509.Certificate,
    found: Mapping[str, bytes],
) -> Iterator[Finding]:
    """Yield why archived files must not be put back: they are not what a renewal has replaced.

    ``before`` is the certificate among them, and ``found`` their content by suffix.
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
    if CHAIN in found and not _is_chain_of(before, _chain_in(found[CHAIN]), session.depot):
        yield Finding("chain", f"{last.paths[CHAIN]} is not the chain of {source}.", _AWAY)
    if PKCS12 in found:
        path = last.paths[PKCS12]
        opened, _ = _open_pkcs12(session, found[PKCS12], path, entry)
        if not (opened.key and opened.cert and opened.cert.certificate == before):
            yield Finding("pair", f"{path} is not {source} with its key.", _AWAY)
        else:
            yield from rules.same_key(opened.key.public_key(), path, public, source)
            above = [each.certificate for each in opened.additional_certs]
            if not _is_chain_of(before, [before, *above], session.depot):
                yield Finding("chain", f"{path} has other CAs than those of {source}.", _AWAY)


def _chain_in(data: bytes) -> list[x509.Certificate]:
    with suppress(ValueError):
        return x509.load_pem_x509_certificates(data)
    return []


def _is_chain_of(leaf: x509.Certificate, chain: list[x509.Certificate], depot: DepotFolder) -> bool:
    """Return whether a chain is ``leaf``, then the CAs of the depot that issued it."""
    return chain[:1] == [leaf] and all(
        is_issued_by(below, ca)
        and any(
            (ca.subject, ca.public_key()) == (each.certificate.subject, each.key)
            for each in depot.authorities  # it may have been renewed since
        )
        for below, ca in pairwise(chain)
    )
