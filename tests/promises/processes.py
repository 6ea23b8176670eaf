"""The real program as processes of their own, many at once or with less than a user has."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tests import programs
from tests.programs import CERTSTRAP, SECONDS, Outcome, Process
from tests.promises.fork_server import Run
from tests.promises.strace import DEPOT

WAITING = f"Waiting up to 60 seconds for another process that uses {DEPOT} (--wait).\n"
"""What a process prints to standard error that has waited for longer than a second."""


def start(folder: Path, *args: str, under: Sequence[str] = (), measured: bool = False) -> Process:
    """Start ``certstrap --depot-path DEPOT`` with ``args`` in ``folder``.

    Args:
        folder: its current folder.
        args: the command and its options.
        under: a program with its arguments that runs it.
        measured: let the coverage of this process count.
    """
    return programs.start(
        *under, *CERTSTRAP, "--depot-path", DEPOT, *args, folder=folder, measured=measured
    )


def certstrap(folder: Path, *args: str, under: Sequence[str] = ()) -> Outcome:
    """Run ``certstrap`` as `start` does, to its end."""
    return programs.end(start(folder, *args, under=under))


def until_waiting(processes: Iterable[Process | Run], folder: str = DEPOT) -> None:
    """Return when each of the processes waits for the lock of the depot, or of another folder.

    It has that folder open meanwhile, as Linux shows in /proc; otherwise, no longer than it takes
    to list or flush it.
    """
    seen = dict.fromkeys((process.pid for process in processes), 0)
    deadline = time.monotonic() + SECONDS
    while min(seen.values(), default=5) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
        for pid in seen:
            seen[pid] = seen[pid] + 1 if _has_open(pid, folder) else 0
    assert min(seen.values(), default=5) >= 5, "they do not wait"


def until_on_fifo(process: Process) -> None:
    """Return when the process waits for the other end of a FIFO, as Linux shows in /proc."""
    until(lambda: _proc(process, "wchan") == "wait_for_partner")


def until_reading(process: Process) -> None:
    """Return when the process waits for what a pipe brings, as Linux shows in /proc."""
    until(lambda: _proc(process, "wchan").endswith("pipe_read"))


def until_computing(process: Process, seconds: float) -> None:
    """Return when the process has used ``seconds`` of processor time."""
    each = os.sysconf("SC_CLK_TCK")
    until(lambda: sum(map(int, _proc(process, "stat").split()[13:15])) > seconds * each)


def until(reached: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Return when ``reached`` does; it fails the test if that takes too long."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _proc(process: Process, file: str) -> str:
    assert process.poll() is None, programs.end(process)
    return Path(f"/proc/{process.pid}/{file}").read_text()


def _has_open(pid: int, folder: str) -> bool:
    try:
        opened = [os.readlink(each) for each in Path(f"/proc/{pid}/fd").iterdir()]
    except FileNotFoundError:  # one that was closed since
        return False
    return any(path.endswith(f"/{folder}") for path in opened)


def with_files_up_to(size: int) -> list[str]:
    """Return what runs a program that can write ``size`` bytes to a file and no more."""
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, 2 * (int(sys.argv[1]),))"
    lines = f"import os, resource, sys; {limit}; os.execv(sys.argv[2], sys.argv[2:])"
    # Python 3.11 would keep the half of a compiled module, and no later run could import it.
    return ["env", "PYTHONDONTWRITEBYTECODE=1", sys.executable, "-c", lines, str(size)]
