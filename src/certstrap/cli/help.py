"""How a page of help is laid out: options and commands in groups, and examples below.

It is the same on a terminal, where it has colour, and in a pipe. typer's own pages for terminals
spread an option over five columns, which leaves little room for its text, and import rich.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import typer

from certstrap.cli.context import shows_colour

GROUPS = {
    "Names": "--common-name --CN --organization --organization-unit --organizational-unit "
    "--country --province --locality --domain --ip --uri",
    "Key": "--key --generate --curve --key-bits --rsa-algorithm --new-key --pkcs8 --encrypt --jobs",
    "Limits": "--path-length --exclude-path-length --permit-domain --permit-ip "
    "--permit-uri --permit-email --exclude-domain --exclude-ip --exclude-uri --exclude-email",
    "URLs": "--crl-url --ocsp-url --issuer-url",
    "Validity": "--expires --expiring --validity-period --days --at",
    "Passphrase": (
        "--passphrase --passphrase-file --no-passphrase --encrypt-key --key-passphrase-file "
        "--old-passphrase-file --pin-file"
    ),
    "Output": "--output --into --cert --stdout --pem --json --format --shell --svg --html "
    "--dry-run --force --quiet --verbose",
}
"""The options of each group. Those of no group come first."""

_GROUP_OF = {option: group for group, options in GROUPS.items() for option in options.split()}
_NAMES = 28  # columns for names; longer ones have their text below, and are never cut
_RANGE = r"([\d.]+)<=x<=([\d.]+)"


def grouped(command: Any, ctx: typer.Context) -> dict[str, list[tuple[str, str]]]:
    """Return how the arguments and options of a command are spelled, and their texts, in groups."""
    groups: dict[str, list[tuple[str, str]]] = {
        heading: [] for heading in ("Arguments", "Options", *GROUPS)
    }
    for param in command.get_params(ctx):
        is_argument = param.param_type_name == "argument"
        heading = "Arguments" if is_argument else _GROUP_OF.get(param.opts[0], "Options")
        if record := param.get_help_record(ctx):  # None if it is hidden
            groups[heading].append((record[0], re.sub(_RANGE, r"\1 to \2", record[1])))
    return {heading: rows for heading, rows in groups.items() if rows}


class HelpPage:
    """What lays out the help of a command, or of a group of commands."""

    epilog: str | None
    rich_help_panel: str | None

    def format_help(self: Any, ctx: Any, formatter: Any) -> None:
        """Write the page."""
        formatter.write(f"{_styled('Usage:', bold=True)} ")
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), "")
        self.format_help_text(ctx, formatter)
        _write(formatter, self._commands())
        _write(formatter, grouped(self, ctx))
        formatter.write(f"\n{_styled('Examples:', bold=True)}\n")
        for line in self.epilog.splitlines():
            formatter.write(f"  {line}\n")

    def _commands(self: Any) -> dict[str, list[tuple[str, str]]]:
        groups = defaultdict(list)
        for name, command in getattr(self, "commands", {}).items():
            if not command.hidden:
                row = (name, command.help.partition("\n")[0])
                groups[command.rich_help_panel or "Commands"].append(row)
        return groups


def _write(formatter: Any, groups: Mapping[str, list[tuple[str, str]]]) -> None:
    """Write groups of rows, whose texts begin in the same column."""
    most = min(_NAMES, formatter.width // 3)
    lengths = [len(name) for rows in groups.values() for name, _ in rows]
    width = max((length for length in lengths if length <= most), default=0)
    for heading, rows in groups.items():
        formatter.write(f"\n{_styled(f'{heading}:', bold=True)}\n")
        with formatter.indentation():
            aligned = [
                (_styled(name, fg="cyan") + " " * (width - len(name)), text) for name, text in rows
            ]
            formatter.write_dl(aligned, col_max=width)


def _styled(text: str, **style: Any) -> str:
    return typer.style(text, **style) if shows_colour() else text
