"""Hints: what to do next, as values, and the one function that prints them.

A command is a value too: the program, then its words. A string is a name or a file, and a tuple is
an option with its values, so nothing that begins with a dash is taken for something else. Words in
capitals, such as NAME and FILE, are placeholders for the reader.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from certstrap import platform
from certstrap.text import escaped

Word = str | tuple[str, ...]
Command = tuple[Word, ...]
"""For example ``("certstrap", "renew", name, ("--new-key",))``."""


class Hint(NamedTuple):
    """What to do, and the command that does it; a hint without a command may be a plain string.

    Attributes:
        sentence: what to do; without a period, as the command follows. Each ``{}`` in it is one of
            ``options``.
        then: a second command, for when the first has succeeded.
        options: the options that the sentence names. A list has fields in their place.
    """

    sentence: str
    command: Command = ()
    then: Command = ()
    options: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it in one line, for the default depot."""
        return printed(self)


def printed(hint: Hint | str, depot_path: str = "") -> str:
    """Return a hint in one line, safe to print on a terminal.

    Its commands are for the depot that the user named; ``depot_path`` is empty for the default.
    """
    if isinstance(hint, str):
        return escaped(hint)
    sentence = hint.sentence.format(*hint.options) if hint.options else hint.sentence
    lines = [command_line(each, depot_path) for each in (hint.command, hint.then) if each]
    return escaped(f"{sentence}: {platform.in_turn(lines)}" if lines else sentence)


def command_line(command: Command, depot_path: str = "") -> str:
    """Return a command as the shell at hand reads it; its second word is not an option.

    A command of certstrap is for the depot that the user named, if there is one.
    """
    program, *words = command
    if program == "certstrap":
        depot = [("--depot-path", depot_path)] if depot_path else []
        parts = map(_own, (program, *depot, words[0], *_names_last(words[1:])))
    else:
        parts = map(_foreign, command)
    return platform.command_line(chain.from_iterable(parts))


def filled(hint: Hint | str, values: Mapping[str, str]) -> Hint | str:
    """Return a hint with these values in the place of the placeholders in its commands."""
    if isinstance(hint, str):
        return hint
    return hint._replace(command=_filled(hint.command, values), then=_filled(hint.then, values))


def _filled(command: Command, values: Mapping[str, str]) -> Command:
    return tuple(
        values.get(word, word)
        if isinstance(word, str)
        else tuple(values.get(part, part) for part in word)
        for word in command
    )


def _names_last(words: Sequence[Word]) -> Iterator[Word]:
    """Yield the words of a command in an order that certstrap can read.

    What begins with a dash is a name only after ``--``, and nothing is an option after that.
    """
    names = [word for word in words if isinstance(word, str)]
    if not any(name.startswith("-") for name in names):
        yield from words
        return
    yield from (word for word in words if not isinstance(word, str))
    yield from ("--", *names)


def _own(word: Word) -> Sequence[str]:
    """Return what certstrap reads: the value of an option may begin with a dash."""
    if isinstance(word, str):
        return [word]
    name, *values = word
    return [f"{name}={values[0]}"] if len(values) == 1 and values[0].startswith("-") else word


def _foreign(word: Word) -> Sequence[str]:
    """Return what other programs read: a file must not begin with a dash."""
    name, *values = ("", word) if isinstance(word, str) else word
    paths = [f"./{value}" if value.startswith("-") else value for value in values]
    return [name, *paths] if name else paths
