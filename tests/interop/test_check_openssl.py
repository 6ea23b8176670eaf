"""`check` of what OpenSSL makes, in the forms in which it makes it."""

from pathlib import Path

import pytest

from certstrap.cli.context import utc_now
from tests.conftest import CommandLine
from tests.interop.peers import openssl

FILES = ("--cert", "c.pem", "--key", "c.key", "--ca-bundle", "ca.pem")
EXTENSIONS = {
    "all": "basicConstraints=critical,CA:FALSE\nkeyUsage=digitalSignature\n"
    "extendedKeyUsage=clientAuth\n",
    "without constraints": "keyUsage=digitalSignature\n",  # as certstrap
    "without usage": "basicConstraints=CA:FALSE\n",  # as tcld
    "for servers": "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n"
    "extendedKeyUsage=serverAuth\n",
}


@pytest.fixture
def ca(folder: Path) -> None:
    """A CA and a request of a client, both made by OpenSSL."""
    new = ("-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    openssl("req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=My CA")
    openssl(
        "req", "-nodes", "-newkey", "rsa:2048", "-keyout", "c.key", "-out", "c.csr",
        "-subj", "/CN=client",
    )  # fmt: skip


def sign(extensions: str, *options: str) -> None:
    Path("ext").write_text(extensions)
    openssl(
        "x509", "-req", "-in", "c.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "5",
        "-days", "20", "-extfile", "ext", "-out", "c.pem", *options,
    )  # fmt: skip


def found(certstrap: CommandLine, *args: str, exit_code: int = 0) -> set[str]:
    """Return the rules that did not pass."""
    lines = certstrap(
        "check",
        *(args or FILES),
        exit_code=exit_code,
        now=utc_now(),  # when OpenSSL signed
    ).lines
    rows = [line.split() for line in lines if line.startswith("  ")]
    return {rule for status, rule, *_ in rows if status != "passed"}


@pytest.mark.usefixtures("ca")
@pytest.mark.parametrize(
    ("kind", "rules", "exit_code"),
    [
        ("all", set(), 0),
        ("without constraints", {"leaf-false"}, 0),
        ("without usage", {"leaf-usage"}, 0),
        ("for servers", {"leaf-client-usage", "rehearsal"}, 3),
    ],
)
def test_its_certificates_are_judged_by_their_extensions(
    certstrap: CommandLine, kind: str, rules: set[str], exit_code: int
) -> None:
    sign(EXTENSIONS[kind])
    assert found(certstrap, exit_code=exit_code) == rules


@pytest.mark.usefixtures("ca")
def test_its_text_before_a_certificate_and_its_other_forms_are_read(
    certstrap: CommandLine,
) -> None:
    sign(EXTENSIONS["all"], "-text")
    assert found(certstrap) == set()
    openssl("rsa", "-in", "c.key", "-traditional", "-out", "pkcs1.key")
    key = ("--cert", "c.pem", "--ca-bundle", "ca.pem", "--key")
    assert found(certstrap, *key, "pkcs1.key") == set()
    assert found(certstrap, *key, "pkcs1.key", "--client", "java", exit_code=3) == {"client-form"}
    openssl("rsa", "-in", "c.key", "-aes256", "-passout", "pass:x", "-out", "closed.key")
    assert "key-encrypted" in found(certstrap, *key, "closed.key", exit_code=3)
    openssl("x509", "-in", "c.pem", "-outform", "DER", "-out", "c.der")
    assert found(certstrap, "--cert", "c.der", *FILES[2:], exit_code=3) == {"leaf-pem"}
    openssl("crl2pkcs7", "-nocrl", "-certfile", "c.pem", "-out", "c.p7b")
    assert "leaf-pem" in found(certstrap, "--cert", "c.p7b", *FILES[2:], exit_code=3)


@pytest.mark.usefixtures("ca")
def test_its_sha1_signature_is_found(certstrap: CommandLine) -> None:
    sign(EXTENSIONS["all"], "-sha1")
    assert "leaf-algorithm" in found(certstrap, exit_code=3)
