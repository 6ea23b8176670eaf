"""The peers: programs and packages that judge what we write.

A machine may lack one: then its tests are skipped, or fail if CERTSTRAP_ALL_PEERS=1 is set.
"""

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from typing import NoReturn

import pytest

SECONDS = 60
"""How long a peer may take; none takes more than a few."""


def package(*names: str) -> None:
    """Require Python packages; to be called before they are imported."""
    for name in names:
        if find_spec(name) is None:
            _missing(f"the Python package {name}")


def program(name: str, *, asked: str, answers: str, what: str) -> str:
    """Return the path of a program of the right version.

    Args:
        name: its name on the PATH.
        asked: the argument that makes it tell its version.
        answers: a pattern that a line of its answer begins with.
        what: what to install where it is missing.
    """
    path = shutil.which(name)
    if path is None:
        _missing(what)
    asking = [path, asked]
    answer = subprocess.run(asking, capture_output=True, text=True, timeout=SECONDS, check=False)
    if answer.returncode != 0 or not re.search(answers, answer.stdout, re.MULTILINE):
        _missing(what)
    return path


def _missing(what: str) -> NoReturn:
    if os.environ.get("CERTSTRAP_ALL_PEERS") == "1":
        pytest.fail(f"this machine lacks {what}", pytrace=False)
    pytest.skip(f"this machine lacks {what}", allow_module_level=True)
