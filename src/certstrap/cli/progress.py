"""A progress bar on a terminal, for what takes longer than a second."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from certstrap.cli import context

if TYPE_CHECKING:
    from rich.console import Console

Report = Callable[[int, int], None]
"""Called with how many steps of how many are done."""

PATIENCE = 1.0  # seconds without a bar


def _nothing(_done: int, _total: int) -> None:
    """Show nothing."""


@contextmanager
def showing_progress(title: str) -> Iterator[Report]:
    """Yield what reports progress, which a terminal shows after a second."""
    if not context.reports_to_terminal():
        yield _nothing
        return
    from rich.console import Console  # noqa: PLC0415 - a pipe never needs it

    with progress_bar(title, Console(stderr=True), context.seconds) as report:
        yield report


@contextmanager
def progress_bar(title: str, console: "Console", seconds: Callable[[], float]) -> Iterator[Report]:
    """Yield what reports progress; a bar is drawn from the first second on, and wiped in the end.

    Args:
        title: what goes on.
        console: where the bar is drawn.
        seconds: returns the seconds that have passed since whenever.
    """
    from rich.progress import Progress  # noqa: PLC0415 - a pipe never needs it

    bar = Progress(console=console, transient=True)
    task = bar.add_task(title, total=None)
    start = last = seconds()
    shown = False

    def report(done: int, total: int) -> None:
        nonlocal last, shown
        now = seconds()
        if not shown and now - start > PATIENCE:
            bar.start()
            shown = True
        if shown and now - last > 0.1:  # noqa: PLR2004 - ten times a second
            bar.update(task, completed=done, total=total)
            last = now

    try:
        yield report
    finally:
        if shown:
            bar.stop()
