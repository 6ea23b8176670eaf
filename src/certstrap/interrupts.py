"""Ctrl-C, held back while files are written."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf


class _Pending(list[int]):
    """A signal handler that records what came, and raises it if it is too much."""

    most: float = inf

    def __call__(self, number: int, _: object) -> None:
        self.append(number)
        if len(self) > self.most:
            raise KeyboardInterrupt


@contextmanager
def one_step() -> Iterator[None]:
    """Hold Ctrl-C back for one of several steps, after which it ends the command."""
    with uninterrupted() as interrupts:
        yield
    if interrupts:
        raise KeyboardInterrupt


@contextmanager
def one_report() -> Iterator[None]:
    """Hold one Ctrl-C back while a change is reported; nobody may read the report: two end it."""
    with uninterrupted() as interrupts:
        before, interrupts.most = interrupts.most, 1
        try:
            yield
        finally:
            interrupts.most = before


@contextmanager
def uninterrupted() -> Iterator[_Pending]:
    """Hold Ctrl-C back for the block; yield the signals that came, for the block to check.

    A Ctrl-C that the block does not act on came too late, and has no effect.
    """
    before = signal.getsignal(signal.SIGINT)
    pending = before if isinstance(before, _Pending) else _Pending()
    if before is not signal.default_int_handler:  # an outer block holds it, or another program
        yield pending
        return
    try:
        signal.signal(signal.SIGINT, pending)
    except ValueError:  # only the main thread may, and only the main thread is interrupted
        yield pending
        return
    try:
        yield pending
    finally:
        signal.signal(signal.SIGINT, before)
