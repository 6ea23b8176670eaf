"""One call: all that it needs, made up from the seed and its number alone."""

from datetime import datetime
from random import Random
from typing import NamedTuple

from fuzz import command_lines, corpus, folders, loaders, mutate, surroundings
from fuzz.folders import Item

LOADER, APP, PROGRAM = "loader", "app", "program"
_TARGETS, _WEIGHTS = (LOADER, APP, PROGRAM), (500, 495, 5)
_REDIRECTIONS = (
    "", "", "", "", "", ">/dev/full", "2>/dev/full", "<&-", ">&-", "2>&-", ">&- 2>&-",
    "<&- >&- 2>&-",
    "</dev/full", "</dev/null", "0>a.pem",
)  # fmt: skip


class Case(NamedTuple):
    """A call.

    Attributes:
        target: what is called: a loader, the app in this process, or the program.
        loader: the loader and its data, for that target; the rest is for the others.
        items: what is in the current folder.
        words: the command line.
        is_whole: whether the command line has not been changed, so that its passphrases are
            passphrases.
        stdin: standard input.
        piped: what can be read from the FIFO.
        environ: the environment.
        now: the instant; the program has the true one.
        redirection: how a shell opens the program's streams.
    """

    seed: int
    number: int
    target: str
    loader: loaders.Call | None = None
    items: tuple[Item, ...] = ()
    words: tuple[str, ...] = ()
    is_whole: bool = True
    stdin: bytes = b""
    piped: bytes = b""
    environ: dict[str, str] = {}  # noqa: RUF012 - never changed
    now: datetime = corpus.NOW
    redirection: str = ""


def make(seed: int, number: int) -> Case:
    """Return the call of that number."""
    rng = Random(f"{seed}/{number}")  # noqa: S311 - nothing here is a secret
    target = rng.choices(_TARGETS, _WEIGHTS)[0]
    if target == LOADER:
        return Case(seed, number, target, loader=loaders.make(rng))
    items = folders.folder(rng)
    line = command_lines.line(rng, items)
    redirection = rng.choice(_REDIRECTIONS) if target == PROGRAM else ""
    piped = rng.choice(corpus.everything())
    return Case(
        seed,
        number,
        target,
        items=items,
        words=tuple(map(_contained, line.words)) if target == PROGRAM else line.words,
        is_whole=line.is_whole,
        stdin=surroundings.standard_input(rng),
        piped=mutate.file_changed(rng, piped, [piped])[:60_000] if rng.random() < 0.3 else piped,
        environ=surroundings.environment(rng, is_program=target == PROGRAM),
        now=surroundings.clock(rng),
        redirection=redirection,
    )


def _contained(word: str) -> str:
    """Return a word with which the program cannot write outside of the folder that is watched."""
    path = word.rpartition("=")[2]
    if path in command_lines.DEVICES or path == "/proc":
        return word
    is_outside = path.startswith("/") or word.startswith("/") or word.count("..") > 3
    return word.replace("/", "_") if is_outside else word
