"""`sign`: its line, who signs, what is in the certificate, and what is refused."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from certstrap.pki.keys import P256, KeySpec
from tests.builders import foreign
from tests.builders.depots import NEW_KEY, TEN_YEARS, UNUSED, init, request
from tests.conftest import NOW, CommandLine

REQUEST = ("request-cert", *NEW_KEY)
SIGNED = "Created out/client.crt from out/client.csr signed by out/Cert.key\n"


pytestmark = pytest.mark.depot(
    init("Cert", *TEN_YEARS), request("client", "--domain", "client.example")
)
"""The CA `Cert`, good for ten years, and the request `client`."""


def signed(depot: Path, stem: str = "client") -> x509.Certificate:
    return foreign.load_certificate(depot / f"{stem}.crt")


def test_it_prints_one_line(certstrap: CommandLine, depot: Path) -> None:
    assert certstrap("sign", "client", "--CA", "Cert").stdout == SIGNED
    assert (depot / "client.crt").stat().st_mode & 0o777 == 0o444


def test_the_certificate_is_that_of_a_client_and_server_for_two_years(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("sign", "client", "--CA", "Cert")
    leaf, ca = signed(depot), signed(depot, "Cert")
    leaf.verify_directly_issued_by(ca)
    assert leaf.not_valid_before_utc == NOW - timedelta(minutes=10)
    assert leaf.not_valid_after_utc == datetime(2028, 11, 23, 12, tzinfo=UTC)
    assert 64 < leaf.serial_number.bit_length() < 160
    assert leaf.public_key() == foreign.load_key(depot / "client.key").public_key()
    assert {ext.oid: ext.critical for ext in leaf.extensions} == {
        ExtensionOID.SUBJECT_KEY_IDENTIFIER: False,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER: False,
        ExtensionOID.BASIC_CONSTRAINTS: True,
        ExtensionOID.KEY_USAGE: True,
        ExtensionOID.EXTENDED_KEY_USAGE: False,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME: False,
    }
    assert leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    usages = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(usages) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    ski = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    aki = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert aki.key_identifier == ski.digest


@pytest.mark.parametrize(
    ("options", "usages"),
    [
        (("--key-bits", "2048"), ("digital_signature", "key_encipherment")),
        (("--curve", "P-384"), ("digital_signature",)),
        (("--curve", "Ed25519"), ("digital_signature",)),
    ],
)
def test_the_key_usage_is_what_the_key_can_do(
    certstrap: CommandLine, depot: Path, options: tuple[str, ...], usages: tuple[str, ...]
) -> None:
    certstrap("request-cert", "--cn", "a", "--no-passphrase", *options)
    certstrap("sign", "a", "--CA", "Cert")
    usage = signed(depot, "a").extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage == foreign.key_usage(*usages)


def test_subject_and_alternative_names_are_copied_byte_for_byte(
    certstrap: CommandLine, depot: Path
) -> None:
    odd = x509.Name(
        [
            x509.RelativeDistinguishedName(
                [
                    x509.NameAttribute(NameOID.COMMON_NAME, " odd  Name "),
                    x509.NameAttribute(NameOID.USER_ID, "u"),
                ]
            ),
            x509.RelativeDistinguishedName(
                [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "O", x509.name._ASN1Type.T61String)]
            ),
        ]
    )
    names = x509.SubjectAlternativeName(
        [
            x509.UniformResourceIdentifier("spiffe://a.example/b"),
            x509.IPAddress(ip_address("::1")),
            x509.DNSName("A.example"),
        ]
    )
    foreign.write(depot / "odd.csr", foreign.request(subject=odd, extensions=[names]))
    certstrap("sign", "odd", "--CA", "Cert")
    leaf = signed(depot, "odd")
    assert leaf.subject.public_bytes() == odd.public_bytes()
    assert leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value == names


def test_alternative_names_alone_are_critical(certstrap: CommandLine, depot: Path) -> None:
    domain = f"{'a' * 60}.example"
    certstrap(*REQUEST, "--domain", domain)
    certstrap("sign", domain, "--CA", "Cert")
    leaf = signed(depot, domain)
    assert not leaf.subject.rdns
    assert leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical


@pytest.mark.parametrize(
    ("options", "end"),
    [
        (("--expires", "90d"), datetime(2027, 2, 21, 12, tzinfo=UTC)),
        (("--expires", "2027-01-01"), datetime(2027, 1, 1, 23, 59, 59, tzinfo=UTC)),
        (("--years", "1"), datetime(2027, 11, 23, 12, tzinfo=UTC)),
        (("--years", "1", "--expires", "3 years 6 months"), datetime(2028, 5, 23, 12, tzinfo=UTC)),
        (("--years", "0", "--expires", "3 years 6 months"), datetime(2030, 5, 23, 12, tzinfo=UTC)),
    ],
)
def test_it_ends_when_requested(
    certstrap: CommandLine, depot: Path, options: tuple[str, ...], end: datetime
) -> None:
    assert certstrap("sign", "client", "--CA", "Cert", *options).stdout == SIGNED
    assert signed(depot).not_valid_after_utc == end


def test_a_certificate_that_would_outlive_its_ca_is_cut_and_one_line_says_so(
    certstrap: CommandLine, depot: Path
) -> None:
    cut = "Expires 2036-11-23, with its CA.\n"
    outcome = certstrap("sign", "client", "--CA", "Cert", "--expires", "11 years", stderr=cut)
    assert outcome.stdout == SIGNED
    assert signed(depot).not_valid_after_utc == signed(depot, "Cert").not_valid_after_utc


def test_a_certificate_does_not_begin_before_its_ca(certstrap: CommandLine, depot: Path) -> None:
    start = NOW - timedelta(minutes=1)
    key = P256.generate()
    foreign.store_ca(depot, "Young", it=foreign.certificate(key=key, start=start), key=key)
    certstrap("sign", "client", "--CA", "Young")
    assert signed(depot).not_valid_before_utc == start


def test_the_steps_may_happen_on_different_days(certstrap: CommandLine, depot: Path) -> None:
    certstrap("sign", "client", "--CA", "Cert", now=NOW + timedelta(days=200))
    assert signed(depot).not_valid_before_utc == NOW + timedelta(days=200, minutes=-10)


def test_the_only_ca_signs_if_none_is_named(certstrap: CommandLine, depot: Path) -> None:
    foreign.write(depot / "public.crt", foreign.certificate().public_bytes(Encoding.PEM))
    assert certstrap("sign", "client").stdout == SIGNED


@pytest.mark.parametrize("name", ["Cert.chain", "Cert.pkcs8", "Cert.crt"])
def test_the_only_ca_is_found_by_any_name(certstrap: CommandLine, folder: Path, name: str) -> None:
    certstrap(*init(name))
    certstrap(*REQUEST, "--cn", "client")
    line = f"Created out/client.crt from out/client.csr signed by out/{name}.key"
    assert certstrap("sign", "client").lines[0] == line


def test_of_several_cas_one_must_be_named(certstrap: CommandLine, depot: Path) -> None:
    certstrap(*init("Another"))
    certstrap.refuses(
        "sign", "client",
        sentence="out has more than one CA: Another, Cert.",
        hint="Hint: Choose one with --CA NAME.",
    )  # fmt: skip


def test_the_hint_for_an_unknown_ca_has_the_name_that_was_typed(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap(*REQUEST, "--cn", "client")
    certstrap.refuses(
        "sign", "client", "--CA", "Example Root",
        sentence="There is no certificate out/Example_Root.crt.",
        hint="certstrap init --common-name 'Example Root'",
    )  # fmt: skip


def test_where_there_is_no_ca_it_says_so(certstrap: CommandLine, folder: Path) -> None:
    certstrap(*REQUEST, "--cn", "client")
    certstrap.refuses(
        "sign", "client", sentence="out has no CA.", hint="certstrap init --common-name"
    )


@pytest.mark.parametrize("name", ["Testing Root", "Testing_Root"])
def test_a_ca_is_found_by_its_name_and_by_the_name_of_its_files(
    certstrap: CommandLine, folder: Path, name: str
) -> None:
    certstrap(*init("Testing Root"))
    certstrap(*REQUEST, "--cn", "Some Client")
    outcome = certstrap("sign", "Some Client", "--CA", name, "--expires", "1 day")
    files = "out/Some_Client.crt from out/Some_Client.csr signed by out/Testing_Root.key"
    assert outcome.stdout == f"Created {files}\n"


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("_.w.ex", "*.w.ex"),
        ("spiffe_example.com_foo", "spiffe://example.com/foo"),
        ("caf_", "café"),  # as certstrap's request-cert has it
        ("a*b", "a*b"),  # as certstrap's init has it
        ("Ünï", "Ünï"),
        ("__.._x", "../../x"),
    ],
)
def test_files_of_certstrap_are_found_under_either_of_its_rules(
    certstrap: CommandLine, depot: Path, stem: str, name: str
) -> None:
    foreign.write(depot / f"{stem}.csr", foreign.request(subject=name))
    line = certstrap("sign", name, "--CA", "Cert").lines[0]
    assert line.endswith(f".crt from out/{stem}.csr signed by out/Cert.key")


def test_request_and_certificate_may_be_elsewhere(certstrap: CommandLine, depot: Path) -> None:
    der = x509.load_pem_x509_csr(foreign.request()).public_bytes(Encoding.DER)
    foreign.write(depot.parent / "their.csr", der)
    note = 'their.crt is for "client", the name in it.\n'
    line = ("sign", "x", "--csr", "their.csr", "--cert", "their.crt", "--CA", "Cert")
    outcome = certstrap(*line, stderr=note)
    assert outcome.stdout == "Created their.crt from their.csr signed by out/Cert.key\n"
    assert foreign.load_certificate(depot.parent / "their.crt").subject == foreign.name_of("client")
    assert not (depot / "x.crt").exists()


def test_stdout_prints_the_certificate_after_the_line(certstrap: CommandLine, depot: Path) -> None:
    outcome = certstrap("sign", "client", "--stdout")
    assert outcome.stdout == SIGNED + (depot / "client.crt").read_text()


@pytest.mark.parametrize(
    "given",
    [("--passphrase", "123"), ("--passphrase", ""), ("--no-passphrase",), ()],
)
def test_a_passphrase_that_is_not_needed_does_no_harm(
    certstrap: CommandLine, depot: Path, given: tuple[str, ...]
) -> None:
    unused = f"--passphrase {UNUSED}" if "123" in given else ""
    assert certstrap("sign", "client", *given, stderr=unused).stdout == SIGNED


@pytest.mark.parametrize("given", [("--passphrase", "123"), ()])
def test_an_encrypted_ca_key_is_opened(
    certstrap: CommandLine, depot: Path, given: tuple[str, ...]
) -> None:
    certstrap("init", "--curve", "P-256", "--cn", "Shut", "--passphrase", "123")
    certstrap("sign", "client", "--CA", "Shut", *given, input="123\n")
    signed(depot).verify_directly_issued_by(signed(depot, "Shut"))


def test_an_intermediate_is_a_ca_that_signs_leaves(certstrap: CommandLine, folder: Path) -> None:
    depot = folder / "out"
    certstrap(*init("Root", "--path-length", "2"))
    for name, ca, options in (
        ("Int 1", "Root", ("--intermediate", "--path-length", "1")),
        ("Int 2", "Int 1", ("--intermediate",)),
        ("leaf", "Int 2", ()),
    ):
        certstrap(*REQUEST, "--cn", name)
        certstrap("sign", name, "--CA", ca, *options)
    chain = [signed(depot, stem) for stem in ("leaf", "Int_2", "Int_1", "Root")]
    for below, above in pairwise(chain):
        below.verify_directly_issued_by(above)
    constraints = [
        it.extensions.get_extension_for_class(x509.BasicConstraints).value for it in chain[1:]
    ]
    assert [(it.ca, it.path_length) for it in constraints] == [(True, 0), (True, 1), (True, 2)]
    usage = chain[1].extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage == foreign.key_usage("key_cert_sign", "crl_sign")


def test_below_a_ca_without_a_path_length_any_intermediate_fits(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap(*init("Root", "--exclude-path-length"))
    certstrap(*REQUEST, "--cn", "Int")
    certstrap("sign", "Int", "--CA", "Root", "--intermediate", "--path-length", "7")
    constraints = signed(folder / "out", "Int").extensions.get_extension_for_class(
        x509.BasicConstraints
    )
    assert constraints.value.path_length == 7


@pytest.mark.parametrize(
    ("root", "options", "sentence", "hint"),
    [
        ((), (), "The CA's path length is 0: no intermediate may follow it.", "--path-length 1"),
        (("--path-length", "2"), ("--path-length", "-1"), "A path length cannot be -1.", "0, 1"),
    ],
)
def test_an_intermediate_that_no_chain_could_hold_is_refused(
    certstrap: CommandLine,
    folder: Path,
    root: tuple[str, ...],
    options: tuple[str, ...],
    sentence: str,
    hint: str,
) -> None:
    certstrap(*init("Root", *root))
    certstrap(*REQUEST, "--cn", "Int")
    certstrap.refuses(
        "sign", "Int", "--CA", "Root", "--intermediate", *options, sentence=sentence, hint=hint
    )


def test_a_path_length_goes_with_an_intermediate_only(certstrap: CommandLine, depot: Path) -> None:
    certstrap.refuses(
        "sign", "client", "--path-length", "0",
        sentence="A path length is for CAs only.", hint="--intermediate",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("options", "allowed"),
    [
        (("--cn", "a", "--domain", "x.good.example,good.example"), True),
        (("--cn", "x.GOOD.example"), True),
        (("--cn", "plain"), True),
        (("--cn", "a", "--ip", "10.0.0.1"), True),
        (("--cn", "a", "--domain", "*.good.example"), True),
        (("--cn", "a", "--domain", "good.example,bad.example"), False),
        (("--cn", "a", "--domain", "notgood.example"), False),
        (("--cn", "a", "--domain", "good.example.bad"), False),
        (("--cn", "bad.example"), False),
    ],
)
def test_names_that_the_ca_may_not_sign_are_refused(
    certstrap: CommandLine, folder: Path, options: tuple[str, ...], allowed: bool
) -> None:
    certstrap(*init("Root", "--permit-domain", "good.example"))
    certstrap(*REQUEST, *options)
    name = options[1]
    if allowed:
        certstrap("sign", name, "--CA", "Root")
    else:
        certstrap.refuses(
            "sign", name, "--CA", "Root",
            sentence="The CA may not sign ", hint="Hint: Ask for a name that it may sign",
        )  # fmt: skip


@pytest.mark.parametrize("name", ["Cert", "cert", "CERT"])
def test_the_name_of_the_ca_itself_is_refused(
    certstrap: CommandLine, depot: Path, name: str
) -> None:
    foreign.write(depot / "its.csr", foreign.request(subject=name))
    certstrap.refuses(
        "sign", "its", "--CA", "Cert",
        sentence="The request has the name of the CA itself", hint="another common name",
    )  # fmt: skip


def test_a_certificate_is_not_overwritten(certstrap: CommandLine, depot: Path) -> None:
    certstrap("sign", "client")
    certstrap.refuses(
        "sign", "client", sentence='Certificate "client" already exists!', hint="out/client.crt"
    )


def test_a_file_that_is_in_the_way_is_called_by_its_own_name(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap.refuses(
        "sign", "client", "--cert", "out/Cert.crt", sentence="out/Cert.crt already exists!"
    )


@pytest.mark.parametrize("names", [(), ("a", "b")])
def test_one_name_is_wanted(certstrap: CommandLine, depot: Path, names: tuple[str, ...]) -> None:
    certstrap.refuses(
        "sign", *names, sentence="One host name must be provided.", hint="certstrap sign "
    )


def test_what_an_rsa_ca_signs_is_signed_with_sha256(certstrap: CommandLine, folder: Path) -> None:
    key = KeySpec(bits=2048).generate()
    foreign.store_ca(folder / "out", "Rsa", it=foreign.certificate(key=key, name="Rsa"), key=key)
    certstrap(*REQUEST, "--cn", "client")
    certstrap("sign", "client", "--CA", "Rsa")
    leaf = signed(folder / "out")
    public = key.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    assert leaf.signature_hash_algorithm
    assert leaf.signature_hash_algorithm.name == "sha256"
    public.verify(
        leaf.signature,
        leaf.tbs_certificate_bytes,
        padding.PKCS1v15(),
        leaf.signature_hash_algorithm,
    )
