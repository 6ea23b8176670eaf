"""What a killed command left is finished by the next one, or said to be unusable."""

import json
import os
from pathlib import Path

import pytest

from certstrap.store.files import JOURNAL
from tests.builders.depots import NEW_KEY
from tests.conftest import CommandLine, snapshot

COMPROMISED = ("revoke", "--CN", "a", "--CA", "Cert", "--reason", "keyCompromise")
SOMEBODY = 12_345  # a user who need not exist
REMARK = (
    "Others can write to out: only files of yours, of root and of its owner are used. "
    "Restrict it with: chmod go-w out\n"
)
UNUSABLE = "cannot be used by this one"
STAGED = ".certstrap-0123456789abcdef.tmp"


@pytest.fixture
def out(certstrap: CommandLine, folder: Path) -> Path:
    """A depot with a client's certificate."""
    certstrap("issue", "a", *NEW_KEY)
    return folder / "out"


def write_journal(
    folder: Path, *steps: tuple[object, ...], name: str = JOURNAL, **fields: object
) -> Path:
    path = folder / name
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
        f'{{"identifier": "x", "others": [], "steps": [["{STAGED}", "a\\u0000b", true]]}}',
        f'{{"identifier": "x", "others": [], "steps": [["{STAGED}", "{"a" * 256}", true]]}}',
        f'{{"identifier": "x", "others": [], "steps": [["{STAGED}", "\\ud800", true]]}}',
        "[" * 200_000,
        "9" * 5_000,
        " " * (16 * 1024 * 1024 + 1),
        '{"identifier": "x", "others": [], "steps": [["a.crt", "b.crt", true]]}',
    ],
    ids=range(13),
)
def test_what_is_no_journal_is_not_carried_out_and_stops_what_needs_one(
    certstrap: CommandLine, out: Path, text: str
) -> None:
    (out / JOURNAL).write_text(text)
    assert "already exists" in certstrap("issue", "a", *NEW_KEY).stdout
    certstrap.refuses(
        *COMPROMISED,
        sentence=f"out/{JOURNAL} was left by a killed command, and cannot be used by this one.",
        hint="check which files belong together",
    )


def test_a_journal_whose_other_folder_is_missing_stops_every_command(
    certstrap: CommandLine, out: Path
) -> None:
    write_journal(out, others=["../gone"])
    certstrap.refuses("issue", "a", *NEW_KEY, sentence="needs out/../gone, which is missing")


@pytest.mark.parametrize(
    ("other", "shown"), [("nul\0", r"out/nul\x00"), ("a" * 5_000, f"out/{'a' * 75}…")]
)
def test_a_folder_that_cannot_be_is_missing_too(
    certstrap: CommandLine, out: Path, other: str, shown: str
) -> None:
    write_journal(out, others=[other])
    sentence = f"out/{JOURNAL} was left by a killed command, and needs {shown}, which is missing."
    certstrap.refuses("issue", "a", *NEW_KEY, sentence=sentence)


def test_a_name_that_the_system_refuses_is_said_with_the_journal(
    certstrap: CommandLine, out: Path
) -> None:
    (out / "folder").mkdir()
    (out / STAGED).write_bytes(b"new")
    write_journal(out, (STAGED, "folder", True))
    sentence = f"Cannot finish replacing out/folder, as out/{JOURNAL} says: Is a directory."
    certstrap.refuses("issue", "a", *NEW_KEY, sentence=sentence)


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


def test_what_is_left_in_a_folder_that_the_command_does_not_use_is_finished_too(
    certstrap: CommandLine, out: Path
) -> None:
    elsewhere = out.parent / "elsewhere"
    elsewhere.mkdir()
    for folder, other in ((out, "../elsewhere"), (elsewhere, "../out")):
        (folder / STAGED).write_bytes(b"new")
        write_journal(folder, (STAGED, "finished.txt", True), others=[other])
    certstrap("issue", "a", *NEW_KEY)
    for folder in (out, elsewhere):
        assert (folder / "finished.txt").read_bytes() == b"new"
        assert not list(folder.glob(".certstrap-*"))


def test_what_two_processes_left_in_a_folder_of_everybody_is_finished(
    certstrap: CommandLine, out: Path
) -> None:
    others = STAGED.replace("0", "f")
    out.chmod(0o1777)
    for number, staged in enumerate((STAGED, others)):
        (out / staged).write_bytes(b"new")
        name, identifier = f"{JOURNAL}-{number:032x}", f"{number:032x}"
        write_journal(out, (staged, f"{number}.txt", True), name=name, identifier=identifier)
    outcome = certstrap("status", stderr=REMARK)
    assert "was killed" not in outcome.stdout
    assert [(out / f"{number}.txt").read_bytes() for number in range(2)] == [b"new", b"new"]
    assert not list(out.glob(".certstrap-*"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_a_journal_of_another_user_blocks_nobody_where_it_cannot_be_removed(
    certstrap: CommandLine, out: Path, kind: str
) -> None:
    path = out / JOURNAL
    match kind:
        case "file":
            write_journal(out, others=["../gone"])
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to("a.crt")
    os.chown(path, SOMEBODY, SOMEBODY, follow_symlinks=False)
    left = out / STAGED
    left.touch()
    out.chmod(0o777)
    assert UNUSABLE in certstrap(*COMPROMISED, exit_code=1).stderr
    out.chmod(0o1777)
    assert UNUSABLE not in certstrap(*COMPROMISED, stderr=REMARK).stderr
    assert (out / "compromised-keys").exists()
    assert not left.exists()
    assert [each.name for each in out.glob(".certstrap-*")] == [JOURNAL]
    assert "was killed" not in certstrap("status", stderr=REMARK).stdout
