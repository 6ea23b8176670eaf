"""How often a command does what is slow: open a key, list the depot, read its certificates."""

import re
from collections import Counter
from collections.abc import Callable

import pytest

from tests.builders.depots import NEW_KEY
from tests.promises import strace
from tests.promises.conftest import Stage
from tests.promises.fork_server import ForkServer
from tests.promises.scenes import INIT, Scene
from tests.promises.strace import DEPOT, Traced

pytestmark = pytest.mark.usefixtures("traceable")

_ISSUED = ("alice", "bob")
FILLED = Scene(
    ("filled",),
    (
        INIT.command,
        *(("issue", name, *NEW_KEY) for name in _ISSUED),
        ("request-cert", "--common-name", "client", *NEW_KEY),
    ),
    frozenset(),
)
COMMANDS = [
    ("sign", "client"),
    ("sign", "client", "--CA", "Cert"),
    ("issue", "client"),
    ("issue", "new", "--curve", "P-256", "--pkcs8"),
    ("issue", "alice"),
    ("revoke", "--CN", "alice"),
    ("renew", "alice"),
    ("export-chain", "alice"),
    ("export-pkcs8", "alice"),
    ("export-pkcs12", "alice", "--passphrase", "p"),
]
commands = pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
Trace = Callable[[tuple[str, ...]], Traced]


@pytest.fixture(scope="module")
def traces() -> dict[tuple[str, ...], Traced]:
    """The runs that were traced, for the tests to share."""
    return {}


@pytest.fixture
def trace(stage: Stage, fork_server: ForkServer, traces: dict[tuple[str, ...], Traced]) -> Trace:
    """Runs a command in a depot with a CA, two clients and a request."""

    def traced(command: tuple[str, ...]) -> Traced:
        if command not in traces:
            run = strace.run(fork_server, stage(FILLED), *command, trace="openat,getdents64")
            assert run.exit_code == 0, run
            traces[command] = run
        return traces[command]

    return traced


def opened(traced: Traced, suffix: str) -> Counter[str]:
    """Return how often each file of the depot with that suffix was opened to be read."""
    read = rf'openat\(.*"[^"]*{DEPOT}/([^"]+){re.escape(suffix)}", O_RDONLY'
    return Counter(found[1] for line in traced.log if (found := re.match(read, line)))


def looks(command: tuple[str, ...]) -> int:
    """Return how often a command looks at a depot: `issue` at the whole list, then at a batch."""
    return 2 if command[0] == "issue" else 1


@commands
def test_a_key_is_opened_once_a_look(command: tuple[str, ...], trace: Trace) -> None:
    counts = opened(trace(command), ".key")
    assert all(count <= looks(command) for count in counts.values())
    assert command[0] not in {"sign", "revoke"} or counts == {"Cert": 1}


@commands
def test_the_depot_is_listed_once_a_look_to_clean_it_and_once_to_read_it(
    command: tuple[str, ...], trace: Trace
) -> None:
    ends = rf"getdents64\(\d+<[^>]*/{DEPOT}>, .* = 0$"
    listed = sum(bool(re.match(ends, line)) for line in trace(command).log)
    assert 1 <= listed <= 2 * looks(command) + (command[0] == "issue")  # what to say next


@commands
def test_the_certificate_of_another_client_is_opened_once_a_look(
    command: tuple[str, ...], trace: Trace
) -> None:
    counts = opened(trace(command), ".crt")
    assert all(counts[name] <= looks(command) for name in _ISSUED if name not in command)


def test_to_choose_the_only_ca_no_more_files_are_read(trace: Trace) -> None:
    with_name, without = (opened(trace(command), ".crt") for command in (COMMANDS[1], COMMANDS[0]))
    assert with_name == without
