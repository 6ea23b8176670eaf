"""Ctrl-C is held back while files are written, and no longer."""

import signal
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from certstrap.store.locks import one_report, one_step, uninterrupted


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    """Python's own handler, as a program starts with it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_in_the_block_is_recorded_and_does_not_end_it() -> None:
    reached = False
    with uninterrupted() as interrupts:
        assert interrupts == []
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        reached = True
    assert reached
    assert interrupts == [signal.SIGINT, signal.SIGINT]


def test_an_interrupt_before_or_after_the_block_ends_the_program_as_usual() -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    with uninterrupted():
        pass
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_interrupts_are_as_usual_after_a_block_that_fails() -> None:
    with pytest.raises(ValueError, match="no"), uninterrupted():
        raise ValueError("no")
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_an_inner_block_shares_what_came_in_the_outer_one() -> None:
    with uninterrupted() as outer:
        signal.raise_signal(signal.SIGINT)
        with uninterrupted() as inner:
            assert inner is outer
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    assert outer == [signal.SIGINT] * 3


def test_the_handler_of_another_program_keeps_its_signals() -> None:
    theirs: list[int] = []

    def handle(number: int, _: object) -> None:
        theirs.append(number)

    signal.signal(signal.SIGINT, handle)
    with uninterrupted() as interrupts:
        signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is handle
    assert (theirs, interrupts) == ([signal.SIGINT], [])


def test_ignored_interrupts_stay_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with uninterrupted() as interrupts:
        signal.raise_signal(signal.SIGINT)
    assert interrupts == []
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_another_thread_is_never_interrupted_and_leaves_the_handler_alone() -> None:
    seen: list[list[int]] = []

    def work() -> None:
        with suppress(ValueError), uninterrupted() as interrupts:
            seen.append(interrupts)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [[]]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_of_one_step_is_raised_after_it() -> None:
    done: list[str] = []

    def step() -> None:
        with one_step():
            signal.raise_signal(signal.SIGINT)
            done.append("step")

    with pytest.raises(KeyboardInterrupt):
        step()
    assert done == ["step"]
    with one_step():
        done.append("another")
    assert done == ["step", "another"]


def test_a_report_holds_one_interrupt_back_and_ends_at_the_second() -> None:
    reported: list[str] = []

    def report() -> None:
        with one_report():
            signal.raise_signal(signal.SIGINT)
            reported.append("first")
            signal.raise_signal(signal.SIGINT)
            reported.append("second")

    with pytest.raises(KeyboardInterrupt):
        report()
    assert reported == ["first"]


def test_after_a_report_the_block_around_it_holds_back_all_interrupts_again() -> None:
    with uninterrupted() as interrupts:
        with one_report():
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    assert interrupts == [signal.SIGINT] * 2
