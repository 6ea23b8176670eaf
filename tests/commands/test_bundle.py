"""`bundle`: the file to upload, each rule that it keeps, and the steps of a rotation."""

import json
import shlex
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.x509.oid import ExtendedKeyUsageOID

from certstrap.cli.context import utc_now
from certstrap.pki.keys import KeySpec
from tests.builders import foreign
from tests.builders.certificates import NO_CA, a_name, key_usage
from tests.builders.depots import NEW_KEY
from tests.builders.keys import CA_KEY, OTHER_KEY, a_key, an_rsa_key, key_data
from tests.cli.terminal import ends, terminal
from tests.conftest import CommandLine, snapshot, visible
from tests.temporal.pki import (
    DAY,
    INTERMEDIATE,
    LEAF,
    PRESENT,
    ROOT,
    Made,
    as_version_1,
    broken_signature,
    extensions_of_ca,
    with_serial,
    with_sha1,
)


@pytest.fixture
def certstrap(folder: Path) -> CommandLine:
    """The command line at the present time, which OpenSSL judges by."""
    return CommandLine(now=utc_now())


def ca(certstrap: CommandLine, name: str, *options: str) -> None:
    certstrap("init", "--common-name", name, *NEW_KEY, *options)


def intermediate(certstrap: CommandLine, name: str, above: str) -> None:
    certstrap("request-cert", "--common-name", name, *NEW_KEY)
    certstrap("sign", name, "--CA", above, "--intermediate")


def client(certstrap: CommandLine, name: str, above: str) -> None:
    certstrap("request-cert", "--common-name", name, *NEW_KEY)
    certstrap("sign", name, "--CA", above)


def save(name: str, *parts: Made | bytes) -> str:
    data = b"".join(part.pem if isinstance(part, Made) else part for part in parts)
    foreign.write(Path.cwd() / name, data, 0o644)
    return name


def subjects(pem: str) -> list[str]:
    found = x509.load_pem_x509_certificates(pem.encode())
    return [each.subject.rfc4514_string() for each in found]


def another(number: int, **changes: object) -> Made:
    return ROOT.but(subject=a_name(f"Root {number}")).but(**changes)


def test_all_cas_of_the_depot_go_to_standard_output_each_root_before_what_it_issued(
    certstrap: CommandLine, folder: Path
) -> None:
    ca(certstrap, "Z", "--path-length", "2")
    intermediate(certstrap, "M", "Z")
    certstrap("request-cert", "--common-name", "A", *NEW_KEY)
    certstrap("sign", "A", "--CA", "Z", "--intermediate")
    ca(certstrap, "Other")
    client(certstrap, "leaf", "A")
    before = snapshot(folder)
    outcome = certstrap("bundle")
    assert subjects(outcome.stdout) == ["CN=Other", "CN=Z", "CN=A", "CN=M"]
    assert outcome.stdout.startswith("-----BEGIN CERTIFICATE-----\n")
    assert outcome.stdout.endswith("-----END CERTIFICATE-----\n")
    assert snapshot(folder) == before


def test_named_cas_go_to_a_file(certstrap: CommandLine, folder: Path) -> None:
    for name in ("Old", "New", "Unwanted"):
        ca(certstrap, name)
    outcome = certstrap("bundle", "New", "Old", "New", "--output", "b.pem")
    assert outcome.stdout == "Created b.pem\n"
    assert subjects(Path("b.pem").read_text()) == ["CN=New", "CN=Old"]
    assert Path("b.pem").stat().st_mode & 0o777 == 0o444
    certstrap("bundle", "--check", "b.pem")
    certstrap.refuses("bundle", "--output", "b.pem", sentence="b.pem already exists!")


def test_files_of_any_tool_are_added(certstrap: CommandLine, folder: Path) -> None:
    save("text.pem", b"subject=CN = Root\n", INTERMEDIATE, ROOT, b"\n\n")
    Path("a.der").write_bytes(another(1).der)
    outcome = certstrap("bundle", "--cert", "text.pem", "--cert", "a.der")
    assert subjects(outcome.stdout) == ["CN=Root", "CN=Root 1", "CN=Intermediate"]
    ca(certstrap, "Cert")
    outcome = certstrap("bundle", "Cert", "--cert", "a.der")
    assert subjects(outcome.stdout) == ["CN=Cert", "CN=Root 1"]


ED25519 = a_key(KeySpec(curve="Ed25519"))
SERVER = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
HOUR = timedelta(hours=1)
ODD = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")

REFUSED: dict[str, tuple[list[Made | bytes], str]] = {
    "ca-count": ([another(number) for number in range(17)], "holds 17 certificates"),
    "ca-size": (
        [
            another(n).having(
                "odd", x509.UnrecognizedExtension(ODD.oid, b"x" * 2500), critical=False
            )
            for n in range(10)
        ],
        " bytes, and",
    ),
    "ca-version": ([ROOT.but(changed=as_version_1(CA_KEY))], "is X.509 version 1"),
    "ca-serial": ([ROOT.but(changed=with_serial(-5, CA_KEY))], "has the serial number -5"),
    "ca-true": ([ROOT.having("constraints", NO_CA)], "is self-signed, but not a CA"),
    "ca-leaf": ([ROOT, LEAF], "is a client's or server's certificate, for \"CN=leaf\""),
    "ca-usage": ([ROOT.having("usage", key_usage("crl_sign"))], "may not sign certificates"),
    "ca-client-usage": ([ROOT.having("extended", SERVER)], "client authentication"),
    "ca-issuer": ([INTERMEDIATE], 'is issued by "CN=Root", which is not in the file'),
    "ca-issuer ": ([ROOT.but(changed=broken_signature)], "The signature of "),
    "ca-algorithm": ([ROOT.but(changed=with_sha1(CA_KEY))], "is signed with SHA1"),
    "ca-algorithm ": (
        [another(1, key=ED25519, extensions=extensions_of_ca(ED25519))],
        "is signed with Ed25519",
    ),
    "ca-key": ([another(1, key=an_rsa_key(1024))], "has an RSA key of 1024 bits"),
    "ca-critical": (
        [ROOT.having("odd", ODD)],
        "has a critical extension that is not supported: 1.2.3.4",
    ),
    "ca-private-key": ([ROOT, key_data(CA_KEY)], "holds a private key"),
    "names-bundle": (
        [ROOT, ROOT.but(subject=a_name("ROOT"), key=OTHER_KEY)],
        "2 CAs have the name",
    ),
    "ca-expired": ([ROOT.but(end=PRESENT - HOUR)], "expired on"),
    "ca-started": ([ROOT.but(start=PRESENT + DAY)], "is not valid before"),
    "ca-pem": ([b"random"], "contains no certificate"),
}


@pytest.mark.parametrize("rule", REFUSED)
def test_each_rule_is_enforced(certstrap: CommandLine, folder: Path, rule: str) -> None:
    parts, sentence = REFUSED[rule]
    save("f.pem", *parts)
    for output in ((), ("--output", "b.pem")):
        outcome = certstrap.refuses("bundle", "--cert", "f.pem", *output, sentence=sentence)
        assert outcome.stdout == ""
        assert "Hint: " in outcome.stderr
        assert "PRIVATE KEY" not in outcome.stderr


@pytest.mark.parametrize("rule", REFUSED)
def test_an_uploaded_file_is_judged_by_the_same_rules(
    certstrap: CommandLine, folder: Path, rule: str
) -> None:
    parts, sentence = REFUSED[rule]
    save("f.pem", *parts)
    outcome = certstrap("bundle", "--check", "f.pem", exit_code=3)
    (line,) = [line for line in outcome.lines if line.startswith("  failed")]
    assert line.split()[1] == rule.strip()
    assert sentence in line
    assert outcome.lines[0] == "CA f.pem"
    assert outcome.lines[-1].startswith("f.pem failed: 1 of ")


def test_what_each_rule_allows_is_taken(certstrap: CommandLine, folder: Path) -> None:
    save("f.pem", *(another(number) for number in range(16)))
    certstrap("bundle", "--cert", "f.pem", "--output", "b.pem")
    assert certstrap("bundle", "--check", "b.pem").lines[-1] == "b.pem passed."


def test_a_certificate_twice_is_written_once_and_found_in_a_file(
    certstrap: CommandLine, folder: Path
) -> None:
    save("f.pem", ROOT, ROOT)
    assert subjects(certstrap("bundle", "--cert", "f.pem").stdout) == ["CN=Root"]
    outcome = certstrap("bundle", "--check", "f.pem", exit_code=3)
    assert "  failed   ca-twice " in outcome.stdout


def test_a_public_ca_and_one_that_ends_soon_are_warned_of_on_standard_error(
    certstrap: CommandLine, folder: Path
) -> None:
    public = a_name("Root", organization_name="Internet Security Research Group")
    save(
        "f.pem", another(1, subject=public), another(2, start=PRESENT - 99 * DAY, end=PRESENT + DAY)
    )
    outcome = certstrap(
        "bundle", "--cert", "f.pem", "--output", "b.pem",
        stderr='f.pem (certificate 1) is a public CA, of "Internet Security Research Group".\n'
        f"f.pem (certificate 2) expires on {PRESENT + DAY:%Y-%m-%d %H:%M:%S} UTC.\n",
    )  # fmt: skip
    assert outcome.stdout == "Created b.pem\n"
    outcome = certstrap("bundle", "--check", "b.pem")
    assert outcome.lines[-1] == "b.pem passed, with 2 warnings."


def test_what_tcld_cannot_read_afterwards_is_found(certstrap: CommandLine, folder: Path) -> None:
    save("f.pem", ROOT, b"\n")
    outcome = certstrap("bundle", "--check", "f.pem")
    assert "  warning  ca-content " in outcome.stdout
    certstrap("bundle", "--cert", "f.pem", "--output", "b.pem")
    assert certstrap("bundle", "--check", "b.pem").lines[-1] == "b.pem passed."


def test_one_bad_ca_of_the_depot_can_be_left_out(certstrap: CommandLine, folder: Path) -> None:
    ca(certstrap, "Good")
    certstrap("init", "--common-name", "Bad", "--curve", "Ed25519", "--no-passphrase")
    certstrap.refuses(
        "bundle",
        sentence="out/Bad.crt is signed with Ed25519.",
        hint="Name the CAs to upload: certstrap bundle Good",
    )
    assert subjects(certstrap("bundle", "Good").stdout) == ["CN=Good"]
    certstrap.refuses("bundle", "Bad", sentence="Ed25519", hint="Create another CA")


def test_what_is_no_ca_is_refused(certstrap: CommandLine, folder: Path) -> None:
    certstrap.refuses("bundle", sentence="There is no depot out.")
    certstrap("request-cert", "--cn", "pending", *NEW_KEY)
    certstrap.refuses("bundle", sentence="out has no CA.")
    ca(certstrap, "Cert")
    client(certstrap, "leaf", "Cert")
    certstrap.refuses("bundle", "leaf", sentence="a client's or server's certificate")
    certstrap.refuses("bundle", "nobody", sentence="There is no certificate out/nobody.crt.")


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("--check", "f", "Cert"), "--check FILE checks an existing file"),
        (("--check", "f", "--output", "g"), "--check FILE checks an existing file"),
        (("--rotate", "a", "b", "Cert"), "--rotate names both CAs"),
        (("--rotate", "a", "b", "--cert", "f"), "--rotate names both CAs"),
        (("--json",), "--quiet and --json are for --check FILE"),
        (("--quiet",), "--quiet and --json are for --check FILE"),
        (("--namespace", "a.b"), "--namespace is for the steps of --rotate OLD NEW"),
    ],
)
def test_options_that_make_no_sense_together_are_refused(
    certstrap: CommandLine, folder: Path, args: tuple[str, ...], sentence: str
) -> None:
    outcome = certstrap("bundle", *args, exit_code=2)
    assert sentence in " ".join(outcome.stderr.split())


def sha1(path: str) -> str:
    certificate = x509.load_pem_x509_certificate(Path(path).read_bytes())
    return certificate.fingerprint(SHA1()).hex()  # noqa: S303 - tcld's form


def commands(outcome: str) -> list[list[str]]:
    """Return the commands of each step of a rotation."""
    return [
        [line.strip() for line in part.splitlines()[1:] if line.startswith("   ")]
        for part in outcome.split("\n\n")[2:]
    ]


TCLD = "tcld namespace accepted-client-ca"
CLOUD = "temporal cloud namespace mtls cert-ca"
ROTATE = ("bundle", "--rotate", "Old", "New", "--output", "both.pem")


def test_a_rotation_makes_the_bundle_with_both_and_prints_the_steps(
    certstrap: CommandLine, folder: Path
) -> None:
    ca(certstrap, "Old")
    ca(certstrap, "New")
    client(certstrap, "worker", "Old")
    outcome = certstrap(*ROTATE, "--namespace", "ns.acct")
    assert subjects(Path("both.pem").read_text()) == ["CN=Old", "CN=New"]
    certstrap("bundle", "--check", "both.pem")
    old, new = sha1("out/Old.crt"), sha1("out/New.crt")
    assert outcome.lines[:5] == [
        "Created both.pem",
        "",
        "The CAs, with their fingerprints as tcld shows them:",
        f"  old  {old}  Old, expires {_end('Old')}",
        f"  new  {new}  New, expires {_end('New')}",
    ]
    assert commands(outcome.stdout) == [
        ["mkdir -p new", "certstrap sign worker --CA New --cert new/worker.crt"],
        [
            f"{TCLD} add -n ns.acct --ca-certificate-file out/New.crt",
            f"{TCLD} set -n ns.acct --ca-certificate-file both.pem",
            f"{CLOUD} create --namespace ns.acct --ca-certificate-file out/New.crt",
        ],
        ["mkdir -p old", "mv out/worker.crt old/", "mv new/worker.crt out/worker.crt"],
        ["certstrap check worker --connect ns.acct.tmprl.cloud"],
        [
            f"{TCLD} remove -n ns.acct --ca-certificate-fingerprint {old}",
            f"{CLOUD} delete --namespace ns.acct --ca-certificate-file out/Old.crt",
        ],
    ]


def _end(stem: str) -> str:
    end = foreign.load_certificate(Path(f"out/{stem}.crt")).not_valid_after_utc
    return f"{end:%Y-%m-%d}"


def test_the_steps_of_a_rotation_do_what_they_say(certstrap: CommandLine, folder: Path) -> None:
    ca(certstrap, "Old")
    ca(certstrap, "New", "--path-length", "1")
    for name in ("worker", "other worker"):
        client(certstrap, name, "Old")
    steps = commands(certstrap(*ROTATE).stdout)

    def follow(number: int) -> None:
        for line in steps[number]:
            words = shlex.split(line)
            if words[0] == "certstrap":
                certstrap(*words[1:])
            else:
                subprocess.run(words, check=True)

    def passes(uploaded: str) -> None:
        for stem in ("worker", "other_worker"):
            assert certstrap("check", stem, "--ca-bundle", uploaded).lines[-1] == f"{stem} passed."

    passes("out/Old.crt")
    follow(0)
    passes("out/Old.crt")
    passes("both.pem")
    follow(2)
    passes("both.pem")
    passes("out/New.crt")
    assert sorted(path.name for path in visible(Path("old"))) == ["other_worker.crt", "worker.crt"]


def test_a_rotation_to_another_intermediate_renews_the_chains(
    certstrap: CommandLine, folder: Path
) -> None:
    ca(certstrap, "Root", "--path-length", "1")
    intermediate(certstrap, "Old", "Root")
    ca(certstrap, "Root2", "--path-length", "1")
    intermediate(certstrap, "New", "Root2")
    client(certstrap, "worker", "Old")
    certstrap("export-chain", "worker")
    outcome = certstrap(*ROTATE)
    assert subjects(Path("both.pem").read_text()) == ["CN=Root", "CN=Root2", "CN=Old", "CN=New"]
    steps = commands(outcome.stdout)
    uploads = [line for line in steps[1] if " add " in line]
    assert [line.rpartition(" ")[2] for line in uploads] == ["out/Root2.crt", "out/New.crt"]
    assert "mv out/worker.chain.crt old/" in steps[2]
    assert steps[2][-1] == "certstrap export-chain worker"
    removed = [line.rpartition(" ")[2] for line in steps[4] if "remove" in line]
    assert removed == [sha1("out/Old.crt"), sha1("out/Root.crt")]


def test_the_root_above_both_stays(certstrap: CommandLine, folder: Path) -> None:
    ca(certstrap, "Root", "--path-length", "1")
    for name in ("Old", "New"):
        intermediate(certstrap, name, "Root")
    steps = commands(certstrap(*ROTATE).stdout)
    assert subjects(Path("both.pem").read_text()) == ["CN=Root", "CN=Old", "CN=New"]
    assert not [line for line in steps[4] if "Root" in line or sha1("out/Root.crt") in line]


@pytest.mark.parametrize("names", [("Root", "New"), ("Old", "New")])
def test_every_client_below_a_ca_that_is_removed_gets_a_new_certificate(
    certstrap: CommandLine, folder: Path, names: tuple[str, str]
) -> None:
    ca(certstrap, "Root", "--path-length", "1")
    ca(certstrap, "New", "--path-length", "1")
    for name in ("Old", "Other"):
        intermediate(certstrap, name, "Root")
    for name, issuer in (("a", "Root"), ("b", "Old"), ("c", "Other"), ("d", "New")):
        client(certstrap, name, issuer)
    outcome = certstrap("bundle", "--rotate", *names, "--output", "both.pem")
    first = commands(outcome.stdout)[0]
    assert [line.split()[2] for line in first if " sign " in line] == ["a", "b", "c"]
    remarks = [line.split()[4] for line in first if line.startswith("# Every client below ")]
    assert remarks == (["Old", "Other"] if names[0] == "Root" else ["Other"])


def test_a_rotation_from_an_expired_ca_writes_the_new_one_alone_and_uploads_it_with_set(
    certstrap: CommandLine, folder: Path
) -> None:
    before = CommandLine(now=utc_now() - timedelta(days=11))
    ca(before, "Old", "--expires", "10 days")
    client(before, "worker", "Old")
    ca(certstrap, "New")
    outcome = certstrap(*ROTATE, "--namespace", "ns.acct")
    assert subjects(Path("both.pem").read_text()) == ["CN=New"]
    certstrap("bundle", "--check", "both.pem")
    assert commands(outcome.stdout) == [
        ["mkdir -p new", "certstrap sign worker --CA New --cert new/worker.crt"],
        [f"{TCLD} set -n ns.acct --ca-certificate-file both.pem"],
        ["mkdir -p old", "mv out/worker.crt old/", "mv new/worker.crt out/worker.crt"],
        ["certstrap check worker --connect ns.acct.tmprl.cloud"],
    ]
    assert f"1. Old expired on {_end('Old')}: sign new certificates with New" in outcome.stdout
    for line in (line for step in commands(outcome.stdout)[::2] for line in step):
        words = shlex.split(line)
        certstrap(*words[1:]) if words[0] == "certstrap" else subprocess.run(words, check=True)
    assert certstrap("check", "worker", "--ca-bundle", "both.pem").lines[-1] == "worker passed."


def test_below_an_expired_root_a_valid_intermediate_goes_with_it(
    certstrap: CommandLine, folder: Path
) -> None:
    before = CommandLine(now=utc_now() - timedelta(days=11))
    ca(before, "Root", "--path-length", "1", "--expires", "10 days")
    intermediate(before, "Old", "Root")
    ca(certstrap, "New")
    outcome = certstrap(*ROTATE)
    assert subjects(Path("both.pem").read_text()) == ["CN=New"]
    assert "tcld namespace accepted-client-ca remove" not in outcome.stdout


def test_a_rotation_to_a_ca_that_has_expired_is_refused(
    certstrap: CommandLine, folder: Path
) -> None:
    ca(CommandLine(now=utc_now() - timedelta(days=11)), "New", "--expires", "10 days")
    ca(certstrap, "Old")
    hint = "Create a new CA, and name that: certstrap init --common-name NEW"
    certstrap.refuses(*ROTATE, sentence="out/New.crt expired on", hint=hint)
    assert not Path("both.pem").exists()


EXPIRED = ROOT.but(subject=a_name("Old"), end=PRESENT - DAY)


@pytest.mark.parametrize(
    ("files", "fix"),
    [
        ([EXPIRED, ROOT], "Leave it out: clients below it are refused"),
        ([EXPIRED, INTERMEDIATE, ROOT], "Leave it out: clients below it are refused"),
        (
            [EXPIRED],
            "Renew the CA where the key that signs it is, then upload it again with set, as add",
        ),
        ([EXPIRED, INTERMEDIATE.but(by=EXPIRED)], "Renew the CA where the key that signs it is"),
        ([EXPIRED, ROOT.but(end=PRESENT - DAY)], "Renew the CA where the key that signs it is"),
    ],
)
def test_an_expired_ca_is_left_out_beside_one_that_serves_and_else_renewed(
    certstrap: CommandLine, folder: Path, files: list[Made], fix: str
) -> None:
    at = CommandLine(now=PRESENT)
    save("f.pem", *files)
    said = at("bundle", "--check", "f.pem", "-q", exit_code=3).stdout
    assert "ca-expired: f.pem" in said
    assert f"To fix: {fix}" in said
    assert "--rotate" not in said
    at.refuses("bundle", "--cert", "f.pem", sentence="f.pem", hint=f"Hint: {fix}")


def test_the_check_of_a_bundle_names_a_ca_that_the_depot_can_renew(
    certstrap: CommandLine, folder: Path
) -> None:
    CommandLine(now=PRESENT)("init", "--cn", "Old", "--expires", "10 days", *NEW_KEY)
    later = CommandLine(now=PRESENT + 11 * DAY)
    save("f.pem", Path("out/Old.crt").read_bytes())

    def fix() -> str:
        said = later("bundle", "--check", "f.pem", "-q", exit_code=3).stdout
        return said.partition("To fix: ")[2].strip()

    renew = (
        "Renew the CA where the key that signs it is, then upload it again with set, as add is "
        "refused"
    )
    assert fix() == f"{renew}: certstrap renew Old"
    Path("out/Old.key").unlink()
    assert fix() == (
        f"{renew}; if that key is lost, create a new CA, and move the clients to it: certstrap "
        "init --common-name NEW-NAME && certstrap bundle --rotate Old NEW-NAME"
    )
    later("renew", "Old", exit_code=1)
    Path("out/Old.crt").rename("f.pem")
    Path("out").rename("elsewhere")
    Path("out").touch()
    assert fix() == f"{renew}."


def test_the_check_of_a_bundle_names_a_ca_that_expires_soon_wherever_its_key_is(
    certstrap: CommandLine, folder: Path
) -> None:
    CommandLine(now=PRESENT)("init", "--cn", "Old", "--expires", "10 days", *NEW_KEY)
    later = CommandLine(now=PRESENT + 9 * DAY)
    Path("out/Old.key").unlink()
    said = later("bundle", "--check", "out/Old.crt").stdout
    assert "certstrap bundle --rotate Old NEW-NAME" in said
    later("init", "--cn", "New", *NEW_KEY)
    later("bundle", "--rotate", "Old", "New", "--output", "b.pem", exit_code=None)
    assert len(x509.load_pem_x509_certificates(Path("b.pem").read_bytes())) == 2


def test_if_no_ca_fits_the_hint_says_how_to_get_one(certstrap: CommandLine, folder: Path) -> None:
    before = CommandLine(now=PRESENT)
    for name in ("A", "B"):
        before("init", "--cn", name, "--expires", "10 days", *NEW_KEY)
    later = CommandLine(now=PRESENT + 11 * DAY)
    shown = later("bundle", exit_code=1).stderr
    hint = shown.partition("Hint: Renew the CA ")[2].rstrip()
    assert hint.endswith(": certstrap renew A")
    later("renew", "A")
    assert "certstrap bundle A\n" in later("bundle", exit_code=1).stderr
    later("bundle", "A")


def test_a_bundle_of_17_cas_is_refused_with_the_limit(certstrap: CommandLine, folder: Path) -> None:
    every = [ROOT.but(subject=a_name(f"R{number}")) for number in range(17)]
    save("f.pem", *every)
    certstrap.refuses(
        "bundle",
        "--cert",
        "f.pem",
        sentence="The bundle holds 17 certificates, and may hold at most 16.",
    )
    said = certstrap("bundle", "--check", "f.pem", "-q", exit_code=3).stdout
    assert "ca-count: f.pem holds 17 certificates, and may hold at most 16." in said
    Path("out").mkdir()
    for number, each in enumerate(every):
        Path(f"out/R{number}.crt").write_bytes(each.pem)
    certstrap.refuses(
        "bundle",
        sentence="The bundle holds 17 certificates, and may hold at most 16.",
        hint="Hint: Name the CAs to upload: certstrap bundle CA\n",
    )


def test_a_rotation_warns_of_a_namespace_that_temporal_cloud_may_not_have(
    certstrap: CommandLine, folder: Path
) -> None:
    for name in ("Old", "New"):
        ca(certstrap, name)
    outcome = certstrap(*ROTATE, "--namespace", "my--ns.acct", exit_code=None)
    assert outcome.exit_code == 0
    assert outcome.stderr.startswith("The name my--ns has two hyphens in a row")


def test_what_a_client_has_beside_its_certificate_is_replaced_too(
    certstrap: CommandLine, folder: Path
) -> None:
    ca(certstrap, "Root", "--path-length", "1")
    intermediate(certstrap, "Old", "Root")
    ca(certstrap, "New")
    certstrap("issue", "worker", "--CA", "Old", "--profile", "client", *NEW_KEY)
    certstrap("export-chain", "worker")
    certstrap("export-pkcs12", "worker", "--passphrase", "s3cret")
    steps = commands(certstrap(*ROTATE).stdout)
    assert steps[0][1] == "certstrap sign worker --CA New --cert new/worker.crt --profile client"
    assert steps[2] == [
        "mkdir -p old",
        "mv out/worker.crt old/",
        "mv out/worker.chain.crt old/",
        "mv out/worker.p12 old/",
        "mv new/worker.crt out/worker.crt",
        "certstrap export-pkcs12 worker",
        (
            "# This client loads another file from now on. Its configuration: "
            "certstrap connect worker --namespace your-namespace.acct"
        ),
    ]


def test_a_client_without_a_request_here_needs_one_first(
    certstrap: CommandLine, folder: Path
) -> None:
    ca(certstrap, "Old")
    ca(certstrap, "New")
    client(certstrap, "worker", "Old")
    Path("out/worker.csr").unlink()
    (_, line, _), *_ = commands(certstrap(*ROTATE).stdout)
    assert line == "# worker has no request here: create one where its key is, then:"


def test_revoked_clients_are_not_signed_again(certstrap: CommandLine, folder: Path) -> None:
    ca(certstrap, "Old")
    ca(certstrap, "New")
    for name in ("kept", "gone"):
        client(certstrap, name, "Old")
    certstrap("revoke", "--CN", "gone", "--CA", "Old")
    outcome = certstrap(*ROTATE).stdout
    assert "sign kept" in outcome
    assert "gone" not in outcome


def test_without_clients_or_with_many_the_commands_are_for_any_name(
    certstrap: CommandLine, folder: Path
) -> None:
    ca(certstrap, "Old")
    ca(certstrap, "New")
    steps = commands(certstrap(*ROTATE).stdout)
    assert steps[0][1] == "certstrap sign NAME --CA New --cert new/NAME.crt"
    Path("both.pem").unlink()
    client(certstrap, "c0", "Old")
    for number in range(1, 22):
        for suffix in ("crt", "csr"):
            data = Path(f"out/c0.{suffix}").read_bytes()
            foreign.write(folder / f"out/c{number:02}.{suffix}", data)
    steps = commands(certstrap(*ROTATE).stdout)
    assert len([line for line in steps[0] if " sign c" in line]) == 20
    assert steps[0][-2:] == [
        "# And 2 more, each as NAME:",
        "certstrap sign NAME --CA New --cert new/NAME.crt",
    ]


def test_the_steps_go_to_standard_error_if_standard_output_is_the_bundle(
    certstrap: CommandLine, folder: Path, program: object
) -> None:
    ca(certstrap, "Old")
    ca(certstrap, "New")
    assert callable(program)
    outcome = program("bundle", "--rotate", "Old", "New")
    assert subjects(outcome.stdout) == ["CN=Old", "CN=New"]
    assert "ca-bundle.pem" in outcome.stderr
    assert outcome.stderr.startswith("The CAs, with their fingerprints")


def test_a_depot_elsewhere_stands_in_every_command(certstrap: CommandLine, folder: Path) -> None:
    for name in ("Old", "New"):
        certstrap("--depot-path", "my depot", "init", "--cn", name, *NEW_KEY)
    outcome = certstrap("--depot-path", "my depot", *ROTATE)
    for line in outcome.lines:
        if line.strip().startswith("certstrap "):
            assert line.strip().startswith("certstrap --depot-path 'my depot' ")
    assert "--ca-certificate-file 'my depot/New.crt'" in outcome.stdout


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("Old", "Old", "Old and Old are the same CA."),
        ("Old", "leaf", "out/leaf.crt is not a CA's certificate."),
        ("Old", "nobody", "There is no certificate out/nobody.crt."),
        ("Old", "Int", "Old and Int are in one chain"),
    ],
)
def test_a_rotation_is_between_two_cas(
    certstrap: CommandLine, folder: Path, old: str, new: str, sentence: str
) -> None:
    ca(certstrap, "Old", "--path-length", "1")
    client(certstrap, "leaf", "Old")
    intermediate(certstrap, "Int", "Old")
    certstrap.refuses("bundle", "--rotate", old, new, sentence=sentence)


def test_a_rotation_of_a_namespace_that_is_mistyped_is_refused(
    certstrap: CommandLine, folder: Path
) -> None:
    ca(certstrap, "Old")
    ca(certstrap, "New")
    certstrap.refuses(*ROTATE, "--namespace", "NS", sentence="Invalid Namespace id")


def test_a_rotation_whose_bundle_a_rule_refuses_writes_nothing(
    certstrap: CommandLine, folder: Path
) -> None:
    ca(certstrap, "Old")
    certstrap("init", "--common-name", "New", "--curve", "Ed25519", "--no-passphrase")
    certstrap.refuses(*ROTATE, sentence="out/New.crt is signed with Ed25519.")


def test_the_check_of_a_bundle_is_json_or_quiet_too(certstrap: CommandLine, folder: Path) -> None:
    save("f.pem", ROOT)
    document = json.loads(certstrap("bundle", "--check", "f.pem", "--json").stdout)
    (result,) = document["results"]
    assert (document["passed"], result["ca"], result["certificate"]) == (True, "f.pem", None)
    assert certstrap("bundle", "--check", "f.pem", "--quiet").stdout == ""
    save("g.pem", ROOT, ROOT)
    outcome = certstrap("bundle", "--check", "g.pem", "--quiet", exit_code=3)
    assert outcome.stdout.startswith("g.pem: ca-twice: ")


def test_a_terminal_shows_the_check_of_a_bundle(certstrap: CommandLine, folder: Path) -> None:
    save("f.pem", ROOT)
    with terminal(folder, "bundle", "--check", "f.pem") as child:
        assert "f.pem passed." in ends(child)


def test_a_certificate_that_cannot_be_read_stops_a_rotation_that_would_leave_its_client_out(
    certstrap: CommandLine, folder: Path
) -> None:
    ca(certstrap, "Old")
    ca(certstrap, "New")
    client(certstrap, "worker", "Old")
    for name in ("lost", "gone"):
        (folder / f"out/{name}.crt").write_text("garbage")
    for options in ((), ("--output", "both.pem")):
        outcome = certstrap.refuses(
            "bundle", "--rotate", "Old", "New", *options,
            sentence="Cannot tell which clients need a new certificate.",
            hint="Restore them from a copy, or move them away.",
        )  # fmt: skip
        for name in ("lost", "gone"):
            assert f"  out/{name}.crt is not a certificate that can be read." in outcome.stderr


def test_a_certificate_that_cannot_be_read_and_may_be_a_ca_stops_a_bundle_of_all(
    certstrap: CommandLine, folder: Path
) -> None:
    ca(certstrap, "Good")
    (folder / "out/lost.crt").symlink_to("nowhere")
    outcome = certstrap.refuses("bundle", sentence="Cannot tell which CAs belong in the bundle.")
    assert "out/lost.crt" in outcome.stderr
    assert subjects(certstrap("bundle", "Good").stdout) == ["CN=Good"]
