"""The program, loaded once and forked for each run.

Each run starts from the same state: all modules are loaded, so that it makes the same system calls
as an equal run, whatever is compiled or cached and however fast the machine is; and it need not
wait until Python has started. ``python -m tests.promises.fork_server`` is the process that forks;
it reads a request a line, and answers each with a line.
"""

import ctypes
import json
import os
import select
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from importlib import import_module
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any

from tests import programs
from tests.loaded import load_modules
from tests.programs import SECONDS, Outcome, Process

_NUMBERS = count()
_PR_SET_PTRACER, _ANY = 0x59616D61, ctypes.c_ulong(-1)  # linux/prctl.h


class Run:
    """A run that does not begin before `go`, and what it prints."""

    def __init__(self, server: "ForkServer", folder: Path, args: Sequence[str]) -> None:
        self._server = server
        self._gate, *self._outputs = (folder.with_suffix(f".{next(_NUMBERS)}") for _ in range(3))
        os.mkfifo(self._gate)
        outputs = [*map(str, self._outputs)]
        self.pid = server.ask(folder=str(folder), args=args, gate=str(self._gate), outputs=outputs)

    def go(self) -> None:
        """Let it begin."""
        self._gate.write_bytes(b"\n")
        self._gate.unlink()

    def run(self) -> Outcome:
        """Let it begin, and wait for its end."""
        self.go()
        return self.end()

    def end(self, seconds: float = SECONDS) -> Outcome:
        """Wait for its end; one that does not end in time fails the test, and is killed."""
        watched = os.pidfd_open(self.pid)
        try:
            in_time = select.select([watched], [], [], seconds)[0]
            if not in_time:
                os.kill(self.pid, signal.SIGKILL)
            exit_code = self._server.ask(wait=self.pid)
        finally:
            os.close(watched)
        assert in_time, "it does not end"
        return Outcome(exit_code, *(path.read_text() for path in self._outputs))


class ForkServer:
    """The process that forks."""

    def __init__(self) -> None:
        self._turn = Lock()

    @cached_property
    def _process(self) -> Process:
        return programs.serve(sys.executable, "-m", "tests.promises.fork_server")

    def start(self, folder: Path, *args: str) -> Run:
        """Return a run of ``certstrap`` with ``args`` in ``folder``, which waits to begin."""
        return Run(self, folder, args)

    def ask(self, **request: object) -> int:
        """Return the answer to a request."""
        with self._turn:
            assert self._process.stdin
            assert self._process.stdout
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            answer = self._process.stdout.readline()
        assert answer, "it has ended"
        return int(answer)

    def close(self) -> None:
        """End it."""
        if "_process" in vars(self):
            programs.end(self._process)


def main() -> None:
    """Answer requests, and be the program in each process that is forked."""
    _load_all()
    certstrap = import_module("certstrap.__main__").main

    while line := _line():
        request = json.loads(line)
        if "wait" in request:
            answer = os.waitstatus_to_exitcode(os.waitpid(request["wait"], 0)[1])
        else:
            ready, not_ready = os.pipe()
            answer = os.fork()
            if not answer:
                os.close(ready)
                _become(request, not_ready)
                certstrap()
            os.close(not_ready)
            os.read(ready, 1)  # until it is closed
            os.close(ready)
        os.write(1, b"%d\n" % answer)


def _load_all() -> None:
    """Load what any run loads."""
    from tests.promises import scenes  # noqa: PLC0415

    load_modules()
    with tempfile.TemporaryDirectory() as folder:
        for scene in (*scenes.CREATING, scenes.REVOKE):
            here = Path(folder, str(scene))
            scene.prepare(here)
            scenes.here(here, *scene.command)


def _line() -> bytes:
    """Return the next line of standard input, and read no further, as what is forked reads too."""
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(0, 1)):
        line += byte
    return line


def _become(request: dict[str, Any], not_ready: int) -> None:
    """Make this process one that has just been started as ``request`` says, and wait to begin."""
    with suppress(AttributeError):  # a library without prctl is on no Linux
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANY, 0, 0, 0)
    os.chdir(request["folder"])
    sys.argv = ["certstrap", *request["args"]]
    opened = [os.open(os.devnull, os.O_RDONLY)]
    opened += [os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) for path in request["outputs"]]
    for fd, new in enumerate(opened):
        os.dup2(new, fd)
        os.close(new)
    gate = os.open(request["gate"], os.O_RDWR)
    os.close(not_ready)
    os.read(gate, 1)
    os.close(gate)


if __name__ == "__main__":
    main()
