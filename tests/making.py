"""Builders with valid defaults, keyword-only: a case says only what it is about.

What `cryptography` would not build is put together from DER.
"""

import subprocess
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from certstrap import keys
from certstrap.issuer import Issuer
from certstrap.keys import P256, KeySpec, PrivateKey
from certstrap.names import AlternativeNames
from tests.conftest import NOW

DATA = Path(__file__).parent / "data" / "certstrap-1.3.0"

START, END = NOW - timedelta(days=1), NOW + timedelta(days=3650)

CA_KEY = ec.generate_private_key(ec.SECP256R1())
LEAF_KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())

ANY_ROOM = x509.BasicConstraints(ca=True, path_length=None)
NO_CA = x509.BasicConstraints(ca=False, path_length=None)


@cache
def a_key(spec: KeySpec = P256) -> PrivateKey:
    """Return a key of that kind, always the same one."""
    return spec.generate()


@cache
def an_rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """Return an RSA key of a size that certstrap itself may not make."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def a_name(common_name: str = "", **more: str) -> x509.Name:
    """Return a name with the attributes that are given, by their names in `NameOID`."""
    given = {**{kind.upper(): value for kind, value in more.items()}, "COMMON_NAME": common_name}
    return x509.Name(
        x509.NameAttribute(getattr(NameOID, kind), value) for kind, value in given.items() if value
    )


def usage(*, cert_sign: bool = True, crl_sign: bool = True) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def a_certificate(
    *,
    key: PrivateKey = CA_KEY,
    subject: x509.Name | None = None,
    by: tuple[x509.Name, PrivateKey] | None = None,
    start: datetime = START,
    end: datetime = END,
    constraints: x509.BasicConstraints | None = ANY_ROOM,
    key_usage: x509.KeyUsage | None = None,
    name_constraints: x509.NameConstraints | None = None,
    identifier: bytes = b"",
    names: Sequence[x509.GeneralName] = (),
) -> x509.Certificate:
    """Return a certificate: a root CA's, where nothing else is said."""
    subject = a_name("Test CA") if subject is None else subject
    issuer_name, issuer_key = by or (subject, key)
    builder = x509.CertificateBuilder(
        issuer_name, subject, key.public_key(), x509.random_serial_number(), start, end
    )
    extensions: list[tuple[x509.ExtensionType | None, bool]] = [
        (constraints, True),
        (key_usage, True),
        (name_constraints, True),
        (x509.SubjectKeyIdentifier(identifier) if identifier else None, False),
        (x509.SubjectAlternativeName(names) if names else None, not subject.rdns),
    ]
    for value, critical in extensions:
        if value is not None:
            builder = builder.add_extension(value, critical)
    return builder.sign(issuer_key, keys.signature_hash(issuer_key))


def an_issuer(
    certificate: x509.Certificate | None = None, *, key: PrivateKey = CA_KEY, now: datetime = NOW
) -> Issuer:
    """Return a CA that may sign: that of ``certificate``, or a root with any room."""
    return Issuer.of(certificate or a_certificate(key=key), "CA.crt", now, lambda: key)


def a_request(
    *,
    key: PrivateKey = LEAF_KEY,
    subject: x509.Name | None = None,
    names: Sequence[x509.GeneralName] = (),
    extensions: Sequence[x509.ExtensionType] = (),
) -> x509.CertificateSigningRequest:
    """Return a request of "leaf", where nothing else is said."""
    builder = x509.CertificateSigningRequestBuilder(a_name("leaf") if subject is None else subject)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    for value in extensions:
        builder = builder.add_extension(value, critical=False)
    return builder.sign(key, keys.signature_hash(key))


def alternative(*, domains: str = "", addresses: str = "", uris: str = "") -> AlternativeNames:
    """Return alternative names, each kind from its comma list."""
    given = ([text] if text else [] for text in (domains, addresses, uris))
    return AlternativeNames.parse(*given)


def openssl(*args: object, data: bytes = b"") -> bytes:
    """Run openssl and return what it prints; it must end well."""
    done = subprocess.run(
        ["openssl", *map(str, args)], input=data, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def openssl_accepts(
    folder: Path, root: x509.Certificate, *leaves: x509.Certificate, options: Sequence[str] = ()
) -> list[bool]:
    """Tell of each of ``leaves`` whether ``openssl verify`` at `NOW` takes it, up to ``root``."""
    files = []
    for number, certificate in enumerate((root, *leaves)):
        files.append(folder / f"{number}.pem")
        files[-1].write_bytes(certificate.public_bytes(Encoding.PEM))
    at = ("-attime", str(int(NOW.timestamp())))
    done = subprocess.run(
        ["openssl", "verify", *at, *options, "-CAfile", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    taken = done.stdout.splitlines()
    assert len(taken) == len(leaves) or done.stderr, done
    return [f"{file}: OK" in taken for file in files[1:]]


# DER by hand, for what no builder builds.

CN, ORG, COUNTRY = "2.5.4.3", "2.5.4.10", "2.5.4.6"
UTF8, PRINTABLE, TELETEX, IA5, UNIVERSAL, BMP = 0x0C, 0x13, 0x14, 0x16, 0x1C, 0x1E
SUBJECT_ALTERNATIVE_NAME, BASIC_CONSTRAINTS = "2.5.29.17", "2.5.29.19"

_SPKI = LEAF_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    octets = len(content).to_bytes(4, "big").lstrip(b"\0")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def sequence(*parts: bytes) -> bytes:
    return der(0x30, *parts)


def integer(number: int) -> bytes:
    return der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    content = bytes([40 * first + second])
    for arc in rest:
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.insert(0, arc & 0x7F | 0x80)
        content += bytes(septets)
    return der(0x06, content)


def raw_name(*rdns: Sequence[tuple[str, int, bytes]]) -> bytes:
    """Return a name of RDNs in the order given; an attribute is its type, its tag, its content."""
    return sequence(
        *(der(0x31, *(sequence(oid(kind), der(tag, v)) for kind, tag, v in rdn)) for rdn in rdns)
    )


def raw_extension(kind: str, *value: bytes, critical: bool = False) -> bytes:
    return sequence(oid(kind), der(0x01, b"\xff") if critical else b"", der(0x04, *value))


LEAF_NAME = raw_name([(CN, UTF8, b"leaf")])


ODD_NAMES = {
    "PrintableString": raw_name([(CN, PRINTABLE, b"leaf")]),
    "a country in UTF8String": raw_name([(COUNTRY, UTF8, b"DE")], [(CN, UTF8, b"leaf")]),
    "BMPString": raw_name([(CN, BMP, "läf".encode("utf-16-be"))]),
    "UniversalString": raw_name([(CN, UNIVERSAL, "läf🙂".encode("utf-32-be"))]),
    "TeletexString": raw_name([(CN, TELETEX, b"leaf")]),
    "IA5String": raw_name([("1.2.840.113549.1.9.1", IA5, b"a@example.com")]),
    "an unknown attribute": raw_name([("1.2.3.4", UTF8, b"x")], [(CN, UTF8, b"leaf")]),
    "a unique identifier": raw_name([("2.5.4.45", 0x03, b"\x00\x01\x02")], [(CN, UTF8, b"leaf")]),
    "an RDN of two values": raw_name(
        [(ORG, UTF8, b"x"), (COUNTRY, PRINTABLE, b"DE")], [(CN, UTF8, b"y")]
    ),
    "a type twice": raw_name([(CN, UTF8, b"one")], [(CN, PRINTABLE, b"two")]),
    "another order": raw_name(
        [(CN, UTF8, b"leaf")], [(ORG, UTF8, b"o")], [(COUNTRY, PRINTABLE, b"DE")]
    ),
    "spaces and a NUL": raw_name([(CN, UTF8, b"  l\0f ")]),
    "an empty value": raw_name([(ORG, UTF8, b"")], [(CN, UTF8, b"leaf")]),
    "64 letters": raw_name([(CN, UTF8, "ä".encode() * 64)]),
}


def raw_request(
    *, subject: bytes = LEAF_NAME, extensions: bytes = b"", spki: bytes = _SPKI
) -> bytes:
    """Return the DER of a request with those parts, rightly signed by `LEAF_KEY`."""
    attributes = (
        sequence(oid("1.2.840.113549.1.9.14"), der(0x31, sequence(extensions)))
        if extensions
        else b""
    )
    return sign_raw(sequence(integer(0), subject, spki, der(0xA0, attributes)))


def raw_certificate(
    *,
    version: bytes = der(0xA0, integer(2)),
    serial: bytes = integer(5),
    end: bytes = der(0x18, b"20400101000000Z"),
    subject: bytes = LEAF_NAME,
    spki: bytes = _SPKI,
    extensions: bytes = b"",
) -> bytes:
    """Return the DER of a certificate with those parts, signed by the key it holds."""
    validity = sequence(der(0x18, b"20200101000000Z"), end)
    extra = der(0xA3, sequence(extensions)) if extensions else b""
    return sign_raw(sequence(version, serial, _ECDSA, subject, validity, subject, spki, extra))


_ECDSA = sequence(oid("1.2.840.10045.4.3.2"))


def sign_raw(content: bytes) -> bytes:
    signature = LEAF_KEY.sign(content, ec.ECDSA(hashes.SHA256()))
    return sequence(content, _ECDSA, der(0x03, b"\0", signature))


def pbes2(*kdf: bytes, iv: bytes = bytes(16), content: bytes = bytes(32)) -> bytes:
    cipher = sequence(oid("2.16.840.1.101.3.4.1.42"), der(0x04, iv))
    parameters = sequence(sequence(*kdf), cipher)
    return sequence(sequence(oid("1.2.840.113549.1.5.13"), parameters), der(0x04, content))


def scrypt(n: int, r: int, p: int) -> bytes:
    parameters = sequence(der(0x04, b"salt"), integer(n), integer(r), integer(p))
    return pbes2(oid("1.3.6.1.4.1.11591.4.11"), parameters)


def pbkdf2(rounds: bytes, **more: bytes) -> bytes:
    prf = sequence(oid("1.2.840.113549.2.9"), der(0x05))
    return pbes2(oid("1.2.840.113549.1.5.12"), sequence(der(0x04, b"salt"), rounds, prf), **more)
