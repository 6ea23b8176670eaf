"""What was asked for and had no effect is said: on standard error, with the same status."""

from pathlib import Path

import pytest

from tests.builders.depots import NEW_KEY, UNUSED, init, issue, request
from tests.conftest import CommandLine

SECRET = ("--passphrase", "secret")
LINES = {
    "sign": ("sign", "waiting"),
    "crl": ("crl", "Cert"),
    "crl --bundle": ("crl", "Cert", "--bundle"),
    "revoke": ("revoke", "--CN", "client"),
    "issue --dry-run": ("issue", "new", "--dry-run"),
    "renew": ("renew", "client"),
    "check": ("check", "client"),
    "check, which finds something": ("check", "client", "--namespace", "other.acct"),
    "inspect": ("inspect", "client"),
    "import": ("import", "copy", "--cert", "out/client.crt"),
    "connect": ("connect", "client", "--namespace", "client.acct"),
}


DEPOT = (init("Cert"), issue("client"), request("waiting"))
"""A depot without an encrypted key: a CA, a client, and a request."""

pytestmark = pytest.mark.depot(*DEPOT)


@pytest.mark.usefixtures("depot")
@pytest.mark.parametrize("option", ["--passphrase", "--passphrase-file"])
@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_passphrase_that_nothing_needed_is_reported(
    line: tuple[str, ...], option: str, certstrap: CommandLine, tmp_path: Path
) -> None:
    value = "secret"
    if option == "--passphrase-file":
        (tmp_path / "secret.txt").write_text("secret\n")
        value = str(tmp_path / "secret.txt")
    report = f"{option} {UNUSED}"
    status = 3 if "other.acct" in line else 0
    assert certstrap(*line, option, value, exit_code=status, stderr=report).stderr == report


@pytest.mark.usefixtures("depot")
def test_a_passphrase_in_the_environment_or_an_empty_one_is_not(certstrap: CommandLine) -> None:
    certstrap("crl", "Cert", environ={"CERTSTRAP_PASSPHRASE": "secret"})
    certstrap("crl", "Cert", "--passphrase", "")
    certstrap("crl", "Cert", "--no-passphrase")


@pytest.mark.depot
@pytest.mark.usefixtures("folder")
def test_a_passphrase_that_opened_or_encrypted_a_key_is_not(certstrap: CommandLine) -> None:
    certstrap("init", "--common-name", "Cert", "--curve", "P-256", *SECRET)
    certstrap("request-cert", "--cn", "client", "--curve", "P-256", *SECRET)
    certstrap("issue", "client", *SECRET)
    certstrap("crl", "Cert", *SECRET)
    certstrap("check", "client", *SECRET, exit_code=3)


@pytest.mark.usefixtures("depot")
@pytest.mark.parametrize(
    "line",
    [
        ("issue", "client"),
        ("renew", "--expiring", "1d"),
        ("renew", "client", "--quiet"),
        ("check", "client", "--quiet"),
    ],
)
def test_a_job_that_finds_nothing_to_do_or_is_to_be_quiet_does_not_report_it(
    line: tuple[str, ...], certstrap: CommandLine
) -> None:
    certstrap(*line, *SECRET)


@pytest.mark.usefixtures("depot")
def test_a_number_of_jobs_is_reported_unless_several_keys_are_rsa(
    certstrap: CommandLine,
) -> None:
    unused = "--jobs had no effect: it is for several RSA keys.\n"
    certstrap("issue", "client", "--no-passphrase", "--jobs", "2", stderr=unused)
    certstrap("issue", "a", "b", *NEW_KEY, "--jobs", "2", stderr=unused)
    certstrap("issue", "c", "d", "--no-passphrase", "--dry-run", "--jobs", "2")
    certstrap("issue", "c", "d", *NEW_KEY, "--dry-run", "--jobs", "2", stderr=unused)


@pytest.mark.usefixtures("depot")
@pytest.mark.parametrize(
    "option", [("--new-key",), ("--expires", "30d"), ("--passphrase", "x"), ("--exec", "true")]
)
def test_prune_takes_no_option_of_a_renewal(
    option: tuple[str, ...], certstrap: CommandLine
) -> None:
    refused = certstrap("renew", "--prune", "30d", *option, exit_code=2)
    assert "--prune TIME is for the whole archive: give nothing else" in refused.stderr


@pytest.mark.parametrize("command", ["init", "request-cert", "issue"])
def test_the_size_of_a_key_on_a_curve_is_reported(
    command: str, certstrap: CommandLine, depot: Path
) -> None:
    name = ("new",) if command == "issue" else ("--common-name", "new")
    line = (command, *name, *NEW_KEY, "--key-bits", "2048")
    unused = "--key-bits had no effect: a key on a curve has the size of its curve.\n"
    certstrap(*line, stderr=unused)
    assert (depot / "new.key").exists()
