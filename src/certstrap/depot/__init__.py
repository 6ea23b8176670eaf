"""The depot: one flat folder of keys, requests, certificates and CRLs, and what it guarantees.

1. A file in it is whole or absent, whenever the process is killed or the disk fills.
2. No command overwrites a file, except a CRL, the list of compromised keys and what `renew` has
   copied to the archive: by write, fsync, rename, fsync of the folder.
3. What is reported as created is on disk.
4. A private key is on disk before anything that depends on it can be seen.
5. Two processes on one depot lose nothing.
6. A command that fails leaves the depot byte for byte as it was.
"""

from certstrap.depot.depot import Authority, Depot
from certstrap.depot.entry import (
    CERTIFICATE,
    CHAIN,
    CRL,
    KEY,
    PKCS8,
    PKCS12,
    REQUEST,
    Entry,
)

__all__ = [
    "CERTIFICATE",
    "CHAIN",
    "CRL",
    "KEY",
    "PKCS8",
    "PKCS12",
    "REQUEST",
    "Authority",
    "Depot",
    "Entry",
]
