"""Renewed certificates: what the old one says, with new dates and perhaps a new key. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from cryptography import x509

from certstrap import keys
from certstrap.certificates.build import leaf_usage
from certstrap.certificates.issuer import Issuer
from certstrap.certificates.properties import (
    authority_key_identifier,
    extension,
    is_ca,
    validity_of,
)
from certstrap.keys import PrivateKey, PublicKey
from certstrap.validity import Validity

_NOT_COPIED = (  # of no use in another certificate (RFC 6962)
    x509.PrecertificateSignedCertificateTimestamps,
    x509.PrecertPoison,
)


def successor(
    old: x509.Certificate, key: PublicKey, issuer: Issuer, validity: Validity
) -> x509.Certificate:
    """Return the certificate that follows ``old``: its subject byte for byte, its extensions.

    A leaf is CA:FALSE, and has the key usage of its key where certstrap gave it one that no key
    has. With the same key it keeps its key identifier, so that what it issued goes on verifying.

    Args:
        old: the certificate.
        key: its public key, or a new one.
        issuer: who signs.
        validity: when it is valid; cut to that of the issuer.
    """
    return _sign(old, key, issuer.certificate, issuer.key, validity.within(issuer.validity))


def successor_of_root(
    old: x509.Certificate, key: PrivateKey, validity: Validity
) -> x509.Certificate:
    """Return the certificate that follows that of a root, whose key stays the same."""
    return _sign(old, key.public_key(), old, key, validity)


def length(old: x509.Certificate) -> timedelta:
    """Return for how long a certificate is valid."""
    validity = validity_of(old)
    return validity.end - validity.start


def length_asked_for(
    old: x509.Certificate, before: Iterable[x509.Certificate], ends: Iterable[datetime]
) -> timedelta:
    """Return for how long a certificate was meant to be valid.

    If it ended with its CA, the ones before it tell: otherwise it would get shorter each time.

    Args:
        old: the certificate.
        before: those that it took the place of, the last first.
        ends: when the certificates of its CA end.
    """
    known, limits = [old, *before], set(ends)
    for certificate in known:
        if certificate.not_valid_after_utc not in limits:
            return length(certificate)
    return max(map(length, known))


def _sign(
    old: x509.Certificate,
    key: PublicKey,
    issuer: x509.Certificate,
    issuer_key: PrivateKey,
    validity: Validity,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder(issuer.subject, old.subject, key, x509.random_serial_number())
        .not_valid_before(validity.start)
        .not_valid_after(validity.end)
    )
    for value, critical in _extensions(old, key, issuer):
        builder = builder.add_extension(value, critical)
    return builder.sign(issuer_key, keys.signature_hash(issuer_key))


def _extensions(
    old: x509.Certificate, key: PublicKey, issuer: x509.Certificate
) -> Iterator[tuple[x509.ExtensionType, bool]]:
    """Yield the extensions of ``old`` in their order, and then those that it lacks."""
    made = dict(_made(old, key, issuer))
    for each in old.extensions:
        if type(each.value) in made:
            yield made.pop(type(each.value))
        elif not isinstance(each.value, _NOT_COPIED):
            yield each.value, each.critical
    yield from made.values()


def _made(
    old: x509.Certificate, key: PublicKey, issuer: x509.Certificate
) -> Iterator[tuple[type[x509.ExtensionType], tuple[x509.ExtensionType, bool]]]:
    """Yield the extensions that are made anew, by their types."""
    identifier = extension(old, x509.SubjectKeyIdentifier) if old.public_key() == key else None
    identifier = identifier or x509.SubjectKeyIdentifier.from_public_key(key)
    yield x509.SubjectKeyIdentifier, (identifier, False)
    if not is_ca(old):
        constraints = x509.BasicConstraints(ca=False, path_length=None)
        yield x509.BasicConstraints, (constraints, True)
        yield x509.KeyUsage, (_usage(old, key), True)
    if issuer is not old or extension(old, x509.AuthorityKeyIdentifier):
        yield x509.AuthorityKeyIdentifier, (authority_key_identifier(issuer), False)


def _usage(old: x509.Certificate, key: PublicKey) -> x509.KeyUsage:
    """Return the key usage of a leaf; certstrap's leaves have one that fits no kind of key."""
    usage = extension(old, x509.KeyUsage)
    if usage is None or (usage.key_encipherment and usage.key_agreement):
        return leaf_usage(key)
    return usage
