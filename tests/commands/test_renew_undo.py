"""`renew --undo`: the files come back that the last renewal replaced, and can go again."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders import foreign
from tests.builders.depots import NEW_KEY, init, signed
from tests.builders.der import UTF8, der, raw_certificate, raw_name
from tests.builders.keys import LEAF_KEY, OTHER_KEY, public
from tests.conftest import NOW, CommandLine, snapshot

UNDO = ("renew", "--undo", "client")
DAY = timedelta(days=1)


pytestmark = pytest.mark.depot(init(), *signed("client", "Cert", "--expires", "90d"))
"""A depot with `Cert` and `client` (90 days)."""


def files(depot: Path) -> dict[str, tuple[int, bytes | None]]:
    """Return the files of the depot, without the archive."""
    return {name: what for name, what in snapshot(depot).items() if "archive" not in name}


@pytest.mark.parametrize("options", [(), ("--new-key",)], ids=str)
def test_what_was_replaced_comes_back_and_goes_again(
    options: tuple[str, ...], certstrap: CommandLine, depot: Path
) -> None:
    certstrap("export-pkcs8", "client")
    certstrap("export-chain", "client", "--with-root")
    certstrap("export-pkcs12", "client", "--passphrase", "p")
    before = files(depot)
    certstrap("renew", "client", *options, "--passphrase", "p")
    after = files(depot)
    assert before != after
    certstrap.refuses(*UNDO, sentence="A passphrase is needed")
    printed = certstrap(*UNDO, "--passphrase", "p").lines
    assert "Updated out/client.crt: expires 2027-02-21" in printed
    assert printed[-1] == "The old files are in out/archive."
    assert files(depot) == before
    certstrap(*UNDO, "--passphrase", "p")
    assert files(depot) == after
    certstrap(*UNDO, "--passphrase", "p")
    assert files(depot) == before


def test_renewals_are_undone_from_the_last(certstrap: CommandLine, depot: Path) -> None:
    certstrap("renew", "client", "--new-key", now=NOW + DAY)
    second = files(depot)
    for day in range(2, 12):
        certstrap("renew", "client", now=NOW + day * DAY)
        before = files(depot)
    certstrap("renew", "client", "--new-key", now=NOW + 13 * DAY)
    certstrap(*UNDO, now=NOW + 13 * DAY)
    assert files(depot) == before != second


def test_a_file_that_is_gone_comes_back_with_the_others(
    certstrap: CommandLine, depot: Path
) -> None:
    before = (depot / "client.csr").read_bytes()
    certstrap("renew", "client", "--new-key", now=NOW + DAY)
    (depot / "client.csr").unlink()
    certstrap(*UNDO, now=NOW + DAY)
    assert (depot / "client.csr").read_bytes() == before
    assert not list((depot / "archive").glob("client.2.*.csr"))


def test_a_ca_comes_back_too(certstrap: CommandLine, depot: Path) -> None:
    before = (depot / "Cert.crt").read_bytes()
    certstrap("renew", "Cert", now=NOW + DAY)
    certstrap("renew", "--undo", "Cert", "--json", now=NOW + DAY)
    assert (depot / "Cert.crt").read_bytes() == before
    certstrap("sign", "client", "--cert", "again.crt", "--expires", "9d")


def test_json_says_that_it_was_undone(certstrap: CommandLine, depot: Path) -> None:
    certstrap("renew", "client")
    assert '"action": "restored"' in certstrap(*UNDO, "--json").stdout


def test_without_a_renewal_there_is_nothing_to_undo(certstrap: CommandLine, depot: Path) -> None:
    sentence = "out/archive has no older version of out/client.crt."
    certstrap.refuses(*UNDO, sentence=sentence, hint="Only a renewal can be undone.")
    (depot / "archive").mkdir()
    (depot / "archive/client.1.ff.key").write_text("alone")
    (depot / "archive/client.crt").write_text("of another program")
    certstrap.refuses(*UNDO, sentence=sentence)


def test_a_certificate_that_may_not_be_used_does_not_come_back(
    certstrap: CommandLine, depot: Path
) -> None:
    old = foreign.load_certificate(depot / "client.crt")
    certstrap("renew", "client", "--new-key", now=NOW + DAY)
    name = f"out/archive/client.1.{old.serial_number:X}.crt"
    later = NOW + 100 * DAY
    certstrap.refuses(*UNDO, sentence=f"{name} expired on 2027-02-21", now=later)
    serial = ("--serial", f"{old.serial_number:x}")
    certstrap("revoke", *serial, "--reason", "keyCompromise", now=NOW + DAY)
    certstrap.refuses(*UNDO, sentence=f"{name} was revoked on", now=NOW + DAY)
    (depot / "Cert.crl").unlink()
    certstrap.refuses(*UNDO, sentence=f"{name} has a compromised key", now=NOW + DAY)


def test_a_certificate_of_somebody_else_does_not_come_back(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("issue", "other", "--curve", "P-256")
    certstrap("renew", "client")
    (path,) = (depot / "archive").iterdir()
    path.unlink()
    path.write_bytes((depot / "other.crt").read_bytes())
    certstrap.refuses(
        *UNDO, sentence="is for another subject, or from another CA, than out/client.crt"
    )


def test_a_certificate_without_its_key_does_not_come_back(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("renew", "client", "--new-key")
    (key,) = (depot / "archive").glob("*.key")
    key.unlink()
    certstrap.refuses(*UNDO, sentence="The archive does not have the key of out/archive/client.1.")


def test_what_was_exported_since_is_not_left_behind(certstrap: CommandLine, depot: Path) -> None:
    certstrap("renew", "client")
    certstrap("export-chain", "client", "--with-root")
    certstrap.refuses(
        *UNDO, sentence="out/client.chain.crt is newer than what is put back", hint="Move it away"
    )
    (depot / "client.chain.crt").unlink()
    certstrap("export-pkcs8", "client")
    before = (depot / "client.pkcs8.key").read_bytes()
    certstrap(*UNDO)
    assert (depot / "client.pkcs8.key").read_bytes() == before


def test_all_names_are_undone_or_none(certstrap: CommandLine, depot: Path) -> None:
    certstrap("issue", "other", "--curve", "P-256")
    certstrap("renew", "client")
    certstrap.refuses("renew", "--undo", "client", "other", sentence="has no older version")
    certstrap("renew", "other")
    certstrap("renew", "--undo", "client", "other")


@pytest.mark.parametrize("length", [197, 198, 245])
def test_a_name_of_any_length_is_archived(length: int, certstrap: CommandLine, depot: Path) -> None:
    domain = (("d" * 60 + ".") * 4)[: length - 4] + ".org"
    certstrap("request-cert", "--domain", domain, *NEW_KEY)
    certstrap("sign", domain, "--expires", "90d")
    certstrap("export-pkcs8", domain)
    before = files(depot)
    certstrap("renew", domain, "--new-key", now=NOW + DAY)
    assert files(depot) != before
    certstrap("renew", "--undo", domain, now=NOW + DAY)
    assert files(depot) == before


def test_two_long_names_that_begin_alike_are_archived_apart(
    certstrap: CommandLine, depot: Path
) -> None:
    begin = ("d" * 60 + ".") * 3 + "d" * 40 + "."
    for end in ("one.org", "two.org"):
        certstrap("request-cert", "--domain", begin + end, *NEW_KEY)
        certstrap("sign", begin + end, "--expires", "90d")
    before = files(depot)
    for end in ("one.org", "two.org"):
        certstrap("renew", begin + end, "--new-key", now=NOW + DAY)
    certstrap("renew", "--undo", begin + "one.org", begin + "two.org", now=NOW + DAY)
    assert files(depot) == before


def test_a_certificate_with_a_negative_serial_number_comes_back(
    certstrap: CommandLine, depot: Path
) -> None:
    foreign.store_ca(depot, "Foreign", key=LEAF_KEY)
    issuer = raw_name([("2.5.4.3", UTF8, b"Foreign")])
    spki = public(OTHER_KEY)
    data = raw_certificate(serial=der(0x02, b"\xfb"), issuer=issuer, spki=spki)
    foreign.write(depot / "old.crt", data, 0o644)
    certstrap("renew", "old")
    assert [path.name for path in (depot / "archive").iterdir()] == ["old.1.-5.crt"]
    certstrap("renew", "--undo", "old")
    assert (depot / "old.crt").read_bytes() == data
