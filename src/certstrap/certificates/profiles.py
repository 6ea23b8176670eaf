"""What a certificate is for: a CA's or an end entity's, as values."""

from typing import NamedTuple, Self

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from certstrap.errors import Refused

CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)
SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)
BOTH = SERVER + CLIENT


LONGEST_PATH = 255  # more than any chain; some peers keep it in a byte


class _CAFields(NamedTuple):
    path_length: int | None
    permitted_domains: tuple[str, ...]


class CAProfile(_CAFields):
    """What a CA's certificate says: how many CAs may follow it, and for which domains.

    Raises:
        Refused: ``path_length`` is negative, or over 255.
    """

    __slots__ = ()

    def __new__(  # noqa: D102 - the class says it
        cls, path_length: int | None = 0, permitted_domains: tuple[str, ...] = ()
    ) -> Self:
        if path_length is not None and not 0 <= path_length <= LONGEST_PATH:
            raise Refused(
                f"A path length cannot be {path_length}.",
                f"It counts the intermediates that may follow: 0, 1, 2, ... {LONGEST_PATH}.",
            )
        return super().__new__(cls, path_length, permitted_domains)


class LeafProfile(NamedTuple):
    """What an end entity's certificate says: its extended key usages."""

    usages: tuple[x509.ObjectIdentifier, ...] = BOTH


Profile = CAProfile | LeafProfile
