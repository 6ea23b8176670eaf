"""Certificates with their keys, as other tools make them and leave them in files."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certstrap.pki.keys import P256, RSA_2048, KeySpec, PrivateKey
from certstrap.pki.pem import to_pem
from tests.builders import der as raw
from tests.builders import foreign
from tests.builders.certificates import a_certificate_with
from tests.conftest import NOW

STEP_PROVISIONER = x509.ObjectIdentifier("1.3.6.1.4.1.37476.9000.64.1")

every_way_to_give_the_passphrase = pytest.mark.parametrize(
    ("options", "lines", "environ"),
    [
        (("--passphrase", "secret"), "", {}),
        (("--passphrase-file", "p"), "", {}),
        ((), "", {"CERTSTRAP_PASSPHRASE": "secret"}),
        ((), "secret\n", {}),
    ],
    ids=["option", "file", "environment", "pipe"],
)
"""Of a key that is in a file; the file `p` and what is typed hold the same word."""


class Pair(NamedTuple):
    """A certificate and its key."""

    certificate: x509.Certificate
    key: PrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def save(self, name: str) -> None:
        """Write `NAME.pem` and `NAME.key` to the current folder."""
        foreign.write(Path.cwd() / f"{name}.pem", self.pem, 0o644)
        foreign.write(Path.cwd() / f"{name}.key", foreign.key_data(self.key), 0o600)

    def store(self, stem: str) -> None:
        """Write both to the depot `out` of the current folder."""
        foreign.store_ca(Path.cwd() / "out", stem, it=self.certificate, key=self.key)

    def store_certificate(self, stem: str) -> None:
        """Write the certificate alone to the depot `out` of the current folder."""
        foreign.write(Path.cwd() / "out" / f"{stem}.crt", self.pem, 0o444)


def made(
    *,
    subject: x509.Name | str = "Foreign",
    key: PrivateKey | None = None,
    by: Pair | None = None,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
    start: datetime = NOW - foreign.YEAR,
    end: datetime = NOW + foreign.YEAR,
) -> Pair:
    """Return a pair, signed by another or by itself, with extensions that are critical or not."""
    key = key or P256.generate()
    certificate = a_certificate_with(
        *extensions,
        key=key,
        subject=foreign.name_of(subject) if isinstance(subject, str) else subject,
        by=(by.certificate.subject, by.key) if by else None,
        start=start,
        end=end,
    )
    return Pair(certificate, key)


def ca(
    *,
    subject: x509.Name | str = "Foreign",
    key: PrivateKey | None = None,
    by: Pair | None = None,
    path_length: int | None = None,
    usages: Sequence[str] = ("key_cert_sign", "crl_sign"),
    end: datetime = NOW + foreign.YEAR,
) -> Pair:
    """Return a CA: a root, or an intermediate where ``by`` is its issuer."""
    key = key or P256.generate()
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (foreign.key_usage(*usages), True),
        (x509.BasicConstraints(ca=True, path_length=path_length), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
    ]
    return made(subject=subject, key=key, by=by, extensions=extensions, end=end)


def leaf(by: Pair, subject: str = "client", *extensions: x509.ExtensionType) -> Pair:
    """Return an end entity below ``by``."""
    both = (x509.BasicConstraints(ca=False, path_length=None), True)
    return made(subject=subject, by=by, extensions=[both, *((it, False) for it in extensions)])


def leaf_alone() -> Pair:
    """Return an end entity that signed itself."""
    return made(extensions=[(x509.BasicConstraints(ca=False, path_length=None), True)])


def step_pki() -> tuple[Pair, Pair, Pair]:
    """Return root, intermediate and leaf as `step ca init` and `step ca certificate` make them."""
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Smallstep")

    def name(text: str) -> x509.Name:
        return x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, text)])

    root = ca(subject=name("Smallstep Root CA"), path_length=1)
    intermediate = ca(subject=name("Smallstep Intermediate CA"), by=root, path_length=0)
    key = P256.generate()
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    return (
        root,
        intermediate,
        made(
            subject="worker.example.com",
            key=key,
            by=intermediate,
            extensions=[
                (foreign.key_usage("digital_signature"), True),
                (x509.ExtendedKeyUsage(usages), False),
                (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
                (foreign.alternative("worker.example.com"), False),
                (x509.UnrecognizedExtension(STEP_PROVISIONER, bytes.fromhex("3003020101")), False),
            ],
            end=NOW + foreign.YEAR / 365,
        ),
    )


def gnutls_ec_key(curve: str) -> tuple[PrivateKey, bytes]:
    """Return an EC key and its file by GnuTLS, which strict readers call badly encoded.

    RFC 5915, 3 gives the number of the key the length of the curve's order, filled up with zeros.
    GnuTLS writes what an INTEGER would hold: one zero more, or fewer.
    """
    while True:
        key = KeySpec(curve=curve).generate()
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        number = key.private_numbers().private_value
        usual = number.to_bytes((key.key_size + 7) // 8, "big")
        theirs = number.to_bytes(number.bit_length() // 8 + 1, "big")
        if theirs != usual:
            break
    der = foreign.key_data(key, form=PrivateFormat.TraditionalOpenSSL, encoding=Encoding.DER)
    _, rest = der.split(raw.der(0x04, usual))
    content = raw.sequence(raw.integer(1), raw.der(0x04, theirs), rest)
    return key, to_pem("EC PRIVATE KEY", content)


def mkcert_pki() -> tuple[Pair, Pair]:
    """Return root and leaf as mkcert makes them: the root signs no CRLs, the leaf has no name."""
    parts = [
        (NameOID.ORGANIZATION_NAME, "mkcert development CA"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "user@host (User Name)"),
        (NameOID.COMMON_NAME, "mkcert user@host (User Name)"),
    ]
    subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])
    key = KeySpec(bits=3072).generate()
    root = ca(subject=subject, key=key, path_length=0, usages=["key_cert_sign"])
    return root, made(
        subject=x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "mkcert development certificate"),
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "user@host (User Name)"),
            ]
        ),
        key=RSA_2048.generate(),
        by=root,
        extensions=[
            (foreign.key_usage("digital_signature", "key_encipherment"), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (foreign.alternative("localhost", "example.com"), False),
        ],
    )
