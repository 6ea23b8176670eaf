"""OpenSSL verifies chains, CRLs and requests, reads our keys, and converts keys as we do."""

from collections.abc import Callable
from pathlib import Path

import pytest

from certstrap.cli.context import utc_now
from tests.builders.depots import NEW_KEY
from tests.conftest import USUAL_ROUNDS, CommandLine
from tests.interop.conftest import HOST, KINDS, NAMELESS
from tests.interop.peers import openssl
from tests.programs import Outcome

PASSPHRASE = "grün & secret"
PASSIN, PASSOUT = ("-passin", f"pass:{PASSPHRASE}"), ("-passout", f"pass:{PASSPHRASE}")
ENVIRON = {"CERTSTRAP_PASSPHRASE": PASSPHRASE}
PKCS8 = ("pkcs8", "-topk8", "-nocrypt")

CURVES = [kind for kind in KINDS if kind.startswith("P-")]
GENERATE = {
    "RSA": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
    "Ed25519": ("-algorithm", "Ed25519"),
    **{curve: ("-algorithm", "EC", "-pkeyopt", f"group:{curve}") for curve in CURVES},
}

FORMS = {
    "PKCS8": ("pkey",),
    "PKCS8-DER": ("pkey", "-outform", "DER"),
    "PBES2": ("pkcs8", "-topk8"),
    "PBES2-DER": ("pkcs8", "-topk8", "-outform", "DER"),
    "PBES2-scrypt": ("pkcs8", "-topk8", "-scrypt"),
    "PBES1": ("pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES"),
}
PKCS1 = {
    "PKCS1": ("rsa", "-traditional"),
    "PKCS1-DER": ("rsa", "-traditional", "-outform", "DER"),
    "PKCS1-encrypted": ("rsa", "-traditional", "-aes256"),
}
SEC1 = {
    "SEC1": ("ec",),
    "SEC1-DER": ("ec", "-outform", "DER"),
    "SEC1-encrypted": ("ec", "-aes256"),
}
FORMS_OF = {"RSA": FORMS | PKCS1, "Ed25519": FORMS} | dict.fromkeys(CURVES, FORMS | SEC1)

every_kind = pytest.mark.parametrize("kind", KINDS)

Verify = Callable[..., Outcome]
TheirKey = Callable[[str], Path]


@pytest.fixture
def verify(pki: Path) -> Verify:
    """``openssl verify``, strictly, below the root of our depot."""

    def run(*args: str | Path, exit_code: int = 0) -> Outcome:
        root = pki / "Root.crt"
        return openssl("verify", "-x509_strict", "-CAfile", root, *args, exit_code=exit_code)

    return run


@pytest.fixture(scope="session")
def their_key(tmp_path_factory: pytest.TempPathFactory) -> TheirKey:
    """Makes a key of a kind with OpenSSL, once a session."""
    folder = tmp_path_factory.mktemp("openssl")

    def make(kind: str) -> Path:
        path = folder / f"{kind}.key"
        if not path.exists():
            openssl("genpkey", *GENERATE[kind], "-out", path)
        return path

    return make


@every_kind
@pytest.mark.parametrize("purpose", ["sslclient", "sslserver"])
def test_a_chain_verifies_strictly(verify: Verify, pki: Path, purpose: str) -> None:
    leaves = [pki / f"{name}.crt" for name in ("client", "server", NAMELESS)]
    verified = verify("-purpose", purpose, *leaves).stdout.splitlines()
    assert verified == [f"{leaf}: OK" for leaf in leaves]
    verify("-purpose", purpose, "-untrusted", pki / "Intermediate.crt", pki / "below.crt")


@every_kind
def test_another_ca_of_the_same_name_verifies_nothing(
    verify: Verify, pki: Path, stranger: Path
) -> None:
    verify(stranger / "client.crt", exit_code=2)
    verify("-untrusted", stranger / "Intermediate.crt", pki / "below.crt", exit_code=2)


def test_a_leaf_is_for_tls_only(verify: Verify, pki: Path) -> None:
    refused = verify("-purpose", "smimesign", pki / "client.crt", exit_code=2)
    assert "unsuitable certificate purpose" in refused.stderr


@pytest.mark.parametrize(
    "name",
    [("-verify_hostname", HOST), ("-verify_ip", "127.0.0.1"), ("-verify_ip", "::1")],
    ids=lambda name: name[1],
)
def test_a_server_is_known_by_its_names(verify: Verify, pki: Path, name: tuple[str]) -> None:
    verify(*name, pki / "server.crt")
    verify(*name, pki / f"{NAMELESS}.crt", exit_code=2)


def test_a_server_without_a_subject_is_known_by_its_name(verify: Verify, pki: Path) -> None:
    verify("-verify_hostname", NAMELESS, pki / f"{NAMELESS}.crt")


def test_a_chain_of_two_intermediates_below_permitted_domains_verifies(
    certstrap: CommandLine,
) -> None:
    def run(*args: str) -> None:
        certstrap(*args, now=utc_now())  # OpenSSL judges by the wall clock

    run("init", "--cn", "Top", "--exclude-path-length", "--permit-domain", "example.com", *NEW_KEY)
    run("request-cert", "--cn", "Upper", *NEW_KEY)
    run("sign", "Upper", "--CA", "Top", "--intermediate", "--path-length", "1")
    run("request-cert", "--cn", "Lower", *NEW_KEY)
    run("sign", "Lower", "--CA", "Upper", "--intermediate")
    run("request-cert", "--domain", HOST, *NEW_KEY)
    run("sign", HOST, "--CA", "Lower")
    openssl(
        "verify", "-x509_strict", "-CAfile", "out/Top.crt",
        "-untrusted", "out/Upper.crt", "-untrusted", "out/Lower.crt", f"out/{HOST}.crt",
    )  # fmt: skip


@every_kind
def test_a_new_crl_verifies_and_revokes_nothing(verify: Verify, pki: Path, stranger: Path) -> None:
    crl = pki / "Root.crl"
    read = ("crl", "-verify", "-noout", "-text", "-in", crl, "-CAfile")
    # What the exit status of `openssl crl -verify` says depends on the version.
    assert "verify failure" in openssl(*read, stranger / "Root.crt", exit_code=None).stderr
    verified = openssl(*read, pki / "Root.crt")
    assert "verify OK" in verified.stderr
    assert "No Revoked Certificates" in verified.stdout
    verify("-crl_check", "-CRLfile", crl, pki / "client.crt")
    verify("-crl_check", pki / "client.crt", exit_code=2)


@every_kind
@pytest.mark.parametrize("name", ["client", "server", "Intermediate", NAMELESS])
def test_a_request_verifies(pki: Path, name: str) -> None:
    verified = openssl("req", "-verify", "-noout", "-in", pki / f"{name}.csr")
    assert "verify OK" in verified.stderr


@every_kind
@pytest.mark.parametrize("name", ["client", "Root"])
def test_our_keys_belong_to_our_certificates(pki: Path, name: str) -> None:
    ours = openssl("pkey", "-in", pki / f"{name}.key", "-pubout").stdout
    assert ours == openssl("x509", "-in", pki / f"{name}.crt", "-noout", "-pubkey").stdout


@every_kind
def test_our_encrypted_keys_open_with_their_passphrase_alone(
    certstrap: CommandLine, kind: str
) -> None:
    certstrap("request-cert", "--cn", "N", *KINDS[kind], environ=ENVIRON)
    key = ("pkey", "-in", "out/N.key", "-pubout")
    ours = openssl(*key, *PASSIN).stdout
    assert ours == openssl("req", "-in", "out/N.csr", "-noout", "-pubkey").stdout
    openssl(*key, "-passin", "pass:wrong", exit_code=1)


def test_our_encrypted_keys_are_pbes2_with_600000_rounds(folder: Path) -> None:
    certstrap = CommandLine(rounds=USUAL_ROUNDS)
    certstrap("request-cert", "--cn", "N", "--curve", "P-256", environ=ENVIRON)
    parsed = openssl("asn1parse", "-in", "out/N.key").stdout.splitlines()
    values = [" ".join(line.split("prim: ")[1].split()) for line in parsed if "prim: " in line]
    assert [value for value in values if not value.startswith("OCTET STRING")] == [
        "OBJECT :PBES2",
        "OBJECT :PBKDF2",
        "INTEGER :0927C0",  # 600,000
        "OBJECT :hmacWithSHA256",
        "NULL",
        "OBJECT :aes-256-cbc",
    ]


@every_kind
def test_export_writes_what_openssl_writes_of_our_key(
    certstrap: CommandLine, folder: Path, pki: Path
) -> None:
    key = pki / "client.key"
    certstrap("export-pkcs8", "--key", str(key), "--output", "ours.key")
    openssl(*PKCS8, "-in", key, "-out", "theirs.key")
    assert (folder / "ours.key").read_bytes() == (folder / "theirs.key").read_bytes()


@every_kind
def test_export_writes_what_openssl_writes_of_our_encrypted_key(
    certstrap: CommandLine, folder: Path, kind: str
) -> None:
    certstrap("request-cert", "--cn", "N", *KINDS[kind], environ=ENVIRON)
    certstrap("export-pkcs8", "N", environ=ENVIRON)
    openssl(*PKCS8, "-in", "out/N.key", *PASSIN, "-out", "theirs.key")
    ours = (folder / "out/N.pkcs8.key").read_bytes()
    assert ours == (folder / "theirs.key").read_bytes()


@pytest.mark.parametrize(
    ("kind", "form"), [(kind, form) for kind, forms in FORMS_OF.items() for form in forms]
)
def test_export_writes_what_openssl_writes_of_its_own_key(
    certstrap: CommandLine,
    folder: Path,
    their_key: TheirKey,
    kind: str,
    form: str,
) -> None:
    openssl(*FORMS_OF[kind][form], "-in", their_key(kind), "-out", "key", *PASSOUT)
    (folder / "key").chmod(0o600)
    openssl(*PKCS8, "-in", "key", *PASSIN, "-out", "theirs.key")
    certstrap("export-pkcs8", "--key", "key", "--output", "ours.key", environ=ENVIRON)
    assert (folder / "ours.key").read_bytes() == (folder / "theirs.key").read_bytes()


@pytest.mark.parametrize("curve", CURVES)
def test_export_reads_a_key_that_follows_its_parameters(
    certstrap: CommandLine, folder: Path, curve: str
) -> None:
    openssl("ecparam", "-name", curve, "-genkey", "-out", "key")
    assert (folder / "key").read_text().startswith("-----BEGIN EC PARAMETERS-----")
    openssl(*PKCS8, "-in", "key", "-out", "theirs.key")
    certstrap("export-pkcs8", "--key", "key", "--output", "ours.key")
    assert (folder / "ours.key").read_bytes() == (folder / "theirs.key").read_bytes()


@pytest.mark.parametrize(
    "form",
    [("-no_public",), ("-conv_form", "compressed"), ("-param_enc", "explicit")],
    ids=lambda form: form[-1],
)
def test_export_writes_a_key_of_unusual_form_in_the_usual_one(
    certstrap: CommandLine,
    folder: Path,
    their_key: TheirKey,
    form: tuple[str],
) -> None:
    usual = their_key("P-256")
    openssl("ec", "-in", usual, *form, "-out", "key")
    certstrap("export-pkcs8", "--key", "key", "--output", "ours.key")
    assert (folder / "ours.key").read_bytes() == usual.read_bytes()


@every_kind
def test_an_encrypted_export_decrypts_to_what_openssl_writes_of_the_key(
    certstrap: CommandLine, folder: Path, pki: Path
) -> None:
    key = pki / "client.key"
    certstrap(
        "export-pkcs8", "--key", str(key), "--output", "ours.key", "--encrypt", environ=ENVIRON
    )
    assert (folder / "ours.key").read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    decrypted = openssl(*PKCS8, "-in", "ours.key", *PASSIN).stdout
    assert decrypted == openssl(*PKCS8, "-in", key).stdout
