"""A command that was killed after the first of its files finishes when it is run again."""

from pathlib import Path

import pytest
from cryptography import x509

from tests.builders.depots import NEW_KEY
from tests.conftest import CommandLine, visible

INIT = ("init", "--cn", "Cert", *NEW_KEY)
REQUEST = ("request-cert", "--cn", "leaf", *NEW_KEY)


def leave_only_keys(folder: Path) -> None:
    for path in visible(folder / "out"):
        if path.suffix != ".key":
            path.unlink()


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        (INIT, ["Read out/Cert.key", "Created out/Cert.crt", "Created out/Cert.crl"]),
        (REQUEST, ["Read out/leaf.key", "Created out/leaf.csr"]),
    ],
    ids=lambda it: it[0],
)
def test_a_key_without_anything_else_is_used(
    certstrap: CommandLine, folder: Path, command: tuple[str, ...], lines: list[str]
) -> None:
    certstrap(*command)
    leave_only_keys(folder)
    key = next(iter(visible(folder / "out"))).read_bytes()
    assert certstrap(*command).lines == lines
    assert next((folder / "out").glob("*.key")).read_bytes() == key


def test_issue_goes_on_with_the_keys_of_a_ca_and_a_client(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("issue", "leaf", *NEW_KEY)
    leave_only_keys(folder)
    lines = certstrap("issue", "leaf", *NEW_KEY).lines
    assert lines[0] == "Read out/Cert.key"
    assert lines[3] == "Read out/leaf.key"
    ca, leaf = (
        x509.load_pem_x509_certificate((folder / f"out/{name}.crt").read_bytes())
        for name in ("Cert", "leaf")
    )
    leaf.verify_directly_issued_by(ca)


def test_an_encrypted_key_is_opened_with_the_passphrase_of_the_command(
    certstrap: CommandLine, folder: Path
) -> None:
    given = ("init", "--cn", "Cert", "--curve", "P-256", "--passphrase")
    certstrap(*given, "p")
    leave_only_keys(folder)
    certstrap.refuses(*given, "wrong", sentence="The passphrase does not decrypt out/Cert.key.")
    certstrap(*given, "p")


def test_a_passphrase_for_a_key_that_is_not_encrypted_is_refused(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap(*INIT)
    leave_only_keys(folder)
    certstrap.refuses(
        "init", "--cn", "Cert", "--curve", "P-256", "--passphrase", "p",
        sentence="out/Cert.key is not encrypted",
    )  # fmt: skip


@pytest.mark.parametrize("command", [INIT, REQUEST], ids=lambda command: command[0])
def test_a_key_of_another_kind_is_not_used(
    certstrap: CommandLine, folder: Path, command: tuple[str, ...]
) -> None:
    certstrap(*command)
    leave_only_keys(folder)
    other = tuple("P-384" if word == "P-256" else word for word in command)
    certstrap.refuses(*other, sentence="already exists!")


def test_a_key_with_a_request_belongs_to_that_request(certstrap: CommandLine) -> None:
    certstrap(*REQUEST)
    certstrap.refuses(*REQUEST, sentence='Certificate request "leaf" already exists!')
    certstrap.refuses(
        "init", "--cn", "leaf", *NEW_KEY, sentence='CA with specified name "leaf" already exists!'
    )
