"""The program on a terminal or in a script, loaded once and forked for each call.

To start Python and to import what a command needs takes ten times as long as most commands. The
program in `FOLDER` hands its arguments, folder, environment and open files to a process that has
imported all that, and which forks; it passes on Ctrl-C, and ends as the fork ends. A fork
differs from the program in that it has no controlling terminal, only one as its standard streams,
and in that it encrypts keys by few rounds of PBKDF2.
"""

import fcntl
import gc
import marshal
import os
import pkgutil
import select
import socket
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from tests import programs

FOLDER = programs.BIN / "loaded"
"""The folder of the program, which is ``certstrap`` where this is first on the PATH."""

CERTSTRAP = (sys.executable, "-IS", str(FOLDER / "certstrap"))

_MAIN = "import sys; sys.path.insert(0, sys.argv[1]); import tests.loaded as it; it.main()"
# What some commands import when they need it.
_LATER = ("rich.console", "rich.live", "rich.progress", "rich.table", "rich.text", "ssl")


_started: list[programs.Process] = []


@cache
def environ() -> Mapping[str, str]:
    """Return what the program has to have in its environment; the process that forks is started."""
    path = f"{tempfile.mkdtemp()}/socket"
    root = str(Path(__file__).parent.parent)
    process = programs.serve(sys.executable, "-c", _MAIN, root, path)
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    _started.append(process)
    return {"LOADED_CERTSTRAP": path}


def close() -> None:
    """End the process that forks, if it has been started."""
    for process in _started:
        programs.end(process)


def main() -> None:
    """Fork for each connection, until standard input ends."""
    path = sys.argv[2]
    os.setsid()  # the terminal of who runs the tests is not that of the program
    _load()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        watched: list[Any] = [0, listening]
        while listening in select.select(watched, [], [])[0]:
            connection, _ = listening.accept()
            if not os.fork():
                listening.close()
                _serve(connection)
            connection.close()
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
    os.unlink(path)
    os.rmdir(os.path.dirname(path))
    with suppress(ChildProcessError):
        while True:
            os.wait()


def load_modules() -> None:
    """Import all modules of the program, which only a process that forks has to."""
    import certstrap  # noqa: PLC0415 - only the process that forks needs it

    for module in pkgutil.walk_packages(certstrap.__path__, "certstrap."):
        if module.name != "certstrap.__main__":
            import_module(module.name)


def _load() -> None:
    load_modules()
    for name in _LATER:
        import_module(name)
    gc.freeze()


def _serve(connection: socket.socket) -> None:
    """Run the program for a connection in a process of its own, and say how it ends."""
    _, files, _, _ = socket.recv_fds(connection, 1, 256)
    asked = b""
    while part := connection.recv(1 << 16):
        asked += part
    pid = os.fork()
    if not pid:
        connection.close()
        _become(files, *marshal.loads(asked))  # noqa: S302 - from ourselves
    for file in files:
        os.close(file)
    connection.sendall(b"%d\n" % pid)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    connection.sendall(b"%d\n" % status)
    os._exit(0)


def _become(
    files: Sequence[int],
    numbers: Sequence[int],
    args: list[str],
    folder: str,
    mask: int,
    environ: Mapping[str, str],
) -> None:
    from certstrap.cli.context import Context  # noqa: PLC0415 - only the process that forks needs it

    above = [fcntl.fcntl(file, fcntl.F_DUPFD, 256) for file in files]  # beyond all numbers
    os.closerange(0, 256)
    for number, file in zip(numbers, above, strict=True):
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    os.umask(mask)
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    sys.argv = ["certstrap", *args]
    sys.stdin, sys.stdout, sys.stderr = (
        _stream(fd, mode) for fd, mode in enumerate(("r", "w", "w"))
    )
    import_module("certstrap.__main__").main(Context(rounds=2048))


def _stream(fd: int, mode: str) -> Any:
    """Return a standard stream as Python opens it; none if it is closed."""
    try:
        os.fstat(fd)
    except OSError:
        return None
    return open(fd, mode, encoding="utf-8", errors="surrogateescape", closefd=False)
