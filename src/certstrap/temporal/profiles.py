"""Profiles of ``temporal.toml``, the file from which every client of Temporal can be configured.

https://docs.temporal.io/develop/environment-configuration
"""

import re
import tomllib
from copy import deepcopy
from typing import Any

from certstrap.errors import InvalidNameError, RefusedError, UnusableFileError
from certstrap.names import is_plain
from certstrap.temporal.connection import Connection
from certstrap.text import quoted

DEFAULT = "default"

Tables = dict[str, Any]


def parse_name(text: str) -> str:
    """Return the name of a profile.

    Raises:
        InvalidNameError: it is empty, or has control characters.
    """
    if not text or not is_plain(text):
        reason = "has a control character" if text else "is empty"
        raise InvalidNameError("profile", text, reason, "Choose a name such as default or prod.")
    return text


def profile_of(connection: Connection) -> Tables:
    """Return the settings of a profile."""
    target = connection.target
    tls = {
        "client_cert_path": connection.certificate,
        "client_key_path": connection.key,
        "server_name": target.server_name,
        "server_ca_cert_path": target.server_ca,
    }
    return {
        "address": target.address,
        "namespace": str(target.namespace),
        "tls": {key: value for key, value in tls.items() if value},
    }


def text_of(connection: Connection, name: str = DEFAULT) -> str:
    """Return a profile as TOML."""
    settings = profile_of(connection)
    tls = settings.pop("tls")
    header = f"profile.{_key(name)}"
    lines = [f"[{header}]", *_lines(settings), "", f"[{header}.tls]", *_lines(tls), ""]
    return "\n".join(lines)


def add_to(data: bytes, path: str, connection: Connection, name: str) -> bytes:
    """Return the file ``path`` with one more profile at its end; all that is there stays as it is.

    Args:
        data: the content of the file.
        path: its path, for the sentences.
        connection: what the profile configures.
        name: the name of the profile.

    Raises:
        UnusableFileError: the file is not TOML, or not one that a profile can be added to.
        RefusedError: it has such a profile already.
    """
    before = _parsed(data, path)
    profiles = before.get("profile", {})
    if not isinstance(profiles, dict):
        raise UnusableFileError(path, "has no table of profiles", "Name a temporal.toml.")
    if name in profiles:
        raise RefusedError(
            f"{path} already has the profile {quoted(name)}.",
            "Choose another name with --profile, or take that profile out of the file.",
        )
    newline = b"\r\n" if b"\r\n" in data else b"\n"
    separator = b"" if not data else newline if data.endswith(b"\n") else newline * 2
    text = text_of(connection, name).encode()
    after = data + separator + text.replace(b"\n", newline)
    expected = deepcopy(before)
    expected.setdefault("profile", {})[name] = profile_of(connection)
    try:
        found = _parsed(after, path)
    except UnusableFileError:
        found = {}
    if found != expected:
        raise UnusableFileError(
            path,
            "cannot be extended: its profiles are written in a way that ends with them",
            "Write them as tables, as in [profile.default], or add the profile by hand.",
        )
    return after


def _parsed(data: bytes, path: str) -> Tables:
    try:
        return tomllib.loads(data.decode())
    except UnicodeDecodeError:
        raise UnusableFileError(path, "is not text in UTF-8", "TOML is.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "it nests too deep"
        raise UnusableFileError(
            path, f"is not TOML that can be read: {reason}", "Correct it first."
        ) from None


def _lines(settings: Tables) -> list[str]:
    return [f"{key} = {_string(value)}" for key, value in settings.items()]


def _key(name: str) -> str:
    return name if re.fullmatch("[A-Za-z0-9_-]+", name) else _string(name)


def _string(text: str) -> str:
    """Return a basic string (TOML 1.0); ``text`` has no control characters.

    A byte order mark is escaped, as some readers refuse it.
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\ufeff", "\\ufeff")
    return f'"{escaped}"'
