"""Who signs: a CA's certificate and key, which belong together."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Self

from cryptography import x509

from certstrap.certificates import rules
from certstrap.certificates.properties import validity_of
from certstrap.keys import PrivateKey
from certstrap.validity import Validity

KeyReader = Callable[[], tuple[PrivateKey, str]]
"""Returns a CA's key and the path it was read from."""


class Issuer(NamedTuple):
    """A CA's certificate and its key."""

    certificate: x509.Certificate
    key: PrivateKey

    @classmethod
    def of(
        cls, certificate: x509.Certificate, source: str, now: datetime, read_key: KeyReader
    ) -> Self:
        """Return the issuer with ``certificate`` and the key that ``read_key`` returns.

        The key is read last, so that no passphrase is asked for if the CA may not sign.

        Raises:
            RefusedError: the certificate may not sign at ``now``, or the key is not its key.
        """
        rules.require(rules.ca(certificate, now, source))
        return cls._with_key(certificate, source, read_key)

    @classmethod
    def of_crl(cls, certificate: x509.Certificate, source: str, read_key: KeyReader) -> Self:
        """Return the issuer of a CRL: it may have expired and be weak, as revoking takes away.

        Raises:
            RefusedError: the certificate may not sign CRLs, or the key is not its key.
        """
        rules.require(rules.crl_issuer(certificate, source))
        return cls._with_key(certificate, source, read_key)

    @classmethod
    def _with_key(cls, certificate: x509.Certificate, source: str, read_key: KeyReader) -> Self:
        key, key_path = read_key()
        rules.require(rules.pair(certificate, source, key, key_path))
        return cls(certificate, key)

    @property
    def validity(self) -> Validity:
        """When the CA is valid."""
        return validity_of(self.certificate)
