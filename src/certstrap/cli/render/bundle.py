"""The lines of ``bundle --rotate``: how a new CA takes the place of an old one."""

from collections.abc import Iterable, Iterator

from certstrap.hints import Hint, command_line, printed
from certstrap.temporal.bundle import Rotation, RotationStep, fingerprint
from certstrap.text import escaped


def rotation_lines(
    rotation: Rotation, steps: Iterable[RotationStep], depot_path: str
) -> Iterator[str]:
    """Yield what a rotation is about, and its steps."""
    yield "The CAs, with their fingerprints as tcld shows them:"
    for what, ca in (("old", rotation.old), ("new", rotation.new)):
        end = ca.certificate.not_valid_after_utc
        name = escaped(ca.entry.stem)
        yield f"  {what}  {fingerprint(ca.certificate)}  {name}, expires {end:%Y-%m-%d}"
    for number, step in enumerate(steps, 1):
        yield ""
        yield f"{number}. {escaped(step.sentence)}"
        for line in step.lines:
            if isinstance(line, Hint):
                yield f"   # {printed(line, depot_path)}"
            else:
                yield f"   {escaped(command_line(line, depot_path))}"
