"""Where a verb's key comes from: an existing file, or a new one of some kind."""

from collections.abc import Callable
from typing import NamedTuple, Self

from certstrap import files, keys
from certstrap.depot import CERTIFICATE, KEY, REQUEST, Depot
from certstrap.errors import AlreadyExists, FileExists, Refused
from certstrap.files import NewFile
from certstrap.keys import KeySpec, Passphrase, PrivateKey
from certstrap.names import Name

Generate = Callable[[KeySpec], PrivateKey]
"""Makes a new key; it may take its time, and whoever gives it may show that."""


class Passphrases(NamedTuple):
    """Who to ask: ``opening`` for a key that is encrypted, ``new`` for one that is to be.

    ``opening_ca`` is asked for the key of a CA that signs.

    ``insisted`` tells that the user gave a passphrase for this very command, and believes that it
    protects something.
    """

    opening: Passphrase
    opening_ca: Passphrase
    new: Passphrase
    insisted: bool = False

    def require_used(self, path: str, secret: bytes) -> None:
        """Refuse a passphrase that protects nothing.

        Raises:
            Refused: one was insisted on, and ``path`` is a key that none opens.
        """
        if self.insisted and not secret:
            raise Refused(
                f"{path} is in the clear, and the passphrase would not protect it.",
                "Leave the passphrase out; export-pkcs8 --encrypt writes an encrypted copy.",
            )


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
        if cause.path in (depot.path(name, suffix) for suffix in (KEY, REQUEST, CERTIFICATE)):
            raise AlreadyExists(kind, name.stem, cause.path) from None
        raise
