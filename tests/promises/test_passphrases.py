"""Where a passphrase comes from, and what a person sees who is asked for one."""

import os
import pty
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from certstrap.cli.context import utc_now
from certstrap.pki.keys import P256
from tests import programs
from tests.builders import foreign
from tests.builders.depots import NEW_KEY, UNUSED
from tests.cli.terminal import AGAIN, ENTER, NEW, NEW_CA, NEW_CLIENT, ends, terminal
from tests.conftest import CommandLine, snapshot
from tests.programs import CERTSTRAP, end

INIT = ("init", "--curve", "P-256", "--cn", "Cert")
FOR_CA = "Enter passphrase for CA key (empty for no passphrase): "
FOR_KEY = "Enter passphrase for key (empty for no passphrase): "
CREATED = "Created out/Cert.key{}\nCreated out/Cert.crt\nCreated out/Cert.crl\n"
ENCRYPTED = CREATED.format(" (encrypted by passphrase)")
NOT_ENCRYPTED = CREATED.format("")


def expires(folder: Path) -> str:
    """Return the line on the CA's end, which is printed on a terminal alone."""
    end = foreign.load_certificate(folder / "out/Cert.crt").not_valid_after_utc
    return f"Expires {end:%Y-%m-%d}.\n"


def opens(folder: Path, passphrase: bytes | None) -> bool:
    key = foreign.load_key(folder / "out/Cert.key", passphrase)
    return key.public_key() == foreign.load_certificate(folder / "out/Cert.crt").public_key()


@pytest.mark.parametrize(
    ("options", "environ", "lines", "passphrase"),
    [
        (("--passphrase", "s3cret"), {}, "", b"s3cret"),
        (("--passphrase", " with spaces "), {}, "", b" with spaces "),
        (("--passphrase=ünï",), {}, "", "ünï".encode()),
        (("--passphrase-file", "one"), {}, "", b"s3cret"),
        (("--passphrase-file", "crlf"), {}, "", b"s3cret"),
        (("--passphrase-file", "bare"), {}, "", b"s3cret"),
        (("--passphrase-file", "-"), {}, "s3cret\nmore\n", b"s3cret"),
        ((), {"CERTSTRAP_PASSPHRASE": "s3cret"}, "", b"s3cret"),
        ((), {}, "s3cret\ns3cret\n", b"s3cret"),
        ((), {}, "s3cret\r\ns3cret", b"s3cret"),
        (("--passphrase", "option"), {"CERTSTRAP_PASSPHRASE": "other"}, "other", b"option"),
        (("--passphrase-file", "one"), {"CERTSTRAP_PASSPHRASE": "other"}, "other", b"s3cret"),
    ],
)
def test_a_new_key_is_encrypted_by(
    certstrap: CommandLine,
    folder: Path,
    options: tuple[str, ...],
    environ: Mapping[str, str],
    lines: str,
    passphrase: bytes,
) -> None:
    (folder / "one").write_text("s3cret\nthis is a comment\n")
    (folder / "crlf").write_bytes(b"s3cret\r\n")
    (folder / "bare").write_bytes(b"s3cret")
    assert certstrap(*INIT, *options, environ=environ, input=lines).stdout == ENCRYPTED
    assert opens(folder, passphrase)


@pytest.mark.parametrize(
    ("options", "environ", "lines"),
    [
        (("--no-passphrase",), {}, ""),
        (("--no-passphrase",), {"CERTSTRAP_PASSPHRASE": "other"}, "other"),
        (("--passphrase", ""), {}, ""),
        (("--passphrase=",), {"CERTSTRAP_PASSPHRASE": "other"}, "other"),
        ((), {}, "\n\n"),
        ((), {}, "\r\n\r\n"),
        ((), {"CERTSTRAP_PASSPHRASE": ""}, "\n\n"),
    ],
)
def test_a_new_key_is_not_encrypted_for(
    certstrap: CommandLine,
    folder: Path,
    options: tuple[str, ...],
    environ: Mapping[str, str],
    lines: str,
) -> None:
    assert certstrap(*INIT, *options, environ=environ, input=lines).stdout == NOT_ENCRYPTED
    assert opens(folder, None)


def test_a_fifo_gives_the_passphrase(certstrap: CommandLine, folder: Path) -> None:
    fifo = folder / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_text, args=("s3cret\n",))
    writer.start()
    certstrap(*INIT, "--passphrase-file", "fifo")
    writer.join()
    assert opens(folder, b"s3cret")


def test_process_substitution_gives_the_passphrase(folder: Path) -> None:
    script = '"$@" --passphrase-file <(echo s3cret)'
    assert programs.run("bash", "-c", script, "bash", *CERTSTRAP, *INIT).stdout == ENCRYPTED
    assert opens(folder, b"s3cret")


@pytest.mark.parametrize(
    "command", ["init", "request-cert", "issue a", "export-pkcs8 a --encrypt", "passphrase a"]
)
@pytest.mark.parametrize(
    "two",
    [
        ("--passphrase", "a", "--passphrase-file", "f"),
        ("--passphrase", "", "--no-passphrase"),
        ("--passphrase-file", "f", "--no-passphrase"),
    ],
)
def test_only_one_source_can_be_named(
    certstrap: CommandLine, folder: Path, command: str, two: tuple[str, ...]
) -> None:
    named = () if " " in command else ("--cn", "x")
    outcome = certstrap(*command.split(), *named, *two, exit_code=2)
    assert "only one of --passphrase, --passphrase-file and --no-passphrase" in outcome.stderr
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("options", "lines", "sentence", "hint"),
    [
        ((), "", "A passphrase is needed, and there is neither a terminal nor a line on", "-file"),
        ((), "once\n", "A passphrase is needed, and there is neither a terminal nor a ", "-file"),
        ((), "one\nother\n", "Passphrases do not match.", "Run the command again."),
        ((), "one\n\n", "Passphrases do not match.", "Run the command again."),
        (("--passphrase-file", "-"), "", "Standard input has no passphrase.", "--no-pass"),
        (("--passphrase-file", "-"), "\n", "Standard input has no passphrase.", "--no-pass"),
        (("--passphrase-file", "empty"), "", "empty has no passphrase.", "--no-passphrase"),
        (("--passphrase-file", "blank"), "", "blank has no passphrase.", "--no-passphrase"),
        (("--passphrase-file", "none"), "", "There is no passphrase file none.", "Check"),
        (("--passphrase-file", "sub"), "", "Cannot read sub: Is a directory.", "Check"),
        (("--passphrase-file", "empty/x"), "", "Cannot read empty/x: Not a directory.", "Check"),
        (("--passphrase-file", ""), "", "There is no passphrase file", "Check"),
    ],
)  # fmt: skip
def test_a_passphrase_that_cannot_be_had_is_reported_and_nothing_is_made(
    certstrap: CommandLine,
    folder: Path,
    options: tuple[str, ...],
    lines: str,
    sentence: str,
    hint: str,
) -> None:
    (folder / "empty").touch()
    (folder / "blank").write_text("\nsecond line\n")
    (folder / "sub").mkdir()
    for command in (INIT, ("request-cert", "--curve", "P-256", "--cn", "a")):
        outcome = certstrap.refuses(*command, *options, input=lines, sentence=sentence, hint=hint)
        assert len(outcome.stderr.splitlines()) == 2


WRONG = "The passphrase does not decrypt {}."
NONE = "{} is encrypted, and no passphrase was given."


@pytest.mark.parametrize(
    ("options", "lines", "sentence"),
    [
        (("--passphrase", "wrong"), "", WRONG),
        (("--passphrase-file", "-"), "wrong\n", WRONG),
        ((), "wrong\n", WRONG),
        (("--passphrase", ""), "", NONE),
        (("--no-passphrase",), "", NONE),
        ((), "\n", NONE),
    ],
)
def test_a_wrong_passphrase_opens_nothing(
    certstrap: CommandLine, folder: Path, options: tuple[str, ...], lines: str, sentence: str
) -> None:
    key = P256.generate()
    foreign.store_ca(folder / "out", it=foreign.certificate(key=key), key=key)
    for name in ("out/Foreign.key", "out/a.key"):
        (folder / name).unlink(missing_ok=True)
        foreign.write(folder / name, foreign.key_data(key, passphrase=b"right"))
    foreign.write(folder / "out/b.csr", foreign.request())
    for command, path in (
        ("sign b", "out/Foreign.key"),
        ("export-pkcs8 a", "out/a.key"),
        ("init --cn X --key out/a.key", "out/a.key"),
        ("request-cert --cn X --key out/a.key", "out/a.key"),
    ):
        args = (*command.split(), *options)
        certstrap.refuses(*args, input=lines, sentence=sentence.format(path), hint="Hint: ")


def test_a_passphrase_is_asked_for_only_if_it_is_needed(
    certstrap: CommandLine, folder: Path
) -> None:
    foreign.store_ca(folder / "out")
    foreign.write(folder / "out/b.csr", foreign.request())
    unused = f"--passphrase-file {UNUSED}"
    certstrap("sign", "b", "--passphrase-file", "not there", stderr=unused)


def test_bytes_that_are_no_text_are_a_passphrase_too(folder: Path) -> None:
    programs.run(*CERTSTRAP, *INIT, "--passphrase", b"\xff\xfe")
    assert opens(folder, b"\xff\xfe")


@pytest.mark.parametrize(
    ("secret", "locale"),
    [
        (b"caf\xe9", {"LC_ALL": "C.UTF-8"}),
        (b"\xff\xfe", {"LC_ALL": "C"}),
        ("ä東".encode(), {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    ],
    ids=["Latin-1 in UTF-8", "no text in C", "UTF-8 in ASCII"],
)
def test_a_passphrase_is_the_same_bytes_however_it_is_given_in_any_locale(
    folder: Path, secret: bytes, locale: Mapping[str, str]
) -> None:
    (folder / "secret").write_bytes(secret + b"\n")
    given = os.fsdecode(secret)
    ways: dict[str, tuple[tuple[str, ...], Mapping[str, str], bytes]] = {
        "option": (("--passphrase", given), {}, b""),
        "file": (("--passphrase-file", "secret"), {}, b""),
        "input": (("--passphrase-file", "-"), {}, secret),
        "variable": ((), {"CERTSTRAP_PASSPHRASE": given}, b""),
        "lines": ((), {}, secret + b"\n" + secret + b"\n"),
    }
    for way, (options, environ, stdin) in ways.items():
        programs.run(
            *(*CERTSTRAP, "--depot-path", way, *INIT, *options),
            environ={**locale, **environ}, input=stdin,
        )  # fmt: skip
        foreign.load_key(folder / way / "Cert.key", secret)


def test_the_prompts_are_certstraps_to_the_letter_and_nothing_is_echoed(folder: Path) -> None:
    with terminal(folder, *INIT) as child:
        child.expect_exact(NEW)
        assert child.before == ""
        child.send("s3cret" + ENTER)
        child.expect_exact(AGAIN)
        assert child.before == "\r\n"
        child.send("s3cret" + ENTER)
        assert ends(child) == "\n" + ENCRYPTED + expires(folder)
    assert opens(folder, b"s3cret")


def test_enter_twice_leaves_the_key_not_encrypted(folder: Path) -> None:
    with terminal(folder, *INIT) as child:
        for prompt in (NEW, AGAIN):
            child.expect_exact(prompt)
            child.send(ENTER)
        assert ends(child) == "\n" + NOT_ENCRYPTED + expires(folder)
    assert opens(folder, None)


def test_two_that_differ_are_refused_in_red_and_nothing_is_made(folder: Path) -> None:
    differ = "Passphrases do not match."
    for environ, sentence in (({}, f"\x1b[31m{differ}\x1b[0m"), ({"NO_COLOR": "1"}, differ)):
        with terminal(folder, *INIT, environ=environ) as child:
            child.expect_exact(NEW)
            child.send("one" + ENTER)
            child.expect_exact(AGAIN)
            child.send("other" + ENTER)
            assert ends(child, 1) == f"\n{sentence}\nHint: Run the command again.\n"
        assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("command", "prompt"),
    [
        ("sign a --CA Foreign", FOR_CA),
        ("export-pkcs8 Foreign --allow-ca", FOR_KEY),
        ("request-cert --cn x --key out/Foreign.key", FOR_KEY),
        ("init --cn x --key out/Foreign.key", FOR_KEY),
        ("issue a", FOR_CA),
    ],
)
def test_a_key_that_is_opened_is_named_in_the_prompt(
    folder: Path, command: str, prompt: str
) -> None:
    key = P256.generate()
    wall = utc_now()
    it = foreign.certificate(key=key, start=wall - foreign.YEAR, end=wall + foreign.YEAR)
    foreign.store_ca(folder / "out", it=it, key=key)
    (folder / "out/Foreign.key").unlink()
    foreign.write(folder / "out/Foreign.key", foreign.key_data(key, passphrase=b"s3cret"))
    foreign.write(folder / "out/a.csr", foreign.request())
    with terminal(folder, *command.split()) as child:
        child.expect_exact(prompt)
        assert child.before == ""
        child.send("s3cret" + ENTER)
        assert ends(child).startswith(("\nCreated ", "\nRead "))


def test_prompts_stay_out_of_standard_output(folder: Path) -> None:
    with terminal(folder, *INIT, "--stdout", output="cert.pem") as child:
        for prompt in (NEW, AGAIN):
            child.expect_exact(prompt)
            child.send(ENTER)
        assert ends(child) == "\n"
    certificate = (folder / "out/Cert.crt").read_text()
    assert (folder / "cert.pem").read_text() == NOT_ENCRYPTED + certificate


@pytest.mark.parametrize("depot", ["out", "new/depot"])
@pytest.mark.parametrize("prompts", [1, 2])
def test_ctrl_c_ends_with_130_and_leaves_the_depot_as_it_was(
    folder: Path, prompts: int, depot: str
) -> None:
    (folder / "out").mkdir()
    before = snapshot(folder)
    with terminal(folder, "--depot-path", depot, *INIT) as child:
        for prompt in (NEW, AGAIN)[:prompts]:
            child.expect_exact(prompt)
            child.send(ENTER if prompt != (NEW, AGAIN)[prompts - 1] else "half")
        child.sendintr()
        assert "Traceback" not in ends(child, 130)
    assert snapshot(folder) == before


def test_ctrl_c_does_not_wait_for_the_key_to_be_made(folder: Path) -> None:
    slow = ("init", "--cn", "Cert", "--key-bits", "16384", "--no-passphrase")
    with terminal(folder, *slow, timeout=5) as child:
        child.expect_exact("Generating an RSA 16384 key")
        child.sendintr()
        assert "\x1b[?25h" in ends(child, 130)  # the cursor, which the spinner hid, is back
    assert not list(folder.iterdir())


def test_the_end_of_input_at_a_prompt_is_reported_as_such(folder: Path) -> None:
    with terminal(folder, *INIT, environ={"NO_COLOR": "1"}) as child:
        child.expect_exact(NEW)
        child.sendeof()
        sentence, hint = ends(child, 1).strip().splitlines()
    assert sentence == "No passphrase was typed."
    assert "--no-passphrase" in hint
    assert not list(folder.iterdir())


def test_a_passphrase_is_the_bytes_that_were_typed_in_any_encoding(folder: Path) -> None:
    with terminal(folder, *INIT, environ={"NO_COLOR": "1"}) as child:
        for prompt in (NEW, AGAIN):
            child.expect_exact(prompt)
            os.write(child.child_fd, b"caf\xe9\r")
        assert ENCRYPTED in ends(child)
    assert opens(folder, b"caf\xe9")


@pytest.mark.parametrize(
    ("options", "environ", "seen"),
    [
        (("--key-bits", "2048"), {}, "\x1b[32m⠋\x1b[0m Generating an RSA 2048 key"),
        (("--key-bits", "2048"), {"NO_COLOR": "1"}, "⠋ Generating an RSA 2048 key"),
        (("--key-bits", "2048"), {"TERM": "dumb"}, ""),
        (("--curve", "P-256"), {}, ""),
    ],
)
def test_a_spinner_shows_on_a_terminal_while_an_rsa_key_is_made(
    folder: Path, options: tuple[str, ...], environ: Mapping[str, str], seen: str
) -> None:
    make = ("init", "--cn", "Cert", "--no-passphrase", *options)
    with terminal(folder, *make, environ=environ) as child:
        printed = ends(child)
    lines = NOT_ENCRYPTED + expires(folder)
    assert printed.endswith(lines)
    if seen:
        assert seen in printed
    else:
        assert printed == lines
    if "NO_COLOR" in environ:
        assert "\x1b[32m" not in printed


def test_issue_asks_on_a_terminal_for_the_passphrase_of_a_new_ca_alone(folder: Path) -> None:
    with terminal(folder, "issue", "a", "--curve", "P-256") as child:
        for prompt in (NEW_CA, AGAIN):
            child.expect_exact(prompt)
            child.send("s3cret" + ENTER)
        printed = ends(child)
    assert "Created out/Cert.key (encrypted by passphrase)" in printed
    assert "Created out/a.key\n" in printed
    assert opens(folder, b"s3cret")
    foreign.load_key(folder / "out/a.key")
    with terminal(folder, "issue", "b", "--curve", "P-256") as child:
        child.expect_exact(FOR_CA)
        child.send("s3cret" + ENTER)
        assert "Created out/b.key\n" in ends(child)


def test_issue_asks_for_a_passphrase_of_the_clients_keys_if_they_are_to_be_encrypted(
    folder: Path,
) -> None:
    encrypt = ("issue", "--curve", "P-256", "--encrypt-key")
    with terminal(folder, *encrypt, "a", "b") as child:
        for prompt, typed in ((NEW_CA, ""), (AGAIN, ""), (NEW_CLIENT, "mine"), (AGAIN, "mine")):
            child.expect_exact(prompt)
            child.send(typed + ENTER)
        ends(child)
    assert opens(folder, None)
    for name in "ab":
        foreign.load_key(folder / f"out/{name}.key", b"mine")
    with terminal(folder, *encrypt, "a") as child:
        child.expect_exact(FOR_KEY)
        child.send("mine" + ENTER)
        assert "out/a.crt already exists" in ends(child)


def test_a_client_s_key_that_is_to_be_encrypted_needs_a_passphrase(folder: Path) -> None:
    with terminal(folder, *INIT, "--no-passphrase") as child:
        ends(child)
    before = snapshot(folder)
    environ = {"NO_COLOR": "1"}
    with terminal(folder, "issue", "a", "--encrypt-key", environ=environ) as child:
        for prompt in (NEW_CLIENT, AGAIN):
            child.expect_exact(prompt)
            child.send(ENTER)
        sentence, hint = ends(child, 1).strip().splitlines()
    assert sentence == "No passphrase was typed to encrypt the client's key with."
    assert hint == "Hint: Type one, or leave --encrypt-key out."
    assert snapshot(folder) == before


def test_a_sign_of_life_shows_while_the_first_of_many_keys_is_made(folder: Path) -> None:
    slow = ("issue", "a", "b", "--key-bits", "16384", "--no-passphrase")
    with terminal(folder, *INIT, "--no-passphrase") as child:
        ends(child)
    with terminal(folder, *slow, timeout=10) as child:
        child.expect_exact("Issuing certificates")
        child.expect_exact("0/2")
        child.sendintr()
        ends(child, 130)


def test_no_passphrase_for_new_keys_still_asks_for_the_ca_on_a_terminal(folder: Path) -> None:
    with terminal(folder, *INIT, "--passphrase", "secret") as child:
        ends(child)
    issue = ("issue", "a", *NEW_KEY)
    with terminal(folder, *issue) as child:
        child.expect_exact(FOR_CA)
        child.send("secret" + ENTER)
        assert "Created out/a.crt" in ends(child)
    assert b"ENCRYPTED" not in (folder / "out/a.key").read_bytes()


def test_a_terminal_that_is_not_the_controlling_one_can_be_asked_too(folder: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*CERTSTRAP, *INIT], stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=programs.environment(), start_new_session=True,
    )  # fmt: skip
    os.write(ours, b"s3cret\ns3cret\n")
    assert end(process).stdout == ENCRYPTED
    assert NEW.encode() in os.read(ours, 1000)
    assert opens(folder, b"s3cret")
    os.close(ours)
    os.close(theirs)
