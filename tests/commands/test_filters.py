"""`filters`: the filters of clients, and the clients of filters."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from certstrap.cli.render.filters import drawing
from certstrap.temporal.filters import Filter, Match
from tests.builders import foreign, pairs
from tests.builders.depots import NEW_KEY, init, request, sign, signed
from tests.cli.terminal import ends, terminal
from tests.conftest import CommandLine

A_FILE = b'{"filters": [{"commonName": "worker"}, {"organization": "Blue"}]}'


pytestmark = pytest.mark.depot(
    init(),
    *signed("worker"),
    *signed("other"),
    request("blue", "--o", "Blue", "--ou", "Navy"),
    sign("blue"),
)
"""A depot with `worker`, `other` and `blue`, all of one CA."""


def filters(text: str) -> list[dict[str, str]]:
    found: dict[str, Any] = json.loads(text)
    assert [*found] == ["filters"]
    every: list[dict[str, str]] = found["filters"]
    return every


def issue(certstrap: CommandLine, stem: str, common_name: str, *more: str) -> None:
    """Sign a certificate whose files have another name than it has itself."""
    key = ("--key", f"{stem}.pem", "--csr", f"{stem}.csr")
    certstrap("request-cert", "--cn", common_name, *more, *key, *NEW_KEY)  # fmt: skip
    note = f'out/{stem}.crt is for "{common_name}", the name in it.\n'
    certstrap("sign", stem, "--csr", f"{stem}.csr", stderr=note if common_name != stem else "")


def test_each_client_gets_a_filter(certstrap: CommandLine, depot: Path) -> None:
    assert filters(certstrap("filters", "worker", "blue").stdout) == [
        {"commonName": "worker"},
        {"commonName": "blue", "organization": "Blue", "organizationalUnit": "Navy"},
    ]


def test_the_filters_admit_exactly_the_clients_that_were_named(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("filters", "worker", "blue", "--output", "f.json")
    found = json.loads(certstrap("filters", "--match", "f.json", "--json").stdout)
    admitted = {each["name"]: each["admitted_by"] for each in found["clients"]}
    assert admitted == {"worker": [1], "blue": [2], "other": []}


def test_a_client_that_is_named_twice_gets_one_filter(certstrap: CommandLine, depot: Path) -> None:
    assert len(filters(certstrap("filters", "worker", "worker").stdout)) == 1


def test_a_new_file_is_written_and_no_old_one(certstrap: CommandLine, depot: Path) -> None:
    args = ("filters", "worker", "--output", "f.json")
    assert certstrap(*args).stdout == "Created f.json\n"
    text = (depot.parent / "f.json").read_text()
    assert text == certstrap("filters", "worker").stdout
    certstrap.refuses(*args, sentence="f.json already exists!")


def test_another_client_that_is_admitted_too_is_reported(
    certstrap: CommandLine, depot: Path
) -> None:
    issue(certstrap, "twin", "WORKER")
    line = "The filter commonName=worker also admits out/twin.crt."
    assert filters(certstrap("filters", "worker", stderr=f"{line}\n").stdout)
    named = 'The certificate is for "WORKER", the name in it.'
    certstrap("revoke", "--CN", "twin", stderr=f"{named}\n")
    note = "It is revoked, and Temporal Cloud does not read CRLs."
    certstrap("filters", "worker", stderr=f"{line} {note}\n")
    certstrap("filters", "worker", "other", stderr=f"{line} {note}\n")


def test_a_client_of_the_same_name_that_is_named_too_is_not_reported(
    certstrap: CommandLine, depot: Path
) -> None:
    issue(certstrap, "twin", "worker")
    assert filters(certstrap("filters", "worker", "twin").stdout) == [{"commonName": "worker"}]


def test_an_alternative_name_tells_clients_of_the_same_name_apart(
    certstrap: CommandLine, depot: Path
) -> None:
    issue(certstrap, "twin", "worker", "--domain", "twin.example")
    assert filters(certstrap("filters", "twin").stdout) == [
        {"commonName": "worker", "subjectAlternativeName": "twin.example"}
    ]


def test_a_client_of_another_ca_is_not_reported(certstrap: CommandLine, depot: Path) -> None:
    ca = pairs.ca(subject="Foreign")
    ca.store("Foreign")
    foreign.write(depot / "twin.crt", pairs.leaf(ca, "worker").pem, 0o444)
    certstrap("filters", "worker")


def test_a_client_below_an_intermediate_of_the_same_root_is_reported(
    certstrap: CommandLine, folder: Path
) -> None:
    root = pairs.ca(subject="Root")
    intermediate = pairs.ca(subject="Int", by=root)
    root.store("Root")
    intermediate.store("Int")
    foreign.write(folder / "out/one.crt", pairs.leaf(root, "worker").pem, 0o444)
    foreign.write(folder / "out/two.crt", pairs.leaf(intermediate, "worker").pem, 0o444)
    certstrap("filters", "one", stderr="The filter commonName=worker also admits out/two.crt.\n")


def test_a_revoked_client_gets_no_filter(certstrap: CommandLine, depot: Path) -> None:
    certstrap("revoke", "--CN", "worker")
    certstrap.refuses("filters", "worker", sentence="out/worker.crt was revoked")


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ((), "Must provide a name or --match FILE"),
        (("nobody",), "There is no certificate out/nobody.crt."),
        (("Cert",), "out/Cert.crt is a CA's certificate, and filters are for clients."),
        (("--match", "none.json"), "There is no file with certificate filters none.json."),
    ],
)
def test_what_has_no_filter_is_refused(
    args: tuple[str, ...], sentence: str, certstrap: CommandLine, depot: Path
) -> None:
    certstrap.refuses("filters", *args, sentence=sentence, exit_code=1 if args else 2)


def test_a_name_with_a_wildcard_is_refused(certstrap: CommandLine, depot: Path) -> None:
    certstrap("request-cert", "--cn", "*.w.example", *NEW_KEY)
    certstrap("sign", "*.w.example")
    certstrap.refuses(
        "filters", "*.w.example", sentence="in a filter * stands for any text", hint="has no *"
    )


def test_more_clients_than_filters_are_refused(certstrap: CommandLine, depot: Path) -> None:
    ca = pairs.ca(subject="Foreign")
    ca.store("Foreign")
    names = [f"w{number}" for number in range(26)]
    for name in names:
        foreign.write(depot / f"{name}.crt", pairs.leaf(ca, name).pem, 0o444)
    certstrap("filters", *names[:25])
    certstrap.refuses("filters", *names, sentence="These are 26 filters")


@pytest.mark.parametrize(
    "args",
    [("worker", "--json"), ("--match", "f.json", "--output", "g.json")],
)
def test_options_that_do_not_go_together_are_not_understood(
    args: tuple[str, ...], certstrap: CommandLine, depot: Path
) -> None:
    certstrap("filters", *args, exit_code=2)


def test_each_client_is_matched_in_columns(certstrap: CommandLine, depot: Path) -> None:
    (depot.parent / "f.json").write_bytes(A_FILE)
    assert certstrap("filters", "--match", "f.json").lines == [
        "blue    filter 2 (organization=Blue)",
        "other   no filter admits it",
        "worker  filter 1 (commonName=worker)",
    ]
    assert certstrap("filters", "--match", "f.json", "worker").lines == [
        "worker  filter 1 (commonName=worker)"
    ]
    assert certstrap("filters", "--match", "-", "other", input=A_FILE).lines == [
        "other  no filter admits it"
    ]


def test_a_revoked_client_that_is_admitted_is_marked(certstrap: CommandLine, depot: Path) -> None:
    (depot.parent / "f.json").write_bytes(A_FILE)
    certstrap("revoke", "--CN", "worker")
    certstrap("revoke", "--CN", "other")
    line = "filter 1 (commonName=worker); it is revoked, and Temporal Cloud does not read CRLs"
    assert certstrap("filters", "--match", "f.json", "worker", "other").lines == [
        f"worker  {line}",
        "other   no filter admits it",
    ]


def test_matches_are_printed_as_json(certstrap: CommandLine, depot: Path) -> None:
    (depot.parent / "f.json").write_bytes(A_FILE)
    certstrap("revoke", "--CN", "worker")
    found = json.loads(certstrap("filters", "--match", "f.json", "--json").stdout)
    assert found == {
        "schema": "certstrap.filters/1",
        "file": "f.json",
        "filters": [{"commonName": "worker"}, {"organization": "Blue"}],
        "clients": [
            {
                "name": name, "certificate": f"out/{name}.crt", "admitted_by": by,
                "revoked": revoked, "compromised_key": False,
            }
            for name, by, revoked in (
                ("blue", [2], False), ("other", [], False), ("worker", [1], True),
            )
        ],
        "unreadable": [],
    }  # fmt: skip


def test_a_file_that_tcld_would_misread_is_refused(certstrap: CommandLine, depot: Path) -> None:
    (depot.parent / "f.json").write_text('{"filters": [{"common_name": "worker"}]}')
    certstrap.refuses("filters", "--match", "f.json", sentence='unknown field "common_name"')


def test_a_certificate_that_cannot_be_read_is_not_left_out_in_silence(
    certstrap: CommandLine, depot: Path
) -> None:
    (depot.parent / "f.json").write_bytes(A_FILE)
    before = certstrap("filters", "--match", "f.json").stdout
    foreign.write(depot / "lost\x1b.crt", b"garbage")
    reason = r"out/lost\x1b.crt is not a certificate that can be read."
    outcome = certstrap("filters", "--match", "f.json", exit_code=1)
    assert outcome.stdout == before
    assert outcome.stderr == (rf"Cannot tell whether a filter admits lost\x1b: {reason}" + "\n")
    found = json.loads(certstrap("filters", "--match", "f.json", "--json", exit_code=1).stdout)
    assert found["unreadable"] == [{"name": "lost\x1b", "reason": reason}]
    certstrap("filters", "worker", "--match", "f.json")
    for options in ((), ("--output", "new.json")):
        outcome = certstrap.refuses(
            "filters", "worker", *options,
            sentence="Cannot tell which other clients the filters would admit.",
            hint="Restore them from a copy, or move them away.",
        )  # fmt: skip
        assert f"  {reason}" in outcome.stderr


def test_a_compromised_key_is_treated_as_a_revoked_certificate(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("filters", "worker", "--output", "f.json")
    certstrap("revoke", "--CN", "worker", "--reason", "keyCompromise")
    for crl in depot.glob("*.crl"):
        crl.unlink()
    certstrap.refuses("filters", "worker", sentence="out/worker.crt has a compromised key")
    printed = certstrap("filters", "--match", "f.json").stdout
    assert "; its key is compromised, which Temporal Cloud does not know" in printed
    (found,) = [
        client
        for client in json.loads(certstrap("filters", "--match", "f.json", "--json").stdout)[
            "clients"
        ]
        if client["name"] == "worker"
    ]
    assert (found["revoked"], found["compromised_key"]) == (False, True)


def test_names_with_control_characters_are_escaped(certstrap: CommandLine, depot: Path) -> None:
    ca = pairs.ca(subject="Foreign")
    ca.store("Foreign")
    foreign.write(depot / "odd.crt", pairs.leaf(ca, "a\x1b[31m\u202eb").pem, 0o444)
    text = certstrap("filters", "odd").stdout
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert filters(text) == [{"commonName": "a\x1b[31m\u202eb"}]
    (depot.parent / "f.json").write_text(text)
    assert r"a\x1b[31m\u202eb" in certstrap("filters", "--match", "f.json", "odd").stdout


def test_letters_of_any_script_are_printed_as_they_are(certstrap: CommandLine, depot: Path) -> None:
    issue(certstrap, "uni", "Größe-дом")
    assert '"commonName": "Größe-дом"' in certstrap("filters", "uni").stdout


MATCHES = [
    Match("worker", "out/worker.crt", (1, 2), withdrawn=frozenset()),
    Match("a-client-with-a-long-name.example.com", "x", (), withdrawn=frozenset()),
    Match("lost", "out/lost.crt", (2,), withdrawn=frozenset({"revoked"})),
]


@pytest.mark.parametrize("width", [60, 120])
def test_a_table_has_every_word_of_the_lines(width: int) -> None:
    two = [Filter("worker"), Filter("*", "[red]Blue[/]")]
    console = Console(width=width, file=StringIO(), markup=False)
    with console.capture() as capture:
        console.print(drawing(MATCHES, two))
    shown = capture.get()
    assert all(len(line) <= width for line in shown.splitlines())
    words = "".join(shown.split())
    for text in ("filter1(commonName=worker)", "nofilteradmitsit", "organization=[red]Blue[/]"):
        assert text in words
    assert "revoked" in words


def test_a_terminal_shows_a_table(folder: Path, certstrap: CommandLine) -> None:
    certstrap("issue", "worker", *NEW_KEY)
    certstrap("filters", "worker", "--output", "f.json")
    with terminal(folder, "filters", "--match", "f.json") as child:
        lines = ends(child).splitlines()
    assert any("Client" in line and "Admitted by" in line for line in lines)
    assert any("worker" in line and "filter 1 (commonName=worker)" in line for line in lines)


def test_a_terminal_shows_filters_as_a_pipe_does(folder: Path, certstrap: CommandLine) -> None:
    certstrap("issue", "worker", *NEW_KEY)
    with terminal(folder, "filters", "worker") as child:
        assert ends(child) == certstrap("filters", "worker").stdout
