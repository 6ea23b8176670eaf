"""Private keys: their kinds, how they are generated, read and written."""

from certstrap.keys.load import Passphrase, is_malformed, load
from certstrap.keys.pbes2 import PBKDF2_ROUNDS, dump, dump_pkcs8
from certstrap.keys.spec import (
    CURVES,
    LARGEST_RSA,
    P256,
    P384,
    RSA_2048,
    RSA_4096,
    SMALLEST_CURVE,
    SMALLEST_RSA,
    KeySpec,
    PrivateKey,
    PublicKey,
    generating,
    kind_of,
    signature_hash,
    spec_like,
    spec_of,
)

__all__ = [
    "CURVES",
    "LARGEST_RSA",
    "P256",
    "P384",
    "PBKDF2_ROUNDS",
    "RSA_2048",
    "RSA_4096",
    "SMALLEST_CURVE",
    "SMALLEST_RSA",
    "KeySpec",
    "Passphrase",
    "PrivateKey",
    "PublicKey",
    "dump",
    "dump_pkcs8",
    "generating",
    "is_malformed",
    "kind_of",
    "load",
    "signature_hash",
    "spec_like",
    "spec_of",
]
