"""Compromised keys: those of certificates that were revoked because somebody else has the key.

The depot's file ``compromised-keys`` has a line for each: the SHA-256 fingerprint of its
SubjectPublicKeyInfo (DER) in hex, and the name it was for. A line that begins with ``#`` is a
comment.
"""

import os
import re
from collections.abc import Collection, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certstrap.errors import UnusableFileError
from certstrap.pki.findings import Finding
from certstrap.store import files
from certstrap.store.depot import Depot
from certstrap.text import printable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes


_FILE = "compromised-keys"


def path_of(depot: Depot) -> str:
    """Return the path of the list, which may not exist."""
    return os.path.join(depot.root, _FILE)


def compromised(depot: Depot, key: "CertificatePublicKeyTypes", source: str) -> Iterator[Finding]:
    """Yield whether the public ``key``, from the file ``source``, is compromised.

    Raises:
        UnusableFileError: the list cannot be read.
    """
    if os.path.lexists(path_of(depot)):
        yield from on_list(fingerprints(depot), key, source)


def on_list(
    known: Collection[str], key: "CertificatePublicKeyTypes", source: str
) -> Iterator[Finding]:
    """Yield whether the public ``key``, from the file ``source``, is one of those ``known``."""
    if fingerprint(key) in known:
        yield Finding(
            "compromised-key",
            f"{source} has a compromised key: a certificate for it was revoked because of that.",
            "Move the key, its request and its certificate away, and create new ones.",
        )


def read(depot: Depot) -> str:
    """Return the content of the list; empty if it does not exist."""
    path = path_of(depot)
    if not os.path.lexists(path):
        return ""
    return files.read(path, "list of compromised keys", own=True).decode(errors="surrogateescape")


def with_key(content: str, key: "CertificatePublicKeyTypes", name: str) -> str:
    """Return the list with ``key`` on it; unchanged if it is on it already."""
    known = fingerprint(key)
    return content if known in content else f"{content}{known}  {printable(name)}\n"


def fingerprint(key: "CertificatePublicKeyTypes") -> str:
    """Return the SHA-256 of a public key's SubjectPublicKeyInfo, in lower-case hex."""
    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def fingerprints(depot: Depot) -> set[str]:
    """Return the fingerprints on the list; none if it does not exist.

    Raises:
        UnusableFileError: the list cannot be read.
    """
    found = set()
    for number, line in enumerate(read(depot).splitlines(), 1):
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
