"""The real program under strace(1): which system calls it makes, and one of them broken."""

import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests import programs
from tests.programs import CERTSTRAP

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
    folder: Path,
    *args: str,
    inject: str = "",
    trace: str = CHANGES,
    compiled: Path | None = None,
    measured: bool = False,
) -> Traced:
    """Run ``certstrap --depot-path DEPOT`` with ``args`` in ``folder``, under strace.

    Args:
        folder: the current folder of the run.
        args: the command and its options.
        inject: what strace is to break, as its ``-e inject`` has it.
        trace: the system calls that the log has.
        compiled: see `repeatable`.
        measured: let the coverage of this run count; it makes more calls then.
    """
    log = folder.with_suffix(".strace")
    process = programs.start(
        *("strace", "-f", "-y", "-o", log, "-e", f"trace={trace}"),
        # It makes strace fast, and deaf to signals that it is to inject.
        *(() if "signal=" in inject else ("--seccomp-bpf",)),
        *(("-e", f"inject={inject}") if inject else ()),
        *(*CERTSTRAP, "--depot-path", DEPOT, *args),
        folder=folder,
        environ=repeatable(compiled) if compiled and not measured else None,
        measured=measured,
    )
    ended = programs.end(process)
    lines = (line.split(maxsplit=1)[1] for line in log.read_text().splitlines())
    return Traced(*ended, tuple(lines))


def break_call(
    folder: Path, call: Call, how: str, *args: str, compiled: Path, measured: bool = False
) -> Traced:
    """Run a command as `run` does, and break one call of it.

    Args:
        folder: the current folder of the run.
        call: the call, as a run in an equal folder made it.
        how: what is to happen at it: ``signal=KILL``, ``error=EIO``.
        args: the command and its options.
        compiled: see `repeatable`.
        measured: let the coverage of this run count; only a flush is the nth of its kind even so.
    """
    inject = f"{call.name}:{how}:when={call.nth}"
    traced = run(
        folder, *args, inject=inject, trace=call.name, compiled=compiled, measured=measured
    )
    assert traced.met(call), (call, traced)
    return traced


def repeatable(compiled: Path, *, compiling: bool = False) -> dict[str, str]:
    """Return what makes two equal runs make the same calls, however this machine is used.

    Args:
        compiled: a folder with the modules that the runs import, which no other process changes.
        compiling: whether this run is the one that puts them there.
    """
    return {
        "PYTHONHASHSEED": "0",
        "PYTHONSAFEPATH": "1",  # otherwise modules are looked for in the folder of the depot
        "PYTHONPYCACHEPREFIX": str(compiled),
        **({} if compiling else {"PYTHONDONTWRITEBYTECODE": "1"}),
    }


def missing() -> str:
    """Return why nothing can be traced on this machine, or nothing."""
    probe = ("strace", "-f", "--seccomp-bpf", "-o", os.devnull, "-e", "trace=fsync")
    try:
        traced = programs.run(*probe, "-e", "inject=fsync:error=EIO", "true", exit_code=None)
    except FileNotFoundError:
        return "strace is not installed"
    return traced.stderr and f"strace cannot trace: {traced.stderr.splitlines()[0]}"
