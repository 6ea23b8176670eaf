"""A command refuses an object of which a part cannot be read only if it needs that part."""

from pathlib import Path

import pytest

from certstrap import CertstrapError, Depot
from certstrap.pki import keys
from certstrap.pki.pem import to_pem
from tests.builders.der import (
    BASIC_CONSTRAINTS,
    der,
    raw_certificate,
    raw_extension,
    raw_request,
    sequence,
)
from tests.builders.keys import LEAF_KEY
from tests.conftest import NOW, CommandLine

CA = raw_extension(BASIC_CONSTRAINTS, sequence(der(0x01, b"\xff")), critical=True)
POLICIES, USAGE = raw_extension("2.5.29.32", b"?"), raw_extension("2.5.29.15", b"?")
PART = "has a part that cannot be read: extension {} (it is empty, or a field is missing)."


@pytest.fixture
def ca(certstrap: CommandLine, folder: Path) -> None:
    """A CA from elsewhere, `Odd`, whose policies cannot be read."""
    (folder / "odd.crt").write_bytes(
        to_pem("CERTIFICATE", raw_certificate(extensions=CA + POLICIES))
    )
    (folder / "odd.key").write_bytes(keys.dump(LEAF_KEY, b""))
    (folder / "odd.key").chmod(0o400)
    certstrap("import", "Odd", "--cert", "odd.crt", "--key", "odd.key")


@pytest.mark.usefixtures("ca")
def test_a_ca_signs_without_what_it_does_not_need(certstrap: CommandLine) -> None:
    certstrap("issue", "a", "--CA", "Odd", "--curve", "P-256", "--no-passphrase", exit_code=0)
    assert "a: good" in certstrap("verify", "a").stdout
    assert "Odd (CA)" in certstrap("status").stdout
    shown = certstrap("inspect", "Odd", exit_code=1).stdout
    assert f"out/Odd.crt {PART.format('certificatePolicies')}" in shown


@pytest.mark.usefixtures("ca")
def test_what_is_copied_is_needed(certstrap: CommandLine) -> None:
    sentence = (
        "The old certificate has a part that cannot be copied: extension certificatePolicies "
        "(it is empty, or a field is missing)."
    )
    certstrap.refuses("renew", "Odd", sentence=sentence)


def test_what_go_decodes_is_needed_for_temporal(certstrap: CommandLine, folder: Path) -> None:
    (folder / "odd.crt").write_bytes(to_pem("CERTIFICATE", raw_certificate(extensions=POLICIES)))
    found = certstrap("check", "--cert", "odd.crt", "-q", exit_code=3).stdout
    assert f"odd.crt {PART.format('certificatePolicies')}" in found


def test_a_request_is_signed_without_what_is_not_copied(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("init", "--cn", "CA", "--curve", "P-256", "--no-passphrase")
    (folder / "r.csr").write_bytes(to_pem("CERTIFICATE REQUEST", raw_request(extensions=POLICIES)))
    signed = certstrap("sign", "leaf", "--CA", "CA", "--csr", "r.csr", exit_code=None)
    assert signed.exit_code == 0
    assert signed.stderr == "Not copied from the request: extension certificatePolicies.\n"


def test_the_part_that_is_needed_is_named(certstrap: CommandLine, folder: Path) -> None:
    certstrap("init", "--cn", "CA", "--curve", "P-256", "--no-passphrase")
    (folder / "r.csr").write_bytes(to_pem("CERTIFICATE REQUEST", raw_request(extensions=USAGE)))
    (folder / "c.crt").write_bytes(to_pem("CERTIFICATE", raw_certificate(extensions=CA + USAGE)))
    sentence = PART.format("keyUsage")
    certstrap.says("sign", "leaf", "--CA", "CA", "--csr", "r.csr", sentence=f"r.csr {sentence}")
    certstrap.says("import", "x", "--cert", "c.crt", sentence=f"c.crt {sentence}")
    assert sentence in certstrap("verify", "c.crt", exit_code=3).stdout
    assert sentence in certstrap("inspect", "c.crt", exit_code=1).stdout


def test_another_certificate_in_a_file_is_needed_only_in_the_chain(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("issue", "a", "--curve", "P-256", "--no-passphrase")
    good = (folder / "out/a.crt").read_bytes()
    odd = to_pem("CERTIFICATE", raw_certificate(extensions=CA + USAGE))
    (folder / "both.pem").write_bytes(good + odd)
    assert "both.pem: good" in certstrap("verify", "both.pem").stdout
    (folder / "out/Cert.crt").rename(folder / "moved.crt")
    sentence = f"both.pem (certificate 2) {PART.format('keyUsage')}"
    assert sentence in certstrap("verify", "both.pem", exit_code=3).stdout
    (folder / "out/a.crt").unlink()
    (folder / "out/a.crt").write_bytes(good + odd)
    with pytest.raises(CertstrapError, match="certificate 2"):
        Depot("out", now=lambda: NOW).verify("a")
    (folder / "moved.crt").rename(folder / "out/Cert.crt")
    assert Depot("out", now=lambda: NOW).verify("a").is_good
