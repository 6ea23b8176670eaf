"""Profiles: what is written is read again as it was, whatever the paths and the file."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certstrap.errors import InvalidNameError, RefusedError, UnusableFileError
from certstrap.pki.names import is_plain
from certstrap.temporal.connect import (
    ClientFile,
    Connection,
    Target,
    add_to,
    parse_name,
    profile_of,
    text_of,
)

plain = st.text(min_size=1).filter(is_plain)
connections = st.builds(
    Connection,
    st.builds(Target, st.just("worker.acct"), plain, plain, plain),
    st.builds(ClientFile, plain, st.just(b"")),
    st.builds(ClientFile, plain, st.just(b"")),
)
values = st.recursive(
    st.integers(-9, 9) | plain, lambda inner: st.lists(inner, max_size=2), max_leaves=3
)
A_CONNECTION = Connection(
    Target("worker.acct", "worker.acct.tmprl.cloud:7233"),
    ClientFile("/a.crt", b""),
    ClientFile("/a.key", b""),
)


def as_toml(value: Any) -> str:
    """Return a value as TOML, with what a person may write around it."""
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, str):
        escapes = {ord('"'): '\\"', ord("\\"): "\\\\"}
        return f'"{value.translate(escapes)}"'
    return str(value)


@given(connections, plain)
def test_a_profile_is_read_as_it_was_written(connection: Connection, name: str) -> None:
    assert tomllib.loads(text_of(connection, name)) == {"profile": {name: profile_of(connection)}}


@given(
    connections,
    plain,
    st.dictionaries(plain, values, max_size=3),
    st.dictionaries(plain, st.dictionaries(plain, values, max_size=2), max_size=3),
    st.text(alphabet=st.characters(exclude_categories=["C", "Zl", "Zp"])),
    st.booleans(),
)
def test_a_profile_is_added_to_whatever_was_there_or_refused(
    connection: Connection,
    name: str,
    top: dict[str, Any],
    profiles: dict[str, dict[str, Any]],
    comment: str,
    ended: bool,
) -> None:
    top.pop("profile", None)
    lines = [f"{as_toml(key)} = {as_toml(value)}  # {comment}" for key, value in top.items()]
    for profile, settings in profiles.items():
        lines += [f"[profile.{as_toml(profile)}]"]
        lines += [f"{as_toml(key)} = {as_toml(value)}" for key, value in settings.items()]
    data = ("\n".join([*lines, f"# {comment}"]) + ("\n" if ended else "")).encode()
    if name in profiles:
        with pytest.raises(RefusedError):
            add_to(data, "f", connection, name)
        return
    after = add_to(data, "f", connection, name)
    assert after.startswith(data)
    assert tomllib.loads(after.decode()) == {
        **top,
        "profile": {**profiles, name: profile_of(connection)},
    }


@given(st.binary() | st.text().map(str.encode))
def test_any_file_is_extended_or_refused(data: bytes) -> None:
    try:
        after = add_to(data, "f", A_CONNECTION, "new")
    except (UnusableFileError, RefusedError):
        return
    assert after.startswith(data)
    before = tomllib.loads(data.decode())
    found = tomllib.loads(after.decode())
    assert found["profile"].pop("new") == profile_of(A_CONNECTION)
    assert found == {**before, "profile": before.get("profile", {})}


@pytest.mark.parametrize("name", ["", "a\nb", "a\u202eb", "\ud800"])
def test_a_name_that_cannot_be_written_is_refused(name: str) -> None:
    with pytest.raises(InvalidNameError):
        parse_name(name)


@pytest.mark.parametrize("name", ["default", "prod-eu_1", "a b", "Größe", 'a"b', "a.b"])
def test_any_other_name_is_a_name(name: str) -> None:
    assert parse_name(name) == name
    assert name in tomllib.loads(text_of(A_CONNECTION, name))["profile"]
