"""What Temporal's clients say if they cannot connect: each takes a list of attempts.

The client for Python speaks for all that share Temporal's core (TypeScript workers, .NET, Ruby),
`grpc` for all that use gRPC's core (PHP).
"""

import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests import programs
from tests.interop import sdks
from tests.interop.temporal_server import temporal

WAIT = 2
"""How many seconds a client waits for a connection."""


class Attempt(NamedTuple):
    """A connection that is tried, with the paths of files; without a CA, one without TLS."""

    address: str
    server_name: str
    server_ca: str
    certificate: str
    key: str


Client = Callable[[Sequence[Attempt], Path], list[str]]


def python(attempts: Sequence[Attempt], _: Path) -> list[str]:
    """Return what the client for Python says."""
    from temporalio.client import Client, TLSConfig  # noqa: PLC0415 - it may not be there

    def read(path: str) -> bytes | None:
        return Path(path).read_bytes() if path else None

    async def say(attempt: Attempt) -> str:
        tls = TLSConfig(
            client_cert=read(attempt.certificate),
            client_private_key=read(attempt.key),
            server_root_ca_cert=read(attempt.server_ca),
            domain=attempt.server_name or None,
        )
        given = tls if attempt.server_ca else False
        connecting = Client.connect(attempt.address, namespace="a.b", tls=given)
        try:
            await asyncio.wait_for(connecting, programs.SECONDS)
        except (RuntimeError, ValueError) as error:
            return str(error)
        return "connected"

    return [asyncio.run(say(attempt)) for attempt in attempts]


def go(attempts: Sequence[Attempt], folder: Path) -> list[str]:
    """Return what the SDK for Go says."""
    return _said(sdks.go(sdks.PROJECT / "say.go", folder=folder), attempts, folder)


def command(attempts: Sequence[Attempt], _: Path) -> list[str]:
    """Return what the `temporal` command says, which is another client in Go."""

    def say(attempt: Attempt) -> str:
        options = {
            "--tls-server-name": attempt.server_name,
            "--tls-ca-path": attempt.server_ca,
            "--tls-cert-path": attempt.certificate,
            "--tls-key-path": attempt.key,
        }
        given = [word for option in options.items() if option[1] for word in option]
        return programs.run(
            temporal(), "workflow", "list", "--address", attempt.address, *given,
            "--client-connect-timeout", f"{WAIT}s", exit_code=None,
        ).stderr  # fmt: skip

    return [say(attempt) for attempt in attempts]


def typescript(attempts: Sequence[Attempt], folder: Path) -> list[str]:
    """Return what @temporalio/client says."""
    return _said((sdks.node(), sdks.PROJECT / "say.mjs"), attempts, folder)


def java(attempts: Sequence[Attempt], folder: Path) -> list[str]:
    """Return what the SDK for Java says."""
    return _said(sdks.java(sdks.PROJECT / "Say.java", folder=folder), attempts, folder)


def grpc(attempts: Sequence[Attempt], folder: Path) -> list[str]:
    """Return what the core of gRPC says, with its log."""
    return _said((sys.executable, sdks.PROJECT / "say.py"), attempts, folder)


def _said(command: sdks.Command, attempts: Sequence[Attempt], folder: Path) -> list[str]:
    file = folder / "attempts"
    file.write_text("".join("\t".join(attempt) + "\n" for attempt in attempts), encoding="utf-8")
    *said, rest = programs.run(*command, file, seconds=150).stdout.split("\0")
    assert not rest
    return said
