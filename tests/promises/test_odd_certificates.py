"""Certificates of other tools that no CRL, or no list, could be right for."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certstrap.pki.keys import P256
from tests.builders import crls, foreign
from tests.builders.der import (
    BASIC_CONSTRAINTS,
    CN,
    LEAF_NAME,
    UTF8,
    der,
    integer,
    raw_certificate,
    raw_crl,
    raw_extension,
    raw_name,
    sequence,
)
from tests.builders.keys import LEAF_KEY, a_key
from tests.conftest import CommandLine, Program

A_CA = raw_extension(BASIC_CONSTRAINTS, sequence(der(0x01, b"\xff")), critical=True)
BOB = raw_name([(CN, UTF8, b"bob")])


def spki_of(key: object) -> bytes:
    public = key.public_key()  # type: ignore[attr-defined]
    return bytes(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


BOB_KEY = spki_of(a_key(P256))


@pytest.fixture(autouse=True)
def leaf_ca(certstrap: CommandLine, folder: Path) -> None:
    """The CA ``leaf`` in a depot."""
    foreign.write(folder / "ca.key", foreign.key_data(LEAF_KEY))
    foreign.write(folder / "ca.der", raw_certificate(extensions=A_CA))
    certstrap("import", "leaf", "--cert", "ca.der", "--key", "ca.key")


def bring(certstrap: CommandLine, folder: Path, *, serial: int = 5, spki: bytes = BOB_KEY) -> None:
    """Import a certificate that the CA issued for ``bob``."""
    data = raw_certificate(serial=integer(serial), subject=BOB, issuer=LEAF_NAME, spki=spki)
    foreign.write(folder / "bob.der", data)
    certstrap("import", "bob", "--cert", "bob.der")


def test_a_negative_serial_number_is_imported_and_handed_out(
    certstrap: CommandLine, folder: Path
) -> None:
    bring(certstrap, folder, serial=-5)
    assert "already exists and expires on 2040-01-01" in certstrap("issue", "bob").stdout
    certstrap("export-chain", "bob")
    outcome = certstrap("check", "bob", exit_code=3)
    assert "  failed   leaf-serial" in outcome.stdout
    assert "out/bob.crt has the serial number -5." in outcome.stdout
    assert "-5" in certstrap("inspect", "out/bob.crt").stdout


@pytest.mark.parametrize("serial", [-5, 0])
@pytest.mark.parametrize("command", ["check bob", "inspect out/bob.crt", "status", "verify bob"])
def test_no_warning_of_the_library_about_a_serial_number_is_shown(
    certstrap: CommandLine, folder: Path, program: Program, command: str, serial: int
) -> None:
    bring(certstrap, folder, serial=serial)
    outcome = program(*command.split(), exit_code=None)
    assert outcome.stderr == ""
    assert "bob" in outcome.stdout


@pytest.mark.parametrize("reason", ["superseded", "keyCompromise"])
def test_a_negative_serial_number_cannot_be_revoked(
    certstrap: CommandLine, folder: Path, reason: str
) -> None:
    bring(certstrap, folder, serial=-5)
    certstrap.refuses(
        "revoke", "--CN", "bob", "--reason", reason,
        sentence="A certificate with a negative serial number cannot be put on a CRL.",
        hint="replace the CA that issued it",
    )  # fmt: skip


def test_a_negative_serial_number_on_a_crl_of_another_tool_counts_and_stays(
    certstrap: CommandLine, folder: Path
) -> None:
    bring(certstrap, folder, serial=-5)
    foreign.write(folder / "out/leaf.crl", raw_crl(-5))
    certstrap.refuses(
        "issue", "bob", sentence="out/bob.crt was revoked on 2020-01-01 00:00:00 UTC."
    )
    certstrap("revoke", "--serial", "7", "--elsewhere")
    assert crls.serials(folder / "out/leaf.crl") == [-5, 7]


def test_a_key_that_cannot_sign_is_noted_as_compromised_too(
    certstrap: CommandLine, folder: Path
) -> None:
    bring(certstrap, folder, spki=spki_of(x25519.X25519PrivateKey.generate()))
    certstrap("revoke", "--CN", "bob", "--reason", "keyCompromise")
    assert (folder / "out/compromised-keys").read_text().endswith("  bob\n")
