"""Servers: which names a client can ask for, and which certificates serve them."""

from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from certstrap.errors import InvalidNameError
from certstrap.pki.decode import LoadedCertificate
from certstrap.pki.keys import KeySpec
from certstrap.pki.server import above_server, host_in, parse_server_name, serves
from tests.builders.keys import CA_KEY, a_key
from tests.temporal.pki import INTERMEDIATE, LEAF, ROOT, Made, as_version_1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("temporal.example.com", "temporal.example.com"),
        ("localhost", "localhost"),
        ("a_b.example", "a_b.example"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
    ],
)
def test_a_server_name_is_a_domain_or_an_ip_address(text: str, name: str) -> None:
    assert parse_server_name(text) == name


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("host:7233", "Write only the name: host"),
        ("https://host.example", "Write only the name: host.example"),
        ("grpc://host.example:1/x?y", "Write only the name: host.example"),
        ("127.0.0.1:7233", "Write only the name: 127.0.0.1"),
        ("[::1]:7233", "Write only the name: ::1"),
        ("host.example.", "Write only the name: host.example"),
        ("*.example.com", "A domain is labels of letters, digits and hyphens"),
        ("", "A domain is labels of letters, digits and hyphens"),
        ("a b", "A domain is labels of letters, digits and hyphens"),
        ("a\nb", "A domain is labels of letters, digits and hyphens"),
        ("ä.example", "Write an international name in its ASCII form"),
        ("[host", "A domain is labels of letters, digits and hyphens"),
    ],
)
def test_what_is_no_name_is_refused_with_the_name_in_it(text: str, hint: str) -> None:
    with pytest.raises(InvalidNameError, match="is not a host name") as refused:
        parse_server_name(text)
    assert str(refused.value.hint).startswith(hint)


def test_a_text_without_a_host_has_none() -> None:
    assert [host_in(text) for text in ("", "a b", "::1", "//", "[x")] == [""] * 5


def server(*names: str) -> x509.Certificate:
    general: list[x509.GeneralName] = []
    for name in names:
        try:
            general.append(x509.IPAddress(ip_address(name)))
        except ValueError:
            general.append(x509.DNSName(name))
    return LEAF.having("names", x509.SubjectAlternativeName(general), critical=False).certificate


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("a.example", "a.example", True),
        ("A.Example", "a.eXAMPLE", True),
        ("*.b.example", "A.B.example", True),
        ("*.b.example", "a.a.b.example", False),
        ("*.example", "a.example", False),
        ("*.example", "example", False),
        ("*.b.example", "a.b.example", True),
        ("a*.example", "ab.example", False),
        ("*", "localhost", False),
        ("a.example", "b.example", False),
        ("a.example.", "a.example", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("::1", "::1", True),
        ("127.0.0.1", "127.0.0.2", False),
    ],
)
def test_a_name_is_compared_as_rustls_and_go_compare_it(
    pattern: str, name: str, *, matches: bool
) -> None:
    found = [finding.rule for finding in serves(server(pattern), name, "x.crt")]
    assert found == ([] if matches else ["server-name"])


def test_an_address_is_not_looked_for_among_the_domains() -> None:
    names = x509.SubjectAlternativeName([x509.DNSName("10.0.0.1")])
    (finding,) = serves(LEAF.having("names", names).certificate, "10.0.0.1", "x.crt")
    assert finding.sentence == (
        'x.crt has "10.0.0.1" as a domain, and clients look for an IP address.'
    )
    assert finding.hint == "Issue the server a certificate with --ip 10.0.0.1."


def test_one_of_several_names_is_enough() -> None:
    several = server("a.example", "10.0.0.1", "b.example")
    for name in ("a.example", "10.0.0.1", "b.example"):
        assert not [*serves(several, name, "x.crt")]
    (finding,) = serves(several, "10.0.0.2", "x.crt")
    assert finding.sentence == (
        'x.crt is for "a.example", "b.example", "10.0.0.1", not for "10.0.0.2".'
    )
    assert finding.hint == "Issue the server a certificate with --ip 10.0.0.2."


@pytest.mark.parametrize(
    ("usages", "good"),
    [
        ([ExtendedKeyUsageOID.SERVER_AUTH], True),
        ([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH], True),
        ([ExtendedKeyUsageOID.CLIENT_AUTH], False),
        ([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE], False),
    ],
)
def test_an_extended_key_usage_has_to_name_servers(
    usages: list[x509.ObjectIdentifier], *, good: bool
) -> None:
    made = LEAF.having("names", x509.SubjectAlternativeName([x509.DNSName("a.example")]))
    assert not [*serves(made.certificate, "a.example", "x")]
    limited = made.having("extended usage", x509.ExtendedKeyUsage(usages)).certificate
    found = [finding.rule for finding in serves(limited, "a.example", "x")]
    assert found == ([] if good else ["server-usage"])


@pytest.mark.parametrize(
    ("kind", "good"),
    [("P-224", False), ("P-256", True), ("P-384", True), ("P-521", False), ("Ed25519", True)],
)
def test_a_key_has_to_be_of_a_kind_that_all_clients_can_verify(kind: str, *, good: bool) -> None:
    made = LEAF.having("names", x509.SubjectAlternativeName([x509.DNSName("a.example")]))
    certificate = made.but(key=a_key(KeySpec(curve=kind))).certificate
    found = [finding.rule for finding in serves(certificate, "a.example", "x")]
    assert found == ([] if good else ["server-key"])


def test_a_certificate_of_version_1_serves_nobody() -> None:
    old = LEAF.but(changed=as_version_1(CA_KEY)).certificate
    found = [finding.rule for finding in serves(old, "leaf", "x")]
    assert found == ["server-name", "server-version"]


@pytest.mark.parametrize(
    ("kind", "good"), [("P-256", True), ("P-384", True), ("P-521", False), ("Ed25519", True)]
)
def test_a_signature_has_to_be_of_a_kind_that_all_clients_can_verify(
    kind: str, *, good: bool
) -> None:
    made = LEAF.having("names", x509.SubjectAlternativeName([x509.DNSName("a.example")]))
    certificate = made.but(by=ROOT.but(key=a_key(KeySpec(curve=kind)))).certificate
    found = [finding.rule for finding in serves(certificate, "a.example", "x")]
    assert found == ([] if good else ["server-signature"])


def above(*cas: Made) -> list[str]:
    path = [LoadedCertificate(each.certificate, "x") for each in (LEAF, *cas)]
    return [finding.rule for finding in above_server(path)]


@pytest.mark.parametrize("kind", ["P-224", "P-521"])
def test_a_ca_has_to_have_a_key_that_all_clients_can_verify_with(kind: str) -> None:
    other = ROOT.but(key=a_key(KeySpec(curve=kind)))
    assert above(other) == ["server-ca-key"]
    assert above(INTERMEDIATE, ROOT) == []


def test_an_intermediate_has_to_permit_servers_and_a_trusted_ca_has_not() -> None:
    any_purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])
    limited = INTERMEDIATE.having("extended usage", any_purpose)
    assert above(limited, ROOT) == ["server-ca-usage"]
    assert above(limited) == []
    strange = INTERMEDIATE.but(by=ROOT.but(key=a_key(KeySpec(curve="P-521"))))
    assert above(strange, ROOT) == ["server-signature"]
    assert above(strange) == []


def test_a_server_may_be_below_six_intermediates() -> None:
    assert above(*[INTERMEDIATE] * 6, ROOT) == []
    assert above(*[INTERMEDIATE] * 7, ROOT) == ["server-path"]
