"""A wrong depot is no healthy depot: where nothing is certstrap's, nobody says that all is well."""

from pathlib import Path

import pytest

from tests.builders.depots import NEW_KEY
from tests.conftest import CommandLine

COMMANDS = (
    ("status",),
    ("status", "--json"),
    ("status", "--expiring", "30d"),
    ("status", "--format", "prometheus"),
    ("status", "--svg", "a.svg"),
    ("renew", "--expiring", "30d"),
    ("renew", "--expiring", "30d", "--json", "--exec", "touch ran"),
    ("check",),
    ("check", "--quiet"),
    ("bundle",),
    ("filters", "--match", "f.json"),
)
commands = pytest.mark.parametrize("command", COMMANDS, ids=" ".join)


@pytest.fixture
def project(certstrap: CommandLine, folder: Path) -> Path:
    """A folder with a depot in `out`, a folder without one, and a file with filters."""
    certstrap("issue", "client", *NEW_KEY)
    (folder / "other").mkdir()
    (folder / "other/notes.txt").touch()
    (folder / "f.json").write_text('{"filters": [{"commonName": "client"}]}')
    return folder


@commands
def test_a_folder_with_nothing_of_certstraps_is_refused(
    command: tuple[str, ...], certstrap: CommandLine, project: Path
) -> None:
    certstrap.refuses(
        "--depot-path", "other", *command,
        sentence="other is not a depot: it has no certificate, request, key or CRL.",
        hint="Hint: Name another one with --depot-path DIR before the command",
    )  # fmt: skip


@commands
@pytest.mark.parametrize(
    ("wrong", "meant"), [(".", "out"), ("out/archive", "out"), ("out/out", "out")]
)
def test_the_depot_nearby_is_named(
    wrong: str, meant: str, command: tuple[str, ...], certstrap: CommandLine, project: Path
) -> None:
    (project / "out/archive").mkdir()
    hint = f"Hint: Did you mean --depot-path {meant}?"
    certstrap.refuses("--depot-path", wrong, *command, sentence="depot", hint=hint)


@commands
def test_a_folder_that_is_missing_is_refused(
    command: tuple[str, ...], certstrap: CommandLine, project: Path
) -> None:
    certstrap.refuses("--depot-path", "missing", *command, sentence="There is no depot missing.")


def test_the_depot_nearby_is_named_in_a_form_that_a_shell_reads(
    certstrap: CommandLine, project: Path
) -> None:
    (project / "out").rename(project / "the depot")
    (project / "the depot/archive").mkdir()
    hint = "Did you mean --depot-path 'the depot'?"
    certstrap.refuses("--depot-path", "the depot/archive", "status", sentence="depot", hint=hint)


def test_a_folder_nearby_that_cannot_be_listed_is_not_named(
    certstrap: CommandLine, folder: Path
) -> None:
    (folder / "near").mkdir()
    (folder / "near/out").write_text("a file")
    hint = "DIR before the command"
    certstrap.refuses("--depot-path", "near", "status", sentence="near is not a depot", hint=hint)


def test_a_check_of_other_files_needs_no_depot(certstrap: CommandLine, project: Path) -> None:
    files = ("--cert", "out/client.crt", "--key", "out/client.key", "--ca-bundle", "out/Cert.crt")
    certstrap("--depot-path", "other", "check", *files)
    certstrap("--depot-path", "other", "bundle", "--cert", "out/Cert.crt")
