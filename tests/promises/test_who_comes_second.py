"""Who gets the lock second sees what the first one did, however long both have waited for it."""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509

from certstrap.store.locks import locked
from tests.builders import crls, foreign
from tests.conftest import snapshot
from tests.programs import Outcome, end
from tests.promises.conftest import Break, Stage
from tests.promises.fork_server import ForkServer
from tests.promises.processes import WAITING, start, until, until_waiting
from tests.promises.scenes import INIT, ISSUE, REVOKE, SIGN, Scene, assert_whole, names, revoked
from tests.promises.strace import DEPOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who waits")

InOrder = Callable[..., tuple[Outcome, Outcome]]


@pytest.fixture
def in_order(fork_server: ForkServer) -> InOrder:
    """Runs two commands in a folder, which both wait for the depot's lock, and get it in order."""

    def run(folder: Path, *commands: tuple[str, ...]) -> tuple[Outcome, Outcome]:
        first, second = (
            fork_server.start(folder, "--depot-path", DEPOT, *command) for command in commands
        )
        with locked([str(folder / DEPOT)]):
            for each in (first, second):
                each.go()
                until_waiting([each])
            os.kill(second.pid, signal.SIGSTOP)
        try:
            ended = first.end()
        finally:
            os.kill(second.pid, signal.SIGCONT)
        return ended, second.end()

    return run


def certificate(folder: Path, name: str = "client") -> x509.Certificate:
    """Return a certificate of the depot."""
    return foreign.load_certificate(folder / DEPOT / f"{name}.crt")


def serials(folder: Path) -> list[int]:
    """Return the serial numbers that the CA has revoked."""
    return crls.serials(folder / DEPOT / "Cert.crl")


# A revocation beside a renewal


RENEW = ("renew", "client")


@pytest.mark.parametrize("revoke", [REVOKE.command, ("revoke", "--CN", "client")], ids=" ".join)
def test_a_revocation_after_a_renewal_revokes_the_new_certificate(
    stage: Stage, in_order: InOrder, revoke: tuple[str, ...]
) -> None:
    folder = stage(REVOKE)
    old = certificate(folder)
    renewed, done = in_order(folder, RENEW, revoke)
    assert renewed.exit_code == 0, renewed
    assert done.exit_code == 0, done
    new = certificate(folder)
    assert new.serial_number != old.serial_number
    assert new.serial_number in serials(folder)


@pytest.mark.usefixtures("traceable")
def test_a_revocation_that_begins_while_a_renewal_writes_revokes_the_new_certificate(
    stage: Stage, traced: Break
) -> None:
    folder = stage(REVOKE)
    old = certificate(folder)
    done: list[Outcome] = []

    def revoke_meanwhile(renewing: int) -> None:
        log = folder.with_suffix(".strace")
        until(lambda: log.exists() and "stopped by SIGSTOP" in log.read_text())
        try:
            revoking = start(folder, *REVOKE.command)
            until_waiting([revoking])
        finally:
            os.kill(renewing, signal.SIGCONT)
        done.append(end(revoking))

    stopped = "flock:signal=STOP:when=1"  # when it has the lock
    renewed = traced(folder, *RENEW, inject=stopped, meanwhile=revoke_meanwhile)
    assert renewed.exit_code == 0, renewed.stderr
    assert [each.exit_code for each in done] == [0]
    assert certificate(folder).serial_number != old.serial_number
    assert certificate(folder).serial_number in serials(folder)


def test_a_renewal_after_a_revocation_is_refused(stage: Stage, in_order: InOrder) -> None:
    folder = stage(REVOKE)
    old = certificate(folder)
    done, refused = in_order(folder, REVOKE.command, RENEW)
    assert done.exit_code == 0, done
    assert refused.exit_code == 1, refused
    assert f"{DEPOT}/client.crt was revoked on" in refused.stderr
    assert certificate(folder) == old
    assert serials(folder) == [old.serial_number]


def test_a_renewal_after_a_renewal_starts_from_the_first(stage: Stage, in_order: InOrder) -> None:
    folder = stage(REVOKE)
    old = certificate(folder)
    for ended in in_order(folder, RENEW, RENEW):
        assert ended.exit_code == 0, ended
    archived = [path.name for path in (folder / DEPOT / "archive").glob("*.crt")]
    assert len(archived) == 2
    every = {
        certificate(folder).serial_number,
        *(
            foreign.load_certificate(folder / DEPOT / "archive" / name).serial_number
            for name in archived
        ),
    }
    assert old.serial_number in every
    assert len(every) == 3


# A folder that goes and comes back


@pytest.mark.parametrize("scene", [INIT, ISSUE], ids=str)
def test_a_new_depot_lands_in_the_folder_that_is_there_when_the_lock_is_free(
    stage: Stage, scene: Scene
) -> None:
    folder = stage(scene)
    depot = folder / DEPOT
    depot.mkdir()
    with locked([str(depot)]):
        process = start(folder, *scene.command)
        until_waiting([process])
        depot.rmdir()
        (folder / "another").mkdir()  # takes the inode, on file systems that use them again
        depot.mkdir(0o700)
    ended = end(process)
    assert (ended.exit_code, ended.stderr) in {(0, ""), (0, WAITING)}
    assert set(names(folder)) >= scene.creates
    assert_whole(folder)


@pytest.mark.parametrize(
    "scene",
    [
        REVOKE,
        Scene(RENEW, REVOKE.before, frozenset()),
        SIGN,
    ],
    ids=str,
)
def test_what_is_written_lands_in_the_folder_that_is_there_when_the_lock_is_free(
    stage: Stage, scene: Scene
) -> None:
    folder = stage(scene)
    depot, moved = folder / DEPOT, folder / "moved"
    with locked([str(depot)]):
        process = start(folder, "--wait", "2", *scene.command)
        until_waiting([process])
        depot.rename(moved)
        shutil.copytree(moved, depot)
        before = snapshot(moved)
    assert end(process).exit_code == 0
    assert snapshot(moved) == before
    assert snapshot(depot) != before
    assert scene.creates <= set(names(folder))
    assert revoked(folder) == (scene is REVOKE)
