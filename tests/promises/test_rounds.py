"""How many rounds of PBKDF2 encrypt what is written: 600,000, or as many as the context says."""

import re
from pathlib import Path

from certstrap.pki.pem import der_of
from tests import programs
from tests.builders.der import integer
from tests.conftest import CommandLine
from tests.programs import AS_INSTALLED

SECRET = ("--passphrase", "secret")
WRITING = (
    ("init", "--cn", "CA", "--curve", "P-256", *SECRET),
    ("request-cert", "--cn", "client", "--curve", "P-256", *SECRET),
    ("sign", "client", "--CA", "CA", *SECRET),
    ("export-pkcs8", "client", "--encrypt", *SECRET),
    ("passphrase", "client", "--old-passphrase-file", "secret", "--no-passphrase"),
    ("passphrase", "client", *SECRET),
    ("export-pkcs12", "client", *SECRET),
    ("import", "Copy", "--cert", "out/CA.crt", "--key", "out/CA.key", *SECRET),
    ("renew", "client", "--new-key", *SECRET),
    (
        "issue",
        "other",
        "--curve",
        "P-256",
        "--CA",
        "CA",
        *SECRET,
        "--key-passphrase-file",
        "secret",
    ),
)
# What they leave, with what was replaced, and how many encrypted parts it has.
PARTS = {"CA.key": 1, "Copy.key": 1, "other.key": 1} | {
    f"{folder}client{suffix}": parts
    for folder in ("", "archive/")
    for suffix, parts in ((".key", 1), (".pkcs8.key", 1), (".p12", 2))
}


def parts_with(rounds: int, depot: Path) -> dict[str, int]:
    """Return how many parts of each key and PKCS#12 file are encrypted by ``rounds``."""
    found = {}
    for path in (*depot.rglob("*.key"), *depot.rglob("*.p12")):
        data = path.read_bytes()
        # An archived file has the serial number of its certificate in its name.
        name = re.sub(r"\.\d+\.[0-9A-F]+", "", str(path.relative_to(depot)))
        found[name] = (data if path.suffix == ".p12" else der_of(data)).count(integer(rounds))
    return found


def test_the_program_encrypts_by_600000_rounds(folder: Path) -> None:
    (folder / "secret").write_text("secret\n")
    for args in WRITING:
        programs.run(*AS_INSTALLED, *args)
    assert parts_with(600_000, folder / "out") == PARTS


def test_each_command_encrypts_by_the_rounds_of_its_context(folder: Path) -> None:
    certstrap = CommandLine(rounds=200)  # a number whose first bit would be a sign (X.690, 8.3)
    (folder / "secret").write_text("secret\n")
    for args in WRITING:
        certstrap(*args)
    assert parts_with(200, folder / "out") == PARTS
