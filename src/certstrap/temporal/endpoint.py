"""A real endpoint, tried with a client's pair: reached or not, trusted or not, accepted or not.

A TLS 1.3 server tells that it refuses a client's certificate only after the client believes that
all is well (RFC 8446, 4.4.2.4), so the connection is read until the answer is known: an alert; or
anything else, which a server says to clients that it has accepted. A session ticket counts too, as
it depends on the whole handshake (RFC 8446, 4.6.1). Temporal's servers speak HTTP/2; one that waits
for the client to begin is greeted, but only after a while: if it refuses and closes, what it has
not read yet could cost us its alert.
"""

import ssl
from collections.abc import Callable, Sequence
from socket import socket
from typing import NamedTuple

from cryptography import x509

from certstrap.keys import PrivateKey
from certstrap.temporal.address import Address
from certstrap.temporal.handshakes import (
    Handshake,
    alert_of,
    concatenated,
    is_about_certificates,
    words_of,
)
from certstrap.temporal.identity import load_identity

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
