"""Who waits for a person, a pipe or a key holds no lock, and Ctrl-C ends every wait."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from certstrap.store.locks import Timeout, locked
from tests import programs
from tests.builders import foreign
from tests.builders.depots import NEW_KEY
from tests.cli import terminal as prompts
from tests.cli.terminal import ENTER, ends, terminal
from tests.conftest import snapshot
from tests.programs import CERTSTRAP, Process, end
from tests.promises.conftest import Stage
from tests.promises.processes import start, until_computing, until_reading, until_waiting
from tests.promises.scenes import (
    CREATING,
    REVOKE,
    Scene,
    here,
    names,
    revoked,
    temporary,
)
from tests.promises.strace import DEPOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who waits")

SECRET = ("--passphrase", "secret")
LARGE = ("--key-bits", "16384", "--no-passphrase")  # takes minutes


@pytest.fixture
def place(stage: Stage) -> Path:
    """A folder with a depot: the CA `Cert`, its client `client`, and a CA that is encrypted."""
    folder = stage(REVOKE)
    here(folder, "init", "--cn", "Enc", "--curve", "P-256", *SECRET)
    here(folder, "request-cert", "--cn", "other", *NEW_KEY)
    return folder


def assert_free(folder: Path) -> None:
    """Assert that nobody holds the lock, by a revocation that may not wait and succeeds."""
    before = revoked(folder)
    here(folder, "--wait", "0", "revoke", "--CN", "client")
    assert revoked(folder) == before + 1 == 1


# A person


PROMPTS = {
    "init": (("init", "--cn", "New", "--curve", "P-256"), prompts.NEW),
    "request-cert": (("request-cert", "--cn", "new", "--curve", "P-256"), prompts.NEW),
    "issue": (
        ("issue", "new", "--CA", "Cert", "--curve", "P-256", "--encrypt-key"),
        prompts.NEW_CLIENT,
    ),
    "sign": (("sign", "other", "--CA", "Enc"), "passphrase"),
    "issue by an encrypted CA": (("issue", "new", "--CA", "Enc", *NEW_KEY), "passphrase"),
    "revoke": (("revoke", "--serial", "2A", "--elsewhere", "--CA", "Enc"), "passphrase"),
    "crl": (("crl", "Enc"), "passphrase"),
    "export-pkcs8": (("export-pkcs8", "Enc"), "passphrase"),
    "passphrase, the old one": (("passphrase", "Enc"), "Enter old passphrase: "),
    "passphrase, the new one": (("passphrase", "Cert"), "Enter new passphrase "),
}


@pytest.mark.parametrize("command", PROMPTS)
def test_a_prompt_lets_others_work(place: Path, command: str) -> None:
    args, prompt = PROMPTS[command]
    with terminal(place, "--depot-path", DEPOT, *args) as child:
        child.expect_exact(prompt)
        assert_free(place)
        before = snapshot(place)
        child.sendintr()
        ends(child, 130)
    assert snapshot(place) == before


def test_a_passphrase_that_comes_after_another_command_is_used(place: Path) -> None:
    with terminal(place, "--depot-path", DEPOT, "sign", "other", "--CA", "Enc") as child:
        child.expect_exact("passphrase")
        assert_free(place)
        child.send("secret" + ENTER)
        assert "Created the-depot/other.crt" in ends(child)
    assert foreign.load_certificate(place / DEPOT / "other.crt").issuer == foreign.name_of("Enc")


def test_what_another_command_created_during_a_prompt_is_not_overwritten(place: Path) -> None:
    with terminal(place, "--depot-path", DEPOT, "sign", "other", "--CA", "Enc") as child:
        child.expect_exact("passphrase")
        here(place, "--wait", "0", "sign", "other", "--CA", "Cert")
        before = snapshot(place)
        child.send("secret" + ENTER)
        assert 'Certificate "other" already exists!' in ends(child, 1)
    assert snapshot(place) == before


def test_a_ca_that_another_command_created_during_a_prompt_is_not_overwritten(place: Path) -> None:
    with terminal(place, "--depot-path", DEPOT, "init", "--cn", "New", "--curve", "P-256") as child:
        child.expect_exact(prompts.NEW)
        here(place, "--wait", "0", "init", "--cn", "New", *NEW_KEY)
        before = snapshot(place)
        child.send(ENTER)
        child.expect_exact(prompts.AGAIN)
        child.send(ENTER)
        assert " already exists!" in ends(child, 1)
    assert snapshot(place) == before


def test_a_ca_that_another_command_created_during_the_prompt_for_a_new_one_signs(
    place: Path,
) -> None:
    depot = ("--depot-path", "new")
    with terminal(place, *depot, "issue", "a", "--curve", "P-256") as child:
        child.expect_exact(prompts.NEW_CA)
        programs.run(*CERTSTRAP, *depot, "--wait", "0", "issue", "b", *NEW_KEY, folder=place)
        created = (place / "new/Cert.key").read_bytes()
        for prompt in ("", prompts.AGAIN):
            child.expect_exact(prompt)
            child.send(ENTER)
        assert "New CA" not in ends(child)
    assert (place / "new/Cert.key").read_bytes() == created
    ca, a = (foreign.load_certificate(place / f"new/{stem}.crt") for stem in ("Cert", "a"))
    a.verify_directly_issued_by(ca)


def test_a_ca_that_was_revoked_during_a_prompt_signs_nothing_after_it(place: Path) -> None:
    here(place, "init", "--cn", "Root", "--path-length", "1", *NEW_KEY)
    here(place, "request-cert", "--cn", "Int", "--curve", "P-256", *SECRET)
    here(place, "sign", "Int", "--CA", "Root", "--intermediate")
    with terminal(place, "--depot-path", DEPOT, "sign", "other", "--CA", "Int") as child:
        child.expect_exact("passphrase")
        here(place, "--wait", "0", "revoke", "--CN", "Int")
        before = snapshot(place)
        child.send("secret" + ENTER)
        assert 'The CA "CN=Int" was revoked on' in ends(child, 1)
    assert snapshot(place) == before


# A pipe


READING = {
    "sign --csr -": ("sign", "new", "--CA", "Cert", "--csr", "-"),
    "init --key -": ("init", "--cn", "New", "--no-passphrase", "--key", "-"),
    "request-cert --key -": ("request-cert", "--cn", "new", "--key", "-"),
    "issue --from -": ("issue", "--from", "-", *NEW_KEY),
    "import --cert -": ("import", "new", "--cert", "-"),
    "sign --passphrase-file -": ("sign", "other", "--CA", "Enc", "--passphrase-file", "-"),
    "init --passphrase-file -": ("init", "--cn", "New", "--passphrase-file", "-"),
}


@contextmanager
def on_a_pipe(folder: Path, *args: str) -> Iterator[tuple[Process, BinaryIO]]:
    """Start a command whose standard input does not come; yield it and what brings it."""
    read, write = os.pipe()
    process = programs.start(
        *CERTSTRAP, "--depot-path", DEPOT, *args, folder=folder, stdin=read, measured=False
    )
    os.close(read)
    with open(write, "wb") as writer:
        try:
            until_reading(process)
            yield process, writer
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize("command", READING)
def test_a_pipe_that_does_not_come_lets_others_work(place: Path, command: str) -> None:
    with on_a_pipe(place, *READING[command]) as (process, _):
        assert_free(place)
        before = snapshot(place)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert end(process).exit_code == 130
    assert snapshot(place) == before


def test_a_request_that_comes_late_is_signed(place: Path) -> None:
    with on_a_pipe(place, *READING["sign --csr -"]) as (process, writer):
        assert_free(place)
        writer.write((place / DEPOT / "other.csr").read_bytes())
        writer.close()
        ended = end(process)
    assert ended.exit_code == 0
    assert ended.stderr == f'{DEPOT}/new.crt is for "other", the name in it.\n'
    assert foreign.load_certificate(place / DEPOT / "new.crt").issuer == foreign.name_of("Cert")


# A key


@pytest.mark.parametrize(
    "command",
    [("init", "--cn", "New"), ("request-cert", "--cn", "new"), ("issue", "new", "--CA", "Cert")],
    ids=lambda command: command[0],
)
def test_a_key_that_is_generated_lets_others_work_and_ctrl_c_ends_it(
    place: Path, command: tuple[str, ...]
) -> None:
    process = start(place, *command, *LARGE)
    until_computing(process, 0.4)
    assert_free(place)
    before = snapshot(place)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    ended = end(process, seconds=5)
    assert (ended.exit_code, ended.stdout) == (130, "")
    assert snapshot(place) == before


@pytest.mark.parametrize("existing", [False, True], ids=["no depot", "an empty depot"])
def test_ctrl_c_while_the_first_key_is_generated_leaves_nothing(
    tmp_path: Path, existing: bool
) -> None:
    if existing:
        (tmp_path / DEPOT).mkdir()
    before = snapshot(tmp_path)
    process = start(tmp_path, "init", "--cn", "New", *LARGE)
    until_computing(process, 0.4)
    process.send_signal(signal.SIGINT)
    assert end(process, seconds=5).exit_code == 130
    assert snapshot(tmp_path) == before
    here(tmp_path, "--wait", "0", "init", "--cn", "New", *NEW_KEY)


# A lock


RENEW = Scene(("renew", "client"), REVOKE.before, frozenset())
CRL = Scene(("crl", "Cert"), REVOKE.before, frozenset())
MANY = Scene(("issue", "a", "b", "c", *NEW_KEY), REVOKE.before, frozenset())


@pytest.mark.parametrize("scene", [*CREATING, REVOKE, RENEW, CRL, MANY], ids=str)
def test_ctrl_c_ends_the_wait_for_the_depot(scene: Scene, stage: Stage) -> None:
    folder = stage(scene)
    (folder / DEPOT).mkdir(exist_ok=True)
    before = snapshot(folder)
    with locked([str(folder / DEPOT)]):
        process = start(folder, *scene.command)
        until_waiting([process])
        process.send_signal(signal.SIGINT)
        ended = end(process, seconds=5)
    assert (ended.exit_code, ended.stdout) == (130, "")
    assert "Traceback" not in ended.stderr
    assert snapshot(folder) == before
    here(folder, "--wait", "0", *scene.command)
    assert scene.creates <= set(names(folder))


@pytest.mark.parametrize("awaited", ["keys", "requests"])
def test_ctrl_c_ends_the_wait_for_a_second_lock_and_frees_the_first(
    place: Path, awaited: str
) -> None:
    folders = [place / "keys", place / "requests"]  # whichever is locked first
    for folder in folders:
        folder.mkdir()
    paths = ("--key", "keys/new.key", "--csr", "requests/new.csr")
    before = snapshot(place)
    with locked([str(place / awaited)]):
        process = start(place, "request-cert", "--cn", "new", *NEW_KEY, *paths)
        until_waiting([process], awaited)
        process.send_signal(signal.SIGINT)
        ended = end(process, seconds=5)
    assert (ended.exit_code, ended.stdout) == (130, "")
    assert snapshot(place) == before
    with locked(map(str, folders), timeout=Timeout(0)):
        assert_free(place)


def test_ctrl_c_within_a_long_list_leaves_whole_certificates_and_no_lock(place: Path) -> None:
    every = [f"name{number}" for number in range(400)]
    (place / "list").write_text("\n".join(["name", *every]))
    command = ("issue", "--from", str(place / "list"), "--CA", "Cert", *NEW_KEY)
    process = start(place, *command)
    while not (place / DEPOT / "name150.crt").exists():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    ended = end(process)
    assert ended.exit_code == 130
    assert not temporary(place)
    made = {path.stem for path in (place / DEPOT).glob("name*.crt")}
    assert 0 < len(made) < len(every)
    assert made == {path.stem for path in (place / DEPOT).glob("name*.key")}
    assert_free(place)
    here(place, *command)
    assert {f"{name}.crt" for name in every} <= set(names(place))
