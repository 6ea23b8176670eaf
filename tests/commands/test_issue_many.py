"""Many certificates with one ``issue``: names, and lists in CSV and TOML."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from certstrap.pki.keys import spec_of
from tests import programs
from tests.builders import foreign
from tests.builders.depots import NEW_KEY
from tests.cli.terminal import ends, terminal
from tests.conftest import NOW, CommandLine, snapshot, visible
from tests.programs import CERTSTRAP, end

HEADER = "name,domains,ips,uris,curve,key-bits,expires,profile,pkcs8\n"
LIST = HEADER + (
    'a,"a.example,b.example",10.0.0.1,spiffe://example.com/a,P-384,,90d,client,yes\n'
    "\n"
    "b,,,,,2048,,,\n"
    'c,"c.example",,,,,2027-03-31,server,no\n'
)
TOML = """
[[certificate]]
name = "a"
domains = ["a.example", "b.example"]
ips = ["10.0.0.1"]
uris = ["spiffe://example.com/a"]
curve = "P-384"
expires = "90d"
profile = "client"
pkcs8 = true

[[ certificate ]]  # the second one
name = "b"
key-bits = 2048

[[certificate]]
name = "c"
domains = "c.example"
expires = 2027-03-31
profile = "server"
"""


def assert_listed(folder: Path) -> None:
    """Assert that the depot has what `LIST` and `TOML` ask for."""
    a, b, c = (foreign.stored_certificate(name) for name in "abc")
    names = a.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["a.example", "b.example"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.1"]
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["spiffe://example.com/a"]
    assert (a.not_valid_after_utc - NOW).days == 90
    assert c.not_valid_after_utc.isoformat() == "2027-03-31T23:59:59+00:00"
    usages = [
        list(it.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) for it in (a, b, c)
    ]
    client, server = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH
    assert usages == [[client], [server, client], [server]]
    kinds = [str(spec_of(foreign.load_key(folder / "out" / f"{name}.key"))) for name in "abc"]
    assert kinds == ["P-384", "RSA 2048", "P-256"]
    assert (folder / "out/a.pkcs8.key").exists()
    assert not (folder / "out/c.pkcs8.key").exists()


@pytest.mark.parametrize(("file", "text"), [("list.csv", LIST), ("list.toml", TOML)])
def test_a_list_is_issued_as_it_says(
    certstrap: CommandLine, folder: Path, file: str, text: str
) -> None:
    (folder / file).write_text(text)
    outcome = certstrap("issue", "--from", file, *NEW_KEY)
    assert_listed(folder)
    assert outcome.lines[:4] == [
        "Created out/Cert.key",
        "Created out/Cert.crt",
        "Created out/Cert.crl",
        "Created out/a.key",
    ]
    assert outcome.lines[-4:] == [
        "Created 3 certificates; 0 existed already.",
        f"New CA: {folder}/out/Cert.crt",
        "Upload out/Cert.crt to your Namespace, as its CA certificate.",
        "Let the clients of your servers trust out/Cert.crt.",
    ]


def test_a_list_may_come_from_standard_input_with_a_byte_order_mark(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("issue", "--from", "-", *NEW_KEY, input=b"\xef\xbb\xbf" + LIST.encode())
    assert_listed(folder)


def test_what_exists_is_reported_and_only_the_rest_is_created(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("issue", "b", *NEW_KEY)
    before = snapshot(folder)
    outcome = certstrap("issue", "a", "b", "c", *NEW_KEY)
    assert "out/b.crt already exists and expires on 2028-05-23." in outcome.lines
    assert "Created 2 certificates; 1 existed already." in outcome.lines
    after = snapshot(folder)
    assert {name: after[name] for name in before if name != "out"} == {
        name: before[name] for name in before if name != "out"
    }
    again = certstrap("issue", "a", "b", "c", *NEW_KEY)
    assert "Created 0 certificates; 3 existed already." in again.lines
    assert snapshot(folder) == after


def test_every_wrong_line_is_named_and_nothing_is_created(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("init", "--cn", "CA", "--permit-domain", "example", *NEW_KEY)
    (folder / "list.csv").write_text(
        HEADER
        + "a,a.example,,,,,,,\n"
        + "b,,foo,,,,,,\n"
        + ",b.example,,,,,,,\n"
        + '"x y",c.other,,,,,,,\n'
        + "a,,,,,,,,\n"
        + "d,,,,P-999,,,,\n"
        + "e,,,,,many,,,\n"
        + "f,,,,,,yesterday,,\n"
        + "g,,,,,,,peer,\n"
        + "h,,,,,,,,maybe\n"
        + "i,,,,,,,,,,\n"
        + "CA,,,,,,,,\n"
        + "j,,,,,,2020-01-01,,\n"
    )
    outcome = certstrap.refuses(
        "issue", "--from", "list.csv", *NEW_KEY, sentence="list.csv has 12 "
    )
    assert [line.split(".")[0] for line in outcome.stderr.splitlines()[1:-1]] == [
        "  line 3: Invalid IP address: foo",
        "  line 4: It has no name",
        "  line 5: The CA may not sign c",
        "  line 6: The files of a are asked for twice, first in line 2",
        '  line 7: Unknown curve: "P-999"',
        '  line 8: "many" is not a key size',
        '  line 9: Invalid expiry: "yesterday" is not a length of time or a date',
        '  line 10: There is no profile "peer"',
        '  line 11: pkcs8 is "maybe"',
        "  line 12: It has 11 cells, and the header has 9",
        "  line 13: out/CA",  # .crt is a CA's certificate
        '  line 14: Invalid expiry: "2020-01-01" is not in the future',
    ]
    assert outcome.stderr.splitlines()[-1] == (
        "Hint: Nothing was created: correct the list, and run the command again."
    )


def test_the_hints_for_a_list_name_its_fields_instead_of_options(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("issue", "both", *NEW_KEY)
    (folder / "list.csv").write_text(
        "name,domains,ips,profile\n"
        "a,10.0.0.1,,\n"
        "b,10.0.0.999,,\n"
        "c,,foo,\n"
        f"{'d' * 65},,,\n"
        f"{'e' * 300},,,\n"
        "f,,,server\n"
        "both,,,client\n"
    )
    outcome = certstrap.refuses("issue", "--from", "list.csv", *NEW_KEY, sentence="list.csv has 7 ")
    hints = [
        'It is an IP address: give it with "ips".',
        'an IP address goes into "ips".',
        'Write it as 127.0.0.1 or ::1; names go into "domains".',
        'A longer host name goes into "domains".',
        'a long domain or URI goes with a short "name".',
        'Create it again, with "domains" or "ips".',
        "leave the option out, or choose another name.",
    ]
    for line, hint in zip(outcome.stderr.splitlines()[1:-1], hints, strict=True):
        assert line.endswith(hint)


def test_a_command_in_the_hint_for_a_list_keeps_its_options(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("init", "--cn", "CA", "--path-length", "1", *NEW_KEY)
    (folder / "list.csv").write_text("name\na\n")
    outcome = certstrap.refuses(
        "issue",
        "--from",
        "list.csv",
        "--CA",
        "Other",
        *NEW_KEY,
        sentence="list.csv has 1 wrong line.",
    )
    assert "with: certstrap init --common-name Other" in outcome.stderr


@pytest.mark.parametrize(
    ("file", "text", "sentence", "detail"),
    [
        ("l.csv", "", "l.csv lists no certificates.", ""),
        ("l.csv", "name\n\n", "l.csv lists no certificates.", ""),
        ("l.csv", "\ufffd".encode("utf-16"), "l.csv is not text in UTF-8.", ""),
        ("l.csv", "domain\na\n", "l.csv has 1 wrong line.", 'line 1: There is no column "domain".'),
        ("l.csv", "\nips\n::1\n", "l.csv has 1", 'line 2: The header has no column "name".'),
        ("l.csv", "name,name\n", "l.csv has 1", 'line 1: The column "name" appears twice.'),
        ("l.csv", 'name\na\n"b\n', "l.csv has 1 wrong line.", "line 3: It is not CSV: "),
        ("l.toml", "", "l.toml lists no certificates.", ""),
        ("l.toml", "[[certificate]]\nname = \n", "l.toml has 1", "line 2: It is not TOML: "),
        ("l.toml", "a = " + "[" * 5_000, "l.toml has 1", "line 1: It is not TOML: it nests too"),
        ("l.toml", "a = " + "9" * 5_000, "l.toml has 1", "line 1: It is not TOML: Exceeds the "),
        ("l.toml", "\n" + "a." * 30_000 + "a = 1\n", "l.toml has 1", "line 2: It is not TOML: A "),
        ("l.toml", "[[certificate]]\n" * 10_001, "l.toml lists 10,001 certificates, and", ""),
        ("l.csv", "name\n" + "a\n" * 10_001, "l.csv lists 10,001 certificates, and", "Split it"),
        ("l.csv", "name\n" + "a\n" * 600_000, "l.csv has more than 1 MB.", ""),
        ("l.toml", "name = 'a'\n", "l.toml has something other than [[certificate]] tables.", ""),
        ("l.toml", "certificate = 'a'\n", "l.toml has something other than", ""),
        ("l.toml", "certificate = ['a']\n", "l.toml has something other than", ""),
        ("l.toml", "\n[[certificate]]\nnam = 'a'\n", "l.toml has 1", "line 2: There is no field "),
        ("l.toml", "[[certificate]]\nname = 1.5\n", "l.toml has 1", "line 1: name has a value of"),
        ("l.toml", "[[certificate]]\nname = true\n", "l.toml has 1", "line 1: name has a value of"),
        ("l.TOML", "certificate = [{name = 'a'}]\n", "l.TOML has something other than", "[[cert"),
        ("l.csv", "name;ips\na;::1\nb;x\n", "l.csv has 1 ", "line 3: Invalid IP address: x"),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_read_is_refused(
    certstrap: CommandLine, folder: Path, file: str, text: str | bytes, sentence: str, detail: str
) -> None:
    (folder / file).write_bytes(text if isinstance(text, bytes) else text.encode())
    assert detail in certstrap.refuses("issue", "--from", file, sentence=sentence).stderr


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_list_of_a_spreadsheet_may_have_semicolons_or_tabs(
    certstrap: CommandLine, folder: Path, mark: str
) -> None:
    rows = (("", ""), ("name", "domains"), ("a", "a.example,b.example"))
    text = "\r\n".join(mark.join(row) for row in rows if row[0])
    (folder / "list.csv").write_text(f"\ufeff{text}\r\n", encoding="utf-8")
    certstrap("issue", "--from", "list.csv", *NEW_KEY)
    names = foreign.stored_certificate("a").extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.DNSName) == ["a.example", "b.example"]


@pytest.mark.parametrize("mark", ["\u2028", "\x85", "\x0b", "\x0c", "\x1e"])
def test_only_the_end_of_a_line_ends_a_row(certstrap: CommandLine, folder: Path, mark: str) -> None:
    (folder / "list.csv").write_text(f"name\na{mark}b\n", encoding="utf-8")
    outcome = certstrap.refuses("issue", "--from", "list.csv", *NEW_KEY, sentence="list.csv has 1 ")
    assert outcome.stderr.splitlines()[1].startswith("  line 2: Invalid name: ")


@pytest.mark.parametrize(
    ("rows", "detail"),
    [
        ("a,yes,\na.pkcs8,,\n", "line 63: out/a.pkcs8.key is asked for twice"),
        ("a.pkcs8,,\na,yes,\n", "twice, first in line 62. Choose another name."),
        ("CERT,,\n", "line 62: The request has the name of the CA itself"),
        ("a,,server\n", "line 62: The request has no alternative names"),
    ],
)  # fmt: skip
def test_a_late_line_that_fails_for_a_new_ca_stops_the_list_before_it_begins(
    certstrap: CommandLine, folder: Path, rows: str, detail: str
) -> None:
    before = "".join(f"n{i},,\n" for i in range(60))
    (folder / "list.csv").write_text(f"name,pkcs8,profile\n{before}{rows}")
    outcome = certstrap.refuses("issue", "--from", "list.csv", *NEW_KEY, sentence="list.csv has 1 ")
    assert detail in outcome.stderr


def test_names_whose_files_are_the_same_are_refused_on_the_command_line(
    certstrap: CommandLine,
) -> None:
    certstrap.refuses(
        "issue", "a", "a.pkcs8", "--pkcs8", *NEW_KEY,
        sentence="out/a.pkcs8.key is asked for twice.",
    )  # fmt: skip


def test_a_line_that_only_the_depot_makes_wrong_stops_the_list_before_it_begins(
    certstrap: CommandLine, folder: Path
) -> None:
    for name in ("revoked", "compromised", "nokey", "stale"):
        certstrap("issue", name, *NEW_KEY, "--pkcs8")
    certstrap("revoke", "--cn", "revoked")
    certstrap("revoke", "--cn", "compromised", "--reason", "keyCompromise")
    for file in ("compromised.crt", "compromised.key", "nokey.key", "nokey.pkcs8.key"):
        (folder / "out" / file).unlink()
    for file in ("stale.crt", "stale.csr", "stale.key"):
        (folder / "out" / file).unlink()
    ca_key = foreign.load_key(folder / "out/Cert.key", None)
    foreign.write(folder / "out/ca-key.csr", foreign.request(key=ca_key, subject="ca-key"))
    before = "".join(f"n{i},\n" for i in range(60))
    rows = "revoked,\ncompromised,\nnokey,yes\nstale,\nca-key,\n"
    (folder / "list.csv").write_text(f"name,pkcs8\n{before}{rows}")
    (folder / "secret").write_text("s3cret\n")
    outcome = certstrap.refuses(
        "issue", "--from", "list.csv", "--curve", "P-256", "--key-passphrase-file", "secret",
        sentence="list.csv has 5 wrong lines.",
    )  # fmt: skip
    for line, problem in zip(
        outcome.stderr.splitlines()[1:-1],
        (
            "  line 62: out/revoked.crt was revoked on 2026-11-23",
            "  line 63: out/compromised.csr has a compromised key: ",
            "  line 64: out/nokey.key does not exist, so there is no PKCS#8 form of it. ",
            "  line 65: out/stale.pkcs8.key already exists and is not the key of stale. ",
            "  line 66: out/ca-key.csr has the key of the CA Cert, ",
        ),
        strict=True,
    ):
        assert line.startswith(problem)


def test_alternative_names_are_for_one_certificate(certstrap: CommandLine, folder: Path) -> None:
    (folder / "list.csv").write_text("name\na\n")
    for args in (("a", "b"), ("--from", "list.csv")):
        told = certstrap("issue", *args, "--ip", "::1", exit_code=2).stderr
        assert "--domain, --ip and --uri are for one certificate" in told
    assert not (folder / "out").exists()


def test_a_name_of_the_command_line_that_is_wrong_is_refused_alone(certstrap: CommandLine) -> None:
    certstrap.refuses("issue", "a", "...", *NEW_KEY, sentence='Invalid name: "..." has no letter')
    certstrap.refuses(
        "issue", "a", "b", "a", *NEW_KEY, sentence="The files of a are asked for twice"
    )


def test_a_dry_run_lists_what_it_would_create_and_creates_nothing(
    certstrap: CommandLine, folder: Path
) -> None:
    dry = certstrap("issue", "a", "b", "--pkcs8", *NEW_KEY, "--dry-run")
    assert not (folder / "out").exists()
    certstrap("issue", "a", "b", "--pkcs8", *NEW_KEY)
    created = {f"Would create out/{path.name}" for path in visible(folder / "out")}
    assert set(dry.lines) == created
    assert certstrap("issue", "a", "--dry-run").lines == [
        "out/a.crt already exists and expires on 2028-05-23."
    ]


def test_one_certificate_is_counted_as_one(certstrap: CommandLine) -> None:
    certstrap("issue", "a", *NEW_KEY)
    lines = certstrap("issue", "a", "b", *NEW_KEY).lines
    assert "Created 1 certificate; 1 existed already." in lines


@pytest.mark.parametrize("profile", ["client", "server"])
def test_a_certificate_of_another_profile_is_refused(certstrap: CommandLine, profile: str) -> None:
    certstrap("issue", "a", "--domain", "a.example", *NEW_KEY)
    certstrap("issue", "b", "--domain", "b.example", "--profile", profile, *NEW_KEY)
    certstrap("issue", "b", "--profile", profile, *NEW_KEY)
    certstrap("issue", "b", *NEW_KEY)
    certstrap.refuses(
        "issue", "a", "--profile", profile, *NEW_KEY,
        sentence="out/a.crt has another extended key usage than the profile that was asked for.",
        hint="leave the option out",
    )  # fmt: skip


def test_a_wrong_passphrase_of_the_ca_stops_the_list_before_it_begins(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("init", "--cn", "Cert", "--curve", "P-256", "--passphrase", "s3cret")
    certstrap("issue", "a", *NEW_KEY, environ={"CERTSTRAP_PASSPHRASE": "s3cret"})
    (folder / "list.csv").write_text("name,pkcs8\na,yes\n" + "".join(f"n{i},\n" for i in range(60)))
    certstrap.refuses(
        "issue", "--from", "list.csv", *NEW_KEY, sentence="out/Cert.key is encrypted, and no"
    )


def test_json_tells_a_program_what_was_created(certstrap: CommandLine, folder: Path) -> None:
    dry = json.loads(certstrap("issue", "a", "b", *NEW_KEY, "--dry-run", "--json").stdout)
    done = json.loads(certstrap("issue", "a", "b", *NEW_KEY, "--json").stdout)
    planned, made = ([each["created"] for each in it["results"]] for it in (dry, done))
    assert planned == made
    assert (dry["schema"], dry["dry_run"]) == ("certstrap.issue/1", True)
    assert (done["schema"], done["dry_run"]) == ("certstrap.issue/1", False)
    assert done["issued_at"] == "2026-11-23T12:00:00Z"
    first, second = done["results"]
    assert first["created"] == [f"out/Cert.{suffix}" for suffix in ("key", "crt", "crl")] + [
        f"out/a.{suffix}" for suffix in ("key", "csr", "crt")
    ]
    assert [second[key] for key in ("name", "key", "certificate", "ca")] == [
        "b", "out/b.key", "out/b.crt", "Cert",
    ]  # fmt: skip
    assert second["serial"] == f"{foreign.stored_certificate('b').serial_number:X}"
    assert second["not_after"] == "2028-05-23T12:00:00Z"
    again = json.loads(certstrap("issue", "a", "--pkcs8", "--json").stdout)["results"][0]
    assert (again["created"], again["pkcs8_key"]) == (["out/a.pkcs8.key"], "out/a.pkcs8.key")


def test_the_passphrase_of_the_ca_is_asked_for_once(folder: Path) -> None:
    programs.run(
        *CERTSTRAP, "init", "--cn", "Cert", "--curve", "P-256", "--passphrase", "s3cret",
        folder=folder,
    )  # fmt: skip
    (folder / "list.csv").write_text("name\n" + "".join(f"n{i}\n" for i in range(120)))
    with terminal(folder, "issue", "--from", "list.csv", *NEW_KEY) as child:
        child.expect_exact("Enter passphrase for CA key")
        assert "Issuing certificates" not in child.before  # the bar is not drawn around it
        child.send("s3cret\r")
        printed = ends(child)
    assert "Enter passphrase" not in printed
    assert "Created 120 certificates; 0 existed already." in printed


def test_a_terminal_shows_a_bar_with_an_estimate(folder: Path) -> None:
    words = [f"n{i}" for i in range(60)]
    with terminal(folder, "issue", *words, *NEW_KEY, environ={"NO_COLOR": "1"}) as child:
        child.expect(r"Issuing certificates .*/60 ")
        printed = ends(child)
    assert "Created out/n59.crt from out/n59.csr signed by out/Cert.key" in printed
    assert "Created 60 certificates; 0 existed already." in printed


def test_rsa_keys_are_generated_at_the_same_time(certstrap: CommandLine, folder: Path) -> None:
    certstrap("init", "--cn", "Cert", *NEW_KEY)
    certstrap("issue", "a", "b", "c", "--key-bits", "2048", "--no-passphrase", "--jobs", "3")
    keys = [foreign.load_key(folder / "out" / f"{name}.key", None) for name in "abc"]
    for name, key in zip("abc", keys, strict=True):
        assert key.public_key() == foreign.stored_certificate(name).public_key()
    assert len({foreign.stored_certificate(name).public_bytes(Encoding.DER) for name in "abc"}) == 3


def test_an_interrupted_list_goes_on_where_it_was(folder: Path) -> None:
    (folder / "list.csv").write_text("name\n" + "".join(f"n{i}\n" for i in range(1000)))
    command = (*CERTSTRAP, "issue", "--from", "list.csv", *NEW_KEY)
    process = programs.start(*command, folder=folder)
    while not (folder / "out/n100.key").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert end(process).exit_code == 130
    made = {path.name: path.read_bytes() for path in visible(folder / "out")}
    assert 50 <= sum(name.endswith(".crt") for name in made) < 1001
    assert not [name for name in made if name.startswith(".")]
    done = programs.run(*command, folder=folder)
    assert all((folder / "out" / name).read_bytes() == data for name, data in made.items())
    assert len(list((folder / "out").glob("n*.crt"))) == 1000
    existed = sum(name.startswith("n") and name.endswith(".crt") for name in made)
    assert f"Created {1000 - existed} certificates; {existed} existed already." in done.stdout


def test_an_interrupt_ends_a_list_wherever_it_comes(folder: Path) -> None:
    (folder / "list.csv").write_text("name\n" + "".join(f"n{i}\n" for i in range(600)))
    for attempt in range(6):
        depot = folder / f"depot{attempt}"
        process = programs.start(
            *CERTSTRAP, "--depot-path", str(depot), "issue", "--from", "list.csv", *NEW_KEY,
            folder=folder,
        )  # fmt: skip
        file = depot / f"n{60 + 8 * attempt}{('.key', '.csr', '.crt')[attempt % 3]}"
        while not file.exists() and process.poll() is None:
            time.sleep(0.0005)
        process.send_signal(signal.SIGINT)
        assert end(process).exit_code == 130


def test_a_killed_list_goes_on_where_it_was(folder: Path) -> None:
    (folder / "list.csv").write_text("name\n" + "".join(f"n{i}\n" for i in range(300)))
    command = (*CERTSTRAP, "issue", "--from", "list.csv", *NEW_KEY)
    process = programs.start(*command, folder=folder)
    while not (folder / "out/n60.key").exists():
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGKILL)
    end(process)
    programs.run(*command, folder=folder)
    for number in range(300):
        key = foreign.load_key(folder / f"out/n{number}.key", None)
        assert key.public_key() == foreign.stored_certificate(f"n{number}").public_key()
    assert not [path for path in visible(folder / "out") if path.name.startswith(".")]


def test_a_key_that_nobody_accepts_is_reported_once(certstrap: CommandLine) -> None:
    lines = certstrap("issue", "a", "b", "--curve", "P-521", "--no-passphrase").lines
    assert sum("P-521" in line for line in lines) == 1
