"""`renew --expiring`, `--exec`, `--json`: what a timer runs, and what it learns."""

import json
import shlex
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from certstrap.cli.context import run_command
from tests import programs
from tests.builders import crls, foreign
from tests.builders.depots import NEW_KEY, TEN_YEARS, init, signed
from tests.cli import terminal as shell
from tests.conftest import NOW, CommandLine, Program, snapshot
from tests.programs import CERTSTRAP

DAY = timedelta(days=1)


pytestmark = pytest.mark.depot(
    init("Cert", "--expires", "100d"),
    init("Long", "--path-length", "1", *TEN_YEARS),
    *signed("short", "Long", "--expires", "60d"),
    *signed("middle", "Long", "--expires", "90d"),
    *signed("year", "Long", "--expires", "365d"),
)
"""A depot with `Cert` (100 days), `Long` (10 years), and leaves of 60, 90 and 365 days."""


ROOT_REASON = (
    "out/Cert.crt is a root that expires on 2027-03-03, and a root is renewed only by name, as you "
    "have to upload it again."
)
ROOT_HINT = (
    "Create a new CA and change over to it with bundle --rotate; or keep this one: renew it, and "
    "upload it: certstrap renew Cert"
)


def ends(depot: Path, name: str) -> int:
    """Return in how many days after `NOW` a certificate ends."""
    return (foreign.load_certificate(depot / f"{name}.crt").not_valid_after_utc - NOW).days


def report(printed: str) -> Any:
    return json.loads(printed)


def test_all_that_ends_in_time_is_renewed_and_nothing_else(
    certstrap: CommandLine, depot: Path
) -> None:
    now = NOW + 40 * DAY
    printed = certstrap("renew", "--expiring", "59d", now=now).lines
    assert printed == [
        "Updated out/middle.crt: expires 2027-04-02",
        "Updated out/short.crt: expires 2027-03-03",
        "The old files are in out/archive.",
    ]
    assert {name: ends(depot, name) for name in ("Cert", "Long", "short", "middle", "year")} == {
        "Cert": 100, "Long": 3653, "short": 100, "middle": 130, "year": 365,
    }  # fmt: skip


def test_a_root_is_renewed_only_by_name(certstrap: CommandLine, depot: Path) -> None:
    before = snapshot(depot)
    for day, verb in ((70, "expires"), (99, "expires"), (101, "expired")):
        line = ("renew", "--expiring", "31d", "--exec", "touch ran", "--quiet")
        now = NOW + day * DAY
        for name in ("short", "middle"):
            (depot / f"{name}.crt").unlink(missing_ok=True)
        outcome = certstrap(*line, exit_code=1, now=now)
        assert outcome.stdout == ""
        reason = ROOT_REASON.replace("expires", verb)
        assert outcome.stderr == f"Cert is not renewed: {reason}\nHint: {ROOT_HINT}\n"
    assert not (depot.parent / "ran").exists()
    assert snapshot(depot) == {
        name: found for name, found in before.items() if name not in {"short.crt", "middle.crt"}
    }


def test_a_root_that_ends_keeps_nothing_else_from_being_renewed(
    certstrap: CommandLine, depot: Path
) -> None:
    outcome = certstrap("renew", "--expiring", "61d", exit_code=1, now=NOW + 40 * DAY)
    assert (ends(depot, "Cert"), ends(depot, "short"), ends(depot, "middle")) == (100, 100, 130)
    assert outcome.lines[0] == "Updated out/middle.crt: expires 2027-04-02"
    assert outcome.stderr.startswith("Cert is not renewed: out/Cert.crt is a root")


def test_a_leaf_that_ends_with_a_root_is_not_renewed_in_silence(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("request-cert", "--cn", "last", *NEW_KEY)
    note = "Expires 2027-03-03, with its CA.\n"
    certstrap("sign", "last", "--CA", "Cert", "--expires", "1 year", stderr=note)
    (depot / "middle.crt").unlink()
    outcome = certstrap("renew", "--expiring", "30d", exit_code=1, now=NOW + 80 * DAY)
    assert "Cert is not renewed: out/Cert.crt is a root" in outcome.stderr
    assert "last is not renewed: out/last.crt expires with its CA" in outcome.stderr
    certstrap("renew", "Cert", now=NOW + 80 * DAY)
    printed = certstrap("renew", "--expiring", "30d", now=NOW + 80 * DAY).lines
    assert printed[0] == "Updated out/last.crt: expires 2027-05-22"


@pytest.mark.parametrize("content", [b"garbage", b"", None])
def test_a_certificate_that_cannot_be_read_is_named_and_the_others_are_renewed(
    content: bytes | None, certstrap: CommandLine, depot: Path
) -> None:
    for name in ("year", "Cert"):
        (depot / f"{name}.crt").unlink()
        if content is None:
            (depot / f"{name}.crt").symlink_to("nowhere")
        else:
            (depot / f"{name}.crt").write_bytes(content)
    (depot / "Cert.key").unlink()
    outcome = certstrap("renew", "--expiring", "61d", exit_code=1, now=NOW + DAY)
    assert (ends(depot, "short"), ends(depot, "middle")) == (61, 90)
    for name in ("year", "Cert"):
        assert f"{name} is not renewed: " in outcome.stderr
    document = report(certstrap("renew", "--expiring", "9d", "--json", exit_code=1).stdout)
    assert [each["name"] for each in document["refused"]] == ["Cert", "year"]


def test_names_are_escaped(certstrap: CommandLine, depot: Path) -> None:
    (depot / "red\x1b[31m\u202e\n.crt").write_bytes(b"garbage")
    outcome = certstrap("renew", "--expiring", "9d", exit_code=1)
    first = outcome.stderr.splitlines()[0]
    assert first.startswith(r"red\x1b[31m\u202e\n is not renewed: out/red\x1b[31m\u202e\n.crt ")


def test_quiet_prints_only_what_somebody_has_to_act_on(certstrap: CommandLine, depot: Path) -> None:
    certstrap("revoke", "--CN", "short")
    outcome = certstrap("renew", "--expiring", "95d", "--quiet", now=NOW + DAY)
    assert (outcome.stdout, ends(depot, "middle")) == ("", 91)
    assert certstrap("renew", "--expiring", "1d", "-q").stdout == ""
    printed = certstrap("renew", "Cert", "--quiet", now=NOW + DAY).lines
    assert printed[0].startswith("Upload out/Cert.crt in place of the old certificate")
    certstrap("renew", "Cert", "--quiet", "--json", exit_code=2)


def test_where_nothing_ends_in_time_nothing_is_done(certstrap: CommandLine, depot: Path) -> None:
    before = snapshot(depot)
    line = ("renew", "--expiring", "2026-12-31", "--exec", "touch ran")
    assert certstrap(*line).lines == ["Nothing to renew: nothing else expires by 2026-12-31."]
    assert snapshot(depot) == before
    assert not (depot.parent / "ran").exists()


def test_what_has_expired_is_renewed_too(certstrap: CommandLine, depot: Path) -> None:
    certstrap("renew", "--expiring", "1d", now=NOW + 70 * DAY)
    assert (ends(depot, "short"), ends(depot, "middle")) == (130, 90)


def test_what_is_revoked_is_left_as_it_is(certstrap: CommandLine, depot: Path) -> None:
    certstrap("revoke", "--CN", "short", "--reason", "keyCompromise")
    before = snapshot(depot)
    for options in ((), ("--new-key",)):
        printed = certstrap("renew", "--expiring", "70d", *options).lines
        assert printed == [
            "Not renewed: out/short.crt was revoked on 2026-11-23 12:00:00 UTC.",
            "Nothing to renew: nothing else expires by 2027-02-01.",
        ]
    assert snapshot(depot) == before
    (depot / "Long.crl").unlink()
    printed = certstrap("renew", "--expiring", "70d").lines
    assert printed[0].startswith("Not renewed: out/short.crt has a compromised key")


def test_what_cannot_be_renewed_keeps_nothing_else_from_it(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("request-cert", "--cn", "other", *NEW_KEY)
    certstrap("sign", "other", "--CA", "Cert", "--expires", "80d")
    (depot / "Cert.key").unlink()
    line = ("renew", "--expiring", "91d", "--exec", "touch ran")
    outcome = certstrap(*line, exit_code=1, now=NOW + DAY)
    assert (ends(depot, "other"), ends(depot, "short"), ends(depot, "middle")) == (80, 61, 91)
    assert outcome.lines[0] == "Updated out/middle.crt: expires 2027-02-22"
    sentence = "other is not renewed: There is no private key out/Cert.key."
    assert outcome.stderr.splitlines()[0] == sentence
    assert (depot.parent / "ran").exists()


def test_a_crl_that_cannot_be_read_keeps_what_it_may_revoke_from_being_renewed(
    certstrap: CommandLine, depot: Path
) -> None:
    (depot / "Long.crl").unlink()
    (depot / "Long.crl").write_text("broken")
    outcome = certstrap("renew", "--expiring", "95d", exit_code=1)
    assert "middle is not renewed: out/Long.crl is not a certificate" in outcome.stderr
    assert not outcome.stdout


def test_what_would_not_end_later_is_not_renewed(certstrap: CommandLine, depot: Path) -> None:
    before = snapshot(depot)
    line = ("renew", "--expiring", "99d")
    assert certstrap(*line).lines == ["Nothing to renew: nothing else expires by 2027-03-02."]
    certstrap(*line, "--expires", "5d")
    assert snapshot(depot) == before


def test_a_leaf_below_an_intermediate_that_cannot_be_longer_is_refused(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("request-cert", "--cn", "Int", *NEW_KEY)
    certstrap("sign", "Int", "--CA", "Long", "--intermediate", "--expires", "99d")
    certstrap("request-cert", "--cn", "below", *NEW_KEY)
    told = "Expires 2027-03-02, with its CA.\n"
    certstrap("sign", "below", "--CA", "Int", "--expires", "1 year", stderr=told)
    (depot / "Long.key").unlink()
    outcome = certstrap("renew", "--expiring", "99d", exit_code=1, now=NOW + DAY)
    told = "below is not renewed: out/below.crt expires with its CA, and renewing it would not"
    assert told in outcome.stderr
    assert "Hint: Renew the CA first, where the key that signs it is.\n" in outcome.stderr


def test_json_tells_what_was_done(certstrap: CommandLine, depot: Path) -> None:
    certstrap("revoke", "--CN", "short")
    old = foreign.load_certificate(depot / "middle.crt")
    outcome = certstrap(
        "renew", "--expiring", "100d", "--json", "--exec", "true", exit_code=1, now=NOW + DAY
    )
    new = foreign.load_certificate(depot / "middle.crt")
    assert report(outcome.stdout) == {
        "schema": "certstrap.renew/1",
        "renewed_at": "2026-11-24T12:00:00Z",
        "action": "renewed",
        "renewed": [
            {
                "name": "middle",
                "certificate": "out/middle.crt",
                "serial": f"{new.serial_number:X}",
                "not_after": "2027-02-22T12:00:00Z",
                "ends_with_its_ca": False,
                "old_serial": f"{old.serial_number:X}",
                "old_not_after": "2027-02-21T12:00:00Z",
                "updated": ["out/middle.crt"],
                "archived": [f"out/archive/middle.1.{old.serial_number:X}.crt"],
            }
        ],
        "skipped": [
            {
                "name": "short",
                "reason": "out/short.crt was revoked on 2026-11-23 12:00:00 UTC.",
                "fix": "If the client may be let in again, give it a new key: certstrap renew "
                "short --new-key",
            }
        ],
        "refused": [
            {
                "name": "Cert",
                "reason": ROOT_REASON,
                "fix": ROOT_HINT,
            }
        ],
        "command": {"line": "true", "exit_status": 0},
    }


def test_json_of_nothing_is_json_too(certstrap: CommandLine, depot: Path) -> None:
    found = report(certstrap("renew", "--expiring", "1d", "--json").stdout)
    assert (found["renewed"], found["skipped"], found["refused"], found["command"]) == (
        [], [], [], None,
    )  # fmt: skip


def test_a_command_that_fails_is_reported_and_undoes_nothing(
    certstrap: CommandLine, depot: Path
) -> None:
    line = ("renew", "short", "--exec", "touch ran && exit 7")
    outcome = certstrap(*line, exit_code=1, now=NOW + DAY)
    assert outcome.stderr.splitlines() == [
        'The command "touch ran && exit 7" ended with status 7.',
        "Hint: What was renewed stays renewed: run that command again.",
    ]
    assert (ends(depot, "short"), (depot.parent / "ran").exists()) == (61, True)
    outcome = certstrap("renew", "short", "--json", "--exec", "exit 7", exit_code=1)
    assert report(outcome.stdout)["command"] == {"line": "exit 7", "exit_status": 7}


def test_a_command_that_is_killed_is_reported_with_the_signal(
    certstrap: CommandLine, depot: Path
) -> None:
    line = ("renew", "short", "--json", "--exec", "kill -9 $$")
    outcome = certstrap(*line, exit_code=1, now=NOW + DAY)
    sentence = 'The command "kill -9 $$" was killed by signal 9.'
    assert outcome.stderr.splitlines()[0] == sentence
    assert report(outcome.stdout)["command"] == {"line": "kill -9 $$", "exit_status": -9}


@pytest.mark.parametrize("end", [">&-", "> /dev/full", "| true"])
def test_a_command_is_run_also_if_nothing_can_be_printed(depot: Path, end: str) -> None:
    line = shlex.join([*CERTSTRAP, "renew", "short", "--exec", "touch ran"])
    programs.run("bash", "-c", f"{line} {end}", folder=depot.parent, exit_code=None)
    assert (depot.parent / "ran").exists()


def test_what_a_command_prints_is_not_among_the_results(depot: Path, program: Program) -> None:
    ended = program("renew", "short", "--json", "--exec", "echo reloaded")
    assert report(ended.stdout)["action"] == "renewed"
    assert ended.stderr == "reloaded\n"


def test_a_command_is_not_run_if_nothing_was_renewed(certstrap: CommandLine, depot: Path) -> None:
    certstrap("renew", "nobody", "--exec", "touch ran", exit_code=1)
    assert not (depot.parent / "ran").exists()


def test_a_status_is_that_of_the_shell(folder: Path) -> None:
    assert [run_command("exit 3"), run_command("true")] == [3, 0]


def test_the_passphrase_of_the_ca_is_asked_for_once(certstrap: CommandLine, folder: Path) -> None:
    certstrap("init", "--cn", "Cert", "--curve", "P-256", "--passphrase", "p")
    for name in ("a", "b"):
        certstrap("request-cert", "--cn", name, *NEW_KEY)
        certstrap("sign", name, "--passphrase", "p", "--expires", "9d")
    printed = certstrap("renew", "--expiring", "10d", input="p\nnot this\n", now=NOW + DAY).lines
    assert len(printed) == 3
    assert crls.serials(folder / "out/Cert.crl") == []


def test_a_depot_that_is_missing_is_refused(certstrap: CommandLine, folder: Path) -> None:
    certstrap.refuses(
        "--depot-path", "other", "renew", "--expiring", "30d",
        sentence="There is no depot other.", hint="--depot-path DIR",
    )  # fmt: skip


def test_each_ca_whose_key_is_opened_is_named_at_its_prompt(folder: Path, program: Program) -> None:
    for name, secret in (("One", "first"), ("Two", "second")):
        program("init", "--cn", name, "--curve", "P-256", "--passphrase", secret)
        client = f"of {name}"
        program("request-cert", "--cn", client, *NEW_KEY)
        program("sign", client, "--CA", name, "--expires", "10d", "--passphrase", secret)
    with shell.terminal(folder, "renew", "of One", "of Two", "--expires", "20d") as child:
        for name, secret in (("One", "first"), ("Two", "second")):
            child.expect_exact(f"Enter passphrase for the key of the CA {name} (empty for no")
            child.sendline(secret)
        assert "Updated out/of_Two.crt" in shell.ends(child)
