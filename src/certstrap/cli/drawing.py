"""Drawing on the terminal with rich, which nothing else imports."""

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

_PICTURE = 100  # columns
# Rich's pictures load a font from another server; the next one that they name is on every machine.
_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


class Pictures(NamedTuple):
    """A picture in two formats, which load nothing from elsewhere."""

    svg: str
    html: str


def draw(picture: "Callable[[int], RenderableType]") -> None:
    """Print to standard output what ``picture`` returns for the columns of the terminal."""
    from rich.console import Console  # noqa: PLC0415 - a pipe never needs it

    console = Console(highlight=False, markup=False, emoji=False)
    console.print(picture(console.width))


def draw_lines(lines: "Callable[[int], Iterable[Text]]") -> None:
    """Print to standard output each line that ``lines`` returns for the columns of the terminal."""
    from rich.console import Console  # noqa: PLC0415 - a pipe never needs it

    console = Console(highlight=False, markup=False, emoji=False)
    for line in lines(console.width):
        console.print(line, soft_wrap=True)


def save_pictures(lines: "Callable[[int], Iterable[Text]]") -> Pictures:
    """Return a picture of lines, drawn for a width of 100 columns."""
    from io import StringIO  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415

    console = Console(
        record=True,
        file=StringIO(),
        width=_PICTURE,
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
        markup=False,
        emoji=False,
    )
    for line in lines(_PICTURE):
        console.print(line)
    svg = console.export_svg(title="certstrap status", clear=False, unique_id="status")
    return Pictures(_FONT.sub("", svg), console.export_html(inline_styles=True))
