"""What `issue` finds in the depot must be what was asked for."""

from cryptography import x509

from certstrap.authority.request import OwnedKey
from certstrap.certificates import LeafProfile
from certstrap.certificates.profiles import BOTH
from certstrap.certificates.properties import extension
from certstrap.depot import KEY, Entry
from certstrap.errors import RefusedError
from certstrap.names import AlternativeNames


def require_same_names(
    found: x509.Certificate | x509.CertificateSigningRequest, path: str, wanted: AlternativeNames
) -> None:
    """Refuse a request or certificate that has other names than those wanted."""
    names = wanted.to_x509()
    if names and {*names} != {*(extension(found, x509.SubjectAlternativeName) or ())}:
        raise RefusedError(
            f"{path} has other alternative names than those asked for.",
            "What exists is used as it is: leave them out, or choose another name.",
        )


def require_same_profile(certificate: x509.Certificate, path: str, profile: LeafProfile) -> None:
    """Refuse a certificate that is not for what was asked; without a profile, any will do."""
    usages = {*(extension(certificate, x509.ExtendedKeyUsage) or BOTH)}
    if profile.usages != BOTH and usages != {*profile.usages}:
        raise RefusedError(
            f"{path} has another extended key usage than the profile that was asked for.",
            "What exists is used as it is: leave the profile out, or choose another name.",
        )


def require_same_key(
    found: x509.Certificate | x509.CertificateSigningRequest,
    path: str,
    entry: Entry,
    key: OwnedKey | None,
) -> None:
    """Refuse a request or certificate that has another key than the one in the depot."""
    if key and found.public_key() != key.private.public_key():
        raise RefusedError(
            f"{path} was created for another key than {entry.path(KEY)}.",
            "Put back the files that belong together, or choose another name.",
        )
