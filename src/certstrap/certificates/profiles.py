"""What a certificate is for: a CA's or an end entity's, as values."""

from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from certstrap.errors import Refused

CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)
SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)
BOTH = SERVER + CLIENT


@dataclass(frozen=True, slots=True)
class CAProfile:
    """What a CA's certificate says: how many CAs may follow it, and for which domains.

    Raises:
        Refused: ``path_length`` is negative.
    """

    path_length: int | None = 0
    permitted_domains: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.path_length is not None and self.path_length < 0:
            raise Refused(
                f"A path length cannot be {self.path_length}.",
                "It counts the intermediates that may follow: 0, 1, 2, ...",
            )


@dataclass(frozen=True, slots=True)
class LeafProfile:
    """What an end entity's certificate says: its extended key usages."""

    usages: tuple[x509.ObjectIdentifier, ...] = BOTH


Profile = CAProfile | LeafProfile
