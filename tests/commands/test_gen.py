"""`gen`: the lines of `tcld gen` as they stand, what they write, and what they refuse."""

import os
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certstrap.pki.keys import P256, P384, RSA_2048, KeySpec, PrivateKey, spec_of
from tests.builders import foreign, pairs
from tests.builders.keys import a_key
from tests.conftest import NOW, CommandLine, snapshot

CA_LINE = shlex.split("gen ca --org temporal -d 1y --ca-cert ca.pem --ca-key ca.key")
LEAF_LINE = shlex.split(
    "gen leaf --org temporal -d 364d --ca-cert ca.pem --ca-key ca.key "
    "--cert client.pem --key client.key"
)
CA_FILES = ("--ca-cert", "ca.pem", "--ca-key", "ca.key")
LEAF_FILES = ("--cert", "client.pem", "--key", "client.key")
LEAF = ("gen", "leaf", "--org", "temporal", *CA_FILES, *LEAF_FILES)
DAY = timedelta(days=1)


@pytest.fixture
def ca(certstrap: CommandLine, folder: Path) -> x509.Certificate:
    """The CA of the documented line, in the folder."""
    certstrap(*CA_LINE)
    return foreign.load_certificate(folder / "ca.pem")


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def names(certificate: x509.Certificate) -> list[str]:
    """Return the alternative names, which are all domains."""
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert len(found) == len(found.get_values_for_type(x509.DNSName))
    return found.get_values_for_type(x509.DNSName)


def subject(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string()


def usages(certificate: x509.Certificate) -> set[str]:
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    return {bit for bit in foreign.KEY_USAGES[:7] if getattr(usage, bit)}


def store_ca(key: PrivateKey) -> x509.Certificate:
    """Put the pair of a CA of another tool where the documented lines have it."""
    pair = pairs.ca(key=key)
    pair.save("ca")
    return pair.certificate


def test_the_documented_lines_work_as_they_stand(certstrap: CommandLine, folder: Path) -> None:
    assert certstrap(*CA_LINE).lines == ["Created ca.key", "Created ca.pem"]
    assert certstrap(*LEAF_LINE).lines == ["Created client.key", "Created client.pem"]
    assert sorted(os.listdir(folder)) == ["ca.key", "ca.pem", "client.key", "client.pem"]
    ca = foreign.load_certificate(folder / "ca.pem")
    leaf = foreign.load_certificate(folder / "client.pem")
    leaf.verify_directly_issued_by(ca)
    for certificate, key in ((ca, "ca.key"), (leaf, "client.key")):
        assert (folder / key).read_text().startswith("-----BEGIN PRIVATE KEY-----\n")
        private = foreign.load_key(folder / key)
        assert spec_of(private) == P384
        assert private.public_key() == certificate.public_key()
    assert ca.not_valid_after_utc == NOW.replace(year=NOW.year + 1)
    assert leaf.not_valid_after_utc == NOW + 364 * DAY


@pytest.mark.parametrize("gen", ["gen", "generate-certificates"])
@pytest.mark.parametrize(
    ("ca", "leaf"),
    [("ca", "leaf"), ("certificate-authority-certificate", "end-entity-certificate")],
)
def test_long_names_do_what_the_short_ones_do(
    certstrap: CommandLine, folder: Path, gen: str, ca: str, leaf: str
) -> None:
    ca_files = ("--ca-certificate-file", "ca.pem", "--ca-key-file", "ca.key")
    certstrap(
        gen, ca, "--organization", "temporal", "--organization-unit", "Cloud", *ca_files,
        "--validity-period", "1y", "--common-name", "Our CA",
    )  # fmt: skip
    certstrap(
        gen, leaf, "--organization", "temporal", "--organization-unit", "Cloud", *ca_files,
        "--validity-period", "30d10h", "--common-name", "worker",
        "--certificate-file", "client.pem", "--key-file", "client.key",
    )  # fmt: skip
    client = foreign.load_certificate(folder / "client.pem")
    assert client.issuer.rfc4514_string() == "CN=Our CA,OU=Cloud,O=temporal"
    assert subject(client) == "CN=worker,OU=Cloud,O=temporal"
    assert client.not_valid_after_utc == NOW + timedelta(days=30, hours=10)


def test_one_dash_and_equals_signs_do_too(certstrap: CommandLine, folder: Path) -> None:
    certstrap("gen", "ca", "-org=temporal", "-d=1y", "-ca-cert=ca.pem", "--ca-key=ca.key")
    certstrap(
        "gen", "leaf", "-org", "temporal", "-ou", "Cloud", "-cn", "worker", "-d", "364d",
        "-ca-cert", "ca.pem", "-ca-key", "ca.key", "-cert", "client.pem", "-key", "client.key",
    )  # fmt: skip
    client = foreign.load_certificate(folder / "client.pem")
    assert subject(client) == "CN=worker,OU=Cloud,O=temporal"


@pytest.mark.parametrize(
    ("period", "end"),
    [
        ("1y", datetime(2027, 11, 23, 12, tzinfo=UTC)),
        ("364d", NOW + 364 * DAY),
        ("30d10h", NOW + timedelta(days=30, hours=10)),
        ("90m", NOW + timedelta(minutes=90)),
        ("10y", datetime(2036, 11, 23, 12, tzinfo=UTC)),
    ],
)
def test_a_ca_ends_when_requested(
    certstrap: CommandLine, folder: Path, period: str, end: datetime
) -> None:
    certstrap("gen", "ca", "--org", "temporal", "-d", period, *CA_FILES)
    assert foreign.load_certificate(folder / "ca.pem").not_valid_after_utc == end


def test_a_ca_is_a_root_that_signs_leaves_alone(ca: x509.Certificate) -> None:
    ca.verify_directly_issued_by(ca)
    constraints = ca.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert constraints.value == x509.BasicConstraints(ca=True, path_length=0)
    assert usages(ca) == {"key_cert_sign", "crl_sign"}
    assert ca.not_valid_before_utc == NOW - timedelta(minutes=10)


def test_a_leaf_carries_what_every_leaf_here_carries(
    certstrap: CommandLine, folder: Path, ca: x509.Certificate
) -> None:
    certstrap(*LEAF_LINE)
    leaf = foreign.load_certificate(folder / "client.pem")
    constraints = leaf.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert constraints.value == x509.BasicConstraints(ca=False, path_length=None)
    assert usages(leaf) == {"digital_signature"}
    extended = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(extended) == {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH}
    own = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    issuers = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert issuers.key_identifier == own.digest


def test_without_a_period_a_leaf_ends_a_day_before_its_ca(
    certstrap: CommandLine, folder: Path, ca: x509.Certificate
) -> None:
    certstrap(*LEAF)
    leaf = foreign.load_certificate(folder / "client.pem")
    assert leaf.not_valid_after_utc == ca.not_valid_after_utc - DAY


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o027, 0o077])
def test_a_key_is_for_its_owner_and_a_certificate_for_all_whom_the_umask_allows(
    certstrap: CommandLine, folder: Path, mask: int
) -> None:
    with umask(mask):
        certstrap(*CA_LINE)
        certstrap(*LEAF_LINE)
        certstrap(*LEAF_LINE, "--force")
    for key, certificate in (("ca.key", "ca.pem"), ("client.key", "client.pem")):
        assert mode(folder / key) == 0o600
        assert mode(folder / certificate) == 0o644 & ~mask


def test_a_certificate_has_a_name_of_its_own_each_time(
    certstrap: CommandLine, folder: Path, ca: x509.Certificate
) -> None:
    seen = set()
    for _ in range(8):
        certstrap(*LEAF, "--force")
        (name,) = names(foreign.load_certificate(folder / "client.pem"))
        assert re.fullmatch(r"client\.endentity\.temporal\.[a-z]{4}", name)
        seen.add(name)
    assert len(seen) > 1
    (root,) = names(ca)
    assert re.fullmatch(r"client\.root\.temporal\.[a-z]{4}", root)


def test_the_name_of_its_own_is_the_common_name_where_none_is_given(
    certstrap: CommandLine, folder: Path, ca: x509.Certificate
) -> None:
    certstrap(*LEAF)
    leaf = foreign.load_certificate(folder / "client.pem")
    assert subject(leaf) == f"CN={names(leaf)[0]},O=temporal"
    assert subject(ca) == f"CN={names(ca)[0]},O=temporal"
    assert not ca.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)


@pytest.mark.parametrize(
    ("organization", "label"),
    [
        ("Acme, Inc. (EU)", r"acme-inc-eu\."),
        ("temporal.io", r"temporal-io\."),
        ("Größe & Söhne", r"gr-e-s-hne\."),
        ("日本株式会社", ""),
        ("- _", ""),
        ("9" * 64, r"9{42}\."),
        ("a" * 41 + " b" * 11, r"a{41}\."),
    ],
)
def test_any_organization_gives_names_that_all_take(
    certstrap: CommandLine, folder: Path, organization: str, label: str
) -> None:
    certstrap("gen", "ca", "--org", organization, "-d", "1y", *CA_FILES)
    certstrap("gen", "leaf", "--org", organization, *CA_FILES, *LEAF_FILES)
    for file, kind in (("ca.pem", "root"), ("client.pem", "endentity")):
        certificate = foreign.load_certificate(folder / file)
        (name,) = names(certificate)
        assert re.fullmatch(rf"client\.{kind}\.{label}[a-z]{{4}}", name)
        attributes = {part.oid: part.value for part in certificate.subject}
        assert attributes == {NameOID.COMMON_NAME: name, NameOID.ORGANIZATION_NAME: organization}


@pytest.mark.parametrize(
    ("organization", "why"),
    [
        (" ", "organization"),
        ("o" * 65, '" has 65 characters, and may have 64.'),
        ("a\nb", "has a control character."),
    ],
)
@pytest.mark.parametrize("command", ["ca", "leaf"])
def test_an_organization_that_cannot_be_is_refused(
    certstrap: CommandLine, folder: Path, organization: str, why: str, command: str
) -> None:
    line = ["gen", command, "--org", organization, *CA_FILES]
    if command == "ca":
        line += ["-d", "1y"]
    else:
        store_ca(P256.generate())
        line += LEAF_FILES
    certstrap.refuses(*line, sentence=why, hint="Hint: ")


def test_rsa_makes_a_ca_of_4096_bits_and_leaves_like_it(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap(*CA_LINE, "--rsa")
    key = foreign.load_key(folder / "ca.key")
    assert spec_of(key) == KeySpec(bits=4096)
    assert (folder / "ca.key").read_text().startswith("-----BEGIN PRIVATE KEY-----\n")
    signed = foreign.load_certificate(folder / "ca.pem").signature_hash_algorithm
    assert signed
    assert signed.name == "sha256"


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (a_key(RSA_2048), "RSA 2048"),
        (P256.generate(), "P-256"),
        (KeySpec(curve="P-521").generate(), "P-521"),
        (ec.generate_private_key(ec.SECP256K1()), "P-384"),
    ],
    ids=["RSA 2048", "P-256", "P-521", "a kind that is not made here"],
)
def test_the_key_of_a_leaf_follows_its_cas(
    certstrap: CommandLine, folder: Path, key: PrivateKey, kind: str
) -> None:
    ca = store_ca(key)
    certstrap(*LEAF)
    leaf = foreign.load_certificate(folder / "client.pem")
    leaf.verify_directly_issued_by(ca)
    assert str(spec_of(foreign.load_key(folder / "client.key"))) == kind
    assert usages(leaf) == {"digital_signature"} | (
        {"key_encipherment"} if kind == "RSA 2048" else set()
    )


KEYS = {"rsa": a_key(RSA_2048), "p256": P256.generate()}


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
@pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8])
@pytest.mark.parametrize("kind", KEYS)
def test_a_ca_pair_is_taken_in_any_form(
    certstrap: CommandLine, folder: Path, kind: str, form: PrivateFormat, encoding: Encoding
) -> None:
    it = store_ca(KEYS[kind])
    (folder / "ca.pem").write_bytes(it.public_bytes(encoding))
    (folder / "ca.key").write_bytes(foreign.key_data(KEYS[kind], form=form, encoding=encoding))
    certstrap(*LEAF)
    foreign.load_certificate(folder / "client.pem").verify_directly_issued_by(it)


@pairs.every_way_to_give_the_passphrase
@pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8])
def test_the_key_of_a_ca_may_be_encrypted_and_the_leafs_is_not_encrypted(
    certstrap: CommandLine,
    folder: Path,
    options: tuple[str, ...],
    lines: str,
    environ: dict[str, str],
    form: PrivateFormat,
) -> None:
    store_ca(KEYS["rsa"])
    data = foreign.key_data(KEYS["rsa"], form=form, passphrase=b"secret")
    (folder / "ca.key").write_bytes(data)
    (folder / "p").write_text("secret\n")
    certstrap.refuses(*LEAF, "--passphrase", "wrong", sentence="does not decrypt ca.key.")
    certstrap.refuses(*LEAF, sentence="A passphrase is needed, and there is neither a terminal")
    certstrap(*LEAF, *options, input=lines, environ=environ)
    leaf = foreign.load_certificate(folder / "client.pem")
    assert foreign.load_key(folder / "client.key").public_key() == leaf.public_key()


def test_one_file_may_hold_the_cas_certificate_and_its_key(
    certstrap: CommandLine, folder: Path, ca: x509.Certificate
) -> None:
    both = (folder / "ca.key").read_bytes() + (folder / "ca.pem").read_bytes()
    (folder / "both.pem").write_bytes(both)
    certstrap(
        "gen", "leaf", "--org", "temporal", "--ca-cert", "both.pem", "--ca-key", "both.pem",
        *LEAF_FILES,
    )  # fmt: skip
    foreign.load_certificate(folder / "client.pem").verify_directly_issued_by(ca)


@pytest.mark.parametrize("curve", ["P-256", "Ed25519"])
def test_the_cas_of_a_depot_sign_too(certstrap: CommandLine, folder: Path, curve: str) -> None:
    certstrap("init", "--cn", "Cert", "--curve", curve, "--no-passphrase")
    before = snapshot(folder / "out")
    certstrap(
        "gen", "leaf", "--org", "temporal", *LEAF_FILES,
        "--ca-cert", "out/Cert.crt", "--ca-key", "out/Cert.key",
    )  # fmt: skip
    leaf = foreign.load_certificate(folder / "client.pem")
    leaf.verify_directly_issued_by(foreign.load_certificate(folder / "out/Cert.crt"))
    assert str(spec_of(foreign.load_key(folder / "client.key"))) == curve
    assert snapshot(folder / "out") == before
