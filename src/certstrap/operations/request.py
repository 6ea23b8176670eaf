"""Request a certificate: a key and a PKCS#10 request with its names."""

import os
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.errors import AlreadyExistsError, CertstrapError, PathTakenError, RefusedError
from certstrap.hints import Hint
from certstrap.operations.ca import ca_exists, leftover_key, read_key, require_usable
from certstrap.pki import build, keys
from certstrap.pki.key_files import SCHEME
from certstrap.pki.keys import KeySpec, PrivateKey
from certstrap.pki.names import LONGEST_COMMON_NAME, AlternativeNames, Subject
from certstrap.session import Session
from certstrap.store.depot import KEY, REQUEST, Entry, Name
from certstrap.store.files import KEY_MODE, PUBLIC_MODE, STANDARD_INPUT, source_of
from certstrap.store.transaction import Transaction


class OwnedKey(NamedTuple):
    """A private key whose file exists, and whether that is encrypted."""

    private: PrivateKey
    encrypted: bool


class NewRequest(NamedTuple):
    """A request that was created: where its key is, the paths of the new files, and its parts."""

    key_path: str
    paths: tuple[str, ...]
    request: x509.CertificateSigningRequest
    key: OwnedKey


def name_of(common_name: str, names: AlternativeNames) -> Name:
    """Return the name of the files: the common name, else the first domain, URI or IP address.

    Raises:
        RefusedError: there is none of them.
    """
    if not common_name.strip() and not names.first:
        raise RefusedError(
            "Must provide Common Name, domain, or URI",
            Hint("For example", ("certstrap", "request-cert", ("--common-name", "your-namespace"))),
        )
    return Name.parse(common_name if common_name.strip() else names.first)


def common_name_of(name: Name, names: AlternativeNames) -> str:
    """Return what goes into the subject: nothing, if it is too long and an alternative name too."""
    known = {*names.domains, *names.uris}
    too_long = len(name.common_name) > LONGEST_COMMON_NAME
    return "" if too_long and name.text in known else name.common_name


def request_certificate(
    session: Session,
    new: Transaction,
    entry: Entry,
    subject: Subject,
    names: AlternativeNames,
    key: KeySpec | OwnedKey,
    *,
    key_file: str = "",
    request_file: str = "",
) -> NewRequest:
    """Create a request, and its key if there is none.

    Args:
        key: the kind of a new key, or the key that the entry has already.
        key_file: the key; read if the file exists or is ``-``, else created there.

    Raises:
        AlreadyExistsError: the depot has a request or a key of that name.
        RefusedError: ``key_file`` is the URI of a key in a token.
    """
    if key_file.startswith(SCHEME):
        raise RefusedError(
            "Only the key of a CA can be in a token, and --key names a file here.",
            "Leave it out: the key of a client is a file.",
        )
    key_path = source_of(key_file) or entry.path(KEY)
    path = request_file or entry.path(REQUEST)
    own = {entry.path(KEY), entry.path(REQUEST)}

    def exists_error(path: str) -> CertstrapError:
        if path not in own:
            return PathTakenError(path)
        return AlreadyExistsError("request", entry.stem, path, ca_exists(entry))

    new.require_free(path, exists_error)
    owned = _existing_key(session, entry, key, key_file) if isinstance(key, KeySpec) else key
    paths = [path]
    if owned is None:
        assert not isinstance(key, OwnedKey)  # noqa: S101 - that one is there
        new.require_free(key_path, exists_error)
        secret = session.passphrases.new()
        private = session.new_key(key, key_path)
        owned = OwnedKey(private, bool(secret))
        new.add(key_path, keys.dump(private, secret, session.rounds), KEY_MODE)
        paths = [key_path, path]
    request = build.make_request(owned.private, subject, names)
    new.add(path, request.public_bytes(Encoding.PEM), PUBLIC_MODE)
    return NewRequest(key_path, tuple(paths), request, owned)


def _existing_key(session: Session, entry: Entry, spec: KeySpec, path: str) -> OwnedKey | None:
    """Return the key in the file that the user named, if it exists, or a leftover key."""
    if not path:
        leftover = leftover_key(session, entry, spec)
        return OwnedKey(leftover[0], bool(leftover[1])) if leftover else None
    if path != STANDARD_INPUT and not os.path.lexists(path):
        return None
    private, secret = read_key(session, path, session.passphrases.opening)
    session.passphrases.require_used(source_of(path), secret)
    require_usable(session, private, source_of(path))
    return OwnedKey(private, bool(secret))
