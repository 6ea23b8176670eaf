"""``-`` in the place of a file: standard input, standard output, or refused; never a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from certstrap.cli.app import LazyCommand, app
from tests.conftest import CommandLine

REFUSED = {  # a line for each option that needs a file, which is its last word
    "request-cert --csr": "request-cert --cn a --no-passphrase --csr",
    "export-pkcs8 --output": "export-pkcs8 client --output",
    "export-pkcs12 --output": "export-pkcs12 client --no-passphrase --output",
    "export-chain --output": "export-chain client --output",
    "status --svg": "status --svg",
    "status --html": "status --html",
    "connect --into": "connect client --namespace client.acct --into",
    "connect --server-ca": "connect client --namespace client.acct --server-ca",
    "gen ca --ca-cert": "gen ca --org o -d 1y --ca-key k --ca-cert",
    "gen ca --ca-key": "gen ca --org o -d 1y --ca-cert c --ca-key",
    "gen leaf --cert": "gen leaf --org o --ca-cert c --ca-key k --key l --cert",
    "gen leaf --key": "gen leaf --org o --ca-cert c --ca-key k --cert l --key",
}
ONLY_FILES = {"connect --into", "connect --server-ca", *(o for o in REFUSED if o[:3] == "gen")}
PRINTED = {  # the same, where standard output is what the command writes to
    "sign --cert": "sign client --CA Cert --csr out/client.csr --cert",
    "crl --output": "crl client --bundle --output",
    "bundle --output": "bundle Cert --output",
    "connect --output": "connect client --namespace client.acct --output",
    "filters --output": "filters client --output",
}
SECRETS = (" --passphrase-file", " --pin-file")
READ = {
    "init --key",
    "request-cert --key",
    "sign --csr",
    "issue --from",
    "issue --key-passphrase-file",
    "passphrase --old-passphrase-file",
    "import --cert",
    "import --key",
    "import --csr",
    "export-pkcs8 --key",
    "gen leaf --ca-cert",
    "gen leaf --ca-key",
    "check --cert",
    "check --key",
    "check --ca-bundle",
    "check --server-ca",
    "bundle --cert",
    "bundle --check",
    "filters --match",
}


def file_options(group: TyperGroup, before: str = "") -> Iterator[str]:
    context = typer.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, LazyCommand) and not command.hidden:
            command = command.loaded
        assert isinstance(command, TyperCommand | TyperGroup)
        if isinstance(command, TyperGroup):
            yield from file_options(command, f"{name} ")
        elif not command.hidden:
            for option in command.params:
                if isinstance(option, TyperOption) and option.metavar == "FILE":
                    yield f"{before}{name} {option.opts[-1]}"


def test_every_option_that_names_a_file_is_tried_here() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    found = {each for each in file_options(group) if not each.endswith(SECRETS)}
    assert found == {*REFUSED, *PRINTED, *READ}


@pytest.mark.parametrize("option", REFUSED)
def test_a_dash_is_refused_where_only_a_file_will_do(
    certstrap: CommandLine, depot: Path, option: str
) -> None:
    name = option.rsplit(maxsplit=1)[-1]
    certstrap.refuses(
        *REFUSED[option].split(), "-",
        sentence=f"{name} needs the name of a file, not -.",
        hint="a file of that name is ./-." if option not in ONLY_FILES else "./-.",
    )  # fmt: skip


@pytest.mark.parametrize("option", PRINTED)
def test_a_dash_is_standard_output_where_the_command_prints_anyway(
    certstrap: CommandLine, depot: Path, option: str
) -> None:
    if option == "sign --cert":
        (depot / "client.crt").unlink()
    outcome = certstrap(*PRINTED[option].split(), "-")
    assert "Created" not in outcome.stdout
    assert len(outcome.lines) > 4
    assert not (depot.parent / "-").exists()


@pytest.mark.parametrize(
    ("line", "both"),
    [
        ("gen leaf --org o --cert c --key k --ca-cert - --ca-key -", "--ca-cert and --ca-key"),
        ("check --cert - --key -", "--cert and --key"),
        ("check --cert out/client.crt --ca-bundle - --passphrase-file -", "--ca-bundle and"),
    ],
)
def test_only_one_file_is_standard_input(
    certstrap: CommandLine, depot: Path, line: str, both: str
) -> None:
    certstrap.refuses(*line.split(), sentence=f"Both {both}", hint="Give one of them as a file.")


def test_a_dash_does_not_make_other_options_agree(certstrap: CommandLine, depot: Path) -> None:
    certstrap("crl", "Cert", "--output", "-", exit_code=2)
    certstrap("bundle", "--check", "out/Cert.crt", "--output", "-", exit_code=2)
    certstrap("filters", "--match", "f.json", "--output", "-", exit_code=2)


def test_a_file_named_dash_is_written_by_its_path(certstrap: CommandLine, depot: Path) -> None:
    assert certstrap("export-pkcs8", "client", "--output", "./-").stdout == "Created ./-\n"
    assert (depot.parent / "-").read_text().startswith("-----BEGIN PRIVATE KEY-----")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("sign client --cert x --csr -", "Standard input is empty."),
        ("bundle --cert -", "Standard input is empty."),
        ("filters --match -", "Standard input is not JSON that can be read: "),
        ("export-pkcs8 --output x --key -", "Standard input is empty."),
    ],
)
def test_a_dash_is_called_standard_input_in_every_sentence(
    certstrap: CommandLine, depot: Path, line: str, sentence: str
) -> None:
    certstrap.refuses(*line.split(), sentence=sentence)


def test_a_bundle_from_standard_input_is_called_so(certstrap: CommandLine) -> None:
    lines = certstrap("bundle", "--check", "-", exit_code=3).lines
    assert lines[0] == "CA standard input"
    assert "ca-pem   Standard input is empty." in lines[3]
    assert lines[-1] == "Standard input failed: 1 of 2 checks."
