"""What an object says, as values."""

from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from certstrap.inventory import inspect
from certstrap.pki import decode
from certstrap.pki.issuers import signature_name
from certstrap.pki.keys import CURVES, KeySpec, PrivateKey, kind_of
from certstrap.text import timestamp
from tests.builders import crls
from tests.builders.certificates import (
    END,
    START,
    a_certificate,
    a_certificate_with,
    a_name,
    a_request,
    key_usage,
)
from tests.builders.foreign import request_signed_with_sha1
from tests.builders.keys import CA_KEY, ED448_KEY, LEAF_KEY, a_dsa_key, a_key, an_rsa_key
from tests.conftest import NOW

NAMES = [
    x509.DNSName("a.example"),
    x509.IPAddress(IPv4Address("10.0.0.1")),
    x509.UniformResourceIdentifier("spiffe://a/b"),
    x509.RFC822Name("a@example.com"),
    x509.DirectoryName(a_name("dir")),
    x509.RegisteredID(x509.ObjectIdentifier("1.2.3")),
    x509.OtherName(x509.ObjectIdentifier("1.2.4"), b"\x0c\x01a"),
]


def test_certificate_of_a_ca_says_all_that_is_in_it() -> None:
    constraints = x509.NameConstraints([x509.DNSName("example.com")], None)
    of = inspect.certificate_properties(
        a_certificate(
            usage=key_usage("key_cert_sign", "crl_sign"),
            constraints=x509.BasicConstraints(ca=True, path_length=1),
            name_constraints=constraints,
            identifier=b"\1\2",
        ),
        NOW,
    )
    assert of["ca"] is True
    assert of["path_length"] == 1
    assert of["self_signed"] is True
    assert of["key_usage"] == ["certificate signing", "CRL signing"]
    assert of["permitted_names"] == {"dns": ["example.com"]}
    assert of["excluded_names"] == {}
    assert of["subject_key_identifier"] == "0102"
    assert of["authority_key_identifier"] is None
    assert (of["not_before"], of["not_after"]) == (timestamp(START), timestamp(END))
    assert of["days_left"] == 3650
    assert of["subject"] == of["issuer"] == "CN=Test CA"


def test_names_usages_and_other_extensions_of_a_leaf_are_listed() -> None:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH, x509.ObjectIdentifier("1.2.3.5")]
    of = inspect.certificate_properties(
        a_certificate_with(
            (x509.SubjectAlternativeName(NAMES), False),
            (x509.ExtendedKeyUsage(usages), False),
            (x509.AuthorityKeyIdentifier(b"\7", None, None), False),
            (x509.OCSPNoCheck(), False),
            (unknown, True),
            subject=a_name("leaf"),
        ),
        NOW,
    )
    assert of["names"] == {
        "dns": ["a.example"],
        "ip": ["10.0.0.1"],
        "uri": ["spiffe://a/b"],
        "email": ["a@example.com"],
        "directory": ["CN=dir"],
        "other": ["1.2.3", "1.2.4"],
    }
    assert of["extended_key_usage"] == ["TLS client", "1.2.3.5"]
    assert of["authority_key_identifier"] == "07"
    assert of["permitted_names"] is None
    assert of["other_extensions"] == [
        {"oid": "1.3.6.1.5.5.7.48.1.5", "name": "OCSPNoCheck", "critical": False},
        {"oid": "1.2.3.4", "name": None, "critical": True},
    ]


def test_fingerprints_are_those_of_the_library() -> None:
    certificate = a_certificate()
    (found,) = decode.read(certificate.public_bytes(Encoding.DER), "a.crt", bytes, bytes)
    assert found.readable
    of = inspect.properties(found.readable, NOW)
    assert of["sha256"] == certificate.fingerprint(hashes.SHA256()).hex()
    assert of["sha1"] == certificate.fingerprint(hashes.SHA1()).hex()  # noqa: S303 - to compare


def test_crl_says_what_is_revoked_and_why() -> None:
    entries = [
        crls.entry(10, NOW, x509.CRLReason(x509.ReasonFlags.superseded)),
        crls.entry(11, NOW),
    ]
    data = crls.made_elsewhere(a_certificate(), CA_KEY, entries=entries, crl_number=7)
    of = inspect.crl_properties(x509.load_pem_x509_crl(data), NOW)
    assert of["number"] == 7
    assert of["days_left"] == 30
    assert of["revoked"] == [
        {"serial": "A", "date": timestamp(NOW), "reason": "superseded"},
        {"serial": "B", "date": timestamp(NOW), "reason": None},
    ]


def test_network_in_name_constraints_is_shown() -> None:
    tree = x509.IPAddress(IPv4Network("10.0.0.0/8"))
    of = inspect.certificate_properties(
        a_certificate(name_constraints=x509.NameConstraints(None, [tree])), NOW
    )
    assert of["excluded_names"] == {"ip": ["10.0.0.0/8"]}


@pytest.mark.parametrize(
    ("key", "kind", "strength"),
    [
        (an_rsa_key(1024), "RSA 1024", 80),
        (a_key(KeySpec(bits=2048)), "RSA 2048", 112),
        (ED448_KEY, "Ed448", 224),
        *zip(
            map(a_key, (KeySpec(curve=curve) for curve in CURVES)),
            CURVES,
            (112, 128, 192, 256, 128),
            strict=True,
        ),
    ],
)
def test_key_has_a_kind_and_a_strength(key: PrivateKey, kind: str, strength: int) -> None:
    of = inspect.key_properties(key.public_key())
    assert (of["kind"], of["strength"]) == (kind, strength)


def test_weakest_key_has_hardly_any_strength() -> None:
    key = an_rsa_key(1024).public_key()
    assert inspect.strength_of(KeySpec(bits=512), key) == 0


def test_key_that_cannot_sign_has_neither_kind_nor_strength() -> None:
    key = a_dsa_key().public_key()
    assert kind_of(key) is None
    of = inspect.key_properties(key)
    encoded = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert of == {
        "kind": "of a kind that cannot sign",
        "strength": None,
        "sha256": sha256(encoded).hexdigest(),
    }


def test_signatures_are_named() -> None:
    def signed(key: PrivateKey) -> str:
        return signature_name(a_certificate(key=key))

    rsa_key = a_key(KeySpec(bits=2048))
    assert signed(LEAF_KEY) == "ECDSA with SHA-256"
    assert signed(rsa_key) == "RSA with SHA-256"
    assert signed(a_key(KeySpec(curve="Ed25519"))) == "Ed25519"
    assert signed(ED448_KEY) == "Ed448"
    sha1 = x509.load_der_x509_csr(request_signed_with_sha1())
    assert signature_name(sha1) == "ECDSA with SHA-1"
    pss = a_request(key=rsa_key, pss=hashes.SHA256())
    assert signature_name(pss) == "RSA-PSS with SHA-256"
    sha3 = a_request(hashed=hashes.SHA3_256())
    assert signature_name(sha3) == "ECDSA with SHA3-256"


def test_request_says_what_it_asks_for() -> None:
    of = inspect.request_properties(a_request(names=NAMES[:1], extensions=[key_usage("crl_sign")]))
    assert of["subject"] == "CN=leaf"
    assert of["names"] == {"dns": ["a.example"]}
    assert of["key_usage"] == ["CRL signing"]
