"""The CA bundle: the file that is uploaded, made so that no rule can refuse it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha1
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.errors import RefusedError
from certstrap.temporal import cas
from certstrap.temporal.findings import Finding, Problem, finding
from certstrap.temporal.material import CertificateFile, Piece
from certstrap.temporal.signatures import is_issued, is_root


class Bundle(NamedTuple):
    """A CA bundle.

    Attributes:
        pem: the file.
        pieces: its certificates, each root before what it issued.
        warnings: what does not keep it from being used, in sentences.
    """

    pem: bytes
    pieces: tuple[Piece, ...]
    warnings: tuple[str, ...]


def make(files: Sequence[CertificateFile], now: datetime, hint: str = "") -> Bundle:
    """Return the bundle of the CAs in ``files``, each once.

    Args:
        files: where the CAs are.
        now: the present instant.
        hint: what to do if a rule refuses it, in place of what that rule says itself.

    Raises:
        RefusedError: a rule refuses it.
    """
    for file in files:
        if file.private_keys or not file.is_complete:
            _require(cas.judge(file, now), hint)
    found = {piece.certificate: piece for file in files for piece in file.pieces}
    if len(found) > cas.MOST_CAS:
        problem = Problem(f"The bundle would hold {len(found)} certificates.")
        _require([finding("ca-count", [problem])], hint)
    pieces = _ordered(list(found.values()))
    pem = b"".join(piece.certificate.public_bytes(Encoding.PEM) for piece in pieces)
    whole = CertificateFile("The bundle", len(pem), len(pieces), pieces)
    findings = list(cas.judge(whole, now))
    _require(findings, hint)
    warnings = [sentence for each in findings for sentence in each.sentences]
    return Bundle(pem, pieces, tuple(warnings))


def _require(findings: Iterable[Finding], hint: str) -> None:
    for each in findings:
        if each.status == "failed":
            raise RefusedError(each.sentences[0], hint or each.fix, each.rule.identifier)


def _ordered(waiting: Sequence[Piece]) -> tuple[Piece, ...]:
    """Return the certificates so that each comes after the one that issued it."""
    ordered: list[Piece] = []
    while waiting:
        ready = [piece for piece in waiting if not _waits(piece, waiting)] or waiting
        ordered += ready
        waiting = [piece for piece in waiting if piece not in ready]
    return tuple(ordered)


def _waits(piece: Piece, waiting: Sequence[Piece]) -> bool:
    certificate = piece.certificate
    above = (other.certificate for other in waiting if other is not piece)
    return not is_root(certificate) and any(is_issued(certificate, ca) for ca in above)


def fingerprint(certificate: x509.Certificate) -> str:
    """Return a certificate's fingerprint in tcld's form: SHA-1, in lower-case hex."""
    der = certificate.public_bytes(Encoding.DER)
    return sha1(der, usedforsecurity=False).hexdigest()
