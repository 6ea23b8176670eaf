"""Chains: who issued a certificate, found in the depot by signature; and who revoked one."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from cryptography import x509

from certstrap.errors import CertstrapError, RefusedError
from certstrap.hints import Hint
from certstrap.pki import revocation, rules
from certstrap.pki.decode import validity_of
from certstrap.pki.findings import Finding
from certstrap.pki.issuers import is_self_signed
from certstrap.store.compromised import compromised
from certstrap.store.depot import CERTIFICATE, CRL, KEY, Depot, Entry

ADD_ISSUER = Hint("Add it with", ("certstrap", "import", "NAME", ("--cert", "FILE")))


def issuers_of(depot: Depot, certificate: x509.Certificate) -> list[x509.Certificate]:
    """Return the CA that issued ``certificate``, the CA that issued that one, and so on.

    It is the shortest way to a root; if the depot has none, the longest way that it has. If a CA
    was renewed and two certificates fit, the one that expires last is taken.
    """
    return [ca.certificate for ca in depot.issuers.path(certificate)]


def require_root(depot: Depot, chain: Sequence[x509.Certificate]) -> None:
    """Refuse a chain that does not end with a root.

    Raises:
        RefusedError: naming the issuer that is missing.
    """
    if not is_self_signed(chain[-1]):
        raise RefusedError(
            f"The chain is incomplete: {depot.root} does not have the certificate of its issuer "
            f'"{chain[-1].issuer.rfc4514_string()}".',
            ADD_ISSUER,
        )


def key_of_ca(depot: Depot, key: object, source: str) -> Iterator[Finding]:
    """Yield whether the public ``key`` is that of a CA of the depot, which no client may have."""
    for authority in depot.authorities:
        if authority.key == key:
            yield Finding(
                "ca-key",
                f"{source} has the key of the CA {authority.entry.stem}, and a client must have "
                "a key of its own.",
                "Create a new key and request for the client.",
            )


def revoked(depot: Depot, chain: Sequence[x509.Certificate], source: str) -> Iterator[Finding]:
    """Yield which certificates of ``chain`` are revoked, by the CRLs of the depot.

    Args:
        depot: where the CRLs are.
        chain: certificates, each of which was issued by the next.
        source: the path or the name of the first one.

    Raises:
        CertstrapError: the CRL next to an issuer's certificate cannot be read.
    """
    for below, above in pairwise(chain):
        what = source if below is chain[0] else name_of_ca(below)
        yield from revocation.revoked(below, (crl for _, crl in crls_of(depot, above)), what)


def withdrawn(depot: Depot, chain: Sequence[x509.Certificate], source: str) -> Iterator[Finding]:
    """Yield which certificates of ``chain`` are revoked, or have a key that is compromised.

    The arguments and errors are those of `revoked`.
    """
    yield from revoked(depot, chain, source)
    for certificate in chain:
        what = source if certificate is chain[0] else name_of_ca(certificate)
        yield from compromised(depot, certificate.public_key(), what)


def crls_of(
    depot: Depot, ca: x509.Certificate
) -> Iterator[tuple[Entry, x509.CertificateRevocationList]]:
    """Yield the CRLs that speak of what ``ca`` issued, and where they are.

    Raises:
        CertstrapError: the CRL next to its certificate cannot be read, or is not signed by it.
    """
    key = ca.public_key()
    own = {authority.entry for authority in depot.authorities if authority.key == key}
    for entry, found in depot.crls:
        if isinstance(found, CertstrapError):
            if entry in own:
                raise found
        elif revocation.speaks_of(found, ca):
            yield entry, found
        elif entry in own:
            entry.crl(ca)  # which raises


def expired(depot: Depot, chain: Iterable[x509.Certificate], now: datetime) -> Iterator[Finding]:
    """Yield which CAs of ``chain`` are not valid at ``now``."""
    for certificate in chain:
        dates = rules.valid(certificate, now, name_of_ca(certificate), "")
        yield from with_renewal(dates, depot, certificate, now)


def with_renewal(
    findings: Iterable[Finding],
    depot: Depot,
    certificate: x509.Certificate,
    now: datetime,
    path: str = "",
) -> Iterator[Finding]:
    """Yield findings about a certificate; if it has expired, with how to renew it.

    Args:
        findings: what is wrong with it.
        depot: where it is.
        certificate: the certificate.
        now: the present instant.
        path: where it is, unless it is a CA's.
    """
    for finding in findings:
        if finding.rule == "expired":
            yield finding._replace(hint=renewal(depot, certificate, now, path))
        else:
            yield finding


def renewal(
    depot: Depot, certificate: x509.Certificate, now: datetime, path: str = ""
) -> Hint | str:
    """Return how to renew a certificate; the uppermost CA that has expired comes first."""
    chain = [certificate, *issuers_of(depot, certificate)]
    expired_ones = [each for each in chain if validity_of(each).state(now) == "expired"]
    first = expired_ones[-1] if expired_ones else certificate
    named = {each.certificate: each.entry for each in depot.authorities}
    entries = depot.with_suffix(CERTIFICATE)
    at_path = next((each for each in entries if each.path(CERTIFICATE) == path), None)
    entry = named.get(first, at_path)
    if entry is None:
        return ""
    what = "the CA first" if first in named else "it"
    if not any(ca.entry.has(KEY) for ca in depot.issuers.of(first)):
        return f"Renew {what}, where the key that signs it is."
    return Hint(f"Renew {what}", ("certstrap", "renew", entry.stem))


def renewal_of_crl(entry: Entry) -> Hint | str:
    """Return how to renew the CRL of a CA."""
    if not entry.has(KEY):
        return f"Write a new one where the key of its CA is, and copy it to {entry.path(CRL)}."
    return Hint("Renew it", ("certstrap", "crl", entry.stem))


def name_of_ca(certificate: x509.Certificate) -> str:
    """Return what a CA whose file is not known is called in a sentence."""
    return f'The CA "{certificate.subject.rfc4514_string()}"'
