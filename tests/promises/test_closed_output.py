"""A command whose result is what it prints refuses, before it does anything, to print nowhere."""

from pathlib import Path

import pytest

from tests import programs
from tests.builders.depots import issue, request
from tests.conftest import CommandLine, snapshot
from tests.programs import CERTSTRAP

pytestmark = pytest.mark.depot(issue("client"), request("requested"))
"""The client `client`, and a request."""


@pytest.fixture(autouse=True)
def filters(certstrap: CommandLine, depot: Path) -> None:
    """Filters for the client."""
    (depot.parent / "filters.json").write_text(certstrap("filters", "client").stdout)


@pytest.mark.parametrize(
    "line",
    [
        "verify client",
        "verify client --json",
        "inspect client",
        "inspect client --json",
        "inspect client --pem",
        "check client",
        "check client --json",
        "check client --quiet --json",
        "status",
        "status --json",
        "status --format prometheus",
        "bundle",
        "bundle --check out/Cert.crt",
        "bundle --check out/Cert.crt --json",
        "crl client --bundle",
        "crl Cert --stdout",
        "filters client",
        "filters --match filters.json",
        "filters --match filters.json --json",
        "connect client --namespace client.acct",
        "issue another --dry-run",
        "issue another --dry-run --json",
        "issue another --curve P-256 --no-passphrase --json",
        "renew client --json",
        "init --cn Other --curve P-256 --no-passphrase --stdout",
        "request-cert --cn other --curve P-256 --no-passphrase --stdout",
        "sign requested --stdout",
        "sign requested --cert -",
    ],
)
def test_a_result_that_cannot_be_printed_is_refused(line: str, folder: Path) -> None:
    before = snapshot(folder)
    refused = programs.run("sh", "-c", '"$@" >&-', "sh", *CERTSTRAP, *line.split(), exit_code=1)
    sentence, hint = refused.stderr.splitlines()
    assert sentence == "Cannot write to standard output: Bad file descriptor."
    assert hint.startswith("Hint: ")
    assert snapshot(folder) == before


@pytest.mark.parametrize("line", ["renew client", "sign requested", "check client --quiet"])
def test_what_is_done_without_a_result_needs_no_standard_output(line: str, folder: Path) -> None:
    done = programs.run("sh", "-c", '"$@" >&-', "sh", *CERTSTRAP, *line.split())
    assert not done.stderr
