"""Real endpoints: not reachable, not trusted, our certificate refused, or accepted."""

import ssl
from collections.abc import Callable
from socket import socket

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from certstrap.cli.context import open_connection
from certstrap.errors import InvalidNameError
from certstrap.pki.keys import KeySpec
from certstrap.temporal import handshake
from certstrap.temporal.handshake import Endpoint, Handshake
from certstrap.temporal.inputs import read_certificates
from certstrap.temporal.namespace import Address
from certstrap.text import utc
from tests.builders.certificates import a_name
from tests.builders.keys import OTHER_KEY, a_key
from tests.temporal import servers
from tests.temporal.pki import (
    DAY,
    INTERMEDIATE,
    LEAF,
    PRESENT,
    ROOT,
    Made,
    as_version_1,
    extensions_of_ca,
)
from tests.temporal.servers import SERVER, SERVER_CA, context, serving
from tests.temporal.test_rehearsal import no_bytes

STRANGER = LEAF.but(by=ROOT.but(subject=a_name("Stranger"), key=OTHER_KEY)).without("authority key")


def tried(
    port: int,
    client: Made = LEAF,
    *,
    host: str = "localhost",
    name: str = "",
    ca: Made | None = SERVER_CA,
    timeout: float = 10,
    connect: Callable[[str, int, float], socket] = open_connection,
) -> Handshake:
    server_ca = read_certificates(ca.pem, "ca.pem") if ca else None
    where = Endpoint(Address(host, port), name, server_ca, timeout)
    return handshake.connect(where, [client.certificate], client.key, PRESENT, connect)


ACCEPTING = [
    servers.speaking_http2,
    servers.waiting_for_a_greeting,
    servers.saying_nothing,
    servers.closing_properly,
    servers.closing_at_once,
]
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("serve", ACCEPTING)
def test_a_server_that_accepts_the_certificate_is_told_from_one_that_refuses_it(
    serve: servers.Serve, version: ssl.TLSVersion
) -> None:
    with serving(serve, context(version=version)) as server:
        accepted, refused = tried(server.port), tried(server.port, STRANGER)
    assert accepted.outcome == "accepted", accepted
    assert (refused.outcome, refused.alert) == ("refused", "unknown_ca")
    assert "unknown ca" in refused.words


@pytest.mark.parametrize(
    ("serve", "outcome"),
    [
        (servers.speaking_http2, "accepted"),
        (servers.waiting_for_a_greeting, "accepted"),
        (servers.closing_properly, "accepted"),
        (servers.saying_nothing, "failed"),
    ],
)
def test_without_session_tickets_an_answer_is_what_counts(
    serve: servers.Serve, outcome: str
) -> None:
    with serving(serve, context(tickets=0)) as server:
        found = tried(server.port, timeout=0.4 if outcome == "failed" else 10)
    assert found.outcome == outcome
    if outcome == "failed":
        assert found.words == "no answer to the certificate within 0.4 seconds"


def test_a_certificate_that_has_expired_is_refused_with_the_alert_that_says_so() -> None:
    expired = LEAF.but(end=PRESENT - DAY / 2)
    with serving(servers.speaking_http2) as server:
        found = tried(server.port, expired)
    assert found[:3] == ("refused", "sslv3 alert certificate expired", "certificate_expired")


def test_a_refusal_without_an_alert_is_one_all_the_same() -> None:
    with serving(servers.refusing_without_an_alert) as server:
        found = tried(server.port, STRANGER)
    assert found[:3] == ("refused", "the connection was closed without an alert", "")
    assert found.fix.startswith("Upload the CA that issued it to the Namespace")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_server_that_demands_no_certificate_proves_nothing(version: ssl.TLSVersion) -> None:
    known = context(demands=ssl.CERT_OPTIONAL, version=version)
    with serving(servers.speaking_http2, known) as server:
        assert tried(server.port) == Handshake("accepted", demanded=False)
        assert tried(server.port, STRANGER).outcome == "refused"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_server_that_demands_one_is_known_as_such(version: ssl.TLSVersion) -> None:
    with serving(servers.speaking_http2, context(version=version)) as server:
        assert tried(server.port) == Handshake("accepted", demanded=True)
    assert any("peer did not return a certificate" in each for each in server.errors)


def test_whether_one_is_demanded_is_not_known_if_the_second_connection_fails() -> None:
    connections: list[int] = []

    def once(host: str, port: int, seconds: float) -> socket:
        if connections:
            raise ConnectionRefusedError(111, "Connection refused")
        connections.append(port)
        return open_connection(host, port, seconds)

    with serving(servers.speaking_http2) as server:
        assert tried(server.port, connect=once) == Handshake("accepted", demanded=None)


def test_a_server_of_another_ca_is_not_trusted() -> None:
    with serving(servers.speaking_http2) as server:
        found = tried(server.port, ca=ROOT)
        of_system = tried(server.port, ca=None)
    for each in (found, of_system):
        assert each[:3] == ("untrusted", "unable to get local issuer certificate", "")
    issued = 'it is issued by "CN=Server CA", '
    assert found.reason == issued + "and ca.pem does not lead to it"
    assert of_system.reason == issued + "which this system does not trust"
    for each in (found, of_system):
        assert each.fix.startswith("Name the root of the server with --server-ca, and let the")


def test_a_server_of_another_name_is_not_trusted() -> None:
    with serving(servers.speaking_http2) as server:
        found = tried(server.port, name="your-namespace.acct.tmprl.cloud")
        assert tried(server.port, host="127.0.0.1").outcome == "accepted"
        assert tried(server.port, host="127.0.0.1", name="localhost").outcome == "accepted"
    assert found.outcome == "untrusted"
    assert "Hostname mismatch" in found.words
    assert "your-namespace.acct.tmprl.cloud" in found.words


def test_a_port_where_nobody_listens_is_not_reachable() -> None:
    with serving(servers.hanging) as server:
        pass
    found = tried(server.port)
    assert found[:2] == ("unreachable", "Connection refused")
    assert found.fix.startswith("Check the address, the port")


def test_a_host_that_does_not_exist_is_not_reachable() -> None:
    found = tried(7233, host="no-such-host.invalid", timeout=5)
    assert found.outcome == "unreachable"
    assert found.words
    assert tried(7233, host="a" * 70 + ".example").outcome == "unreachable"


def test_a_server_that_never_answers_is_not_reachable() -> None:
    with serving(servers.hanging) as server:
        found = tried(server.port, timeout=0.4)
    assert found[:2] == ("unreachable", "no answer within 0.4 seconds")


def test_a_connection_that_takes_too_long_is_not_reachable() -> None:
    def slow(host: str, port: int, seconds: float) -> socket:
        raise TimeoutError

    found = tried(7233, connect=slow)
    assert found[:2] == ("unreachable", "no answer within 10 seconds")


def test_a_server_without_tls_fails() -> None:
    with serving(servers.answering_in_the_clear) as server:
        found = tried(server.port)
    assert (found.outcome, found.alert) == ("failed", "")
    assert found.words in {"wrong version number", "record layer failure"}
    assert found.fix.startswith("The server there does not use TLS")


@pytest.mark.parametrize("serve", [servers.hanging_up, servers.resetting])
def test_a_server_that_hangs_up_fails(serve: servers.Serve) -> None:
    with serving(serve) as server:
        found = tried(server.port)
    assert found.outcome == "failed"
    assert found.words


def test_if_no_file_can_be_written_it_is_skipped() -> None:
    with no_bytes():
        found = tried(1)
    assert found == Handshake("skipped", "File too large")


def test_a_server_with_no_version_in_common_fails_with_its_alert() -> None:
    old = context(version=ssl.TLSVersion.TLSv1_2)
    old.set_ciphers("DHE-RSA-AES256-GCM-SHA384")  # it has no RSA key
    with serving(servers.speaking_http2, old) as server:
        found = tried(server.port)
    assert (found.outcome, found.alert) == ("failed", "handshake_failure")


def never(host: str, port: int, seconds: float) -> socket:
    raise AssertionError


def test_files_that_openssl_does_not_load_are_not_tried() -> None:
    where = Endpoint(Address("localhost", 1))
    found = handshake.connect(where, [LEAF.certificate], OTHER_KEY, PRESENT, never)
    assert found == Handshake("skipped", "the files cannot be loaded (key values mismatch)")


ALERTS = {
    "access_denied": (49, "Look at the certificate filters"),
    "bad_certificate": (42, "The server may know the CA, but cannot use the certificate"),
    "certificate_expired": (45, "Renew the certificate."),
    "certificate_required": (116, "The server got no certificate that it asks for"),
    "certificate_revoked": (44, "The server knows the certificate as revoked"),
    "certificate_unknown": (46, "The server does not say why"),
    "decrypt_error": (51, "Upload the CA that issued it to the Namespace: the server may know"),
    "unknown_ca": (48, "Upload the CA that issued it to the Namespace, and look at its"),
    "unsupported_certificate": (43, "Issue the client a certificate that is for clients"),
}


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_about_certificates_has_a_fix_of_its_own(alert: str) -> None:
    number, fix = ALERTS[alert]
    with serving(servers.alerting(number)) as server:
        found = tried(server.port)
    assert (found.outcome, found.alert) == ("refused", alert)
    assert found.fix.startswith(fix)
    assert len({fix for _, fix in ALERTS.values()}) == len(ALERTS)


def test_an_alert_about_something_else_is_no_refusal() -> None:
    with serving(servers.alerting(70)) as server:
        found = tried(server.port)
    assert (found.outcome, found.alert) == ("failed", "protocol_version")
    assert found.fix == "Check that it is the address of a Temporal endpoint."


def names(*names: str) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.DNSName(name) for name in names])


CLIENTS_ONLY = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
ANY_PURPOSE = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])
P521 = a_key(KeySpec(curve="P-521"))
NEW_CERTIFICATE = "Issue the server a certificate with --domain localhost."
DISTRUSTED = {
    "the common name alone": (
        SERVER.but(subject=a_name("localhost")).without("names"),
        "it has no alternative names, and clients ignore its common name",
        NEW_CERTIFICATE,
    ),
    "another name": (
        SERVER.having("names", names("other.test", "two.test")),
        'it is for "other.test", "two.test", not for "localhost"',
        "If this is the right server, add --server-name other.test. Else: " + NEW_CERTIFICATE,
    ),
    "expired": (
        SERVER.but(end=PRESENT - DAY / 2),
        f"it expired on {utc(PRESENT - DAY / 2)}",
        "Renew the server's certificate.",
    ),
    "not yet valid": (
        SERVER.but(start=PRESENT + DAY),
        f"it is not valid before {utc(PRESENT + DAY)}",
        "Check the clock of this machine.",
    ),
    "for clients only": (
        SERVER.having("extended usage", CLIENTS_ONLY),
        "it is not for servers: its extended key usage does not include them",
        "Issue the server a certificate with --profile server.",
    ),
    "for any purpose": (
        SERVER.having("extended usage", ANY_PURPOSE),
        "it is not for servers: its extended key usage does not include them",
        "Issue the server a certificate with --profile server.",
    ),
    "a CA's": (
        SERVER.having("constraints", x509.BasicConstraints(ca=True, path_length=None)),
        "it is a CA's certificate, and some clients refuse it as a server's",
        "Issue the server a certificate of its own.",
    ),
    "P-521": (
        SERVER.but(key=P521),
        "it has a key of kind P-521, and some clients refuse it as a server's",
        "Issue the server a certificate with a P-256 key.",
    ),
    "signed by a P-521 key": (
        SERVER.but(by=SERVER_CA.but(key=P521)),
        "it has a signature that some clients refuse",
        "Let a CA with a P-256 key issue the server's certificate.",
    ),
    "version 1": (
        SERVER.but(changed=as_version_1(OTHER_KEY)),
        "it has no alternative names, and clients ignore its common name",
        NEW_CERTIFICATE,
    ),
}


@pytest.mark.parametrize("what", DISTRUSTED)
def test_a_server_is_judged_as_clients_judge_it_and_the_reason_is_named(what: str) -> None:
    server_certificate, reason, fix = DISTRUSTED[what]
    with serving(servers.speaking_http2, context(server=[server_certificate])) as server:
        found = tried(server.port)
    assert (found.outcome, found.reason, found.fix) == ("untrusted", reason, fix)


@pytest.mark.parametrize(
    ("host", "name"),
    [("localhost.", "localhost"), ("bücher.example", "xn--bcher-kva.example"), ("::1", "::1")],
)
def test_a_host_is_compared_in_ascii_and_without_a_last_dot(host: str, name: str) -> None:
    assert Endpoint(Address(host, 1)).name == name


def test_a_ca_of_the_server_that_some_clients_cannot_verify_with_is_named() -> None:
    p224 = a_key(KeySpec(curve="P-224"))
    ca = SERVER_CA.but(key=p224, extensions=extensions_of_ca(p224))
    with serving(servers.speaking_http2, context(server=[SERVER.but(by=ca)])) as server:
        found = tried(server.port, ca=ca)
    assert (found.outcome, found.reason) == (
        "untrusted",
        "ca.pem has a key of kind P-224, and some clients refuse what it signed",
    )


def test_an_address_that_is_a_domain_in_the_certificate_is_not_offered_as_a_name() -> None:
    made = SERVER.having("names", names("127.0.0.1"))
    with serving(servers.speaking_http2, context(server=[made])) as server:
        found = tried(server.port, name="127.0.0.1")
    assert found.reason == 'it has "127.0.0.1" as a domain, and clients look for an IP address'
    assert found.fix == "Issue the server a certificate with --ip 127.0.0.1."


def test_what_else_openssl_finds_is_not_blamed_on_the_issuer() -> None:
    first = INTERMEDIATE.but(by=SERVER_CA).without("authority key")  # none may follow it
    second = INTERMEDIATE.but(subject=a_name("Second"), by=first).without("authority key")
    chain = [SERVER.but(by=second), second, first]
    with serving(servers.speaking_http2, context(server=chain)) as server:
        found = tried(server.port)
    assert (found.outcome, found.reason) == ("untrusted", "")
    assert found.words == "path length constraint exceeded"
    assert found.fix == "Issue the server another certificate: clients refuse this one, too."


def test_a_server_with_a_wildcard_and_one_with_an_address_are_trusted() -> None:
    wildcard = SERVER.having("names", names("*.example.test"))
    with serving(servers.speaking_http2, context(server=[wildcard])) as server:
        assert tried(server.port, name="a.example.test").outcome == "accepted"
        assert tried(server.port, name="A.EXAMPLE.test").outcome == "accepted"
        for name in ("a.b.example.test", "example.test"):
            assert tried(server.port, name=name).outcome == "untrusted"
    with serving(servers.speaking_http2) as server:
        assert tried(server.port, host="127.0.0.1").outcome == "accepted"


def test_an_intermediate_as_ca_of_the_server_is_said_to_be_enough_for_some_clients() -> None:
    intermediate = INTERMEDIATE.but(by=SERVER_CA).without("authority key")
    below = SERVER.but(by=intermediate)
    with serving(servers.speaking_http2, context(server=[below, intermediate])) as server:
        found, stranger = (
            tried(server.port, client, ca=intermediate) for client in (LEAF, STRANGER)
        )
        root = tried(server.port, ca=SERVER_CA)
    assert (found.outcome, found.demanded) == ("accepted", True)
    assert found.doubt.startswith('ca.pem has an intermediate CA without its issuer "CN=Server CA"')
    assert "the client for TypeScript does not" in found.doubt
    assert stranger.outcome == "refused"
    assert root == Handshake("accepted", demanded=True)


def test_a_certificate_that_only_openssl_can_read_is_judged_by_openssl_alone() -> None:
    odd = x509.UnrecognizedExtension(x509.oid.ExtensionOID.CERTIFICATE_POLICIES, b"\x01")
    with serving(servers.speaking_http2, context(server=[SERVER.having("odd", odd)])) as server:
        accepted, untrusted = tried(server.port), tried(server.port, name="other.test")
    assert accepted.outcome == "accepted"
    assert (untrusted.outcome, untrusted.reason) == ("untrusted", "")
    assert untrusted.fix == "Check that the server has a certificate that clients can read."


def test_a_server_that_hangs_up_when_it_is_asked_again_is_not_explained() -> None:
    connections: list[int] = []

    def twice(host: str, port: int, seconds: float) -> socket:
        connections.append(port)
        if len(connections) > 2:
            raise ConnectionRefusedError(111, "Connection refused")
        return open_connection(host, port, seconds)

    with serving(servers.speaking_http2) as server:
        found = tried(server.port, ca=ROOT, connect=twice)
    assert found[:2] == ("untrusted", "unable to get local issuer certificate")
    assert found.reason == ""
    assert found.fix == "Check that the server has a certificate that clients can read."


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("your-namespace.acct.tmprl.cloud", "your-namespace.acct.tmprl.cloud", 7233),
        ("localhost:1", "localhost", 1),
        ("127.0.0.1:65535", "127.0.0.1", 65535),
        ("[::1]:7234", "::1", 7234),
        ("[::1]", "::1", 7233),
    ],
)
def test_an_address_is_a_host_with_a_port(text: str, host: str, port: int) -> None:
    address = Address.parse(text)
    assert address == Address(host, port)
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "", ":7233", "host:", "host:x", "host:-1", "host:0", "host:65536", "host:7233000", "::1",
        "[::1", "[::1]7233", "[]:7233", "https://host", "user@host", "a b", "host\n", "host:٣",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidNameError):
        Address.parse(text)
