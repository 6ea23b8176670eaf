"""What a user sees.

Success lines go to standard output, one a file, and nothing else does, save a PEM that was asked
for. Errors and hints go to standard error, prompts to the terminal, a spinner to standard error if
that is a terminal. Paths are printed as plain text. Colour is for terminals, and `NO_COLOR` is
honoured. `rich` is imported when something is really drawn with it.
"""

import os
import sys
from collections.abc import Callable
from threading import Thread
from typing import TypeVar

import typer
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.errors import CertstrapError
from certstrap.files import uninterrupted
from certstrap.keys import KeySpec, PrivateKey

_Result = TypeVar("_Result")


def say(line: str) -> None:
    """Print one line to standard output; what it tells is done, so Ctrl-C comes too late."""
    with uninterrupted():
        typer.echo(line)


def remark(line: str) -> None:
    """Print one line to standard error, where standard output is somebody's PEM."""
    typer.echo(line, err=True)


def say_pem(it: x509.Certificate | x509.CertificateSigningRequest) -> None:
    """Print a certificate or a request as PEM to standard output."""
    with uninterrupted():
        typer.echo(it.public_bytes(Encoding.PEM), nl=False)


def complain(error: CertstrapError) -> None:
    """Print an error's sentence, and its hint if it has one, to standard error."""
    colour = sys.stderr is not None and sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    sentence = str(error)
    typer.echo(typer.style(sentence, fg="red") if colour else sentence, err=True)
    if error.hint:
        typer.echo(f"Hint: {error.hint}", err=True)


def generate(spec: KeySpec) -> PrivateKey:
    """Return a new key; on a terminal, a spinner shows while an RSA key is made.

    A large one takes minutes, and Ctrl-C is heard only by a thread that waits.
    """
    if not spec.bits:
        return spec.generate()
    made: list[PrivateKey] = []
    thread = Thread(target=lambda: made.append(spec.generate()), daemon=True)

    def wait() -> PrivateKey:
        thread.start()
        thread.join()
        return made[0]

    return spinning(f"Making an {spec} key", wait)


def read_standard_input() -> bytes:
    """Return all of standard input."""
    return sys.stdin.buffer.read() if sys.stdin else b""


def spinning(what: str, work: Callable[[], _Result]) -> _Result:
    """Return what ``work`` returns; on a terminal, show a spinner meanwhile."""
    if sys.stderr is None or not sys.stderr.isatty():
        return work()
    from rich.console import Console  # noqa: PLC0415 - a pipe never pays for it
    from rich.text import Text  # noqa: PLC0415

    with Console(stderr=True).status(Text(what)):
        return work()


def is_terminal() -> bool:
    """Tell whether somebody reads standard output as it comes."""
    return sys.stdout is not None and sys.stdout.isatty()
