"""The depot finds what is in it, and a command that fails leaves it as it was."""

import os
import shutil
import stat
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography.x509 import Version
from hypothesis import event, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from certstrap.cli import app
from certstrap.cli.world import World
from certstrap.depot import CERTIFICATE, CRL, KEY, PKCS8, REQUEST, Depot
from certstrap.errors import FileExists, LaxMode, NotFound, Storage
from certstrap.files import NewFile
from certstrap.names import Name
from tests.conftest import NOW, CommandLine, snapshot

NEW_KEY = ("--curve", "P-256", "--no-passphrase")


@pytest.fixture
def depot(certstrap: CommandLine) -> Depot:
    """A depot with a CA ``Cert``, a client ``a`` with a certificate, and a request of ``b``."""
    certstrap("init", "--common-name", "Cert", *NEW_KEY)
    for name in ("a", "b"):
        certstrap("request-cert", "--common-name", name, *NEW_KEY)
    certstrap("sign", "a")
    return Depot("out")


def a_passphrase() -> bytes:
    raise AssertionError("nothing here is encrypted")


def new(path: str, data: bytes = b"new") -> NewFile:
    return NewFile(path, data, 0o444)


def test_a_file_that_is_not_there_would_get_the_stem_of_its_name(folder: Path) -> None:
    name = Name("a b/ü")
    assert Depot("out").path(name, KEY) == os.path.join("out", "a_b_ü.key")
    assert not Depot("out").has(name, KEY)


@pytest.mark.parametrize("stem", ["a_b_ü", "a_b_"])
def test_a_file_is_found_under_each_of_its_stems(stem: str, folder: Path) -> None:
    (folder / f"{stem}.key").touch()
    assert Depot(".").path(Name("a b ü"), KEY) == os.path.join(".", f"{stem}.key")
    assert Depot(".").has(Name("a b ü"), KEY)


def test_a_link_that_leads_nowhere_takes_its_name(folder: Path) -> None:
    (folder / "a.key").symlink_to("nowhere")
    assert Depot(".").has(Name("a"), KEY)


@pytest.mark.parametrize(
    ("suffix", "what"),
    [
        (KEY, "private key"),
        (PKCS8, "private key"),
        (REQUEST, "certificate request"),
        (CERTIFICATE, "certificate"),
        (CRL, "certificate revocation list"),
    ],
)
def test_a_file_that_is_missing_is_named_for_what_it_is(
    suffix: str, what: str, folder: Path
) -> None:
    with pytest.raises(NotFound, match=f"There is no {what} out/a{suffix}.") as caught:
        Depot("out").read(Name("a"), suffix, "Make it.")
    assert caught.value.hint == "Make it."


def test_what_is_in_the_depot_is_read(depot: Depot) -> None:
    key, passphrase = depot.key(Name("a"), a_passphrase)
    assert passphrase == b""
    assert depot.request(Name("a")).public_key() == key.public_key()
    assert depot.certificate(Name("a")).public_key() == key.public_key()
    data = (Path("out") / "Cert.crl").read_bytes()
    assert depot.read(Name("Cert"), CRL) == (data, os.path.join("out", "Cert.crl"))


@pytest.mark.parametrize(("suffix", "lax"), [(KEY, 0o444), (PKCS8, 0o444), (KEY, 0o660)])
def test_keys_must_be_closed_to_others(suffix: str, lax: int, depot: Depot, folder: Path) -> None:
    path = folder / "out" / f"a{suffix}"
    path.touch()
    path.chmod(lax)
    with pytest.raises(LaxMode):
        depot.read(Name("a"), suffix)


def test_all_else_may_be_open_to_others(depot: Depot, folder: Path) -> None:
    (folder / "out" / "a.crt").chmod(0o666)
    assert depot.certificate(Name("a")).version is Version.v3


def test_certificates_come_by_name_without_what_is_none(depot: Depot, folder: Path) -> None:
    out = folder / "out"
    (out / "broken.crt").write_text("-----BEGIN CERTIFICATE-----")
    (out / "key.crt").write_bytes((out / "a.key").read_bytes())
    (out / "folder.crt").mkdir()
    (out / "gone.crt").symlink_to("nowhere")
    (out / "a.chain.crt").write_bytes((out / "a.crt").read_bytes())
    (out / "a.txt").write_bytes((out / "a.crt").read_bytes())
    assert [stem for stem, _ in depot.certificates()] == ["Cert", "a"]


def test_a_folder_that_is_not_there_has_no_certificates(folder: Path) -> None:
    assert list(Depot("out").certificates()) == []
    assert Depot("out").cas() == []


def test_what_is_no_folder_is_no_empty_depot(folder: Path) -> None:
    (folder / "out").touch()
    with pytest.raises(Storage, match=r"^Cannot read out: "):
        list(Depot("out").certificates())


def test_cas_are_those_that_can_sign_here(depot: Depot, folder: Path) -> None:
    assert depot.cas() == ["Cert"]
    (folder / "out" / "Cert.key").unlink()
    assert depot.cas() == []


def test_files_come_into_a_depot_that_is_closed_to_others(folder: Path) -> None:
    Depot("new/depot").create([new("new/depot/a"), new("b")])
    assert snapshot(folder) == {
        "b": (stat.S_IFREG | 0o444, b"new"),
        "new": (stat.S_IFDIR | 0o700, None),
        "new/depot": (stat.S_IFDIR | 0o700, None),
        "new/depot/a": (stat.S_IFREG | 0o444, b"new"),
    }


@pytest.mark.parametrize(
    "root", ["out", "out/", "out//", "./out", ".", "link", "{}/out", "a/../out"]
)
def test_a_folder_that_is_there_is_taken_as_it_is(root: str, folder: Path) -> None:
    for name in ("out", "a"):
        (folder / name).mkdir()
        (folder / name).chmod(0o755)
    (folder / "link").symlink_to("out")
    (folder / ".certstrap-0123456789abcdef.tmp").touch()
    (folder / "out" / ".certstrap-0123456789abcdef.tmp").touch()
    root = root.format(folder)
    Depot(root).create([new(Depot(root).path(Name("x"), CRL))])
    there = folder if root == "." else folder / "out"
    assert stat.S_IMODE((folder / "out").stat().st_mode) == 0o755
    assert [path.name for path in there.iterdir() if path.is_file()] == ["x.crl"]


def test_files_that_go_elsewhere_make_no_depot(folder: Path) -> None:
    Depot("out").create([new("a")])
    assert list(snapshot(folder)) == ["a"]


@pytest.mark.parametrize("path", ["./out/a", "{}/out/a", "out/../out/a", "link/a"])
def test_files_that_come_into_the_depot_by_another_path_come_under_its_lock(
    path: str, folder: Path
) -> None:
    (folder / "out").mkdir()
    (folder / "link").symlink_to("out")
    (folder / "out" / ".certstrap-0123456789abcdef.tmp").touch()
    Depot("out").create([new(path.format(folder))])
    assert os.listdir("out") == ["a"]  # who holds the lock clears up


@pytest.mark.parametrize("root", ["out", "some/new/out", "some/new/out/", "there/out", "there"])
@pytest.mark.parametrize("other", ["missing/b", "taken"])
def test_a_depot_that_gets_no_files_is_not_made(root: str, other: str, folder: Path) -> None:
    (folder / "there").mkdir()
    (folder / "taken").touch()
    before = snapshot(folder)
    with pytest.raises((Storage, FileExists)):
        Depot(root).create([new(os.path.join(root, "a")), new(other)])
    assert snapshot(folder) == before


@pytest.mark.parametrize("root", ["file", "file/out", "dangling", "some/new/" + "x" * 256])
def test_a_depot_that_cannot_be_made_is_told(root: str, folder: Path) -> None:
    (folder / "file").touch()
    (folder / "dangling").symlink_to("nowhere/at/all")
    before = snapshot(folder)
    with pytest.raises(Storage, match=r"^Cannot create "):
        Depot(root).create([new(os.path.join(root, "a"))])
    assert snapshot(folder) == before


Words = st.SearchStrategy[str | None]

BESIDE = ["key.pem", "p.pem", "new.pem", "none/x", "folder", "broken.pem", "pass", "-", "x/", ""]
INSIDE = ["out/a.key", "out/b.csr", "out/Cert.crt", "out/Cert.key", "out/new.crt", "./out/a.crt"]
FILES: Words = st.sampled_from([*BESIDE, *INSIDE])
NAMES: Words = st.sampled_from(
    ["Cert", "a", "b", "c", "d e", "ü", "*.a.b", "..", "", "x" * 65, "a\tb"]
)
TIMES: Words = st.sampled_from(["1 year", "30d", "2027-12-31", "9 years", "-1 day", "soon", ""])
LISTS: Words = st.sampled_from(["a.example", "127.0.0.1", "a,,b", "a b", "spiffe://a/b", "/x"])
TEXTS: Words = st.sampled_from(["x", "DE", "", "y" * 65, "z\n"])
NUMBERS: Words = st.sampled_from(["-1", "0", "1", "99999", "many"])
FLAG: Words = st.none()
P256: Words = st.just("P-256")  # RSA takes its time

Options = dict[str, Words]
SUBJECT: Options = {f"--{field}": TEXTS for field in ("o", "ou", "c", "st", "l")}
PASSPHRASE: Options = {"--passphrase": TEXTS, "--passphrase-file": FILES, "--no-passphrase": FLAG}
ALTERNATIVE: Options = {"--ip": LISTS, "--domain": LISTS, "--uri": LISTS}
PAIR: Options = {"--org": TEXTS, "-d": TIMES, "--ca-cert": FILES, "--ca-key": FILES}
NEEDED: dict[str, Options] = {
    "init": {"--cn": NAMES, "--curve": P256},
    "request-cert": {"--cn": NAMES, "--curve": P256},
    "sign": {"": NAMES},
    "issue": {"": NAMES, "--curve": P256},
    "revoke": {"--CN": NAMES},
    "import": {"": NAMES, "--cert": FILES},
    "export-pkcs8": {"": NAMES},
    "export-pkcs12": {"": NAMES},
    "export-chain": {"": NAMES},
    "gen ca": PAIR,
    "gen leaf": {**PAIR, "--cert": FILES, "--key": FILES},
}
ALLOWED: dict[str, Options] = {
    "init": {"--key": FILES, "--expires": TIMES, "--years": NUMBERS, "--path-length": NUMBERS}
    | {"--permit-domain": LISTS, "--stdout": FLAG, **SUBJECT, **PASSPHRASE},
    "request-cert": {"--key": FILES, "--csr": FILES, "--stdout": FLAG}
    | {**SUBJECT, **PASSPHRASE, **ALTERNATIVE},
    "sign": {"--CA": NAMES, "--csr": FILES, "--cert": FILES, "--expires": TIMES}
    | {"--intermediate": FLAG, "--path-length": NUMBERS, "--stdout": FLAG, **PASSPHRASE},
    "issue": {"--CA": NAMES, "--expires": TIMES, "--pkcs8": FLAG, **PASSPHRASE, **ALTERNATIVE},
    "revoke": {"--CA": NAMES, "--serial": NUMBERS, "--reason": TEXTS, **PASSPHRASE},
    "import": {"--key": FILES, "--csr": FILES, **PASSPHRASE},
    "export-pkcs8": {"--key": FILES, "--output": FILES, "--encrypt": FLAG, **PASSPHRASE},
    "export-pkcs12": {"--output": FILES, "--legacy": FLAG, **PASSPHRASE},
    "export-chain": {"--output": FILES, "--with-root": FLAG},
    "gen ca": {"--force": FLAG},
    "gen leaf": {"--force": FLAG, **PASSPHRASE},
}


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """Return words that are a command line, or nearly one."""
    command = draw(st.sampled_from(sorted(NEEDED)))
    more = st.lists(st.sampled_from(sorted(ALLOWED[command])), max_size=3, unique=True)
    words = command.split()
    for option in (*NEEDED[command], *draw(more)):
        value = draw((NEEDED[command] | ALLOWED[command])[option])
        words += [*([option] if option else []), *([] if value is None else [value])]
    return words


@settings(max_examples=300)
@given(line=command_lines())
def test_whatever_command_line_fails_leaves_the_folder_as_it_was(
    line: list[str], depot: Depot, folder: Path
) -> None:
    with TemporaryDirectory() as place, chdir(place):
        shutil.copytree(folder / "out", "out")
        shutil.copyfile("out/a.key", "key.pem")
        shutil.copyfile("out/a.csr", "p.pem")
        Path("folder").mkdir()
        Path("broken.pem").write_text("-----BEGIN PRIVATE KEY-----")
        Path("pass").write_text("secret\n")
        before = snapshot(Path())
        world = World(now=lambda: NOW, environ={})
        result = CliRunner().invoke(app, line, obj=world, prog_name="certstrap")
        event(f"{line[0]}: {result.exit_code}")
        assert result.exit_code in {0, 1, 2}
        if result.exit_code:
            assert result.stderr
            assert "never should" not in result.stderr
            assert snapshot(Path()) == before
