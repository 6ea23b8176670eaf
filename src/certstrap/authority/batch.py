"""Many certificates at once, in batches that are written all or nothing."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from certstrap.authority.ca import issuer_of
from certstrap.authority.issue import Issued, Ready, Wanted, create, prepare
from certstrap.authority.plan import Plan
from certstrap.depot import CERTIFICATE, CRL, KEY
from certstrap.errors import (
    CertstrapError,
    ChangedError,
    RefusedError,
    WrongLinesError,
)
from certstrap.interrupts import uninterrupted
from certstrap.keys import KeySpec, PrivateKey, generating

SIZE = 100
"""How many certificates are written at once; an interrupt loses no more than those."""


class Line(NamedTuple):
    """What a line of a list asks for.

    Attributes:
        number: its number, from 1; 0 for a name of the command line.
        wanted: the certificate, or what is wrong with the line.
    """

    number: int
    wanted: Wanted | CertstrapError


def prepare_all(plan: Plan, lines: Sequence[Line], source: str) -> list[Ready]:
    """Find and check all that exists for a list, before anything is planned.

    Args:
        plan: the plan.
        lines: the list.
        source: the file that it was read from; empty for the command line.

    If another process creates or removes files meanwhile, and something cannot be carried out, it
    is looked for again, while this process alone uses the depot.

    Raises:
        WrongLinesError: of a file, naming every line that cannot be carried out.
        CertstrapError: of the command line, for the first name that cannot.
    """

    def steps() -> list[Ready]:
        try:
            ready = _prepare_all(plan, lines, source)
        except CertstrapError:
            if plan.depot.has_changed():
                raise ChangedError(plan.depot.root) from None
            raise
        plan.drop()  # the lock, if it is held: a passphrase may be typed now
        return ready

    return plan.carry_out(steps)


def _prepare_all(plan: Plan, lines: Sequence[Line], source: str) -> list[Ready]:
    found: list[Ready] = []
    seen: dict[str, int] = {}
    wrong: list[tuple[int, CertstrapError]] = []
    for line in lines:
        try:
            if isinstance(line.wanted, CertstrapError):
                raise line.wanted
            ready = prepare(plan, line.wanted)
            _require_once(ready, line.number, seen)
            found.append(ready)
        except CertstrapError as error:
            if not source:
                raise
            wrong.append((line.number, error))
    if wrong:
        raise WrongLinesError(source, wrong)
    return found


def _require_once(ready: Ready, number: int, seen: dict[str, int]) -> None:
    """Refuse files that a line before asks for; ``seen`` has the lines of paths and stems."""
    stem = ready.entry.stem
    if not ready.ca:
        for suffix in (KEY, CERTIFICATE, CRL):
            seen.setdefault(ready.ca_entry.path(suffix), 0)
    if stem in seen:
        raise RefusedError(
            f"The files of {stem} are asked for a second time{_like(seen[stem])}.",
            "Name each certificate once.",
        )
    for path in ready.missing:
        if path in seen:
            raise RefusedError(
                f"{path} is asked for a second time{_like(seen[path])}.", "Choose another name."
            )
    seen.update(dict.fromkeys([stem, *ready.missing], number))


def _like(number: int) -> str:
    return f", like line {number}" if number else ""


def create_all(
    plan: Plan, ready: Sequence[Ready], jobs: int, done: Callable[[], None]
) -> Iterator[list[Issued]]:
    """Create what is missing for a list, and yield each batch when it is on disk.

    Args:
        plan: what it is added to; it is carried out batch by batch.
        ready: the list.
        jobs: how many RSA keys are generated at the same time.
        done: called for each certificate.

    Raises:
        CertstrapError: see `create`; the batches before are on disk.
        KeyboardInterrupt: it came while a batch was written, which is on disk.
    """
    if len(ready) > 1:
        _open_keys(plan, ready)
    generated = _generated([each.new_key for each in ready], jobs)
    for start in range(0, len(ready), SIZE):
        batch = ready[start : start + SIZE]
        keys = [next(generated) for _ in batch] if len(ready) > 1 else [None]
        issued, interrupted = _create_batch(plan, batch, keys, done)
        yield issued
        if interrupted and start + SIZE < len(ready):
            raise KeyboardInterrupt


def _open_keys(plan: Plan, ready: Sequence[Ready]) -> None:
    """Ask for each passphrase that is needed, and open the key of the CA, before anything else."""
    if any(each.new_key for each in ready):
        plan.passphrases.new()
    signing = next((each.ca for each in ready if each.ca and not each.certificate), None)
    if signing:
        issuer_of(plan, signing)


def _create_batch(
    plan: Plan,
    batch: Sequence[Ready],
    keys: Sequence[PrivateKey | None],
    done: Callable[[], None],
) -> tuple[list[Issued], bool]:
    """Create a batch; return it, and whether Ctrl-C came when it was too late to undo it."""

    def steps(part: Sequence[Ready], after_each: Callable[[], None]) -> tuple[list[Issued], bool]:
        issued = []
        for each, key in zip(part, keys, strict=True):
            issued.append(create(plan, each, key))
            after_each()
        with uninterrupted() as interrupts:
            plan.commit()
        return issued, bool(interrupts)

    return plan.carry_out(
        lambda: steps(batch, done),
        lambda: steps([prepare(plan, each.wanted) for each in batch], lambda: None),
    )


def _generated(specs: Sequence[KeySpec | None], jobs: int) -> Iterator[PrivateKey | None]:
    """Yield a new key of each kind, and None for None; RSA keys are generated at the same time."""
    waiting: deque[Callable[[], PrivateKey | None]] = deque()
    for spec in specs:
        if spec is None:
            waiting.append(lambda: None)
        else:
            waiting.append(generating(spec) if spec.bits else spec.generate)
        if len(waiting) >= jobs:
            yield waiting.popleft()()
    yield from (key() for key in waiting)
