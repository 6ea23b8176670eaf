"""Real endpoints: not reachable, not trusted, our certificate refused, or accepted."""

import ssl
from collections.abc import Callable
from socket import socket

import pytest

from certstrap.cli.context import open_connection
from certstrap.errors import InvalidNameError
from certstrap.temporal import handshake
from certstrap.temporal.handshake import Endpoint, Handshake
from certstrap.temporal.namespace import Address
from tests.builders.certificates import a_name
from tests.builders.keys import OTHER_KEY
from tests.temporal import servers
from tests.temporal.pki import DAY, LEAF, PRESENT, ROOT, Made
from tests.temporal.servers import SERVER_CA, context, serving
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
    server_ca = [ca.certificate] if ca else None
    where = Endpoint(Address(host, port), name, server_ca, timeout)
    return handshake.connect(where, [client.certificate], client.key, connect)


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
    assert found == Handshake("refused", "sslv3 alert certificate expired", "certificate_expired")


def test_a_refusal_without_an_alert_is_one_all_the_same() -> None:
    with serving(servers.refusing_without_an_alert) as server:
        found = tried(server.port, STRANGER)
    assert found == Handshake("refused", "the connection was closed without an alert")


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
        assert each == Handshake("untrusted", "unable to get local issuer certificate")


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
    assert tried(server.port) == Handshake("unreachable", "Connection refused")


def test_a_host_that_does_not_exist_is_not_reachable() -> None:
    found = tried(7233, host="no-such-host.invalid", timeout=5)
    assert found.outcome == "unreachable"
    assert found.words
    assert tried(7233, host="a" * 70 + ".example").outcome == "unreachable"


def test_a_server_that_never_answers_is_not_reachable() -> None:
    with serving(servers.hanging) as server:
        found = tried(server.port, timeout=0.4)
    assert found == Handshake("unreachable", "no answer within 0.4 seconds")


def test_a_connection_that_takes_too_long_is_not_reachable() -> None:
    def slow(host: str, port: int, seconds: float) -> socket:
        raise TimeoutError

    found = tried(7233, connect=slow)
    assert found == Handshake("unreachable", "no answer within 10 seconds")


def test_a_server_without_tls_fails() -> None:
    with serving(servers.answering_in_the_clear) as server:
        found = tried(server.port)
    assert (found.outcome, found.alert) == ("failed", "")
    assert found.words in {"wrong version number", "record layer failure"}


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


def test_a_server_name_that_tls_cannot_send_fails() -> None:
    for name in (".example.com", "a" * 70 + ".example"):
        found = tried(1, name=name)
        assert found.outcome == "failed"
        assert found.words.endswith(" is not a server name")


def test_a_key_that_openssl_refuses_fails_before_anything_is_sent() -> None:
    def never(host: str, port: int, seconds: float) -> socket:
        raise AssertionError

    where = Endpoint(Address("localhost", 1))
    found = handshake.connect(where, [LEAF.certificate], OTHER_KEY, never)
    assert found == Handshake("failed", "key values mismatch")


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
