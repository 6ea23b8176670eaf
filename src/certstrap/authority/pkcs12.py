"""Export a key with its certificate and chain as one PKCS#12 file (RFC 7292)."""

from typing import NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from certstrap import files, keys
from certstrap.authority.chain import issuers_of
from certstrap.authority.export import require_leaf
from certstrap.authority.key_source import Passphrases
from certstrap.depot import CERTIFICATE, KEY, PKCS12, Depot
from certstrap.errors import Refused, printable
from certstrap.facts import is_self_signed, require_pair
from certstrap.files import EXPORT_MODE, NewFile
from certstrap.names import Name


class Exported(NamedTuple):
    """A PKCS#12 file: its path, its passphrase if it has one, and who is missing from its chain."""

    path: str
    passphrase: str
    missing_issuer: str


def export_pkcs12(
    depot: Depot,
    name: Name,
    passphrases: Passphrases,
    *,
    legacy: bool = False,
    allow_ca: bool = False,
    output: str = "",
) -> Exported:
    """Write the key, the certificate and its chain up to the root as PKCS#12, mode 0400.

    Args:
        depot: where all of it is, and the file goes, save what is named otherwise.
        name: whose.
        passphrases: ``opening`` is asked if the key is encrypted, ``new`` for the file.
        legacy: encrypt as old readers know it, with 3DES and SHA-1; otherwise it is AES-256-CBC and
            PBKDF2-HMAC-SHA256 with 600,000 rounds.
        allow_ca: export the key of a CA too.
        output: where the file goes, if not to the depot's ``NAME.p12``.

    Raises:
        Refused: the key is not that of the certificate, or is a CA's.
        FileExists: there is such a file already.
    """
    path = output or depot.path(name, PKCS12)
    files.require_free(path)
    certificate = depot.certificate(name)
    key, _ = depot.key(name, passphrases.opening)
    key_path = depot.path(name, KEY)
    require_pair(certificate, depot.path(name, CERTIFICATE), key, key_path)
    if not allow_ca:
        require_leaf(depot, key, key_path)
    above = issuers_of(depot, certificate)
    last = (certificate, *above)[-1]
    secret = passphrases.new()
    try:
        text = secret.decode()
    except UnicodeDecodeError:
        raise Refused(
            "The passphrase of a PKCS#12 file must be text in UTF-8.", "Choose another one."
        ) from None
    data = pkcs12.serialize_key_and_certificates(
        name.text.encode(), key, certificate, above, _encryption(secret, legacy=legacy)
    )
    depot.create([NewFile(path, data, EXPORT_MODE)])
    missing = "" if is_self_signed(last) else printable(last.issuer.rfc4514_string())
    return Exported(path, text, missing)


def _encryption(passphrase: bytes, *, legacy: bool) -> KeySerializationEncryption:
    if not passphrase:
        return NoEncryption()
    builder = PrivateFormat.PKCS12.encryption_builder()
    if legacy:
        builder = builder.kdf_rounds(2048).hmac_hash(hashes.SHA1())  # noqa: S303 - asked for
        return builder.key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC).build(
            passphrase
        )
    builder = builder.kdf_rounds(keys.PBKDF2_ROUNDS).hmac_hash(hashes.SHA256())
    return builder.key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC).build(passphrase)
