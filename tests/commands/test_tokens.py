"""CAs whose key is in a hardware token: SoftHSM stands for one."""

import os
import stat
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from tests import programs
from tests.builders.tokens import PIN, SoftHSM
from tests.cli.terminal import ends, terminal
from tests.conftest import snapshot
from tests.interop.peers import openssl
from tests.programs import CERTSTRAP, Outcome

Program = Callable[..., Outcome]
URI = "pkcs11:token=ca;object=root"
IN_TOKEN = ("--key", URI, "--generate", "--curve", "P-256")


@pytest.fixture
def hsm(tmp_path_factory: pytest.TempPathFactory) -> SoftHSM:
    """The tokens, beside the folder in which commands are called."""
    return SoftHSM.new(tmp_path_factory.mktemp("softhsm") / "hsm")


@pytest.fixture
def without_pin(folder: Path, hsm: SoftHSM) -> Program:
    """The program, which finds the tokens."""

    def run(*args: str, environ: dict[str, str] | None = None, **how: object) -> Outcome:
        environ = {**hsm.environ, **(environ or {})}
        return programs.run(*CERTSTRAP, *args, folder=folder, environ=environ, **how)  # type: ignore[arg-type]

    return run


@pytest.fixture
def certstrap(without_pin: Program) -> Program:
    """The same, with the PIN in its environment."""
    return partial(without_pin, environ={"CERTSTRAP_PIN": PIN})


def refuses(program: Program, *args: str, sentence: str, hint: str = "", **how: object) -> Outcome:
    """Run a command, which must refuse with that sentence and change nothing in the folder."""
    before = snapshot(Path.cwd())
    outcome = program(*args, exit_code=1, **how)
    first, *rest = outcome.stderr.splitlines()
    assert sentence in first, outcome
    assert len(rest) == 1, outcome
    assert rest[0].startswith("Hint: ")
    assert hint in rest[0], outcome
    assert snapshot(Path.cwd()) == before
    return outcome


def certificate(path: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(Path(path).read_bytes())


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("EC:secp256r1", ("--curve", "P-256")),
        ("EC:secp384r1", ("--curve", "P-384")),
        ("EC:secp521r1", ("--curve", "P-521")),
        ("rsa:2048", ("--key-bits", "2048")),
        ("EC:edwards25519", ("--curve", "Ed25519")),
    ],
)
def test_a_ca_is_made_from_a_key_that_is_in_the_token_or_is_made_there(
    certstrap: Program, hsm: SoftHSM, kind: str, options: tuple[str, ...]
) -> None:
    hsm.key("old", kind)
    for name, uri, how in (
        ("Old", "pkcs11:token=ca;object=old", ()),
        ("New", "pkcs11:token=ca;object=new", ("--generate", *options)),
    ):
        made = certstrap("init", "--common-name", name, "--key", uri, *how)
        assert made.lines == [
            f'Created out/{name}.key (the key is in the token "ca")',
            f"Created out/{name}.crt",
            f"Created out/{name}.crl",
        ]
        assert made.stderr == ""
        assert Path(f"out/{name}.key").read_text() == f"{uri}\n"
        assert stat.S_IMODE(Path(f"out/{name}.key").stat().st_mode) == 0o400
        certstrap("issue", f"of-{name}", "--curve", "P-256", "--CA", name)
        ca, leaf = f"out/{name}.crt", f"out/of-{name}.crt"
        openssl("verify", "-CAfile", ca, ca, leaf)
        openssl("crl", "-in", f"out/{name}.crl", "-CAfile", ca, "-noout")
    assert len(list(hsm.tool("--list-objects", "--type", "privkey").stdout.split("label:"))) == 3


def test_a_key_that_is_made_in_the_token_cannot_leave_it(certstrap: Program, hsm: SoftHSM) -> None:
    certstrap("init", "--common-name", "Root", *IN_TOKEN)
    shown = hsm.tool("--list-objects", "--type", "privkey").stdout
    access = next(line for line in shown.splitlines() if "Access:" in line)
    assert "sensitive, always sensitive, never extractable, local" in access
    assert next(line for line in shown.splitlines() if "Usage:" in line).split() == [
        "Usage:",
        "sign",
    ]


def test_every_command_works_with_such_a_ca(certstrap: Program, hsm: SoftHSM) -> None:
    certstrap("init", "--common-name", "Root", "--path-length", "1", *IN_TOKEN)
    key = "pkcs11:token=ca;object=int"
    certstrap("request-cert", "--common-name", "a", "--curve", "P-256", "--no-passphrase")
    assert certstrap("sign", "a", "--CA", "Root").lines == [
        "Created out/a.crt from out/a.csr signed by out/Root.key"
    ]
    certstrap("issue", "b", "c", "--curve", "P-256")
    before = certificate("out/Root.crt")
    certstrap("renew", "Root", "--expires", "2 years")
    after = certificate("out/Root.crt")
    assert after.not_valid_after_utc > before.not_valid_after_utc
    assert after.public_key() == before.public_key()
    certstrap("renew", "b")
    certstrap("revoke", "--CN", "c")
    certstrap("crl", "Root")
    crl = x509.load_pem_x509_crl(Path("out/Root.crl").read_bytes())
    assert crl.get_revoked_certificate_by_serial_number(certificate("out/c.crt").serial_number)
    openssl(
        "verify", "-crl_check", "-CAfile", "out/Root.crt", "-CRLfile", "out/Root.crl", "out/b.crt"
    )
    assert not Path(key).exists()


def test_no_command_that_only_looks_opens_the_token(
    certstrap: Program, without_pin: Program, hsm: SoftHSM
) -> None:
    certstrap("init", "--common-name", "Root", *IN_TOKEN)
    certstrap("issue", "a", "--curve", "P-256")
    hsm.pull_out()
    status = without_pin("status")
    assert status.lines[0].split("  ")[-1] == 'in the token "ca"'
    assert f'"key_uri": "{URI}"' in without_pin("status", "--json").stdout
    inspected = without_pin("inspect", "Root")
    assert '  Kept in     the token "ca", which is not opened here' in inspected.lines
    assert "Problem" not in inspected.stdout
    assert f'"uri": "{URI}"' in without_pin("inspect", "out/Root.key", "--json").stdout
    for command in ("verify", "check"):
        without_pin(command, "a")
        without_pin(command, "Root")
    without_pin("bundle", "Root")
    without_pin("export-chain", "a")


@pytest.mark.parametrize(
    "line",
    [
        "export-pkcs8 Root --allow-ca",
        "export-pkcs12 Root --allow-ca --no-passphrase",
        "request-cert --common-name x --key out/Root.key",
        "init --common-name x --key out/Root.key",
        "import x --key out/Root.key --cert out/Root.crt",
        "gen leaf --org o --ca-cert out/Root.crt --ca-key out/Root.key --cert c --key k",
    ],
)
def test_a_command_that_needs_the_bytes_of_the_key_refuses(certstrap: Program, line: str) -> None:
    certstrap("init", "--common-name", "Root", *IN_TOKEN)
    refuses(
        certstrap,
        *line.split(),
        sentence='out/Root.key holds no key, but says that it is in the token "ca", which never',
        hint="Only the commands that sign with the key of a CA can use it.",
    )


def test_the_pin_comes_from_a_file_from_the_environment_or_from_a_terminal(
    certstrap: Program, without_pin: Program, hsm: SoftHSM
) -> None:
    certstrap("init", "--common-name", "Root", *IN_TOKEN)
    Path("pin").write_text(f"{PIN}\n")
    wrong = {"CERTSTRAP_PIN": "0000"}
    without_pin("issue", "a", "--curve", "P-256", "--pin-file", "pin", environ=wrong)
    without_pin("issue", "b", "--curve", "P-256", "--pin-file", "-", input=f"{PIN}\n")
    refuses(
        without_pin, "issue", "c", "--curve", "P-256",
        sentence='The PIN of the token "ca" is needed.',
        hint="Type it on a terminal, set CERTSTRAP_PIN, or use --pin-file FILE.",
    )  # fmt: skip
    refuses(
        without_pin, "issue", "c", "--curve", "P-256", input=f"{PIN}\n",
        sentence='The PIN of the token "ca" is needed.',
    )  # fmt: skip
    command = terminal(Path.cwd(), "crl", "Root", environ=hsm.environ)
    command.expect_exact("Enter PIN for the token ca: ")
    command.sendline(PIN)
    assert "Updated out/Root.crl" in ends(command)


def test_a_pin_is_never_a_passphrase_and_a_passphrase_never_a_pin(
    certstrap: Program, without_pin: Program
) -> None:
    certstrap("init", "--common-name", "Root", *IN_TOKEN)
    passphrase = {"CERTSTRAP_PASSPHRASE": PIN}
    refuses(without_pin, "crl", "Root", environ=passphrase, sentence="The PIN of the token")
    Path("pin").write_text(f"{PIN}\n")
    refuses(without_pin, "crl", "Root", "--passphrase-file", "pin", sentence="The PIN of the token")
    made = certstrap("issue", "a", "--curve", "P-256")
    assert made.lines[0] == "Created out/a.key"
    assert "BEGIN PRIVATE KEY" in Path("out/a.key").read_text()
    certstrap("init", "--common-name", "Other", "--curve", "P-256", "--no-passphrase")
    said = without_pin("crl", "Other", "--pin-file", "pin")
    assert said.stderr == "--pin-file had no effect: no key in a token was used.\n"


def test_a_wrong_pin_is_tried_once_and_nothing_is_changed(
    certstrap: Program, without_pin: Program, hsm: SoftHSM
) -> None:
    certstrap("init", "--common-name", "Root", *IN_TOKEN)
    certstrap("issue", "a", "b", "--curve", "P-256")
    for line in ("issue c --curve P-256", "renew Root a b", "revoke --CN a", "crl Root"):
        refuses(
            without_pin, *line.split(), environ={"CERTSTRAP_PIN": "0000"},
            sentence='Cannot log in to the token "ca": the PIN is wrong.',
            hint="a token locks after a few wrong PINs",
        )  # fmt: skip


def test_a_wrong_pin_is_not_sent_twice_by_one_command(
    certstrap: Program, without_pin: Program, hsm: SoftHSM
) -> None:
    certstrap("init", "--common-name", "Root", *IN_TOKEN)
    certstrap("init", "--common-name", "Two", "--key", "pkcs11:token=ca;object=two", "--generate")
    log = Path("calls")
    spy = {"PKCS11SPY": hsm.module, "PKCS11SPY_OUTPUT": str(log.resolve()), "CERTSTRAP_PIN": "0000"}
    spy["CERTSTRAP_PKCS11_MODULE"] = "/usr/lib/x86_64-linux-gnu/pkcs11-spy.so"
    without_pin("renew", "--expiring", "10 years", environ=spy, exit_code=1)
    assert log.read_text().count("C_Login\n") == 1


def test_what_is_missing_is_named(certstrap: Program, without_pin: Program, hsm: SoftHSM) -> None:
    pass


def test_no_python_pkcs11_is_needed_until_a_key_is_in_a_token(
    certstrap: Program, folder: Path, hsm: SoftHSM
) -> None:
    certstrap("init", "--common-name", "Root", *IN_TOKEN)
    without = (
        "import sys; sys.modules['pkcs11'] = None; from certstrap.__main__ import main; main()"
    )
    program = partial(programs.run, sys.executable, "-c", without, environ=hsm.environ)
    refuses(
        program, "crl", "Root",
        sentence='The key is in the token "ca", and python-pkcs11 is not installed.',
        hint="pip install 'certstrap[pkcs11]'",
    )  # fmt: skip
    assert program("status").lines
    program("init", "--common-name", "Other", "--curve", "P-256", "--no-passphrase")
    program("issue", "x", "--CA", "Other", "--curve", "P-256")


assert os
assert ec
