"""Servers on the loopback that demand a client's certificate, each with ways of its own."""

import ssl
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from socket import SHUT_WR, SO_LINGER, SOL_SOCKET, create_server, socket
from threading import Thread
from typing import NamedTuple

from cryptography import x509

from certstrap.temporal.handshake import concatenated, load_identity
from tests.builders.certificates import a_name
from tests.builders.keys import OTHER_KEY
from tests.temporal.pki import LEAF, ROOT, Made, extensions_of_ca

SERVER_CA = ROOT.but(
    subject=a_name("Server CA"), key=OTHER_KEY, extensions=extensions_of_ca(OTHER_KEY)
)
SERVER = (
    LEAF.but(subject=a_name("server"), by=SERVER_CA)
    .without("authority key")
    .having(
        "names",
        x509.SubjectAlternativeName(
            [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
        ),
        critical=False,
    )
)

Serve = Callable[[socket, ssl.SSLContext], None]
"""What a server does with a connection."""

SETTINGS = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])


class Server(NamedTuple):
    """A server that runs: its port, and what it has met with."""

    port: int
    errors: list[str]


def context(
    *,
    demands: ssl.VerifyMode = ssl.CERT_REQUIRED,
    version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    tickets: int = 2,
    server: Sequence[Made] = (SERVER,),
) -> ssl.SSLContext:
    """Return what a server that trusts `ROOT` knows; ``server`` is its chain."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    load_identity(made, [each.certificate for each in server], server[0].key)
    made.load_verify_locations(cadata=concatenated([ROOT.certificate]))
    made.verify_mode, made.num_tickets = demands, tickets
    made.minimum_version = made.maximum_version = version
    made.set_alpn_protocols(["h2"])
    return made


@contextmanager
def serving(serve: Serve, known: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Serve each connection in turn until the block ends."""
    known = known or context()
    with create_server(("127.0.0.1", 0)) as listener:
        server = Server(listener.getsockname()[1], [])

        def run() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(10)
                    try:
                        serve(connection, known)
                    except OSError as error:
                        server.errors.append(str(error))

        thread = Thread(target=run, daemon=True)
        thread.start()
        yield server
        listener.shutdown(2)
    thread.join(15)


def speaking_http2(connection: socket, known: ssl.SSLContext) -> None:
    """Accept and send settings, as Go's gRPC does."""
    with known.wrap_socket(connection, server_side=True) as established:
        established.sendall(SETTINGS)
        established.recv(100)


def waiting_for_a_greeting(connection: socket, known: ssl.SSLContext) -> None:
    """Accept, and answer only once the client has said something, as Envoy does."""
    with known.wrap_socket(connection, server_side=True) as established:
        if established.recv(100).startswith(b"PRI * HTTP/2.0"):
            established.sendall(SETTINGS)


def lingering(connection: socket, known: ssl.SSLContext) -> None:
    """Speak HTTP/2; if the client is refused, wait for it to go, so that it reads the alert."""
    with connection.dup() as rest:
        try:
            speaking_http2(connection, known)
        except ssl.SSLError:
            rest.shutdown(SHUT_WR)
            while rest.recv(1000):
                pass
            raise


def saying_nothing(connection: socket, known: ssl.SSLContext) -> None:
    """Accept, and wait for the client to go."""
    with known.wrap_socket(connection, server_side=True) as established:
        while established.recv(100):
            pass


def closing_properly(connection: socket, known: ssl.SSLContext) -> None:
    """Accept, and say that this was all."""
    with known.wrap_socket(connection, server_side=True) as established, suppress(OSError):
        established.unwrap()


def closing_at_once(connection: socket, known: ssl.SSLContext) -> None:
    """Accept, and go without a word."""
    with known.wrap_socket(connection, server_side=True):
        pass


def refusing_without_an_alert(connection: socket, known: ssl.SSLContext) -> None:
    """Do the handshake in memory, so that an alert can be held back."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    engine = known.wrap_bio(incoming, outgoing, server_side=True)
    while True:
        try:
            engine.do_handshake()
        except ssl.SSLWantReadError:
            connection.sendall(outgoing.read())
            incoming.write(connection.recv(20_000))
        except ssl.SSLError:
            return


def alerting(number: int) -> Serve:
    """Return what accepts in TLS 1.2, and answers the greeting with a fatal alert (RFC 8446, 6)."""

    def serve(connection: socket, _: ssl.SSLContext) -> None:
        connection.recv(20_000)
        connection.sendall(bytes([21, 3, 3, 0, 2, 2, number]))

    return serve


def answering_in_the_clear(connection: socket, _: ssl.SSLContext) -> None:
    """Speak HTTP without TLS."""
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def hanging(connection: socket, _: ssl.SSLContext) -> None:
    """Take what comes, and answer nothing."""
    with suppress(OSError):
        while connection.recv(1000):
            pass


def resetting(connection: socket, _: ssl.SSLContext) -> None:
    """Break the connection off, as a firewall does."""
    connection.recv(1)
    connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))


def hanging_up(connection: socket, _: ssl.SSLContext) -> None:
    """Close before the handshake."""
    connection.recv(1000)
    connection.shutdown(SHUT_WR)


__all__ = ["SERVER", "SERVER_CA", "Server", "context", "serving"]
