"""The documented walkthrough, step by step, in each of the ways in which people take it."""

import os
import re
import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pexpect
import pytest
from cryptography import x509

from certstrap.pki.keys import RSA_2048, RSA_4096, spec_of
from tests.builders import foreign
from tests.cli.terminal import AGAIN, ENTER, NEW, ends
from tests.conftest import NOW, CommandLine, snapshot, visible

FAST = ("--curve", "P-256")
FILES = {
    "Cert.crl": 0o444,
    "Cert.crt": 0o444,
    "Cert.key": 0o400,
    "your-namespace.crt": 0o444,
    "your-namespace.csr": 0o444,
    "your-namespace.key": 0o400,
    "your-namespace.pkcs8.key": 0o400,
}
INIT = ["Created {}/Cert.key", "Created {}/Cert.crt", "Created {}/Cert.crl"]
REQUEST = ["Created {}/your-namespace.key", "Created {}/your-namespace.csr"]
SIGN = ["Created {0}/your-namespace.crt from {0}/your-namespace.csr signed by {0}/Cert.key"]
EXPORT = ["Created {}/your-namespace.pkcs8.key"]


def require_documented_files(depot: Path) -> None:
    """Assert that the depot holds what the walkthrough promises, and nothing else."""
    assert {path.name: path.stat().st_mode & 0o777 for path in visible(depot)} == FILES
    ca = foreign.load_certificate(depot / "Cert.crt")
    leaf = foreign.load_certificate(depot / "your-namespace.crt")
    leaf.verify_directly_issued_by(ca)
    for key in ("your-namespace.key", "your-namespace.pkcs8.key"):
        assert foreign.load_key(depot / key).public_key() == leaf.public_key()
    assert foreign.load_key(depot / "Cert.key").public_key() == ca.public_key()
    assert x509.load_pem_x509_crl((depot / "Cert.crl").read_bytes()).issuer == ca.subject


@pytest.mark.parametrize(
    ("before", "after", "lines", "environ", "depot"),
    [
        ((), (), "\n\n", {}, "out"),
        ((), ("--passphrase", ""), "", {}, "out"),
        ((), ("--passphrase=",), "", {}, "out"),
        ((), ("--no-passphrase",), "", {}, "out"),
        (("--depot-path", "depot"), (), "\n\n", {}, "depot"),
        (("--depot-path=a/b/",), ("--no-passphrase",), "", {}, "a/b"),
        (("--depot-path", "."), ("--no-passphrase",), "", {}, "."),
        ((), (), "\n\n", {"CERTSTRAP_DEPOT_PATH": "depot"}, "depot"),
    ],
    ids=[
        "two lines on a pipe", "an empty passphrase", "one after an equals sign", "no passphrase",
        "another depot", "a nested depot", "the current folder", "by the environment",
    ],
)  # fmt: skip
def test_walkthrough_leaves_the_documented_files(
    certstrap: CommandLine,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: tuple[str, ...],
    after: tuple[str, ...],
    lines: str,
    environ: Mapping[str, str],
    depot: str,
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    steps = (
        (("init", "--common-name", "Cert", *FAST, *after), INIT),
        (("request-cert", "--common-name", "your-namespace", *FAST, *after), REQUEST),
        (("sign", "your-namespace", "--CA", "Cert"), SIGN),
        (("export-pkcs8", "your-namespace"), EXPORT),
    )
    for args, printed in steps:
        outcome = certstrap(*before, *args, input=lines)
        assert outcome.lines == [line.format(depot) for line in printed]
    require_documented_files(folder / depot)


def test_the_steps_may_be_taken_on_different_days(certstrap: CommandLine, folder: Path) -> None:
    certstrap("init", "--common-name", "Cert", *FAST, input="\n\n")
    certstrap("request-cert", "--common-name", "your-namespace", *FAST, input="\n\n")
    later = NOW + timedelta(days=100)
    certstrap("sign", "your-namespace", "--CA", "Cert", now=later)
    certstrap("export-pkcs8", "your-namespace", now=later + timedelta(days=900))
    require_documented_files(folder / "out")


def test_the_steps_may_be_taken_by_different_people(certstrap: CommandLine, folder: Path) -> None:
    certstrap("--depot-path", "ca", "init", "--common-name", "Cert", *FAST, input="\n\n")
    client = ("--depot-path", "client")
    certstrap(*client, "request-cert", "--common-name", "your-namespace", *FAST, input="\n\n")
    (folder / "client/your-namespace.csr").rename(folder / "ca/your-namespace.csr")
    certstrap("--depot-path", "ca", "sign", "your-namespace", "--CA", "Cert")
    (folder / "ca/your-namespace.crt").rename(folder / "client/your-namespace.crt")
    certstrap(*client, "export-pkcs8", "your-namespace")
    for path in visible(folder / "ca"):
        path.rename(folder / "client" / path.name)
    require_documented_files(folder / "client")


def test_the_steps_go_on_where_the_files_were_moved_to(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("init", "--common-name", "Cert", *FAST, input="\n\n")
    (folder / "moved").mkdir()
    for path in visible(folder / "out"):
        path.rename(folder / "moved" / path.name)
    moved = ("--depot-path", "moved")
    certstrap(*moved, "request-cert", "--common-name", "your-namespace", *FAST, input="\n\n")
    certstrap(*moved, "sign", "your-namespace", "--CA", "Cert")
    certstrap(*moved, "export-pkcs8", "your-namespace")
    require_documented_files(folder / "moved")


def test_a_second_time_every_step_refuses(certstrap: CommandLine, folder: Path) -> None:
    steps = (
        ("init", "--common-name", "Cert", *FAST),
        ("request-cert", "--common-name", "your-namespace", *FAST),
        ("sign", "your-namespace", "--CA", "Cert"),
        ("export-pkcs8", "your-namespace"),
    )
    for args in steps:
        certstrap(*args, input="\n\n")
    before = snapshot(folder)
    for args in steps:
        certstrap.refuses(*args, input="\n\n", sentence="already exists!")
    assert snapshot(folder) == before


STEPS = """\
certstrap init --common-name "Cert"
export NAMESPACE_NAME=your-namespace
certstrap request-cert --common-name ${NAMESPACE_NAME}
certstrap sign ${NAMESPACE_NAME} --CA "Cert"
certstrap export-pkcs8 ${NAMESPACE_NAME}
"""
# Temporal's page runs a program in the current folder, and ends with OpenSSL.
DOCUMENTED = STEPS.replace("certstrap ", "./certstrap ").replace(
    "./certstrap export-pkcs8 ${NAMESPACE_NAME}",
    'openssl pkcs8 -topk8 -nocrypt -in "out/${NAMESPACE_NAME}.key" '
    '-out "out/${NAMESPACE_NAME}.pkcs8.key"\nchmod 0400 "out/${NAMESPACE_NAME}.pkcs8.key"',
)


@pytest.mark.parametrize(
    ("typed", "exported"),
    [(STEPS, [EXPORT[0].format("out")]), (DOCUMENTED, [])],
    ids=["as the README has it", "as Temporal has it"],
)
def test_the_walkthrough_works_on_a_terminal_with_enter_at_each_prompt(
    folder: Path, typed: str, exported: list[str]
) -> None:
    program = shutil.which("certstrap")
    assert program
    (folder / "certstrap").symlink_to(program)
    child: pexpect.spawn[str] = pexpect.spawn(
        "bash",
        ["-ec", typed],
        cwd=str(folder),
        env={**os.environ, "TERM": "dumb"},
        timeout=60,
        encoding="utf-8",
    )
    for prompt in (NEW, AGAIN, NEW, AGAIN):
        child.expect_exact(prompt)
        child.send(ENTER)
    printed = ends(child).split("\n")
    assert printed[1:3] == [line.format("out") for line in REQUEST]
    assert printed[3] == SIGN[0].format("out")
    assert re.fullmatch(r"Expires \d{4}-\d{2}-\d{2}, with its CA\.", printed[4])
    assert [line.split(":")[0] for line in printed[5:7]] == ["Check it", "Configure its client"]
    assert printed[7:] == [*exported, ""]
    require_documented_files(folder / "out")
    assert spec_of(foreign.load_key(folder / "out/Cert.key")) == RSA_4096
    assert spec_of(foreign.load_key(folder / "out/your-namespace.key")) == RSA_2048
