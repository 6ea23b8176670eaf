"""Why Temporal Cloud or a client would refuse a client certificate, its chain or its key."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from cryptography import x509

from certstrap.hints import Command, Hint
from certstrap.pki.decode import alternative_names, comparable_name, extension, is_ca
from certstrap.pki.issuers import is_issued_by, is_self_signed, is_signed_by
from certstrap.pki.keys import KeySpec, kind_of
from certstrap.pki.name_constraints import not_permitted
from certstrap.temporal import ca_rules
from certstrap.temporal.clients import CLIENTS, Client, refusing, titles
from certstrap.temporal.findings import Finding, Problem, finding
from certstrap.temporal.inputs import MOST_CERTIFICATES, CertificateFile, KeyFile, Piece
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


def find_chain(file: CertificateFile, uploaded: Sequence[Piece], key: object) -> Chain | None:
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
        if is_self_signed(way[-1].certificate):
            if way[-1].certificate in known:
                return Chain(file, leaf, way, anchored=True, uploaded=tuple(uploaded))
            continue
        fitting = [each for each in unseen if is_issued_by(way[-1].certificate, each.certificate)]
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


def judge_chain(chain: Chain, now: datetime, fix: Hint | str = "") -> Iterator[Finding]:
    """Yield what becomes of the rules for chains; ``fix`` completes one that is not complete."""
    path = chain.path
    yield finding("chain-first", _first(chain))
    yield finding("chain-order", _order(chain))
    yield finding("chain-rest", _rest(chain))
    yield finding("chain-complete", _complete(chain, fix))
    yield finding("chain-signature", _signature(chain))
    yield finding("chain-name", _name(chain))
    yield finding("chain-identifiers", _identifiers(path))
    yield finding("chain-cas", ca_rules.of_each(ca_rules.judge_intermediate, chain.presented))
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


_UNKNOWN_CA = Hint(
    "Name the uploaded file with --ca-bundle FILE, or add the CA to the depot",
    ("certstrap", "import", "NEW-NAME", ("--cert", "FILE")),
)


def _complete(chain: Chain, fix: Hint | str) -> Iterator[Problem]:
    if not chain.anchored and not _candidates(chain):
        last = chain.path[-1]
        fix = fix or ("" if chain.uploaded else _UNKNOWN_CA)
        if is_self_signed(last.certificate):
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
    if chain.anchored or is_self_signed(last):
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
            for name, permitted in not_permitted(
                piece.certificate.subject, alternative_names(piece.certificate), ca.certificate
            ):
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


_MEANT = "Use the file with the certificate of the client."


def judge_leaf_file(file: CertificateFile) -> Finding:
    """Return whether a client can read its certificate file."""
    return finding("leaf-pem", _file(file))


def _file(file: CertificateFile) -> Iterator[Problem]:
    yield from file.problems
    if file.total > MOST_CERTIFICATES:
        yield Problem(
            f"{file.path} holds {file.total:,} certificates, which is too many for a chain.", _MEANT
        )
    elif not file.is_decoded:
        yield Problem(
            f"{file.path} is too large to be a certificate file ({file.size:,} bytes).", _MEANT
        )


def judge_leaf(chain: Chain, now: datetime) -> Iterator[Finding]:
    """Yield what becomes of the rules for a client's certificate."""
    leaf = chain.leaf
    modern = [leaf] if leaf.certificate.version == x509.Version.v3 else []
    yield finding("leaf-version", ca_rules.version(leaf))
    yield finding("leaf-serial", ca_rules.serial(leaf))
    yield finding("leaf-false", ca_rules.of_each(_not_a_ca, modern))
    yield from judge_usages(leaf)
    yield finding("leaf-algorithm", ca_rules.algorithm(leaf))
    yield finding("leaf-critical", ca_rules.critical(leaf))
    yield finding("leaf-expired", ca_rules.expired(leaf, now))
    yield finding("leaf-started", ca_rules.not_started(leaf, now))
    yield finding("leaf-soon", ca_rules.ends_soon(leaf, now))
    yield finding("leaf-outlives", _outlives(chain, now))


def judge_usages(leaf: Piece) -> Iterator[Finding]:
    """Yield whether a certificate may be used by a client."""
    modern = [leaf] if leaf.certificate.version == x509.Version.v3 else []
    yield finding("leaf-usage", ca_rules.of_each(_usage, modern))
    yield finding("leaf-client-usage", ca_rules.client_usage(leaf))


def _not_a_ca(piece: Piece) -> Iterator[Problem]:
    constraints = extension(piece.certificate, x509.BasicConstraints)
    if constraints is None:
        yield Problem(
            f"{piece.source} has no basic constraints. It can be used, but the documentation asks "
            "for them.",
            warning=True,
        )
    elif constraints.ca:
        yield Problem(
            f"{piece.source} is a CA's certificate: it has CA:TRUE.",
            Hint(
                "Use the client's certificate, or issue one",
                ("certstrap", "issue", "NEW-NAME", ("--CA", "NAME")),
            ),
        )


def _usage(piece: Piece) -> Iterator[Problem]:
    usage = extension(piece.certificate, x509.KeyUsage)
    if usage is None:
        yield Problem(
            f"{piece.source} has no key usage. It can be used, but the documentation asks for one.",
            warning=True,
        )
    elif not usage.digital_signature:
        yield Problem(f"The key usage of {piece.source} does not include digital signature.")


def _outlives(chain: Chain, now: datetime) -> Iterator[Problem]:
    end = chain.leaf.certificate.not_valid_after_utc
    for ca in chain.path[1:]:
        ends = ca.certificate.not_valid_after_utc
        if now <= ends < end:
            yield Problem(
                f"{chain.leaf.source} ends on {end:%Y-%m-%d %H:%M:%S} UTC, and {ca.source} ends "
                f"before, on {ends:%Y-%m-%d %H:%M:%S} UTC."
            )


_PKCS8, _ENCRYPTED_PKCS8 = "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"


def judge_key(
    key: KeyFile, chain: Chain | None, client: Client | None, rewrite: Command
) -> Iterator[Finding]:
    """Yield what becomes of the rules for a private key.

    Args:
        key: the key.
        chain: the certificate that it should belong to, if that could be read.
        client: who is to use it; None for any.
        rewrite: the command that writes the key as PKCS#8, not encrypted.
    """
    yield finding("key-pem", _pem(key, rewrite))
    if key.encrypted or key.private:
        yield finding("key-encrypted", _encrypted(key, client, rewrite))
    if key.private and chain:
        yield finding("key-pair", _pair(key, chain))
    if key.private and key.label and not key.encrypted:
        yield finding("client-form", _form(key, client, rewrite))
    if key.lax is not None:
        fix = Hint("Restrict the file", ("chmod", "0400", key.path))
        yield finding("key-mode", [Problem(key.lax, fix, warning=True)] if key.lax else [])


def judge_key_kind(chain: Chain, client: Client | None) -> Iterator[Finding]:
    """Yield what becomes of the rules for the kind of key that a certificate is for."""
    source, kind = chain.leaf.source, kind_of(chain.leaf.certificate.public_key())
    if kind is None or not ca_rules.is_accepted(kind) or kind.bits > ca_rules.LARGEST_RSA_OF_GO:
        what = f"a key of kind {kind}" if kind else "a key that cannot sign"
        yield finding("key-kind", [Problem(f"{source} has {what}.")])
        return
    yield finding("key-kind", [])
    yield finding("client-kind", _kind(source, kind, client))


def _kind(source: str, kind: KeySpec, client: Client | None) -> Iterator[Problem]:
    refused_by = refusing(kind)
    if client in refused_by or len(refused_by) == len(CLIENTS):
        who = f"The client for {client.title}" if client else "No client of Temporal's"
        yield Problem(
            f"{source} has a key of kind {kind}. {who} can{'not' if client else ''} use it."
        )
    elif refused_by and not client:
        yield Problem(
            f"{source} has a key of kind {kind}, which the clients for {titles(refused_by)} "
            "cannot use.",
            warning=True,
        )


def _pem(key: KeyFile, rewrite: Command) -> Iterator[Problem]:
    if key.problem:
        again = Hint("Write the key again as PEM", rewrite) if key.private else key.problem.fix
        yield key.problem._replace(fix=again)


def _encrypted(key: KeyFile, client: Client | None, rewrite: Command) -> Iterator[Problem]:
    if not key.encrypted:
        return
    if client and client.pkcs8 and key.label == _ENCRYPTED_PKCS8:
        yield Problem(
            f"{key.path} is encrypted. The client for {client.title} needs its passphrase.",
            Hint(
                "Give the passphrase to the client, or write a copy that is not encrypted", rewrite
            ),
            warning=True,
        )
    else:
        yield Problem(
            f"{key.path} is encrypted.", Hint("Write a copy that is not encrypted", rewrite)
        )


def _pair(key: KeyFile, chain: Chain) -> Iterator[Problem]:
    assert key.private  # noqa: S101 - `judge` has seen it
    public = key.private.public_key()
    if public == chain.leaf.certificate.public_key():
        return
    for ca in chain.uploaded:
        if public == ca.certificate.public_key():
            yield Problem(
                f"{key.path} is the key of the CA {ca.source}, not that of {chain.leaf.source}.",
                "Use the client's key. The CA's key must stay where certificates are signed.",
            )
            return
    yield Problem(f"{key.path} is not the key of {chain.leaf.source}.")


def _form(key: KeyFile, client: Client | None, rewrite: Command) -> Iterator[Problem]:
    if client and client.pkcs8 and key.label != _PKCS8:
        yield Problem(
            f"{key.path} is not PKCS#8: it begins with BEGIN {key.label}. The client for "
            f"{client.title} reads PKCS#8 only.",
            Hint("Write the key as PKCS#8", rewrite),
        )
