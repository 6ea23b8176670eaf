"""Entries: the files of the depot that share one stem."""

import os
from functools import lru_cache
from typing import NamedTuple

from cryptography import x509

from certstrap import certificates, files, keys
from certstrap.certificates.properties import identity
from certstrap.errors import CertstrapError, NotFoundError
from certstrap.keys import Passphrase, PrivateKey

KEY, REQUEST, CERTIFICATE, CRL = ".key", ".csr", ".crt", ".crl"
PKCS8, PKCS12, CHAIN = ".pkcs8.key", ".p12", ".chain.crt"  # what the exports write

_KINDS = {
    KEY: "private key",
    REQUEST: "certificate request",
    CERTIFICATE: "certificate",
    CRL: "certificate revocation list",
    PKCS8: "private key",
    PKCS12: "PKCS#12 file",
    CHAIN: "certificate chain",
}


@lru_cache
def _begin(root: str) -> str:
    """Return what the paths of all files in ``root`` begin with; joining them costs more."""
    return os.path.join(root, "")


class Entry(NamedTuple):
    """The files of the depot in ``root`` that are named ``stem``, whichever of them exist."""

    root: str
    stem: str

    def path(self, suffix: str) -> str:
        """Return the path of one of its files."""
        return _begin(self.root) + self.stem + suffix

    def has(self, *suffixes: str) -> bool:
        """Return whether one of these files exists."""
        return any(os.path.lexists(self.path(suffix)) for suffix in suffixes)

    def read(self, suffix: str, hint: str = "") -> bytes:
        """Return the content of one of its files; a private key must not be open to others.

        Raises:
            CertstrapError: see `files.read`; where others may write to the depot, one of them may
                have put the file there.
        """
        private, kind = suffix in {KEY, PKCS8, PKCS12}, _KINDS[suffix]
        hint = hint or NotFoundError.IN_DEPOT
        return files.read(self.path(suffix), kind, private=private, own=True, hint=hint)

    def key(self, passphrase: Passphrase) -> tuple[PrivateKey, bytes]:
        """Return its private key, and the passphrase that opened it."""
        return keys.load(self.read(KEY), self.path(KEY), passphrase)

    def request(self, hint: str = "") -> x509.CertificateSigningRequest:
        """Return its certificate request, checked."""
        return certificates.load_request(self.read(REQUEST, hint), self.path(REQUEST))

    def certificate(self, hint: str = "") -> x509.Certificate:
        """Return its certificate."""
        return certificates.load_certificate(self.read(CERTIFICATE, hint), self.path(CERTIFICATE))

    def identity(self, *suffixes: str) -> str:
        """Return the name in its certificate, else in its request; empty if neither has one.

        If only its request is among ``suffixes``, the request comes first.
        """
        order = [CERTIFICATE, REQUEST]
        if REQUEST in suffixes and CERTIFICATE not in suffixes:
            order.reverse()
        try:
            return next(
                identity(self.certificate() if suffix == CERTIFICATE else self.request())
                for suffix in order
                if self.has(suffix)
            )
        except (CertstrapError, StopIteration):
            return ""
