"""Valid keys, certificates, requests and CRLs, always the same bytes, and certstrap's own files."""

import hashlib
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from fuzz.mutate import to_pem
from fuzz.tlv import BIT_STRING, INTEGER, NULL, OCTET_STRING, OID, SEQUENCE, der

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
SECRET = "Quite-a-Secret-8d1f7c"
"""The passphrase of our own encrypted key, long enough to be found in what is printed."""
CERTSTRAPS = "123456"  # the passphrase of every encrypted key in tests/data
_DATA = Path(__file__).parent.parent / "tests" / "data" / "certstrap-1.3.0"
_START = NOW - timedelta(days=30)

Key = ec.EllipticCurvePrivateKey | Ed25519PrivateKey


@cache
def key(whose: str) -> ec.EllipticCurvePrivateKey:
    """Return the P-256 key of that name, always the same one."""
    number = int.from_bytes(hashlib.sha256(whose.encode()).digest(), "big") >> 1
    return ec.derive_private_key(number, ec.SECP256R1())


def key_pem(whose: str, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    return key(whose).private_bytes(Encoding.PEM, form, NoEncryption())


@cache
def encrypted_key(whose: str) -> bytes:
    """Return a key in PBES2 (RFC 8018, 6.2) with few rounds, always with the same salt."""
    clear = key(whose).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    salt, iv, rounds = b"saltsalt", b"iv" * 8, 1000
    derived = hashlib.pbkdf2_hmac("sha256", SECRET.encode(), salt, rounds, dklen=32)
    padding = 16 - len(clear) % 16
    encryptor = Cipher(algorithms.AES(derived), modes.CBC(iv)).encryptor()
    content = encryptor.update(clear + bytes([padding]) * padding)
    prf = der(SEQUENCE, der(OID, bytes.fromhex("2a864886f70d0209")), der(NULL))
    kdf_values = der(
        SEQUENCE, der(OCTET_STRING, salt), der(INTEGER, rounds.to_bytes(2, "big")), prf
    )
    kdf = der(SEQUENCE, der(OID, bytes.fromhex("2a864886f70d01050c")), kdf_values)
    cipher = der(SEQUENCE, der(OID, bytes.fromhex("60864801650304012a")), der(OCTET_STRING, iv))
    scheme = der(OID, bytes.fromhex("2a864886f70d01050d"))
    algorithm = der(SEQUENCE, scheme, der(SEQUENCE, kdf, cipher))
    whole = der(SEQUENCE, algorithm, der(OCTET_STRING, content))
    return to_pem(b"ENCRYPTED PRIVATE KEY", whole)


def name_of(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


@cache
def certificate(
    whose: str, by: str = "", *, ca: bool = False, path_length: int | None = None, permit: str = ""
) -> bytes:
    """Return the certificate of ``whose`` key and name as PEM, issued by another or by itself."""
    by = by or whose
    builder = x509.CertificateBuilder(
        name_of(by), name_of(whose), key(whose).public_key(), _serial(whose), _START,
        NOW + timedelta(days=3650 if ca else 300),
    )  # fmt: skip
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca, path_length if ca else None), True),
        (x509.SubjectKeyIdentifier.from_public_key(key(whose).public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(key(by).public_key()), False),
    ]
    if permit:
        extensions.append((x509.NameConstraints([x509.DNSName(permit)], None), True))
    for value, critical in extensions:
        builder = builder.add_extension(value, critical)
    signed = builder.sign(key(by), hashes.SHA256(), ecdsa_deterministic=True)
    return signed.public_bytes(Encoding.PEM)


def _serial(whose: str) -> int:
    return int.from_bytes(hashlib.sha256(whose.encode()).digest()[:15], "big")


@cache
def request(whose: str, *names: str) -> bytes:
    """Return the request of ``whose`` key and name as PEM."""
    builder = x509.CertificateSigningRequestBuilder(name_of(whose))
    if names:
        alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(alternative, critical=False)
    signed = builder.sign(key(whose), hashes.SHA256(), ecdsa_deterministic=True)
    return signed.public_bytes(Encoding.PEM)


@cache
def crl(ca: str, *revoked: str) -> bytes:
    """Return the CRL of a CA as PEM."""
    entries = [x509.RevokedCertificateBuilder(_serial(each), _START).build() for each in revoked]
    builder = x509.CertificateRevocationListBuilder(
        name_of(ca), _START, NOW + timedelta(days=3650), revoked_certificates=entries
    ).add_extension(x509.CRLNumber(7), critical=False)
    return builder.sign(key(ca), hashes.SHA256(), ecdsa_deterministic=True).public_bytes(
        Encoding.PEM
    )


def signed(whose: str, content: bytes) -> bytes:
    """Return DER content with ``whose`` signature: a certificate, a request or a CRL."""
    algorithm = der(SEQUENCE, der(OID, bytes.fromhex("2a8648ce3d040302")))
    hashed = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    signature = key(whose).sign(content, hashed)
    return der(SEQUENCE, content, algorithm, der(BIT_STRING, b"\0", signature))


@cache
def certstraps() -> dict[str, bytes]:
    """Return the files of a depot that certstrap 1.3.0 wrote, by name."""
    return {path.name: path.read_bytes() for path in sorted(_DATA.iterdir())}


@cache
def ours() -> dict[str, bytes]:
    """Return the files of a depot with two roots, an intermediate and some leaves."""
    return {
        "Cert.key": key_pem("Cert"),
        "Cert.crt": certificate("Cert", ca=True, path_length=1),
        "Cert.crl": crl("Cert", "gone"),
        "Cert.urls": b"crl http://pki.example/Cert.crl\nissuer http://pki.example/Cert.cer\n",
        "Locked.key": encrypted_key("Locked"),
        "Locked.crt": certificate("Locked", ca=True, permit="example.com"),
        "Int.key": key_pem("Int", PrivateFormat.TraditionalOpenSSL),
        "Int.csr": request("Int"),
        "Int.crt": certificate("Int", "Cert", ca=True, path_length=0),
        "client.key": key_pem("client"),
        "client.csr": request("client"),
        "client.crt": certificate("client", "Cert"),
        "under_int.key": encrypted_key("under_int"),
        "under_int.csr": request("under_int", "a.example"),
        "under_int.crt": certificate("under_int", "Int"),
        "gone.key": key_pem("gone"),
        "gone.crt": certificate("gone", "Cert"),
        "pending.key": key_pem("pending"),
        "pending.csr": request("pending", "a.example.com", "*.b.example"),
        "a_b.csr": request("a b"),
        "a_b.key": key_pem("a b"),
    }


@cache
def everything() -> tuple[bytes, ...]:
    """Return the content of every valid file."""
    return (*ours().values(), *certstraps().values())
