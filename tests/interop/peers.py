"""The peers: programs and packages that judge what we write.

A machine may lack one: then its tests are skipped, or fail if CERTSTRAP_ALL_PEERS=1 is set.
"""

import re
import shutil
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest

from tests import programs
from tests.programs import Outcome

GO = {"CGO_ENABLED": "0", "GOFLAGS": "-gcflags=all=-l"}
"""What Go compiles its own packages fastest with, which it has to do once on each machine."""


def openssl(*args: str | Path, exit_code: int | None = 0) -> Outcome:
    """Run OpenSSL's command line."""
    return programs.run(_openssl(), *args, exit_code=exit_code)


def certtool(*args: str | Path, exit_code: int = 0) -> Outcome:
    """Run the certificate tool of GnuTLS."""
    return programs.run(_certtool(), *args, exit_code=exit_code)


def java(source: Path, *args: str | Path) -> Outcome:
    """Compile a single source file with a JDK and run it."""
    return programs.run(_java(), "-XX:+UseSerialGC", source, *args)


def go(module: Path, *args: str | Path) -> Outcome:
    """Compile the program of a Go module and run it, with the modules that it requires."""
    go_program()
    if programs.run("go", "mod", "download", folder=module, exit_code=None, seconds=300).exit_code:
        lacks("a proxy of Go modules")
    return programs.run("go", "run", ".", *args, folder=module, environ=GO, seconds=300)


def go_program() -> str:
    """Return the path of Go."""
    return program("go", asked="version", answers="go version go1", what="Go")


def go_programs(folder: Path, *packages: str) -> None:
    """Build programs in Go and put them into a folder, where `package@version` can be had.

    That is done where all peers should be here: to download and compile them takes half a minute.
    """
    go_program()
    if programs.environment().get("CERTSTRAP_ALL_PEERS") != "1":
        lacks(f"{', '.join(packages)} (with CERTSTRAP_ALL_PEERS=1, the tests build them)")
    for package in packages:
        more = {**GO, "GOBIN": str(folder)}
        if programs.run("go", "install", package, environ=more, exit_code=None, seconds=300)[0]:
            lacks(f"a proxy of Go modules, or a Go that builds {package}")


@cache
def nginx() -> str:
    """Return the path of nginx, which is not on the PATH of every user."""
    return program("nginx", asked="-v", answers="nginx version: nginx/1", what="nginx")


@cache
def _openssl() -> str:
    return program("openssl", asked="version", answers="OpenSSL [3-9]", what="OpenSSL 3 or later")


@cache
def _certtool() -> str:
    return program(
        "certtool", asked="--version", answers=r"certtool [3-9]", what="certtool of GnuTLS"
    )


@cache
def _java() -> str:
    return program(
        "java",
        asked="--list-modules",
        answers=r"jdk\.compiler@(1[7-9]|[2-9]\d)",
        what="a JDK, 17 or later",
    )


def package(*names: str) -> None:
    """Require Python packages; to be called before they are imported."""
    for name in names:
        if find_spec(name) is None:
            lacks(f"the Python package {name}")


def program(name: str, *, asked: str, answers: str, what: str) -> str:
    """Return the path of a program of the right version.

    Args:
        name: its name on the PATH.
        asked: the argument that makes it tell its version.
        answers: a pattern that a line of its answer begins with.
        what: what to install where it is missing.
    """
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if path is None:
        lacks(what)
    answer = programs.run(path, asked, exit_code=None)
    if answer.exit_code != 0 or not re.search(answers, answer.stdout + answer.stderr, re.MULTILINE):
        lacks(what)
    return path


def lacks(what: str) -> NoReturn:
    """Skip the test, or fail it if every peer should be here."""
    if programs.environment().get("CERTSTRAP_ALL_PEERS") == "1":
        pytest.fail(f"this machine lacks {what}", pytrace=False)
    pytest.skip(f"this machine lacks {what}", allow_module_level=True)
