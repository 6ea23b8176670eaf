"""A path from a certificate to its root: what its CAs allow below them (RFC 5280, 6.1).

A path is a sequence of certificates of which each was issued by the next.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from certstrap.pki.asn1 import contents
from certstrap.pki.decode import (
    LoadedCertificate,
    alternative_names,
    comparable_name,
    extension,
    extensions,
    path_length_of,
)
from certstrap.pki.findings import Finding
from certstrap.pki.issuers import is_self_issued
from certstrap.pki.name_constraints import are_too_many, not_permitted
from certstrap.pki.profiles import usage_name
from certstrap.text import counted, printable


def remaining_path_length(
    cas: Sequence[x509.Certificate], number: int, *, count_self_issued: bool = True
) -> int | None:
    """Return how many more CAs ``cas[number]`` allows below the first of ``cas``; None for any.

    Each of ``cas`` was issued by the next. The number is negative if too many are there already.
    A CA that has issued itself a certificate for another key counts for Go, and not for RFC 5280,
    4.2.1.9.
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
    named = certificate.subject, alternative_names(certificate)
    for ca in path[number + 1 :]:
        if are_too_many(*named, ca.certificate):
            yield Finding(
                "name-constraints",
                f"{source} has too many names to compare with the name constraints of {ca.source}.",
            )
            continue
        for name, permitted in not_permitted(*named, ca.certificate, common_name=not number):
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


@lru_cache
def usages_of(certificate: x509.Certificate) -> frozenset[x509.ObjectIdentifier] | None:
    """Return what the extended key usage of a certificate permits; None if that is anything."""
    usages = frozenset(extension(certificate, x509.ExtendedKeyUsage) or ())
    return None if not usages or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usages else usages


def usages(path: Sequence[LoadedCertificate]) -> Iterator[Finding]:
    """Yield which CAs exclude something that ``path[0]`` is for.

    By RFC 5280, the extended key usage of a CA does not restrict what is below it; by all peers, it
    does.
    """
    own = left = usages_of(path[0].certificate)
    for ca in path[1:]:
        permitted = usages_of(ca.certificate)
        if permitted is None:
            continue
        excluded = (left or permitted) - permitted
        if excluded and (own or excluded == left):
            yield Finding(
                "usages",
                f"The extended key usage of {ca.source} excludes what {path[0].source} is for: "
                f"{', '.join(sorted(map(usage_name, excluded)))}.",
            )
        left = permitted if left is None else left - excluded


def permitted_usages(
    usages: Iterable[x509.ObjectIdentifier], cas: Sequence[x509.Certificate]
) -> tuple[x509.ObjectIdentifier, ...]:
    """Return those of ``usages`` that all of ``cas`` permit below them."""
    limits = [permitted for permitted in map(usages_of, cas) if permitted is not None]
    if not limits:  # as of most CAs
        return tuple(usages)
    return tuple(
        usage
        for usage in usages
        if usage == ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
        or all(usage in permitted for permitted in limits)
    )


_ANY_POLICY = x509.ObjectIdentifier("2.5.29.32.0")
_POLICY_MAPPINGS = x509.ObjectIdentifier("2.5.29.33")


def policies(path: Sequence[LoadedCertificate]) -> Iterator[Finding]:
    """Yield whether a CA requires a certificate policy, and none is valid along ``path``.

    It is RFC 5280, 6.1, for a verifier that accepts any policy: of the tree of policies, its lowest
    level is all that counts then.
    """
    valid = any_policy = _encoded([_ANY_POLICY])
    explicit = mapping = inhibit_any = len(path)
    demanding = path[-1]
    for each in path[-2::-1] if len(path) > 1 else ():  # the root states no policies
        certificate, is_last = each.certificate, each is path[0]
        counts = is_last or not is_self_issued(certificate)
        stated = extension(certificate, x509.CertificatePolicies) or ()
        own = _encoded(policy.policy_identifier for policy in stated)
        inherited = valid if any_policy <= own and (inhibit_any or not counts) else frozenset()
        valid = (own if any_policy <= valid else own & valid) - any_policy | inherited
        mappings = [] if is_last else _policy_mappings(certificate)
        if any(any_policy & {*pair} or len(pair) != 2 for pair in mappings):  # noqa: PLR2004
            yield Finding("policies", f"{each.source} has policy mappings that are not valid.")
            return
        mapped = {to for of, to in mappings if mapping and valid & {of, *any_policy}}
        valid = valid.difference(of for of, _ in mappings) | mapped
        explicit, mapping, inhibit_any = (
            max(limit - counts, 0) for limit in (explicit, mapping, inhibit_any)
        )
        limits = extension(certificate, x509.PolicyConstraints)
        required = limits.require_explicit_policy if limits else None
        if required is not None and required < explicit:
            explicit, demanding = required, each
        if limits and limits.inhibit_policy_mapping is not None:
            mapping = min(mapping, limits.inhibit_policy_mapping)
        if any_limit := extension(certificate, x509.InhibitAnyPolicy):
            inhibit_any = min(inhibit_any, any_limit.skip_certs)
    if not explicit and not valid:
        yield Finding(
            "policies",
            f"{demanding.source} requires a certificate policy, and {path[0].source} has none that "
            "is valid for its whole chain.",
        )


def _policy_mappings(certificate: x509.Certificate) -> list[list[bytes]]:
    """Return which policies of the issuer stand for which of the subject (RFC 5280, 4.2.1.5)."""
    values = [each.value for each in extensions(certificate) if each.oid == _POLICY_MAPPINGS]
    sequences = [each.value for each in values if isinstance(each, x509.UnrecognizedExtension)]
    return [[*map(bytes, contents(pair))] for sequence in sequences for pair in _members(sequence)]


def _encoded(policies: Iterable[x509.ObjectIdentifier]) -> frozenset[bytes]:
    """Return identifiers in DER, in which a very long one is compared at once."""
    return frozenset(map(bytes, _members(x509.ExtendedKeyUsage(policies).public_bytes())))


def _members(sequence: bytes) -> list[memoryview]:
    return [each for content in contents(sequence) for each in contents(content)]
