"""What one more revocation costs on CRLs of 1,000, 10,000 and 100,000 entries.

The whole command is measured, in one process, so without the start of Python: the CRL is read,
checked, carried on, signed and replaced. The time is the processor's and the shortest of some runs,
so that whatever else the machine does hardly counts. Exit status 1: for ten times the entries it
takes far more than ten times as long, so it grows faster than the length.
"""

import argparse
import contextlib
import gc
import io
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from certstrap.cli.app import app

LENGTHS = (1_000, 10_000, 100_000)
LIMIT = 15  # for ten times the length


def certstrap(*args: str) -> str:
    """Run a command in this process, and return what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            app(args, prog_name="certstrap")
        except SystemExit as end:
            if end.code:
                sys.exit(f"certstrap {' '.join(args)} ended with {end.code}")
    return printed.getvalue()


def serial_number() -> int:
    return int.from_bytes(os.urandom(19), "big")


def long_crl(root: Path, length: int) -> bytes:
    """Return a CRL of the CA in ``root`` as PEM; every second entry has a reason."""
    ca = x509.load_pem_x509_certificate((root / "Cert.crt").read_bytes())
    key = load_pem_private_key((root / "Cert.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    start = ca.not_valid_before_utc
    reason = x509.CRLReason(x509.ReasonFlags.superseded)
    entries = []
    for number in range(length):
        entry = x509.RevokedCertificateBuilder(serial_number(), start + timedelta(0, number))
        if number % 2:
            entry = entry.add_extension(reason, critical=False)
        entries.append(entry.build())
    builder = x509.CertificateRevocationListBuilder(
        ca.subject, start, ca.not_valid_after_utc, revoked_certificates=entries
    ).add_extension(x509.CRLNumber(length), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def seconds(root: Path, expected: int) -> float:
    """Return how long one more revocation takes, and see that it is on the CRL."""
    serial = f"{serial_number():x}"
    start = time.process_time()
    line = certstrap("--depot-path", str(root), "revoke", "--serial", serial, "--CA", "Cert")
    elapsed = time.process_time() - start
    if not line.endswith(f": {expected} revoked certificates\n"):
        sys.exit(f"{expected} certificates should be revoked, and certstrap says: {line}")
    return elapsed


def measure(runs: int) -> Sequence[float]:
    """Return and print the time for each length."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "out")
        init = ("init", "--common-name", "Cert", "--curve", "P-256", "--no-passphrase")
        certstrap("--depot-path", str(root), *init)
        for length in LENGTHS:
            (root / "Cert.crl").unlink()
            (root / "Cert.crl").write_bytes(long_crl(root, length))
            gc.collect()
            times.append(min(seconds(root, length + run) for run in range(1, runs + 1)))
            print(f"{length:7,} entries: {1000 * times[-1]:7.1f} ms for one more")
    return times


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="runs of each (5)")
    runs = parser.parse_args().runs
    gc.set_threshold(100_000)  # as the program does
    times = measure(runs)
    passed = True
    for (short, long), (before, after) in zip(pairwise(LENGTHS), pairwise(times), strict=True):
        factor = after / before
        passed &= factor <= LIMIT
        verdict = "pass" if factor <= LIMIT else "FAIL"
        print(f"{verdict}  from {short:,} to {long:,} entries: {factor:.1f} times, at most {LIMIT}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
