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
from certstrap.pki import crl as crls
from certstrap.pki import decode, pem, rules
from certstrap.pki import path as paths
from certstrap.pki.decode import comparable_name
from certstrap.pki.findings import Finding
from certstrap.pki.issuers import is_signed_by
from certstrap.store.chain import crls_of, revoked
from certstrap.store.compromised import compromised
from certstrap.store.depot import CERTIFICATE, CRL, Depot

MOST_WAYS = 100
"""Chains of one certificate that are judged; cross-signed CAs may have any number."""


class Piece(NamedTuple):
    """A certificate, and where it comes from."""

    certificate: x509.Certificate
    source: str


def read_pieces(data: bytes, source: str) -> list[Piece]:
    """Return the certificates in a file, of which there is at least one.

    Raises:
        UnusableFileError: there is none, or one of them cannot be read.
    """
    found = decode.read(data, source, _nobody, _nobody)
    for each in found:
        if each.problem and each.kind == pem.CERTIFICATE:
            raise UnusableFileError(each.source, "is a certificate that cannot be read")
    pieces = [
        Piece(each.value, each.source) for each in found if isinstance(each.value, x509.Certificate)
    ]
    if not pieces:
        raise UnusableFileError(source, "holds no certificate", "Name the right file.")
    return pieces


def _nobody() -> bytes:
    """Open nothing: certificates are not encrypted."""
    return b""


class Link(NamedTuple):
    """A certificate of a chain.

    Attributes:
        piece: the certificate.
        findings: what is wrong with it, or with what it leads to.
    """

    piece: Piece
    findings: tuple[Finding, ...]


class Verdict(NamedTuple):
    """What was found about a certificate.

    Attributes:
        name: the name or the file.
        links: its chain, from itself up to the root, as far as it goes.
        crls: the paths of the CRLs that were looked at.
        unreadable: why it cannot be read; then there is no chain.
    """

    name: str
    links: tuple[Link, ...] = ()
    crls: tuple[str, ...] = ()
    unreadable: str = ""

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.unreadable and not self.findings

    @property
    def findings(self) -> list[Finding]:
        """All that is wrong with the chain."""
        return [finding for link in self.links for finding in link.findings]


class Verifier:
    """Verifies certificates with the CAs and the CRLs of a depot.

    Attributes:
        depot: the depot, whose self-signed CAs are trusted.
        at: the instant at which all must be valid.
    """

    def __init__(self, depot: Depot, at: datetime) -> None:
        self.depot, self.at = depot, at
        self._cas = [Piece(ca.certificate, ca.entry.path(CERTIFICATE)) for ca in depot.authorities]
        self._cas.sort(key=lambda ca: ca.certificate.not_valid_after_utc, reverse=True)

    def verify(self, name: str, first: Piece, others: Sequence[Piece] = ()) -> Verdict:
        """Return what is wrong with ``first``, if anything.

        Args:
            name: what it was called.
            first: the certificate.
            others: certificates that may be in its chain, and are not trusted as roots.
        """
        verdicts = [self._judged(name, way) for way in self._ways(first, others)]
        return min(verdicts, key=lambda verdict: (not verdict.is_good, _badness(verdict)))

    def _ways(self, first: Piece, others: Sequence[Piece]) -> list[tuple[Piece, ...]]:
        """Return the chains that ``first`` may have, each as long as possible."""
        ways: list[tuple[Piece, ...]] = [(first,)]
        ended: list[tuple[Piece, ...]] = []
        for way in ways:  # the list grows while it is read: breadth first
            above = [] if _is_self_signed(way[-1]) else self._above(way, others)
            ways += [(*way, piece) for piece in above]
            if not above:
                ended.append(way)
            if len(ways) > MOST_WAYS:
                break
        return ended or ways[-1:]

    def _above(self, way: tuple[Piece, ...], others: Sequence[Piece]) -> list[Piece]:
        """Return what signed the last certificate of ``way``: CAs, or else anything here."""
        last, seen = way[-1].certificate, {piece.certificate for piece in way}
        known = [piece for piece in (*self._cas, *others) if piece.certificate not in seen]
        return _signers(last, known) or _signers(last, self._rest(last, seen))[:1]

    def _rest(self, below: x509.Certificate, seen: set[x509.Certificate]) -> list[Piece]:
        name = comparable_name(below.issuer)
        return [
            Piece(certificate, entry.path(CERTIFICATE))
            for entry, certificate in self.depot.certificates()
            if comparable_name(certificate.subject) == name and certificate not in seen
        ]

    def _judged(self, name: str, way: tuple[Piece, ...]) -> Verdict:
        path = [piece.certificate for piece in way]
        sources = [piece.source for piece in way]
        links = []
        used: dict[str, None] = {}
        for number, piece in enumerate(way):
            above = way[number + 1] if number + 1 < len(way) else None
            found = chain(
                self._itself(piece, number),
                paths.path_length(path, number, piece.source) if number else (),
                paths.names(path, number, sources),
                self._below(piece, above, used) if above else self._end(piece),
            )
            links.append(Link(piece, tuple(found)))
        return Verdict(name, tuple(links), tuple(used))

    def _itself(self, piece: Piece, number: int) -> Iterator[Finding]:
        yield from rules.valid(piece.certificate, self.at, piece.source, "")
        yield from paths.critical(piece.certificate, piece.source)
        try:
            yield from compromised(self.depot, piece.certificate.public_key(), piece.source)
        except CertstrapError as error:
            yield Finding("unreadable-compromised-keys", str(error), error.hint)
        if number:
            yield from paths.issuer(piece.certificate, piece.source)

    def _below(self, piece: Piece, above: Piece, used: dict[str, None]) -> Iterator[Finding]:
        """Yield what is wrong between a certificate and its issuer."""
        certificate, source = piece
        yield from paths.identifiers(certificate, source, above.certificate)
        try:
            found = [
                (entry.path(CRL), crl)
                for entry, crl in crls_of(self.depot, above.certificate)
                if comparable_name(crl.issuer) == comparable_name(certificate.issuer)
            ]
            taken_back = list(revoked(self.depot, [certificate, above.certificate], source))
        except CertstrapError as error:
            yield Finding("crl-unreadable", str(error))
            return
        if not found:
            return
        used.update(dict.fromkeys(path for path, _ in found))
        yield from taken_back
        current = [path for path, crl in found if not list(crls.current(crl, self.at, path))]
        for path, crl in found:
            if not current:
                yield from crls.current(crl, self.at, path)
            yield from paths.critical_of_crl(crl, path)
        usage = list(rules.crl_issuer(above.certificate, above.source))
        yield from (finding for finding in usage if finding.rule == "crl-sign")

    def _end(self, last: Piece) -> Iterator[Finding]:
        """Yield why a chain must not end here: with something else than a trusted root."""
        certificate, source = last
        if _is_self_signed(last):
            if certificate not in (ca.certificate for ca in self._cas):
                yield Finding(
                    "untrusted-root",
                    f"{source} is self-signed, and is no CA of {self.depot.root}.",
                    "Add it with: certstrap import NAME --cert FILE",
                )
            return
        name = comparable_name(certificate.issuer)
        named = [ca for ca in self._cas if comparable_name(ca.certificate.subject) == name]
        if named:
            yield Finding(
                "signature",
                f"{source} names {named[0].source} as its issuer, and is not signed by its key.",
            )
            return
        signers = [ca for ca in self._cas if is_signed_by(certificate, ca.certificate)]
        if signers:
            yield Finding(
                "issuer-name",
                f"{source} is signed by the key of {signers[0].source}, and names another issuer: "
                f'"{certificate.issuer.rfc4514_string()}".',
            )
            return
        yield Finding(
            "issuer-missing",
            f"{source} was issued by "
            f'"{certificate.issuer.rfc4514_string()}", which {self.depot.root} does not have.',
            "Add it with: certstrap import NAME --cert FILE",
        )


def _signers(below: x509.Certificate, pieces: Sequence[Piece]) -> list[Piece]:
    name = comparable_name(below.issuer)
    return [
        piece
        for piece in pieces
        if comparable_name(piece.certificate.subject) == name
        and is_signed_by(below, piece.certificate)
    ]


def _is_self_signed(piece: Piece) -> bool:
    certificate = piece.certificate
    return paths.is_self_issued(certificate) and is_signed_by(certificate, certificate)


def _badness(verdict: Verdict) -> tuple[bool, int, int]:
    """Return what is greater for a chain that is worse: one that ends early, or has more wrong."""
    last = verdict.links[-1]
    ends_early = not _is_self_signed(last.piece)
    return ends_early, len(verdict.findings), -len(verdict.links)
