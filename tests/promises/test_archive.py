"""The archive is part of the depot: nobody else is given a key there, or puts a file back."""

import os
import shutil
import stat
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12

from certstrap.pki import keys
from tests.builders.depots import init, issue, signed
from tests.builders.foreign import load_certificate
from tests.conftest import NOW, CommandLine, snapshot

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes and owners"),
    pytest.mark.depot(init(), issue("client")),
]

REMARK = (
    "Others can write to out: only files of yours, of root and of its owner are used. "
    "Restrict it with: chmod go-w out\n"
)
SOMEBODY = 12_345  # a user who need not exist
NEEDING = [
    ("renew", "client", "--new-key"),
    ("renew", "--undo", "client"),
    ("passphrase", "client", "--passphrase", "p"),
    ("renew", "--prune", "30d"),
    ("revoke", "--CN", "client"),
    ("revoke", "--serial", "1234", "--CA", "Cert", "--reason", "keyCompromise"),
]
needing = pytest.mark.parametrize("command", NEEDING, ids=" ".join)


def a_link(archive: Path) -> str:
    """Let the archive be a link to a folder of somebody else."""
    (archive.parent.parent / "theirs").mkdir()
    archive.symlink_to("../theirs")
    return "out/archive is a symbolic link, and it keeps private keys."


def a_file(archive: Path) -> str:
    archive.touch()
    return "out/archive is not a folder, and it keeps private keys."


def open_to_others(archive: Path) -> str:
    archive.mkdir()
    archive.chmod(0o777)
    return "out/archive can be changed by others, and it keeps private keys."


def a_folder_of_somebody(archive: Path) -> str:
    """Let another user create it first, with his group for all that comes into it."""
    if os.geteuid():
        pytest.skip("only root can give a folder to another user")
    archive.mkdir()
    os.chown(archive, SOMEBODY, SOMEBODY)
    archive.chmod(0o2755)
    archive.parent.chmod(0o777)
    return "out/archive belongs to the user 12345, and others can write to out: it is not used."


Make = Callable[[Path], str]
wrong = pytest.mark.parametrize("make", [a_link, a_file, open_to_others, a_folder_of_somebody])


@wrong
@needing
def test_an_archive_that_another_may_have_made_is_not_used(
    certstrap: CommandLine, depot: Path, folder: Path, make: Make, command: tuple[str, ...]
) -> None:
    if "--undo" in command:
        certstrap("renew", "client", "--new-key")
        (depot / "archive").rename(folder / "elsewhere")
    sentence = make(depot / "archive")
    before = snapshot(folder)
    refused = certstrap(*command, exit_code=1)
    assert sentence in refused.stderr
    assert snapshot(folder) == before


@wrong
def test_status_names_it_and_other_commands_work(
    certstrap: CommandLine, depot: Path, make: Make
) -> None:
    sentence = make(depot / "archive")
    is_shared = stat.S_IMODE(depot.stat().st_mode) == 0o777
    status = certstrap("status", stderr=REMARK if is_shared else "")
    assert sentence in " ".join(status.lines)
    sign = certstrap("sign", "nobody", exit_code=1)
    assert sentence not in sign.stderr


def test_the_hint_restricts_it(certstrap: CommandLine, depot: Path) -> None:
    open_to_others(depot / "archive")
    refused = certstrap("renew", "client", exit_code=1)
    assert refused.stderr.splitlines()[1] == "Hint: Restrict it with: chmod 0700 out/archive"
    (depot / "archive").chmod(0o700)
    certstrap("renew", "client")


def test_a_journal_behind_a_link_is_not_followed(
    certstrap: CommandLine, depot: Path, folder: Path
) -> None:
    a_link(depot / "archive")
    left = folder / "theirs" / ".certstrap-0123456789abcdef.tmp"
    left.touch()
    certstrap("issue", "other", "--curve", "P-256")
    assert left.exists()


# What is put back is judged as what is created.


@pytest.fixture
def archive(certstrap: CommandLine, depot: Path) -> Path:
    """The archive of a client that was given a new key, with all that can be exported."""
    for export in (("export-pkcs8",), ("export-chain", "--with-root"), ("export-pkcs12",)):
        options = ("--no-passphrase",) if export[0] == "export-pkcs12" else ()
        certstrap(export[0], "client", *export[1:], *options)
    certstrap("renew", "client", "--new-key", now=NOW + timedelta(days=1))
    return depot / "archive"


def replace(archive: Path, suffix: str, data: bytes) -> Path:
    (path,) = (path for path in archive.iterdir() if path.name.split(".", 3)[3] == suffix)
    mode = stat.S_IMODE(path.stat().st_mode)
    path.unlink()
    path.write_bytes(data)
    path.chmod(mode)
    return path


def refused(certstrap: CommandLine, sentence: str) -> None:
    certstrap.refuses("renew", "--undo", "client", sentence=sentence, now=NOW + timedelta(days=2))


def test_what_a_renewal_archived_comes_back(certstrap: CommandLine, archive: Path) -> None:
    done = certstrap("renew", "--undo", "client", now=NOW + timedelta(days=2))
    assert len(done.lines) == 7


def test_a_certificate_that_no_ca_signed_does_not_come_back(
    certstrap: CommandLine, archive: Path, folder: Path
) -> None:
    (folder / "elsewhere").mkdir()
    for command in (init(), issue("client")):
        certstrap("--depot-path", "elsewhere", *command)
    path = replace(archive, "crt", (folder / "elsewhere/client.crt").read_bytes())
    refused(certstrap, f"out/archive/{path.name} was not issued by a CA in out.")


@pytest.mark.parametrize("suffix", ["key", "pkcs8.key", "csr"])
def test_a_key_or_request_of_another_does_not_come_back(
    certstrap: CommandLine, archive: Path, depot: Path, suffix: str
) -> None:
    certstrap(*issue("other"))
    own = "key" if suffix.endswith("key") else suffix
    path = replace(archive, suffix, (depot / f"other.{own}").read_bytes())
    refused(certstrap, f"out/archive/{path.name} does not belong to out/archive/client.1.")


@pytest.mark.parametrize("garbage", [True, False])
def test_a_chain_of_another_does_not_come_back(
    certstrap: CommandLine, archive: Path, garbage: bool
) -> None:
    certstrap(*issue("other"))
    certstrap("export-chain", "other", "--with-root")
    data = b"garbage" if garbage else Path("out/other.chain.crt").read_bytes()
    path = replace(archive, "chain.crt", data)
    refused(certstrap, f"out/archive/{path.name} is not the chain of out/archive/client.1.")


def test_a_chain_with_a_stranger_in_it_does_not_come_back(
    certstrap: CommandLine, archive: Path, depot: Path
) -> None:
    (chain,) = archive.glob("*.chain.crt")
    certstrap("--depot-path", "strangers", *init("Stranger"))
    stranger = Path("strangers/Stranger.crt").read_bytes()
    path = replace(archive, "chain.crt", chain.read_bytes() + stranger)
    refused(certstrap, f"out/archive/{path.name} is not the chain of out/archive/client.1.")


def test_a_pkcs12_file_of_another_does_not_come_back(certstrap: CommandLine, archive: Path) -> None:
    certstrap(*issue("other"))
    certstrap("export-pkcs12", "other", "--no-passphrase")
    path = replace(archive, "p12", Path("out/other.p12").read_bytes())
    refused(certstrap, f"out/archive/{path.name} is not out/archive/client.1.")


def test_a_pkcs12_file_with_a_stranger_in_it_does_not_come_back(
    certstrap: CommandLine, archive: Path
) -> None:
    certstrap("--depot-path", "strangers", *init("Stranger"))
    stranger = load_certificate(Path("strangers/Stranger.crt"))
    (there,) = archive.glob("*.p12")
    found = pkcs12.load_pkcs12(there.read_bytes(), None)
    above = [*(each.certificate for each in found.additional_certs), stranger]
    assert found.cert
    assert isinstance(found.key, keys.PrivateKey)
    data = pkcs12.serialize_key_and_certificates(
        None, found.key, found.cert.certificate, above, NoEncryption()
    )
    path = replace(archive, "p12", data)
    refused(certstrap, f"out/archive/{path.name} has other CAs than those of out/archive/client.1.")


def test_a_pkcs12_file_that_is_none_is_named_before_a_passphrase_is_asked_for(
    certstrap: CommandLine, archive: Path
) -> None:
    path = replace(archive, "p12", b"garbage")
    refused(certstrap, f"out/archive/{path.name} is not a PKCS#12 file.")


def test_a_root_with_another_key_does_not_come_back(certstrap: CommandLine, depot: Path) -> None:
    certstrap("renew", "Cert", now=NOW + timedelta(days=1))
    certstrap("--depot-path", "others", *init())
    path = replace(depot / "archive", "crt", Path("others/Cert.crt").read_bytes())
    shutil.copy("others/Cert.key", path.with_suffix(".key"))
    sentence = f"out/archive/{path.name} has another key than out/Cert.crt: "
    certstrap.refuses("renew", "--undo", "Cert", sentence=sentence, now=NOW + timedelta(days=2))


@pytest.mark.depot(
    init("Root", "--path-length", "3"),
    *signed("Upper", "Root", "--intermediate", "--path-length", "1"),
    *signed("Lower", "Upper", "--intermediate"),
    issue("client", "--CA", "Lower"),
    ("renew", "client"),
)
@pytest.mark.usefixtures("depot")
def test_a_certificate_below_a_revoked_ca_does_not_come_back(certstrap: CommandLine) -> None:
    certstrap("revoke", "--CN", "Upper", "--CA", "Root")
    refused(certstrap, 'The CA "CN=Upper" was revoked on ')
