"""The fuzzer's command line; see the package's docstring."""

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

from fuzz.supervisor import ENTRY, Failure, Result, Wanted, fuzz

NO_END = 1 << 60


def main() -> int:
    """Fuzz, and return the exit status: 1 if a law was broken."""
    options = _options()
    seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    first = options.only or 1
    last = first if options.only else options.calls or NO_END
    result = fuzz(Wanted(seed, first, last, options.minutes * 60, options.limit, options.entry))
    for failure in result.failures.values():
        _show(failure, result.counts[failure.kind], seed, options.save)
    _write(f"{result.calls} calls, seed {seed}, {_failures(result)}")
    return int(bool(result.failures))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1, help="for how long (1)")
    parser.add_argument("--seed", type=int, help="what the calls are made from (random)")
    parser.add_argument("--calls", type=int, help="how many calls, at most")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="make one call again")
    parser.add_argument("--limit", type=float, default=10, help="seconds that a call may take (10)")
    parser.add_argument("--entry", default=ENTRY, metavar="MODULE:NAME", help="what is called")
    parser.add_argument(
        "--save", default=tempfile.gettempdir(), metavar="DIR", help="where failures are kept"
    )
    return parser.parse_args()


def _failures(result: Result) -> str:
    if not result.failures:
        return "0 failures"
    return f"{sum(result.counts.values())} failures of {len(result.failures)} kinds"


def _show(failure: Failure, count: int, seed: int, save: str) -> None:
    from fuzz import saving  # noqa: PLC0415 - only a failure needs it

    folder = Path(save) / f"certstrap-fuzz-{seed}-{failure.number}"
    command = saving.save(folder, seed, failure)
    _write(
        f"FAILED: {failure.law} (call {failure.number}; {count} like it)\n"
        + "".join(f"    {line}\n" for line in failure.detail.strip().splitlines()[-30:])
        + f"  {command}\n"
        f"  again: python -m fuzz --seed {seed} --only {failure.number}\n"
        f"  saved: {folder}\n"
    )


def _write(text: str) -> None:
    sys.stdout.write(text.encode(errors="backslashreplace").decode() + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
