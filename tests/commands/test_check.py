"""`check`: the report, its exit statuses, its options, and files of every origin."""

import json
import os
import re
import shlex
import ssl
import time
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import PrivateFormat

from certstrap.cli.context import utc_now
from certstrap.temporal.check import RULES
from tests.builders import foreign, pairs
from tests.builders.certificates import a_name
from tests.builders.depots import NEW_KEY, TEN_YEARS, init, issue, signed
from tests.builders.keys import CA_KEY, LEAF_KEY, OTHER_KEY, key_data
from tests.cli.terminal import ends, terminal
from tests.conftest import NOW, CommandLine, snapshot
from tests.docs import ROOT as REPOSITORY
from tests.temporal import servers
from tests.temporal.pki import (
    BELOW,
    DAY,
    INTERMEDIATE,
    LEAF,
    PRESENT,
    ROOT,
    as_version_1,
    concatenated,
)
from tests.temporal.servers import SERVER, SERVER_CA, context, serving


@pytest.fixture
def certstrap(folder: Path) -> CommandLine:
    """The command line at the present time, which OpenSSL judges by."""
    return CommandLine(now=utc_now())


pytestmark = pytest.mark.depot(init(), *signed("your-namespace"))
"""A depot with what the documented walkthrough makes."""


def client(certstrap: CommandLine, name: str, ca: str = "Cert", *options: str) -> None:
    certstrap("request-cert", "--common-name", name, *NEW_KEY)
    certstrap("sign", name, "--CA", ca, *options)


def failures(certstrap: CommandLine, *args: str) -> list[str]:
    """Return what ``check --quiet`` prints, which must find something."""
    return certstrap("check", *args, "--quiet", exit_code=3).lines


def as_json(certstrap: CommandLine, *args: str, exit_code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        certstrap("check", *args, "--json", exit_code=exit_code).stdout
    )
    return found


def test_what_the_walkthrough_makes_passes_without_a_warning(
    certstrap: CommandLine, depot: Path, folder: Path
) -> None:
    before = snapshot(folder)
    outcome = certstrap("check", "your-namespace")
    lines = outcome.lines
    assert (
        lines[0]
        == "your-namespace: out/your-namespace.crt, out/your-namespace.key, CA out/Cert.crt"
    )
    assert lines[-1] == "your-namespace passed."
    rows = [line.split()[:2] for line in lines if line.startswith("  ")]
    assert {status for status, _ in rows} == {"passed"}
    of_namespace = {"namespace-form", "namespace-name"}
    assert {rule for _, rule in rows} == {*RULES, "rehearsal"} - of_namespace
    titles = [line for line in lines if line and line[0].isupper()]
    assert titles == [
        "CA", "Leaf", "Chain", "Key", "Names", "Validity", "Clients", "Rehearsal",
    ]  # fmt: skip
    assert snapshot(folder) == before


def test_what_the_walkthrough_makes_passes_for_each_client(
    certstrap: CommandLine, folder: Path, subtests: pytest.Subtests
) -> None:
    certstrap("init", "--common-name", "Cert", input="\n\n")
    certstrap("request-cert", "--common-name", "your-namespace", input="\n\n")
    certstrap("sign", "your-namespace", "--CA", "Cert")
    certstrap("export-pkcs8", "your-namespace")
    line = ("check", "your-namespace", "--namespace", "your-namespace.acct", "--client")
    for client in ("java", "go", "python", "typescript", "dotnet", "ruby", "php"):
        with subtests.test(client):
            assert certstrap(*line, client).lines[-1] == "your-namespace passed."


def test_java_is_told_how_to_make_its_key(certstrap: CommandLine, folder: Path) -> None:
    certstrap("--depot-path", "my depot", "init", "--common-name", "Cert", *NEW_KEY)
    certstrap("--depot-path", "my depot", "request-cert", "--cn", "a", "--no-passphrase")
    certstrap("--depot-path", "my depot", "sign", "a")
    found = certstrap(
        "--depot-path", "my depot", "check", "a", "--client", "java", "--quiet", exit_code=3
    ).stdout
    assert found == (
        "a: client-form: my depot/a.key is not PKCS#8: it begins with BEGIN RSA PRIVATE KEY. The "
        "client for Java reads PKCS#8 only. To fix: Write the key as PKCS#8: certstrap "
        "--depot-path 'my depot' export-pkcs8 a\n"
    )
    certstrap(*shlex.split(found.rpartition("PKCS#8: certstrap ")[2]))
    assert (
        "my depot/a.pkcs8.key"
        in certstrap("--depot-path", "my depot", "check", "a", "--client", "java").stdout
    )


def test_the_json_has_the_keys_that_are_documented(
    certstrap: CommandLine, files: tuple[str, ...]
) -> None:
    page = (REPOSITORY / "docs/json.md").read_text(encoding="utf-8")
    (section,) = (each for each in page.split("\n## ") if each.startswith("`certstrap.check/1`"))
    tables = [
        set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.+?) \|", table, re.MULTILINE))))
        for table in section.split("| --- | --- |")[1:]
    ]
    with serving(servers.speaking_http2) as server:
        document = as_json(certstrap, *files, *connecting(server.port))
    (result,) = document["results"]
    connection = {*result["connection"]}
    assert tables == [{*document}, {*result}, {*result["findings"][0]}, connection]
    assert {*result["rehearsal"]} == connection - {
        "address",
        "certificate_demanded",
        "reason",
        "fix",
    }
    assert document["schema"] == "certstrap.check/1"
    assert {each["status"] for each in result["findings"]} == {"passed"}
    assert as_json(certstrap, *files, "--quiet")["results"][0]["findings"] == []


def test_the_commands_to_fix_it_are_for_the_depot_and_the_name(
    certstrap: CommandLine, folder: Path
) -> None:
    in_depot = ("--depot-path", "my certstrap depot")
    certstrap(*in_depot, "init", "--cn", "Cert", *NEW_KEY)
    certstrap(*in_depot, "request-cert", "--cn", "NAME", *NEW_KEY)
    certstrap(*in_depot, "sign", "NAME", "--expires", "1 hour")
    path = "my certstrap depot/NAME.key"
    Path(path).chmod(0o644)
    later = utc_now() + DAY
    expired = certstrap(*in_depot, "check", "NAME", "--quiet", exit_code=3, now=later).lines[0]
    assert expired.endswith(
        "To fix: Renew it: certstrap --depot-path 'my certstrap depot' renew NAME"
    )
    outcome = certstrap(*in_depot, "check", "NAME").stdout
    assert f"To fix: Restrict it with: chmod 0400 '{path}'\n" in outcome


def test_a_pkcs12_file_is_named_with_the_command_that_converts_it(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("export-pkcs12", "your-namespace", "--passphrase", "p")
    (found,) = failures(certstrap, "your-namespace", "--key", "out/your-namespace.p12")
    assert "out/your-namespace.p12 is a PKCS#12 file, not a private key." in found
    certstrap(
        "export-pkcs8", "--key", "out/your-namespace.p12", "--output", "k", "--passphrase", "p"
    )
    certstrap("check", "your-namespace", "--key", "k")
    found = failures(certstrap, "--cert", "out/your-namespace.p12")[0]
    assert "out/your-namespace.p12 is a PKCS#12 file, not a certificate." in found
    assert "openssl pkcs12 -in out/your-namespace.p12 -nokeys -out NEW" in found


def test_a_pkcs12_file_as_certificate_is_called_one(certstrap: CommandLine, depot: Path) -> None:
    certstrap("export-pkcs12", "your-namespace", "--passphrase", "p")
    path = "out/your-namespace.p12"
    found, *_ = failures(certstrap, "--cert", path, "--key", "out/your-namespace.key")
    assert f"leaf-pem: {path} is a PKCS#12 file, not a certificate." in found
    assert f"openssl pkcs12 -in {path} -nokeys -out NEW" in found
    said = certstrap("bundle", "--check", path, exit_code=3).stdout
    assert f"{path} is a PKCS#12 file, not a certificate." in said
    assert "ca-private-key" not in said


def test_without_a_name_the_whole_depot_is_checked(certstrap: CommandLine, depot: Path) -> None:
    client(certstrap, "other")
    certstrap("init", "--common-name", "Unused", *NEW_KEY)
    document = as_json(certstrap)
    assert [each["name"] for each in document["results"]] == ["other", "your-namespace", "Unused"]
    assert document["passed"]


def test_a_file_that_cannot_be_read_fails_and_hides_no_other(
    certstrap: CommandLine, depot: Path
) -> None:
    foreign.write(depot / "broken.crt", b"-----BEGIN CERTIFICATE-----\n")
    document = as_json(certstrap, exit_code=3)
    assert [(each["name"], each["passed"]) for each in document["results"]] == [
        ("broken", False),
        ("your-namespace", True),
    ]
    (found,) = failures(certstrap)
    assert found == (
        "broken: leaf-pem: out/broken.crt is broken: it has no END line. To fix: The file may have "
        "been cut short: copy it again, unchanged."
    )


def test_a_ca_of_the_depot_that_cannot_be_read_fails(certstrap: CommandLine, folder: Path) -> None:
    foreign.write(folder / "out/odd.crt", b"")
    assert failures(certstrap)[0].startswith("odd: leaf-pem: out/odd.crt ")


def test_a_certificate_that_is_a_folder_fails_and_hides_no_other(
    certstrap: CommandLine, depot: Path
) -> None:
    (depot / "odd.crt").mkdir()
    (found,) = failures(certstrap)
    assert found.startswith("odd: leaf-pem: out/odd.crt is not a regular file.")


def test_of_many_problems_three_are_shown(certstrap: CommandLine, folder: Path) -> None:
    save("ca.pem", ROOT.pem * 6)
    outcome = certstrap("bundle", "--check", "ca.pem", exit_code=3)
    (line,) = [line for line in outcome.lines if " ca-twice " in line]
    assert line.count("is the same certificate as") == 3
    assert "And 2 more." in line


def test_the_form_of_a_namespace_is_checked_without_a_certificate_too(
    certstrap: CommandLine, folder: Path
) -> None:
    save("c", b"")
    found = failures(certstrap, "--cert", "c", "--namespace", "ns.acct")
    assert [line.split(": ")[1] for line in found] == ["leaf-pem"]


def test_an_empty_depot_has_nothing_to_check(certstrap: CommandLine, folder: Path) -> None:
    certstrap.refuses("check", sentence="There is no depot out.")
    certstrap("request-cert", "--cn", "pending", *NEW_KEY)
    certstrap.refuses("check", sentence="There is no certificate in out.")
    certstrap.refuses("check", "nobody", sentence="There is no certificate out/nobody.crt.")


def test_a_ca_is_checked_with_those_above_it(certstrap: CommandLine, folder: Path) -> None:
    certstrap("init", "--cn", "Root", "--path-length", "1", *NEW_KEY)
    certstrap("request-cert", "--cn", "Int", *NEW_KEY)
    certstrap("sign", "Int", "--CA", "Root", "--intermediate")
    outcome = certstrap("check", "Int")
    assert outcome.lines[0] == "Int: CA out/Int.crt, out/Root.crt"
    assert "rehearsal" not in outcome.stdout
    assert certstrap("check", "Root").lines[0] == "Root: CA out/Root.crt"
    client(certstrap, "below", "Int")
    names = [each["name"] for each in as_json(certstrap, exit_code=3)["results"]]
    assert names == ["below", "Int"]
    certstrap("export-chain", "below")
    assert [each["name"] for each in as_json(certstrap)["results"]] == ["below"]
    Path("out/Root.crt").unlink()
    assert "ca-issuer" in failures(certstrap, "Int")[0]


def test_a_leaf_below_an_intermediate_needs_its_chain(certstrap: CommandLine, folder: Path) -> None:
    certstrap("init", "--cn", "Root", "--path-length", "1", *NEW_KEY)
    certstrap("request-cert", "--cn", "Int", *NEW_KEY)
    certstrap("sign", "Int", "--CA", "Root", "--intermediate")
    client(certstrap, "below", "Int")
    incomplete, refused = failures(certstrap, "below")
    assert incomplete == (
        'below: chain-complete: out/below.crt is issued by "CN=Int", which is neither among the '
        "uploaded CAs nor in out/below.crt. To fix: Write the chain and give it to the client: "
        "certstrap export-chain below"
    )
    assert refused.startswith("below: rehearsal: A TLS 1.3 server")
    assert refused.endswith('"unable to get local issuer certificate" (TLS alert unknown_ca).')
    certstrap("export-chain", "below")
    passed = certstrap("check", "below")
    assert passed.lines[0] == "below: out/below.chain.crt, out/below.key, CA out/Root.crt"
    assert passed.lines[-1] == "below passed."


def save(name: str, data: bytes) -> str:
    foreign.write(Path.cwd() / name, data, 0o644)
    return name


def test_files_of_any_tool_are_checked(certstrap: CommandLine, folder: Path) -> None:
    files = (
        "--cert", save("c.pem", concatenated(BELOW, INTERMEDIATE)),
        "--key", save("k.pem", key_data(LEAF_KEY)),
        "--ca-bundle", save("ca.pem", ROOT.pem),
    )  # fmt: skip
    outcome = certstrap("check", *files)
    assert outcome.lines[0] == "c.pem: c.pem, k.pem, CA ca.pem"
    assert outcome.lines[-1] == "c.pem passed."
    assert not (folder / "out").exists()


def test_a_file_is_checked_against_the_cas_of_the_depot(
    certstrap: CommandLine, depot: Path
) -> None:
    outcome = certstrap("check", "--cert", "out/your-namespace.crt")
    assert "CA out/Cert.crt" in outcome.lines[0]
    assert outcome.lines[-1] == "out/your-namespace.crt passed, with 2 warnings."
    assert "Not tried: the private key is not here." in outcome.stdout


def test_what_changes_during_a_check_that_fails_is_judged_again(
    certstrap: CommandLine, depot: Path, folder: Path
) -> None:
    fifo, certificate = folder / "fifo", depot / "your-namespace.crt"
    os.mkfifo(fifo)
    old = certificate.rename(folder / "old.crt")
    for form in ("key", "csr"):
        (depot / f"your-namespace.{form}").unlink()
    client(certstrap, "your-namespace")
    new = certificate.rename(folder / "new.crt")
    old.rename(certificate)

    def renew() -> None:
        with fifo.open("wb") as pipe:  # which waits until the check has read the certificate
            new.rename(certificate)
            pipe.write((depot / "your-namespace.key").read_bytes())

    writer = Thread(target=renew, daemon=True)
    writer.start()
    outcome = certstrap("check", "your-namespace", "--key", "fifo")
    writer.join(10)
    assert outcome.lines[-1].startswith("your-namespace passed")


def test_a_key_elsewhere_is_named(certstrap: CommandLine, depot: Path, folder: Path) -> None:
    (depot / "your-namespace.key").rename(folder / "elsewhere.key")
    outcome = certstrap("check", "your-namespace")
    assert "  warning  key-present" in outcome.stdout
    outcome = certstrap("check", "your-namespace", "--key", "elsewhere.key")
    assert outcome.lines[-1] == "your-namespace passed."


def test_the_uploaded_file_counts_where_it_is_named(certstrap: CommandLine, depot: Path) -> None:
    certstrap("init", "--cn", "Other", *NEW_KEY)
    line = ("check", "--ca-bundle", "out/Cert.crt", "--verbose")
    assert certstrap(*line).lines[-1] == "your-namespace passed."
    found = failures(certstrap, "your-namespace", "--ca-bundle", "out/Other.crt")
    assert [line.split(": ")[1] for line in found] == ["chain-complete", "rehearsal"]


def test_a_certificate_of_a_ca_that_was_made_again_is_found(
    certstrap: CommandLine, depot: Path
) -> None:
    for path in depot.glob("Cert.*"):
        path.unlink()
    certstrap("init", "--common-name", "Cert", *NEW_KEY)
    found = failures(certstrap, "your-namespace")
    assert [line.split(": ")[1] for line in found] == ["chain-signature", "rehearsal"]


def test_foreign_certificates_get_a_warning_for_what_the_documentation_asks_beyond(
    certstrap: CommandLine, folder: Path
) -> None:
    leaf = LEAF.without("constraints")
    files = ("--cert", save("c", leaf.pem), "--key", save("k", key_data(LEAF_KEY)))
    outcome = certstrap("check", *files, "--ca-bundle", save("ca", ROOT.pem))
    assert outcome.lines[-1] == "c passed, with 1 warning."
    assert "  warning  leaf-false" in outcome.stdout


@pytest.mark.parametrize(
    ("client", "kind", "rule"),
    [
        ("python", "P-521", "client-kind"),
        ("typescript", "P-521", "client-kind"),
        ("dotnet", "P-521", "client-kind"),
        ("ruby", "P-521", "client-kind"),
        ("go", "P-521", ""),
        ("java", "P-521", ""),
        ("php", "P-521", ""),
        ("go", "P-224", "client-kind rehearsal"),
        ("python", "Ed25519", "key-kind"),
        ("go", "Ed25519", "key-kind"),
    ],
)
def test_the_kind_of_a_key_is_judged_for_a_client(
    certstrap: CommandLine, depot: Path, client: str, kind: str, rule: str
) -> None:
    certstrap("request-cert", "--cn", "a", "--curve", kind, "--no-passphrase")
    certstrap("sign", "a", "--CA", "Cert")
    found = certstrap("check", "a", "--client", client, "--quiet", exit_code=3 if rule else 0).lines
    assert " ".join(line.split(": ")[1] for line in found) == rule


def test_a_client_that_there_is_not_is_refused(certstrap: CommandLine, depot: Path) -> None:
    certstrap.refuses("check", "--client", "rust", sentence='There is no client "rust".')


@pytest.mark.parametrize(
    ("namespace", "rule"),
    [
        ("your-namespace.acct", ""),
        ("other.acct", "namespace-name"),
        ("your-namespace", "namespace-form"),
        ("Your-Namespace.acct", "namespace-form"),
        ("your-namespace.acct.tmprl.cloud:7233", "namespace-form"),
        ("default", "namespace-form"),
    ],
)
def test_the_namespace_is_compared(
    certstrap: CommandLine, depot: Path, namespace: str, rule: str
) -> None:
    found = certstrap(
        "check", "your-namespace", "--namespace", namespace, "--quiet", exit_code=3 if rule else 0
    ).lines
    assert [line.split(": ")[1] for line in found] == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("namespace", "line"),
    [
        ("your--namespace.acct", "The name your--namespace has two hyphens in a row"),
        ("your-namespace.a1b2", "The account a1b2 has fewer than 5 characters"),
    ],
)
def test_a_namespace_that_temporal_cloud_may_not_have_is_a_warning(
    certstrap: CommandLine, depot: Path, namespace: str, line: str
) -> None:
    certstrap("issue", "your--namespace", "--CA", "Cert", *NEW_KEY)
    name = namespace.partition(".")[0]
    outcome = certstrap("check", name, "--namespace", namespace)
    (warned,) = [each for each in outcome.lines if "namespace-form" in each]
    assert warned.startswith("  warning")
    assert line in warned


def test_a_server_of_ones_own_has_namespaces_of_any_name(
    certstrap: CommandLine, files: tuple[str, ...]
) -> None:
    with serving(servers.speaking_http2) as server:
        own = (*files, *connecting(server.port), "--namespace")
        outcome = certstrap("check", *own, "default")
        bad = certstrap("check", *own, "a\nb", "--quiet", exit_code=3)
    assert any("passed   namespace-form" in line for line in outcome.lines)
    assert "namespace-name" not in outcome.stdout
    assert "namespace-form: Invalid Namespace: " in bad.stdout


@pytest.mark.parametrize("name", ["localhost:7233", "https://localhost", "https://localhost:7233/"])
def test_a_server_name_is_judged_as_it_is_by_connect(
    certstrap: CommandLine, depot: Path, name: str
) -> None:
    certstrap.refuses(
        "check",
        "your-namespace",
        "--connect",
        "127.0.0.1",
        "--server-name",
        name,
        sentence=f'Invalid server name: "{name}" is not a host name.',
        hint="Write only the name: localhost",
    )


def test_with_the_key_of_another_certificate_nothing_is_connected(
    certstrap: CommandLine, files: tuple[str, ...]
) -> None:
    key = save("other.key", key_data(OTHER_KEY))
    outcome = certstrap("check", *files[:2], "--key", key, *files[4:], *connecting(1), exit_code=3)
    (line,) = [line for line in outcome.lines if line.split()[1:2] == ["connection"]]
    assert line.endswith(
        "Not tried: the key is not that of the first certificate of the file (see key-pair)."
    )
    assert "To fix" not in line
    save("c3", ROOT.pem + LEAF.pem)
    outcome = certstrap("check", "--cert", "c3", *files[2:], *connecting(1), exit_code=3)
    assert "(see chain-first)." in outcome.stdout


def test_an_intermediate_as_ca_of_the_server_is_a_warning_for_some_clients(
    certstrap: CommandLine, files: tuple[str, ...]
) -> None:
    middle = INTERMEDIATE.but(by=SERVER_CA).without("authority key")
    chain = [SERVER.but(by=middle), middle]
    ca = save("middle.pem", middle.pem)
    with serving(servers.speaking_http2, context(server=chain)) as server:
        to = ("--connect", f"localhost:{server.port}", "--server-ca", ca)
        outcome = certstrap("check", *files, *to)
        (result,) = as_json(certstrap, *files, *to)["results"]
        certstrap("check", *files, *to, "--strict", exit_code=3)
    (line,) = [line for line in outcome.lines if line.split()[1:2] == ["connection"]]
    assert line.startswith("  warning  connection")
    assert 'middle.pem has an intermediate CA without its issuer "CN=Server CA".' in line
    assert "the client for TypeScript does not" in line
    assert result["connection"]["outcome"] == "accepted"
    assert result["connection"]["reason"] in line


def test_what_is_wrong_with_a_server_is_named_with_what_to_do(
    certstrap: CommandLine, files: tuple[str, ...]
) -> None:
    other = SERVER.having("names", x509.SubjectAlternativeName([x509.DNSName("other.test")]))
    with serving(servers.speaking_http2, context(server=[other])) as server:
        (found,) = failures(certstrap, *files, *connecting(server.port))
        (result,) = as_json(certstrap, *files, *connecting(server.port), exit_code=3)["results"]
    assert found == (
        f"c: connection: The certificate of localhost:{server.port} is not trusted: it is for "
        '"other.test", not for "localhost". To fix: If this is the right server, add --server-name '
        "other.test. Else: Issue the server a certificate with --domain localhost."
    )
    connection = result["connection"]
    assert (connection["outcome"], connection["reason"]) == (
        "untrusted",
        'it is for "other.test", not for "localhost"',
    )
    assert connection["fix"].startswith("If this is the right server")


def test_what_was_not_looked_at_has_not_passed(certstrap: CommandLine, folder: Path) -> None:
    root = ROOT.but(subject=a_name("v3"))
    files = (
        "--cert", save("c", LEAF.but(by=root, changed=as_version_1(CA_KEY)).pem),
        "--key", save("k", key_data(LEAF_KEY)),
        "--ca-bundle", save("ca", root.pem),
    )  # fmt: skip
    said = certstrap("check", *files, exit_code=3).stdout
    assert "  failed   leaf-version " in said
    for rule in ("leaf-false", "leaf-usage"):
        assert rule not in said
    alone = certstrap("check", "--cert", save("c2", LEAF.pem), *files[2:4], exit_code=3).stdout
    assert "  failed   chain-complete " in alone
    for rule in ("chain-signature", "chain-name", "chain-length", "names-chain", "leaf-outlives"):
        assert rule not in alone
    for data, unseen in (
        (key_data(LEAF_KEY), ["ca-content", "ca-expired", "ca-true"]),
        (LEAF.pem, ["ca-expired", "ca-true", "ca-algorithm", "names-bundle"]),
        (ROOT.but(changed=as_version_1(CA_KEY)).pem, ["ca-true", "ca-leaf", "ca-expired"]),
        (ROOT.pem + key_data(CA_KEY), ["ca-content"]),
    ):
        said = certstrap("bundle", "--check", save("f", data), exit_code=3).stdout
        assert "  failed " in said
        for rule in unseen:
            assert f" {rule} " not in said


def test_a_client_below_an_expired_ca_is_told_the_way_out(
    certstrap: CommandLine, folder: Path
) -> None:
    before = CommandLine(now=utc_now() - timedelta(days=11))
    before("init", "--cn", "Old", "--expires", "10 days", *NEW_KEY)
    before("issue", "w", "--CA", "Old", *NEW_KEY)
    renew = (
        "Renew the CA where the key that signs it is, then upload it again with set, as add is "
        "refused"
    )

    def expired(*args: str) -> str:
        (line,) = [each for each in failures(certstrap, *args) if ": ca-expired: " in each]
        return line.partition("To fix: ")[2]

    assert expired("w") == f"{renew}: certstrap renew Old"
    assert expired("Old") == f"{renew}: certstrap renew Old"
    certstrap("init", "--cn", "New", *NEW_KEY)
    save("both.pem", Path("out/Old.crt").read_bytes() + Path("out/New.crt").read_bytes())
    leave_out = "Leave it out: clients below it are refused, and the file has other CAs."
    assert expired("w", "--ca-bundle", "both.pem") == leave_out
    Path("out/Old.key").rename("Old.key")
    replaced = (
        f"{renew}; if that key is lost, create a new CA, and move the clients to it: certstrap "
        "init --common-name NEW-NAME && certstrap bundle --rotate Old NEW-NAME"
    )
    assert expired("w") == expired("Old") == replaced
    certstrap("bundle", "--rotate", "Old", "New", "--output", "b.pem")
    Path("Old.key").rename("out/Old.key")
    certstrap("renew", "Old", "--expires", "1 year")
    certstrap("renew", "w", "--expires", "90d")
    assert certstrap("check", "w").lines[-1] == "w passed."


def test_without_a_crl_it_is_not_said_that_nothing_is_revoked(
    certstrap: CommandLine, depot: Path
) -> None:
    assert "passed   leaf-revoked" in certstrap("check", "your-namespace").stdout
    (depot / "Cert.crl").unlink()
    assert "leaf-revoked" not in certstrap("check", "your-namespace").stdout


@pytest.mark.parametrize(("seconds", "status"), [(1, "warning"), (5, "warning"), (6, "failed")])
def test_a_certificate_that_outlives_its_ca_for_a_moment_can_be_used(
    certstrap: CommandLine, folder: Path, seconds: int, status: str
) -> None:
    leaf = LEAF.but(end=ROOT.end + timedelta(seconds=seconds))
    files = (
        "--cert", save("c", leaf.pem),
        "--key", save("k", key_data(LEAF_KEY)),
        "--ca-bundle", save("ca", ROOT.pem),
    )  # fmt: skip
    outcome = certstrap("check", *files, exit_code=0 if status == "warning" else 3)
    (line,) = [line for line in outcome.lines if " leaf-outlives " in line]
    assert line.split()[0] == status


def test_an_encrypted_key_is_opened_with_its_passphrase(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("request-cert", "--cn", "a", "--curve", "P-256", "--passphrase", "secret")
    certstrap("sign", "a", "--CA", "Cert")
    outcome = certstrap("check", "a", exit_code=3)
    assert "To fix: Write a copy that is not encrypted: certstrap export-pkcs8 a" in outcome.stdout
    assert "Not tried: the private key was not opened." in outcome.stdout
    outcome = certstrap("check", "a", "--passphrase", "secret", exit_code=3)
    assert "accepts the client" in outcome.stdout
    assert certstrap("check", "a", "--client", "java").lines[-1] == "a passed, with 2 warnings."
    certstrap("export-pkcs8", "a", "--passphrase", "secret")
    assert certstrap("check", "a").lines[-1] == "a passed."


def test_a_passphrase_is_asked_for_on_a_terminal(
    certstrap: CommandLine, depot: Path, folder: Path
) -> None:
    certstrap("request-cert", "--cn", "a", "--curve", "P-256", "--passphrase", "secret")
    certstrap("sign", "a", "--CA", "Cert")
    with terminal(folder, "check", "a") as child:
        child.expect("Enter passphrase")
        child.sendline("secret")
        assert "accepts the client" in " ".join(ends(child, 3).split())


def test_a_revoked_certificate_is_reported_as_one_that_temporal_cloud_still_accepts(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("revoke", "--CN", "your-namespace", "--CA", "Cert", "--reason", "keyCompromise")
    outcome = certstrap("check", "your-namespace")
    assert "  warning  leaf-revoked" in outcome.stdout
    assert "out/your-namespace.crt was revoked on " in outcome.stdout
    assert "has a compromised key" in outcome.stdout
    assert outcome.lines[-1] == "your-namespace passed, with 1 warning."


def test_a_compromised_key_is_reported_below_another_certificate_too(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("revoke", "--CN", "your-namespace", "--CA", "Cert", "--reason", "keyCompromise")
    key = foreign.load_key(depot / "your-namespace.key")
    other = pairs.ca(subject="Other", end=PRESENT + foreign.YEAR)
    other.store("Other")
    leaf = pairs.made(subject="again", key=key, by=other, end=PRESENT + foreign.YEAR)
    foreign.write(depot / "again.crt", leaf.pem)
    assert "out/again.crt has a compromised key" in certstrap("check", "again").stdout


def test_a_crl_that_cannot_be_read_is_reported(certstrap: CommandLine, depot: Path) -> None:
    (depot / "Cert.crl").chmod(0o600)
    (depot / "Cert.crl").write_bytes(b"x")
    outcome = certstrap("check", "your-namespace", exit_code=3)
    assert "  failed   leaf-revoked" in outcome.stdout
    assert "Cannot tell whether it is revoked: out/Cert.crl " in outcome.stdout
    assert "To fix: Restore it from a copy. " in outcome.stdout


@pytest.mark.parametrize("suffix", ["pkcs8.key", "p12"])
def test_a_copy_of_the_key_that_others_can_read_is_reported(
    certstrap: CommandLine, depot: Path, suffix: str
) -> None:
    certstrap("export-pkcs8", "your-namespace")
    certstrap("export-pkcs12", "your-namespace", "--no-passphrase")
    (depot / f"your-namespace.{suffix}").chmod(0o644)
    outcome = certstrap("check", "your-namespace", "--strict", "--quiet", exit_code=3).stdout
    path = f"out/your-namespace.{suffix}"
    assert f"key-mode: {path} is a private key that others can access (mode 0644)." in outcome
    assert f"To fix: Restrict it with: chmod 0400 {path}\n" in outcome


def test_a_copy_of_the_key_that_cannot_be_read_is_not_needed(
    certstrap: CommandLine, depot: Path
) -> None:
    before = certstrap("check", "your-namespace").stdout
    (depot / "your-namespace.p12").mkdir()
    assert certstrap("check", "your-namespace").stdout == before


def test_a_key_that_others_can_read_is_reported(certstrap: CommandLine, depot: Path) -> None:
    (depot / "your-namespace.key").chmod(0o644)
    outcome = certstrap("check", "your-namespace")
    assert "  warning  key-mode" in outcome.stdout
    assert outcome.lines[-1] == "your-namespace passed, with 1 warning."


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b"x" * 100, "is not a private key that can be read"),
        (LEAF.pem, "holds a certificate, not a private key"),
    ],
)
def test_a_key_file_with_something_else_fails(
    certstrap: CommandLine, depot: Path, data: bytes, sentence: str
) -> None:
    key = depot / "your-namespace.key"
    key.chmod(0o600)
    key.write_bytes(data)
    (found,) = failures(certstrap, "your-namespace")
    assert found.startswith(f"your-namespace: key-pem: out/your-namespace.key {sentence}")


def test_a_key_that_is_a_folder_fails(certstrap: CommandLine, depot: Path) -> None:
    (depot / "your-namespace.key").unlink()
    (depot / "your-namespace.key").mkdir()
    (found,) = failures(certstrap, "your-namespace")
    assert found.startswith("your-namespace: key-pem: out/your-namespace.key is not a regular file")


def test_hostile_files_end_within_a_second_and_print_no_key(
    certstrap: CommandLine, depot: Path, folder: Path
) -> None:
    key = key_data(CA_KEY)
    secret = key.splitlines()[1].decode()
    files = {
        "random": os.urandom(10_000_000),
        "large": ROOT.pem * (10_000_000 // len(ROOT.pem)),
        "many": ROOT.pem * 1000,
        "with key": ROOT.pem + key,
        "begins": b"-----BEGIN CERTIFICATE-----\n" * 30_000,
        "keys": key * 1000,
        "nothing": b"",
    }
    for name, data in files.items():
        save(name, data)
        for args in (
            ("check", "--cert", name),
            ("check", "your-namespace", "--key", name),
            ("check", "your-namespace", "--ca-bundle", name),
            ("bundle", "--check", name),
        ):
            start = time.process_time()  # whatever else the machine does
            outcome = certstrap(*args, exit_code=3)
            assert time.process_time() - start < 1, args
            assert "failed" in outcome.stdout
            assert secret not in outcome.stdout
            assert "PRIVATE KEY" not in outcome.stdout
        assert secret not in certstrap("bundle", "--cert", name, exit_code=1).stderr


def test_names_are_fit_for_a_terminal(certstrap: CommandLine, folder: Path) -> None:
    evil = pairs.ca(subject="red \x1b[31m\u202e", end=PRESENT + foreign.YEAR)
    leaf = pairs.leaf(evil)
    save("evil\x1b[31m", leaf.pem)
    outcome = certstrap("check", "--cert", "evil\x1b[31m", exit_code=3)
    assert "\x1b" not in outcome.stdout
    assert "\u202e" not in outcome.stdout


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("a", "--cert", "f"), "--cert FILE takes the place of NAME"),
        (("--key", "f"), "--key FILE needs one NAME, or --cert FILE"),
        (("a", "b", "--key", "f"), "--key FILE needs one NAME, or --cert FILE"),
        (("a", "--server-ca", "f"), "--server-ca and --server-name need --connect HOST"),
        (("a", "--server-name", "f"), "--server-ca and --server-name need --connect HOST"),
        (("a", "--timeout", "0"), "--timeout"),
    ],
)
def test_options_that_make_no_sense_together_are_refused(
    certstrap: CommandLine, folder: Path, args: tuple[str, ...], sentence: str
) -> None:
    outcome = certstrap("check", *args, exit_code=2)
    assert sentence in " ".join(outcome.stderr.split())


def connecting(port: int, ca: str = "server-ca.pem") -> tuple[str, ...]:
    save("server-ca.pem", SERVER_CA.pem)
    return ("--connect", f"localhost:{port}", "--server-ca", ca)


@pytest.fixture
def files(folder: Path) -> tuple[str, ...]:
    """Files of a client that the test server accepts."""
    return (
        "--cert", save("c", LEAF.pem),
        "--key", save("k", key_data(LEAF_KEY)),
        "--ca-bundle", save("ca", ROOT.pem),
    )  # fmt: skip


def test_an_endpoint_that_accepts_the_certificate_passes(
    certstrap: CommandLine, files: tuple[str, ...]
) -> None:
    with serving(servers.speaking_http2) as server:
        outcome = certstrap("check", *files, *connecting(server.port))
        document = as_json(certstrap, *files, *connecting(server.port))
    assert outcome.lines[-3].split() == [
        "passed", "connection", f"localhost:{server.port}", *["accepts", "the", "certificate."],
    ]  # fmt: skip
    assert document["results"][0]["connection"] == {
        "address": f"localhost:{server.port}",
        "outcome": "accepted",
        "words": None,
        "alert": None,
        "certificate_demanded": True,
        "reason": None,
        "fix": None,
    }


def test_an_endpoint_that_refuses_the_certificate_fails_with_its_alert(
    certstrap: CommandLine, files: tuple[str, ...]
) -> None:
    stranger = LEAF.but(by=ROOT.but(key=OTHER_KEY)).without("authority key")
    own = (
        "--cert",
        save("c2", stranger.pem),
        "--key",
        "k",
        "--ca-bundle",
        save("o", ROOT.but(key=OTHER_KEY).pem),
    )
    with serving(servers.speaking_http2) as server:
        (found,) = failures(certstrap, *own, *connecting(server.port))
    assert found.startswith(f"c2: connection: localhost:{server.port} refuses the certificate: ")
    assert "(TLS alert " in found
    assert "To fix: Upload the CA that issued it to the Namespace" in found


def test_a_server_that_is_not_trusted_fails_otherwise(
    certstrap: CommandLine, files: tuple[str, ...]
) -> None:
    with serving(servers.speaking_http2) as server:
        (found,) = failures(certstrap, *files, *connecting(server.port, "ca"))
        (of_system,) = failures(certstrap, *files, "--connect", f"localhost:{server.port}")
        (of_name,) = failures(
            certstrap, *files, *connecting(server.port), "--server-name", "x.example"
        )
    for each in (found, of_system, of_name):
        assert f"c: connection: The certificate of localhost:{server.port} is not trusted: " in each
    assert "x.example" in of_name


def test_a_server_that_is_not_there_fails_otherwise(
    certstrap: CommandLine, files: tuple[str, ...]
) -> None:
    with serving(servers.hanging) as server:
        (silent,) = failures(certstrap, *files, *connecting(server.port), "--timeout", "0.3")
    (gone,) = failures(certstrap, *files, *connecting(server.port))
    assert f'localhost:{server.port} is not reachable: "no answer within 0.3 seconds".' in silent
    assert f'localhost:{server.port} is not reachable: "Connection refused".' in gone


def test_a_server_without_tls_fails_otherwise(
    certstrap: CommandLine, files: tuple[str, ...]
) -> None:
    with serving(servers.answering_in_the_clear) as server:
        (found,) = failures(certstrap, *files, *connecting(server.port))
    assert f"The TLS connection to localhost:{server.port} fails: " in found


def test_a_server_that_asks_for_no_certificate_proves_nothing(
    certstrap: CommandLine, files: tuple[str, ...]
) -> None:
    with serving(servers.speaking_http2, context(demands=ssl.CERT_NONE)) as server:
        outcome = certstrap("check", *files, *connecting(server.port))
    assert "  warning  connection" in outcome.stdout
    assert "but also clients without a certificate" in outcome.stdout
    assert outcome.lines[-1] == "c passed, with 1 warning."


def test_without_a_key_nothing_is_connected(certstrap: CommandLine, files: tuple[str, ...]) -> None:
    outcome = certstrap("check", *files[:2], *files[4:], *connecting(1))
    assert outcome.stdout.count("Not tried: the private key is not here.") == 2


def test_a_server_ca_that_is_none_is_refused(
    certstrap: CommandLine, files: tuple[str, ...]
) -> None:
    for data, sentence in ((b"", "f is empty."), (ROOT.pem * 40, "f is too large.")):
        save("f", data)
        certstrap.refuses(
            "check", *files, "--connect", "localhost", "--server-ca", "f", sentence=sentence
        )
    certstrap.refuses("check", *files, "--connect", "a:b:c", sentence="Invalid address")


def test_a_terminal_shows_the_same_in_a_table(
    certstrap: CommandLine, depot: Path, folder: Path
) -> None:
    with terminal(folder, "check", "your-namespace") as child:
        shown = ends(child)
    assert "Rehearsal" in shown
    assert "your-namespace passed." in shown
    with terminal(folder, "check", "your-namespace", "--quiet") as child:
        assert ends(child) == ""


def test_a_sec1_key_is_read(certstrap: CommandLine, folder: Path) -> None:
    sec1 = key_data(LEAF_KEY, form=PrivateFormat.TraditionalOpenSSL)
    files = (
        "--cert",
        save("c", LEAF.pem),
        "--key",
        save("k", sec1),
        "--ca-bundle",
        save("r", ROOT.pem),
    )
    assert certstrap("check", *files, "--client", "go").lines[-1] == "c passed."
    (found,) = failures(certstrap, *files, "--client", "java")
    assert (
        "To fix: Write the key as PKCS#8: certstrap export-pkcs8 --key k --output k.pkcs8" in found
    )
    certstrap("export-pkcs8", "--key", "k", "--output", "k.pkcs8")
    assert (
        certstrap("check", *files[:3], "k.pkcs8", *files[4:], "--client", "java").lines[-1]
        == "c passed."
    )


class Secret(dict[str, str]):
    """An environment; while its passphrase is looked up, a renewal replaces the certificate."""

    def __init__(self, certificate: Path, new: bytes) -> None:
        super().__init__(CERTSTRAP_PASSPHRASE="secret")
        self._certificate, self._new = certificate, new

    def get(self, name: str, default: Any = None) -> Any:
        if name == "CERTSTRAP_PASSPHRASE":
            staged = self._certificate.with_name("new")
            staged.write_bytes(self._new)
            staged.replace(self._certificate)
        return super().get(name, default)


def test_a_pair_that_is_being_replaced_is_read_again(certstrap: CommandLine, depot: Path) -> None:
    certstrap("request-cert", "--common-name", "a", "--curve", "P-256", "--passphrase", "secret")
    certstrap("sign", "a", "--CA", "Cert")
    old = (depot / "a.crt").read_bytes()
    certstrap("renew", "a", "--new-key", "--passphrase", "secret")
    new = (depot / "a.crt").read_bytes()
    (depot / "a.crt").write_bytes(old)  # the new key is there, and the certificate follows
    environ = Secret(depot / "a.crt", new)
    found = certstrap("check", "a", "--json", environ=environ, exit_code=3).stdout
    findings = json.loads(found)["results"][0]["findings"]
    assert [each["rule"] for each in findings if each["status"] == "failed"] == ["key-encrypted"]


def test_a_depot_is_reported_by_what_is_wrong_and_totals(
    certstrap: CommandLine, depot: Path
) -> None:
    assert certstrap("check").lines == ["Checked 1 certificate: 1 passed."]
    client(certstrap, "old")
    certstrap("revoke", "--CN", "old")
    client(certstrap, "wrong")
    (depot / "wrong.key").unlink()
    foreign.write(depot / "wrong.key", key_data(OTHER_KEY), 0o400)
    lines = certstrap("check", exit_code=3).lines
    assert lines[-1] == ("Checked 3 certificates: 1 passed, 1 passed with warnings, 1 failed.")
    text = "\n".join(lines)
    assert "  passed " not in text
    assert "your-namespace" not in text
    assert "out/old.crt was revoked on" in text
    assert "wrong failed: " in text
    assert any(
        line.startswith("  passed ") for line in certstrap("check", "--verbose", exit_code=3).lines
    )
    assert any(line.startswith("  passed ") for line in certstrap("check", "old").lines)
    assert len(failures(certstrap)) >= 1
    certstrap("check", "--quiet", "--verbose", exit_code=2)


def test_a_terminal_shows_what_is_wrong_with_a_depot_and_totals(
    certstrap: CommandLine, depot: Path, folder: Path
) -> None:
    with terminal(folder, "check") as child:
        assert "Checked 1 certificate: 1 passed." in ends(child)


def revoke(certstrap: CommandLine, depot: Path) -> None:
    certstrap("revoke", "--CN", "your-namespace")


def open_the_key(certstrap: CommandLine, depot: Path) -> None:
    (depot / "your-namespace.key").chmod(0o644)


def let_it_end_soon(certstrap: CommandLine, depot: Path) -> None:
    for path in depot.glob("[!.]*.*"):
        path.unlink()
    certstrap("issue", "your-namespace", "--expires", "70d", *NEW_KEY, now=utc_now() - 60 * DAY)


def nothing(certstrap: CommandLine, depot: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("damage", "status"), [(revoke, 3), (open_the_key, 3), (let_it_end_soon, 3), (nothing, 0)]
)
@pytest.mark.parametrize("names", [(), ("your-namespace",)])
def test_a_warning_reaches_a_job_that_is_strict(
    damage: Any, status: int, names: tuple[str, ...], certstrap: CommandLine, depot: Path
) -> None:
    damage(certstrap, depot)
    certstrap("check", *names)
    assert certstrap("check", *names, "--quiet").stdout == ""
    certstrap("check", *names, "--strict", exit_code=status)
    printed = certstrap("check", *names, "--strict", "--quiet", exit_code=status).stdout
    assert bool(printed) == bool(status)
    certstrap("check", *names, "--strict", "--json", exit_code=status)


def test_what_is_only_for_servers_is_not_judged_as_a_client(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("request-cert", "--cn", "web", "--domain", "web.example", *NEW_KEY)
    certstrap("sign", "web", "--profile", "server")
    assert certstrap("check", "--strict").lines == [
        "Checked 1 certificate: 1 passed. Not checked, as they are for servers only: web.",
    ]
    document = as_json(certstrap)
    assert [each["name"] for each in document["results"]] == ["your-namespace"]
    assert document["servers"] == ["web"]
    for path in depot.glob("your-namespace.*"):
        path.unlink()
    assert certstrap("check").lines[-1].startswith("Checked 1 certificate: ")  # the CA
    (depot / "Cert.crt").unlink()
    assert certstrap("check").lines == [
        "Checked 0 certificates: none. Not checked, as they are for servers only: web.",
    ]
    assert any("client authentication" in line for line in failures(certstrap, "web"))


def test_a_prompt_names_the_key_that_it_opens_and_each_passphrase_is_tried_for_all(
    certstrap: CommandLine, depot: Path, folder: Path
) -> None:
    for name, secret in (("a", "one"), ("b", "two"), ("c", "one")):
        line = ("--curve", "P-256", "--passphrase", secret)
        certstrap("request-cert", "--cn", name, *line)
        certstrap("sign", name, "--CA", "Cert")
    with terminal(folder, "check", "--client", "java") as child:
        for name, secret in (("a", "one"), ("b", "two")):
            child.expect_exact(f"Enter passphrase for out/{name}.key (empty for no passphrase): ")
            child.sendline(secret)
        assert "Enter passphrase" not in ends(child)


def test_the_time_to_wait_is_for_an_endpoint(certstrap: CommandLine, depot: Path) -> None:
    certstrap("check", "--timeout", "1", exit_code=2)


def test_a_client_that_is_expired_and_revoked_is_not_to_be_renewed_with_its_key(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap(*init("Cert", *TEN_YEARS))
    certstrap(*issue("client", "--expires", "10d"))
    certstrap("revoke", "--CN", "client", "--reason", "keyCompromise")
    later = NOW + timedelta(days=20)
    printed = certstrap("check", "client", "--quiet", now=later, exit_code=3).stdout
    (line,) = (each for each in printed.splitlines() if "leaf-expired" in each)
    command = ("renew", "client", "--new-key")
    assert line.endswith(f"give it a new key: certstrap {' '.join(command)}")
    certstrap(*command, "--no-passphrase", now=later)
