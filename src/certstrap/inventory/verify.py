"""Whether a certificate is good: its chain through the depot to a root, and every reason why not.

The next certificate of a chain is one whose key made the signature, never one that only has the
right name. Of several chains, a good one counts.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from cryptography import x509

from certstrap.errors import CertstrapError, UnusableFileError
from certstrap.pki import decode, path, pem, revocation, rules
from certstrap.pki.decode import LoadedCertificate, comparable_name
from certstrap.pki.findings import Finding
from certstrap.pki.issuers import Issuers, has_supported_signature, is_self_signed
from certstrap.pki.key_files import Passphrase
from certstrap.pki.names import name_text
from certstrap.pki.server import above_server, serves
from certstrap.store import crls
from certstrap.store.depot import CERTIFICATE, DepotFolder
from certstrap.store.renewal import with_new_key, with_renewal
from certstrap.store.withdrawn import compromised


def read_certificates(
    data: bytes, source: str, passphrase: Passphrase
) -> tuple[list[LoadedCertificate], UnusableFileError | None]:
    """Return the certificates in a file that can be read, and why another one cannot be.

    Args:
        passphrase: called if it is a PKCS#12 file that is encrypted.

    Raises:
        UnusableFileError: there is none, or the first one cannot be read.
    """
    certificates = []
    lost = None
    for each in decode.read(data, source, bytes, passphrase):
        if isinstance(each.value, x509.Certificate):
            certificates.append(LoadedCertificate(each.value, each.source))
        elif each.kind == pem.CERTIFICATE:
            reason = (
                each.readable.problem if each.readable else "is a certificate that cannot be read"
            )
            lost = lost or UnusableFileError(each.source, reason)
            if not certificates:
                raise lost
    if not certificates:
        raise UnusableFileError(source, "contains no certificate", "Name the right file.")
    return certificates, lost


class Link(NamedTuple):
    """A certificate of a chain.

    Attributes:
        source: where it comes from.
        findings: what is wrong with it, or with what it leads to.
    """

    certificate: x509.Certificate
    source: str
    findings: tuple[Finding, ...]


class Verdict(NamedTuple):
    """What was found about a certificate.

    Attributes:
        links: its chain, from itself up to the root, as far as it goes.
        crls: the paths of the CRLs that were looked at.
        unreadable: why it cannot be read, or None; then there is no chain.
    """

    name: str
    links: tuple[Link, ...] = ()
    crls: tuple[str, ...] = ()
    unreadable: CertstrapError | None = None

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.unreadable and not self.findings

    @property
    def findings(self) -> list[Finding]:
        """All that is wrong with the chain."""
        return [finding for link in self.links for finding in link.findings]


class Verifier:
    """Verifies certificates at an instant, with the CAs and the CRLs of a depot.

    Its self-signed CAs are trusted. ``server`` is the name by which clients know the server that
    has the certificate; empty if it is not for one.
    """

    def __init__(self, depot: DepotFolder, at: datetime, server: str = "") -> None:
        self.depot, self.at, self.server = depot, at, server
        self._cas = [
            LoadedCertificate(ca.certificate, ca.entry.path(CERTIFICATE))
            for ca in depot.authorities
        ]

    def verify(
        self, name: str, first: LoadedCertificate, others: Sequence[LoadedCertificate] = ()
    ) -> Verdict:
        """Return what is wrong with ``first``, if anything.

        The others may be in its chain, and are not trusted as roots.
        """
        known = [*self._cas, *others]
        verdicts = self._verdicts(name, first, known)
        if all(self._ends_early(verdict) for verdict in verdicts):
            verdicts += self._verdicts(name, first, [*known, *self._no_cas()])
        return min(
            verdicts,
            key=lambda each: (
                not each.is_good,
                self._ends_early(each),
                len(each.findings),
                -len(each.links),
            ),
        )

    def _verdicts(
        self, name: str, first: LoadedCertificate, known: Sequence[LoadedCertificate]
    ) -> list[Verdict]:
        issuers = Issuers(known, comparable_name)
        return [self._judged(name, (first, *above)) for above in issuers.paths(first.certificate)]

    def _no_cas(self) -> Iterator[LoadedCertificate]:
        """Yield the certificates of the depot that are not a CA's, and may have signed yet."""
        for entry, certificate in self.depot.certificates():
            if isinstance(certificate, x509.Certificate) and not decode.is_ca(certificate):
                yield LoadedCertificate(certificate, entry.path(CERTIFICATE))

    @staticmethod
    def _ends_early(verdict: Verdict) -> bool:
        return not is_self_signed(verdict.links[-1].certificate, comparable_name)

    def _judged(self, name: str, certificates: Sequence[LoadedCertificate]) -> Verdict:
        links = []
        used: dict[str, None] = {}
        for number, each in enumerate(certificates):
            above = certificates[number + 1 : number + 2]
            found = chain(
                self._itself(each, number),
                path.path_length(certificates, number, count_self_issued=False),
                path.names(certificates, number),
                () if number else self._as_a_whole(certificates),
                self._below(each, above[0], used) if above else self._end(each),
            )
            findings = tuple(found)
            if not any(finding.rule in {"revoked", "compromised-key"} for finding in findings):
                of = self.depot, each.certificate, self.at, each.source
                findings = tuple(with_renewal(findings, *of))
            links.append(Link(each.certificate, each.source, findings))
        return Verdict(name, tuple(links), tuple(used))

    def _as_a_whole(self, certificates: Sequence[LoadedCertificate]) -> Iterator[Finding]:
        yield from path.usages(certificates)
        yield from path.policies(certificates)
        if self.server:
            yield from above_server(certificates)

    def _itself(self, loaded: LoadedCertificate, number: int) -> Iterator[Finding]:
        certificate, source = loaded.certificate, loaded.source
        yield from rules.valid(certificate, self.at, source, "")
        yield from rules.key(certificate, source)
        yield from rules.signature(certificate, source, "")
        yield from rules.critical_extensions(certificate, source, rules.PROCESSED)
        try:
            stolen = compromised(self.depot, certificate.public_key(), source)
            yield from with_new_key(stolen, self.depot, certificate, source)
        except CertstrapError as error:
            yield Finding("unreadable-compromised-keys", str(error), error.hint)
        if number:
            yield from rules.certificate_signing(certificate, source)
        elif self.server:
            yield from serves(certificate, self.server, source)

    def _below(
        self, below: LoadedCertificate, above: LoadedCertificate, used: dict[str, None]
    ) -> Iterator[Finding]:
        """Yield what is wrong between a certificate and its issuer."""
        yield from path.identifiers(below, above.certificate)
        found = crls.crls_of(self.depot, above.certificate, below.certificate)
        used.update(dict.fromkeys(each.path for each in found))
        yield from crls.doubts(found)
        by = revocation.revoked(below.certificate, crls.revoking(found), below.source)
        yield from with_new_key(by, self.depot, below.certificate, below.source)
        usable = [(each, each.crl) for each in found if each.crl is not None and not each.problem]
        outdated = [[*crls.dates(*each, self.at)] for each in usable]
        if all(outdated):
            yield from chain.from_iterable(outdated)
        for each in usable:
            yield from crls.signature(*each, above)

    def _end(self, last: LoadedCertificate) -> Iterator[Finding]:
        """Yield why a chain must not end here: with something else than a trusted root."""
        certificate, source = last.certificate, last.source
        if not has_supported_signature(certificate):
            return  # which is said already
        if is_self_signed(certificate, comparable_name):
            if certificate not in (ca.certificate for ca in self._cas):
                yield Finding(
                    "untrusted-root",
                    f"{source} is self-signed, and is not a CA in {self.depot.root}.",
                    rules.ADD_ISSUER,
                )
            return
        if mismatch := [*rules.issuer_mismatch(last, self._cas)]:
            yield from mismatch
            return
        yield Finding(
            "issuer-missing",
            f"{source} was issued by "
            f'"{name_text(certificate.issuer)}", which {self.depot.root} does not have.',
            rules.ADD_ISSUER,
        )
