"""What surrounds a call: the environment, standard input, the clock."""

from datetime import UTC, datetime
from random import Random

from fuzz import corpus
from fuzz.corpus import CERTSTRAPS, NOW, SECRET

_LANGUAGES = (
    "C.UTF-8",
    "C.UTF-8",
    "C",
    "POSIX",
    "en_US.ISO-8859-1",
    "de_DE.UTF-8",
    "",
    "x",
    "\udcff",
)
_SIZES = ("80", "0", "-1", "1", "abc", "", "9" * 11, "٣", "1e3", "80.5", "\udcff", " 80 ")
_COMPLETIONS = (
    "complete_bash",
    "complete_zsh",
    "complete_fish",
    "source_bash",
    "x",
    "",
    "_",
    "bash_complete",
)
_TYPED = (
    "certstrap ", "certstrap sign --CA ", "", "'", "\udcff", "certstrap sign ",
    "certstrap revoke --CN ",
    "certstrap export-pkcs8 c", "certstrap gen ", "certstrap --depot-path missing sign ",
    "certstrap x ",
)  # fmt: skip
_INPUTS = (
    b"", b"\n", b"\n\n", b"\n\n\n\n", b"\0", b"\xff\xfe", b"x", b"a\nb\n", b"\r\n\r\n", b"\x1a",
    b"a" * 70_000,
    SECRET.encode() + b"\n", CERTSTRAPS.encode() + b"\n", 2 * (SECRET.encode() + b"\n"),
)  # fmt: skip
_CLOCKS = (
    datetime(1949, 12, 31, tzinfo=UTC), datetime(1950, 1, 1, tzinfo=UTC), datetime(1, 1, 1,
    tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC), datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2050, 1, 1, tzinfo=UTC), datetime(2066, 1, 1, tzinfo=UTC), datetime(2028, 2, 29,
    tzinfo=UTC),
    datetime(9998, 12, 31, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
)  # fmt: skip


def environment(rng: Random, *, is_program: bool) -> dict[str, str]:
    """Return the environment's variables, beside those that every program needs.

    A shell that completes words sets all of its variables; the program has to know one that does
    not from one that does.
    """
    found = {"LANG": rng.choice(_LANGUAGES) if rng.random() < 0.2 else "C.UTF-8"}
    rare: dict[str, tuple[str, ...]] = {
        "CERTSTRAP_PASSPHRASE": (SECRET, SECRET, CERTSTRAPS, "", "\udcff\udc80", "ä", "x\n"),
        "CERTSTRAP_DEPOT_PATH": ("out", "missing", "", "other.key", "\udcff", "folder"),
        "COLUMNS": _SIZES,
        "LINES": _SIZES,
        "TERMINAL_WIDTH": _SIZES,
        "NO_COLOR": ("", "1"),
        "TERM": ("xterm", "dumb", "", "\udcff"),
        "LC_ALL": _LANGUAGES,
        "TZ": ("Asia/Tokyo", "x", "", "\udcff"),
    }
    for name, values in rare.items():
        if rng.random() < (0.15 if name == "CERTSTRAP_PASSPHRASE" else 0.03):
            found[name] = rng.choice(values)
    if rng.random() < 0.03:
        found |= _completion(rng, is_whole=not is_program or rng.random() < 0.5)
    return found


def _completion(rng: Random, *, is_whole: bool) -> dict[str, str]:
    found = {
        "_CERTSTRAP_COMPLETE": rng.choice(_COMPLETIONS),
        "COMP_WORDS": rng.choice(_TYPED),
        "COMP_CWORD": rng.choice(("1", "2", "3", "4")),
        "_TYPER_COMPLETE_ARGS": rng.choice(_TYPED),
        "_TYPER_COMPLETE_FISH_ACTION": rng.choice(("get-args", "is-args")),
    }
    if is_whole:
        return found
    return {name: value for name, value in found.items() if rng.random() < 0.6}


def standard_input(rng: Random) -> bytes:
    way = rng.random()
    if way < 0.5:
        return b"\n\n"
    if way < 0.9:
        return rng.choice(_INPUTS)
    return rng.choice(corpus.everything())


def clock(rng: Random) -> datetime:
    return rng.choice(_CLOCKS) if rng.random() < 0.08 else NOW
