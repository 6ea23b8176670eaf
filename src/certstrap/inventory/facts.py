"""What an object says, as values that JSON has: strings, numbers, lists, dictionaries.

Times are ISO 8601 in UTC, fingerprints and identifiers hex, names as in RFC 4514.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha1, sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, SignatureAlgorithmOID

from certstrap.certificates.properties import extension, is_ca, is_self_signed, path_length_of
from certstrap.keys import KeySpec, PublicKey, kind_of

Facts = dict[str, Any]

_KEY_USAGES = {
    "digital_signature": "digital signature",
    "content_commitment": "content commitment",
    "key_encipherment": "key encipherment",
    "data_encipherment": "data encipherment",
    "key_agreement": "key agreement",
    "key_cert_sign": "certificate signing",
    "crl_sign": "CRL signing",
}
_USAGES = {
    ExtendedKeyUsageOID.SERVER_AUTH: "TLS server",
    ExtendedKeyUsageOID.CLIENT_AUTH: "TLS client",
    ExtendedKeyUsageOID.CODE_SIGNING: "code signing",
    ExtendedKeyUsageOID.EMAIL_PROTECTION: "e-mail protection",
    ExtendedKeyUsageOID.TIME_STAMPING: "time stamping",
    ExtendedKeyUsageOID.OCSP_SIGNING: "OCSP signing",
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: "any purpose",
}
_KINDS_OF_NAMES: dict[type[x509.GeneralName], str] = {
    x509.DNSName: "dns",
    x509.IPAddress: "ip",
    x509.UniformResourceIdentifier: "uri",
    x509.RFC822Name: "email",
    x509.DirectoryName: "directory",
}
_HASHES = {f"sha{n}": f"SHA-{n}" for n in (1, 224, 256, 384, 512)}
_SIGNED = {  # by the first word of its name: RSA, ECDSA, DSA, RSASSA, ED25519
    oid: name.lstrip("_").split("_")[0]
    for name, oid in vars(SignatureAlgorithmOID).items()
    if isinstance(oid, x509.ObjectIdentifier)
}
_EDWARDS = {"ED25519": "Ed25519", "ED448": "Ed448"}
# NIST SP 800-57 part 1, table 2: bits of an RSA modulus, and of security.
_RSA_STRENGTHS = ((15360, 256), (7680, 192), (3072, 128), (2048, 112), (1024, 80))
_WELL_KNOWN = (
    x509.BasicConstraints,
    x509.KeyUsage,
    x509.ExtendedKeyUsage,
    x509.SubjectAlternativeName,
    x509.NameConstraints,
    x509.SubjectKeyIdentifier,
    x509.AuthorityKeyIdentifier,
    x509.CRLNumber,
)

_Signed = x509.Certificate | x509.CertificateSigningRequest | x509.CertificateRevocationList


def of_certificate(certificate: x509.Certificate, now: datetime) -> Facts:
    """Return what a certificate says."""
    der = certificate.public_bytes(Encoding.DER)
    subject_key = extension(certificate, x509.SubjectKeyIdentifier)
    end = certificate.not_valid_after_utc
    return {
        "subject": certificate.subject.rfc4514_string(),
        "issuer": certificate.issuer.rfc4514_string(),
        "self_signed": is_self_signed(certificate),
        "serial": f"{certificate.serial_number:X}",
        "not_before": time(certificate.not_valid_before_utc),
        "not_after": time(end),
        "days_left": days_between(now, end),
        **_common(certificate),
        "ca": is_ca(certificate),
        "path_length": path_length_of(certificate),
        "subject_key_identifier": subject_key.digest.hex() if subject_key else None,
        "authority_key_identifier": _authority(certificate),
        "sha256": sha256(der).hexdigest(),
        "sha1": sha1(der, usedforsecurity=False).hexdigest(),
    }


def of_request(request: x509.CertificateSigningRequest) -> Facts:
    """Return what a certificate request asks for."""
    return {"subject": request.subject.rfc4514_string(), **_common(request)}


def _common(of: x509.Certificate | x509.CertificateSigningRequest) -> Facts:
    usage = extension(of, x509.KeyUsage)
    usages = extension(of, x509.ExtendedKeyUsage)
    constraints = extension(of, x509.NameConstraints)
    return {
        "names": _names(extension(of, x509.SubjectAlternativeName) or ()),
        "key": of_public_key(of.public_key()),
        "signature": signature_of(of),
        "key_usage": [
            words for attribute, words in _KEY_USAGES.items() if usage and getattr(usage, attribute)
        ],
        "extended_key_usage": [_USAGES.get(oid, oid.dotted_string) for oid in usages or ()],
        "permitted_names": _names(constraints.permitted_subtrees or ()) if constraints else None,
        "excluded_names": _names(constraints.excluded_subtrees or ()) if constraints else None,
        "other_extensions": _others(of),
    }


def of_crl(crl: x509.CertificateRevocationList, now: datetime) -> Facts:
    """Return what a CRL says."""
    number, end = extension(crl, x509.CRLNumber), crl.next_update_utc
    return {
        "issuer": crl.issuer.rfc4514_string(),
        "number": number.crl_number if number else None,
        "last_update": time(crl.last_update_utc),
        "next_update": time(end) if end else None,
        "days_left": days_between(now, end) if end else None,
        "signature": signature_of(crl),
        "authority_key_identifier": _authority(crl),
        "other_extensions": _others(crl),
        "revoked": [
            {
                "serial": f"{entry.serial_number:X}",
                "date": time(entry.revocation_date_utc),
                "reason": _reason(entry),
            }
            for entry in crl
        ],
    }


def of_public_key(key: object) -> Facts:
    """Return the kind of a public key, its strength in bits, and its fingerprint."""
    kind = kind_of(key)
    digest = None
    if isinstance(key, PublicKey):
        encoded = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        digest = sha256(encoded).hexdigest()
    return {
        "kind": str(kind) if kind else "of a kind that cannot sign",
        "strength": strength_of(kind, key) if kind else None,
        "sha256": digest,
    }


def strength_of(kind: KeySpec, key: object) -> int:
    """Return the bits of security of a key (NIST SP 800-57 part 1, table 2); 0 is hardly any."""
    if kind.bits:
        return next((strength for bits, strength in _RSA_STRENGTHS if kind.bits >= bits), 0)
    if kind.curve in {"Ed25519", "Ed448"}:
        return 128 if kind.curve == "Ed25519" else 224
    size = getattr(key, "key_size", 0)
    return min(int(size) // 2, 256)


def signature_of(of: _Signed) -> str:
    """Return what an object is signed with, in words."""
    kind = _SIGNED.get(of.signature_algorithm_oid, of.signature_algorithm_oid.dotted_string)
    hashed = of.signature_hash_algorithm
    if not hashed:
        return _EDWARDS.get(kind, kind)
    name = _HASHES.get(hashed.name, hashed.name.upper())
    return f"{'RSA-PSS' if kind == 'RSASSA' else kind} with {name}"


def time(instant: datetime) -> str:
    """Return an instant in ISO 8601."""
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def days_between(now: datetime, end: datetime) -> int:
    """Return the days that are left, to the nearest; negative if ``end`` was days ago."""
    return (end - now + timedelta(hours=12)).days


def _names(names: Iterable[x509.GeneralName]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        kind = _KINDS_OF_NAMES.get(type(name), "other")
        found.setdefault(kind, []).append(_text(name))
    return found


def _text(name: x509.GeneralName) -> str:
    if isinstance(name, x509.DirectoryName):
        return name.value.rfc4514_string()
    if isinstance(name, x509.OtherName):
        return name.type_id.dotted_string
    if isinstance(name, x509.RegisteredID):
        return name.value.dotted_string
    return str(name.value)


def _authority(of: x509.Certificate | x509.CertificateRevocationList) -> str | None:
    named = extension(of, x509.AuthorityKeyIdentifier)
    return named.key_identifier.hex() if named and named.key_identifier else None


def _others(of: _Signed) -> list[Facts]:
    return [
        {"oid": each.oid.dotted_string, "name": _oid_name(each.oid), "critical": each.critical}
        for each in of.extensions
        if not isinstance(each.value, _WELL_KNOWN)
    ]


def _oid_name(oid: x509.ObjectIdentifier) -> str | None:
    name = oid._name  # noqa: SLF001 - as above
    return name if name != "Unknown OID" else None


def _reason(entry: x509.RevokedCertificate) -> str | None:
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except (x509.ExtensionNotFound, ValueError):
        return None
    return str(reason.value)
