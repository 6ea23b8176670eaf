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
KEY_USAGES = {
    "digital_signature": "digital signature",
    "content_commitment": "content commitment",
    "key_encipherment": "key encipherment",
    "data_encipherment": "data encipherment",
    "key_agreement": "key agreement",
    "key_cert_sign": "certificate signing",
    "crl_sign": "CRL signing",
}
"""The key usages, save those that only restrict key agreement, in words."""


def usage_name(usage: x509.ObjectIdentifier) -> str:
    """Return an extended key usage in words; one that is not known, in numbers."""
    return _USAGES.get(usage, usage.dotted_string)


LONGEST_PATH = 255  # more than any chain; some peers keep it in a byte


class CAProfile(NamedTuple):
    """A CA.

    Attributes:
        path_length: how many CAs may follow it; None for any number.
        constraints: which names it may sign.
        usages: the extended key usages that it may sign; none given: all.
    """

    path_length: int | None = 0
    constraints: x509.NameConstraints | None = None
    usages: tuple[x509.ObjectIdentifier, ...] = ()

    @classmethod
    def of(
        cls,
        path_length: int | None,
        constraints: x509.NameConstraints | None = None,
        profile: str = "",
    ) -> Self:
        """Return a CA that signs only leaves of that ``profile``, if it is given.

        Raises:
            RefusedError: ``path_length`` is negative, or over 255; or there is no such profile.
        """
        if path_length is not None and not 0 <= path_length <= LONGEST_PATH:
            raise RefusedError(
                f"A path length cannot be {path_length}.",
                f"It counts the intermediates that may follow: 0, 1, 2, ... {LONGEST_PATH}.",
            )
        return cls(path_length, constraints, LeafProfile.of(profile).usages if profile else ())


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


def profile_of(
    name: str, path_length: int | None, limits: x509.NameConstraints | None, *, is_ca: bool
) -> Profile:
    """Return the profile of a certificate that is to be signed, as `LeafProfile.of` names it.

    Args:
        name: what it is for; of a CA, what that may sign.
        path_length: of a CA; None is 0.
        limits: the names that a CA may sign.
        is_ca: whether it is a CA.

    Raises:
        RefusedError: there is no such profile, or what only a CA has is given for a leaf.
    """
    if is_ca:
        return CAProfile.of(path_length or 0, limits, name)
    if path_length is not None or limits:
        what = "Name constraints are" if path_length is None else "A path length is"
        raise RefusedError(f"{what} for CAs only.", "Give --intermediate too, or leave it out.")
    return LeafProfile.of(name)
