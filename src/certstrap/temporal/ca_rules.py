"""Rules for CAs that are uploaded to Temporal Cloud, and for certificates in general."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certstrap.hints import Hint, filled
from certstrap.pki import issuers, rules
from certstrap.pki.decode import (
    LoadedCertificate,
    comparable_name,
    extension,
    extensions,
    is_ca,
    validity_of,
)
from certstrap.pki.findings import Finding
from certstrap.pki.issuers import Issuers, is_self_signed
from certstrap.pki.keys import LARGEST_RSA, NIST_CURVES, KeySpec, kind_of
from certstrap.pki.names import name_text
from certstrap.temporal.inputs import CertificateFile
from certstrap.temporal.rules import RULES, Page, Result, adopted, failure, looked_at, rule, warning
from certstrap.text import quoted, utc

LARGEST_RSA_OF_GO = 8192
"""Bits; crypto/tls refuses a larger key in any certificate that a client presents."""

_HASHES = {"sha256", "sha384", "sha512"}


def is_accepted(kind: KeySpec) -> bool:
    """Return whether Temporal Cloud takes certificates for keys of that kind, from some client.

    Which keys nobody takes, `rules.key` says.
    """
    return not kind.curve or kind.curve in NIST_CURVES


MOST_CAS = 16
MOST_BYTES = 32_768
NOTICE = timedelta(days=15)
"""How long before a CA's end Temporal Cloud sends a notice."""

_GO_NAMES = (x509.DNSName, x509.IPAddress, x509.RFC822Name, x509.UniformResourceIdentifier)
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


# What holds for certificates in general: for CAs, intermediates and clients.


def is_modern(loaded: LoadedCertificate) -> bool:
    """Return whether a certificate is X.509 version 3, which has extensions."""
    return loaded.certificate.version == x509.Version.v3


def version(loaded: LoadedCertificate) -> Iterator[Finding]:
    """Yield whether a certificate is not X.509 version 3."""
    if not is_modern(loaded):
        number = loaded.certificate.version.value + 1
        yield failure(f"{loaded.source} is X.509 version {number}.")


def serial(loaded: LoadedCertificate) -> Iterator[Finding]:
    """Yield whether a certificate's serial number is not positive; Go refuses negative ones."""
    number = loaded.certificate.serial_number
    if number <= 0:
        sentence = f"{loaded.source} has the serial number {number}."
        yield failure(sentence) if number else warning(sentence)


def client_usage(loaded: LoadedCertificate) -> Iterator[Finding]:
    """Yield whether a certificate's extended key usage leaves out client authentication."""
    found = extension(loaded.certificate, x509.ExtendedKeyUsage)
    if found and ExtendedKeyUsageOID.CLIENT_AUTH not in found:
        yield failure(
            f"The extended key usage of {loaded.source} does not include client authentication."
        )


def algorithm(loaded: LoadedCertificate) -> Iterator[Finding]:
    """Yield whether a certificate is not signed with RSA or ECDSA, and SHA-256 or stronger."""
    hashed = issuers.signature_hash(loaded.certificate)
    if not (hashed and issuers.has_supported_signature(loaded.certificate)):
        name = issuers.signature_name(loaded.certificate)
        yield failure(f"{loaded.source} is signed with {name}.")
    elif hashed.name not in _HASHES:  # only the hash is wrong
        yield failure(f"{loaded.source} is signed with {hashed.name.upper()}.")


def critical(loaded: LoadedCertificate) -> Iterator[Finding]:
    """Yield which critical extensions Temporal Cloud does not know, or not all of."""
    certificate, source = loaded.certificate, loaded.source
    yield from adopted(rules.critical_extensions(certificate, source, rules.PROCESSED_BY_GO))
    for each in extensions(certificate):
        value = each.value
        if not each.critical:
            continue
        if isinstance(value, x509.NameConstraints):
            trees = (*(value.permitted_subtrees or ()), *(value.excluded_subtrees or ()))
            if not all(isinstance(tree, _GO_NAMES) for tree in trees):
                yield failure(
                    f"{source} has critical name constraints that Go cannot process: it compares "
                    "domains, IP addresses, e-mail addresses and URIs only."
                )
        elif isinstance(value, x509.SubjectAlternativeName) and not any(
            isinstance(name, _GO_NAMES) for name in value
        ):
            yield failure(
                f"{source} has critical alternative names that Go cannot process: none of them is "
                "a domain, an IP address, an e-mail address or a URI."
            )


def key(loaded: LoadedCertificate, largest_rsa: int = LARGEST_RSA) -> Iterator[Finding]:
    """Yield whether a certificate's key is of a kind that is refused."""
    refused_everywhere = [*adopted(rules.key(loaded.certificate, loaded.source))]
    yield from refused_everywhere
    kind = kind_of(loaded.certificate.public_key())
    if not refused_everywhere and kind and not (is_accepted(kind) and kind.bits <= largest_rsa):
        yield failure(f"{loaded.source} has a key of kind {kind}.")


def dates(loaded: LoadedCertificate, now: datetime, *which: str) -> Iterator[Finding]:
    """Yield whether a certificate is ``expired`` or ``not-yet-valid``."""
    return adopted(rules.valid(loaded.certificate, now, loaded.source, ""), *which)


def ends_soon(loaded: LoadedCertificate, now: datetime) -> Iterator[Finding]:
    """Yield whether a valid certificate ends within 15 days, or the last third of its time."""
    validity = validity_of(loaded.certificate)
    start, end = validity
    if validity.state(now) == "valid" and end - now < min(NOTICE, (end - start) / 3):
        yield warning(f"{loaded.source} expires on {utc(end)}.")


def intermediate(loaded: LoadedCertificate) -> Iterator[Finding]:
    """Yield why no server takes a CA that a client presents."""
    if not is_modern(loaded):
        yield from version(loaded)
    elif not is_ca(loaded.certificate):
        yield failure(f"{loaded.source} is not a CA's certificate.")
    else:
        for check in (serial, _usage, client_usage, algorithm, _key, critical):
            yield from check(loaded)


def _usage(ca: LoadedCertificate) -> Iterator[Finding]:
    return adopted(rules.certificate_signing(ca.certificate, ca.source), "key-usage")


def _key(ca: LoadedCertificate) -> Iterator[Finding]:
    if issuers.signature_name(ca.certificate) not in {"Ed25519", "Ed448"}:  # `algorithm` says so
        yield from key(ca)


# What holds for the CAs of a file.


def _cas(file: CertificateFile) -> list[LoadedCertificate]:
    return [each for each in file.certificates if is_modern(each) and is_ca(each.certificate)]


def _others(file: CertificateFile) -> list[LoadedCertificate]:
    """Return what is version 3, and not a CA."""
    return [each for each in file.certificates if is_modern(each) and not is_ca(each.certificate)]


_OF_EVERY_FILE = {
    "ca-pem", "ca-content", "ca-private-key", "ca-count", "ca-size", "ca-version", "ca-twice",
}  # fmt: skip
"""The rules that look at files without a CA, too, and at certificates of all versions."""


def judge(file: CertificateFile, now: datetime) -> Iterator[Result]:
    """Yield the results by the rules for CAs that are uploaded.

    If its certificates are too many to be decoded, or cannot be decoded, the rules that look into
    them are left out.
    """
    checks = [ca_private_key, ca_count, ca_size]
    dated = [ca_expired, ca_started, ca_soon] if file.is_complete else []
    if file.is_decoded:
        checks = [ca_pem, ca_content, *checks]
    if file.is_complete:
        checks += [
            ca_version, ca_serial, ca_true, ca_leaf, ca_usage, ca_client_usage, ca_issuer,
            ca_algorithm, ca_key, ca_critical, ca_twice, ca_public, names_bundle,
        ]  # fmt: skip
    unseen = {"ca-content"} if file.private_keys else set()
    if not file.total:
        unseen |= {"ca-content", "ca-private-key", "ca-count"}
    if not _cas(file) or not all(map(is_modern, file.certificates)):
        unseen |= RULES.keys() - _OF_EVERY_FILE
    results = chain((check(file) for check in checks), (check(file, now) for check in dated))
    return looked_at(results, unseen)


_NEW_CA = Hint("Create another CA", ("certstrap", "init", ("--common-name", "NEW-NAME")))
_NEW_BUNDLE = Hint(
    "Write it again", ("certstrap", "bundle", ("--cert", "FILE"), ("--output", "NEW"))
)
_REPLACE_CA = Hint(
    "Create a new CA, and move the clients to it",
    ("certstrap", "init", ("--common-name", "NEW-NAME")),
    ("certstrap", "bundle", ("--rotate", "CA-NAME", "NEW-NAME")),
)
_LEAVE_OUT = "Leave it out: clients below it are refused, and the file has other CAs."
_RENEW_CA = Hint(
    "Renew the CA where the key that signs it is, then upload it again with set, as add is refused",
    ("certstrap", "renew", "CA-NAME"),
)
_RENEW_ELSEWHERE = _REPLACE_CA._replace(
    sentence=f"{_RENEW_CA.sentence}; if that key is lost, create a new CA, and move the clients to "
    "it"
)


@rule("CA", Page.MANAGE, _NEW_BUNDLE._replace(sentence="Write it again as PEM"))
def ca_pem(file: CertificateFile) -> Sequence[Finding]:
    """The CA file is PEM text, and each certificate in it can be read.

    Temporal Cloud and its tools read PEM.
    """
    return file.problems


@rule("CA", Page.MANAGE, _NEW_BUNDLE)
def ca_content(file: CertificateFile) -> Iterator[Finding]:
    """The CA file holds certificates and nothing else.

    tcld uploads a file as it is, and cannot read it afterwards if anything else is in it.
    """
    for kind in dict.fromkeys(file.others):
        yield failure(f"{file.path} holds a {kind}.")
    if file.trailing:
        yield warning(
            f"{file.path} has text or empty lines after the last certificate, which tcld refuses."
        )


@rule(
    "CA",
    Page.MANAGE,
    "Remove the key from the file. If the file was uploaded or sent, create a new CA.",
)
def ca_private_key(file: CertificateFile) -> Iterator[Finding]:
    """The CA file holds no private key.

    Anyone who has a CA's key can admit any client; it must never leave your machine.
    """
    if file.private_keys:
        yield failure(f"{file.path} holds a private key.")


@rule("CA", Page.REQUIREMENTS, "Leave out the CAs that no client needs any more.")
def ca_count(file: CertificateFile) -> Iterator[Finding]:
    """There are at most 16 CA certificates.

    Temporal Cloud takes no more in one bundle.
    """
    if file.total > MOST_CAS:
        yield failure(
            f"{file.path} holds {file.total:,} certificates, and may hold at most {MOST_CAS}."
        )


@rule(
    "CA",
    Page.REQUIREMENTS,
    "Leave out CAs that no client needs any more, and text around the certificates.",
)
def ca_size(file: CertificateFile) -> Iterator[Finding]:
    """The CA file has at most 32,768 bytes.

    Temporal Cloud takes at most 32 KB, before base64.
    """
    if file.size > MOST_BYTES:
        yield failure(f"{file.path} has {file.size:,} bytes, and may have at most {MOST_BYTES:,}.")


@rule("CA", Page.REQUIREMENTS, _NEW_CA)
def ca_version(file: CertificateFile) -> Iterator[Finding]:
    """Each CA certificate is X.509 version 3.

    Earlier versions cannot say that a certificate is a CA's.
    """
    for each in file.certificates:
        yield from version(each)


@rule("CA", Page.GO_X509, _NEW_CA)
def ca_serial(file: CertificateFile) -> Iterator[Finding]:
    """Each CA certificate has a positive serial number.

    Since Go 1.23, Go cannot read a certificate with a negative one; RFC 5280 forbids 0 too.
    """
    for ca in _cas(file):
        yield from serial(ca)


@rule("CA", Page.REQUIREMENTS, _NEW_CA)
def ca_true(file: CertificateFile) -> Iterator[Finding]:
    """Each CA certificate has basic constraints with CA:TRUE.

    Without it, the certificate may not sign others.
    """
    for each in _others(file):
        if is_self_signed(each.certificate):
            yield failure(f"{each.source} is self-signed, but not a CA: it has no CA:TRUE.")


@rule("CA", Page.REQUIREMENTS, "Upload the CA's certificate instead.")
def ca_leaf(file: CertificateFile) -> Iterator[Finding]:
    """No certificate of a client is among the CAs.

    Temporal Cloud is given the CA only; the client presents its own certificate.
    """
    for each in _others(file):
        if not is_self_signed(each.certificate):
            subject = quoted(name_text(each.certificate.subject))
            yield failure(f"{each.source} is a client's or server's certificate, for {subject}.")


@rule("CA", Page.RFC5280 + "4.2.1.3", _NEW_CA)
def ca_usage(file: CertificateFile) -> Iterator[Finding]:
    """A CA's key usage, if it has one, includes certificate signing.

    Without it, no certificate that the CA signed is accepted.
    """
    for ca in _cas(file):
        yield from _usage(ca)


@rule("CA", Page.RFC5280 + "4.2.1.12", _NEW_CA)
def ca_client_usage(file: CertificateFile) -> Iterator[Finding]:
    """A CA's extended key usage, if it has one, includes client authentication.

    It limits what every certificate below the CA may be used for.
    """
    for ca in _cas(file):
        yield from client_usage(ca)


@rule("CA", Page.REQUIREMENTS, "Add the certificate of the CA that issued it.")
def ca_issuer(file: CertificateFile) -> Iterator[Finding]:
    """Each CA is a root, or is issued by another CA in the file.

    Temporal Cloud refuses a bundle with a chain that does not end.
    """
    index = Issuers(file.certificates)
    for ca in _cas(file):
        if any(index.of(ca.certificate)):
            continue
        if not issuers.has_supported_signature(ca.certificate):
            yield from adopted(rules.signature(ca.certificate, ca.source))
        elif issuers.is_self_issued(ca.certificate):
            yield failure(
                f"The signature of {ca.source} is not its own: it was changed or is broken.",
                "Use an unchanged copy of the certificate, or create a new CA.",
            )
        else:
            issuer = quoted(name_text(ca.certificate.issuer))
            yield failure(f"{ca.source} is issued by {issuer}, which is not in the file.")


@rule("CA", Page.REQUIREMENTS, _NEW_CA)
def ca_algorithm(file: CertificateFile) -> Iterator[Finding]:
    """Each CA is signed with RSA or ECDSA, and SHA-256 or stronger.

    Temporal Cloud refuses SHA-1, MD5 and Ed25519.
    """
    for ca in _cas(file):
        yield from algorithm(ca)


@rule("CA", Page.REQUIREMENTS, _NEW_CA)
def ca_key(file: CertificateFile) -> Iterator[Finding]:
    """Each CA has an RSA key of 2048 bits or more, or one on a NIST curve.

    Temporal Cloud refuses Ed25519; shorter RSA keys and other curves are refused by its TLS
    library.
    """
    for ca in _cas(file):
        yield from _key(ca)


@rule("CA", Page.RFC5280 + "4.2", _NEW_CA)
def ca_critical(file: CertificateFile) -> Iterator[Finding]:
    """No CA has a critical extension that is not known.

    A peer that does not know a critical extension must refuse the certificate.
    """
    for ca in _cas(file):
        yield from critical(ca)


@rule("CA", Page.MANAGE, _NEW_BUNDLE._replace(sentence="Write it again, each certificate once"))
def ca_twice(file: CertificateFile) -> Iterator[Finding]:
    """No certificate is in the CA file twice.

    It takes room for nothing, and tcld refuses to add a certificate that is there already.
    """
    first: dict[x509.Certificate, str] = {}
    for each in file.certificates:
        before = first.setdefault(each.certificate, each.source)
        if before is not each.source:
            yield failure(f"{each.source} is the same certificate as {before}.")


@rule("CA", Page.REQUIREMENTS, "Use a CA of your own, or set certificate filters.")
def ca_public(file: CertificateFile) -> Iterator[Finding]:
    """No CA is a well-known public CA.

    Anybody can get a certificate of a public CA; Temporal Cloud takes it with certificate
    filters only.
    """
    for ca in _cas(file):
        for name in ca.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME):
            if str(name.value).casefold() in _PUBLIC_NAMES:
                yield warning(f"{ca.source} is a public CA, of {quoted(str(name.value))}.")


@rule("names", Page.REQUIREMENTS, "Upload one of them only; give a new CA another common name.")
def names_bundle(file: CertificateFile) -> Iterator[Finding]:
    """No two uploaded CAs have the same name.

    CAs that serve one Namespace must have different names, compared without regard to case.
    """
    subjects = {ca.certificate: ca.certificate.subject for ca in _cas(file)}.values()
    counts = Counter(map(comparable_name, subjects))
    shown = {comparable_name(subject): subject for subject in reversed(subjects)}
    for name, count in counts.items():
        if count > 1:
            yield failure(f"{count} CAs have the name {quoted(name_text(shown[name]))}.")


@rule("validity", Page.NOTICES, _RENEW_CA)
def ca_expired(file: CertificateFile, now: datetime) -> Iterator[Finding]:
    """No CA has expired.

    An expired CA shuts out every client below it, and Temporal Cloud refuses a bundle with it.
    """
    for ca in _cas(file):
        for finding in dates(ca, now, "expired"):
            hint = _LEAVE_OUT if _lets_clients_in(file, now) else _renewal(ca)
            yield finding._replace(hint=hint)


@rule("validity", Page.RFC5280 + "4.1.2.5", "Wait until then, or check the clock of this machine.")
def ca_started(file: CertificateFile, now: datetime) -> Iterator[Finding]:
    """Each CA is valid already.

    Before its first day, a CA is not accepted.
    """
    for ca in _cas(file):
        yield from dates(ca, now, "not-yet-valid")


@rule("validity", Page.NOTICES, _REPLACE_CA)
def ca_soon(file: CertificateFile, now: datetime) -> Iterator[Finding]:
    """No CA expires soon.

    Temporal Cloud sends a notice 15 days before a CA expires.
    """
    for ca in _cas(file):
        for finding in ends_soon(ca, now):
            yield finding._replace(hint=_about(ca, _REPLACE_CA))


def _renewal(ca: LoadedCertificate) -> Hint | str:
    if not ca.name:
        return f"{_RENEW_CA.sentence}."
    return _about(ca, _RENEW_CA if ca.can_be_renewed else _RENEW_ELSEWHERE)


def _about(ca: LoadedCertificate, hint: Hint) -> Hint | str:
    """Return a hint with the name of this CA; CA-NAME would become that of the client's CA."""
    return filled(hint, {"CA-NAME": ca.name or "OLD-NAME"})


def _lets_clients_in(file: CertificateFile, now: datetime) -> bool:
    """Return whether one of the CAs is valid now, and all that it is issued by."""
    index = Issuers(_cas(file))
    return any(
        all(validity_of(each.certificate).state(now) == "valid" for each in (ca, *path))
        for ca in _cas(file)
        for path in index.paths(ca.certificate)
    )
