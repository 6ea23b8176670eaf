"""Export a key or a chain in the form that others load: PKCS#8, PEM, PKCS#12 (RFC 7292)."""

from collections.abc import Sequence
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    PrivateFormat,
    pkcs12,
)

from certstrap.errors import NotNamedError, RefusedError
from certstrap.hints import Hint
from certstrap.pki import keys, pem, rules, stores
from certstrap.pki.findings import require
from certstrap.pki.issuers import is_self_signed
from certstrap.pki.keys import PrivateKey
from certstrap.pki.names import name_text
from certstrap.session import Session
from certstrap.store.depot import (
    CERTIFICATE,
    CHAIN,
    KEY,
    PKCS8,
    PKCS12,
    REQUEST,
    DepotFolder,
    Entry,
    Name,
)
from certstrap.store.files import EXPORT_MODE, PUBLIC_MODE, source_of
from certstrap.store.renewal import expired
from certstrap.store.transaction import Transaction
from certstrap.store.withdrawn import compromised, key_of_ca, withdrawn
from certstrap.text import printable


class Exported(NamedTuple):
    """A file that was written.

    Attributes:
        warnings: what in its chain is not valid now, or how the file of its key was damaged.
        passphrase: what PKCS#12 is encrypted with, or empty.
        missing_issuer: the CA that the chain in PKCS#12 lacks, or empty.
    """

    path: str
    warnings: tuple[str, ...] = ()
    passphrase: str = ""
    missing_issuer: str = ""


def export_pkcs8(
    session: Session,
    new: Transaction,
    name: Name | None,
    *,
    encrypt: bool = False,
    allow_ca: bool = False,
    key_file: str = "",
    output: str = "",
) -> Exported:
    """Write a key as PKCS#8 PEM, mode 0400.

    Args:
        name: whose key it is; None if both ``key_file`` and ``output`` are named.
        key_file: the key, if it is not in the depot; damaged PEM is repaired.

    Raises:
        RefusedError: it is not known which key, or where to; it is a CA's, or withdrawn.
        PathTakenError: there is a copy already.
    """
    entry = session.depot.find(name, KEY) if name else None
    source = source_of(key_file) or (entry.path(KEY) if entry else "")
    if not source:
        raise NotNamedError(
            "Must provide a name or --key FILE",
            Hint("For example", ("certstrap", "export-pkcs8", "NAME")),
        )
    path = output or (entry.path(PKCS8) if entry else "")
    if not path:
        raise NotNamedError("Must provide a name or --output FILE", "Name the file to write.")
    new.require_free(path)
    damage = ""
    if entry and not key_file:
        data = entry.read(KEY)
    else:
        data, damage = pem.repair(session.read(key_file, "private key"), source, pem.PRIVATE_KEY)
    key, opened = stores.load_key(data, source, session.passphrases.opening)
    if entry and not key_file:
        _require_own(session.depot, entry, key)
    require(compromised(session.depot, key.public_key(), source))
    if not allow_ca and not damage:  # a repaired copy takes the place of the file
        require_leaf(session.depot, key, source)
    secret = b""
    if encrypt:
        secret = session.passphrases.new()
        if not secret:
            raise RefusedError(
                "--encrypt needs a passphrase", "Provide one, or leave out --encrypt."
            )
    else:
        session.passphrases.require_used(source, opened)
    new.add(path, keys.dump_pkcs8(key, secret, session.rounds), EXPORT_MODE)
    return Exported(path, (f"{damage} The copy is repaired.",) if damage else ())


def _require_own(depot: DepotFolder, entry: Entry, key: PrivateKey) -> None:
    """Refuse the key of an entry that is not that of its certificate or request, or is revoked."""
    if entry.has(CERTIFICATE):
        path = entry.path(CERTIFICATE)
        certificate = entry.certificate()
        require(rules.pair(certificate, path, key, entry.path(KEY)))
        require(withdrawn(depot, depot.chain_of(certificate), path))
    elif entry.has(REQUEST):
        require(rules.pair(entry.request(), entry.path(REQUEST), key, entry.path(KEY)))


def require_leaf(depot: DepotFolder, key: PrivateKey, path: str) -> None:
    """Refuse the key of a CA of the depot."""
    hint = "Name the client's key; --allow-ca exports the CA's if you mean it."
    require(key_of_ca(depot, key.public_key(), path), hint)


def export_chain(
    session: Session,
    new: Transaction,
    name: Name,
    *,
    with_root: bool = False,
    der: bool = False,
    output: str = "",
) -> Exported:
    """Write the chain of ``name``, leaf first.

    Args:
        with_root: end with the root; otherwise it ends before it, as in TLS (RFC 8446, 4.4.2).
        der: write the certificate alone, in DER.

    Raises:
        RefusedError: it has no root, or nothing else, or something in it is withdrawn.
        PathTakenError: there is such a file already.
    """
    entry = session.depot.find(name, CERTIFICATE)
    path = output or entry.path(CHAIN)
    new.require_free(path)
    leaf = entry.certificate()
    chain = session.depot.chain_of(leaf)
    if not der:
        require(rules.complete(chain, session.depot.root))
    require(withdrawn(session.depot, chain, entry.path(CERTIFICATE)))
    warnings = not_valid(session, chain, entry.path(CERTIFICATE))
    if der:
        chain = [leaf]
    elif not with_root:
        chain.pop()
    if not chain:
        raise RefusedError(f"{name} is a root, and its chain ends before it.", "Add --with-root.")
    form = Encoding.DER if der else Encoding.PEM
    new.add(path, b"".join(each.public_bytes(form) for each in chain), PUBLIC_MODE)
    return Exported(path, warnings)


def not_valid(session: Session, chain: Sequence[x509.Certificate], path: str) -> tuple[str, ...]:
    """Return which certificates of a chain are not valid now; the first one is at ``path``."""
    return tuple(each.sentence for each in expired(session.depot, chain, session.now, path))


def export_pkcs12(
    session: Session,
    new: Transaction,
    name: Name,
    *,
    legacy: bool = False,
    allow_ca: bool = False,
    output: str = "",
) -> Exported:
    """Write the key, the certificate and its chain up to the root as PKCS#12, mode 0400.

    Args:
        legacy: encrypt for old readers, with 3DES and SHA-1; otherwise it is AES-256-CBC and
            PBKDF2-HMAC-SHA256 with 600,000 rounds.

    Raises:
        RefusedError: the key is a CA's or another's, or something in the chain is withdrawn.
        PathTakenError: there is such a file already.
    """
    entry = session.depot.find(name, CERTIFICATE)
    path = output or entry.path(PKCS12)
    new.require_free(path)
    certificate = entry.certificate()
    key, _ = entry.key(session.passphrases.opening)
    require(rules.pair(certificate, entry.path(CERTIFICATE), key, entry.path(KEY)))
    if not allow_ca:
        require_leaf(session.depot, key, entry.path(KEY))
    chain = session.depot.chain_of(certificate)
    require(withdrawn(session.depot, chain, entry.path(CERTIFICATE)))
    secret = session.passphrases.new()
    try:
        text = secret.decode()
    except UnicodeDecodeError:
        raise RefusedError(
            "The passphrase of a PKCS#12 file must be text in UTF-8.", "Choose another one."
        ) from None
    encryption = encryption_for(secret, session.rounds, legacy=legacy)
    data = pkcs12.serialize_key_and_certificates(
        name.text.encode(), key, certificate, chain[1:], encryption
    )
    new.add(path, data, EXPORT_MODE)
    missing = "" if is_self_signed(chain[-1]) else printable(name_text(chain[-1].issuer))
    return Exported(path, not_valid(session, chain, entry.path(CERTIFICATE)), text, missing)


def encryption_for(passphrase: bytes, rounds: int, *, legacy: bool) -> KeySerializationEncryption:
    """Return how a PKCS#12 file is encrypted, also if ``passphrase`` is empty.

    Java finds no key in a file that is not encrypted, and Bouncy Castle opens one with the empty
    passphrase, which protects nothing, in the old form alone.
    """
    builder = PrivateFormat.PKCS12.encryption_builder()
    if legacy or not passphrase:
        algorithm = pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC
        builder = builder.kdf_rounds(2048).hmac_hash(hashes.SHA1())  # noqa: S303 - asked for
    else:
        algorithm = pkcs12.PBES.PBESv2SHA256AndAES256CBC
        builder = builder.kdf_rounds(rounds).hmac_hash(hashes.SHA256())
    encryption = builder.key_cert_algorithm(algorithm).build(passphrase or b"-")
    encryption.password = passphrase  # type: ignore[attr-defined] # `build` takes no empty one
    return encryption
