"""What ``status`` costs beside reading and parsing the same files in a bare loop.

The depot has N certificates, each with its key and its request, below one CA. The loop opens,
reads and parses each file with `cryptography` and does no more: it verifies no signature and
compares no keys. Each pair of runs is one of each, right after the other; the ratio is the median
of the pairs. Exit status 1: a limit is passed. ``--memory M`` measures a depot of M certificates.
"""

import argparse
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

CERTSTRAP = str(Path(sysconfig.get_path("scripts"), "certstrap"))
LIMIT, MOST_MEMORY = 4.0, 500  # MB
PEM = Encoding.PEM


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def fill(root: Path, count: int) -> None:
    """Write a CA, and certificates below it with their keys and requests; all of P-256."""
    root.mkdir(mode=0o700)
    ca = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC).replace(microsecond=0)

    def write(stem: str, key: ec.EllipticCurvePrivateKey, days: int) -> None:
        builder = x509.CertificateBuilder(
            name("CA"), name(stem), key.public_key(), x509.random_serial_number(), now,
            now + timedelta(days=days),
        )  # fmt: skip
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.public_key())
        builder = builder.add_extension(
            x509.BasicConstraints(ca=key is ca, path_length=None), critical=True
        ).add_extension(authority, critical=False)
        request = x509.CertificateSigningRequestBuilder(name(stem)).sign(key, SHA256())
        data = key.private_bytes(PEM, PrivateFormat.PKCS8, NoEncryption())
        (root / f"{stem}.crt").write_bytes(builder.sign(ca, SHA256()).public_bytes(PEM))
        (root / f"{stem}.csr").write_bytes(request.public_bytes(PEM))
        (root / f"{stem}.key").write_bytes(data)
        (root / f"{stem}.key").chmod(0o400)

    write("CA", ca, 3000)
    for number in range(count):
        write(f"leaf-{number}", ec.generate_private_key(ec.SECP256R1()), 1 + number % 900)


def bare(root: str) -> float:
    """Return how long it takes to read and parse each file, in seconds."""
    loads: dict[str, Callable[[bytes], object]] = {
        ".crt": x509.load_pem_x509_certificate,
        ".csr": x509.load_pem_x509_csr,
        ".key": lambda data: load_pem_private_key(data, None),
    }
    start = perf_counter()
    for file in os.listdir(root):
        with open(os.path.join(root, file), "rb") as stream:
            loads[file[-4:]](stream.read())
    return perf_counter() - start


def status(root: str) -> tuple[float, float]:
    """Return how long ``status`` takes with its start, in seconds, and its memory, in MB."""
    start = perf_counter()
    process = subprocess.Popen(
        [CERTSTRAP, "--depot-path", root, "status"], stdout=subprocess.DEVNULL
    )
    _, code, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    assert process.returncode == 0
    return perf_counter() - start, usage.ru_maxrss / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--certificates", type=int, default=10_000, metavar="N", help="(10,000)")
    parser.add_argument("--pairs", type=int, default=5, metavar="N", help="pairs of runs (5)")
    parser.add_argument("--memory", type=int, default=0, metavar="M", help="measure the memory too")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "out")
        fill(root, args.certificates)
        pairs = [(bare(str(root)), status(str(root))[0]) for _ in range(args.pairs)]
        memory = 0.0
        if args.memory:
            many = Path(folder, "many")
            fill(many, args.memory)
            memory = status(str(many))[1]
    ratio = statistics.median(whole / loop for loop, whole in pairs)
    loop, whole = (1000 * statistics.median(column) for column in zip(*pairs, strict=True))
    passed = ratio <= LIMIT and memory <= MOST_MEMORY
    print(
        f"{'pass' if ratio <= LIMIT else 'FAIL'}  {args.certificates:,} certificates: status "
        f"({whole:.0f} ms) / bare loop ({loop:.0f} ms): {ratio:.2f}, at most {LIMIT:g}"
    )
    if args.memory:
        print(
            f"{'pass' if memory <= MOST_MEMORY else 'FAIL'}  peak memory of status with "
            f"{args.memory:,} certificates, in MB: {memory:.0f}, at most {MOST_MEMORY}"
        )
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
