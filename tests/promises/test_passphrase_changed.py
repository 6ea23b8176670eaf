"""A changed passphrase, whenever the process is killed: one key, and no copy under the old one."""

from pathlib import Path

import pytest

from certstrap.errors import CertstrapError
from certstrap.pki import key_files
from tests.builders.depots import NEW_KEY
from tests.builders.keys import public
from tests.conftest import snapshot
from tests.promises.conftest import Break, Calls, Stage
from tests.promises.scenes import Scene, here
from tests.promises.strace import DEPOT, after_changes

_OLD, _NEW = ("--passphrase", "the old one"), ("--passphrase", "the new one")
_REQUEST = ("request-cert", "--cn", "client", "--curve", "P-256", *_OLD)
_RENEW = ("renew", "client", "--new-key", *_OLD)
_BEFORE = (("init", "--cn", "Cert", *NEW_KEY), _REQUEST, ("sign", "client"))
_COMMAND = ("passphrase", "client", "--old-passphrase-file", "old", *_NEW)


class Change(Scene):
    """A change of a passphrase; the old one is in a file."""

    def prepare(self, folder: Path) -> None:
        """Run what comes before the command."""
        super().prepare(folder)
        (folder / "old").write_text("the old one\n")


ALONE = Change(_COMMAND, _BEFORE, frozenset())
WITH_ARCHIVE = Change(_COMMAND, (*_BEFORE, _RENEW), frozenset())

pytestmark = pytest.mark.usefixtures("traceable")


def opened(folder: Path, secret: bytes) -> set[str]:
    """Return the files anywhere below the folder that have a private key under that passphrase."""
    found = set()
    for name, (_, data) in snapshot(folder / DEPOT).items():
        try:
            key, by = key_files.load(data or b"", name, lambda: secret)
        except CertstrapError:
            continue
        found |= {name} if by == secret and public(key) else set()
    return found


@pytest.mark.parametrize("scene", [ALONE, WITH_ARCHIVE], ids=["alone", "with an archive"])
def test_killed_at_any_call_it_has_changed_all_keys_or_none_and_no_copy_stays(
    scene: Scene, stage: Stage, calls: Calls, break_call: Break
) -> None:
    keys = opened(stage(scene), b"the old one")
    assert len(keys) == len(scene.before) - 2
    done = 0
    for call in after_changes(calls(scene)):
        folder = stage(scene)
        assert break_call(folder, call, "signal=KILL", *scene.command).exit_code == -9
        here(folder, "request-cert", "--cn", "next", *NEW_KEY)
        old, new = opened(folder, b"the old one"), opened(folder, b"the new one")
        assert {frozenset(old), frozenset(new)} == {frozenset(keys), frozenset()}, call
        done += bool(new)
    assert done > 0


def test_nothing_stays_under_the_old_passphrase(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = stage(WITH_ARCHIVE)
    monkeypatch.chdir(folder)
    before = opened(folder, b"the old one")
    here(folder, *WITH_ARCHIVE.command)
    assert not opened(folder, b"the old one")
    assert opened(folder, b"the new one") == before
