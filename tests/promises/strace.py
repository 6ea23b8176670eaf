"""The real program under strace(1): which system calls it makes, and one of them broken."""

import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests import programs
from tests.promises.fork_server import ForkServer

DEPOT = "the-depot"  # a word that stands in no other path

# The calls that change a disk or wait; a "?" is for those that some processors do not have.
CHANGES = (
    "?open,?creat,openat,write,pwrite64,fsync,fdatasync,close,flock,ftruncate,fallocate,"
    "?link,linkat,?rename,renameat,renameat2,?unlink,unlinkat,?symlink,symlinkat,"
    "?mkdir,mkdirat,?rmdir,?chmod,fchmod,fchmodat,?chown,fchown,fchownat"
)


UNCHANGING = {"close", "flock", "fsync", "fdatasync"}
"""Of these, the calls that change nothing that another process sees; `openat` may be one, too."""


class Call(NamedTuple):
    """A system call: the ``nth`` of its ``name`` in a run, and the paths in the depot it is on.

    It ``changes`` the depot if another process can see what it did.
    """

    name: str
    nth: int
    paths: tuple[str, ...]
    changes: bool

    @classmethod
    def read(cls, line: str, counts: Counter[str]) -> "Call | None":
        """Return the call on a line of strace's log; None if it is not on the depot."""
        name, bracket, _ = line.partition("(")
        if not bracket or not name.isidentifier():
            return None
        counts[name] += 1
        asked = line.rpartition(" = ")[0] or line
        paths = re.findall(rf'\b{DEPOT}[^"> \\]*', asked)
        if not paths:
            return None
        changes = "O_CREAT" in line if name in {"open", "openat"} else name not in UNCHANGING
        call = cls(name, counts[name], tuple(paths), changes)
        return call._replace(changes=False) if call.reports else call

    @property
    def shape(self) -> str:
        """What is the same of it in every run."""
        return re.sub("-[0-9a-f]{16}", "-*", str(self))

    @property
    def reports(self) -> bool:
        """Whether it writes a line for the user that names a file; the others are on files."""
        return self.name == "write" and "/." not in self.paths[0]

    def __str__(self) -> str:
        return f"{self.name} {self.nth} {' '.join(self.paths)}"


@dataclass(frozen=True)
class Traced:
    """What a traced run printed, how it ended, and what strace wrote of it."""

    exit_code: int  # negative: the signal that ended it
    stdout: str
    stderr: str
    log: tuple[str, ...]

    @property
    def calls(self) -> list[Call]:
        """The calls on the depot, in their order."""
        counts: Counter[str] = Counter()
        return [call for line in self.log if (call := Call.read(line, counts))]

    def met(self, call: Call) -> bool:
        """Tell whether what was injected met ``call``, and no other."""
        counts: Counter[str] = Counter()
        for before, line in zip(("", *self.log), self.log, strict=False):
            met = Call.read(before, counts)
            if "(INJECTED)" in before or line.startswith(("--- SIG", "+++ killed")):
                return met is not None and met.shape == call.shape
        return False


def after_changes(calls: list[Call]) -> list[Call]:
    """Return the calls before which the depot is another than before the call before them.

    Killed at any other call, a process leaves what it leaves when it is killed at one of these.
    """
    return [
        call
        for before, call in zip([None, *calls], calls, strict=False)
        if not before or before.changes
    ]


def run(
    fork_server: ForkServer,
    folder: Path,
    *args: str,
    inject: str = "",
    trace: str = CHANGES,
    meanwhile: Callable[[int], object] = lambda _: None,
) -> Traced:
    """Run ``certstrap --depot-path DEPOT`` with ``args`` in ``folder``, under strace.

    Args:
        fork_server: what runs it.
        folder: the current folder of the run.
        args: the command and its options.
        inject: what strace is to break, as its ``-e inject`` has it; more than one with a space.
        trace: the system calls that the log has.
        meanwhile: called with the process's number while it runs.
    """
    log = folder.with_suffix(".strace")
    started = fork_server.start(folder, "--depot-path", DEPOT, *args)
    injecting = tuple(f"--inject={each}" for each in inject.split())
    tracer = programs.start(
        *("strace", "-f", "-y", "-o", str(log), "-e", f"trace={trace}", *injecting),
        *("-p", str(started.pid)),
        measured=False,
    )
    assert tracer.stderr
    attached = tracer.stderr.readline()
    started.go()
    meanwhile(started.pid)
    ended = started.end()
    said = programs.end(tracer)
    assert b" attached" in attached, (attached, said)
    lines = (line.split(maxsplit=1)[1] for line in log.read_text().splitlines())
    return Traced(*ended, tuple(lines))


def break_call(fork_server: ForkServer, folder: Path, call: Call, how: str, *args: str) -> Traced:
    """Run a command as `run` does, and break one call of it.

    Args:
        fork_server: what runs it.
        folder: the current folder of the run.
        call: the call, as a run in an equal folder made it.
        how: what is to happen at it: ``signal=KILL``, ``error=EIO``.
        args: the command and its options.
    """
    inject = f"{call.name}:{how}:when={call.nth}"
    traced = run(fork_server, folder, *args, inject=inject, trace=call.name)
    assert traced.met(call), (call, traced)
    return traced


def missing(fork_server: ForkServer, folder: Path) -> str:
    """Return why nothing can be traced on this machine, or nothing."""
    if sys.platform != "linux" or not shutil.which("strace"):
        return "strace is not installed"
    try:
        traced = run(fork_server, folder, "--version", inject="write:error=EIO")
    except AssertionError as cause:
        return f"strace cannot trace: {cause}"
    return "" if "INJECTED" in str(traced) else "strace cannot break a call"
