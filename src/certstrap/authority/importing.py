"""Bring a certificate of any tool into the depot, with its key and its request."""

from collections.abc import Iterator
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap import certificates, encoding, files, keys
from certstrap.authority.key_source import Passphrases, create, read_key
from certstrap.authority.sign import certificate_as
from certstrap.depot import CERTIFICATE, KEY, REQUEST, Depot
from certstrap.errors import AlreadyExists, Refused
from certstrap.facts import is_ca
from certstrap.files import KEY_MODE, PUBLIC_MODE, NewFile
from certstrap.names import Name


class Imported(NamedTuple):
    """What was brought in: the paths, and how many more certificates the file held."""

    paths: tuple[str, ...]
    key_encrypted: bool
    left: int


def import_certificate(
    depot: Depot,
    name: Name,
    certificate_file: str,
    key_file: str,
    request_file: str,
    passphrases: Passphrases,
) -> Imported:
    """Copy a certificate into the depot, in the depot's form, as ``name``.

    Args:
        depot: where to. A key or request of that name that it holds must belong to the certificate.
        name: the name of the files.
        certificate_file: the certificate, PEM or DER, a CA's or a leaf's; the first of several.
        key_file: its key, if that is to be copied too.
        request_file: its request, likewise.
        passphrases: ``opening`` is asked if the key is encrypted, and keeps it so; otherwise the
            copy is protected by what ``new`` gives.

    Raises:
        AlreadyExists: the depot has such a file of that name.
        Refused: the parts do not belong together.
    """
    data = files.read(certificate_file, "certificate")
    certificate = certificates.load_certificate(data, certificate_file)
    kind = "CA" if is_ca(certificate) else "certificate"
    for file, suffix in ((key_file, KEY), (request_file, REQUEST), (certificate_file, CERTIFICATE)):
        if file and depot.has(name, suffix):
            raise AlreadyExists(kind, name.stem, depot.path(name, suffix))
    new: list[NewFile] = []
    secret = b""
    if key_file:
        key, secret = read_key(key_file, passphrases.opening)
        _require_same_key(certificate, key.public_key(), key_file)
        secret = secret or passphrases.new()
        new.append(NewFile(depot.path(name, KEY), keys.dump(key, secret), KEY_MODE))
    if request_file:
        request = certificates.load_request(
            files.read(request_file, "certificate request"), request_file
        )
        _require_same_key(certificate, request.public_key(), request_file)
        pem = request.public_bytes(Encoding.PEM)
        new.append(NewFile(depot.path(name, REQUEST), pem, PUBLIC_MODE))
    for path, public_key in _kept(depot, name, passphrases):
        _require_same_key(certificate, public_key, path)
    new.append(certificate_as(depot.path(name, CERTIFICATE), certificate))
    create(depot, new, kind, name)
    left = max(0, sum(1 for _ in encoding.find_all(data, encoding.CERTIFICATE)) - 1)
    return Imported(tuple(file.path for file in new), bool(secret), left)


def _kept(depot: Depot, name: Name, passphrases: Passphrases) -> Iterator[tuple[str, object]]:
    """Yield the public keys of what the depot holds of that name already."""
    if depot.has(name, REQUEST):
        yield depot.path(name, REQUEST), depot.request(name).public_key()
    if depot.has(name, KEY):
        yield depot.path(name, KEY), depot.key(name, passphrases.opening)[0].public_key()


def _require_same_key(certificate: x509.Certificate, key: object, path: str) -> None:
    if key != certificate.public_key():
        raise Refused(
            f"{path} does not belong to that certificate: its key is another.",
            "Name the files that were made together.",
        )
