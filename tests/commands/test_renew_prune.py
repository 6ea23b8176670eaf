"""`renew --prune`: private keys that nobody uses any more leave the archive."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders.depots import init, signed
from tests.conftest import NOW, CommandLine, snapshot

DAY = timedelta(days=1)
pytestmark = pytest.mark.depot(init(), *signed("client", "Cert"))
PRUNE = ("renew", "--prune", "30d")


@pytest.fixture
def archive(certstrap: CommandLine, depot: Path) -> Path:
    """The archive of a depot whose client was given a new key on the first and on the 20th day."""
    certstrap("export-pkcs8", "client")
    for day in (1, 20):
        certstrap("renew", "client", "--new-key", now=NOW + day * DAY)
    return depot / "archive"


def test_keys_that_were_replaced_longer_ago_are_removed_and_nothing_else(
    certstrap: CommandLine, archive: Path
) -> None:
    before = snapshot(archive)
    done = certstrap(*PRUNE, now=NOW + 40 * DAY)
    removed = set(before) - set(snapshot(archive))
    assert {name.split(".", 3)[1] for name in removed} == {"1"}
    assert {name.split(".", 3)[3] for name in removed} == {"key", "pkcs8.key"}
    assert done.lines == sorted(f"Removed out/archive/{name}" for name in removed)
    assert snapshot(archive).items() <= before.items()


def test_what_was_replaced_lately_stays_and_that_is_said(
    certstrap: CommandLine, archive: Path
) -> None:
    before = snapshot(archive)
    done = certstrap(*PRUNE, now=NOW + 25 * DAY)
    assert done.lines == ["Nothing to remove: no private key was replaced longer ago."]
    assert snapshot(archive) == before


def test_json_lists_what_was_removed(certstrap: CommandLine, archive: Path) -> None:
    done = certstrap(*PRUNE, "--json", now=NOW + 100 * DAY)
    assert json.loads(done.stdout)["action"] == "pruned"
    assert len(json.loads(done.stdout)["removed"]) == 4
    assert not list(archive.glob("*.key"))


def test_a_renewal_whose_key_was_removed_can_still_be_undone_only_with_it(
    certstrap: CommandLine, archive: Path
) -> None:
    certstrap(*PRUNE, now=NOW + 60 * DAY)
    certstrap.refuses(
        "renew",
        "--undo",
        "client",
        sentence="The archive does not have the key of",
        now=NOW + 60 * DAY,
    )


def test_a_key_without_the_certificate_that_says_when_it_was_replaced_is_named(
    certstrap: CommandLine, archive: Path
) -> None:
    next(archive.glob("client.1.*.crt")).unlink()
    (key,) = {*archive.glob("client.1.*.key")} - {*archive.glob("*.pkcs8.key")}
    sentence = f"Cannot tell when out/archive/{key.name} was replaced: "
    certstrap.refuses(*PRUNE, sentence=sentence, now=NOW + 100 * DAY)


def test_an_archived_certificate_that_cannot_be_read_is_named(
    certstrap: CommandLine, archive: Path
) -> None:
    broken = next(archive.glob("client.1.*.crt"))
    broken.unlink()
    broken.write_text("broken")
    certstrap.refuses(*PRUNE, sentence=f"out/archive/{broken.name} ", now=NOW + 100 * DAY)


@pytest.mark.parametrize("more", [("client",), ("--expiring", "30d"), ("--exec", "true")], ids=str)
def test_nothing_else_is_done_beside_it(certstrap: CommandLine, more: tuple[str, ...]) -> None:
    certstrap(*PRUNE, *more, exit_code=2)


def test_a_misspelled_depot_has_no_archive(certstrap: CommandLine, depot: Path) -> None:
    certstrap.refuses("--depot-path", "outt", *PRUNE, sentence="There is no depot outt.")
