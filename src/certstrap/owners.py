"""Who may have put a file where it is: its owner, and whoever may write to its folder."""

import os
import stat
import sys


def is_shared(folder: str) -> bool:
    """Return whether users other than root and the one who runs this may write to ``folder``."""
    return sys.platform != "win32" and _is_shared(os.stat(folder))


def _is_shared(folder: os.stat_result) -> bool:
    others = folder.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return bool(others) or folder.st_uid not in {0, os.geteuid()}


def foreign_owner(path: str, uid: int) -> str:
    """Return who else may have put a file where it is, or an empty string if nobody can have.

    In a folder that others may write to, files of root, of the folder's owner and of the user who
    runs this are right, and links to files likewise.

    Args:
        path: the file, or a link to it.
        uid: the owner of the file.

    Returns:
        The name of the owner, and the number of one that has no name.
    """
    if sys.platform == "win32":  # pragma: no cover - not run in CI
        return ""
    owners = {uid, os.lstat(path).st_uid} - {0, os.geteuid()}
    if not owners:
        return ""
    folder = os.stat(folder_of(path))
    owners.discard(folder.st_uid)
    return _user_name(min(owners)) if owners and _is_shared(folder) else ""


def _user_name(uid: int) -> str:
    from pwd import getpwuid  # noqa: PLC0415 - only an error needs it

    try:
        return f"the user {getpwuid(uid).pw_name}"
    except KeyError:
        return f"the user {uid}"


def folder_of(path: str) -> str:
    """Return the folder of a path."""
    return os.path.dirname(path) or "."
