"""Why a path from a certificate to its root is not valid (RFC 5280, 6.1): every reason.

A path is a sequence of certificates of which each was issued by the next; its first is judged as
what it is for, the others as CAs. `openssl verify` judges alike.
"""

from collections.abc import Iterator, Sequence

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from certstrap.pki.decode import comparable_name, extension, is_ca, path_length_of
from certstrap.pki.findings import Finding
from certstrap.pki.name_constraints import not_permitted
from certstrap.text import printable

# What OpenSSL processes (`X509_supported_extension`); the last one is Netscape's certificate type.
_PROCESSED = {
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
    ExtensionOID.OCSP_NO_CHECK,
    x509.ObjectIdentifier("2.16.840.1.113730.1.1"),
}
_PROCESSED_IN_CRLS = {ExtensionOID.AUTHORITY_KEY_IDENTIFIER, ExtensionOID.CRL_NUMBER}


def critical(certificate: x509.Certificate, source: str) -> Iterator[Finding]:
    """Yield which critical extensions nobody here understands (RFC 5280, 4.2)."""
    yield from _not_processed(certificate.extensions, _PROCESSED, source)


def critical_of_crl(crl: x509.CertificateRevocationList, source: str) -> Iterator[Finding]:
    """Yield which critical extensions of a CRL nobody here understands (RFC 5280, 5.2)."""
    yield from _not_processed(crl.extensions, _PROCESSED_IN_CRLS, source)


def _not_processed(
    extensions: x509.Extensions, known: set[x509.ObjectIdentifier], source: str
) -> Iterator[Finding]:
    for each in extensions:
        if each.critical and each.oid not in known:
            yield Finding(
                "critical-extension",
                f"{source} has a critical extension that is not supported: "
                f"{each.oid.dotted_string}.",
            )


def issuer(certificate: x509.Certificate, source: str) -> Iterator[Finding]:
    """Yield why ``certificate``, which signed another one, should not have (RFC 5280, 4.2.1)."""
    if not is_ca(certificate):
        yield Finding("not-a-ca", f"{source} is not a CA, and signed the certificate below it.")
    usage = extension(certificate, x509.KeyUsage)
    if usage and not usage.key_cert_sign:
        yield Finding(
            "key-usage", f"{source} may not sign certificates: its key usage does not include it."
        )


def identifiers(
    certificate: x509.Certificate, source: str, above: x509.Certificate
) -> Iterator[Finding]:
    """Yield why ``certificate`` names another issuer than ``above`` (RFC 5280, 4.2.1.1)."""
    named = extension(certificate, x509.AuthorityKeyIdentifier)
    if named is None:
        return
    identifier = extension(above, x509.SubjectKeyIdentifier)
    other_key = identifier and named.key_identifier not in {None, identifier.digest}
    other_serial = named.authority_cert_serial_number not in {None, above.serial_number}
    names = [
        comparable_name(name.value)
        for name in named.authority_cert_issuer or ()
        if isinstance(name, x509.DirectoryName)
    ]
    if other_key or other_serial or names[:1] not in ([], [comparable_name(above.issuer)]):
        yield Finding(
            "identifier",
            f"The authority key identifier of {source} is not that of the CA that signed it.",
        )


def path_length(path: Sequence[x509.Certificate], number: int, source: str) -> Iterator[Finding]:
    """Yield whether more CAs follow ``path[number]`` than it allows (RFC 5280, 4.2.1.9).

    A CA that has issued itself a certificate for another key does not count.
    """
    allowed = path_length_of(path[number])
    below = sum(not is_self_issued(ca) for ca in path[1:number])
    if allowed is not None and below > allowed:
        yield Finding(
            "path-length",
            f"{source} allows {allowed} CAs below it, and {below} follow.",
        )


def names(
    path: Sequence[x509.Certificate], number: int, sources: Sequence[str]
) -> Iterator[Finding]:
    """Yield which names of ``path[number]`` a CA above it may not sign (RFC 5280, 4.2.1.10)."""
    certificate = path[number]
    if number and is_self_issued(certificate):
        return
    for above, source in zip(path[number + 1 :], sources[number + 1 :], strict=True):
        for name, permitted in not_permitted(certificate, above, common_name=not number):
            yield Finding(
                "name-constraints",
                f"{sources[number]} has the name {printable(name)}, and {source} is permitted "
                f"{permitted}.",
            )


def is_self_issued(certificate: x509.Certificate) -> bool:
    """Return whether subject and issuer are the same."""
    return comparable_name(certificate.subject) == comparable_name(certificate.issuer)
