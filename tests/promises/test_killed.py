"""Killed at any system call, the program leaves nothing half."""

import pytest

from tests.builders.depots import NEW_KEY
from tests.conftest import snapshot
from tests.promises.conftest import Break, Calls, Stage
from tests.promises.scenes import (
    CREATING,
    EXPORT,
    INIT,
    INIT_WITH_URLS,
    ISSUE,
    REQUEST,
    SIGN,
    Scene,
    assert_whole,
    here,
    names,
    temporary,
)
from tests.promises.strace import after_changes

LAST = {
    INIT: "Cert.crt",
    INIT_WITH_URLS: "Cert.crt",
    REQUEST: "client.csr",
    SIGN: "client.crt",
    EXPORT: "client.pkcs8.key",
    ISSUE: "",
}
"""The file with which there is nothing left to do; a CRL that is missing comes with its use."""

pytestmark = pytest.mark.usefixtures("traceable")


@pytest.mark.parametrize("scene", [*CREATING, INIT_WITH_URLS], ids=str)
def test_a_command_killed_at_any_call_leaves_whole_files_and_finishes_when_it_is_run_again(
    scene: Scene, stage: Stage, calls: Calls, break_call: Break
) -> None:
    kills = after_changes(calls(scene))
    assert len(kills) >= 1 + 4 * len(scene.creates)  # open, write, link and unlink each file
    for call in kills:
        folder = stage(scene)
        before = snapshot(folder)
        killed = break_call(folder, call, "signal=KILL", *scene.command)
        assert killed.exit_code == -9, (call, killed)
        assert not killed.stdout, (call, killed)
        assert_whole(folder)
        assert snapshot(folder).items() >= before.items(), call
        new = set(names(folder)) - set(names(stage(scene))) - set(temporary(folder))
        assert new <= scene.creates, call

        has_all = LAST[scene] in names(folder)
        here(folder, *scene.command, exit_code=int(has_all))
        here(folder, "request-cert", "--common-name", "next", *NEW_KEY)
        assert scene.creates <= {*names(folder), *(["Cert.crl"] if has_all else [])}, call
        assert not temporary(folder), call
        assert_whole(folder)
