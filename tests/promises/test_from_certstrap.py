"""What `docs/from-certstrap.md` says of errors, streams, files and `gen`, word by word."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from tests.builders import foreign
from tests.builders.depots import NEW_KEY, request, sign
from tests.conftest import CommandLine
from tests.docs import ROOT, blocks

PAGE = ROOT / "docs/from-certstrap.md"
CA_FILES = ("--ca-cert", "ca.pem", "--ca-key", "ca.key")
GEN_CA = ("gen", "ca", "--org", "o", *CA_FILES)
GEN_LEAF = ("gen", "leaf", "--org", "o", *CA_FILES, "--cert", "c.pem", "--key", "c.key")
BOTH_LENGTHS = ("--path-length", "1", "--exclude-path-length")


pytestmark = pytest.mark.depot(
    ("init", "--cn", "X", "--curve", "P-256", "--passphrase", "secret"),
    request("leaf"),
    request("other"),
    sign("leaf", "X", "--passphrase", "secret"),
)
"""A depot with the CA `X`, whose key is encrypted, its client `leaf` and a request."""


SAME = {
    'CA with specified name "X" already exists!': ("init", "--cn", "X", *NEW_KEY),
    'Certificate request "X" already exists!': ("request-cert", "--cn", "X", *NEW_KEY),
    'Certificate "X" already exists!': ("sign", "X"),
    "Must supply Common Name for CA": ("init", *NEW_KEY),
    "Must provide Common Name, domain, or URI": ("request-cert", *NEW_KEY),
    "Invalid IP address: foo": ("request-cert", "--ip", "foo", *NEW_KEY),
    "Invalid URI: /test": ("request-cert", "--uri", "/test", *NEW_KEY),
    "Passphrases do not match.": ("init", "--cn", "new", "--curve", "P-256"),
    "One host name must be provided.": ("sign",),
    'The "path-length" and "exclude-path-length" flags cannot be used together!': (
        "init", "--cn", "new", *BOTH_LENGTHS, *NEW_KEY,
    ),
    "Selected CA certificate is not allowed to sign certificates.": (
        "sign", "other", "--CA", "leaf",
    ),
}  # fmt: skip


def test_every_error_that_the_page_calls_the_same_is_printed_to_the_letter(
    certstrap: CommandLine, depot: Path
) -> None:
    (listed,) = (block.lines for block in blocks(PAGE) if block.language == "text")
    assert list(listed) == list(SAME)
    for sentence, line in SAME.items():
        refused = certstrap(*line, input="one\nother\n", exit_code=1)
        first, *rest = refused.stderr.splitlines()
        assert first == sentence
        assert not refused.stdout
        assert bool(rest) == (sentence != listed[-1])


OTHER = {  # the cases of the page
    "there is no such CA": ("sign", "other", "--CA", "gone"),
    "there is no such request": ("sign", "gone"),
    "`init --key` names no file": ("init", "--cn", "new", "--key", "gone", *NEW_KEY),
    "`--key` names something else": ("request-cert", "--cn", "new", "--key", "gone.txt"),
    "wrong passphrase": ("sign", "other", "--passphrase", "wrong"),
    "others can read a key": ("sign", "other", "--passphrase", "secret"),
    "`revoke` without `--CN`": ("revoke", "--CA", "X"),
}


def test_every_error_that_the_page_has_in_other_words_is_printed_so(
    certstrap: CommandLine, folder: Path, depot: Path
) -> None:
    table = PAGE.read_text(encoding="utf-8").partition("Other errors have other words.")[2]
    table = table.partition("###")[0]
    rows = re.findall(r"^\| (.+) \| `.+` \| `(.+)` \|$", table, re.MULTILINE)
    assert [when for when, _ in rows] == list(OTHER)
    (folder / "gone.txt").write_text("no key\n")
    for when, sentence in rows:
        if when == "others can read a key":
            (depot / "X.key").chmod(0o444)
        printed = certstrap(*OTHER[when], exit_code=1).stderr.splitlines()[0]
        assert re.sub(r"gone(\.txt)?", "X", printed) == sentence


@pytest.mark.parametrize("command", [("init",), ("request-cert",), ("revoke",), ("crl",)])
def test_words_too_many_are_refused_with_status_2(
    certstrap: CommandLine, folder: Path, command: tuple[str, ...]
) -> None:
    refused = certstrap(*command, "a", "b", exit_code=2)
    assert "Got unexpected extra argument" in refused.stderr
    assert not list(folder.iterdir())


QUOTES = "name or value with spaces goes between quotes."


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        (("init", "My", "CA", "--key-bits", "2048"), f"It takes one name; a {QUOTES}"),
        (("crl", "My", "CA"), f"It takes one name; a {QUOTES}"),
        (("crl", "--bundle", "Cert", "w"), f"It takes one name; a {QUOTES}"),
        (("export-pkcs8", "w", "x"), f"It takes one name; a {QUOTES}"),
        (
            ("gen", "ca", "--ca-cert", "c", "--ca-key", "k", "-d", "1y", "--org", "My", "Org"),
            f"A {QUOTES}",
        ),
    ],
)
def test_words_too_many_are_met_with_what_was_meant(
    certstrap: CommandLine, folder: Path, args: tuple[str, ...], hint: str
) -> None:
    refused = certstrap(*args, exit_code=2)
    assert refused.stderr.splitlines()[-1] == f"Hint: {hint}"
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    "args",
    [
        ("init", "--cn", "My", "CA"),
        ("init", "foo", "--cn", "x"),
        ("request-cert", "a", "-cn=b"),
        ("revoke", "foo", "--CN", "x"),
    ],
)
def test_a_name_that_is_given_twice_is_refused(
    certstrap: CommandLine, folder: Path, args: tuple[str, ...]
) -> None:
    assert "the name is given twice" in certstrap(*args, exit_code=2).stderr
    assert not list(folder.iterdir())


def test_a_name_needs_no_option(certstrap: CommandLine) -> None:
    lines = [certstrap("init", "My CA", *NEW_KEY), certstrap("request-cert", *NEW_KEY, "a")]
    assert [outcome.lines[0] for outcome in lines] == ["Created out/My_CA.key", "Created out/a.key"]
    certstrap("sign", "a", "--CA", "My CA")
    assert certstrap("revoke", "a").lines == ["Updated out/My_CA.crl: 1 revoked certificate"]


def test_an_unknown_option_or_command_is_refused_with_status_2(certstrap: CommandLine) -> None:
    for line, sentence in (("init --nope x", "No such option: --nope"), ("no", "No such command")):
        refused = certstrap(*line.split(), exit_code=2)
        assert sentence in refused.stderr
        assert not refused.stdout


@pytest.mark.usefixtures("depot")
@pytest.mark.parametrize(
    "line",
    [
        ("request-cert", "--cn", "new", "--csr", "taken", *NEW_KEY),
        ("sign", "other", "--cert", "taken", "--passphrase", "secret"),
    ],
)
def test_a_file_that_is_named_for_a_request_or_a_certificate_is_never_overwritten(
    certstrap: CommandLine, folder: Path, line: tuple[str, ...]
) -> None:
    (folder / "taken").write_text("mine\n")
    certstrap.refuses(*line, sentence="taken already exists!")


def test_a_depot_that_exists_keeps_its_mode(certstrap: CommandLine, folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out").chmod(0o755)
    certstrap("init", "--cn", "CA", *NEW_KEY)
    assert (folder / "out").stat().st_mode & 0o777 == 0o755


def certificate(file: str) -> x509.Certificate:
    return foreign.load_certificate(Path(file))


def test_a_year_of_gen_is_a_year_of_the_calendar(certstrap: CommandLine) -> None:
    now = datetime(2027, 6, 1, tzinfo=UTC)
    certstrap(*GEN_CA, "-d", "1y", now=now)
    assert certificate("ca.pem").not_valid_after_utc == now + timedelta(days=366)


def test_gen_takes_no_fraction_of_an_hour(certstrap: CommandLine) -> None:
    certstrap.refuses(*GEN_CA, "-d", "1.5h", sentence='Invalid expiry: "1.5h"')
    certstrap(*GEN_CA, "-d", "1h30m")


def test_gen_writes_a_ca_of_any_length_that_signs_clients_only(certstrap: CommandLine) -> None:
    for length in ("1h", "20y"):
        certstrap(*GEN_CA, "-d", length, "--force")
    extensions = certificate("ca.pem").extensions
    constraints = extensions.get_extension_for_oid(ExtensionOID.BASIC_CONSTRAINTS).value
    assert constraints == x509.BasicConstraints(ca=True, path_length=0)
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage == foreign.key_usage("key_cert_sign", "crl_sign")


def test_a_client_of_gen_starts_ten_minutes_back_but_not_before_its_ca(
    certstrap: CommandLine,
) -> None:
    now = certstrap.now
    certstrap(*GEN_CA, "-d", "1y")
    certstrap(*GEN_LEAF, now=now + timedelta(minutes=5))
    assert certificate("c.pem").not_valid_before_utc == now - timedelta(minutes=5)
    certstrap(*GEN_LEAF, "--force", now=now - timedelta(minutes=5))
    assert certificate("c.pem").not_valid_before_utc == now - timedelta(minutes=10)
    later = now + timedelta(days=366)
    certstrap.refuses(*GEN_LEAF, "--force", now=later, sentence="ca.pem expired on 2027-11-23")
