"""Who signs: a CA's certificate and its key, that belong together and may sign now."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Self

from cryptography import x509

from certstrap import keys
from certstrap.errors import Refused
from certstrap.facts import require_ca, require_valid, validity_of
from certstrap.keys import PrivateKey
from certstrap.validity import Validity

KeyReader = Callable[[], PrivateKey]


class Issuer(NamedTuple):
    """A CA's certificate and its key; `Issuer.of` makes one only if they match and may sign."""

    certificate: x509.Certificate
    key: PrivateKey

    @classmethod
    def of(
        cls, certificate: x509.Certificate, path: str, now: datetime, read_key: KeyReader
    ) -> Self:
        """Return the issuer with ``certificate`` and the key that ``read_key`` gives.

        The key is read last, so that nobody types a passphrase for a CA that may not sign.

        Raises:
            NotAllowedToSign: the certificate is not a CA's.
            Refused: it is not valid at ``now``, its key is weak, or the key is not its key.
        """
        require_ca(certificate)
        require_valid(certificate, now, path)
        keys.require_strong(certificate.public_key(), path)
        key = read_key()
        if key.public_key() != certificate.public_key():
            raise Refused(
                f"The key beside {path} is not the key of that certificate.",
                "Put back the pair that belongs together.",
            )
        return cls(certificate, key)

    @property
    def validity(self) -> Validity:
        """When the CA is valid."""
        return validity_of(self.certificate)
