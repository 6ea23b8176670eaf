"""A certificate and its key, given to Python's `ssl`, which takes both from files alone."""

import os
import secrets
import ssl
from collections.abc import Sequence
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from certstrap.keys import PrivateKey


def load_identity(
    context: ssl.SSLContext, certificates: Sequence[x509.Certificate], key: PrivateKey
) -> None:
    """Load ``certificates``, the own one first, and their ``key`` into ``context``.

    The key never reaches the disk as it is. It is written encrypted, under 256 random bits that
    stay in the memory of this process, to a file of mode 0600 in a new folder of mode 0700, which
    is removed at once. If the process is killed in between, what stays behind opens for nobody. So
    a key that was encrypted by its owner, or lies on another disk, is as safe as before; and keys
    in forms that OpenSSL does not read are loaded all the same.

    Raises:
        ssl.SSLError: OpenSSL refuses the key, or a certificate.
        OSError: the folder for temporary files cannot be written.
    """
    password = secrets.token_hex(32)
    encryption = BestAvailableEncryption(password.encode())
    pem = [key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)]
    pem += [certificate.public_bytes(Encoding.PEM) for certificate in certificates]
    with TemporaryDirectory(prefix="certstrap-") as folder:
        path = os.path.join(folder, "identity.pem")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(b"".join(pem))
        context.load_cert_chain(path, password=password)
