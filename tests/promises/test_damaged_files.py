"""A law: with any file of the depot damaged, a command that reads does its whole job, or says so.

Either it prints what it printed before, or it names the file and does not end with status 0.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from certstrap.cli.context import Context
from tests.builders.depots import init, issue, request, signed
from tests.conftest import NOW, call

pytestmark = pytest.mark.depot(
    init("Cert", "--path-length", "1"),
    init("Next"),
    *signed("Int", "Cert", "--intermediate"),
    issue("client", "--CA", "Cert", "--expires", "90d"),
    issue("below", "--CA", "Int", "--expires", "90d"),
    issue("gone", "--CA", "Cert"),
    ("export-chain", "below"),
    ("revoke", "--CN", "gone", "--reason", "keyCompromise"),
    request("pending"),
)
"""Two roots, an intermediate with a client, a client, a revoked one, and a request."""

COMMANDS = (
    ("status",),
    ("status", "--expiring", "100d"),
    ("status", "--format", "prometheus"),
    ("renew", "--expiring", "1d"),
    ("check", "--quiet"),
    ("bundle",),
    ("bundle", "--rotate", "Cert", "Next"),
    ("filters", "client"),
    ("filters", "--match", "f.json"),
    ("crl", "below", "--bundle"),
    ("verify", "client", "below"),
    ("connect", "client", "--namespace", "your-namespace.acct"),
    ("connect", "below", "--namespace", "your-namespace.acct"),
)


def garbage(path: Path) -> None:
    path.unlink()
    path.write_bytes(b"garbage")
    path.chmod(0o400)


def link_to_nothing(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def folder_in_its_place(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [garbage, link_to_nothing, folder_in_its_place])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_damaged_file_is_not_needed_or_named(
    command: tuple[str, ...],
    damage: Callable[[Path], None],
    depot: Path,
    subtests: pytest.Subtests,
) -> None:
    (depot.parent / "f.json").write_text('{"filters": [{"commonName": "client"}]}')
    context = Context(now=lambda: NOW, environ={})
    before = call(*command, input="", context=context)
    shutil.copytree(depot, depot.parent / "kept", symlinks=True)
    for name in sorted(path.name for path in depot.iterdir() if path.is_file()):
        if name == ".gitignore":
            continue
        with subtests.test(name=name):
            damage(depot / name)
            after = call(*command, input="", context=context)
            printed = after.stdout + after.stderr
            stem = name.partition(".")[0]
            whole = (after.exit_code, after.stdout) == (before.exit_code, before.stdout)
            assert whole or (after.exit_code != 0 and stem in printed), (name, after, before)
        shutil.rmtree(depot)
        shutil.copytree(depot.parent / "kept", depot, symlinks=True)
