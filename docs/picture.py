"""Draw the picture of the README: its first command, run on a terminal and drawn by Rich.

    .venv/bin/python -m docs.picture

The picture shows the dates that the documents show, which are written as of `tests.conftest.NOW`.
"""

# ruff: noqa: INP001 - documents and this script, not a package
import re
import sys
import tempfile
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

from rich.console import Console
from rich.text import Text

from tests.docs import Terminal, as_documented, first_commands

PICTURE = Path(__file__).with_name("first-command.svg")
# Rich's pictures load a font from another server; the next one that they name is on every machine.
_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_WIDTH = 92  # columns
_HEADINGS = ("What to do next:",)


def draw() -> str:
    """Return the picture as SVG, from a run of the command in a new folder."""
    new_folder, command = first_commands()
    with tempfile.TemporaryDirectory() as folder:
        terminal = Terminal(Path(folder), {"HOME": folder})
        try:
            terminal.run(new_folder)
            status, printed = terminal.run(command)
        finally:
            terminal.close()
    if status:
        sys.exit("\n".join(printed))
    console = Console(
        record=True, file=StringIO(), width=_WIDTH, force_terminal=True, color_system="truecolor"
    )
    console.print(Text.assemble(("$ ", "green"), (command, "bold")))
    for line in as_documented(terminal.days, map(terminal.at_home, printed)):
        console.print(Text(line, "bold" if line in _HEADINGS else ""))
    return _FONT.sub("", console.export_svg(title="certstrap", unique_id="first"))


def shown(picture: str) -> list[str]:
    """Return the lines of text that a picture shows, its title first."""
    lines: dict[str, str] = {}
    for text in ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text"):  # noqa: S314 - our own
        height = text.attrib.get("y", "")
        lines[height] = lines.get(height, "") + "".join(text.itertext()).replace("\xa0", " ")
    return [line.rstrip() for line in lines.values()]


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
