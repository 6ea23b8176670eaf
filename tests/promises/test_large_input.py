"""No input of 64 MB or less takes more than ten seconds, whatever is in it."""

import ctypes
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from certstrap.errors import TooLargeError
from certstrap.pki.pem import to_pem
from tests.builders import der
from tests.builders.depots import init, issue
from tests.conftest import CommandLine

pytestmark = pytest.mark.depot(init(), issue("client"))


@pytest.fixture(scope="module", autouse=True)
def keep_memory() -> None:
    """Let the allocator of glibc give nothing back, or most of the time goes into empty pages."""
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(-4, 0)  # M_MMAP_MAX in malloc.h
        libc.mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD


LIMIT = TooLargeError.LIMIT
SECONDS = 20 if sys.gettrace() else 10  # coverage makes programs slower


def filled(part: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    """Return a file with a part as often as there is room for it."""
    return before + part * ((LIMIT - len(before) - len(after)) // len(part)) + after


def element(content: bytes, size: int = LIMIT) -> bytes:
    """Return a DER SEQUENCE of that size, filled with the content."""
    return b"\x30\x84" + (size - 6).to_bytes(4) + (content * (size // len(content)))[: size - 6]


def certificate(names: int) -> bytes:
    """Return a certificate with so many names, each another."""
    domains = b"".join(der.der(0x82, b"%x" % number) for number in range(names))
    return der.raw_certificate(extensions=der.raw_extension("2.5.29.17", der.sequence(domains)))


def request(names: int) -> bytes:
    """Return a request with so many names, each another."""
    domains = b"".join(der.der(0x82, b"%x" % number) for number in range(names))
    return der.raw_request(extensions=der.raw_extension("2.5.29.17", der.sequence(domains)))


BEGIN, END = b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n"
OBJECTS: dict[str, Callable[[], bytes]] = {
    "certificates": lambda: filled(to_pem("CERTIFICATE", der.raw_certificate())),
    "requests": lambda: filled(to_pem("CERTIFICATE REQUEST", der.raw_request())),
    "blocks": lambda: filled(to_pem("A", b"abc")),
    "keys": lambda: filled(to_pem("ENCRYPTED PRIVATE KEY", der.pbkdf2(der.integer(9_999_999)))),
    "one block": lambda: filled(b"A" * 64 + b"\n", BEGIN, END),
    "begins": lambda: filled(BEGIN),
    "begins in one line": lambda: filled(b"-----BEGIN "),
    "ends": lambda: filled(b"\n-----END ", BEGIN),
    "line ends": lambda: filled(b"\n"),
    "zeros": lambda: bytes(LIMIT),
    "elements": lambda: element(b"\x05\x00"),
    "nothing but SEQUENCEs": lambda: b"\x30\x80" * (LIMIT // 2),
    "a PKCS#12 file": lambda: element(b"\x02\x01\x03" + element(b"\x30\x00")),
    "a small PKCS#12 file": lambda: element(b"\x02\x01\x03" + element(b"\x30\x00", 10**6), 10**6),
    "many names": lambda: certificate(120_000),
    "many names as PEM": lambda: to_pem("CERTIFICATE", certificate(90_000)),
    "many names in a request": lambda: request(120_000),
    "a CRL": lambda: der.raw_crl(*[1] * 400_000),
    "a larger CRL": lambda: der.raw_crl(*[1] * 900_000),
}
READING = (
    "inspect FILE --passphrase p",
    "verify FILE",
    "sign client --csr FILE --cert new.crt",
    "check --cert FILE",
    "check --cert out/client.crt --ca-bundle FILE",
    "check --cert out/client.crt --key FILE --passphrase p",
    "import x --cert FILE",
    "import x --cert out/client.crt --csr FILE",
    "bundle --check FILE",
    "bundle --cert FILE",
    "export-pkcs8 --key FILE --output new.key --passphrase p",
    "connect client --namespace your-namespace.acct --server-ca FILE",
)


def require_quick(certstrap: CommandLine, command: str, path: Path) -> None:
    """Call a command that reads a file, which must end in time, and never with an error of ours."""
    began = time.process_time()  # whatever else the machine does
    outcome = certstrap(*command.replace("FILE", path.name).split(), exit_code=None)
    assert time.process_time() - began < SECONDS, (command, outcome.stderr)
    assert "unexpectedly" not in outcome.stderr
    assert "memory" not in outcome.stderr


@pytest.mark.usefixtures("depot")
@pytest.mark.parametrize("name", OBJECTS)
def test_objects_are_read_or_refused_in_ten_seconds(
    certstrap: CommandLine, folder: Path, name: str
) -> None:
    path = folder / "large"
    path.write_bytes(OBJECTS[name]())
    assert path.stat().st_size <= LIMIT
    for command in READING:
        require_quick(certstrap, command, path)
        (folder / "new.crt").unlink(missing_ok=True)


DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "[": lambda: b"[" * LIMIT,
    "digits": lambda: b"9" * LIMIT,
    "keys": lambda: b"{" + b",".join(b'"%x":1' % number for number in range(4_000_000)) + b"}",
    "1 MB of keys": lambda: b"{" + b",".join(b'"%x":1' % number for number in range(90_000)) + b"}",
    "1 MB of filters": lambda: b'{"filters":[' + b"{}," * 340_000 + b"{}]}",
    "parts": lambda: b"a" + b".a" * (LIMIT // 2 - 4) + b" = 1",
    "1 MB of parts": lambda: (b"a" + b".a" * 39 + b" = 1\n") * 12_000,
    "tables": lambda: b"[[certificate]]\n" * (LIMIT // 16),
    "1 MB of tables": lambda: b"[[certificate]]\n" * 65_536,
    "line ends": lambda: b"\n" * LIMIT,
    "1 MB of line ends": lambda: b"\n" * 1_048_576,
    "names": lambda: b"name\n" + b"a\n" * (LIMIT // 2 - 4),
    "1 MB of names": lambda: b"name\n" + b"a\n" * 500_000,
    "10,000 names": lambda: b"name\n" + b"".join(b"n%x\n" % number for number in range(10_000)),
    "cells": lambda: b"name" + b"," * 1_000_000,
    "domains": lambda: b'name,domains\na,"' + b"a.b," * 250_000 + b'a.b"\n',
}


@pytest.mark.usefixtures("depot")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_are_read_or_refused_in_ten_seconds(
    certstrap: CommandLine, folder: Path, name: str
) -> None:
    data = DOCUMENTS[name]()
    assert len(data) <= LIMIT
    for command, suffix in (
        ("filters --match FILE", ".json"),
        ("issue --from FILE --no-passphrase --dry-run", ".csv"),
        ("issue --from FILE --no-passphrase --dry-run", ".toml"),
        ("connect client --namespace your-namespace.acct --into FILE --profile x", ".toml"),
        ("init --cn x --curve P-256 --passphrase-file FILE", ".txt"),
    ):
        path = folder / f"large{suffix}"
        path.write_bytes(data)
        require_quick(certstrap, command, path)
