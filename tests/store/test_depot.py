"""The depot finds what is in it, and a command that fails leaves it as it was."""

import os
import shutil
import stat
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Version, load_pem_x509_certificate
from hypothesis import event, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from certstrap.cli.app import app
from certstrap.cli.context import Context
from certstrap.errors import (
    AmbiguousNameError,
    CertstrapError,
    ChooseCAError,
    LaxModeError,
    NameMismatchError,
    NotFoundError,
    PathTakenError,
    StorageError,
)
from certstrap.session import Passphrases, Session
from certstrap.store.depot import CERTIFICATE, CRL, KEY, PKCS8, REQUEST, DepotFolder, Entry, Name
from certstrap.store.transaction import Transaction
from tests.builders.certificates import a_certificate, a_name, a_request
from tests.builders.depots import NEW_KEY, init, request, signed
from tests.conftest import FEW_ROUNDS, NOW, CommandLine, snapshot, visible

pytestmark = pytest.mark.depot(init(), *signed("a"), request("b"))
"""A depot with a CA ``Cert``, a client ``a`` with a certificate, and a request of ``b``."""


@pytest.fixture
def opened(depot: Path) -> DepotFolder:
    """The depot, opened."""
    return DepotFolder(os.path.relpath(depot))


def a_passphrase() -> bytes:
    raise AssertionError("nothing here is encrypted")


def create(root: str, *paths: str) -> None:
    """Create these files in one transaction."""

    def steps(new: Transaction) -> None:
        for path in paths:
            new.add(path, b"new", 0o444)

    session = Session(DepotFolder(root), NOW, Passphrases(bytes, str.encode, bytes, bytes))
    session.transact(steps, paths, creates=True)


def named(text: str) -> Name:
    return Name.parse(text)


def put(stem: str, whose: str) -> None:
    """Copy the files of one entry to those of another."""
    for suffix in (KEY, REQUEST, CERTIFICATE):
        if Path(f"out/{whose}{suffix}").exists():
            shutil.copy(f"out/{whose}{suffix}", f"out/{stem}{suffix}")


@pytest.mark.parametrize(
    ("ca", "stem"), [(False, "a_b_x_"), (True, "a_b_(x)")], ids=["a leaf", "a CA"]
)
def test_an_entry_that_does_not_exist_gets_the_stem_of_its_name(
    folder: Path, ca: bool, stem: str
) -> None:
    for find in (DepotFolder("out").find, DepotFolder("out").place):
        assert find(named("a b (x)"), ca=ca) == Entry("out", stem)


def test_a_file_that_is_named_as_typed_is_the_right_one(opened: DepotFolder) -> None:
    put("x_y", "a")
    put("x@y", "b")
    assert opened.find(named("x@y")).stem == "x@y"
    assert opened.find(named("x_y")).stem == "x_y"
    assert opened.place(named("x@y")).stem == "x@y"


def test_another_spelling_counts_if_the_name_in_it_is_the_one_that_was_typed(
    certstrap: CommandLine, opened: DepotFolder
) -> None:
    certstrap("request-cert", "--cn", "team/a", *NEW_KEY)
    assert opened.find(named("team/a")).stem == "team_a"
    assert opened.place(named("team/a")).stem == "team_a"
    assert opened.find(named(" team/a ")).stem == "team_a"
    with pytest.raises(NameMismatchError) as caught:
        opened.find(named("team:a"))
    assert (caught.value.path, caught.value.name) == ("out/team_a.csr", "team:a")
    assert caught.value.found == "team/a"
    with pytest.raises(NameMismatchError):
        opened.place(named("team:a"))


def test_a_similar_name_is_not_in_the_way_of_a_place_of_its_own(
    certstrap: CommandLine, opened: DepotFolder
) -> None:
    certstrap("request-cert", "--cn", "m_ller", *NEW_KEY)
    assert opened.place(named("möller")).stem == "möller"
    with pytest.raises(NameMismatchError):
        opened.find(named("möller"))


def test_a_name_in_another_case_is_another_name(opened: DepotFolder) -> None:
    put("x.y", "a")
    Path("out/X.Y.CSR").touch()  # as it seems to be there where file systems ignore the case
    assert opened.find(named("x.y"), REQUEST).stem == "x.y"
    put("X.Y", "b")
    assert opened.find(named("X.Y")).stem == "X.Y"


def test_a_request_counts_by_its_own_name_if_it_is_what_is_wanted(opened: DepotFolder) -> None:
    for suffix, name in ((CERTIFICATE, "t/a"), (REQUEST, "t:a")):
        built = (a_certificate if suffix == CERTIFICATE else a_request)(subject=a_name(name))
        Path(f"out/t_a{suffix}").write_bytes(built.public_bytes(Encoding.PEM))
    assert opened.find(named("t/a")).stem == "t_a"
    assert opened.find(named("t/a"), CERTIFICATE).stem == "t_a"
    assert opened.find(named("t:a"), REQUEST).stem == "t_a"
    for name, suffixes, path in (
        ("t/a", (REQUEST,), "out/t_a.csr"),
        ("t:a", (CERTIFICATE,), "out/t_a.crt"),
        ("t:a", (), "out/t_a.crt"),
    ):
        with pytest.raises(NameMismatchError) as caught:
            opened.find(named(name), *suffixes)
        assert caught.value.path == path


def test_a_file_without_a_name_in_it_is_not_used(opened: DepotFolder) -> None:
    Path("out/x_z.csr").write_text("broken")
    with pytest.raises(NameMismatchError, match="contains no name") as caught:
        opened.find(named("x z"))
    assert caught.value.found == ""


def test_a_name_in_two_entries_is_refused(opened: DepotFolder) -> None:
    request = a_request(subject=a_name("x y:z")).public_bytes(Encoding.PEM)
    for stem in ("x_y_z", "x_y:z"):
        Path(f"out/{stem}.csr").write_bytes(request)
    assert opened.find(named("x_y:z")).stem == "x_y:z"
    with pytest.raises(AmbiguousNameError) as caught:
        opened.find(named("x y:z"))
    assert set(caught.value.paths) == {"out/x_y_z.csr", "out/x_y:z.csr"}


def test_the_folder_is_searched_once_for_each_suffix(opened: DepotFolder) -> None:
    assert opened.with_suffix(CRL) is opened.with_suffix(CRL)
    assert opened.with_suffix(CRL) != opened.with_suffix(REQUEST)


def test_a_link_that_leads_nowhere_takes_its_name(folder: Path) -> None:
    (folder / "a.key").symlink_to("nowhere")
    assert Entry(".", "a").has(KEY)
    assert not Entry(".", "a").has(REQUEST, CERTIFICATE)


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
    with pytest.raises(NotFoundError, match=f"There is no {what} out/a{suffix}.") as caught:
        Entry("out", "a").read(suffix, "Make it.")
    assert caught.value.hint == "Make it."


def test_what_is_in_the_depot_is_read(opened: DepotFolder) -> None:
    entry = opened.entry("a")
    key, passphrase = entry.key(a_passphrase)
    assert passphrase == b""
    assert entry.request().public_key() == key.public_key()
    assert entry.certificate().public_key() == key.public_key()
    assert opened.entry("Cert").read(CRL) == Path("out/Cert.crl").read_bytes()


@pytest.mark.parametrize(("suffix", "lax"), [(KEY, 0o444), (PKCS8, 0o444), (KEY, 0o660)])
def test_keys_must_not_be_readable_by_others(
    suffix: str, lax: int, opened: DepotFolder, folder: Path
) -> None:
    path = folder / "out" / f"a{suffix}"
    path.touch()
    path.chmod(lax)
    with pytest.raises(LaxModeError):
        opened.entry("a").read(suffix)


def test_all_else_may_be_readable_by_others(opened: DepotFolder, folder: Path) -> None:
    (folder / "out" / "a.crt").chmod(0o666)
    assert opened.entry("a").certificate().version is Version.v3


def test_certificates_come_by_name_and_what_cannot_be_read_with_the_reason(
    opened: DepotFolder, folder: Path
) -> None:
    out = folder / "out"
    (out / "broken.crt").write_text("-----BEGIN CERTIFICATE-----")
    (out / "key.crt").write_bytes((out / "a.key").read_bytes())
    (out / "folder.crt").mkdir()
    (out / "gone.crt").symlink_to("nowhere")
    (out / "a.chain.crt").write_bytes((out / "a.crt").read_bytes())
    (out / "a.txt").write_bytes((out / "a.crt").read_bytes())
    found = {entry.stem: each for entry, each in opened.certificates()}
    unreadable = {stem for stem, each in found.items() if isinstance(each, CertstrapError)}
    assert list(found) == ["Cert", "a", "broken", "folder", "gone", "key"]
    assert unreadable == {"broken", "folder", "gone", "key"}
    assert [each.entry.stem for each in opened.authorities] == ["Cert"]
    stems = [entry.stem for entry in opened.with_suffix(CERTIFICATE)]
    assert stems == ["Cert", "a", "broken", "folder", "gone", "key"]
    assert [entry.stem for entry in opened.with_suffix(REQUEST)] == ["a", "b"]


def test_a_client_is_no_ca_in_whatever_form_its_certificate_is(
    opened: DepotFolder, folder: Path
) -> None:
    out = folder / "out"
    for stem, whose in (("client", "a"), ("ca", "Cert")):
        pem = (out / f"{whose}.crt").read_bytes()
        der = load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
        for form, data in (("text", b"Subject: x\n" + pem), ("der", der), ("crlf", crlf(pem))):
            (out / f"{stem}-{form}.crt").write_bytes(data)
    assert [each.entry.stem for each in opened.authorities] == [
        "Cert",
        "ca-crlf",
        "ca-der",
        "ca-text",
    ]


def crlf(text: bytes) -> bytes:
    return text.replace(b"\n", b"\r\n")


def test_a_folder_that_is_not_there_has_no_certificates(folder: Path) -> None:
    assert list(DepotFolder("out").certificates()) == []
    assert DepotFolder("out").authorities == ()


def test_what_is_no_folder_is_no_empty_depot(folder: Path) -> None:
    (folder / "out").touch()
    with pytest.raises(StorageError, match=r"^Cannot read out: "):
        list(DepotFolder("out").certificates())


def test_the_only_ca_with_a_key_is_chosen(opened: DepotFolder, folder: Path) -> None:
    assert opened.choose_ca(None) == Entry("out", "Cert")
    assert opened.choose_ca(named("Cert")) == Entry("out", "Cert")
    (folder / "out" / "Cert.key").unlink()
    with pytest.raises(ChooseCAError) as caught:
        DepotFolder("out").choose_ca(None)
    assert caught.value.found == ()


def test_of_several_cas_none_is_chosen(certstrap: CommandLine, opened: DepotFolder) -> None:
    certstrap("init", "--cn", "Other", *NEW_KEY)
    with pytest.raises(ChooseCAError) as caught:
        opened.choose_ca(None)
    assert caught.value.found == ("Cert", "Other")


def test_a_certificate_with_a_key_that_cannot_be_read_may_be_a_ca(opened: DepotFolder) -> None:
    Path("out/broken.crt").write_text("-----BEGIN CERTIFICATE-----")
    assert opened.choose_ca(None).stem == "Cert"
    Path("out/broken.key").touch()
    with pytest.raises(CertstrapError, match=r"^out/broken\.crt "):
        DepotFolder("out").choose_ca(None)
    Path("out/broken.csr").touch()  # then it was a client's
    assert DepotFolder("out").choose_ca(None).stem == "Cert"


def test_new_files_create_a_depot_that_others_cannot_enter(folder: Path) -> None:
    create("new/depot", "new/depot/a", "b")
    assert snapshot(folder) == {
        "b": (stat.S_IFREG | 0o444, b"new"),
        "new": (stat.S_IFDIR | 0o700, None),
        "new/depot": (stat.S_IFDIR | 0o700, None),
        "new/depot/.gitignore": (stat.S_IFREG | 0o644, b"*\n"),
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
    create(root, Entry(root, "x").path(CRL))
    there = folder if root == "." else folder / "out"
    assert stat.S_IMODE((folder / "out").stat().st_mode) == 0o755
    assert [path.name for path in visible(there) if path.is_file()] == ["x.crl"]


@pytest.mark.parametrize(
    ("path", "is_held"),
    [
        ("out/a", True), ("./out/a", True), ("other/../out/a", True), ("link/a", True),
        ("other/a", False), ("a", False), ("out/deeper/a", False), ("missing/a", False),
    ],
)  # fmt: skip
def test_a_depot_holds_what_is_in_its_own_folder(folder: Path, path: str, is_held: bool) -> None:
    for name in ("out", "out/deeper", "other"):
        (folder / name).mkdir()
    (folder / "link").symlink_to("out")
    assert DepotFolder("out").holds(path) == is_held
    assert DepotFolder(str(folder / "out")).holds(path) == is_held


def test_the_folder_of_a_path_with_a_nul_is_a_storage_error() -> None:
    with pytest.raises(StorageError, match=r"^Cannot write "):
        DepotFolder("out").holds("a\0b/c")


def test_files_that_go_elsewhere_make_no_depot(folder: Path) -> None:
    create("out", "a")
    assert list(snapshot(folder)) == ["a"]


@pytest.mark.parametrize("path", ["./out/a", "{}/out/a", "out/../out/a", "link/a"])
def test_files_that_come_into_the_depot_by_another_path_come_under_its_lock(
    path: str, folder: Path
) -> None:
    (folder / "out").mkdir()
    (folder / "link").symlink_to("out")
    (folder / "out" / ".certstrap-0123456789abcdef.tmp").touch()
    create("out", path.format(folder))
    assert os.listdir("out") == ["a"]  # who holds the lock clears up


@pytest.mark.parametrize("root", ["out", "some/new/out", "some/new/out/", "there/out", "there"])
@pytest.mark.parametrize("other", ["missing/b", "taken"])
def test_a_depot_that_gets_no_files_is_not_made(root: str, other: str, folder: Path) -> None:
    (folder / "there").mkdir()
    (folder / "taken").touch()
    before = snapshot(folder)
    with pytest.raises((StorageError, PathTakenError)):
        create(root, os.path.join(root, "a"), other)
    assert snapshot(folder) == before


@pytest.mark.parametrize("root", ["file", "file/out", "dangling", "some/new/" + "x" * 256])
def test_a_depot_that_cannot_be_made_is_reported(root: str, folder: Path) -> None:
    (folder / "file").touch()
    (folder / "dangling").symlink_to("nowhere/at/all")
    before = snapshot(folder)
    with pytest.raises(StorageError, match=r"^Cannot create "):
        create(root, os.path.join(root, "a"))
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
    line: list[str], opened: DepotFolder, folder: Path
) -> None:
    with TemporaryDirectory() as place, chdir(place):
        shutil.copytree(folder / "out", "out")
        shutil.copyfile("out/a.key", "key.pem")
        shutil.copyfile("out/a.csr", "p.pem")
        Path("folder").mkdir()
        Path("broken.pem").write_text("-----BEGIN PRIVATE KEY-----")
        Path("pass").write_text("secret\n")
        before = snapshot(Path())
        world = Context(now=lambda: NOW, environ={}, rounds=FEW_ROUNDS)
        result = CliRunner().invoke(app, line, obj=world, prog_name="certstrap")
        event(f"{line[0]}: {result.exit_code}")
        assert result.exit_code in {0, 1, 2}
        if result.exit_code:
            assert result.stderr
            assert "failed unexpectedly" not in result.stderr
            assert snapshot(Path()) == before
