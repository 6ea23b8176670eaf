"""Files are read with care, and written whole or not at all."""

import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from certstrap.errors import (
    CertstrapError,
    LaxModeError,
    NotFoundError,
    PathTakenError,
    StorageError,
    UnusableFileError,
)
from certstrap.hints import printed
from certstrap.store import files, transaction
from certstrap.store.files import NewFile
from certstrap.store.locks import locked
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


def replacing(path: Path | str, data: bytes = b"new", mode: int = 0o444) -> NewFile:
    return NewFile(str(path), data, mode, replace=True)


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


@pytest.mark.parametrize("path", ["missing", "file/below"])
def test_a_file_that_is_not_there_is_not_found(path: str, folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(NotFoundError, match=f"There is no thing {path}.") as caught:
        files.read(path, "thing", hint="Make it.")
    assert caught.value.hint == "Make it."


def test_a_link_to_what_is_not_there_is_not_usable(folder: Path) -> None:
    (folder / "dangling").symlink_to("nowhere")
    with pytest.raises(UnusableFileError, match="dangling is a broken symbolic link"):
        files.read("dangling", "thing", hint="Make it.")


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/null")


@posix
@pytest.mark.parametrize("make", [Path.mkdir, _fifo, _device])
def test_only_regular_files_are_read(make: Callable[[Path], None], folder: Path) -> None:
    make(folder / "odd")
    with pytest.raises(UnusableFileError, match="odd is not a regular file") as caught:
        files.read("odd", "thing")
    assert caught.value.hint == "It should be a thing."


def test_a_file_that_is_refused_is_not_left_open(folder: Path) -> None:
    for _ in range(2):
        with pytest.raises(UnusableFileError):
            files.read(".", "thing")
    lowest = os.open(".", os.O_RDONLY)
    os.close(lowest)
    for _ in range(2):
        with pytest.raises(UnusableFileError):
            files.read(".", "thing")
    again = os.open(".", os.O_RDONLY)
    os.close(again)
    assert again == lowest


@pytest.mark.parametrize("path", ["loop", "nul\0", "x" * 300])
def test_what_the_system_refuses_to_read_is_a_storage_error(path: str, folder: Path) -> None:
    (folder / "loop").symlink_to("loop")
    with pytest.raises(StorageError, match=r"^Cannot read ") as caught:
        files.read(path, "thing")
    assert caught.value.hint


@posix
@pytest.mark.parametrize("mode", [0o660, 0o620, 0o444, 0o602, 0o601, 0o777])
def test_a_private_file_that_others_can_access_is_refused(mode: int, folder: Path) -> None:
    (folder / "key").touch()
    (folder / "key").chmod(mode)
    with pytest.raises(LaxModeError, match=f"mode {mode:04o}") as caught:
        files.read("key", "private key", private=True)
    assert "chmod 0400 key" in printed(caught.value.hint).replace("'", "")
    assert files.read("key", "private key") == b""


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o600, 0o640, 0o700])
def test_a_private_file_that_others_cannot_read_is_read(mode: int, folder: Path) -> None:
    (folder / "key").write_bytes(b"secret")
    (folder / "key").chmod(mode)
    assert files.read("key", "private key", private=True) == b"secret"


@posix
@pytest.mark.parametrize(("umask_", "expected"), [(0o022, 0o444), (0o077, 0o400), (0, 0o444)])
def test_written_files_have_their_content_and_mode(
    umask_: int, expected: int, folder: Path
) -> None:
    os.umask(umask_)
    (folder / "sub").mkdir(mode=0o700)
    large = os.urandom(300_000)
    transaction.write([new("a", b"one"), new("sub/b", large), new(folder / "c", b"", 0o400)])
    assert snapshot(folder) == {
        "a": (stat.S_IFREG | expected, b"one"),
        "c": (stat.S_IFREG | 0o400, b""),
        "sub": (stat.S_IFDIR | 0o700, None),
        "sub/b": (stat.S_IFREG | expected, large),
    }


def test_nothing_at_all_can_be_written_too(folder: Path) -> None:
    transaction.write([])
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
def test_whatever_has_the_path_is_not_overwritten(
    place: int, make: Callable[[Path], None], folder: Path
) -> None:
    wanted = [new("a"), new("b"), new("c")]
    make(folder / wanted[place].path)
    before = snapshot(folder)
    with pytest.raises(PathTakenError, match=r"^[abc] already exists!$") as caught:
        transaction.write(wanted)
    assert caught.value.path == wanted[place].path
    assert snapshot(folder) == before


@pytest.mark.parametrize("path", ["missing/b", "file/b", "nul\0", "x" * 256])
def test_if_one_file_cannot_be_written_none_is(path: str, folder: Path) -> None:
    (folder / "file").touch()
    before = snapshot(folder)
    with pytest.raises(StorageError, match=r"^Cannot write ") as caught:
        transaction.write([new("a"), new(path), new("c")])
    assert caught.value.hint
    assert snapshot(folder) == before


def test_one_file_twice_is_not_written(folder: Path) -> None:
    with pytest.raises(PathTakenError):
        transaction.write([new("a", b"one"), new("a", b"two")])
    assert not snapshot(folder)


def test_a_file_is_replaced_with_its_mode(folder: Path) -> None:
    (folder / "a").write_bytes(b"old")
    with (folder / "a").open("rb") as reader:
        transaction.write([replacing("a", b"new"), replacing("b", b"first")])
        assert reader.read() == b"old"  # a reader goes on with what it began to read
    assert snapshot(folder) == {
        "a": (stat.S_IFREG | 0o444, b"new"),
        "b": (stat.S_IFREG | 0o444, b"first"),
    }


@posix
def test_a_link_is_replaced_and_not_what_it_leads_to(folder: Path) -> None:
    _link(folder / "a")
    transaction.write([replacing("a", b"new")])
    assert not (folder / "a").is_symlink()
    assert (folder / "target").read_bytes() == b"precious"


def test_any_thread_can_write_files(folder: Path) -> None:
    thread = threading.Thread(target=transaction.write, args=([new("a", b"content")],))
    thread.start()
    thread.join()
    assert (folder / "a").read_bytes() == b"content"


@pytest.mark.parametrize("path", ["missing/c", "busy", "x" * 256])
def test_files_that_cannot_all_be_replaced_are_as_they_were(path: str, folder: Path) -> None:
    (folder / "a").write_bytes(b"old")
    (folder / "busy").mkdir()
    before = snapshot(folder)
    with pytest.raises(StorageError, match=r"^Cannot write "):
        transaction.write([replacing("a"), replacing("b"), replacing(path)])
    assert snapshot(folder) == before


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_new_and_replaced_files_are_all_undone_if_one_is_taken(
    order: tuple[int, ...], folder: Path
) -> None:
    (folder / "a").write_bytes(b"old")
    (folder / "taken").write_bytes(b"precious")
    before = snapshot(folder)
    wanted = [replacing("a"), new("b"), new("taken")]
    with pytest.raises(PathTakenError, match=r"^taken already exists!$"):
        transaction.write([wanted[place] for place in order])
    assert snapshot(folder) == before


def test_new_and_replaced_files_are_written_together(folder: Path) -> None:
    (folder / "a").write_bytes(b"old")
    transaction.write([replacing("a"), new("b"), replacing("c")])
    assert {name: data for name, (_, data) in snapshot(folder).items()} == dict.fromkeys(
        ("a", "b", "c"), b"new"
    )


@posix
def test_a_link_is_still_one_if_its_replacement_is_undone(folder: Path) -> None:
    (folder / "real").write_bytes(b"old")
    (folder / "link").symlink_to("real")
    before = snapshot(folder)
    with pytest.raises(PathTakenError):
        transaction.write([replacing("link"), new("real")])
    assert (folder / "link").is_symlink()
    assert snapshot(folder) == before


def test_a_file_keeps_its_inode_if_its_replacement_is_undone(folder: Path) -> None:
    (folder / "a").write_bytes(b"old")
    inode = (folder / "a").stat().st_ino
    with pytest.raises(StorageError):
        transaction.write([replacing("a"), replacing("missing/b")])
    with pytest.raises(PathTakenError):
        transaction.write([replacing("a"), new("a")])
    assert (folder / "a").stat().st_ino == inode


def test_only_temporary_files_are_removed(folder: Path) -> None:
    kept = {".certstrap-notes", "a.tmp", ".hidden.tmp", "certstrap-1.tmp", "a.key"}
    kept |= {".certstrap-.tmp", ".certstrap-0123456789ABCDEF.tmp", ".certstrap-0123456789abcdef"}
    for name in (*kept, ".certstrap-0123456789abcdef.tmp", ".certstrap-fedcba9876543210.tmp"):
        (folder / name).touch()
    files.remove_temporary(".")
    assert set(os.listdir()) == kept


def test_a_temporary_name_that_cannot_be_removed_stays(folder: Path) -> None:
    (folder / ".certstrap-0123456789abcdef.tmp").mkdir()
    files.remove_temporary(".")
    assert os.listdir() == [".certstrap-0123456789abcdef.tmp"]


@pytest.mark.parametrize("path", ["missing", "file", "nul\0"])
def test_only_a_folder_is_cleaned(path: str, folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(StorageError, match=r"^Cannot clean "):
        files.remove_temporary(path)


def test_the_temporary_files_of_a_write_are_those_that_are_removed(folder: Path) -> None:
    (folder / "a").write_bytes(b"old")
    for number in (0, 1, 2**64 - 1, 2**64, 2**64 + 99):
        name = os.path.basename(files._temporary_name("sub/x", number))
        (folder / name).touch()
    files.remove_temporary(".")
    assert os.listdir() == ["a"]


@pytest.mark.parametrize("path", ["out", "new/out", "new/out/", "there/out", "./out", "a/../out"])
def test_a_folder_is_created_with_its_parents_for_its_owner_alone(path: str, folder: Path) -> None:
    for name in ("there", "a"):
        (folder / name).mkdir()
    before = snapshot(folder)
    files.make_folders(path)
    assert os.path.isdir(path)
    created = snapshot(folder).items() - before.items()
    assert {mode for _, (mode, _) in created} == {stat.S_IFDIR | 0o700}
    assert os.path.realpath(path) in {str(folder / name) for name, _ in created}


@pytest.mark.parametrize("path", ["out", "new/out", "new/out/", "there/out", "there"])
def test_a_folder_that_was_made_to_lock_it_is_removed_if_nothing_is_in_it(
    path: str, folder: Path
) -> None:
    (folder / "there").mkdir()
    before = snapshot(folder)
    with locked([], create=path):
        assert os.path.isdir(path)
    with pytest.raises(CertstrapError), locked([], create=path):
        raise CertstrapError("no")
    assert snapshot(folder) == before


def test_a_created_folder_with_something_in_it_is_not_removed(folder: Path) -> None:
    def fail_after_another_program_wrote() -> None:
        Path("new/out/theirs").touch()
        raise CertstrapError("no")

    with pytest.raises(CertstrapError), locked([], create="new/out"):
        fail_after_another_program_wrote()
    assert (folder / "new" / "out" / "theirs").exists()


def test_a_folder_that_exists_is_left_as_it_is(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out").chmod(0o755)
    before = snapshot(folder)
    assert files.make_folders("out") == []
    with locked([], create="out"):
        pass
    assert snapshot(folder) == before


@pytest.mark.parametrize("path", ["file", "file/out", "dangling", "new/" + "x" * 256])
def test_a_folder_that_cannot_be_created_is_a_storage_error(path: str, folder: Path) -> None:
    (folder / "file").touch()
    (folder / "dangling").symlink_to("nowhere/at/all")
    before = snapshot(folder)
    with pytest.raises(StorageError, match=r"^Cannot create "):
        files.make_folders(path)
    assert snapshot(folder) == before


def test_two_threads_may_create_one_folder(folder: Path) -> None:
    barrier = threading.Barrier(4)

    def create() -> None:
        for number in range(50):
            barrier.wait()
            files.make_folders(f"new/{number}/out")

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(os.listdir("new"), key=int) == [str(number) for number in range(50)]
    assert all(os.path.isdir(f"new/{number}/out") for number in range(50))
