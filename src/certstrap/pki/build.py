"""Certificates and requests, built by profile (RFC 5280, RFC 2986), and renewed. Pure."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from certstrap.errors import InvalidNameError, RefusedError
from certstrap.pki import keys, rules
from certstrap.pki.decode import (
    authority_key_identifier,
    copied_names,
    extension,
    extensions,
    is_ca,
    subject_of,
    unreadable,
    validity_of,
)
from certstrap.pki.findings import require
from certstrap.pki.keys import PrivateKey, PublicKey
from certstrap.pki.names import NO_NAMES, AlternativeNames, Subject, name_text, oid_name
from certstrap.pki.path import permitted_usages
from certstrap.pki.profiles import KEY_USAGES, CAProfile, LeafProfile, Profile
from certstrap.pki.urls import NO_URLS, URLs
from certstrap.pki.validity import Validity
from certstrap.text import printable

KeyReader = Callable[[], tuple[PrivateKey, str]]
"""Returns a CA's key and the path it was read from."""


class Issuer(NamedTuple):
    """A CA's certificate and its key."""

    certificate: x509.Certificate
    key: PrivateKey

    @classmethod
    def of(
        cls, certificate: x509.Certificate, source: str, now: datetime, read_key: KeyReader
    ) -> Self:
        """Return the issuer with ``certificate`` and the key that ``read_key`` returns.

        The key is read last, so that no passphrase is asked for if the CA may not sign.

        Raises:
            RefusedError: the certificate may not sign at ``now``, or the key is not its key.
        """
        require(rules.ca(certificate, now, source))
        return cls._with_key(certificate, source, read_key)

    @classmethod
    def of_crl(cls, certificate: x509.Certificate, source: str, read_key: KeyReader) -> Self:
        """Return the issuer of a CRL: it may have expired and be weak, as revoking takes away.

        Raises:
            RefusedError: the certificate may not sign CRLs, or the key is not its key.
        """
        require(rules.crl_issuer(certificate, source))
        return cls._with_key(certificate, source, read_key)

    @classmethod
    def _with_key(cls, certificate: x509.Certificate, source: str, read_key: KeyReader) -> Self:
        key, key_path = read_key()
        require(rules.pair(certificate, source, key, key_path))
        return cls(certificate, key)

    @property
    def validity(self) -> Validity:
        """When the CA is valid."""
        return validity_of(self.certificate)


_USER_PRINCIPAL_NAME = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")  # Microsoft's, a UTF8String


def self_sign(
    key: PrivateKey,
    subject: Subject,
    profile: CAProfile,
    validity: Validity,
    names: AlternativeNames = NO_NAMES,
) -> x509.Certificate:
    """Return a root CA's certificate, with a random serial number."""
    name, alternative = subject.to_x509(), names.to_x509()
    extensions = [*_by_profile(key.public_key(), profile)]
    if alternative:
        extensions.append((alternative, False))
    return _certificate((name, name), key.public_key(), validity, extensions, key)


def make_request(
    key: PrivateKey, subject: Subject, names: AlternativeNames
) -> x509.CertificateSigningRequest:
    """Return a request (PKCS#10) for ``key``; it asks for nothing but its names.

    Raises:
        InvalidNameError: there is neither a subject nor an alternative name.
    """
    name, alternative = subject.to_x509(), names.to_x509()
    if not name.rdns and not alternative:
        raise InvalidNameError("name", "", "is empty", "Give a common name, a domain or a URI.")
    return request_for(key, name, alternative)


def request_for(
    key: PrivateKey, subject: x509.Name, names: x509.SubjectAlternativeName | None
) -> x509.CertificateSigningRequest:
    """Return a request for ``key`` with these names, of which there must be one."""
    builder = x509.CertificateSigningRequestBuilder(subject)
    if names:
        builder = builder.add_extension(names, critical=not subject.rdns)
    return builder.sign(key, keys.signature_hash(key))


def sign(
    issuer: Issuer,
    request: x509.CertificateSigningRequest,
    profile: Profile,
    validity: Validity,
    ancestors: Sequence[x509.Certificate] = (),
    urls: URLs = NO_URLS,
) -> x509.Certificate:
    """Return a certificate for ``request``: its key, its subject byte for byte, its names.

    The certificate is cut to the validity of its CA.

    Args:
        issuer: who signs.
        request: what was asked for.
        profile: what the certificate is for.
        validity: when it should be valid.
        ancestors: the CAs above the issuer, as far as they are known; the next one first.
        urls: where programs find the CRL and more.

    Raises:
        RefusedError: the profile, the subject or a name is one that the CA may not sign.
    """
    ca, subject, names = issuer.certificate, request.subject, copied_names(request)
    require(rules.names(subject, names, profile, ca, ancestors))
    profile = profile._replace(usages=permitted_usages(profile.usages, (ca, *ancestors)))
    key = request.public_key()
    assert isinstance(key, PublicKey)  # noqa: S101 - `rules.strong_key` has checked it
    extensions = [*_by_profile(key, profile), (authority_key_identifier(ca), False)]
    extensions += [(value, False) for value in urls.extensions()]
    if names:
        extensions.append((x509.SubjectAlternativeName(names), not subject.rdns))
    validity = validity.within(issuer.validity)
    return _certificate((subject_of(ca), subject), key, validity, extensions, issuer.key)


def extensions_left_out(
    request: x509.CertificateSigningRequest, certificate: x509.Certificate
) -> tuple[str, ...]:
    """Return what ``request`` asks for and ``certificate`` does not say as asked.

    Extensions are named; alternative names that are not copied are listed one by one. What the
    profile sets is left out only if the request asks for more than the profile gives.
    """
    asked, left_out = extensions(request), list[str]()
    given = [ext.value for ext in certificate.extensions] if asked else []
    for ext in asked:
        if isinstance(ext.value, x509.SubjectAlternativeName):
            copied = {*copied_names(request)}
            left_out += [_shown(name) for name in ext.value if name not in copied]
        elif not any(_covers(value, ext.value) for value in given):
            left_out.append(oid_name(ext.oid.dotted_string))
    left_out += [each.part for each in unreadable(request)]
    return tuple(left_out)


def _covers(given: x509.ExtensionType, asked: x509.ExtensionType) -> bool:
    """Return whether a certificate with an extension may do what was asked for."""
    if isinstance(given, x509.BasicConstraints) and isinstance(asked, x509.BasicConstraints):
        return given.ca == asked.ca
    if isinstance(given, x509.KeyUsage) and isinstance(asked, x509.KeyUsage):
        return all(getattr(given, usage) >= getattr(asked, usage) for usage in KEY_USAGES)
    if isinstance(given, x509.ExtendedKeyUsage) and isinstance(asked, x509.ExtendedKeyUsage):
        return {*asked} <= {*given}
    return given == asked


def _shown(name: x509.GeneralName) -> str:
    """Return an alternative name that is not copied, and of what kind it is."""
    if isinstance(name, x509.RFC822Name):
        return f"e-mail address {printable(name.value)}"
    if isinstance(name, x509.DirectoryName):
        return f"directory name {printable(name_text(name.value))}"
    if isinstance(name, x509.RegisteredID):
        return f"registered ID {name.value.dotted_string}"
    assert isinstance(name, x509.OtherName)  # noqa: S101 - `cryptography` decodes no other kind
    if name.type_id == _USER_PRINCIPAL_NAME:
        return f"user principal name {printable(name.value[2:].decode(errors='replace'))}"
    return f"other name of type {name.type_id.dotted_string}"


_Extensions = Iterable[tuple[x509.ExtensionType, bool]]
"""The value of each, and whether it is critical."""


def _certificate(
    names: tuple[x509.Name, x509.Name],
    key: PublicKey,
    validity: Validity,
    extensions: _Extensions,
    signer: PrivateKey,
) -> x509.Certificate:
    """Return a certificate by an issuer for a subject, with a random serial number."""
    builder = (
        x509.CertificateBuilder(*names, key, x509.random_serial_number())
        .not_valid_before(validity.start)
        .not_valid_after(validity.end)
    )
    for value, critical in extensions:
        builder = builder.add_extension(value, critical)
    return builder.sign(signer, keys.signature_hash(signer))


def _by_profile(key: PublicKey, profile: Profile) -> _Extensions:
    """Yield the extensions that all certificates of a profile have."""
    yield x509.SubjectKeyIdentifier.from_public_key(key), False
    if isinstance(profile, LeafProfile):
        yield x509.BasicConstraints(ca=False, path_length=None), True
        yield leaf_usage(key), True
    else:
        yield x509.BasicConstraints(ca=True, path_length=profile.path_length), True
        yield _key_usage("key_cert_sign", "crl_sign"), True
    if profile.usages:
        yield x509.ExtendedKeyUsage(profile.usages), False
    if isinstance(profile, CAProfile) and profile.constraints:
        yield profile.constraints, True


def leaf_usage(key: keys.PublicKey) -> x509.KeyUsage:
    """Return the key usage of a leaf: only RSA keys take part in a TLS key exchange (RFC 8446)."""
    encipherment = ["key_encipherment"] if isinstance(key, RSAPublicKey) else []
    return _key_usage("digital_signature", *encipherment)


def _key_usage(*given: str) -> x509.KeyUsage:
    usages = {usage: usage in given for usage in KEY_USAGES}
    return x509.KeyUsage(**usages, encipher_only=False, decipher_only=False)


_NOT_COPIED = (  # of no use in another certificate (RFC 6962)
    x509.PrecertificateSignedCertificateTimestamps,
    x509.PrecertPoison,
)


def successor(
    old: x509.Certificate,
    key: PublicKey,
    issuer: Issuer,
    validity: Validity,
    ancestors: Sequence[x509.Certificate] = (),
) -> x509.Certificate:
    """Return the certificate that follows ``old``: its subject byte for byte, its extensions.

    A leaf is CA:FALSE, and has the key usage of its key where certstrap gave it one that no key
    has. With the same key it keeps its key identifier, so that what it issued goes on verifying.
    It is cut to the validity of the issuer, unless that is ``old`` itself, a root; and usages that
    a CA above it excludes are left out.
    """
    if issuer.certificate is not old:
        validity = validity.within(issuer.validity)
    extensions = _extensions(old, key, (issuer.certificate, *ancestors))
    names = issuer.certificate.subject, old.subject
    return _certificate(names, key, validity, extensions, issuer.key)


def length(old: x509.Certificate) -> timedelta:
    """Return for how long a certificate is valid."""
    validity = validity_of(old)
    return validity.end - validity.start


def length_asked_for(
    old: x509.Certificate, before: Iterable[x509.Certificate], ends: Iterable[datetime]
) -> timedelta:
    """Return for how long a certificate was meant to be valid.

    If it ended with its CA, which ended at one of ``ends``, the ones ``before`` it, the last first,
    tell: otherwise it would get shorter each time.
    """
    known, limits = [old, *before], set(ends)
    for certificate in known:
        if certificate.not_valid_after_utc not in limits:
            return length(certificate)
    return max(map(length, known))


def _extensions(
    old: x509.Certificate, key: PublicKey, cas: Sequence[x509.Certificate]
) -> _Extensions:
    """Yield the extensions of ``old`` in their order, and then those that it lacks."""
    if lost := unreadable(old):
        raise RefusedError(
            f"The old certificate has a part that cannot be copied: {lost[0].part} "
            f"({lost[0].reason})."
        )
    made = {type(value): (value, critical) for value, critical in _made(old, key, cas[0])}
    for each in old.extensions:
        if type(each.value) in made:
            yield made.pop(type(each.value))
        elif isinstance(each.value, x509.ExtendedKeyUsage) and not is_ca(old):
            yield x509.ExtendedKeyUsage(permitted_usages(each.value, cas)), each.critical
        elif not isinstance(each.value, _NOT_COPIED):
            yield each.value, each.critical
    yield from made.values()


def _made(old: x509.Certificate, key: PublicKey, issuer: x509.Certificate) -> _Extensions:
    """Yield the extensions that are made anew."""
    identifier = extension(old, x509.SubjectKeyIdentifier) if old.public_key() == key else None
    identifier = identifier or x509.SubjectKeyIdentifier.from_public_key(key)
    yield identifier, False
    if not is_ca(old):
        yield x509.BasicConstraints(ca=False, path_length=None), True
        yield _usage(old, key), True
    if issuer is not old or extension(old, x509.AuthorityKeyIdentifier):
        yield authority_key_identifier(issuer), False


def _usage(old: x509.Certificate, key: PublicKey) -> x509.KeyUsage:
    """Return the key usage of a leaf; certstrap's leaves have one that fits no kind of key."""
    usage = extension(old, x509.KeyUsage)
    if usage is None or (usage.key_encipherment and usage.key_agreement):
        return leaf_usage(key)
    return usage
