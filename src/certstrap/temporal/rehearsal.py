"""A rehearsal: the client's pair is tried on a server that trusts nothing but the uploaded CAs.

Both ends are in this process, on the loopback, and OpenSSL's. What the client thinks of the server
is not rehearsed, so the server has a key of the moment. OpenSSL judges by the clock of the machine.
"""

import select
import ssl
from collections.abc import Callable, Sequence
from datetime import datetime
from socket import socket

from cryptography import x509

from certstrap import certificates
from certstrap.certificates import CAProfile
from certstrap.keys import P256, PrivateKey
from certstrap.names import Subject
from certstrap.temporal.handshakes import Handshake, alert_of, concatenated, words_of
from certstrap.temporal.identity import load_identity
from certstrap.validity import Validity

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
    own = certificates.self_sign(server_key, Subject("rehearsal"), CAProfile(), validity)
    try:
        load_identity(client, presented, key)
        load_identity(server, [own], server_key)
        server.load_verify_locations(cadata=concatenated(uploaded))
        ends = loopback()
    except ssl.SSLError as error:
        return Handshake("failed", words_of(error))
    except OSError as error:
        return Handshake("skipped", _reason(error))
    with ends[0], ends[1]:
        return _connect(client, server, *ends, seconds)


def _reason(error: OSError) -> str:
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
                    return Handshake("failed", "neither end went on")
        except ssl.SSLError as error:
            return Handshake("refused", words_of(error), _alert(ours, seconds))
        except OSError as error:
            return Handshake("failed", _reason(error))
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
