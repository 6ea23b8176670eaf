"""The folder of a depot: finding entries by name, and listing them."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from typing import NamedTuple
from unicodedata import normalize

from cryptography import x509

from certstrap.certificates.properties import is_ca
from certstrap.depot.ca_bytes import may_be_ca
from certstrap.depot.entry import CERTIFICATE, CHAIN, KEY, REQUEST, Entry
from certstrap.errors import (
    AmbiguousNameError,
    CertstrapError,
    ChooseCAError,
    NameMismatchError,
    NotFoundError,
    storage_errors,
)
from certstrap.names import Name

ARCHIVE = "archive"
_OWN = (KEY, REQUEST, CERTIFICATE)


class Authority(NamedTuple):
    """A CA whose certificate is in the depot; its key may be elsewhere.

    Attributes:
        entry: its files.
        certificate: its certificate.
        key: the public key in it.
    """

    entry: Entry
    certificate: x509.Certificate
    key: object


class Depot:
    """A depot in the folder ``root``, which need not exist.

    It lists the folder at most once, and looks through the certificates in it at most once.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._since = _changed(root)
        self._by_suffix: dict[str, Sequence[Entry]] = {}
        self._unreadable: list[tuple[Entry, CertstrapError]] = []

    @property
    def archive(self) -> str:
        """The folder of what `renew` has replaced, which may not exist; see `depot.archive`."""
        return os.path.join(self.root, ARCHIVE)

    def require(self) -> None:
        """Refuse a depot that does not exist: one that is misspelled has nothing that ends soon.

        Raises:
            NotFoundError: there is none.
        """
        if not os.path.lexists(self.root):
            raise NotFoundError(
                "depot",
                self.root,
                "Name another one with --depot-path DIR before the command, or create this one "
                "with: certstrap issue NAME",
            )

    def entry(self, stem: str) -> Entry:
        """Return the entry with that stem."""
        return Entry(self.root, stem)

    def find(self, name: Name, *suffixes: str, ca: bool = False) -> Entry:
        """Return the entry of ``name``, for reading.

        An entry that is named exactly as typed is the right one. One that is found under another
        spelling is right only if the name in its certificate or request is the one that was typed.
        Where there is none, the entry that a new file would get is returned.

        Args:
            name: the name.
            suffixes: the files that it must have one of; none given: key, request or certificate.
            ca: whether a CA is meant, whose files are named by another rule.

        Raises:
            NameMismatchError: there is only an entry with another name in it.
            AmbiguousNameError: more than one entry has that name in it.
        """
        found, others = self._candidates(name, suffixes or _OWN)
        if not found and others:
            raise self._mismatch(name, others[0], *suffixes)
        return found or self.entry(name.ca_stem if ca else name.stem)

    def place(self, name: Name, *, ca: bool = False) -> Entry:
        """Return the entry in which new files of ``name`` go: its own, if it has one.

        Raises:
            NameMismatchError: the files of another name are there.
            AmbiguousNameError: more than one entry has that name in it.
        """
        found, others = self._candidates(name, _OWN)
        own = found or self.entry(name.ca_stem if ca else name.stem)
        if own in others and own.has(REQUEST, CERTIFICATE):
            raise self._mismatch(name, own)
        return own

    def _candidates(
        self, name: Name, suffixes: tuple[str, ...]
    ) -> tuple[Entry | None, list[Entry]]:
        """Return the entry of ``name``, and those that only share a spelling with it."""
        entries = [entry for stem in name.stems if (entry := self.entry(stem)).has(*suffixes)]
        for entry in entries:
            if entry.stem == name.typed and self._is_spelled_so(entry, suffixes):
                return entry, []
        found = [entry for entry in entries if _same_name(entry.identity(*suffixes), name.text)]
        if len(found) > 1:
            raise AmbiguousNameError(name.text, [self._shown(entry) for entry in found])
        return (found[0] if found else None), [entry for entry in entries if entry not in found]

    def _is_spelled_so(self, entry: Entry, suffixes: tuple[str, ...]) -> bool:
        """Return whether one of these files has exactly that name.

        Some file systems find a file whatever the case of its name is.
        """
        files = [entry.stem + suffix for suffix in suffixes if entry.has(suffix)]
        others = [os.path.join(self.root, file.swapcase()) for file in files]
        return not all(map(os.path.lexists, others)) or not self._listing.isdisjoint(files)

    def _mismatch(self, name: Name, entry: Entry, *suffixes: str) -> NameMismatchError:
        shown = self._shown(entry, *suffixes)
        return NameMismatchError(shown, name.text, entry.identity(*suffixes))

    @staticmethod
    def _shown(entry: Entry, *suffixes: str) -> str:
        """Return the path of the file that says whose the entry is."""
        order = (*suffixes, *reversed(_OWN)) if suffixes == (REQUEST,) else reversed(_OWN)
        return next(entry.path(suffix) for suffix in order if entry.has(suffix))

    @cached_property
    def _listing(self) -> frozenset[str]:
        """The names of all files."""
        with storage_errors("read", self.root):
            try:
                return frozenset(os.listdir(self.root))
            except FileNotFoundError:
                return frozenset()

    def has_changed(self) -> bool:
        """Return whether files have come, gone or been replaced since this depot was made."""
        return _changed(self.root) != self._since

    def with_suffix(self, suffix: str) -> Sequence[Entry]:
        """Return the entries that have such a file, by stem.

        An exported chain, ``NAME.chain.crt``, is no certificate of its own.
        """
        if suffix not in self._by_suffix:
            self._by_suffix[suffix] = self._with_suffix(suffix)
        return self._by_suffix[suffix]

    def _with_suffix(self, suffix: str) -> list[Entry]:
        chain = CHAIN.removesuffix(CERTIFICATE)
        stems = sorted(file.removesuffix(suffix) for file in self._listing if file.endswith(suffix))
        return [
            self.entry(stem)
            for stem in stems
            if not (
                suffix == CERTIFICATE
                and stem.endswith(chain)
                and stem + KEY not in self._listing
                and stem.removesuffix(chain) + CERTIFICATE in self._listing
            )
        ]

    def certificates(self) -> Iterator[tuple[Entry, x509.Certificate]]:
        """Yield each certificate that can be read, by stem."""
        for entry in self.with_suffix(CERTIFICATE):
            with suppress(CertstrapError):
                yield entry, entry.certificate()

    @cached_property
    def authorities(self) -> tuple[Authority, ...]:
        """The CAs whose certificates can be read, by stem.

        Most certificates are not a CA's, and their bytes say so: looking at them takes a tenth of
        the time of decoding them.
        """
        found = []
        for entry in self.with_suffix(CERTIFICATE):
            if may_be_ca(entry.path(CERTIFICATE)):
                try:
                    certificate = entry.certificate()
                except CertstrapError as error:
                    self._unreadable.append((entry, error))
                    continue
                if is_ca(certificate):
                    found.append(Authority(entry, certificate, certificate.public_key()))
        return tuple(found)

    def count_renewed(self, entry: Entry, certificate: x509.Certificate) -> None:
        """Let a CA's planned certificate count as the one in its file."""
        self.authorities = tuple(
            each._replace(certificate=certificate) if each.entry == entry else each
            for each in self.authorities
        )

    def require_readable_cas(self) -> None:
        """Refuse a depot with a certificate that cannot be read and may be a CA's that signs.

        Raises:
            CertstrapError: there is one, with a key beside it and no request.
        """
        _ = self.authorities  # they are read now, if they were not before
        for entry, error in self._unreadable:
            if entry.has(KEY) and not entry.has(REQUEST):
                raise error

    def choose_ca(self, ca: Name | None) -> Entry:
        """Return the CA of that name, or the only CA of the depot that has a key.

        Raises:
            ChooseCAError: no name is given, and there is no such CA, or more than one.
            CertstrapError: a certificate with a key beside it cannot be read; it may be a CA's.
        """
        if ca is not None:
            return self.find(ca, CERTIFICATE, ca=True)
        found = [each.entry for each in self.authorities if each.entry.has(KEY)]
        self.require_readable_cas()
        if len(found) != 1:
            everyone = [each.entry.stem for each in self.authorities]
            raise ChooseCAError(self.root, [entry.stem for entry in found], everyone)
        return found[0]

    def holds(self, path: str) -> bool:
        """Return whether ``path`` is in the depot, however it is spelled."""
        folder, root = _real_folder(path), _real_folder(os.path.join(self.root, KEY))
        return folder == root or (
            os.path.isdir(folder) and os.path.isdir(root) and os.path.samefile(folder, root)
        )


def _real_folder(path: str) -> str:
    """Return the real path of the folder that a file at ``path`` would be in."""
    with storage_errors("write", path):
        return os.path.realpath(os.path.dirname(path))


def _changed(folder: str) -> int:
    """Return when a name in a folder last came or went, in nanoseconds; 0 if there is none."""
    try:
        return os.stat(folder).st_mtime_ns
    except (OSError, ValueError):
        return 0


def _same_name(found: str, wanted: str) -> bool:
    return normalize("NFC", found.strip()) == normalize("NFC", wanted)
