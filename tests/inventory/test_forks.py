"""Work that is divided among processes: all of it is done, whatever happens to them."""

import os
import signal
import struct
from collections.abc import Sequence

import pytest

from certstrap.inventory.forks import answer, divided

PARTS = [[1, 2], [3], [4, 5, 6]]


def squares(part: Sequence[int]) -> list[int]:
    return [number * number for number in part]


def test_results_come_in_the_order_of_the_parts() -> None:
    assert divided(squares, PARTS) == [1, 4, 9, 16, 25, 36]
    assert divided(squares, PARTS[:1]) == [1, 4]


def test_each_part_but_the_first_has_a_process_of_its_own() -> None:
    found = divided(lambda _: [os.getpid()], PARTS)
    assert found[0] == os.getpid()
    assert len(set(found)) == 3


def test_results_may_be_larger_than_a_pipe_holds() -> None:
    found = divided(lambda part: ["x" * 1_000_000 for _ in part], PARTS)
    assert [len(text) for text in found] == [1_000_000] * 6


def test_part_of_a_child_that_was_killed_is_done_here() -> None:
    parent = os.getpid()

    def work(part: Sequence[int]) -> list[int]:
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return squares(part)

    assert divided(work, PARTS) == [1, 4, 9, 16, 25, 36]


def test_error_of_a_child_is_raised_here() -> None:
    def work(part: Sequence[int]) -> list[int]:
        return [1 // (number - 5) for number in part]

    with pytest.raises(ZeroDivisionError):
        divided(work, PARTS)


def test_children_end_if_this_process_fails() -> None:
    parent = os.getpid()
    reading, writing = os.pipe()

    def work(part: Sequence[int]) -> list[int]:
        if os.getpid() == parent:
            children.extend(struct.unpack("ii", os.read(reading, 4) + os.read(reading, 4)))
            raise KeyboardInterrupt
        os.write(writing, struct.pack("i", os.getpid()))
        signal.pause()
        return squares(part)

    children: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        divided(work, PARTS)
    assert len(set(children)) == 2
    for child in children:
        with pytest.raises(ChildProcessError):
            os.waitpid(child, os.WNOHANG)
    os.close(reading)
    os.close(writing)


def test_child_leaves_with_a_status_and_its_results_in_the_pipe() -> None:
    reading, writing = os.pipe()
    left: list[int] = []
    answer(squares, [3], writing, left.append)
    with open(reading, "rb") as stream:
        data = stream.read()
    assert left == [0]
    assert int.from_bytes(data[:8], "big") == len(data) - 8
    with pytest.raises(TypeError):
        answer(squares, ["x"], writing, left.append)  # type: ignore[arg-type]
    assert left == [0, 1]
