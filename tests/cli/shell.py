"""Scripts, typed into bash as they are written; `certstrap` is on the PATH."""

from tests import programs
from tests.programs import Outcome

EC = '--curve P-256 --passphrase ""'


def bash(script: str, *, exit_code: int = 0, stderr: str = "", input: str = "") -> Outcome:  # noqa: A002 - as subprocess calls it
    """Run a script in the current folder; one that succeeds prints ``stderr`` besides."""
    done = programs.run("bash", "-euo", "pipefail", "-c", script, exit_code=exit_code, input=input)
    assert exit_code or done.stderr == stderr, (script, done)
    return done
