"""The program on a terminal of its own, as a person sees it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pexpect

from tests import loaded
from tests.programs import environment

ENTER = "\r"
NEW = "Enter passphrase (empty for no passphrase): "
NEW_CA = "Enter passphrase for new CA key (empty for no passphrase): "
NEW_CLIENT = "Enter passphrase for new client key: "
AGAIN = "Enter same passphrase again: "


@contextmanager
def terminal(
    folder: Path,
    *args: str,
    environ: Mapping[str, str] | None = None,
    output: str = "",
    program: Sequence[str] = loaded.CERTSTRAP,
    timeout: int = 20,
) -> Iterator["pexpect.spawn[str]"]:
    """Run the program in ``folder``, 24 lines by 80 columns; it is gone when the block ends.

    Its standard output goes to the file ``output`` if that is named; a silence of ``timeout``
    seconds fails the test.
    """
    script = 'exec "$@"' + (f" > {output}" if output else "")
    child = pexpect.spawn(
        "sh",
        ["-c", script, "sh", *program, *args],
        cwd=str(folder),
        env=environment({"TERM": "xterm", **loaded.environ(), **(environ or {})}),
        dimensions=(24, 80),
        timeout=timeout,
        encoding="utf-8",
    )
    try:
        yield child
    finally:
        child.close(force=True)


def ends(child: "pexpect.spawn[str]", exit_code: int = 0) -> str:
    """Wait for the program to end with that status; return what it printed meanwhile."""
    child.expect(pexpect.EOF)
    child.close()
    printed: str = child.before
    assert child.exitstatus == exit_code, (child.exitstatus, child.signalstatus, printed)
    return printed.replace("\r\n", "\n")
