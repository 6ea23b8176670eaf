"""The lines of ``bundle --rotate``: how a new CA takes the place of an old one."""

from collections.abc import Iterable, Iterator

from certstrap.temporal.bundle import Rotation, Step, fingerprint
from certstrap.text import escaped


def rotation_lines(rotation: Rotation, steps: Iterable[Step]) -> Iterator[str]:
    """Yield what a rotation is about, and its steps."""
    yield "The CAs, with their fingerprints as tcld shows them:"
    for what, ca in (("old", rotation.old), ("new", rotation.new)):
        end = ca.certificate.not_valid_after_utc
        name = escaped(ca.entry.stem)
        yield f"  {what}  {fingerprint(ca.certificate)}  {name}, ends {end:%Y-%m-%d}"
    for number, step in enumerate(steps, 1):
        yield ""
        yield f"{number}. {escaped(step.sentence)}"
        yield from (f"   {escaped(command)}" for command in step.commands)
