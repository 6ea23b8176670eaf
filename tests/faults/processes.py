"""The real program as processes of their own, many at once or with less than a user has."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.faults.strace import DEPOT, environment

SECONDS = 60
"""How long one may take; each takes less than one."""

Process = subprocess.Popen[str]


class Ended(NamedTuple):
    """How a process ended, and what it printed."""

    exit_code: int  # negative: the signal that ended it
    stdout: str
    stderr: str


def start(folder: Path, *args: str, under: Sequence[str] = (), measured: bool = False) -> Process:
    """Start ``certstrap --depot-path DEPOT`` with ``args`` in ``folder``.

    Args:
        folder: its current folder.
        args: the command and its options.
        under: a program with its arguments that runs it.
        measured: let the coverage of this process count.
    """
    return subprocess.Popen(
        [*under, sys.executable, "-m", "certstrap", "--depot-path", DEPOT, *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment(measured=measured),
    )


def end(process: Process, seconds: float = SECONDS) -> Ended:
    """Wait for a process; one that does not end fails the test, and is killed."""
    with process:
        try:
            stdout, stderr = process.communicate(timeout=seconds)
        finally:
            process.kill()
    return Ended(process.returncode, stdout, stderr)


def certstrap(folder: Path, *args: str, under: Sequence[str] = ()) -> Ended:
    """Run ``certstrap`` as `start` does, to its end."""
    return end(start(folder, *args, under=under))


def until_waiting(processes: Iterable[Process]) -> None:
    """Return when each of the processes waits for a lock, as Linux tells in /proc/locks."""
    pids = {str(process.pid) for process in processes}
    deadline = time.monotonic() + SECONDS
    while pids and time.monotonic() < deadline:
        time.sleep(0.01)
        locks = Path("/proc/locks").read_text(encoding="ascii").splitlines()
        # 1: -> FLOCK  ADVISORY  WRITE 4711 08:01:123 0 EOF
        pids -= {line.split()[5] for line in locks if "->" in line}
    assert not pids, "they do not wait"


def ordinary() -> list[str]:
    """Return what runs a program without root's right to ignore the modes of files."""
    if os.geteuid():
        return []
    assert shutil.which("setpriv"), "setpriv (util-linux) is not installed"
    return ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]


def with_files_up_to(size: int) -> list[str]:
    """Return what runs a program that can write ``size`` bytes to a file and no more."""
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, 2 * (int(sys.argv[1]),))"
    lines = f"import os, resource, sys; {limit}; os.execv(sys.argv[2], sys.argv[2:])"
    return [sys.executable, "-c", lines, str(size)]
