"""Judging the certificate of a client."""

from collections.abc import Iterator
from datetime import datetime

from cryptography import x509

from certstrap.certificates.properties import extension
from certstrap.temporal import cas
from certstrap.temporal.chains import Chain
from certstrap.temporal.findings import Finding, Problem, finding
from certstrap.temporal.material import MOST_CERTIFICATES, CertificateFile, Piece

_MEANT = "Use the file with the certificate of the client."


def judge_file(file: CertificateFile) -> Finding:
    """Return whether a client can read its certificate file."""
    return finding("leaf-pem", _file(file))


def _file(file: CertificateFile) -> Iterator[Problem]:
    yield from file.problems
    if file.total > MOST_CERTIFICATES:
        yield Problem(f"{file.path} holds {file.total:,} certificates, as no chain does.", _MEANT)
    elif not file.is_decoded:
        yield Problem(f"{file.path} has {file.size:,} bytes, as no chain has.", _MEANT)


def judge(chain: Chain, now: datetime) -> Iterator[Finding]:
    """Yield what becomes of the rules for a client's certificate."""
    leaf = chain.leaf
    modern = [leaf] if leaf.certificate.version == x509.Version.v3 else []
    yield finding("leaf-version", cas.version(leaf))
    yield finding("leaf-serial", cas.serial(leaf))
    yield finding("leaf-false", cas.of_each(_not_a_ca, modern))
    yield from judge_usages(leaf)
    yield finding("leaf-algorithm", cas.algorithm(leaf))
    yield finding("leaf-critical", cas.critical(leaf))
    yield finding("leaf-expired", cas.expired(leaf, now))
    yield finding("leaf-started", cas.not_started(leaf, now))
    yield finding("leaf-soon", cas.ends_soon(leaf, now))
    yield finding("leaf-outlives", _outlives(chain, now))


def judge_usages(leaf: Piece) -> Iterator[Finding]:
    """Yield whether a certificate may be used by a client."""
    modern = [leaf] if leaf.certificate.version == x509.Version.v3 else []
    yield finding("leaf-usage", cas.of_each(_usage, modern))
    yield finding("leaf-client-usage", cas.client_usage(leaf))


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
            "Use the client's certificate, or issue one: certstrap issue NEW-NAME",
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
