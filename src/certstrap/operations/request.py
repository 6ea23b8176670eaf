"""Request a certificate: a key and a PKCS#10 request with its names."""

import os
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.errors import AlreadyExistsError, CertstrapError, MissingOptionError, PathTakenError
from certstrap.operations.ca import lone_key, read_key, require_usable
from certstrap.operations.plan import Plan
from certstrap.pki import build, keys
from certstrap.pki.keys import KeySpec, PrivateKey
from certstrap.pki.names import LONGEST_COMMON_NAME, AlternativeNames, Subject
from certstrap.store.depot import KEY, REQUEST, Entry, Name
from certstrap.store.files import KEY_MODE, PUBLIC_MODE, STANDARD_INPUT, source_of


class OwnedKey(NamedTuple):
    """A private key whose file exists, and whether that is encrypted."""

    private: PrivateKey
    encrypted: bool


class NewRequest(NamedTuple):
    """A request that was created: the paths of its files, and its parts."""

    key_path: str
    key_was_read: bool
    path: str
    request: x509.CertificateSigningRequest
    key: OwnedKey


def name_of(common_name: str, names: AlternativeNames) -> Name:
    """Return the name of the files: the common name, else the first domain, URI or IP address.

    Raises:
        MissingOptionError: there is none of them.
    """
    if not common_name.strip() and not names.first:
        raise MissingOptionError(
            "Must provide Common Name, domain, or URI",
            "For example: certstrap request-cert --common-name your-namespace",
        )
    return Name.parse(common_name if common_name.strip() else names.first)


def common_name_of(name: Name, names: AlternativeNames) -> str:
    """Return what goes into the subject: nothing, if it is too long and an alternative name too."""
    known = {*names.domains, *names.uris}
    too_long = len(name.common_name) > LONGEST_COMMON_NAME
    return "" if too_long and name.text in known else name.common_name


def request_certificate(
    plan: Plan,
    entry: Entry,
    subject: Subject,
    names: AlternativeNames,
    key: KeySpec | PrivateKey | OwnedKey,
    *,
    key_file: str = "",
    request_file: str = "",
) -> NewRequest:
    """Create a request, and its key if there is none.

    Args:
        plan: what it is added to.
        entry: where its files go, unless they are named otherwise.
        subject: the distinguished name that is asked for.
        names: the subject alternative names that are asked for.
        key: the kind of a new key, a new key, or the key that the entry has already.
        key_file: the key; read if the file exists or is ``-``, else created there.
        request_file: where the request goes, if not into the depot.

    Raises:
        AlreadyExistsError: the depot has a request or a key of that name.
    """
    key_path = source_of(key_file) or entry.path(KEY)
    path = request_file or entry.path(REQUEST)
    own = {entry.path(KEY), entry.path(REQUEST)}

    def taken(path: str) -> CertstrapError:
        return (
            AlreadyExistsError("request", entry.stem, path) if path in own else PathTakenError(path)
        )

    plan.require_free(path, taken)
    owned = key if isinstance(key, OwnedKey) else None
    if isinstance(key, KeySpec):
        owned = _existing_key(plan, entry, key, key_file)
    was_read = owned is not None
    if owned is None:
        assert not isinstance(key, OwnedKey)  # noqa: S101 - that one is there
        plan.require_free(key_path, taken)
        secret = plan.passphrases.new()
        private = plan.generate(key) if isinstance(key, KeySpec) else key
        owned = OwnedKey(private, bool(secret))
        plan.add(key_path, keys.dump(private, secret, plan.rounds), KEY_MODE, taken)
    request = build.make_request(owned.private, subject, names)
    plan.add(path, request.public_bytes(Encoding.PEM), PUBLIC_MODE, taken)
    return NewRequest(key_path, was_read, path, request, owned)


def _existing_key(plan: Plan, entry: Entry, spec: KeySpec, path: str) -> OwnedKey | None:
    """Return the key in the file that the user named, if it exists, or a lone key of the entry."""
    if not path:
        lone = lone_key(plan, entry, spec)
        return OwnedKey(lone[0], bool(lone[1])) if lone else None
    if path != STANDARD_INPUT and not os.path.lexists(path):
        return None
    private, secret = read_key(plan, path, plan.passphrases.opening)
    plan.passphrases.require_used(source_of(path), secret)
    require_usable(plan, private, source_of(path))
    return OwnedKey(private, bool(secret))
