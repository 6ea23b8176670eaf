"""The peers that are programs, as functions; `peers` says what becomes of a test that lacks one."""

import subprocess
from functools import cache
from pathlib import Path

from tests.interop import peers

Done = subprocess.CompletedProcess[str]


def openssl(*args: str | Path, exit_code: int = 0) -> Done:
    """Run OpenSSL's command line."""
    return _run(_openssl(), *args, exit_code=exit_code)


def certtool(*args: str | Path, exit_code: int = 0) -> Done:
    """Run the certificate tool of GnuTLS."""
    return _run(_certtool(), *args, exit_code=exit_code)


def java(source: Path, *args: str | Path) -> Done:
    """Compile a single source file with a JDK and run it."""
    return _run(_java(), "-XX:+UseSerialGC", source, *args)


@cache
def _openssl() -> str:
    return peers.program(
        "openssl", asked="version", answers="OpenSSL [3-9]", what="OpenSSL 3 or later"
    )


@cache
def _certtool() -> str:
    return peers.program(
        "certtool", asked="--version", answers=r"certtool [3-9]", what="certtool of GnuTLS"
    )


@cache
def _java() -> str:
    return peers.program(
        "java",
        asked="--list-modules",
        answers=r"jdk\.compiler@(1[7-9]|[2-9]\d)",
        what="a JDK, 17 or later",
    )


def _run(*args: str | Path, exit_code: int = 0) -> Done:
    done = subprocess.run(args, capture_output=True, text=True, timeout=peers.SECONDS, check=False)
    assert done.returncode == exit_code, (args, done)
    return done
