"""What ``sign`` without ``--CA`` costs beside ``sign`` with it, in a depot of many leaves.

Both look through the certificates once: the one to find the only CA, both to see that the request
does not have a CA's key. Each pair of runs is one of each, right after the other; the ratio is the
median of the pairs. Exit status 1: the limit is passed.
"""

import argparse
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

CERTSTRAP = str(Path(sysconfig.get_path("scripts"), "certstrap"))
LIMIT = 1.5


def certstrap(*args: str) -> float:
    """Run a command, and return how long it took, in seconds."""
    start = time.perf_counter()
    subprocess.run([CERTSTRAP, *args], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def sign(*args: str) -> float:
    Path("out/client.crt").unlink(missing_ok=True)
    return certstrap("sign", "client", *args)


def fill(leaves: int) -> None:
    """Put copies of a leaf into the depot, under other names."""
    new_key = ("--curve", "P-256", "--no-passphrase")
    certstrap("issue", "leaf", *new_key)
    certstrap("request-cert", "--common-name", "client", *new_key)
    for suffix in (".key", ".csr", ".crt"):
        original = Path(f"out/leaf{suffix}")
        data, mode = original.read_bytes(), original.stat().st_mode
        for number in range(leaves):
            copy = Path(f"out/leaf-{number}{suffix}")
            copy.write_bytes(data)
            copy.chmod(mode)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leaves", type=int, default=10_000, metavar="N", help="leaves (10,000)")
    parser.add_argument("--pairs", type=int, default=15, metavar="N", help="pairs of runs (15)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        fill(args.leaves)
        sign(), sign("--CA", "Cert")
        pairs = [(sign(), sign("--CA", "Cert")) for _ in range(args.pairs)]
        os.chdir("/")
    without, with_ca = (1000 * statistics.median(column) for column in zip(*pairs, strict=True))
    value = statistics.median(a / b for a, b in pairs)
    verdict = "pass" if value <= LIMIT else "FAIL"
    print(
        f"{verdict}  {args.leaves:,} leaves: sign ({without:.0f} ms) / sign --CA "
        f"({with_ca:.0f} ms): {value:.2f}, at most {LIMIT}"
    )
    return 0 if value <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
