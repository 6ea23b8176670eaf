"""What must not be used: what a CRL of the depot revokes, compromised keys, and keys of CAs.

A key is compromised if a certificate for it was revoked because somebody else has it. The depot's
file ``compromised-keys`` has a line for each such key: the SHA-256 fingerprint of its
SubjectPublicKeyInfo (DER) in hex, and the name it was for. A line that begins with ``#`` is a
comment.
"""

import os
import re
from collections.abc import Collection, Iterator, Sequence
from hashlib import sha256
from itertools import pairwise

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certstrap.errors import UnusableFileError
from certstrap.pki import revocation
from certstrap.pki.findings import Finding, require
from certstrap.pki.rules import name_of_ca
from certstrap.store import crls, files
from certstrap.store.depot import DepotFolder
from certstrap.store.renewal import with_new_key
from certstrap.text import printable

_FILE = "compromised-keys"


def path_of(depot: DepotFolder) -> str:
    """Return the path of the list, which may not exist."""
    return os.path.join(depot.root, _FILE)


def revoked(
    depot: DepotFolder, chain: Sequence[x509.Certificate], source: str
) -> Iterator[Finding]:
    """Yield which certificates of ``chain`` are revoked, by the CRLs of the depot.

    Args:
        chain: certificates, each of which was issued by the next.
        source: the path or the name of the first one.

    Raises:
        RefusedError: it is not known whether one of them is revoked.
    """
    for below, above in pairwise(chain):
        what = source if below is chain[0] else name_of_ca(below)
        found = crls.crls_of(depot, above, below)
        require(crls.doubts(found))
        by = revocation.revoked(below, crls.revoking(found), what)
        yield from with_new_key(by, depot, below, what)


def withdrawn(
    depot: DepotFolder, chain: Sequence[x509.Certificate], source: str
) -> Iterator[Finding]:
    """Yield which certificates of ``chain`` are revoked, or have a key that is compromised.

    The arguments and errors are those of `revoked`.
    """
    for number, certificate in enumerate(chain):
        what = name_of_ca(certificate) if number else source
        stolen = compromised(depot, certificate.public_key(), what)
        found = [
            *revoked(depot, chain[number : number + 2], what),
            *with_new_key(stolen, depot, certificate, what),
        ]
        yield from (each._replace(of_ca=number > 0) for each in found)


def key_of_ca(depot: DepotFolder, key: object, source: str) -> Iterator[Finding]:
    """Yield whether the public ``key`` is that of a CA of the depot, which no client may have."""
    for authority in depot.authorities:
        if authority.key == key:
            yield Finding(
                "ca-key",
                f"{source} has the key of the CA {authority.entry.stem}, and a client must have "
                "a key of its own.",
                "Create a new key and request for the client.",
            )


def compromised(
    depot: DepotFolder, key: CertificatePublicKeyTypes, source: str
) -> Iterator[Finding]:
    """Yield whether the public ``key``, from the file ``source``, is compromised."""
    yield from on_list(fingerprints(depot), key, source)


def on_list(
    known: Collection[str], key: CertificatePublicKeyTypes, source: str
) -> Iterator[Finding]:
    """Yield whether the public ``key``, from the file ``source``, is one of those ``known``."""
    if known and fingerprint(key) in known:
        yield Finding(
            "compromised-key",
            f"{source} has a compromised key: a certificate for it was revoked because of that.",
            "Move the key, its request and its certificate away, and create new ones.",
        )


def read_list(depot: DepotFolder) -> str:
    """Return the content of the list; empty if it does not exist."""
    path = path_of(depot)
    if not os.path.lexists(path):
        return ""
    return files.read(path, "list of compromised keys", own=True).decode(errors="surrogateescape")


def with_key(content: str, key: CertificatePublicKeyTypes, name: str) -> str:
    """Return the list with ``key`` on it; unchanged if it is on it already."""
    known = fingerprint(key)
    return content if known in content else f"{content}{known}  {printable(name)}\n"


def fingerprint(key: CertificatePublicKeyTypes) -> str:
    """Return the SHA-256 of a public key's SubjectPublicKeyInfo, in lower-case hex."""
    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def fingerprints(depot: DepotFolder) -> set[str]:
    """Return the fingerprints on the list, which must be readable; none if it does not exist."""
    found = set()
    for number, line in enumerate(read_list(depot).splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if not re.match("[0-9a-f]{64}( |$)", line):
            raise UnusableFileError(
                path_of(depot),
                f"has no SHA-256 fingerprint in line {number}",
                "Correct the line, or begin it with # if it is a comment.",
            )
        found.add(line[:64])
    return found
