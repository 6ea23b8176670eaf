"""A link that leads nowhere is named as such, and so is a depot that is no folder."""

from pathlib import Path

import pytest

from tests.builders.depots import init
from tests.conftest import CommandLine

NOWHERE = "is a broken symbolic link."


pytestmark = pytest.mark.depot(init())


@pytest.fixture
def links(depot: Path) -> Path:
    """The certificate `l` and a key, which are links to nothing."""
    (depot / "l.crt").symlink_to("nowhere")
    (depot.parent / "l.key").symlink_to("nowhere")
    return depot


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("issue l", "out/l.crt"),
        ("verify l", "out/l.crt"),
        ("inspect l", "out/l.crt"),
        ("export-pkcs8 --key l.key --output x", "l.key"),
        ("request-cert --cn a --key l.key", "l.key"),
    ],
)
def test_a_link_that_leads_nowhere_is_called_one(
    certstrap: CommandLine, links: Path, line: str, path: str
) -> None:
    outcome = certstrap(*line.split(), exit_code=3 if line == "verify l" else 1)
    assert f"{path} {NOWHERE}" in outcome.stdout + outcome.stderr


def test_the_listing_of_the_depot_calls_it_one_too(certstrap: CommandLine, links: Path) -> None:
    assert f"  ! out/l.crt {NOWHERE}" in certstrap("status", exit_code=3).lines


def test_what_to_do_about_it_is_a_hint(certstrap: CommandLine, links: Path) -> None:
    certstrap.refuses(
        "issue", "l", sentence=f"out/l.crt {NOWHERE}", hint="Correct the link, or remove it."
    )


@pytest.mark.parametrize("command", ["status", "issue a"])
def test_a_depot_that_is_a_file_needs_the_name_of_a_folder(
    certstrap: CommandLine, folder: Path, command: str
) -> None:
    (folder / "x").write_text("")
    certstrap.refuses(
        "--depot-path", "x", *command.split(),
        sentence="Cannot read x: Not a directory.", hint="part of it is a file, not a folder",
    )  # fmt: skip
