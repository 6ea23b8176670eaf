"""Who issued a certificate, among many CAs: found by their names, and proved by the signature."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Generic, NamedTuple, Protocol, TypeVar

from cryptography import x509

from certstrap.certificates.properties import extension
from certstrap.certificates.signatures import is_signed_with


class _HasCertificate(Protocol):
    @property
    def certificate(self) -> x509.Certificate: ...


CA = TypeVar("CA", bound=_HasCertificate)


class _Candidate(NamedTuple, Generic[CA]):
    identifier: bytes | None
    key: object  # decoding it takes a tenth of the time of verifying with it
    authority: CA


class Issuers(Generic[CA]):
    """CAs, such as those of a depot.

    A certificate is compared with those CAs that have the name of its issuer, byte for byte; first
    with those that have the key that it names. What counts is the signature alone.
    """

    def __init__(self, authorities: Iterable[CA]) -> None:
        self._named: dict[bytes, list[_Candidate[CA]]] = defaultdict(list)
        for ca in sorted(
            authorities, key=lambda each: each.certificate.not_valid_after_utc, reverse=True
        ):
            named = extension(ca.certificate, x509.SubjectKeyIdentifier)
            candidate = _Candidate(named.digest if named else None, ca.certificate.public_key(), ca)
            self._named[ca.certificate.subject.public_bytes()].append(candidate)

    def of(self, certificate: x509.Certificate) -> CA | None:
        """Return the CA that signed ``certificate``; of one that was renewed, what ends last."""
        candidates = self._named.get(certificate.issuer.public_bytes(), [])
        if len(candidates) > 1:
            named = extension(certificate, x509.AuthorityKeyIdentifier)
            wanted = named.key_identifier if named else None
            candidates = sorted(
                candidates,
                key=lambda each: (
                    each.authority.certificate != certificate,  # a root is its own issuer
                    each.identifier != wanted,
                ),
            )
        for candidate in candidates:
            if is_signed_with(certificate, candidate.key):
                return candidate.authority
        return None
