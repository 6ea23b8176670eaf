"""Write the manual page and the completion scripts that the wheel installs.

    .venv/bin/python -m docs.manual

The texts of the manual are those of ``--help`` and of docs/reference.md.
"""

# ruff: noqa: INP001 - documents and this script, not a package
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import typer

from certstrap import __version__
from certstrap.cli.app import SUMMARIES, app
from certstrap.cli.help import grouped

DOCS = Path(__file__).parent
PAGE = DOCS / "man" / "certstrap.1"
COMPLETIONS = {
    "bash": DOCS / "completions" / "certstrap.bash",
    "zsh": DOCS / "completions" / "_certstrap",
    "fish": DOCS / "completions" / "certstrap.fish",
}
# Called by its name, the function of zsh completes; what the script defines is for its next calls.
_CALLED = {"zsh": '\n_certstrap_completion "$@"\n'}


class Described(NamedTuple):
    """A command as its help describes it.

    Attributes:
        usage: how it is called.
        paragraphs: what it does.
        options: its arguments and options in the groups of the help, each with its text.
        examples: command lines.
    """

    usage: str
    paragraphs: list[str]
    options: dict[str, list[tuple[str, str]]]
    examples: list[str]


def program() -> Described:
    """Return the program itself, with the options before a command."""
    group = typer.main.get_command(app)
    return _described(group, _context(group))


def commands() -> Iterator[Described]:
    """Yield all commands in the order of the help, a group followed by its own."""
    group: Any = typer.main.get_command(app)
    above = _context(group)
    for name in SUMMARIES:
        command = group.commands[name].loaded
        context = typer.Context(command, info_name=name, parent=above)
        yield _described(command, context)
        for sub, below in getattr(command, "commands", {}).items():
            if not below.hidden:
                yield _described(below, typer.Context(below, info_name=sub, parent=context))


def _context(group: Any) -> typer.Context:
    """Return where the settings of the program are, which its commands share."""
    return typer.Context(group, info_name="certstrap", **group.context_settings)


def _described(command: Any, context: typer.Context) -> Described:
    return Described(
        command.get_usage(context).removeprefix("Usage: "),
        [" ".join(part.split()) for part in (command.help or "").split("\n\n")],
        grouped(command, context),
        command.epilog.splitlines(),
    )


def manual() -> str:
    """Return the manual page as roff, for section 1 (man-pages(7), groff_man(7))."""
    whole = program()
    lines = [
        f'.TH CERTSTRAP 1 "" "certstrap {__version__}" "User Commands"',
        ".SH NAME", _roff(f"certstrap - {whole.paragraphs[0]}".rstrip(".")),
        ".SH SYNOPSIS", f".B {_roff(whole.usage)}",
        ".SH OPTIONS", *_options(whole),
        ".SH COMMANDS",
    ]  # fmt: skip
    for each in commands():
        lines += [f".SS {_roff(each.usage.removeprefix('certstrap '))}"]
        lines += [line for text in each.paragraphs for line in (".PP", _roff(text))]
        lines += [*_options(each), ".PP", "Examples:", ".EX", *map(_roff, each.examples), ".EE"]
    for title, heading in (
        ("FILES", "Files and modes"),
        ("ENVIRONMENT", "Environment variables"),
        ("EXIT STATUS", "Exit statuses"),
    ):
        lines += [f".SH {title}", *_rows(heading)]
    return "\n".join(lines) + "\n"


def _options(command: Described) -> Iterator[str]:
    for heading, rows in command.options.items():
        if len(command.options) > 1:
            yield from (".PP", f"{heading}:")
        for names, text in rows:
            yield from (".TP", f".B {_roff(names)}", _roff(text))


def _rows(heading: str) -> Iterator[str]:
    """Yield the table below a heading of the reference: its first cell, and its last but one."""
    text = (DOCS / "reference.md").read_text(encoding="utf-8").split(f"\n## {heading}\n")[1]
    rows = [line.strip("| ").split(" | ") for line in text.split("\n## ")[0].splitlines()]
    for term, *meaning in [row for row in rows if len(row) > 1][2:]:
        described = meaning[1] if len(meaning) > 1 else meaning[0]
        yield from (".TP", f".B {_roff(_plain(term))}", _roff(_plain(described)))


def _plain(markdown: str) -> str:
    return re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", markdown).replace("`", "")


def _roff(text: str) -> str:
    """Return a text as roff: hyphens are those of options, and no line is a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text[:1] in {".", "'"} else text


def completion(shell: str) -> str:
    """Return the script that completes commands, options, names and values in a shell."""
    words = {"_CERTSTRAP_COMPLETE": f"source_{shell}"}
    done = subprocess.run(
        [sys.executable, "-m", "certstrap"],
        env=os.environ | words,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip() + "\n" + _CALLED.get(shell, "")


if __name__ == "__main__":
    PAGE.write_text(manual(), encoding="utf-8")
    for shell, path in COMPLETIONS.items():
        path.write_text(completion(shell), encoding="utf-8")
