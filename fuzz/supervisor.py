"""Starting workers, ending the call that takes too long, and collecting what they report."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

ENTRY = "certstrap.cli.app:app"
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - flushing to a disk would take most of the time


class Wanted(NamedTuple):
    """What to run: the calls from ``first`` to ``last``, until ``seconds`` have passed.

    ``limit`` is how many seconds one call may take.
    """

    seed: int
    first: int
    last: int
    seconds: float
    limit: float = 10
    entry: str = ENTRY


class Failure(NamedTuple):
    """A law that a call broke."""

    number: int
    law: str
    detail: str
    kind: str


@dataclass
class Result:
    """How many calls were made, and the first call of each kind that failed, with their number."""

    calls: int = 0
    failures: dict[str, Failure] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, failure: Failure) -> None:
        self.failures.setdefault(failure.kind, failure)
        self.counts[failure.kind] = self.counts.get(failure.kind, 0) + 1


def fuzz(wanted: Wanted) -> Result:
    """Make the calls."""
    result = Result()
    deadline = time.monotonic() + wanted.seconds
    first: int | None = wanted.first
    place = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="certstrap-fuzz-", dir=place) as folder:
        while first is not None and first <= wanted.last and time.monotonic() < deadline:
            with _worker(wanted, first, folder) as worker:
                first = worker.follow(result, deadline)
    return result


class _Worker:
    def __init__(
        self, process: subprocess.Popen[bytes], reports: int, noise: Path, wanted: Wanted
    ) -> None:
        self.process, self.reports, self.noise, self.wanted = process, reports, noise, wanted
        self.number = -1

    def follow(self, result: Result, deadline: float) -> int | None:
        """Collect what it reports; return the number to go on with if a call ended it."""
        for line in self._lines(deadline):
            if line == b"end":
                return None
            if line.isdigit():
                self.number = int(line)
                result.calls += 1
            else:
                result.add(Failure(self.number, *json.loads(line)))
        if time.monotonic() >= deadline and self.process.poll() is None:
            return None
        result.add(self._ended())
        return max(self.number, self.wanted.first) + 1

    def _lines(self, deadline: float) -> Iterator[bytes]:
        """Yield each line; stop when one call takes too long, at the deadline, and at the end."""
        rest = b""
        while True:
            # Before the first call it imports what it needs.
            limit = self.wanted.limit if self.number >= 0 else 60
            seconds = min(limit, max(0, deadline - time.monotonic()))
            if not select.select([self.reports], [], [], seconds)[0]:
                return
            data = os.read(self.reports, 65_536)
            if not data:
                self.process.wait()
                return
            *lines, rest = (rest + data).split(b"\n")
            yield from lines

    def _ended(self) -> Failure:
        """Return why the worker made no more calls."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGUSR1)  # let it write where it is
            time.sleep(0.3)
            law, why = "no call takes long", f"it took more than {self.wanted.limit:g} s"
        else:
            law, why = "no call ends Python", f"the process ended with {self.process.returncode}"
        trace = self.noise.read_text(errors="backslashreplace")[-5000:]
        frames = [line.strip() for line in trace.splitlines() if "/certstrap/" in line]
        return Failure(self.number, law, f"{why}\n{trace}", f"{law}: {frames[:1]}")


@contextmanager
def _worker(wanted: Wanted, first: int, folder: str) -> Iterator[_Worker]:
    reports, report = os.pipe()
    noise = Path(folder) / f"noise-{first}"
    arguments = {
        "seed": wanted.seed, "first": first, "last": wanted.last, "report": report,
        "folder": f"{folder}/{first}", "entry": wanted.entry,
    }  # fmt: skip
    os.mkdir(f"{folder}/{first}")
    with noise.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "fuzz.worker"]
            + [f"--{name}={value}" for name, value in arguments.items()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            pass_fds=[report],
            start_new_session=True,  # no terminal, and one signal ends what it has started
        )
    os.close(report)
    try:
        yield _Worker(process, reports, noise, wanted)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(reports)
