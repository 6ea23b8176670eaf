"""`gen` overwrites nothing without --force, and creates nothing that every program refuses."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from certstrap.pki.keys import P256
from tests.builders import foreign, pairs
from tests.conftest import NOW, CommandLine, snapshot

CA = ("gen", "ca", "--org", "temporal", "-d", "1y")
CA_FILES = ("--ca-cert", "ca.pem", "--ca-key", "ca.key")
LEAF_FILES = ("--cert", "client.pem", "--key", "client.key")
LEAF = ("gen", "leaf", "--org", "temporal")
YEAR = NOW.replace(year=NOW.year + 1)


@pytest.fixture
def ca(certstrap: CommandLine, folder: Path) -> x509.Certificate:
    """A CA that ends in a year, in the folder."""
    certstrap(*CA, *CA_FILES)
    return foreign.load_certificate(folder / "ca.pem")


@pytest.mark.parametrize("existing", ["ca.pem", "ca.key"])
def test_a_ca_overwrites_neither_file(
    certstrap: CommandLine, folder: Path, ca: x509.Certificate, existing: str
) -> None:
    (folder / ({"ca.pem", "ca.key"} - {existing}).pop()).unlink()
    certstrap.refuses(*CA, *CA_FILES, sentence=f"{existing} already exists!", hint="--force")


@pytest.mark.parametrize("existing", ["client.pem", "client.key"])
def test_a_leaf_overwrites_neither_file(
    certstrap: CommandLine, folder: Path, ca: x509.Certificate, existing: str
) -> None:
    (folder / existing).write_text("mine")
    certstrap.refuses(
        *LEAF, *CA_FILES, *LEAF_FILES, sentence=f"{existing} already exists!", hint="--force"
    )


def test_a_broken_link_is_not_written_through(
    certstrap: CommandLine, folder: Path, ca: x509.Certificate
) -> None:
    (folder / "client.key").symlink_to("elsewhere")
    certstrap.refuses(*LEAF, *CA_FILES, *LEAF_FILES, sentence="client.key already exists!")


def test_force_puts_both_files_in_the_place_of_the_old_ones(
    certstrap: CommandLine, folder: Path, ca: x509.Certificate
) -> None:
    certstrap(*LEAF, *CA_FILES, *LEAF_FILES)
    before = snapshot(folder)
    (folder / "client.key").chmod(0o644)
    outcome = certstrap(*LEAF, *CA_FILES, *LEAF_FILES, "--force")
    assert outcome.lines == ["Updated client.key", "Updated client.pem"]
    after = snapshot(folder)
    assert {path for path in after if after[path] != before[path]} == {"client.key", "client.pem"}
    assert after["client.key"][0] == before["client.key"][0]
    leaf = foreign.load_certificate(folder / "client.pem")
    assert leaf.public_key() == foreign.load_key(folder / "client.key").public_key()
    leaf.verify_directly_issued_by(ca)


@pytest.mark.parametrize("what", ["folder", "fifo"])
@pytest.mark.parametrize("target", ["client.key", "client.pem"])
def test_force_replaces_files_and_nothing_else(
    certstrap: CommandLine, folder: Path, ca: x509.Certificate, target: str, what: str
) -> None:
    for file in LEAF_FILES[1::2]:
        (folder / file).write_text("mine")
    (folder / target).unlink()
    (os.mkdir if what == "folder" else os.mkfifo)(folder / target)
    certstrap.refuses(*LEAF, *CA_FILES, *LEAF_FILES, "--force", sentence=target, hint="Hint: ")


def test_a_forced_ca_that_cannot_be_written_leaves_the_old_one(
    certstrap: CommandLine, folder: Path, ca: x509.Certificate
) -> None:
    certstrap.refuses(
        *CA, "--ca-key", "ca.key", "--ca-cert", "no/such/folder/ca.pem", "--force",
        sentence="Cannot write no/such/folder/ca.pem: No such file or directory.",
    )  # fmt: skip


def test_a_folder_that_is_missing_is_reported_before_the_ca_is_read(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap.refuses(
        "gen", "leaf", "--org", "x", "--ca-cert", "ca.pem", "--ca-key", "ca.key", "--key", "k",
        "--cert", "no/such", sentence="Cannot write no/such: No such file or directory.",
    )  # fmt: skip


@pytest.mark.parametrize("target", ["x", "./x", "link"])
@pytest.mark.parametrize("force", [(), ("--force",)])
def test_a_certificate_and_its_key_need_two_paths(
    certstrap: CommandLine, folder: Path, ca: x509.Certificate, target: str, force: tuple[str, ...]
) -> None:
    (folder / "link").symlink_to("x")
    certstrap.refuses(
        *CA, "--ca-cert", target, "--ca-key", "x", *force, sentence="is given for two files."
    )
    certstrap.refuses(
        *LEAF, *CA_FILES, "--cert", target, "--key", "x", *force, sentence="for two files."
    )


@pytest.mark.parametrize(
    "files",
    [
        ("--cert", "ca.pem", "--key", "client.key"),
        ("--cert", "client.pem", "--key", "ca.key"),
        ("--cert", "ca.key", "--key", "client.key"),
        ("--cert", "client.pem", "--key", "./ca.pem"),
    ],
)
def test_a_leaf_never_takes_the_place_of_its_ca(
    certstrap: CommandLine, folder: Path, ca: x509.Certificate, files: tuple[str, ...]
) -> None:
    certstrap.refuses(*LEAF, *CA_FILES, *files, "--force", sentence="is given for two files.")


@pytest.mark.parametrize(
    ("period", "difference"),
    [
        ("366d", "1 day"),
        ("2y", "366 days"),  # 2028 is a leap year
        ("365d1s", "1 second"),
        ("365d1h1m", "1 hour 1 minute"),
        ("366d10h", "1 day 10 hours"),
    ],
)
def test_a_leaf_that_outlives_its_ca_is_refused_with_the_difference(
    certstrap: CommandLine, folder: Path, ca: x509.Certificate, period: str, difference: str
) -> None:
    outcome = certstrap.refuses(
        *LEAF, *CA_FILES, *LEAF_FILES, "-d", period,
        sentence=f"The certificate would expire {difference} after its CA.",
        hint="ca.pem expires on 2027-11-23 12:00:00 UTC",
    )  # fmt: skip
    assert len(outcome.stderr.splitlines()) == 2


def test_a_leaf_may_end_with_its_ca_to_the_second(
    certstrap: CommandLine, folder: Path, ca: x509.Certificate
) -> None:
    certstrap(*LEAF, *CA_FILES, *LEAF_FILES, "-d", "365d")
    leaf = foreign.load_certificate(folder / "client.pem")
    assert leaf.not_valid_after_utc == ca.not_valid_after_utc == YEAR


@pytest.mark.parametrize(
    ("left", "words"), [(timedelta(hours=24), "1 day"), (timedelta(hours=5), "5 hours")]
)
def test_a_ca_that_ends_within_a_day_needs_a_period(
    certstrap: CommandLine, folder: Path, ca: x509.Certificate, left: timedelta, words: str
) -> None:
    line = (*LEAF, *CA_FILES, *LEAF_FILES)
    certstrap.refuses(
        *line, now=YEAR - left, sentence=f"ca.pem expires in {words}.", hint="--validity-period"
    )
    certstrap(*line, "-d", "1h", now=YEAR - left)
    certstrap(*line, "--force", now=YEAR - timedelta(hours=24, seconds=1))


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        (YEAR + timedelta(seconds=1), "ca.pem expired on 2027-11-23 12:00:00 UTC."),
        (NOW - timedelta(days=1), "ca.pem is not valid before 2026-11-23 11:50:00 UTC."),
    ],
)
def test_a_ca_signs_while_it_is_valid(
    certstrap: CommandLine, folder: Path, ca: x509.Certificate, now: datetime, sentence: str
) -> None:
    certstrap.refuses(*LEAF, *CA_FILES, *LEAF_FILES, "-d", "1h", now=now, sentence=sentence)


def test_the_key_of_another_ca_is_refused_by_its_name(
    certstrap: CommandLine, folder: Path, ca: x509.Certificate
) -> None:
    pairs.ca().save("other")
    certstrap.refuses(
        *LEAF, "--ca-cert", "ca.pem", "--ca-key", "other.key", *LEAF_FILES,
        sentence="other.key", hint="Put back the files that belong together.",
    )  # fmt: skip


def test_a_leaf_signs_nothing(certstrap: CommandLine, folder: Path) -> None:
    pairs.leaf(pairs.ca()).save("ca")
    outcome = certstrap.refuses(
        *LEAF, *CA_FILES, *LEAF_FILES,
        sentence="Selected CA certificate is not allowed to sign certificates.",
    )  # fmt: skip
    assert len(outcome.stderr.splitlines()) == 1


def test_a_leaf_does_not_bear_the_name_of_its_ca(certstrap: CommandLine, folder: Path) -> None:
    certstrap(*CA, *CA_FILES, "--cn", "Our CA")
    certstrap.refuses(
        *LEAF, *CA_FILES, *LEAF_FILES, "--cn", "our  ca", sentence="has the name of the CA itself"
    )
    certstrap(*LEAF, *CA_FILES, *LEAF_FILES, "--cn", "worker")


def test_a_ca_of_tcld_without_a_common_name_signs(certstrap: CommandLine, folder: Path) -> None:
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "temporal")
    empty = x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "")
    usages = ("digital_signature", "key_cert_sign")
    pair = pairs.ca(subject=x509.Name([organization, empty]), usages=usages)
    pair.save("ca")
    certstrap(*LEAF, *CA_FILES, *LEAF_FILES)
    leaf = foreign.load_certificate(folder / "client.pem")
    leaf.verify_directly_issued_by(pair.certificate)
    assert leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)


@pytest.mark.parametrize(
    ("file", "data", "sentence"),
    [
        ("ca.pem", b"", "ca.pem is empty."),
        ("ca.key", b"", "ca.key is empty."),
        ("ca.pem", foreign.key_data(P256.generate()), "ca.pem holds a private key, not a"),
        ("ca.key", foreign.request(), "ca.key holds a certificate request, not a private key."),
        ("ca.pem", os.urandom(500), "ca.pem is not a certificate that can be read."),
        ("ca.key", os.urandom(500), "ca.key is not a private key that can be read."),
        ("ca.key", foreign.key_data(P256.generate())[:99], "ca.key is broken"),
    ],
    ids=["no CA", "no key", "key for CA", "request for key", "noise", "noise for key", "cut short"],
)
def test_what_is_no_ca_pair_is_reported_in_one_sentence_with_a_hint(
    certstrap: CommandLine, folder: Path, ca: x509.Certificate,
    file: str, data: bytes, sentence: str,
) -> None:  # fmt: skip
    (folder / file).chmod(0o600)
    (folder / file).write_bytes(data)
    outcome = certstrap.refuses(*LEAF, *CA_FILES, *LEAF_FILES, sentence=sentence, hint="Hint: ")
    assert len(outcome.stderr.splitlines()) == 2


def test_a_ca_of_a_weak_key_signs_nothing(certstrap: CommandLine, folder: Path) -> None:
    pairs.ca(key=foreign.weak_key()).save("ca")
    certstrap.refuses(*LEAF, *CA_FILES, *LEAF_FILES, sentence="has an RSA key of 1024 bits.")


@pytest.mark.parametrize("missing", ["ca.pem", "ca.key"])
def test_a_file_that_is_not_there_is_named(
    certstrap: CommandLine, folder: Path, ca: x509.Certificate, missing: str
) -> None:
    (folder / missing).unlink()
    certstrap.refuses(*LEAF, *CA_FILES, *LEAF_FILES, sentence=f"{missing}.", hint="Hint: ")


@pytest.mark.parametrize(
    ("period", "sentence"),
    [
        ("0d", 'Invalid expiry: "0d" is not in the future.'),
        ("-1y", 'Invalid expiry: "-1y" is not a length of time'),
        ("1y1y", 'Invalid expiry: "1y1y" has years twice.'),
    ],
)
def test_a_period_that_cannot_be_is_reported(
    certstrap: CommandLine, period: str, sentence: str
) -> None:
    certstrap.refuses(*CA, *CA_FILES, "-d", period, sentence=sentence, hint="Hint: ")


@pytest.mark.parametrize("option", ["--org", "-d", "--ca-cert", "--ca-key"])
def test_a_line_that_lacks_an_option_cannot_be_read(
    certstrap: CommandLine, folder: Path, option: str
) -> None:
    line = ["gen", "ca"]
    for name, value in (("--org", "o"), ("-d", "1y"), ("--ca-cert", "a"), ("--ca-key", "b")):
        line += [name, value] if name != option else []
    outcome = certstrap(*line, exit_code=2)
    assert option in outcome.stderr
    assert not os.listdir(folder)


def test_gen_alone_shows_its_two_commands(certstrap: CommandLine) -> None:
    shown = certstrap("gen", "--help").stdout
    assert "ca " in shown
    assert "leaf " in shown
    assert "end-entity-certificate" not in shown
