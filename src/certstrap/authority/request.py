"""Request a certificate: a key and a PKCS#10 request with its names."""

import os
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap import certificates, files, keys
from certstrap.authority.key_source import Generate, OwnedKey, Passphrases, create, read_key
from certstrap.depot import KEY, REQUEST, Depot
from certstrap.errors import AlreadyExists, Missing
from certstrap.files import KEY_MODE, PUBLIC_MODE, NewFile
from certstrap.keys import KeySpec, Passphrase
from certstrap.names import LONGEST_COMMON_NAME, AlternativeNames, Name, Subject


class NewRequest(NamedTuple):
    """A request that was created: the paths of its files, and its parts."""

    key_path: str
    key_was_read: bool
    path: str
    request: x509.CertificateSigningRequest
    key: OwnedKey


def name_of(common_name: str, names: AlternativeNames) -> Name:
    """Return the name to go by: the common name, else the first domain, URI or IP address.

    Raises:
        Missing: there is none of them.
    """
    text = common_name.strip() or names.first
    if not text:
        raise Missing(
            "Must provide Common Name, domain, or URI",
            "For example: certstrap request-cert --common-name your-namespace",
        )
    return Name(text)


def common_name_of(name: Name, names: AlternativeNames) -> str:
    """Return what goes into the subject: nothing, if it is too long and an alternative name too."""
    known = {*names.domains, *names.uris}
    return "" if len(name.text) > LONGEST_COMMON_NAME and name.text in known else name.text


def request_certificate(
    depot: Depot,
    name: Name,
    subject: Subject,
    names: AlternativeNames,
    spec: KeySpec,
    passphrases: Passphrases,
    *,
    key_file: str = "",
    request_file: str = "",
    generate: Generate = KeySpec.generate,
) -> NewRequest:
    """Create a key and a certificate request.

    Args:
        depot: where to, save what is named otherwise.
        name: the name of the files.
        subject: the distinguished name that is asked for.
        names: the subject alternative names that are asked for.
        spec: the kind of a new key.
        passphrases: asked for a key file that is encrypted, or for a new key.
        key_file: the key; read if it exists, else created there.
        request_file: where the request goes, if not into the depot.
        generate: makes the key.

    Raises:
        AlreadyExists: the depot has a request or a key of that name.
    """
    if request_file:
        files.require_free(request_file)
    for file, suffix in ((request_file, REQUEST), (key_file, KEY)):
        if not file and depot.has(name, suffix):
            raise AlreadyExists("request", name.stem, depot.path(name, suffix))
    key = None
    if key_file and os.path.lexists(key_file):
        private, secret = read_key(key_file, passphrases.opening)
        passphrases.require_used(key_file, secret)
        key = OwnedKey.of(private, secret)
        keys.require_strong(key.private.public_key(), key_file)
    paths = key_file or depot.path(name, KEY), request_file or depot.path(name, REQUEST)
    request, new = draft_request(paths, subject, names, key or spec, passphrases.new, generate)
    create(depot, new, "request", name)
    return request


def draft_request(
    paths: tuple[str, str],
    subject: Subject,
    names: AlternativeNames,
    key: OwnedKey | KeySpec,
    passphrase: Passphrase,
    generate: Generate,
) -> tuple[NewRequest, list[NewFile]]:
    """Do what `request_certificate` does at ``paths``, of key and request, but for writing them."""
    key_path, path = paths
    new = []
    if isinstance(key, KeySpec):
        secret = passphrase()
        owned = OwnedKey.of(generate(key), secret)
        new.append(NewFile(key_path, keys.dump(owned.private, secret), KEY_MODE))
    else:
        owned = key
    request = certificates.make_request(owned.private, subject, names)
    new.append(NewFile(path, request.public_bytes(Encoding.PEM), PUBLIC_MODE))
    return NewRequest(key_path, not isinstance(key, KeySpec), path, request, owned), new
