"""Drawing on the terminal with rich, which nothing else imports."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType


def draw(picture: "Callable[[int], RenderableType]") -> None:
    """Print to standard output what ``picture`` returns for the columns of the terminal."""
    from rich.console import Console  # noqa: PLC0415 - a pipe never needs it

    console = Console(highlight=False, markup=False, emoji=False)
    console.print(picture(console.width))
