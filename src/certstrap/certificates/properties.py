"""Properties of certificates and requests, and who issued a certificate (RFC 5280)."""

from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InternalError, InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import NameOID

from certstrap.keys import PublicKey
from certstrap.names import AlternativeNames
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
    for each in of.extensions:
        value = each.value
        if type(value) is kind:  # they are abstract base classes, for which `isinstance` is slow
            return value
    return None


@lru_cache
def subject_of(certificate: x509.Certificate) -> x509.Name:
    """Return the distinguished name of ``certificate``, which the library decodes each time."""
    return certificate.subject


@lru_cache
def validity_of(certificate: x509.Certificate) -> Validity:
    """Return when ``certificate`` is valid."""
    return Validity(certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def names_of(of: x509.Certificate | x509.CertificateSigningRequest) -> AlternativeNames:
    """Return the domains, addresses and URIs among the alternative names."""
    names = extension(of, x509.SubjectAlternativeName)
    if names is None:
        return AlternativeNames()
    return AlternativeNames(
        tuple(names.get_values_for_type(x509.DNSName)),
        tuple(
            address
            for address in names.get_values_for_type(x509.IPAddress)
            if isinstance(address, IPv4Address | IPv6Address)
        ),
        tuple(names.get_values_for_type(x509.UniformResourceIdentifier)),
    )


def copied_names(
    request: x509.CertificateSigningRequest | x509.Certificate,
) -> list[x509.GeneralName]:
    """Return the alternative names that a certificate for ``request`` gets.

    They are its domains, addresses and URIs, as in certstrap.
    """
    copied = (x509.DNSName, x509.IPAddress, x509.UniformResourceIdentifier)
    names = extension(request, x509.SubjectAlternativeName) or ()
    return [name for name in names if isinstance(name, copied)]


def identity(of: x509.Certificate | x509.CertificateSigningRequest) -> str:
    """Return the name it is for: its common name, else its first alternative name.

    It is empty if there is none, or more than one common name.
    """
    common_names = of.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if common_names:
        return str(common_names[0].value) if len(common_names) == 1 else ""
    return names_of(of).first


def is_ca(certificate: x509.Certificate) -> bool:
    """Return whether basicConstraints make it a CA."""
    constraints = extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def path_length_of(ca: x509.Certificate) -> int | None:
    """Return how many CAs may follow ``ca``, or None for any number."""
    constraints = extension(ca, x509.BasicConstraints)
    return constraints.path_length if constraints else None


def is_issued_by(certificate: x509.Certificate, ca: x509.Certificate) -> bool:
    """Return whether ``ca`` signed ``certificate``: by the names and by the signature."""

    def check() -> bool:
        certificate.verify_directly_issued_by(ca)
        return True

    return verifies(check)


@lru_cache
def is_self_signed(certificate: x509.Certificate) -> bool:
    """Return whether ``certificate`` is signed by the key it holds."""
    return is_issued_by(certificate, certificate)


def verifies(check: Callable[[], bool]) -> bool:
    """Return whether ``check`` returns True; one that cannot decode what it checks does not."""
    try:
        return check()
    except (InvalidSignature, InternalError, *UNDECODABLE):  # OpenSSL may refuse the key itself
        return False


@lru_cache
def comparable_name(name: x509.Name) -> tuple[tuple[str, str], ...]:
    """Return a distinguished name in a form that compares without regard to case and spaces."""
    return tuple(
        (part.oid.dotted_string, " ".join(str(part.value).split()).casefold()) for part in name
    )


@lru_cache
def authority_key_identifier(ca: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """Return the identifier of ``ca``'s key for what it signs (RFC 5280, 4.2.1.1)."""
    identifier = extension(ca, x509.SubjectKeyIdentifier)
    if identifier:
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    key = ca.public_key()
    assert isinstance(key, PublicKey)  # noqa: S101 - `rules.strong_key` has checked it
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)
