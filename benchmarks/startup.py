"""What a command costs, beside a Python that only imports what it stands on.

Each pair of runs is a command and its baseline, one right after the other, so that whatever else
the machine does slows both. The ratio is the median of the pairs. Exit status 1: a limit is passed.
"""

import argparse
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

CERTSTRAP = str(Path(sysconfig.get_path("scripts"), "certstrap"))
CERTIFICATE = Path("out/client.crt")
MEGABYTE = 1024 * 1024
# An installed program has its bytecode; a first run, which is not measured, writes it elsewhere.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True)
class Run:
    """One process: how long it took, in seconds, and its peak memory, in bytes."""

    seconds: float
    memory: int


@dataclass(frozen=True)
class Result:
    """A measure, what it may be at most, and a line that says both."""

    value: float
    limit: float
    line: str

    @property
    def passed(self) -> bool:
        """Whether the limit is kept."""
        return self.value <= self.limit

    def __str__(self) -> str:
        return f"{'pass' if self.passed else 'FAIL'}  {self.line}, at most {self.limit:g}"


def run(command: Sequence[str]) -> Run:
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return Run(seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def version() -> Run:
    return run([CERTSTRAP, "--version"])


def sign() -> Run:
    CERTIFICATE.unlink(missing_ok=True)
    return run([CERTSTRAP, "sign", "client", "--CA", "Cert"])


def importing(modules: str) -> Callable[[], Run]:
    return lambda: run([sys.executable, "-c", f"import {modules}"])


def ratio(what: str, command: Callable[[], Run], modules: str, limit: float, pairs: int) -> Result:
    baseline = importing(modules)
    command(), baseline()
    times = [(command().seconds, baseline().seconds) for _ in range(pairs)]
    ours, theirs = (1000 * statistics.median(column) for column in zip(*times, strict=True))
    value = statistics.median(a / b for a, b in times)
    return Result(
        value,
        limit,
        f'{what} ({ours:.0f} ms) / python -c "import {modules}" ({theirs:.0f} ms): {value:.2f}',
    )


def memory() -> Result:
    value = max(sign().memory for _ in range(5)) / MEGABYTE
    return Result(value, 60, f"peak memory of certstrap sign, in MB: {value:.0f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=30, metavar="N", help="pairs of runs (30)")
    pairs = parser.parse_args().pairs
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        new_key = ["--curve", "P-256", "--no-passphrase"]
        run([CERTSTRAP, "init", "--common-name", "Cert", *new_key])
        run([CERTSTRAP, "request-cert", "--common-name", "client", *new_key])
        results = [
            ratio("certstrap sign", sign, "typer, cryptography.x509", 1.15, pairs),
            ratio("certstrap --version", version, "typer", 1.1, pairs),
            memory(),
        ]
        os.chdir("/")
    print(*results, sep="\n")
    return 0 if all(result.passed for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
