"""CAs whose key is in a hardware token: SoftHSM stands for one."""

import stat
import sys
from collections.abc import Callable
from ctypes.util import find_library
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509

from tests import loaded, programs
from tests.builders.tokens import PIN, SoftHSM
from tests.cli.terminal import ends, terminal
from tests.conftest import snapshot
from tests.docs import ROOT, Terminal, blocks, steps
from tests.interop.peers import lacks, openssl
from tests.programs import CERTSTRAP, Outcome

Program = Callable[..., Outcome]
URI = "pkcs11:token=ca;object=root"
SPY = "pkcs11-spy.so"
IN_TOKEN = ("--key", URI, "--generate", "--curve", "P-256")


@pytest.fixture
def hsm(tmp_path_factory: pytest.TempPathFactory) -> SoftHSM:
    """The tokens, beside the folder in which commands are called."""
    return SoftHSM.new(tmp_path_factory.mktemp("softhsm") / "hsm")


@pytest.fixture
def without_pin(folder: Path, hsm: SoftHSM) -> Program:
    """The program, which finds the tokens."""

    def run(*args: str, environ: dict[str, str] | None = None, **how: object) -> Outcome:
        environ = {**hsm.environ, **loaded.environ(), **(environ or {})}
        return programs.run(*loaded.CERTSTRAP, *args, folder=folder, environ=environ, **how)  # type: ignore[arg-type]

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
    inspected = without_pin("inspect", "out/Root.key", "--json")
    assert f'"uri": "{URI}"' in inspected.stdout
    for outcome in (inspected, without_pin("status", "--json")):
        assert '"encrypted": null' in outcome.stdout
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
        "passphrase Root --no-passphrase",
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
    with terminal(Path.cwd(), "renew", "a", "b", environ=hsm.environ) as command:
        command.expect_exact("Enter PIN for the token ca: ")
        command.sendline(PIN)
        printed = ends(command)
    assert "Updated out/b.crt" in printed
    assert "PIN" not in printed


def test_a_pin_that_is_too_long_or_missing_is_called_a_pin(
    certstrap: Program, without_pin: Program, hsm: SoftHSM
) -> None:
    certstrap("init", "--common-name", "Root", *IN_TOKEN)
    long = "1" * 65_537
    Path("pin").write_text(long)
    for source in ("pin", "-"):
        refuses(
            without_pin, "crl", "Root", "--pin-file", source, input=long,
            sentence=" has a line of more than 65,536 bytes.", hint="A PIN is one short line.",
        )  # fmt: skip
    with terminal(Path.cwd(), "crl", "Root", environ=hsm.environ) as command:
        command.expect_exact("Enter PIN for the token ca: ")
        command.sendeof()
        printed = ends(command, 1)
    assert "No PIN was typed." in printed
    assert "Hint: Use --pin-file FILE or CERTSTRAP_PIN." in printed


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


@pytest.mark.parametrize("pin", [PIN.encode("utf-16"), PIN.encode("utf-8-sig"), b"12\xff", b"1\0"])
def test_what_cannot_be_a_pin_is_not_sent(
    certstrap: Program, without_pin: Program, hsm: SoftHSM, pin: bytes
) -> None:
    certstrap("init", "--common-name", "Root", *IN_TOKEN)
    Path("pin").write_bytes(pin + b"\n")
    refuses(
        without_pin, "crl", "Root", "--pin-file", "pin",
        sentence='The PIN of the token "ca" is not text in UTF-8, or has a character that cannot',
        hint="PowerShell can write UTF-16",
    )  # fmt: skip


def test_a_client_gets_no_key_file_that_is_named_as_a_key_in_a_token(certstrap: Program) -> None:
    refuses(
        certstrap, "request-cert", "--common-name", "client", "--key", URI, "--no-passphrase",
        sentence="Only the key of a CA can be in a token, and --key names a file here.",
        hint="the key of a client is a file",
    )  # fmt: skip


def test_a_wrong_pin_is_not_sent_twice_by_one_command(
    certstrap: Program, without_pin: Program, hsm: SoftHSM
) -> None:
    certstrap("init", "--common-name", "Root", *IN_TOKEN)
    two = ("--key", "pkcs11:token=ca;object=two", "--generate", "--curve", "P-256")
    certstrap("init", "--common-name", "Two", *two)
    certstrap("issue", "a", "--curve", "P-256", "--CA", "Root")
    certstrap("issue", "b", "--curve", "P-256", "--CA", "Two")
    log = hsm.root / "calls"
    spy = {
        "CERTSTRAP_PIN": "0000",
        "CERTSTRAP_PKCS11_MODULE": SPY,
        "PKCS11SPY": hsm.module,
        "PKCS11SPY_OUTPUT": str(log),
    }
    refused = without_pin("renew", "a", "b", environ=spy, exit_code=1)
    assert "the PIN is wrong" in refused.stderr
    assert log.read_text().count(": C_Login\n") == 1


def test_a_token_is_found_by_any_of_its_attributes(certstrap: Program, hsm: SoftHSM) -> None:
    hsm.key("root")
    serial = next(
        line.split()[-1] for line in hsm.slots().splitlines() if "Serial number:  " in line
    )
    for number, attributes in enumerate(
        (
            "object=root",
            f"serial={serial};object=root;type=private",
            "manufacturer=SoftHSM%20project;model=SoftHSM%20v2;id=%01",
            "slot-manufacturer=SoftHSM%20project;object=root",
            f"token=ca;object=root?module-path={hsm.module}",
        )
    ):
        certstrap("init", "--common-name", f"CA {number}", "--key", f"pkcs11:{attributes}")


def test_modules_are_found_by_name_and_without_one_through_p11_kit(
    without_pin: Program, hsm: SoftHSM
) -> None:
    hsm.key("root")
    init = ("init", "--common-name", "Root", "--key")
    # The loader of libraries reads this variable when a program starts.
    path = {"LD_LIBRARY_PATH": str(Path(hsm.module).parent), "CERTSTRAP_PIN": PIN}
    for command in ((*init, f"{URI}?module-name=softhsm2"), ("crl", "Root")):
        programs.run(*CERTSTRAP, *command, environ={**hsm.environ, **path})
    if not find_library("p11-kit"):
        lacks("p11-kit")
    none = {"CERTSTRAP_PKCS11_MODULE": "", "CERTSTRAP_PIN": PIN}
    without_pin("init", "--common-name", "Other", "--key", URI, environ=none)


def test_what_is_not_there_is_named(certstrap: Program, hsm: SoftHSM) -> None:
    init = ("init", "--common-name", "Root", "--key")
    refuses(
        certstrap, *init, "pkcs11:token=cb;object=root",
        sentence=f'{hsm.module} does not find the token "cb".',
        hint='The tokens here are "ca" (serial ',
    )  # fmt: skip
    refuses(
        certstrap, *init, URI,
        sentence=f'There is no private key in the token "ca" that {URI} names.',
        hint="Add --generate to make it there.",
    )  # fmt: skip
    hsm.key("other")
    refuses(
        certstrap, *init, URI,
        sentence=f'There is no private key in the token "ca" that {URI} names.',
        hint='Its keys are "other" (id %01).',
    )  # fmt: skip
    refuses(
        certstrap, *init, f"{URI}?module-path=/nowhere/token.so",
        sentence="Cannot load the PKCS#11 module /nowhere/token.so (",
        hint="name it in CERTSTRAP_PKCS11_MODULE",
    )  # fmt: skip
    hsm.pull_out()
    refuses(certstrap, *init, URI, sentence="does not find", hint="There is no token here.")


def test_of_two_tokens_or_keys_that_match_none_is_taken(certstrap: Program, hsm: SoftHSM) -> None:
    init = ("init", "--common-name", "Root", "--key")
    hsm.key("root")
    hsm.key("root", identifier="02")
    refuses(
        certstrap, *init, URI,
        sentence=f'There is more than one private key in the token "ca" that {URI} names.',
        hint='"root" (id %0',
    )  # fmt: skip
    certstrap(*init, f"{URI};id=%02")
    hsm.add("ca")
    refuses(
        certstrap, *init[:2], "Other", "--key", URI,
        sentence='More than one token is the token "ca": "ca" (serial ',
        hint="Add the serial number to the URI",
    )  # fmt: skip


def test_a_key_is_not_made_where_there_is_one(certstrap: Program, hsm: SoftHSM) -> None:
    hsm.key("root")
    refuses(
        certstrap, "init", "--common-name", "Root", *IN_TOKEN,
        sentence=f'There is a private key in the token "ca" that {URI} names.',
        hint="Leave out --generate to use it",
    )  # fmt: skip
    refuses(
        certstrap, "init", "--common-name", "Root", "--generate",
        sentence="--generate makes a key in a token, and --key does not name one.",
        hint="Add --key with its URI",
    )  # fmt: skip


def test_no_key_is_made_if_the_ca_exists(certstrap: Program, hsm: SoftHSM) -> None:
    certstrap("init", "--common-name", "Root", *IN_TOKEN)
    more = ("--key", "pkcs11:token=ca;object=more", "--generate")
    refuses(certstrap, "init", "--common-name", "Root", *more, sentence="already exists!")
    assert "more" not in hsm.tool("--list-objects").stdout


def test_a_public_key_that_is_missing_or_another_one_is_refused(
    certstrap: Program, hsm: SoftHSM
) -> None:
    init = ("init", "--common-name", "Root", "--key", URI)
    hsm.key("root")
    hsm.tool("--read-object", "--type", "pubkey", "--id", "01", "--output-file", hsm.root / "der")
    hsm.tool("--delete-object", "--type", "pubkey", "--id", "01")
    refuses(
        certstrap, *init,
        sentence='There is no public key beside the private key "root" in the token "ca".',
        hint="Write it there too, with the same id.",
    )  # fmt: skip
    hsm.key("other", identifier="02")
    hsm.tool("--read-object", "--type", "pubkey", "--id", "02", "--output-file", hsm.root / "other")
    hsm.tool("--write-object", hsm.root / "other", "--type", "pubkey", "--id", "01")
    refuses(
        certstrap, *init,
        sentence='The public key that the token "ca" shows is not that of its private key.',
        hint="Write the right one there",
    )  # fmt: skip
    hsm.tool("--delete-object", "--type", "pubkey", "--id", "01")
    hsm.tool("--write-object", hsm.root / "der", "--type", "pubkey", "--id", "01")
    certstrap(*init)


def test_another_key_than_that_of_the_certificate_is_refused(
    certstrap: Program, hsm: SoftHSM
) -> None:
    certstrap("init", "--common-name", "Root", *IN_TOKEN)
    hsm.key("other")
    key = Path("out/Root.key")
    key.chmod(0o600)
    key.write_text("pkcs11:token=ca;object=other\n")
    refuses(
        certstrap, "crl", "Root",
        sentence="out/Root.key is not the key of out/Root.crt.",
        hint="Put back the files that belong together.",
    )  # fmt: skip


ED448 = """
import sys
import pkcs11
from pkcs11 import Attribute, KeyType, MechanismFlag

session = pkcs11.lib(sys.argv[1]).get_token(token_label="ca").open(rw=True, user_pin=sys.argv[2])
curve = {Attribute.EC_PARAMS: bytes.fromhex("06032b6571")}
session.create_domain_parameters(KeyType.EC_EDWARDS, curve, local=True).generate_keypair(
    store=True, label="ed448", id=b"4", capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY
)
"""


def test_a_key_of_a_kind_that_is_not_supported_is_refused(certstrap: Program, hsm: SoftHSM) -> None:
    programs.run(sys.executable, "-c", ED448, hsm.module, PIN, environ=hsm.environ)
    refuses(
        certstrap, "init", "--common-name", "Root", "--key", "pkcs11:object=ed448",
        sentence='The key "ed448" in the token "ca" is of a kind that is not supported.',
        hint="RSA keys, keys on a NIST curve and Ed25519 keys are.",
    )  # fmt: skip


def test_a_key_that_asks_for_the_pin_each_time_is_used(certstrap: Program, hsm: SoftHSM) -> None:
    hsm.key("root", options=("--always-auth",))
    certstrap("init", "--common-name", "Root", "--key", URI)
    certstrap("issue", "a", "b", "c", "--curve", "P-256")


PULLED_OUT = """
import os, sys
from certstrap.cli.context import utc_now
from certstrap.operations.ca import issuer_of, open_ca
from certstrap.operations.sign import sign_request
from certstrap.pki.profiles import LeafProfile
from certstrap.pki.validity import Expiry
from certstrap.session import Passphrases, Session
from certstrap.store.depot import DepotFolder, Name

def steps(new):
    ca = open_ca(session, session.depot.entry("Root"))
    issuer_of(session, ca)
    os.rename(*sys.argv[1:])
    leaf, expiry = LeafProfile.of(""), Expiry.parse("1 day")
    return sign_request(session, new, Name.parse("a"), None, leaf, expiry)

of_a_token = Passphrases(bytes, lambda _: b"", bytes, bytes, pin=lambda _: b"12345")
session = Session(
    DepotFolder("out"), utc_now(), of_a_token, module=os.environ["CERTSTRAP_PKCS11_MODULE"]
)
try:
    session.transact(steps)
except Exception as error:
    print(error, error.hint, sep="\\n", file=sys.stderr)
    sys.exit(1)
"""


def test_a_token_that_is_pulled_out_while_it_signs_leaves_the_depot_as_it_was(
    certstrap: Program, hsm: SoftHSM
) -> None:
    certstrap("init", "--common-name", "Root", *IN_TOKEN)
    certstrap("request-cert", "--common-name", "a", "--curve", "P-256", "--no-passphrase")
    program = partial(programs.run, sys.executable, "-c", PULLED_OUT, environ=hsm.environ)
    before = snapshot(Path.cwd())
    said = program(str(hsm.tokens), str(hsm.root / "elsewhere"), exit_code=1).stderr.splitlines()
    assert said == [
        'the token "ca" does not sign: ObjectHandleInvalid.',
        "Check that the token is plugged in, and that it can do this.",
    ]
    assert snapshot(Path.cwd()) == before
    hsm.put_back()
    certstrap("sign", "a", "--CA", "Root")


def test_a_token_that_is_pulled_out_before_the_pin_is_typed_leaves_the_depot_as_it_was(
    certstrap: Program, hsm: SoftHSM
) -> None:
    certstrap("init", "--common-name", "Root", *IN_TOKEN)
    before = snapshot(Path.cwd())
    with terminal(Path.cwd(), "issue", "a", "--curve", "P-256", environ=hsm.environ) as command:
        command.expect_exact("Enter PIN for the token ca: ")
        hsm.pull_out()
        command.sendline(PIN)
        printed = ends(command, 1)
    assert "the token" in printed
    assert "Hint: Check that the token is plugged in" in printed
    assert snapshot(Path.cwd()) == before


KEY_OF_A_TOKEN = """
import copy, sys
from certstrap.cli.context import utc_now
from certstrap.errors import CertstrapError
from certstrap.pki.key_files import TokenURI
from certstrap.session import Passphrases, Session
from certstrap.store.depot import DepotFolder

for label, kind in (("root", "P-256"), ("rsa", "RSA 2048")):
    of_a_token = Passphrases(bytes, lambda _: b"", bytes, bytes, pin=lambda _: b"12345")
    session = Session(DepotFolder("out"), utc_now(), of_a_token, module=sys.argv[1])
    key = session.key_in_token(TokenURI.parse("pkcs11:token=ca;object=" + label))
    copied = copy.deepcopy(copy.copy(key))
    assert copied.public_key() == key.public_key()
    print(copied.key_size)
    try:
        key.private_numbers()
    except CertstrapError as error:
        print(error)
"""


def test_keys_of_two_sessions_in_one_process_share_the_login_and_keep_their_numbers(
    folder: Path, hsm: SoftHSM
) -> None:
    hsm.key("root")
    hsm.key("rsa", "rsa:2048", "02")
    ended = programs.run(sys.executable, "-c", KEY_OF_A_TOKEN, hsm.module, environ=hsm.environ)
    stays = 'The key in the token "ca" never leaves it.'
    assert ended.lines == ["256", stays, "2048", stays]


LIBRARY = """
import sys
from certstrap import CertstrapError, Depot

print(Depot("out", pin="12345", pkcs11_module=sys.argv[1]).issue("a", curve="P-256").key_path)
try:
    Depot("out", pkcs11_module=sys.argv[1]).issue("b", curve="P-256")
except CertstrapError as error:
    print(error)
"""


def test_the_library_signs_with_a_key_in_a_token(certstrap: Program, hsm: SoftHSM) -> None:
    certstrap("init", "--common-name", "Root", *IN_TOKEN)
    ended = programs.run(sys.executable, "-c", LIBRARY, hsm.module, environ=hsm.environ)
    assert ended.lines == ["out/a.key", 'The PIN of the token "ca" is needed.']
    assert not Path("out/b.key").exists()


@pytest.mark.parametrize(
    ("uri", "sentence", "hint"),
    [
        ("pkcs11:token=ca", "pkcs11:token=ca does not name a key.", "Add the label of the key"),
        ("pkcs11:", "pkcs11: does not name a key.", "Add the label"),
        ("pkcs11:object=a;type=cert", "does not name a private key.", "Leave out its type."),
        (
            "pkcs11:object=a?pin-value=12345",
            "The PIN cannot be in the URI of a key (pin-value): the URI is kept in a file.",
            "use --pin-file FILE or CERTSTRAP_PIN",
        ),
        ("pkcs11:object=a?pin-source=f", "(pin-source)", "use --pin-file"),
        ("pkcs11:objekt=a", 'Invalid URI of a key: "objekt=a" is not an attribute', "looks like"),
        ("pkcs11:object=a;object=b", '"object=b" is not', "with %20 for a space"),
        ("pkcs11:object=a;id", '"id" is not', "looks like"),
        ("pkcs11:object=a;module-path=m", '"module-path=m" is not an attribute', ""),
        ("pkcs11:object=%zz", '"object=%zz" has a % without two hexadecimal digits.', "%25"),
        ("pkcs11:object=a%2", '"object=a%2" has a %', "Write %25 for a percent sign."),
        ("pkcs11:object=a?module-name=100%", '"module-name=100%" has a %', "%25"),
    ],
)
def test_a_uri_that_cannot_be_the_address_of_a_key_is_refused(
    without_pin: Program, uri: str, sentence: str, hint: str
) -> None:
    outcome = refuses(
        without_pin, "init", "--common-name", "Root", "--key", uri, sentence=sentence, hint=hint
    )
    assert "12345" not in outcome.stderr


@pytest.mark.parametrize("data", [b"pkcs11:token=ca\n", b"pkcs11:\xff", b"pkcs11:object=a\nb\n"])
def test_a_key_file_that_only_begins_as_a_uri_is_refused(certstrap: Program, data: bytes) -> None:
    certstrap("init", "--common-name", "Root", *IN_TOKEN)
    key = Path("out/Root.key")
    key.chmod(0o600)
    key.write_bytes(data)
    sentence = "out/Root.key does not hold the URI of a key in a token."
    assert certstrap("crl", "Root", exit_code=1).stderr.splitlines()[0] == sentence
    assert sentence in certstrap("status", exit_code=3).stdout


def test_the_page_shows_what_happens_with_a_token(tmp_path: Path, hsm: SoftHSM) -> None:
    found = blocks(ROOT / "docs/hardware-keys.md")
    shell = Terminal(tmp_path, {"HOME": str(tmp_path)})
    try:
        for step in steps([block for block in found if block.heading == "SoftHSM2"]):
            command = step.command.replace("/usr/lib/softhsm/libsofthsm2.so", hsm.module)
            shell.follow(replace(step, command=command))
    finally:
        shell.close()


def test_a_command_that_renew_runs_does_not_get_the_pin(certstrap: Program) -> None:
    certstrap("init", "--common-name", "Root", *IN_TOKEN)
    certstrap("issue", "a", "--curve", "P-256")
    ran = certstrap("renew", "a", "--exec", "env")
    assert "CERTSTRAP_PKCS11_MODULE" in ran.stderr
    assert "CERTSTRAP_PIN" not in ran.stderr


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
