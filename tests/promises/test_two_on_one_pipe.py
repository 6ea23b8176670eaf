"""Two commands on one depot, at the two ends of a pipe: neither holds a lock that the other needs.

Each end of a FIFO waits until the other one is opened, so a command that did so under the depot's
lock would wait for the one that waits for it.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import programs
from tests.builders import foreign
from tests.builders.depots import NEW_KEY
from tests.cli.shell import EC
from tests.programs import Process
from tests.promises.conftest import Stage
from tests.promises.processes import start, until_on_fifo
from tests.promises.scenes import REVOKE, here, names, revoked
from tests.promises.strace import DEPOT

SECONDS = 20
"""How long two commands may take that take a second if neither waits for the other."""


@pytest.fixture
def place(stage: Stage) -> Path:
    """A folder with a depot, which has the CA `Cert` and its client `client`, and a FIFO."""
    folder = stage(REVOKE)
    os.mkfifo(folder / "fifo")
    return folder


@pytest.fixture
def commands(place: Path) -> Iterator["Commands"]:
    """Starts commands in the folder, and kills those that are left at the end."""
    commands = Commands(place, [])
    yield commands
    for process in commands.started:
        process.kill()
        process.communicate()


class Commands(NamedTuple):
    """Starts commands in a folder."""

    folder: Path
    started: list[Process]

    def start(self, *args: str) -> Process:
        """Start one."""
        process = start(self.folder, *args)
        self.started.append(process)
        return process

    def end(self, process: Process) -> programs.Outcome:
        """Return how one ends, which must succeed, and in time."""
        ended = programs.end(process, seconds=SECONDS)
        assert ended.exit_code == 0, ended
        return ended


# Anonymous pipes


PIPES = {
    "a request": (
        "certstrap request-cert --cn B --csr /dev/stdout {EC} | certstrap sign B --csr -",
        {"B.key", "B.crt"},
    ),
    "a request that is in the depot too": (
        "certstrap request-cert --cn B --stdout {EC} | certstrap sign B --csr -",
        {"B.key", "B.csr", "B.crt"},
    ),
    "a certificate": (
        "certstrap sign client --cert /dev/stdout | certstrap import B --cert -",
        {"B.crt"},
    ),
    "a key": (
        """certstrap export-pkcs8 client --output /dev/stdout |
            certstrap request-cert --cn B --key -""",
        {"B.csr"},
    ),
    "a request and its certificate": (
        """certstrap request-cert --cn B --csr /dev/stdout {EC} |
            certstrap sign B --csr - --cert /dev/stdout | certstrap import C --cert -""",
        {"B.key", "C.crt"},
    ),
    "a certificate to a shell that reads it": (
        """certstrap sign client --cert >(certstrap import B --cert -; touch read)
        until test -e read; do sleep 0.1; done""",
        {"B.crt"},
    ),
}


@pytest.mark.parametrize("what", PIPES)
def test_one_command_sends_another_on_the_same_depot(place: Path, what: str) -> None:
    script, creates = PIPES[what]
    before = set(names(place))
    limited = f'certstrap() {{ timeout {SECONDS} certstrap --depot-path {DEPOT} "$@"; }}\n'
    line = limited + script.format(EC=EC)
    done = programs.run("bash", "-euo", "pipefail", "-c", line, folder=place)
    assert not done.stderr
    assert set(names(place)) - before == creates
    for name in creates:
        if name.endswith(".crt"):
            foreign.load_certificate(place / DEPOT / name)


# FIFOs


WRITERS_AND_READERS = {
    "a request": (
        ("request-cert", "--cn", "B", "--csr", "fifo", *NEW_KEY),
        ("sign", "B", "--csr", "fifo"),
        {"B.key", "B.crt"},
    ),
    "a certificate": (
        ("sign", "client", "--cert", "fifo"),
        ("import", "B", "--cert", "fifo"),
        {"B.crt"},
    ),
    "a key": (
        ("export-pkcs8", "client", "--output", "fifo"),
        ("request-cert", "--cn", "B", "--key", "fifo"),
        {"B.csr"},
    ),
    "a chain": (
        ("export-chain", "client", "--output", "fifo"),
        ("verify", "fifo"),
        set[str](),
    ),
}


@pytest.mark.parametrize("reader_first", [True, False], ids=["reader first", "writer first"])
@pytest.mark.parametrize("what", WRITERS_AND_READERS)
def test_a_fifo_between_two_commands_on_one_depot(
    place: Path, commands: Commands, what: str, reader_first: bool
) -> None:
    writer, reader, creates = WRITERS_AND_READERS[what]
    before = set(names(place))
    order = [reader, writer] if reader_first else [writer, reader]
    first = commands.start(*order[0])
    until_on_fifo(first)
    second = commands.start(*order[1])
    commands.end(second)
    commands.end(first)
    assert set(names(place)) - before == creates


BESIDE = {
    "revoke": (("revoke", "--CN", "client"), set[str]()),
    "init": (("init", "--cn", "Other", *NEW_KEY), {"Other.key", "Other.crt", "Other.crl"}),
    "issue": (("issue", "other", *NEW_KEY), {"other.key", "other.csr", "other.crt"}),
}


@pytest.mark.parametrize(("beside", "made"), BESIDE.values(), ids=BESIDE)
@pytest.mark.parametrize(
    ("waits", "then", "creates"),
    [
        (
            ("issue", "--from", "fifo", "--CA", "Cert", *NEW_KEY),
            "name\none\ntwo\n",
            {"one.crt", "two.crt"},
        ),
        (
            ("init", "--cn", "Enc", "--curve", "P-256", "--passphrase-file", "fifo"),
            "secret\n",
            {"Enc.crt"},
        ),
        (
            ("request-cert", "--cn", "enc", "--curve", "P-256", "--passphrase-file", "fifo"),
            "secret\n",
            {"enc.csr"},
        ),
    ],
    ids=["issue --from", "init --passphrase-file", "request-cert --passphrase-file"],
)
def test_who_waits_for_a_fifo_lets_others_work(
    place: Path,
    commands: Commands,
    waits: tuple[str, ...],
    then: str,
    creates: set[str],
    beside: tuple[str, ...],
    made: set[str],
) -> None:
    waiting = commands.start(*waits)
    until_on_fifo(waiting)
    here(place, "--wait", "0", *beside)
    assert waiting.poll() is None
    (place / "fifo").write_text(then)
    commands.end(waiting)
    assert creates | made <= set(names(place))
    assert revoked(place) == (not made)


def test_a_passphrase_from_a_fifo_opens_the_ca_when_it_comes(
    place: Path, commands: Commands
) -> None:
    here(place, "init", "--cn", "Enc", "--curve", "P-256", "--passphrase", "secret")
    here(place, "request-cert", "--cn", "B", *NEW_KEY)
    signing = commands.start("sign", "B", "--CA", "Enc", "--passphrase-file", "fifo")
    until_on_fifo(signing)
    here(place, "--wait", "0", "revoke", "--CN", "client")
    (place / "fifo").write_text("secret\n")
    commands.end(signing)
    assert foreign.load_certificate(place / DEPOT / "B.crt").issuer == foreign.name_of("Enc")
    assert revoked(place) == 1
