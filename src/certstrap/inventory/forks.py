"""Work that is divided among processes, which are forked: each sees all that is here already."""

import os
import pickle
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import BinaryIO, NamedTuple, TypeVar

Part = TypeVar("Part")
Result = TypeVar("Result")
_LENGTH = 8  # bytes, in which a child says how many follow


class _Child(NamedTuple):
    pid: int
    output: BinaryIO


def divided(
    work: Callable[[Sequence[Part]], list[Result]], parts: Sequence[Sequence[Part]]
) -> list[Result]:
    """Return what ``work`` returns for all parts, in their order.

    The first part is done by this process and each other one by a child of it. What a child does
    not return, because it was killed or failed, is done here.
    """
    children = [_start(work, part) for part in parts[1:]]
    try:
        results = work(parts[0])
        for child, part in zip(children, parts[1:], strict=True):
            results += _returned(child.output.read()) or work(part)
    finally:
        for child in children:
            child.output.close()
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)
            os.waitpid(child.pid, 0)
    return results


def _start(work: Callable[[Sequence[Part]], list[Result]], part: Sequence[Part]) -> _Child:
    reading, writing = os.pipe()
    pid = os.fork() or answer(work, part, writing)
    os.close(writing)
    return _Child(pid, open(reading, "rb"))


def answer(
    work: Callable[[Sequence[Part]], list[Result]],
    part: Sequence[Part],
    descriptor: int,
    leave: Callable[[int], object] = os._exit,
) -> int:
    """Write the results of a part to a pipe, and end the process.

    Nothing that the parent has begun may be finished here, so the process ends at once.
    """
    status = 1
    try:
        data = pickle.dumps(work(part))
        with open(descriptor, "wb") as stream:
            stream.write(len(data).to_bytes(_LENGTH, "big") + data)
        status = 0
    finally:
        leave(status)
    return status


def _returned(data: bytes) -> list[Result] | None:
    """Return the results of a child, or None if they are not complete."""
    if int.from_bytes(data[:_LENGTH], "big") != len(data) - _LENGTH:
        return None
    found: list[Result] = pickle.loads(data[_LENGTH:])  # noqa: S301 - see above
    return found
