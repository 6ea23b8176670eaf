"""What differs between operating systems: names, files, locks, and how a shell reads a command.

The rules of Windows are those of Microsoft's documentation, whose pages are named here. No Windows
was at hand: `tests/windows.py` is a stand-in that refuses what these pages say is refused.

- Naming Files, Paths, and Namespaces: some characters and some names, such as ``CON`` and
  ``nul.txt``, name no file. https://learn.microsoft.com/windows/win32/fileio/naming-a-file
- DeleteFileW: a file that is read-only is not deleted; its attribute is removed first.
  https://learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-deletefilew
- MoveFileExW: replaces a file, with the same condition. Without MOVEFILE_REPLACE_EXISTING, as
  `os.rename` calls it, it replaces none.
  https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-movefileexw
- File attributes belong to the file, and so to all of its hard links: CreateHardLinkW.
  https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-createhardlinkw
- `os.open` opens no folder there, so that no folder can be locked or flushed; a file in it can.
- File Permissions for WSL: a drive of Windows has no modes of its own, unless it is mounted with
  ``metadata``. https://learn.microsoft.com/windows/wsl/file-permissions
"""

import errno
import os
import re
import shlex
import shutil
import stat
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib import import_module

IS_WINDOWS = sys.platform == "win32"
# Git Bash and MSYS2 set MSYSTEM, and read a command as Unix does.
# https://www.msys2.org/docs/environments/
_QUOTES_FOR_POWERSHELL = IS_WINDOWS and "MSYSTEM" not in os.environ

LOCK = ".lock"  # in a folder of Windows

NO_HARD_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EINVAL}
"""How file systems without hard links, such as FAT, refuse one; on Windows it is EINVAL."""

_RESERVED = r"(?i)(?:CON|PRN|AUX|NUL|(?:COM|LPT)[0-9\xb9\xb2\xb3]|CONIN\$|CONOUT\$) *(?:\..*)?"
_FORBIDDEN = '<>:"/\\|?*'
_PLAIN = r"[\w+:=./\\-]+"  # what neither cmd nor PowerShell reads as anything else
_DIFFERENT = '$`"\u201c\u201d\u201e%!'  # PowerShell, or cmd, replaces these between double quotes
_POWERSHELL_QUOTES = str.maketrans({c: c * 2 for c in "'\u2018\u2019\u201a\u201b"})


def is_file_name(stem: str, *, windows: bool = IS_WINDOWS) -> bool:
    """Return whether ``stem`` with a suffix can name a file."""
    return file_stem(stem, windows=windows) == stem


def file_stem(stem: str, *, windows: bool = IS_WINDOWS) -> str:
    """Return ``stem`` as it can begin the name of a file: a ``_`` for what cannot be in one.

    What names a device of Windows, whatever follows a period, gets a ``_`` in front.
    """
    for character in _FORBIDDEN if windows else "/":
        stem = stem.replace(character, "_")
    return f"_{stem}" if windows and re.fullmatch(_RESERVED, stem, re.DOTALL) else stem


def command_line(words: Iterable[str], *, windows: bool = _QUOTES_FOR_POWERSHELL) -> str:
    """Return words as a command that can be pasted into a shell.

    On Windows, cmd and PowerShell both read it, unless a word has a character that they read in
    different ways even between double quotes. Then it is for PowerShell.
    """
    return " ".join(map(_windows_word if windows else shlex.quote, words))


def _windows_word(word: str) -> str:
    is_option = word.startswith("-") and not word.startswith("--")  # PowerShell ends it at a period
    if re.fullmatch(_PLAIN, word) and not is_option:
        return word
    if set(word) & set(_DIFFERENT):
        return powershell(word)
    # A backslash before the last quote would escape it (CommandLineToArgvW).
    return f'"{word}\\"' if word.endswith("\\") else f'"{word}"'


def powershell(text: str) -> str:
    """Return a word of PowerShell, which takes typographic quotes for plain ones."""
    return "'" + text.translate(_POWERSHELL_QUOTES) + "'"


def in_turn(commands: Iterable[str], *, windows: bool = _QUOTES_FOR_POWERSHELL) -> str:
    """Return commands of which each is run if the one before succeeded.

    Windows PowerShell 5.1 has no ``&&``, and cmd no other way.
    """
    return ", then ".join(commands) if windows else " && ".join(commands)


_CLIPBOARDS = (  # a command, and the variable without which it has no clipboard
    ("clip.exe", "WSL_DISTRO_NAME"),
    ("clip.exe", "MSYSTEM"),
    ("pbcopy", ""),
    ("wl-copy", "WAYLAND_DISPLAY"),
    ("xclip -selection clipboard", "DISPLAY"),
)


def copying_line(
    path: str, environ: Mapping[str, str], *, windows: bool = _QUOTES_FOR_POWERSHELL
) -> str:
    """Return the command line that copies a text file to the clipboard; empty without a program."""
    file = command_line([path], windows=windows)
    if windows:  # where PowerShell has no ``<``
        return f"type {file} | clip"
    for command, variable in _CLIPBOARDS:
        has_clipboard = not variable or environ.get(variable)
        if has_clipboard and shutil.which(command.split()[0], path=environ.get("PATH")):
            return f"{command} < {file}"
    return ""


def replace(source: str, path: str) -> None:
    """Let the file ``source`` take the place of the one at ``path``, if there is one."""
    if IS_WINDOWS:
        _make_writable(path)
    os.replace(source, path)


def unlink(path: str) -> None:
    """Remove a file."""
    if IS_WINDOWS:
        _make_writable(path)
    os.unlink(path)


def _make_writable(path: str) -> None:
    with suppress(FileNotFoundError):
        mode = stat.S_IMODE(os.lstat(path).st_mode)
        if not mode & stat.S_IWRITE:
            os.chmod(path, mode | stat.S_IWRITE)


def link_or_rename(source: str, path: str) -> None:
    """Give a file another name, which no file has; it may lose the one that it had.

    Raises:
        FileExistsError: a file has the name.
        OSError: the operating system refuses.
    """
    if IS_WINDOWS:
        os.rename(source, path)
        return
    try:
        os.link(source, path)
    except OSError as cause:
        if cause.errno not in NO_HARD_LINKS:
            raise
        # Two steps, which are safe for all who hold the lock of the folder.
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path) from None
        os.rename(source, path)


def link(source: str, path: str) -> bool:
    """Give a file a second name; return False if it can have none, or not one that can be used."""
    if IS_WINDOWS:  # to remove one name, both would lose the read-only attribute
        return False
    try:
        os.link(source, path, follow_symlinks=False)
    except OSError as cause:
        if cause.errno in NO_HARD_LINKS:
            return False
        raise
    return True


_NO_FOLDER_SYNC = {errno.EINVAL, errno.EOPNOTSUPP}  # VirtualBox's shared folders


def sync_folder(folder: str) -> None:
    """Wait until the names in ``folder`` are on disk; Windows has no call for that."""
    if IS_WINDOWS:
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    except OSError as cause:
        if cause.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(fd)


def copy_access(path: str, fd: int) -> None:
    """Give an open file the owner, the group and the mode of the file at ``path``."""
    if IS_WINDOWS:  # a new file inherits the access control list of its folder
        return
    like, own = os.stat(path), os.fstat(fd)
    if (like.st_uid, like.st_gid) != (own.st_uid, own.st_gid):
        os.fchown(fd, like.st_uid, like.st_gid)
    os.fchmod(fd, stat.S_IMODE(like.st_mode))


def open_folder(folder: str) -> int:
    """Open a folder to lock it; on Windows, a file in it."""
    if IS_WINDOWS:
        return os.open(os.path.join(folder, LOCK), os.O_RDWR | os.O_CREAT)
    return os.open(folder, os.O_RDONLY)


def remove_empty(folder: str) -> None:
    """Remove a folder that has nothing in it; on Windows, nothing but the file that is locked."""
    if IS_WINDOWS and os.listdir(folder) == [LOCK]:
        os.unlink(os.path.join(folder, LOCK))
    os.rmdir(folder)


def try_lock(fd: int) -> bool:
    """Lock an open folder; return False if another process has locked it."""
    if IS_WINDOWS:
        msvcrt = import_module("msvcrt")
        with suppress(PermissionError):
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
            return True
        return False
    import fcntl  # noqa: PLC0415 - Windows has none

    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_still(fd: int, folder: str) -> bool:
    """Return whether what `open_folder` opened is the folder that has the name now."""
    if IS_WINDOWS:  # a folder with an open file keeps its name
        return True
    try:
        return os.path.samestat(os.fstat(fd), os.stat(folder))
    except FileNotFoundError:
        return False


def relative_folder(other: str, folder: str) -> str:
    """Return the way from one folder to another, which stays right if both are moved together."""
    other = os.path.realpath(other)
    return other if IS_WINDOWS else os.path.relpath(other, os.path.realpath(folder))


def has_no_modes(path: str) -> bool:
    """Return whether a path is on a drive of Windows that WSL mounts without modes."""
    mounts = ""
    with suppress(OSError), open("/proc/self/mounts", encoding="utf-8", errors="replace") as file:
        mounts = file.read()
    return is_windows_drive(os.path.realpath(path), mounts)


def is_windows_drive(path: str, mounts: str) -> bool:
    """Return whether a real path is on a drive of Windows without ``metadata``.

    ``mounts`` has the mounted file systems, as ``/proc/self/mounts`` does.
    """
    longest, found = "", False
    for line in mounts.splitlines():
        _, folder, kind, options, *_ = [*line.split(" "), "", "", "", ""]
        folder = folder.replace("\\040", " ").rstrip("/")
        if f"{path}/".startswith(f"{folder}/") and len(folder) >= len(longest):
            words = re.split("[,;]", options)
            is_drive = kind == "drvfs" or "aname=drvfs" in words
            longest, found = folder, is_drive and "metadata" not in words
    return found
