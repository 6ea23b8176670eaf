"""`issue` beside a certificate that was made for another end than is asked for now."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders.depots import NEW_KEY, TEN_YEARS, init, issue
from tests.conftest import NOW, CommandLine

DAY = timedelta(days=1)
LATER = NOW + 20 * DAY

pytestmark = pytest.mark.depot(init("Cert", *TEN_YEARS), issue("worker", "--expires", "90d"))
"""A depot with the CA `Cert`, and `worker`, which was made for 90 days."""


def note(text: str, name: str = "worker", end: str = "2027-02-21") -> str:
    return (
        f'out/{name}.crt already exists and expires on {end}, which is not "{text}" after it was '
        f"created. Renew it: certstrap renew {name} --expires {text}\n"
    )


def again(certstrap: CommandLine, *options: str, stderr: str = "", days: int = 20) -> str:
    line = ("issue", "worker", *NEW_KEY, *options)
    return certstrap(*line, now=NOW + days * DAY, stderr=stderr).stdout


@pytest.mark.parametrize("expires", ["90d", "90 days", "2027-02-21", ""])
def test_the_same_line_again_is_quiet(expires: str, certstrap: CommandLine, depot: Path) -> None:
    if expires == "2027-02-21":
        (depot / "worker.crt").unlink()
        certstrap("sign", "worker", "--expires", expires)
    again(certstrap, "--expires", expires)
    again(certstrap)


@pytest.mark.parametrize("expires", ["30d", "91d", "1y", "2027-02-20", "2026-11-01"])
def test_another_end_is_reported_with_the_line_that_renews(
    expires: str, certstrap: CommandLine, depot: Path
) -> None:
    printed = again(certstrap, "--expires", expires, stderr=note(expires))
    assert printed.startswith("out/worker.crt already exists and expires on 2027-02-21.\n")


def test_the_line_that_renews_ends_the_report(certstrap: CommandLine, depot: Path) -> None:
    again(certstrap, "--expires", "30d", stderr=note("30d"))
    certstrap("renew", "worker", "--expires", "30d", now=LATER)
    again(certstrap, "--expires", "30d")


@pytest.mark.parametrize("expires", ["2 months", "1 year", "90d"])
def test_a_renewal_of_what_was_made_for_that_end_is_quiet(
    expires: str, certstrap: CommandLine, depot: Path
) -> None:
    certstrap("renew", "worker", "--expires", expires)
    for days in (40, 80):
        certstrap("renew", "worker", now=NOW + days * DAY)
        again(certstrap, "--expires", expires, days=days + 1)


def test_a_certificate_that_ends_with_its_ca_was_made_for_any_later_end(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("renew", "worker", "--expires", "30 years")
    again(certstrap, "--expires", "30 years")
    again(certstrap, "--expires", "11 years")
    stderr = note("9y", end="2036-11-23")
    again(certstrap, "--expires", "9y", stderr=stderr)


@pytest.mark.parametrize("options", [(), ("--json",), ("--dry-run",), ("--dry-run", "--json")])
def test_each_of_a_list_is_reported(
    options: Sequence[str], certstrap: CommandLine, depot: Path
) -> None:
    certstrap("issue", "other", "--expires", "30d", *NEW_KEY)
    (depot.parent / "list.csv").write_text("name,expires\nworker,30d\nother,30d\nnew,30d\n")
    line = ("issue", "--from", "list.csv", *NEW_KEY, *options)
    certstrap(*line, stderr=note("30d"))
    line = ("issue", "worker", "other", "--expires", "5d", *NEW_KEY, *options)
    certstrap(*line, stderr=note("5d") + note("5d", "other", "2026-12-23"))


def test_the_depot_and_a_text_with_spaces_are_in_the_line(
    certstrap: CommandLine, depot: Path
) -> None:
    line = ("--depot-path", "out", "issue", "worker", *NEW_KEY, "--expires", "30 days")
    expected = note("30 days").replace("certstrap renew", "certstrap --depot-path out renew")
    expected = expected.replace("--expires 30 days", "--expires '30 days'")
    certstrap(*line, stderr=expected)


@pytest.mark.parametrize("suffix", ["crt", "csr"])
def test_a_key_that_is_elsewhere_and_of_another_kind_is_refused(
    suffix: str, certstrap: CommandLine, depot: Path
) -> None:
    (depot / "worker.key").unlink()
    if suffix == "csr":
        (depot / "worker.crt").unlink()
    certstrap.refuses(
        "issue", "worker", "--curve", "P-384",
        sentence=f"out/worker.{suffix} has a key of kind P-256, not P-384.",
        hint="leave the option out",
    )  # fmt: skip


def test_a_kind_of_key_that_had_no_effect_is_reported(certstrap: CommandLine, depot: Path) -> None:
    note = (
        "out/worker.key has a key of kind P-256, not {}: --curve and --key-bits are for new keys.\n"
    )
    key = ("--key", "out/worker.key")
    certstrap("request-cert", "--cn", "a", *key)
    certstrap("request-cert", "--cn", "b", *key, "--curve", "P-256")
    certstrap("request-cert", "--cn", "c", *key, "--curve", "P-384", stderr=note.format("P-384"))
    line = ("--key-bits", "2048")
    certstrap("request-cert", "--cn", "d", *key, *line, stderr=note.format("RSA 2048"))
    certstrap("init", "--cn", "E", *key, *line, "--no-passphrase", stderr=note.format("RSA 2048"))
    certstrap("init", "--cn", "F", *key, "--no-passphrase")
    certstrap("request-cert", "--cn", "g", "--key", "new.key", *NEW_KEY)


@pytest.mark.parametrize("options", [("--json",), ("--format", "prometheus")])
def test_a_picture_of_the_depot_is_drawn_alone(
    options: tuple[str, ...], certstrap: CommandLine, depot: Path
) -> None:
    certstrap("status", "--svg", "a.svg", *options, exit_code=2)
    assert not (depot.parent / "a.svg").exists()


@pytest.mark.parametrize("command", ["init", "request-cert", "issue"])
@pytest.mark.parametrize(("bits", "choice"), [("2049", "2048"), ("4095", "4088")])
def test_an_odd_size_of_an_rsa_key_is_refused(
    bits: str, choice: str, command: str, certstrap: CommandLine, depot: Path
) -> None:
    name = ("x",) if command == "issue" else ("--cn", "x")
    certstrap.refuses(
        command, *name, "--key-bits", bits, "--no-passphrase",
        sentence=f"An RSA key of {bits} bits is not supported.",
        hint=f"Choose a multiple of 8, such as {choice}.",
    )  # fmt: skip
