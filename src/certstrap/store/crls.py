"""The CRLs of a depot: whose they are, what is wrong with them, and how one is replaced."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from cryptography import x509

from certstrap.errors import (
    CertstrapError,
    DamagedError,
    NotFoundError,
    RefusedError,
    UnusableFileError,
)
from certstrap.hints import Hint
from certstrap.pki import crl as crls
from certstrap.pki import revocation, rules
from certstrap.pki.decode import LoadedCertificate, comparable_name, is_ca, subject_of
from certstrap.pki.findings import Finding, require
from certstrap.pki.issuers import Issuers
from certstrap.store.depot import CERTIFICATE, CRL, KEY, Authority, DepotFolder, Entry
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
    crl: crls.CRL | None
    problem: Finding | None = None
    signers: tuple[Authority, ...] = ()

    @property
    def path(self) -> str:
        """Where it is."""
        return self.entry.path(CRL)


@lru_cache(maxsize=1)
def found_crls(depot: DepotFolder) -> tuple[FoundCRL, ...]:
    """Return the CRLs of a depot, by stem."""
    cas = Issuers(depot.authorities, comparable_name)
    return tuple(_found(depot, cas, *each) for each in depot.crls)


class _Named(NamedTuple):
    """The CAs of one name, and the CRLs of that issuer."""

    cas: dict[Entry, x509.Certificate]
    crls: list[FoundCRL]


@lru_cache(maxsize=1)
def _names(depot: DepotFolder) -> dict[Hashable, _Named]:
    found: dict[Hashable, _Named] = defaultdict(lambda: _Named({}, []))
    for ca in depot.authorities:
        found[comparable_name(subject_of(ca.certificate))].cas[ca.entry] = ca.certificate
    for each in found_crls(depot):
        if each.crl is not None:
            found[comparable_name(each.crl.issuer)].crls.append(each)
    return found


def _found(
    depot: DepotFolder, cas: Issuers[Authority], entry: Entry, crl: crls.CRL | CertstrapError
) -> FoundCRL:
    if isinstance(crl, CertstrapError):
        is_repairable = isinstance(crl, DamagedError) and crl.repaired
        is_lost = isinstance(crl, NotFoundError | UnusableFileError | RefusedError)
        is_lost = is_lost and entry.is_ca and not is_repairable
        hint = without_crl(entry, entry) if is_lost else crl.hint
        return FoundCRL(entry, None, Finding("crl-unreadable", str(crl), hint))
    signers = [*cas.of(crl)]
    ca = next((each.entry for each in signers), entry)
    signers = signers or [*_crl_signers(depot, cas, crl)]
    hint = without_crl(entry, ca, "Put the complete CRL in its place")
    problem = next(revocation.unusable(crl, entry.path(CRL)), None)
    return FoundCRL(entry, crl, problem and problem._replace(hint=hint), tuple(signers))


def _crl_signers(depot: DepotFolder, cas: Issuers[Authority], crl: crls.CRL) -> Iterator[Authority]:
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
    depot: DepotFolder, ca: x509.Certificate, certificate: x509.Certificate | None = None
) -> list[FoundCRL]:
    """Return the CRLs that speak of what ``ca`` issued, whatever is wrong with them.

    One that is beside the certificate of a CA with that name should speak of it, too; and one with
    that name should, if no other does.

    Args:
        certificate: what ``ca`` issued; see `revocation.speaks_of`.
    """
    name = comparable_name(subject_of(ca))
    cas, named = _names(depot)[name]
    others = {*revocation.crl_issuers(certificate)} - {name} if certificate else ()
    candidates = chain(named, *(_names(depot)[other].crls for other in others))
    found = [each for each in candidates if _speaks_of(depot, each, ca, certificate)]
    silent = cas.keys() - {each.entry for each in found}
    found += [
        _foreign(each, cas[each.entry], each.entry)
        for each in (found_crls(depot) if silent else ())
        if each.entry in silent and not _speaks_of(depot, each, cas[each.entry])
    ]
    return found or [
        _foreign(each, ca, next(iter(cas), each.entry))
        for each in named
        if cas.keys().isdisjoint(signer.entry for signer in each.signers)
    ]


def _speaks_of(
    depot: DepotFolder,
    found: FoundCRL,
    ca: x509.Certificate,
    certificate: x509.Certificate | None = None,
) -> bool:
    is_signed = not all(_is_revoked(depot, each.certificate) for each in found.signers)
    crl = found.crl
    return crl is not None and revocation.speaks_of(
        crl, ca, is_signed=is_signed, certificate=certificate
    )


def _is_revoked(depot: DepotFolder, signer: x509.Certificate) -> bool:
    """Return whether a CA of another name has revoked what signs a CRL."""
    name = comparable_name(signer.issuer)
    return name != comparable_name(subject_of(signer)) and any(
        each.crl is not None and each.signers and crls.entry_of(each.crl, signer.serial_number)
        for each in _names(depot)[name].crls
        if not each.problem
    )


def complete_crls_of(depot: DepotFolder, ca: x509.Certificate) -> dict[Entry, crls.CRL]:
    """Return the CRLs that speak of what ``ca`` issued, by entry; each must be complete."""
    found = crls_of(depot, ca)
    require(each.problem for each in found if each.problem)
    return {each.entry: each.crl for each in found if each.crl is not None}


def revoking(found: Iterable[FoundCRL]) -> list[crls.CRL]:
    """Return those CRLs of which all entries are revoked."""
    return [
        each.crl
        for each in found
        if each.crl is not None and (each.problem is None or each.problem.rule == "crl-incomplete")
    ]


def doubts(found: Collection[FoundCRL]) -> list[Finding]:
    """Return why it is not known what else is revoked; a complete CRL makes up for others."""
    problems = [each.problem for each in found if each.problem]
    if len(problems) < len(found):
        return [each for each in problems if each.rule != "crl-incomplete"]
    return problems


def _foreign(found: FoundCRL, ca: x509.Certificate, entry: Entry) -> FoundCRL:
    if found.problem or found.crl is None:
        return found
    sentence = revocation.foreign(found.crl, found.path, [ca], "its CA")
    problem = Finding("crl-foreign", sentence, without_crl(found.entry, entry))
    return found._replace(problem=problem)


def dates(found: FoundCRL, crl: crls.CRL, now: datetime) -> Iterator[Finding]:
    """Yield whether ``crl``, which was found, is not valid at ``now``."""
    hint = renewal_of_crl(found.entry, *(each.entry for each in found.signers))
    yield from crls.current(crl, now, found.path, hint)


def signature(found: FoundCRL, crl: crls.CRL, *others: LoadedCertificate) -> Iterator[Finding]:
    """Yield why nobody should rely on the signature of ``crl``, which was found.

    ``others`` signed it, if nothing in the depot did.
    """
    yield from rules.signature(crl, found.path, "")
    signers = [
        LoadedCertificate(each.certificate, each.entry.path(CERTIFICATE)) for each in found.signers
    ]
    forbidden = [[*rules.crl_signing(*each[:2])] for each in signers or others]
    if all(forbidden):
        yield from forbidden[0]


def without_crl(entry: Entry, ca: Entry, first: str = "Restore it from a copy") -> Hint | str:
    """Return how to go on without the CRL of ``entry``, that of ``ca``; ``first`` is better."""
    if not ca.has(KEY):
        return f"{first}, or get a new one from where the key of its CA is."
    path = entry.path(CRL)
    return Hint(
        f"{first}. If there is none, move it away, create a new one, and revoke again what it "
        "revoked",
        ("mv", path, f"{path}.broken"),
        ("certstrap", "crl", ca.stem),
    )
