"""Bad files: one clear sentence that names the file, a hint, and nothing written.

Each command is given each bad thing in the place of each file that it reads.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from certstrap.pki.keys import P256
from tests import programs
from tests.builders import foreign
from tests.builders.depots import TEN_YEARS, init, request, signed
from tests.builders.keys import a_dsa_key
from tests.conftest import NOW, CommandLine, snapshot
from tests.programs import CERTSTRAP, ordinary

KEY, REQUEST, CERTIFICATE = "private key", "certificate request", "certificate"
READERS = {  # the command, the file that it reads, and what that should be
    "init --key": ("init --no-passphrase --cn x --key x.key", "x.key", KEY),
    "request-cert --key": ("request-cert --cn x --key x.key", "x.key", KEY),
    "export-pkcs8 --key": ("export-pkcs8 --key x.key --output x.p8", "x.key", KEY),
    "export-pkcs8": ("export-pkcs8 client", "out/client.key", KEY),
    "sign, the key": ("sign client --CA Cert", "out/Cert.key", KEY),
    "sign, the CA": ("sign client --CA Cert", "out/Cert.crt", CERTIFICATE),
    "sign, the request": ("sign client --CA Cert", "out/client.csr", REQUEST),
    "sign --csr": ("sign x --CA Cert --csr x.csr", "x.csr", REQUEST),
    "issue, the key": ("issue client --CA Cert", "out/client.key", KEY),
    "issue, the CA's key": ("issue client --CA Cert", "out/Cert.key", KEY),
    "issue, the CA": ("issue client --CA Cert", "out/Cert.crt", CERTIFICATE),
    "issue, the request": ("issue client --CA Cert", "out/client.csr", REQUEST),
    "issue, the certificate": ("issue signed", "out/signed.crt", CERTIFICATE),
}
NAMED_FILES = {  # the options that name a file which must exist, and what it should hold
    "init --cn new --key": "private key",
    "init --cn new --passphrase-file": "passphrase file",
    "sign client --csr": "certificate request",
    "export-pkcs8 --output x.p8 --key": "private key",
    "import x --cert": "certificate",
    "import x --cert out/Cert.crt --key": "private key",
    "import x --cert out/signed.crt --csr": "certificate request",
    "gen leaf --org o --cert c --key k --ca-key out/Cert.key --ca-cert": "CA certificate",
    "gen leaf --org o --cert c --key k --ca-cert out/Cert.crt --ca-key": "private key",
    "issue --from": "list of certificates",
    "check --cert": "certificate",
    "check --cert out/signed.crt --key": "private key",
    "check --cert out/signed.crt --ca-bundle": "CA bundle",
    "check signed --connect localhost --server-ca": "CA certificate",
    "bundle --check": "CA bundle",
    "bundle --cert": "CA certificate",
    "filters --match": "file with certificate filters",
}
NAMES = {  # commands with a name that leads to no file
    "export-pkcs8 gone": "private key out/gone.key",
    "export-pkcs12 gone": "certificate out/gone.crt",
    "export-chain gone": "certificate out/gone.crt",
    "check gone": "certificate out/gone.crt",
    "inspect gone": "file, and no name in the depot, gone",
    "verify gone": "file, and no name in the depot, gone",
}
PEM = {
    KEY: foreign.key_data(P256.generate()),
    REQUEST: foreign.request(),
    CERTIFICATE: foreign.certificate().public_bytes(Encoding.PEM),
}
reading = pytest.mark.parametrize("reader", READERS)


pytestmark = pytest.mark.depot(init("Cert", *TEN_YEARS), request("client"), *signed("signed"))
"""The CA `Cert`, the key and request `client`, and all of `signed`."""


def put(folder: Path, path: str, data: bytes) -> None:
    (folder / path).unlink(missing_ok=True)
    foreign.write(folder / path, data)


@reading
@pytest.mark.parametrize("data", [b"", b"\n \n"])
def test_an_empty_file_is_refused(
    certstrap: CommandLine, depot: Path, reader: str, data: bytes
) -> None:
    command, path, kind = READERS[reader]
    put(depot.parent, path, data)
    certstrap.says(*command.split(), sentence=f"{path} is empty.", hint=f"It should hold a {kind}.")


@reading
@pytest.mark.parametrize("cut", [30, -30])
def test_truncated_pem_is_refused(
    certstrap: CommandLine, depot: Path, reader: str, cut: int
) -> None:
    command, path, kind = READERS[reader]
    put(depot.parent, path, PEM[kind][:cut])
    sentence, hint = certstrap.refuses(*command.split(), sentence=path).stderr.splitlines()
    assert sentence in {
        f"{path} is not a {kind} that can be read.",
        f"{path} is broken: it has no END line.",
    }
    assert any(way in hint for way in ("cut short", "broken", " --pem"))


@reading
@pytest.mark.parametrize(
    "data",
    [
        lambda pem: pem.replace(b"\nM", b"\n*", 1),
        lambda pem: b"".join(line for n, line in enumerate(pem.splitlines(True)) if n != 2),
        lambda _: b"\x00\xff random bytes \x80\x81",
        lambda _: b"\x30\x03\x02\x01\x01",
        lambda _: b"just some text",
    ],
    ids=["not base64", "a line lost", "bytes", "DER", "text"],
)
def test_what_cannot_be_decoded_is_refused(
    certstrap: CommandLine, depot: Path, reader: str, data: Callable[[bytes], bytes]
) -> None:
    command, path, kind = READERS[reader]
    put(depot.parent, path, data(PEM[kind]))
    sentence, hint = certstrap.refuses(*command.split(), sentence=path).stderr.splitlines()
    assert sentence in {
        f"{path} is not a {kind} that can be read.",
        f"{path} is broken: it has a PEM block that is not valid.",
    }
    assert hint.startswith("Hint: ")


@reading
@pytest.mark.parametrize("other", PEM)
def test_a_key_a_request_and_a_certificate_are_distinguished(
    certstrap: CommandLine, depot: Path, reader: str, other: str
) -> None:
    command, path, kind = READERS[reader]
    if other != kind:
        put(depot.parent, path, PEM[other])
        certstrap.says(
            *command.split(),
            sentence=f"{path} holds a {other}, not a {kind}.",
            hint="the right file",
        )


@reading
@pytest.mark.parametrize("thing", ["folder", "fifo", "device"])
def test_a_folder_a_fifo_or_a_device_is_refused_where_a_file_should_be(
    certstrap: CommandLine, depot: Path, reader: str, thing: str
) -> None:
    command, path, kind = READERS[reader]
    place = depot.parent / path
    if thing != "folder" and not path.startswith("out/"):
        return  # pipes and devices that the user names are read: see test_named_pipes.py
    place.unlink(missing_ok=True)
    if thing == "folder":
        place.mkdir()
    elif thing == "fifo":
        os.mkfifo(place)
    else:
        place.symlink_to(os.devnull)
    certstrap.says(
        *command.split(), sentence=f"{path} is not a regular file.", hint=f"It should be a {kind}."
    )


@pytest.mark.parametrize(
    "reader",
    # `issue` makes what is not there, and `request-cert` the key
    [
        reader
        for reader in READERS
        if not reader.startswith(("issue", "request-cert")) or reader.endswith("CA's key")
    ],
)
def test_a_file_that_is_not_there_is_named(
    certstrap: CommandLine, depot: Path, reader: str
) -> None:
    command, path, kind = READERS[reader]
    (depot.parent / path).unlink(missing_ok=True)
    certstrap.says(*command.split(), sentence=f"There is no {kind} {path}.")


@pytest.mark.parametrize("command", NAMED_FILES)
def test_a_file_that_is_not_there_is_looked_for_at_the_path_that_was_named(
    certstrap: CommandLine, depot: Path, command: str
) -> None:
    sentence = f"There is no {NAMED_FILES[command]} gone."
    certstrap.says(*f"{command} gone".split(), sentence=sentence, hint="Hint: Check the path.")


@pytest.mark.parametrize("command", NAMES)
def test_a_name_that_leads_to_no_file_is_to_be_checked_with_the_depot(
    certstrap: CommandLine, depot: Path, command: str
) -> None:
    hint = "Hint: Check the name and the depot path."
    certstrap.says(*command.split(), sentence=f"There is no {NAMES[command]}.", hint=hint)


def test_what_an_earlier_step_makes_is_named_with_that_step(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap.says(
        "sign",
        "nobody",
        "--CA",
        "Cert",
        sentence="There is no certificate request out/nobody.csr.",
        hint="Create it with: certstrap request-cert --common-name nobody",
    )
    certstrap.says(
        "sign",
        "client",
        "--CA",
        "Nobody",
        sentence="There is no certificate out/Nobody.crt.",
        hint="create it with: certstrap init --common-name Nobody",
    )


@reading
def test_a_file_that_may_not_be_read_is_refused(depot: Path, reader: str) -> None:
    command, path, kind = READERS[reader]
    put(depot.parent, path, PEM[kind])
    (depot.parent / path).chmod(0)
    before = snapshot(depot.parent)
    done = programs.run(*ordinary(), *CERTSTRAP, *command.split(), exit_code=1)
    hint = "Hint: Check its permissions."
    assert done.stderr == f"Cannot read {path}: Permission denied.\n{hint}\n"
    assert not done.stdout
    assert snapshot(depot.parent) == before


@pytest.mark.parametrize("mode", [0o444, 0o644, 0o460, 0o441, 0o666, 0o620])
@pytest.mark.parametrize(
    "reader", ["export-pkcs8", "sign, the key", "issue, the key", "issue, the CA's key"]
)
def test_a_key_that_is_open_to_others_is_refused(
    certstrap: CommandLine, depot: Path, reader: str, mode: int
) -> None:
    command, path, _ = READERS[reader]
    (depot.parent / path).chmod(mode)
    sentence = f"{path} is a private key that others can access (mode {mode:04o})."
    certstrap.says(*command.split(), sentence=sentence, hint="chmod 0400 ")


def test_the_chmod_of_the_hint_is_one_that_a_shell_can_run(
    certstrap: CommandLine, depot: Path
) -> None:
    there = depot.rename(depot.parent / "it's $HOME")
    (there / "client.key").chmod(0o644)
    depot_path = ("--depot-path", there.name)
    outcome = certstrap.refuses(*depot_path, "export-pkcs8", "client", sentence="others can access")
    chmod = outcome.stderr.splitlines()[1].removeprefix("Hint: Restrict it with: ")
    programs.run("sh", "-c", chmod)
    certstrap(*depot_path, "export-pkcs8", "client")


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o600, 0o640, 0o700])
def test_a_key_that_others_cannot_read_is_fine(
    certstrap: CommandLine, depot: Path, mode: int
) -> None:
    (depot / "Cert.key").chmod(mode)
    (depot / "Cert.crt").chmod(0o666)
    (depot / "client.csr").chmod(0o666)
    certstrap("sign", "client", "--CA", "Cert")


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_key_of_a_kind_that_cannot_sign_is_refused(
    certstrap: CommandLine, depot: Path, form: PrivateFormat
) -> None:
    if form == PrivateFormat.PKCS8:
        data = x25519.X25519PrivateKey.generate().private_bytes(Encoding.PEM, form, NoEncryption())
    else:
        data = a_dsa_key().private_bytes(Encoding.PEM, form, NoEncryption())
    put(depot.parent, "x.key", data)
    for reader in ("init --key", "request-cert --key", "export-pkcs8 --key"):
        certstrap.says(
            *READERS[reader][0].split(),
            sentence="x.key holds a key that cannot sign.",
            hint="Ed25519",
        )


BAD_REQUESTS = {
    "broken": (
        foreign.request_changed_after_signing(),
        "{} is not signed by its own key.",
        "create it again",
    ),
    "sha1": (
        foreign.request_signed_with_sha1(),
        "{} is signed with SHA1, which is not secure.",
        "SHA-256",
    ),
    "weak": (
        foreign.request(key=foreign.weak_key()),
        "{} has an RSA key of 1024 bits.",
        "2048",
    ),
    "nameless": (
        foreign.request(subject=""),
        "The request has neither a subject nor alternative names.",
        "common name or a domain",
    ),
    "of the CA": (
        foreign.request(subject="cERT"),
        "The request has the name of the CA itself, but a name can appear only once in a chain.",
        "another common name",
    ),
}


@pytest.mark.parametrize("bad", BAD_REQUESTS)
@pytest.mark.parametrize("reader", ["sign, the request", "sign --csr", "issue, the request"])
def test_a_request_that_must_not_be_signed_is_refused(
    certstrap: CommandLine, depot: Path, reader: str, bad: str
) -> None:
    command, path, _ = READERS[reader]
    data, sentence, hint = BAD_REQUESTS[bad]
    put(depot.parent, path, data)
    (depot / "client.key").unlink()
    certstrap.says(*command.split(), sentence=sentence.format(path), hint=hint)


signing = pytest.mark.parametrize(
    "command", ["sign client --CA Foreign", "issue client --CA Foreign"]
)
NOT_ALLOWED = "Selected CA certificate is not allowed to sign certificates."


@signing
@pytest.mark.parametrize(("ca", "cert_sign"), [(False, True), (None, True), (True, False)])
def test_a_certificate_that_is_not_a_cas_signs_nothing(
    certstrap: CommandLine, depot: Path, command: str, ca: bool | None, cert_sign: bool
) -> None:
    key = P256.generate()
    it = foreign.certificate(key=key, ca=ca, cert_sign=cert_sign)
    foreign.store_ca(depot, it=it, key=key)
    outcome = certstrap.refuses(*command.split(), sentence=NOT_ALLOWED)
    assert outcome.stderr == NOT_ALLOWED + "\n"  # it stands alone: no hint


@pytest.mark.parametrize("command", ["sign client --CA signed", "issue client --CA signed"])
def test_a_leaf_signs_nothing(certstrap: CommandLine, depot: Path, command: str) -> None:
    assert (depot / "signed.crt").is_file()
    outcome = certstrap.refuses(*command.split(), sentence=NOT_ALLOWED)
    assert outcome.stderr == NOT_ALLOWED + "\n"


@signing
def test_a_ca_that_has_expired_signs_nothing(
    certstrap: CommandLine, depot: Path, command: str
) -> None:
    key = P256.generate()
    it = foreign.certificate(key=key, end=NOW - timedelta(seconds=1))
    foreign.store_ca(depot, it=it, key=key)
    sentence = "out/Foreign.crt expired on 2026-11-23 11:59:59 UTC."
    certstrap.says(*command.split(), sentence=sentence, hint="Renew the CA")


@signing
def test_a_ca_that_is_not_valid_yet_signs_nothing(
    certstrap: CommandLine, depot: Path, command: str
) -> None:
    key = P256.generate()
    it = foreign.certificate(key=key, start=NOW + timedelta(seconds=1))
    foreign.store_ca(depot, it=it, key=key)
    sentence = "out/Foreign.crt is not valid before 2026-11-23 12:00:01 UTC."
    certstrap.says(*command.split(), sentence=sentence, hint="clock")


@signing
def test_a_ca_with_the_key_of_another_signs_nothing(
    certstrap: CommandLine, depot: Path, command: str
) -> None:
    foreign.store_ca(depot, it=foreign.certificate())
    sentence = "out/Foreign.key is not the key of out/Foreign.crt."
    certstrap.says(*command.split(), sentence=sentence, hint="belong together")


@signing
def test_a_ca_with_a_weak_key_signs_nothing(
    certstrap: CommandLine, depot: Path, command: str
) -> None:
    key = foreign.weak_key()
    foreign.store_ca(depot, it=foreign.certificate(key=key), key=key)
    certstrap.says(
        *command.split(),
        sentence="out/Foreign.crt has an RSA key of 1024 bits.",
        hint="2048 to 16384",
    )


def test_a_ca_that_may_not_sign_is_refused_before_the_prompt(
    certstrap: CommandLine, depot: Path
) -> None:
    key = P256.generate()
    foreign.store_ca(depot, it=foreign.certificate(key=key, end=NOW - timedelta(days=1)), key=key)
    put(depot.parent, "out/Foreign.key", foreign.key_data(key, passphrase=b"secret"))
    certstrap.refuses("sign", "client", "--CA", "Foreign", sentence="out/Foreign.crt expired on")


def test_a_file_in_the_depot_that_is_no_certificate_does_no_harm(
    certstrap: CommandLine, depot: Path
) -> None:
    put(depot.parent, "out/junk.crt", b"junk")
    (depot / "folder.crt").mkdir()
    (depot / "link.crt").symlink_to("nowhere")
    certstrap("sign", "client")
    ca = x509.load_pem_x509_certificate((depot / "Cert.crt").read_bytes())
    foreign.load_certificate(depot / "client.crt").verify_directly_issued_by(ca)
