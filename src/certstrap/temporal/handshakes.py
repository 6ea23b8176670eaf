"""What came of a TLS connection, and how OpenSSL's words for it are read."""

import ssl
from collections.abc import Iterable
from typing import Literal, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

Outcome = Literal["accepted", "refused", "untrusted", "unreachable", "failed", "skipped"]


class Handshake(NamedTuple):
    """What came of a connection.

    Attributes:
        outcome: ``accepted``; ``refused``, the server does not take our certificate; ``untrusted``,
            we do not take the server's; ``unreachable``; ``failed``, for another reason; or
            ``skipped``, it was not tried.
        words: what the peer, or OpenSSL, says of it.
        alert: the name of the TLS alert that the server sent, as in RFC 8446, 6; or empty.
        demanded: whether the server lets nobody in without a certificate; None if not known.
    """

    outcome: Outcome
    words: str = ""
    alert: str = ""
    demanded: bool | None = None


_ABOUT_CERTIFICATES = {
    "access_denied",
    "bad_certificate",
    "certificate_expired",
    "certificate_required",
    "certificate_revoked",
    "certificate_unknown",
    "decrypt_error",
    "unknown_ca",
    "unsupported_certificate",
}


def alert_of(error: ssl.SSLError) -> str:
    """Return the name of the alert that an error is about, or nothing if it is about none."""
    return (error.reason or "").partition("_ALERT_")[2].lower()


def is_about_certificates(alert: str) -> bool:
    """Return whether an alert says that the peer does not take our certificate."""
    return alert in _ABOUT_CERTIFICATES


def words_of(error: ssl.SSLError) -> str:
    """Return what OpenSSL says of an error, without the names of its functions."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return (error.reason or str(error)).replace("_", " ").lower()


def concatenated(certificates: Iterable[x509.Certificate]) -> bytes:
    """Return certificates as `ssl.SSLContext.load_verify_locations` takes them."""
    return b"".join(certificate.public_bytes(Encoding.DER) for certificate in certificates)
