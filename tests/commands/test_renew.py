"""`renew`: the same certificate with new dates, what changes with it, and what is refused."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, pkcs12

from certstrap.store.withdrawn import fingerprint
from tests.builders import crls, foreign
from tests.builders.certificates import (
    A_CA,
    NO_CA,
    a_certificate,
    a_certificate_with,
    a_name,
    key_usage,
)
from tests.builders.depots import NEW_KEY, TEN_YEARS, init, request, sign
from tests.builders.der import with_rounds
from tests.builders.keys import LEAF_KEY, an_rsa_key, key_data, load_key, public
from tests.conftest import FEW_ROUNDS, NOW, CommandLine, snapshot

LATER = NOW + timedelta(days=80)
DAY = timedelta(days=1)

REPLACE = (
    "Upload out/Cert.crt in place of the old certificate: a Namespace does not accept two CAs "
    "with the same name."
)
ROTATE = (
    "To have both accepted while clients change over, create a CA with another name instead: "
    "certstrap init --common-name NEW &&"
)


pytestmark = pytest.mark.depot(
    init("Cert", "--path-length", "1", *TEN_YEARS),
    request("Int"),
    sign("Int", "Cert", "--intermediate", "--expires", "5 years"),
    request("client", "--domain", "client.example", "--o", "Example", "--c", "DE"),
    sign("client", "Cert", "--expires", "90d"),
)
"""A depot with the root `Cert` (10 years), `Int` below it (5 years), and `client` (90 days)."""


def leaf(certstrap: CommandLine, name: str, ca: str, *options: str) -> None:
    certstrap(
        "request-cert", "--cn", name, *NEW_KEY, "--domain", f"{name}.example", "--o", "Example",
        "--c", "DE",
    )  # fmt: skip
    certstrap("sign", name, "--CA", ca, "--expires", "90d", *options)


def crt(depot: Path, name: str = "client") -> x509.Certificate:
    return foreign.load_certificate(depot / f"{name}.crt")


def archived(depot: Path, ending: str) -> list[Path]:
    """Return the archived files with that suffix, in the order of their names."""
    return sorted(
        path for path in (depot / "archive").iterdir() if path.name.split(".", 3)[3] == ending
    )


def described(certificate: x509.Certificate) -> object:
    """Return what stays the same in a renewal with the same key."""
    return (
        certificate.subject.public_bytes(),
        certificate.issuer.public_bytes(),
        certificate.public_key(),
        certificate.not_valid_after_utc - certificate.not_valid_before_utc,
        [(each.oid, each.critical, each.value) for each in certificate.extensions],
    )


def names(of: x509.Certificate | x509.CertificateSigningRequest) -> object:
    return of.extensions.get_extension_for_class(x509.SubjectAlternativeName)


def put(depot: Path, name: str, certificate: x509.Certificate) -> None:
    path = depot / f"{name}.crt"
    path.unlink(missing_ok=True)
    path.write_bytes(certificate.public_bytes(Encoding.PEM))


def issued(depot: Path, *extensions: tuple[x509.ExtensionType, bool], **how: object) -> None:
    """Put a certificate of another tool in the place of that of `client`, by `Cert`."""
    by = crt(depot, "Cert").subject, foreign.load_key(depot / "Cert.key")
    given = {"key": LEAF_KEY, "subject": a_name("client"), "by": by, **how}
    (depot / "client.key").unlink()
    put(depot, "client", a_certificate_with(*extensions, **given))  # type: ignore[arg-type]


def test_everything_but_the_dates_and_the_serial_number_stays(
    certstrap: CommandLine, depot: Path
) -> None:
    before, files = crt(depot), snapshot(depot)
    printed = certstrap("renew", "client", now=LATER).lines
    assert printed == [
        "Updated out/client.crt: expires 2027-05-12",
        "The old files are in out/archive.",
    ]
    after = crt(depot)
    assert described(after) == described(before)
    assert after.serial_number != before.serial_number
    assert after.not_valid_before_utc == LATER - timedelta(minutes=10)
    after.verify_directly_issued_by(crt(depot, "Cert"))
    name = f"archive/client.1.{before.serial_number:X}.crt"
    assert snapshot(depot)[name] == files["client.crt"]
    changed = {path for path, what in snapshot(depot).items() if files.get(path) != what}
    assert changed == {"client.crt", "archive", name}
    assert (depot / "archive").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("profile", ["client", "server", "both"])
def test_the_usage_stays(profile: str, certstrap: CommandLine, depot: Path) -> None:
    leaf(certstrap, "other", "Int", "--profile", profile)
    before = crt(depot, "other")
    certstrap("renew", "other")
    assert described(crt(depot, "other")) == described(before)


def test_expires_sets_another_end(certstrap: CommandLine, depot: Path) -> None:
    certstrap("renew", "client", "--expires", "2027-12-31")
    assert f"{crt(depot).not_valid_after_utc:%Y-%m-%d}" == "2027-12-31"


def test_a_leaf_ends_with_its_ca_and_that_is_said(certstrap: CommandLine, depot: Path) -> None:
    printed = certstrap("renew", "client", "--expires", "20 years").lines
    assert printed[0] == "Updated out/client.crt: expires 2036-11-23, with its CA"
    assert crt(depot).not_valid_after_utc == crt(depot, "Cert").not_valid_after_utc


def test_a_new_key_comes_with_all_that_depends_on_it(certstrap: CommandLine, depot: Path) -> None:
    certstrap("export-pkcs8", "client")
    certstrap("export-chain", "client", "--with-root")
    certstrap("export-pkcs12", "client", "--passphrase", "p")
    before, old_key = crt(depot), load_key(depot / "client.key")
    old_files = snapshot(depot)
    printed = certstrap("renew", "client", "--new-key", "--passphrase", "p", now=LATER).lines
    suffixes = ["key", "pkcs8.key", "csr", "crt", "chain.crt", "p12"]
    assert [line.split(":")[0] for line in printed[:-1]] == [
        f"Updated out/client.{suffix}" for suffix in suffixes
    ]
    after, key = crt(depot), load_key(depot / "client.key")
    assert public(key) != public(old_key)
    assert after.public_key() == key.public_key()
    assert (after.subject.public_bytes(), after.issuer) == (
        before.subject.public_bytes(),
        before.issuer,
    )
    assert public(load_key(depot / "client.pkcs8.key")) == public(key)
    request = x509.load_pem_x509_csr((depot / "client.csr").read_bytes())
    assert request.is_signature_valid
    assert request.subject.public_bytes() == before.subject.public_bytes()
    assert request.public_key() == key.public_key()
    assert names(request) == names(after) == names(before)
    chain = x509.load_pem_x509_certificates((depot / "client.chain.crt").read_bytes())
    assert chain == [after, crt(depot, "Cert")]
    opened = pkcs12.load_pkcs12((depot / "client.p12").read_bytes(), b"p")
    assert opened.cert
    assert (opened.cert.certificate, opened.cert.friendly_name) == (after, b"client")
    assert opened.key
    assert opened.key.public_key() == key.public_key()
    for suffix in suffixes:
        name = f"client.1.{before.serial_number:X}.{suffix}"
        assert snapshot(depot)[f"archive/{name}"] == old_files[f"client.{suffix}"]
        mode = (depot / f"client.{suffix}").stat().st_mode
        assert mode == old_files[f"client.{suffix}"][0]


@pytest.mark.parametrize("curve", ["P-384", "Ed25519"])
def test_a_new_key_is_of_the_same_kind(curve: str, certstrap: CommandLine, depot: Path) -> None:
    certstrap("request-cert", "--cn", "other", "--curve", curve, "--no-passphrase")
    certstrap("sign", "other", "--CA", "Cert")
    before = load_key(depot / "other.key")
    certstrap("renew", "other", "--new-key")
    after = load_key(depot / "other.key")
    assert type(after) is type(before)
    assert getattr(after, "key_size", 0) == getattr(before, "key_size", 0)
    assert public(after) != public(before)


def test_an_rsa_key_that_is_too_small_becomes_one_of_2048_bits(
    certstrap: CommandLine, depot: Path
) -> None:
    weak = an_rsa_key(1024)
    issued(depot, (NO_CA, True), key=weak)
    (depot / "client.csr").unlink()
    (depot / "client.key").write_bytes(key_data(weak))
    (depot / "client.key").chmod(0o400)
    certstrap.refuses(
        "renew", "client", sentence="has an RSA key of 1024 bits", hint="renew client --new-key"
    )
    certstrap("renew", "client", "--new-key")
    key = crt(depot).public_key()
    assert isinstance(key, RSAPublicKey)
    assert key.key_size == 2048


def test_a_new_key_is_encrypted_as_the_old_one_was(certstrap: CommandLine, depot: Path) -> None:
    certstrap("request-cert", "--cn", "locked", "--curve", "P-256", "--passphrase", "p")
    certstrap("sign", "locked", "--CA", "Cert")
    certstrap("renew", "locked", "--new-key", input="p\n")
    key = load_key(depot / "locked.key", b"p")
    assert key.public_key() == crt(depot, "locked").public_key()
    sentence = "The passphrase does not decrypt out/locked.key."
    certstrap.refuses("renew", "locked", "--new-key", "--passphrase", "q", sentence=sentence)


def test_a_renewal_with_the_same_key_needs_no_key_of_the_client(
    certstrap: CommandLine, depot: Path
) -> None:
    (depot / "client.key").unlink()
    certstrap("renew", "client")
    certstrap.refuses(
        "renew", "client", "--new-key", sentence="There is no private key out/client.key.",
        hint="where the client's key is",
    )  # fmt: skip


def test_files_that_hold_something_else_are_left_as_they_are(
    certstrap: CommandLine, depot: Path
) -> None:
    leaf(certstrap, "other", "Cert")
    for suffix, source in (("pkcs8.key", "other.key"), ("chain.crt", "other.crt")):
        shutil.copy(depot / source, depot / f"client.{suffix}")
    certstrap("export-pkcs12", "other", "--no-passphrase")
    shutil.copy(depot / "other.p12", depot / "client.p12")
    shutil.copy(depot / "other.csr", depot / "client.csr")
    before = snapshot(depot)
    printed = certstrap("renew", "client", "--new-key").lines
    assert [line.split(":")[0] for line in printed[:-1]] == [
        "Updated out/client.key",
        "Updated out/client.crt",
    ]
    for suffix in ("pkcs8.key", "chain.crt", "p12", "csr"):
        assert snapshot(depot)[f"client.{suffix}"] == before[f"client.{suffix}"]


def test_a_chain_that_cannot_be_read_is_not_passed_over(
    certstrap: CommandLine, depot: Path
) -> None:
    (depot / "client.chain.crt").write_text("no chain")
    before = snapshot(depot)
    assert certstrap("renew", "client", exit_code=1).stderr == (
        "out/client.chain.crt is not a chain of certificates.\n"
        "Hint: Move it away, and write it again: certstrap export-chain client\n"
    )
    assert snapshot(depot) == before


def test_a_pkcs12_file_stays_encrypted_as_it_was(certstrap: CommandLine, depot: Path) -> None:
    certstrap("export-pkcs12", "client", "--no-passphrase")
    certstrap("renew", "client")
    assert pkcs12.load_pkcs12((depot / "client.p12").read_bytes(), None).key
    (depot / "client.p12").unlink()
    certstrap("export-pkcs12", "client", "--legacy", "--passphrase", "p")
    certstrap("renew", "client", input="p\n")
    data = (depot / "client.p12").read_bytes()
    assert bytes.fromhex("2a864886f70d010c0103") in data
    opened = pkcs12.load_pkcs12(data, b"p").cert
    assert opened
    assert opened.certificate == crt(depot)


def test_a_pkcs12_file_whose_passphrase_is_not_given_is_not_left_behind(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("export-pkcs12", "client", "--passphrase", "p")
    hint = "move out/client.p12 away and write it again afterwards: certstrap export-pkcs12 client"
    for option, sentence in (
        (("--passphrase", "q"), "The passphrase does not decrypt out/client.p12."),
        (("--no-passphrase",), "out/client.p12 is encrypted, and no passphrase was given."),
    ):
        certstrap.refuses("renew", "client", *option, sentence=sentence, hint=hint)


def test_a_pkcs12_file_that_takes_too_long_to_open_is_refused(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("export-pkcs12", "client", "--passphrase", "p")
    path = depot / "client.p12"
    data = with_rounds(path.read_bytes(), FEW_ROUNDS, 5_000_000)  # in each of three parts
    path.unlink()
    foreign.write(path, data, 0o400)
    certstrap.refuses(
        "renew", "client", "--passphrase", "p", sentence="with more than 10,000,000 rounds"
    )


def test_a_pkcs12_file_without_a_certificate_is_left_as_it_is(
    certstrap: CommandLine, depot: Path
) -> None:
    data = pkcs12.serialize_key_and_certificates(b"x", LEAF_KEY, None, None, NoEncryption())
    (depot / "client.p12").write_bytes(data)
    (depot / "client.p12").chmod(0o400)
    certstrap("renew", "client")
    assert (depot / "client.p12").read_bytes() == data


def test_a_chain_leads_to_the_root_as_before(certstrap: CommandLine, depot: Path) -> None:
    leaf(certstrap, "below", "Int")
    certstrap("export-chain", "below")
    certstrap("renew", "Int", "below")
    chain = x509.load_pem_x509_certificates((depot / "below.chain.crt").read_bytes())
    assert chain == [crt(depot, "below"), crt(depot, "Int")]
    (depot / "Cert.crt").unlink()
    certstrap.refuses("renew", "below", sentence="The chain is incomplete")


def test_what_another_tool_put_into_a_certificate_stays(
    certstrap: CommandLine, depot: Path
) -> None:
    point = x509.DistributionPoint(
        [x509.UniformResourceIdentifier("http://crl.example")], None, None, None
    )
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\5\0")
    mail = x509.SubjectAlternativeName([x509.RFC822Name("a@example.com")])
    usage = key_usage("digital_signature", "content_commitment")
    given = [(x509.CRLDistributionPoints([point]), False), (odd, False), (mail, True)]
    issued(depot, (NO_CA, True), (usage, True), *given, (x509.PrecertPoison(), True))
    certstrap("renew", "client")
    found = {each.oid: (each.value, each.critical) for each in crt(depot).extensions}
    assert x509.PrecertPoison.oid not in found  # it keeps a certificate from being used
    for value, critical in [*given, (usage, True)]:
        assert found[value.oid] == (value, critical)


@pytest.mark.parametrize(
    "usage",
    [
        (),
        ("digital_signature", "key_encipherment", "data_encipherment", "key_agreement"),
    ],
    ids=["no key usage", "that of certstrap"],
)
def test_a_leaf_of_certstrap_gets_what_it_lacks(
    usage: tuple[str, ...], certstrap: CommandLine, depot: Path
) -> None:
    issued(depot, *([(key_usage(*usage), True)] if usage else []))
    certstrap("renew", "client")
    found = {each.oid: each.value for each in crt(depot).extensions}
    assert found[x509.BasicConstraints.oid] == NO_CA
    assert found[x509.KeyUsage.oid] == key_usage("digital_signature")


def test_a_renewed_root_has_its_key_its_name_and_its_crl(
    certstrap: CommandLine, depot: Path
) -> None:
    leaf(certstrap, "below", "Int")
    certstrap("revoke", "--serial", "2A", "--elsewhere", "--CA", "Cert")
    before = crt(depot, "Cert")
    printed = certstrap("renew", "Cert", now=LATER).lines
    assert printed == [
        "Updated out/Cert.crt: expires 2037-02-11",
        "Updated out/Cert.crl",
        "The old files are in out/archive.",
        "out/Cert.crt has the key and the name that it had: what it issued stays valid.",
        REPLACE,
        f"{ROTATE} certstrap bundle --rotate Cert NEW",
    ]
    after = crt(depot, "Cert")
    assert described(after) == described(before)
    for name in ("client", "Int"):
        crt(depot, name).verify_directly_issued_by(after)
    crl = crls.load(depot / "Cert.crl")
    assert crl.is_signature_valid(after.public_key())  # type: ignore[arg-type]
    assert crls.serials(depot / "Cert.crl") == [42]
    assert crl.next_update_utc == after.not_valid_after_utc


def test_a_crl_with_a_date_of_its_own_is_left_as_it_is(certstrap: CommandLine, depot: Path) -> None:
    certstrap("crl", "Cert", "--days", "30")
    before = (depot / "Cert.crl").read_bytes()
    certstrap("renew", "Cert", now=LATER)
    assert (depot / "Cert.crl").read_bytes() == before
    (depot / "Cert.crl").unlink()
    certstrap("renew", "Cert", now=LATER)
    assert not (depot / "Cert.crl").exists()


def test_a_root_that_temporal_cloud_does_not_accept_is_better_replaced(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("init", "--cn", "Ed", "--curve", "Ed25519", "--no-passphrase")
    printed = certstrap("renew", "Ed").stdout
    assert "Temporal Cloud does not accept it: " in printed
    assert "certstrap bundle --rotate Ed NEW" in printed
    assert "Upload" not in printed


def test_a_root_that_identifies_its_own_key_goes_on_doing_so(
    certstrap: CommandLine, depot: Path
) -> None:
    key = foreign.load_key(depot / "Cert.key")
    identifier = x509.SubjectKeyIdentifier(b"of another tool")
    authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    subject = crt(depot, "Cert").subject
    old = a_certificate_with(
        (A_CA, True), (identifier, False), (authority, False), key=key, subject=subject
    )
    put(depot, "Cert", old)
    certstrap("renew", "Cert")
    assert described(crt(depot, "Cert")) == described(old)


def test_a_renewed_intermediate_says_what_is_left_to_do(
    certstrap: CommandLine, depot: Path
) -> None:
    leaf(certstrap, "below", "Int")
    before = crt(depot, "Int")
    printed = certstrap("renew", "Int", now=LATER).lines
    assert printed == [
        "Updated out/Int.crt: expires 2032-02-11",
        "The old files are in out/archive.",
        "out/Int.crt has the key and the name that it had: what it issued stays valid.",
        "Its CRL expires on 2031-11-23, with the old certificate.",
        "Renew the CRL: certstrap crl Int",
        "Export the chains that it is in again, or renew the certificates below it.",
    ]
    assert described(crt(depot, "Int")) == described(before)
    certstrap("crl", "Int", now=LATER)
    certstrap("crl", "Int", "--days", "9999", now=LATER)
    assert "CRL" not in certstrap("renew", "Int", now=LATER).stdout


def test_a_leaf_of_a_ca_that_was_renewed_gets_the_new_end(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("renew", "client", "--expires", "20 years")
    certstrap("renew", "client", "Cert", now=LATER)
    ca = crt(depot, "Cert")
    assert ca.not_valid_after_utc == LATER + (NOW.replace(year=2036) - NOW)
    certstrap("renew", "client", now=LATER)
    assert crt(depot).not_valid_after_utc - crt(depot).not_valid_before_utc == timedelta(
        days=90, minutes=10
    )


def test_a_leaf_that_always_ended_with_its_ca_gets_the_longest_it_had(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("request-cert", "--cn", "long", *NEW_KEY)
    told = "Expires 2036-11-23, with its CA.\n"
    certstrap("sign", "long", "--CA", "Cert", "--expires", "30 years", stderr=told)
    certstrap("renew", "long", now=LATER)
    certstrap("renew", "Cert", "long", now=LATER)
    assert crt(depot, "long").not_valid_after_utc == crt(depot, "Cert").not_valid_after_utc


def test_an_end_past_the_year_9999_is_the_last_second_of_it(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("init", "--cn", "Old", *NEW_KEY, "--expires", "9999-12-31")
    certstrap("renew", "Old", now=LATER)
    assert crt(folder / "out", "Old").not_valid_after_utc.year == 9999


def test_a_ca_gets_no_new_key(certstrap: CommandLine, depot: Path) -> None:
    for name in ("Cert", "Int"):
        certstrap.refuses(
            "renew", name, "--new-key",
            sentence=f"{name} is a CA: with a new key, nothing that it issued would be valid.",
            hint=f"certstrap bundle --rotate {name} NEW",
        )  # fmt: skip


def test_a_revoked_certificate_needs_a_new_key(certstrap: CommandLine, depot: Path) -> None:
    certstrap("revoke", "--CN", "client", "--reason", "keyCompromise")
    hint = "certstrap renew client --new-key"
    certstrap.refuses("renew", "client", sentence="out/client.crt was revoked on", hint=hint)
    (depot / "Cert.crl").unlink()
    certstrap.refuses("renew", "client", sentence="has a compromised key", hint=hint)
    certstrap("renew", "client", "--new-key")
    certstrap("check", "client")
    certstrap("export-pkcs8", "client")


def test_a_compromised_ca_is_not_renewed(certstrap: CommandLine, depot: Path) -> None:
    certstrap("revoke", "--CN", "Int", "--CA", "Cert", "--reason", "cACompromise")
    certstrap.refuses(
        "renew", "Int", sentence="out/Int.crt was revoked on", hint="certstrap bundle --rotate Int"
    )


def test_a_certificate_of_a_revoked_ca_is_not_renewed(certstrap: CommandLine, depot: Path) -> None:
    leaf(certstrap, "below", "Int")
    certstrap("revoke", "--CN", "Int", "--CA", "Cert")
    certstrap.refuses("renew", "below", sentence='The CA "CN=Int" was revoked on')


def test_an_expired_ca_is_renewed_first(certstrap: CommandLine, depot: Path) -> None:
    leaf(certstrap, "below", "Int")
    after_int = NOW + timedelta(days=5 * 366)
    hint = "Renew the CA first: certstrap renew Int"
    certstrap.refuses("renew", "below", now=after_int, sentence="expired on 2031-11-23", hint=hint)
    after_root = NOW + timedelta(days=10 * 366)
    hint = "Renew the CA first: certstrap renew Cert"
    certstrap.refuses("renew", "below", now=after_root, sentence="expired on 20", hint=hint)
    certstrap("renew", "below", "Int", "Cert", now=after_root)
    crt(depot, "below").verify_directly_issued_by(crt(depot, "Int"))


def test_a_leaf_with_the_key_of_a_ca_needs_one_of_its_own(
    certstrap: CommandLine, depot: Path
) -> None:
    issued(depot, (NO_CA, True), key=foreign.load_key(depot / "Cert.key"))
    certstrap.refuses(
        "renew", "client", sentence="out/client.crt has the key of the CA Cert", hint="--new-key"
    )


def test_a_certificate_whose_ca_is_elsewhere_is_renewed_there(
    certstrap: CommandLine, depot: Path
) -> None:
    (depot / "Cert.key").unlink()
    certstrap.refuses(
        "renew", "client", sentence="There is no private key out/Cert.key.",
        hint="where the key of its CA is",
    )  # fmt: skip
    (depot / "client.key").unlink()
    put(depot, "client", a_certificate(constraints=NO_CA))
    certstrap.refuses(
        "renew", "client", sentence="out/client.crt was not issued by a CA in out.",
        hint="Renew it in the depot of its CA",
    )  # fmt: skip


def test_of_a_ca_with_two_certificates_the_one_with_a_key_signs(
    certstrap: CommandLine, depot: Path
) -> None:
    shutil.copy(depot / "Cert.crt", depot / "A_copy.crt")
    certstrap("renew", "client")
    certstrap("renew", "Cert", "--expires", "20 years")
    certstrap("renew", "client", "--expires", "15 years")
    assert crt(depot).not_valid_after_utc.year == 2041


def test_a_key_that_is_not_that_of_the_certificate_is_refused(
    certstrap: CommandLine, depot: Path
) -> None:
    leaf(certstrap, "other", "Cert")
    shutil.copy(depot / "other.key", depot / "client.key")
    sentence = "out/client.key is not the key of out/client.crt."
    certstrap.refuses("renew", "client", "--new-key", sentence=sentence)
    hint = "or move out/client.key away if the key is elsewhere"
    certstrap.refuses("renew", "client", sentence=sentence, hint=hint)
    (depot / "client.key").chmod(0o644)
    outcome = certstrap("renew", "--expiring", "100d", exit_code=1)
    assert f"client is not renewed: {sentence}" in outcome.stderr
    shutil.copy(depot / "other.key", depot / "Cert.key")
    certstrap.refuses("renew", "Cert", sentence="out/Cert.key is not the key of out/Cert.crt.")


@pytest.mark.parametrize("content", [key_data(LEAF_KEY, passphrase=b"p"), b"broken"])
def test_a_key_that_cannot_be_opened_is_not_needed_for_the_same_key(
    content: bytes, certstrap: CommandLine, depot: Path
) -> None:
    foreign.write(depot / "client.key", content)
    certstrap("renew", "client")


def test_a_name_that_the_ca_may_not_sign_any_more_is_refused(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("init", "--cn", "Narrow", *NEW_KEY, "--permit-domain", "example")
    key, ca = foreign.load_key(depot / "Narrow.key"), crt(depot, "Narrow")
    names = x509.SubjectAlternativeName([x509.DNSName("a.test")])
    issued(depot, (NO_CA, True), (names, False), by=(ca.subject, key))
    certstrap.refuses("renew", "client", sentence="The CA may not sign a.test")


def test_of_several_names_all_are_renewed_or_none(certstrap: CommandLine, depot: Path) -> None:
    leaf(certstrap, "other", "Cert")
    leaf(certstrap, "gone", "Cert")
    certstrap("revoke", "--CN", "gone")
    certstrap.refuses("renew", "client", "other", "gone", sentence="out/gone.crt was revoked")
    printed = certstrap("renew", "other", "client", "other").lines
    assert [line.split(":")[0] for line in printed[:-1]] == [
        "Updated out/other.crt",
        "Updated out/client.crt",
    ]


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ((), 2),
        (("client", "--expiring", "30d"), 2),
        (("client", "--undo", "--new-key"), 2),
        (("--undo", "--expiring", "30d"), 2),
        (("client", "--undo", "--expires", "30d"), 2),
    ],
    ids=str,
)
def test_a_command_line_that_does_not_say_what_is_meant_is_refused(
    options: tuple[str, ...], status: int, certstrap: CommandLine, depot: Path
) -> None:
    before = snapshot(depot)
    certstrap("renew", *options, exit_code=status)
    assert snapshot(depot) == before


def test_an_archived_certificate_can_be_revoked_by_its_serial_number(
    certstrap: CommandLine, depot: Path
) -> None:
    old = crt(depot)
    certstrap("renew", "client", "--new-key")
    serial = f"{old.serial_number:x}"
    certstrap("revoke", "--serial", serial, "--CA", "Cert", "--reason", "keyCompromise")
    assert crls.serials(depot / "Cert.crl") == [old.serial_number]
    certstrap("check", "client")
    assert fingerprint(old.public_key()) in (depot / "compromised-keys").read_text()
    (archived_key,) = archived(depot, "key")
    certstrap.refuses(
        "request-cert", "--cn", "again", "--key", f"out/archive/{archived_key.name}",
        sentence="has a compromised key",
    )  # fmt: skip
    certstrap.refuses(
        "revoke", "--serial", serial, "--CA", "Int", sentence="The CA Int did not issue that"
    )


def test_revoke_tells_which_older_certificates_are_still_valid(
    certstrap: CommandLine, depot: Path
) -> None:
    old = crt(depot)
    certstrap("renew", "client", now=NOW + DAY)
    told = (
        "Older certificates of that name are still valid; revoke each with --serial: "
        f"{old.serial_number:X}\n"
    )
    revoke = ("revoke", "--CN", "client")
    certstrap(*revoke, now=NOW + DAY, stderr=told)
    certstrap(*revoke, now=NOW + DAY, stderr=told)
    certstrap(*revoke, now=NOW + 100 * DAY)
    certstrap("revoke", "--serial", f"{old.serial_number:X}", "--CA", "Cert")
    certstrap(*revoke, now=NOW + DAY)
