"""What `cryptography` calls encodings, and its loaders of private keys, without its SSH part.

Its public module `serialization` imports that part as well: 20 of the 480 million instructions of
``sign``. It takes these names from where they are taken here, and has them still in a release that
keeps them elsewhere.
"""

try:
    from cryptography.hazmat.bindings._rust import openssl as _openssl
    from cryptography.hazmat.primitives._serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    load_der_private_key = _openssl.keys.load_der_private_key
    load_pem_private_key = _openssl.keys.load_pem_private_key
except (ImportError, AttributeError):
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
        load_der_private_key,
        load_pem_private_key,
    )

__all__ = [
    "Encoding",
    "NoEncryption",
    "PrivateFormat",
    "PublicFormat",
    "load_der_private_key",
    "load_pem_private_key",
]
