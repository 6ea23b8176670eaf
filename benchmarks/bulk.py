"""What a list of certificates costs beside the cryptography in it, and beside its depot's size.

The loop makes the same calls with `cryptography` alone: a P-256 key, its request, the checks, the
certificate, and all three as PEM. Both are measured in processor time, which waiting for the disk
is no part of; the time with the waiting is printed too. The ratio is the median of the pairs.
Exit status 1: a limit is passed.
"""

import argparse
import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certstrap.operations.batch import create_all, prepare_all
from certstrap.operations.issue import IssueRequest
from certstrap.pki.keys import P256, PublicKey
from certstrap.pki.names import NO_NAMES
from certstrap.pki.validity import Expiry
from certstrap.session import Passphrases, Session
from certstrap.store.depot import DepotFolder, Name

LIMIT = 3.0
"""Of the processor time of the bare loop."""
SAME = 1.25
"""How much more a leaf may cost in a large depot than in a small one."""


_MEMORY = "/dev/shm"  # noqa: S108 - where no disk is to wait for


def bare(count: int) -> None:
    """Make certificates with `cryptography` alone."""
    ca, start = P256.generate(), datetime.now(UTC)
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Cert")])
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    for number in range(count):
        key = P256.generate()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"client-{number}")])
        request = x509.CertificateSigningRequestBuilder(name).sign(key, SHA256())
        public, authority = request.public_key(), ca.public_key()
        assert isinstance(public, PublicKey)
        builder = x509.CertificateBuilder(ca_name, request.subject, public)
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(start).not_valid_after(start + timedelta(90))
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (x509.SubjectKeyIdentifier.from_public_key(public), False),
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (x509.KeyUsage(True, *[False] * 8), True),
            (x509.ExtendedKeyUsage(usages), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(authority), False),
        ]
        for value, critical in extensions:
            builder = builder.add_extension(value, critical)
        certificate = builder.sign(ca, SHA256())
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        request.public_bytes(Encoding.PEM)
        certificate.public_bytes(Encoding.PEM)


def issue(names: Sequence[str], depot: str = "out") -> None:
    """Issue certificates as ``certstrap issue NAME ...`` does."""
    nothing = Passphrases(opening=bytes, opening_ca=str.encode, new=bytes, new_ca=bytes)
    expiry = Expiry.parse("90d")
    wanted = [IssueRequest(Name.parse(name), None, NO_NAMES, P256, expiry) for name in names]
    session = Session(DepotFolder(depot), datetime.now(UTC).replace(microsecond=0), nothing)
    ready = prepare_all(session, [(0, each) for each in wanted], "")
    for _ in create_all(session, ready, 1, lambda _: None):
        pass


def measured(work: Callable[[], None]) -> tuple[float, float]:
    """Run it, and return its processor time and its time, in seconds."""
    processor, start = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - processor, time.perf_counter() - start


def pair(count: int, number: int) -> tuple[float, float, float, float]:
    """Run the loop and the list; return their ratio, their processor times and the list's time.

    Each list goes into a depot of its own, in which nothing is looked through but its CA.
    """
    depot = f"out-{number}"
    issue(["first"], depot)
    loop, _ = measured(lambda: bare(count))
    ours, whole = measured(lambda: issue([f"client-{n}" for n in range(count)], depot))
    return ours / loop, loop, ours, whole


def fill(count: int) -> None:
    """Put copies of a certificate into the depot, under other names."""
    data = Path("out/first.crt").read_bytes()
    for number in range(count):
        Path(f"out/other-{number}.crt").write_bytes(data)


def report(passed: bool, text: str) -> bool:
    print("pass " if passed else "FAIL ", text)
    return passed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leaves", type=int, default=1000, metavar="N", help="leaves (1,000)")
    parser.add_argument("--others", type=int, default=10_000, metavar="N", help="others (10,000)")
    parser.add_argument("--pairs", type=int, default=5, metavar="N", help="pairs of runs (5)")
    parser.add_argument("--folder", metavar="DIR", help="where the depot is (in memory)")
    args = parser.parse_args()
    gc.set_threshold(100_000)  # as the program does
    memory = _MEMORY if os.path.isdir(_MEMORY) else None
    with tempfile.TemporaryDirectory(dir=args.folder or memory) as folder:
        os.chdir(folder)
        issue(["first"])
        bare(10)
        pairs = [pair(args.leaves, number) for number in range(args.pairs)]
        ratio, loop, ours, whole = sorted(pairs)[len(pairs) // 2]
        fill(args.others)
        issue(["second"])
        scan, _ = measured(lambda: issue(["first"]))
        large, _ = measured(lambda: issue([f"late-{n}" for n in range(args.leaves)]))
        os.chdir("/")
    count = args.leaves
    passed = [
        report(
            ratio <= LIMIT,
            f"{count:,} leaves: {ours:.2f} s of processor time, the bare loop {loop:.2f} s: "
            f"{ratio:.2f}, at most {LIMIT}; {whole:.2f} s with all waiting",
        ),
        report(
            large - scan <= SAME * ours,
            f"a leaf beside {args.others:,} others: {1000 * (large - scan) / count:.2f} ms, beside "
            f"none {1000 * ours / count:.2f} ms, at most {SAME} times; looking through them once "
            f"{scan:.2f} s",
        ),
    ]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
