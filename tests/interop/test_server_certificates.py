"""Temporal's client for Python refuses the servers that something is found about, and no other."""

import asyncio

import pytest

from tests.builders.keys import LEAF_KEY, key_data
from tests.interop import peers
from tests.temporal import servers
from tests.temporal.pki import INTERMEDIATE, LEAF, Made
from tests.temporal.servers import SERVER, SERVER_CA, context, serving
from tests.temporal.test_endpoint import DISTRUSTED, names

peers.package("temporalio")

from temporalio.client import Client, TLSConfig  # noqa: E402 - only now is it known to be there

MIDDLE = INTERMEDIATE.but(by=SERVER_CA).without("authority key")


def error(port: int, name: str, ca: Made) -> str:
    """Return why the client does not connect; it never does, as no server of Temporal is there."""
    tls = TLSConfig(
        server_root_ca_cert=ca.pem,
        domain=name,
        client_cert=LEAF.pem,
        client_private_key=key_data(LEAF_KEY),
    )
    with pytest.raises(RuntimeError) as refused:
        asyncio.run(Client.connect(f"127.0.0.1:{port}", tls=tls))
    return str(refused.value)


@pytest.mark.parametrize("what", DISTRUSTED)
def test_the_client_refuses_what_is_found_wrong(what: str) -> None:
    made, *_ = DISTRUSTED[what]
    with serving(servers.speaking_http2, context(server=[made])) as server:
        said = error(server.port, "localhost", SERVER_CA)
    # A server whose key has no signature that the client knows cannot even begin.
    assert "InvalidCertificate(" in said or "HandshakeFailure" in said


@pytest.mark.parametrize(
    ("chain", "name", "ca"),
    [
        ([SERVER], "localhost", SERVER_CA),
        ([SERVER.having("names", names("*.example.test"))], "a.example.test", SERVER_CA),
        ([SERVER.but(by=MIDDLE), MIDDLE], "localhost", SERVER_CA),
        ([SERVER.but(by=MIDDLE), MIDDLE], "localhost", MIDDLE),
    ],
    ids=["good", "wildcard", "below an intermediate", "trusting the intermediate"],
)
def test_the_client_trusts_what_nothing_is_found_about(
    chain: list[Made], name: str, ca: Made
) -> None:
    with serving(servers.speaking_http2, context(server=chain)) as server:
        assert "InvalidCertificate(" not in error(server.port, name, ca)
        assert not server.errors
