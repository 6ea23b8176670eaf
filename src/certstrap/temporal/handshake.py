"""TLS handshakes: a rehearsal on this machine, and one with a real endpoint."""

import os
import secrets
import select
import ssl
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from socket import socket
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from certstrap.pki import build
from certstrap.pki.keys import P256, PrivateKey
from certstrap.pki.names import Subject
from certstrap.pki.profiles import CAProfile
from certstrap.pki.validity import Validity
from certstrap.temporal.namespace import Address

Outcome = Literal["accepted", "refused", "untrusted", "unreachable", "failed", "skipped"]


class Handshake(NamedTuple):
    """The result of a connection.

    Attributes:
        outcome: ``accepted``; ``refused``, the server does not take our certificate; ``untrusted``,
            we do not take the server's; ``unreachable``; ``failed``, for another reason; or
            ``skipped``, it was not tried.
        words: what the peer, or OpenSSL, says of it.
        alert: the name of the TLS alert that the server sent, as in RFC 8446, 6; or empty.
        demanded: whether the server refuses clients without a certificate; None if not known.
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


Loopback = Callable[[], tuple[socket, socket]]
"""Returns two sockets that are connected with each other over the loopback: client, server."""

SECONDS = 5.0
"""How long one end may wait for the other; both take some milliseconds."""


def rehearse(
    presented: Sequence[x509.Certificate],
    key: PrivateKey,
    uploaded: Sequence[x509.Certificate],
    now: datetime,
    loopback: Loopback,
    seconds: float = SECONDS,
) -> Handshake:
    """Return what comes of a TLS 1.3 connection.

    Args:
        presented: what the client presents, its own certificate first.
        key: its key.
        uploaded: the CAs that the server trusts.
        now: the present instant.
        loopback: connects the two ends.
        seconds: how long one end may wait for the other.
    """
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    server.verify_mode = ssl.CERT_REQUIRED
    client.minimum_version = server.minimum_version = ssl.TLSVersion.TLSv1_3
    server_key = P256.generate()
    validity = Validity.starting(now, now)  # the client does not look at it
    own = build.self_sign(server_key, Subject("rehearsal"), CAProfile(), validity)
    try:
        load_identity(client, presented, key)
        load_identity(server, [own], server_key)
        server.load_verify_locations(cadata=concatenated(uploaded))
        ends = loopback()
    except ssl.SSLError as error:
        return Handshake("failed", words_of(error))
    except OSError as error:
        return Handshake("skipped", _failure(error))
    with ends[0], ends[1]:
        return _connect(client, server, *ends, seconds)


def _failure(error: OSError) -> str:
    return error.strerror or str(error)


def _connect(
    client: ssl.SSLContext,
    server: ssl.SSLContext,
    client_end: socket,
    server_end: socket,
    seconds: float,
) -> Handshake:
    for end in (client_end, server_end):
        end.settimeout(0)
    with (
        client.wrap_socket(client_end, do_handshake_on_connect=False) as ours,
        server.wrap_socket(server_end, server_side=True, do_handshake_on_connect=False) as theirs,
    ):
        waiting = [theirs, ours]
        try:
            while waiting:
                waiting = [end for end in waiting if not _advances(end)]
                if waiting and not select.select(waiting, [], [], seconds)[0]:
                    return Handshake("failed", "the handshake stalled")
        except ssl.SSLError as error:
            return Handshake("refused", words_of(error), _alert(ours, seconds))
        except OSError as error:
            return Handshake("failed", _failure(error))
        return Handshake("accepted", demanded=True)


def _advances(end: ssl.SSLSocket) -> bool:
    """Go on with the handshake; tell whether it is done."""
    try:
        end.do_handshake()
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return False
    return True


def _alert(ours: ssl.SSLSocket, seconds: float) -> str:
    """Return the alert that the server has sent."""
    ours.settimeout(seconds)
    try:
        ours.do_handshake()
        ours.recv(1)
    except ssl.SSLError as error:
        return alert_of(error)
    except OSError:  # it went without one
        pass
    return ""


Connect = Callable[[str, int, float], socket]
"""Opens a TCP connection to a host and a port, within some seconds."""

_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""HTTP/2's connection preface, with empty settings (RFC 9113, 3.4)."""

_PATIENCE = 1.0
"""Seconds in which the server may begin."""


class Endpoint(NamedTuple):
    """What is connected to, and how.

    Attributes:
        address: where.
        server_name: the name that the server's certificate must have; empty for the host.
        server_ca: the CAs that the server's certificate may be of; None for the system's.
        timeout: how many seconds each connection may take.
    """

    address: Address
    server_name: str = ""
    server_ca: Sequence[x509.Certificate] | None = None
    timeout: float = 10.0


def connect(
    endpoint: Endpoint,
    presented: Sequence[x509.Certificate],
    key: PrivateKey,
    open_connection: Connect,
) -> Handshake:
    """Return what comes of a connection with a client's certificate.

    If it is accepted, a second one without any certificate finds out whether that proves anything.

    Args:
        endpoint: where to.
        presented: what the client presents, its own certificate first.
        key: its key.
        open_connection: opens a connection.
    """
    try:
        context, without = _context(endpoint), _context(endpoint)
        load_identity(context, presented, key)
        if endpoint.server_name:
            _require_server_name(context, endpoint.server_name)
    except ssl.SSLError as error:
        return Handshake("failed", words_of(error))
    except ValueError:
        return Handshake("failed", f"{endpoint.server_name} is not a server name")
    except OSError as error:
        return Handshake("skipped", error.strerror or str(error))
    outcome = _try(endpoint, context, open_connection)
    if outcome.outcome != "accepted":
        return outcome
    second = _try(endpoint, without, open_connection)
    known = second.outcome == "accepted" or second.alert
    return outcome._replace(demanded=second.outcome != "accepted" if known else None)


def _require_server_name(context: ssl.SSLContext, name: str) -> None:
    """Refuse a name that TLS cannot send; `wrap_socket` would leave the connection open then.

    Raises:
        ValueError: it is one.
    """
    context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=name)


def _context(endpoint: Endpoint) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["h2"])
    if endpoint.server_ca is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(cadata=concatenated(endpoint.server_ca))
    return context


def _try(endpoint: Endpoint, context: ssl.SSLContext, open_connection: Connect) -> Handshake:
    address, seconds = endpoint.address, endpoint.timeout
    try:
        connection = open_connection(address.host, address.port, seconds)
    except (OSError, UnicodeError) as error:  # a host that DNS cannot have is a `UnicodeError`
        return Handshake("unreachable", _reason(error, seconds))
    with connection:
        try:
            with context.wrap_socket(
                connection,
                server_hostname=endpoint.server_name or address.host,
                suppress_ragged_eofs=False,
            ) as established:
                return _answer(established, seconds)
        except ssl.SSLCertVerificationError as error:
            return Handshake("untrusted", words_of(error))
        except ssl.SSLError as error:
            alert = alert_of(error)
            refused = is_about_certificates(alert)
            return Handshake("refused" if refused else "failed", words_of(error), alert)
        except TimeoutError as error:
            return Handshake("unreachable", _reason(error, seconds))
        except OSError as error:
            return Handshake("failed", _reason(error, seconds))


def _answer(connection: ssl.SSLSocket, seconds: float) -> Handshake:
    """Return what the server says after the handshake."""
    if connection.version() != "TLSv1.3":  # earlier versions verify before
        return Handshake("accepted")
    for greeting, wait in ((b"", min(_PATIENCE, seconds / 2)), (_GREETING, seconds)):
        connection.settimeout(wait)
        try:
            connection.sendall(greeting)
            connection.recv(1)
        except TimeoutError:
            if _has_ticket(connection):
                return Handshake("accepted")
        except (ssl.SSLEOFError, ConnectionError):
            return _closed(connection)
        except ssl.SSLError as error:  # nothing but our certificate was still to be judged
            return Handshake("refused", words_of(error), alert_of(error))
        else:  # an answer, or a proper end
            return Handshake("accepted")
    return Handshake("failed", f"no answer to the certificate within {seconds:g} seconds")


def _closed(connection: ssl.SSLSocket) -> Handshake:
    if _has_ticket(connection):
        return Handshake("accepted")
    return Handshake("refused", "the connection was closed without an alert")


def _has_ticket(connection: ssl.SSLSocket) -> bool:
    return connection.session is not None and connection.session.has_ticket


def _reason(error: OSError | UnicodeError, seconds: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {seconds:g} seconds"
    return (error.strerror if isinstance(error, OSError) else "") or str(error)
