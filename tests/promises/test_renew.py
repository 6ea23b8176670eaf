"""`renew` killed, refused, interrupted, and run by many at once: the old files or the new."""

import errno
import os
import sys
from pathlib import Path

import pytest
from cryptography import x509

from tests.builders import foreign
from tests.builders.depots import NEW_KEY
from tests.conftest import snapshot
from tests.promises.conftest import AtOnce, Break, Calls, Stage
from tests.promises.processes import certstrap, with_files_up_to
from tests.promises.scenes import SIGN, Scene, here
from tests.promises.strace import DEPOT, Call, after_changes
from tests.promises.test_errors_from_the_system import breakable

_BEFORE = (*SIGN.before, (*SIGN.command, "--expires", "90d"), ("export-pkcs8", "client"))
_CHAIN = ("export-chain", "client", "--with-root")
# No more than eight files are written by one of these, one after another and not at once.
NEW_KEYS = Scene(("renew", "client", "--new-key"), _BEFORE, frozenset())
SAME_KEY = Scene(("renew", "client"), (*_BEFORE, _CHAIN), frozenset())
ROOT = Scene(("renew", "Cert"), _BEFORE, frozenset())
UNDO = Scene(("renew", "--undo", "client"), (*_BEFORE, NEW_KEYS.command), frozenset())
SCENES = [SAME_KEY, NEW_KEYS, ROOT, UNDO]
scenes = pytest.mark.parametrize("scene", SCENES, ids=["same key", "new key", "root", "undo"])
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who waits for a lock")


def depot_of(folder: Path) -> dict[str, tuple[int, bytes | None]]:
    """Return the files of the depot, without the archive."""
    found = snapshot(folder / DEPOT)
    return {name: what for name, what in found.items() if not name.startswith("archive")}


def archive_of(folder: Path) -> dict[str, tuple[int, bytes | None]]:
    """Return the archived files."""
    archive = folder / DEPOT / "archive"
    return snapshot(archive) if archive.exists() else {}


def leftovers(folder: Path) -> list[str]:
    """Return what a command that was killed left for the next one to sweep away."""
    return [path for path in snapshot(folder / DEPOT) if "/.certstrap-" in f"/{path}"]


def assert_one_set(folder: Path) -> None:
    """Assert that the files of the client belong together."""
    files = {name: folder / DEPOT / f"client.{name}" for name in ("crt", "chain.crt")}
    chain = x509.load_pem_x509_certificates(files["crt"].read_bytes())
    if files["chain.crt"].exists():
        exported = x509.load_pem_x509_certificates(files["chain.crt"].read_bytes())
        assert exported[0] == chain[0]
    assert chain[0].public_key() == foreign.load_key(folder / DEPOT / "client.key").public_key()
    chain[0].verify_directly_issued_by(foreign.load_certificate(folder / DEPOT / "Cert.crt"))
    pkcs8 = foreign.load_key(folder / DEPOT / "client.pkcs8.key")
    assert pkcs8.public_key() == chain[0].public_key()
    request = x509.load_pem_x509_csr((folder / DEPOT / "client.csr").read_bytes())
    assert request.public_key() == chain[0].public_key()


def assert_old_or_new(folder: Path, before: Path, call: Call) -> bool:
    """Assert that the depot is as it was or renewed, with the old files archived; tell which."""
    old = depot_of(before)
    changed = {name for name, what in depot_of(folder).items() if old.get(name) != what}
    added = {
        name: what for name, what in archive_of(folder).items() if name not in archive_of(before)
    }
    if not changed:
        assert not added, call
        return False
    replaced = {name for name in changed if not name.endswith(".crl")}
    contents = sorted(data for _, data in added.values() if data is not None)
    assert contents == sorted(old[name][1] or b"" for name in replaced), call
    assert_one_set(folder)
    return True


@pytest.mark.usefixtures("traceable")
@scenes
def test_killed_at_any_call_the_next_command_finds_the_old_files_or_the_new(
    scene: Scene, stage: Stage, calls: Calls, break_call: Break
) -> None:
    every = after_changes(calls(scene))
    before = stage(scene)
    renewed = []
    for call in every:
        folder = stage(scene)
        killed = break_call(folder, call, "signal=KILL", *scene.command)
        assert killed.exit_code == -9, (call, killed)
        here(folder, "revoke", "--serial", "2A", "--elsewhere", "--CA", "Cert")
        assert not leftovers(folder), call
        (folder / DEPOT / "Cert.crl").unlink()
        (folder / DEPOT / "Cert.crl").write_bytes((before / DEPOT / "Cert.crl").read_bytes())
        (folder / DEPOT / "Cert.crl").chmod(0o444)
        renewed.append(assert_old_or_new(folder, before, call))
        here(folder, *scene.command)
        assert_one_set(folder)
        assert not leftovers(folder), call
    # It is finished as soon as the journals are there, and undone before.
    assert renewed == sorted(renewed)
    assert {*renewed} == {False, True}


@pytest.mark.usefixtures("traceable")
@scenes
def test_an_error_at_any_call_leaves_the_folder_as_it_was(
    scene: Scene, stage: Stage, calls: Calls, break_call: Break, subtests: pytest.Subtests
) -> None:
    every = breakable(calls(scene))
    # The same loops over many files: the last of each call, for new keys on each kind of file.
    suffix = 4 if scene is NEW_KEYS else 0
    every = list(
        {(call.name, call.paths[-1][-4:][:suffix]): (call, error) for call, error in every}.values()
    )
    for call, error in every:
        with subtests.test(call=str(call), error=error):
            folder = stage(scene)
            before = snapshot(folder)
            refused = break_call(folder, call, f"error={error}", *scene.command)
            if refused.exit_code == 0:  # it looked for CAs, and needed none of this file
                assert call.paths[0] in {f"{DEPOT}/Cert.crt", f"{DEPOT}/client.crt"}
                assert assert_old_or_new(folder, stage(scene), call)
                continue
            assert snapshot(folder) == before
            assert refused.exit_code == 1
            assert not refused.stdout
            assert os.strerror(getattr(errno, error)) in refused.stderr.splitlines()[0]


@pytest.mark.usefixtures("traceable")
def test_an_interrupt_at_any_call_undoes_all_or_comes_too_late(
    stage: Stage, calls: Calls, break_call: Break, subtests: pytest.Subtests
) -> None:
    scene, every = NEW_KEYS, calls(NEW_KEYS)
    locking = next(i for i, call in enumerate(every) if call.name == "flock")
    statuses = []
    changes = after_changes(every[locking:])
    # The same loops over many files: the first and the last of each call on each kind of file.
    kinds = [
        {(call.name, call.paths[-1][-4:]): call for call in way} for way in (changes, changes[::-1])
    ]
    chosen = {call for kind in kinds for call in kind.values()}
    for call in filter(chosen.__contains__, changes):
        with subtests.test(call=str(call)):
            folder = stage(scene)
            before = stage(scene)
            interrupted = break_call(folder, call, "signal=INT", *scene.command)
            assert not interrupted.stderr
            assert not leftovers(folder)
            statuses.append(interrupted.exit_code)
            done = assert_old_or_new(folder, before, call)
            assert interrupted.exit_code == (0 if done else 130)
            assert done or snapshot(folder) == snapshot(before)
    assert statuses == sorted(statuses, reverse=True)


@pytest.mark.parametrize("size", [0, 200, 600])
@scenes
def test_a_file_that_outgrows_its_limit_leaves_the_folder_as_it_was(
    size: int, scene: Scene, stage: Stage
) -> None:
    folder = stage(scene)
    before = snapshot(folder)
    ended = certstrap(folder, *scene.command, under=with_files_up_to(size))
    if ended.exit_code == 0:  # all its files are small enough
        assert size
        assert_one_set(folder)
        return
    assert ": File too large.\nHint: " in ended.stderr
    assert snapshot(folder) == before


@linux
@pytest.mark.parametrize("options", [(), ("--new-key",)], ids=str)
def test_of_many_that_renew_at_once_each_renews_what_the_one_before_left(
    options: tuple[str, ...], stage: Stage, at_once: AtOnce
) -> None:
    folder = stage(SAME_KEY)
    outcomes = at_once(folder, *[("renew", "client", *options)] * 4)
    assert [outcome.exit_code for outcome in outcomes] == [0] * 4, outcomes
    assert_one_set(folder)
    certificates = [name for name in archive_of(folder) if name.count(".") == 3 and
                    name.endswith(".crt")]  # fmt: skip
    assert sorted(name.split(".")[1] for name in certificates) == ["1", "2", "3", "4"]
    serials = {name.split(".")[2] for name in certificates}
    assert len(serials) == 4
    assert not leftovers(folder)


@linux
def test_of_two_timers_one_renews_and_the_other_finds_nothing(
    stage: Stage, at_once: AtOnce
) -> None:
    folder = stage(SAME_KEY)
    timer = ("renew", "--expiring", "90d", "--expires", "100d")
    outcomes = at_once(folder, timer, timer)
    assert [outcome.exit_code for outcome in outcomes] == [0, 0], outcomes
    assert sorted(outcome.lines[0][:7] for outcome in outcomes) == ["Nothing", "Updated"]
    assert len([name for name in archive_of(folder) if name.endswith(".chain.crt")]) == 1


@linux
def test_a_revocation_beside_a_renewal_revokes_what_is_there_afterwards(
    stage: Stage, at_once: AtOnce
) -> None:
    folder = stage(SAME_KEY)
    revoke = ("revoke", "--CN", "client", "--reason", "keyCompromise")
    renewed, revoked = at_once(folder, ("renew", "client"), revoke)
    assert revoked.exit_code == 0, revoked
    certificate = foreign.load_certificate(folder / DEPOT / "client.crt")
    crl = x509.load_pem_x509_crl((folder / DEPOT / "Cert.crl").read_bytes())
    (entry,) = crl
    if renewed.exit_code:  # the revocation was first
        assert "was revoked" in renewed.stderr
    # If it was second, it revoked the new certificate.
    assert entry.serial_number == certificate.serial_number
    here(folder, "request-cert", "--common-name", "next", *NEW_KEY)
    assert not leftovers(folder)
