"""Files are read with care, and created whole or not at all."""

import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from certstrap import files
from certstrap.errors import CertstrapError, FileExists, LaxMode, NotFound, Storage, Unusable
from certstrap.files import NewFile
from tests.conftest import snapshot

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes and files")


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """The umask that most have, whatever that of the tests is."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def new(path: Path | str, data: bytes = b"new", mode: int = 0o444) -> NewFile:
    return NewFile(str(path), data, mode)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_a_file_is_read(folder: Path) -> None:
    (folder / "a").write_bytes(b"content")
    assert files.read("a", "thing") == b"content"


@posix
def test_a_link_is_followed(folder: Path) -> None:
    (folder / "a").write_bytes(b"content")
    (folder / "link").symlink_to("a")
    assert files.read("link", "thing") == b"content"


@pytest.mark.parametrize("path", ["missing", "file/below", "dangling"])
def test_a_file_that_is_not_there_is_not_found(path: str, folder: Path) -> None:
    (folder / "file").touch()
    (folder / "dangling").symlink_to("nowhere")
    with pytest.raises(NotFound, match=f"There is no thing {path}.") as caught:
        files.read(path, "thing", hint="Make it.")
    assert caught.value.hint == "Make it."


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/null")


@posix
@pytest.mark.parametrize("make", [Path.mkdir, _fifo, _device])
def test_only_regular_files_are_read(make: Callable[[Path], None], folder: Path) -> None:
    make(folder / "odd")
    with pytest.raises(Unusable, match="odd is not a regular file") as caught:
        files.read("odd", "thing")
    assert caught.value.hint == "It should be a thing."


def test_a_file_that_is_refused_is_not_left_open(folder: Path) -> None:
    for _ in range(2):
        with pytest.raises(Unusable):
            files.read(".", "thing")
    lowest = os.open(".", os.O_RDONLY)
    os.close(lowest)
    for _ in range(2):
        with pytest.raises(Unusable):
            files.read(".", "thing")
    again = os.open(".", os.O_RDONLY)
    os.close(again)
    assert again == lowest


@pytest.mark.parametrize("path", ["loop", "nul\0", "x" * 300])
def test_what_the_system_refuses_to_read_is_told(path: str, folder: Path) -> None:
    (folder / "loop").symlink_to("loop")
    with pytest.raises(Storage, match=r"^Cannot read ") as caught:
        files.read(path, "thing")
    assert caught.value.hint


@posix
@pytest.mark.parametrize("mode", [0o660, 0o620, 0o444, 0o602, 0o601, 0o777])
def test_a_private_file_that_others_can_use_is_refused(mode: int, folder: Path) -> None:
    (folder / "key").touch()
    (folder / "key").chmod(mode)
    with pytest.raises(LaxMode, match=f"mode {mode:04o}") as caught:
        files.read("key", "private key", private=True)
    assert "chmod 0440 key" in caught.value.hint.replace("'", "")
    assert files.read("key", "private key") == b""


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o600, 0o640, 0o700])
def test_a_private_file_that_is_closed_to_others_is_read(mode: int, folder: Path) -> None:
    (folder / "key").write_bytes(b"secret")
    (folder / "key").chmod(mode)
    assert files.read("key", "private key", private=True) == b"secret"


@posix
@pytest.mark.parametrize(("umask_", "expected"), [(0o022, 0o444), (0o077, 0o400), (0, 0o444)])
def test_created_files_have_their_content_and_mode(
    umask_: int, expected: int, folder: Path
) -> None:
    os.umask(umask_)
    (folder / "sub").mkdir(mode=0o700)
    large = os.urandom(300_000)
    files.create([new("a", b"one"), new("sub/b", large), new(folder / "c", b"", 0o400)])
    assert snapshot(folder) == {
        "a": (stat.S_IFREG | expected, b"one"),
        "c": (stat.S_IFREG | 0o400, b""),
        "sub": (stat.S_IFDIR | 0o700, None),
        "sub/b": (stat.S_IFREG | expected, large),
    }


def test_nothing_can_be_created_too(folder: Path) -> None:
    files.create([])
    assert not snapshot(folder)


def _file(path: Path) -> None:
    path.write_bytes(b"precious")


def _dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def _link(path: Path) -> None:
    path.with_name("target").write_bytes(b"precious")
    path.symlink_to("target")


@posix
@pytest.mark.parametrize("make", [_file, _dangling, _link, _fifo, Path.mkdir])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_whatever_has_the_name_is_not_overwritten(
    place: int, make: Callable[[Path], None], folder: Path
) -> None:
    wanted = [new("a"), new("b"), new("c")]
    make(folder / wanted[place].path)
    before = snapshot(folder)
    with pytest.raises(FileExists, match=r"^[abc] already exists!$") as caught:
        files.create(wanted)
    assert caught.value.path == wanted[place].path
    assert snapshot(folder) == before


@pytest.mark.parametrize("path", ["missing/b", "file/b", "nul\0", "x" * 256])
def test_files_that_cannot_all_be_created_are_not_created(path: str, folder: Path) -> None:
    (folder / "file").touch()
    before = snapshot(folder)
    with pytest.raises(Storage, match=r"^Cannot write ") as caught:
        files.create([new("a"), new(path), new("c")])
    assert caught.value.hint
    assert snapshot(folder) == before


def test_one_file_twice_is_not_created(folder: Path) -> None:
    with pytest.raises(FileExists):
        files.create([new("a", b"one"), new("a", b"two")])
    assert not snapshot(folder)


def test_a_file_is_replaced_with_its_mode(folder: Path) -> None:
    (folder / "a").write_bytes(b"old")
    with (folder / "a").open("rb") as reader:
        files.create([new("a", b"new"), new("b", b"first")], overwrite=True)
        assert reader.read() == b"old"  # who reads goes on with what he began with
    assert snapshot(folder) == {
        "a": (stat.S_IFREG | 0o444, b"new"),
        "b": (stat.S_IFREG | 0o444, b"first"),
    }


@posix
def test_a_link_is_replaced_and_not_what_it_leads_to(folder: Path) -> None:
    _link(folder / "a")
    files.create([new("a", b"new")], overwrite=True)
    assert not (folder / "a").is_symlink()
    assert (folder / "target").read_bytes() == b"precious"


def test_files_are_created_by_any_thread(folder: Path) -> None:
    thread = threading.Thread(target=files.create, args=([new("a", b"content")],))
    thread.start()
    thread.join()
    assert (folder / "a").read_bytes() == b"content"


@pytest.mark.parametrize("path", ["missing/c", "busy", "x" * 256])
def test_files_that_cannot_all_be_replaced_are_as_they_were(path: str, folder: Path) -> None:
    (folder / "a").write_bytes(b"old")
    (folder / "busy").mkdir()
    before = snapshot(folder)
    with pytest.raises(Storage, match=r"^Cannot write "):
        files.create([new("a"), new("b"), new(path)], overwrite=True)
    assert snapshot(folder) == before


def test_only_passing_names_are_cleared_away(folder: Path) -> None:
    kept = {".certstrap-notes", "a.tmp", ".hidden.tmp", "certstrap-1.tmp", "a.key"}
    for name in (*kept, ".certstrap-0123456789abcdef.tmp", ".certstrap-.tmp"):
        (folder / name).touch()
    with files.locked("."):
        assert set(os.listdir()) == kept


@pytest.mark.parametrize("path", ["missing", "file", "nul\0"])
def test_only_a_folder_can_be_locked(path: str, folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(Storage, match=r"^Cannot (lock|clean) "), files.locked(path):
        pytest.fail("it is not locked")


def test_a_lock_is_held_until_the_block_ends_and_leaves_nothing(folder: Path) -> None:
    entered, left = threading.Event(), threading.Event()

    def second() -> None:
        with files.locked("."):
            entered.set()
            left.wait()

    with files.locked(str(folder)):
        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.1)
        assert not snapshot(folder)
    assert entered.wait(10)
    left.set()
    thread.join()


def test_files_are_created_under_the_lock_of_each_of_their_folders(folder: Path) -> None:
    (folder / "a").mkdir()
    (folder / "b").mkdir()
    thread = threading.Thread(target=files.create, args=([new("a/x"), new("b/x")],))
    with files.locked("b"):
        thread.start()
        thread.join(0.1)
        assert thread.is_alive()
        assert not list(folder.rglob("x"))
    thread.join()
    assert len(list(folder.rglob("x"))) == 2


def test_a_lock_is_let_go_when_the_block_fails(folder: Path) -> None:
    for _ in range(2):
        with pytest.raises(CertstrapError), files.locked("."):
            raise CertstrapError("no")
