"""`export-pkcs12`: key, certificate and chain in one file, protected unless asked otherwise."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

from certstrap.pki.keys import KeySpec
from tests.builders import foreign, pairs
from tests.builders.depots import NEW_KEY, TEN_YEARS, init, signed
from tests.cli.terminal import AGAIN, NEW, ends, terminal
from tests.conftest import CommandLine, visible

EXPORT = ("export-pkcs12", "client")
CREATED = "Created out/client.p12 (encrypted by passphrase)"
CLEAR = "Created out/client.p12"


pytestmark = pytest.mark.depot(
    init("Root", "--path-length", "1", *TEN_YEARS),
    *signed("Int", "Root", "--intermediate"),
    *signed("client", "Int", "--expires", "1 year"),
)
"""A depot with `client` below the intermediate `Int` below `Root`."""


def opened(path: Path, passphrase: str = "") -> pkcs12.PKCS12KeyAndCertificates:
    return pkcs12.load_pkcs12(path.read_bytes(), passphrase.encode() or None)


def certificates(path: Path, passphrase: str = "") -> list[x509.Certificate]:
    """Return the certificates in a file: the one of its key, and those above it."""
    store = opened(path, passphrase)
    assert store.cert
    assert store.key
    assert store.key.public_key() == store.cert.certificate.public_key()
    return [store.cert.certificate, *(above.certificate for above in store.additional_certs)]


def of(depot: Path, *stems: str) -> list[x509.Certificate]:
    return [foreign.load_certificate(depot / f"{stem}.crt") for stem in stems]


def encrypt_key(path: Path, passphrase: bytes) -> None:
    key = foreign.load_key(path)
    path.chmod(0o600)
    path.write_bytes(foreign.key_data(key, passphrase=passphrase))


@pytest.mark.parametrize("legacy", [(), ("--legacy",)])
def test_key_certificate_and_chain_go_into_one_file(
    certstrap: CommandLine, depot: Path, legacy: tuple[str, ...]
) -> None:
    outcome = certstrap(*EXPORT, "--passphrase", "new", *legacy)
    assert outcome.lines == [CREATED]
    path = depot / "client.p12"
    assert certificates(path, "new") == of(depot, "client", "Int", "Root")
    assert path.stat().st_mode & 0o777 == 0o400
    key = opened(path, "new").key
    assert key
    assert key.public_key() == foreign.load_key(depot / "client.key").public_key()
    with pytest.raises(ValueError, match="Invalid password"):
        opened(path, "old")


def test_the_name_of_the_files_is_the_alias(certstrap: CommandLine, depot: Path) -> None:
    certstrap(*EXPORT, "--passphrase", "new")
    store = opened(depot / "client.p12", "new")
    assert store.cert
    assert store.cert.friendly_name == b"client"
    assert [above.friendly_name for above in store.additional_certs] == [None, None]


@pytest.mark.parametrize("kind", ["RSA", "P-521", "Ed25519"])
def test_every_kind_of_key_is_exported(certstrap: CommandLine, folder: Path, kind: str) -> None:
    options = ("--no-passphrase", *(("--curve", kind) if kind != "RSA" else ()))
    certstrap("init", "--cn", "Cert", *NEW_KEY)
    certstrap("request-cert", "--cn", "client", *options)
    certstrap("sign", "client")
    certstrap(*EXPORT, "--no-passphrase")
    assert certificates(folder / "out/client.p12") == of(folder / "out", "client", "Cert")


@pytest.mark.parametrize(
    ("options", "lines", "environ"),
    [
        (("--passphrase-file", "p"), "", {}),
        (("--passphrase-file", "-"), "new\n", {}),
        ((), "", {"CERTSTRAP_PASSPHRASE": "new"}),
        ((), "new\nnew\n", {}),
    ],
    ids=["file", "standard input", "environment", "pipe"],
)
def test_the_passphrase_may_come_from_elsewhere(
    certstrap: CommandLine,
    folder: Path,
    depot: Path,
    options: tuple[str, ...],
    lines: str,
    environ: dict[str, str],
) -> None:
    (folder / "p").write_text("new\n")
    assert certstrap(*EXPORT, *options, input=lines, environ=environ).lines == [CREATED]
    assert certificates(depot / "client.p12", "new")


def test_the_passphrase_is_asked_twice(folder: Path, depot: Path) -> None:
    with terminal(folder, *EXPORT) as child:
        child.expect_exact(NEW)
        child.sendline("new")
        child.expect_exact(AGAIN)
        child.sendline("new")
        printed = ends(child)
    assert printed.splitlines()[-1] == CREATED
    assert "new" not in printed
    assert certificates(depot / "client.p12", "new")


def test_it_has_to_be_typed_the_same_way_twice(certstrap: CommandLine, depot: Path) -> None:
    certstrap.refuses(*EXPORT, input="new\nmew\n", sentence="Passphrases do not match.")


def test_without_a_passphrase_or_a_terminal_nothing_is_exported(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap.refuses(*EXPORT, sentence="A passphrase is needed", hint="--no-passphrase")


@pytest.mark.parametrize(
    ("options", "lines"), [(("--no-passphrase",), ""), (("--passphrase", ""), ""), ((), "\n\n")]
)
@pytest.mark.parametrize("legacy", [(), ("--legacy",)])
def test_a_file_without_a_passphrase_says_what_that_means(
    certstrap: CommandLine, depot: Path, options: tuple[str, ...], lines: str,
    legacy: tuple[str, ...],
) -> None:  # fmt: skip
    outcome = certstrap(*EXPORT, *options, *legacy, input=lines)
    assert outcome.lines[0] == CLEAR
    assert outcome.lines[1] == "Its passphrase is empty: whoever can read the file has the key."
    assert "Java" not in outcome.stdout
    assert b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02" in (depot / "client.p12").read_bytes()
    assert certificates(depot / "client.p12") == of(depot, "client", "Int", "Root")
    assert (depot / "client.p12").stat().st_mode & 0o777 == 0o400


def test_a_passphrase_beyond_ascii_says_that_java_does_not_take_it(
    certstrap: CommandLine, depot: Path
) -> None:
    outcome = certstrap(*EXPORT, "--passphrase", "grün")
    assert outcome.lines[0] == CREATED
    assert "Java" in outcome.stdout
    assert certificates(depot / "client.p12", "grün")


@pytest.mark.parametrize("legacy", [(), ("--legacy",)])
def test_a_passphrase_that_is_no_text_is_refused(
    certstrap: CommandLine, folder: Path, depot: Path, legacy: tuple[str, ...]
) -> None:
    (folder / "p").write_bytes(b"\xff\xfe\n")
    certstrap.refuses(
        *EXPORT, "--passphrase-file", "p", *legacy, sentence="passphrase", hint="Hint: "
    )


@pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8])
def test_the_passphrase_of_the_key_is_asked_before_that_of_the_file(
    certstrap: CommandLine, depot: Path, form: PrivateFormat
) -> None:
    key = foreign.load_key(depot / "client.key")
    (depot / "client.key").unlink()
    foreign.write(depot / "client.key", foreign.key_data(key, form=form, passphrase=b"old"))
    certstrap(*EXPORT, input="old\nnew\nnew\n")
    assert certificates(depot / "client.p12", "new") == of(depot, "client", "Int", "Root")


def test_one_passphrase_may_open_the_key_and_protect_the_file(
    certstrap: CommandLine, depot: Path
) -> None:
    encrypt_key(depot / "client.key", b"both")
    certstrap.refuses(*EXPORT, "--passphrase", "wrong", sentence="does not decrypt out/client.key.")
    assert certstrap(*EXPORT, "--passphrase", "both").lines == [CREATED]
    assert certificates(depot / "client.p12", "both")


def test_an_encrypted_key_may_go_into_a_file_without_a_passphrase(
    certstrap: CommandLine, depot: Path
) -> None:
    encrypt_key(depot / "client.key", b"old")
    assert certstrap(*EXPORT, input="old\n\n\n").lines[0] == CLEAR
    assert certificates(depot / "client.p12") == of(depot, "client", "Int", "Root")


def test_the_file_goes_to_the_path_that_was_given(certstrap: CommandLine, depot: Path) -> None:
    before = sorted(visible(depot))
    outcome = certstrap(*EXPORT, "--output", "identity.pfx", "--passphrase", "new")
    assert outcome.lines == ["Created identity.pfx (encrypted by passphrase)"]
    assert certificates(Path("identity.pfx"), "new")
    assert Path("identity.pfx").stat().st_mode & 0o777 == 0o400
    assert sorted(visible(depot)) == before


def test_nothing_is_overwritten_and_no_passphrase_is_asked_for(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap(*EXPORT, "--no-passphrase")
    certstrap.refuses(*EXPORT, sentence="out/client.p12 already exists!", hint="Hint: ")
    certstrap.refuses(*EXPORT, "--output", "out/Int.crt", sentence="out/Int.crt already exists!")


@pytest.mark.parametrize("name", ["Root", "Int"])
def test_the_key_of_a_ca_is_refused_unless_it_is_meant(
    certstrap: CommandLine, depot: Path, name: str
) -> None:
    certstrap.refuses(
        "export-pkcs12", name,
        sentence=f"out/{name}.key has the key of the CA {name}", hint="--allow-ca",
    )  # fmt: skip
    certstrap("export-pkcs12", name, "--allow-ca", "--no-passphrase")
    above = {"Root": [], "Int": ["Root"]}[name]
    assert certificates(depot / f"{name}.p12") == of(depot, name, *above)


@pytest.mark.parametrize(
    ("gone", "missing", "left"), [("Int", "CN=Int", []), ("Root", "CN=Root", ["Int"])]
)
def test_an_incomplete_chain_is_reported_with_the_missing_issuer(
    certstrap: CommandLine, depot: Path, gone: str, missing: str, left: list[str]
) -> None:
    (depot / f"{gone}.crt").unlink()
    assert certstrap(*EXPORT, "--no-passphrase").lines[-1] == (
        f'Its chain is incomplete: the depot does not have "{missing}".'
    )
    assert certificates(depot / "client.p12") == of(depot, "client", *left)


def test_the_missing_issuer_is_fit_for_a_terminal(certstrap: CommandLine, folder: Path) -> None:
    pairs.leaf(pairs.ca(subject="red \x1b[31m\u202e")).store("client")
    outcome = certstrap(*EXPORT, "--no-passphrase")
    assert "\x1b" not in outcome.stdout
    assert "\u202e" not in outcome.stdout


def test_a_certificate_that_signed_itself_is_its_whole_chain(
    certstrap: CommandLine, folder: Path
) -> None:
    foreign.store_ca(folder / "out", "client", it=(it := pairs.made()).certificate, key=it.key)
    assert not [line for line in certstrap(*EXPORT, "--no-passphrase").lines if "chain" in line]
    assert certificates(folder / "out/client.p12") == [it.certificate]


def test_a_key_of_another_certificate_is_refused(certstrap: CommandLine, depot: Path) -> None:
    (depot / "client.key").unlink()
    foreign.write(depot / "client.key", foreign.key_data(KeySpec(curve="P-256").generate()))
    certstrap.refuses(
        *EXPORT, "--no-passphrase",
        sentence="out/client.key is not the key of out/client.crt.",
        hint="Put back the files that belong together",
    )  # fmt: skip


def test_a_name_beyond_ascii_is_exported(certstrap: CommandLine, depot: Path) -> None:
    certstrap("request-cert", "--cn", "Größe 日本", *NEW_KEY)
    certstrap("sign", "Größe 日本", "--CA", "Int", "--expires", "1 year")
    certstrap("export-pkcs12", "Größe 日本", "--passphrase", "new")
    store = opened(depot / "Größe_日本.p12", "new")
    assert store.cert
    assert store.cert.friendly_name == "Größe 日本".encode()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (("nobody",), "There is no certificate out/nobody.crt."),
        (("asked",), "There is no certificate out/asked.crt."),
        (("keyless",), "There is no private key out/keyless.key."),
        (("client", "--output", "no/such"), "Cannot write no/such: No such file or directory."),
        (("client", "--output", "out"), "out already exists!"),
        (("..",), 'Invalid name: ".." has no letter or digit.'),
    ],
)
def test_what_cannot_be_exported_is_reported_in_one_sentence_with_a_hint(
    certstrap: CommandLine, depot: Path, line: tuple[str, ...], sentence: str
) -> None:
    certstrap("request-cert", "--cn", "asked", *NEW_KEY)
    foreign.write(depot / "keyless.crt", (depot / "client.crt").read_bytes(), 0o444)
    outcome = certstrap.refuses(
        "export-pkcs12", *line, "--no-passphrase", sentence=sentence, hint="Hint: "
    )
    assert len(outcome.stderr.splitlines()) == 2


def test_a_key_that_is_open_to_others_is_refused(certstrap: CommandLine, depot: Path) -> None:
    (depot / "client.key").chmod(0o644)
    certstrap.refuses(
        *EXPORT, sentence="is a private key that others can access (mode 0644)", hint="chmod"
    )


@pytest.mark.parametrize(
    "line", [(), ("a", "b"), ("client", "--passphrase", "p", "--no-passphrase")]
)
def test_a_line_that_makes_no_sense_cannot_be_read(
    certstrap: CommandLine, folder: Path, line: tuple[str, ...]
) -> None:
    assert certstrap("export-pkcs12", *line, exit_code=2).stderr
