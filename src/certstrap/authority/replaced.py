"""The files that change together with a certificate: its key, its request, and what was exported.

A file counts only if it holds the very certificate or key that is replaced; any other is left as
it is.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap import keys
from certstrap.authority.plan import Plan
from certstrap.certificates.properties import extension, is_self_signed
from certstrap.depot import CERTIFICATE, CHAIN, KEY, PKCS8, PKCS12, REQUEST, Entry
from certstrap.depot.archive import Archive
from certstrap.depot.chain import issuers_of, require_root
from certstrap.errors import UnusableFileError, WrongPassphraseError
from certstrap.files import EXPORT_MODE, KEY_MODE, PUBLIC_MODE
from certstrap.keys import PrivateKey, signature_hash

MODES = {  # in the order in which they are written: a key before what depends on it
    KEY: KEY_MODE,
    PKCS8: EXPORT_MODE,
    REQUEST: PUBLIC_MODE,
    CERTIFICATE: PUBLIC_MODE,
    CHAIN: PUBLIC_MODE,
    PKCS12: EXPORT_MODE,
}
_LEGACY = bytes.fromhex("2a864886f70d010c0103")  # pbeWithSHAAnd3-KeyTripleDES-CBC, RFC 7292, C


class NewKey(NamedTuple):
    """A key that takes the place of another: both, and the passphrase that opened the old one."""

    private: PrivateKey
    old: PrivateKey
    secret: bytes


class Change(NamedTuple):
    """A certificate that takes the place of another, and perhaps its key."""

    old: x509.Certificate
    new: x509.Certificate
    key: NewKey | None


def contents(plan: Plan, entry: Entry, change: Change) -> dict[str, bytes]:
    """Return the new content of the files of ``entry``, by their suffixes, as far as they change.

    Raises:
        CertstrapError: one of them cannot be read or opened, or the chain has no root.
    """
    for suffix in MODES if change.key else (CERTIFICATE, CHAIN, PKCS12):
        plan.expect(entry.path(suffix))
    found = {CERTIFICATE: change.new.public_bytes(Encoding.PEM)}
    if change.key:
        found |= _of_new_key(plan, entry, change.key)
    if entry.has(CHAIN) and (old_chain := _chain(entry)) and old_chain[0] == change.old:
        chain = [change.new, *issuers_of(plan.depot, change.new)]
        require_root(plan.depot, chain)
        if not is_self_signed(old_chain[-1]):
            chain.pop()
        found[CHAIN] = b"".join(each.public_bytes(Encoding.PEM) for each in chain)
    if entry.has(PKCS12) and (data := _pkcs12(plan, entry, change)):
        found[PKCS12] = data
    return found


def put(
    plan: Plan,
    archive: Archive,
    entry: Entry,
    found: dict[str, bytes],
    old: x509.Certificate,
) -> list[str]:
    """Archive the files of ``entry`` and replace them; return where the old ones go.

    Args:
        plan: what it is added to.
        archive: where the old ones go.
        entry: whose files.
        found: the new content by suffix.
        old: the certificate that is replaced.
    """
    number = archive.next_number(entry)
    archived = []
    for suffix, mode in MODES.items():
        if suffix in found and entry.has(suffix):
            to = archive.path(entry, number, old.serial_number, suffix)
            plan.archive(entry.path(suffix), to, mode)
            archived.append(to)
    for suffix, mode in MODES.items():
        if suffix in found:
            plan.replace(entry.path(suffix), found[suffix], mode)
    return archived


def _of_new_key(plan: Plan, entry: Entry, key: NewKey) -> dict[str, bytes]:
    found = {KEY: keys.dump(key.private, key.secret, plan.rounds)}
    public = key.old.public_key()
    if entry.has(PKCS8):
        old, secret = keys.load(entry.read(PKCS8), entry.path(PKCS8), plan.passphrases.opening)
        if old.public_key() == public:
            found[PKCS8] = keys.dump_pkcs8(key.private, secret, plan.rounds)
    if entry.has(REQUEST):
        request = entry.request()
        if request.public_key() == public:
            found[REQUEST] = _request(request, key.private)
    return found


def _request(old: x509.CertificateSigningRequest, key: PrivateKey) -> bytes:
    """Return a request that asks for what ``old`` does, for another key."""
    builder = x509.CertificateSigningRequestBuilder(old.subject)
    names = extension(old, x509.SubjectAlternativeName)
    if names:
        builder = builder.add_extension(names, critical=not old.subject.rdns)
    return builder.sign(key, signature_hash(key)).public_bytes(Encoding.PEM)


def _chain(entry: Entry) -> list[x509.Certificate]:
    """Return the certificates of an exported chain; none if it is no chain."""
    data = entry.read(CHAIN)
    with suppress(ValueError):
        return x509.load_pem_x509_certificates(data)
    return []


def _pkcs12(plan: Plan, entry: Entry, change: Change) -> bytes | None:
    """Return the PKCS#12 file for the new certificate, encrypted as the old one; None if none is.

    Raises:
        CertstrapError: the old one cannot be opened.
    """
    from cryptography.hazmat.primitives.serialization import pkcs12  # noqa: PLC0415 - rarely needed

    from certstrap.authority.pkcs12 import encryption_for  # noqa: PLC0415

    path = entry.path(PKCS12)
    data = entry.read(PKCS12)
    opened = secret = None
    for secret in _secrets(plan, path):
        try:
            opened = pkcs12.load_pkcs12(data, secret or None)
        except (ValueError, UnsupportedAlgorithm):
            continue
        break
    if not opened:
        raise WrongPassphraseError(path, _hint(path))
    if not opened.cert or opened.cert.certificate != change.old:
        return None
    key = change.key.private if change.key and opened.key else opened.key
    encryption = encryption_for(secret or b"", plan.rounds, legacy=_LEGACY in data)
    above = issuers_of(plan.depot, change.new)
    name = opened.cert.friendly_name
    return pkcs12.serialize_key_and_certificates(name, key, change.new, above, encryption)  # type: ignore[arg-type]


def _secrets(plan: Plan, path: str) -> Iterator[bytes]:
    """Yield what may open a PKCS#12 file: nothing, else the passphrase that is asked for."""
    yield b""
    secret = plan.passphrases.opening_pkcs12()
    if not secret:
        reason = "is encrypted, and no passphrase was given"
        raise UnusableFileError(path, reason, _hint(path))
    yield secret


def _hint(path: str) -> str:
    return (
        f"It changes together with its certificate: give its passphrase, or move {path} away and "
        "write it again with export-pkcs12."
    )
