"""Which names of a request are copied, and which a CA may sign that is restricted to a domain."""

from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from tests.builders import foreign
from tests.builders.certificates import a_name
from tests.builders.depots import NEW_KEY
from tests.builders.der import (
    CN,
    SUBJECT_ALTERNATIVE_NAME,
    UTF8,
    der,
    oid,
    raw_extension,
    raw_name,
    raw_request,
    sequence,
)
from tests.builders.openssl import openssl_accepts
from tests.conftest import CommandLine

UPN = sequence(oid("1.3.6.1.4.1.311.20.2.3"))[2:] + der(0xA0, der(UTF8, b"joe@corp.example"))
LISTED = (
    "Not copied from the request: e-mail address joe@a.example, user principal name "
    "joe@corp.example, registered ID 1.2.3.\n"
)


def mixed_request() -> bytes:
    """Return a request as DER with names of every kind."""
    names = sequence(
        der(0x81, b"joe@a.example"),
        der(0x82, b"a.example"),
        der(0xA0, UPN),
        der(0x87, b"\x0a\0\0\1"),
        der(0x88, b"\x2a\x03"),
        der(0x86, b"spiffe://a/b"),
    )
    return raw_request(
        subject=raw_name([(CN, UTF8, b"client")]),
        extensions=raw_extension(SUBJECT_ALTERNATIVE_NAME, names),
    )


def test_names_that_certstrap_drops_are_dropped_and_listed(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("init", "--cn", "CA", *NEW_KEY)
    (folder / "mixed.csr").write_bytes(mixed_request())
    outcome = certstrap("sign", "client", "--csr", "mixed.csr", stderr=LISTED)
    assert outcome.lines == ["Created out/client.crt from mixed.csr signed by out/CA.key"]
    names = foreign.stored_certificate("client").extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert [str(name.value) for name in names.value] == ["a.example", "10.0.0.1", "spiffe://a/b"]


def test_a_request_whose_only_name_is_an_e_mail_address_names_nothing(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("init", "--cn", "CA", *NEW_KEY)
    names = x509.SubjectAlternativeName([x509.RFC822Name("joe@a.example")])
    (folder / "mail.csr").write_bytes(foreign.request(subject=a_name(), extensions=[names]))
    sentence = "The request has neither a subject nor alternative names."
    certstrap.refuses("sign", "client", "--csr", "mail.csr", sentence=sentence)


def test_the_e_mail_address_in_a_subject_stays(certstrap: CommandLine, folder: Path) -> None:
    certstrap("init", "--cn", "CA", *NEW_KEY)
    subject = a_name("joe", email_address="joe@a.example")
    (folder / "mail.csr").write_bytes(foreign.request(subject=subject))
    certstrap("sign", "joe", "--csr", "mail.csr")
    (mail,) = foreign.stored_certificate("joe").subject.get_attributes_for_oid(
        NameOID.EMAIL_ADDRESS
    )
    assert mail.value == "joe@a.example"


def test_a_permitted_domain_may_begin_with_a_dot(certstrap: CommandLine, folder: Path) -> None:
    certstrap("init", "--cn", "CA", "--permit-domain", ".a.example", *NEW_KEY)
    constraints = (
        foreign.stored_certificate("CA")
        .extensions.get_extension_for_class(x509.NameConstraints)
        .value
    )
    assert constraints == x509.NameConstraints([x509.DNSName(".a.example")], None)
    for name in ("b.a.example", "a.example", "xa.example"):
        certstrap("request-cert", "--cn", name, "--domain", name, *NEW_KEY)
    certstrap("sign", "b.a.example")
    for name in ("a.example", "xa.example"):
        certstrap.refuses("sign", name, sentence=f"may not sign {name}: it is permitted .a.example")
    accepted = openssl_accepts(
        folder, foreign.stored_certificate("CA"), foreign.stored_certificate("b.a.example")
    )
    assert accepted == [True]
