"""Names in certificates, byte for byte: that is how Go compares them, and so Temporal Cloud."""

import shutil
from pathlib import Path

import pytest
from cryptography import x509

from certstrap.pki.decode import load_certificate
from tests.builders import DATA, foreign
from tests.builders.crls import load as load_crl
from tests.builders.depots import NEW_KEY
from tests.builders.der import (
    BASIC_CONSTRAINTS,
    CN,
    ODD_NAMES,
    PRINTABLE,
    UTF8,
    der,
    raw_certificate,
    raw_extension,
    raw_name,
    sequence,
)
from tests.builders.keys import LEAF_KEY
from tests.conftest import CommandLine, Program

C, ST, L, O, OU = "2.5.4.6", "2.5.4.8", "2.5.4.7", "2.5.4.10", "2.5.4.11"  # noqa: E741 - as X.520
FULL = ("--c", "US", "--st", "CA", "--l", "SF", "--o", "Example", "--ou", "Ops")


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("Cert", PRINTABLE),
        ("EC Clear", PRINTABLE),
        ("Acme, Inc. (Root) '+-/:=?", PRINTABLE),
        ("09.az-AZ", PRINTABLE),
        (" two  spaces ", PRINTABLE),
        ("*.w.example", UTF8),
        ("a&b", UTF8),
        ("alice@ex.com", UTF8),
        ("under_score", UTF8),
        ('quo"te', UTF8),
        ("a;b", UTF8),
        ("Ünï", UTF8),
        ("東京", UTF8),
    ],
)
def test_a_name_is_a_printable_string_where_go_makes_it_one(
    certstrap: CommandLine, folder: Path, text: str, tag: int
) -> None:
    name = raw_name([(CN, tag, text.encode())])
    certstrap("--depot-path", "ca", "init", "--cn", text, *NEW_KEY)
    certstrap("--depot-path", "leaf", "request-cert", "--cn", text, *NEW_KEY)
    (ca,) = (folder / "ca").glob("*.crt")
    (request,) = (folder / "leaf").glob("*.csr")
    assert foreign.load_certificate(ca).tbs_certificate_bytes.count(name) == 2
    assert foreign.load_request(request).tbs_certrequest_bytes.count(name) == 1


def test_each_attribute_has_the_type_that_its_own_characters_allow(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap(
        "init", "--cn", "x", "--c", "de", "--st", "Baden_W", "--l", "Köln", "--o", "A&B",
        "--ou", "R, D", *NEW_KEY,
    )  # fmt: skip
    name = raw_name(
        [(C, PRINTABLE, b"de")],
        [(ST, UTF8, b"Baden_W")],
        [(L, UTF8, "Köln".encode())],
        [(O, UTF8, b"A&B")],
        [(OU, PRINTABLE, b"R, D")],
        [(CN, PRINTABLE, b"x")],
    )
    assert foreign.load_certificate(folder / "out/x.crt").tbs_certificate_bytes.count(name) == 2


@pytest.mark.parametrize(
    ("stem", "options"),
    [("EC_Clear", ("--cn", "EC Clear", *FULL)), ("RSA_Clear", ("--cn", "RSA Clear"))],
)
def test_a_root_that_is_made_again_has_the_very_name_that_certstrap_gave_it(
    certstrap: CommandLine, folder: Path, stem: str, options: tuple[str, ...]
) -> None:
    shutil.copy(DATA / f"{stem}.key", "old.key")
    certstrap("init", "--key", "old.key", *options, "--passphrase", "", "--exclude-path-length")
    certificate = foreign.load_certificate(DATA / f"{stem}.crt")
    old = certificate.subject.public_bytes()
    assert certificate.tbs_certificate_bytes.count(old) == 2
    new = foreign.load_certificate(folder / f"out/{stem}.crt")
    assert new.tbs_certificate_bytes.count(old) == 2


def test_what_certstrap_issued_is_still_found_below_a_root_that_is_made_again(
    certstrap: CommandLine, folder: Path
) -> None:
    shutil.copy(DATA / "EC_Clear.key", "old.key")
    line = ("init", "--key", "old.key", "--cn", "EC Clear", *FULL, "--passphrase", "")
    certstrap(*line, "--exclude-path-length")
    root = foreign.load_certificate(folder / "out/EC_Clear.crt")
    issued = foreign.load_certificate(DATA / "Int_CA.crt")
    issued.verify_directly_issued_by(root)
    assert issued.tbs_certificate_bytes.count(root.subject.public_bytes()) == 1


@pytest.mark.parametrize("stem", ["Int_CA", "_.w.example", "alice_ex.com", "pending"])
def test_a_request_that_is_made_again_has_the_very_name_that_certstrap_gave_it(
    certstrap: CommandLine, folder: Path, stem: str
) -> None:
    old = foreign.load_request(DATA / f"{stem}.csr")
    (name,) = (str(attribute.value) for attribute in old.subject)
    certstrap("request-cert", "--cn", name, *NEW_KEY)
    new = foreign.load_request(folder / f"out/{stem}.csr")
    assert new.tbs_certrequest_bytes.count(old.subject.public_bytes()) == 1


CA_NAMES = [name for name in ODD_NAMES if name != "an empty value"]


@pytest.mark.parametrize("kind", CA_NAMES)
def test_what_is_issued_and_revoked_has_the_name_of_its_ca_whatever_its_string_types(
    certstrap: CommandLine, folder: Path, kind: str
) -> None:
    name = ODD_NAMES[kind]
    is_ca = raw_extension(BASIC_CONSTRAINTS, sequence(der(0x01, b"\xff")), critical=True)
    ca = load_certificate(raw_certificate(subject=name, extensions=is_ca), "ca")
    foreign.store_ca(folder / "out", "Odd", it=ca, key=LEAF_KEY)
    certstrap("request-cert", "--cn", "client", *NEW_KEY)
    certstrap("sign", "client", "--CA", "Odd")
    issued = foreign.load_certificate(folder / "out/client.crt")
    assert issued.tbs_certificate_bytes.count(name) == 1
    certstrap("revoke", "--CN", "client", "--CA", "Odd")
    crl = load_crl(folder / "out/Odd.crl")
    assert crl.tbs_certlist_bytes.count(name) == 1


@pytest.mark.parametrize("kind", CA_NAMES)
def test_a_certificate_that_is_renewed_keeps_the_very_names_that_it_had(
    certstrap: CommandLine, folder: Path, kind: str
) -> None:
    name = ODD_NAMES[kind]
    is_ca = raw_extension(BASIC_CONSTRAINTS, sequence(der(0x01, b"\xff")), critical=True)
    ca = load_certificate(raw_certificate(subject=name, extensions=is_ca), "ca")
    foreign.store_ca(folder / "out", "Odd", it=ca, key=LEAF_KEY)
    certstrap("request-cert", "--cn", "client", *NEW_KEY)
    certstrap("sign", "client", "--CA", "Odd", "--expires", "9d")
    certstrap("renew", "Odd", "client")
    for stem, times in (("Odd", 2), ("client", 1)):
        renewed = foreign.load_certificate(folder / f"out/{stem}.crt")
        assert renewed.tbs_certificate_bytes.count(name) == times


@pytest.mark.parametrize("country", ["DE", "de", "dE"])
def test_two_letters_are_a_country_and_keep_their_case(
    certstrap: CommandLine, folder: Path, country: str
) -> None:
    certstrap("init", "--cn", "CA", "--c", country, *NEW_KEY)
    certstrap("request-cert", "--cn", "a", "--c", country, *NEW_KEY)
    for subject in (
        foreign.load_certificate(folder / "out/CA.crt").subject,
        foreign.load_request(folder / "out/a.csr").subject,
    ):
        (attribute,) = subject.get_attributes_for_oid(x509.NameOID.COUNTRY_NAME)
        assert attribute.value == country


ODD_COUNTRY = (
    'The country "{}" is not a code of two letters (ISO 3166), and some programs refuse it.\n'
)


@pytest.mark.parametrize("country", ["USA", "United States", "D", "12", "Österreich"])
def test_another_country_is_accepted_with_one_line_on_standard_error(
    certstrap: CommandLine, folder: Path, country: str
) -> None:
    remark = ODD_COUNTRY.format(country)
    created = certstrap("init", "--cn", "CA", "--country", country, *NEW_KEY, stderr=remark)
    assert len(created.lines) == 3
    certstrap("request-cert", "--cn", "a", "--country", country, *NEW_KEY, stderr=remark)
    certstrap("sign", "a", "--CA", "CA")
    leaf = foreign.load_certificate(folder / "out/a.crt")
    (attribute,) = leaf.subject.get_attributes_for_oid(x509.NameOID.COUNTRY_NAME)
    assert attribute.value == country


def test_the_real_program_says_nothing_else_about_a_country(program: Program) -> None:
    outcome = program("init", "--cn", "CA", "--c", "USA", *NEW_KEY)
    assert outcome.stderr == ODD_COUNTRY.format("USA")
    assert program("request-cert", "--cn", "a", *NEW_KEY).stderr == ""
    assert program("sign", "a").stderr == ""


def test_a_country_that_is_refused_is_not_remarked_on(certstrap: CommandLine) -> None:
    outcome = certstrap.refuses(
        "init", "--cn", "CA", "--c", "x" * 129, *NEW_KEY, sentence="Invalid country: "
    )
    assert "ISO 3166" not in outcome.stderr
