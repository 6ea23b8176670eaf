"""What a start imports: every command is a new process, and pays for each module again."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from certstrap.cli.app import app
from certstrap.cli.context import utc_now
from tests.builders.depots import NEW_KEY
from tests.cli.shell import complete
from tests.conftest import CommandLine
from tests.docs import ROOT

# In their order, in one folder; each with its exit status.
LINES = {
    "": 0,
    "--version": 0,
    "--help": 0,
    "help": 0,
    "no-such-command": 2,
    "sign --no-such-option": 2,
    "sign nobody": 1,
    "init --common-name Cert --curve P-256 --no-passphrase": 0,
    "request-cert --common-name client --key-bits 2048 --no-passphrase": 0,
    "sign client --CA Cert": 0,
    "issue other --curve P-256": 0,
    "issue one two --curve P-256 --json": 0,
    "export-pkcs8 client": 0,
    "export-pkcs12 client --passphrase p": 0,
    "export-chain client": 0,
    "revoke --CN client --CA Cert": 0,
    "crl Cert": 0,
    "renew other": 0,
    "renew --expiring 1d": 0,
    "crl client --bundle": 0,
    "gen ca --org temporal -d 1y --ca-cert ca.pem --ca-key ca.key": 0,
    "gen leaf --org temporal --ca-cert ca.pem --ca-key ca.key --cert leaf.pem --key leaf.key": 0,
    "import Copy --cert ca.pem --key ca.key": 0,
    "check other": 0,
    "bundle Cert": 0,
    "connect other --namespace other.acct": 0,
    "connect other --namespace other.acct --format go": 0,
    "filters other": 0,
    "status": 0,
    "inspect other": 0,
    "verify other": 0,
    "passphrase Cert --passphrase p": 0,
    "passphrase Cert --no-passphrase": 1,
}
# A run that is measured for its coverage would import what measures it.
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE_")}

WITHOUT_WORK = ["", "--version", "--help", "help", "no-such-command"]

# What `sign` imports that typer and cryptography.x509 do not: our own, what the library needs for a
# signature, and what takes less than 3 % of a start. More than this is a step, a terminal or a
# library that it has no use for.
MOST_MODULES_OF_SIGN = 88


def _imported(folder: Path, line: str) -> set[str]:
    """Return the modules that a line of `LINES` imports, when all its streams are pipes."""
    found = _modules(folder, "-m", "certstrap", *line.split(), status=LINES[line])
    assert "certstrap.cli.app" in found
    return found


def _modules(folder: Path, *args: str, status: int = 0) -> set[str]:
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", *args],
        cwd=folder,
        env=ENVIRONMENT,
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == status, (args, ended.stdout, ended.stderr)
    return set(re.findall(r"^import time: .*\| +(\S+)$", ended.stderr, re.MULTILINE))


def _of(package: str, modules: set[str]) -> set[str]:
    return {name for name in modules if name.split(".")[0] == package}


def test_every_command_is_tried_here() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    tried = {line.partition(" ")[0] for line in LINES}
    assert tried >= {name for name, command in group.commands.items() if not command.hidden}


def test_neither_rich_nor_pkcs11_is_imported_for_a_pipe_and_a_key_that_is_a_file(
    tmp_path: Path, subtests: pytest.Subtests
) -> None:
    for line in LINES:
        with subtests.test(line):
            imported = _imported(tmp_path, line)
            assert not _of("rich", imported)
            assert not {"pkcs11", "asn1crypto", "certstrap.tokens"} & imported


def _assert_no_command(imported: set[str]) -> None:
    assert not _of("cryptography", imported)
    assert not {name for name in imported if name.startswith("certstrap.cli.commands")}


@pytest.mark.parametrize("line", WITHOUT_WORK)
def test_no_command_is_imported_where_none_is_run(line: str, tmp_path: Path) -> None:
    _assert_no_command(_imported(tmp_path, line))


@pytest.mark.parametrize("words", ["certstrap ", "certstrap exp", "certstrap --dep"])
def test_no_command_is_imported_to_complete_a_name(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in complete("bash", words).items():
        monkeypatch.setitem(ENVIRONMENT, name, value)
    _assert_no_command(_modules(tmp_path, "-m", "certstrap"))


@pytest.fixture
def of_sign(folder: Path) -> set[str]:
    """The modules that `sign` imports."""
    certstrap = CommandLine(now=utc_now())
    certstrap("init", "--common-name", "Cert", *NEW_KEY)
    certstrap("request-cert", "--common-name", "client", "--key-bits", "2048", "--no-passphrase")
    return _imported(folder, "sign client --CA Cert")


def test_sign_imports_little_beyond_what_it_stands_on(folder: Path, of_sign: set[str]) -> None:
    beyond = of_sign - _modules(folder, "-c", "import typer, cryptography.x509")
    assert len(beyond) <= MOST_MODULES_OF_SIGN, sorted(beyond)


def test_the_benchmark_prints_each_measure_with_its_limit(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "startup.py", "--pairs", "1"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = ended.stdout.splitlines()
    assert [re.sub(r"\d+ ms|\d[\d.]*(?=,)", "N", line[6:]) for line in lines] == [
        'certstrap sign (N) / python -c "import typer, cryptography.x509" (N): N, at most 1.15',
        'certstrap --version (N) / python -c "import typer" (N): N, at most 1.1',
        "peak memory of certstrap sign, in MB: N, at most 60",
    ], ended
    assert ended.returncode == any(line.startswith("FAIL") for line in lines)
