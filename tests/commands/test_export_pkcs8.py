"""`export-pkcs8`: any key, as the PKCS#8 that Java reads; not encrypted unless requested."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat

from certstrap.pki.keys import P256, RSA_2048, KeySpec, PrivateKey
from tests.builders import foreign
from tests.builders.depots import NEW_KEY
from tests.builders.keys import a_key
from tests.conftest import CommandLine

KEYS = {
    "rsa": a_key(RSA_2048),
    "p256": P256.generate(),
    "p521": KeySpec(curve="P-521").generate(),
    "ed25519": KeySpec(curve="Ed25519").generate(),
}


def same_key(path: Path, key: PrivateKey, passphrase: bytes | None = None) -> bool:
    return foreign.load_key(path, passphrase).public_key() == key.public_key()


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_of_the_depot_is_written_beside_it(
    certstrap: CommandLine, folder: Path, kind: str
) -> None:
    foreign.write(folder / "its.key", foreign.key_data(KEYS[kind]))
    certstrap("request-cert", "--cn", "a b", "--key", "its.key", "--no-passphrase")
    foreign.write(folder / "out/a_b.key", foreign.key_data(KEYS[kind]))
    assert certstrap("export-pkcs8", "a b").stdout == "Created out/a_b.pkcs8.key\n"
    copy = folder / "out/a_b.pkcs8.key"
    assert copy.stat().st_mode & 0o777 == 0o400
    assert copy.read_bytes() == foreign.key_data(KEYS[kind])


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
@pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8])
@pytest.mark.parametrize("kind", ["rsa", "p256"])
def test_every_form_of_a_key_becomes_the_same_pkcs8(
    certstrap: CommandLine, folder: Path, kind: str, form: PrivateFormat, encoding: Encoding
) -> None:
    data = foreign.key_data(KEYS[kind], form=form, encoding=encoding)
    foreign.write(folder / "in.key", data, 0o644)
    outcome = certstrap("export-pkcs8", "--key", "in.key", "--output", "out.pem")
    assert outcome.stdout == "Created out.pem\n"
    assert (folder / "out.pem").read_bytes() == foreign.key_data(KEYS[kind])
    assert (folder / "out.pem").stat().st_mode & 0o777 == 0o400
    assert not (folder / "out").exists()


@pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8])
@pytest.mark.parametrize("given", [("--passphrase", "old"), ()])
def test_an_encrypted_key_is_opened_and_its_copy_is_not_encrypted(
    certstrap: CommandLine, folder: Path, given: tuple[str, ...], form: PrivateFormat
) -> None:
    data = foreign.key_data(KEYS["rsa"], form=form, passphrase=b"old")
    foreign.write(folder / "out/a.key", data)
    assert certstrap("export-pkcs8", "a", *given, input="old\n").lines == [
        "Created out/a.pkcs8.key"
    ]
    assert (folder / "out/a.pkcs8.key").read_bytes() == foreign.key_data(KEYS["rsa"])


def test_encrypt_asks_for_a_passphrase(certstrap: CommandLine, folder: Path) -> None:
    foreign.write(folder / "out/a.key", foreign.key_data(KEYS["p256"]))
    outcome = certstrap("export-pkcs8", "a", "--encrypt", input="new\nnew\n")
    assert outcome.stdout == "Created out/a.pkcs8.key (encrypted by passphrase)\n"
    copy = folder / "out/a.pkcs8.key"
    assert copy.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    assert same_key(copy, KEYS["p256"], b"new")


def test_the_old_passphrase_is_asked_before_the_new_one(
    certstrap: CommandLine, folder: Path
) -> None:
    foreign.write(folder / "out/a.key", foreign.key_data(KEYS["p256"], passphrase=b"old"))
    certstrap("export-pkcs8", "a", "--encrypt", input="old\nnew\nnew\n")
    assert same_key(folder / "out/a.pkcs8.key", KEYS["p256"], b"new")


@pytest.mark.parametrize(
    ("given", "lines"), [(("--no-passphrase",), ""), (("--passphrase", ""), ""), ((), "\n\n")]
)
def test_an_unencrypted_copy_is_never_called_encrypted(
    certstrap: CommandLine, folder: Path, given: tuple[str, ...], lines: str
) -> None:
    foreign.write(folder / "out/a.key", foreign.key_data(KEYS["p256"]))
    certstrap.refuses(
        "export-pkcs8", "a", "--encrypt", *given, input=lines,
        sentence="--encrypt needs a passphrase", hint="leave out --encrypt",
    )  # fmt: skip


def test_a_passphrase_that_would_protect_nothing_is_refused(
    certstrap: CommandLine, folder: Path
) -> None:
    foreign.write(folder / "out/a.key", foreign.key_data(KEYS["p256"]))
    certstrap.refuses(
        "export-pkcs8", "a", "--passphrase", "secret",
        sentence="out/a.key is not encrypted, and the passphrase would not protect it.",
        hint="--encrypt",
    )  # fmt: skip


def test_a_copy_is_not_overwritten(certstrap: CommandLine, folder: Path) -> None:
    foreign.write(folder / "out/a.key", foreign.key_data(KEYS["p256"]))
    certstrap("export-pkcs8", "a")
    certstrap.refuses("export-pkcs8", "a", sentence="out/a.pkcs8.key already exists!")
    certstrap.refuses(
        "export-pkcs8", "a", "--output", "out/a.key", sentence="out/a.key already exists!"
    )


@pytest.mark.parametrize("options", [("Cert",), ("x", "--key", "out/Cert.key")])
def test_the_key_of_a_ca_is_refused_unless_it_is_meant(
    certstrap: CommandLine, folder: Path, options: tuple[str, ...]
) -> None:
    certstrap("init", "--cn", "Cert", *NEW_KEY)
    certstrap.refuses(
        "export-pkcs8",
        *options,
        sentence="out/Cert.key has the key of the CA Cert, and a client must have a key of its "
        "own.",
        hint="--allow-ca",
    )
    certstrap("export-pkcs8", *options, "--allow-ca")


@pytest.mark.parametrize("name", ["Cert.chain", "Cert.pkcs8", "Cert.key"])
def test_a_ca_is_one_by_any_name(certstrap: CommandLine, folder: Path, name: str) -> None:
    certstrap("init", "--cn", name, *NEW_KEY)
    sentence = f"out/{name}.key has the key of the CA {name}"
    certstrap.refuses("export-pkcs8", name, sentence=sentence)


def test_the_key_of_an_intermediate_is_refused(certstrap: CommandLine, folder: Path) -> None:
    certstrap("init", "--cn", "Root", *NEW_KEY, "--path-length", "1")
    certstrap("request-cert", "--cn", "Int", *NEW_KEY)
    certstrap("sign", "Int", "--CA", "Root", "--intermediate")
    certstrap.refuses("export-pkcs8", "Int", sentence="out/Int.key has the key of the CA Int")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "Must provide a name or --key FILE"),
        (("--output", "x"), "Must provide a name or --key FILE"),
        (("--key", "in.key"), "Must provide a name or --output FILE"),
        (("nobody",), "There is no private key out/nobody.key."),
        (("a", "--output", "no/such/folder"), "Cannot write no/such/folder: No such file or "),
        (("..",), 'Invalid name: ".." has no letter or digit.'),
        (("",), 'Invalid name: "" has no letter or digit.'),
    ],
)
def test_what_cannot_be_exported_is_reported_in_one_sentence_with_a_hint(
    certstrap: CommandLine, folder: Path, options: tuple[str, ...], sentence: str
) -> None:
    foreign.write(folder / "in.key", foreign.key_data(KEYS["p256"]))
    foreign.write(folder / "out/a.key", foreign.key_data(KEYS["p256"]))
    code = 2 if sentence.startswith("Must provide") else 1
    outcome = certstrap.refuses(
        "export-pkcs8", *options, sentence=sentence, hint="Hint: ", exit_code=code
    )
    assert len(outcome.stderr.splitlines()) == 2
