"""`crl` and the first CRL of a CA that signs: never half, and never at the cost of another's."""

import sys
from pathlib import Path

import pytest

from tests.builders import crls
from tests.builders.depots import NEW_KEY
from tests.conftest import snapshot
from tests.programs import end
from tests.promises.conftest import AtOnce, Break, Calls, Stage
from tests.promises.processes import WAITING
from tests.promises.scenes import INIT, SIGN, Scene, assert_whole, here, names, temporary
from tests.promises.strace import DEPOT, after_changes
from tests.promises.test_revoke_at_once import revoking


class WithoutCRL(Scene):
    """A scene whose CA has no CRL."""

    def prepare(self, folder: Path) -> None:
        super().prepare(folder)
        (folder / DEPOT / "Cert.crl").unlink()


RENEWED = Scene(
    ("crl", "Cert"), (INIT.command, ("revoke", "--serial", "2A", "--elsewhere")), frozenset()
)
FIRST = WithoutCRL(SIGN.command, SIGN.before, frozenset({"client.crt", "Cert.crl"}))


@pytest.mark.usefixtures("traceable")
def test_killed_at_any_call_crl_leaves_the_old_one_or_the_new_one(
    stage: Stage, calls: Calls, break_call: Break
) -> None:
    numbers = set()
    for call in after_changes(calls(RENEWED)):
        folder = stage(RENEWED)
        before = snapshot(folder)
        killed = break_call(folder, call, "signal=KILL", *RENEWED.command)
        assert killed.exit_code == -9, (call, killed)
        number = crls.number(folder / DEPOT / "Cert.crl")
        assert number == 3 or snapshot(folder).items() >= before.items(), call
        numbers.add(number)
        here(folder, *RENEWED.command)
        assert crls.number(folder / DEPOT / "Cert.crl") == number + 1, call
        assert crls.serials(folder / DEPOT / "Cert.crl") == [42], call
        assert not temporary(folder), call
    assert numbers == {2, 3}


@pytest.mark.usefixtures("traceable")
def test_a_signature_killed_at_any_call_leaves_a_whole_first_crl_or_none(
    stage: Stage, calls: Calls, break_call: Break
) -> None:
    for call in after_changes(calls(FIRST)):
        folder = stage(FIRST)
        before = snapshot(folder)
        killed = break_call(folder, call, "signal=KILL", *FIRST.command)
        assert killed.exit_code == -9, (call, killed)
        assert_whole(folder)
        assert snapshot(folder).items() >= before.items(), call
        here(folder, "request-cert", "--common-name", "next", *NEW_KEY)
        here(folder, "sign", "next")
        assert not temporary(folder), call
        assert_whole(folder)
        assert "Cert.crl" in names(folder)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who waits for a lock")
def test_of_signers_at_once_each_finds_or_makes_the_first_crl(
    stage: Stage, at_once: AtOnce
) -> None:
    folder = stage(FIRST)
    here(folder, "request-cert", "--common-name", "other", *NEW_KEY)
    outcomes = at_once(folder, FIRST.command, ("sign", "other", "--CA", "Cert"))
    assert [outcome.exit_code for outcome in outcomes] == [0, 0], outcomes
    assert crls.number(folder / DEPOT / "Cert.crl") == 1
    assert_whole(folder)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who waits for a lock")
def test_a_first_crl_never_replaces_one_with_a_revocation(stage: Stage, at_once: AtOnce) -> None:
    folder = stage(FIRST)
    revoke = ("revoke", "--serial", "2A", "--elsewhere", "--CA", "Cert")
    outcomes = at_once(folder, FIRST.command, revoke)
    assert [outcome.exit_code for outcome in outcomes] == [0, 0], outcomes
    assert crls.serials(folder / DEPOT / "Cert.crl") == [42]
    assert_whole(folder)


def test_revocations_and_renewals_at_once_lose_nothing(stage: Stage) -> None:
    folder = stage(RENEWED)
    processes = [revoking(folder, [number, number + 100]) for number in range(1, 5)]
    for _ in range(5):
        here(folder, *RENEWED.command)
    ended = [end(process) for process in processes]
    assert all(one.exit_code == 0 and one.stderr in {"", WAITING} for one in ended), ended
    expected = {42, *range(1, 5), *range(101, 105)}
    assert set(crls.serials(folder / DEPOT / "Cert.crl")) == expected
    assert crls.number(folder / DEPOT / "Cert.crl") == 1 + len(expected) + 5
