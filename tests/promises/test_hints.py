"""Each command in a hint does what the hint promises, in the state in which it is printed."""

import ast
import grp
import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple, NoReturn

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs7,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

import certstrap
from certstrap.cli.context import Context, utc_now
from certstrap.pki.keys import PrivateKey
from certstrap.pki.pem import to_pem
from certstrap.store.locks import locked
from tests.builders import crls, foreign, pairs
from tests.builders.depots import NEW_KEY, init, issue, request
from tests.builders.der import der, sequence
from tests.cli.terminal import ends, terminal
from tests.conftest import FEW_ROUNDS, NOW, call

SOURCE = Path(certstrap.__file__).parent
DAY = timedelta(days=1)
YEAR = timedelta(days=365)


def hints() -> set[str]:
    """Return each hint with a command in the code: its module, and the code of its sentence."""
    return {
        f"{path.relative_to(SOURCE).as_posix()}: {ast.unparse(node.args[0])}"
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "Hint"
        and (len(node.args) > 1 or any(each.arg == "command" for each in node.keywords))
    }


def unreachable(host: str, port: int, _seconds: float) -> NoReturn:
    """Open no connection: no test depends on a network."""
    raise OSError(f"{host}:{port}")


class Stage:
    """Runs commands on a depot, which they name or not."""

    def __init__(self, depot: str) -> None:
        self.options = ["--depot-path", depot] if depot else []
        self.folder = Path(depot or "out")
        self.now = NOW
        self.typed = "\n" * 9

    def __call__(self, *args: str, code: int = 0) -> str:
        """Run a command, which ends with that status, and return all that it prints."""
        return self.run(*self.options, *args, code=code)

    def run(self, *args: str, code: int = 0) -> str:
        context = Context(lambda: self.now, {}, connect=unreachable, rounds=FEW_ROUNDS)
        outcome = call(*args, input=self.typed, context=context)
        assert outcome.exit_code == code, (args, outcome)
        return outcome.stdout + outcome.stderr

    def file(self, name: str) -> Path:
        """Return a file of the depot."""
        return Path.cwd() / self.folder / name

    def away(self, name: str) -> str:
        """Move a file of the depot away, and return where it is now."""
        return str(self.file(name).rename(name))

    def store(self, stem: str, pair: pairs.Pair) -> None:
        """Put a certificate and its key into the depot."""
        foreign.store_ca(Path.cwd() / self.folder, stem, it=pair.certificate, key=pair.key)

    def pair(self, stem: str) -> pairs.Pair:
        """Return a certificate of the depot, and its key."""
        key = load_pem_private_key(self.file(f"{stem}.key").read_bytes(), None)
        assert isinstance(key, PrivateKey)
        return pairs.Pair(foreign.load_certificate(self.file(f"{stem}.crt")), key)

    def replace(self, name: str, data: bytes) -> None:
        """Replace a file of the depot, which keeps its mode."""
        mode = self.file(name).stat().st_mode
        self.file(name).unlink(missing_ok=True)
        foreign.write(self.file(name), data, mode & 0o777)

    def below_intermediate(self) -> None:
        """Create the chain Root, Int, x."""
        self(*init("Root"), "--path-length", "1", "--expires", "10 years")
        self(*request("Int"))
        self("sign", "Int", "--CA", "Root", "--intermediate", "--expires", "5 years")
        self(*issue("x"), "--CA", "Int")


class Printed(NamedTuple):
    """What a command prints with a hint in it.

    Attributes:
        text: all that it prints.
        values: what stands for the placeholders.
        sentence: that of the hint, if it is not in the code as it is printed.
    """

    text: str
    values: dict[str, str] = {}  # noqa: RUF012 - it does not change
    sentence: str = ""


Case = Callable[[Stage], Iterator[Printed]]
"""Yields what has the hint in it; after the command of the hint was run, sees what came of it."""

CASES: dict[str, Case] = {}


def prints(hint: str) -> Callable[[Case], Case]:
    """Register a function as the case of a hint."""

    def register(case: Case) -> Case:
        CASES[hint] = case
        return case

    return register


@prints("temporal/bundle.py: 'Name the CAs to upload'")
def one_bad_ca(s: Stage) -> Iterator[Printed]:
    s(*init("Good"))
    s("init", "--cn", "Bad", "--curve", "Ed25519", "--no-passphrase")
    yield Printed(s("bundle", code=1))


@prints("cli/commands/revoke.py: 'Read it with'")
def no_serial_number(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    yield Printed(s("revoke", "--serial", "x", code=1), {"FILE": str(s.file("x.crt"))})


@prints("cli/options.py: 'For example'")
def nothing_named(s: Stage) -> Iterator[Printed]:
    yield Printed(s("init", code=1))
    s(*issue("your-namespace"))
    for command in ("verify", "inspect", "filters", "renew"):
        yield Printed(s(command, code=2))
    assert Path("filters.json").exists()
    yield Printed(s("connect", "your-namespace", code=2))
    s.away("your-namespace.crt")
    yield Printed(s("sign", code=1))
    yield Printed(s("revoke", code=1))


@prints("cli/render/issue.py: 'Write the chain'")
def issued_below_an_intermediate(s: Stage) -> Iterator[Printed]:
    s.below_intermediate()
    yield Printed(s("issue", "x"))
    assert s.file("x.chain.crt").exists()


@prints("cli/render/issue.py: 'Check it as its clients do'")
def issued_for_a_server(s: Stage) -> Iterator[Printed]:
    yield Printed(s(*issue("web"), "--domain", "*.web.example,other.example"))
    yield Printed(s(*issue("ip"), "--ip", "10.0.0.7", "--profile", "server"))


@prints("cli/render/issue.py: 'Write such a copy'")
def issued_with_an_encrypted_key(s: Stage) -> Iterator[Printed]:
    s.typed = "secret\n"
    Path("secret").write_text("secret\n")
    yield Printed(s("issue", "x", "--curve", "P-256", "--key-passphrase-file", "secret"))
    assert b"BEGIN PRIVATE KEY" in s.file("x.pkcs8.key").read_bytes()


def on_a_terminal(s: Stage) -> str:
    s.now = utc_now()
    s(*init("Cert"))
    s(*request("x"))
    with terminal(Path.cwd(), *s.options, "sign", "x") as child:
        return ends(child)


@prints("cli/render/created.py: 'Check it'")
def signed_on_a_terminal(s: Stage) -> Iterator[Printed]:
    yield Printed(on_a_terminal(s))


@prints("cli/render/created.py: 'Configure its client'")
def signed_on_a_terminal_too(s: Stage) -> Iterator[Printed]:
    shown = on_a_terminal(s)
    refused = s("connect", "x", "--namespace", "NAMESPACE.ACCOUNT", code=1)
    assert "Replace it with the ID of your Namespace" in refused
    yield Printed(shown, {"NAMESPACE.ACCOUNT": "your-namespace.acct"})


@prints("cli/render/renew.py: 'Renew the CRL'")
def intermediate_renewed(s: Stage) -> Iterator[Printed]:
    s.below_intermediate()
    s.now += 80 * DAY
    yield Printed(s("renew", "Int"))


@prints(
    "cli/render/renew.py: 'To have both accepted while clients change over, create a CA with "
    "another name instead'"
)
def root_renewed(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    s.now += 80 * DAY
    yield Printed(s("renew", "Cert"), {"NEW": "New"})


@prints(
    "errors.py: 'Try again, wait longer with --wait SECONDS before the command, or find that "
    "process with'"
)
def depot_in_use(s: Stage) -> Iterator[Printed]:
    s(*init("Cert"))
    with locked([str(s.folder)]):
        shown = s("--wait", "0", *request("x"), code=1)
        yield Printed(shown)


@prints("errors.py: 'Restrict it with'")
def key_of_others(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    s.file("x.key").chmod(0o644)
    yield Printed(s("export-pkcs8", "x", code=1))
    s("export-pkcs8", "x")


@prints(
    "errors.py: 'Sign in the depot or in the engine that has the key, or create another CA with'"
)
def no_key_of_a_ca(s: Stage) -> Iterator[Printed]:
    s(*init("Cert"))
    s(*request("x"))
    s.away("Cert.key")
    yield Printed(s("sign", "x", code=1), {"NAME": "New"})
    s("sign", "x")


@prints("errors.py: 'Create one with'")
def no_ca(s: Stage) -> Iterator[Printed]:
    s(*request("x"))
    yield Printed(s("sign", "x", code=1), {"NAME": "New"})
    s("sign", "x")


@prints("operations/ca.py: 'Check the name, or create it with'")
def no_such_ca(s: Stage) -> Iterator[Printed]:
    s(*request("x"))
    yield Printed(s("sign", "x", "--CA", "My CA", code=1))
    s("sign", "x", "--CA", "My CA")


@prints("session.py: 'Leave the passphrase out, or write an encrypted copy of the key'")
def passphrase_of_a_key_without_one(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    s.typed = "secret\nsecret\n"
    yield Printed(s("export-pkcs8", "x", "--passphrase", "p", code=1), {"NEW": "new.key"})
    assert b"ENCRYPTED" in Path("new.key").read_bytes()
    key = Path("new.key").read_bytes()
    Path("plain.key").write_bytes(s.file("x.key").read_bytes())
    Path("new.key").unlink()
    s.typed = Path("plain.key").read_text()
    shown = s("request-cert", "--cn", "y", "--key", "-", "--passphrase", "p", code=1)
    s.typed = "secret\nsecret\n"
    yield Printed(shown, {"FILE": "plain.key", "NEW": "new.key"})
    assert key != Path("new.key").read_bytes()


@prints("session.py: 'Leave the passphrase out, or encrypt the key'")
def passphrase_of_a_key_of_the_depot_without_one(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    Path("secret").write_text("secret\n")
    s.typed = "secret\nsecret\n"
    yield Printed(s("issue", "x", "--key-passphrase-file", "secret", code=1))
    s("issue", "x", "--key-passphrase-file", "secret")


@prints('cli/render/issue.py: "The CA\'s key is not encrypted. Encrypt it"')
def issued_with_an_open_key_of_a_new_ca(s: Stage) -> Iterator[Printed]:
    s.typed = "secret\nsecret\n"
    yield Printed(s("issue", "x", "--curve", "P-256", "--no-passphrase"))
    assert b"ENCRYPTED" in s.file("Cert.key").read_bytes()


@prints(
    "operations/passphrase.py: f'{entry.path(suffix)} has a copy of the key as it was before. "
    "Move it away, and write it again'"
)
def copies_of_a_key_whose_passphrase_changed(s: Stage) -> Iterator[Printed]:
    s(*issue("x"), "--pkcs8")
    s("export-pkcs8", "Cert", "--allow-ca")
    s("export-pkcs12", "x", "--no-passphrase")
    for name, suffix in (("x", "pkcs8.key"), ("Cert", "pkcs8.key"), ("x", "p12")):
        new = "other" if suffix == "p12" else "secret"
        s.typed = f"{new}\n{new}\n" if new == "secret" else f"secret\n{new}\n{new}\n"
        shown = s("passphrase", name)
        away = s.away(f"{name}.{suffix}")
        s.typed = f"{new}\n{new}\n{new}\n"
        (line,) = (each for each in shown.splitlines() if f"{name}.{suffix} has a copy" in each)
        sentence = line.partition(": ")[0]
        yield Printed(line, sentence=sentence)
        assert s.file(f"{name}.{suffix}").read_bytes() != Path(away).read_bytes()


@prints("operations/issue.py: 'Run this where the key is'")
def pkcs8_of_a_key_that_is_elsewhere(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    key = s.away("x.key")
    shown = s(*issue("x"), "--pkcs8", code=1)
    Path(key).rename(s.file("x.key"))
    yield Printed(shown)
    assert s.file("x.pkcs8.key").exists()


@prints(
    "operations/renew.py: f'It changes together with its certificate: give its passphrase, or move "
    "{path} away and write it again afterwards'"
)
def pkcs12_without_its_passphrase(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    s("export-pkcs12", "x", "--passphrase", "p")
    shown = s("renew", "x", "--no-passphrase", code=1)
    s.away("x.p12")
    s("renew", "x")
    yield Printed(shown, sentence="away and write it again afterwards")
    assert s.file("x.p12").exists()


@prints("operations/export.py: 'For example'")
def export_of_nothing(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    yield Printed(s("export-pkcs8", code=2), {"NAME": "x"})


@prints("operations/issue.py: 'Name one of these, or create a new CA first with'")
def no_such_ca_to_issue(s: Stage) -> Iterator[Printed]:
    s(*init("Cert"))
    yield Printed(s(*issue("x"), "--CA", "New", code=1))
    s(*issue("x"), "--CA", "New")


@prints("operations/renew.py: 'Create a new CA, and move the clients to it'")
def new_key_for_a_ca(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    yield Printed(s("renew", "--new-key", "Cert", code=1), {"NEW": "New"})


@prints(
    "operations/sign.py: 'Choose another name; or renew it, with the key and the CA that it has'"
)
def intermediate_signed_again(s: Stage) -> Iterator[Printed]:
    s.below_intermediate()
    again = ("sign", "Int", "--CA", "Root", "--intermediate")
    s.now += 80 * DAY
    yield Printed(s(*again, code=1))
    assert s.pair("Int").certificate.not_valid_before_utc > NOW
    other = f"Choose another name, or move {s.folder}/Int.crt away.\n"
    s(*request("Other"))
    s("sign", "Other", "--CA", "Root", "--intermediate")
    s("revoke", "--CN", "Int")
    assert other in s(*again, code=1)
    assert other.replace("Int", "Root") in s("sign", "Root", *again[2:], code=1)
    s.away("Root.key")
    assert other.replace("Int", "Other") in s("sign", "Other", *again[2:], code=1)


@prints("store/renewal.py: 'If the client may be let in again, give it a new key'")
def revoked_certificate(s: Stage) -> Iterator[Printed]:
    """Whether it has expired too or not, and whichever command refuses it."""
    names = ("a", "b", "c", "d", "e", "f", "g")
    s(*issue(*names), "--expires", "90d")
    for name in names:
        s("revoke", "--CN", name, "--reason", "keyCompromise")
    yield Printed(s("renew", "a", code=1))
    assert "a: good" in s("verify", "a")
    yield Printed(s("connect", "b", "--namespace", "your-namespace.acct", code=1))
    s.now += 100 * DAY
    yield Printed(s("issue", "c", code=1))
    assert "already exists" in s("issue", "c")
    yield Printed(s("connect", "d", "--namespace", "your-namespace.acct", code=1))
    s("connect", "d", "--namespace", "your-namespace.acct")
    yield Printed(s("verify", "e", code=3))
    assert "e: good" in s("verify", "e")
    yield Printed(s("sign", "f", "--cert", "new.crt", code=1))
    assert "f: good" in s("verify", "f")
    (skipped,) = json.loads(s("renew", "--expiring", "1 day", "--json"))["skipped"]
    yield Printed(skipped["fix"])
    assert "g: good" in s("verify", "g")


@prints(
    "operations/renew.py: 'Create a new CA and change over to it with {}; or keep this one: renew "
    "it, and upload it'"
)
def root_that_nobody_named(s: Stage) -> Iterator[Printed]:
    s(*init("Cert"), "--expires", "10 days")
    shown = s("renew", "--expiring", "30d", code=1)
    yield Printed(shown, sentence="or keep this one: renew it, and upload it")


@prints("operations/request.py: 'For example'")
def request_for_nobody(s: Stage) -> Iterator[Printed]:
    yield Printed(s("request-cert", code=1))
    assert s.file("your-namespace.csr").exists()


@prints("operations/revoke.py: 'Name a CA; to write the CRLs of its chain'")
def crl_of_a_client(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    yield Printed(s("crl", "x", code=1))


@prints("operations/sign.py: 'Create it with'")
def no_request(s: Stage) -> Iterator[Printed]:
    s(*init("Cert"))
    yield Printed(s("sign", "x", code=1))
    s("sign", "x")


@prints("pki/key_files.py: 'Rewrite it with'")
def invalid_ec_key(s: Stage) -> Iterator[Printed]:
    number = (5).to_bytes(33, "big")  # of GnuTLS, on a curve that only OpenSSL repairs
    parameters = der(0xA0, bytes.fromhex("06052b8104000a"))
    key = sequence(der(0x02, b"\1"), der(0x04, number), parameters)
    Path("a key").write_bytes(to_pem("EC PRIVATE KEY", key))
    export = ("export-pkcs8", "--output", "exported.key", "--key")
    yield Printed(s(*export, "a key", code=1), {"NEW": "new.key"})
    if Path("new.key").exists():  # there is an openssl
        s(*export, "new.key")


def one_line(data: bytes) -> bytes:
    return data.replace(b"\n", b" ")


@prints("pki/pem.py: 'Save the output of this command as a new file'")
def damaged_certificate(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    Path("a file").write_bytes(one_line(s.file("x.crt").read_bytes()))
    for command, code in (
        ("verify", 3),
        ("inspect", 1),
        ("bundle --check", 3),
        ("check --cert", 3),
    ):
        yield Printed(s(*command.split(), "a file", code=code))
    repaired = s("inspect", "a file", "--pem").encode()
    assert repaired.startswith(s.file("x.crt").read_bytes())
    s("crl", "Cert")
    s.replace("Cert.crl", one_line(s.file("Cert.crl").read_bytes()))
    for command, code in (("verify x", 3), ("status", 3), ("crl Cert", 1)):
        yield Printed(s(*command.split(), code=code))


@prints("pki/pem.py: 'Write a repaired copy with'")
def damaged_key(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    Path("a key").write_bytes(one_line(s.file("x.key").read_bytes()))
    yield Printed(s("request-cert", "--cn", "y", "--key", "a key", code=1), {"NEW": "new.key"})
    assert Path("new.key").read_bytes() == s.file("x.key").read_bytes()
    whole = s.file("Cert.key").read_bytes()
    s.replace("Cert.key", one_line(whole))
    yield Printed(s("issue", "z", *NEW_KEY, code=1), {"NEW": "new-ca.key"})
    assert Path("new-ca.key").read_bytes() == whole


@prints("pki/pem.py: 'Write its certificates as PEM with'")
def store_in_place_of_a_certificate(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    s("export-pkcs12", "x", "--passphrase", "secret", "--output", "a store")
    s.typed = "secret\n"
    yield Printed(s("check", "--cert", "a store", code=3), {"NEW": "new.pem"})
    chain = [s.pair("x").certificate, s.pair("Cert").certificate]
    Path("a.p7b").write_bytes(pkcs7.serialize_certificates(chain, Encoding.DER))
    yield Printed(s("bundle", "--cert", "a.p7b", code=1), {"NEW": "new-2.pem"})
    Path("b.p7b").write_bytes(pkcs7.serialize_certificates(chain, Encoding.PEM))
    yield Printed(s("bundle", "--check", "b.p7b", code=3), {"NEW": "new-3.pem"})
    if Path("new.pem").exists():  # there is an openssl
        s("check", "--cert", "new.pem")
        assert "CN=Cert" in s("inspect", "new-2.pem", "new-3.pem")


@prints("pki/pem.py: 'Write its key as PEM with'")
def store_in_place_of_a_key(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    files = ("-inkey", str(s.file("x.key")), "-in", str(s.file("x.crt")))
    export = ("openssl", "pkcs12", "-export", *files, "-out", "x.pfx", "-passout", "pass:")
    subprocess.run(export, check=True)
    ca = ("--ca-bundle", str(s.file("Cert.crt")))
    key = ("check", "--cert", str(s.file("x.crt")), *ca, "--key")
    yield Printed(s(*key, "x.pfx", code=3), {"NEW": "new.key"})
    s(*key, "new.key")


@prints("pki/pem.py: 'Convert it to PKCS#12 with'")
def keystore_of_java(s: Stage) -> Iterator[Printed]:
    s.typed = "changeit\n" * 3
    Path("a.jks").write_bytes(bytes.fromhex("feedfeed"))
    if shutil.which("keytool"):
        Path("a.jks").unlink()
        new = ("-keystore", "a.jks", "-storetype", "JKS", "-storepass", "changeit")
        key = ("-keypass", "changeit", "-keyalg", "EC", "-alias", "a", "-dname", "CN=a")
        subprocess.run(["keytool", "-genkeypair", *new, *key], check=True, capture_output=True)
    yield Printed(s("inspect", "a.jks", code=1), {"NEW": "new.p12"})
    if Path("new.p12").exists():
        assert "CN=a" in s("inspect", "new.p12", "--passphrase", "changeit")


@prints("pki/rules.py: 'Create a CA that allows one'")
def intermediate_below_a_ca_without_room(s: Stage) -> Iterator[Printed]:
    s(*init("Cert"))
    s(*request("Int"))
    yield Printed(s("sign", "Int", "--intermediate", code=1), {"NAME": "New"})
    s("sign", "Int", "--CA", "New", "--intermediate")


@prints("pki/rules.py: 'Add it with'")
def issuer_missing(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    for suffix in ("key", "crl"):
        s.away(f"Cert.{suffix}")
    file = s.away("Cert.crt")
    assert "Add it with" in s("verify", "x", code=3)
    yield Printed(s("export-chain", "x", code=1), {"NAME": "Cert", "FILE": file})
    s("export-chain", "x")


@prints("store/renewal.py: f'Renew {what}'")
def expired(s: Stage) -> Iterator[Printed]:
    s(*init("Cert"), "--expires", "10 days")
    s(*issue("x"), "--expires", "1 day")
    s.now += 2 * DAY
    for command in (("connect", "x", "--namespace", "a-b.c"), ("verify", "x")):
        code = 3 if command[0] == "verify" else 1
        assert "Renew it: certstrap" in s(*command, code=code)
    yield Printed(s("issue", "x", code=1), sentence="Renew it")
    assert "already exists" in s("issue", "x")
    s.now += 20 * DAY
    yield Printed(s("sign", "x", "--cert", "new.crt", code=1), sentence="Renew the CA first")
    s("sign", "x", "--cert", "new.crt")


@prints("store/renewal.py: what")
def crl_expired(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    s("crl", "Cert", "--days", "10")
    s.now += 20 * DAY
    assert "Renew it: certstrap" in s("verify", "x", code=3)
    yield Printed(s("crl", "x", "--bundle", code=1), sentence="Renew it")
    s("crl", "x", "--bundle")
    s("revoke", "--serial", "2A", "--elsewhere")
    newer = crls.made_elsewhere(*s.pair("Cert"), crl_number=99)
    foreign.write(s.file("newer.crl"), newer)
    sentence = "Write a new one with all of them"
    yield Printed(s("crl", "x", "--bundle", code=1), sentence=sentence)
    s("crl", "x", "--bundle")


@prints("operations/renew.py: 'Move it away, and write it again'")
def chain_that_cannot_be_read(s: Stage) -> Iterator[Printed]:
    s.below_intermediate()
    foreign.write(s.file("x.chain.crt"), b"garbage")
    shown = s("renew", "x", code=1)
    s.away("x.chain.crt")
    yield Printed(shown)
    s("renew", "x")


@prints("operations/renew.py: 'Move it away, and write it again'")
def pkcs12_file_that_is_none(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    foreign.write(s.file("x.p12"), b"garbage", 0o400)
    shown = s("renew", "x", code=1)
    s.away("x.p12")
    yield Printed(shown)
    s("renew", "x")


@prints("inventory/status.py: 'Renew it, so that it expires with its CA'")
def imported_certificate_that_outlives_its_ca(s: Stage) -> Iterator[Printed]:
    s(*init("CA"), "--expires", "30d")
    s.store("x", pairs.leaf(s.pair("CA")))
    yield Printed(s("status"))
    assert "after its CA" not in s("status")


@prints("inventory/status.py: 'Move it away, and write it again'")
def chain_of_an_older_certificate(s: Stage) -> Iterator[Printed]:
    s.below_intermediate()
    foreign.write(s.file("x.chain.crt"), s.file("x.crt").read_bytes())
    before = s.file("x.chain.crt").read_bytes()
    s("renew", "x")
    s.replace("x.chain.crt", before)
    items = json.loads(s("status", "--json"))["items"]
    (problem,) = [each for item in items for each in item["problems"]]
    s.away("x.chain.crt")
    yield Printed(problem["hint"])
    assert "does not begin with" not in s("status")


@prints(
    "store/depot.py: 'Name another one with --depot-path DIR before the command, or create this "
    "one with'"
)
def no_depot(s: Stage) -> Iterator[Printed]:
    yield Printed(s("renew", "--expiring", "30d", code=1), {"NAME": "x"})
    assert s.file("x.crt").exists()


@prints(
    "store/crls.py: f'{first}. If there is none, move it away, create a new one, and revoke again "
    "what it revoked'"
)
def crl_that_cannot_be_used(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    s("revoke", "--CN", "x")
    delta = [(x509.DeltaCRLIndicator(1), True)]
    contents = {
        "Restore it from a copy": b"garbage",
        "Put the complete CRL in its place": crls.made_elsewhere(*s.pair("Cert"), extensions=delta),
    }
    for first, data in contents.items():
        s.replace("Cert.crl", data)
        sentence = (
            f"{first}. If there is none, move it away, create a new one, and revoke again what it "
            "revoked"
        )
        yield Printed(s("revoke", "--CN", "x", code=1), sentence=sentence)
        s("revoke", "--CN", "x")


@prints("cli/render/issue.py: 'Renew it'")
def certificate_for_another_end(s: Stage) -> Iterator[Printed]:
    s(*issue("x", "--expires", "90d"))
    again = issue("x", "--expires", "30 days")
    yield Printed(s(*again))
    assert "Renew it" not in s(*again)


@prints("store/files.py: 'Restrict it with'")
def depot_and_archive_of_others(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    s.folder.chmod(0o777)
    yield Printed(s("status"))
    assert "Others can write" not in s("status")
    s.file("archive").mkdir()
    s.file("archive").chmod(0o777)
    yield Printed(s("renew", "x", code=1))
    s("renew", "x")


@prints("store/files.py: 'Let only its owner read it'")
def key_of_a_group(s: Stage) -> Iterator[Printed]:
    if os.geteuid():
        pytest.skip("only root can give a file to another group")
    s(*issue("x"))
    key = s.file("x.key")
    s.folder.chmod(0o755)
    os.chown(key, -1, next(each.gr_gid for each in grp.getgrall() if each.gr_gid))
    key.chmod(0o440)
    items = json.loads(s("status", "--json"))["items"]
    (problem,) = [each for item in items for each in item["problems"]]
    yield Printed(problem["hint"])
    assert "can be read by" not in s("status")


@prints("temporal/bundle.py: 'This client loads another file from now on. Its configuration'")
def rotation_to_an_intermediate(s: Stage) -> Iterator[Printed]:
    s(*issue("y"))
    s(*init("Root"), "--path-length", "1")
    s(*request("Int"))
    s("sign", "Int", "--CA", "Root", "--intermediate")
    yield Printed(s("bundle", "--rotate", "Cert", "Int", "--output", "b.pem"))


@prints("temporal/bundle.py: 'Create a new CA, and name that'")
def rotation_to_the_same_ca(s: Stage) -> Iterator[Printed]:
    s(*init("Cert"))
    yield Printed(s("bundle", "--rotate", "Cert", "Cert", code=1), {"NEW": "New"})


@prints(
    "temporal/client_rules.py: 'Name the uploaded file with --ca-bundle FILE, or add the CA to "
    "the depot'"
)
def unknown_ca(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    for suffix in ("key", "crl"):
        s.away(f"Cert.{suffix}")
    file = s.away("Cert.crt")
    yield Printed(s("check", "x", code=3), {"NEW-NAME": "Cert", "FILE": file})
    s("check", "x")


@prints('temporal/client_rules.py: "Use the client\'s certificate, or issue one"')
def ca_as_a_client(s: Stage) -> Iterator[Printed]:
    s(*init("Cert"))
    shown = s("check", "--cert", str(s.file("Cert.crt")), code=3)
    yield Printed(shown, {"NAME": "Cert", "NEW-NAME": "x"})
    s("check", "x")


@prints("errors.py: 'Restrict it with'")
def client_key_of_others(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    s.file("x.key").chmod(0o644)
    yield Printed(s("check", "x"))
    assert "warning" not in s("check", "x")


@prints("temporal/client_rules.py: 'Write the key again as PEM'")
def key_in_der(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    s.replace(
        "x.key", s.pair("x").key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    )
    yield Printed(s("check", "x", code=3))
    s("check", "x", "--key", str(s.file("x.pkcs8.key")))


@prints(
    "temporal/client_rules.py: 'Give the passphrase to the client, or write a copy that is not "
    "encrypted'"
)
def java_with_an_encrypted_key(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    s("export-pkcs8", "x", "--encrypt", "--passphrase", "secret")
    shown = s("check", "x", "--client", "java", "--passphrase", "secret")
    yield Printed(shown, {"NEW": "new.key"})
    assert b"BEGIN PRIVATE KEY" in Path("new.key").read_bytes()


@prints("temporal/client_rules.py: 'Write a copy that is not encrypted'")
def encrypted_key(s: Stage) -> Iterator[Printed]:
    s.typed = "secret\n"
    s("request-cert", "--cn", "x", "--curve", "P-256", "--passphrase", "secret")
    s("issue", "x", "--curve", "P-256", "--passphrase", "secret")
    yield Printed(s("check", "x", code=3))
    s("check", "x")


@prints("temporal/client_rules.py: 'Write the key as PKCS#8'")
def java_with_pkcs1(s: Stage) -> Iterator[Printed]:
    s("issue", "x", "--no-passphrase")
    yield Printed(s("check", "x", "--client", "java", code=3))
    s("check", "x", "--client", "java")


CONNECT = ("connect", "x", "--namespace", "your-namespace.acct")


@prints("cli/commands/connect.py: 'Create it'")
def configuration_that_is_not_there(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    for path in ("temporal.toml", "a folder/temporalio/temporal.toml"):
        into = (*CONNECT, "--address", "localhost", "--server-name", "x", "--profile", "prod")
        yield Printed(s(*into, "--into", path, code=1))
        assert "[profile.prod]" in Path(path).read_text()
        s(*CONNECT, "--into", path)


@prints("temporal/connect.py: 'Write it with'")
def client_without_its_chain(s: Stage) -> Iterator[Printed]:
    s.below_intermediate()
    yield Printed(s(*CONNECT, code=1))
    s(*CONNECT)


@prints("temporal/connect.py: 'Move it away, and write it again with'")
def client_with_another_chain(s: Stage) -> Iterator[Printed]:
    s.below_intermediate()
    foreign.write(s.file("x.chain.crt"), s.file("x.crt").read_bytes())
    shown = s(*CONNECT, code=1)
    s.away("x.chain.crt")
    yield Printed(shown)
    s(*CONNECT)


@prints(
    "temporal/connect.py: 'Write it (Java also loads a PKCS#12 file, which export-pkcs12 writes)'"
)
def connect_java(s: Stage) -> Iterator[Printed]:
    s("issue", "x", "--no-passphrase")
    yield Printed(s(*CONNECT, "--format", "java", code=1))
    s(*CONNECT, "--format", "java")


@prints("temporal/filters.py: 'To clear them, use'")
def no_filters(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    Path("f.json").write_text(json.dumps({"filters": []}))
    yield Printed(s("filters", "--match", "f.json", code=1))


@prints("temporal/inputs.py: 'Write the chain and give it to the client'")
def no_chain(s: Stage) -> Iterator[Printed]:
    s.below_intermediate()
    yield Printed(s("check", "x", code=3))
    s("check", "x")


@prints("temporal/ca_rules.py: 'Create another CA'")
def refused_ca(s: Stage) -> Iterator[Printed]:
    s("init", "--cn", "Ed", "--curve", "Ed25519", "--no-passphrase")
    yield Printed(s("check", "Ed", code=3), {"NEW-NAME": "New"})
    s("check", "New")


@prints("temporal/ca_rules.py: 'Create a new CA, and move the clients to it'")
def ca_that_expires_soon(s: Stage) -> Iterator[Printed]:
    s(*init("Cert"), "--expires", "30 days")
    s.now += 25 * DAY
    yield Printed(s("check", "Cert"), {"NEW-NAME": "New"})
    s("check", "New")


@prints("temporal/ca_rules.py: 'Write it again'")
def bundle_with_a_remark(s: Stage) -> Iterator[Printed]:
    s(*init("Cert"))
    Path("b.pem").write_bytes(s.file("Cert.crt").read_bytes() + b"\n")
    shown = s("bundle", "--check", "b.pem")
    yield Printed(shown, {"FILE": "b.pem", "NEW": "new.pem"})
    assert "warning" not in s("bundle", "--check", "new.pem")


@prints("temporal/client_rules.py: 'Renew it'")
def checked_when_expired(s: Stage) -> Iterator[Printed]:
    s.now = utc_now() - 2 * DAY  # the rehearsal goes by the clock of this machine
    s(*issue("x"), "--expires", "1 day")
    s.now = utc_now()
    yield Printed(s("check", "x", code=3))
    s("check", "x")


@prints("temporal/client_rules.py: 'Move the certificate away and issue a new one'")
def server_as_a_client(s: Stage) -> Iterator[Printed]:
    s(*init("Cert"))
    s(*init("Other"))
    options = ("--CA", "Cert", "--profile", "server", "--domain", "a.example")
    s(*issue("x"), *options)
    shown = s("check", "x", code=3)
    s.away("x.crt")
    yield Printed(shown)
    s("check", "x")


@prints("temporal/client_rules.py: 'Issue a certificate with another key'")
def key_that_a_client_cannot_use(s: Stage) -> Iterator[Printed]:
    s("issue", "x", "--curve", "P-521", "--no-passphrase")
    yield Printed(s("check", "x", "--client", "python", code=3), {"NEW-NAME": "y"})
    s("check", "y", "--client", "python")


@prints("temporal/rules.py: 'Move the file away and write the chain again'")
def chain_with_another_first(s: Stage) -> Iterator[Printed]:
    s.below_intermediate()
    both = s.file("Int.crt").read_bytes() + s.file("x.crt").read_bytes()
    foreign.write(s.file("x.chain.crt"), both)
    shown = s("check", "x", code=3)
    s.away("x.chain.crt")
    yield Printed(shown)
    s("check", "x")


@prints("temporal/client_rules.py: 'Write the certificate again as PEM'")
def certificate_in_der(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    Path("x.der").write_bytes(s.pair("x").certificate.public_bytes(Encoding.DER))
    shown = s("check", "--cert", "x.der", code=3)
    yield Printed(shown, {"FILE": "x.der", "NEW": "new.pem"})
    if Path("new.pem").exists():  # there is an openssl
        s("check", "--cert", "new.pem")


@prints('temporal/client_rules.py: "Move the intermediate\'s certificate away and sign it again"')
def intermediate_for_servers(s: Stage) -> Iterator[Printed]:
    s(*init("Root"), "--path-length", "1")
    s(*request("Int"))
    key = load_pem_private_key(s.file("Int.key").read_bytes(), None)
    assert isinstance(key, PrivateKey)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    extensions = [
        (foreign.key_usage("key_cert_sign", "crl_sign"), True),
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (identifier, False),
        (usage, False),
    ]
    subject = foreign.load_request(s.file("Int.csr")).subject
    bad = pairs.made(subject=subject, key=key, by=s.pair("Root"), extensions=extensions)
    foreign.write(s.file("Int.crt"), bad.pem)
    s.store("x", pairs.leaf(bad, "x"))  # as others sign it, who do not look at the usage above
    s("export-chain", "x")
    shown = s("check", "x", code=3)
    s.away("Int.crt")
    yield Printed(shown, {"CA-NAME": "Int", "ROOT-NAME": "Root"})
    s.away("x.chain.crt")
    s("export-chain", "x")
    s("check", "x")


@prints("temporal/client_rules.py: 'Create a CA that allows intermediates'")
def chain_that_is_too_long(s: Stage) -> Iterator[Printed]:
    root = pairs.ca(subject="Root", path_length=0)
    middle = pairs.ca(subject="Int", by=root)
    s.store("Root", root)
    s.store("Int", middle)
    s.store("x", pairs.leaf(middle, "x"))
    s("export-chain", "x")
    yield Printed(s("check", "x", code=3), {"NEW-NAME": "New"})
    s(*request("Below"))
    s("sign", "Below", "--CA", "New", "--intermediate")


@prints(
    "temporal/ca_rules.py: 'Renew the CA where the key that signs it is, then upload it again with "
    "set, as add is refused'"
)
def expired_ca(s: Stage) -> Iterator[Printed]:
    s(*init("Cert"), "--expires", "10 days")
    s.now += 11 * DAY
    for command in (("check", "Cert"), ("bundle", "--check", str(s.file("Cert.crt")))):
        assert "then upload it again" in s(*command, code=3)
    yield Printed(s("bundle", code=1))
    s("check", "Cert")


@prints("temporal/client_rules.py: 'Renew it, so that it expires with its CA'")
def certificate_that_outlives_its_ca(s: Stage) -> Iterator[Printed]:
    s(*issue("x"))
    cert = s.pair("Cert")
    end = cert.certificate.not_valid_after_utc + YEAR
    both = (x509.BasicConstraints(ca=False, path_length=None), True)
    usage = (foreign.key_usage("digital_signature"), True)
    longer = pairs.made(
        subject="x", key=s.pair("x").key, by=cert, end=end, extensions=[both, usage], start=NOW
    )
    s.replace("x.crt", longer.pem)
    yield Printed(s("check", "x", code=3))
    s("check", "x")


def test_each_hint_with_a_command_has_a_case_and_each_case_a_hint() -> None:
    assert set(CASES) == hints()


@pytest.mark.parametrize("depot", ["", "my depot"], ids=["default", "named"])
@pytest.mark.parametrize("hint", CASES)
def test_the_command_of_a_hint_does_what_the_hint_promises(
    folder: Path, hint: str, depot: str
) -> None:
    stage = Stage(depot)
    code = hint.partition(": ")[2]
    for printed in CASES[hint](stage):
        sentence = printed.sentence or ast.literal_eval(code)
        _run(stage, _command_after(f"{sentence}: ", printed.text), printed.values)


def _command_after(sentence: str, text: str) -> str:
    lines = [line for line in text.splitlines() if sentence in line]
    assert lines, (sentence, text)
    return lines[0].partition(sentence)[2]


def _run(stage: Stage, line: str, values: dict[str, str]) -> None:
    """Run a line as a shell does; a new key is one on a curve, which takes no time."""
    for each in line.split(" && "):
        program, *words = (values.get(word, word) for word in shlex.split(each))
        if program == "certstrap":
            assert words[: len(stage.options)] == stage.options, line
            if {*words} & {"init", "request-cert", "issue"} and "--curve" not in words:
                words += NEW_KEY[:2]
            stage.run(*words)
        elif shutil.which(program) and program not in {"tcld", "fuser"}:
            # OpenSSL asks for a passphrase on the terminal, or else on standard input.
            subprocess.run(
                [program, *words], check=True, env=dict(os.environ), timeout=60,
                input=stage.typed.encode(), start_new_session=True,
            )  # fmt: skip


ROTATE = ("bundle", "--rotate", "Old", "New", "--output", "b.pem")


def rotation_of_a_root(s: Stage) -> list[str]:
    s(*init("Old"))
    s(*issue("x"))
    s(*issue("only a client", "--profile", "client"))
    s("export-pkcs12", "x", "--passphrase", "p")
    s(*init("New"))
    return ["x", "only_a_client"]


def rotation_of_an_expired_root(s: Stage) -> list[str]:
    s.now -= 20 * DAY
    s(*init("Old"), "--expires", "10 days")
    s(*issue("x"))
    s.now += 20 * DAY
    s(*init("New"))
    return ["x"]


def rotation_to_an_intermediate_ca(s: Stage) -> list[str]:
    s(*init("Old"))
    s(*issue("x"), "--CA", "Old")
    s(*init("Root"), "--path-length", "1")
    s(*request("New"))
    s("sign", "New", "--CA", "Root", "--intermediate")
    return ["x"]


def rotation_from_an_intermediate_ca(s: Stage) -> list[str]:
    s(*init("Root"), "--path-length", "1")
    s(*request("Old"))
    s("sign", "Old", "--CA", "Root", "--intermediate")
    s(*issue("x"), "--CA", "Old")
    s("export-chain", "x")
    s(*init("New"))
    return ["x"]


def rotation_of_a_client_without_a_request(s: Stage) -> list[str]:
    s(*init("Old"))
    s(*issue("x"))
    s.away("x.csr")
    s(*init("New"))
    return ["x"]


def rotation_of_many(s: Stage) -> list[str]:
    s(*init("Old"))
    names = [f"x{number:02}" for number in range(21)]
    s(*issue(*names))
    s(*init("New"))
    return names


ROTATIONS = [
    rotation_of_a_root,
    rotation_of_an_expired_root,
    rotation_to_an_intermediate_ca,
    rotation_from_an_intermediate_ca,
    rotation_of_a_client_without_a_request,
]


@pytest.mark.parametrize(
    ("rotation", "depot"),
    [*((each, depot) for each in ROTATIONS for depot in ("", "my depot")), (rotation_of_many, "")],
)
def test_each_command_of_a_rotation_can_be_run_in_its_turn(
    folder: Path, rotation: Callable[[Stage], list[str]], depot: str
) -> None:
    s = Stage(depot)
    s.now = utc_now()  # the rehearsal of a check goes by the clock of this machine
    clients = rotation(s)
    s.typed = "p\np\n"
    ran = set()
    for line in [line[3:] for line in s(*ROTATE).splitlines() if line.startswith("   ")]:
        if "create one where its key is" in line:
            s("request-cert", "--cn", "x", "--key", str(s.file("x.key")))
        command = line if line[0] != "#" else line.partition("Its configuration: ")[2]
        program, *words = shlex.split(command.replace("NAME", clients[-1])) or [""]
        ran.add(program)
        if "--connect" in words:
            shown = s.run(*words, code=3)
            assert "failed: 1 of" in shown  # nothing but the endpoint
            assert "your-namespace.acct.tmprl.cloud:7233 is not reachable" in shown
        elif program in {"certstrap", "mkdir", "mv"}:
            _run(s, shlex.join([program, *words]), {})
    # A CA that has expired goes in one upload with the new one, which only tcld has a command for.
    uploading = {"tcld"} if rotation is rotation_of_an_expired_root else {"tcld", "temporal"}
    assert ran - {""} == {"certstrap", "mkdir", "mv", *uploading}
    for stem in clients:
        assert f"{stem}: good" in s("verify", stem)
        assert s.pair(stem).certificate.issuer == s.pair("New").certificate.subject


@pytest.mark.parametrize("options", [("--depot-path", "out"), ()], ids=["option", "variable"])
def test_the_depot_stands_in_a_hint_whenever_the_user_named_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    if not options:
        monkeypatch.setenv("CERTSTRAP_DEPOT_PATH", "out")
    hint = "Hint: Create it with: certstrap --depot-path out request-cert --common-name x\n"
    assert Stage("").run(*options, "sign", "x", code=1).endswith(hint)


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        (request("Cert"), "Cert is a CA: choose another name."),
        (init("Cert"), "Cert is a CA: choose another name."),
        (("sign", "x", "--CA", "Cert.crt"), "Use its name, without the suffix: Cert."),
        (("sign", "x.csr"), "Use its name, without the suffix: x."),
        (("issue", "y", "--CA", "out/Cert.crt"), "Use its name, without the suffix: Cert."),
        *(
            (
                (*command, "--CA", "pkcs11:object=ca"),
                "Use the name of the CA: its key file says in which token its key is.",
            )
            for command in (("sign", "x"), ("issue", "y"))
        ),
    ],
)
def test_a_hint_fits_what_the_depot_has(folder: Path, command: tuple[str, ...], hint: str) -> None:
    s = Stage("")
    s(*init("Cert"))
    s(*request("x"))
    assert s(*command, code=1).splitlines()[-1] == f"Hint: {hint}"


def test_who_makes_no_key_is_told_nothing_about_new_ones(folder: Path) -> None:
    s = Stage("")
    s("init", "--cn", "Cert", "--curve", "P-256", "--passphrase", "secret")
    s(*issue("x"), code=1)
    s("issue", "x", "--curve", "P-256", "--passphrase", "secret")
    s.typed = ""
    for command in (("sign", "x", "--cert", "y.crt"), ("revoke", "--CN", "x")):
        for options in ((), ("--no-passphrase",)):
            shown = s(*command, *options, code=1)
            assert "--passphrase-file FILE" in shown
            assert "new keys" not in shown
    assert "new keys are not encrypted" in s("request-cert", "--cn", "z", code=1)


def test_what_only_the_key_of_a_ca_can_do_is_not_advised_without_it(folder: Path) -> None:
    s = Stage("")
    s(*issue("x"), "--expires", "1 day")
    s("crl", "Cert", "--days", "1")
    s.away("Cert.key")
    s.now += 2 * DAY
    for command, code in (("issue", 1), ("verify", 3), ("check", 3)):
        shown = s(command, "x", code=code)
        assert "certstrap renew" not in shown
        assert "where the key" in shown
    shown = s("crl", "Cert", "--bundle", code=1)
    hint = (
        "Write a new one where the key of its CA is, or fetch it again from the engine that has "
        "that key, and copy it to out/Cert.crl."
    )
    assert hint in shown


def test_a_root_whose_key_is_elsewhere_is_replaced_by_commands(folder: Path) -> None:
    s = Stage("my depot")
    s(*init("Root"), "--expires", "10 days")
    s.away("Root.key")
    shown = s("renew", "--expiring", "30d", code=1)
    hint = "Renew it where its key is; or create a new CA, and move the clients to it: "
    _run(s, _command_after(hint, shown), {"NEW": "New"})


def test_clients_of_an_expired_ca_change_over_to_a_new_one(folder: Path) -> None:
    s = Stage("")
    s(*init("Old"), "--expires", "10 days")
    s(*issue("x"), "--CA", "Old")
    s.now += 20 * DAY
    s(*init("New"))
    shown = s("bundle", "--rotate", "Old", "New", "--output", "b.pem")
    assert "1. Old expired on 2026-12-03: sign new certificates with New" in shown
    assert "2. Let the Namespace accept New alone, with this line" in shown
    assert x509.load_pem_x509_certificates(Path("b.pem").read_bytes()) == [
        s.pair("New").certificate
    ]


def test_what_is_not_in_the_depot_is_not_to_be_renewed(folder: Path) -> None:
    s = Stage("")
    s(*issue("x"), "--expires", "1 day")
    s.away("x.crt")
    s.now += 2 * DAY
    shown = s("verify", "./x.crt", code=3)
    assert "failed: ./x.crt expired on" in shown
    assert "hint" not in shown
