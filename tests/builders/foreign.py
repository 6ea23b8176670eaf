"""What others bring: keys, requests and certificates as other tools leave them in files."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.pki.keys import P256, PrivateKey, signature_hash
from tests.builders.certificates import (
    A_CA,
    KEY_USAGES,
    NO_CA,
    a_certificate,
    a_name,
    a_request,
    key_usage,
)
from tests.builders.der import der, oid, sequence
from tests.builders.keys import an_rsa_key, key_data, load_key
from tests.conftest import NOW

__all__ = [
    "KEY_USAGES",
    "YEAR",
    "alternative",
    "certificate",
    "key_data",
    "key_usage",
    "load_certificate",
    "load_key",
    "load_request",
    "name_of",
    "request",
    "request_changed_after_signing",
    "request_signed_with_sha1",
    "signed_crl",
    "store_ca",
    "stored_certificate",
    "weak_key",
    "write",
]

YEAR = timedelta(days=365)


def weak_key() -> rsa.RSAPrivateKey:
    """Return an RSA key that is too short to be accepted."""
    return an_rsa_key(1024)


def load_certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def stored_certificate(stem: str, depot: Path = Path("out")) -> x509.Certificate:
    """Return a certificate of a depot."""
    return load_certificate(depot / f"{stem}.crt")


def load_request(path: Path) -> x509.CertificateSigningRequest:
    return x509.load_pem_x509_csr(path.read_bytes())


def name_of(common_name: str) -> x509.Name:
    """Return a distinguished name that is a common name alone, or empty."""
    return a_name(common_name)


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
    made = a_request(key=key or P256.generate(), subject=subject, extensions=extensions)
    return made.public_bytes(Encoding.PEM)


def request_changed_after_signing() -> bytes:
    """Return a request as DER whose signature was made for another name."""
    honest = x509.load_pem_x509_csr(request(subject="honest")).public_bytes(Encoding.DER)
    return honest.replace(b"honest", b"forged")


def request_signed_with_sha1() -> bytes:
    """Return a request as DER that is signed with SHA-1, which `cryptography` does not make."""
    key = ec.generate_private_key(ec.SECP256R1())
    content = a_request(key=key).tbs_certrequest_bytes
    signature = key.sign(content, ec.ECDSA(hashes.SHA1()))  # noqa: S303 - to be refused
    ecdsa_with_sha1 = sequence(oid("1.2.840.10045.4.1"))
    return sequence(content, ecdsa_with_sha1, der(0x03, b"\0", signature))


def certificate(
    *,
    key: PrivateKey | None = None,
    name: str = "Foreign",
    ca: bool | None = True,
    cert_sign: bool = True,
    start: datetime = NOW - YEAR,
    end: datetime = NOW + YEAR,
) -> x509.Certificate:
    """Return a self-signed certificate; without ``ca`` it has no basicConstraints at all."""
    return a_certificate(
        key=key or P256.generate(),
        subject=name_of(name),
        constraints={True: A_CA, False: NO_CA, None: None}[ca],
        usage=key_usage("digital_signature", *(["key_cert_sign"] if cert_sign else [])),
        start=start,
        end=end,
    )


def signed_crl(builder: x509.CertificateRevocationListBuilder, key: PrivateKey) -> bytes:
    """Return a CRL as PEM, with what the builder has."""
    return builder.sign(key, signature_hash(key)).public_bytes(Encoding.PEM)


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
