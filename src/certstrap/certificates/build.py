"""Certificates and requests, built by profile (RFC 5280, RFC 2986). Pure: no disk, no clock."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from certstrap import keys
from certstrap.certificates.constraints import require_permitted
from certstrap.certificates.profiles import SERVER, CAProfile, LeafProfile, Profile
from certstrap.errors import InvalidName, Refused
from certstrap.facts import authority_key_identifier, extension, folded
from certstrap.issuer import Issuer
from certstrap.keys import PrivateKey
from certstrap.names import NO_NAMES, AlternativeNames, Subject
from certstrap.validity import Validity


def self_sign(
    key: PrivateKey,
    subject: Subject,
    profile: CAProfile,
    validity: Validity,
    names: AlternativeNames = NO_NAMES,
) -> x509.Certificate:
    """Return a root CA's certificate, with a random serial number."""
    name, alternative = subject.to_x509(), names.to_x509()
    builder = _builder(name, name, key.public_key(), profile, validity)
    if alternative:
        builder = builder.add_extension(alternative, critical=False)
    return builder.sign(key, keys.signature_hash(key))


def make_request(
    key: PrivateKey, subject: Subject, names: AlternativeNames
) -> x509.CertificateSigningRequest:
    """Return a request (PKCS#10) for ``key``; it asks for nothing but its names.

    Raises:
        InvalidName: there is neither a subject nor an alternative name.
    """
    name, alternative = subject.to_x509(), names.to_x509()
    if not name.rdns and not alternative:
        raise InvalidName("name", "", "names nothing", "Give a common name, a domain or a URI.")
    builder = x509.CertificateSigningRequestBuilder(name)
    if alternative:
        builder = builder.add_extension(alternative, critical=not name.rdns)
    return builder.sign(key, keys.signature_hash(key))


def sign(
    issuer: Issuer,
    request: x509.CertificateSigningRequest,
    profile: Profile,
    validity: Validity,
    ancestors: Sequence[x509.Certificate] = (),
) -> x509.Certificate:
    """Return a certificate for ``request``: its key, its subject byte for byte, its names.

    The certificate is cut to the validity of its CA.

    Args:
        issuer: who signs.
        request: what was asked for.
        profile: what the certificate is for.
        validity: when it should be valid.
        ancestors: the CAs above the issuer, as far as they are known; the next one first.

    Raises:
        Refused: the profile, the subject or a name is one that the CA may not sign.
    """
    ca = issuer.certificate
    names = extension(request, x509.SubjectAlternativeName)
    if not request.subject.rdns and not names:
        raise Refused(
            "The request has neither a subject nor alternative names.",
            "Have it made again, with a common name or a domain.",
        )
    if isinstance(profile, CAProfile) and not request.subject.rdns:
        raise Refused(
            "The request has no subject, and a CA must have one (RFC 5280, 4.1.2.6).",
            "Have it made again, with a common name.",
        )
    addresses = names.get_values_for_type(x509.IPAddress) if names else []
    if any(isinstance(address, IPv4Network | IPv6Network) for address in addresses):
        raise Refused(
            "The request asks for a network, and only single IP addresses are signed.",
            "Have it made again, with single addresses.",
        )
    if isinstance(profile, LeafProfile) and profile.usages == SERVER and not names:
        raise Refused(
            "The request has no alternative names, and no TLS client accepts a server without.",
            "Have it made again, with --domain or --ip.",
        )
    for depth, above in enumerate((ca, *ancestors)):
        if folded(request.subject) == folded(above.subject):
            raise Refused(
                "The request has the name of the CA itself, and no chain may hold a name twice.",
                "Make the request with another common name.",
            )
        if isinstance(profile, CAProfile):
            _require_room(above, depth, profile)
        require_permitted(request, above)
    builder = _builder(
        ca.subject, request.subject, request.public_key(), profile, validity.within(issuer.validity)
    )
    builder = builder.add_extension(authority_key_identifier(ca), critical=False)
    if names:
        builder = builder.add_extension(names, critical=not request.subject.rdns)
    return builder.sign(issuer.key, keys.signature_hash(issuer.key))


def extensions_left_out(
    request: x509.CertificateSigningRequest, certificate: x509.Certificate
) -> tuple[str, ...]:
    """Return the names of what ``request`` asks for and ``certificate`` does not say as asked."""
    given = [ext.value for ext in certificate.extensions]
    return tuple(
        ext.oid._name if ext.oid._name != "Unknown OID" else ext.oid.dotted_string  # noqa: SLF001
        for ext in request.extensions
        if ext.value not in given
    )


def _require_room(ca: x509.Certificate, depth: int, profile: CAProfile) -> None:
    """Refuse an intermediate that leaves no valid path below ``ca`` (RFC 5280, 4.2.1.9).

    ``depth`` is the number of CAs that stand between the two.
    """
    constraints = extension(ca, x509.BasicConstraints)
    if not constraints or constraints.path_length is None:
        return
    room = constraints.path_length - depth
    if room <= 0:
        raise Refused(
            f"The CA's path length is {constraints.path_length}: no intermediate may follow it"
            f"{' here' if depth else ''}.",
            "Make a CA that has room for one: certstrap init --path-length 1 --common-name NAME",
        )
    if profile.path_length is None or profile.path_length >= room:
        raise Refused(
            f"The CA's path length is {constraints.path_length}: that of an intermediate below it "
            f"must be smaller than {room}.",
            f"Choose one from 0 to {room - 1} with --path-length.",
        )


def _builder(
    issuer: x509.Name, subject: x509.Name, key: object, profile: Profile, validity: Validity
) -> x509.CertificateBuilder:
    """Return what every certificate shares."""
    assert isinstance(key, keys.PublicKey)  # noqa: S101 - `keys.require_strong` has said so
    builder = (
        x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number())
        .not_valid_before(validity.start)
        .not_valid_after(validity.end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )
    if isinstance(profile, LeafProfile):
        return (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_leaf_usage(key), critical=True)
            .add_extension(x509.ExtendedKeyUsage(profile.usages), critical=False)
        )
    builder = builder.add_extension(
        x509.BasicConstraints(ca=True, path_length=profile.path_length), critical=True
    ).add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
    if profile.permitted_domains:
        permitted = [x509.DNSName(domain) for domain in profile.permitted_domains]
        builder = builder.add_extension(x509.NameConstraints(permitted, None), critical=True)
    return builder


def _leaf_usage(key: keys.PublicKey) -> x509.KeyUsage:
    """Return the key usage of a leaf: only RSA keys take part in a TLS key exchange (RFC 8446)."""
    return _key_usage(digital_signature=True, key_encipherment=isinstance(key, RSAPublicKey))


def _key_usage(
    *,
    digital_signature: bool = False,
    key_encipherment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
