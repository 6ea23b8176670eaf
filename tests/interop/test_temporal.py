"""A Temporal client connects with our certificates to a server that demands one of our CA."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from certstrap.cli.context import utc_now
from tests.conftest import CommandLine
from tests.interop import peers
from tests.interop.conftest import HOST
from tests.programs import SECONDS

peers.package("grpc", "temporalio")

import grpc  # noqa: E402 - only now is it known to be there, as are the next four
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest as Request  # noqa: E402
from temporalio.api.workflowservice.v1 import GetSystemInfoResponse as Response  # noqa: E402
from temporalio.client import Client, TLSConfig  # noqa: E402
from temporalio.envconfig import ClientConfig  # noqa: E402

SERVICE = "temporal.api.workflowservice.v1.WorkflowService"
TURNED_AWAY = "Failed client connect"

# What Temporal Cloud takes; its clients load neither P-224 nor P-521 keys.
every_kind = pytest.mark.parametrize("kind", ["RSA", "P-256", "P-384"])


@dataclass(frozen=True)
class Server:
    """A server that answers the call with which a client connects, and notes who made it."""

    address: str
    seen: list[str]


@contextmanager
def serving(depot: Path, clients_ca: Path) -> Iterator[Server]:
    """Serve on the loopback, as the server of ``depot``, whoever has a certificate of a CA."""
    seen = []

    def get_system_info(_: Request, context: grpc.ServicerContext) -> Response:
        (name,) = context.auth_context()["x509_common_name"]
        seen.append(name.decode())
        return Response()

    answer = grpc.unary_unary_rpc_method_handler(
        get_system_info, Request.FromString, Response.SerializeToString
    )
    # The client for Java asks first; the answer is the message with the status SERVING.
    healthy = grpc.unary_unary_rpc_method_handler(lambda *_: b"\x08\x01")
    identity = (depot / "server.key").read_bytes(), (depot / "server.crt").read_bytes()
    credentials = grpc.ssl_server_credentials(
        [identity], clients_ca.read_bytes(), require_client_auth=True
    )
    with ThreadPoolExecutor(1) as threads:
        server = grpc.server(threads)
        server.add_generic_rpc_handlers(
            [
                grpc.method_handlers_generic_handler(SERVICE, {"GetSystemInfo": answer}),
                grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": healthy}),
            ]
        )
        port = server.add_secure_port("127.0.0.1:0", credentials)
        server.start()
        try:
            yield Server(f"127.0.0.1:{port}", seen)
        finally:
            server.stop(grace=None).wait()


@pytest.fixture
def server(pki: Path) -> Iterator[Server]:
    with serving(pki, pki / "Root.crt") as server:
        yield server


def connect(server: Server, depot: Path, certificate: Path, key: Path) -> None:
    """Connect as the documentation shows it."""
    tls = TLSConfig(
        client_cert=certificate.read_bytes(),
        client_private_key=key.read_bytes(),
        server_root_ca_cert=(depot / "Root.crt").read_bytes(),
        domain=HOST,
    )
    connecting = Client.connect(server.address, namespace="your-namespace.acct", tls=tls)
    asyncio.run(asyncio.wait_for(connecting, SECONDS))


@every_kind
def test_a_client_connects(server: Server, pki: Path) -> None:
    connect(server, pki, pki / "client.crt", pki / "client.key")
    assert server.seen == ["client"]


@every_kind
def test_a_client_connects_with_its_key_as_pkcs8(
    server: Server, pki: Path, certstrap: CommandLine, folder: Path
) -> None:
    certstrap("export-pkcs8", "--key", str(pki / "client.key"), "--output", "client.pkcs8.key")
    connect(server, pki, pki / "client.crt", folder / "client.pkcs8.key")
    assert server.seen == ["client"]


@every_kind
def test_a_client_below_an_intermediate_connects(server: Server, pki: Path, below: Path) -> None:
    connect(server, pki, below, pki / "below.key")
    assert server.seen == ["below"]


@every_kind
def test_a_client_of_another_ca_of_the_same_name_is_turned_away(
    server: Server, pki: Path, stranger: Path
) -> None:
    with pytest.raises(RuntimeError, match=TURNED_AWAY):
        connect(server, pki, stranger / "client.crt", stranger / "client.key")
    assert not server.seen
    connect(server, pki, pki / "client.crt", pki / "client.key")
    assert server.seen == ["client"]


@every_kind
def test_a_client_turns_a_server_of_another_ca_of_the_same_name_away(
    pki: Path, stranger: Path
) -> None:
    with (
        serving(stranger, pki / "Root.crt") as server,
        pytest.raises(RuntimeError, match=TURNED_AWAY),
    ):
        connect(server, pki, pki / "client.crt", pki / "client.key")
    assert not server.seen


@every_kind
def test_a_client_connects_by_its_configuration_file(
    server: Server, pki: Path, tmp_path: Path
) -> None:
    file = tmp_path / "temporal.toml"
    file.write_text(
        dedent(f"""\
        [profile.default]
        address = "{server.address}"
        namespace = "your-namespace.acct"
        [profile.default.tls]
        client_cert_path = "{pki}/client.crt"
        client_key_path = "{pki}/client.key"
        server_ca_cert_path = "{pki}/Root.crt"
        server_name = "{HOST}"
        """)
    )
    config = ClientConfig.load_client_connect_config(
        config_file=str(file), disable_env=True, config_file_strict=True
    )
    asyncio.run(asyncio.wait_for(Client.connect(**config), SECONDS))
    assert server.seen == ["client"]


WALKTHROUGH = [
    ("init", "--common-name", "Cert"),
    ("request-cert", "--common-name", "your-namespace"),
    ("sign", "your-namespace", "--CA", "Cert"),
    ("export-pkcs8", "your-namespace"),
]
ISSUE = [("issue", "your-namespace", "--curve", "P-384", "--pkcs8")]


@pytest.mark.parametrize("commands", [WALKTHROUGH, ISSUE], ids=["walkthrough", "issue"])
def test_a_client_connects_with_what_the_commands_leave(
    pki: Path, certstrap: CommandLine, folder: Path, commands: list[tuple[str, ...]]
) -> None:
    for command in commands:
        certstrap(*command, input="\n\n", now=utc_now())  # peers judge by the wall clock
    out = folder / "out"
    with serving(pki, out / "Cert.crt") as server:
        connect(server, pki, out / "your-namespace.crt", out / "your-namespace.key")
        connect(server, pki, out / "your-namespace.crt", out / "your-namespace.pkcs8.key")
    assert server.seen == ["your-namespace", "your-namespace"]
