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
    ("check",),
    ("check", "--quiet"),
    ("inspect", "client"),
    ("inspect", "out/below.crt", "out/Int.crl"),
    ("issue", "client"),
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
    copy = path.with_name("copy")
    shutil.copy2(path, copy)
    copy.replace(path)
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
    command: tuple[str, ...], damage: Callable[[Path], None], depot: Path
) -> None:
    let_others_write(depot, damage)
    (depot.parent / "f.json").write_text('{"filters": [{"commonName": "client"}]}')
    context = Context(now=lambda: NOW, environ={})
    before, whole = call(*command, input="", context=context), snapshot(depot)
    wrong = []
    for path in sorted(path for path in depot.iterdir() if path.is_file()):
        if path.name == ".gitignore":
            continue
        kept = path.rename(depot.parent / "kept")
        shutil.copy2(kept, path)
        damage(path)
        after = call(*command, input="", context=context)
        printed, stem = after.stdout + after.stderr, path.name.partition(".")[0]
        same = (after.exit_code, after.stdout) == (before.exit_code, before.stdout)
        if not same and (after.exit_code == 0 or stem not in printed):
            wrong.append((path.name, after))
        path.rmdir() if path.is_dir() else path.unlink()
        kept.rename(path)
    assert not wrong, before
    assert snapshot(depot) == whole


@damages
@pytest.mark.parametrize("command", WRITERS, ids=" ".join)
def test_with_a_damaged_file_a_command_writes_what_it_wrote_or_names_it(
    command: tuple[str, ...], damage: Callable[[Path], None], depot: Path
) -> None:
    folder, kept = depot.parent, depot.parent.parent / f"{depot.parent.name}.kept"
    let_others_write(depot, damage)
    (folder / "temporal.toml").write_text("")
    (folder / "list.csv").write_text("name\nclient\nlisted\n")
    context = Context(now=lambda: NOW, environ={})
    # Nothing writes into a file that is there, so that links to these stay as they are.
    shutil.copytree(folder, kept, symlinks=True, copy_function=os.link)
    whole = snapshot(kept)

    def restore() -> None:
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(kept, folder, symlinks=True, dirs_exist_ok=True, copy_function=os.link)

    before = call(*command, input="", context=context)
    assert before.exit_code == 0, before
    written, wrong = names(folder), []
    for path in sorted(each.relative_to(folder) for each in kept_files(kept, folder)):
        restore()
        damage(folder / path)
        spoiled = state(folder / path)
        after = call(*command, input="", context=context)
        if after.exit_code == 0 and names(folder) == written:
            continue
        is_named = path.name.partition(".")[0] in after.stdout + after.stderr
        is_untouched = state(folder / path) == spoiled
        if after.exit_code == 0 or not is_named or not is_untouched:
            wrong.append((path, after))
    assert not wrong
    assert snapshot(kept) == whole
    shutil.rmtree(kept)


def state(path: Path) -> object:
    """Return what is at a path: its mode, and its content or where it leads."""
    if not os.path.lexists(path):
        return None
    mode = path.lstat().st_mode
    return mode, path.readlink() if path.is_symlink() else path.is_dir() or path.read_bytes()


def names(folder: Path) -> set[str]:
    """Return the files below a folder; those in the archive are named by a random number."""
    return {re.sub(r"[0-9A-Fa-f]{30,40}", "N", str(path)) for path in folder.rglob("*")}


def kept_files(kept: Path, folder: Path) -> list[Path]:
    """Return the files of the depot and its archive that certstrap made, as they were."""
    depot = kept / "out"
    return [
        folder / path.relative_to(kept)
        for path in depot.rglob("*")
        if path.is_file() and path.name != ".gitignore"
    ]
