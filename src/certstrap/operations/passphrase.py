"""Change the passphrase of a private key, in its place."""

import os
from contextlib import suppress
from typing import NamedTuple

from certstrap.errors import CertstrapError, UnusableFileError
from certstrap.hints import Hint
from certstrap.operations.ca import is_export
from certstrap.pki import key_files, keys, pem
from certstrap.session import Session
from certstrap.store import files
from certstrap.store.archive import Archive
from certstrap.store.depot import KEY, PKCS8, PKCS12, Entry, Name
from certstrap.store.files import KEY_MODE
from certstrap.store.transaction import Transaction

_EXPORTS = {PKCS8: "export-pkcs8", PKCS12: "export-pkcs12"}


class Changed(NamedTuple):
    """What was changed.

    Attributes:
        path: the key.
        encrypted: whether it is encrypted now.
        updated: the files that were written: the key, and those in the archive that had the same
            passphrase; none if the key has the new passphrase already.
        copies: what to do about each copy in another form, and each hard link: they are as before.
    """

    path: str
    encrypted: bool
    updated: tuple[str, ...]
    copies: tuple[Hint, ...]


def change_passphrase(session: Session, new: Transaction, name: Name) -> Changed:
    """Encrypt the key of a name by a new passphrase; an empty one leaves it not encrypted.

    Raises:
        UnusableFileError: it is a link or a copy of another key, or has a certificate beside it.
        WrongPassphraseError: the old passphrase does not decrypt it.
        CertstrapError: it, or an archived one, cannot be read.
    """
    entry = session.depot.find(name, KEY)
    path = entry.path(KEY)
    data = entry.read(KEY)
    if os.path.islink(path):
        hint = "Put the key itself in the place of the link."
        raise UnusableFileError(path, "is a link, and the key would keep its passphrase", hint)
    if is_export(entry):
        raise UnusableFileError(path, "is the PKCS#8 form of another key", "Name that key.")
    if any(pem.find_all(data, pem.CERTIFICATE)):
        hint = "Keep only the key in the file."
        raise UnusableFileError(path, "has a certificate too, which would be lost", hint)
    key, old = key_files.load(data, path, session.passphrases.opening)
    secret = session.passphrases.new()
    if secret == old:
        return Changed(path, bool(secret), (), ())
    found = {path: key}
    archive = Archive(session.depot)
    for each in archive.paths(entry, KEY):
        archived = files.read(each, "archived file", private=True, own=True)
        with suppress(CertstrapError):  # it has another passphrase
            private, opened = key_files.load(archived, each, lambda: old)
            found |= {each: private} if opened == old else {}
    links = [each for each in found if os.stat(each).st_nlink > 1]
    for each, private in found.items():
        data = keys.dump(private, secret, session.rounds)
        new.replace(each, data, KEY_MODE, keep_mode=True)
    old_copies = archive.paths(entry, *_EXPORTS)
    copies = (
        *(_again(entry, suffix, secret) for suffix in _EXPORTS if entry.has(suffix)),
        *(Hint(f"{each} has not changed. Remove it if no client needs it.") for each in old_copies),
        *(Hint(f"Another hard link to {each} has not changed. Remove it.") for each in links),
    )
    return Changed(path, bool(secret), tuple(found), copies)


def _again(entry: Entry, suffix: str, secret: bytes) -> Hint:
    """Return how an exported copy is written again."""
    allow = [("--allow-ca",)] if entry.is_ca else []
    encrypt = [("--encrypt",)] if suffix == PKCS8 and secret else []
    return Hint(
        f"{entry.path(suffix)} has a copy of the key as it was before. Move it away, and write it "
        "again",
        ("certstrap", _EXPORTS[suffix], entry.stem, *encrypt, *allow),
    )
