"""What is checked, and where it comes from: files with all that is wrong in them."""

import codecs
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from certstrap.errors import CertstrapError, LaxModeError, RefusedError, UnusableFileError
from certstrap.hints import Command, Hint
from certstrap.pki import decode, key_files, pem
from certstrap.pki.decode import LoadedCertificate, comparable_name, extension, is_ca
from certstrap.pki.findings import Finding
from certstrap.pki.issuers import Issuers, is_self_signed
from certstrap.pki.key_files import Passphrase
from certstrap.pki.keys import PrivateKey
from certstrap.pki.names import name_text
from certstrap.session import Session
from certstrap.store import crls, files
from certstrap.store.depot import (
    CERTIFICATE,
    CHAIN,
    KEY,
    PKCS8,
    PKCS12,
    REQUEST,
    Authority,
    DepotFolder,
    Entry,
)
from certstrap.store.files import STANDARD_INPUT, source_of
from certstrap.store.renewal import can_be_signed
from certstrap.store.withdrawn import withdrawn
from certstrap.temporal.clients import Client
from certstrap.temporal.rules import REWRITE_CHAIN, REWRITE_KEY, failure, warning
from certstrap.text import quoted

MOST_CERTIFICATES = 32
"""In a file whose certificates are decoded; a bundle may have 16, and no chain is that long."""

# Go refuses a certificate in which it cannot decode one of these (processExtensions,
# crypto/x509/parser.go), besides those that are needed here.
_DECODED_BY_GO = (
    ExtensionOID.AUTHORITY_INFORMATION_ACCESS,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.CRL_DISTRIBUTION_POINTS,
)
_ANOTHER = "Use the file that was meant, or an unchanged copy of it."

_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----")


class CertificateFile(NamedTuple):
    """A file with certificates.

    Attributes:
        total: the certificates in it, decoded or not.
        certificates: those that could be decoded.
        problems: why clients and Temporal Cloud cannot read it, or a certificate in it.
        others: what else is in it, such as a CRL.
        private_keys: their number.
        trailing: whether there is text after the last block.
    """

    path: str
    size: int
    total: int = 0
    certificates: tuple[LoadedCertificate, ...] = ()
    problems: tuple[Finding, ...] = ()
    others: tuple[str, ...] = ()
    private_keys: int = 0
    trailing: bool = False

    @property
    def is_decoded(self) -> bool:
        """Whether its certificates are decoded, as far as they can be read."""
        return self.size <= pem.MOST_BYTES and self.total <= MOST_CERTIFICATES

    @property
    def is_complete(self) -> bool:
        """Whether it has certificates, and all of them were decoded."""
        return 0 < len(self.certificates) == self.total


class KeyFile(NamedTuple):
    """A file with a private key.

    Attributes:
        label: its PEM label, or empty for DER.
        private: the key; None if it could not be read.
        problem: why clients cannot read it, or None.
        lax: which files with it others can read or change; None if that is not judged.
    """

    path: str
    label: str = ""
    private: PrivateKey | None = None
    encrypted: bool = False
    problem: Finding | None = None
    lax: tuple[Finding, ...] | None = None


def read_certificates(data: bytes, path: str) -> CertificateFile:
    """Return what is in a file that should hold certificates."""
    file = CertificateFile(path, len(data), private_keys=len(_PRIVATE_KEY.findall(data)))
    if not file.is_decoded:
        return file
    container = pem.container_of(data)
    form = None if container else _form(data, path)
    file = file._replace(problems=(form,) if form else ())
    if pem.is_der(data) and not container:
        return _decoded(file, [data])
    try:
        if container:
            pem.find(data, pem.CERTIFICATE, path)  # which says how it is converted
        blocks = [
            (pem.kind_of(label), block) for label, block in pem.blocks(data, path, pem.CERTIFICATE)
        ]
    except UnusableFileError as error:
        return file._replace(
            problems=file.problems or (failure(str(error), error.hint or _ANOTHER),)
        )
    others = (kind for kind, _ in blocks if kind not in {pem.CERTIFICATE, pem.PRIVATE_KEY})
    file = file._replace(others=tuple(others), trailing=_has_rest(data))
    return _decoded(file, [block for kind, block in blocks if kind == pem.CERTIFICATE])


def _has_rest(data: bytes) -> bool:
    """Return whether anything, even an empty line, follows the line in which the last block ends.

    Go's reader leaves that over, and tcld refuses it.
    """
    newline = data.find(b"\n", data.rfind(b"-----END "))
    return 0 <= newline < len(data) - 1


def _decoded(file: CertificateFile, blocks: Sequence[bytes]) -> CertificateFile:
    path, count = file.path, len(blocks)
    if count > MOST_CERTIFICATES:
        return file._replace(total=count)
    certificates, problems = [], [*file.problems]
    if not blocks and not problems:
        problems.append(failure(f"{path} contains no certificate.", _ANOTHER))
    for number, block in enumerate(blocks, 1):
        source = path if count == 1 else f"{path} (certificate {number})"
        try:
            certificate = decode.load_certificate(block, source, _DECODED_BY_GO)
            certificates.append(LoadedCertificate(certificate, source))
        except CertstrapError as error:
            problems.append(failure(str(error), error.hint or _ANOTHER))
    return file._replace(total=count, certificates=tuple(certificates), problems=tuple(problems))


def join(files: Sequence[CertificateFile]) -> CertificateFile:
    """Return several files as one, as if they had been concatenated."""
    first, *rest = files
    for file in rest:
        first = CertificateFile(
            f"{first.path}, {file.path}",
            first.size + file.size,
            first.total + file.total,
            first.certificates + file.certificates,
            first.problems + file.problems,
            first.others + file.others,
            first.private_keys + file.private_keys,
            first.trailing or file.trailing,
        )
    return first


def read_server_ca(data: bytes, path: str) -> CertificateFile:
    """Return the CAs of a server's certificate, in a file that its clients load too.

    Raises:
        RefusedError: they cannot be read.
    """
    file = read_certificates(data, path)
    if file.problems or not file.is_complete:
        reason = next(iter(file.problems), failure(f"{path} is too large."))
        raise RefusedError(reason.sentence, reason.hint or "Name the CA's certificate, as PEM.")
    return file


def without_root(file: CertificateFile) -> str:
    """Return which clients cannot trust a server by ``file``, in a sentence; empty if all can.

    Found out with `temporalio` 1.35.0 and `@temporalio/client` 1.24.0: clients that are built on
    rustls or on Go take an intermediate CA for a root, and Node.js does not.
    """
    issuers = Issuers(file.certificates)
    for certificate, source, *_ in file.certificates:
        if not any(issuers.of(certificate)):
            issuer = quoted(name_text(certificate.issuer))
            return (
                f"{source} has an intermediate CA without its issuer {issuer}. The clients for "
                "Python, .NET, Ruby and Go accept that, and the client for TypeScript does not: "
                "add the certificate of that issuer to the file."
            )
    return ""


def read_ca(depot: DepotFolder, entry: Entry) -> CertificateFile:
    """Return the certificate file of a CA of the depot."""
    return with_names(read_certificates(entry.read(CERTIFICATE), entry.path(CERTIFICATE)), depot)


def with_names(file: CertificateFile, depot: DepotFolder) -> CertificateFile:
    """Return a file in which each CA of a depot has its name there."""
    names = {ca.certificate: ca.entry.stem for ca in depot.authorities}

    def known(each: LoadedCertificate) -> LoadedCertificate:
        name = names.get(each.certificate, "")
        renewable = bool(name) and can_be_signed(depot, each.certificate)
        return each._replace(name=name, can_be_renewed=renewable)

    return file._replace(certificates=tuple(map(known, file.certificates)))


def read_key(data: bytes, path: str, passphrase: Passphrase) -> KeyFile:
    """Return what is in a file that should hold a private key.

    Args:
        passphrase: called if the key is encrypted; one that fails, or is wrong, leaves it closed.
    """
    if len(data) > key_files.MOST_BYTES:
        sentence = f"{path} is too large to be a key ({len(data):,} bytes)."
        return KeyFile(path, problem=failure(sentence, _ANOTHER))

    def ask() -> bytes:
        with suppress(CertstrapError):
            return passphrase()
        return b""

    private, encrypted, problem = None, False, None
    try:
        private, encrypted = key_files.opened(data, path, ask)
    except CertstrapError as error:
        problem = failure(str(error), error.hint or _ANOTHER)
    if pem.is_der(data) and problem:  # another kind of file altogether, such as PKCS#12
        return KeyFile(path, problem=problem)
    label = "" if problem or pem.is_der(data) else _label(data)
    return KeyFile(path, label, private, encrypted, _form(data, path) or problem)


def _label(data: bytes) -> str:
    labels = (label for label, _ in pem.blocks(data, ""))
    return next(label.decode() for label in labels if pem.kind_of(label) == pem.PRIVATE_KEY)


def _form(data: bytes, path: str) -> Finding | None:
    """Return why clients do not read the file, whatever its content is; or None."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return failure(f"{path} is text in UTF-16, which other programs cannot read.", pem.AS_ASCII)
    if data.startswith(codecs.BOM_UTF8):
        return failure(
            f"{path} begins with a byte order mark, which some clients cannot read.", pem.AS_ASCII
        )
    if pem.is_der(data):
        return failure(f"{path} is DER, not PEM.")
    return None


SIGNING = frozenset({"renew", "issue", "sign"})
"""The commands that need the key of a CA; the last one signs intermediate CAs here."""


class CheckSubject(NamedTuple):
    """What is checked.

    Attributes:
        client: the client's certificate file, or None if CAs alone are checked.
        key: the client's key, or None if it is not here.
        uploaded: the CAs that are uploaded, or None if they are not known.
        revoked: which certificates of the chain are revoked, or why that cannot be told; None if a
            CA of it has no CRL.
        key_path: where the key should be.
        rewrite: the command that writes the key as PKCS#8, not encrypted.
        complete: what to do if the chain is not complete, if that is known.
        placeholders: what stands for NAME and CA-NAME in hints, as far as the depot has them.
        signing: the commands with which what it consists of can be signed again here.
    """

    name: str
    client: CertificateFile | None = None
    key: KeyFile | None = None
    uploaded: CertificateFile | None = None
    revoked: tuple[Finding, ...] | None = None
    key_path: str = ""
    rewrite: Command = REWRITE_KEY
    complete: Hint | str = ""
    placeholders: Mapping[str, str] = {}
    signing: Collection[str] = SIGNING


class Sources:
    """Reads what is checked.

    Attributes:
        key: the file with the client's key that the user named, or empty.
        ca_bundle: that with the CAs that are uploaded.
        servers: the names whose certificates are for servers alone, which `everything` left out.
    """

    def __init__(
        self, session: Session, client: Client | None = None, key: str = "", ca_bundle: str = ""
    ) -> None:
        self.session, self.depot = session, session.depot
        self.client, self.key, self.ca_bundle = client, key, ca_bundle
        self._typed: dict[bytes, None] = {}
        self.servers: list[str] = []
        self._cas: dict[Entry, CertificateFile] = {}

    def named(self, certificate: str) -> CheckSubject:
        """Return what is to be checked if the user named a certificate file.

        Raises:
            CertstrapError: it, or another file, cannot be read.
        """
        key, data = self.key, self.session.read(certificate, "certificate")
        old, new = (key, f"{key}.pkcs8") if key not in {"", STANDARD_INPUT} else ("FILE", "NEW")
        client = read_certificates(data, source_of(certificate))
        above = next(
            filter(None, (self._above(each.certificate) for each in client.certificates)), []
        )
        return CheckSubject(
            source_of(certificate),
            client,
            self._key_file(key) if key else None,
            self._uploaded(above),
            self._revoked(client),
            rewrite=("certstrap", "export-pkcs8", ("--key", old), ("--output", new)),
            placeholders=_placeholders("", above),
            signing=_signing(above) if above else SIGNING,
        )

    def entry(self, entry: Entry) -> CheckSubject:
        """Return an entry of the depot, as it is to be checked.

        Raises:
            CertstrapError: its certificate cannot be read.
        """
        path = entry.path(CERTIFICATE)
        client = read_certificates(entry.read(CERTIFICATE), path)
        first = client.certificates[0].certificate if client.certificates else None
        above = self._above(first) if first else []
        if first and is_ca(first):
            uploaded = with_names(join([client, *map(self._ca_file, above)]), self.depot)
            placeholders = _placeholders(entry.stem, above)
            return CheckSubject(entry.stem, uploaded=uploaded, placeholders=placeholders)
        revoked = self._revoked(client)
        complete: Hint | str = ""
        if len(above) > 1:
            if entry.has(CHAIN):
                complete = REWRITE_CHAIN
                client = read_certificates(entry.read(CHAIN), entry.path(CHAIN))
            elif not revoked:  # else export-chain refuses
                complete = Hint(
                    "Write the chain and give it to the client",
                    ("certstrap", "export-chain", "NAME"),
                )
        return CheckSubject(
            entry.stem,
            client,
            self._key(entry),
            self._uploaded(above),
            revoked,
            entry.path(KEY),
            rewriting(entry, entry.stem),
            complete,
            _placeholders(entry.stem, above),
            _signing(above),
        )

    def everything(self) -> Iterator[CheckSubject]:
        """Yield each certificate of the depot; a CA only if it is checked with no other of them.

        A file that cannot be read is yielded too, with the reason. If the user named the CAs that
        are uploaded, those of the depot are not yielded. Certificates for servers alone are in
        `servers`: no client presents them.
        """
        covered: set[x509.Certificate] = set()
        cas = []
        self.servers.clear()
        for entry in self.depot.with_suffix(CERTIFICATE):
            try:
                subject = self.entry(entry)
            except CertstrapError as error:
                path = entry.path(CERTIFICATE)
                file = CertificateFile(path, 0, problems=(failure(str(error), error.hint),))
                subject = CheckSubject(entry.stem, file, key_path=entry.path(KEY))
            if not subject.client:
                cas += [] if self.ca_bundle else [subject]
                continue
            if _is_for_servers(subject.client):
                self.servers.append(entry.stem)
                continue
            known = (*subject.client.certificates, *_uploaded(subject))
            covered.update(each.certificate for each in known)
            yield subject
        for subject in cas:
            first = _uploaded(subject)[0]
            below = (_uploaded(other)[1:] for other in cas if other is not subject)
            others = {each.certificate for some in below for each in some}
            if first.certificate not in covered | others:
                yield subject

    def _above(self, certificate: x509.Certificate) -> list[Authority]:
        """Return the CAs above a certificate; if nobody issued it, one that has the right name."""
        found = [*self.depot.issuers.path(certificate)]
        if found or is_self_signed(certificate):
            return found
        name = comparable_name(certificate.issuer)
        cas = self.depot.authorities
        return [ca for ca in cas if comparable_name(ca.certificate.subject) == name][:1]

    def _uploaded(self, above: list[Authority]) -> CertificateFile | None:
        if path := self.ca_bundle:
            file = read_certificates(self.session.read(path, "CA bundle"), source_of(path))
            return with_names(file, self.depot)
        return self._ca_file(above[-1]) if above else None

    def _ca_file(self, ca: Authority) -> CertificateFile:
        if ca.entry not in self._cas:
            self._cas[ca.entry] = read_ca(self.depot, ca.entry)
        return self._cas[ca.entry]

    def _revoked(self, file: CertificateFile) -> tuple[Finding, ...] | None:
        """Return which certificates of a chain are revoked; None if a CA of it has no CRL here."""
        leaf = [each.certificate for each in file.certificates[:1]]
        cas = [ca.certificate for each in leaf for ca in self._above(each)]
        try:
            violations = withdrawn(self.depot, [*leaf, *cas], file.path)
            found = [warning(each.sentence)._replace(of_ca=each.of_ca) for each in violations]
            known = bool(cas) and all(crls.complete_crls_of(self.depot, ca) for ca in cas)
        except CertstrapError as error:  # a list that cannot be read
            return (failure(f"Cannot tell whether it is revoked: {error}", error.hint),)
        return tuple(found) if found or known else None

    def _key(self, entry: Entry) -> KeyFile | None:
        """Return the key that the client is to use: the PKCS#8 file, if that is the better one."""
        if self.key:
            return self._key_file(self.key)
        suffix = key_suffix(entry, self.client)
        if not suffix:
            return None
        return self._opened(lambda opening: _depot_key(entry, suffix, opening))

    def _key_file(self, path: str) -> KeyFile:
        data = self.session.read(path, "private key")
        return self._opened(lambda opening: read_key(data, source_of(path), opening))

    def _opened(self, read: Callable[[Passphrase], KeyFile]) -> KeyFile:
        """Return a key; if it is encrypted, by what opened another one, or by its passphrase."""
        key = read(bytes)
        for secret in self._typed:
            if key.encrypted and not key.private:
                key = read(partial(bytes, secret))
        if not key.encrypted or key.private:
            return key

        def ask() -> bytes:
            secret = self.session.passphrases.opening_named(key.path)
            self._typed[secret] = None
            return secret

        return read(ask)


def key_suffix(entry: Entry, client: Client | None) -> str:
    """Return which key of an entry a client uses, or nothing if there is none.

    That is the PKCS#8 file for a client that reads no other form, and else the one that is not
    encrypted.
    """
    opens = client is not None and client.pkcs8
    present = [each for each in ((PKCS8, KEY) if opens else (KEY, PKCS8)) if entry.has(each)]
    if opens:
        return present[0] if present else ""
    plain = (each for each in present if not _depot_key(entry, each, bytes).encrypted)
    return next(plain, present[-1] if present else "")


def _depot_key(entry: Entry, suffix: str, passphrase: Passphrase) -> KeyFile:
    path = entry.path(suffix)
    try:
        data = files.read(path, "private key", own=True)
    except CertstrapError as error:
        return KeyFile(path, problem=failure(str(error), error.hint))
    others = (each for each in (KEY, PKCS8, PKCS12) if each != suffix)
    lax = tuple(finding for each in (suffix, *others) for finding in _open_to_others(entry, each))
    return read_key(data, path, passphrase)._replace(lax=lax)


def _open_to_others(entry: Entry, suffix: str) -> Iterator[Finding]:
    if entry.has(suffix):
        try:
            entry.read(suffix)
            yield from files.readable_by_group(entry.path(suffix))
        except LaxModeError as error:
            yield warning(str(error), error.hint)
        except CertstrapError:  # it is not what the client uses, or else that has been said
            return


_OF_CLIENTS = {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}


def _is_for_servers(file: CertificateFile) -> bool:
    """Return whether a certificate can be used by a server and by no client."""
    leaf = next((each.certificate for each in file.certificates), None)
    usages = {*((extension(leaf, x509.ExtendedKeyUsage) if leaf else None) or ())}
    return ExtendedKeyUsageOID.SERVER_AUTH in usages and not usages & _OF_CLIENTS


def rewriting(entry: Entry, name: str) -> Command:
    """Return the command that writes the key of an entry as PKCS#8, not encrypted, to a new file.

    In the command, the entry has that ``name``.
    """
    command = ("certstrap", "export-pkcs8")
    if not entry.has(PKCS8):
        return (*command, name)
    key = name if entry.has(KEY) else ("--key", entry.path(PKCS8))
    return (*command, key, ("--output", "NEW"))


def _placeholders(name: str, above: Sequence[Authority]) -> dict[str, str]:
    ca = above[0].entry.stem if above else ""
    return {key: value for key, value in (("NAME", name), ("CA-NAME", ca)) if value}


def _signing(above: Sequence[Authority]) -> Collection[str]:
    """Return which commands find the keys and the request that they need, below these CAs."""
    found = {"renew", "issue"} if above and above[0].entry.has(KEY) else set()
    if len(above) > 1 and above[0].entry.has(REQUEST) and above[1].entry.has(KEY):
        found.add("sign")
    return found


def _uploaded(subject: CheckSubject) -> tuple[LoadedCertificate, ...]:
    return subject.uploaded.certificates if subject.uploaded else ()
