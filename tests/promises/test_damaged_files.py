"""A law: with any file of the depot damaged, a command does its whole job, or says so.

A command that reads prints what it printed before, and one that writes leaves the files that it
left before; or it names the file and does not end with status 0. None touches what is damaged.
"""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from certstrap.cli.context import Context
from tests.builders.depots import NEW_KEY, init, issue, request, signed
from tests.conftest import NOW, call, snapshot

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
    issue("archived", "--CA", "Next"),
    ("renew", "archived", "--new-key"),
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

WRITERS = (
    ("init", "--common-name", "Third", *NEW_KEY),
    ("request-cert", "--common-name", "more", *NEW_KEY),
    ("sign", "pending", "--CA", "Cert"),
    ("sign", "pending", "--CA", "Int"),
    ("issue", "new", "--CA", "Cert", *NEW_KEY),
    ("issue", "client", "--CA", "Cert", *NEW_KEY),
    ("issue", "--from", "list.csv", "--CA", "Cert", *NEW_KEY),
    ("revoke", "--CN", "client"),
    ("revoke", "--CN", "below"),
    ("crl", "Cert"),
    ("crl", "Int"),
    ("renew", "client"),
    ("renew", "below", "--new-key", "--no-passphrase"),
    ("renew", "--expiring", "100d"),
    ("renew", "archived", "--undo"),
    ("export-pkcs8", "client", "--no-passphrase"),
    ("export-pkcs12", "below", "--no-passphrase"),
    ("export-chain", "below", "--output", "chain.crt"),
    ("bundle", "--rotate", "Cert", "Next", "--output", "bundle.pem"),
    ("filters", "client", "--output", "filters.json"),
    ("connect", "client", "--namespace", "your-namespace.acct", "--into", "temporal.toml"),
)
"""Those that write; ``--undo`` alone needs what is in the archive."""


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


def of_somebody(path: Path) -> None:
    os.chown(path, 12_345, -1)


damages = pytest.mark.parametrize(
    "damage",
    [
        garbage,
        link_to_nothing,
        folder_in_its_place,
        pytest.param(
            of_somebody,
            marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away"),
        ),
    ],
)


def let_others_write(depot: Path, damage: Callable[[Path], None]) -> None:
    """Let others put files there, if the damage is that they may have."""
    if damage is of_somebody:
        depot.chmod(0o777)


@damages
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_damaged_file_is_not_needed_or_named(
    command: tuple[str, ...],
    damage: Callable[[Path], None],
    depot: Path,
    subtests: pytest.Subtests,
) -> None:
    let_others_write(depot, damage)
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


@damages
@pytest.mark.parametrize("command", WRITERS, ids=" ".join)
def test_with_a_damaged_file_a_command_writes_what_it_wrote_or_names_it(
    command: tuple[str, ...],
    damage: Callable[[Path], None],
    depot: Path,
    subtests: pytest.Subtests,
) -> None:
    folder, kept = depot.parent, depot.parent.parent / f"{depot.parent.name}.kept"
    let_others_write(depot, damage)
    (folder / "temporal.toml").write_text("")
    (folder / "list.csv").write_text("name\nclient\nlisted\n")
    context = Context(now=lambda: NOW, environ={})
    shutil.copytree(folder, kept, symlinks=True)

    def restore() -> None:
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(kept, folder, symlinks=True, dirs_exist_ok=True)

    before = call(*command, input="", context=context)
    assert before.exit_code == 0, before
    written = names(folder)
    for path in sorted(each.relative_to(folder) for each in kept_files(kept, folder)):
        restore()
        with subtests.test(path=str(path)):
            damage(folder / path)
            spoiled = snapshot(folder).get(str(path))
            after = call(*command, input="", context=context)
            printed = after.stdout + after.stderr
            whole = after.exit_code == 0 and names(folder) == written
            named = after.exit_code != 0 and path.name.partition(".")[0] in printed
            assert whole or (named and snapshot(folder).get(str(path)) == spoiled), after
    shutil.rmtree(kept)


def names(folder: Path) -> set[str]:
    """Return the files below a folder; those in the archive are named by a random number."""
    return {re.sub(r"[0-9a-f]{40}", "N", str(path)) for path in folder.rglob("*")}


def kept_files(kept: Path, folder: Path) -> list[Path]:
    """Return the files of the depot and its archive that certstrap made, as they were."""
    depot = kept / "out"
    return [
        folder / path.relative_to(kept)
        for path in depot.rglob("*")
        if path.is_file() and path.name != ".gitignore"
    ]
