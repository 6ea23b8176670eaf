"""Revocation: which CRLs speak of a certificate, and whether one revokes it (RFC 5280, 6.3.3)."""

from collections.abc import Hashable, Iterable, Iterator
from datetime import datetime
from itertools import islice

from cryptography import x509
from cryptography.x509.oid import CRLEntryExtensionOID, ExtensionOID

from certstrap.pki import rules
from certstrap.pki.crl import CRL, entry_extensions, entry_of, reason_in
from certstrap.pki.decode import comparable_name, extension, subject_of
from certstrap.pki.findings import Finding
from certstrap.pki.issuers import has_supported_signature, is_signed_by
from certstrap.pki.names import name_text
from certstrap.text import serial_number, utc

_PROCESSED = {
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.CRL_NUMBER,
    ExtensionOID.DELTA_CRL_INDICATOR,
    ExtensionOID.ISSUING_DISTRIBUTION_POINT,
}
_PROCESSED_IN_ENTRIES = {CRLEntryExtensionOID.CRL_REASON, CRLEntryExtensionOID.INVALIDITY_DATE}


def speaks_of(
    crl: CRL,
    ca: x509.Certificate,
    *,
    is_signed: bool = False,
    certificate: x509.Certificate | None = None,
) -> bool:
    """Return whether ``crl`` is about what ``ca`` issued: the name decides, not the key.

    Args:
        crl: the CRL.
        ca: the CA.
        is_signed: whether another certificate has the name of its issuer and the key that signed
            it; a CA may have changed its key, or have another one for its CRLs.
        certificate: what ``ca`` issued; it may name another issuer of its CRL.
    """
    name = comparable_name(crl.issuer)
    if name == comparable_name(subject_of(ca)):
        return is_signed or is_signed_by(crl, ca)
    scope = extension(crl, x509.IssuingDistributionPoint)
    is_indirect = bool(scope and scope.indirect_crl and is_signed)
    return is_indirect and certificate is not None and name in crl_issuers(certificate)


def crl_issuers(certificate: x509.Certificate) -> Iterator[Hashable]:
    """Yield the names of those who issue the CRL of a certificate in its issuer's place."""
    for point in extension(certificate, x509.CRLDistributionPoints) or ():
        for name in point.crl_issuer or ():
            if isinstance(name, x509.DirectoryName):
                yield comparable_name(name.value)


def unusable(crl: CRL, source: str) -> Iterator[Finding]:
    """Yield why ``crl`` does not tell what is revoked and what is not (RFC 5280, 5.2 and 5.3).

    What an incomplete one lists is revoked (``crl-incomplete``); by others nothing is judged.
    """
    scope = extension(crl, x509.IssuingDistributionPoint)
    if scope and scope.indirect_crl:
        sentence = f"{source} is an indirect CRL: it also lists certificates of other CAs."
        yield Finding("crl-unusable", sentence)
    for finding in rules.critical_extensions(crl, source, _PROCESSED):
        yield finding._replace(rule="crl-unusable")
    yield from islice(_unknown_in_entries(crl, source), 1)
    if extension(crl, x509.DeltaCRLIndicator):
        kind = "a delta CRL: it lists only what has changed since another CRL"
        yield Finding("crl-incomplete", f"{source} is {kind}.")
    elif scope and not scope.indirect_crl:
        kind = "a partial CRL: it does not list everything that its CA revoked"
        yield Finding("crl-incomplete", f"{source} is {kind}.")


def _unknown_in_entries(crl: CRL, source: str) -> Iterator[Finding]:
    for entry in crl:
        for each in entry_extensions(entry):
            if each.critical and each.oid not in _PROCESSED_IN_ENTRIES:
                yield Finding(
                    "crl-unusable",
                    f"{source} has a critical extension in the entry of "
                    f"{serial_number(entry.serial_number)} that is not supported: "
                    f"{each.oid.dotted_string}.",
                )


def foreign(crl: CRL, source: str, cas: Iterable[x509.Certificate], whose: str) -> str:
    """Return why ``crl`` does not speak of what ``cas``, which are ``whose``, issued."""
    if not has_supported_signature(crl):
        return next(rules.signature(crl, source)).sentence
    signer = next((ca for ca in cas if is_signed_by(crl, ca)), None)
    if signer is None:
        return f"{source} is not signed by {whose}."
    return (
        f'{source} does not count: it is signed by the key of "{name_text(signer.subject)}", but '
        f'names "{name_text(crl.issuer)}" as its issuer.'
    )


def revocations(crls: Iterable[CRL]) -> dict[int, datetime]:
    """Return the serial numbers on the CRLs of one CA, each with the first time on any of them."""
    found: dict[int, datetime] = {}
    for crl in crls:
        is_delta = extension(crl, x509.DeltaCRLIndicator) is not None
        for entry in crl:
            since, serial = entry.revocation_date_utc, entry.serial_number
            if not (is_delta and _is_released(entry)):
                found[serial] = min(since, found.get(serial, since))
    return found


def _is_released(entry: x509.RevokedCertificate) -> bool:
    """Return whether a delta CRL says that a certificate is not on hold any more."""
    return reason_in(entry) == x509.ReasonFlags.remove_from_crl


def revoked(certificate: x509.Certificate, crls: Iterable[CRL], source: str) -> Iterator[Finding]:
    """Yield whether ``certificate`` is revoked by ``crls``, which speak of it."""
    entries = [entry_of(crl, certificate.serial_number) for crl in crls]
    dates = [entry.revocation_date_utc for entry in entries if entry and not _is_released(entry)]
    if dates:
        yield Finding(
            "revoked",
            f"{source} was revoked on {utc(min(dates))}.",
            "Replace it with a new certificate, and its key too if somebody else may have it.",
        )
