"""docs/renewal.md: the files for systemd, cron and CI are right, and what they run works."""

import configparser
import re
import shlex
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from tests import programs
from tests.builders import foreign
from tests.builders.depots import NEW_KEY
from tests.conftest import NOW, CommandLine
from tests.docs import ROOT, Block, blocks

GUIDE = ROOT / "docs/renewal.md"
PROGRAM = "/usr/local/bin/certstrap"


def written_in(language: str) -> list[Block]:
    return [block for block in blocks(GUIDE) if block.language == language]


def unit(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign] # systemd knows case
    parser.read_string(text)
    return parser


def command_of_service() -> list[str]:
    service = unit("\n".join(written_in("ini")[0].lines))
    return shlex.split(service["Service"]["ExecStart"])


def command_of_cron() -> list[str]:
    (line,) = written_in("cron")[0].lines
    times, command = line.split(" ", 5)[:5], line.split(" ", 5)[5]
    assert all(re.fullmatch(r"\*|\d+", each) for each in times)
    assert "%" not in command  # cron reads it as the end of the line
    return shlex.split(command)


def command_of_job() -> list[str]:
    job = yaml.safe_load("\n".join(written_in("yaml")[0].lines))["jobs"]["renew"]
    (line,) = (step["run"] for step in job["steps"] if "certstrap renew" in step.get("run", ""))
    assert set(job["env"]) == {"CERTSTRAP_PASSPHRASE"}
    return shlex.split(line.partition("&& ")[2])


def test_service_and_timer_are_right(tmp_path: Path) -> None:
    texts = ["\n".join(block.lines) for block in written_in("ini")]
    service, timer = map(unit, texts)
    assert service["Service"]["Type"] == "oneshot"
    assert timer["Timer"]["Persistent"] == "true"
    assert timer["Install"]["WantedBy"] == "timers.target"
    if shutil.which("systemd-analyze"):
        paths = [tmp_path / f"certstrap-renew.{kind}" for kind in ("service", "timer")]
        for path, text in zip(paths, texts, strict=True):
            path.write_text(text.replace(PROGRAM, shutil.which("true") or "") + "\n")
        verified = programs.run("systemd-analyze", "verify", *paths, exit_code=None)
        assert "certstrap-renew" not in verified.stderr


@pytest.mark.parametrize(
    "command", [command_of_service(), command_of_cron(), command_of_job()],
    ids=["systemd", "cron", "CI"],
)  # fmt: skip
def test_what_a_schedule_runs_renews_what_ends_soon(
    command: list[str], certstrap: CommandLine, folder: Path
) -> None:
    depot, secret = folder / "out", folder / "secret"
    secret.write_text("p\n")
    line = ("--depot-path", str(depot))
    certstrap(*line, "init", "--cn", "Cert", "--curve", "P-256", "--passphrase", "p")
    certstrap(*line, "request-cert", "--cn", "worker", *NEW_KEY)
    certstrap(*line, "sign", "worker", "--passphrase", "p", "--expires", "90d")
    assert command[0] in {PROGRAM, "certstrap"}
    given = {
        "/srv/certs/out": str(depot),
        "/etc/certstrap/passphrase": str(secret),
        "systemctl reload nginx": "touch reloaded",
    }
    words = [given.get(word, word) for word in command[1:]]
    environ = {"CERTSTRAP_PASSPHRASE": "p"}
    for days, renewed in ((59, False), (60, True)):
        now = NOW + timedelta(days=days)
        before = foreign.load_certificate(depot / "worker.crt")
        certstrap(*words, now=now, environ=environ)
        assert (foreign.load_certificate(depot / "worker.crt") != before) == renewed
        assert (folder / "reloaded").exists() == (renewed and "--exec" in words)
