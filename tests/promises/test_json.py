"""docs/json.md describes each key of each JSON document, and no other."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.builders.certificates import a_certificate_with, a_name
from tests.builders.depots import NEW_KEY
from tests.cli.terminal import ends, terminal
from tests.conftest import CommandLine
from tests.docs import ROOT
from tests.inventory.test_inspect import NAMES

PAGE = (ROOT / "docs/json.md").read_text(encoding="utf-8")
SECTIONS = {
    section.partition("`")[0]: section
    for section in re.split("^## `", PAGE, flags=re.MULTILINE)[1:]
}

Document = dict[str, Any]


def keys(value: object) -> Iterator[str]:
    """Yield the keys of a document, at any depth."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield key
            yield from keys(below)
    if isinstance(value, list):
        for each in value:
            yield from keys(each)


@pytest.fixture
def documents(certstrap: CommandLine, folder: Path) -> dict[str, list[Document]]:
    """Documents of every kind, with all that they can have in them."""
    found: dict[str, list[Document]] = {}

    def run(*args: str, exit_code: int = 0) -> None:
        document = json.loads(certstrap(*args, "--json", exit_code=exit_code).stdout)
        found.setdefault(document["schema"], []).append(document)

    run("issue", "worker", "lost", "--dry-run", *NEW_KEY)
    run("issue", "worker", "lost", *NEW_KEY)
    run("connect", "worker", "--namespace", "worker.acct")
    run("revoke", "lost", "--reason", "superseded")
    run("init", "Other", *NEW_KEY)
    run("request-cert", "signed", *NEW_KEY)
    run("sign", "signed", "--CA", "Other")
    gen = ("gen", "ca", "--org", "acme", "-d", "1y", "--ca-cert", "ca.pem", "--ca-key", "ca.key")
    run(*gen)
    run(*gen, "--force")
    run("renew", "worker", "--exec", "true")
    run("renew", "--expiring", "10 years", exit_code=1)  # a root, and one that is revoked
    (folder / "out/worker.key").chmod(0o666)
    run("status")
    odd = a_certificate_with(
        (x509.SubjectAlternativeName(NAMES), False),
        (x509.OCSPNoCheck(), False),
        subject=a_name("odd"),
    )
    (folder / "odd.crt").write_bytes(odd.public_bytes(Encoding.PEM))
    run("inspect", "odd.crt", "Cert", "lost")
    run("verify", "lost", exit_code=3)
    run("check", "lost", "--connect", "127.0.0.1:1", exit_code=3)
    run("bundle", "--check", "out/Cert.crt")
    certstrap("filters", "worker", "--output", "filters.json")
    run("filters", "--match", "filters.json")
    return found


def test_page_describes_each_key_and_no_other(documents: dict[str, list[Document]]) -> None:
    assert {*documents} == {*SECTIONS}
    for schema, of_schema in documents.items():
        found = {*keys(of_schema)}
        rows = re.findall(r"^\| (`.+?) \| ", SECTIONS[schema], re.MULTILINE)
        described = {*re.findall(r"`(\w+)`", " ".join(rows))}
        mentioned = {*re.findall(r"`(\w+)`", SECTIONS[schema])}
        assert found <= mentioned, (schema, found - mentioned)
        assert described <= found, (schema, described - found)


def test_the_files_that_a_command_writes_are_in_its_document(
    documents: dict[str, list[Document]],
) -> None:
    written = [(each["created"], each["updated"]) for each in documents["certstrap.created/1"]]
    assert written == [
        (["out/Other.key", "out/Other.crt", "out/Other.crl"], []),
        (["out/signed.key", "out/signed.csr"], []),
        (["out/signed.crt"], []),
        (["ca.key", "ca.pem"], []),
        ([], ["ca.key", "ca.pem"]),
    ]
    (revoked,) = documents["certstrap.revoke/1"]
    assert (revoked["updated"], revoked["reason"]) == (["out/Cert.crl"], "superseded")


def test_a_revocation_that_changes_nothing_says_so(certstrap: CommandLine) -> None:
    certstrap("issue", "lost", *NEW_KEY)
    for updated in (["out/Cert.crl", "out/compromised-keys"], []):
        printed = certstrap("revoke", "lost", "--reason", "keyCompromise", "--json").stdout
        assert json.loads(printed)["updated"] == updated


@pytest.mark.parametrize(
    "line",
    [
        "init a --stdout",
        "request-cert a --stdout",
        "sign a --stdout",
        "sign a --cert -",
        "connect a --namespace a.acct --format go",
    ],
)
def test_json_is_printed_alone(certstrap: CommandLine, folder: Path, line: str) -> None:
    assert "--json" in certstrap(*line.split(), "--json", exit_code=2).stderr
    assert not list(folder.iterdir())


def test_json_is_all_that_a_terminal_shows(folder: Path) -> None:
    for line in ("init Cert", "request-cert a", "sign a"):
        options = () if line == "sign a" else NEW_KEY
        with terminal(folder, *line.split(), *options, "--json") as child:
            assert json.loads(ends(child))["created"]


def test_instants_and_serial_numbers_look_the_same_in_all_documents(
    documents: dict[str, list[Document]],
) -> None:
    text = json.dumps(documents)
    instants = re.findall(r'"\w+(?:_at|_before|_after|_update|_by)": "([^"]+)"', text)
    serials = re.findall(r'"(?:old_)?serial": "([^"]+)"', text)
    assert len({*instants}) > 2
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", each) for each in instants)
    assert len({*serials}) > 2
    assert all(re.fullmatch("[0-9A-F]+", each) for each in serials)
