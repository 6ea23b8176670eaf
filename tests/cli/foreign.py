"""What others bring: keys, requests and certificates as other tools make them.

Each builder is keyword-only with valid defaults, so that a test changes the one thing it is about.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from certstrap.keys import P256, PrivateKey, PublicKey
from tests.conftest import NOW

YEAR = timedelta(days=365)
KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
ECDSA_WITH_SHA1 = bytes.fromhex("300906072a8648ce3d0401")


def wall_clock() -> datetime:
    """Return the present instant, for what the real program is to read."""
    return datetime.now(UTC).replace(microsecond=0)


def weak_key() -> rsa.RSAPrivateKey:
    """Return an RSA key that is too short to be accepted."""
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - meant


def key_data(
    key: PrivateKey,
    *,
    form: PrivateFormat = PrivateFormat.PKCS8,
    encoding: Encoding = Encoding.PEM,
    passphrase: bytes = b"",
) -> bytes:
    """Return a key as a file holds it; the form TraditionalOpenSSL is PKCS#1 or SEC1."""
    protection = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(encoding, form, protection)


def load_key(path: Path, passphrase: bytes | None = None) -> PrivateKey:
    """Return the key in a PEM file, as `cryptography` reads it."""
    key = load_pem_private_key(path.read_bytes(), passphrase)
    assert isinstance(key, PrivateKey)
    return key


def load_certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def load_request(path: Path) -> x509.CertificateSigningRequest:
    return x509.load_pem_x509_csr(path.read_bytes())


def name_of(common_name: str) -> x509.Name:
    """Return a distinguished name that is a common name alone, or empty."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else [])


def alternative(*domains: str) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.DNSName(domain) for domain in domains])


def request(
    *,
    key: PrivateKey | None = None,
    subject: x509.Name | str = "client",
    extensions: Sequence[x509.ExtensionType] = (),
) -> bytes:
    """Return a certificate request as PEM."""
    subject = name_of(subject) if isinstance(subject, str) else subject
    builder = x509.CertificateSigningRequestBuilder(subject)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key or P256.generate(), hashes.SHA256()).public_bytes(Encoding.PEM)


def request_changed_after_signing() -> bytes:
    """Return a request as DER whose signature was made for another name."""
    der = x509.load_pem_x509_csr(request(subject="honest")).public_bytes(Encoding.DER)
    return der.replace(b"honest", b"forged")


def request_signed_with_sha1() -> bytes:
    """Return a request as DER that is signed with SHA-1, which `cryptography` does not make."""
    key = ec.generate_private_key(ec.SECP256R1())
    signed = x509.load_pem_x509_csr(request(key=key)).tbs_certrequest_bytes
    signature = key.sign(signed, ec.ECDSA(hashes.SHA1()))  # noqa: S303 - meant
    bits = bytes([0x03, len(signature) + 1, 0]) + signature
    content = signed + ECDSA_WITH_SHA1 + bits
    return bytes([0x30, 0x81, len(content)]) + content


def key_usage(*set_bits: str) -> x509.KeyUsage:
    """Return a key usage with those bits and no others."""
    return x509.KeyUsage(**{bit: bit in set_bits for bit in KEY_USAGES})


def certificate(
    *,
    key: PrivateKey | None = None,
    public: PublicKey | None = None,
    name: str = "Foreign",
    ca: bool | None = True,
    cert_sign: bool = True,
    start: datetime = NOW - YEAR,
    end: datetime = NOW + YEAR,
) -> x509.Certificate:
    """Return a self-signed certificate; without ``ca`` it has no basicConstraints at all."""
    key = key or P256.generate()
    builder = x509.CertificateBuilder(
        name_of(name), name_of(name), public or key.public_key(), x509.random_serial_number()
    )
    builder = builder.not_valid_before(start).not_valid_after(end)
    if ca is not None:
        builder = builder.add_extension(
            x509.BasicConstraints(ca=ca, path_length=None), critical=True
        )
    usage = key_usage("digital_signature", *(["key_cert_sign"] if cert_sign else []))
    return builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())


def write(path: Path, data: bytes, mode: int = 0o440) -> str:
    """Write a file of that mode, with its folder, and return its path from the current folder."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)
    return str(path.relative_to(Path.cwd()))


def store_ca(
    depot: Path,
    stem: str = "Foreign",
    *,
    it: x509.Certificate | None = None,
    key: PrivateKey | None = None,
) -> None:
    """Put the certificate and the key of a CA into a depot."""
    key = key or P256.generate()
    it = it or certificate(key=key, name=stem)
    write(depot / f"{stem}.key", key_data(key))
    write(depot / f"{stem}.crt", it.public_bytes(Encoding.PEM), 0o444)
