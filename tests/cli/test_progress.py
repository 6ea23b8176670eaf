"""The progress bar: shown after a second, and wiped in the end."""

from collections.abc import Iterator
from io import StringIO

from rich.console import Console

from certstrap.cli.terminal import progress, progress_bar


def a_console(columns: int = 80) -> tuple[Console, StringIO]:
    stream = StringIO()
    return Console(file=stream, force_terminal=True, width=columns), stream


def clock(*seconds: float) -> Iterator[float]:
    return iter(seconds)


def test_bar_is_shown_after_a_second_and_not_before() -> None:
    console, stream = a_console()
    times = clock(0, 0.5, 0.9)
    with progress_bar("Reading", console, times.__next__, 1) as report:
        report(0, 100)
        report(16, 100)
    assert not stream.getvalue()
    times = clock(0, 0.5, 1.5, 1.55, 3)
    with progress_bar("Reading", console, times.__next__, 1) as report:
        for done in (0, 16, 32, 48):
            report(done, 100)
    printed = stream.getvalue()
    assert "Reading" in printed
    assert "48/100" in printed
    assert printed.endswith("\x1b[2K")


def test_nothing_is_shown_where_nobody_looks() -> None:
    with progress("Reading") as report:
        report(0, 1)
