"""JSON and TOML from others are read, or refused in a moment, whatever is in them."""

import json
import time
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certstrap.documents import (
    MOST_BYTES,
    InvalidDocumentError,
    parse_json,
    parse_toml,
    text_of,
)
from certstrap.errors import TooLargeError, UnusableFileError

DEEP = "it nests too deep"
LARGE = "Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits"
BITS = "a number has more than 64 bits"
PARTS = "A key has more than 40 parts"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 200_000, DEEP),
        ("[" * 65 + "]" * 65, DEEP),
        ('{"a":' * 200_000, DEEP),
        ("9" * 5_000, LARGE),
        (str(2**64), BITS),
        ('{"a": [-18446744073709551616]}', BITS),
        ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ],
)
def test_json_that_readers_stumble_over_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidDocumentError) as refused:
        parse_json(text, "f", hint="So.")
    assert str(refused.value) == f"f is not JSON that can be read: {reason}."
    assert refused.value.hint == "So."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a = " + "[" * 200_000, DEEP),
        ("a = " + "[" * 65 + "]" * 65, DEEP),
        ("a = " + "{a = " * 65 + "1" + "}" * 65, DEEP),
        (".".join(["a"] * 39) + " = {" + ".".join(["a"] * 39) + " = 1}", DEEP),
        ("a = " + "9" * 5_000, LARGE),
        ("a = 0x" + "f" * 5_000, BITS),
        ("\n" + ".".join(["a"] * 30_000) + " = 1", f"{PARTS} (at line 2, column 1)"),
        ("[ " + " . ".join(["a"] * 41) + " ]", f"{PARTS} (at line 1, column 1)"),
        (".".join(['"\\""'] * 41) + " = 1", f"{PARTS} (at line 1, column 1)"),
        (".".join(["'\"'"] * 41) + " = 1", f"{PARTS} (at line 1, column 1)"),
        ("a = {" + ".".join(["a"] * 41) + " = 1}", f"{PARTS} (at line 1, column 1)"),
    ],
)
def test_toml_that_readers_stumble_over_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidDocumentError) as refused:
        parse_toml(text, "f")
    assert str(refused.value) == f"f is not TOML that can be read: {reason}."
    assert refused.value.hint


def test_an_error_knows_its_line() -> None:
    with pytest.raises(InvalidDocumentError) as refused:
        parse_toml("a = 1\nb = \n", "f")
    assert (refused.value.line, refused.value.why) == (2, "Invalid value")


def test_a_key_may_have_40_parts_and_a_text_any_number_of_dots() -> None:
    key = ".".join(["a"] * 40)
    assert parse_toml(f"{key} = 1", "f") == tomllib.loads(f"{key} = 1")
    text = f'a = "{"." * 1_000}"  # {". " * 1_000}'
    assert parse_toml(text, "f") == {"a": "." * 1_000}


@pytest.mark.parametrize(
    "part",
    ["a", "a.", "'", '"', '\\"', '"\\', "a . ", '"a" . ', "\n", "[[a]]\n", "[", "a={", "#\n"],
)
def test_a_whole_megabyte_takes_no_longer_than_ten_seconds(part: str) -> None:
    text = part * (MOST_BYTES // len(part))
    began = time.process_time()
    for before in ("", 'a = "', "a = ", "["):
        with pytest.raises(InvalidDocumentError):
            parse_toml(f"{before}{text} = 1 = 2", "f")
    assert time.process_time() - began < 4 * 10


def test_a_larger_file_is_not_read_and_neither_is_one_that_is_not_text() -> None:
    assert text_of(b" " * MOST_BYTES, "f") == " " * MOST_BYTES
    with pytest.raises(TooLargeError, match=r"^f has more than 1 MB\.$"):
        text_of(b" " * (MOST_BYTES + 1), "f")
    with pytest.raises(UnusableFileError, match=r"^f is not text in UTF-8\.$"):
        text_of(b"\xff", "f")


@given(st.recursive(st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(), st.lists))
def test_other_json_is_read_as_it_is_written(value: object) -> None:
    assert parse_json(json.dumps(value), "f") == value


@given(st.text(alphabet="a.\"'\\= \n[]{}1#"))
def test_other_toml_is_read_as_the_library_reads_it(text: str) -> None:
    try:
        expected = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        with pytest.raises(InvalidDocumentError):
            parse_toml(text, "f")
    else:
        assert parse_toml(text, "f") == expected
