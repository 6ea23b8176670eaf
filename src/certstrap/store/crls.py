"""The CRLs of a depot: whose they are, what is wrong with them, and how one is replaced."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from cryptography import x509

from certstrap.errors import CertstrapError, NotFoundError, RefusedError, UnusableFileError
from certstrap.hints import Hint
from certstrap.pki import crl as crls
from certstrap.pki import revocation, rules
from certstrap.pki.decode import LoadedCertificate, comparable_name, is_ca, subject_of
from certstrap.pki.findings import Finding, require
from certstrap.pki.issuers import Issuers
from certstrap.store.depot import CERTIFICATE, CRL, KEY, Authority, Depot, Entry
from certstrap.store.renewal import renewal_of_crl


class FoundCRL(NamedTuple):
    """A CRL in a depot.

    Attributes:
        entry: where it is.
        crl: the CRL; None if it cannot be read.
        problem: why nothing can be judged by it, and why it cannot be continued.
        signers: what in the depot has its issuer's name and the key that signed it.
    """

    entry: Entry
    crl: x509.CertificateRevocationList | None
    problem: Finding | None = None
    signers: tuple[Authority, ...] = ()

    @property
    def path(self) -> str:
        """Where it is."""
        return self.entry.path(CRL)


@lru_cache(maxsize=1)
def found_crls(depot: Depot) -> tuple[FoundCRL, ...]:
    """Return the CRLs of a depot, by stem."""
    cas = Issuers(depot.authorities, comparable_name)
    return tuple(_found(depot, cas, *each) for each in depot.crls)


def _found(
    depot: Depot,
    cas: Issuers[Authority],
    entry: Entry,
    crl: x509.CertificateRevocationList | CertstrapError,
) -> FoundCRL:
    if isinstance(crl, CertstrapError):
        is_broken = isinstance(crl, NotFoundError | UnusableFileError | RefusedError)
        hint = without_crl(entry, entry) if is_broken and entry.is_ca else crl.hint
        return FoundCRL(entry, None, Finding("crl-unreadable", str(crl), hint))
    signers = [*cas.of(crl)]
    ca = next((each.entry for each in signers), entry)
    signers = signers or [*_crl_signers(depot, cas, crl)]
    hint = without_crl(entry, ca, "Put the complete CRL in its place")
    problem = next(revocation.unusable(crl, entry.path(CRL)), None)
    return FoundCRL(entry, crl, problem and problem._replace(hint=hint), tuple(signers))


def _crl_signers(
    depot: Depot, cas: Issuers[Authority], crl: x509.CertificateRevocationList
) -> Iterator[Authority]:
    """Yield what has the key that a CA with that name uses for CRLs alone (RFC 5280, 3.3)."""
    name = comparable_name(crl.issuer)
    if all(comparable_name(subject_of(ca.certificate)) != name for ca in depot.authorities):
        return
    for entry, certificate in depot.certificates():
        if isinstance(certificate, CertstrapError) or is_ca(certificate):
            continue
        found = Authority(entry, certificate, certificate.public_key())
        if (
            any(Issuers([found], comparable_name).of(crl))
            and not any(rules.crl_signing(certificate, entry.path(CERTIFICATE)))
            and any(cas.of(certificate))
        ):
            yield found


def crls_of(
    depot: Depot, ca: x509.Certificate, certificate: x509.Certificate | None = None
) -> Iterator[FoundCRL]:
    """Yield the CRLs that speak of what ``ca`` issued, whatever is wrong with them.

    One that is beside the certificate of a CA with that name should speak of it, too.

    Args:
        certificate: what ``ca`` issued; see `revocation.speaks_of`.
    """
    name = comparable_name(subject_of(ca))
    named = {
        each.entry: each.certificate
        for each in depot.authorities
        if comparable_name(subject_of(each.certificate)) == name
    }
    for found in found_crls(depot):
        is_signed = bool(found.signers)
        if found.crl is not None and revocation.speaks_of(
            found.crl, ca, is_signed=is_signed, certificate=certificate
        ):
            yield found
        elif found.entry in named:
            yield found._replace(problem=found.problem or foreign(found, named[found.entry]))


def complete_crls_of(
    depot: Depot, ca: x509.Certificate, certificate: x509.Certificate | None = None
) -> dict[Entry, x509.CertificateRevocationList]:
    """Return the CRLs that speak of what ``ca`` issued, and where they are; see `crls_of`.

    Raises:
        RefusedError: nothing can be judged by one of them, and none be continued.
    """
    found = [*crls_of(depot, ca, certificate)]
    require(each.problem for each in found if each.problem)
    return complete(found)


def complete(found: Iterable[FoundCRL]) -> dict[Entry, x509.CertificateRevocationList]:
    """Return those CRLs that tell what is revoked and what is not, and where they are."""
    return {each.entry: each.crl for each in found if each.crl is not None and each.problem is None}


def foreign(found: FoundCRL, ca: x509.Certificate) -> Finding | None:
    """Return why a CRL beside the certificate of ``ca`` does not speak of what that issued."""
    crl = found.crl
    if crl is None or revocation.speaks_of(crl, ca, is_signed=bool(found.signers)):
        return None
    sentence = revocation.foreign(crl, found.path, [ca], "its CA")
    return Finding("crl-foreign", sentence, without_crl(found.entry, found.entry))


def dates(found: FoundCRL, now: datetime) -> Iterator[Finding]:
    """Yield whether a CRL is not valid at ``now``."""
    if found.crl is not None:
        hint = renewal_of_crl(found.entry, *(each.entry for each in found.signers))
        yield from crls.current(found.crl, now, found.path, hint)


def signature(found: FoundCRL, *others: LoadedCertificate) -> Iterator[Finding]:
    """Yield why nobody should rely on the signature of a CRL, by its signers or ``others``."""
    if found.crl is not None:
        yield from rules.signature(found.crl, found.path, "")
    signers = [
        LoadedCertificate(each.certificate, each.entry.path(CERTIFICATE)) for each in found.signers
    ]
    forbidden = [[*rules.crl_signing(*each[:2])] for each in signers or others]
    if all(forbidden):
        yield from forbidden[0]


def without_crl(entry: Entry, ca: Entry, first: str = "Restore it from a copy") -> Hint | str:
    """Return how to go on without the CRL of ``entry``, which should be that of ``ca``.

    Args:
        first: what is better.
    """
    if not ca.has(KEY):
        return f"{first}, or write a new one where the key of its CA is."
    path = entry.path(CRL)
    return Hint(
        f"{first}. If there is none, move it away, create a new one, and revoke again what it "
        "revoked",
        ("mv", path, f"{path}.broken"),
        ("certstrap", "crl", ca.stem),
    )
