"""`status`: what a depot holds, when it ends, and what is wrong."""

import json
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from prometheus_client.parser import text_string_to_metric_families
from rich.cells import cell_len
from rich.color import Color
from typer.testing import CliRunner

from certstrap.cli.app import app
from certstrap.cli.terminal import FOUND, GREEN, GREY, ORANGE, RED
from certstrap.pki.keys import P256, dump_pkcs8
from certstrap.pki.pem import der_of
from certstrap.store.locks import Timeout, locked
from tests.builders import crls, foreign, pairs
from tests.builders.depots import NEW_KEY, init, issue, request, signed
from tests.builders.keys import LEAF_KEY, load_key
from tests.builders.pairs import Pair
from tests.cli.terminal import ends, terminal
from tests.conftest import NOW, CommandLine, snapshot
from tests.promises.test_certstrap_depot import DATA

DAY = timedelta(days=1)
SHARED = (
    "Others can write to out: only files of yours, of root and of its owner are used. "
    "Restrict it with: chmod go-w out\n"
)


pytestmark = pytest.mark.depot(
    init("Root", "--path-length", "1"),
    *signed("Int", "Root", "--intermediate", "--expires", "1 year"),
    issue("worker", "--CA", "Int", "--expires", "90d"),
    issue("web", "--CA", "Int", "--expires", "20d"),
    ("issue", "direct", "--CA", "Root", "--curve", "P-384", "--no-passphrase"),
    request("pending"),
)
"""`Root`, below it `direct` and `Int`, below that `worker` and `web`; `pending` waits."""


def problems(certstrap: CommandLine, name: str, exit_code: int = 0) -> list[str]:
    """Return the rules that the files of a name violate."""
    found = json.loads(certstrap("status", "--json", exit_code=exit_code).stdout)
    (item,) = [item for item in found["items"] if item["name"] == name]
    return [problem["rule"] for problem in item["problems"]]


def test_depot_is_shown_as_a_tree_and_what_ends_first_comes_first(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("revoke", "--CN", "direct")
    before = snapshot(depot)
    assert certstrap("status").lines == [
        "Root (CA)   P-256     547 days    2028-05-23",
        "  Int (CA)  P-256     365 days    2027-11-23",
        "    web     P-256     20 days     2026-12-13",
        "    worker  P-256     90 days     2027-02-21",
        "  direct    P-384     revoked     2028-05-23",
        "pending     P-256     not signed",
    ]
    assert snapshot(depot) == before


def test_depot_that_is_missing_is_refused(certstrap: CommandLine, folder: Path) -> None:
    for options in ((), ("--expiring", "30d"), ("--json",), ("--format", "prometheus")):
        certstrap.refuses(
            "status", *options, sentence="There is no depot out.", hint="--depot-path DIR"
        )
    (folder / "out").touch()
    certstrap.refuses("status", sentence="Cannot read out")


@pytest.mark.parametrize("form", [(), ("--json",), ("--expiring", "1d"), ("--svg", "a.svg")])
def test_file_that_cannot_be_read_is_named_and_found_in_every_form(
    form: tuple[str, ...], certstrap: CommandLine, depot: Path
) -> None:
    (depot / "compromised-keys").write_text("garbage\n")
    outcome = certstrap("status", *form, exit_code=FOUND)
    if form != ("--svg", "a.svg"):
        assert "compromised-keys" in outcome.stdout + outcome.stderr


def test_metrics_name_what_cannot_be_read_on_standard_error(
    certstrap: CommandLine, depot: Path
) -> None:
    foreign.write(depot / "Int.crl", b"broken", 0o644)
    (depot / "compromised-keys").write_text("garbage\n")
    outcome = certstrap("status", "--format", "prometheus", exit_code=FOUND)
    assert "# TYPE" in outcome.stdout
    assert outcome.stderr.splitlines() == [
        "out/compromised-keys has no SHA-256 fingerprint in line 1.",
        "out/Int.crl is not a certificate revocation list that can be read.",
    ]


def test_crl_of_another_ca_is_found_only_in_place_of_the_right_one(
    certstrap: CommandLine, depot: Path
) -> None:
    other = pairs.ca(subject="Root")
    data = crls.made_elsewhere(other.certificate, other.key)
    foreign.write(depot / "alone.crl", data, 0o644)
    assert problems(certstrap, "alone") == ["crl-foreign"]
    foreign.write(depot / "Root.crl", data, 0o644)
    assert problems(certstrap, "Root", FOUND) == ["crl-foreign"]


@pytest.mark.parametrize(
    ("limit", "names"),
    [
        ("19d", []),
        ("30d", ["web"]),
        ("2027-02-21", ["web", "worker"]),
        ("2 years", ["web", "worker", "Int", "Root", "direct"]),
    ],
)
def test_what_ends_within_a_time_is_listed_alone(
    certstrap: CommandLine, depot: Path, limit: str, names: list[str]
) -> None:
    outcome = certstrap("status", "--expiring", limit, exit_code=3 if names else 0)
    assert [line.split()[0] for line in outcome.lines] == names
    found = certstrap("status", "--expiring", limit, "--json", exit_code=3 if names else 0)
    assert [item["name"] for item in json.loads(found.stdout)["items"]] == names


def test_what_has_ended_is_listed_too_and_what_is_revoked_is_not(
    certstrap: CommandLine, depot: Path
) -> None:
    later = NOW + 30 * DAY
    outcome = certstrap("status", "--expiring", "1d", now=later, exit_code=3)
    assert outcome.stdout == "web  P-256     expired     2026-12-13\n"
    certstrap("revoke", "--CN", "web")
    assert certstrap("status", "--expiring", "1d", now=later).stdout == ""


def test_certificate_whose_end_is_not_known_is_never_skipped(
    certstrap: CommandLine, depot: Path
) -> None:
    foreign.write(depot / "worker.crt", b"broken", 0o644)
    note = "out/worker.crt is not a certificate that can be read."
    for options in (("--expiring", "1d"), ("--expiring", "1d", "--json")):
        outcome = certstrap("status", *options, exit_code=FOUND)
        assert outcome.stderr == f"{note}\n"
        assert "worker" not in outcome.stdout
    lines = certstrap("status", exit_code=FOUND).lines
    place = lines.index("worker      P-256     unreadable")
    assert lines[place + 1] == f"  ! {note}"


def test_time_that_cannot_be_read_is_refused(certstrap: CommandLine, depot: Path) -> None:
    certstrap.refuses("status", "--expiring", "soon", sentence='Invalid expiry: "soon"')
    certstrap.refuses("status", "--format", "xml", sentence='There is no format "xml".')
    certstrap("status", "--format", "prometheus", "--json", exit_code=2)


@pytest.mark.parametrize("suffix", ["crt", "csr", "key", "crl"])
@pytest.mark.parametrize("how", ["broken", "a folder", "a link to nothing"])
def test_file_that_cannot_be_read_is_shown(
    certstrap: CommandLine, depot: Path, suffix: str, how: str
) -> None:
    for stem in ("Int", "alone"):
        path = depot / f"{stem}.{suffix}"
        path.unlink(missing_ok=True)
        if how == "broken":
            foreign.write(path, b"broken")
        elif how == "a folder":
            path.mkdir()
        else:
            path.symlink_to("nowhere")
        rules = {
            "crt": "unreadable-certificate",
            "csr": "unreadable-request",
            "key": "unreadable-key",
            "crl": "crl-unreadable",
        }
        assert rules[suffix] in problems(certstrap, stem, FOUND)


def test_export_that_others_can_read_or_that_cannot_be_read_is_shown(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("export-pkcs8", "worker")
    certstrap("export-pkcs12", "worker", "--passphrase", "p")
    certstrap("export-chain", "worker")
    assert problems(certstrap, "worker") == []
    (depot / "worker.pkcs8.key").chmod(0o644)
    (depot / "worker.p12").chmod(0o644)
    assert problems(certstrap, "worker") == ["lax-mode", "lax-mode"]
    (depot / "worker.p12").chmod(0o400)
    assert problems(certstrap, "worker") == ["lax-mode"]
    for suffix in ("crt", "csr", "key", "chain.crt"):
        (depot / f"worker.{suffix}").unlink()
    assert problems(certstrap, "worker") == ["lax-mode"]
    (depot / "worker.pkcs8.key").unlink()
    names = [item["name"] for item in json.loads(certstrap("status", "--json").stdout)["items"]]
    assert not [name for name in names if name.startswith("worker")]
    (depot / "worker.p12").unlink()
    (depot / "worker.p12").mkdir()
    assert problems(certstrap, "worker", FOUND) == ["unreadable-key"]


@pytest.mark.parametrize("passphrase", ["", "secret"])
def test_export_that_does_not_belong_to_the_certificate_is_shown(
    certstrap: CommandLine, depot: Path, passphrase: str
) -> None:
    certstrap("export-pkcs8", "worker")
    how = ("--passphrase", passphrase) if passphrase else ("--no-passphrase",)
    certstrap("export-pkcs12", "web", *how)
    certstrap("export-chain", "web")
    shutil.move(depot / "worker.pkcs8.key", depot / "web.pkcs8.key")
    shutil.move(depot / "web.p12", depot / "worker.p12")
    shutil.move(depot / "web.chain.crt", depot / "worker.chain.crt")
    assert problems(certstrap, "web") == ["pair"]
    assert problems(certstrap, "worker") == ([] if passphrase else ["pair"])
    sentence = "    ! out/web.pkcs8.key does not belong to out/web.crt: the keys are not the same."
    assert f"  {sentence}" in certstrap("status").lines


def test_chain_of_an_older_certificate_is_shown(certstrap: CommandLine, depot: Path) -> None:
    certstrap("export-chain", "worker")
    old = (depot / "worker.chain.crt").read_bytes()
    certstrap("renew", "worker")
    assert problems(certstrap, "worker") == []
    foreign.write(depot / "worker.chain.crt", old, 0o644)
    assert problems(certstrap, "worker") == ["chain"]
    shutil.copy(depot / "worker.key", depot / "worker.chain.key")
    assert problems(certstrap, "worker") == []
    assert problems(certstrap, "worker.chain") == []


@pytest.mark.parametrize(
    ("suffix", "rule"),
    [
        ("pkcs8.key", "unreadable-key"),
        ("p12", "unreadable-key"),
        ("chain.crt", "unreadable-certificate"),
    ],
)
def test_export_that_is_broken_is_shown(
    certstrap: CommandLine, depot: Path, suffix: str, rule: str
) -> None:
    foreign.write(depot / f"worker.{suffix}", b"broken")
    assert problems(certstrap, "worker", FOUND) == [rule]


def test_pkcs12_file_without_a_key_is_not_compared(certstrap: CommandLine, depot: Path) -> None:
    certificate = foreign.load_certificate(depot / "web.crt")
    data = pkcs12.serialize_key_and_certificates(None, None, certificate, None, NoEncryption())
    foreign.write(depot / "worker.p12", data)
    assert problems(certstrap, "worker") == []


def test_key_certificate_and_request_that_do_not_belong_together_are_shown(
    certstrap: CommandLine, depot: Path
) -> None:
    foreign.write(depot / "worker.key", foreign.key_data(LEAF_KEY))
    foreign.write(depot / "web.csr", foreign.request())
    foreign.write(depot / "pending.key", foreign.key_data(LEAF_KEY))
    assert problems(certstrap, "worker") == ["pair"]
    assert problems(certstrap, "web") == ["pair"]
    assert problems(certstrap, "pending") == ["pair"]
    sentence = "  ! out/pending.key does not belong to out/pending.csr: the keys are not the same."
    assert sentence in certstrap("status").lines


def test_encrypted_key_is_compared_by_its_request(certstrap: CommandLine, depot: Path) -> None:
    key = load_key(depot / "worker.key")
    foreign.write(depot / "worker.key", dump_pkcs8(key, b"secret"))
    assert problems(certstrap, "worker") == []
    foreign.write(depot / "worker.csr", foreign.request())
    assert problems(certstrap, "worker") == ["pair"]
    foreign.write(depot / "alone.key", dump_pkcs8(key, b"secret"))
    assert "alone                 key alone               encrypted" in certstrap("status").lines


def test_modes_that_are_lax_are_shown(certstrap: CommandLine, depot: Path) -> None:
    (depot / "worker.key").chmod(0o644)
    assert problems(certstrap, "worker") == ["lax-mode"]
    depot.chmod(0o777)
    outcome = certstrap("status", "--json", stderr=SHARED)
    assert [each["rule"] for each in json.loads(outcome.stdout)["problems"]] == ["shared-depot"]
    assert certstrap("status", stderr=SHARED).lines[0] == "! Others can write to out."


def test_temporary_file_that_cannot_be_removed_is_shown(
    certstrap: CommandLine, depot: Path
) -> None:
    left = depot / ".certstrap-0123456789abcdef.tmp"
    left.touch()
    with locked([str(depot)], Timeout(0)):
        shown = certstrap("status").stdout
    assert "! out has a temporary file, which may hold a private key: " in shown
    assert "temporary" not in certstrap("status").stdout
    assert not left.exists()


def test_journal_that_cannot_be_finished_is_shown(certstrap: CommandLine, depot: Path) -> None:
    (depot / ".certstrap-journal").write_bytes(b"of another user")
    sentence = (
        "out/.certstrap-journal is there: a command replaces files at this moment, or was killed."
    )
    assert certstrap("status", exit_code=FOUND).lines[0] == f"! {sentence}"


def test_leaf_that_outlives_its_ca_is_shown(certstrap: CommandLine, folder: Path) -> None:
    ca = pairs.ca(subject="CA", end=NOW + DAY)
    ca.store_certificate("CA")
    pairs.leaf(ca).store_certificate("leaf")
    assert problems(certstrap, "leaf") == ["outlives-ca"]
    assert problems(certstrap, "CA") == []
    assert certstrap("status").lines[-2:] == [
        "    ! out/leaf.crt expires on 2027-11-23, after its CA, CA, which expires on 2026-11-24.",
        "      hint: Renew it where the key of its CA is, so that it expires with its CA.",
    ]


def test_issuer_that_is_not_here_is_shown_and_never_guessed_by_name(
    certstrap: CommandLine, depot: Path
) -> None:
    stranger = pairs.ca(subject="Root")
    pairs.leaf(stranger).store_certificate("foreign")
    assert problems(certstrap, "foreign") == ["issuer-missing"]
    assert certstrap("status").lines[-4:] == [
        "foreign     P-256     365 days    2027-11-23",
        '  ! out/foreign.crt was issued by "CN=Root", which is not in this depot.',
        "    hint: Add it with: certstrap import NAME --cert FILE",
        "pending     P-256     not signed",
    ]


def test_crl_that_is_old_or_of_another_is_shown(certstrap: CommandLine, depot: Path) -> None:
    root = Pair(foreign.load_certificate(depot / "Root.crt"), load_key(depot / "Root.key"))
    old = crls.made_elsewhere(
        root.certificate, root.key, updated=NOW - 3 * DAY, next_update=NOW - DAY
    )
    foreign.write(depot / "Root.crl", old, 0o644)
    assert problems(certstrap, "Root") == ["crl-expired"]
    foreign.write(depot / "Int.crl", old, 0o644)
    other = pairs.ca(subject="Root")
    new = crls.made_elsewhere(other.certificate, other.key)
    foreign.write(depot / "Root.crl", new, 0o644)
    foreign.write(depot / "alone.crl", new, 0o644)
    for name in ("Root", "Int", "alone"):
        assert problems(certstrap, name, FOUND) == ["crl-foreign"]


def test_crl_without_an_end_counts(certstrap: CommandLine, depot: Path) -> None:
    certstrap("revoke", "--CN", "direct")
    crl = x509.load_pem_x509_crl((depot / "Root.crl").read_bytes())
    key = load_key(depot / "Root.key")
    data = crls.without_an_end(crl, key)
    foreign.write(depot / "Root.crl", data, 0o644)
    assert problems(certstrap, "Root") == []
    assert "  direct    P-384     revoked     2028-05-23" in certstrap("status").lines


def test_malformed_keys_of_certstrap_are_shown(folder: Path) -> None:
    certstrap = CommandLine(now=NOW + DAY)
    depot = shutil.copytree(DATA, folder / "out")
    for key in depot.glob("*.key"):
        key.chmod(0o440)
    assert problems(certstrap, "EC_Enc") == ["malformed-key"]
    assert problems(certstrap, "RSA_Enc") == []
    assert problems(certstrap, "RSA_Clear") == []
    lines = certstrap("status").lines
    assert any(line.startswith("  under_int") or "    under_int" in line for line in lines)


def test_weak_keys_and_requests_that_no_ca_signs_are_shown(
    certstrap: CommandLine, depot: Path
) -> None:
    pairs.ca(subject="weak", key=foreign.weak_key()).store_certificate("weak")
    foreign.write(depot / "forged.csr", foreign.request_changed_after_signing())
    assert problems(certstrap, "weak") == ["key-size"]
    assert problems(certstrap, "forged") == ["request-signature"]


def test_dates_are_words_where_they_matter(certstrap: CommandLine, folder: Path) -> None:
    ca = pairs.ca(subject="CA")
    ca.store_certificate("CA")
    for stem, start, end in (
        ("early", NOW + DAY, NOW + 9 * DAY),
        ("late", NOW - 9 * DAY, NOW - DAY),
        ("one", NOW - DAY, NOW + DAY),
        ("hour", NOW - DAY, NOW + timedelta(minutes=119)),
        ("minutes", NOW - DAY, NOW + timedelta(minutes=59, seconds=59)),
        ("seconds", NOW - DAY, NOW + timedelta(seconds=1)),
        ("hours", NOW - DAY, NOW + 2 * DAY - timedelta(seconds=1)),
        ("days", NOW - DAY, NOW + 2 * DAY),
    ):
        pairs.made(subject=stem, by=ca, start=start, end=end).store_certificate(stem)
    assert certstrap("status").lines[1:] == [
        "  late     P-256     expired     2026-11-22",
        "  seconds  P-256     1 minute    2026-11-23",
        "  minutes  P-256     59 minutes  2026-11-23",
        "  hour     P-256     1 hour      2026-11-23",
        "  one      P-256     24 hours    2026-11-24",
        "  hours    P-256     47 hours    2026-11-25",
        "  days     P-256     2 days      2026-11-25",
        "  early    P-256     not yet     2026-12-02",
    ]
    states = [each["state"] for each in json.loads(certstrap("status", "--json").stdout)["items"]]
    assert states == ["valid", "expired", *["valid"] * 6, "not yet valid"]


def test_cas_that_signed_each_other_are_shown_once_each(
    certstrap: CommandLine, folder: Path
) -> None:
    first, second = P256.generate(), P256.generate()
    one, two = pairs.ca(subject="One", key=first), pairs.ca(subject="Two", key=second)
    pairs.ca(subject="One", key=first, by=two).store_certificate("One")
    pairs.ca(subject="Two", key=second, by=one).store_certificate("Two")
    pairs.leaf(two).store_certificate("leaf")
    names = [line.split()[0] for line in certstrap("status").lines]
    assert sorted(names) == ["One", "Two", "leaf"]


def test_ca_that_is_here_twice_has_its_leaves_below_one(
    certstrap: CommandLine, depot: Path
) -> None:
    shutil.copy(depot / "Int.crt", depot / "Copy.crt")
    names = [line.split()[0] for line in certstrap("status").lines]
    assert len(names) == len(set(names)) == 7


def test_leaves_of_a_renewed_ca_are_below_what_ends_last_and_its_crl_counts(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("revoke", "--CN", "direct")
    key = load_key(depot / "Root.key")
    name = foreign.load_certificate(depot / "Root.crt").subject
    pairs.ca(subject=name, key=key, end=NOW + 5 * foreign.YEAR).store_certificate("Root-2")
    foreign.write(depot / "alone.crt", pairs.leaf_alone().pem, 0o444)
    assert problems(certstrap, "alone") == []
    lines = certstrap("status").lines
    assert lines[0] == "Root (CA)    P-256     547 days    2028-05-23"
    assert lines[1].startswith("Root-2 (CA)")
    assert lines[-3].split() == ["direct", "P-384", "revoked", "2028-05-23"]


def test_json_names_its_schema(certstrap: CommandLine, depot: Path) -> None:
    found = json.loads(certstrap("status", "--json").stdout)
    assert found["schema"] == "certstrap.status/1"
    assert found["depot"] == "out"
    assert found["checked_at"] == "2026-11-23T12:00:00Z"
    root, _, web, *_, pending = found["items"]
    assert (root["kind"], root["issuer"]) == ("ca", "Root")
    assert root["crl_next_update"] == "2028-05-23T12:00:00Z"
    certificate = foreign.load_certificate(depot / "web.crt")
    assert web == {
        "name": "web",
        "kind": "certificate",
        "key": "P-256",
        "has_key": True,
        "encrypted": False,
        "key_uri": None,
        "state": "valid",
        "not_before": "2026-11-23T11:50:00Z",
        "not_after": "2026-12-13T12:00:00Z",
        "days_left": 20,
        "serial": f"{certificate.serial_number:X}",
        "issuer": "Int",
        "issuer_name": None,
        "revoked_at": None,
        "crl_next_update": None,
        "problems": [],
    }
    assert (pending["kind"], pending["state"], pending["not_after"]) == ("request", "unknown", None)
    limited = json.loads(certstrap("status", "--json", "--expiring", "1d").stdout)
    assert limited["expiring_by"] == "2026-11-24T12:00:00Z"
    counts = {"names": 6, "expiring_soon": 1, "expired": 0, "problems": 0}
    none = dict.fromkeys(counts, 0)
    assert (found["shown"], found["not_shown"]) == (counts, none)
    assert (limited["shown"], limited["not_shown"]) == (none, counts)


def test_gauges_are_read_by_prometheus(certstrap: CommandLine, depot: Path) -> None:
    certstrap("revoke", "--CN", "direct")
    awkward = 'a "b"\\c'
    pairs.leaf(pairs.ca(subject=awkward)).store_certificate("odd")
    families = {
        family.name: {(s.labels["name"], s.labels["issuer"]): s.value for s in family.samples}
        for family in text_string_to_metric_families(
            certstrap("status", "--format", "prometheus").stdout
        )
    }
    ends_at = families["certstrap_certificate_not_after_timestamp_seconds"]
    assert ends_at["worker", "Int"] == (NOW + 90 * DAY).timestamp()
    assert ends_at["Root", "Root"] == datetime(2028, 5, 23, 12, tzinfo=NOW.tzinfo).timestamp()
    assert ("pending", "") not in ends_at
    name = pairs.ca(subject=awkward).certificate.subject.rfc4514_string()
    assert ends_at["odd", name] == (NOW + foreign.YEAR).timestamp()
    assert families["certstrap_certificate_revoked"]["direct", "Root"] == 1
    assert families["certstrap_certificate_revoked"]["worker", "Int"] == 0
    assert set(families["certstrap_crl_next_update_timestamp_seconds"]) >= {("Root", "Root")}
    assert families["certstrap_problems"]["odd", name] == 1
    assert families["certstrap_problems"]["pending", ""] == 0


def test_pictures_are_saved_and_load_nothing(certstrap: CommandLine, depot: Path) -> None:
    outcome = certstrap("status", "--svg", "a.svg", "--html", "b.html")
    assert outcome.lines == ["Created a.svg", "Created b.html"]
    for file in ("a.svg", "b.html"):
        text = Path(file).read_text(encoding="utf-8")
        assert "<title>certstrap status: out as of 2026-11-23 12:00:00 UTC</title>" in text
        assert "expires" in text
        assert "worker" in text
        assert "2027" in text
        assert re.findall(r"(?:url\(|src=|href=)[\"']?(?!#)", text) == []
    again = certstrap("status", "--svg", "a.svg", "--html", "b.html")
    assert again.lines == ["Updated a.svg", "Updated b.html"]
    certstrap.refuses("status", "--svg", "x", "--html", "./x", sentence="x is given for two files")
    for other in ("<svg></svg>", "certstrap status", "\xff"):
        Path("a.svg").write_text(other, encoding="latin-1")
        certstrap.refuses("status", "--svg", "a.svg", sentence="a.svg already exists!")
    assert certstrap("status", "--html", "c.html").lines == ["Created c.html"]


def shown(folder: Path, columns: int, *options: str, exit_code: int = 0) -> list[str]:
    """Return the lines that a terminal shows, without their colours."""
    size = {"COLUMNS": str(columns)}
    with terminal(folder, "status", *options, environ=size) as child:
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", ends(child, exit_code)).splitlines()


BARS = re.compile("[━╸]+")


@pytest.mark.parametrize(("columns", "bar"), [(50, 0), (60, 5), (80, 20), (140, 20)])
def test_terminal_shows_columns_that_are_aligned(
    today: CommandLine, folder: Path, columns: int, bar: int
) -> None:
    today("init", "--common-name", "Root", "--path-length", "1", *NEW_KEY)
    today("request-cert", "--cn", "Int", *NEW_KEY)
    today("sign", "Int", "--intermediate", "--CA", "Root")
    today("issue", "worker", "--CA", "Int", "--expires", "90d", *NEW_KEY)
    today("issue", "a-name-that-is-too-long-for-it-" * 2, "--CA", "Int", *NEW_KEY)
    today("issue", "名前", "N\u0303andu\u0301", "ग्राहक", "--CA", "Root", *NEW_KEY)
    (folder / "out/worker.key").chmod(0o644)
    title, headings, *lines, totals = shown(folder, columns)
    assert re.fullmatch(r"out as of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", title)
    assert totals == "7 names, none expires within 30 days, 1 problem"
    assert all(cell_len(line) <= columns for line in lines if "hint: " not in line)
    rows = [line for line in lines if re.search(r"\d{4}-\d\d-\d\d$", line)]
    assert len(rows) == 7
    assert len({cell_len(line) for line in rows}) == 1
    assert len({cell_len(line.split("P-256")[0]) for line in rows}) == 1
    assert headings.index("Key") == cell_len(rows[0].split("P-256")[0])
    assert headings.index("Expires") == cell_len(rows[0]) - len("2028-05-23")
    assert max(len(found[0]) if (found := BARS.search(row)) else 0 for row in rows) == bar
    assert rows[0].startswith("Root (CA)")
    assert rows[1].startswith("├─ Int (CA)")
    assert rows[2].startswith("│  ├─ worker")
    below = lines[lines.index(rows[2]) + 1 : lines.index(rows[3])]
    assert below[0].startswith("│  │    ! out/worker.key is a private key")
    assert below[-1] == "│  │      hint: Restrict it with: chmod 0400 out/worker.key"
    assert rows[3].startswith("│  └─ a-name-th")


def test_bars_have_one_time_scale_to_the_last_end_of_what_is_not_a_ca(
    today: CommandLine, folder: Path
) -> None:
    today("init", "--common-name", "CA", "--expires", "10 years", *NEW_KEY)
    for name, expires in (("full", "400d"), ("half", "200d"), ("tenth", "40d"), ("now", "1h")):
        today("issue", name, "--expires", expires, *NEW_KEY)
    today("issue", "lost", *NEW_KEY)
    today("revoke", "--CN", "lost")
    _, headings, *rows, _ = shown(folder, 80)
    assert [row.split(" P-256")[0].strip("├└─ ") for row in rows] == [
        "CA (CA)", "now", "tenth", "half", "full", "lost",
    ]  # fmt: skip
    bars = ["".join(BARS.findall(row)) for row in rows]
    assert [len(bar) for bar in bars] == [20, 1, 2, 10, 20, 0]
    assert bars[1] == "╸"
    end = rows[-2].split()[-1]
    assert headings.index(end) + len(end) == rows[0].index("━") + 20


def test_bars_of_cas_alone_end_with_the_last_ca(today: CommandLine, folder: Path) -> None:
    for name, expires in (("Long", "400d"), ("Short", "100d")):
        today("init", "--common-name", name, "--expires", expires, *NEW_KEY)
    _, _, *rows, _ = shown(folder, 80)
    assert [len("".join(BARS.findall(row))) for row in rows] == [5, 20]


def test_terminal_says_what_a_filter_left_out(today: CommandLine, folder: Path) -> None:
    today("issue", "a", "b", "--expires", "20d", *NEW_KEY)
    (folder / "out/b.key").chmod(0o644)
    assert shown(folder, 80)[-1] == "3 names, 2 expire within 30 days, 1 problem"
    shown_lines = shown(folder, 80, "a")
    assert [line.split()[0] for line in shown_lines[2:3]] == ["a"]
    assert shown_lines[3:] == [
        "1 name, 1 expires within 30 days, no problems",
        "Not shown: 2 names, 1 expires within 30 days, 1 problem",
    ]
    assert shown(folder, 60, "--expiring", "1d")[1:] == [
        "0 names",
        "Not shown: 3 names, 2 expire within 30 days, 1 problem",
    ]
    old = pairs.made(start=today.now - 2 * DAY, end=today.now - DAY)
    foreign.write(folder / "out/old.crt", old.pem, 0o644)
    assert shown(folder, 80)[-1] == ("4 names, 2 expire within 30 days, 1 expired, 1 problem")


def test_terminal_has_words_where_it_has_colours(today: CommandLine, folder: Path) -> None:
    today("issue", "worker", *NEW_KEY)
    today("revoke", "--CN", "worker")
    foreign.write(folder / "out/bad.crt", b"broken", 0o644)
    (folder / "out").chmod(0o770)
    with terminal(folder, "status", "--expiring", "3 years") as child:
        printed = ends(child, 3)
    assert "\x1b[32m" in printed
    assert "\x1b[90m" in printed
    lines = shown(folder, 80, exit_code=FOUND)
    assert "! Others can write to out." in lines
    assert any("revoked" in line for line in lines)
    assert any("unreadable" in line for line in lines)


@pytest.mark.parametrize("colour", [GREEN, ORANGE, RED, GREY])
@pytest.mark.parametrize("ground", [(0, 0, 0), (0x29, 0x29, 0x29), (255, 255, 255)])
def test_colours_are_read_on_light_and_dark(colour: str, ground: tuple[int, int, int]) -> None:
    dark, light = sorted([_luminance(Color.parse(colour).get_truecolor()), _luminance(ground)])
    assert (light + 0.05) / (dark + 0.05) >= 3


def _luminance(colour: tuple[int, int, int]) -> float:
    """Return the relative luminance of WCAG 2.2."""
    shares = [each / 255 for each in colour]
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("words", "completed"),
    [("--format\np", ["prometheus"]), ("--kind\nce", ["certificate"]), ("wo", ["worker"])],
)
def test_formats_kinds_and_names_are_completed(
    depot: Path, words: str, completed: list[str]
) -> None:
    environ = {
        "_CERTSTRAP_COMPLETE": "complete_bash",
        "COMP_WORDS": f"certstrap\nstatus\n{words}",
        "COMP_CWORD": str(2 + words.count("\n")),
    }
    done = CliRunner().invoke(app, [], env=environ, prog_name="certstrap")
    assert done.stdout.split() == completed


def test_names_are_shown_alone_in_every_form(certstrap: CommandLine, depot: Path) -> None:
    assert certstrap("status", "web", "Int").lines == [
        "Int (CA)  P-256     365 days    2027-11-23",
        "  web     P-256     20 days     2026-12-13",
    ]
    assert certstrap("status", "direct", "web").lines == [
        "web     P-256     20 days     2026-12-13",
        "direct  P-384     547 days    2028-05-23",
    ]
    document = json.loads(certstrap("status", "web", "--json").stdout)
    assert [item["name"] for item in document["items"]] == ["web"]
    assert document["not_shown"]["names"] == 5
    metrics = certstrap("status", "web", "--format", "prometheus").stdout
    assert set(re.findall('name="(.*?)"', metrics)) == {"web"}
    certstrap("status", "web", "--html", "a.html")
    assert "Not shown: 5 names" in Path("a.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("ca", ["Root", "Int"]),
        ("certificate", ["web", "worker", "direct"]),
        ("request", ["pending"]),
        ("key", ["lone"]),
        ("crl", ["elsewhere"]),
        ("file", ["bad"]),
    ],
)
def test_one_kind_is_shown_alone(
    certstrap: CommandLine, depot: Path, kind: str, names: list[str]
) -> None:
    foreign.write(depot / "lone.key", foreign.key_data(LEAF_KEY))
    other = pairs.ca(subject="Other")
    foreign.write(depot / "elsewhere.crl", crls.made_elsewhere(other.certificate, other.key), 0o644)
    foreign.write(depot / "bad.p12", b"broken")
    exit_code = FOUND if kind == "file" else 0
    document = json.loads(certstrap("status", "--kind", kind, "--json", exit_code=exit_code).stdout)
    assert [item["name"] for item in document["items"]] == names
    assert {item["kind"] for item in document["items"]} == {kind}


def test_exit_status_is_that_of_what_is_shown(certstrap: CommandLine, depot: Path) -> None:
    foreign.write(depot / "worker.crt", b"broken", 0o644)
    certstrap("status", exit_code=FOUND)
    certstrap("status", "web", "--expiring", "1d")
    certstrap("status", "web", "--expiring", "30d", exit_code=FOUND)
    certstrap("status", "--kind", "ca", "--expiring", "30d")
    certstrap("status", "worker", exit_code=FOUND)


def test_name_or_kind_that_is_not_there_is_refused(certstrap: CommandLine, depot: Path) -> None:
    certstrap.refuses("status", "web", "nobody", sentence='There is no file of the name "nobody".')
    certstrap.refuses("status", "--kind", "leaf", sentence='There is no kind "leaf".')
    assert certstrap("status", "web", "--kind", "ca").stdout == ""


@pytest.mark.parametrize("form", ["PKCS#8", "DER", "OpenSSL's own", "certstrap 1.3.0"])
def test_key_that_is_encrypted_is_shown_without_its_passphrase(
    certstrap: CommandLine, depot: Path, form: str
) -> None:
    key = load_key(depot / "worker.key")
    pkcs8 = dump_pkcs8(key, b"secret")
    data = {
        "PKCS#8": pkcs8,
        "DER": der_of(pkcs8),
        "OpenSSL's own": key.private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"secret")
        ),
        "certstrap 1.3.0": (DATA / "EC_Enc.key").read_bytes(),
    }
    foreign.write(depot / "worker.key", data[form])
    outcome = certstrap("status", "worker", input="")
    assert outcome.lines[0] == "worker  P-256     90 days     2027-02-21  encrypted"
    assert outcome.stderr == ""


def test_json_says_which_keys_are_encrypted(certstrap: CommandLine, depot: Path) -> None:
    foreign.write(depot / "web.key", dump_pkcs8(load_key(depot / "web.key"), b"secret"))
    foreign.write(depot / "worker.key", b"broken")
    (depot / "direct.key").unlink()
    items = json.loads(certstrap("status", "--json", exit_code=FOUND).stdout)["items"]
    encrypted = {item["name"]: (item["has_key"], item["encrypted"]) for item in items}
    assert encrypted == {
        "Root": (True, False),
        "Int": (True, False),
        "web": (True, True),
        "worker": (True, None),
        "direct": (False, None),
        "pending": (True, False),
    }


def test_hints_are_for_the_depot_that_was_named(certstrap: CommandLine, depot: Path) -> None:
    certstrap("issue", "chained", "--CA", "Int", *NEW_KEY)
    certstrap("export-chain", "chained")
    old = (depot / "chained.chain.crt").read_bytes()
    certstrap("renew", "chained")
    foreign.write(depot / "chained.chain.crt", old, 0o644)
    hint = "hint: Move it away, and write it again: certstrap {}export-chain chained"
    assert certstrap("status", "chained").lines[-1] == "    " + hint.format("")
    named = certstrap("--depot-path", "./out", "status", "chained").lines[-1]
    assert named == "    " + hint.format("--depot-path ./out ")


def test_html_gives_characters_of_other_fonts_the_columns_of_a_terminal(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("issue", "名前", "--CA", "Root", *NEW_KEY)
    certstrap("status", "--html", "a.html")
    text = Path("a.html").read_text(encoding="utf-8")
    assert '<span style="display: inline-block; width: 4ch">名前</span>' in text
    assert "color-scheme: light dark" in text


def test_large_depot_is_shown_as_a_small_one_is(certstrap: CommandLine, depot: Path) -> None:
    small = certstrap("status").lines
    request = (depot / "pending.csr").read_bytes()
    for number in range(200):
        (depot / f"r{number}.csr").write_bytes(request)
    lines = certstrap("status").lines
    assert [line.split() for line in lines[:5]] == [line.split() for line in small[:5]]
    assert sum(line.endswith("not signed") for line in lines) == 201
