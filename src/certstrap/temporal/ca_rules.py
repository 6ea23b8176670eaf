"""Why Temporal Cloud would refuse a CA bundle, and what it says of signatures and keys."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID
from cryptography.x509.oid import SignatureAlgorithmOID as Oid

from certstrap.hints import filled
from certstrap.pki.decode import comparable_name, extension, is_ca
from certstrap.pki.issuers import is_issued_by, is_self_signed
from certstrap.pki.keys import SMALLEST_RSA, KeySpec, kind_of
from certstrap.temporal.findings import Finding, Problem, finding
from certstrap.temporal.inputs import CertificateFile, Piece
from certstrap.temporal.rules import RULES
from certstrap.text import quoted

LARGEST_RSA_OF_GO = 8192
"""Bits; crypto/tls refuses a larger key in any certificate that a client presents."""

_CURVES = {"P-224", "P-256", "P-384", "P-521"}
_SIGNATURES = {
    Oid.RSA_WITH_SHA256,
    Oid.RSA_WITH_SHA384,
    Oid.RSA_WITH_SHA512,
    Oid.ECDSA_WITH_SHA256,
    Oid.ECDSA_WITH_SHA384,
    Oid.ECDSA_WITH_SHA512,
}
_PSS_HASHES = {"sha256", "sha384", "sha512"}
_NAMES = {Oid.ED25519: "Ed25519", Oid.ED448: "Ed448"}


def is_accepted(kind: KeySpec | None) -> bool:
    """Return whether Temporal Cloud takes certificates for keys of that kind, from some client."""
    if kind is None:
        return False
    return kind.bits >= SMALLEST_RSA or kind.curve in _CURVES


def has_accepted_signature(certificate: x509.Certificate) -> bool:
    """Return whether a certificate is signed with RSA or ECDSA, and SHA-256 or stronger."""
    oid = certificate.signature_algorithm_oid
    if oid == Oid.RSASSA_PSS:
        algorithm = certificate.signature_hash_algorithm
        return algorithm is not None and algorithm.name in _PSS_HASHES
    return oid in _SIGNATURES


def signature_name(certificate: x509.Certificate) -> str:
    """Return what a certificate is signed with, in words."""
    oid = certificate.signature_algorithm_oid
    algorithm = certificate.signature_hash_algorithm
    return _NAMES.get(oid) or (algorithm.name.upper() if algorithm else oid.dotted_string)


MOST_CAS = 16
MOST_BYTES = 32_768
NOTICE = timedelta(days=15)
"""How long before a CA's end Temporal Cloud sends a notice."""

_KNOWN_EXTENSIONS = {
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.CRL_DISTRIBUTION_POINTS,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.NAME_CONSTRAINTS,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
}
_PUBLIC = (  # organizations whose roots are in the stores of operating systems
    "Amazon",
    "Certum",
    "Comodo CA Limited",
    "DigiCert Inc",
    "DigiCert, Inc.",
    "Entrust, Inc.",
    "GlobalSign",
    "GlobalSign nv-sa",
    "GoDaddy.com, Inc.",
    "Google Trust Services LLC",
    "IdenTrust",
    "Internet Security Research Group",
    "Let's Encrypt",
    "Microsoft Corporation",
    "Sectigo Limited",
    "SSL Corporation",
    "Starfield Technologies, Inc.",
    "The USERTRUST Network",
    "VeriSign, Inc.",
)
_PUBLIC_NAMES = {name.casefold() for name in _PUBLIC}


def judge(file: CertificateFile, now: datetime) -> Iterator[Finding]:
    """Yield what becomes of the rules for CAs that are uploaded.

    If its certificates are too many to be decoded, or cannot be decoded, the rules that look into
    them are left out.
    """
    if file.is_decoded:
        yield finding("ca-pem", file.problems)
        yield finding("ca-content", _content(file))
    yield finding("ca-private-key", _private_keys(file))
    yield finding("ca-count", _count(file))
    yield finding("ca-size", _size(file))
    if not file.is_complete:
        return
    pieces = file.pieces
    modern = [piece for piece in pieces if piece.certificate.version == x509.Version.v3]
    cas = [piece for piece in modern if is_ca(piece.certificate)]
    others = [piece for piece in modern if piece not in cas]
    yield finding("ca-version", of_each(version, pieces))
    yield finding("ca-serial", of_each(serial, cas))
    yield finding("ca-true", _no_cas(others, self_signed=True))
    yield finding("ca-leaf", _no_cas(others, self_signed=False))
    yield finding("ca-usage", of_each(usage, cas))
    yield finding("ca-client-usage", of_each(client_usage, cas))
    yield finding("ca-issuer", _issuers(cas, pieces))
    yield finding("ca-algorithm", of_each(algorithm, cas))
    yield finding("ca-key", of_each(key, cas))
    yield finding("ca-critical", of_each(critical, cas))
    yield finding("ca-twice", _twice(pieces))
    yield finding("ca-public", of_each(_public, cas))
    yield finding("names-bundle", _same_names(cas))
    yield finding("ca-expired", _for_each_ca("ca-expired", expired, cas, now))
    yield finding("ca-started", at(not_started, cas, now))
    yield finding("ca-soon", _for_each_ca("ca-soon", ends_soon, cas, now))


def judge_intermediate(piece: Piece) -> Iterator[Problem]:
    """Yield why no server takes a CA that a client presents."""
    if piece.certificate.version != x509.Version.v3:
        yield from version(piece)
    elif not is_ca(piece.certificate):
        yield Problem(f"{piece.source} is not a CA's certificate.")
    else:
        for check in (serial, usage, client_usage, algorithm, key, critical):
            yield from check(piece)


Check = Callable[[Piece], Iterator[Problem]]


def of_each(check: Check, pieces: Iterable[Piece]) -> Iterator[Problem]:
    """Yield the problems of all ``pieces``."""
    for piece in pieces:
        yield from check(piece)


def at(
    check: Callable[[Piece, datetime], Iterator[Problem]], pieces: Iterable[Piece], now: datetime
) -> Iterator[Problem]:
    """Yield the problems of all ``pieces`` at ``now``."""
    for piece in pieces:
        yield from check(piece, now)


def _for_each_ca(
    rule: str,
    check: Callable[[Piece, datetime], Iterator[Problem]],
    cas: Iterable[Piece],
    now: datetime,
) -> Iterator[Problem]:
    """Yield the problems of all ``cas`` at ``now``; each with what to do about that CA."""
    for ca in cas:
        known = {"CA-NAME": ca.name} if ca.name else {}
        for problem in check(ca, now):
            yield problem._replace(fix=filled(RULES[rule].fix, known))


def _content(file: CertificateFile) -> Iterator[Problem]:
    for kind in dict.fromkeys(file.others):
        yield Problem(f"{file.path} holds a {kind}.")
    if file.trailing:
        yield Problem(
            f"{file.path} has text or empty lines after the last certificate, which tcld refuses.",
            warning=True,
        )


def _private_keys(file: CertificateFile) -> Iterator[Problem]:
    if file.private_keys:
        yield Problem(f"{file.path} holds a private key.")


def _count(file: CertificateFile) -> Iterator[Problem]:
    if file.total > MOST_CAS:
        yield Problem(f"{file.path} holds {file.total:,} certificates.")


def _size(file: CertificateFile) -> Iterator[Problem]:
    if file.size > MOST_BYTES:
        yield Problem(f"{file.path} has {file.size:,} bytes.")


def version(piece: Piece) -> Iterator[Problem]:
    """Yield whether a certificate is not X.509 version 3."""
    found = piece.certificate.version
    if found != x509.Version.v3:
        yield Problem(f"{piece.source} is X.509 version {found.value + 1}.")


def serial(piece: Piece) -> Iterator[Problem]:
    """Yield whether a certificate's serial number is not positive; Go refuses negative ones."""
    number = piece.certificate.serial_number
    if number <= 0:
        yield Problem(f"{piece.source} has the serial number {number}.", warning=not number)


def _no_cas(others: Sequence[Piece], *, self_signed: bool) -> Iterator[Problem]:
    for piece in others:
        if is_self_signed(piece.certificate) == self_signed:
            subject = quoted(piece.certificate.subject.rfc4514_string())
            yield Problem(
                f"{piece.source} is self-signed, but not a CA: it has no CA:TRUE."
                if self_signed
                else f"{piece.source} is a client's or server's certificate, for {subject}."
            )


def usage(piece: Piece) -> Iterator[Problem]:
    """Yield whether a CA's key usage forbids it to sign certificates."""
    found = extension(piece.certificate, x509.KeyUsage)
    if found and not found.key_cert_sign:
        yield Problem(f"The key usage of {piece.source} does not include certificate signing.")


def client_usage(piece: Piece) -> Iterator[Problem]:
    """Yield whether a certificate's extended key usage leaves out client authentication."""
    found = extension(piece.certificate, x509.ExtendedKeyUsage)
    if found and ExtendedKeyUsageOID.CLIENT_AUTH not in found:
        yield Problem(
            f"The extended key usage of {piece.source} does not include client authentication."
        )


def _issuers(cas: Sequence[Piece], pieces: Sequence[Piece]) -> Iterator[Problem]:
    for piece in cas:
        certificate = piece.certificate
        above = (other.certificate for other in pieces if other.certificate != certificate)
        if is_self_signed(certificate) or any(is_issued_by(certificate, ca) for ca in above):
            continue
        if certificate.subject == certificate.issuer:
            yield Problem(
                f"The signature of {piece.source} is not its own: it was changed or is broken.",
                "Use an unchanged copy of the certificate, or create a new CA.",
            )
        else:
            issuer = quoted(certificate.issuer.rfc4514_string())
            yield Problem(f"{piece.source} is issued by {issuer}, which is not in the file.")


def algorithm(piece: Piece) -> Iterator[Problem]:
    """Yield whether a certificate is signed with an algorithm that Temporal Cloud refuses."""
    if not has_accepted_signature(piece.certificate):
        yield Problem(f"{piece.source} is signed with {signature_name(piece.certificate)}.")


def key(piece: Piece) -> Iterator[Problem]:
    """Yield whether a CA's key is of a kind that is refused."""
    if signature_name(piece.certificate) in {"Ed25519", "Ed448"}:
        return  # `algorithm` says so
    kind = kind_of(piece.certificate.public_key())
    if not is_accepted(kind):
        what = f"a key of kind {kind}" if kind else "a key that cannot sign"
        yield Problem(f"{piece.source} has {what}.")


def critical(piece: Piece) -> Iterator[Problem]:
    """Yield whether a certificate has a critical extension that nobody here knows."""
    for found in piece.certificate.extensions:
        if found.critical and found.oid not in _KNOWN_EXTENSIONS:
            oid = found.oid.dotted_string
            yield Problem(f"{piece.source} has the critical extension {oid}.")


def _twice(pieces: Sequence[Piece]) -> Iterator[Problem]:
    first: dict[x509.Certificate, str] = {}
    for piece in pieces:
        before = first.setdefault(piece.certificate, piece.source)
        if before is not piece.source:
            yield Problem(f"{piece.source} is the same certificate as {before}.")


def _public(piece: Piece) -> Iterator[Problem]:
    for attribute in piece.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME):
        if str(attribute.value).casefold() in _PUBLIC_NAMES:
            yield Problem(
                f"{piece.source} is a public CA, of {quoted(str(attribute.value))}.", warning=True
            )


def _same_names(cas: Sequence[Piece]) -> Iterator[Problem]:
    names = {piece.certificate: comparable_name(piece.certificate.subject) for piece in cas}
    for name, count in Counter(names.values()).items():
        if count > 1:
            subject = next(each for each, its in names.items() if its == name).subject
            yield Problem(f"{count} CAs have the name {quoted(subject.rfc4514_string())}.")


def expired(piece: Piece, now: datetime) -> Iterator[Problem]:
    """Yield whether a certificate has expired."""
    end = piece.certificate.not_valid_after_utc
    if now > end:
        yield Problem(f"{piece.source} expired on {end:%Y-%m-%d %H:%M:%S} UTC.")


def not_started(piece: Piece, now: datetime) -> Iterator[Problem]:
    """Yield whether a certificate is not valid yet."""
    start = piece.certificate.not_valid_before_utc
    if now < start:
        yield Problem(f"{piece.source} is not valid before {start:%Y-%m-%d %H:%M:%S} UTC.")


def ends_soon(piece: Piece, now: datetime) -> Iterator[Problem]:
    """Yield whether a valid certificate ends within 15 days, or the last third of its time."""
    start, end = piece.certificate.not_valid_before_utc, piece.certificate.not_valid_after_utc
    if start <= now <= end and end - now < min(NOTICE, (end - start) / 3):
        yield Problem(f"{piece.source} expires on {end:%Y-%m-%d %H:%M:%S} UTC.", warning=True)
