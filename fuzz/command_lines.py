"""Command lines made from the app's own commands and options, good ones and odd ones."""

import os
import re
from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import NamedTuple

import typer
from typer.core import TyperGroup, TyperOption

from certstrap.cli.app import LazyCommand, app
from certstrap.cli.render.connect import FORMATS, SHELLS
from fuzz import texts
from fuzz.corpus import CERTSTRAPS, SECRET
from fuzz.folders import FIFO, PASSPHRASES, Item

DEVICES = (
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/stdin",
    "/dev/stdout",
    "/dev/fd/0",
    "/dev/tty",
)
_USUAL = {"--common-name", "--CN", "--CA"}  # and what the app itself requires
_CAS = (
    "Cert", "Cert", "Cert", "Int", "Locked", "EC_Clear", "EC_Enc", "Ed_Enc", "RSA_Enc",
    "P224_Clear",
    "Ünï", "Int_CA", "client", "new",
)  # fmt: skip
_READ: dict[str, tuple[str, ...]] = {
    "--key": ("other.key", "out/client.key", "out/Cert.key", "out/EC_Clear.key", "out/Ed_Enc.key"),
    "--csr": ("other.csr", "out/pending.csr", "out/client.csr", "-"),
    "--cert": ("other.pem", "ca.pem", "out/client.crt", "out/Cert.crt"),
    "--ca-certificate-file": ("ca.pem", "ca.pem", "out/Cert.crt", "out/EC_Clear.crt"),
    "--ca-key-file": ("ca.key", "ca.key", "out/Cert.key", "out/EC_Clear.key"),
    "--passphrase-file": (*PASSPHRASES, "-"),
    "--server-ca": ("ca.pem", "out/Cert.crt"),
    "--into": ("temporal.toml", "temporal.toml", "odd.toml"),
    "--match": ("filters.json", "odd.json", "-"),
}
_WRITTEN = ("a.pem", "b.pem", "c.key", "folder/new.pem", "out/new.pem", "./d.pem", "out/../e.pem")
_ODD_FILES = (
    *DEVICES, "-", "odd.pem", "odd.pem", "changed.pem", "changed.pem", "empty", "folder", "link",
    "loop",
    "missing", "missing/x", "other.key/x", "folder/", ".", "..", "../../x.pem", "out", "",
    "x" * 300,
    "a/" * 3000, "\udcff.pem", "\n", "secret.txt",
)  # fmt: skip
_DEPOTS = (
    "out", "./out/", "out/.", "folder/../out", "missing", "missing/deep", "other.key", "folder",
    "link",
    "loop", FIFO, "", ".", "..", "/dev/null", "/proc", "x" * 300, "\udcff", " ", "-", "--", "o\nut",
)  # fmt: skip


class Option(NamedTuple):
    """An option or an argument, which has no names."""

    names: tuple[str, ...]
    metavar: str
    is_flag: bool
    is_required: bool
    writes: bool


class Command(NamedTuple):
    """A command, a command of a group with two words."""

    words: tuple[str, ...]
    options: tuple[Option, ...]


class Line(NamedTuple):
    """A command line, and whether it is as it should be, save for values."""

    words: tuple[str, ...]
    is_whole: bool


@cache
def commands() -> tuple[Command, ...]:
    """Return the commands of the app."""
    return tuple(_commands(typer.main.get_command(app), ()))


def _commands(command: object, words: tuple[str, ...]) -> list[Command]:
    if isinstance(command, LazyCommand):  # a hidden one is another name of one that is shown
        return [] if command.hidden else _commands(command.loaded, words)
    if isinstance(command, TyperGroup):
        context = typer.Context(command)
        names = command.list_commands(context)
        return [
            each
            for name in names
            for each in _commands(command.get_command(context, name), (*words, name))
        ]
    options = (_option(words, param) for param in command.params)  # type: ignore[attr-defined]
    # What a shell would be given is nothing that this program answers for.
    return [Command(words, tuple(each for each in options if each.names != ("--exec",)))]


def _option(words: tuple[str, ...], param: object) -> Option:
    metavar = str(getattr(param, "metavar", "") or "")
    required = bool(getattr(param, "required", False))
    if not isinstance(param, TyperOption):
        return Option((), metavar, is_flag=False, is_required=required, writes=False)
    names = tuple(param.opts)
    help_text = str(param.help or "")
    writes = metavar == "FILE" and (
        help_text.startswith(("Write", "New", "Save", "Add the profile"))
        or (words[0] == "gen" and "ca" in words[1][:2] and "--ca-" in names[0])
        or (words[0] == "gen" and words[1].startswith("cert"))
    )
    return Option(names, metavar, bool(param.is_flag), required, writes)


def line(rng: Random, items: Sequence[Item]) -> Line:
    """Return a command line, for a folder with these items."""
    command = rng.choice(commands())
    stems = sorted({_stem(item.path) for item in items if item.path.startswith("out/")})
    words = [*_before(rng), *command.words]
    groups = [
        _with_value(rng, command, option, stems)
        for option in command.options
        if rng.random() < _chance(command, option)
    ]
    rng.shuffle(groups)
    words += [word for group in groups for word in group]
    is_whole = rng.random() < 0.7
    for _ in range(0 if is_whole else rng.choice((1, 1, 2, 5))):
        words = _MUTATIONS[rng.randrange(len(_MUTATIONS))](rng, words)
    words = _without_rsa([word.replace("\0", "") for word in words])
    return Line(tuple(_with_one_fifo(command, words)), is_whole and "--" not in words)


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]


def _chance(command: Command, option: Option) -> float:
    if option.is_required or not option.names:
        return 0.95
    if option.names[0] in _USUAL:
        return 0.85
    if option.names[0] == "--curve":
        return 1.0  # an RSA key takes its time
    if option.names[0] == "--no-passphrase":
        return 0.5
    if command.words[0] in {"connect", "filters"}:
        return 0.95 if option.names[0] == "--namespace" else 0.2
    return 0.1


def _before(rng: Random) -> list[str]:
    if rng.random() < 0.88:
        return []
    return ["--depot-path", rng.choice(_DEPOTS)]


def _with_value(rng: Random, command: Command, option: Option, stems: list[str]) -> list[str]:
    if option.is_flag:
        return [rng.choice(option.names)]
    value = _value(rng, command, option, stems)
    if not option.names:
        return [value]
    name = rng.choice(option.names)
    return [f"{name}={value}"] if rng.random() < 0.1 else [name, value]


def _value(rng: Random, command: Command, option: Option, stems: list[str]) -> str:
    pools: dict[str, Callable[[], str]] = {
        "FILE": lambda: _file(rng, option),
        "NAME": lambda: _name(rng, command, option, stems),
        "[NAME]...": lambda: _name(rng, command, option, stems),
        "TIME": lambda: texts.one_of(rng, texts.TIMES, texts.ODD_TIMES),
        "N": lambda: texts.one_of(rng, ("0", "1", "2", "2048"), texts.NUMBERS),
        "CC": lambda: texts.one_of(rng, texts.COUNTRIES, texts.ODD),
        "CURVE": lambda: texts.one_of(rng, texts.CURVES, texts.ODD),
        "HEX": lambda: texts.one_of(rng, texts.SERIALS, texts.NUMBERS),
        "REASON": lambda: texts.one_of(rng, texts.REASONS, texts.ODD),
        "PROFILE": lambda: texts.one_of(rng, texts.PROFILES, texts.ODD),
        "DOMAIN": lambda: texts.one_of(rng, texts.DOMAINS, texts.ODD_LISTS),
        "LIST": lambda: _list(rng, option),
        "ID": lambda: texts.one_of(rng, texts.NAMESPACES, texts.ODD),
        "HOST[:PORT]": lambda: texts.one_of(rng, texts.HOSTS, texts.ODD),
        "FORMAT": lambda: texts.one_of(rng, FORMATS, texts.ODD),
        "SHELL": lambda: texts.one_of(rng, tuple(SHELLS), texts.ODD),
    }
    if option.metavar in pools:
        return pools[option.metavar]()
    if option.names[:1] == ("--passphrase",):
        return rng.choice(
            (SECRET, SECRET, CERTSTRAPS, CERTSTRAPS, "New-" + SECRET, "", "\udcff", "ä")
        )
    return texts.one_of(rng, ("temporal", "Acme, Inc.", "Ünï", ""), texts.ODD)


def _file(rng: Random, option: Option) -> str:
    usual = _WRITTEN if option.writes else _READ.get(option.names[0], ("other.pem", "other.key"))
    if rng.random() < 0.8:
        return rng.choice(usual)
    return rng.choice((*_ODD_FILES, *usual, "missing" if option.writes else FIFO))


def _name(rng: Random, command: Command, option: Option, stems: list[str]) -> str:
    if option.names[:1] == ("--CA",):
        return texts.one_of(rng, _CAS, texts.ODD)
    makes = command.words[0] in {"init", "request-cert", "import"}
    known = texts.NAMES if makes or not stems else (*stems, *stems, *texts.NAMES)
    return texts.one_of(rng, tuple(known), texts.ODD)


def _list(rng: Random, option: Option) -> str:
    pool = {"--ip": texts.ADDRESSES, "--uri": texts.URIS}.get(option.names[0], texts.DOMAINS)
    return texts.one_of(rng, pool, texts.ODD_LISTS)


def _without_rsa(words: list[str]) -> list[str]:
    """Return the words without what would let a large RSA key be generated, for minutes perhaps."""
    kept = [_small(word) for word in words if not re.match("--?rsa", word)]
    text = "\n".join(kept)
    starts = [i for i, word in enumerate(kept) if word in {"init", "request-cert", "issue"}]
    if starts and not re.search("^--?curve[=\n](?![=\n]|$)", text, re.MULTILINE):
        kept[starts[0] + 1 : starts[0] + 1] = ["--curve", "P-256"]
    return kept


def _small(word: str) -> str:
    name, equals, value = word.rpartition("=")
    try:
        is_large = 2048 < int(value) <= 16384
    except ValueError:
        return word
    return name + equals + "2048" if is_large else word


def _with_one_fifo(command: Command, words: list[str]) -> list[str]:
    """Return words that name the FIFO once, to read it: it is filled once, and never emptied."""
    writing = {
        name.lstrip("-") for option in command.options if option.writes for name in option.names
    }
    result: list[str] = []
    seen = False
    for word in words:
        before = (result[-1] if result else "").lstrip("-")
        name, _, value = word.lstrip("-").rpartition("=")
        if os.path.normpath(value or ".") == FIFO:
            replaced = seen or name in writing or (not name and before in writing)
            seen = True
            result.append("missing" if replaced else word)
        else:
            result.append(word)
    return result


_Mutation = Callable[[Random, list[str]], list[str]]


def _one_dash(rng: Random, words: list[str]) -> list[str]:
    return [word[1:] if word.startswith("--") and rng.random() < 0.7 else word for word in words]


def _joined(rng: Random, words: list[str]) -> list[str]:
    result: list[str] = []
    for word in words:
        if result and re.fullmatch("--?[a-zA-Z-]+", result[-1]) and rng.random() < 0.5:
            result[-1] += "=" + word
        else:
            result.append(word)
    return result


def _doubled(rng: Random, words: list[str]) -> list[str]:
    at = rng.randrange(len(words))
    return words[: at + 2] + words[at:]


def _dropped(rng: Random, words: list[str]) -> list[str]:
    at = rng.randrange(len(words))
    return words[:at] + words[at + 1 :] or ["help"]


def _inserted(rng: Random, words: list[str]) -> list[str]:
    at = rng.randrange(len(words) + 1)
    known = [name for command in commands() for option in command.options for name in option.names]
    word = rng.choice((*texts.ODD, *texts.NUMBERS, "--", "--", "--help", "help", *known, *known))
    return [*words[:at], word, *words[at:]]


def _swapped(rng: Random, words: list[str]) -> list[str]:
    one, two = rng.randrange(len(words)), rng.randrange(len(words))
    result = list(words)
    result[one], result[two] = result[two], result[one]
    return result


def _retyped(rng: Random, words: list[str]) -> list[str]:
    at = rng.randrange(len(words))
    return [*words[:at], texts.changed(rng, words[at]), *words[at + 1 :]]


def _replaced(rng: Random, words: list[str]) -> list[str]:
    at = rng.randrange(len(words))
    return [*words[:at], rng.choice((*texts.ODD, "", "")), *words[at + 1 :]]


def _cut(rng: Random, words: list[str]) -> list[str]:
    return words[: rng.randrange(len(words) + 1)] or ["--version"]


def _repeated(rng: Random, words: list[str]) -> list[str]:
    return words * rng.choice((2, 2, 20))


_MUTATIONS: tuple[_Mutation, ...] = (
    _one_dash, _one_dash, _joined, _joined, _doubled, _doubled, _dropped, _inserted, _inserted,
    _swapped,
    _retyped, _retyped, _replaced, _replaced, _cut, _repeated,
)  # fmt: skip
