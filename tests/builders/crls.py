"""CRLs: what is in ours, and such as other tools leave in a depot."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.pki.decode import authority_key_identifier
from certstrap.pki.keys import PrivateKey, signature_hash
from certstrap.pki.pem import to_pem
from tests.builders.der import der, sequence
from tests.conftest import NOW
from tests.temporal.pki import elements, inside


def load(path: Path) -> x509.CertificateRevocationList:
    return x509.load_pem_x509_crl(path.read_bytes())


def revoked(crl: x509.CertificateRevocationList) -> list[tuple[int, datetime, str]]:
    """Return the serial number, the time and the reason of each entry; no reason is empty."""
    return [(entry.serial_number, entry.revocation_date_utc, _reason(entry)) for entry in crl]


def _reason(entry: x509.RevokedCertificate) -> str:
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return ""
    return str(reason.value)


def serials(path: Path) -> list[int]:
    """Return the serial numbers in a CRL, in its order."""
    return [entry.serial_number for entry in load(path)]


def number(path: Path) -> int:
    """Return a CRL's own number."""
    return load(path).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def entry(
    serial: int, when: datetime = NOW, *extensions: x509.ExtensionType, critical: bool = False
) -> x509.RevokedCertificate:
    """Return the entry of a certificate that was revoked."""
    builder = x509.RevokedCertificateBuilder(serial, when)
    for extension in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.build()


def made_elsewhere(
    ca: x509.Certificate,
    key: PrivateKey,
    *,
    entries: Sequence[x509.RevokedCertificate] = (),
    crl_number: int | None = None,
    updated: datetime = NOW - timedelta(days=30),
    next_update: datetime = NOW + timedelta(days=30),
    encoding: Encoding = Encoding.PEM,
    issuer: x509.Name | None = None,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> bytes:
    """Return a CRL as certstrap makes it: without a number, unless one is given."""
    builder = x509.CertificateRevocationListBuilder(
        issuer or ca.subject, updated, next_update, revoked_certificates=list(entries)
    ).add_extension(authority_key_identifier(ca), critical=False)
    for value, critical in extensions:
        builder = builder.add_extension(value, critical)
    if crl_number is not None:
        builder = builder.add_extension(x509.CRLNumber(crl_number), critical=False)
    return builder.sign(key, signature_hash(key)).public_bytes(encoding)


def scope(
    *,
    point: Sequence[x509.GeneralName] | None = None,
    users: bool = False,
    cas: bool = False,
    reasons: frozenset[x509.ReasonFlags] | None = None,
    indirect: bool = False,
) -> x509.IssuingDistributionPoint:
    """Return what says that a CRL is about a part of the certificates of its CA, or of others."""
    return x509.IssuingDistributionPoint(point, None, users, cas, reasons, indirect, False)


def without_an_end(crl: x509.CertificateRevocationList, key: PrivateKey) -> bytes:
    """Return a CRL as PEM that has no next update, and is otherwise as ``crl``."""
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    parts = elements(inside(crl.tbs_certlist_bytes))
    content = sequence(*parts[:4], *parts[5:])  # version, algorithm, issuer, this update
    signature = der(0x03, b"\0", key.sign(content, ec.ECDSA(hashes.SHA256())))
    return to_pem("X509 CRL", sequence(content, parts[1], signature))
