"""`revoke` by many at once, and killed: no revocation is lost, and no CRL is ever half."""

import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests import programs
from tests.builders import crls
from tests.builders.depots import NEW_KEY
from tests.conftest import snapshot
from tests.programs import Process, end
from tests.promises.conftest import Break, Calls, Stage
from tests.promises.processes import WAITING
from tests.promises.scenes import INIT, REVOKE, Scene, here, temporary
from tests.promises.strace import DEPOT, after_changes

PROCESSES, REVOCATIONS = 8, 100

# The whole command line, again and again in one process, so that the processes really meet.
REVOKE_EACH = f"""
import sys
from certstrap.cli.app import app

for serial in sys.argv[1:]:
    try:
        line = ["--depot-path", "{DEPOT}", "revoke", "--elsewhere", "--serial", serial]
        app(line, prog_name="certstrap")
    except SystemExit as end:
        if end.code:
            raise
"""


def revoking(folder: Path, serials: Sequence[int]) -> Process:
    """Start a process that revokes those serial numbers one by one."""
    words = (f"{serial:x}" for serial in serials)
    return programs.start(sys.executable, "-c", REVOKE_EACH, *words, folder=folder)


def first_words(processes: Sequence[Process]) -> Counter[str]:
    """Wait for processes that must all succeed, and count the first words of their lines."""
    ended = [end(process) for process in processes]
    assert all(one.exit_code == 0 for one in ended), ended
    assert {line for one in ended for line in one.stderr.splitlines(keepends=True)} <= {WAITING}
    return Counter(line.split()[0] for one in ended for line in one.stdout.splitlines())


def test_100_revocations_from_8_processes_at_once_are_all_on_the_crl(stage: Stage) -> None:
    folder = stage(REVOKE)
    crl = folder / DEPOT / "Cert.crl"
    every = [int.from_bytes(os.urandom(19), "big") for _ in range(REVOCATIONS)]
    shares = [every[start::PROCESSES] for start in range(PROCESSES)]
    # Each process goes on with the share of the next, so that each number is revoked twice.
    processes = [
        revoking(folder, [*share, *after])
        for share, after in zip(shares, [*shares[1:], shares[0]], strict=True)
    ]
    seen: list[int] = []
    while any(process.poll() is None for process in processes):
        found = crls.serials(crl)
        assert found[: len(seen)] == seen
        seen = found
    assert first_words(processes) == {"Updated": REVOCATIONS, "Revoked": REVOCATIONS}
    assert sorted(crls.serials(crl)) == sorted(every)
    assert crls.number(crl) == 1 + REVOCATIONS
    assert not temporary(folder)


def test_a_certificate_that_eight_revoke_at_once_is_on_the_crl_once(stage: Stage) -> None:
    folder = stage(INIT)
    here(folder, *INIT.command)
    words = first_words([revoking(folder, [42]) for _ in range(PROCESSES)])
    assert words == {"Updated": 1, "Revoked": PROCESSES - 1}
    assert crls.serials(folder / DEPOT / "Cert.crl") == [42]
    assert crls.number(folder / DEPOT / "Cert.crl") == 2


INTERMEDIATE = ("request-cert", "--common-name", "Int", *NEW_KEY)
FIRST_OF_AN_INTERMEDIATE = Scene(
    ("revoke", "--serial", "2A", "--elsewhere", "--CA", "Int"),
    (
        (*INIT.command, "--path-length", "1"),
        INTERMEDIATE,
        ("sign", "Int", "--CA", "Cert", "--intermediate"),
    ),
    frozenset({"Int.crl"}),
)
SECOND = Scene(
    ("revoke", "--CN", "client", "--reason", "superseded"),
    (*REVOKE.before, ("revoke", "--serial", "2A", "--elsewhere", "--CA", "Cert")),
    frozenset(),
)


@pytest.mark.usefixtures("traceable")
@pytest.mark.parametrize(
    ("scene", "crl_name"),
    [(SECOND, "Cert.crl"), (FIRST_OF_AN_INTERMEDIATE, "Int.crl")],
    ids=["replaced", "made"],
)
def test_killed_at_any_call_it_leaves_the_old_crl_or_the_new_one(
    scene: Scene, crl_name: str, stage: Stage, calls: Calls, break_call: Break
) -> None:
    old = stage(scene) / DEPOT / crl_name
    old_serials = crls.serials(old) if old.exists() else []
    old_data = old.read_bytes() if old.exists() else None
    outcomes = Counter[str]()
    for call in after_changes(calls(scene)):
        folder = stage(scene)
        crl = folder / DEPOT / crl_name
        before = snapshot(folder)
        killed = break_call(folder, call, "signal=KILL", *scene.command)
        assert killed.exit_code == -9, (call, killed)
        data = crl.read_bytes() if crl.exists() else None
        replaced = data != old_data
        outcomes["new" if replaced else "old"] += 1
        if replaced:
            (revoked,) = set(crls.serials(crl)) - set(old_serials)
            assert crls.serials(crl) == [*old_serials, revoked], call
        assert replaced or not killed.stdout, call

        after = snapshot(folder)
        for name in {f"{DEPOT}/{left}" for left in (*temporary(folder), crl_name)}:
            before.pop(name, None)
            after.pop(name, None)
        assert after == before, call

        said = here(folder, *scene.command)
        assert said == "", call
        assert len(crls.serials(crl)) == len(old_serials) + 1, call
        assert crls.number(crl) == len(old_serials) + (1 if old_data is None else 2), call
        here(
            folder, "revoke", "--serial", "2B", "--elsewhere", "--CA", crl_name.removesuffix(".crl")
        )
        assert not temporary(folder), call
        assert (crl.stat().st_mode & 0o777) == 0o444, call
    assert outcomes["old"] >= 3  # at its beginning, with a temporary file, with that file filled
    assert outcomes["new"] >= 2  # before and after the temporary file is removed
