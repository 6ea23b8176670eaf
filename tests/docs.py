"""The documents, taken as their readers take them: blocks of code, typed on a terminal in order.

Languages of blocks: ``console`` (lines behind ``$`` are typed, the others are what they print),
``sh`` (each line is typed as it stands), ``text`` behind a ``sh`` block (what that prints),
``powershell`` and ``bat`` (twins of the bash block before them), ``toml`` (a file).
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pexpect

from certstrap.cli.context import utc_now
from certstrap.pki.validity import BACKDATED, Expiry
from tests.conftest import NOW
from tests.loaded import FOLDER
from tests.loaded import environ as loaded_environ

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
GUIDES = sorted((ROOT / "docs").glob("*.md"))
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *GUIDES]

ENGINES = ("OpenBao", "cfssl", "Caddy, with ACME")
"""The sections on CAs of other programs, which `tests/interop/test_engines.py` follows."""

TOKENS = ("SoftHSM2", "YubiKey")
"""The sections on tokens: `tests/commands/test_tokens.py` follows the first, nobody the second."""

LONGEST = 600  # seconds, for the installation of all test tools over a slow line
PASSPHRASE = "correct horse"
HOME = "/home/you"  # the folder that the documents show


@dataclass(frozen=True)
class Block:
    """A fenced block of code, the heading it stands under, and the number of its first line."""

    heading: str
    language: str
    lines: tuple[str, ...]
    number: int


@dataclass(frozen=True)
class Step:
    """What a reader types, and what it prints; None where that is not shown."""

    command: str
    shown: tuple[str, ...] | None
    fails: bool = False

    @property
    def passphrase(self) -> str:
        """What is typed at its prompts: a passphrase where the document says so, else nothing."""
        shown = "\n".join(self.shown or ())
        asks = "(encrypted by passphrase)" in shown or "Enter passphrase for" in shown
        return PASSPHRASE if asks else ""


def blocks(document: Path) -> list[Block]:
    """Return the blocks of a document, in order."""
    found: list[Block] = []
    heading, start, opened = "", 0, ""
    lines = document.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        if opened:
            if line == "```":
                found.append(Block(heading, opened, tuple(lines[start : number - 1]), start))
                opened = ""
        elif line.startswith("```"):
            opened, start = line.removeprefix("```") or "unnamed", number
        elif line.startswith("#"):
            heading = line.lstrip("#").strip()
    assert not opened, f"{document}: the block of line {start} has no end"
    return found


def first_commands() -> tuple[str, str]:
    """Return the new folder of the README, and the command in it that it shows a picture of."""
    (block,) = (block for block in blocks(README) if block.heading == "First command")
    new_folder, command = block.lines
    return new_folder, command


def steps(found: list[Block]) -> list[Step]:
    """Return what is typed in the ``console`` and ``sh`` blocks, in order."""
    every = list(_typed(found))
    return [
        # A command may fail only where the reader is shown that it does.
        Step(step.command, step.shown, fails=bool(after) and after.command == "echo $?")
        for step, after in pairwise([*every, Step("", None)])
    ]


def _typed(found: list[Block]) -> Iterator[Step]:
    last = Block("", "text", (), 0)
    for block, after in pairwise([*found, last]):
        if block.language == "sh":
            shown = after.lines if after.language == "text" and after is not last else None
            assert shown is None or len(block.lines) == 1
            yield from (Step(line, shown) for line in block.lines)
        elif block.language == "console":
            assert block.lines[0].startswith("$ "), block
            for part in re.split(r"^\$ ", "\n".join(block.lines), flags=re.MULTILINE)[1:]:
                command, *shown_lines = part.splitlines()
                yield Step(command, tuple(shown_lines))


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_HASH = re.compile(r"\b[0-9a-f]{64}\b")  # of a new key
_TIME = re.compile(r"\d{2}:\d{2}:\d{2}")
_LENGTHS = ("30d", "90d", "1 year", "18 months", "3 years", "5 years", "10 years")
# Each date that the documents show, and that date for another day than `NOW`.
_DATES: dict[str, Callable[[datetime], datetime]] = {
    f"{NOW:%Y-%m-%d}": lambda day: day,
    **{f"{after(NOW):%Y-%m-%d}": after for after in (Expiry.parse(s).after for s in _LENGTHS)},
}


_BEGIN = re.compile(r"(?<=^  Valid       )\S+ \S+")


def _created(begin: re.Match[str]) -> str:
    """Return when a certificate was created; it is valid from before that, perhaps a day before."""
    return str(datetime.fromisoformat(begin[0]) + BACKDATED)


def as_of(day: datetime, shown: Iterable[str]) -> list[str]:
    """Return what a document shows as the program prints it on ``day``, at the time of `NOW`.

    The documents are written as of `NOW`. Each date they show lies a known length of time after
    it, and must lie so after any other day; all else is the same every day.
    """
    return [_DATE.sub(lambda date: f"{_DATES[date[0]](day):%Y-%m-%d}", line) for line in shown]


def as_documented(days: Iterable[datetime], printed: Iterable[str]) -> list[str]:
    """Return what the program printed on one of ``days`` as the documents show it."""
    dates = {f"{after(day):%Y-%m-%d}": date for day in days for date, after in _DATES.items()}
    return [_DATE.sub(lambda date: dates[date[0]], line) for line in printed]


_READY = r"\[(\d+)\]ready> "  # what bash is told to prompt with: the status, and the word
_ASKED = r"Enter [a-zA-Z ]*passphrase[^\r\n]*: "
# On a terminal, a spinner shows while a key is made and wipes itself away.
_SPINNER = re.compile(r"\x1b\[\?25l.*?\x1b\[\?25h\r\x1b\[1A\x1b\[2K", re.DOTALL)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Terminal:
    """An interactive bash on a terminal, in a folder, where `certstrap` and `python3` are ours.

    Its `certstrap` is that of `tests/loaded.py` if it is ``loaded``, else that of users.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str], *, loaded: bool = False) -> None:
        # What this test run tells its own processes is not for those of a reader.
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CERTSTRAP", "COVERAGE", "PYTEST"))
        }
        ours = {"PS1": "[$?]ready> ", "TERM": "xterm"}
        if loaded:
            path = os.pathsep.join([str(FOLDER), kept["PATH"]])
            ours |= {**loaded_environ(), "PATH": path}
        self._folder = os.path.realpath(folder)
        self._started = utc_now()
        self._bash: Any = pexpect.spawn(
            "bash",
            ["--norc", "--noprofile", "--noediting", "-i"],
            cwd=folder,
            env={**kept, **ours, **environ},
            encoding="utf-8",
            echo=False,
            timeout=LONGEST,
            dimensions=(40, 200),
        )
        self._bash.expect(_READY)
        self.run("umask 022")

    @property
    def days(self) -> tuple[datetime, datetime]:
        """When it was opened, and now; midnight may lie between."""
        return self._started, utc_now()

    def run(self, command: str, passphrase: str = "") -> tuple[int, list[str]]:
        """Type a command, and ``passphrase`` at its prompts; return its status and its lines.

        The lines are what stays on the screen, without colours and without spaces at their ends.
        """
        self._bash.sendline(command)
        printed = ""
        while self._bash.expect([_READY, _ASKED]) == 1:
            printed += self._bash.before + self._bash.after
            self._bash.sendline(passphrase)
        printed += self._bash.before
        shown = _COLOUR.sub("", _SPINNER.sub("", printed))
        return int(self._bash.match[1]), [line.rstrip() for line in shown.splitlines()]

    def interrupt(self, command: str) -> int:
        """Type a command, and Ctrl-C at its first prompt; return its status."""
        self._bash.sendline(command)
        self._bash.expect(_ASKED)
        self._bash.sendintr()
        self._bash.expect(_READY)
        return int(self._bash.match[1])

    def follow(self, step: Step) -> None:
        """Do a step of a document, which must succeed and print what is shown."""
        status, printed = self.run(step.command, step.passphrase)
        assert (status != 0) == step.fails, (step.command, status, printed)
        if step.shown is not None:
            expected = [as_of(day, step.shown) for day in self.days]
            expected = [[_HASH.sub("HASH", line) for line in lines] for lines in expected]
            printed = [_HASH.sub("HASH", self.at_home(line)) for line in printed]
            at_noon = [_TIME.sub(f"{NOW:%H:%M:%S}", _BEGIN.sub(_created, line)) for line in printed]
            assert at_noon in expected, (step.command, printed, expected[-1])

    def at_home(self, line: str) -> str:
        """Return a line with the folder of the documents' reader in the place of this one's."""
        return line.replace(self._folder, HOME)

    def close(self) -> None:
        """End bash, and whatever runs in it."""
        self._bash.close(force=True)
