"""From here alone, commands learn the time, the environment and what the standard streams are.

The app takes a `Context` as its context object; tests provide their own.
"""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from io import TextIOWrapper
from socket import create_connection, create_server, socket
from typing import NamedTuple, NoReturn

from certstrap import platform
from certstrap.errors import (
    NoPassphraseError,
    OutputError,
    StorageError,
    TooLargeError,
    TooLongError,
)

PASSPHRASE_VARIABLE = "CERTSTRAP_PASSPHRASE"  # noqa: S105 - the name of it
PIN_VARIABLE = "CERTSTRAP_PIN"
MODULE_VARIABLE = "CERTSTRAP_PKCS11_MODULE"
LOOPBACK_SECONDS = 5.0
"""How long a connection within this machine may take."""
_NOBODY_TO_ASK = (
    "A passphrase is needed, and there is neither a terminal nor a line on standard input to read "
    "it from."
)


def utc_now() -> datetime:
    """Return the present instant, in UTC and whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def open_connection(host: str, port: int, seconds: float) -> socket:
    """Return a TCP connection, or raise OSError if it is not open within some seconds."""
    return create_connection((host, port), seconds)


def open_loopback() -> tuple[socket, socket]:
    """Return both ends of a TCP connection over the loopback, or raise OSError."""
    with create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(LOOPBACK_SECONDS)
        ours = create_connection(listener.getsockname(), LOOPBACK_SECONDS)
        return ours, listener.accept()[0]


def run_command(line: str) -> int:
    """Run a command line in the shell, and return its exit status.

    What it prints goes to standard error: standard output has the results of this program. It does
    not get the passphrase of this program, or the PIN of a token.
    """
    secrets = {PASSPHRASE_VARIABLE, PIN_VARIABLE}
    environ = {name: value for name, value in os.environ.items() if name not in secrets}
    ended = subprocess.run(  # noqa: S602 - the user's own line
        line, shell=True, stdin=subprocess.DEVNULL, stdout=2, check=False, env=environ
    )
    return ended.returncode


class Context(NamedTuple):
    """What a command knows of its surroundings.

    Attributes:
        now: returns the present instant; a command calls it once.
        depot_path: the depot's folder, as the user typed it.
        named_depot: the same, or empty if the user named none.
        wait: for how many seconds it waits for another process.
        typed: the names of the parameters that are on the command line.
        without_effect: called when the command has done its work; each returns what is to be said
            of an option that had no effect, or an empty text.
        connect: opens a connection to a host and a port, within some seconds.
        loopback: opens a connection within this machine, and returns both ends.
        run: runs a command line in the shell, and returns its exit status.
        rounds: of PBKDF2, which encrypt new keys; as many as `keys.PBKDF2_ROUNDS` if it is 0.
    """

    now: Callable[[], datetime] = utc_now
    environ: Mapping[str, str] = os.environ
    depot_path: str = "out"
    named_depot: str = ""
    wait: int = 60
    typed: Collection[str] = ()
    without_effect: list[Callable[[], str]] = []  # noqa: RUF012 - the app gives each one of its own
    connect: Callable[[str, int, float], socket] = open_connection
    loopback: Callable[[], tuple[socket, socket]] = open_loopback
    run: Callable[[str], int] = run_command
    rounds: int = 0  # to import `keys` for their number would cost `--version` its start

    def report_no_options(self) -> None:
        """Say of no option that it had no effect: there was nothing to do, or to be said."""
        self.without_effect.clear()

    def ask(
        self, prompt: str, hint: str = NoPassphraseError.HINT, what: str = "passphrase"
    ) -> bytes:
        """Return what is typed at ``prompt``, not echoed; without a terminal, a line of input.

        Args:
            what: what it is, for the sentences.

        Raises:
            NoPassphraseError: there is neither; ``hint`` says what to use instead.
        """
        line = _read_hidden(prompt, what) if is_interactive() else read_line(what)
        if not line:
            sentence = f"No {what} was typed." if is_interactive() else _NOBODY_TO_ASK
            raise NoPassphraseError(sentence, hint)
        return line.rstrip(b"\r\n")


def cores() -> int:
    """Return how many processors this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # pragma: no cover - not run in CI


def is_interactive() -> bool:
    """Return whether standard input is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def prints_to_terminal() -> bool:
    """Return whether standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def reports_to_terminal() -> bool:
    """Return whether standard error is a terminal."""
    return sys.stderr is not None and sys.stderr.isatty()


def require_output() -> None:
    """Raise OutputError if standard output, which what was asked for is written to, is closed."""
    if sys.stdout is None:
        raise OutputError(OSError(errno.EBADF, os.strerror(errno.EBADF)))


def write_lines(lines: Iterable[str]) -> None:
    """Write lines to standard output, which is open; a hundred times as fast as one by one."""
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


def shows_colour(*, errors: bool = False) -> bool:
    """Return whether standard output, or standard error, shows colour (https://no-color.org)."""
    is_terminal = reports_to_terminal() if errors else prints_to_terminal()
    return is_terminal and not os.environ.get("NO_COLOR")


def shows_tracebacks() -> bool:
    """Return whether the traceback of an internal error is shown."""
    return bool(os.environ.get("CERTSTRAP_DEBUG"))


def completion_errors() -> tuple[type[Exception], ...]:
    """Return what completion, if a shell asks for it, raises without the shell's variables."""
    asked = "_CERTSTRAP_COMPLETE" in os.environ
    return (KeyError, ValueError, IndexError) if asked else ()


def hides_warnings() -> bool:
    """Return whether Python was not asked for warnings (``python -W``, ``PYTHONWARNINGS``)."""
    return not sys.warnoptions


def read_all() -> bytes:
    """Return all of standard input.

    Raises:
        TooLargeError: it has more than 64 MB, or does not end.
    """
    data = sys.stdin.buffer.read(TooLargeError.LIMIT + 1) if sys.stdin else b""
    if len(data) > TooLargeError.LIMIT:
        raise TooLargeError("standard input")
    return data


def read_line(what: str) -> bytes:
    """Return the next line of standard input, and leave what follows it to the next command.

    Args:
        what: what it is, for the sentences.

    Raises:
        StorageError: it cannot be read.
        TooLongError: the line does not end.
    """
    if sys.stdin is None:
        return b""
    stream = getattr(sys.stdin.buffer, "raw", sys.stdin.buffer)  # reading ahead is what buffers do
    try:
        return _line(lambda: stream.read(1), "Standard input", what)
    except OSError as cause:
        raise StorageError("read", "standard input", cause) from None


def _line(read_byte: Callable[[], bytes], source: str, what: str) -> bytes:
    line = b""
    while not line.endswith(b"\n") and (byte := read_byte()):
        line += byte
        if len(line) > TooLongError.LIMIT:
            raise TooLongError(source, what)
    return line


def _read_hidden(prompt: str, what: str) -> bytes:
    """Return a line from the terminal, which does not echo it; empty at its end (Ctrl-D).

    What was typed before the prompt counts, unlike with `getpass`, which discards it.
    """
    if platform.IS_WINDOWS:  # pragma: no cover - no terminal of Windows is at hand
        from getpass import getpass  # noqa: PLC0415

        return getpass(prompt).encode(errors="surrogateescape") + b"\n"
    import termios  # noqa: PLC0415 - Windows has none

    try:
        fd = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:  # a process without a controlling terminal may still have one as its input
        fd = os.dup(sys.stdin.fileno())
    try:
        before = termios.tcgetattr(fd)
        hidden = termios.tcgetattr(fd)
        hidden[3] &= ~termios.ECHO
        termios.tcsetattr(fd, termios.TCSADRAIN, hidden)
        try:
            os.write(fd, prompt.encode())
            return _line(lambda: os.read(fd, 1), "The terminal", what)
        finally:
            termios.tcsetattr(fd, termios.TCSADRAIN, before)
            os.write(fd, b"\n")  # the one that was typed was not echoed
    finally:
        os.close(fd)


def ignore_impossible_sizes() -> None:
    """Drop terminal sizes of the environment that no terminal has; the libraries believe any."""
    for name in ("COLUMNS", "LINES", "TERMINAL_WIDTH"):
        value = os.environ.get(name, "1")
        if not (value.isascii() and value.isdigit() and len(value) <= 4 and int(value)):  # noqa: PLR2004 - 9999 columns
            del os.environ[name]


def prepare_streams() -> None:
    """Let the standard streams wait for who is slow, and escape what they cannot encode."""
    for fd in range(3):  # whoever has the other end of a pipe may have set it not to wait
        with suppress(OSError, AttributeError):  # it is closed; Windows, before Python 3.12
            os.set_blocking(fd, True)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def close_streams() -> bool:
    """Close standard output and standard error; return whether all was written.

    Left to Python, a failure to do so is a message of its own and status 120.
    """
    written = True
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.close()
        except OSError:
            written = False
    return written


def end(status: int | str | None) -> NoReturn:
    """End this process with the status that a `SystemExit` with that code would give it.

    Python would first take apart all that was imported, which is a tenth of the instructions of
    ``sign``, and of no use: the streams are closed, and the files are on the disk. A Ctrl-C comes
    too late to change the status.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os._exit(status if isinstance(status, int) else bool(status))
