"""What `connect` prints is used as it is, by the clients it is for, against a server with mTLS.

The depot lies in a folder whose name has what has to be quoted in any language.
"""

import asyncio
import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from certstrap.cli.context import utc_now
from tests import programs
from tests.conftest import CommandLine
from tests.docs import ROOT, blocks
from tests.interop import peers
from tests.interop.conftest import HOST
from tests.programs import SECONDS

peers.package("grpc", "temporalio")

from temporalio.client import Client  # noqa: E402 - only now is it known to be there
from temporalio.envconfig import ClientConfig  # noqa: E402

from tests.interop.test_temporal import Server, serving  # noqa: E402

ODD = r"""it's "odd" \u0041 \ $HOME `id` #{1} %s ünï 🙂"""
# The threads of Temporal's core crash a Python that ends in the moment in which they answer.
AND_WAITS = "import time; time.sleep(0.5)"
BY_THE_ENVIRONMENT = f"""\
import asyncio
from temporalio.client import Client
from temporalio.envconfig import ClientConfig

asyncio.run(Client.connect(**ClientConfig.load_client_connect_config(disable_file=True)))
{AND_WAITS}
"""
MODULES = Path(__file__).parent / "node_modules"
STUBS = Path(__file__).parent / "stubs"


class Odd:
    """A depot in a folder with an odd name, and what `connect` prints for a server."""

    def __init__(self, depot: Path, folder: Path, certstrap: CommandLine) -> None:
        self.folder = folder
        self.depot = folder / ODD
        self.certstrap = certstrap
        shutil.copytree(depot, self.depot)
        self.run("export-chain", "below")
        self.run("export-pkcs8", "client")

    def run(self, *args: str) -> str:
        line = ("--depot-path", str(self.depot), *args)
        return self.certstrap(*line, now=utc_now()).stdout

    def printed(self, server: Server, name: str, form: str, *more: str) -> str:
        return self.run(
            "connect", name, "--namespace", "your-namespace.acct", "--address", server.address,
            "--server-name", HOST, "--server-ca", str(self.depot / "Root.crt"),
            "--format", form, *more,
        )  # fmt: skip

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture
def odd(depot: Path, folder: Path, certstrap: CommandLine) -> Odd:
    return Odd(depot, folder, certstrap)


@pytest.fixture
def server(depot: Path) -> Iterator[Server]:
    with serving(depot, depot / "Root.crt") as server:
        yield server


each_client = pytest.mark.parametrize("name", ["client", "below"])


def connect_by_file(file: Path, profile: str = "default") -> None:
    config = ClientConfig.load_client_connect_config(
        profile, config_file=str(file), disable_env=True, config_file_strict=True
    )
    asyncio.run(asyncio.wait_for(Client.connect(**config), SECONDS))


@each_client
def test_a_client_connects_by_the_profile(name: str, server: Server, odd: Odd) -> None:
    connect_by_file(odd.file("temporal.toml", odd.printed(server, name, "toml")))
    assert server.seen == [name]


def test_a_client_connects_by_a_profile_that_was_added(server: Server, odd: Odd) -> None:
    file = odd.file("temporal.toml", "# mine\n[profile.default]\naddress = 'localhost:7233'\n")
    odd.printed(server, "client", "toml", "--into", str(file), "--profile", "of the cloud")
    connect_by_file(file, "of the cloud")
    assert server.seen == ["client"]


@each_client
def test_a_client_connects_by_the_variables_of_sh(name: str, server: Server, odd: Odd) -> None:
    file = odd.file("env.sh", odd.printed(server, name, "env"))
    programs.run("sh", "-c", '. "$1" && exec "$2" -c "$3"', "sh", file, sys.executable,
                 BY_THE_ENVIRONMENT)  # fmt: skip
    assert server.seen == [name]


def test_a_client_connects_by_the_variables_of_fish(server: Server, odd: Odd) -> None:
    fish = peers.program("fish", asked="--version", answers="fish, version", what="fish")
    file = odd.file("env.fish", odd.printed(server, "client", "env", "--shell", "fish"))
    programs.run(fish, "--no-config", "-c", "source $argv[1]; and exec $argv[2] -c $argv[3]",
                 file, sys.executable, BY_THE_ENVIRONMENT)  # fmt: skip
    assert server.seen == ["client"]


@each_client
def test_the_program_in_python_connects(name: str, server: Server, odd: Odd) -> None:
    file = odd.file("connect.py", odd.printed(server, name, "python"))
    run = f"import runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__'); {AND_WAITS}"
    assert programs.run(sys.executable, "-c", run, file).stdout == "Connected.\n"
    assert server.seen == [name]


@each_client
def test_the_program_in_typescript_connects(name: str, server: Server, odd: Odd) -> None:
    """It has no types, so that Node runs it as it is, with the real @temporalio/client."""
    node = peers.program("node", asked="--version", answers=r"v(2\d|[3-9]\d)\.", what="Node 20")
    file = odd.file("connect.mjs", odd.printed(server, name, "typescript"))
    programs.run(node, "--check", file)
    if not (MODULES / "@temporalio/client").is_dir():
        peers.lacks("@temporalio/client (npm install --prefix tests/interop)")
    (odd.folder / "node_modules").symlink_to(MODULES)
    assert programs.run(node, file).stdout == "Connected.\n"
    assert server.seen == [name]


@pytest.mark.parametrize("kind", ["P-256", "RSA"])
def test_the_program_in_java_compiles_and_passes_on_what_it_was_given(
    kind: str, server: Server, odd: Odd
) -> None:
    """The classes of Temporal are stubs, which print what they are told."""
    javac = peers.program(
        "javac", asked="--version", answers=r"javac (1[7-9]|[2-9]\d)", what="a JDK, 17 or later"
    )
    file = odd.file("Connect.java", odd.printed(server, "client", "java"))
    classes = odd.folder / "classes"
    # Its source is ASCII, so that any encoding that a compiler takes for granted will do.
    options = ("-encoding", "US-ASCII", "-Xlint:all", "-Werror", "-sourcepath", STUBS / "java")
    programs.run(javac, "-d", classes, *options, file)
    assert programs.run("java", "-cp", classes, "Connect").lines == [
        f"target {server.address}",
        f"certificate of {(odd.depot / 'client.crt').stat().st_size} bytes",
        f"key of {(odd.depot / 'client.pkcs8.key').stat().st_size} bytes",
        "trusts 1 issuers",
        f"authority {HOST}",
        "Connected to your-namespace.acct.",
        "shut down",
    ]


@each_client
def test_the_program_in_go_connects(name: str, server: Server, odd: Odd) -> None:
    """The package of Temporal is a stub, which opens a TLS connection with what it is given."""
    go = peers.go_program()
    file = odd.file("connect.go", odd.printed(server, name, "go"))
    assert not programs.run("gofmt", "-l", file).stdout
    environ = {**peers.GO, "GO111MODULE": "off", "GOPATH": str(STUBS / "go")}
    ended = programs.run(go, "run", file, environ=environ, seconds=300)
    assert ended.stdout == "namespace your-namespace.acct\n"
    assert ended.stderr.endswith(" Connected.\n")


def test_the_program_in_go_is_turned_away_with_the_certificate_of_another_ca(
    depot: Path, stranger: Path, odd: Odd
) -> None:
    go = peers.go_program()
    with serving(depot, stranger / "Root.crt") as server:
        file = odd.file("connect.go", odd.printed(server, "client", "go"))
        environ = {**peers.GO, "GO111MODULE": "off", "GOPATH": str(STUBS / "go")}
        ended = programs.run(go, "run", file, environ=environ, exit_code=1, seconds=300)
    assert "Cannot connect:" in ended.stderr


def test_the_package_that_ci_installs_is_the_one_that_is_run() -> None:
    assert MODULES.parent == ROOT / "tests" / "interop"
    assert "--prefix tests/interop" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert os.path.isfile(MODULES.parent / "package.json")


def test_the_lines_of_the_documentation_lead_to_a_connected_client(
    depot: Path, folder: Path, certstrap: CommandLine
) -> None:
    """What is changed is the endpoint: a server of this machine that trusts the uploaded file."""
    heading = "From nothing to a connected client"
    found = [block for block in blocks(ROOT / "docs/connect.md") if block.heading == heading]
    *before, last = [shlex.split(line) for block in found for line in block.lines]
    for _, *words in before:
        certstrap(*words, now=utc_now())
    with serving(depot, folder / "ca-bundle.pem") as server:
        endpoint = ("--address", server.address, "--server-name", HOST)
        certstrap(*last[1:], *endpoint, "--server-ca", str(depot / "Root.crt"), now=utc_now())
        run = f"import runpy; runpy.run_path('connect.py', run_name='__main__'); {AND_WAITS}"
        assert programs.run(sys.executable, "-c", run).stdout == "Connected.\n"
    assert server.seen == ["your-namespace"]
