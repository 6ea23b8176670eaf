"""Where the passphrases of a command come from."""

from typing import NamedTuple

from certstrap.errors import RefusedError
from certstrap.keys import Passphrase


class Passphrases(NamedTuple):
    """Functions that return a passphrase, each called only when one is needed.

    Attributes:
        opening: the passphrase of a key that is encrypted.
        opening_ca: the same, for the key of a CA that signs.
        new: the passphrase of a new key; empty leaves it unencrypted.
        explicit: whether the user gave a passphrase to this very command, and so believes that it
            protects something.
        opening_pkcs12: the passphrase of a PKCS#12 file that is encrypted.
    """

    opening: Passphrase
    opening_ca: Passphrase
    new: Passphrase
    explicit: bool = False
    opening_pkcs12: Passphrase = bytes

    def require_used(self, path: str, secret: bytes) -> None:
        """Refuse a passphrase that protects nothing.

        Raises:
            RefusedError: one was given to the command, and the key at ``path`` needed none.
        """
        if self.explicit and not secret:
            raise RefusedError(
                f"{path} is not encrypted, and the passphrase would not protect it.",
                "Leave the passphrase out; export-pkcs8 --encrypt writes an encrypted copy.",
            )
