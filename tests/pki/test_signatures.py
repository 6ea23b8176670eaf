"""Signatures: what their algorithms are called, and which of them can be checked."""

from pathlib import Path

import cryptography_vectors
import pytest
from cryptography import x509

from certstrap.pki import rules
from certstrap.pki.decode import LoadedCertificate
from certstrap.pki.issuers import has_supported_signature, signature_name
from tests.builders.certificates import a_certificate

VECTORS = Path(cryptography_vectors.__file__).parent / "x509"


def loaded(file: str) -> x509.Certificate:
    data = (VECTORS / file).read_bytes()
    if data.startswith(b"0"):
        return x509.load_der_x509_certificate(data)
    return x509.load_pem_x509_certificate(data)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("PKITS_data/certs/GoodCACert.crt", "RSA with SHA-256"),
        ("custom/alternate-rsa-sha1-oid.der", "RSA with SHA-1"),
        ("custom/rsa_pss_cert.pem", "RSA-PSS with SHA-256"),
        ("ee-pss-sha1-cert.pem", "RSA-PSS with SHA-1"),
        ("ecdsa_root.pem", "ECDSA with SHA-384"),
        ("ed25519/root-ed25519.pem", "Ed25519"),
        ("ed448/root-ed448.pem", "Ed448"),
    ],
)
def test_algorithms_that_are_supported_are_named(file: str, name: str) -> None:
    certificate = loaded(file)
    assert (signature_name(certificate), has_supported_signature(certificate)) == (name, True)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("PKITS_data/certs/ValidDSASignaturesTest4EE.crt", "DSA with SHA-1"),
        ("verisign_md2_root.pem", "RSA with MD2"),
        ("e-trust.ru.der", "GOSTR3411-94"),
        ("custom/rsa_pss_cert_no_sig_params.der", "RSA-PSS"),
    ],
)
def test_algorithms_that_are_not_supported_are_named_as_that(file: str, name: str) -> None:
    (finding,) = rules.signature(loaded(file), "f")
    assert finding.rule == "signature-algorithm"
    assert finding.sentence == (
        f"f is signed with {name}, which is not supported: its signature was not checked."
    )


def test_what_cannot_be_checked_is_not_called_the_signature_of_another_ca() -> None:
    last = LoadedCertificate(loaded("PKITS_data/certs/ValidDSASignaturesTest4EE.crt"), "f")
    named = LoadedCertificate(a_certificate(subject=last.certificate.issuer), "ca")
    (finding,) = rules.issuer_mismatch(last, [named])
    assert finding.rule == "signature-algorithm"
    other = LoadedCertificate(a_certificate(), "other")
    assert not any(rules.issuer_mismatch(last, [other]))


def test_sha1_is_weak_but_for_a_root_itself() -> None:
    (finding,) = rules.signature(loaded("ee-pss-sha1-cert.pem"), "f")
    assert (finding.rule, finding.sentence) == (
        "weak-signature",
        "f is signed with SHA1, which is not secure.",
    )
    root = loaded("accvraiz1.pem")
    assert signature_name(root) == "RSA with SHA-1"
    assert not list(rules.signature(root, "f"))
