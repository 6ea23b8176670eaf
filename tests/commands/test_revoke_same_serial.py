"""Two CAs may give the same serial number; each revokes its own certificate."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.builders import foreign
from tests.builders.certificates import a_certificate_with, a_name
from tests.builders.depots import NEW_KEY
from tests.builders.keys import LEAF_KEY
from tests.conftest import CommandLine

SERIAL = 0x1234


def leaf_of(folder: Path, ca: str) -> bytes:
    """Return a certificate of ``ca`` with that serial number."""
    key = foreign.load_key(folder / f"out/{ca}.key")
    issuer = foreign.load_certificate(folder / f"out/{ca}.crt")
    leaf = a_certificate_with(
        key=LEAF_KEY, subject=a_name(f"below {ca}"), by=(issuer.subject, key), serial=SERIAL
    )
    return leaf.public_bytes(Encoding.PEM)


@pytest.mark.parametrize("ca", ["One", "Two"])
def test_revoke_by_serial_number_takes_the_ca_that_is_named(
    certstrap: CommandLine, folder: Path, ca: str
) -> None:
    for name in ("One", "Two"):
        certstrap("init", "--cn", name, *NEW_KEY)
        (folder / "leaf.pem").write_bytes(leaf_of(folder, name))
        certstrap("import", f"below-{name}", "--cert", "leaf.pem")
    certstrap.refuses("revoke", "--serial", "1234", sentence="out has more than one CA: One, Two.")
    certstrap("revoke", "--serial", "1234", "--CA", ca)
    for name in ("One", "Two"):
        crl = x509.load_pem_x509_crl((folder / f"out/{name}.crl").read_bytes())
        assert [entry.serial_number for entry in crl] == ([SERIAL] if name == ca else [])
