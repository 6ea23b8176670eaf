"""The depot: one flat folder of keys, requests, certificates and CRLs, and what it promises.

1. A file in it is whole or absent, whenever the process is killed or the disk fills.
2. No command overwrites a file, save the CRL: by write, fsync, rename, fsync of the folder.
3. What is told as created is on the disk.
4. A private key is on the disk before anything that depends on it can be seen.
5. Two processes on one depot lose nothing.
6. A command that fails leaves the depot byte for byte as it was.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from typing import NamedTuple

from cryptography import x509

from certstrap import certificates, files, keys
from certstrap.errors import NotFound, Storage, Unusable
from certstrap.facts import is_ca
from certstrap.files import NewFile
from certstrap.keys import Passphrase, PrivateKey
from certstrap.names import Name

KEY, REQUEST, CERTIFICATE, CRL = ".key", ".csr", ".crt", ".crl"
PKCS8, PKCS12, CHAIN = ".pkcs8.key", ".p12", ".chain.crt"  # what the exports write

_WHAT = {
    KEY: "private key",
    REQUEST: "certificate request",
    CERTIFICATE: "certificate",
    CRL: "certificate revocation list",
    PKCS8: "private key",
}


class Depot(NamedTuple):
    """A depot in the folder ``root``, which need not exist before something is created in it."""

    root: str

    def path(self, name: Name, suffix: str) -> str:
        """Return the path of a file of ``name``: the one that is there, else the one it would get.

        Files of certstrap's own depots are found under either of its two rules for file names, and
        what joins them goes by the same.
        """
        paths = [os.path.join(self.root, stem) for stem in name.stems]
        for siblings in ((suffix,), (KEY, REQUEST, CERTIFICATE)):
            for path in paths:
                if any(os.path.lexists(path + sibling) for sibling in siblings):
                    return path + suffix
        return paths[0] + suffix

    def holds(self, path: str) -> bool:
        """Tell whether ``path`` leads into the depot, however it is written."""
        return files.real_folder(path) == files.real_folder(os.path.join(self.root, KEY))

    def has(self, name: Name, suffix: str) -> bool:
        """Tell whether there is such a file."""
        return os.path.lexists(self.path(name, suffix))

    def read(self, name: Name, suffix: str, hint: str = "") -> tuple[bytes, str]:
        """Return the content and the path of a file of ``name``; a key must be closed to others.

        Raises:
            NotFound, Unusable, LaxMode, Storage: as `files.read` has it.
        """
        path = self.path(name, suffix)
        private = suffix in {KEY, PKCS8}
        return files.read(path, _WHAT[suffix], private=private, hint=hint), path

    def key(self, name: Name, passphrase: Passphrase) -> tuple[PrivateKey, bytes]:
        """Return the private key of ``name`` and the passphrase that opened it."""
        return keys.load(*self.read(name, KEY), passphrase)

    def request(self, name: Name, hint: str = "") -> x509.CertificateSigningRequest:
        """Return the certificate request of ``name``, checked."""
        return certificates.load_request(*self.read(name, REQUEST, hint))

    def certificate(self, name: Name, hint: str = "") -> x509.Certificate:
        """Return the certificate of ``name``."""
        return certificates.load_certificate(*self.read(name, CERTIFICATE, hint))

    def certificates(self) -> Iterator[tuple[str, x509.Certificate]]:
        """Yield the stem and the content of each certificate that can be read, by name."""
        for stem, path in self._certificate_files():
            with suppress(NotFound, Unusable):
                yield stem, _load_certificate(path)

    def cas(self) -> list[str]:
        """Return the stems of the CAs that can sign here: those with a certificate and a key.

        Raises:
            Unusable: a certificate with a key beside it cannot be read; it may be a CA's.
        """
        return [
            stem
            for stem, path in self._certificate_files()
            if os.path.lexists(os.path.join(self.root, stem + KEY))
            and is_ca(_load_certificate(path))
        ]

    def _certificate_files(self) -> list[tuple[str, str]]:
        """Return the stem and the path of each certificate, by name; without exported chains."""
        try:
            found = set(os.listdir(self.root))
        except FileNotFoundError:
            return []
        except OSError as cause:
            raise Storage("read", self.root, cause) from None
        stems = sorted(
            file.removesuffix(CERTIFICATE) for file in found if file.endswith(CERTIFICATE)
        )
        chain = CHAIN.removesuffix(CERTIFICATE)
        return [
            (stem, os.path.join(self.root, stem + CERTIFICATE))
            for stem in stems
            if stem + KEY in found
            or not stem.endswith(chain)
            or stem.removesuffix(chain) + CERTIFICATE not in found
        ]

    def create(self, new: Sequence[NewFile]) -> None:
        """Create all the files, in the depot or elsewhere, in their order, or none.

        Raises:
            FileExists: one of them is there already.
            Storage: the operating system refuses.
        """
        if not any(self.holds(file.path) for file in new):
            files.create(new)
            return
        with files.folder_for(self.root):
            files.create(new)

    def locked(self) -> AbstractContextManager[None]:
        """Hold the depot's lock for a block."""
        return files.locked(self.root)


def _load_certificate(path: str) -> x509.Certificate:
    return certificates.load_certificate(files.read(path, _WHAT[CERTIFICATE]), path)
