"""Twenty processes run every command on one depot: nothing is lost, and what they say is true."""

import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest
import typer
from cryptography import x509
from typer.core import TyperGroup

from certstrap.cli.app import app
from certstrap.pki.keys import PublicKey
from tests.builders import crls, foreign
from tests.builders.depots import NEW_KEY
from tests.conftest import snapshot
from tests.programs import Outcome
from tests.promises.conftest import Stage
from tests.promises.fork_server import ForkServer
from tests.promises.scenes import Scene, temporary
from tests.promises.strace import DEPOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork")

Command = tuple[str, ...]
BY = ("--CA", "Cert")
OF_GEN = ("--ca-cert", "ca.pem", "--ca-key", "ca.key")
LIST = [f"listed{number}" for number in range(8)]
CLIENTS = [f"client-{number}" for number in range(12)]
FOUND = {0, 3}
"""How a command ends that judges what others change meanwhile."""

BEFORE = Scene(
    ("issue", "new"),
    (
        ("init", "--cn", "Cert", *NEW_KEY),
        ("init", "--cn", "Root", "--path-length", "1", *NEW_KEY),
        ("issue", *CLIENTS, *BY, *NEW_KEY),
        ("renew", CLIENTS[6], "--new-key"),
        ("renew", CLIENTS[7]),
    ),
    frozenset(),
)

# Each line is a process after another; the lines run at the same time.
LINES: list[list[Command]] = [
    [
        ("init", "--cn", "Int", *NEW_KEY, "--path-length", "1"),
        ("issue", "of-int", "--CA", "Int", *NEW_KEY),
        ("revoke", "--CN", "of-int"),
        ("crl", "Int"),
    ],
    [
        ("request-cert", "--cn", "Sub", *NEW_KEY),
        ("sign", "Sub", "--CA", "Root", "--intermediate"),
        ("issue", "of-sub", "--CA", "Sub", *NEW_KEY),
        ("export-chain", "of-sub"),
        ("crl", "Sub"),
    ],
    [
        ("request-cert", "--cn", "signed", *NEW_KEY),
        ("sign", "signed", *BY),
        ("export-pkcs8", "signed"),
        ("check", "signed"),
        ("passphrase", "signed", "--passphrase-file", "passphrase"),
        ("passphrase", "signed", "--old-passphrase-file", "passphrase", "--no-passphrase"),
    ],
    [("issue", "one", *BY, *NEW_KEY), ("renew", "one"), ("revoke", "--CN", "one", *BY)],
    [
        ("issue", "two", *BY, *NEW_KEY, "--pkcs8"),
        ("connect", "two", "--namespace", "client.acct"),
        ("export-pkcs12", "two", "--passphrase", "p"),
    ],
    [("issue", *LIST[:4], *BY, *NEW_KEY), ("export-chain", LIST[0])],
    [("issue", "--from", "list", *BY, *NEW_KEY), ("filters", *LIST)],
    [("issue", "--from", "list", *BY, *NEW_KEY), ("inspect", LIST[7])],
    [("revoke", "--CN", name, *BY) for name in CLIENTS[:3]],
    [("revoke", "--serial", serial, "--elsewhere", *BY) for serial in ("2A", "2B", "2C", "2D")],
    [("crl", "Cert", "--days", "30"), ("crl", "Cert"), ("crl", "Root")],
    [("renew", CLIENTS[3]), ("renew", CLIENTS[3], "--new-key"), ("renew", CLIENTS[3], "--undo")],
    [("renew", CLIENTS[4], CLIENTS[5]), ("revoke", "--CN", CLIENTS[4])],
    [("renew", "--undo", CLIENTS[6]), ("revoke", "--CN", CLIENTS[6])],
    [("renew", "--undo", CLIENTS[7]), ("renew", CLIENTS[7])],
    [("import", f"imported{i}", "--cert", "new.crt", "--key", "new.key") for i in range(3)],
    [
        ("connect", CLIENTS[8], "--namespace", "client.acct", "--into", "temporal.toml"),
        ("bundle", "Cert", "Root", "--output", "bundle.pem"),
    ],
    [
        (
            *("connect", name, "--namespace", "client.acct"),
            *("--into", "temporal.toml", "--profile", name),
        )
        for name in CLIENTS[9:12]
    ],
    [("status",), ("status", "--json"), ("verify", *CLIENTS), ("bundle", "Cert"), ("status",)],
    [
        ("gen", "ca", "--org", "acme", "-d", "1y", *OF_GEN),
        ("gen", "leaf", "--org", "acme", *OF_GEN, "--cert", "leaf.pem", "--key", "leaf.key"),
        ("verify", CLIENTS[0]),
        ("check", CLIENTS[3]),
        ("filters", *CLIENTS[8:]),
        ("inspect", "Cert"),
    ],
]


class Done(NamedTuple):
    """A command that was run, and how it ended."""

    command: Command
    outcome: Outcome


@pytest.fixture
def place(stage: Stage) -> Path:
    """A folder with the depot that the lines begin with, and the files that they read."""
    folder = stage(BEFORE)
    (folder / "list").write_text("\n".join(["name", *LIST]))
    (folder / "passphrase").write_text("secret\n")
    (folder / "temporal.toml").touch()
    for suffix in ("crt", "key"):
        content = (folder / DEPOT / f"{CLIENTS[0]}.{suffix}").read_bytes()
        (folder / f"new.{suffix}").write_bytes(content)
    return folder


@pytest.fixture
def done(place: Path, fork_server: ForkServer) -> list[Done]:
    """What the lines did, which ran at the same time."""

    def run(line: Sequence[Command]) -> list[Done]:
        return [
            Done(command, fork_server.start(place, "--depot-path", DEPOT, *command).run())
            for command in line
        ]

    with ThreadPoolExecutor(len(LINES)) as pool:
        return [each for line in pool.map(run, LINES) for each in line]


def test_the_lines_are_twenty_and_have_every_command() -> None:
    assert len(LINES) == 20
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    tried = {command[0] for line in LINES for command in line}
    assert tried == {name for name, command in group.commands.items() if not command.hidden}


def test_twenty_processes_that_mix_every_command_lose_nothing_and_tell_the_truth(
    place: Path, done: list[Done]
) -> None:
    depot = place / DEPOT
    assert_all_succeeded(done)
    assert not temporary(place)
    assert not [path for path in snapshot(place) if "/.certstrap-" in f"/{path}"]
    assert_what_is_reported_exists(place, done)
    assert_certificates_are_whole(depot)
    assert_revocations_are_on_the_crls(depot)
    for name in CLIENTS[8:]:
        assert f"{depot}/{name}.key" in (place / "temporal.toml").read_text()
    assert len(x509.load_pem_x509_certificates((place / "bundle.pem").read_bytes())) == 2
    generated = foreign.load_certificate(place / "leaf.pem")
    generated.verify_directly_issued_by(foreign.load_certificate(place / "ca.pem"))
    assert foreign.load_key(place / "leaf.key").public_key() == generated.public_key()


def assert_all_succeeded(done: list[Done]) -> None:
    """Assert that each command did its work, or found what others had changed."""
    for command, outcome in done:
        judges = command[0] in {"status", "verify", "check"}
        assert outcome.exit_code in (FOUND if judges else {0}), (command, outcome)
        assert "Traceback" not in outcome.stderr, command
        if "--json" in command:
            json.loads(outcome.stdout)


def assert_what_is_reported_exists(place: Path, done: list[Done]) -> None:
    """Assert that each file that a command says it created or updated is there."""
    reported = [
        (line.split()[1].rstrip(":"), command)
        for command, outcome in done
        for line in outcome.lines
        if line.startswith(("Created the-depot/", "Updated the-depot/"))
    ]
    assert len(reported) > 60
    for path, command in reported:
        assert (place / path).is_file(), (path, command)
    created = [path for path, command in reported if command[0] in {"issue", "init", "sign"}]
    assert {f"{DEPOT}/{name}.crt" for name in LIST} <= set(created)


def assert_certificates_are_whole(depot: Path) -> None:
    """Assert that each certificate is one of a CA of the depot, and that its files belong to it."""
    cas = [foreign.load_certificate(depot / f"{name}.crt") for name in AUTHORITIES]
    for path in depot.glob("*.crt"):
        for certificate in x509.load_pem_x509_certificates(path.read_bytes()):
            (issuer,) = (ca for ca in cas if ca.subject == certificate.issuer)
            certificate.verify_directly_issued_by(issuer)
    for path in depot.glob("*.key"):
        name = path.name.partition(".")[0]
        key = foreign.load_key(path).public_key()
        assert isinstance(key, PublicKey)
        assert foreign.load_certificate(depot / f"{name}.crt").public_key() == key, path
    for path in depot.glob("*.csr"):
        request = x509.load_pem_x509_csr(path.read_bytes())
        assert request.public_key() == foreign.load_key(path.with_suffix(".key")).public_key()


AUTHORITIES = ["Cert", "Root", "Int", "Sub"]


def assert_revocations_are_on_the_crls(depot: Path) -> None:
    """Assert that each CRL holds exactly what was revoked, and that nothing was revoked twice."""

    def serials(*names: str) -> set[int]:
        return {foreign.load_certificate(depot / f"{name}.crt").serial_number for name in names}

    revoked = ("one", *CLIENTS[:3], CLIENTS[4], CLIENTS[6])
    on_crls = {name: crls.serials(depot / f"{name}.crl") for name in AUTHORITIES}
    assert sorted(on_crls["Cert"]) == sorted({0x2A, 0x2B, 0x2C, 0x2D} | serials(*revoked))
    assert set(on_crls["Int"]) == serials("of-int")
    assert on_crls["Root"] == on_crls["Sub"] == []
    # One for the empty CRL, one for each revocation and each `crl`.
    assert crls.number(depot / "Cert.crl") == 1 + len(on_crls["Cert"]) + 2
