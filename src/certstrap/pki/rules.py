"""Why something may not be signed, or used to sign: every reason, as values.

Each function yields a `Finding` for each rule that is violated.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509.oid import ExtensionOID, NameOID, PublicKeyAlgorithmOID

from certstrap.hints import Hint
from certstrap.pki.decode import (
    LoadedCertificate,
    comparable_name,
    copied_names,
    decode_request,
    extension,
    extensions,
    is_ca,
    path_length_of,
    subject_of,
    validity_of,
)
from certstrap.pki.findings import Finding, require
from certstrap.pki.issuers import (
    has_supported_signature,
    is_issued_by,
    is_self_signed,
    is_signed_by,
    is_signed_with,
    signature_hash,
    signature_name,
)
from certstrap.pki.keys import LARGEST_RSA, SMALLEST_CURVE, SMALLEST_RSA, PrivateKey, PublicKey
from certstrap.pki.name_constraints import are_too_many, not_permitted
from certstrap.pki.names import invalid_characters, is_ia5, is_text, name_text
from certstrap.pki.parts import Signed
from certstrap.pki.path import permitted_usages, remaining_path_length
from certstrap.pki.profiles import SERVER, CAProfile, LeafProfile, Profile
from certstrap.text import printable, quoted, utc

_WEAK_HASHES = (hashes.MD5, hashes.SHA1)
ADD_ISSUER = Hint("Add it with", ("certstrap", "import", "NAME", ("--cert", "FILE")))
EXPIRED_CA = "An expired CA cannot sign: use one that is valid."


def ca(certificate: x509.Certificate, now: datetime, source: str) -> Iterator[Finding]:
    """Yield why ``certificate`` may not sign others at ``now``."""
    yield from ca_certificate(certificate)
    yield from valid(certificate, now, source, EXPIRED_CA)
    yield from key(certificate, source)


def ca_certificate(certificate: x509.Certificate) -> Iterator[Finding]:
    """Yield whether ``certificate`` may not sign others, in certstrap's words."""
    if any(certificate_signing(certificate, "")):
        # certstrap's sentence, which stands alone: no hint.
        yield Finding("ca", "Selected CA certificate is not allowed to sign certificates.")


def certificate_signing(certificate: x509.Certificate, source: str) -> Iterator[Finding]:
    """Yield why ``certificate`` may not sign others (RFC 5280, 4.2.1.3 and 4.2.1.9)."""
    if not is_ca(certificate):
        yield Finding("not-a-ca", f"{source} is not a CA, but signed the certificate below it.")
    usage = extension(certificate, x509.KeyUsage)
    if usage and not usage.key_cert_sign:
        yield Finding(
            "key-usage", f"{source} may not sign certificates: its key usage does not include it."
        )


def crl_issuer(certificate: x509.Certificate, name: str) -> Iterator[Finding]:
    """Yield why ``certificate`` may not sign CRLs (RFC 5280, 4.2.1.3)."""
    yield from ca_certificate(certificate)
    yield from crl_signing(certificate, name)


def crl_signing(certificate: x509.Certificate, name: str) -> Iterator[Finding]:
    """Yield whether the key usage of a CA does not include CRLs (RFC 5280, 4.2.1.3)."""
    usage = extension(certificate, x509.KeyUsage)
    if usage and not usage.crl_sign:
        yield Finding(
            "crl-sign", f"The CA {name} may not sign CRLs.", "Its key usage does not include it."
        )


def valid(
    certificate: x509.Certificate, now: datetime, source: str, hint: str
) -> Iterator[Finding]:
    """Yield why ``certificate`` is not valid at ``now``; ``hint`` is for one that has expired."""
    validity = validity_of(certificate)
    state = validity.state(now)
    if state == "expired":
        yield Finding("expired", f"{source} expired on {utc(validity.end)}.", hint)
    if state == "not yet valid":
        yield Finding(
            "not-yet-valid",
            f"{source} is not valid before {utc(validity.start)}.",
            "Check the clock of this machine.",
        )


def name_of_ca(certificate: x509.Certificate) -> str:
    """Return what a CA whose file is not known is called in a sentence."""
    return f'The CA "{name_text(certificate.subject)}"'


def complete(chain: Sequence[x509.Certificate], depot: str) -> Iterator[Finding]:
    """Yield which issuer is missing, if a chain from that depot does not end with a root."""
    if not is_self_signed(chain[-1]):
        yield Finding(
            "incomplete-chain",
            f"The chain is incomplete: {depot} does not have the certificate of its issuer "
            f'"{name_text(chain[-1].issuer)}".',
            ADD_ISSUER,
        )


def issuer_mismatch(
    last: LoadedCertificate, cas: Collection[LoadedCertificate]
) -> Iterator[Finding]:
    """Yield why a path ends with ``last``, although one of ``cas`` has its issuer's name or key.

    Names without regard to case and spaces are enough to tell which CA was meant.
    """
    certificate, source = last.certificate, last.source
    name = comparable_name(certificate.issuer)
    signer = next((ca for ca in cas if is_signed_by(certificate, ca.certificate)), None)
    named = next((ca for ca in cas if comparable_name(ca.certificate.subject) == name), None)
    if signer and is_issued_by(certificate, signer.certificate):
        yield Finding(
            "issuer-loop",
            f"{source} is issued by {signer.source}, which is below it: the chain has no root.",
        )
    elif signer:
        yield Finding(
            "issuer-name",
            f"{source} is signed by the key of {signer.source}, but names its issuer "
            f"{quoted(name_text(certificate.issuer))}, which is not the same, byte by byte, as "
            f"{quoted(name_text(signer.certificate.subject))}.",
        )
    elif named and has_supported_signature(certificate):
        yield Finding(
            "signature",
            f"{source} names {named.source} as its issuer, but is not signed by the key of that "
            "certificate.",
        )
    elif named:
        yield from signature(certificate, source)


def key(of: x509.Certificate | x509.CertificateSigningRequest, source: str) -> Iterator[Finding]:
    """Yield why no peer should accept the key of a certificate or request."""
    # A key that is bound to PSS (RFC 4055, 1.2) would not be so in what is made here.
    # `cryptography` declares its algorithm for certificates only.
    if of.public_key_algorithm_oid == PublicKeyAlgorithmOID.RSASSA_PSS:  # type: ignore[union-attr]
        yield Finding(
            "key-kind", f"{source} has an RSA-PSS key.", "Use an RSA key that is not bound to PSS."
        )
    yield from strong_key(of.public_key(), source)


def strong_key(key: object, source: str) -> Iterator[Finding]:
    """Yield why no peer should accept the public ``key`` in a certificate."""
    if not isinstance(key, PublicKey):
        is_dsa = isinstance(key, dsa.DSAPublicKey)
        kind = "DSA key, which is not supported" if is_dsa else "key that cannot sign"
        yield Finding(
            "key-kind", f"{source} has a {kind}.", "Use an RSA, EC, Ed25519 or Ed448 key."
        )
    if isinstance(key, rsa.RSAPublicKey) and not SMALLEST_RSA <= key.key_size <= LARGEST_RSA:
        yield Finding(
            "key-size",
            f"{source} has an RSA key of {key.key_size} bits.",
            f"Use one of {SMALLEST_RSA} to {LARGEST_RSA} bits.",
        )
    if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < SMALLEST_CURVE:
        yield Finding(
            "key-size",
            f"{source} has an EC key of {key.key_size} bits.",
            f"Use one of {SMALLEST_CURVE} bits or more.",
        )


def pair(
    of: x509.Certificate | x509.CertificateSigningRequest, path: str, key: PrivateKey, key_path: str
) -> Iterator[Finding]:
    """Yield why ``key`` and a certificate or request do not belong together."""
    for finding in same_key(key.public_key(), key_path, of.public_key(), path):
        yield finding._replace(sentence=f"{key_path} is not the key of {path}.")


def same_key(key: object, source: str, other: object, other_source: str) -> Iterator[Finding]:
    """Yield whether two public keys, of files that should belong together, are not the same."""
    if key != other:
        yield Finding(
            "pair",
            f"{source} does not belong to {other_source}: the keys are not the same.",
            "Put back the files that belong together.",
        )


# Since 1.24; Go refuses key identifiers that are critical.
PROCESSED_BY_GO = {
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    ExtensionOID.NAME_CONSTRAINTS,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.POLICY_CONSTRAINTS,
    ExtensionOID.POLICY_MAPPINGS,
    ExtensionOID.INHIBIT_ANY_POLICY,
    ExtensionOID.CRL_DISTRIBUTION_POINTS,
}
# What OpenSSL processes (`X509_supported_extension`); the last one is Netscape's certificate type.
PROCESSED = PROCESSED_BY_GO | {
    ExtensionOID.OCSP_NO_CHECK,
    x509.ObjectIdentifier("2.16.840.1.113730.1.1"),
}


def critical_extensions(
    of: x509.Certificate | x509.CertificateRevocationList,
    source: str,
    known: Collection[x509.ObjectIdentifier],
) -> Iterator[Finding]:
    """Yield which critical extensions are not among those ``known`` (RFC 5280, 4.2 and 5.2)."""
    for each in extensions(of):
        if each.critical and each.oid not in known:
            yield Finding(
                "critical-extension",
                f"{source} has a critical extension that is not supported: "
                f"{each.oid.dotted_string}.",
            )


def signature(of: Signed, source: str, hint: str = "Issue it again.") -> Iterator[Finding]:
    """Yield why nobody should rely on a signature; nobody does on that of a root itself."""
    if not has_supported_signature(of):
        yield Finding(
            "signature-algorithm",
            f"{source} is signed with {signature_name(of)}, which is not supported: its signature "
            "was not checked.",
        )
    elif isinstance(hashed := signature_hash(of), _WEAK_HASHES):
        is_certificate = isinstance(of, x509.Certificate)
        if not (is_certificate and is_self_signed(of, comparable_name)):
            yield Finding(
                "weak-signature",
                f"{source} is signed with {hashed.name.upper()}, which is not secure.",
                hint,
            )


def request_itself(request: x509.CertificateSigningRequest, source: str) -> Iterator[Finding]:
    """Yield why ``request`` may not be signed by any CA."""
    yield from key(request, source)
    yield from signature(request, source, "Create it again, with SHA-256.")
    if has_supported_signature(request) and not is_signed_with(request, request.public_key()):
        yield Finding(
            "request-signature",
            f"{source} is not signed by its own key.",
            "It was changed or is broken: create it again.",
        )


def request(
    request: x509.CertificateSigningRequest | x509.Certificate,
    profile: Profile,
    ca: x509.Certificate,
    ancestors: Sequence[x509.Certificate] = (),
) -> Iterator[Finding]:
    """Yield why ``ca`` may not sign ``request``, or a certificate again; see `names`."""
    return names(request.subject, copied_names(request), profile, ca, ancestors)


def names(
    subject: x509.Name,
    alternative: Sequence[x509.GeneralName],
    profile: Profile,
    ca: x509.Certificate,
    ancestors: Sequence[x509.Certificate] = (),
) -> Iterator[Finding]:
    """Yield why ``ca`` may not sign a request with these names, whatever its key.

    ``ancestors`` are the CAs above ``ca``, as far as they are known; the next one first.
    """
    cas = (ca, *ancestors)
    is_leaf = isinstance(profile, LeafProfile)
    if profile.usages and not permitted_usages(profile.usages, cas):
        yield Finding(
            "usages",
            "The CA may not sign certificates for this purpose: its extended key usage, or that of "
            "a CA above it, excludes it.",
            "Choose another CA, or another profile.",
        )
    yield from names_below(subject, alternative, profile, [subject_of(above) for above in cas])
    for number, above in enumerate(cas):
        yield from _path_length(cas, number, 0 if is_leaf else 1)
        mail = subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)
        for attribute in mail if extension(above, x509.NameConstraints) else ():
            if not is_ia5(attribute):  # then peers cannot compare it (RFC 5280, A.1)
                yield Finding(
                    "mail-type",
                    f"The e-mail address {quoted(str(attribute.value))} in the subject is not an "
                    "IA5String, which a CA with name constraints may not sign.",
                    "Create the request again, without it.",
                )
        if are_too_many(subject, alternative, above):
            yield Finding(
                "name-constraints",
                "The request has too many names to compare with the name constraints of the CA.",
                "Ask for fewer names, or choose another CA.",
            )
            continue
        for name, permitted in not_permitted(subject, alternative, above, common_name=is_leaf):
            yield Finding(
                "name-constraints",
                f"The CA may not sign {printable(name)}: it is permitted {permitted}.",
                "Ask for a name that it may sign, or choose another CA.",
            )


def names_below(
    subject: x509.Name,
    alternative: Sequence[x509.GeneralName],
    profile: Profile,
    cas: Sequence[x509.Name],
) -> Iterator[Finding]:
    """Yield why no CA may sign these names, and none with the names ``cas`` above it."""
    if not subject.rdns and not alternative:
        yield Finding(
            "no-name",
            "The request has neither a subject nor alternative names.",
            "Create it again, with a common name or a domain.",
        )
    elif not subject.rdns and isinstance(profile, CAProfile):
        yield Finding(
            "no-subject",
            "The request has no subject, and a CA must have one (RFC 5280, 4.1.2.6).",
            "Create it again, with a common name.",
        )
    values = (each.value for each in (*subject, *alternative))
    for value in (each for each in values if isinstance(each, str)):
        if found := invalid_characters(value):
            yield Finding(
                "name-characters",
                f"The request has {found} in its names: {quoted(value)}.",
                "Create it again without it.",
            )
    for attribute in subject:
        if not is_text(attribute):
            yield Finding(
                "name-type",
                f"The request has an attribute {attribute.rfc4514_attribute_name} in its subject "
                "that is not text.",
                "Create it again, with UTF8String or PrintableString.",
            )
    if any(isinstance(name.value, IPv4Network | IPv6Network) for name in alternative):
        yield Finding(
            "network",
            "The request asks for a network, and only single IP addresses are signed.",
            "Create it again, with single addresses.",
        )
    if isinstance(profile, LeafProfile) and profile.usages == SERVER and not alternative:
        yield Finding(
            "server-names",
            "The request has no alternative names, and TLS clients reject a server without them.",
            Hint("Create it again, with {} or {}.", options=("--domain", "--ip")),
        )
    if comparable_name(subject) in {comparable_name(above) for above in cas}:
        yield Finding(
            "own-name",
            "The request has the name of the CA itself, but a name can appear only once in a "
            "chain.",
            "Create the request with another common name.",
        )


def _path_length(cas: Sequence[x509.Certificate], number: int, more: int) -> Iterator[Finding]:
    """Yield whether ``cas[number]`` does not allow so many more CAs below the first of ``cas``."""
    remaining = remaining_path_length(cas, number)
    if remaining is not None and remaining < more:
        yield Finding(
            "path-length",
            f"The CA's path length is {path_length_of(cas[number])}: no intermediate may follow it"
            f"{' here' if number else ''}.",
            Hint(
                "Create a CA that allows one",
                ("certstrap", "init", ("--path-length", "1"), ("--common-name", "NAME")),
            ),
        )


def load_request(data: bytes, source: str) -> x509.CertificateSigningRequest:
    """Read the first certificate request in ``data``, PEM or DER, and check its own signature.

    Raises:
        UnusableFileError: there is none, or it cannot be decoded.
        RefusedError: its own signature does not verify or uses SHA-1 or MD5, or its key is weak.
    """
    request = decode_request(data, source)
    require(request_itself(request, source))
    return request
