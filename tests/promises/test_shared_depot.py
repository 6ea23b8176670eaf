"""In a depot that others may write to, what one of them may have put there is not used."""

import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from certstrap.cli.session import warn_if_shared
from certstrap.store import files
from tests.builders.depots import NEW_KEY, issue, request
from tests.conftest import CommandLine, snapshot
from tests.programs import CERTSTRAP, run

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes and owners"),
    pytest.mark.depot(issue("client"), request("victim")),
]

SOMEBODY = 12_345  # a user who need not exist
REMARK = (
    "Others can write to out: only files of yours, of root and of its owner are used. "
    "Restrict it with: chmod go-w out\n"
)
Put = Callable[[str], Path]


@pytest.fixture(autouse=True)
def shared(depot: Path) -> None:
    """Let anybody write to the depot."""
    (depot / "compromised-keys").write_text("# none\n")
    depot.chmod(0o1777)


@pytest.fixture
def of_somebody(depot: Path) -> Put:
    """Makes a file of the depot one that another user has put there."""
    if os.geteuid():
        pytest.skip("only root can give a file to another user")

    def give(name: str) -> Path:
        os.chown(depot / name, SOMEBODY, SOMEBODY, follow_symlinks=False)
        return depot / name

    return give


READING = [
    ("victim.csr", ("issue", "victim")),
    ("victim.csr", ("sign", "victim")),
    ("victim.key", ("issue", "victim")),
    ("Cert.key", ("sign", "victim")),
    ("Cert.crt", ("sign", "victim", "--CA", "Cert")),
    ("Cert.crt", ("issue", "new", *NEW_KEY)),
    ("Cert.crl", ("revoke", "--CN", "client")),
    ("Cert.crl", ("issue", "client")),
    ("compromised-keys", ("sign", "victim")),
    ("client.crt", ("revoke", "--CN", "client")),
    ("client.crt", ("issue", "client")),
    ("client.crt", ("export-chain", "client")),
    ("client.crt", ("export-pkcs12", "client", "--passphrase", "p")),
    ("client.key", ("export-pkcs12", "client", "--passphrase", "p")),
    ("client.key", ("export-pkcs8", "client")),
    ("client.key", ("passphrase", "client", "--passphrase", "p")),
]


@pytest.mark.parametrize(("name", "command"), READING, ids=lambda each: " ".join([*each][:2]))
def test_a_file_of_another_user_is_not_used(
    certstrap: CommandLine, of_somebody: Put, name: str, command: tuple[str, ...]
) -> None:
    of_somebody(name)
    refused = certstrap.refuses(*command, sentence="Others can write to out")
    remark, sentence, hint = refused.stderr.splitlines()
    assert f"{remark}\n" == REMARK
    assert sentence == (
        f"out/{name} belongs to the user {SOMEBODY}, and others can write to out: it is not used."
    )
    assert hint.startswith("Hint: Remove it, or replace it")


def test_a_link_of_another_user_is_not_followed(
    certstrap: CommandLine, of_somebody: Put, depot: Path
) -> None:
    shutil.move(depot / "victim.csr", depot.parent / "theirs.csr")
    (depot / "victim.csr").symlink_to("../theirs.csr")
    of_somebody("victim.csr")
    refused = certstrap.refuses("sign", "victim", sentence="Others can write to out")
    assert f"out/victim.csr belongs to the user {SOMEBODY}" in refused.stderr


@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_in_a_depot_that_no_other_user_may_write_to_every_file_is_used(
    certstrap: CommandLine, of_somebody: Put, depot: Path, mode: int
) -> None:
    for name in ("victim.csr", "Cert.crt"):
        of_somebody(name)
    depot.chmod(mode)
    certstrap("sign", "victim")


def test_the_owner_of_the_folder_may_put_files_there(
    certstrap: CommandLine, of_somebody: Put, depot: Path
) -> None:
    of_somebody("victim.csr")
    os.chown(depot, SOMEBODY, SOMEBODY)
    depot.chmod(0o755)
    said = REMARK.replace(": chmod", f": chown {os.geteuid()} out && chmod")
    certstrap("sign", "victim", stderr=said)


@pytest.mark.parametrize(("mode", "shared"), [(0o770, True), (0o702, True), (0o755, False)])
def test_a_depot_that_others_may_write_to_is_reported_once(
    certstrap: CommandLine, depot: Path, mode: int, shared: bool
) -> None:
    depot.chmod(mode)
    certstrap("sign", "victim", stderr=REMARK if shared else "")
    certstrap("issue", "new", *NEW_KEY, stderr=REMARK if shared else "")


@pytest.mark.parametrize("uid", [SOMEBODY, 2**31 - 2])
def test_another_user_who_may_have_put_a_file_there_is_reported(depot: Path, uid: int) -> None:
    path = str(depot / "victim.csr")
    assert files.foreign_owner(path, uid) == f"the user {uid}"
    assert not files.foreign_owner(path, 0)
    assert not files.foreign_owner(path, os.geteuid())
    depot.chmod(0o755)
    assert not files.foreign_owner(path, uid)


def test_a_depot_of_somebody_else_needs_another_owner(
    depot: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if os.geteuid():
        pytest.skip("only root can give a folder to another user")
    os.chown(depot, SOMEBODY, -1)
    warn_if_shared("out")
    assert "chown 0 out && chmod go-w out\n" in capsys.readouterr().err


def test_of_two_users_of_a_depot_neither_uses_what_the_other_put_there(folder: Path) -> None:
    if os.geteuid() or not shutil.which("setpriv"):
        pytest.skip("only root can be two other users, with setpriv (util-linux)")
    both = folder / "both"
    both.mkdir()
    both.chmod(0o777)
    # They may read where the tests are installed; a file still belongs to who made it.
    rights = ("--clear-groups", "--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    alice, bob = (
        partial(
            run,
            "setpriv",
            f"--reuid={uid}",
            *rights,
            *CERTSTRAP,
            "--depot-path",
            "both",
            folder=folder,
        )
        for uid in (SOMEBODY, SOMEBODY + 1)
    )
    alice("issue", "client", *NEW_KEY)
    before = snapshot(both)
    for command in (("issue", "his", "--CA", "Cert", *NEW_KEY), ("renew", "client")):
        refused = bob(*command, exit_code=1)
        assert f"belongs to the user {SOMEBODY}" in refused.stderr
    assert snapshot(both) == before
    archive = both / "archive"
    archive.mkdir()
    os.chown(archive, SOMEBODY + 1, -1)
    assert "both/archive" in alice("renew", "client", "--new-key", exit_code=1).stderr
    assert not list(archive.iterdir())
    archive.rmdir()
    assert snapshot(both) == before
