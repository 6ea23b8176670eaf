"""Who issued a certificate: found by name, proved by the signature, up to its roots.

`cryptography` verifies no certificate that is signed with SHA-1 or MD5. That it is signed so is
another matter, and must not look like a signature of somebody else.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import lru_cache
from typing import Generic, NamedTuple, Protocol, TypeVar

from cryptography import x509
from cryptography.exceptions import InternalError, InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import SignatureAlgorithmOID

from certstrap.pki.asn1 import content_of
from certstrap.pki.decode import comparable_name, extension, validity_of
from certstrap.pki.parts import UNDECODABLE, Signed

_VERSION = 0xA0  # its tag; version 1 is left out


def is_signed_by(of: Signed, ca: x509.Certificate) -> bool:
    """Return whether the key of ``ca`` signed a certificate or a CRL, whatever the names are."""
    return is_signed_with(of, ca.public_key())


def is_signed_with(of: Signed, key: object) -> bool:
    """Return whether the private half of a public ``key`` signed a certificate, request or CRL.

    `cryptography` has methods for requests and CRLs, which answer False if Ctrl-C comes meanwhile.
    """
    signature, der = of.signature, of.public_bytes(Encoding.DER)
    begin = content_of(der)[0]
    end = content_of(der, begin)[1]
    content = der[begin:end]

    def check() -> bool:
        if isinstance(of, x509.Certificate) and not _names_one_algorithm(content, der[end:]):
            return False
        hashed = signature_hash(of)
        if isinstance(key, ec.EllipticCurvePublicKey) and hashed:
            key.verify(signature, content, ec.ECDSA(hashed))
        elif isinstance(key, rsa.RSAPublicKey) and hashed:
            parameters = of.signature_algorithm_parameters
            scheme = parameters if isinstance(parameters, padding.PSS) else padding.PKCS1v15()
            key.verify(signature, content, scheme, hashed)
        elif isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            key.verify(signature, content)
        else:
            return False
        return True

    return verifies(check)


_HASHES = {f"sha{n}": f"SHA-{n}" for n in (1, 224, 256, 384, 512)}
_SIGNATURES = {  # by their names without the hash: RSA, ECDSA, DSA, RSA-PSS, Ed25519, ML-DSA-44
    oid: name.lstrip("_").partition("_WITH_")[0].replace("RSASSA", "RSA").replace("_", "-")
    for name, oid in vars(SignatureAlgorithmOID).items()
    if isinstance(oid, x509.ObjectIdentifier)
} | {
    SignatureAlgorithmOID.ED25519: "Ed25519",
    SignatureAlgorithmOID.ED448: "Ed448",
    x509.ObjectIdentifier("1.2.840.113549.1.1.2"): "RSA with MD2",
    x509.ObjectIdentifier("1.2.840.113549.1.1.3"): "RSA with MD4",
}


def signature_name(of: Signed) -> str:
    """Return what an object is signed with, in words."""
    kind = _SIGNATURES.get(of.signature_algorithm_oid, of.signature_algorithm_oid.dotted_string)
    hashed = signature_hash(of)
    return f"{kind} with {_HASHES.get(hashed.name, hashed.name.upper())}" if hashed else kind


def signature_hash(of: Signed) -> hashes.HashAlgorithm | None:
    """Return the hash of a signature; None if there is none, or it is not supported."""
    try:
        return of.signature_hash_algorithm
    except UNDECODABLE:
        return None


def has_supported_signature(of: Signed) -> bool:
    """Return whether the algorithm of a signature is one that `is_signed_with` can check."""
    kind = _SIGNATURES.get(of.signature_algorithm_oid)
    return kind in {"Ed25519", "Ed448"} or (
        kind in {"RSA", "RSA-PSS", "ECDSA"} and signature_hash(of) is not None
    )


def _names_one_algorithm(signed: bytes, after: bytes) -> bool:
    """Return whether what was signed names the algorithm ``after`` it (RFC 5280, 4.1.1.2).

    `cryptography` decodes a certificate in which it does not, and no such CRL.
    """
    at = content_of(signed)[0]
    if signed[at] == _VERSION:
        at = content_of(signed, at)[1]
    at = content_of(signed, at)[1]  # after the serial number
    end = content_of(signed, at)[1]
    return after.startswith(signed[at:end])


def verifies(check: Callable[[], bool]) -> bool:
    """Return whether ``check`` returns True; one that cannot decode what it checks does not."""
    try:
        return check()
    except (InvalidSignature, InternalError, *UNDECODABLE):  # OpenSSL may refuse the key itself
        return False


def is_issued_by(certificate: x509.Certificate, ca: x509.Certificate) -> bool:
    """Return whether ``ca`` signed ``certificate``: by the names, byte by byte, and its key."""
    same = certificate.issuer.public_bytes() == ca.subject.public_bytes()
    return same and is_signed_by(certificate, ca)


Comparable = Callable[[x509.Name], Hashable]
"""A distinguished name as it is compared with others.

That is byte by byte, as Go does and as is usual here (`x509.Name.public_bytes`), or without regard
to case and spaces, as RFC 5280, 7.1 has it (`decode.comparable_name`).
"""


@lru_cache
def is_self_signed(
    certificate: x509.Certificate, name: Comparable = x509.Name.public_bytes
) -> bool:
    """Return whether ``certificate`` is a root: issued by itself, by the names and the key."""
    same = name(certificate.subject) == name(certificate.issuer)
    return same and is_signed_by(certificate, certificate)


def is_self_issued(certificate: x509.Certificate) -> bool:
    """Return whether subject and issuer are the same name (RFC 5280, 6.1), whoever signed it."""
    return comparable_name(certificate.subject) == comparable_name(certificate.issuer)


class _HasCertificate(Protocol):
    @property
    def certificate(self) -> x509.Certificate: ...


CA = TypeVar("CA", bound=_HasCertificate)


class _Candidate(NamedTuple, Generic[CA]):
    identifier: bytes | None
    key: object  # decoding it takes a tenth of the time of verifying with it
    ca: CA


MOST_PATHS = 100
"""Paths of one certificate that are followed; cross-signed CAs may have any number."""


class Issuers(Generic[CA]):
    """An index of CAs that finds who issued what; ``name`` is how names compare."""

    def __init__(self, cas: Iterable[CA], name: Comparable = x509.Name.public_bytes) -> None:
        self._name = name
        self._named: dict[Hashable, list[_Candidate[CA]]] = defaultdict(list)
        self._above: dict[x509.Certificate, list[CA]] = {}
        for ca in sorted(cas, key=lambda each: validity_of(each.certificate).end, reverse=True):
            named = extension(ca.certificate, x509.SubjectKeyIdentifier)
            candidate = _Candidate(named.digest if named else None, ca.certificate.public_key(), ca)
            self._named[name(ca.certificate.subject)].append(candidate)

    def of(self, signed: x509.Certificate | x509.CertificateRevocationList) -> Iterator[CA]:
        """Yield the CAs that have the name of the issuer and the key of the signature.

        Itself comes first if it is a root, then those with the key identifier that it names; of a
        CA that was renewed, what expires last.
        """
        candidates = self._named.get(self._name(signed.issuer), [])
        if len(candidates) > 1:
            named = extension(signed, x509.AuthorityKeyIdentifier)
            identifier = named.key_identifier if named else None
            candidates = sorted(
                candidates,
                key=lambda each: (each.ca.certificate != signed, each.identifier != identifier),
            )
        for candidate in candidates:
            if is_signed_with(signed, candidate.key):
                yield candidate.ca

    def paths(self, certificate: x509.Certificate) -> Iterator[tuple[CA, ...]]:
        """Yield the CAs above ``certificate``, each time the next one first: the shortest first.

        A path ends with a root, or where the CA above is not known. Of very many paths, those that
        lead to a CA by yet another way end before it.
        """
        paths: list[tuple[CA, ...]] = [()]
        reached = {certificate}
        for path in paths:  # the list grows while it is read: breadth first
            known = {certificate, *(ca.certificate for ca in path)}
            above = [ca for ca in self._issuers(path, certificate) if ca.certificate not in known]
            if len(paths) >= MOST_PATHS:
                above = [ca for ca in above if ca.certificate not in reached]
            if not above:
                yield path
            reached.update(ca.certificate for ca in above)
            paths += [(*path, ca) for ca in above]

    def _issuers(self, path: tuple[CA, ...], certificate: x509.Certificate) -> list[CA]:
        """Return who issued the last certificate of a path, unless that is a root; each once."""
        last = path[-1].certificate if path else certificate
        if last not in self._above:
            found: dict[x509.Certificate, CA] = {}
            for ca in () if is_self_signed(last, self._name) else self.of(last):
                found.setdefault(ca.certificate, ca)
            self._above[last] = [*found.values()]
        return self._above[last]

    def path(self, certificate: x509.Certificate) -> tuple[CA, ...]:
        """Return the shortest path to a root; without any root, the longest that there is."""
        longest: tuple[CA, ...] = ()
        for path in self.paths(certificate):
            last = path[-1].certificate if path else certificate
            if is_self_signed(last, self._name):
                return path
            longest = max(longest, path, key=len)
        return longest
