"""pkilint finds no error and no warning in certificates and CRLs, by RFC 5280."""

from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.pki.crl import COMPROMISED, REASONS
from tests.builders.certificates import A_CA, a_certificate_with, a_name
from tests.builders.depots import NEW_KEY
from tests.commands.test_limits import EVERY_LIMIT
from tests.commands.test_urls import OPTIONS
from tests.conftest import NOW, CommandLine
from tests.interop import peers
from tests.interop.conftest import KINDS, NAMELESS
from tests.pki.test_urls import LDAP

peers.package("pkilint")

from pkilint import loader, pkix  # noqa: E402 - only now is it known to be there
from pkilint.pkix import certificate, crl, extension, name  # noqa: E402
from pkilint.validation import ValidationFindingSeverity, ValidatorContainer  # noqa: E402

every_kind = pytest.mark.parametrize("kind", KINDS)


@cache
def certificate_rules() -> ValidatorContainer:
    """Return what pkilint's own ``lint_pkix_cert`` checks."""
    return certificate.create_pkix_certificate_validator_container(
        certificate.create_decoding_validators(
            name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS
        ),
        [
            certificate.create_issuer_validator_container(),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container(),
            certificate.create_extensions_validator_container(),
            certificate.create_spki_validator_container(),
        ],
    )


@cache
def crl_rules() -> ValidatorContainer:
    """Return what pkilint's own ``lint_crl`` checks, by its PKIX profile."""
    return crl.create_pkix_crl_validator_container(
        [
            pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
            pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
        ],
        [
            crl.create_issuer_validator_container(),
            crl.create_validity_validator_container(),
            crl.create_extensions_validator_container(),
        ],
    )


def findings(pem: str) -> set[str]:
    """Return the codes of what pkilint finds wrong in a certificate or a CRL."""
    if "BEGIN X509 CRL" in pem:
        document, rules = loader.RFC5280CertificateListDocumentLoader(), crl_rules()
    else:
        document, rules = loader.RFC5280CertificateDocumentLoader(), certificate_rules()
    return {
        described.finding.code
        for result in rules.validate(document.load_pem_document(pem).root)
        for described in result.finding_descriptions
        if described.finding.severity <= ValidationFindingSeverity.WARNING
    }


@every_kind
@pytest.mark.parametrize(
    "file",
    ["Root.crt", "Intermediate.crt", "client.crt", "server.crt", "below.crt", "Root.crl"],
)
def test_nothing_is_wrong(pki: Path, file: str) -> None:
    assert findings((pki / file).read_text()) == set()


@every_kind
def test_nothing_is_wrong_without_a_subject(pki: Path) -> None:
    pem = (pki / f"{NAMELESS}.crt").read_text()
    leaf = x509.load_pem_x509_certificate(pem.encode())
    assert not leaf.subject.rdns
    assert leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical
    assert findings(pem) == set()


@pytest.mark.parametrize(
    "options",
    [
        ("--c", "de", "--st", "Bayern", "--l", "München", "--o", "Ö & Söhne", "--ou", "Ärzte"),
        ("--o", "o" * 64, "--ou", "u" * 64, "--l", "l" * 128, "--st", "s" * 128),
        ("--permit-domain", "example.com", "--permit-domain", "example.org"),
        EVERY_LIMIT,
        ("--exclude-path-length",),
        ("--expires", "2049-12-31"),
        ("--expires", "2050-01-01"),
        ("--expires", "9999-12-31"),
    ],
    ids=["letters", "lengths", "domains", "limits", "paths", "2049", "2050", "9999"],
)
def test_nothing_is_wrong_in_what_init_can_be_asked_for(
    certstrap: CommandLine, folder: Path, options: tuple[str, ...]
) -> None:
    certstrap("init", "--common-name", "Größte CA", *options, *NEW_KEY)
    for file in ("Größte_CA.crt", "Größte_CA.crl"):
        assert findings((folder / "out" / file).read_text()) == set()


@every_kind
def test_nothing_is_wrong_in_a_crl_with_every_reason(
    certstrap: CommandLine, folder: Path, kind: str
) -> None:
    certstrap("init", "--cn", "Cert", *KINDS[kind], "--no-passphrase")
    for number, reason in enumerate(REASONS, start=1):
        line = ("revoke", "--serial", f"{number:x}", "--elsewhere", "--reason", reason)
        note = "Its key is not known, so it is not on the list of compromised keys.\n"
        certstrap(*line, stderr=note if REASONS[reason] in COMPROMISED else "")
    assert len(x509.load_pem_x509_crl((folder / "out/Cert.crl").read_bytes())) == len(REASONS)
    assert findings((folder / "out/Cert.crl").read_text()) == set()


@pytest.mark.parametrize("profile", ["client", "server", "both"])
def test_nothing_is_wrong_in_a_certificate_of_each_profile(
    certstrap: CommandLine, folder: Path, profile: str
) -> None:
    certstrap("init", "--cn", "Cert", *NEW_KEY)
    certstrap("request-cert", "--domain", "a.example.com", *NEW_KEY)
    certstrap("sign", "a.example.com", "--profile", profile)
    assert findings((folder / "out/a.example.com.crt").read_text()) == set()


def test_nothing_is_wrong_in_an_intermediate_with_limits(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("init", "--cn", "Root", "--path-length", "1", *NEW_KEY)
    certstrap("request-cert", "--cn", "Int", *NEW_KEY)
    certstrap("sign", "Int", "--intermediate", *EVERY_LIMIT, "--profile", "client")
    assert findings((folder / "out/Int.crt").read_text()) == set()


def test_nothing_is_wrong_in_certificates_with_urls(certstrap: CommandLine, folder: Path) -> None:
    certstrap("init", "--cn", "Root", "--path-length", "1", *OPTIONS, "--crl-url", LDAP, *NEW_KEY)
    certstrap("request-cert", "--cn", "Int", *NEW_KEY)
    certstrap("sign", "Int", "--intermediate", "--CA", "Root")
    certstrap("issue", "leaf", "--CA", "Root", "--curve", "P-256")
    for file in ("Int.crt", "leaf.crt"):
        assert findings((folder / "out" / file).read_text()) == set()


def test_a_bad_certificate_is_found_out() -> None:
    bad = a_certificate_with((A_CA, False), subject=a_name())
    assert findings(bad.public_bytes(Encoding.PEM).decode()) == {
        "pkix.basic_constraints_extension_not_critical",
        "pkix.ca_certificate_no_ku_extension",
        "pkix.certificate_skid_ca_missing",
        "pkix.name_empty",
    }


def test_a_bad_crl_is_found_out() -> None:
    bad = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(x509.Name([]))
        .last_update(NOW)
        .next_update(NOW + timedelta(days=1))
        .sign(ec.generate_private_key(ec.SECP256R1()), SHA256())
    )
    assert findings(bad.public_bytes(Encoding.PEM).decode()) == {
        "pkix.authority_key_identifier_missing",
        "pkix.crl_number_missing",
        "pkix.name_empty",
    }
