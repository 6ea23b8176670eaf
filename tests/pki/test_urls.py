"""URLs in certificates: which ones are accepted, their file, and what of others is read."""

import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from certstrap.errors import InvalidAlternativeNameError, UnusableFileError
from certstrap.pki.urls import NO_URLS, URLs
from tests.builders.certificates import a_certificate, a_certificate_with, a_name

LDAP = "ldap://ldap.example/cn=Cert,dc=example?certificateRevocationList;binary"
ALL = URLs(
    ("http://pki.example/Cert.crl", LDAP), ("http://ocsp.example",), ("http://pki.example/C.cer",)
)


@pytest.mark.parametrize(
    "url",
    [
        "http://pki.example",
        "HTTP://pki.example:8080/a/b.crl?x=1&y=%20",
        "http://pki/Cert.crl",
        "http://192.0.2.1/Cert.crl",
        "http://[2001:db8::1]:80/Cert.crl",
        "https://pki.example/Cert.crl",
        LDAP,
        "ldap:///cn=Cert?certificateRevocationList?base?(objectClass=cRLDistributionPoint)",
    ],
)
def test_a_url_that_rfc_5280_allows_is_accepted_as_typed(url: str) -> None:
    assert URLs.of([url], [], [url]) == URLs((url,), (), (url,))


@pytest.mark.parametrize(
    "url",
    [
        "pki.example/Cert.crl",
        "ftp://pki.example/Cert.crl",
        "file:///Cert.crl",
        "ldaps://ldap.example/cn=Cert?certificateRevocationList",
        "ldap://ldap.example/cn=Cert",
        "ldap://ldap.example/?certificateRevocationList",
        "http://",
        "http:///Cert.crl",
        "http://user@pki.example/",
        "http://user:secret@pki.example/",
        "http://pki.example:0/",
        "http://pki.example:65536/",
        "http://pki..example/",
        "http://1.2.3.999/",
        "http://[1.2.3.4]/",
        "http://[::1::]/",
        "http://pki.example/#top",
        "http://pki.example/ä",
        "http://pki.example/%zz",
        "http://pki.example/a\x00b",
        "http://pki.example/\N{NO-BREAK SPACE}x",
    ],
)
def test_what_no_certificate_should_have_is_refused(url: str) -> None:
    with pytest.raises(InvalidAlternativeNameError, match="Invalid CRL URL"):
        URLs.of([url], [], [])


def test_an_ocsp_responder_is_not_in_a_directory() -> None:
    with pytest.raises(InvalidAlternativeNameError, match="Invalid OCSP URL: ldap") as caught:
        URLs.of([], [LDAP], [])
    assert "an http or https URL" in str(caught.value.hint)


def test_a_list_has_spaces_in_between_and_each_url_once() -> None:
    found = URLs.of(["http://a http://b", "http://a"], [], [])
    assert found == URLs(("http://a", "http://b"), (), ())


def test_a_file_is_read_as_it_was_written() -> None:
    assert URLs.parse(ALL.text, "Cert.urls") == ALL
    assert URLs.parse("\n  crl\thttp://a  http://b\r\n\n", "Cert.urls").crl == (
        "http://a",
        "http://b",
    )
    assert URLs.parse("", "Cert.urls") == NO_URLS


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("crl", 'has a line that is not understood: "crl"'),
        ("CRL http://a", "is not understood"),
        ("http://a", "is not understood"),
        ("# note", "is not understood"),
        ("crl http://a\nocsp ldap://x/cn=y?z", "cannot be used: Invalid OCSP URL: ldap"),
    ],
)
def test_a_file_that_is_not_understood_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UnusableFileError, match=r"Cert\.urls") as caught:
        URLs.parse(text, "Cert.urls")
    assert reason in str(caught.value)


def test_a_certificate_says_what_was_put_into_it() -> None:
    certificate = a_certificate_with(
        *((value, False) for value in ALL.extensions()), subject=a_name("leaf")
    )
    assert URLs.in_(certificate) == ALL
    assert URLs.in_(a_certificate()) == NO_URLS
    assert [*NO_URLS.extensions()] == []


def test_of_others_only_the_urls_are_read() -> None:
    directory = x509.DirectoryName(x509.Name([]))
    uri = x509.UniformResourceIdentifier("ftp://a")
    points = x509.CRLDistributionPoints(
        [
            x509.DistributionPoint([directory, uri], None, None, None),
            x509.DistributionPoint(None, None, None, [directory]),
            x509.DistributionPoint([uri], None, frozenset({x509.ReasonFlags.superseded}), None),
        ]
    )
    access = x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(AuthorityInformationAccessOID.OCSP, directory),
            x509.AccessDescription(x509.ObjectIdentifier("1.2.3"), uri),
        ]
    )
    certificate = a_certificate_with((points, False), (access, False), subject=a_name("leaf"))
    assert URLs.in_(certificate) == URLs(("ftp://a",), (), ())
