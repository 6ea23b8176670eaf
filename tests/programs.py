"""Other programs: started in one way, in the environment of a plain user, with a time limit.

Only this module imports `subprocess`; `pexpect` shows what a person sees on a terminal.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

SECONDS = 60
"""How long a program may take; those that the tests run take a few at most."""

BIN = Path(__file__).with_name("bin")
CERTSTRAP = (sys.executable, str(BIN / "certstrap"))
"""The program with few rounds of PBKDF2, which is ``certstrap`` where `BIN` is on the PATH."""

AS_INSTALLED = (sys.executable, "-m", "certstrap")
"""The program as users have it."""

_ROOM = 1 << 30  # bytes

Process = subprocess.Popen[bytes]
NOWHERE = subprocess.DEVNULL
TimeoutExpired = subprocess.TimeoutExpired

# What a plain user's shell has, what names the machine's package index, and what measures coverage.
_KEPT = re.compile(
    r"PATH|HOME|TMPDIR|TZ|CI|CERTSTRAP_ALL_PEERS|(COVERAGE|PIP|PYTEST|UV)_.*"
    r"|.*_PROXY|.*_proxy|.*_CERT|.*_CA_.*|SSL_CERT_.*"
)


class Outcome(NamedTuple):
    """How a program ended, and what it printed."""

    exit_code: int  # negative: the signal that ended it
    stdout: str
    stderr: str

    @property
    def lines(self) -> list[str]:
        """The lines on standard output."""
        return self.stdout.splitlines()


def forget_environment() -> None:
    """Make the environment of this process that of a plain user; programs inherit it."""
    for name in [name for name in os.environ if not _KEPT.fullmatch(name)]:
        del os.environ[name]
    os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    os.environ["LANG"] = "C.UTF-8"
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as below a shell's `&`
        signal.signal(signal.SIGINT, signal.default_int_handler)


def use_shared_memory() -> None:
    """Keep the folders of the tests in memory, if there is room: a disk takes long to flush."""
    folder = "/dev/shm"  # noqa: S108 - pytest makes folders of its own there
    if os.access(folder, os.W_OK):
        place = os.statvfs(folder)
        if not place.f_flag & os.ST_NOEXEC and place.f_bavail * place.f_frsize >= _ROOM:
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", folder)


def environment(more: Mapping[str, str] | None = None, *, measured: bool = True) -> dict[str, str]:
    """Return the environment of a program.

    Args:
        more: what is set besides.
        measured: whether the coverage of a Python program counts.
    """
    kept = {k: v for k, v in os.environ.items() if measured or not k.startswith("COVERAGE_")}
    return {**kept, **(more or {})}


def run(
    *command: str | bytes | Path,
    input: str | bytes = "",  # noqa: A002 - as subprocess calls it
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
    exit_code: int | None = 0,
    seconds: float = SECONDS,
) -> Outcome:
    """Run a program to its end.

    Args:
        command: the program, found on the PATH, and its arguments.
        input: what it reads from standard input.
        folder: its current folder; that of this process if not given.
        environ: what is set in its environment besides.
        exit_code: the status that it must end with; None if any will do.
        seconds: how long it may take.
    """
    process = _start(command, subprocess.PIPE, folder, environment(environ))
    outcome = end(process, input=input, seconds=seconds)
    assert exit_code in {None, outcome.exit_code}, (command, outcome)
    return outcome


def start(
    *command: str | bytes | Path,
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
    measured: bool = True,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.PIPE,
) -> Process:
    """Start a program whose standard input is empty; the arguments are those of `run`.

    Args:
        command: the program and its arguments.
        folder: its current folder.
        environ: what is set in its environment besides.
        measured: see `environment`.
        stdin: the open file that it reads, if not an empty one.
        stdout: the open file that it prints to, if not to be returned by `end`.
    """
    env = environment(environ, measured=measured)
    return _start(command, stdin, folder, env, stdout)


def serve(*command: str | bytes | Path) -> Process:
    """Start a program that answers on standard output what it is asked on standard input."""
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(), bufsize=0
    )


def end(
    process: Process,
    *,
    input: str | bytes = "",  # noqa: A002 - as subprocess calls it
    seconds: float = SECONDS,
) -> Outcome:
    """Wait for a process; one that does not end in time fails the test, and is killed."""
    data = input.encode() if isinstance(input, str) else input
    with process:
        try:
            stdout, stderr = process.communicate(data or None, timeout=seconds)
        finally:
            process.kill()
    return Outcome(process.returncode, (stdout or b"").decode(), (stderr or b"").decode())


def ordinary() -> list[str]:
    """Return what runs a program without root's right to ignore the modes of files."""
    if os.geteuid():
        return []
    assert shutil.which("setpriv"), "setpriv (util-linux) is not installed"
    return ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]


def _start(
    command: Sequence[str | bytes | Path],
    stdin: int,
    folder: Path | None,
    env: Mapping[str, str],
    stdout: int = subprocess.PIPE,
) -> Process:
    return subprocess.Popen(
        command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, cwd=folder, env=env
    )
