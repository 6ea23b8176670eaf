"""The depot: one flat folder, the names of its files, and how they are found by name."""

import os
import unicodedata
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property, lru_cache
from itertools import groupby
from typing import NamedTuple, Self
from unicodedata import normalize

from cryptography import x509

from certstrap import platform
from certstrap.documents import text_of
from certstrap.errors import (
    AmbiguousNameError,
    CertstrapError,
    ChooseCAError,
    IncompleteError,
    InvalidNameError,
    NameMismatchError,
    NotFoundError,
    attempted,
    storage_errors,
)
from certstrap.hints import Hint
from certstrap.pki import decode, key_files, rules
from certstrap.pki.decode import identity, is_ca
from certstrap.pki.issuers import Issuers
from certstrap.pki.key_files import SCHEME, Passphrase
from certstrap.pki.keys import PrivateKey
from certstrap.pki.names import require_plain
from certstrap.pki.urls import NO_URLS, URLs
from certstrap.store import files

LONGEST_STEM = 255 - len(".pkcs8.key")  # bytes; 255 is the limit of every common file system


class Name(NamedTuple):
    """A name as the user typed it; its files may have any of the names in `stems`."""

    typed: str

    @classmethod
    def parse(cls, typed: str) -> Self:
        """Read a name.

        Raises:
            InvalidNameError: nothing in it can name a file, or it has `invalid_characters`.
        """
        self = cls(typed)
        text = self.text
        require_plain("name", text)
        if not (_is_kept(text) or any(unicodedata.category(c)[0] in "LN" for c in text)):
            raise InvalidNameError(
                "name",
                text,
                "has no letter or digit",
                "Choose a name with a letter or a digit.",
            )
        if max(len(stem.encode()) for stem in (self.stem, self.ca_stem)) > LONGEST_STEM:
            raise InvalidNameError(
                "name",
                text,
                "is too long for the name of a file",
                Hint(
                    "Choose a shorter one; a long domain or URI goes with a short {}.",
                    options=("--common-name",),
                ),
            )
        return self

    @property
    def text(self) -> str:
        """The name without the spaces around it, by which it is compared."""
        return self.typed.strip()

    @property
    def common_name(self) -> str:
        """What goes into a certificate: in printable ASCII as typed, as certstrap has it."""
        return self.typed if _is_printable_ascii(self.typed) else self.text

    @property
    def stem(self) -> str:
        """The name of the files of a new key, request or certificate, without suffix.

        Letters, marks and digits of any script, ``.``, ``_`` and ``-`` stay; a run of anything
        else, and the dots in front, become one ``_`` each. For printable ASCII that is the rule of
        certstrap's ``request-cert``, whose own would make names of other scripts collide.
        """
        text = unicodedata.normalize("NFC", self.common_name)
        return _visible(_keeping(lambda c: unicodedata.category(c)[0] in "LMN", text))

    @property
    def ca_stem(self) -> str:
        """The name of the files of a new CA, without suffix.

        For printable ASCII that is the rule of certstrap's ``init``: spaces become ``_``, and all
        else stays unless it cannot be in the name of a file. Other names have the rule of `stem`.
        """
        text = self.common_name
        return _visible(_of_init(text)) if _is_printable_ascii(text) else self.stem

    @property
    def stems(self) -> tuple[str, ...]:
        """All names that its files may have: as typed, by certstrap's rules, by ours."""
        if _is_kept(self.typed) and _is_stem(self.typed):
            return (self.typed,)
        rules = (str, _of_init, _of_request)
        found = [rule(text) for rule in rules for text in (self.typed, self.text)]
        return tuple(filter(_is_stem, dict.fromkeys((*found, self.ca_stem, self.stem))))

    def stands_for(self, identity: str) -> bool:
        """Return whether it is ``identity``, or one of the names that the files of that have."""
        text = unicodedata.normalize("NFC", identity)
        return unicodedata.normalize("NFC", self.text) == text or self.typed in Name(text).stems

    def __str__(self) -> str:
        return self.text


_OTHERS_KEPT = str.maketrans("", "", "._-")


def _is_printable_ascii(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _of_init(text: str) -> str:
    return text.replace(" ", "_")


def _of_request(text: str) -> str:
    return _keeping(lambda c: c.isascii() and c.isalnum(), text)


def _is_kept(text: str) -> bool:
    """Return whether every rule leaves ``text`` as it is, but for dots in front."""
    return text.isascii() and text.translate(_OTHERS_KEPT).isalnum()


def _keeping(keeps: Callable[[str], bool], text: str) -> str:
    """Return ``text`` with a ``_`` for each run of what is neither kept nor one of ``._-``."""
    if _is_kept(text):  # most names, ten times as fast
        return text
    runs = groupby(text, lambda c: c in "._-" or keeps(c))
    return "".join("".join(run) if kept else "_" for kept, run in runs)


def _visible(stem: str) -> str:
    return platform.file_stem(f"_{stem.lstrip('.')}" if stem.startswith(".") else stem)


def _is_stem(stem: str) -> bool:
    """Return whether ``stem`` can name files of the folder itself that are not hidden."""
    return (
        stem[:1] not in {"", "."}
        and platform.is_file_name(stem)
        and len(os.fsencode(stem)) <= LONGEST_STEM
    )


KEY, REQUEST, CERTIFICATE, CRL = ".key", ".csr", ".crt", ".crl"
URLS = ".urls"  # of what a CA signs
PKCS8, PKCS12, CHAIN = ".pkcs8.key", ".p12", ".chain.crt"  # what the exports write

_KINDS = {
    KEY: "private key",
    REQUEST: "certificate request",
    CERTIFICATE: "certificate",
    CRL: "certificate revocation list",
    URLS: "list of URLs",
    PKCS8: "private key",
    PKCS12: "PKCS#12 file",
    CHAIN: "certificate chain",
}


@lru_cache
def _begin(root: str) -> str:
    """Return what the paths of all files in ``root`` begin with; joining them costs more."""
    return os.path.join(root, "")


class Entry(NamedTuple):
    """The files of the depot in ``root`` that are named ``stem``, whichever of them exist."""

    root: str
    stem: str

    def path(self, suffix: str) -> str:
        """Return the path of one of its files."""
        return _begin(self.root) + self.stem + suffix

    def has(self, *suffixes: str) -> bool:
        """Return whether one of these files exists."""
        return any(os.path.lexists(self.path(suffix)) for suffix in suffixes)

    def read(self, suffix: str, hint: Hint | str = "") -> bytes:
        """Return the content of one of its files, by `files.read`; a private key must be private.

        Where others may write to the depot, one of them may have put the file there.
        """
        private, kind = suffix in {KEY, PKCS8, PKCS12}, _KINDS[suffix]
        hint = hint or NotFoundError.IN_DEPOT
        return files.read(self.path(suffix), kind, private=private, own=True, hint=hint)

    def key(self, passphrase: Passphrase, hint: Hint | str = "") -> tuple[PrivateKey, bytes]:
        """Return its private key, and the passphrase that opened it."""
        return key_files.load(self.read(KEY, hint), self.path(KEY), passphrase)

    def request(self, hint: Hint | str = "") -> x509.CertificateSigningRequest:
        """Return its certificate request, checked."""
        return rules.load_request(self.read(REQUEST, hint), self.path(REQUEST))

    def certificate(self, hint: Hint | str = "") -> x509.Certificate:
        """Return its certificate."""
        return decode.load_certificate(self.read(CERTIFICATE, hint), self.path(CERTIFICATE))

    def crl(self) -> x509.CertificateRevocationList:
        """Return its CRL."""
        return decode.decode_crl(self.read(CRL), self.path(CRL))

    def urls(self) -> URLs:
        """Return the URLs of what it signs as a CA."""
        if not self.has(URLS):
            return NO_URLS
        return URLs.parse(text_of(self.read(URLS), self.path(URLS)), self.path(URLS))

    @property
    def is_ca(self) -> bool:
        """Whether it has the certificate of a CA."""
        with suppress(CertstrapError):
            return self.has(CERTIFICATE) and is_ca(self.certificate())
        return False

    def identity(self, *suffixes: str) -> str:
        """Return the name in its certificate, else in its request; empty if neither has one.

        If only its request is among ``suffixes``, the request comes first.
        """
        order = [CERTIFICATE, REQUEST]
        if REQUEST in suffixes and CERTIFICATE not in suffixes:
            order.reverse()
        try:
            return next(
                identity(self.certificate() if suffix == CERTIFICATE else self.request())
                for suffix in order
                if self.has(suffix)
            )
        except (CertstrapError, StopIteration):
            return ""


_BEGIN, _END = b"-----BEGIN CERTIFICATE-----\n", b"\n-----END CERTIFICATE-----"
_LONGEST = 16_384  # bytes; a longer file is decoded
_BASIC_CONSTRAINTS = b"\x06\x03\x55\x1d\x13"  # the OID 2.5.29.19
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def may_be_ca(path: str) -> bool:
    """Return whether a file may be a CA's certificate; it is surely not if this is False.

    Only a file that begins with its PEM block can be recognized; all others may be a CA's.
    """
    try:
        fd = os.open(path, _FLAGS)
        try:
            data = os.read(fd, _LONGEST)
        finally:
            os.close(fd)
        end = data.find(_END)
        if len(data) == _LONGEST or end < 0 or not data.startswith(_BEGIN):
            return True
        der = a2b_base64(data[len(_BEGIN) : end])
    except (OSError, ValueError, Base64Error):  # whoever reads it says what is wrong
        return True
    return any(map(_is_filled, der.split(_BASIC_CONSTRAINTS)[1:]))


def _is_filled(rest: bytes) -> bool:
    """Return whether an extension, its OID followed by ``rest``, has a SEQUENCE with content."""
    octets = rest[3:] if rest.startswith(b"\x01\x01") else rest  # after critical, a BOOLEAN
    return octets[:1] == b"\x04" and octets[2:3] == b"\x30" and octets[3:4] != b"\x00"


ARCHIVE = "archive"
_OWN = (KEY, REQUEST, CERTIFICATE)


class Authority(NamedTuple):
    """A CA whose certificate is in the depot; its key may be elsewhere.

    Attributes:
        key: the public key in it.
    """

    entry: Entry
    certificate: x509.Certificate
    key: object


class DepotFolder:
    """A depot in the folder ``root``, which need not exist.

    It lists the folder at most once, and looks through the certificates in it at most once.

    Attributes:
        leaves: the files known to hold certificates that are not a CA's; they stay so for as long
            as a command runs, as no command replaces one by a CA's.
    """

    def __init__(
        self, root: str, leaves: Collection[str] = (), names: Iterable[str] | None = None
    ) -> None:
        self.root = root
        self.leaves = {*leaves}
        if names is not None:  # somebody has listed it already
            self._listing = frozenset(names)
        self._by_suffix: dict[str, Sequence[Entry]] = {}
        self._unreadable: list[tuple[Entry, CertstrapError]] = []

    @property
    def archive(self) -> str:
        """The folder of what `renew` has replaced, which may not exist; see `store.archive`."""
        return os.path.join(self.root, ARCHIVE)

    def require(self) -> None:
        """Refuse a folder that is no depot: in a wrong one, nothing ends soon and nothing is wrong.

        Raises:
            NotFoundError: there is no such folder, or nothing in it is certstrap's.
        """
        if self.has_files:
            return
        near = (os.path.join(self.root, "out"), os.path.join(self.root, os.pardir))
        found = next(filter(_is_depot, map(os.path.normpath, near)), None)
        if found:
            option = platform.command_line(("--depot-path", found))
            hint = Hint("Did you mean {}?", options=(option,))
        else:
            hint = Hint(
                "Name another one with --depot-path DIR before the command, or create this one "
                "with",
                ("certstrap", "issue", "NAME"),
            )
        if os.path.lexists(self.root):
            sentence = f"{self.root} is not a depot: it has no certificate, request, key or CRL."
            raise CertstrapError(sentence, hint)
        raise NotFoundError("depot", self.root, hint)

    @property
    def has_files(self) -> bool:
        """Whether there is a certificate, a request, a key or a CRL in it."""
        return any(file.endswith((*_OWN, CRL)) for file in self._listing)

    def entry(self, stem: str) -> Entry:
        """Return the entry with that stem."""
        return Entry(self.root, stem)

    def find(self, name: Name, *suffixes: str, ca: bool = False) -> Entry:
        """Return the entry of ``name``, for reading.

        An entry that is named exactly as typed is the right one. One that is found under another
        spelling is right only if the name in its certificate or request is the one that was typed.
        Where there is none, the entry that a new file would get is returned.

        Args:
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

    def without_suffix(self, name: str, suffix: str) -> str:
        """Return a hint, if somebody typed the name of such a file for the name of its entry.

        In the place of a CA's name, somebody may have typed the URI of its key.
        """
        if suffix == CERTIFICATE and name.startswith(SCHEME):
            return "Use the name of the CA: its key file says in which token its key is."
        stem = os.path.basename(name).removesuffix(suffix)
        is_file = name.endswith(suffix) and self.entry(stem).has(suffix)
        return f"Use its name, without the suffix: {stem}." if is_file else ""

    def place(self, name: Name, *, ca: bool = False) -> Entry:
        """Return the entry in which new files of ``name`` go: its own, if it has one.

        Raises:
            NameMismatchError: the files of another name are there.
            AmbiguousNameError: more than one entry has that name in it.
        """
        new = self.entry(name.ca_stem if ca else name.stem)
        if not self.lists(*name.stems):
            return new
        found, others = self._candidates(name, _OWN)
        own = found or new
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
            raise AmbiguousNameError(name.text, [self._shown(entry, *suffixes) for entry in found])
        return (found[0] if found else None), [entry for entry in entries if entry not in found]

    def _is_spelled_so(self, entry: Entry, suffixes: tuple[str, ...]) -> bool:
        """Return whether a file has exactly that name; some systems ignore the case of names."""
        files = [entry.stem + suffix for suffix in suffixes if entry.has(suffix)]
        others = [os.path.join(self.root, file.swapcase()) for file in files]
        return not all(map(os.path.lexists, others)) or not self._listing.isdisjoint(files)

    def _mismatch(self, name: Name, entry: Entry, *suffixes: str) -> NameMismatchError:
        shown = self._shown(entry, *suffixes)
        return NameMismatchError(shown, name.text, entry.identity(*suffixes))

    @staticmethod
    def _shown(entry: Entry, *suffixes: str) -> str:
        """Return the path of the file that says whose the entry is."""
        own = reversed(_OWN)
        order = (*suffixes, *own) if suffixes == (REQUEST,) else (*own, *suffixes)
        return next(entry.path(suffix) for suffix in order if entry.has(suffix))

    @cached_property
    def _listing(self) -> frozenset[str]:
        return frozenset(files.names_in(self.root))

    @cached_property
    def _comparable_listing(self) -> frozenset[str]:
        # No name has a slash, and one by one they would take ten times as long.
        return frozenset(_comparable("/".join(self._listing)).split("/"))

    def may_have(self, file: str) -> bool:
        """Return whether the folder had, when it was listed, a file of that name in any spelling.

        Some file systems compare names without case, and in another form of Unicode.
        """
        return _comparable(file) in self._comparable_listing

    def lists(self, *stems: str) -> bool:
        """Return whether it may have a key, request or certificate of one of these stems."""
        return not self._comparable_listing.isdisjoint(
            _comparable(stem) + suffix
            for stem in stems
            for suffix in (KEY, REQUEST, CERTIFICATE, PKCS8)
        )

    def has(self, entry: Entry, suffix: str) -> bool:
        """Return what `Entry.has` does; the listing, which is of the locked folder, mostly knows.

        For commands that write: after them, only `Entry.has` is right.
        """
        return self.may_have(entry.stem + suffix) and entry.has(suffix)

    def with_suffix(self, suffix: str) -> Sequence[Entry]:
        """Return the entries that have such a file, by stem.

        An exported chain, ``NAME.chain.crt``, is no certificate of its own.
        """
        if suffix not in self._by_suffix:
            found = (name.removesuffix(suffix) for name in self._listing if name.endswith(suffix))
            self._by_suffix[suffix] = [
                self.entry(stem)
                for stem in sorted(found)
                if suffix != CERTIFICATE or not self._is_exported_chain(stem)
            ]
        return self._by_suffix[suffix]

    def _is_exported_chain(self, stem: str) -> bool:
        name = stem.removesuffix(CHAIN.removesuffix(CERTIFICATE))
        return (
            name != stem and stem + KEY not in self._listing and name + CERTIFICATE in self._listing
        )

    def certificates(self) -> Iterator[tuple[Entry, x509.Certificate | CertstrapError]]:
        """Yield the certificates, by stem; each that cannot be read with the reason."""
        for entry in self.with_suffix(CERTIFICATE):
            yield entry, attempted(entry.certificate)

    def require_readable_certificates(self, sentence: str) -> None:
        """Refuse to go on, as ``sentence`` says, with certificates that cannot be read."""
        errors = [found for _, found in self.certificates() if isinstance(found, CertstrapError)]
        if errors:
            raise IncompleteError(sentence, errors)

    @cached_property
    def authorities(self) -> tuple[Authority, ...]:
        """The CAs whose certificates can be read, by stem.

        Most certificates are not a CA's, and their bytes say so: looking at them takes a tenth of
        the time of decoding them.
        """
        files = [file for file in self._listing - self.leaves if file.endswith(CERTIFICATE)]
        found = []
        for stem in sorted(file.removesuffix(CERTIFICATE) for file in files):
            entry = self.entry(stem)
            if self._is_exported_chain(stem):
                continue
            if not may_be_ca(entry.path(CERTIFICATE)):
                self.leaves.add(stem + CERTIFICATE)
                continue
            try:
                certificate = entry.certificate()
            except CertstrapError as error:
                self._unreadable.append((entry, error))
                continue
            if is_ca(certificate):
                found.append(Authority(entry, certificate, certificate.public_key()))
        return tuple(found)

    @cached_property
    def issuers(self) -> Issuers[Authority]:
        """The index of these CAs."""
        return Issuers(self.authorities)

    @cached_property
    def crls(self) -> tuple[tuple[Entry, x509.CertificateRevocationList | CertstrapError], ...]:
        """The CRLs, by stem; each that cannot be read with the reason."""
        return tuple((entry, attempted(entry.crl)) for entry in self.with_suffix(CRL))

    def chain_of(self, certificate: x509.Certificate) -> list[x509.Certificate]:
        """Return ``certificate``, the CA that issued it, the CA that issued that one, and so on.

        It is the shortest way to a root; if the depot has none, the longest way that it has. If a
        CA was renewed and two certificates fit, the one that expires last is taken.
        """
        return [certificate, *(ca.certificate for ca in self.issuers.path(certificate))]

    def count_renewed(self, entry: Entry, certificate: x509.Certificate) -> None:
        """Let a CA's planned certificate count as the one in its file."""
        self.authorities = tuple(
            each._replace(certificate=certificate) if each.entry == entry else each
            for each in self.authorities
        )
        self.__dict__.pop("issuers", None)

    def require_all_cas(self, sentence: str) -> None:
        """Refuse, as ``sentence`` says, a certificate that cannot be read and may be any CA's.

        Raises:
            IncompleteError: there is one; all of them are named.
        """
        _ = self.authorities  # they are read now, if they were not before
        if self._unreadable:
            raise IncompleteError(sentence, [error for _, error in self._unreadable])

    def require_readable_cas(self) -> None:
        """Refuse a certificate that cannot be read and may be a CA's that signs: it has a key."""
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


def _is_depot(root: str) -> bool:
    try:
        return DepotFolder(root).has_files
    except CertstrapError:
        return False


def _real_folder(path: str) -> str:
    with storage_errors("write", path):
        return os.path.realpath(os.path.dirname(path))


def changed_at(folder: str) -> int:
    """Return when a name in a folder last came or went, in nanoseconds; 0 if there is none."""
    try:
        return os.stat(folder).st_mtime_ns
    except (OSError, ValueError):
        return 0


def _comparable(file: str) -> str:
    return normalize("NFC", file.casefold())


def _same_name(found: str, wanted: str) -> bool:
    return normalize("NFC", found.strip()) == normalize("NFC", wanted)
