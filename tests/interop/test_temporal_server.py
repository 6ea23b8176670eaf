"""A real Temporal server behind mTLS with our CA: whom it admits, renewals and a CA rotation.

All of it needs the extra ``server`` of pyproject.toml.
"""

import asyncio
import json
import shlex
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count, pairwise
from pathlib import Path
from threading import Event
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.cli.context import utc_now
from tests import programs
from tests.conftest import CommandLine
from tests.interop import clients, peers, sdks
from tests.interop.openbao import engine_below_our_root
from tests.interop.temporal_server import (
    NAMESPACE,
    Proxy,
    proxy_of,
    temporal,
    temporal_server,
    waited_for,
)
from tests.programs import SECONDS

peers.package("temporalio")

from temporalio.client import Client, TLSConfig  # noqa: E402 - only now is it known to be there

COMPLETED = "RespondWorkflowTaskCompleted"
KEY_KINDS = ["P-256", "P-384", "RSA-2048", "RSA-4096", "P-521", "P-224"]
"""Of which all clients take the first four."""
SMALL = ("--curve", "P-256", "--no-passphrase")


class Depot(NamedTuple):
    """A depot, and the command line for it."""

    path: Path

    def run(self, *args: str, exit_code: int | None = 0) -> str:
        line = CommandLine(now=utc_now())
        given = ("--depot-path", str(self.path), *args)
        return line(*given, exit_code=exit_code, now=utc_now()).stdout

    def file(self, name: str) -> Path:
        return self.path / name

    def data(self, *names: str) -> bytes:
        return b"".join(self.file(name).read_bytes() for name in names)

    def serial(self, name: str) -> int:
        return x509.load_pem_x509_certificate(self.data(f"{name}.crt")).serial_number


class Pair(NamedTuple):
    """The files that a client loads."""

    certificate: Path
    key: Path


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with temporal_server() as port:
        yield port


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Depot:
    """A depot with two intermediates, and clients of every kind below them."""
    depot = Depot(tmp_path_factory.mktemp("real") / "out")
    depot.run("init", "--cn", "Root", "--path-length", "2", *SMALL)
    for name, ca, length in (("One", "Root", "1"), ("Two", "One", "0")):
        depot.run("request-cert", "--cn", name, *SMALL)
        depot.run("sign", name, "--CA", ca, "--intermediate", "--path-length", length)
    for name in ("worker", "revoked"):
        depot.run("issue", name, "--CA", "Two", *SMALL)
        depot.run("export-chain", name)
    depot.run("revoke", "--CN", "revoked", "--CA", "Two")
    for kind in KEY_KINDS:
        bits = kind.removeprefix("RSA-")
        key = ("--curve", kind) if bits == kind else ("--key-bits", bits)
        depot.run("issue", kind, "--CA", "Root", *key, "--no-passphrase", "--pkcs8")
    depot.run(
        "issue",
        "for-servers",
        "--CA",
        "Root",
        "--profile",
        "server",
        "--domain",
        "localhost",
        *SMALL,
    )
    return depot


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Depot:
    """The depot of the server, whose CA issues nothing else."""
    depot = Depot(tmp_path_factory.mktemp("server") / "out")
    names = ("--domain", "localhost", "--ip", "127.0.0.1")
    depot.run("issue", "proxy", "--CA", "Server-CA", "--profile", "server", *names, *SMALL)
    return depot


@contextmanager
def demanding(
    server: int, folder: Path, identity: Depot, clients: Depot, *cas: str, seconds: float = 0
) -> Iterator[Proxy]:
    """Run a proxy that admits the clients of some CAs, the first of which is a root."""
    pair = (identity.file("proxy.crt"), identity.file("proxy.key"))
    crls = clients.data(*(f"{ca}.crl" for ca in cas))
    with proxy_of(
        server, folder / "proxy", pair, clients.data(f"{cas[0]}.crt"), crls, seconds=seconds
    ) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def proxy(
    server: int, shared: Depot, identity: Depot, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("proxied")
    with demanding(server, folder, identity, shared, "Root", "One", "Two") as proxy:
        yield proxy


def trusting(identity: Depot) -> tuple[str, ...]:
    """Return the options of `check` and `connect` for the server."""
    return ("--server-name", "localhost", "--server-ca", str(identity.file("Server-CA.crt")))


async def connected(proxy: Proxy, identity: Depot, pair: Pair) -> Client:
    tls = TLSConfig(
        client_cert=pair.certificate.read_bytes(),
        client_private_key=pair.key.read_bytes(),
        server_root_ca_cert=identity.data("Server-CA.crt"),
        domain="localhost",
    )
    connecting = Client.connect(proxy.address, namespace=NAMESPACE, tls=tls)
    return await asyncio.wait_for(connecting, SECONDS)


def admits(proxy: Proxy, identity: Depot, pair: Pair) -> bool:
    """Return whether a client can call the server."""
    try:
        asyncio.run(connected(proxy, identity, pair))
    except RuntimeError as refused:
        assert "Failed client connect" in str(refused)  # noqa: PT017 - both ends are right
        return False
    return True


def admits_go(proxy: Proxy, identity: Depot, pair: Pair) -> bool:
    """Return whether the `temporal` command, which is a client in Go, can call the server."""
    ended = programs.run(
        temporal(), "workflow", "list", "--address", proxy.address, "--namespace", NAMESPACE,
        "--tls-cert-path", pair.certificate, "--tls-key-path", pair.key,
        "--tls-ca-path", identity.file("Server-CA.crt"), exit_code=None,
    )  # fmt: skip
    return ended.exit_code == 0


def judged(proxy: Proxy, identity: Depot, pair: Pair, root: Path, client: str) -> bool:
    """Return whether `check --connect` says that a client can call the server."""
    report = CommandLine(now=utc_now())(
        "check", "--cert", str(pair.certificate), "--key", str(pair.key), "--ca-bundle", str(root),
        "--client", client, "--connect", proxy.address, *trusting(identity), "--json",
        now=utc_now(), exit_code=None,
    ).stdout  # fmt: skip
    (result,) = json.loads(report)["results"]
    connection = result["connection"]["outcome"]
    assert connection in {"accepted", "refused", "skipped"}
    return bool(result["passed"]) and connection == "accepted"


class Expected(NamedTuple):
    """What a client is, and which clients can use it."""

    name: str
    python: bool = True
    go: bool = True
    certificate: str | None = None


KINDS = [
    Expected("P-256"),
    Expected("P-384"),
    Expected("RSA-2048"),
    Expected("RSA-4096"),
    Expected("P-521", python=False),
    Expected("P-224", python=False, go=False),
    Expected("worker", certificate="worker.chain.crt"),
]
REFUSED = [
    Expected("revoked", python=False, go=False, certificate="revoked.chain.crt"),
    Expected("for-servers", python=False, go=False),
    Expected("worker", python=False, go=False),  # without its intermediates
]


@pytest.mark.parametrize("case", [*KINDS, *REFUSED], ids=lambda case: case.certificate or case.name)
def test_the_server_and_the_check_are_of_one_opinion(
    case: Expected, proxy: Proxy, identity: Depot, shared: Depot
) -> None:
    certificate = shared.file(case.certificate or f"{case.name}.crt")
    pair = Pair(certificate, shared.file(f"{case.name}.key"))
    root = shared.file("Root.crt")
    assert admits(proxy, identity, pair) is case.python
    assert admits_go(proxy, identity, pair) is case.go
    assert judged(proxy, identity, pair, root, "python") is case.python
    assert judged(proxy, identity, pair, root, "go") is case.go


@pytest.mark.parametrize("client", [clients.python, clients.typescript, clients.go, clients.java])
def test_each_client_takes_the_kinds_of_keys_that_the_check_passes(
    client: clients.Client, proxy: Proxy, identity: Depot, shared: Depot, tmp_path: Path
) -> None:
    ends = ".pkcs8.key" if client is clients.java else ".key"
    pairs = {kind: Pair(shared.file(f"{kind}.crt"), shared.file(kind + ends)) for kind in KEY_KINDS}
    server = (proxy.address, "localhost", str(identity.file("Server-CA.crt")))
    attempts = [clients.Attempt(*server, *map(str, pair)) for pair in pairs.values()]
    said = dict(zip(pairs, client(attempts, tmp_path), strict=True))
    took = {kind for kind, words in said.items() if words in {"connected", "<nil>"}}
    root, name = shared.file("Root.crt"), client.__name__
    passed = {kind for kind, pair in pairs.items() if judged(proxy, identity, pair, root, name)}
    of_clients_alone = {"P-521"} if client is clients.typescript else set()  # not of its workers
    assert took - of_clients_alone == passed
    assert {*KEY_KINDS[:4]} <= took


def test_a_foreign_client_is_refused(
    proxy: Proxy, identity: Depot, shared: Depot, tmp_path: Path
) -> None:
    foreign = Depot(tmp_path / "out")
    foreign.run("issue", "worker", "--CA", "Root", *SMALL)
    pair = Pair(foreign.file("worker.crt"), foreign.file("worker.key"))
    assert not admits(proxy, identity, pair)
    assert not admits_go(proxy, identity, pair)
    assert not judged(proxy, identity, pair, shared.file("Root.crt"), "python")


def printed(depot: Depot, identity: Depot, proxy: Proxy, name: str, language: str) -> str:
    """Return the program that `connect` prints."""
    return depot.run(
        "connect", name, "--namespace", NAMESPACE, "--address", proxy.address,
        *trusting(identity), "--format", language,
    )  # fmt: skip


@contextmanager
def working(command: sdks.Command, queue: str) -> Iterator[programs.Process]:
    """Run a worker, which has not ended before."""
    worker = programs.start(*command, environ={"QUEUE": queue}, stdout=programs.NOWHERE)
    try:
        yield worker
        works = worker.poll() is None
    finally:
        worker.kill()
        print(programs.end(worker).stderr)  # noqa: T201 - shown if the test fails
    assert works


async def greeted(client: Client, queue: str, number: int) -> bool:
    """Run a workflow to its end."""
    running = client.execute_workflow("Greet", str(number), id=f"{queue}-{number}",
                                      task_queue=queue, result_type=str)  # fmt: skip
    answer: str = await asyncio.wait_for(running, SECONDS)
    return answer == f"Hello, {number}"


WORKERS = {
    "python": (sdks.python, "connect.py", ["worker.py"]),
    "typescript": (sdks.typescript, "connect.ts", ["workflows.ts", "worker.ts"]),
    "go": (sdks.go, "connect.go", ["worker.go"]),
    "java": (sdks.java, "Connect.java", ["GreetingWorker.java"]),
}
WALKTHROUGH = [
    ("init", "--common-name", "Cert"),
    ("request-cert", "--common-name", "your-namespace"),
    ("sign", "your-namespace", "--CA", "Cert"),
    ("export-pkcs8", "your-namespace"),
]


def test_a_worker_below_two_intermediates_runs_a_workflow(
    proxy: Proxy, identity: Depot, shared: Depot, tmp_path: Path
) -> None:
    program = tmp_path / "connect.py"
    program.write_text(printed(shared, identity, proxy, "worker", "python"))

    async def run() -> None:
        pair = Pair(shared.file("worker.chain.crt"), shared.file("worker.key"))
        assert await greeted(await connected(proxy, identity, pair), "below", 1)

    with working(sdks.python(program, "worker.py"), "below"):
        asyncio.run(run())
    serial = shared.serial("worker")
    assert waited_for(lambda: serial in proxy.serials(COMPLETED))


def test_a_client_of_an_engine_is_admitted_until_it_is_revoked_there(
    server: int, identity: Depot, openbao: str, tmp_path: Path
) -> None:
    role = {"client_flag": True, "server_flag": False, "key_type": "ec", "key_bits": 256}
    engine = engine_below_our_root(openbao, tmp_path, role, key_type="rsa", key_bits=2048)
    serial = engine.issue("worker")["serial_number"]
    engine.fetch_crl()
    pair = Pair(tmp_path / "worker.crt", tmp_path / "worker.key")
    depot = Depot(tmp_path / "out")
    with demanding(server, tmp_path, identity, depot, "Root", "Issuing") as proxy:
        assert admits(proxy, identity, pair)
        assert admits_go(proxy, identity, pair)
        assert judged(proxy, identity, pair, depot.file("Root.crt"), "python")
        engine.call("revoke", serial_number=serial)
        engine.fetch_crl()
        proxy.trust(depot.data("Root.crt"), depot.data("Root.crl", "Issuing.crl"))
        assert not admits(proxy, identity, pair)
        assert not admits_go(proxy, identity, pair)


@pytest.mark.parametrize("language", WORKERS)
def test_a_running_worker_takes_up_a_renewed_pair(
    language: str, server: int, identity: Depot, tmp_path: Path
) -> None:
    """Connections last a second here; the old certificate is revoked as soon as the new is used."""
    depot, name = Depot(tmp_path / "out"), "your-namespace"
    for command in WALKTHROUGH:
        depot.run(*command, *(("--no-passphrase",) if "-c" in command[1] else ()))
    old = Pair(tmp_path / "old.crt", tmp_path / "old.key")
    shutil.copy(depot.file(f"{name}.crt"), old.certificate)
    shutil.copy(depot.file(f"{name}.key"), old.key)
    before = depot.serial(name)
    build, file, more = WORKERS[language]
    with demanding(server, tmp_path, identity, depot, "Cert", seconds=1) as proxy:
        text = printed(depot, identity, proxy, name, language)
        program = tmp_path / file
        program.write_text(text.replace("600_000", "500"), encoding="utf-8")

        async def renew() -> None:
            client = await Client.connect(f"127.0.0.1:{server}", namespace=NAMESPACE)
            numbers = count()
            assert await greeted(client, language, next(numbers))
            assert waited_for(lambda: proxy.serials(COMPLETED) == {before})
            depot.run("renew", name, "--new-key")
            after = depot.serial(name)
            while after not in proxy.serials(COMPLETED):  # a new connection is made for a call
                assert await greeted(client, language, next(numbers))
                await asyncio.sleep(0.1)
            depot.run("revoke", "--serial", f"{before:X}", "--CA", "Cert")
            proxy.trust(depot.data("Cert.crt"), depot.data("Cert.crl"))
            await asyncio.sleep(1.5)  # until the last connection with the old one is closed
            for _ in range(5):
                assert await greeted(client, language, next(numbers))

        with working(build(program, *more), language):
            asyncio.run(asyncio.wait_for(renew(), SECONDS))
        assert not admits(proxy, identity, old)


def of_step(text: str) -> dict[int, list[str]]:
    """Return the commands below each step that `bundle --rotate` prints."""
    steps: dict[int, list[str]] = {}
    for line in text.splitlines():
        if line[:1].isdecimal():
            commands = steps[int(line.partition(".")[0])] = []
        elif steps and line.startswith("   "):
            commands.append(line.strip())
    return steps


class UploadedFile:
    """The file with the CAs of a Namespace, as the printed commands change it."""

    def __init__(self, file: bytes) -> None:
        self.certificates = x509.load_pem_x509_certificates(file)

    @property
    def data(self) -> bytes:
        return b"".join(each.public_bytes(Encoding.PEM) for each in self.certificates)

    def change(self, command: str) -> None:
        words = shlex.split(command)
        named = dict(pairwise(words))
        file = named.get("--ca-certificate-file")
        given = x509.load_pem_x509_certificates(Path(file).read_bytes()) if file else []
        gone = named.get("--ca-certificate-fingerprint")
        (verb,) = {"add", "set", "create", "remove", "delete"} & {*words}
        if verb in {"add", "create"}:
            self.certificates += given
        elif verb == "set":
            self.certificates = given
        else:
            before = self.certificates
            self.certificates = [
                each for each in before
                if each not in given
                and each.fingerprint(SHA1()).hex() != gone  # noqa: S303 - as tcld names them
            ]  # fmt: skip
            assert len(self.certificates) == len(before) - 1


@contextmanager
def calling(proxy: Proxy, identity: Depot, pair: Pair) -> Iterator[None]:
    """Connect, and make calls all the time; none fails."""
    begun, ends = Event(), Event()

    async def call() -> None:
        client = await connected(proxy, identity, pair)
        while not ends.is_set():
            await client.count_workflows()
            begun.set()
            await asyncio.sleep(0.02)

    with ThreadPoolExecutor(1) as threads:
        calls = threads.submit(asyncio.run, call())
        try:
            assert waited_for(lambda: begun.is_set() or calls.done())
            yield
        finally:
            ends.set()
        calls.result(SECONDS)


@pytest.mark.parametrize(
    "ways", [("add", "remove"), ("set", "remove"), ("create", "delete")], ids="-".join
)
def test_a_rotation_is_played_through_as_it_is_printed_and_no_call_fails(
    ways: tuple[str, str], server: int, identity: Depot, folder: Path, certstrap: CommandLine
) -> None:
    depot, pair = Depot(folder / "out"), Pair(folder / "out/worker.crt", folder / "out/worker.key")
    depot.run("issue", "worker", "--CA", "Cert", *SMALL)
    depot.run("init", "--cn", "Cert-2", *SMALL)
    steps = of_step(
        certstrap("bundle", "--rotate", "Cert", "Cert-2", "--namespace", NAMESPACE,
                  "--output", "both.pem", now=utc_now()).stdout
    )  # fmt: skip
    assert [*steps] == [1, 2, 3, 4, 5]
    old = Pair(folder / "old/worker.crt", pair.key)
    uploaded = UploadedFile(depot.data("Cert.crt"))
    with demanding(server, folder, identity, depot, "Cert") as proxy:

        def take(step: int) -> None:
            """Run each command of a step; of those that change the Namespace, one is enough."""
            remote = [line for line in steps[step] if line.startswith(("tcld ", "temporal "))]
            for line in steps[step]:
                if line.startswith("certstrap "):
                    words = shlex.split(line.replace(f"{NAMESPACE}.tmprl.cloud", proxy.address))
                    connects = trusting(identity) if "--connect" in words else ()
                    certstrap(*words[1:], *connects, now=utc_now())
                elif line not in remote:
                    programs.run("sh", "-c", line)
            if remote:
                (chosen,) = [line for line in remote if {*ways} & {*shlex.split(line)}]
                uploaded.change(chosen)
                proxy.trust(uploaded.data, depot.data("Cert.crl", "Cert-2.crl"))

        with calling(proxy, identity, pair):
            for step in (1, 2, 3):
                take(step)
                assert admits(proxy, identity, pair)
            assert admits(proxy, identity, old)
        with calling(proxy, identity, pair):
            for step in (4, 5):
                take(step)
                assert admits(proxy, identity, pair)
        assert not admits(proxy, identity, old)
