"""Lists of certificates: CSV with a header (RFC 4180), or TOML with ``[[certificate]]`` tables."""

import csv
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from io import StringIO
from typing import Any

from certstrap.authority.batch import Line
from certstrap.authority.issue import Wanted
from certstrap.certificates import LeafProfile
from certstrap.errors import (
    CertstrapError,
    InvalidKeySpecError,
    MissingOptionError,
    RefusedError,
    UnusableFileError,
    WrongLinesError,
)
from certstrap.keys import KeySpec
from certstrap.names import AlternativeNames, Name
from certstrap.text import quoted
from certstrap.validity import Expiry

FIELDS = ("name", "domains", "ips", "uris", "curve", "key-bits", "expires", "profile", "pkcs8")
"""The columns of a CSV file, and the keys of a TOML table; all but the first may be missing."""

_LISTS = ("domains", "ips", "uris")
_TABLE = re.compile(r"^\s*\[\[\s*certificate\s*\]\]", re.MULTILINE)
_CSV_HINT = f"The columns are {', '.join(FIELDS)}; a cell with a comma is between double quotes."
_TOML_HINT = 'Write text between double quotes, as in name = "worker-1".'
_KINDS = {"key-bits": int, "expires": date, "pkcs8": bool}  # what TOML may have beside texts
_YES, _NO = {"yes", "true", "1"}, {"", "no", "false", "0"}


def read_list(data: bytes, path: str, defaults: Wanted) -> list[Line]:
    """Return what each line of a list asks for, or what is wrong with it.

    Args:
        data: the content of the file, in UTF-8.
        path: its path; one that ends in ``.toml`` is TOML, and any other is CSV.
        defaults: what is asked for where a line says nothing.

    Raises:
        UnusableFileError: it is neither, or it asks for nothing.
        WrongLinesError: its syntax is wrong in a line.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnusableFileError(path, "is not text in UTF-8", "Save it as UTF-8.") from None
    rows = _toml(text, path) if path.lower().endswith(".toml") else _csv(text, path)
    lines = [Line(number, _wanted(row, defaults)) for number, row in rows]
    if not lines:
        raise UnusableFileError(path, "asks for no certificate", "Give each one a line.")
    return lines


def _csv(text: str, path: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    # StringIO ends lines as files do; `str.splitlines` would end one at U+2028 and others too.
    reader = csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    header: list[str] = []
    number = 1
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if not header and any(cells):
                header = [cell.lower() for cell in cells]
                _require_header(header, path, number)
            elif any(cells):
                yield number, _cells(header, cells)
            number = reader.line_num + 1
    except csv.Error as error:
        raise _wrong(path, number, f"It is not CSV: {error}.") from None


def _delimiter(text: str) -> str:
    """Return what separates the cells: spreadsheets write semicolons in some languages, or tabs."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    return next((mark for mark in (",", ";", "\t") if mark in header), ",")


def _require_header(header: list[str], path: str, number: int) -> None:
    for column in header:
        if column not in FIELDS:
            raise _wrong(path, number, f"There is no column {quoted(column)}.")
        if header.count(column) > 1:
            raise _wrong(path, number, f"The column {quoted(column)} is there twice.")
    if "name" not in header:
        raise _wrong(path, number, 'The header has no column "name".')


def _cells(header: list[str], cells: list[str]) -> Mapping[str, Any]:
    if len(cells) > len(header):
        return {"": f"It has {len(cells)} cells, and the header has {len(header)}."}
    return dict(zip(header, cells, strict=False))


def _toml(text: str, path: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        number = int(at[1]) if at else text.count("\n") + 1
        reason = re.sub(r" \(at .*\)$", "", str(error))
        raise _wrong(path, number, f"It is not TOML: {reason}.", _TOML_HINT) from None
    tables = found.pop("certificate", [])
    numbers = [text.count("\n", 0, table.end()) + 1 for table in _TABLE.finditer(text)]
    is_list = isinstance(tables, list) and all(isinstance(table, dict) for table in tables)
    # Of an inline array, or of a header inside a text, the line of each table is not known.
    if found or not is_list or len(numbers) != len(tables):
        raise UnusableFileError(
            path,
            "has something other than [[certificate]] tables",
            "Begin each certificate with a line [[certificate]].",
        )
    yield from zip(numbers, tables, strict=True)


def _wanted(row: Mapping[str, Any], defaults: Wanted) -> Wanted | CertstrapError:
    try:
        return _parsed(_texts(row), defaults)
    except CertstrapError as error:
        return error


def _texts(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the values of a line as the texts that the options of the command line have."""
    texts = {}
    for field, value in row.items():
        if not field:
            raise RefusedError(value, "A cell with a comma is written between double quotes.")
        if field not in FIELDS:
            raise RefusedError(
                f"There is no field {quoted(field)}.", f"Choose from {', '.join(FIELDS)}."
            )
        if isinstance(value, list) and field in _LISTS and all(isinstance(v, str) for v in value):
            texts[field] = ",".join(value)
        elif isinstance(value, str) or type(value) is _KINDS.get(field):
            texts[field] = str(value)
        else:
            raise RefusedError(f"{field} has a value of the wrong kind.", "Write it as text.")
    return texts


def _parsed(row: Mapping[str, str], defaults: Wanted) -> Wanted:
    name = row.get("name", "").strip()
    if not name:
        raise MissingOptionError("It has no name.", "Give each certificate a name.")
    lists = [[row[field]] if row.get(field) else [] for field in _LISTS]
    curve, bits = row.get("curve", ""), row.get("key-bits", "")
    profile, pkcs8 = row.get("profile", ""), row.get("pkcs8", "").lower()
    if bits and not (bits.isascii() and bits.isdigit() and len(bits) < 6):  # noqa: PLR2004 - 16384
        raise InvalidKeySpecError(f"{quoted(bits)} is no size of a key.", "It is 2048 or more.")
    if pkcs8 not in _YES | _NO:
        raise RefusedError(f"pkcs8 is {quoted(pkcs8)}.", "Write yes or no.")
    return Wanted(
        Name.parse(name),
        defaults.ca,
        AlternativeNames.parse(*lists),
        KeySpec.of(int(bits or 0), curve) if curve or bits else defaults.spec,
        Expiry.parse(row["expires"]) if row.get("expires") else defaults.expiry,
        pkcs8 in _YES if pkcs8 else defaults.pkcs8,
        LeafProfile.of(profile) if profile else defaults.profile,
    )


def _wrong(path: str, number: int, sentence: str, hint: str = _CSV_HINT) -> WrongLinesError:
    return WrongLinesError(path, [(number, RefusedError(sentence, hint))])
