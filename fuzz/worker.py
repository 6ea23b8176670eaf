"""The process that makes the calls, one after the other, and reports to the supervisor.

It may be killed at any time: each call is announced before it is made.
"""

import argparse
import faulthandler
import importlib
import json
import os
import resource
import shutil
import signal
import traceback
from collections.abc import Iterator

from fuzz import cases, laws, loaders, runs
from fuzz.cases import LOADER, Case
from fuzz.laws import Fault
from fuzz.runs import Entry

MEMORY = 2 << 30
"""Bytes of address space, so that endless input ends here and not with the machine."""


def check(case: Case, folder: str, entry: Entry) -> list[Fault]:
    """Make a call in ``folder``, which is removed afterwards; return the laws that it broke."""
    if case.loader:
        return list(_loader_faults(case.loader))
    root = os.path.join(folder, "call")
    try:
        return list(laws.faults(case, runs.run(case, root, entry)))
    finally:
        shutil.rmtree(root)


def _loader_faults(call: loaders.Call) -> Iterator[Fault]:
    try:
        loaders.run(call)
    except BaseException as cause:  # noqa: BLE001 - whatever comes is what this looks for
        frames = [
            f for f in traceback.extract_tb(cause.__traceback__) if "/certstrap/" in f.filename
        ]
        where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
        kind = f"{LOADER} {call.name}: {type(cause).__name__} {where}"
        yield Fault("only our own errors leave a loader", traceback.format_exc(), kind)


def main() -> None:
    """Make the calls of the command line, and report to its file descriptor."""
    parser = argparse.ArgumentParser()
    for option in ("seed", "first", "last", "report"):
        parser.add_argument(f"--{option}", type=int, required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--entry", required=True)
    options = parser.parse_args()
    module, _, name = options.entry.partition(":")
    entry: Entry = getattr(importlib.import_module(module), name)
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.umask(0o022)
    runs.guard_the_disk(options.folder)
    with os.fdopen(options.report, "w", buffering=1) as report:
        for number in range(options.first, options.last + 1):
            report.write(f"{number}\n")
            for fault in check(cases.make(options.seed, number), options.folder, entry):
                report.write(json.dumps(fault) + "\n")
        report.write("end\n")


if __name__ == "__main__":
    main()
