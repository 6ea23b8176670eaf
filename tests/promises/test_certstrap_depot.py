"""A depot that certstrap 1.3.0 wrote: every command works on it as it is."""

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12
from cryptography.x509.oid import NameOID

from certstrap.pki.keys import CURVES
from certstrap.pki.pem import der_of
from tests.builders import crls, foreign
from tests.builders.depots import NEW_KEY
from tests.conftest import CommandLine, snapshot

DATA = Path(__file__).parent.parent / "data" / "certstrap-1.3.0"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)  # the day after it was written
PASSPHRASE = ("--passphrase", "123456")
CLEAR = {"RSA Clear", "EC Clear", "P224 Clear", "Ünï"}  # CAs whose keys are not encrypted

CAS = {
    "RSA Clear": "RSA_Clear",
    "RSA Enc": "RSA_Enc",
    "EC Clear": "EC_Clear",
    "EC Enc": "EC_Enc",
    "P521 Enc": "P521_Enc",
    "P224 Clear": "P224_Clear",
    "Ed Enc": "Ed_Enc",
    "Int CA": "Int_CA",
    "Ünï": "Ünï",
}
LEAVES = {
    "alice@ex.com": ("alice_ex.com", "EC Enc"),
    "ns.acct": ("ns.acct", "RSA Enc"),
    "*.w.example": ("_.w.example", "RSA Clear"),
    "spiffe://example.com/foo/bar": ("spiffe_example.com_foo_bar", "Ed Enc"),
    "under int": ("under_int", "Int CA"),
}
MALFORMED = ["EC_Enc", "P521_Enc", "Ed_Enc", "Int_CA", "spiffe_example.com_foo_bar"]
LEGACY = ["RSA_Enc", "ns.acct"]
REVOKED = {"EC_Enc": ["alice_ex.com"], "RSA_Enc": ["ns.acct"]}  # by the CA whose CRL they are on
REVOKED_AT = datetime(2026, 11, 23, 15, 11, 37, tzinfo=UTC)

every_ca = pytest.mark.parametrize("ca", CAS)
every_leaf = pytest.mark.parametrize("leaf", LEAVES)
of_both_rules = pytest.mark.parametrize("rule", [0, 1], ids=["as typed", "as its files"])


@pytest.fixture
def certstrap(folder: Path) -> CommandLine:
    """The command line, on the day after the depot was written."""
    return CommandLine(now=NOW)


@pytest.fixture
def old(folder: Path) -> Path:
    """A copy of the depot in `out`, with the modes that certstrap gave it."""
    old = shutil.copytree(DATA, folder / "out")
    old.chmod(0o700)
    for file in old.iterdir():
        file.chmod(0o440 if file.suffix == ".key" else 0o444)
    return old


def secret(ca: str) -> tuple[str, ...]:
    """Return the options with the passphrase that opens the key of a CA."""
    return () if ca in CLEAR else PASSPHRASE


def assert_kept(old: Path, *but: str) -> None:
    """Assert that the files of certstrap are as they were, save some."""
    for file in DATA.iterdir():
        if file.name not in but:
            assert (old / file.name).read_bytes() == file.read_bytes(), file.name


@pytest.mark.parametrize("stem", MALFORMED)
def test_its_encrypted_ec_and_ed25519_keys_are_malformed(old: Path, stem: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        load_pem_private_key((old / f"{stem}.key").read_bytes(), b"123456")


@pytest.mark.parametrize("stem", LEGACY)
def test_its_encrypted_rsa_keys_are_legacy_pem(old: Path, stem: str) -> None:
    lines = (old / f"{stem}.key").read_text().splitlines()
    assert lines[1] == "Proc-Type: 4,ENCRYPTED"
    assert lines[2].startswith("DEK-Info: DES-EDE3-CBC,")


@every_ca
@of_both_rules
def test_each_ca_signs(certstrap: CommandLine, old: Path, ca: str, rule: int) -> None:
    certstrap("request-cert", "--cn", "new", *NEW_KEY)
    outcome = certstrap("sign", "new", "--CA", (ca, CAS[ca])[rule], *secret(ca))
    line = f"Created out/new.crt from out/new.csr signed by out/{CAS[ca]}.key\n"
    assert outcome.stdout == line
    foreign.stored_certificate("new", old).verify_directly_issued_by(
        foreign.stored_certificate(CAS[ca], old)
    )
    assert_kept(old)


@pytest.mark.parametrize("ca", ["RSA Enc", "EC Enc", "P521 Enc", "Ed Enc", "Int CA"])
def test_the_passphrase_of_a_ca_is_asked_for_and_must_be_right(
    certstrap: CommandLine, old: Path, ca: str
) -> None:
    key = f"out/{CAS[ca]}.key"
    certstrap.refuses(
        "sign", "pending", "--CA", ca, "--passphrase", "wrong",
        sentence=f"The passphrase does not decrypt {key}.",
    )  # fmt: skip
    certstrap.refuses("sign", "pending", "--CA", ca, "--no-passphrase", sentence=key)
    certstrap("sign", "pending", "--CA", ca, input="123456\n")


def test_its_pending_request_is_signed(certstrap: CommandLine, old: Path) -> None:
    outcome = certstrap("sign", "pending", "--CA", "RSA Clear")
    line = "Created out/pending.crt from out/pending.csr signed by out/RSA_Clear.key\n"
    assert outcome.stdout == line
    key = foreign.load_key(old / "pending.key")
    assert foreign.stored_certificate("pending", old).public_key() == key.public_key()


def test_its_cas_must_be_named(certstrap: CommandLine, old: Path) -> None:
    certstrap.refuses(
        "sign",
        "pending",
        sentence=f"out has more than one CA: {', '.join(sorted(CAS.values()))}.",
    )


@pytest.mark.parametrize("ca", ["RSA Clear", "EC Clear"])
def test_its_roots_sign_intermediates_and_these_sign_leaves(
    certstrap: CommandLine, old: Path, ca: str
) -> None:
    certstrap("request-cert", "--cn", "Our Int", *NEW_KEY)
    certstrap("sign", "Our Int", "--CA", ca, "--intermediate", "--path-length", "0")
    certstrap("sign", "pending", "--CA", "Our Int")
    certstrap("export-chain", "pending", "--with-root")
    assert chain_of(old, "pending") == ["pending", "Our Int", ca]


def test_the_path_length_of_its_cas_is_kept_to(certstrap: CommandLine, old: Path) -> None:
    certstrap("request-cert", "--cn", "Our Int", *NEW_KEY)
    for ca in ("EC Enc", "Int CA"):
        certstrap.refuses(
            "sign", "Our Int", "--CA", ca, "--intermediate", *PASSPHRASE,
            sentence="The CA's path length is 0: no intermediate may follow it",
        )  # fmt: skip


def test_the_permitted_domain_of_its_ca_is_kept_to(certstrap: CommandLine, old: Path) -> None:
    for domain in ("www.example.com", "www.example.org"):
        certstrap("request-cert", "--domain", domain, *NEW_KEY)
    certstrap("sign", "www.example.com", "--CA", "Ünï")
    certstrap.refuses(
        "sign", "www.example.org", "--CA", "Ünï", sentence="The CA may not sign www.example.org"
    )


@every_ca
def test_each_crl_is_carried_on(certstrap: CommandLine, old: Path, ca: str) -> None:
    stem = CAS[ca]
    revoked = [
        foreign.stored_certificate(leaf, old).serial_number for leaf in REVOKED.get(stem, ())
    ]
    before = [(serial, REVOKED_AT, "") for serial in revoked]
    certstrap("request-cert", "--cn", "new", *NEW_KEY)
    certstrap("sign", "new", "--CA", ca, *secret(ca))
    outcome = certstrap("revoke", "--CN", "new", *secret(ca), "--reason", "superseded")
    assert outcome.stdout.startswith(f"Updated out/{stem}.crl: {len(before) + 1} revoked cert")
    new = (foreign.stored_certificate("new", old).serial_number, NOW, "superseded")
    crl, issuer = crls.load(old / f"{stem}.crl"), foreign.stored_certificate(stem, old)
    assert crls.revoked(crl) == [*before, new]
    created = not (DATA / f"{stem}.crl").exists()  # when it signed, and then it revoked
    assert crls.number(old / f"{stem}.crl") == (2 if created else 1)
    assert crl.next_update_utc == issuer.not_valid_after_utc
    assert crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    assert_kept(old, f"{stem}.crl")


@every_leaf
@of_both_rules
def test_each_leaf_is_revoked_by_its_ca(
    certstrap: CommandLine, old: Path, leaf: str, rule: int
) -> None:
    stem, ca = LEAVES[leaf]
    line = certstrap("revoke", "--CN", (leaf, stem)[rule], "--CA", ca, *secret(ca)).stdout
    if stem in REVOKED.get(CAS[ca], ()):
        assert line == "Revoked already, since 2026-11-23 15:11:37 UTC: nothing was changed.\n"
        assert_kept(old)
    else:
        assert line == f"Updated out/{CAS[ca]}.crl: 1 revoked certificate\n"
        assert_kept(old, f"{CAS[ca]}.crl")
    serial = foreign.stored_certificate(stem, old).serial_number
    assert crls.serials(old / f"{CAS[ca]}.crl") == [serial]


def test_its_intermediate_is_revoked_by_the_ca_above(certstrap: CommandLine, old: Path) -> None:
    line = certstrap("revoke", "--CN", "Int CA").stdout
    assert line == "Updated out/EC_Clear.crl: 1 revoked certificate\n"


def test_all_of_its_cas_have_serial_number_1_and_none_is_revoked_by_it(
    certstrap: CommandLine, old: Path
) -> None:
    for ca in CAS.keys() - {"Int CA"}:
        certstrap.refuses(
            "revoke",
            "--serial",
            "1",
            "--CA",
            ca,
            *PASSPHRASE,
            sentence=f"{CAS[ca]} is the CA itself",
        )


@every_leaf
@of_both_rules
def test_each_name_is_taken(certstrap: CommandLine, old: Path, leaf: str, rule: int) -> None:
    stem, ca = LEAVES[leaf]
    name = (leaf, stem)[rule]
    certstrap.refuses("sign", name, "--CA", ca, *PASSPHRASE, sentence=" already exists!")
    certstrap.refuses("request-cert", "--cn", name, *NEW_KEY, sentence=" already exists!")
    certstrap.refuses("import", name, "--cert", "out/Int_CA.crt", sentence=" already exists!")


@every_ca
@of_both_rules
def test_each_ca_is_there_already(certstrap: CommandLine, old: Path, ca: str, rule: int) -> None:
    certstrap.refuses("init", "--cn", (ca, CAS[ca])[rule], *NEW_KEY, sentence=" already exists!")


@pytest.mark.parametrize("stem", sorted(file.stem for file in DATA.glob("*.key")))
def test_each_key_is_exported(certstrap: CommandLine, old: Path, stem: str) -> None:
    if [stem] in REVOKED.values():
        certstrap.refuses(
            "export-pkcs8", stem, input="123456\n", sentence=f"out/{stem}.crt was revoked"
        )
        return
    certstrap("export-pkcs8", stem, "--allow-ca", input="123456\n")
    exported = foreign.load_key(old / f"{stem}.pkcs8.key").public_key()
    if stem == "pending":
        assert exported == foreign.load_request(old / "pending.csr").public_key()
    else:
        assert exported == foreign.stored_certificate(stem, old).public_key()
    assert_kept(old)


@pytest.mark.parametrize("stem", sorted(file.stem for file in DATA.glob("*.crt")))
def test_each_pair_is_exported_as_pkcs12(certstrap: CommandLine, old: Path, stem: str) -> None:
    if [stem] in REVOKED.values():
        sentence = f"out/{stem}.crt was revoked"
        certstrap.refuses("export-pkcs12", stem, *PASSPHRASE, sentence=sentence)
        return
    certstrap("export-pkcs12", stem, "--allow-ca", *PASSPHRASE)
    key, leaf, _ = pkcs12.load_key_and_certificates((old / f"{stem}.p12").read_bytes(), b"123456")
    assert leaf == foreign.stored_certificate(stem, old)
    assert key
    assert key.public_key() == leaf.public_key()
    assert_kept(old)


def chain_of(old: Path, stem: str) -> list[str]:
    """Return the common names in a chain that was exported."""
    chain = x509.load_pem_x509_certificates((old / f"{stem}.chain.crt").read_bytes())
    return [str(it.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value) for it in chain]


@every_leaf
@of_both_rules
def test_each_chain_is_exported(certstrap: CommandLine, old: Path, leaf: str, rule: int) -> None:
    stem, ca = LEAVES[leaf]
    if [stem] in REVOKED.values():
        certstrap.refuses(
            "export-chain", (leaf, stem)[rule], sentence=f"out/{stem}.crt was revoked"
        )
        return
    certstrap("export-chain", (leaf, stem)[rule], "--with-root")
    roots = ["Int CA", "EC Clear"] if ca == "Int CA" else [ca]
    assert chain_of(old, stem) == [leaf, *roots]


@every_ca
def test_each_ca_issues(certstrap: CommandLine, old: Path, ca: str) -> None:
    environ = {"CERTSTRAP_PASSPHRASE": "123456"}
    outcome = certstrap("issue", "new", "--CA", ca, "--curve", "P-256", environ=environ)
    line = f"Created out/new.crt from out/new.csr signed by out/{CAS[ca]}.key"
    assert line in outcome.lines
    foreign.stored_certificate("new", old).verify_directly_issued_by(
        foreign.stored_certificate(CAS[ca], old)
    )
    assert_kept(old)


def test_issue_goes_on_from_its_pending_request(certstrap: CommandLine, old: Path) -> None:
    lines = certstrap("issue", "pending", "--CA", "Ünï", "--pkcs8").lines
    assert lines[0] == "Created out/pending.crt from out/pending.csr signed by out/Ünï.key"
    assert lines[1].startswith("Expires ")
    assert lines[2] == "Created out/pending.pkcs8.key"


@every_leaf
def test_issue_takes_each_leaf_as_it_is(certstrap: CommandLine, old: Path, leaf: str) -> None:
    environ = {"CERTSTRAP_PASSPHRASE": "123456"}
    stem = LEAVES[leaf][0]
    if stem in {"alice_ex.com", "ns.acct"}:
        reported = f"out/{stem}.crt was revoked on 2026-11-23 15:11:37 UTC."
        certstrap.refuses("issue", leaf, "--pkcs8", environ=environ, sentence=reported)
        return
    outcome = certstrap("issue", leaf, "--pkcs8", environ=environ)
    assert outcome.lines[0] == f"out/{stem}.crt already exists and expires on 2056-11-23."
    assert outcome.lines[1] == f"Created out/{stem}.pkcs8.key"


@every_ca
def test_gen_makes_a_leaf_from_the_files_of_each_ca(
    certstrap: CommandLine, old: Path, ca: str
) -> None:
    files = ("--ca-cert", f"out/{CAS[ca]}.crt", "--ca-key", f"out/{CAS[ca]}.key")
    if ca == "Ünï":  # its names lie outside of the CA's domain
        certstrap.refuses(
            "gen", "leaf", "--org", "acme", "-d", "364d", *files, "--cert", "l.pem", "--key",
            "l.key", *PASSPHRASE, sentence="The CA may not sign client.endentity.acme.",
        )  # fmt: skip
        return
    certstrap(
        "gen", "leaf", "--org", "acme", "-d", "364d", *files, "--cert", "l.pem", "--key", "l.key",
        *secret(ca),
    )  # fmt: skip
    leaf = foreign.load_certificate(old.parent / "l.pem")
    leaf.verify_directly_issued_by(foreign.stored_certificate(CAS[ca], old))


def test_a_new_root_takes_one_of_its_keys(certstrap: CommandLine, old: Path) -> None:
    certstrap("init", "--cn", "Again", "--key", "out/P521_Enc.key", *PASSPHRASE)
    again = foreign.stored_certificate("Again", old).public_key()
    assert again == foreign.stored_certificate("P521_Enc", old).public_key()


def test_it_holds_what_it_held_after_a_command_that_fails(
    certstrap: CommandLine, old: Path
) -> None:
    before = snapshot(old)
    certstrap("sign", "nobody", "--CA", "EC Enc", *PASSPHRASE, exit_code=1)
    certstrap("revoke", "--CN", "pending", "--CA", "EC Enc", *PASSPHRASE, exit_code=1)
    assert snapshot(old) == before


# What certstrap reads (RFC 8018, appendix A), to the byte: PBES2 of PBKDF2, with no key length and
# with hmacWithSHA256 and its NULL, and of AES-256-CBC. Salt, IV and key are random.
# The number of rounds is written in three bytes, as 600,000 is.
ROUNDS = 0x010000
_PBKDF2 = "06092a864886f70d01050c 3025 0410 .{32} 0203 010000 300c 06082a864886f70d0209 0500"
_AES_256_CBC = "0609 60864801650304012a 0410 .{32}"
ENCRYPTED_KEY = re.compile(
    f"30(81..|82....) 3060 06092a864886f70d01050d 3053 3032 {_PBKDF2} 301d {_AES_256_CBC} 04.*",
    re.VERBOSE,
)
WRITING = {
    "init": ("init", "--cn", "N", "--curve", "P-256"),
    "request-cert": ("request-cert", "--cn", "N", "--curve", "P-256"),
    "issue": (
        "issue",
        "N",
        "--CA",
        "EC Enc",
        "--curve",
        "P-256",
        "--key-passphrase-file",
        "secret",
    ),
    "import": ("import", "N", "--cert", "out/EC_Enc.crt", "--key", "out/EC_Enc.key"),
    "init --key": ("init", "--cn", "N", "--key", "out/Ed_Enc.key"),
    "export-pkcs8": ("export-pkcs8", "pending", "--encrypt", "--output", "out/N.key"),
    **{f"of {curve}": ("init", "--cn", "N", "--curve", curve) for curve in CURVES},
    "of RSA": ("init", "--cn", "N", "--key-bits", "2048"),
}


@pytest.mark.parametrize("command", WRITING, ids=list(WRITING))
def test_an_encrypted_key_is_written_as_certstrap_reads_it(old: Path, command: str) -> None:
    certstrap = CommandLine(now=NOW, rounds=ROUNDS)
    Path("secret").write_text("123456\n")
    certstrap(*WRITING[command], *PASSPHRASE)
    pem = (old / "N.key").read_bytes()
    assert pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    assert ENCRYPTED_KEY.fullmatch(der_of(pem).hex())
    load_pem_private_key(pem, b"123456")


@pytest.mark.parametrize("curve", ["", *CURVES])
def test_an_unencrypted_key_is_written_as_certstrap_writes_it(
    certstrap: CommandLine, old: Path, curve: str
) -> None:
    certstrap(
        "init",
        "--cn",
        "N",
        *(("--curve", curve) if curve else ()),
        "--key-bits",
        "2048",
        "--passphrase",
        "",
        stderr="--key-bits had no effect: a key on a curve has the size of its curve.\n"
        * bool(curve),
    )
    kind = "PRIVATE KEY" if curve else "RSA PRIVATE KEY"
    assert (old / "N.key").read_text().startswith(f"-----BEGIN {kind}-----\n")
