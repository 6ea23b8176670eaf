"""`import`: what comes into the depot, in which form, and what is refused."""

import os
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
    pkcs12,
)

from certstrap.pki.keys import P256, RSA_2048
from tests.builders import foreign, pairs
from tests.builders.depots import NEW_KEY
from tests.builders.keys import a_dsa_key
from tests.builders.openssl import openssl
from tests.builders.pairs import Pair
from tests.builders.stores import two_keys
from tests.cli.terminal import ends, terminal
from tests.conftest import NOW, CommandLine, snapshot, visible

REQUEST = ("request-cert", *NEW_KEY, "--cn")
WITH_KEY = ("--cert", "ca.pem", "--key", "ca.key")
IMPORT = ("import", "Root", *WITH_KEY)


@pytest.fixture
def pair(folder: Path) -> Pair:
    """A CA's pair in `ca.pem` and `ca.key`."""
    pair = pairs.ca()
    pair.save("ca")
    return pair


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in visible(folder)}


def test_a_pair_is_copied_in_the_depots_form(
    certstrap: CommandLine, folder: Path, pair: Pair
) -> None:
    before = snapshot(folder)
    assert certstrap(*IMPORT).lines == ["Created out/Root.key", "Created out/Root.crt"]
    assert modes(folder / "out") == {"Root.crt": 0o444, "Root.key": 0o400}
    assert (folder / "out/Root.crt").read_bytes() == pair.pem
    assert (folder / "out/Root.key").read_bytes() == foreign.key_data(pair.key)
    assert {path: snapshot(folder)[path] for path in before} == before


def test_an_rsa_key_becomes_pkcs1_as_certstrap_has_it(certstrap: CommandLine, folder: Path) -> None:
    key = RSA_2048.generate()
    pairs.ca(key=key).save("ca")
    certstrap(*IMPORT)
    pkcs1 = foreign.key_data(key, form=PrivateFormat.TraditionalOpenSSL)
    assert (folder / "out/Root.key").read_bytes() == pkcs1


def test_a_certificate_may_come_alone(certstrap: CommandLine, folder: Path, pair: Pair) -> None:
    outcome = certstrap("import", "Root", "--cert", "ca.pem")
    assert outcome.lines == ["Created out/Root.crt"]
    assert modes(folder / "out") == {"Root.crt": 0o444}


def test_a_certificate_may_come_with_key_and_request(
    certstrap: CommandLine, folder: Path, pair: Pair
) -> None:
    (folder / "ca.csr").write_bytes(foreign.request(key=pair.key))
    outcome = certstrap(*IMPORT, "--csr", "ca.csr")
    assert outcome.lines == [f"Created out/Root.{suffix}" for suffix in ("key", "csr", "crt")]
    assert modes(folder / "out") == {"Root.crt": 0o444, "Root.csr": 0o444, "Root.key": 0o400}


def test_a_request_of_the_depot_that_was_signed_elsewhere_comes_back(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("--depot-path", "theirs", "init", "--cn", "Theirs", *REQUEST[1:-1])
    certstrap(*REQUEST, "client")
    certstrap("--depot-path", "theirs", "sign", "client", "--csr", "out/client.csr")
    certstrap("import", "Theirs", "--cert", "theirs/Theirs.crt")
    outcome = certstrap("import", "client", "--cert", "theirs/client.crt")
    assert outcome.lines == ["Created out/client.crt"]
    assert [path.stem for path in visible(Path("out"))] == ["Theirs", *3 * ["client"]]
    certstrap("export-chain", "client", "--with-root")
    certstrap("export-pkcs12", "client", "--passphrase", "p")
    certstrap.refuses(
        "import", "client", "--cert", "theirs/client.crt",
        sentence="out/client.crt already exists!",
    )  # fmt: skip


def test_a_key_may_follow_its_certificate_never(
    certstrap: CommandLine, folder: Path, pair: Pair
) -> None:
    certstrap("import", "Root", "--cert", "ca.pem")
    certstrap.refuses(*IMPORT, sentence="out/Root.crt already exists!")


@pytest.mark.parametrize(("taken", "named"), [("key", "Root.key"), ("csr", "Root.csr")])
def test_what_the_depot_has_of_that_name_is_not_overwritten(
    certstrap: CommandLine, folder: Path, pair: Pair, taken: str, named: str
) -> None:
    (folder / "ca.csr").write_bytes(foreign.request(key=pair.key))
    foreign.write(folder / "out" / named, (folder / f"ca.{taken}").read_bytes())
    certstrap.refuses(
        *IMPORT, "--csr", "ca.csr",
        sentence=f"out/{named} already exists!", hint="ove it away",
    )  # fmt: skip


def test_a_leaf_that_is_there_is_not_overwritten(certstrap: CommandLine) -> None:
    pairs.leaf(pairs.ca()).save("client")
    certstrap("import", "client", "--cert", "client.pem")
    certstrap.refuses(
        "import", "client", "--cert", "client.pem",
        sentence="out/client.crt already exists!",
    )  # fmt: skip


def test_a_name_follows_the_rule_for_names(
    certstrap: CommandLine, folder: Path, pair: Pair
) -> None:
    certstrap("import", "Größte CA", "--cert", "ca.pem")
    assert [path.name for path in visible(folder / "out")] == ["Größte_CA.crt"]
    certstrap.refuses(
        "import", "Größte CA", "--cert", "ca.pem", sentence="Größte_CA", hint="Größte_CA.crt"
    )


@pytest.mark.parametrize("kept", ["key", "request", "both"])
def test_a_certificate_of_another_key_than_the_depots_is_refused(
    certstrap: CommandLine, folder: Path, pair: Pair, kept: str
) -> None:
    certstrap(*REQUEST, "Root")
    if kept != "both":
        (folder / "out" / ("Root.csr" if kept == "key" else "Root.key")).unlink()
    named = "out/Root.key" if kept == "key" else "out/Root.csr"
    certstrap.refuses(
        "import", "Root", "--cert", "ca.pem",
        sentence=f"{named} does not belong to that certificate", hint="created together",
    )  # fmt: skip


@pytest.mark.parametrize("option", ["--key", "--csr"])
def test_a_part_of_another_pair_is_refused(
    certstrap: CommandLine, folder: Path, pair: Pair, option: str
) -> None:
    pairs.ca().save("other")
    (folder / "other.csr").write_bytes(foreign.request())
    file = f"other.{option.removeprefix('--')}"
    certstrap.refuses(
        "import", "Root", "--cert", "ca.pem", option, file,
        sentence=f"{file} does not belong to that certificate",
    )  # fmt: skip
    assert not (folder / "out").exists()


def test_a_key_is_compared_with_the_depots_request(
    certstrap: CommandLine, folder: Path, pair: Pair
) -> None:
    foreign.write(folder / "out/Root.csr", foreign.request(), 0o444)
    certstrap.refuses(*IMPORT, sentence="out/Root.csr does not belong to that certificate")
    (folder / "out/Root.csr").unlink()
    foreign.write(folder / "out/Root.csr", foreign.request(key=pair.key), 0o444)
    certstrap(*IMPORT)


@pairs.every_way_to_give_the_passphrase
def test_an_encrypted_key_stays_encrypted_with_its_passphrase(
    certstrap: CommandLine, folder: Path, pair: Pair,
    options: tuple[str, ...], lines: str, environ: dict[str, str],
) -> None:  # fmt: skip
    (folder / "ca.key").write_bytes(foreign.key_data(pair.key, passphrase=b"secret"))
    (folder / "p").write_text("secret\n")
    outcome = certstrap(*IMPORT, *options, input=lines, environ=environ)
    assert outcome.lines[0] == "Created out/Root.key (encrypted by passphrase)"
    copy = (folder / "out/Root.key").read_text()
    assert copy.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    key = foreign.load_key(folder / "out/Root.key", b"secret")
    assert key.public_key() == pair.key.public_key()


def test_a_passphrase_protects_the_copy_of_an_unencrypted_key(
    certstrap: CommandLine, folder: Path, pair: Pair
) -> None:
    outcome = certstrap(*IMPORT, "--passphrase", "secret")
    assert outcome.lines[0] == "Created out/Root.key (encrypted by passphrase)"
    key = foreign.load_key(folder / "out/Root.key", b"secret")
    assert key.public_key() == pair.key.public_key()


def test_a_terminal_is_asked_for_the_passphrase_of_an_encrypted_key_alone(
    folder: Path, pair: Pair
) -> None:
    with terminal(folder, "import", "Clear", *WITH_KEY) as child:
        assert ends(child) == "Created out/Clear.key\nCreated out/Clear.crt\n"
    (folder / "ca.key").write_bytes(foreign.key_data(pair.key, passphrase=b"secret"))
    with terminal(folder, "import", "Root", *WITH_KEY) as child:
        child.expect_exact("Enter passphrase for key (empty for no passphrase): ")
        child.sendline("secret")
        assert "Created out/Root.key (encrypted by passphrase)\n" in ends(child)


def test_a_key_that_is_not_opened_is_not_imported(
    certstrap: CommandLine, folder: Path, pair: Pair
) -> None:
    (folder / "ca.key").write_bytes(foreign.key_data(pair.key, passphrase=b"secret"))
    wrong = "The passphrase does not decrypt ca.key."
    certstrap.refuses(*IMPORT, "--passphrase", "wrong", sentence=wrong)
    for given in (("--passphrase", ""), ("--no-passphrase",)):
        certstrap.refuses(*IMPORT, *given, sentence="ca.key is encrypted", hint="--passphrase-file")
    certstrap.refuses(*IMPORT, sentence="A passphrase is needed", hint="--passphrase-file")


class Chain(NamedTuple):
    """A leaf, the intermediate that issued it, and their root."""

    leaf: Pair
    intermediate: Pair
    root: Pair

    @property
    def certificates(self) -> list[x509.Certificate]:
        return [each.certificate for each in self]

    def pkcs12(self, passphrase: bytes) -> bytes:
        above = self.certificates[1:]
        encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
        leaf, key = self.leaf.certificate, self.leaf.key
        return pkcs12.serialize_key_and_certificates(b"any", key, leaf, above, encryption)


@pytest.fixture
def chain() -> Chain:
    """The chain of `CN=client`, `CN=Example Int` and `CN=Example Root`."""
    root = pairs.ca(subject="Example Root")
    intermediate = pairs.ca(subject="Example Int", by=root)
    return Chain(pairs.leaf(intermediate, subject="client"), intermediate, root)


CHAIN_PATHS = ["out/client.crt", "out/Example_Int.crt", "out/Example_Root.crt"]
CREATED_CHAIN = [f"Created {path}" for path in CHAIN_PATHS]


def assert_imported(folder: Path, chain: Chain) -> None:
    found = [foreign.load_certificate(folder / path) for path in CHAIN_PATHS]
    assert found == chain.certificates


def test_a_chain_is_imported_at_once_each_ca_under_its_own_name(
    certstrap: CommandLine, folder: Path, chain: Chain
) -> None:
    other = pairs.ca(subject="Other")
    data = chain.leaf.pem + other.pem + chain.root.pem + chain.intermediate.pem
    (folder / "bundle.pem").write_bytes(data)
    outcome = certstrap("import", "client", "--cert", "bundle.pem")
    assert outcome.lines == [
        *CREATED_CHAIN,
        "Not imported: 1 more in bundle.pem. Import each under its own name.",
    ]
    assert_imported(folder, chain)
    certstrap("verify", "client")


def test_a_ca_that_the_depot_has_is_not_imported_again(
    certstrap: CommandLine, folder: Path, chain: Chain
) -> None:
    (folder / "root.pem").write_bytes(chain.root.pem)
    (folder / "bundle.pem").write_bytes(b"".join(each.pem for each in chain))
    certstrap("import", "Ours", "--cert", "root.pem")
    outcome = certstrap("import", "client", "--cert", "bundle.pem")
    assert outcome.lines == CREATED_CHAIN[:2]
    certstrap("verify", "client")


@pytest.mark.parametrize("taken", ["crt", "key"])
def test_a_ca_whose_name_is_taken_is_left_and_named(
    certstrap: CommandLine, folder: Path, chain: Chain, taken: str
) -> None:
    pairs.ca(subject="Example Root").store("Example_Root")
    for suffix in {"crt", "key"} - {taken}:
        (folder / f"out/Example_Root.{suffix}").unlink()
    before = snapshot(folder / "out")
    (folder / "bundle.pem").write_bytes(b"".join(each.pem for each in chain))
    assert certstrap("import", "client", "--cert", "bundle.pem").lines == [
        *CREATED_CHAIN[:2],
        (
            'Not imported: "CN=Example Root" in bundle.pem: Example_Root is another one. Import it '
            "under a name of your choice."
        ),
    ]
    assert {path: snapshot(folder / "out")[path] for path in before} == before


def test_a_ca_without_a_name_is_left_and_named(certstrap: CommandLine, folder: Path) -> None:
    root = pairs.ca(subject=x509.Name([]))
    (folder / "bundle.pem").write_bytes(pairs.leaf(root).pem + root.pem)
    assert certstrap("import", "client", "--cert", "bundle.pem").lines == [
        "Created out/client.crt",
        (
            'Not imported: "" in bundle.pem: its name cannot name a file. Import it under a name '
            "of your choice."
        ),
    ]


@pytest.mark.parametrize("form", [Encoding.DER, Encoding.PEM])
def test_pkcs7_is_imported_the_certificate_first_that_issued_no_other(
    certstrap: CommandLine, folder: Path, chain: Chain, form: Encoding
) -> None:
    data = pkcs7.serialize_certificates(chain.certificates[::-1], form)
    (folder / "client.p7b").write_bytes(data)
    assert certstrap("import", "client", "--cert", "client.p7b").lines == CREATED_CHAIN
    assert_imported(folder, chain)


def test_pkcs7_without_a_certificate_is_refused(certstrap: CommandLine, folder: Path) -> None:
    openssl("crl2pkcs7", "-nocrl", "-outform", "DER", "-out", folder / "none.p7b")
    certstrap.refuses(
        "import", "x", "--cert", "none.p7b", sentence="none.p7b is a PKCS#7 file without a"
    )
    (folder / "cut.p7b").write_bytes((folder / "none.p7b").read_bytes()[:-1])
    for command in (("inspect",), ("import", "x", "--cert")):
        certstrap.refuses(*command, "cut.p7b", sentence="cut.p7b is a PKCS#7 file without a cert")


@pairs.every_way_to_give_the_passphrase
def test_pkcs12_gives_certificate_key_and_chain_and_the_key_stays_encrypted(
    certstrap: CommandLine, folder: Path, chain: Chain,
    options: tuple[str, ...], lines: str, environ: dict[str, str],
) -> None:  # fmt: skip
    (folder / "client.p12").write_bytes(chain.pkcs12(b"secret"))
    (folder / "p").write_text("secret\n")
    line = ("import", "client", "--cert", "client.p12", *options)
    outcome = certstrap(*line, input=lines, environ=environ)
    created = ["Created out/client.key (encrypted by passphrase)", *CREATED_CHAIN]
    assert outcome.lines == created
    assert_imported(folder, chain)
    key = foreign.load_key(folder / "out/client.key", b"secret")
    assert key.public_key() == chain.leaf.key.public_key()


def test_pkcs12_that_is_not_encrypted_gives_a_key_that_is_not(
    certstrap: CommandLine, folder: Path, chain: Chain
) -> None:
    (folder / "client.p12").write_bytes(chain.pkcs12(b""))
    outcome = certstrap("import", "client", "--cert", "client.p12")
    assert outcome.lines == ["Created out/client.key", *CREATED_CHAIN]
    certstrap.refuses(
        "import", "client", "--cert", "client.p12", sentence="out/client.key already exists!"
    )


def test_pkcs12_that_is_not_opened_is_not_imported(
    certstrap: CommandLine, folder: Path, chain: Chain
) -> None:
    (folder / "client.p12").write_bytes(chain.pkcs12(b"secret"))
    line = ("import", "client", "--cert", "client.p12")
    wrong = "The passphrase does not decrypt client.p12."
    certstrap.refuses(*line, "--passphrase", "wrong", sentence=wrong)
    certstrap.refuses(*line, "--no-passphrase", sentence="client.p12 is encrypted")
    assert not (folder / "out").exists()


def test_a_key_may_come_from_pkcs12_to_a_certificate_in_pem(
    certstrap: CommandLine, folder: Path, chain: Chain
) -> None:
    (folder / "client.p12").write_bytes(chain.pkcs12(b""))
    (folder / "client.pem").write_bytes(chain.leaf.pem)
    outcome = certstrap("import", "client", "--cert", "client.pem", "--key", "client.p12")
    assert outcome.lines == ["Created out/client.key", "Created out/client.crt"]


def test_of_pkcs12_with_only_certificates_the_lowest_is_imported(
    certstrap: CommandLine, folder: Path, chain: Chain
) -> None:
    data = pkcs12.serialize_key_and_certificates(
        None, None, None, chain.certificates[::-1], NoEncryption()
    )
    (folder / "client.p12").write_bytes(data)
    assert certstrap("import", "client", "--cert", "client.p12").lines == CREATED_CHAIN


def test_of_pkcs12_with_two_keys_the_one_of_that_name_is_imported(
    certstrap: CommandLine, folder: Path
) -> None:
    made = [pairs.made(subject=name) for name in ("first", "second")]
    (folder / "both.p12").write_bytes(two_keys(made))
    line = ("--cert", "both.p12", "--passphrase", "p")
    certstrap.refuses(
        "import", "third", *line,
        sentence='both.p12 has 2 private keys, of "first", "second".', hint="the name in its ",
    )  # fmt: skip
    assert certstrap("import", "second", *line).lines == [
        "Created out/second.key (encrypted by passphrase)",
        "Created out/second.crt",
        "Not imported: 1 more in both.p12. Import each under its own name.",
    ]
    assert foreign.load_certificate(folder / "out/second.crt") == made[1].certificate
    certstrap.refuses(
        "export-pkcs8", "--key", "both.p12", "--passphrase", "p", "--output", "k",
        sentence="both.p12 holds 2 private keys that can sign.",
    )  # fmt: skip


def test_a_key_of_pkcs12_that_cannot_sign_is_refused(certstrap: CommandLine, folder: Path) -> None:
    data = pkcs12.serialize_key_and_certificates(
        None, a_dsa_key(), None, [pairs.ca().certificate], NoEncryption()
    )
    (folder / "dsa.p12").write_bytes(data)
    certstrap.refuses(
        "import", "x", "--cert", "dsa.p12", sentence="dsa.p12 holds a private key that cannot sign"
    )
    certstrap.refuses(
        "init",
        "--cn",
        "x",
        "--key",
        "dsa.p12",
        sentence="dsa.p12 holds no private key that can sign",
    )


def test_pkcs12_whose_parts_do_not_belong_together_is_refused(
    certstrap: CommandLine, folder: Path, chain: Chain
) -> None:
    key, other = chain.leaf.key, chain.root.certificate
    for data, sentence in (
        (
            pkcs12.serialize_key_and_certificates(None, key, None, [other], NoEncryption()),
            "or is not",
        ),
        (
            pkcs12.serialize_key_and_certificates(None, key, None, None, NoEncryption()),
            "contains no",
        ),
    ):
        (folder / "a.p12").write_bytes(data)
        certstrap.refuses("import", "x", "--cert", "a.p12", sentence=sentence)


def test_a_store_in_the_place_of_a_request_is_named(
    certstrap: CommandLine, folder: Path, chain: Chain, pair: Pair
) -> None:
    (folder / "a.p12").write_bytes(chain.pkcs12(b""))
    certstrap.refuses(
        *IMPORT, "--csr", "a.p12",
        sentence="a.p12 is a PKCS#12 file, not a certificate request.", hint="Name the right file.",
    )  # fmt: skip


@pytest.mark.parametrize("magic", ["feedfeed", "cececece"])
def test_an_old_keystore_of_java_is_named(certstrap: CommandLine, folder: Path, magic: str) -> None:
    (folder / "a.jks").write_bytes(bytes.fromhex(magic) + bytes(40))
    for command in ("import x --cert", "import x --cert ca.pem --key", "inspect"):
        pairs.ca().save("ca")
        certstrap.refuses(
            *command.split(),
            "a.jks",
            sentence="a.jks is a Java keystore, not a ",
            hint="keytool -import",
        )


def test_an_expired_certificate_may_be_kept(certstrap: CommandLine, folder: Path) -> None:
    pairs.ca(end=NOW - foreign.YEAR / 2).save("ca")
    certstrap(*IMPORT)
    certstrap(*REQUEST, "client")
    certstrap.refuses("sign", "client", "--CA", "Root", sentence="out/Root.crt expired on ")


DSA = a_dsa_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
X25519 = x25519.X25519PrivateKey.generate().private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
)


@pytest.mark.parametrize(
    ("option", "data", "sentence"),
    [
        ("--cert", b"", "x is empty."),
        ("--cert", foreign.key_data(P256.generate()), "x holds a private key, not a certificate."),
        ("--cert", foreign.request(), "x holds a certificate request, not a certificate."),
        ("--cert", os.urandom(600), "x is not a certificate that can be read."),
        ("--cert", pairs.ca().pem[:200], "x is broken: it has no END line."),
        ("--key", pairs.ca().pem, "x holds a certificate, not a private key."),
        ("--key", os.urandom(600), "x is not a private key that can be read."),
        ("--key", DSA, "x holds a key that cannot sign."),
        ("--key", X25519, "x holds a key that cannot sign."),
        ("--csr", pairs.ca().pem, "x holds a certificate, not a certificate request."),
        ("--csr", foreign.request_changed_after_signing(), "x is not signed by its own key."),
        ("--csr", foreign.request_signed_with_sha1(), "x is signed with SHA1"),
        ("--csr", foreign.request(key=foreign.weak_key()), "x has an RSA key of 1024 bits."),
    ],
)
def test_a_bad_part_is_reported_in_one_sentence_with_a_hint(
    certstrap: CommandLine, folder: Path, pair: Pair, option: str, data: bytes, sentence: str
) -> None:
    (folder / "x").write_bytes(data)
    line = ["import", "Root", *(("--cert", "ca.pem") if option != "--cert" else ()), option, "x"]
    outcome = certstrap.refuses(*line, sentence=sentence, hint="Hint: ")
    assert len(outcome.stderr.splitlines()) == 2
    assert not (folder / "out").exists()


@pytest.mark.parametrize("option", ["--cert", "--key", "--csr"])
@pytest.mark.parametrize("what", ["nothing", "folder"])
def test_a_part_that_is_no_file_is_reported(
    certstrap: CommandLine, folder: Path, pair: Pair, option: str, what: str
) -> None:
    if what != "nothing":
        (folder / "x").mkdir()
    line = ["import", "Root", *(("--cert", "ca.pem") if option != "--cert" else ()), option, "x"]
    sentence = " x." if what == "nothing" else "x is not a regular file."
    certstrap.refuses(*line, sentence=sentence, hint="Hint: ")


@pytest.mark.parametrize("name", ["..", "/", "", " ", "a\nb"])
def test_a_name_that_can_name_no_file_is_refused(
    certstrap: CommandLine, pair: Pair, name: str
) -> None:
    certstrap.refuses("import", name, "--cert", "ca.pem", sentence="Invalid name: ", hint="Hint: ")


@pytest.mark.parametrize("line", [["Root"], ["--cert", "ca.pem"], ["a", "b", "--cert", "ca.pem"]])
def test_a_line_that_lacks_its_name_or_certificate_cannot_be_read(
    certstrap: CommandLine, folder: Path, pair: Pair, line: list[str]
) -> None:
    assert certstrap("import", *line, exit_code=2).stderr
    assert not (folder / "out").exists()
