"""Import a certificate of any tool into the depot, with its key and its request."""

from collections.abc import Iterator
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.operations.ca import read_key
from certstrap.pki import decode, keys, pem, rules
from certstrap.pki.decode import is_ca
from certstrap.pki.findings import require
from certstrap.session import Session
from certstrap.store.depot import CERTIFICATE, KEY, REQUEST, Entry, Name
from certstrap.store.files import KEY_MODE, PUBLIC_MODE, source_of
from certstrap.store.transaction import Transaction


class Imported(NamedTuple):
    """What was imported: the new paths, and how many more certificates the file has."""

    paths: tuple[str, ...]
    key_encrypted: bool
    left: int


def import_certificate(
    session: Session,
    new: Transaction,
    name: Name,
    certificate_file: str,
    key_file: str,
    request_file: str,
) -> Imported:
    """Copy a certificate into the depot, in the depot's form, as ``name``.

    Args:
        name: the name of the files. A key or request of that name that the depot has must belong
            to the certificate.
        certificate_file: the certificate, PEM or DER, a CA's or a leaf's; the first of several.
        key_file: its key, if that is to be copied too. An encrypted key stays encrypted, otherwise
            the copy is protected by the passphrase for new keys.

    Raises:
        PathTakenError: the depot has such a file of that name.
        RefusedError: the parts do not belong together.
    """
    data = session.read(certificate_file, "certificate")
    certificate = decode.load_certificate(data, source_of(certificate_file))
    entry = session.depot.place(name, ca=is_ca(certificate))
    given = ((key_file, KEY), (request_file, REQUEST), (certificate_file, CERTIFICATE))
    suffixes = [suffix for file, suffix in given if file]
    for suffix in suffixes:
        new.require_free(entry.path(suffix))
    secret = b""
    if key_file:
        key, secret = read_key(session, key_file, session.passphrases.opening)
        _require_same_key(certificate, key.public_key(), source_of(key_file))
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
    encoded = certificate.public_bytes(Encoding.PEM)
    new.add(entry.path(CERTIFICATE), encoded, PUBLIC_MODE)
    left = max(0, sum(1 for _ in pem.find_all(data, pem.CERTIFICATE)) - 1)
    return Imported(tuple(map(entry.path, suffixes)), bool(secret), left)


def _kept(session: Session, entry: Entry) -> Iterator[tuple[str, object]]:
    """Yield the public keys of what the depot has of that name already."""
    if entry.has(REQUEST):
        yield entry.path(REQUEST), entry.request().public_key()
    if entry.has(KEY):
        yield entry.path(KEY), entry.key(session.passphrases.opening)[0].public_key()


def _require_same_key(certificate: x509.Certificate, key: object, path: str) -> None:
    found = rules.same_key(key, path, certificate.public_key(), "that certificate")
    require(found, "Name the files that were created together.")
