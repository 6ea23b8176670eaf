"""A CA whose key is not in the depot, as that of an engine: no hint needs that key."""

import re
import shlex
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.builders import crls, foreign, pairs
from tests.builders.depots import NEW_KEY, init, issue, request
from tests.builders.keys import key_data, load_key
from tests.conftest import NOW, CommandLine

DAY = timedelta(days=1)
COMMANDS = [
    "status",
    "status --json",
    "verify worker",
    "check worker",
    "check --cert worker.chain.pem --key worker.key",
    "check Engine",
    "connect worker --namespace your-namespace.acct",
    "issue worker",
    "issue worker --expires 300d",
    "issue new --CA Engine",
    "issue new --curve P-256 --no-passphrase",
    "sign new --CA Engine",
    "renew worker",
    "renew worker --new-key",
    "renew worker --undo",
    "renew Engine",
    "renew Engine --undo",
    "renew Root --undo",
    "renew --expiring 3650d",
    "revoke --CN worker",
    "revoke --CN worker --CA Engine",
    "crl Engine",
    "crl worker --bundle",
    "export-chain worker",
    "bundle",
    "bundle Engine",
    "inspect worker",
]
ADVICE = re.compile(r"certstrap (?:[a-z0-9-]+) [^\n]*?(?=\s&& |\"|\n|$)")
PLACEHOLDERS = {"NAME": "New", "NEW-NAME": "New", "NEW": "New", "FILE": "worker.chain.pem"}


@pytest.fixture
def engine(folder: Path, certstrap: CommandLine) -> pairs.Pair:
    """An intermediate CA; its certificate and that of its client are in the depot, with a CRL."""
    certstrap(*init("Root"), "--path-length", "1", "--expires", "5 years")
    certstrap(*request("new"))
    root = pairs.Pair(foreign.stored_certificate("Root"), load_key(folder / "out/Root.key"))
    made = pairs.ca(subject="Engine", by=root, path_length=0, end=NOW + 200 * DAY)
    made.store_certificate("Engine")
    usages = [
        (foreign.key_usage("digital_signature"), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False),
    ]
    worker = pairs.made(subject="worker", by=made, extensions=usages, end=NOW + 90 * DAY)
    worker.store_certificate("worker")
    worker.save("worker")
    (folder / "worker.chain.pem").write_bytes(worker.pem + made.pem)
    put_crl(made)
    return made


def put_crl(engine: pairs.Pair, *revoked: int, days: int = 300) -> None:
    """Write the CRL that the engine has beside its certificate."""
    entries = [crls.entry(serial) for serial in revoked]
    made = crls.made_elsewhere(*engine, entries=entries, next_update=NOW + days * DAY)
    Path("out/Engine.crl").unlink(missing_ok=True)
    foreign.write(Path("out/Engine.crl").absolute(), made, 0o644)


def as_it_is(engine: pairs.Pair) -> timedelta:
    return timedelta()


def revoked(engine: pairs.Pair) -> timedelta:
    put_crl(engine, foreign.stored_certificate("worker").serial_number)
    return timedelta()


def without_crl(engine: pairs.Pair) -> timedelta:
    Path("out/Engine.crl").unlink()
    return timedelta()


def with_an_old_crl(engine: pairs.Pair) -> timedelta:
    put_crl(engine, days=3)
    return 4 * DAY


def with_an_unreadable_crl(engine: pairs.Pair) -> timedelta:
    Path("out/Engine.crl").write_bytes(b"garbage")
    return timedelta()


def with_an_expired_client(engine: pairs.Pair) -> timedelta:
    return 100 * DAY


def expired(engine: pairs.Pair) -> timedelta:
    return 201 * DAY


def with_its_client_for_longer(engine: pairs.Pair) -> timedelta:
    longer = pairs.made(subject="worker", by=engine, end=NOW + 250 * DAY)
    Path("out/worker.crt").unlink()
    longer.store_certificate("worker")
    return timedelta()


def below_a_root_whose_key_is_elsewhere(engine: pairs.Pair) -> timedelta:
    Path("out/Root.key").rename("Root.key")
    return timedelta()


STATES = [
    as_it_is,
    revoked,
    without_crl,
    with_an_old_crl,
    with_an_unreadable_crl,
    with_an_expired_client,
    expired,
    with_its_client_for_longer,
    below_a_root_whose_key_is_elsewhere,
]


@pytest.mark.parametrize("state", STATES)
def test_every_command_that_is_advised_can_be_run(
    engine: pairs.Pair, folder: Path, state: Callable[[pairs.Pair], timedelta]
) -> None:
    certstrap = CommandLine(now=NOW + state(engine))
    shutil.copytree("out", "kept")
    advised = set()
    for command in COMMANDS:
        printed = certstrap(*shlex.split(command), exit_code=None)
        for line in ADVICE.findall(printed.stdout + printed.stderr):
            _, *words = (PLACEHOLDERS.get(word, word) for word in shlex.split(line))
            if "init" in words:
                words += NEW_KEY
            assert certstrap(*words, exit_code=None).exit_code == 0, line
            advised.add(words[0])
        shutil.rmtree("out")
        shutil.copytree("kept", "out")
    assert advised & {"export-chain", "renew"}


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        ("sign new --CA Engine", "Sign and revoke where its key is"),
        ("issue another --CA Engine --curve P-256 --no-passphrase", "Sign and revoke where its"),
        ("revoke --CN worker", "and copy its CRL to out/Engine.crl."),
        ("crl Engine", "in another depot or in an engine such as OpenBao"),
    ],
)
def test_what_needs_the_key_is_done_where_that_is(
    certstrap: CommandLine, engine: pairs.Pair, command: str, hint: str
) -> None:
    certstrap.says(*command.split(), sentence="There is no private key out/Engine.key.", hint=hint)


def test_a_crl_that_has_expired_is_fetched_again(
    certstrap: CommandLine, engine: pairs.Pair
) -> None:
    now = NOW + with_an_old_crl(engine)
    hint = "or fetch it again from the engine that has that key, and copy it to out/Engine.crl."
    for command in ("verify worker", "crl worker --bundle"):
        shown = certstrap(*command.split(), now=now, exit_code=None)
        assert hint in shown.stdout + shown.stderr


def test_a_revoked_client_gets_no_new_key_here(certstrap: CommandLine, engine: pairs.Pair) -> None:
    revoked(engine)
    sentence = "out/worker.crt was revoked on 2026-11-23 12:00:00 UTC."
    refused = certstrap.refuses("renew", "worker", sentence=sentence, hint="Replace it with a new")
    assert "new-key" not in refused.stderr
    assert "new-key" not in certstrap("verify", "worker", exit_code=3).stdout
    checked = certstrap("check", "--cert", "worker.chain.pem", "--key", "worker.key").stdout
    assert "worker.chain.pem was revoked on 2026-11-23 12:00:00 UTC." in checked


def test_a_renewed_certificate_is_to_be_imported_where_the_key_is(
    certstrap: CommandLine, engine: pairs.Pair
) -> None:
    printed = certstrap("renew", "Engine").stdout
    assert "Import out/Engine.crt where its key is: into that depot, or into the engine." in printed
    assert "CRL" not in printed
    assert foreign.stored_certificate("Engine").public_key() == engine.key.public_key()


def test_a_client_without_basic_constraints_is_told_of_the_switch_of_its_engine(
    certstrap: CommandLine, engine: pairs.Pair
) -> None:
    result = certstrap("check", "--cert", "worker.chain.pem", "--key", "worker.key").stdout
    (line,) = (line for line in result.splitlines() if " leaf-false " in line)
    assert "basic_constraints_valid_for_non_ca" in line


def test_an_intermediate_is_signed_again_from_another_request_of_its_engine(
    certstrap: CommandLine, engine: pairs.Pair
) -> None:
    root = pairs.Pair(foreign.stored_certificate("Root"), load_key(Path("out/Root.key")))
    extensions = [
        (foreign.key_usage("key_cert_sign"), True),
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
    ]
    name = engine.certificate.subject
    servers = pairs.made(subject=name, key=engine.key, by=root, extensions=extensions)
    Path("out/Engine.crt").unlink()
    servers.store_certificate("Engine")
    certificate = foreign.stored_certificate("worker").public_bytes(Encoding.PEM)
    foreign.write(Path("out/worker.chain.crt").absolute(), certificate + servers.pem)
    (line,) = (
        line for line in certstrap("check", "worker", exit_code=3).lines if " chain-cas " in line
    )
    hint = "sign it again, from a request that was made where its key is."
    assert line.endswith(f"Move the intermediate's certificate away and {hint}")


def test_a_ca_is_renewed_where_the_key_of_its_root_is(
    certstrap: CommandLine, engine: pairs.Pair
) -> None:
    foreign.write(Path("out/Engine.key").absolute(), key_data(engine.key), 0o400)
    Path("out/Root.key").unlink()
    refused = certstrap.refuses(
        "bundle", "Engine", "Root", now=NOW + 6 * 366 * DAY, sentence="out/Root.crt expired on",
        hint="Renew the CA where the key that signs it is",
    )  # fmt: skip
    assert "certstrap renew" not in refused.stderr


def test_a_serial_number_is_revoked_where_its_key_is(
    certstrap: CommandLine, engine: pairs.Pair
) -> None:
    for options in ((), ("--elsewhere",)):
        certstrap.refuses(
            "revoke", "--serial", "12", "--CA", "Engine", *options,
            sentence="There is no private key out/Engine.key.", hint="Sign and revoke where its",
        )  # fmt: skip


def test_a_root_that_expires_first_is_not_taken_for_the_ca_of_the_client(
    certstrap: CommandLine, engine: pairs.Pair
) -> None:
    Path("out/Root.key").unlink()
    both = foreign.stored_certificate("Root").public_bytes(Encoding.PEM)
    later = NOW + 5 * 365 * DAY
    pairs.made(subject="worker", by=engine, end=later).store_certificate("late")
    shown = certstrap("check", "Root", now=later).stdout
    assert "certstrap bundle --rotate Root NEW-NAME" in shown
    Path("other.pem").write_bytes(both)
    Path("out/Root.crt").unlink()
    shown = certstrap("check", "late", "--ca-bundle", "other.pem", now=later, exit_code=3).stdout
    assert "certstrap bundle --rotate OLD-NAME NEW-NAME" in shown


def test_a_rotation_to_it_has_its_certificates_signed_there(
    certstrap: CommandLine, engine: pairs.Pair
) -> None:
    certstrap(*init("Old"))
    certstrap(*issue("client"), "--CA", "Old")
    printed = certstrap("bundle", "--rotate", "Old", "Engine", "--output", "b.pem").stdout
    assert "# client: sign it where the key of Engine is, and copy it to new/client.crt" in printed
    assert "certstrap sign" not in printed
