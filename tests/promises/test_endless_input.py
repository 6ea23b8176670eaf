"""What is too large, or does not end, is refused after a bounded part of it."""

from pathlib import Path

import pytest

from certstrap.errors import TooLargeError, TooLongError
from tests.conftest import CommandLine

NEW = ("--curve", "P-256", "--no-passphrase")
LARGE = "has more than 64 MB."
LONG = "has a line of more than 65,536 bytes."


@pytest.fixture
def depot(certstrap: CommandLine) -> CommandLine:
    """A depot with a CA and a request."""
    certstrap("init", "--cn", "Cert", *NEW)
    certstrap("request-cert", "--cn", "a", *NEW)
    return certstrap


READING = {
    "init --key": "init --no-passphrase --cn x --key {}",
    "request-cert --key": "request-cert --no-passphrase --cn x --key {}",
    "sign --csr": "sign a --csr {}",
    "import --cert": "import x --cert {}",
    "import --key": "import x --cert out/Cert.crt --key {}",
    "import --csr": "import x --cert out/Cert.crt --csr {}",
    "check --cert": "check --cert {}",
    "check --key": "check --cert out/Cert.crt --key {}",
    "check --ca-bundle": "check --cert out/Cert.crt --ca-bundle {}",
    "bundle --cert": "bundle --cert {}",
    "bundle --check": "bundle --check {}",
    "inspect": "inspect {}",
}


@pytest.mark.parametrize("command", READING.values(), ids=READING)
def test_a_device_that_does_not_end_is_refused(depot: CommandLine, command: str) -> None:
    depot.refuses(*command.format("/dev/zero").split(), sentence=f"/dev/zero {LARGE}")


def test_standard_input_that_is_too_large_is_refused(depot: CommandLine) -> None:
    data = bytes(TooLargeError.LIMIT + 1)
    depot.refuses("sign", "a", "--csr", "-", input=data, sentence=f"Standard input {LARGE}")


@pytest.mark.parametrize("path", ["out/compromised-keys", "out/Cert.crt", "out/b.csr"])
def test_a_file_of_the_depot_that_is_too_large_is_refused(
    depot: CommandLine, folder: Path, path: str
) -> None:
    (folder / path).touch()
    (folder / path).chmod(0o644)
    with (folder / path).open("r+b") as file:
        file.truncate(TooLargeError.LIMIT + 1)
    depot.refuses("issue", "b", "--CA", "Cert", *NEW, sentence=f"{path} {LARGE}")


def test_a_passphrase_that_does_not_end_is_refused(certstrap: CommandLine, folder: Path) -> None:
    init = ("init", "--cn", "x", "--curve", "P-256")
    for given, source in (("/dev/zero", "/dev/zero"), ("-", "Standard input")):
        certstrap.refuses(
            *init, "--passphrase-file", given, input=bytes(100_000), sentence=f"{source} {LONG}"
        )
    certstrap.refuses(*init, input=b"x" * 100_000, sentence=f"Standard input {LONG}")
    assert not list(folder.iterdir())


def test_a_long_passphrase_is_one(certstrap: CommandLine, folder: Path) -> None:
    (folder / "long").write_bytes(b"x" * (TooLongError.LIMIT - 1) + b"\n")
    certstrap("init", "--cn", "x", "--curve", "P-256", "--passphrase-file", "long")
