"""A path from a certificate to its root: what its CAs allow below them (RFC 5280, 6.1).

A path is a sequence of certificates of which each was issued by the next.
"""

from collections.abc import Iterator, Sequence

from cryptography import x509

from certstrap.pki.decode import (
    LoadedCertificate,
    alternative_names,
    comparable_name,
    extension,
    path_length_of,
)
from certstrap.pki.findings import Finding
from certstrap.pki.issuers import is_self_issued
from certstrap.pki.name_constraints import not_permitted
from certstrap.text import counted, printable


def remaining_path_length(
    cas: Sequence[x509.Certificate], number: int, *, count_self_issued: bool = True
) -> int | None:
    """Return how many more CAs ``cas[number]`` allows below the first of ``cas``.

    Args:
        cas: CAs, each of which was issued by the next.
        number: the place of the one that may limit them.
        count_self_issued: whether a CA counts that has issued itself a certificate for another
            key: for Go it does, and for RFC 5280, 4.2.1.9 it does not.

    Returns:
        the number, negative if too many are there already; None for any number.
    """
    allowed = path_length_of(cas[number])
    if allowed is None:
        return None
    return allowed - sum(count_self_issued or not is_self_issued(ca) for ca in cas[:number])


def shortest_remaining_path_length(cas: Sequence[x509.Certificate]) -> int | None:
    """Return how many more CAs all of ``cas`` allow below the first of them; None for any."""
    lengths = (remaining_path_length(cas, number) for number in range(len(cas)))
    return min((length for length in lengths if length is not None), default=None)


def path_length(
    path: Sequence[LoadedCertificate], number: int, *, count_self_issued: bool
) -> Iterator[Finding]:
    """Yield whether more CAs follow ``path[number]`` than it allows; `remaining_path_length`."""
    cas = [each.certificate for each in path[1:]]
    remaining = number and remaining_path_length(
        cas, number - 1, count_self_issued=count_self_issued
    )
    if remaining is not None and remaining < 0:
        allowed = path_length_of(path[number].certificate) or 0
        yield Finding(
            "path-length",
            f"{path[number].source} allows {counted(allowed, 'CA')} below it, and the path has "
            f"{allowed - remaining}.",
        )


def names(path: Sequence[LoadedCertificate], number: int) -> Iterator[Finding]:
    """Yield which names of ``path[number]`` a CA above it may not sign (RFC 5280, 4.2.1.10)."""
    certificate, source = path[number].certificate, path[number].source
    if number and is_self_issued(certificate):
        return
    for ca in path[number + 1 :]:
        for name, permitted in not_permitted(
            certificate.subject,
            alternative_names(certificate),
            ca.certificate,
            common_name=not number,
        ):
            yield Finding(
                "name-constraints",
                f"{source} has the name {printable(name)}, and {ca.source} is permitted "
                f"{permitted}.",
            )


def identifiers(below: LoadedCertificate, ca: x509.Certificate) -> Iterator[Finding]:
    """Yield whether a certificate names another issuer than ``ca`` (RFC 5280, 4.2.1.1)."""
    named = extension(below.certificate, x509.AuthorityKeyIdentifier)
    if named is None:
        return
    identifier = extension(ca, x509.SubjectKeyIdentifier)
    other_key = identifier and named.key_identifier not in {None, identifier.digest}
    other_serial = named.authority_cert_serial_number not in {None, ca.serial_number}
    names = [
        comparable_name(name.value)
        for name in named.authority_cert_issuer or ()
        if isinstance(name, x509.DirectoryName)
    ]
    if other_key or other_serial or names[:1] not in ([], [comparable_name(ca.issuer)]):
        yield Finding(
            "identifier",
            f"The authority key identifier of {below.source} is not that of the CA that signed it.",
        )
