"""`init`: what it prints, the files it leaves, what stands in the certificate and the CRL."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtensionOID

from certstrap.pki.keys import P256, RSA_2048, PrivateKey, dump, spec_of
from tests import programs
from tests.builders import foreign
from tests.builders.depots import NEW_KEY
from tests.builders.keys import a_key
from tests.conftest import NOW, CommandLine, visible
from tests.programs import CERTSTRAP

P256_CA = ("init", *NEW_KEY, "--common-name")


def ca_of(folder: Path, stem: str = "Cert") -> x509.Certificate:
    return foreign.load_certificate(folder / "out" / f"{stem}.crt")


def test_a_new_ca_is_three_files_and_three_lines(certstrap: CommandLine, folder: Path) -> None:
    outcome = certstrap(*P256_CA, "Cert")
    assert outcome.stdout == "Created out/Cert.key\nCreated out/Cert.crt\nCreated out/Cert.crl\n"
    modes = {path.name: path.stat().st_mode & 0o777 for path in visible(folder / "out")}
    assert modes == {"Cert.key": 0o400, "Cert.crt": 0o444, "Cert.crl": 0o444}
    assert (folder / "out").stat().st_mode & 0o777 == 0o700


def test_an_encrypted_key_is_reported(certstrap: CommandLine, folder: Path) -> None:
    outcome = certstrap("init", "--cn", "Cert", "--curve", "P-256", "--passphrase", "123456")
    assert outcome.lines == [
        "Created out/Cert.key (encrypted by passphrase)",
        "Created out/Cert.crt",
        "Created out/Cert.crl",
    ]
    key = foreign.load_key(folder / "out/Cert.key", b"123456")
    assert key.public_key() == ca_of(folder).public_key()


@pytest.mark.parametrize("kind", [("--curve", "Ed25519"), ("--key-bits", "2048")])
def test_encrypted_keys_of_every_kind_are_pkcs8(
    certstrap: CommandLine, folder: Path, kind: tuple[str, str]
) -> None:
    certstrap("init", "--cn", "Cert", *kind, "--passphrase", "123456")
    text = (folder / "out/Cert.key").read_text()
    assert text.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")


@pytest.mark.parametrize(("umask", "taken"), [("000", 0), ("027", 0o007), ("077", 0o077)])
def test_the_umask_may_only_take(folder: Path, umask: str, taken: int) -> None:
    programs.run("sh", "-c", f'umask {umask}; "$@"', "sh", *CERTSTRAP, *P256_CA, "Cert")
    modes = {path.suffix: path.stat().st_mode & 0o777 for path in visible(folder / "out")}
    wanted = {".key": 0o400, ".crt": 0o444, ".crl": 0o444}
    assert modes == {suffix: mode & ~taken for suffix, mode in wanted.items()}


@pytest.mark.parametrize("depot", ["a/b/c", "a/b/c/", "./a", ".", "with space", "Depöt"])
def test_paths_are_printed_as_they_were_typed(
    certstrap: CommandLine, folder: Path, depot: str
) -> None:
    outcome = certstrap("--depot-path", depot, *P256_CA, "Cert")
    shown = depot.rstrip("/")
    assert outcome.lines == [f"Created {shown}/Cert.{end}" for end in ("key", "crt", "crl")]
    assert (folder / depot / "Cert.crl").is_file()


def test_the_depot_may_be_a_link_to_a_folder(certstrap: CommandLine, folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "out").symlink_to("real")
    certstrap(*P256_CA, "Cert")
    assert (folder / "real/Cert.key").is_file()


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Testing Root", "Testing_Root"),
        ("  padded  ", "__padded__"),
        ("../../x", "__.._x"),
        ("/etc/passwd", "_etc_passwd"),
        (".hidden", "_hidden"),
        ("Ünï 證書", "Ünï_證書"),
        ("a*b?c:d\\e", "a*b?c:d\\e"),
        ("-dash", "-dash"),
    ],
)
def test_a_name_names_files_in_the_depot_and_nowhere_else(
    certstrap: CommandLine, folder: Path, name: str, stem: str
) -> None:
    certstrap(*P256_CA, name)
    assert [str(path.relative_to(folder)) for path in visible(folder / "out")] == [
        f"out/{stem}.crl",
        f"out/{stem}.crt",
        f"out/{stem}.key",
    ]
    assert ca_of(folder, stem).subject == foreign.name_of(name)


def test_the_subject_holds_what_was_given_in_the_usual_order(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap(
        *P256_CA, "Cert", "--o", "Acme, Inc.", "--ou", "R+D", "-c", "de", "--st", "Hamburg",
        "-l", "Altona",
    )  # fmt: skip
    ca = ca_of(folder)
    assert [part.rfc4514_string() for part in ca.subject.rdns] == [
        "C=de",
        "ST=Hamburg",
        "L=Altona",
        "O=Acme\\, Inc.",
        "OU=R\\+D",
        "CN=Cert",
    ]
    assert ca.issuer == ca.subject


def test_the_certificate_is_that_of_a_ca_for_18_months(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap(*P256_CA, "Cert")
    ca = ca_of(folder)
    assert ca.not_valid_before_utc == NOW - timedelta(minutes=10)
    assert ca.not_valid_after_utc == datetime(2028, 5, 23, 12, tzinfo=UTC)
    assert {ext.oid: ext.critical for ext in ca.extensions} == {
        ExtensionOID.BASIC_CONSTRAINTS: True,
        ExtensionOID.KEY_USAGE: True,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER: False,
    }
    constraints = ca.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (constraints.ca, constraints.path_length) == (True, 0)
    usage = ca.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage == foreign.key_usage("key_cert_sign", "crl_sign")
    point = ca.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)[-65:]
    identifier = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert identifier.digest == hashlib.sha1(point).digest()  # noqa: S324 - RFC 5280, 4.2.1.2


def test_each_ca_has_a_serial_number_of_its_own(certstrap: CommandLine, folder: Path) -> None:
    serials = set()
    for name in ("a1", "a2", "a3"):
        certstrap(*P256_CA, name)
        serials.add(ca_of(folder, name).serial_number)
    assert len(serials) == 3
    assert all(64 < serial.bit_length() < 160 for serial in serials)


def test_the_crl_is_empty_numbered_and_lasts_as_long_as_its_ca(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap(*P256_CA, "Cert")
    ca, crl = ca_of(folder), x509.load_pem_x509_crl((folder / "out/Cert.crl").read_bytes())
    public = ca.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert crl.is_signature_valid(public)
    assert not list(crl)
    assert crl.issuer == ca.subject
    assert crl.last_update_utc == NOW
    assert crl.next_update_utc == ca.not_valid_after_utc
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 1
    ski = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    aki = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert aki.key_identifier == ski.digest


@pytest.mark.parametrize(
    ("options", "end"),
    [
        (("--expires", "90d"), datetime(2027, 2, 21, 12, tzinfo=UTC)),
        (("--expires", "30d10h"), datetime(2026, 12, 23, 22, tzinfo=UTC)),
        (("--expires", "1 year 6 months"), datetime(2028, 5, 23, 12, tzinfo=UTC)),
        (("--expires", "2 weeks 1 day"), datetime(2026, 12, 8, 12, tzinfo=UTC)),
        (("--expires", "2027-12-31"), datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (("--expires", "9999-12-31"), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (("--expires", "1 second"), NOW + timedelta(seconds=1)),
        (("--years", "10"), datetime(2038, 5, 23, 12, tzinfo=UTC)),
        (("--years", "1", "--expires", "2 years"), datetime(2027, 11, 23, 12, tzinfo=UTC)),
        (("--years", "0"), datetime(2028, 5, 23, 12, tzinfo=UTC)),
    ],
)
def test_it_ends_when_requested(
    certstrap: CommandLine, folder: Path, options: tuple[str, ...], end: datetime
) -> None:
    certstrap(*P256_CA, "Cert", *options)
    assert ca_of(folder).not_valid_after_utc == end


@pytest.mark.parametrize(
    ("options", "length"),
    [
        (("--path-length", "2"), 2),
        (("--exclude-path-length",), None),
    ],
)
def test_the_path_length_is_as_asked(
    certstrap: CommandLine, folder: Path, options: tuple[str, ...], length: int | None
) -> None:
    certstrap(*P256_CA, "Cert", *options)
    constraints = ca_of(folder).extensions.get_extension_for_class(x509.BasicConstraints).value
    assert constraints.path_length == length


@pytest.mark.parametrize("given", [["a.example", "b.example"], ["a.example, b.example"]])
def test_permitted_domains_add_up_and_are_critical(
    certstrap: CommandLine, folder: Path, given: list[str]
) -> None:
    certstrap(*P256_CA, "Cert", *(f"--permit-domain={domain}" for domain in given))
    found = ca_of(folder).extensions.get_extension_for_class(x509.NameConstraints)
    assert found.critical
    assert found.value.permitted_subtrees == list(foreign.alternative("a.example", "b.example"))
    assert found.value.excluded_subtrees is None


@pytest.mark.parametrize(
    ("options", "kind", "label"),
    [
        (("--key-bits", "2048"), "RSA 2048", "RSA PRIVATE KEY"),
        (("--curve", "P-224"), "P-224", "PRIVATE KEY"),
        (("--curve", "p-256", "--key-bits", "2048"), "P-256", "PRIVATE KEY"),
        (("--curve", "P-384"), "P-384", "PRIVATE KEY"),
        (("--curve", "P-521"), "P-521", "PRIVATE KEY"),
        (("--curve", "ED25519"), "Ed25519", "PRIVATE KEY"),
    ],
)
def test_the_key_is_of_the_kind_asked_for_and_in_the_form_of_the_depot(
    certstrap: CommandLine, folder: Path, options: tuple[str, ...], kind: str, label: str
) -> None:
    both = "--key-bits had no effect: a key on a curve has the size of its curve.\n"
    note = both if len(options) == 4 else ""
    certstrap("init", "--cn", "Cert", "--no-passphrase", *options, stderr=note)
    key = folder / "out/Cert.key"
    assert key.read_text().startswith(f"-----BEGIN {label}-----\n")
    assert str(spec_of(foreign.load_key(key))) == kind
    assert foreign.load_key(key).public_key() == ca_of(folder).public_key()


FORMS = [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8]


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
@pytest.mark.parametrize("form", FORMS, ids=["traditional", "pkcs8"])
@pytest.mark.parametrize("key", [a_key(RSA_2048), P256.generate()], ids=["rsa", "ec"])
def test_a_key_of_ones_own_is_read_and_copied(
    certstrap: CommandLine, folder: Path, key: PrivateKey, form: PrivateFormat, encoding: Encoding
) -> None:
    data = foreign.key_data(key, form=form, encoding=encoding)
    foreign.write(folder / "mine.key", data, 0o644)
    outcome = certstrap("init", "--cn", "Cert", "--no-passphrase", "--key", "mine.key")
    assert outcome.lines == ["Read mine.key", "Created out/Cert.crt", "Created out/Cert.crl"]
    assert (folder / "out/Cert.key").read_bytes() == dump(key, b"")
    assert (folder / "mine.key").read_bytes() == data
    assert ca_of(folder).public_key() == key.public_key()


def test_a_sec1_key_after_its_parameters_is_read(certstrap: CommandLine, folder: Path) -> None:
    key = P256.generate()
    sec1 = foreign.key_data(key, form=PrivateFormat.TraditionalOpenSSL)
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    foreign.write(folder / "mine.key", parameters + sec1)
    certstrap("init", "--cn", "Cert", "--no-passphrase", "--key", "mine.key")
    assert ca_of(folder).public_key() == key.public_key()


def test_an_ed448_key_of_ones_own_is_taken(certstrap: CommandLine, folder: Path) -> None:
    foreign.write(folder / "mine.key", foreign.key_data(ed448.Ed448PrivateKey.generate()))
    certstrap("init", "--cn", "Cert", "--no-passphrase", "--key", "mine.key")
    assert isinstance(ca_of(folder).public_key(), ed448.Ed448PublicKey)


@pytest.mark.parametrize("form", FORMS, ids=["traditional", "pkcs8"])
def test_an_encrypted_key_is_opened_and_its_copy_encrypted_by_the_same_passphrase(
    certstrap: CommandLine, folder: Path, form: PrivateFormat
) -> None:
    data = foreign.key_data(P256.generate(), form=form, passphrase=b"secret")
    foreign.write(folder / "mine.key", data)
    outcome = certstrap("init", "--cn", "Cert", "--key", "mine.key", input="secret\n")
    assert outcome.lines[0] == "Read mine.key"
    key = foreign.load_key(folder / "out/Cert.key", b"secret")
    assert key.public_key() == ca_of(folder).public_key()


def test_an_unencrypted_key_is_copied_under_the_passphrase_given(
    certstrap: CommandLine, folder: Path
) -> None:
    foreign.write(folder / "mine.key", foreign.key_data(P256.generate()))
    certstrap("init", "--cn", "Cert", "--key", "mine.key", "--passphrase", "secret")
    key = foreign.load_key(folder / "out/Cert.key", b"secret")
    assert key.public_key() == ca_of(folder).public_key()


def test_stdout_prints_the_certificate_after_the_lines(
    certstrap: CommandLine, folder: Path
) -> None:
    outcome = certstrap(*P256_CA, "Cert", "--stdout")
    created = "Created out/Cert.key\nCreated out/Cert.crt\nCreated out/Cert.crl\n"
    assert outcome.stdout == created + (folder / "out/Cert.crt").read_text()


@pytest.mark.parametrize(
    ("left", "hint"),
    [
        ("crt", "Testing_Root is a CA: choose another name."),
        ("crl", "Choose another name, or move out/Testing_Root.crl away."),
    ],
)
def test_a_ca_or_a_part_of_one_is_never_overwritten(
    certstrap: CommandLine, folder: Path, left: str, hint: str
) -> None:
    certstrap(*P256_CA, "Testing Root")
    for suffix in {"key", "crt", "crl"} - {left}:
        (folder / f"out/Testing_Root.{suffix}").unlink()
    for name in ("Testing Root", "Testing_Root"):
        certstrap.refuses(
            *P256_CA,
            name,
            sentence='CA with specified name "Testing_Root" already exists!',
            hint=f"Hint: {hint}\n",
        )


def test_a_link_that_leads_nowhere_is_not_overwritten(certstrap: CommandLine, folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out/Cert.crt").symlink_to("nowhere")
    certstrap.refuses(*P256_CA, "Cert", sentence='CA with specified name "Cert" already exists!')
