"""Where what is checked comes from: the depot, or files of any tool."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from cryptography import x509

from certstrap import files, shell
from certstrap.certificates.properties import comparable_name, is_ca, is_self_signed
from certstrap.depot import CERTIFICATE, CHAIN, KEY, PKCS8, Authority, Depot, Entry
from certstrap.depot.chain import issuers_of, withdrawn
from certstrap.errors import CertstrapError, LaxModeError
from certstrap.keys import Passphrase
from certstrap.streams import source_of
from certstrap.temporal.check import Subject
from certstrap.temporal.clients import Client
from certstrap.temporal.findings import Problem
from certstrap.temporal.material import (
    CertificateFile,
    KeyFile,
    Piece,
    join,
    read_certificates,
    read_key,
)

Read = Callable[[str, str], bytes]
"""Returns the content of a file that the user named, and that should hold what is said."""


class Given(NamedTuple):
    """The files that the user named; each is empty if there is none."""

    certificate: str = ""
    key: str = ""
    ca_bundle: str = ""


class Sources:
    """Reads what is checked.

    Attributes:
        depot: the depot.
        passphrase: opens a key that is encrypted.
        read: reads a file that the user named.
        given: the files that the user named.
        client: who is to use the key; None for any.
        program: how this program is called for the depot, in the commands that are suggested.
    """

    def __init__(
        self,
        depot: Depot,
        passphrase: Passphrase,
        read: Read,
        given: Given = Given(),  # noqa: B008 - it does not change
        client: Client | None = None,
        program: str = "certstrap",
    ) -> None:
        self.depot = depot
        self.passphrase = passphrase
        self.read = read
        self.given = given
        self.client = client
        self.program = program
        self._cas: dict[Entry, CertificateFile] = {}

    def named(self) -> Subject:
        """Return what is to be checked if the user named a certificate file.

        Raises:
            CertstrapError: it, or another file, cannot be read.
        """
        certificate, key, _ = self.given
        client = read_certificates(self.read(certificate, "certificate"), source_of(certificate))
        above = next(filter(None, (self._above(piece.certificate) for piece in client.pieces)), [])
        return Subject(
            source_of(certificate),
            client,
            self._key_file(key) if key else None,
            self._uploaded(above),
            remake=f"{self.program} export-pkcs8 --key {shell.file(key)} "
            f"--output {shell.file(f'{key}.pkcs8')}",
        )

    def entry(self, entry: Entry) -> Subject:
        """Return an entry of the depot, as it is to be checked.

        Raises:
            CertstrapError: its certificate cannot be read.
        """
        path = entry.path(CERTIFICATE)
        client = read_certificates(entry.read(CERTIFICATE), path)
        first = client.pieces[0].certificate if client.pieces else None
        above = self._above(first) if first else []
        if first and is_ca(first):
            uploaded = join([client, *map(self._ca_file, above)])
            return Subject(entry.stem, uploaded=uploaded, program=self.program)
        complete = ""
        if len(above) > 1:
            complete = "Give the client its chain, which this writes: certstrap export-chain NAME"
            if entry.has(CHAIN):
                client = read_certificates(entry.read(CHAIN), entry.path(CHAIN))
        return Subject(
            entry.stem,
            client,
            self._key(entry),
            self._uploaded(above),
            self._revoked(first, above, path) if first else None,
            entry.path(KEY),
            complete=complete,
            program=self.program,
        )

    def everything(self) -> Iterator[Subject]:
        """Yield each certificate of the depot; a CA only if it is checked with no other of them.

        A file that cannot be read is yielded too, with the reason. If the user named the CAs that
        are uploaded, those of the depot are not yielded.
        """
        covered: set[x509.Certificate] = set()
        cas = []
        for entry in self.depot.with_suffix(CERTIFICATE):
            try:
                subject = self.entry(entry)
            except CertstrapError as error:
                path = entry.path(CERTIFICATE)
                file = CertificateFile(path, 0, problems=(Problem(str(error), error.hint),))
                subject = Subject(entry.stem, file, key_path=entry.path(KEY), program=self.program)
            if not subject.client:
                cas += [] if self.given.ca_bundle else [subject]
                continue
            pieces = (*subject.client.pieces, *_pieces(subject))
            covered.update(piece.certificate for piece in pieces)
            yield subject
        for subject in cas:
            first = _pieces(subject)[0]
            below = (_pieces(other)[1:] for other in cas if other is not subject)
            others = {piece.certificate for pieces in below for piece in pieces}
            if first.certificate not in covered | others:
                yield subject

    def _above(self, certificate: x509.Certificate) -> list[Authority]:
        """Return the CAs above a certificate; if nobody issued it, one that has the right name."""
        known = {each.certificate: each for each in reversed(self.depot.authorities)}
        found = [known[ca] for ca in issuers_of(self.depot, certificate)]
        if found or is_self_signed(certificate):
            return found
        name = comparable_name(certificate.issuer)
        named = (ca for ca in known.values() if comparable_name(ca.certificate.subject) == name)
        return list(named)[:1]

    def _uploaded(self, above: list[Authority]) -> CertificateFile | None:
        if self.given.ca_bundle:
            return self._bundle()
        return self._ca_file(above[-1]) if above else None

    def _bundle(self) -> CertificateFile:
        path = self.given.ca_bundle
        return read_certificates(self.read(path, "CA bundle"), source_of(path))

    def _ca_file(self, ca: Authority) -> CertificateFile:
        if ca.entry not in self._cas:
            path = ca.entry.path(CERTIFICATE)
            self._cas[ca.entry] = read_certificates(ca.entry.read(CERTIFICATE), path)
        return self._cas[ca.entry]

    def _revoked(
        self, leaf: x509.Certificate, above: list[Authority], path: str
    ) -> tuple[str, ...]:
        chain = [leaf, *(ca.certificate for ca in above)]
        try:
            return tuple(each.sentence for each in withdrawn(self.depot, chain, path))
        except CertstrapError as error:  # a list that cannot be read
            return (f"Whether it is revoked is not known: {error}",)

    def _key(self, entry: Entry) -> KeyFile | None:
        """Return the key that the client is to use: the PKCS#8 file, if that is the better one."""
        if self.given.key:
            return self._key_file(self.given.key)
        has_pkcs8 = entry.has(PKCS8)
        if has_pkcs8 and (not entry.has(KEY) or (self.client and self.client.pkcs8)):
            return self._depot_key(entry, PKCS8, self.passphrase)
        if not entry.has(KEY):
            return None
        own = self._depot_key(entry, KEY, _nobody)
        if not own.encrypted:
            return own
        return self._depot_key(entry, PKCS8 if has_pkcs8 else KEY, self.passphrase)

    def _key_file(self, path: str) -> KeyFile:
        return read_key(self.read(path, "private key"), source_of(path), self.passphrase)

    @staticmethod
    def _depot_key(entry: Entry, suffix: str, passphrase: Passphrase) -> KeyFile:
        path, lax = entry.path(suffix), ""
        try:
            try:
                data = entry.read(suffix)
            except LaxModeError as error:
                lax = str(error)
                data = files.read(path, "private key")
        except CertstrapError as error:
            return KeyFile(path, problem=Problem(str(error), error.hint))
        return read_key(data, path, passphrase)._replace(lax=lax)


def _nobody() -> bytes:
    """Open no key: it is only to be known whether it is encrypted."""
    return b""


def _pieces(subject: Subject) -> tuple[Piece, ...]:
    return subject.uploaded.pieces if subject.uploaded else ()
