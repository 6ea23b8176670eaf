"""TLS handshakes: a rehearsal on this machine, and one with a real endpoint."""

import os
import re
import secrets
import select
import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import chain
from socket import socket
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from certstrap.errors import CertstrapError
from certstrap.pki import build, rules
from certstrap.pki.decode import LoadedCertificate, load_certificate
from certstrap.pki.findings import Finding
from certstrap.pki.issuers import is_signed_by
from certstrap.pki.keys import P256, PrivateKey
from certstrap.pki.names import Subject, name_text
from certstrap.pki.profiles import CAProfile
from certstrap.pki.server import above_server, served_names, serves
from certstrap.pki.validity import Validity
from certstrap.temporal.inputs import CertificateFile, without_root
from certstrap.temporal.namespace import Address
from certstrap.text import quoted

Outcome = Literal["accepted", "refused", "untrusted", "unreachable", "failed", "skipped"]


class Handshake(NamedTuple):
    """The result of a connection.

    Attributes:
        outcome: ``accepted``; ``refused``, the server does not take our certificate; ``untrusted``,
            we do not take the server's; ``unreachable``; ``failed``, for another reason; or
            ``skipped``, it was not tried.
        words: what the peer, or OpenSSL, says of it.
        alert: the name of the TLS alert that the server sent, as in RFC 8446, 6.
        demanded: whether the server refuses clients without a certificate; None if not known.
        reason: what is wrong with the server's certificate, which is called "it".
        doubt: why some clients cannot connect although this one can.
    """

    outcome: Outcome
    words: str = ""
    alert: str = ""
    demanded: bool | None = None
    reason: str = ""
    fix: str = ""
    doubt: str = ""


_OTHER_CA = (
    "Upload the CA that issued it to the Namespace, and look at its certificate filters. A server "
    "of your own must trust that CA."
)
_ABOUT_CERTIFICATES = {
    "access_denied": "Look at the certificate filters of the Namespace.",
    "bad_certificate": "The server may know the CA, but cannot use the certificate: look at the "
    "other results, mainly its usages, names and dates, and at the clock of the server.",
    "certificate_expired": "Renew the certificate. If it is valid, a CA above it has expired, or "
    "the clock of the server is wrong.",
    "certificate_required": "The server got no certificate that it asks for: look at the kind of "
    "its key, and at the CAs that the server accepts.",
    "certificate_revoked": "The server knows the certificate as revoked: issue the client another "
    "one, with a new key.",
    "certificate_unknown": "The server does not say why: look in its log.",
    "decrypt_error": "Upload the CA that issued it to the Namespace: the server may know another "
    "one of the same name.",
    "unknown_ca": _OTHER_CA,
    "unsupported_certificate": "Issue the client a certificate that is for clients, with an RSA, "
    "P-256 or P-384 key.",
}
"""The alerts by which a server says that it does not take a certificate, and what to do."""

_NO_TLS = "The server there does not use TLS: look at the port, or configure TLS on the server."
_FAILURES = {"wrong version number": _NO_TLS, "record layer failure": _NO_TLS}
_OTHER_ADDRESS = "Check that it is the address of a Temporal endpoint."


def load_identity(
    context: ssl.SSLContext, certificates: Sequence[x509.Certificate], key: PrivateKey
) -> None:
    """Load ``certificates``, the own one first, and their ``key`` into ``context``.

    The key is written encrypted, under 256 random bits that stay in the memory of this process, to
    a file of mode 0600 in a new folder of mode 0700, which is removed at once. If the process is
    killed in between, what stays behind opens for nobody.

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


def alert_of(error: OSError) -> str:
    """Return the name of the alert that an error is about, or nothing if it is about none."""
    reason = error.reason if isinstance(error, ssl.SSLError) else ""
    return (reason or "").partition("_ALERT_")[2].lower()


def words_of(error: OSError) -> str:
    """Return what OpenSSL, or the operating system, says of an error."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).replace("_", " ").lower()
    return error.strerror or str(error)


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
    except OSError as error:
        refused = isinstance(error, ssl.SSLError)
        return Handshake("failed" if refused else "skipped", words_of(error))
    with ends[0], ends[1]:
        return _connect(client, server, *ends, seconds)


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
            return Handshake("failed", words_of(error))
        return Handshake("accepted", demanded=True)


def _advances(end: ssl.SSLSocket) -> bool:
    """Go on with the handshake, and return whether it is done."""
    try:
        end.do_handshake()
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return False
    return True


def _alert(ours: ssl.SSLSocket, seconds: float) -> str:
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
        server_name: the name that the server's certificate must have; empty for the host.
        server_ca: the CAs that the server's certificate may be of; None for the system's.
        timeout: for each connection, in seconds.
    """

    address: Address
    server_name: str = ""
    server_ca: CertificateFile | None = None
    timeout: float = 10.0

    @property
    def name(self) -> str:
        """The name that the server's certificate must have: in ASCII, and without a last dot."""
        name = self.server_name or self.address.host
        return (name if name.isascii() else name.encode("idna").decode()).removesuffix(".")


def connect(
    endpoint: Endpoint,
    presented: Sequence[x509.Certificate],
    key: PrivateKey,
    now: datetime,
    open_connection: Connect,
) -> Handshake:
    """Return what comes of a connection with a client's certificate.

    If it is accepted, a second one without any certificate finds out whether that proves anything.
    If the server is not trusted, a second one reads its certificate to say why.

    Args:
        presented: what the client presents, its own certificate first.
    """
    try:
        context, without = _context(endpoint), _context(endpoint)
        load_identity(context, presented, key)
    except OSError as error:
        words, refused = words_of(error), isinstance(error, ssl.SSLError)
        return Handshake("skipped", f"the files cannot be loaded ({words})" if refused else words)
    found, doubt = _try(endpoint, context, open_connection), ""
    if found.outcome == "untrusted" and endpoint.server_ca:
        # Go and rustls trust the CAs in the file themselves, whether they are roots or not.
        for each in (context, without):
            each.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        again = _try(endpoint, context, open_connection)
        if again.outcome != "untrusted":
            found, doubt = again, without_root(endpoint.server_ca)
    if found.outcome == "untrusted":
        return _explained(found, endpoint, now, open_connection)
    if found.outcome != "accepted":
        return found
    second = _try(endpoint, without, open_connection)
    known = second.outcome == "accepted" or second.alert
    return found._replace(demanded=second.outcome != "accepted" if known else None, doubt=doubt)


def _context(endpoint: Endpoint) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["h2"])
    context.hostname_checks_common_name = False
    if endpoint.server_ca is None:
        context.load_default_certs()
    else:
        trusted = (each.certificate for each in endpoint.server_ca.certificates)
        context.load_verify_locations(cadata=concatenated(trusted))
    return context


def _try(endpoint: Endpoint, context: ssl.SSLContext, open_connection: Connect) -> Handshake:
    address, seconds = endpoint.address, endpoint.timeout
    try:
        connection = open_connection(address.host, address.port, seconds)
    except (OSError, UnicodeError) as error:  # a host that DNS cannot have is a `UnicodeError`
        return _unreachable(error, seconds)
    with connection:
        try:
            with context.wrap_socket(
                connection, server_hostname=endpoint.name, suppress_ragged_eofs=False
            ) as established:
                certificate = _certificate_of(established)
                if certificate and any(_refusals(certificate, endpoint)):
                    return Handshake("untrusted")
                return _answer(established, seconds)
        except ssl.SSLCertVerificationError as error:
            return Handshake("untrusted", words_of(error))
        except TimeoutError as error:
            return _unreachable(error, seconds)
        except OSError as error:
            alert = alert_of(error)
            refused = alert in _ABOUT_CERTIFICATES
            return _failed("refused" if refused else "failed", words_of(error), alert)


def _unreachable(error: OSError | UnicodeError, seconds: float) -> Handshake:
    words = words_of(error) if isinstance(error, OSError) else str(error)
    if isinstance(error, TimeoutError):
        words = f"no answer within {seconds:g} seconds"
    fix = "Check the address, the port, the network and its firewalls."
    return Handshake("unreachable", words, fix=fix)


def _failed(outcome: Outcome, words: str, alert: str = "") -> Handshake:
    other = _OTHER_CA if outcome == "refused" else _FAILURES.get(words, _OTHER_ADDRESS)
    return Handshake(outcome, words, alert, fix=_ABOUT_CERTIFICATES.get(alert, other))


def _refusals(certificate: x509.Certificate, endpoint: Endpoint) -> Iterator[Finding]:
    """Yield why clients do not take a server's certificate, whoever issued it."""
    yield from serves(certificate, endpoint.name, "it")
    for ca in endpoint.server_ca.certificates if endpoint.server_ca else ():
        if is_signed_by(certificate, ca.certificate):
            yield from above_server([LoadedCertificate(certificate, "it"), ca])


def _certificate_of(connection: ssl.SSLSocket) -> x509.Certificate | None:
    with suppress(CertstrapError):
        return load_certificate(connection.getpeercert(binary_form=True) or b"", "it")
    return None


def _explained(
    found: Handshake, endpoint: Endpoint, now: datetime, open_connection: Connect
) -> Handshake:
    """Return why the server's certificate is not trusted, as far as it can be read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    certificate, address = None, endpoint.address
    with (
        suppress(OSError, UnicodeError),
        open_connection(address.host, address.port, endpoint.timeout) as connection,
        context.wrap_socket(connection, server_hostname=endpoint.name) as established,
    ):
        certificate = _certificate_of(established)
    if not certificate:
        return found._replace(fix="Check that the server has a certificate that clients can read.")
    dates = rules.valid(certificate, now, "it", "Renew the server's certificate.")
    finding = next(chain(dates, _refusals(certificate, endpoint)), None)
    reason, fix = "", "Issue the server another certificate: clients refuse this one, too."
    if finding:
        reason, fix = finding.sentence.removesuffix("."), str(finding.hint)
    elif _ISSUER_UNKNOWN.search(found.words):
        reason, fix = _of_its_issuer(certificate, endpoint)
    names = served_names(certificate)
    if finding and finding.rule == "server-name" and names and endpoint.name not in names:
        fix = f"If this is the right server, add --server-name {names[0]}. Else: {fix}"
    return found._replace(reason=reason, fix=fix)


_ISSUER_UNKNOWN = re.compile("issuer|self.signed|first certificate")
"""What OpenSSL says of a chain that does not end with a trusted root."""


def _of_its_issuer(certificate: x509.Certificate, endpoint: Endpoint) -> tuple[str, str]:
    """Return why a server's certificate is not trusted that nothing else is wrong with."""
    issued = f"it is issued by {quoted(name_text(certificate.issuer))}"
    fix = "Name the root of the server with --server-ca, and let the server send its intermediates."
    if endpoint.server_ca:
        reason = f"{issued}, and {endpoint.server_ca.path} does not lead to it"
        return reason, f"{fix} Temporal Cloud needs no --server-ca: leave it out."
    reason = f"{issued}, which this system does not trust"
    return reason, f"{fix} For Temporal Cloud, look for a proxy in between."


def _answer(connection: ssl.SSLSocket, seconds: float) -> Handshake:
    if connection.version() != "TLSv1.3":  # earlier versions verify before
        return Handshake("accepted")
    for greeting, wait in ((b"", min(_PATIENCE, seconds / 2)), (_GREETING, seconds)):
        connection.settimeout(wait)
        try:
            connection.sendall(greeting)
            connection.recv(1)
        except (TimeoutError, ssl.SSLEOFError, ConnectionError) as error:
            if connection.session is not None and connection.session.has_ticket:
                return Handshake("accepted")
            if not isinstance(error, TimeoutError):
                return _failed("refused", "the connection was closed without an alert")
        except ssl.SSLError as error:  # nothing but our certificate was still to be judged
            return _failed("refused", words_of(error), alert_of(error))
        else:  # an answer, or a proper end
            return Handshake("accepted")
    return _failed("failed", f"no answer to the certificate within {seconds:g} seconds")
