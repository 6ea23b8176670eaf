"""What the commands create where no option says otherwise."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.conftest import CommandLine


def test_plain_issue_in_an_empty_folder_creates_the_documented_keys(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("issue", "your-namespace", "--no-passphrase")
    ca, leaf = (
        x509.load_pem_x509_certificate((folder / f"out/{name}.crt").read_bytes())
        for name in ("Cert", "your-namespace")
    )
    for certificate, bits in ((ca, 4096), (leaf, 2048)):
        key = certificate.public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        assert (key.key_size, key.public_numbers().e) == (bits, 65537)
    leaf.verify_directly_issued_by(ca)
    assert ca.subject.rfc4514_string() == "CN=Cert"
    assert leaf.not_valid_after_utc == ca.not_valid_after_utc
