"""What a depot holds, and in which state it is: each CA, and what it issued.

Every file is looked at once, and only what is shown of it is kept, so that a depot may be large.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from sys import intern
from typing import Any, Literal, NamedTuple, Self, TypeVar, get_args

from cryptography import x509

from certstrap.errors import CertstrapError, LaxModeError
from certstrap.hints import Hint
from certstrap.pki import decode, key_files, pem, revocation, rules
from certstrap.pki import path as paths
from certstrap.pki.decode import LoadedCertificate
from certstrap.pki.findings import Finding
from certstrap.pki.issuers import has_supported_signature, is_self_signed
from certstrap.pki.key_files import TokenURI
from certstrap.pki.keys import kind_of
from certstrap.pki.names import name_text
from certstrap.pki.validity import DateState, Validity
from certstrap.store import crls, files, withdrawn
from certstrap.store.crls import FoundCRL
from certstrap.store.depot import (
    CERTIFICATE,
    CHAIN,
    CRL,
    KEY,
    PKCS8,
    PKCS12,
    REQUEST,
    URLS,
    Authority,
    DepotFolder,
    Entry,
)

Kind = Literal["ca", "certificate", "request", "key", "crl", "file"]
KINDS: tuple[Kind, ...] = get_args(Kind)
State = DateState | Literal["revoked", "unknown"]
SOON = timedelta(days=30)


class Item(NamedTuple):
    """The files of one stem.

    Attributes:
        stem: the name of the files, without suffix.
        kind: what they are: a CA or a certificate; else what there is without one: a request, a
            key or a CRL; or a file that cannot be read.
        key: the kind of key, such as ``P-256``; empty if it is not known.
        has_key: whether its private key is in the depot.
        encrypted: whether that is encrypted; None if there is none, or it cannot be read.
        start: when the certificate begins; None without a certificate.
        issuer: the stem of the CA that issued it, its own for a root; empty if it is not here.
        issuer_name: the issuer as the certificate names it, if it is not here.
        revoked: since when it is revoked.
        crl_end: when the CRL next to it ends.
        token: where its key is, if it is in a token, which stays closed.
    """

    stem: str
    kind: Kind = "file"
    key: str = ""
    has_key: bool = False
    encrypted: bool | None = None
    start: datetime | None = None
    end: datetime | None = None
    serial: int | None = None
    issuer: str = ""
    issuer_name: str = ""
    revoked: datetime | None = None
    crl_end: datetime | None = None
    token: TokenURI | None = None
    problems: tuple[Finding, ...] = ()

    def ends_soon(self, now: datetime) -> bool:
        """Return whether its certificate is valid now, and not for long."""
        return bool(self.end and self.end - now < SOON and self.state(now) == "valid")

    def state(self, now: datetime) -> State:
        """Return whether its certificate is good, as far as dates and CRLs say."""
        if self.start is None or self.end is None:
            return "unknown"
        if self.revoked:
            return "revoked"
        return Validity(self.start, self.end).state(now)


class Counts(NamedTuple):
    """How many items there are, how many expire within 30 days or have expired, and problems."""

    names: int
    expiring_soon: int
    expired: int
    problems: int

    @classmethod
    def of(cls, items: Sequence[Item], now: datetime, other_problems: int = 0) -> Self:
        """Count items, and problems that no item has."""
        return cls(
            len(items),
            sum(item.ends_soon(now) for item in items),
            sum(item.state(now) == "expired" for item in items),
            sum(len(item.problems) for item in items) + other_problems,
        )


class Status(NamedTuple):
    """What a depot contained at an instant, and what is wrong with its folder."""

    root: str
    now: datetime
    items: tuple[Item, ...]
    problems: tuple[Finding, ...] = ()

    def only(self, stems: Iterable[str] = (), kind: str = "") -> "Status":
        """Return the same without the items of other names, if some are named, or another kind."""
        wanted = set(stems)
        items = tuple(
            item
            for item in self.items
            if (not wanted or item.stem in wanted) and kind in {"", item.kind}
        )
        return self._replace(items=items)

    def ending_by(self, limit: datetime) -> list[Item]:
        """Return what ends by then and is not revoked; what ends first comes first."""
        found = [item for item in self.items if item.end and item.end <= limit and not item.revoked]
        return sorted(found, key=_by_end)

    def unreadable(self) -> Iterator[Finding]:
        """Yield what cannot be read or does not count, so that nobody knows what it says."""
        everything = chain(self.problems, *(item.problems for item in self.items))
        return (
            finding
            for finding in everything
            if finding.rule in _UNREADABLE and finding.severity == "error"
        )

    def tree(self) -> Iterator[tuple[int, Item]]:
        """Yield each item with its depth: a CA, below it what it issued, what ends first first."""
        stems = {item.stem for item in self.items}
        below: dict[str, list[Item]] = defaultdict(list)
        for item in self.items:
            above = item.issuer if item.issuer in stems else ""
            below["" if above == item.stem else above].append(item)
        shown: set[str] = set()
        yield from _branch(below, "", 0, shown)
        for item in self.items:  # CAs that signed each other, and are below no root
            if item.stem not in shown:
                shown.add(item.stem)
                yield 0, item
                yield from _branch(below, item.stem, 1, shown)


_UNREADABLE = {
    "crl-foreign",
    "crl-incomplete",
    "crl-unreadable",
    "crl-unusable",
    "unfinished",
    "unreadable-certificate",
    "unreadable-compromised-keys",
    "unreadable-key",
    "unreadable-request",
    "unreadable-urls",
}


def _branch(
    below: dict[str, list[Item]], stem: str, depth: int, shown: set[str]
) -> Iterator[tuple[int, Item]]:
    order = _by_kind if not stem else _by_end
    waiting = [(depth, item) for item in sorted(below[stem], key=order, reverse=True)]
    while waiting:  # not recursive: chains may be long
        depth, item = waiting.pop()
        if item.stem in shown:
            continue
        shown.add(item.stem)
        yield depth, item
        if item.kind == "ca":
            children = sorted(below[item.stem], key=_by_end, reverse=True)
            waiting += [(depth + 1, child) for child in children]


def _by_end(item: Item) -> tuple[bool, float, str]:
    return item.end is None, item.end.timestamp() if item.end else 0, item.stem


def _by_kind(item: Item) -> tuple[int, bool, float, str]:
    return (KINDS.index(item.kind), *_by_end(item))


_AT_ONCE = 64  # names
_OWN = (KEY, REQUEST, CERTIFICATE, CRL)
_PRIVATE = {KEY, PKCS8, PKCS12}
_FILES = {  # what they are, and the rule that one violates that cannot be read
    KEY: (pem.PRIVATE_KEY, "unreadable-key"),
    PKCS8: (pem.PRIVATE_KEY, "unreadable-key"),
    PKCS12: (pem.PKCS12, "unreadable-key"),
    REQUEST: (pem.REQUEST, "unreadable-request"),
    CERTIFICATE: (pem.CERTIFICATE, "unreadable-certificate"),
    CHAIN: (pem.CERTIFICATE, "unreadable-certificate"),
}

_Value = TypeVar("_Value")

Progress = Callable[[int, int], None]
"""Called with how many names of how many have been looked at."""


def look(
    depot: DepotFolder, now: datetime, progress: Progress = lambda _done, _total: None
) -> Status:
    """Return what a depot contains, and report the progress.

    Raises:
        NotFoundError: there is no such folder.
        StorageError: it cannot be listed.
    """
    depot.require()
    return _Look(depot, now).all(progress)


class _Look:
    def __init__(self, depot: DepotFolder, now: datetime) -> None:
        self.depot, self.now = depot, now
        self.shared = os.path.isdir(depot.root) and files.is_shared(depot.root)
        self.group_enters = files.can_be_entered(depot.root)
        self.stems = {
            suffix: {entry.stem for entry in depot.with_suffix(suffix)}
            for suffix in (*_OWN, PKCS12, CHAIN, URLS)
        }
        self.stems[CHAIN] -= _without(_CHAIN_STEM, self.stems[CERTIFICATE])  # not of their own
        self.stems[PKCS8] = _without(_PKCS8_STEM, self.stems[KEY])
        unsigned = self.stems[REQUEST] - self.stems[CERTIFICATE]
        self.unsigned = {depot.entry(stem).path(REQUEST) for stem in unsigned}
        self.cas = {ca.entry.stem: ca.certificate for ca in depot.authorities}
        self.ends = {stem: ca.not_valid_after_utc for stem, ca in self.cas.items()}
        self.revoked: dict[str, dict[int, datetime]] = {}
        self.crl_ends: dict[str, datetime] = {}
        self.limited: dict[str, bool] = {}
        self.problems: dict[str, list[Finding]] = defaultdict(list)
        self.compromised: set[str] = set()
        self.encrypted: set[str] = set()  # paths
        self.tokens: dict[str, TokenURI] = {}  # by the paths of the keys in them
        self.wrong_list: list[Finding] = []
        try:
            self.compromised = withdrawn.fingerprints(depot)
        except CertstrapError as error:
            self.wrong_list.append(Finding("unreadable-compromised-keys", str(error), error.hint))

    def all(self, progress: Progress) -> Status:
        wrong: dict[Entry, Finding] = {}
        for stem, ca in self.cas.items():
            speaking = crls.crls_of(self.depot, ca)
            self.revoked[stem] = revocation.revocations(crls.revoking(speaking))
            wrong |= {each.entry: each.problem for each in speaking if each.problem}
        for found in crls.found_crls(self.depot):
            self.problems[found.entry.stem] += self._crl(found, wrong.get(found.entry))
        own = set().union(*(self.stems[suffix] for suffix in _OWN))
        stems = sorted(stem for stem in own if not self._is_export(stem))
        items: list[Item] = []
        for at in range(0, len(stems), _AT_ONCE):
            progress(at, len(stems))
            items += self._items(stems[at : at + _AT_ONCE])
        for stem in sorted((self.stems[PKCS8] | self.stems[PKCS12]) - own):
            problems = tuple(self._exports(self.depot.entry(stem), None, ""))
            if problems:
                items.append(Item(stem, problems=problems))
        return Status(self.depot.root, self.now, tuple(items), tuple(self._folder()))

    def _is_export(self, stem: str) -> bool:
        """Return whether these files are ``NAME.pkcs8.key`` alone."""
        others = (self.stems[suffix] for suffix in (REQUEST, CERTIFICATE, CRL))
        return stem.endswith(_PKCS8_STEM) and not any(stem in each for each in others)

    def _folder(self) -> Iterator[Finding]:
        if self.shared:
            yield Finding(
                "shared-depot",
                f"Others can write to {self.depot.root}.",
                files.restricting(self.depot.root),
            )
        yield from self.wrong_list
        if os.path.lexists(self.depot.archive):
            try:
                files.require_own_folder(self.depot.archive)
            except CertstrapError as error:
                yield Finding("foreign-archive", str(error), error.hint)
        for folder in filter(files.has_temporary, (self.depot.root, self.depot.archive)):
            yield Finding(
                "temporary-file",  # those that can be removed are
                f"{folder} has a temporary file, which may hold a private key: a command writes at "
                "this moment, or was killed.",
                "Run this again; if it stays, run a command as the user who ran that one.",
                "warning",
            )
        for journal in files.journals(self.depot.root):  # those that can be finished are
            yield Finding(
                "unfinished",
                f"{journal} is there: a command replaces files at this moment, or was killed.",
                "Run this again; if it stays, run a command as the user who ran that one.",
            )

    def _crl(self, found: FoundCRL, problem: Finding | None) -> Iterator[Finding]:
        """Yield what is wrong with a CRL, ``problem`` first; take note of when it ends."""
        crl, problem = found.crl, problem or found.problem
        if problem or crl is None:
            yield from filter(None, [problem])
        elif not found.signers:
            sentence = revocation.foreign(crl, found.path, self.cas.values(), "a CA in this depot")
            yield Finding("crl-foreign", sentence, severity="warning")
        else:
            yield from crls.dates(found, crl, self.now)
            yield from crls.signature(found, crl)
            if crl.next_update_utc:
                self.crl_ends[found.entry.stem] = crl.next_update_utc

    def _items(self, stems: Sequence[str]) -> list[Item]:
        """Return some items; work of one kind done at a time takes a third less time."""
        entries = [self.depot.entry(stem) for stem in stems]
        problems = [self.problems.pop(stem, []) for stem in stems]
        certificates = self._all(CERTIFICATE, entries, problems, _certificate)
        issuers = [
            next(self.depot.issuers.of(each), None) if each else None for each in certificates
        ]
        requested = self._all(REQUEST, entries, problems, self._request)
        private = self._all(KEY, entries, problems, self._opened)
        return list(map(self._item, entries, problems, certificates, issuers, requested, private))

    def _all(
        self,
        suffix: str,
        entries: Sequence[Entry],
        problems: Sequence[list[Finding]],
        decoded: Callable[[bytes, str, list[Finding]], _Value | None],
    ) -> list[_Value | None]:
        """Return what is in the files with a suffix: None for one that is missing or unreadable."""
        contents = list(map(partial(self._content, suffix), entries, problems))
        values: list[_Value | None] = []
        for entry, content, found in zip(entries, contents, problems, strict=True):
            value = None
            try:
                if content is not None:
                    value = decoded(content, entry.path(suffix), found)
            except CertstrapError as error:
                found.append(Finding(_FILES[suffix][1], str(error), error.hint))
            values.append(value)
        return values

    def _content(
        self, suffix: str, entry: Entry, problems: list[Finding], *, lax: bool = False
    ) -> bytes | None:
        """Return the content of a file, if there is one that can be read."""
        if entry.stem not in self.stems[suffix]:
            return None
        path, (kind, rule) = entry.path(suffix), _FILES[suffix]
        private = suffix in _PRIVATE and not lax
        try:
            data = files.read(path, kind, private=private, own=self.shared)
        except LaxModeError as error:
            problems.append(Finding("lax-mode", str(error), error.hint))
            return self._content(suffix, entry, problems, lax=True)
        except CertstrapError as error:
            problems.append(Finding(rule, str(error), error.hint))
            return None
        problems += files.readable_by_group(path) if private and self.group_enters else ()
        return data

    def _item(
        self,
        entry: Entry,
        problems: list[Finding],
        certificate: x509.Certificate | None,
        issuer: Authority | None,
        requested: object | None,
        private: object | None,
    ) -> Item:
        stem, key_path = entry.stem, entry.path(KEY)
        public = certificate.public_key() if certificate else None
        expected, other = (public, CERTIFICATE) if public else (requested, REQUEST)
        if public and requested:
            problems += _apart(entry, requested, REQUEST, public, CERTIFICATE)
        if private and expected:
            problems += _apart(entry, private, KEY, expected, other)
        if self.compromised:
            found = {CERTIFICATE: public, REQUEST: requested, KEY: private}
            problems += self._compromised(entry, found)
        problems += self._exports(entry, expected, other)
        problems += self._urls(entry) if stem in self.stems[URLS] else ()
        item = Item(
            stem,
            self._kind(stem),
            _kind_of(expected or private),
            stem in self.stems[KEY],
            True if key_path in self.encrypted else False if private else None,
            crl_end=self.crl_ends.get(stem),
            token=self.tokens.get(key_path),
        )
        if certificate:
            path = entry.path(CERTIFICATE)
            problems += self._chain(entry, certificate) if stem in self.stems[CHAIN] else ()
            problems += [*rules.key(certificate, path), *rules.signature(certificate, path)]
            if issuer and self._is_limited(issuer):
                problems += self._not_permitted(certificate, path)
            item = self._issued(item, certificate, issuer, path, problems)
        return item._replace(problems=tuple(problems)) if problems else item

    def _is_limited(self, issuer: Authority) -> bool:
        """Return whether a CA, or one above it, restricts usages or requires a policy."""
        stem = issuer.entry.stem
        if stem not in self.limited:
            self.limited[stem] = any(
                paths.usages_of(ca) is not None or decode.extension(ca, x509.PolicyConstraints)
                for ca in self.depot.chain_of(issuer.certificate)
            )
        return self.limited[stem]

    def _not_permitted(self, certificate: x509.Certificate, path: str) -> list[Finding]:
        """Return why the CAs above do not permit a certificate; one path that does is enough."""
        found: list[Finding] = []
        for above in self.depot.issuers.paths(certificate):
            chain = [LoadedCertificate(certificate, path)]
            chain += [LoadedCertificate(ca.certificate, ca.entry.path(CERTIFICATE)) for ca in above]
            found = [*paths.usages(chain), *paths.policies(chain)]
            if not found:
                break
        return found

    def _compromised(self, entry: Entry, found: dict[str, Any]) -> Iterator[Finding]:
        """Yield which of the keys in these files are compromised; each key once."""
        seen: list[object] = []
        for suffix, key in found.items():
            if key is not None and key not in seen:
                seen.append(key)
                yield from withdrawn.on_list(self.compromised, key, entry.path(suffix))

    def _kind(self, stem: str) -> Kind:
        if stem in self.stems[CERTIFICATE]:
            return "ca" if stem in self.ends else "certificate"
        if stem in self.stems[REQUEST]:
            return "request"
        return "key" if stem in self.stems[KEY] else "crl"

    def _request(self, data: bytes, path: str, problems: list[Finding]) -> object:
        if path not in self.unsigned:
            return decode.key_of_request(data, path)
        request = decode.decode_request(data, path)
        problems += rules.request_itself(request, path)  # somebody is still to sign it
        return request.public_key()

    def _opened(self, data: bytes, path: str, problems: list[Finding]) -> object | None:
        if uri := TokenURI.in_file(data, path):
            self.tokens[path] = uri
            return None
        private, encrypted = key_files.opened(data, path, bytes)
        if encrypted:
            self.encrypted.add(path)
            if key_files.is_malformed(data):
                sentence = (
                    f"{path} has the malformed encoding of certstrap 1.3.0, which other programs "
                    "cannot read."
                )
                problems.append(Finding("malformed-key", sentence))
        return private.public_key() if private else None

    def _exports(self, entry: Entry, expected: object, other: str) -> list[Finding]:
        """Return what is wrong with exported keys, which belong to the file with suffix ``other``.

        What is encrypted stays closed.
        """
        problems: list[Finding] = []
        for suffix, decoded in ((PKCS8, self._opened), (PKCS12, _key_of_pkcs12)):
            if entry.stem in self.stems[suffix]:
                [private] = self._all(suffix, [entry], [problems], decoded)
                if private and expected:
                    problems += _apart(entry, private, suffix, expected, other)
        return problems

    @staticmethod
    def _urls(entry: Entry) -> Iterator[Finding]:
        """Yield why the URLs of what a CA signs cannot be used."""
        try:
            entry.urls()
        except CertstrapError as error:
            yield Finding("unreadable-urls", str(error), error.hint)

    def _chain(self, entry: Entry, certificate: x509.Certificate) -> list[Finding]:
        """Return whether an exported chain cannot be read, or is that of an older certificate."""
        problems: list[Finding] = []
        [first] = self._all(CHAIN, [entry], [problems], _certificate)
        if first and first.subject == certificate.subject and first != certificate:
            sentence = (
                f"{entry.path(CHAIN)} does not begin with the certificate in "
                f"{entry.path(CERTIFICATE)}."
            )
            command = ("certstrap", "export-chain", entry.stem)
            hint = Hint("Move it away, and write it again", command)
            problems.append(Finding("chain", sentence, hint))
        return problems

    def _issued(
        self,
        item: Item,
        certificate: x509.Certificate,
        issuer: Authority | None,
        path: str,
        problems: list[Finding],
    ) -> Item:
        end, serial = certificate.not_valid_after_utc, certificate.serial_number
        item = item._replace(start=certificate.not_valid_before_utc, end=end, serial=serial)
        if not issuer and is_self_signed(certificate):
            return item._replace(issuer=item.stem)
        if not issuer:
            name = name_text(certificate.issuer)
            if has_supported_signature(certificate):
                sentence = f'{path} was issued by "{name}", which is not in this depot.'
                problems.append(Finding("issuer-missing", sentence, rules.ADD_ISSUER))
            return item._replace(issuer_name=name)
        stem = issuer.entry.stem
        if issuer.certificate == certificate:
            return item._replace(issuer=item.stem)
        if end > self.ends[stem]:
            sentence = (
                f"{path} expires on {end:%Y-%m-%d}, after its CA, {stem}, which expires on "
                f"{self.ends[stem]:%Y-%m-%d}."
            )
            renew = ("certstrap", "renew", item.stem)
            hint: Hint | str = Hint("Renew it, so that it expires with its CA", renew)
            if stem not in self.stems[KEY]:
                hint = "Renew it where the key of its CA is, so that it expires with its CA."
            problems.append(Finding("outlives-ca", sentence, hint))
        return item._replace(issuer=stem, revoked=self.revoked[stem].get(serial))


def _certificate(data: bytes, path: str, _: list[Finding]) -> x509.Certificate:
    return decode.load_certificate(data, path)


def _key_of_pkcs12(data: bytes, path: str, _: list[Finding]) -> object | None:
    return decode.unencrypted_key_of_pkcs12(data, path)


def _kind_of(key: object | None) -> str:
    """Return the kind of a key as a string that all keys of that kind share."""
    return intern(str(kind_of(key) or "unknown")) if key else ""


_PKCS8_STEM = PKCS8.removesuffix(KEY)
_CHAIN_STEM = CHAIN.removesuffix(CERTIFICATE)


def _without(ending: str, stems: set[str]) -> set[str]:
    return {stem.removesuffix(ending) for stem in stems if stem.endswith(ending)}


def _apart(
    entry: Entry, key: object, suffix: str, other: object, other_suffix: str
) -> Iterator[Finding]:
    return rules.same_key(key, entry.path(suffix), other, entry.path(other_suffix))
