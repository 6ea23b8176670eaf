"""Scripts, typed into bash as they are written (`certstrap` is on the PATH), and completion."""

import os
from collections.abc import Mapping

from tests import loaded, programs
from tests.programs import Outcome

EC = '--curve P-256 --passphrase ""'


def bash(script: str, *, exit_code: int = 0, stderr: str = "", input: str = "") -> Outcome:  # noqa: A002 - as subprocess calls it
    """Run a script in the current folder; one that succeeds prints ``stderr`` besides."""
    done = programs.run(
        *("bash", "-euo", "pipefail", "-c", script),
        exit_code=exit_code,
        input=input,
        environ={"PATH": f"{loaded.FOLDER}:{os.environ['PATH']}", **loaded.environ()},
    )
    assert exit_code or done.stderr == stderr, (script, done)
    return done


def complete(shell: str, line: str) -> Mapping[str, str]:
    """Return the environment by which a shell asks how ``line`` may go on."""
    return {
        "_CERTSTRAP_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": line.replace(" ", "\n"),
        "COMP_CWORD": str(line.count(" ")),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
