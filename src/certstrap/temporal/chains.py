"""The chain of a client: found as a server in Go finds it, and judged.

Such a server has the uploaded CAs and what the client presents, in any order. It follows names byte
by byte, and then signatures (crypto/x509, Certificate.Verify).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from cryptography import x509

from certstrap.certificates.name_constraints import not_permitted
from certstrap.certificates.properties import comparable_name, extension, is_ca
from certstrap.certificates.signatures import is_signed_by
from certstrap.temporal import cas
from certstrap.temporal.findings import Finding, Problem, finding
from certstrap.temporal.material import CertificateFile, Piece
from certstrap.temporal.signatures import is_issued, is_root
from certstrap.text import printable, quoted


class Chain(NamedTuple):
    """A client's certificate and those above it.

    Attributes:
        file: the client's certificate file.
        leaf: the client's certificate.
        path: from the leaf to the root, as far as it goes; each is issued by the next.
        anchored: whether it reaches an uploaded CA.
        uploaded: the uploaded CAs.
    """

    file: CertificateFile
    leaf: Piece
    path: tuple[Piece, ...]
    anchored: bool
    uploaded: tuple[Piece, ...]

    @property
    def presented(self) -> tuple[Piece, ...]:
        """The intermediates of the path that the client presents."""
        known = {piece.certificate for piece in self.uploaded}
        return tuple(piece for piece in self.path[1:] if piece.certificate not in known)


def find(file: CertificateFile, uploaded: Sequence[Piece], key: object) -> Chain | None:
    """Return the chain of a client's certificate file, or None if it has no certificate.

    Args:
        file: the certificate file.
        uploaded: the CAs.
        key: the public key of the client's private key, or None if that is not known.
    """
    if not file.is_complete:
        return None
    leaf = _leaf(file.pieces, key)
    ways: list[tuple[Piece, ...]] = [(leaf,)]
    known = {piece.certificate for piece in uploaded}
    unseen = [piece for piece in (*uploaded, *file.pieces) if piece is not leaf]
    reached: tuple[Piece, ...] = ()
    for way in ways:  # the list grows while it is read: breadth first
        if not reached and way[-1].certificate in known:
            reached = way
        if is_root(way[-1].certificate):
            if way[-1].certificate in known:
                return Chain(file, leaf, way, anchored=True, uploaded=tuple(uploaded))
            continue
        fitting = [each for each in unseen if is_issued(way[-1].certificate, each.certificate)]
        unseen = [each for each in unseen if each not in fitting]
        ways += [(*way, each) for each in fitting]
    path = reached or max(ways, key=len)
    return Chain(file, leaf, path, anchored=bool(reached), uploaded=tuple(uploaded))


def _leaf(pieces: Sequence[Piece], key: object) -> Piece:
    """Return the certificate of the key; else the first that is not a CA's; else the first."""
    for piece in pieces:
        if key is not None and piece.certificate.public_key() == key:
            return piece
    for piece in pieces:
        if not is_ca(piece.certificate):
            return piece
    return pieces[0]


def judge(chain: Chain, now: datetime, fix: str = "") -> Iterator[Finding]:
    """Yield what becomes of the rules for chains; ``fix`` completes one that is not complete."""
    path = chain.path
    yield finding("chain-first", _first(chain))
    yield finding("chain-order", _order(chain))
    yield finding("chain-rest", _rest(chain))
    yield finding("chain-complete", _complete(chain, fix))
    yield finding("chain-signature", _signature(chain))
    yield finding("chain-name", _name(chain))
    yield finding("chain-identifiers", _identifiers(path))
    yield finding("chain-cas", cas.of_each(cas.judge_intermediate, chain.presented))
    yield finding("chain-length", _length(path))
    yield finding("chain-domains", _domains(path))
    yield finding("names-chain", _names(path))
    yield finding("chain-valid", _dates(chain.presented, now))


def _first(chain: Chain) -> Iterator[Problem]:
    first = chain.file.pieces[0]
    if first is not chain.leaf:
        subject = quoted(first.certificate.subject.rfc4514_string())
        yield Problem(f"{chain.file.path} begins with the certificate of {subject}.")


def _order(chain: Chain) -> Iterator[Problem]:
    pieces = list(chain.file.pieces)
    places = [pieces.index(piece) for piece in chain.path if piece in pieces]
    if places[1:] != sorted(places[1:]):
        yield Problem(f"The intermediates in {chain.file.path} are not in order.", warning=True)


def _rest(chain: Chain) -> Iterator[Problem]:
    known = {piece.certificate for piece in (*chain.path, *chain.uploaded)}
    for piece in chain.file.pieces[1:]:
        if chain.anchored and piece.certificate not in known:
            subject = quoted(piece.certificate.subject.rfc4514_string())
            yield Problem(f"{piece.source}, of {subject}, is not needed.", warning=True)


_UNKNOWN_CA = (
    "Name the uploaded file with --ca-bundle FILE, or add the CA to the depot: certstrap import "
    "CA-NAME --cert FILE"
)


def _complete(chain: Chain, fix: str) -> Iterator[Problem]:
    if not chain.anchored and not _candidates(chain):
        last = chain.path[-1]
        fix = fix or ("" if chain.uploaded else _UNKNOWN_CA)
        if is_root(last.certificate):
            what = "is self-signed" if last is chain.leaf else "is a root"
            yield Problem(f"{last.source} {what}, and is not among the uploaded CAs.", fix)
        else:
            issuer = quoted(last.certificate.issuer.rfc4514_string())
            yield Problem(
                f"{last.source} is issued by {issuer}, which is neither among the uploaded CAs nor "
                f"in {chain.file.path}.",
                fix,
            )


def _candidates(chain: Chain) -> list[Piece]:
    """Return what looks like the issuer at which the path ends, and is not: by name or by key."""
    last = chain.path[-1].certificate
    if chain.anchored or is_root(last):
        return []
    name = comparable_name(last.issuer)
    others = [piece for piece in (*chain.uploaded, *chain.file.pieces) if piece.certificate != last]
    return [
        piece
        for piece in others
        if comparable_name(piece.certificate.subject) == name
        or is_signed_by(last, piece.certificate)
    ]


def _signature(chain: Chain) -> Iterator[Problem]:
    candidates, last = _candidates(chain), chain.path[-1]
    if candidates and not any(
        is_signed_by(last.certificate, piece.certificate) for piece in candidates
    ):
        yield Problem(
            f"{last.source} names {candidates[0].source} as its issuer, but is not signed by the "
            "key of that certificate."
        )


def _name(chain: Chain) -> Iterator[Problem]:
    last = chain.path[-1]
    for piece in _candidates(chain):
        if is_signed_by(last.certificate, piece.certificate):
            issuer = quoted(last.certificate.issuer.rfc4514_string())
            subject = quoted(piece.certificate.subject.rfc4514_string())
            yield Problem(
                f"{last.source} is signed by the key of {piece.source}, but the two names are not "
                f"the same, byte by byte: {issuer} and {subject}."
            )


def _identifiers(path: Sequence[Piece]) -> Iterator[Problem]:
    for piece, issuer in pairwise(path):
        above = extension(issuer.certificate, x509.SubjectKeyIdentifier)
        named = extension(piece.certificate, x509.AuthorityKeyIdentifier)
        if above and named and named.key_identifier not in {None, above.digest}:
            yield Problem(
                f"{piece.source} was issued by {issuer.source}, but its authority key identifier "
                "is that of another key."
            )


def _length(path: Sequence[Piece]) -> Iterator[Problem]:
    for below, piece in enumerate(path[1:]):
        constraints = extension(piece.certificate, x509.BasicConstraints)
        allowed = constraints.path_length if constraints else None
        if allowed is not None and below > allowed:
            yield Problem(
                f"{piece.source} allows {allowed} intermediate CAs below it, and {below} follow."
            )


def _domains(path: Sequence[Piece]) -> Iterator[Problem]:
    for number, ca in enumerate(path):
        for piece in path[:number]:
            for name, permitted in not_permitted(piece.certificate, ca.certificate):
                yield Problem(
                    f"{piece.source} has the name {printable(name)}, and {ca.source} is permitted "
                    f"{permitted}."
                )


def _names(path: Sequence[Piece]) -> Iterator[Problem]:
    for number, piece in enumerate(path):
        for other in path[:number]:
            subject = piece.certificate.subject
            if comparable_name(subject) == comparable_name(other.certificate.subject):
                name = quoted(subject.rfc4514_string())
                yield Problem(f"{other.source} and {piece.source} have the same name, {name}.")


def _dates(presented: Sequence[Piece], now: datetime) -> Iterator[Problem]:
    for piece in presented:
        start, end = piece.certificate.not_valid_before_utc, piece.certificate.not_valid_after_utc
        if not start <= now <= end:
            yield Problem(f"{piece.source} is valid from {start:%Y-%m-%d} to {end:%Y-%m-%d}.")
