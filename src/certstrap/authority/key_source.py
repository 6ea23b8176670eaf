"""Where a verb's key comes from: an existing file, or a new one of some kind."""

from collections.abc import Callable
from typing import NamedTuple, Self

from certstrap import files, keys
from certstrap.depot import Depot
from certstrap.errors import AlreadyExists, FileExists
from certstrap.files import NewFile
from certstrap.keys import KeySpec, Passphrase, PrivateKey
from certstrap.names import Name

Generate = Callable[[KeySpec], PrivateKey]
"""Makes a new key; it may take its time, and whoever gives it may show that."""


class Passphrases(NamedTuple):
    """Who to ask: ``opening`` for a key that is encrypted, ``new`` for one that is to be."""

    opening: Passphrase
    new: Passphrase


class OwnedKey(NamedTuple):
    """A private key, and whether its file is encrypted."""

    private: PrivateKey
    encrypted: bool

    @classmethod
    def of(cls, private: PrivateKey, passphrase: bytes) -> Self:
        """Return a key that ``passphrase`` protects, or nothing where it is empty."""
        return cls(private, encrypted=bool(passphrase))


def read_key(path: str, passphrase: Passphrase) -> tuple[PrivateKey, bytes]:
    """Return the private key in a file that the user named, and the passphrase that opened it."""
    return keys.load(files.read(path, "private key"), path, passphrase)


def create(depot: Depot, new: list[NewFile], kind: str, name: Name) -> None:
    """Create the files; tell a name that another process took meanwhile as one that is taken."""
    try:
        depot.create(new)
    except FileExists as cause:
        if depot.holds(cause.path):
            raise AlreadyExists(kind, name.stem, cause.path) from None
        raise
