"""Folders in which a scene can be played again and again."""

import shutil
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import count
from pathlib import Path

import pytest

from certstrap.store.locks import locked
from tests import programs
from tests.programs import Outcome
from tests.promises import strace
from tests.promises.fork_server import ForkServer
from tests.promises.processes import until_waiting
from tests.promises.scenes import Scene
from tests.promises.strace import DEPOT, Call, Traced

Stage = Callable[[Scene], Path]
Record = Callable[[Scene], Traced]
Calls = Callable[[Scene], list[Call]]
Break = Callable[..., Traced]
AtOnce = Callable[..., list[Outcome]]


def skip_without(reason: str) -> None:
    """Skip a test for ``reason``, if there is one; where all peers must be there, fail it."""
    if reason and programs.environment().get("CERTSTRAP_ALL_PEERS") == "1":
        pytest.fail(reason, pytrace=False)
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    """The program, loaded once and forked for each run."""
    fork_server = ForkServer()
    yield fork_server
    fork_server.close()


@pytest.fixture(scope="session")
def _why_not(fork_server: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    return strace.missing(fork_server, tmp_path_factory.mktemp("missing"))


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
def record(prepared: Stage, fork_server: ForkServer) -> Record:
    """Gives a run of a scene's command with its system calls, in the folder ``recorded``."""

    @cache
    def recorded(scene: Scene) -> Traced:
        folder = prepared(scene)
        again = shutil.copytree(folder, folder.with_name("recorded"))
        traced = strace.run(fork_server, again, *scene.command)
        assert traced.exit_code == 0, traced
        assert {call.name for call in traced.calls} >= {"openat", "write", "fsync", "close"}
        return traced

    return recorded


@pytest.fixture
def calls(record: Record) -> Calls:
    """Gives the calls on the depot that a scene's command makes, in their order."""
    return lambda scene: record(scene).calls


@pytest.fixture
def traced(fork_server: ForkServer) -> Break:
    """Runs a command under strace: `strace.run`."""
    return partial(strace.run, fork_server)


@pytest.fixture
def break_call(fork_server: ForkServer) -> Break:
    """Runs a command and breaks one of its calls: `strace.break_call`."""
    return partial(strace.break_call, fork_server)


@pytest.fixture
def at_once(fork_server: ForkServer) -> AtOnce:
    """Runs commands in a folder, each in a process of its own, which begin as one."""

    def run(folder: Path, *commands: tuple[str, ...], until_all_wait: bool = True) -> list[Outcome]:
        """Run them; if they are to wait, all look at the depot before the first of them writes."""
        runs = [fork_server.start(folder, "--depot-path", DEPOT, *command) for command in commands]
        depot = folder / DEPOT
        if until_all_wait:
            depot.mkdir(mode=0o700, exist_ok=True)
        with locked([str(depot)] if until_all_wait else []):
            for each in runs:
                each.go()
            until_waiting(runs if until_all_wait else [])
        return [each.end() for each in runs]

    return run
