"""Carrying a call out: the app in this process, or the real program in a process of its own."""

import io
import os
import shlex
import stat
import subprocess
import sys
import tempfile
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any, NamedTuple

from certstrap.cli import context
from fuzz import folders
from fuzz.cases import PROGRAM, Case
from fuzz.folders import State

Entry = Callable[..., object]
"""The app, or what stands in for it; called with the words, and `obj` and `prog_name` by name."""

TEMPORARY = "temporary"
LONGEST_PATH = 4096  # bytes; Linux has no longer ones

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_CHANGES = {
    "os.mkdir",
    "os.rename",
    "os.link",
    "os.symlink",
    "os.remove",
    "os.rmdir",
    "os.chmod",
    "os.truncate",
}


class Outcome(NamedTuple):
    """How a call ended, what it printed and changed.

    Attributes:
        exit_code: its exit status.
        stdout: what it printed to standard output.
        stderr: what it printed to standard error.
        raised: the traceback of an exception that left it, or empty.
        noise: what Python and libraries wrote past the streams, and warnings.
        strayed: what it tried to change outside of the folder that is watched.
        before: the folder that is watched, before.
        after: the same, afterwards.
    """

    exit_code: int
    stdout: str
    stderr: str
    raised: str = ""
    noise: str = ""
    strayed: tuple[str, ...] = ()
    before: State = {}  # noqa: RUF012 - never changed
    after: State = {}  # noqa: RUF012 - never changed


def run(case: Case, root: str, entry: Entry) -> Outcome:
    """Carry a call out in a new folder ``root``."""
    here = folders.build(root, case.items)
    before = folders.state(root)
    with ExitStack() as stack:
        for path in _named_fifos(case, here):
            stack.enter_context(_filled(path, case.piped))
        if case.target == PROGRAM:
            outcome = _run_program(case, here)
        else:
            outcome = _watched(case, root, lambda: _call(case, here, entry))
    return outcome._replace(before=before, after=folders.state(root))


def environment(case: Case, here: str) -> dict[str, str]:
    """Return the whole environment of a call."""
    return {"PATH": os.environ.get("PATH", ""), "HOME": here, **case.environ}


def shell_line(case: Case) -> str:
    """Return the program's command line as a shell takes it."""
    return f"{shlex.join(('certstrap', *case.words))} {case.redirection}"


def _run_program(case: Case, here: str) -> Outcome:
    # The shell opens the streams.
    command = f'exec "$@" {case.redirection}'
    done = subprocess.run(
        ["/bin/sh", "-c", command, "sh", sys.executable, "-m", "certstrap", *case.words],
        input=case.stdin,
        capture_output=True,
        cwd=here,
        env=environment(case, here),
        check=False,
    )
    stdout, stderr = (data.decode(errors="backslashreplace") for data in (done.stdout, done.stderr))
    return Outcome(done.returncode, stdout, stderr)


def _call(case: Case, here: str, entry: Entry) -> Outcome:
    """Call the app as `certstrap.cli.main` does, with streams that are kept."""
    encoding = "ascii" if case.environ["LANG"] in {"C", "POSIX"} else "utf-8"
    stdin = io.TextIOWrapper(io.BytesIO(case.stdin), encoding, errors="surrogateescape")
    stdout, stderr = (io.TextIOWrapper(io.BytesIO(), encoding) for _ in range(2))
    status, raised = 0, ""
    with (
        _surroundings(environment(case, here), here, stdin),
        redirect_stdout(stdout),
        redirect_stderr(stderr),
    ):
        context.prepare_streams()
        context.ignore_impossible_sizes()
        world = context.Context(now=lambda: case.now, environ=os.environ)
        try:
            entry(list(case.words), obj=world, prog_name="certstrap")
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else bool(end.code)
        except BaseException:  # noqa: BLE001 - whatever comes is what this looks for
            status, raised = -1, traceback.format_exc()
    return Outcome(status, _text(stdout), _text(stderr), raised)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode(stream.encoding, errors="backslashreplace")


@contextmanager
def _surroundings(environ: Mapping[str, str], here: str, stdin: io.TextIOWrapper) -> Iterator[None]:
    saved, folder, stream = dict(os.environ), os.getcwd(), sys.stdin
    try:
        os.environ.clear()
        os.environ.update(environ)
        os.chdir(here)
        sys.stdin = stdin
        yield
    finally:
        sys.stdin = stream
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(saved)


class _Guard:
    """Forbids changes outside of a folder while it is on; Python can never remove a hook."""

    def __init__(self) -> None:
        self.root = ""
        self.strayed: list[str] = []

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.root or not (event in _CHANGES or (event == "open" and _opens_to_write(args))):
            return
        for path in args[:2] if event in {"os.rename", "os.link"} else args[:1]:
            if isinstance(path, str | bytes) and not self._allows(os.fsdecode(path)):
                self.strayed.append(os.path.abspath(os.fsdecode(path)))
                raise PermissionError(13, "Permission denied", path)

    def _allows(self, path: str) -> bool:
        folder = os.path.realpath(os.path.dirname(path) or ".")
        if folder == "/dev" or folder.startswith(("/dev/fd", "/proc/")):
            return True
        if (folder + os.sep).startswith(tempfile.gettempdir() + os.sep):
            return True
        inside = self.root + os.sep
        return folder.startswith(inside) and os.path.realpath(path).startswith((inside, "/dev/"))


_GUARD = _Guard()


def _opens_to_write(args: tuple[Any, ...]) -> bool:
    return len(args) == 3 and isinstance(args[2], int) and bool(args[2] & _WRITING)


def guard_the_disk(folder: str) -> None:
    """Let this process change nothing outside of the folder of the call that is running.

    Its temporary files are in a folder of its own in ``folder``, which no call may leave them in.
    """
    sys.dont_write_bytecode = True  # a command's module is imported at its first call
    tempfile.tempdir = os.path.realpath(os.path.join(folder, TEMPORARY))
    os.mkdir(tempfile.tempdir)
    sys.addaudithook(_GUARD)


def _watched(case: Case, root: str, call: Callable[[], Outcome]) -> Outcome:
    """Make a call in this process, and add what was noticed beside its streams."""
    noise: list[str] = []
    hooks = sys.unraisablehook, threading.excepthook
    sys.unraisablehook = lambda args: noise.append(f"unraisable: {args.exc_value!r}")
    threading.excepthook = lambda args: noise.append(f"in a thread: {args.exc_value!r}")
    size = os.fstat(2).st_size
    _GUARD.root, _GUARD.strayed = os.path.realpath(root), []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("ignore")  # as the program does
            warnings.simplefilter("always", ResourceWarning)
            outcome = call()
    finally:
        _GUARD.root = ""
        sys.unraisablehook, threading.excepthook = hooks
    noise += [f"warning: {each.message}" for each in caught]
    if os.fstat(2).st_size != size and not _may_write_past(case):
        noise.append("written to standard error past the stream")
    noise += [f"{left} is left in {TEMPORARY}" for left in os.listdir(tempfile.gettempdir())]
    return outcome._replace(noise="\n".join(noise), strayed=tuple(_GUARD.strayed))


def _may_write_past(case: Case) -> bool:
    """Tell whether it names a device, or lets typer ask bash for its version."""
    completes = case.environ.get("_CERTSTRAP_COMPLETE", "").startswith("source_")
    return completes or any("/dev/" in word for word in case.words)


def _named_fifos(case: Case, here: str) -> Iterator[str]:
    """Yield the FIFOs that the command line names, as a user names one that is filled."""
    fifos = [item.path for item in case.items if item.kind == stat.S_IFIFO]
    words = [word.rpartition("=")[2] for word in case.words if len(word) < LONGEST_PATH]
    named = {os.path.realpath(os.path.join(here, word)) for word in words}
    yield from named & {os.path.realpath(os.path.join(here, path)) for path in fifos}


@contextmanager
def _filled(path: str, data: bytes) -> Iterator[None]:
    """Let the FIFO be read once for the block."""

    def fill() -> None:
        with suppress(OSError), open(path, "wb") as file:
            file.write(data)

    thread = threading.Thread(target=fill, daemon=True)
    thread.start()
    try:
        yield
    finally:
        with suppress(OSError):
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # nobody may have read it
            thread.join()
            os.close(fd)
