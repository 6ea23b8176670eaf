"""Files are named as certstrap names them, and found by name or file name, but no one else's."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from cryptography import x509

from certstrap.pki.keys import P256
from tests.builders import DATA, foreign
from tests.builders.depots import NEW_KEY
from tests.conftest import CommandLine, visible

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="It forbids some characters.")

NAMES = {  # a name, the files of certstrap's init, the files of its request-cert
    "Cert": ("Cert", "Cert"),
    "your-namespace.acct": ("your-namespace.acct", "your-namespace.acct"),
    "Acme, Inc. (Root)": ("Acme,_Inc._(Root)", "Acme_Inc._Root_"),
    "a:b": ("a:b", "a_b"),
    "::1": ("::1", "_1"),
    "it's": ("it's", "it_s"),
    'say "hi"': ('say_"hi"', "say_hi_"),
    "back\\slash": ("back\\slash", "back_slash"),
    "50% & [more]": ("50%_&_[more]", "50_more_"),
    "$HOME `id` ;": ("$HOME_`id`_;", "_HOME_id_"),
    "a*?<>|b": ("a*?<>|b", "a_b"),
    "-rf": ("-rf", "-rf"),
    "--CA": ("--CA", "--CA"),
    "a.": ("a.", "a."),
    "a..b": ("a..b", "a..b"),
    " lead": ("_lead", "_lead"),
    "trail  ": ("trail__", "trail_"),
    "two  spaces": ("two__spaces", "two_spaces"),
    "~root": ("~root", "_root"),
    "alice@ex.com": ("alice@ex.com", "alice_ex.com"),
    "*.w.example": ("*.w.example", "_.w.example"),
    "=x": ("=x", "_x"),
    "@" * 63 + "x": ("@" * 63 + "x", "_x"),
    "x" * 64: ("x" * 64, "x" * 64),
}
REPLACED = {  # what certstrap cannot store, or stores elsewhere or hidden
    "../../x": ("__.._x", "__.._x"),
    "a/b": ("a_b", "a_b"),
    "/etc/x": ("_etc_x", "_etc_x"),
    ".hidden": ("_hidden", "_hidden"),
    "..x": ("_x", "_x"),
}


def stems(depot: Path, suffix: str) -> list[str]:
    return [path.name.removesuffix(suffix) for path in depot.glob(f"*{suffix}")]


def secret(ca: str) -> tuple[str, ...]:
    """Return the options with the passphrase that opens the key of a CA of that depot."""
    return () if "Clear" in ca or ca == "Ünï" else ("--passphrase", "123456")


def common_name(certificate: x509.Certificate) -> str:
    (attribute,) = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(attribute.value)


@pytest.mark.parametrize(("name", "files"), [*NAMES.items(), *REPLACED.items()])
def test_a_ca_is_named_as_init_names_it(
    certstrap: CommandLine, folder: Path, name: str, files: tuple[str, str]
) -> None:
    outcome = certstrap("init", "--cn", name, *NEW_KEY)
    assert outcome.lines[1] == f"Created out/{files[0]}.crt"
    assert os.listdir(folder) == ["out"]
    assert sorted(os.listdir(folder / "out")) == sorted(
        [".gitignore", *(f"{files[0]}.{suffix}" for suffix in ("crl", "crt", "key"))]
    )
    assert common_name(foreign.load_certificate(folder / f"out/{files[0]}.crt")) == name


@pytest.mark.parametrize(("name", "files"), [*NAMES.items(), *REPLACED.items()])
def test_a_request_is_named_as_request_cert_names_it(
    certstrap: CommandLine, folder: Path, name: str, files: tuple[str, str]
) -> None:
    outcome = certstrap("request-cert", "--cn", name, *NEW_KEY)
    assert outcome.lines[1] == f"Created out/{files[1]}.csr"
    certstrap("init", "--cn", "Some CA", *NEW_KEY)
    certstrap("sign", "--", name)
    assert common_name(foreign.load_certificate(folder / f"out/{files[1]}.crt")) == name


@pytest.mark.parametrize("typed", ["name", "file"])
@pytest.mark.parametrize(("name", "files"), NAMES.items())
def test_a_ca_of_certstrap_is_found_by_its_common_name_and_by_its_file_name(
    certstrap: CommandLine, folder: Path, name: str, files: tuple[str, str], typed: str
) -> None:
    key = P256.generate()
    it = foreign.certificate(key=key, name=name)
    foreign.store_ca(folder / "out", files[0], it=it, key=key)
    foreign.store_ca(folder / "out", "Other")
    certstrap("request-cert", "--cn", "client", *NEW_KEY)
    certstrap("sign", "client", "--CA", name if typed == "name" else files[0])
    foreign.load_certificate(folder / "out/client.crt").verify_directly_issued_by(it)


@pytest.mark.parametrize("rule", [0, 1], ids=["init", "request-cert"])
@pytest.mark.parametrize("typed", ["name", "file"])
@pytest.mark.parametrize(("name", "files"), NAMES.items())
def test_a_leaf_is_found_under_either_rule_by_its_name_and_by_its_file_name(
    certstrap: CommandLine, folder: Path, name: str, files: tuple[str, str], typed: str, rule: int
) -> None:
    certstrap("init", "--cn", "Root", *NEW_KEY)
    foreign.write(folder / f"out/{files[rule]}.csr", foreign.request(subject=name), 0o444)
    known_as = name if typed == "name" else files[rule]
    certstrap("sign", "--CA", "Root", "--", known_as)
    assert stems(folder / "out", ".crt") in ([files[rule], "Root"], ["Root", files[rule]])
    outcome = certstrap("revoke", f"--CN={known_as}")
    assert outcome.stdout == "Updated out/Root.crl: 1 revoked certificate\n"


def test_a_request_that_certstrap_named_with_an_underscore_alone_is_found_by_its_name(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("init", "--cn", "Root", *NEW_KEY)
    foreign.write(folder / "out/_.csr", foreign.request(subject="東京"), 0o444)
    other = 'out/_.csr is for "東京", and "大阪" was asked for.'
    certstrap.refuses("sign", "大阪", sentence=other)
    certstrap("sign", "東京")
    assert common_name(foreign.load_certificate(folder / "out/_.crt")) == "東京"
    assert certstrap("revoke", "--CN", "東京").stdout.startswith("Updated out/Root.crl")


@pytest.mark.parametrize(
    ("stem", "owner", "typed"),
    [
        ("_.example.com", "*.example.com", "東京.example.com"),
        ("team_a", "team/a", "team:a"),
        ("team_a", "team/a", "team*a"),
        ("m_ller", "m ller", "møller"),
        ("a_b", "a b", "a@b"),
        ("Acme_Inc.", "Acme, Inc.", "Acme: Inc."),
        ("_lead", " lead", "@lead"),
    ],
)
def test_a_file_of_another_name_is_never_taken(
    certstrap: CommandLine, folder: Path, stem: str, owner: str, typed: str
) -> None:
    key = P256.generate()
    foreign.store_ca(folder / "out", stem, it=foreign.certificate(key=key, name=owner), key=key)
    certstrap("request-cert", "--cn", "client", *NEW_KEY)
    sentence = f'out/{stem}.crt is for "{owner}", and "{typed.strip()}" was asked for.'
    certstrap.refuses("sign", "client", "--CA", typed, sentence=sentence)
    certstrap("sign", "client", "--CA", owner)
    certstrap("sign", "client", "--CA", stem, "--cert", "again.crt")


def test_a_file_name_counts_only_as_it_was_typed(certstrap: CommandLine, folder: Path) -> None:
    key = P256.generate()
    foreign.store_ca(folder / "out", "x", it=foreign.certificate(key=key, name="y"), key=key)
    certstrap("request-cert", "--cn", "client", *NEW_KEY)
    sentence = 'out/x.crt is for "y", and "x" was asked for.'
    certstrap.refuses("sign", "client", "--CA", " x", sentence=sentence)
    certstrap("sign", "client", "--CA", "x")


def test_the_very_file_name_comes_before_the_common_name(
    certstrap: CommandLine, folder: Path
) -> None:
    keys = {name: P256.generate() for name in ("a b", "a_b")}
    certificates = {name: foreign.certificate(key=keys[name], name=name) for name in keys}
    foreign.store_ca(folder / "out", "a_b", it=certificates["a b"], key=keys["a b"])
    foreign.store_ca(folder / "out", "a b", it=certificates["a_b"], key=keys["a_b"])
    certstrap("request-cert", "--cn", "client", *NEW_KEY)
    for typed, other in (("a b", "a_b"), ("a_b", "a b")):
        certstrap("sign", "client", "--CA", typed, "--cert", f"{other}.crt")
        issued = foreign.load_certificate(folder / f"{other}.crt")
        issued.verify_directly_issued_by(certificates[other])


def test_two_files_with_one_name_in_them_are_distinguished_by_their_file_names(
    certstrap: CommandLine, folder: Path
) -> None:
    key = P256.generate()
    it = foreign.certificate(key=key, name="a b@c")
    for stem in ("a_b@c", "a_b_c"):
        foreign.store_ca(folder / "out", stem, it=it, key=key)
    certstrap("request-cert", "--cn", "client", *NEW_KEY)
    certstrap.refuses("sign", "client", "--CA", "a b@c", sentence="a_b@c.crt, out/a_b_c.crt")
    certstrap("sign", "client", "--CA", "a_b_c")


@pytest.fixture
def old_depot(folder: Path) -> Path:
    """A copy of what certstrap 1.3.0 wrote, with the modes that it gave."""
    shutil.copytree(DATA, folder / "out")
    for path in visible(folder / "out"):
        path.chmod(0o440 if path.suffix == ".key" else 0o444)
    return folder / "out"


@pytest.mark.parametrize(
    ("typed", "stem"),
    [
        ("RSA Clear", "RSA_Clear"), ("RSA_Clear", "RSA_Clear"), ("EC Clear", "EC_Clear"),
        ("EC Enc", "EC_Enc"), ("P224_Clear", "P224_Clear"), ("Ünï", "Ünï"), ("Int CA", "Int_CA"),
        ("U\u0308ni\u0308", "Ünï"),
    ],
)  # fmt: skip
def test_the_cas_of_a_depot_of_certstrap_are_found(
    certstrap: CommandLine, old_depot: Path, typed: str, stem: str
) -> None:
    now = foreign.load_certificate(old_depot / f"{stem}.crt").not_valid_before_utc
    now += foreign.YEAR / 365
    new = ("request-cert", "--cn", "new", "--domain", "new.example.com", *NEW_KEY)
    certstrap(*new)
    certstrap("sign", "new", "--CA", typed, *secret(stem), now=now)
    ca = foreign.load_certificate(old_depot / f"{stem}.crt")
    foreign.load_certificate(old_depot / "new.crt").verify_directly_issued_by(ca)


@pytest.mark.parametrize(
    ("typed", "crl"),
    [
        ("*.w.example", "RSA_Clear"),
        ("_.w.example", "RSA_Clear"),
        ("spiffe://example.com/foo/bar", ""),
        ("spiffe_example.com_foo_bar", ""),
        ("under int", "Int_CA"),
        ("under_int", "Int_CA"),
    ],
)
def test_the_leaves_of_a_depot_of_certstrap_are_found(
    certstrap: CommandLine, old_depot: Path, typed: str, crl: str
) -> None:
    outcome = certstrap("revoke", "--CN", typed, *secret(crl))
    assert outcome.stdout.startswith(f"Updated out/{crl}")
    assert outcome.stdout.endswith("1 revoked certificate\n")


def test_a_file_of_the_depot_keeps_its_name_when_it_is_signed(
    certstrap: CommandLine, old_depot: Path
) -> None:
    certstrap("sign", "pending", "--CA", "RSA Clear", now=NOW_THERE)
    assert (old_depot / "pending.crt").read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")


NOW_THERE = foreign.load_certificate(DATA / "RSA_Clear.crt").not_valid_before_utc + foreign.YEAR
