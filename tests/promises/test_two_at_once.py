"""Processes that work on one depot at once lose nothing, and learn the truth."""

import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from certstrap.store.locks import locked
from tests.builders.depots import NEW_KEY
from tests.conftest import snapshot
from tests.programs import Outcome, end
from tests.promises.conftest import AtOnce, Break, Stage
from tests.promises.processes import WAITING, start, until_waiting
from tests.promises.scenes import (
    INIT,
    ISSUE,
    REQUEST,
    SIGN,
    Scene,
    assert_whole,
    names,
    temporary,
)
from tests.promises.strace import DEPOT

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who waits for a lock")

CREATORS = 20
NAMES = [f"client{number}" for number in range(8)]


def assert_one_won(folder: Path, outcomes: list[Outcome], scene: Scene) -> None:
    """Assert that one of the creators made all, and that the others were refused."""
    (winner,) = (outcome for outcome in outcomes if "Created" in outcome.stdout)
    assert winner.exit_code == 0
    assert winner.stderr in {"", WAITING}
    for outcome in outcomes:
        if outcome is not winner and "already exists" not in outcome.stdout:
            assert outcome.exit_code == 1, outcome
            refused = outcome.stderr.removeprefix(WAITING).splitlines()[0]
            assert refused.endswith(" already exists!"), outcome
    assert not temporary(folder)
    assert scene.creates <= set(names(folder))
    assert_whole(folder)


@linux
@pytest.mark.parametrize("scene", [INIT, REQUEST, SIGN, ISSUE], ids=str)
def test_of_twenty_creators_of_one_name_one_wins_and_the_others_are_refused(
    scene: Scene, stage: Stage, at_once: AtOnce
) -> None:
    folder = stage(scene)
    before = snapshot(folder)
    outcomes = at_once(folder, *[scene.command] * CREATORS)
    assert_one_won(folder, outcomes, scene)
    assert before.items() <= snapshot(folder).items()


@linux
def test_of_twenty_creators_one_makes_the_depot_too(stage: Stage, at_once: AtOnce) -> None:
    folder = stage(INIT)
    outcomes = at_once(folder, *[INIT.command] * CREATORS, until_all_wait=False)
    assert_one_won(folder, outcomes, INIT)


@linux
@pytest.mark.parametrize("scene", [REQUEST, ISSUE], ids=str)
def test_creators_of_different_names_all_win(scene: Scene, stage: Stage, at_once: AtOnce) -> None:
    commands = [
        tuple(name if word == "client" else word for word in scene.command) for name in NAMES
    ]
    folder = stage(scene)
    for outcome in at_once(folder, *commands):
        assert outcome.exit_code == 0, outcome
    for name in NAMES:
        for file in scene.creates:
            assert (folder / DEPOT / file.replace("client", name)).is_file()
    assert_whole(folder)


def test_a_reader_sees_whole_files_while_others_create(stage: Stage) -> None:
    folder = stage(REQUEST)
    processes = [start(folder, "issue", name, "--curve", "P-256", "--pkcs8") for name in NAMES]
    rounds = 0
    while any(process.poll() is None for process in processes):
        assert_whole(folder)
        rounds += 1
    assert rounds > 10
    assert all(end(process).exit_code == 0 for process in processes)


@linux
def test_a_folder_that_goes_while_a_creator_waits_for_it_is_made_again(stage: Stage) -> None:
    folder = stage(INIT)
    depot = folder / DEPOT
    depot.mkdir()
    with locked([str(depot)]):
        process = start(folder, *INIT.command, measured=True)
        until_waiting([process])
        depot.rmdir()  # as its maker does that could not write into it
    ended = end(process)
    assert (ended.exit_code, ended.lines) == (0, [f"Created {DEPOT}/{name}" for name in _IN_ORDER])
    assert ended.stderr in {"", WAITING}
    assert_whole(folder)


_IN_ORDER = ["Cert.key", "Cert.crt", "Cert.crl"]


@linux
def test_a_creator_that_waits_can_be_interrupted(stage: Stage) -> None:
    folder = stage(INIT)
    (folder / DEPOT).mkdir()
    before = snapshot(folder)
    with locked([str(folder / DEPOT)]):
        process = start(folder, *INIT.command)
        until_waiting([process])
        process.send_signal(signal.SIGINT)
        ended = end(process)
    assert ended.exit_code == 130
    assert "Traceback" not in ended.stderr
    assert snapshot(folder) == before


@pytest.mark.usefixtures("traceable")
@pytest.mark.parametrize("way", ["{folder}/the-depot", "./the-depot", "link"])
def test_files_that_come_into_the_depot_by_another_path_are_not_swept_away(
    way: str, stage: Stage, traced: Break
) -> None:
    folder = stage(REQUEST)
    (folder / "link").symlink_to(DEPOT)
    there = way.format(folder=folder)
    slow = (*REQUEST.command, "--key", f"{there}/client.key", "--csr", f"{there}/client.csr")
    with ThreadPoolExecutor() as pool:
        future = pool.submit(traced, folder, *slow, inject="link,linkat:delay_enter=500000")
        while not future.done() and not temporary(folder):
            time.sleep(0.01)
        ended = end(start(folder, "request-cert", "--common-name", "next", *NEW_KEY))
        assert ended.exit_code == 0, ended
    assert future.result().exit_code == 0, future.result().stderr
    assert {"client.key", "client.csr", "next.key", "next.csr"} <= set(names(folder))
    assert_whole(folder)
