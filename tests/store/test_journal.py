"""What a killed command left is finished by the next one, or said to be unusable."""

import json
from pathlib import Path

import pytest

from certstrap.store.files import JOURNAL
from tests.builders.depots import NEW_KEY
from tests.conftest import CommandLine, snapshot

COMPROMISED = ("revoke", "--CN", "a", "--CA", "Cert", "--reason", "keyCompromise")
STAGED = ".certstrap-0123456789abcdef.tmp"


@pytest.fixture
def out(certstrap: CommandLine, folder: Path) -> Path:
    """A depot with a client's certificate."""
    certstrap("issue", "a", *NEW_KEY)
    return folder / "out"


def write_journal(folder: Path, *steps: tuple[object, ...], **fields: object) -> Path:
    path = folder / JOURNAL
    path.write_text(json.dumps({"identifier": "x", "others": [], "steps": steps, **fields}))
    return path


@pytest.mark.parametrize(
    "text",
    [
        "not JSON",
        "[]",
        '{"identifier": "x", "others": []}',
        '{"identifier": "x", "others": [], "steps": [["too short"]]}',
        '{"identifier": 1, "others": [], "steps": []}',
        f'{{"identifier": "x", "others": [], "steps": [["{STAGED}", "../a", true]]}}',
        '{"identifier": "x", "others": [], "steps": [["a.crt", "b.crt", true]]}',
    ],
)
def test_what_is_no_journal_is_not_carried_out_and_stops_what_needs_one(
    certstrap: CommandLine, out: Path, text: str
) -> None:
    (out / JOURNAL).write_text(text)
    assert "exists already" in certstrap("issue", "a", *NEW_KEY).stdout
    certstrap.refuses(
        *COMPROMISED,
        sentence=f"out/{JOURNAL} is what a killed command left, and cannot be used by this one.",
        hint="check which files belong together",
    )


def test_a_journal_whose_other_folder_is_missing_stops_every_command(
    certstrap: CommandLine, out: Path
) -> None:
    write_journal(out, others=["../gone"])
    certstrap.refuses("issue", "a", *NEW_KEY, sentence="needs out/../gone, which is missing")


def test_what_is_listed_and_there_is_finished_and_the_rest_is_done_already(
    certstrap: CommandLine, out: Path
) -> None:
    before = snapshot(out)
    (out / STAGED).write_bytes(b"new")
    taken = STAGED.replace("0", "f")
    (out / taken).write_bytes(b"not used")
    write_journal(
        out,
        (STAGED, "finished.txt", True),
        (taken, "a.crt", False),
        (STAGED.replace("0", "e"), "Cert.crt", True),
    )
    certstrap("issue", "a", *NEW_KEY)
    after = snapshot(out)
    assert after.pop("finished.txt")[1] == b"new"
    assert after == before
