"""The real program under strace(1): which system calls it makes, and one of them broken."""

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

DEPOT = "the-depot"  # a word that stands in no other path

# The calls that change a disk or wait; a "?" is for those that some processors do not have.
CHANGES = (
    "?open,?creat,openat,write,pwrite64,fsync,fdatasync,close,flock,ftruncate,fallocate,"
    "?link,linkat,?rename,renameat,renameat2,?unlink,unlinkat,?symlink,symlinkat,"
    "?mkdir,mkdirat,?rmdir,?chmod,fchmod,fchmodat,?chown,fchown,fchownat"
)


@dataclass(frozen=True)
class Call:
    """A system call: the ``nth`` of its ``name`` in a run, and the paths in the depot it is on."""

    name: str
    nth: int
    paths: tuple[str, ...]

    @classmethod
    def read(cls, line: str, counts: Counter[str]) -> "Call | None":
        """Return the call on a line of strace's log; None if it is not on the depot."""
        name, bracket, _ = line.partition("(")
        if not bracket or not name.isidentifier():
            return None
        counts[name] += 1
        asked = line.rpartition(" = ")[0] or line
        paths = re.findall(rf'\b{DEPOT}[^"> \\]*', asked)
        return cls(name, counts[name], tuple(paths)) if paths else None

    @property
    def shape(self) -> str:
        """What is the same of it in every run."""
        return re.sub("-[0-9a-f]{16}", "-*", str(self))

    @property
    def tells(self) -> bool:
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


def run(
    folder: Path, *args: str, inject: str = "", trace: str = CHANGES, measured: bool = False
) -> Traced:
    """Run ``certstrap --depot-path DEPOT`` with ``args`` in ``folder``, under strace.

    Args:
        folder: the current folder of the run.
        args: the command and its options.
        inject: what strace shall break, as its ``-e inject`` has it.
        trace: the system calls that the log tells.
        measured: let the coverage of this run count; it makes more calls then.
    """
    log = folder.with_suffix(".strace")
    result = subprocess.run(
        ["strace", "-f", "-y", "-o", str(log), "-e", f"trace={trace}"]
        # It makes strace fast, and deaf to signals that it shall inject.
        + ([] if "signal=" in inject else ["--seccomp-bpf"])
        + (["-e", f"inject={inject}"] if inject else [])
        + [sys.executable, "-m", "certstrap", "--depot-path", DEPOT, *args],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(measured=measured),
        timeout=60,
        check=False,
    )
    lines = (line.split(maxsplit=1)[1] for line in log.read_text().splitlines())
    return Traced(result.returncode, result.stdout, result.stderr, tuple(lines))


def break_call(folder: Path, call: Call, how: str, *args: str, measured: bool = False) -> Traced:
    """Run a command as `run` does, and break one call of it.

    Args:
        folder: the current folder of the run.
        call: the call, as a run in an equal folder made it.
        how: what shall happen at it: ``signal=KILL``, ``error=EIO``.
        args: the command and its options.
        measured: let the coverage of this run count; only a flush is the nth of its kind even so.
    """
    inject = f"{call.name}:{how}:when={call.nth}"
    traced = run(folder, *args, inject=inject, trace=call.name, measured=measured)
    assert traced.met(call), (call, traced)
    return traced


def environment(*, measured: bool = False) -> dict[str, str]:
    """Return an environment in which two equal runs make the same calls."""
    kept = {k: v for k, v in os.environ.items() if measured or not k.startswith("COVERAGE_")}
    return kept | {"PYTHONHASHSEED": "0"}


def missing() -> str:
    """Tell why nothing can be traced on this machine, or return nothing."""
    probe = ["strace", "-f", "--seccomp-bpf", "-o", os.devnull, "-e", "trace=fsync"]
    try:
        result = subprocess.run(
            [*probe, "-e", "inject=fsync:error=EIO", "true"],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return "strace is not installed"
    return result.stderr and f"strace cannot trace: {result.stderr.splitlines()[0]}"
