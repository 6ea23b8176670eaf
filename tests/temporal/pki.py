"""A good PKI, of which a test changes one thing: a root, a client's certificate, its key.

Peers judge by the clock of the machine, so everything here is valid around the present instant.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from certstrap.cli.context import open_connection, open_loopback, utc_now
from certstrap.errors import NoPassphraseError
from certstrap.pki.findings import Finding
from certstrap.pki.keys import PrivateKey, PublicKey
from certstrap.pki.pem import to_pem
from certstrap.temporal.check import CheckOptions, Report, check
from certstrap.temporal.inputs import CheckSubject, read_certificates, read_key
from tests.builders.certificates import a_certificate_with, a_name, key_usage
from tests.builders.der import der, integer, oid, sequence
from tests.builders.keys import CA_KEY, LEAF_KEY, key_data

PRESENT = utc_now()
DAY = timedelta(days=1)
INTERMEDIATE_KEY = ec.generate_private_key(ec.SECP256R1())

Extensions = Mapping[str, tuple[x509.ExtensionType, bool]]


def extensions_of_ca(key: PrivateKey, path_length: int | None = None) -> Extensions:
    public = key.public_key()
    return {
        "constraints": (x509.BasicConstraints(ca=True, path_length=path_length), True),
        "usage": (key_usage("key_cert_sign", "crl_sign"), True),
        "subject key": (x509.SubjectKeyIdentifier.from_public_key(public), False),
    }


def extensions_of_leaf(issuer: PublicKey) -> Extensions:
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    return {
        "constraints": (x509.BasicConstraints(ca=False, path_length=None), True),
        "usage": (key_usage("digital_signature"), True),
        "extended usage": (x509.ExtendedKeyUsage(usages), False),
        "authority key": (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), False),
    }


@dataclass(frozen=True)
class Made:
    """A certificate as it is to be made, with its key."""

    subject: x509.Name
    key: PrivateKey
    extensions: Extensions
    start: datetime = PRESENT - DAY
    end: datetime = PRESENT + 300 * DAY
    issuer: x509.Name | None = None
    by: "Made | None" = None
    changed: Callable[[bytes], bytes] = bytes  # what becomes of the DER

    @cached_property
    def certificate(self) -> x509.Certificate:
        return x509.load_der_x509_certificate(self.der)

    @cached_property
    def der(self) -> bytes:
        by = self.by or self
        signed = a_certificate_with(
            *self.extensions.values(),
            key=self.key,
            subject=self.subject,
            by=(self.issuer or by.subject, by.key),
            start=self.start,
            end=self.end,
        )
        return self.changed(signed.public_bytes(Encoding.DER))

    @property
    def pem(self) -> bytes:
        return to_pem("CERTIFICATE", self.der)

    def but(self, **changes: object) -> "Made":
        return replace(self, **changes)  # type: ignore[arg-type]

    def having(self, name: str, value: x509.ExtensionType, *, critical: bool = True) -> "Made":
        return replace(self, extensions={**self.extensions, name: (value, critical)})

    def without(self, *names: str) -> "Made":
        kept = {name: each for name, each in self.extensions.items() if name not in names}
        return replace(self, extensions=kept)


ROOT = Made(a_name("Root"), CA_KEY, extensions_of_ca(CA_KEY, 2))
INTERMEDIATE = Made(
    a_name("Intermediate"), INTERMEDIATE_KEY, extensions_of_ca(INTERMEDIATE_KEY, 0), by=ROOT
)
LEAF = Made(a_name("leaf"), LEAF_KEY, extensions_of_leaf(CA_KEY.public_key()), by=ROOT)
BELOW = Made(
    a_name("leaf"), LEAF_KEY, extensions_of_leaf(INTERMEDIATE_KEY.public_key()), by=INTERMEDIATE
)
KEY = key_data(LEAF_KEY)


def concatenated(*parts: Made | bytes) -> bytes:
    return b"".join(part.pem if isinstance(part, Made) else part for part in parts)


def judged(
    *client: Made | bytes,
    uploaded: Iterable[Made | bytes] | None = (ROOT,),
    key: bytes | None = KEY,
    now: datetime = PRESENT,
    passphrase: Callable[[], bytes] | None = None,
    wanted: CheckOptions = CheckOptions(),  # noqa: B008 - it does not change
    lax: tuple[Finding, ...] | None = (),
    revoked: tuple[Finding, ...] | None = (),
) -> Report:
    """Check a client's certificate file, with what was uploaded and the client's key."""
    key_file = read_key(key, "leaf.key", passphrase or nobody) if key is not None else None
    subject = CheckSubject(
        "leaf",
        read_certificates(concatenated(*client), "leaf.crt") if client else None,
        key_file._replace(lax=lax) if key_file else None,
        read_certificates(concatenated(*uploaded), "ca.crt") if uploaded is not None else None,
        revoked,
        "leaf.key",
        ("certstrap", "export-pkcs8", "leaf"),
    )
    return check(subject, wanted, now, open_loopback, open_connection)


def nobody() -> bytes:
    raise NoPassphraseError("Nobody is there.")


def statuses(report: Report) -> dict[str, str]:
    """Return the rules that did not pass, with what became of them."""
    return {each.rule.identifier: each.status for each in report.results if each.status != "passed"}


def sentences(report: Report, rule: str) -> str:
    """Return what is wrong by a rule."""
    (found,) = [each for each in report.results if each.rule.identifier == rule]
    return " ".join(found.sentences)


ECDSA_WITH_SHA1, ECDSA_WITH_SHA256 = "1.2.840.10045.4.1", "1.2.840.10045.4.3.2"


def elements(content: bytes) -> list[bytes]:
    """Return the DER elements in the content of a sequence."""
    found = []
    while content:
        length, header = content[1], 2
        if length & 0x80:
            header += length & 0x7F
            length = int.from_bytes(content[2:header])
        found.append(content[: header + length])
        content = content[header + length :]
    return found


def inside(element: bytes) -> bytes:
    """Return the content of a DER element."""
    return element[2 + (element[1] & 0x7F if element[1] & 0x80 else 0) :]


def as_version_1(key: ec.EllipticCurvePrivateKey) -> Callable[[bytes], bytes]:
    """Return what takes version and extensions out of a certificate, and signs it again."""

    def change(certificate: bytes) -> bytes:
        to_be_signed, _, _ = elements(inside(certificate))
        parts = [each for each in elements(inside(to_be_signed)) if each[0] not in {0xA0, 0xA3}]
        return _signed(parts, key, ECDSA_WITH_SHA256, hashes.SHA256())

    return change


def with_serial(number: int, key: ec.EllipticCurvePrivateKey) -> Callable[[bytes], bytes]:
    """Return what changes the serial number of a certificate, and signs it again."""

    def change(certificate: bytes) -> bytes:
        to_be_signed, _, _ = elements(inside(certificate))
        parts = elements(inside(to_be_signed))
        parts[1] = integer(number)
        return _signed(parts, key, ECDSA_WITH_SHA256, hashes.SHA256())

    return change


def with_sha1(key: ec.EllipticCurvePrivateKey) -> Callable[[bytes], bytes]:
    """Return what signs a certificate again with SHA-1, which `cryptography` does not do."""

    def change(certificate: bytes) -> bytes:
        to_be_signed, _, _ = elements(inside(certificate))
        parts = elements(inside(to_be_signed))
        parts[2] = sequence(oid(ECDSA_WITH_SHA1))
        return _signed(parts, key, ECDSA_WITH_SHA1, hashes.SHA1())  # noqa: S303 - to be refused

    return change


def _signed(
    parts: list[bytes],
    key: ec.EllipticCurvePrivateKey,
    algorithm: str,
    hashed: hashes.HashAlgorithm,
) -> bytes:
    content = sequence(*parts)
    signature = der(0x03, b"\0", key.sign(content, ec.ECDSA(hashed)))
    return sequence(content, sequence(oid(algorithm)), signature)


def broken_signature(certificate: bytes) -> bytes:
    """Return a certificate whose signature was made for another one."""
    to_be_signed, algorithm, signature = elements(inside(certificate))
    other = INTERMEDIATE_KEY.sign(to_be_signed, ec.ECDSA(hashes.SHA256()))
    assert len(signature) > 2
    return sequence(to_be_signed, algorithm, der(0x03, b"\0", other))
