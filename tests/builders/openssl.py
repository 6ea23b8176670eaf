"""OpenSSL, asked for its opinion."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.conftest import NOW


def openssl(*args: object, data: bytes = b"") -> bytes:
    """Run openssl and return what it prints; it must end well."""
    done = subprocess.run(
        ["openssl", *map(str, args)], input=data, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def openssl_sees(*args: object) -> bytes:
    """Run openssl and return what it prints; nothing if it fails."""
    done = subprocess.run(
        ["openssl", *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    return b"" if done.returncode else done.stdout


def openssl_accepts(
    folder: Path, root: x509.Certificate, *leaves: x509.Certificate, options: Sequence[str] = ()
) -> list[bool]:
    """Tell of each of ``leaves`` whether ``openssl verify`` at `NOW` takes it, up to ``root``."""
    files = []
    for number, certificate in enumerate((root, *leaves)):
        files.append(folder / f"{number}.pem")
        files[-1].write_bytes(certificate.public_bytes(Encoding.PEM))
    at = ("-attime", str(int(NOW.timestamp())))
    done = subprocess.run(
        ["openssl", "verify", *at, *options, "-CAfile", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    taken = done.stdout.splitlines()
    assert len(taken) == len(leaves) or done.stderr, done
    return [f"{file}: OK" in taken for file in files[1:]]
