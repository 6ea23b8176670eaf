"""What the tests share: a clock that stands still, a command line to call, folders to compare."""

import gc
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import chdir, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import HealthCheck, settings
from typer.testing import CliRunner

from certstrap.cli.app import app
from certstrap.cli.context import Context, cores, utc_now
from tests import loaded, programs
from tests.builders import depots
from tests.builders.depots import Command
from tests.programs import CERTSTRAP, Outcome

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
FEW_ROUNDS = 2048  # as many as `cryptography` uses; deriving a key by the usual 600,000 is slow
USUAL_ROUNDS = 0  # as `Context` has it
ROOT = Path(__file__).parent.parent

programs.forget_environment()
programs.use_shared_memory()

settings.register_profile(
    "certstrap",
    deadline=None,
    derandomize=bool(programs.environment().get("CI")),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("certstrap")


def pytest_xdist_auto_num_workers() -> int:
    """Run one worker more than there are cores, as some tests wait for another program."""
    return cores() + 1


@cache
def _command() -> Any:
    """Return the app as a command, which takes longer to build than most calls take."""
    return typer.main.get_command(app)


def call(*args: str, input: str | bytes, context: Context) -> Outcome:  # noqa: A002 - as subprocess calls it
    """Call the app in this process, in the current folder, and return how it ends."""
    with CliRunner().isolation(input) as (stdout, stderr, _):
        with pytest.raises(SystemExit) as ended:
            _command().main(list(args), prog_name="certstrap", obj=context)
        sys.stdout.flush()
        sys.stderr.flush()
        code = ended.value.code
        assert isinstance(code, int)
        return Outcome(code, stdout.getvalue().decode(), stderr.getvalue().decode())


def pytest_collection(session: pytest.Session) -> None:
    """Compile a share of the tests if this is one of several workers, which all need all of them.

    A module whose assertions pytest has rewritten is cached beside it. Rewriting them takes longer
    than all else that a worker does before its first test.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers == 1:
        return
    worker = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
    files = [file for arg in session.config.args for file in sorted(Path(arg).rglob("test_*.py"))]
    for file in files[worker::workers]:
        with suppress(Exception, pytest.skip.Exception):  # the collection meets it again
            import_module(".".join(file.absolute().relative_to(ROOT).with_suffix("").parts))


def pytest_collection_finish() -> None:
    """Let Python look for garbage only in what the tests create, not in all that was collected."""
    gc.freeze()


def pytest_sessionfinish() -> None:
    """End what has been started for all tests."""
    loaded.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the installations of the README, which take longest, so that none ends alone."""
    items.sort(key=lambda item: item.path.name != "test_readme.py")


def without_identity(stderr: str) -> str:
    """Return what `sign --intermediate` says in a pipe, without who the new CA is.

    `commands/test_sign_reports.py` looks at that.
    """
    lines = r"^Subject: .*\nSHA-256 of its public key: [0-9a-f]{64}\n"
    return re.sub(lines, "", stderr, count=1, flags=re.MULTILINE)


@dataclass(frozen=True)
class CommandLine:
    """Calls the app in this process, in the current folder, with a context of the test's own.

    A command that ends otherwise than ``exit_code`` says, unless that is None, fails the test, and
    so does one that succeeds and prints something else to standard error than ``stderr``. Keys are
    encrypted by ``rounds`` of PBKDF2; `tests/promises/test_rounds.py` shows that this is all
    that they change.
    """

    now: datetime = NOW
    rounds: int = FEW_ROUNDS

    def __call__(
        self,
        *args: str,
        input: str | bytes = "",  # noqa: A002 - as subprocess calls it
        now: datetime | None = None,
        environ: Mapping[str, str] | None = None,
        exit_code: int | None = 0,
        stderr: str = "",
    ) -> Outcome:
        context = Context(now=lambda: now or self.now, environ=environ or {}, rounds=self.rounds)
        outcome = call(*args, input=input, context=context)
        assert exit_code in {outcome.exit_code, None}, (args, outcome)
        assert "Traceback" not in outcome.stderr
        if exit_code == 0:
            said = outcome.stderr
            if "intermediate" in (arg.lstrip("-") for arg in args):
                said = without_identity(said)
            assert said == stderr, outcome
        return outcome

    def refuses(
        self, *args: str, sentence: str, hint: str = "", exit_code: int = 1, **how: object
    ) -> Outcome:
        """Call the app, which must refuse with ``sentence`` and change nothing below the folder."""
        before = snapshot(Path.cwd())
        outcome = self(*args, exit_code=exit_code, **how)  # type: ignore[arg-type]
        assert sentence in outcome.stderr.splitlines()[0], outcome
        assert hint in outcome.stderr, outcome
        assert snapshot(Path.cwd()) == before
        return outcome

    def says(self, *args: str, sentence: str, hint: str = "", exit_code: int = 1) -> None:
        """Call the app, which must refuse with exactly this sentence and one line of a hint."""
        refused = self.refuses(*args, sentence=sentence, exit_code=exit_code)
        said, hinted = refused.stderr.splitlines()
        assert said == sentence
        assert hinted.startswith("Hint: ")
        assert hint in hinted


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def certstrap(folder: Path) -> CommandLine:
    """The command line, in an empty folder."""
    return CommandLine()


Prepared = Callable[[tuple[Command, ...], CommandLine], Path]


@pytest.fixture(scope="session")
def prepared_depot(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Gives a folder in which commands were called, to be copied; they are called once."""

    @cache
    def prepare(commands: tuple[Command, ...], certstrap: CommandLine) -> Path:
        folder = tmp_path_factory.mktemp("prepared")
        with chdir(folder):
            for command in commands:
                certstrap(*command)
        return folder

    return prepare


@pytest.fixture
def depot(
    request: pytest.FixtureRequest,
    certstrap: CommandLine,
    folder: Path,
    prepared_depot: Prepared,
) -> Path:
    """The depot that the commands of the mark `depot` make, at ``out`` in the current folder."""
    mark = request.node.get_closest_marker("depot")
    commands = mark.args if mark else depots.CLIENT
    shutil.copytree(prepared_depot(commands, certstrap), folder, dirs_exist_ok=True)
    return folder / "out"


def visible(folder: Path) -> list[Path]:
    """Return what is in a folder as ``ls`` shows it, and what a command left under another name."""
    return sorted(path for path in folder.iterdir() if not re.match(r"\.(?!certstrap-)", path.name))


@pytest.fixture
def today(folder: Path) -> CommandLine:
    """The command line at the present time, which other programs judge by."""
    return CommandLine(now=utc_now())


def snapshot(folder: Path) -> dict[str, tuple[int, bytes | None]]:
    """Return the mode and content of everything below ``folder``, to compare."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            path.read_bytes() if path.is_file() else None,
        )
        for path in sorted(folder.rglob("*"))
    }


Program = Callable[..., Outcome]


@pytest.fixture
def program(folder: Path) -> Program:
    """The real program, as a new process in the empty folder; its clock is the wall's."""
    return partial(programs.run, *CERTSTRAP, folder=folder)
