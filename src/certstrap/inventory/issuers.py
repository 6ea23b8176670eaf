"""Who issued a certificate, among many CAs: found by their names, and proved by the signature."""

from collections import defaultdict
from collections.abc import Iterable

from cryptography import x509

from certstrap.certificates.properties import extension, is_issued_by
from certstrap.depot import Authority


class Issuers:
    """The CAs of a depot.

    A certificate is compared with those CAs that have the name of its issuer, byte for byte; first
    with those that have the key that it names. What counts is the signature alone.
    """

    def __init__(self, authorities: Iterable[Authority]) -> None:
        self._named: dict[bytes, list[tuple[bytes | None, Authority]]] = defaultdict(list)
        for ca in sorted(
            authorities, key=lambda each: each.certificate.not_valid_after_utc, reverse=True
        ):
            named = extension(ca.certificate, x509.SubjectKeyIdentifier)
            identifier = named.digest if named else None
            self._named[ca.certificate.subject.public_bytes()].append((identifier, ca))

    def of(self, certificate: x509.Certificate) -> Authority | None:
        """Return the CA that signed ``certificate``; of one that was renewed, what ends last."""
        candidates = self._named.get(certificate.issuer.public_bytes(), [])
        if len(candidates) > 1:
            named = extension(certificate, x509.AuthorityKeyIdentifier)
            wanted = named.key_identifier if named else None
            candidates = sorted(candidates, key=lambda each: each[0] != wanted)
        for _, ca in candidates:
            if is_issued_by(certificate, ca.certificate):
                return ca
        return None
