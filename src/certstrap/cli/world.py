"""The one place that knows the clock, the terminal and the environment.

The app takes a `World` as its context object; tests give their own.
"""

import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from certstrap.errors import NoPassphrase


def utc_now() -> datetime:
    """Return the present instant, in UTC and whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


class World(NamedTuple):
    """What a command sees of the world around it.

    Attributes:
        now: gives the present instant; a command asks once.
        environ: the environment.
        depot_path: the depot's folder, as the user typed it.
    """

    now: Callable[[], datetime] = utc_now
    environ: Mapping[str, str] = os.environ
    depot_path: str = "out"

    @property
    def is_interactive(self) -> bool:
        """Whether somebody can be asked."""
        return sys.stdin is not None and sys.stdin.isatty()

    def ask(self, prompt: str) -> bytes:
        """Return what is typed at ``prompt``, unseen; without a terminal, a line of standard input.

        Raises:
            NoPassphrase: there is neither.
        """
        if self.is_interactive:
            from getpass import getpass  # noqa: PLC0415 - only a terminal needs it

            try:
                return getpass(prompt).encode(errors="surrogateescape")
            except UnicodeDecodeError:
                raise NoPassphrase(
                    "What was typed is no text in this terminal's encoding."
                ) from None
            except EOFError:
                print(file=sys.stderr)  # noqa: T201 - the prompt's line is still open
                raise NoPassphrase("No passphrase was typed.") from None
            except KeyboardInterrupt:
                print(file=sys.stderr)  # noqa: T201 - the prompt's line is still open
                raise
        line = sys.stdin.buffer.readline() if sys.stdin else b""
        if not line:
            raise NoPassphrase(
                "A passphrase is needed, and there is neither a terminal nor a line on standard "
                "input to read it from."
            )
        return line.rstrip(b"\r\n")
