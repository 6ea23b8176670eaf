"""A stand-in for Windows: runs certstrap where the calls refuse what Windows refuses.

It is a program of its own: ``python tests/windows.py ARGUMENTS``. The rules are those of the pages
that `certstrap.platform` names. Paths are those of POSIX, and modes are what Windows makes of them:
a file is read-only or not.

With ``WSL`` in the environment, Linux stays Linux, and the current folder is on a drive of Windows.
"""

import builtins
import errno
import fcntl
import io
import os
import re
import shutil
import ssl
import stat
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

# They ask which system this is when they are imported.
import rich.console
import typer.testing
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

LOADED = (ssl, rich.console, typer.testing, x509, pkcs12)
MISSING = ("geteuid", "getuid", "fchmod", "fchown", "O_NONBLOCK", "O_NOCTTY", "setsid", "fork")
NAMES = re.compile(r'(?i)((con|prn|aux|nul|com\d|lpt\d)( *\..*)?)|.*[<>:"\\|?*\x00-\x1f].*|.*[. ]')
_opened: dict[int, str] = {}
_open, _close, _lstat, _chmod, _flock = os.open, os.close, os.lstat, os.chmod, fcntl.flock


def _refuse(number: int, path: object) -> None:
    raise OSError(number, os.strerror(number), str(path))


def _require_name(path: str) -> None:
    """Naming Files, Paths, and Namespaces."""
    if NAMES.fullmatch(os.path.basename(os.fspath(path))):
        _refuse(errno.EINVAL, path)


def _require_gone(path: str) -> None:
    """DeleteFileW and MoveFileExW: neither a read-only file goes, nor one that is open."""
    if os.path.lexists(path):
        if not _lstat(path).st_mode & stat.S_IWUSR:
            _refuse(errno.EACCES, path)
        if os.path.realpath(path) in _opened.values():
            _refuse(errno.EACCES, path)


def open_(path: str, flags: int, mode: int = 0o777) -> int:
    if os.path.isdir(path):
        _refuse(errno.EACCES, path)
    if flags & os.O_CREAT:
        _require_name(path)
    fd = _open(path, flags, 0o666 if mode & stat.S_IWUSR else 0o444)
    _opened[fd] = os.path.realpath(path)
    return fd


def close(fd: int) -> None:
    _opened.pop(fd, None)
    _close(fd)


def chmod(path: str, mode: int) -> None:
    _chmod(path, 0o666 if mode & stat.S_IWUSR else 0o444)


def removing(call: Callable[..., None]) -> Callable[..., None]:
    def checked(path: str) -> None:
        _require_gone(path)
        call(path)

    return checked


def moving(call: Callable[..., None], *, over: bool) -> Callable[..., None]:
    def checked(source: str, path: str) -> None:
        _require_name(path)
        if os.path.realpath(source) in _opened.values():
            _refuse(errno.EACCES, source)
        if over:
            _require_gone(path)
        elif os.path.lexists(path):
            _refuse(errno.EEXIST, path)
        call(source, path)

    return checked


def link(source: str, path: str, **_: Any) -> None:
    _refuse(errno.EINVAL, path)  # CreateHardLinkW, on FAT


def msvcrt() -> ModuleType:
    module: Any = ModuleType("msvcrt")
    module.LK_NBLCK = 2

    def locking(fd: int, _mode: int, _bytes: int) -> None:
        try:
            _flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _refuse(errno.EACCES, fd)

    module.locking = locking
    return module  # type: ignore[no-any-return]


def become_windows() -> None:
    os.open, os.close, os.chmod, os.link = open_, close, chmod, link  # type: ignore[assignment]
    os.unlink = os.remove = removing(os.unlink)
    os.replace = moving(os.replace, over=True)
    os.rename = moving(os.rename, over=False)
    for name in MISSING:
        delattr(os, name)
    vars(shutil)["_use_fd_functions"] = False  # as it finds on Windows, where no call has `dir_fd`
    for name in ("fcntl", "termios", "pwd", "grp"):
        sys.modules[name] = None  # type: ignore[assignment]
    sys.modules["msvcrt"] = msvcrt()
    sys.platform = "win32"


def become_wsl() -> None:
    here = os.getcwd()
    mounts = f"none / ext4 rw 0 0\nC:\\134 {here} 9p rw,aname=drvfs;path=C:\\;uid=0 0 0\n"
    opened = builtins.open

    def open_mounts(path: Any, *args: Any, **how: Any) -> Any:
        return io.StringIO(mounts) if path == "/proc/self/mounts" else opened(path, *args, **how)

    builtins.open = open_mounts  # type: ignore[assignment]


if __name__ == "__main__":
    sys.path[:1] = []  # the folder of the tests
    (become_wsl if "WSL" in os.environ else become_windows)()
    from certstrap.cli.app import main

    main()
