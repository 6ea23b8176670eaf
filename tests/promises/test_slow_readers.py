"""A pipe whose reader is slow: Ctrl-C ends what only reads, and nothing of a result is lost."""

import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import programs
from tests.builders.depots import NEW_KEY
from tests.conftest import CommandLine
from tests.programs import CERTSTRAP, SECONDS, Outcome, Process

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who waits")

_ROOM = 4096  # bytes, the smallest pipe of Linux
_STREAM = "0x1"  # what a call that waits has as its first argument, if it writes to the pipe

READING = [
    "verify client",
    "verify client --json",
    "inspect client",
    "inspect client --json",
    "inspect client --pem",
    "check client",
    "check client --json",
    "status",
    "status --json",
    "bundle",
    "bundle --check out/Cert.crt",
    "crl client --bundle",
    "filters client",
    "filters --match filters.json client",
    "filters --match filters.json client --json",
    "connect client --namespace client.acct",
    "issue another --dry-run",
    "issue another --dry-run --json",
]


class FullPipe:
    """A pipe that nothing can be written to until it is read."""

    def __init__(self) -> None:
        self.read, self.write = os.pipe()
        fcntl.fcntl(self.write, fcntl.F_SETPIPE_SZ, _ROOM)
        os.write(self.write, b" " * _ROOM)

    def start(self, folder: Path, *args: str) -> Process:
        """Start the program, and return when it waits for the reader."""
        process = programs.start(*CERTSTRAP, *args, folder=folder, stdout=self.write)
        calls = Path(f"/proc/{process.pid}/syscall")
        deadline = time.monotonic() + SECONDS
        while calls.read_text().split()[1:2] != [_STREAM]:
            assert process.poll() is None, programs.end(process)
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return process

    def end(self, process: Process) -> Outcome:
        """Read all that the process prints, and return how it ends."""
        os.close(self.write)
        self.write = -1
        with open(self.read, encoding="utf-8", closefd=False) as reader:
            printed = reader.read()
        return programs.end(process)._replace(stdout=printed[_ROOM:])


@pytest.fixture
def pipe() -> Iterator[FullPipe]:
    """A full pipe, which is closed at the end."""
    pipe = FullPipe()
    yield pipe
    os.close(pipe.read)
    if pipe.write >= 0:
        os.close(pipe.write)


@pytest.fixture
def place(certstrap: CommandLine, depot: Path, folder: Path) -> Path:
    """The folder of the depot, with filters for the client."""
    (folder / "filters.json").write_text(certstrap("filters", "client").stdout)
    return folder


def interrupted_until_it_ends(process: Process) -> tuple[int, Outcome]:
    """Send Ctrl-C until the process ends; return how many it took at most, and how it ended."""
    sent = 0
    deadline = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        process.send_signal(signal.SIGINT)
        sent += 1
        time.sleep(0.2)
    return sent, programs.end(process)


@pytest.mark.parametrize("line", READING)
def test_one_interrupt_ends_what_only_reads(line: str, place: Path, pipe: FullPipe) -> None:
    process = pipe.start(place, *line.split())
    process.send_signal(signal.SIGINT)
    assert programs.end(process) == (130, "", "")


def test_one_interrupt_comes_too_late_for_what_is_reported_and_done(
    folder: Path, pipe: FullPipe
) -> None:
    process = pipe.start(folder, "init", "--cn", "Cert", *NEW_KEY)
    process.send_signal(signal.SIGINT)
    with pytest.raises(programs.TimeoutExpired):
        process.wait(1)
    created = "Created out/Cert.key\nCreated out/Cert.crt\nCreated out/Cert.crl\n"
    assert pipe.end(process) == (0, created, "")


@pytest.mark.parametrize(
    "line",
    [
        "init --cn Other --curve P-256 --no-passphrase",
        "issue a --curve P-256 --no-passphrase",
        "issue a b --curve P-256 --no-passphrase",
        "renew client",
        "renew client --json",
    ],
)
def test_a_second_interrupt_ends_the_report_of_what_is_done(
    line: str, place: Path, pipe: FullPipe
) -> None:
    before = len(list(place.rglob("*")))
    sent, ended = interrupted_until_it_ends(pipe.start(place, *line.split()))
    assert sent >= 2
    assert ended == (130, "", "")
    assert len(list(place.rglob("*"))) > before


@pytest.mark.parametrize("line", ["status --json", "inspect client", "verify client"])
def test_a_pipe_that_is_set_not_to_wait_gets_the_whole_result(
    line: str, place: Path, pipe: FullPipe
) -> None:
    whole = programs.run(*CERTSTRAP, *line.split(), folder=place).stdout
    os.set_blocking(pipe.write, False)
    ended = pipe.end(pipe.start(place, *line.split()))
    assert ended._replace(stdout="") == (0, "", "")
    assert _without_time(ended.stdout) == _without_time(whole)


def _without_time(text: str) -> list[str]:
    return [line for line in text.splitlines() if '"checked_at"' not in line]


def test_a_list_on_a_pipe_that_is_set_not_to_wait_is_read_whole(folder: Path) -> None:
    read, write = os.pipe()
    os.set_blocking(read, False)
    with programs.start(
        *CERTSTRAP, "issue", "--from", "-", "--dry-run", folder=folder, stdin=read
    ) as process:
        os.close(read)
        os.write(write, b"name\none\n")
        time.sleep(1)  # it has read that before the next line comes
        os.write(write, b"two\n")
        os.close(write)
        ended = programs.end(process)
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert "two" in ended.stdout
