"""What a certificate says of itself, and whether one was issued by another (RFC 5280)."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from certstrap import keys
from certstrap.errors import NotAllowedToSign, Refused
from certstrap.validity import Validity

UNDECODABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What `cryptography` raises for objects that cannot be decoded or verified."""

_Value = TypeVar("_Value", bound=x509.ExtensionType)


def extension(
    of: x509.Certificate | x509.CertificateSigningRequest | x509.CertificateRevocationList,
    kind: type[_Value],
) -> _Value | None:
    """Return the value of the extension of that kind, or None."""
    try:
        return of.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def validity_of(certificate: x509.Certificate) -> Validity:
    """Return when ``certificate`` is valid."""
    return Validity(certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def is_ca(certificate: x509.Certificate) -> bool:
    """Tell whether basicConstraints make it a CA."""
    constraints = extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def is_issued_by(certificate: x509.Certificate, ca: x509.Certificate) -> bool:
    """Tell whether ``ca`` signed ``certificate``: by the names and by the signature."""

    def check() -> bool:
        certificate.verify_directly_issued_by(ca)
        return True

    return verifies(check)


def is_self_signed(certificate: x509.Certificate) -> bool:
    """Tell whether ``certificate`` is signed by the key it holds."""
    return is_issued_by(certificate, certificate)


def verifies(check: Callable[[], bool]) -> bool:
    """Tell whether ``check`` says yes, and does not stumble over what it checks."""
    try:
        return check()
    except (InvalidSignature, *UNDECODABLE):
        return False


def folded(name: x509.Name) -> tuple[tuple[str, str], ...]:
    """Return a distinguished name in the form in which two are compared: without case."""
    return tuple(
        (part.oid.dotted_string, " ".join(str(part.value).split()).casefold()) for part in name
    )


def require_ca(certificate: x509.Certificate) -> None:
    """Refuse a certificate that may not sign others (RFC 5280, 4.2.1.3 and 4.2.1.9).

    Raises:
        NotAllowedToSign: basicConstraints or keyUsage say no.
    """
    usage = extension(certificate, x509.KeyUsage)
    if not is_ca(certificate) or (usage and not usage.key_cert_sign):
        raise NotAllowedToSign


def require_pair(
    certificate: x509.Certificate, path: str, key: keys.PrivateKey, key_path: str
) -> None:
    """Refuse a key and a certificate that do not belong together.

    Raises:
        Refused: naming both files.
    """
    if key.public_key() != certificate.public_key():
        raise Refused(
            f"{key_path} is not the key of {path}.", "Put back the pair that belongs together."
        )


def require_valid(
    certificate: x509.Certificate,
    now: datetime,
    path: str,
    hint: str = "An expired CA signs nothing: make a new one with another name.",
) -> None:
    """Refuse a certificate, a CA's if ``hint`` says nothing else, that is not valid at ``now``.

    Raises:
        Refused: ``now`` is outside of its validity.
    """
    validity = validity_of(certificate)
    if now > validity.end:
        raise Refused(f"{path} expired on {validity.end:%Y-%m-%d %H:%M:%S} UTC.", hint)
    if now < validity.start:
        raise Refused(
            f"{path} is not valid before {validity.start:%Y-%m-%d %H:%M:%S} UTC.",
            "Check this machine's clock.",
        )


def authority_key_identifier(ca: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """Return the identifier of ``ca``'s key, as what it signs holds it (RFC 5280, 4.2.1.1)."""
    identifier = extension(ca, x509.SubjectKeyIdentifier)
    if identifier:
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    key = ca.public_key()
    assert isinstance(key, keys.PublicKey)  # noqa: S101 - `keys.require_strong` has said so
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)
