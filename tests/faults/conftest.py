"""Folders in which a scene can be played again and again."""

import shutil
from collections.abc import Callable
from functools import cache, partial
from itertools import count
from pathlib import Path

import pytest

from tests import programs
from tests.faults import strace
from tests.faults.scenes import Scene
from tests.faults.strace import DEPOT, Call, Traced
from tests.programs import CERTSTRAP

Stage = Callable[[Scene], Path]
Record = Callable[[Scene], Traced]
Calls = Callable[[Scene], list[Call]]
Break = Callable[..., Traced]


def skip_without(reason: str) -> None:
    """Skip a test for ``reason``, if there is one; where all peers must be there, fail it."""
    if reason and programs.environment().get("CERTSTRAP_ALL_PEERS") == "1":
        pytest.fail(reason, pytrace=False)
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def _why_not() -> str:
    return strace.missing()


@pytest.fixture
def traceable(_why_not: str) -> None:
    """Ask for strace."""
    skip_without(_why_not)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Gives the folder with the depot that a scene begins with, to be copied."""

    @cache
    def prepare(scene: Scene) -> Path:
        folder = tmp_path_factory.mktemp(str(scene)) / "prepared"
        scene.prepare(folder)
        return folder

    return prepare


@pytest.fixture
def stage(prepared: Stage, tmp_path: Path) -> Stage:
    """Gives a new folder with the depot that a scene begins with."""
    numbers = count()

    def new(scene: Scene) -> Path:
        return shutil.copytree(prepared(scene), tmp_path / f"stage{next(numbers)}")

    return new


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for compiled modules of the runs that must make the same calls."""
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture(scope="session")
def record(prepared: Stage, compiled: Path) -> Record:
    """Gives a run of a scene's command with its system calls, in the folder ``recorded``."""

    @cache
    def recorded(scene: Scene) -> Traced:
        folder = prepared(scene)
        programs.run(
            *(*CERTSTRAP, "--depot-path", DEPOT, *scene.command),
            folder=shutil.copytree(folder, folder.with_name("compiling")),
            environ=strace.repeatable(compiled, compiling=True),
        )
        again = shutil.copytree(folder, folder.with_name("recorded"))
        traced = strace.run(again, *scene.command, compiled=compiled)
        assert traced.exit_code == 0, traced
        assert {call.name for call in traced.calls} >= {"openat", "write", "fsync", "close"}
        return traced

    return recorded


@pytest.fixture
def calls(record: Record) -> Calls:
    """Gives the calls on the depot that a scene's command makes, in their order."""
    return lambda scene: record(scene).calls


@pytest.fixture
def break_call(compiled: Path) -> Break:
    """Runs a command and breaks one of its calls: `strace.break_call`."""
    return partial(strace.break_call, compiled=compiled)
