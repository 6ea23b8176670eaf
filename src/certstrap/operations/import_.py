"""Import a certificate of any tool into the depot, with its key, its request and its chain."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.errors import CertstrapError, RefusedError, UnusableFileError, attempted
from certstrap.operations.ca import read_key
from certstrap.pki import decode, keys, pem, rules, stores
from certstrap.pki.decode import LoadedCertificate, is_ca
from certstrap.pki.findings import require
from certstrap.pki.issuers import Issuers
from certstrap.pki.keys import PrivateKey
from certstrap.pki.stores import Store
from certstrap.session import Session
from certstrap.store.depot import CERTIFICATE, KEY, REQUEST, Entry, Name
from certstrap.store.files import KEY_MODE, PUBLIC_MODE, source_of
from certstrap.store.transaction import Transaction
from certstrap.text import counted, quoted


class Imported(NamedTuple):
    """What was imported.

    Attributes:
        paths: the new files.
        key_encrypted: whether the key among them is encrypted.
        not_imported: what else the file of the certificate has, and why it was left, in sentences.
    """

    paths: tuple[str, ...]
    key_encrypted: bool
    not_imported: tuple[str, ...]


_Contents = tuple[list[bytes], PrivateKey | None, bytes]
"""Of a file: its certificates, that of the name first; the key of that one, if the file has it; and
the passphrase that opened the file."""


def import_certificate(
    session: Session,
    new: Transaction,
    name: Name,
    certificate_file: str,
    key_file: str,
    request_file: str,
) -> Imported:
    """Copy a certificate and the CAs above it into the depot, in the depot's form.

    Args:
        name: the name of the certificate's files. A key or request of that name that the depot has
            must belong to the certificate. Each CA gets its own name, from its subject.
        certificate_file: the certificate, a CA's or a leaf's, PEM or DER; the first of several. Of
            PKCS#7, the one that issued no other; of PKCS#12, that of the key, which is copied too.
        key_file: its key, if that is to be copied too. An encrypted key stays encrypted, otherwise
            the copy is protected by the passphrase for new keys.

    Raises:
        PathTakenError: the depot has such a file of that name.
        RefusedError: the parts do not belong together.
    """
    (first, *more), key, secret = _contents(session, name, certificate_file)
    file = source_of(certificate_file)
    certificate = decode.load_certificate(first, file)
    found = [attempted(partial(decode.load_certificate, each, file)) for each in more]
    others = [each for each in found if isinstance(each, x509.Certificate)]
    entry = session.depot.place(name, ca=is_ca(certificate))
    given = ((key_file or key, KEY), (request_file, REQUEST), (certificate_file, CERTIFICATE))
    paths = [entry.path(suffix) for part, suffix in given if part]
    for path in paths:
        new.require_free(path)
    if key_file:
        key, secret = read_key(session, key_file, session.passphrases.opening)
    if key:
        source = source_of(key_file or certificate_file)
        _require_same_key(certificate, key.public_key(), source)
        secret = secret or session.passphrases.new()
        new.add(entry.path(KEY), keys.dump(key, secret, session.rounds), KEY_MODE)
    if request_file:
        source = source_of(request_file)
        request = rules.load_request(session.read(request_file, "certificate request"), source)
        _require_same_key(certificate, request.public_key(), source)
        encoded = request.public_bytes(Encoding.PEM)
        new.add(entry.path(REQUEST), encoded, PUBLIC_MODE)
    for path, public_key in _kept(session, entry):
        _require_same_key(certificate, public_key, path)
    new.add(entry.path(CERTIFICATE), certificate.public_bytes(Encoding.PEM), PUBLIC_MODE)
    above = _above(certificate, others)
    added, not_imported = _add_cas(session, new, above, file)
    left = sum(each not in (certificate, *above) for each in found)
    if left:
        not_imported.append(f"{left} more in {file}. Import each under its own name.")
    return Imported((*paths, *added), bool(secret), tuple(not_imported))


def _add_cas(
    session: Session, new: Transaction, cas: Iterable[x509.Certificate], file: str
) -> tuple[list[str], list[str]]:
    """Add the CAs that the depot does not have; return their paths, and why others were left."""
    paths, left = [], []
    for ca in cas:
        if any(ca == known.certificate for known in session.depot.authorities):
            continue
        entry = None
        with suppress(CertstrapError):  # by the name in it, which may be none that a file can have
            entry = session.depot.place(Name.parse(decode.identity(ca)), ca=True)
        if entry and not entry.has(KEY, REQUEST) and not new.exists(entry.path(CERTIFICATE)):
            paths.append(entry.path(CERTIFICATE))
            new.add(paths[-1], ca.public_bytes(Encoding.PEM), PUBLIC_MODE)
            continue
        reason = f"{entry.stem} is another one" if entry else "its name cannot name a file"
        subject = quoted(ca.subject.rfc4514_string())
        left.append(f"{subject} in {file}: {reason}. Import it under a name of your choice.")
    return paths, left


def _contents(session: Session, name: Name, file: str) -> _Contents:
    data, source = session.read(file, "certificate"), source_of(file)
    container = pem.container_of(data)
    if container == pem.PKCS12:
        store = stores.open_pkcs12(data, source, session.passphrases.opening_pkcs12)
        return _of_pkcs12(store, name, source)
    if container == pem.PKCS7:
        return stores.read_pkcs7(data, source), None, b""
    return [data, *list(pem.find_all(data, pem.CERTIFICATE))[1:]], None, b""


def _of_pkcs12(store: Store, name: Name, source: str) -> _Contents:
    if not store.certificates:
        raise UnusableFileError(source, "contains no certificate", "Name the right file.")
    own = [each for each in store.keys if each.certificate]
    if not own and store.keys:
        raise UnusableFileError(
            source,
            "holds a private key that cannot sign, or is not that of a certificate in it",
            "Name files of PEM that belong together.",
        )
    if len(store.keys) > 1:
        ders = _encoded(each.certificate for each in own if each.certificate)
        identities = [decode.identity(decode.load_certificate(der, source)) for der in ders]
        if identities.count(name.text) != 1:
            names = ", ".join(map(quoted, identities))
            raise RefusedError(
                f"{source} has {counted(len(store.keys), 'private key')}, of {names}.",
                "Import one under the name in its certificate.",
            )
        own = [own[identities.index(name.text)]]
    first = [each.certificate for each in own if each.certificate]
    others = [each for each in store.certificates if each not in first]
    key = own[0].private if own else None
    return _encoded([*first, *others]), key, store.passphrase


def _encoded(certificates: Iterable[x509.Certificate]) -> list[bytes]:
    return [each.public_bytes(Encoding.DER) for each in certificates]


def _above(
    certificate: x509.Certificate, others: Sequence[x509.Certificate]
) -> list[x509.Certificate]:
    """Return the CAs among ``others`` that are above a certificate, the next one first."""
    issuers = Issuers(LoadedCertificate(each, "") for each in others if is_ca(each))
    found = dict.fromkeys(ca.certificate for path in issuers.paths(certificate) for ca in path)
    return [each for each in found if each != certificate]


def _kept(session: Session, entry: Entry) -> Iterator[tuple[str, object]]:
    """Yield the public keys of what the depot has of that name already."""
    if entry.has(REQUEST):
        yield entry.path(REQUEST), entry.request().public_key()
    if entry.has(KEY):
        yield entry.path(KEY), entry.key(session.passphrases.opening)[0].public_key()


def _require_same_key(certificate: x509.Certificate, key: object, path: str) -> None:
    found = rules.same_key(key, path, certificate.public_key(), "that certificate")
    require(found, "Name the files that were created together.")
