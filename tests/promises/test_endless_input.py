"""What is too large, or does not end, is refused after a bounded part of it."""

from pathlib import Path

import pytest

from certstrap.errors import TooLargeError, TooLongError
from tests.builders.depots import NEW_KEY, init, request
from tests.conftest import CommandLine

LARGE = "has more than 64 MB."
LONG = "has a line of more than 65,536 bytes."


pytestmark = pytest.mark.depot(init(), request("a"))


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


@pytest.mark.usefixtures("depot")
@pytest.mark.parametrize("command", READING.values(), ids=READING)
def test_a_device_that_does_not_end_is_refused(certstrap: CommandLine, command: str) -> None:
    certstrap.refuses(*command.format("/dev/zero").split(), sentence=f"/dev/zero {LARGE}")


@pytest.mark.usefixtures("depot")
def test_standard_input_that_is_too_large_is_refused(certstrap: CommandLine) -> None:
    data = bytes(TooLargeError.LIMIT + 1)
    certstrap.refuses("sign", "a", "--csr", "-", input=data, sentence=f"Standard input {LARGE}")


@pytest.mark.usefixtures("depot")
@pytest.mark.parametrize("path", ["out/compromised-keys", "out/Cert.crt", "out/b.csr"])
def test_a_file_of_the_depot_that_is_too_large_is_refused(
    certstrap: CommandLine, folder: Path, path: str
) -> None:
    (folder / path).touch()
    (folder / path).chmod(0o644)
    with (folder / path).open("r+b") as file:
        file.truncate(TooLargeError.LIMIT + 1)
    certstrap.refuses("issue", "b", "--CA", "Cert", *NEW_KEY, sentence=f"{path} {LARGE}")


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
