"""`import` takes the CAs and leaves of other tools, and goes on with them."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, pkcs12

from certstrap.cli.context import utc_now
from tests.builders import foreign, pairs
from tests.builders.depots import NEW_KEY
from tests.conftest import CommandLine, visible
from tests.interop.peers import certtool, openssl

PASSIN, PASSOUT = ("-passin", "pass:secret"), ("-passout", "pass:secret")
GENPKEY = {
    "RSA": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
    "EC": ("-algorithm", "EC", "-pkeyopt", "group:P-256"),
    "Ed25519": ("-algorithm", "Ed25519"),
}
FORMS = {
    "PKCS#8": ("pkey",),
    "PKCS#8 DER": ("pkey", "-outform", "DER"),
    "PBES2": ("pkcs8", "-topk8", *PASSOUT),
    "PBES2 scrypt": ("pkcs8", "-topk8", "-scrypt", *PASSOUT),
    "PKCS#1": ("rsa", "-traditional"),
    "PKCS#1 encrypted": ("rsa", "-traditional", "-aes128", *PASSOUT),
    "SEC1": ("ec",),
    "SEC1 encrypted": ("ec", "-aes256", *PASSOUT),
}
BY_OPENSSL = [
    (kind, form)
    for kind, others in (("RSA", "PKCS#1"), ("EC", "SEC1"), ("Ed25519", "none"))
    for form in FORMS
    if form.startswith(("PKCS#8", "PBES2", others))
]
BY_CERTTOOL = {
    "RSA": ("--key-type", "rsa", "--bits", "2048"),
    "EC": ("--key-type", "ecdsa", "--curve", "secp384r1"),
    "Ed25519": ("--key-type", "ed25519"),
    "Ed25519 encrypted": ("--key-type", "ed25519", "--pkcs8", "--password", "secret"),
}
TEMPLATE = """\
organization = "GnuTLS"
cn = "Their CA"
serial = 7
expiration_days = 30
ca
cert_signing_key
crl_signing_key
"""


@pytest.fixture
def today(folder: Path) -> CommandLine:
    """The command line of this very day, a moment after other programs have done their part."""
    return CommandLine(now=utc_now() + timedelta(minutes=1))


@pytest.fixture
def their_key(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key by OpenSSL, made once for each kind."""
    path = tmp_path_factory.getbasetemp() / f"openssl-{kind}.key"
    if not path.exists():
        openssl("genpkey", *GENPKEY[kind], "-out", path)
    return path


def signs(certstrap: CommandLine, ca: str, *given: str) -> None:
    """Sign a new request with a CA of the depot."""
    certstrap("request-cert", "--cn", "client", *NEW_KEY)
    certstrap("sign", "client", "--CA", ca, "--expires", "1 day", *given)
    issuer = foreign.load_certificate(Path("out") / f"{ca}.crt")
    foreign.load_certificate(Path("out/client.crt")).verify_directly_issued_by(issuer)


def goes_on_with(certstrap: CommandLine, ca: str, *given: str) -> None:
    """Sign with a CA of the depot, export chain and keys, revoke."""
    signs(certstrap, ca, *given)
    issuer = foreign.load_certificate(Path("out") / f"{ca}.crt")
    certstrap("export-pkcs8", "client")
    certstrap("export-chain", "client", "--with-root")
    chain = x509.load_pem_x509_certificates(Path("out/client.chain.crt").read_bytes())
    assert chain[1] == issuer
    certstrap("export-pkcs12", "client", "--no-passphrase")
    store = pkcs12.load_pkcs12(Path("out/client.p12").read_bytes(), None)
    assert [it.certificate for it in store.additional_certs] == chain[1:]
    certstrap("revoke", "--CN", "client", *given)
    crl = x509.load_pem_x509_crl((Path("out") / f"{ca}.crl").read_bytes())
    assert crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    assert [entry.serial_number for entry in crl] == [chain[0].serial_number]


@pytest.mark.parametrize(("kind", "form"), BY_OPENSSL)
def test_a_ca_of_openssl_is_imported(today: CommandLine, their_key: Path, form: str) -> None:
    openssl(
        "req", "-x509", "-new", "-key", their_key, "-days", "30",
        "-subj", "/C=DE/O=Example/CN=Their CA/emailAddress=ca@example.com", "-out", "ca.pem",
    )  # fmt: skip
    openssl(*FORMS[form], "-in", their_key, "-out", "ca.key")
    given = ("--passphrase", "secret") if PASSOUT[1] in FORMS[form] else ()
    outcome = today("import", "Theirs", "--cert", "ca.pem", "--key", "ca.key", *given)
    reported = " (encrypted by passphrase)" if given else ""
    assert outcome.lines == [f"Created out/Theirs.key{reported}", "Created out/Theirs.crt"]
    (signs if given else goes_on_with)(today, "Theirs", *given)


@pytest.mark.parametrize("kind", BY_CERTTOOL)
def test_a_ca_of_certtool_is_imported(today: CommandLine, folder: Path, kind: str) -> None:
    (folder / "template").write_text(TEMPLATE)
    certtool("--generate-privkey", *BY_CERTTOOL[kind], "--outfile", "ca.key")
    given = ("--password", "secret") if "encrypted" in kind else ()
    certtool(
        "--generate-self-signed", "--load-privkey", "ca.key", "--template", "template",
        "--outfile", "ca.pem", *given,
    )  # fmt: skip
    passphrase = ("--passphrase", "secret") if given else ()
    today("import", "Theirs", "--cert", "ca.pem", "--key", "ca.key", *passphrase)
    (signs if given else goes_on_with)(today, "Theirs", *passphrase)


@pytest.mark.parametrize("curve", ["P-256", "P-384", "P-521"])
def test_an_ec_key_of_gnutls_whose_number_is_longer_or_shorter_than_its_curve_has_it(
    certstrap: CommandLine, folder: Path, curve: str
) -> None:
    key, data = pairs.gnutls_ec_key(curve)
    pairs.ca(key=key).save("ca")
    (folder / "ca.key").write_bytes(data)
    certtool("--key-info", "--infile", "ca.key")
    openssl("pkey", "-in", "ca.key", "-noout", "-check")
    certstrap("import", "Theirs", "--cert", "ca.pem", "--key", "ca.key")
    assert (folder / "out/Theirs.key").read_bytes() == foreign.key_data(key)
    signs(certstrap, "Theirs")


def test_a_passphrase_that_opens_such_a_key_is_not_called_wrong(
    certstrap: CommandLine, folder: Path
) -> None:
    key, data = pairs.gnutls_ec_key("P-256")
    pairs.ca(key=key).save("ca")
    (folder / "clear.key").write_bytes(data)
    certtool(
        "--to-p8", "--load-privkey", "clear.key", "--password", "secret", "--outfile", "ca.key"
    )  # fmt: skip
    line = ("import", "Theirs", "--cert", "ca.pem", "--key", "ca.key", "--passphrase")
    certstrap.refuses(*line, "wrong", sentence="The passphrase does not decrypt ca.key.")
    outcome = certstrap.refuses(*line, "secret", sentence="ca.key ", hint="openssl pkey")
    assert "passphrase" not in outcome.stderr.splitlines()[0]
    openssl("pkey", "-in", "ca.key", "-passin", "pass:secret", "-out", "new.key")
    certstrap("import", "Theirs", "--cert", "ca.pem", "--key", "new.key")


def test_a_ca_of_gen_is_imported(certstrap: CommandLine, folder: Path) -> None:
    certstrap(
        "gen", "ca", "--org", "temporal", "-d", "1y", "--ca-cert", "ca.pem", "--ca-key", "ca.key"
    )
    certstrap("import", "Theirs", "--cert", "ca.pem", "--key", "ca.key")
    assert (folder / "out/Theirs.crt").read_bytes() == (folder / "ca.pem").read_bytes()
    goes_on_with(certstrap, "Theirs")


def test_a_leaf_of_gen_finds_its_ca_in_the_depot(certstrap: CommandLine, folder: Path) -> None:
    ca = ("--ca-cert", "ca.pem", "--ca-key", "ca.key")
    certstrap("gen", "ca", "--org", "temporal", "-d", "1y", *ca)
    certstrap("gen", "leaf", "--org", "temporal", *ca, "--cert", "client.pem", "--key", "c.key")
    certstrap("import", "Root", "--cert", "ca.pem")
    certstrap("import", "client", "--cert", "client.pem", "--key", "c.key")
    certstrap("export-chain", "client", "--with-root")
    both = (folder / "client.pem").read_bytes() + (folder / "ca.pem").read_bytes()
    assert (folder / "out/client.chain.crt").read_bytes() == both


@pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8])
def test_a_pki_of_step_is_imported(
    certstrap: CommandLine, folder: Path, form: PrivateFormat
) -> None:
    root, intermediate, leaf = pairs.step_pki()
    secret = ("--passphrase", "secret")
    for name, pair in (("root_ca", root), ("intermediate_ca", intermediate)):
        foreign.write(folder / f"{name}.crt", pair.pem, 0o600)
        data = foreign.key_data(pair.key, form=form, passphrase=b"secret")
        foreign.write(folder / f"{name}_key", data, 0o600)
        certstrap("import", name, "--cert", f"{name}.crt", "--key", f"{name}_key", *secret)
    (folder / "worker.crt").write_bytes(leaf.pem + intermediate.pem)
    data = foreign.key_data(leaf.key, form=PrivateFormat.TraditionalOpenSSL)
    foreign.write(folder / "worker.key", data, 0o600)
    outcome = certstrap("import", "worker", "--cert", "worker.crt", "--key", "worker.key")
    assert outcome.lines == ["Created out/worker.key", "Created out/worker.crt"]
    certstrap("export-chain", "worker")
    bundle = (folder / "worker.crt").read_bytes()
    assert (folder / "out/worker.chain.crt").read_bytes() == bundle
    goes_on_with(certstrap, "intermediate_ca", *secret)
    assert len(x509.load_pem_x509_certificates((folder / "out/client.chain.crt").read_bytes())) == 3


def test_a_ca_of_mkcert_signs_but_has_no_right_to_revoke(
    certstrap: CommandLine, folder: Path
) -> None:
    root, leaf = pairs.mkcert_pki()
    root.save("rootCA")
    leaf.save("localhost")
    certstrap("import", "mkcert", "--cert", "rootCA.pem", "--key", "rootCA.key")
    certstrap("import", "localhost", "--cert", "localhost.pem", "--key", "localhost.key")
    certstrap("request-cert", "--cn", "client", *NEW_KEY)
    certstrap("sign", "client", "--CA", "mkcert", "--expires", "1 day")
    for name in ("client", "localhost"):
        certstrap.refuses(
            "revoke", "--CN", name, "--CA", "mkcert", sentence="The CA mkcert may not sign CRLs."
        )
        certstrap("export-chain", name, "--with-root")
        certstrap("export-pkcs12", name, "--no-passphrase")
        chain = x509.load_pem_x509_certificates((folder / f"out/{name}.chain.crt").read_bytes())
        assert chain[1:] == [root.certificate]


def test_a_certificate_that_carries_text_or_its_key_is_found(
    certstrap: CommandLine, folder: Path
) -> None:
    pair = pairs.ca()
    text = b"Certificate:\n    Data:\n        Version: 3 (0x2)\n"
    both = text + foreign.key_data(pair.key) + pair.pem
    foreign.write(folder / "both.pem", both, 0o600)
    certstrap("import", "Both", "--cert", "both.pem", "--key", "both.pem")
    assert (folder / "out/Both.crt").read_bytes() == pair.pem
    goes_on_with(certstrap, "Both")


def test_files_in_der_become_pem(certstrap: CommandLine, folder: Path) -> None:
    pair = pairs.ca()
    (folder / "ca.cer").write_bytes(pair.certificate.public_bytes(Encoding.DER))
    request = x509.load_pem_x509_csr(foreign.request(key=pair.key))
    (folder / "ca.req").write_bytes(request.public_bytes(Encoding.DER))
    (folder / "ca.key").write_bytes(foreign.key_data(pair.key, encoding=Encoding.DER))
    certstrap("import", "CA", "--cert", "ca.cer", "--key", "ca.key", "--csr", "ca.req")
    assert [path.name for path in visible(folder / "out")] == ["CA.crt", "CA.csr", "CA.key"]
    assert (folder / "out/CA.crt").read_bytes() == pair.pem
    assert (folder / "out/CA.csr").read_bytes() == request.public_bytes(Encoding.PEM)
    assert (folder / "out/CA.key").read_bytes() == foreign.key_data(pair.key)
