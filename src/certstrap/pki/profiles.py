"""Profiles: what a certificate is for, as values."""

from typing import NamedTuple, Self

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from certstrap.errors import RefusedError
from certstrap.text import quoted

CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)
SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)
BOTH = SERVER + CLIENT

_USAGES = {
    ExtendedKeyUsageOID.SERVER_AUTH: "TLS server",
    ExtendedKeyUsageOID.CLIENT_AUTH: "TLS client",
    ExtendedKeyUsageOID.CODE_SIGNING: "code signing",
    ExtendedKeyUsageOID.EMAIL_PROTECTION: "e-mail protection",
    ExtendedKeyUsageOID.TIME_STAMPING: "time stamping",
    ExtendedKeyUsageOID.OCSP_SIGNING: "OCSP signing",
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: "any purpose",
}


def usage_name(usage: x509.ObjectIdentifier) -> str:
    """Return an extended key usage in words; one that is not known, in numbers."""
    return _USAGES.get(usage, usage.dotted_string)


LONGEST_PATH = 255  # more than any chain; some peers keep it in a byte


class CAProfile(NamedTuple):
    """A CA: how many CAs may follow it (None: any number), and for which domains it may sign."""

    path_length: int | None = 0
    permitted_domains: tuple[str, ...] = ()

    @classmethod
    def of(cls, path_length: int | None, permitted_domains: tuple[str, ...] = ()) -> Self:
        """Return the profile with that path length.

        Raises:
            RefusedError: ``path_length`` is negative, or over 255.
        """
        if path_length is not None and not 0 <= path_length <= LONGEST_PATH:
            raise RefusedError(
                f"A path length cannot be {path_length}.",
                f"It counts the intermediates that may follow: 0, 1, 2, ... {LONGEST_PATH}.",
            )
        return cls(path_length, permitted_domains)


class LeafProfile(NamedTuple):
    """An end entity: its extended key usages."""

    usages: tuple[x509.ObjectIdentifier, ...] = BOTH

    @classmethod
    def of(cls, name: str) -> Self:
        """Return the profile of that name: ``client``, ``server`` or ``both``; empty is ``both``.

        Raises:
            RefusedError: there is none.
        """
        usages = {"": BOTH, "both": BOTH, "client": CLIENT, "server": SERVER}.get(name)
        if usages is None:
            raise RefusedError(
                f"There is no profile {quoted(name)}.", "Choose client, server or both."
            )
        return cls(usages)


Profile = CAProfile | LeafProfile
