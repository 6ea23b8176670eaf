"""Keeping what is needed to repeat a call that failed."""

import shlex
import shutil
from pathlib import Path

from fuzz import cases, folders, runs
from fuzz.cases import Case
from fuzz.supervisor import Failure


def save(folder: Path, seed: int, failure: Failure) -> str:
    """Write a call to ``folder``, as it was before it was made; return its command line."""
    case = cases.make(seed, failure.number)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = _command(case, folder)
    notes = [
        f"law: {failure.law}",
        f"again: python -m fuzz --seed {seed} --only {failure.number}",
        f"target: {case.target}",
        f"command: {command}",
        f"words: {case.words!r}",
        f"environment: {case.environ!r}",
        f"now: {case.now.isoformat()}",
        f"passphrase of a loader: {case.loader.passphrase!r}" if case.loader else "",
        "",
        failure.detail,
    ]
    text = "\n".join(notes)
    (folder / "failure.txt").write_bytes(text.encode(errors="backslashreplace"))
    return command


def _command(case: Case, folder: Path) -> str:
    if case.loader:
        (folder / "data").write_bytes(case.loader.data)
        return f"the loader {case.loader.name} of {folder / 'data'}"
    here = folders.build(str(folder), case.items)
    (folder / "stdin").write_bytes(case.stdin)
    (folder / "piped").write_bytes(case.piped)
    return f"cd {shlex.quote(here)} && {runs.shell_line(case)} <{shlex.quote(str(folder))}/stdin"
