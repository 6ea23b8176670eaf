"""The page "My client cannot connect": each text is what a client says, and leads to its cause."""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from certstrap.pki.keys import KeySpec
from certstrap.temporal.check import RULES, CheckOptions
from certstrap.temporal.clients import CLIENTS
from tests import programs
from tests.builders.certificates import a_name
from tests.builders.keys import LEAF_KEY, OTHER_KEY, a_key, key_data
from tests.docs import ROOT as REPOSITORY
from tests.interop import clients, peers
from tests.temporal import servers
from tests.temporal.pki import (
    BELOW,
    DAY,
    INTERMEDIATE,
    KEY,
    LEAF,
    PRESENT,
    ROOT,
    Made,
    concatenated,
    judged,
    statuses,
)
from tests.temporal.servers import SERVER, SERVER_CA, serving

peers.package("grpc", "temporalio")

PAGE = REPOSITORY / "docs/cannot-connect.md"


def sections() -> dict[str, dict[str, str]]:
    """Return the error texts of the page by heading, each with what finds its cause."""
    row = re.compile(r"^\| `(.+?)` \| .+ \| (.+) \|$", re.MULTILINE)
    _, *parts = PAGE.read_text(encoding="utf-8").split("\n## ")
    return {part.partition("\n")[0]: dict(row.findall(part)) for part in parts}


def only_for(usage: x509.ObjectIdentifier, made: Made) -> Made:
    return made.having("extended usage", x509.ExtendedKeyUsage([usage]), critical=False)


class Cause(NamedTuple):
    """What keeps a client from connecting, and what the page says of where to look."""

    found: str
    certificate: bytes = LEAF.pem
    key: bytes = KEY
    server: str = "demanding"
    server_ca: bytes = SERVER_CA.pem
    server_name: str = ""
    tls: bool = True


P521, P224 = (a_key(KeySpec(curve=curve)) for curve in ("P-521", "P-224"))
STRANGER = LEAF.but(by=ROOT.but(subject=a_name("Stranger"), key=OTHER_KEY)).without("authority key")
DAMAGED = LEAF.pem[:100] + LEAF.pem[180:]
CAUSES = {
    "encrypted key": Cause("key-encrypted", key=key_data(LEAF_KEY, passphrase=b"x")),
    "no key": Cause("key-pem", key=b"x"),
    "no certificate": Cause("leaf-pem", b"x"),
    "damaged certificate": Cause("leaf-pem", DAMAGED),
    "other key": Cause("key-pair", key=key_data(OTHER_KEY)),
    "not leaf first": Cause("chain-first", concatenated(INTERMEDIATE, BELOW)),
    "P-521": Cause("client-kind", LEAF.but(key=P521).pem, key_data(P521)),
    "P-224": Cause("client-kind", LEAF.but(key=P224).pem, key_data(P224)),
    "other CA": Cause("chain-complete", STRANGER.pem),
    "no intermediate": Cause("chain-complete", BELOW.pem),
    "expired": Cause("leaf-expired", LEAF.but(end=PRESENT - DAY / 2).pem),
    "too early": Cause("leaf-started", LEAF.but(start=PRESENT + DAY / 2).pem),
    "for servers": Cause("leaf-client-usage", only_for(ExtendedKeyUsageOID.SERVER_AUTH, LEAF).pem),
    "no pair": Cause("TLS options", b"", b""),
    "other server CA": Cause("connection", server_ca=ROOT.pem),
    "other server name": Cause("--server-name", server_name="x.example"),
    "common name": Cause("--server-name", server="common name"),
    "server for clients": Cause("connection", server="for clients"),
    "expired server": Cause("connection", server="expired"),
    "server without TLS": Cause("connection", server="without TLS"),
    "reset": Cause("connection", server="resetting"),
    "closed": Cause("connection", server="closing"),
    "no answer": Cause("connection", server="hanging"),
    "without TLS": Cause("TLS options", tls=False),
    "https": Cause("address", server="https"),
    "https without TLS": Cause("address", server="https", tls=False),
    "no server": Cause("connection", server="nobody"),
    "no host": Cause("connection", server="nowhere"),
}
CORE = "Python, TypeScript workers, .NET, Ruby"
GO = "Go, the `temporal` command, `tcld`"
TEXTS: dict[tuple[str, clients.Client], dict[str, str]] = {
    (CORE, clients.python): {
        "encrypted key": "PrivateKeyParseError",
        "no key": "PrivateKeyParseError",
        "no certificate": "NoCertificatesPresented",
        "damaged certificate": "CertificateParseError",
        "other key": "KeyMismatch",
        "not leaf first": "KeyMismatch",
        "P-521": "failed to parse private key as RSA, ECDSA, or EdDSA",
        "other CA": "received fatal alert: UnknownCA",
        "no intermediate": "received fatal alert: UnknownCA",
        "expired": "received fatal alert: CertificateExpired",
        "too early": "received fatal alert: BadCertificate",
        "for servers": "received fatal alert: UnsupportedCertificate",
        "no pair": "received fatal alert: CertificateRequired",
        "other server CA": "InvalidCertificate(UnknownIssuer)",
        "other server name": "NotValidForName",
        "common name": "NotValidForName",
        "server for clients": "InvalidPurpose",
        "expired server": "InvalidCertificate(Expired",
        "server without TLS": "InvalidContentType",
        "reset": "Connection reset by peer",
        "closed": "tls handshake eof",
        "https without TLS": "HttpsUriWithoutTlsSupport",
        "no server": "tcp connect error",
        "no host": "dns error",
    },
    ("TypeScript clients", clients.typescript): {
        "encrypted key": "bad decrypt",
        "no key": "DECODER routines::unsupported",
        "no certificate": "PEM routines::no start line",
        "damaged certificate": "PEM routines::bad base64 decode",
        "other key": "key values mismatch",
        "not leaf first": "key values mismatch",
        "other CA": "Failed to connect before the deadline",
        "other server CA": "Failed to connect before the deadline",
        "no server": "Failed to connect before the deadline",
        "https": "Invalid address for Temporal gRPC endpoint",
    },
    (GO, clients.go): {
        "encrypted key": "tls: failed to parse private key",
        "no key": "tls: failed to find any PEM data in key input",
        "no certificate": "tls: failed to find any PEM data in certificate input",
        "damaged certificate": "tls: failed to find any PEM data in certificate input",
        "other key": "tls: private key does not match public key",
        "not leaf first": "tls: private key does not match public key",
        "P-224": "remote error: tls: certificate required",
        "other CA": "remote error: tls: unknown certificate authority",
        "no intermediate": "remote error: tls: unknown certificate authority",
        "expired": "remote error: tls: expired certificate",
        "too early": "remote error: tls: bad certificate",
        "for servers": "remote error: tls: unsupported certificate",
        "no pair": "remote error: tls: certificate required",
        "other server CA": "x509: certificate signed by unknown authority",
        "other server name": "x509: certificate is valid for",
        "common name": "x509: certificate relies on legacy Common Name field",
        "server for clients": "x509: certificate specifies an incompatible key usage",
        "expired server": "x509: certificate has expired or is not yet valid",
        "server without TLS": "tls: first record does not look like a TLS handshake",
        "reset": "connection reset by peer",
        "closed": "authentication handshake failed: EOF",
        "without TLS": "error reading server preface: EOF",
        "no answer": "context deadline exceeded",
        "https": "too many colons in address",
        "no server": "connection refused",
        "no host": "no children to pick from",
    },
    (GO, clients.command): {
        "P-224": "server requires client certificate (mTLS)",
        "no pair": "server requires client certificate (mTLS)",
        "too early": "server rejected the client certificate",
        "other server CA": "cannot verify server TLS certificate",
        "other server name": "server TLS certificate does not match host",
        "common name": "server TLS certificate does not match host",
        "server for clients": "server TLS certificate is not usable",
        "expired server": "server TLS certificate is not usable",
        "server without TLS": "the server did not respond with TLS",
        "without TLS": "the server requires TLS but the CLI is connecting without it",
    },
    ("Java", clients.java): {
        "encrypted key": "Input stream does not contain valid private key",
        "no key": "could not find a PKCS #8 private key in input stream",
        "no certificate": "Input stream not contain valid certificates",
        "other key": "KEY_VALUES_MISMATCH",
        "not leaf first": "Certificate chain is not valid",
        "P-224": "NO_COMMON_SIGNATURE_ALGORITHMS",
        "other CA": "TLSV1_ALERT_UNKNOWN_CA",
        "no intermediate": "TLSV1_ALERT_UNKNOWN_CA",
        "expired": "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "too early": "SSLV3_ALERT_BAD_CERTIFICATE",
        "for servers": "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "no pair": "TLSV1_ALERT_CERTIFICATE_REQUIRED",
        "other server CA": "PKIX path building failed",
        "other server name": "No subject alternative DNS name matching",
        "server for clients": "Extended key usage does not permit use for TLS server",
        "expired server": "PKIX path validation failed",
        "server without TLS": "not an SSL/TLS record",
        "closed": "Connection closed while performing TLS negotiation",
        "without TLS": "Network closed for unknown reason",
        "https": "Could not find a NameResolverProvider",
        "no server": "UNAVAILABLE: io exception",
        "no host": "Unable to resolve host",
    },
    ("PHP", clients.grpc): {
        "encrypted key": "Invalid private key",
        "no key": "Invalid private key",
        "no certificate": "Invalid cert chain file",
        "damaged certificate": "Invalid cert chain file",
        "other key": "Invalid private key",
        "not leaf first": "Invalid cert chain file",
        "P-224": "Invalid cert chain file",
        "other CA": "TLSV1_ALERT_UNKNOWN_CA",
        "no intermediate": "TLSV1_ALERT_UNKNOWN_CA",
        "expired": "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "too early": "SSLV3_ALERT_BAD_CERTIFICATE",
        "for servers": "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "no pair": "TLSV1_ALERT_CERTIFICATE_REQUIRED",
        "other server CA": "CERTIFICATE_VERIFY_FAILED",
        "other server name": "Hostname Verification Check failed",
        "server for clients": "CERTIFICATE_VERIFY_FAILED",
        "expired server": "CERTIFICATE_VERIFY_FAILED",
        "server without TLS": "WRONG_VERSION_NUMBER",
        "closed": "Socket closed",
        "without TLS": "Socket closed",
        "https": "Misformatted domain name",
        "no server": "Connection refused",
        "no host": "Domain name not found",
    },
}
NOT_BROUGHT_ABOUT = {
    CORE: {
        # What the core says instead of an alert that it has not read yet.
        "operation was canceled",
        "peer closed connection without sending TLS close_notify",
        "stream closed because of a broken pipe",
        "NativeCertsNotFound",  # a test of its own, below
    },
    GO: {
        "connection closed before server preface received",  # older versions, now "EOF"
        "failed reaching server: last connection error",  # older versions, in front of another text
    },
    "Java": {
        # What Java's own TLS says, without the library of OpenSSL in Netty.
        "Received fatal alert: unknown_ca",
        "Received fatal alert: certificate_expired",
        "Received fatal alert: bad_certificate",
    },
    "PHP": {"NO_COMMON_SIGNATURE_ALGORITHMS"},  # older versions of gRPC, with a P-521 key
}

TURNS = 5
"""A client that writes before it has read an alert can miss it; then it is asked again."""


@pytest.fixture(scope="module")
def addresses() -> Iterator[Mapping[str, str]]:
    """The servers, each of which is a cause of its own."""
    common_name = SERVER.but(subject=a_name("localhost")).without("names")
    for_clients = only_for(ExtendedKeyUsageOID.CLIENT_AUTH, SERVER)
    kinds = {
        "demanding": (servers.lingering, SERVER),
        "common name": (servers.lingering, common_name),
        "for clients": (servers.lingering, for_clients),
        "expired": (servers.lingering, SERVER.but(end=PRESENT - DAY / 2)),
        "without TLS": (servers.answering_in_the_clear, SERVER),
        "resetting": (servers.resetting, SERVER),
        "closing": (servers.hanging_up, SERVER),
        "hanging": (servers.hanging, SERVER),
    }
    with ExitStack() as running:
        found = {"nobody": "localhost:1", "nowhere": "no-such-host.invalid:7233"}
        for name, (serve, identity) in kinds.items():
            server = running.enter_context(serving(serve, servers.context(server=[identity])))
            found[name] = f"localhost:{server.port}"
        yield {**found, "https": f"https://{found['demanding']}"}


def attempt(cause: Cause, address: str, folder: Path) -> clients.Attempt:
    """Write the files of a cause."""
    folder.mkdir()

    def file(name: str, data: bytes) -> str:
        if not data or not cause.tls:
            return ""
        (folder / name).write_bytes(data)
        return str(folder / name)

    return clients.Attempt(
        address,
        cause.server_name,
        file("ca.pem", cause.server_ca),
        file("client.crt", cause.certificate),
        file("client.key", cause.key),
    )


@pytest.mark.filterwarnings("ignore:Target host as URL:UserWarning")
@pytest.mark.parametrize(("section", "client"), TEXTS, ids=lambda one: getattr(one, "__name__", ""))
def test_a_client_says_what_the_page_says_and_the_page_names_what_finds_it(
    section: str, client: clients.Client, addresses: Mapping[str, str], tmp_path: Path
) -> None:
    rows, texts = sections()[section], TEXTS[section, client]
    missing: dict[str, object] = dict.fromkeys(texts)
    for turn in range(TURNS):
        folder = tmp_path / str(turn)
        folder.mkdir()
        tried = [
            attempt(CAUSES[name], addresses[CAUSES[name].server], folder / str(number))
            for number, name in enumerate(missing)
        ]
        said = zip(missing, client(tried, folder), strict=True) if tried else ()
        missing = {name: words for name, words in said if texts[name] not in words}
    assert not missing
    assert not [text for text in texts.values() if text not in rows]
    assert not [
        (name, rows[text]) for name, text in texts.items() if CAUSES[name].found not in rows[text]
    ]


@pytest.mark.parametrize("name", [name for name, cause in CAUSES.items() if cause.found in RULES])
def test_the_check_finds_the_cause(name: str) -> None:
    cause = CAUSES[name]
    wanted = CheckOptions(CLIENTS["go" if name == "P-224" else "python"])
    assert cause.found in statuses(judged(cause.certificate, key=cause.key, wanted=wanted))


def test_a_client_without_the_cas_of_the_system_says_so() -> None:
    run = """\
import asyncio
from temporalio.client import Client

asyncio.run(Client.connect("localhost:1", tls=True))
"""
    environ = {"SSL_CERT_FILE": "/nonexistent", "SSL_CERT_DIR": "/nonexistent"}
    python = programs.run("python3", "-c", run, environ=environ, exit_code=None)
    assert "NativeCertsNotFound" in python.stderr


def test_each_text_of_the_page_has_been_brought_about() -> None:
    for section, rows in sections().items():
        tried = {text for (of, _), texts in TEXTS.items() if of == section
                 for text in texts.values()}  # fmt: skip
        assert {*rows} == tried | NOT_BROUGHT_ABOUT.get(section, set()), section


def test_the_page_names_only_rules_that_there_are() -> None:
    known = {*RULES, "check", "connection", "--client java", "--client php", "--server-name"}
    for rows in sections().values():
        for found in rows.values():
            assert {*re.findall(r"`([^`]+)`", found)} <= known
