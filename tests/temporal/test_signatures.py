"""Who signed a certificate, whatever the algorithm."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from certstrap.pki.decode import LoadedCertificate
from certstrap.pki.issuers import is_issued_by, is_self_signed, is_signed_by
from certstrap.pki.keys import RSA_2048, KeySpec
from certstrap.temporal.ca_rules import algorithm
from tests.builders.certificates import a_certificate_with, a_name
from tests.builders.der import der, oid, sequence
from tests.builders.keys import CA_KEY, ED448_KEY, OTHER_KEY, a_key
from tests.temporal.pki import (
    LEAF,
    ROOT,
    Made,
    broken_signature,
    elements,
    extensions_of_ca,
    inside,
    with_sha1,
)

RSA = a_key(RSA_2048)
ED25519 = a_key(KeySpec(curve="Ed25519"))


def with_md5(certificate: bytes) -> bytes:
    """Sign a certificate again, with `RSA` and MD5."""
    algorithm = sequence(oid("1.2.840.113549.1.1.4"), der(0x05))
    to_be_signed, _, _ = elements(inside(certificate))
    parts = elements(inside(to_be_signed))
    parts[2] = algorithm
    content = sequence(*parts)
    signature = RSA.sign(content, padding.PKCS1v15(), hashes.MD5())  # type: ignore[call-arg, arg-type] # noqa: S303
    return sequence(content, algorithm, der(0x03, b"\0", signature))


def with_pss(algorithm: hashes.HashAlgorithm) -> x509.Certificate:
    return a_certificate_with(
        key=RSA, subject=a_name("Root"), start=ROOT.start, end=ROOT.end, pss=algorithm
    )


ROOTS = {
    "ECDSA and SHA-256": (ROOT, ""),
    "ECDSA and SHA-1": (ROOT.but(changed=with_sha1(CA_KEY)), "SHA1"),
    "RSA and SHA-256": (ROOT.but(key=RSA), ""),
    "RSA and MD5": (ROOT.but(key=RSA, changed=with_md5), "MD5"),
    "Ed25519": (ROOT.but(key=ED25519), "Ed25519"),
    "Ed448": (ROOT.but(key=ED448_KEY), "Ed448"),
}


@pytest.mark.parametrize("what", ROOTS)
def test_a_root_is_known_and_named_whatever_signs_it(what: str) -> None:
    root, refused = ROOTS[what]
    assert is_self_signed(root.certificate)
    sentences = [each.sentence for each in algorithm(LoadedCertificate(root.certificate, "it"))]
    assert sentences == ([f"it is signed with {refused}."] if refused else [])
    assert not is_issued_by(LEAF.but(by=root).certificate, Made(
        root.subject, OTHER_KEY, extensions_of_ca(OTHER_KEY)
    ).certificate)  # fmt: skip


@pytest.mark.parametrize(
    ("hashed", "accepted"),
    [(hashes.SHA256(), True), (hashes.SHA512(), True), (hashes.SHA224(), False)],
)
def test_rsa_pss_is_accepted_with_a_strong_hash(
    hashed: hashes.HashAlgorithm, accepted: bool
) -> None:
    root = with_pss(hashed)
    assert is_self_signed(root)
    assert is_signed_by(root, root)
    assert any(algorithm(LoadedCertificate(root, "it"))) != accepted


def test_another_name_or_a_changed_signature_is_not_the_issuers() -> None:
    weak = LEAF.but(changed=with_sha1(CA_KEY))
    assert is_issued_by(weak.certificate, ROOT.certificate)
    renamed = ROOT.but(subject=a_name("ROOT"))
    assert not is_issued_by(weak.certificate, renamed.certificate)
    assert is_signed_by(weak.certificate, renamed.certificate)
    assert not is_self_signed(ROOT.but(changed=broken_signature).certificate)


@pytest.mark.parametrize("key", [RSA, ED25519, CA_KEY], ids=["RSA", "Ed25519", "EC"])
def test_a_key_of_another_kind_has_not_signed_it(key: object) -> None:
    others = [ROOT.but(key=each) for each in (RSA, ED25519, CA_KEY) if each is not key]
    ca = ROOT.but(key=key)
    leaf = LEAF.but(by=ca).certificate
    assert is_signed_by(leaf, ca.certificate)
    assert not any(is_signed_by(leaf, other.certificate) for other in others)
