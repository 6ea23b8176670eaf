"""Where `verify` is stricter than `openssl verify` on purpose; `docs/depot.md` lists it all."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from certstrap.cli.context import utc_now
from certstrap.pki.profiles import CLIENT, SERVER
from certstrap.store.withdrawn import fingerprint
from tests.builders import foreign, pairs
from tests.builders.certificates import a_name
from tests.builders.der import oid, sequence
from tests.conftest import CommandLine
from tests.interop.peers import openssl
from tests.interop.test_verify_openssl import A_CAS_USAGE

TODAY = utc_now() + timedelta(hours=1)  # OpenSSL signs by no other clock, and after this
CA = (x509.BasicConstraints(ca=True, path_length=None), True)
USAGE = (A_CAS_USAGE, True)
Extension = tuple[x509.ExtensionType, bool]


def chain(of_root: list[Extension], *of_leaf: Extension, subject: x509.Name | str = "leaf") -> None:
    root = pairs.made(subject="Root", extensions=of_root)
    root.store_certificate("Root")
    pairs.made(subject=subject, by=root, extensions=of_leaf).store_certificate("leaf")


def ca_by_its_key_usage_alone() -> None:
    chain([USAGE])


def excluded_usage() -> None:
    chain([CA, (x509.ExtendedKeyUsage(SERVER), False)], (x509.ExtendedKeyUsage(CLIENT), False))


def wildcard_as_common_name() -> None:
    tree = x509.NameConstraints([x509.DNSName("example.com")], None)
    chain([CA, (tree, True)], subject=a_name("*.other.example"))


def long_domain() -> None:
    tree = x509.NameConstraints([x509.DNSName("example.com")], None)
    names = x509.SubjectAlternativeName([x509.DNSName("a." * 130 + "example.com")])
    chain([CA, (tree, True)], (names, False))


def compromised_key() -> None:
    chain([CA, USAGE])
    certificate = foreign.load_certificate(Path("out/leaf.crt"))
    known = fingerprint(certificate.public_key())
    foreign.write(Path.cwd() / "out/compromised-keys", f"{known}  leaf\n".encode())


def make_ca(*kind: str) -> None:
    Path("out").mkdir(mode=0o700)
    openssl(
        "req", "-x509", *kind, "-nodes", "-subj", "/CN=Root", "-days", "90", "-sha256",
        "-keyout", "ca.key", "-addext", "keyUsage=keyCertSign,cRLSign", "-out", "out/Root.crt",
    )  # fmt: skip


def make_leaf(*kind: str) -> None:
    openssl("req", "-new", *kind, "-nodes", "-subj", "/CN=leaf", "-keyout", "k", "-out", "leaf.csr")
    openssl(
        "x509", "-req", "-in", "leaf.csr", "-CA", "out/Root.crt", "-CAkey", "ca.key", "-sha256",
        "-set_serial", "5", "-days", "30", "-out", "out/leaf.crt",
    )  # fmt: skip


EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")


def dsa_signature() -> None:
    openssl("dsaparam", "-out", "parameters", "2048")
    make_ca("-newkey", "dsa:parameters")
    make_leaf(*EC)


def rsa_pss_key() -> None:
    make_ca(*EC)
    make_leaf("-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048")


def crl_with_sha1() -> None:
    make_ca(*EC)
    make_leaf(*EC)
    Path("ca.cnf").write_text("[ca]\ndefault_ca=a\n[a]\ndatabase=index\n")
    Path("index").touch()
    openssl(
        "ca", "-gencrl", "-config", "ca.cnf", "-keyfile", "ca.key", "-cert", "out/Root.crt",
        "-crldays", "30", "-md", "sha1", "-out", "out/Root.crl",
    )  # fmt: skip


DIFFERENCES: list[tuple[Callable[[], None], str]] = [
    (ca_by_its_key_usage_alone, "out/Root.crt is not a CA, but signed the certificate below it."),
    (
        excluded_usage,
        "The extended key usage of out/Root.crt excludes what out/leaf.crt is for: TLS client.",
    ),
    (
        wildcard_as_common_name,
        "out/leaf.crt has the name *.other.example, and out/Root.crt is permitted example.com.",
    ),
    (long_domain, "out/leaf.crt has the name a.a.a.a."),
    (compromised_key, "out/leaf.crt has a compromised key"),
    (dsa_signature, "out/leaf.crt is signed with DSA with SHA-256, which is not supported"),
    (rsa_pss_key, "out/leaf.crt has an RSA-PSS key."),
    (crl_with_sha1, "out/Root.crl is signed with SHA1, which is not secure."),
]


def test_policy_mappings_of_an_end_certificate_count_for_openssl_alone(
    certstrap: CommandLine, folder: Path
) -> None:
    policy = x509.ObjectIdentifier("1.2.3.1")
    stated = x509.CertificatePolicies([x509.PolicyInformation(policy, None)])
    limits = x509.PolicyConstraints(require_explicit_policy=0, inhibit_policy_mapping=0)
    pair = sequence(oid("1.2.3.1"), oid("1.2.3.2"))
    mappings = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.33"), sequence(pair))
    root = pairs.ca(subject="Root")
    middle = pairs.made(subject="Int", by=root, extensions=[CA, (stated, False), (limits, True)])
    root.store_certificate("Root")
    middle.store_certificate("Int")
    leaf = pairs.made(subject="leaf", by=middle, extensions=[(stated, False), (mappings, True)])
    leaf.store_certificate("leaf")
    certstrap("verify", "leaf", now=TODAY)
    by_openssl("-untrusted", "out/Int.crt", exit_code=2)


@pytest.mark.parametrize(
    ("make", "sentence"), DIFFERENCES, ids=[make.__name__ for make, _ in DIFFERENCES]
)
def test_verify_refuses_what_openssl_accepts(
    certstrap: CommandLine, folder: Path, make: Callable[[], None], sentence: str
) -> None:
    make()
    assert f"failed: {sentence}" in certstrap("verify", "leaf", now=TODAY, exit_code=3).stdout
    crl = Path("out/Root.crl")
    by_openssl(*(("-crl_check_all", "-CRLfile", crl) if crl.exists() else ()))


def by_openssl(*options: str | Path, exit_code: int = 0) -> None:
    openssl(
        "verify", "-attime", str(int(TODAY.timestamp())), "-auth_level", "2", "-policy_check",
        "-policy", "anyPolicy", *options, "-CAfile", "out/Root.crt", "out/leaf.crt",
        exit_code=exit_code,
    )  # fmt: skip
