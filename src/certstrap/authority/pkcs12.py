"""Export a key with its certificate and chain as one PKCS#12 file (RFC 7292)."""

from typing import NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from certstrap.authority.export import not_valid, require_leaf
from certstrap.authority.plan import Plan
from certstrap.certificates import rules
from certstrap.certificates.properties import is_self_signed
from certstrap.depot import CERTIFICATE, KEY, PKCS12
from certstrap.depot.chain import issuers_of, withdrawn
from certstrap.errors import RefusedError
from certstrap.files import EXPORT_MODE
from certstrap.names import Name
from certstrap.text import printable


class Exported(NamedTuple):
    """A PKCS#12 file.

    Attributes:
        path: where it is.
        passphrase: what it is encrypted with, or empty.
        missing_issuer: the CA that its chain lacks, or empty.
        warnings: what in it is not valid now, in sentences.
    """

    path: str
    passphrase: str
    missing_issuer: str
    warnings: tuple[str, ...]


def export_pkcs12(
    plan: Plan, name: Name, *, legacy: bool = False, allow_ca: bool = False, output: str = ""
) -> Exported:
    """Write the key, the certificate and its chain up to the root as PKCS#12, mode 0400.

    Args:
        plan: what it is added to.
        name: whose.
        legacy: encrypt for old readers, with 3DES and SHA-1; otherwise it is AES-256-CBC and
            PBKDF2-HMAC-SHA256 with 600,000 rounds.
        allow_ca: export the key of a CA too.
        output: where the file goes, if not to the depot's ``NAME.p12``.

    Raises:
        RefusedError: the key is not that of the certificate, or is a CA's; or a certificate of the
            chain is revoked, or has a compromised key.
        PathTakenError: there is such a file already.
    """
    entry = plan.depot.find(name, CERTIFICATE)
    path = output or entry.path(PKCS12)
    plan.require_free(path)
    certificate = entry.certificate()
    key, _ = entry.key(plan.passphrases.opening)
    rules.require(rules.pair(certificate, entry.path(CERTIFICATE), key, entry.path(KEY)))
    if not allow_ca:
        require_leaf(plan.depot, key, entry.path(KEY))
    above = issuers_of(plan.depot, certificate)
    chain = [certificate, *above]
    rules.require(withdrawn(plan.depot, chain, entry.path(CERTIFICATE)))
    last = (certificate, *above)[-1]
    secret = plan.passphrases.new()
    try:
        text = secret.decode()
    except UnicodeDecodeError:
        raise RefusedError(
            "The passphrase of a PKCS#12 file must be text in UTF-8.", "Choose another one."
        ) from None
    encryption = encryption_for(secret, plan.rounds, legacy=legacy)
    data = pkcs12.serialize_key_and_certificates(
        name.text.encode(), key, certificate, above, encryption
    )
    plan.add(path, data, EXPORT_MODE)
    missing = "" if is_self_signed(last) else printable(last.issuer.rfc4514_string())
    return Exported(path, text, missing, not_valid(plan, chain, entry.path(CERTIFICATE)))


def encryption_for(passphrase: bytes, rounds: int, *, legacy: bool) -> KeySerializationEncryption:
    """Return how a PKCS#12 file is encrypted; not at all if ``passphrase`` is empty.

    Args:
        passphrase: what opens it.
        rounds: of PBKDF2, which the old form does not use.
        legacy: whether it is of the old form.
    """
    if not passphrase:
        return NoEncryption()
    builder = PrivateFormat.PKCS12.encryption_builder()
    if legacy:
        builder = builder.kdf_rounds(2048).hmac_hash(hashes.SHA1())  # noqa: S303 - asked for
        return builder.key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC).build(
            passphrase
        )
    builder = builder.kdf_rounds(rounds).hmac_hash(hashes.SHA256())
    return builder.key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC).build(passphrase)
