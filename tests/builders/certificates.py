"""Names, certificates, requests and issuers, as values."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509.oid import NameOID

from certstrap.pki import keys
from certstrap.pki.build import Issuer
from certstrap.pki.keys import PrivateKey
from certstrap.pki.names import AlternativeNames
from tests.builders.keys import CA_KEY, LEAF_KEY
from tests.conftest import NOW

START, END = NOW - timedelta(days=1), NOW + timedelta(days=3650)

A_CA = x509.BasicConstraints(ca=True, path_length=None)
NO_CA = x509.BasicConstraints(ca=False, path_length=None)

KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def a_name(common_name: str = "", **more: str) -> x509.Name:
    """Return a name with the attributes that are given, by their names in `NameOID`."""
    given = {**{kind.upper(): value for kind, value in more.items()}, "COMMON_NAME": common_name}
    return x509.Name(
        x509.NameAttribute(getattr(NameOID, kind), value) for kind, value in given.items() if value
    )


def key_usage(*set_bits: str) -> x509.KeyUsage:
    """Return a key usage with those bits and no others."""
    return x509.KeyUsage(**{bit: bit in set_bits for bit in KEY_USAGES})


def a_certificate(
    *,
    key: PrivateKey = CA_KEY,
    subject: x509.Name | None = None,
    by: tuple[x509.Name, PrivateKey] | None = None,
    start: datetime = START,
    end: datetime = END,
    constraints: x509.BasicConstraints | None = A_CA,
    usage: x509.KeyUsage | None = None,
    name_constraints: x509.NameConstraints | None = None,
    identifier: bytes = b"",
    names: Sequence[x509.GeneralName] = (),
) -> x509.Certificate:
    """Return a certificate: a root CA's, if nothing else is given."""
    subject = a_name("Test CA") if subject is None else subject
    extensions: list[tuple[x509.ExtensionType | None, bool]] = [
        (constraints, True),
        (usage, True),
        (name_constraints, True),
        (x509.SubjectKeyIdentifier(identifier) if identifier else None, False),
        (x509.SubjectAlternativeName(names) if names else None, not subject.rdns),
    ]
    return a_certificate_with(
        *((value, critical) for value, critical in extensions if value is not None),
        key=key,
        subject=subject,
        by=by,
        start=start,
        end=end,
    )


def a_certificate_with(
    *extensions: tuple[x509.ExtensionType, bool],
    key: PrivateKey = CA_KEY,
    subject: x509.Name,
    by: tuple[x509.Name, PrivateKey] | None = None,
    start: datetime = START,
    end: datetime = END,
    serial: int = 0,
    pss: hashes.HashAlgorithm | None = None,
) -> x509.Certificate:
    """Return a certificate with these extensions, each with whether it is critical.

    Its serial number is random, unless one is given; with ``pss`` it is signed with RSA-PSS.
    """
    issuer_name, issuer_key = by or (subject, key)
    serial = serial or x509.random_serial_number()
    builder = x509.CertificateBuilder(issuer_name, subject, key.public_key(), serial, start, end)
    for value, critical in extensions:
        builder = builder.add_extension(value, critical)
    hashed, scheme = pss or keys.signature_hash(issuer_key), _scheme(pss)
    return builder.sign(issuer_key, hashed, rsa_padding=scheme)  # type: ignore[arg-type]


def _scheme(pss: hashes.HashAlgorithm | None) -> padding.PSS | None:
    return padding.PSS(padding.MGF1(pss), pss.digest_size) if pss else None


def an_issuer(
    certificate: x509.Certificate | None = None, *, key: PrivateKey = CA_KEY, now: datetime = NOW
) -> Issuer:
    """Return a CA that may sign: that of ``certificate``, or a root with any path length."""
    certificate = certificate or a_certificate(key=key)
    return Issuer.of(certificate, "CA.crt", now, lambda: (key, "CA.key"))


def a_request(
    *,
    key: PrivateKey = LEAF_KEY,
    subject: x509.Name | None = None,
    names: Sequence[x509.GeneralName] = (),
    extensions: Sequence[x509.ExtensionType] = (),
    hashed: hashes.HashAlgorithm | None = None,
    pss: hashes.HashAlgorithm | None = None,
) -> x509.CertificateSigningRequest:
    """Return a request of "leaf", if nothing else is given; with ``pss`` signed with RSA-PSS."""
    builder = x509.CertificateSigningRequestBuilder(a_name("leaf") if subject is None else subject)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    for value in extensions:
        builder = builder.add_extension(value, critical=False)
    hashed = hashed or pss or keys.signature_hash(key)
    return builder.sign(key, hashed, rsa_padding=_scheme(pss))  # type: ignore[arg-type]


def alternative(*, domains: str = "", addresses: str = "", uris: str = "") -> AlternativeNames:
    """Return alternative names, each kind from its comma list."""
    given = ([text] if text else [] for text in (domains, addresses, uris))
    return AlternativeNames.parse(*given)
