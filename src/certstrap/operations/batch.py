"""Many certificates at once: a list in CSV (RFC 4180) or TOML, written in batches."""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from io import StringIO
from typing import Any

from certstrap.documents import InvalidDocumentError, parse_toml, text_of
from certstrap.errors import (
    CertstrapError,
    RefusedError,
    UnusableFileError,
    WrongLinesError,
    attempted,
)
from certstrap.operations.ca import issuer_of, open_ca
from certstrap.operations.issue import (
    Issuance,
    IssueRequest,
    Ready,
    create,
    prepare,
    specs_of_new_ca,
)
from certstrap.pki.keys import KeySpec, PrivateKey, generating
from certstrap.pki.names import AlternativeNames, Subject
from certstrap.pki.profiles import LeafProfile
from certstrap.pki.urls import URLs
from certstrap.pki.validity import Expiry
from certstrap.session import Session
from certstrap.store.depot import CERTIFICATE, CRL, KEY, Name
from certstrap.store.transaction import Transaction
from certstrap.text import quoted

SIZE = 100
"""How many certificates are written at once; an interrupt loses no more than those."""

MOST = 10_000
"""Certificates of a list."""


Line = tuple[int, IssueRequest | CertstrapError]
"""Of a list: its number, from 1, or 0 for a name of the command line; and the certificate that it
asks for, or what is wrong with it."""


def prepare_all(session: Session, lines: Sequence[Line], source: str) -> list[Ready]:
    """Find and check all that exists for a list, before anything is created.

    Raises:
        WrongLinesError: of a file, its ``source``: every line that cannot be carried out.
        CertstrapError: of the command line (no source): the first name that cannot.
    """

    def steps(_: Transaction) -> list[Ready]:
        found: list[Ready] = []
        seen: dict[str, int] = {}
        wrong: list[tuple[int, CertstrapError]] = []
        for number, wanted in lines:
            try:
                if isinstance(wanted, CertstrapError):
                    raise wanted
                ready = prepare(session, wanted)
                _require_once(ready, number, seen)
                found.append(ready)
            except CertstrapError as error:
                if not source:
                    raise
                wrong.append((number, error))
        if wrong:
            raise WrongLinesError(source, wrong)
        return found

    return session.transact(steps)


def _require_once(ready: Ready, number: int, seen: dict[str, int]) -> None:
    """Refuse files that a line before asks for; ``seen`` has the lines of paths and stems."""
    stem = ready.entry.stem
    if not ready.ca:
        for suffix in (KEY, CERTIFICATE, CRL):
            seen.setdefault(ready.ca_entry.path(suffix), 0)
    for each in (stem, *ready.missing):
        if each in seen:
            is_stem, line = each == stem, seen[each]
            what = f"The files of {stem} are" if is_stem else f"{each} is"
            raise RefusedError(
                f"{what} asked for twice{f', first in line {line}' if line else ''}.",
                "Name each certificate once." if is_stem else "Choose another name.",
            )
    seen.update(dict.fromkeys([stem, *ready.missing], number))


def create_all(
    session: Session, ready: Sequence[Ready], jobs: int, done: Callable[[int], None]
) -> Iterator[list[Issuance]]:
    """Create what is missing for a list, and yield each batch when it is on disk.

    Args:
        jobs: how many RSA keys are generated at the same time.
        done: called with the number of keys that are ready, from 0; never for one certificate.

    Raises:
        CertstrapError, KeyboardInterrupt: the batches before are on disk.
    """
    _prepare_keys(session, ready)
    if len(ready) > 1:
        done(0)
        generated = _generated([each.new_key for each in ready], jobs)
    for start in range(0, len(ready), SIZE):
        batch = ready[start : start + SIZE]
        for number, each in enumerate(batch if len(ready) > 1 else (), start + 1):
            key = next(generated)
            if each.new_key and key:
                session.keep_key(each.new_key, each.entry.path(KEY), key)
            done(number)
        yield _create_batch(session, batch)
        if session.was_interrupted and start + SIZE < len(ready):
            raise KeyboardInterrupt


def _prepare_keys(session: Session, ready: Sequence[Ready]) -> None:
    of_ca = next(filter(None, map(specs_of_new_ca, ready)), None)
    if of_ca:
        session.passphrases.new_ca()
    if any(each.new_key for each in ready):
        session.passphrases.new()
    signing = next((each.ca for each in ready if each.ca and not each.certificate), None)
    if signing:
        issuer_of(session, signing)
    if of_ca:
        session.prepare_keys(of_ca)


def _create_batch(session: Session, batch: Sequence[Ready]) -> list[Issuance]:
    def steps(new: Transaction) -> list[Issuance]:
        return [create(session, new, _look_again(session, each)) for each in batch]

    issued = session.transact(steps, creates=True)
    session.depot.leaves.update(each.ready.entry.stem + CERTIFICATE for each in issued)
    return issued


def _look_again(session: Session, ready: Ready) -> Ready:
    """Return what exists of a certificate now; for most of a list, nothing did and nothing does."""
    existed = ready.key or ready.request or ready.certificate
    if existed or session.depot.lists(*ready.wanted.name.stems):
        return prepare(session, ready.wanted)
    is_there = session.depot.has(ready.ca_entry, CERTIFICATE)
    return ready._replace(ca=open_ca(session, ready.ca_entry) if is_there else None)


def _generated(specs: Sequence[KeySpec | None], jobs: int) -> Iterator[PrivateKey | None]:
    """Yield a new key for each RSA kind, and None for others; several are generated at a time."""
    waiting: deque[Callable[[], PrivateKey | None]] = deque()
    for spec in specs:
        waiting.append(generating(spec) if spec and spec.bits else lambda: None)
        if len(waiting) >= jobs:
            yield waiting.popleft()()
    yield from (key() for key in waiting)


_SUBJECT = ("organization", "organizational-unit", "country", "province", "locality")
_URLS = ("crl-urls", "ocsp-urls", "issuer-urls")
FIELDS = (
    *("name", "domains", "ips", "uris", "curve", "key-bits", "expires", "profile", "pkcs8"),
    *_SUBJECT,
    *_URLS,
)
"""The columns of a CSV file, and the keys of a TOML table; all but the first may be missing."""

_LISTS = ("domains", "ips", "uris", *_URLS)
_TABLE = re.compile(r"[ \t]*+\[\[[ \t]*+certificate[ \t]*+\]\]")
_CSV_HINT = f"The columns are {', '.join(FIELDS)}; a cell with a comma is between double quotes."
_TOML_HINT = 'Write text between double quotes, as in name = "worker-1".'
_KINDS = {"key-bits": int, "expires": date, "pkcs8": bool}  # what TOML may have beside texts
_YES, _NO = {"yes", "true", "1"}, {"", "no", "false", "0"}


def read_list(data: bytes, path: str, defaults: IssueRequest) -> list[Line]:
    """Return what each line of a list asks for, or what is wrong with it.

    Args:
        path: its path; one that ends in ``.toml`` is TOML, and any other is CSV.
        defaults: what is asked for where a line says nothing.

    Raises:
        UnusableFileError: it is neither, or it asks for nothing, or for more than 10,000.
        WrongLinesError: its syntax is wrong in a line.
    """
    text = text_of(data, path, "utf-8-sig")
    rows = [*(_toml(text, path) if path.lower().endswith(".toml") else _csv(text, path))]
    if len(rows) > MOST:
        reason = f"lists {len(rows):,} certificates, and a list may have at most {MOST:,}"
        raise UnusableFileError(path, reason, "Split it.")
    lines = [(number, attempted(partial(_parsed, row, defaults))) for number, row in rows]
    if not lines:
        raise UnusableFileError(path, "lists no certificates", "Give each one a line.")
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
            raise _wrong(path, number, f"The column {quoted(column)} appears twice.")
    if "name" not in header:
        raise _wrong(path, number, 'The header has no column "name".')


def _cells(header: list[str], cells: list[str]) -> Mapping[str, Any]:
    if len(cells) > len(header):
        return {"": f"It has {len(cells)} cells, and the header has {len(header)}."}
    return dict(zip(header, cells, strict=False))


def _toml(text: str, path: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        found = parse_toml(text, path)
    except InvalidDocumentError as error:
        number = error.line or text.count("\n") + 1
        raise _wrong(path, number, f"It is not TOML: {error.why}.", _TOML_HINT) from None
    tables = found.pop("certificate", [])
    numbers = [n for n, line in enumerate(text.split("\n"), 1) if _TABLE.match(line)]
    is_list = isinstance(tables, list) and all(isinstance(table, dict) for table in tables)
    # Of an inline array, or of a header inside a text, the line of each table is not known.
    if found or not is_list or len(numbers) != len(tables):
        raise UnusableFileError(
            path,
            "has something other than [[certificate]] tables",
            "Begin each certificate with a line [[certificate]].",
        )
    yield from zip(numbers, tables, strict=True)


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
            texts[field] = (" " if field in _URLS else ",").join(value)
        elif isinstance(value, str) or type(value) is _KINDS.get(field):
            texts[field] = str(value)
        else:
            raise RefusedError(f"{field} has a value of the wrong kind.", "Write it as text.")
    return texts


def _parsed(typed: Mapping[str, Any], defaults: IssueRequest) -> IssueRequest:
    row = _texts(typed)
    name = row.get("name", "").strip()
    if not name:
        raise RefusedError("It has no name.", "Give each certificate a name.")
    domains, ips, uris, *urls = ([row[each]] if row.get(each) else [] for each in _LISTS)
    curve, bits = row.get("curve", ""), row.get("key-bits", "")
    profile, pkcs8 = row.get("profile", ""), row.get("pkcs8", "").lower()
    if bits and not (bits.isascii() and bits.isdigit() and len(bits) < 6):  # noqa: PLR2004 - 16384
        raise RefusedError(f"{quoted(bits)} is not a key size.", "It is 2048 or more.")
    if pkcs8 not in _YES | _NO:
        raise RefusedError(f"pkcs8 is {quoted(pkcs8)}.", "Write yes or no.")
    given = (row.get(field, "").strip() for field in _SUBJECT)
    fields = (mine or default for mine, default in zip(given, defaults.subject[1:], strict=True))
    return defaults._replace(
        name=Name.parse(name),
        names=AlternativeNames.parse(domains, ips, uris),
        spec=KeySpec.of(int(bits or 0), curve) if curve or bits else defaults.spec,
        expiry=Expiry.parse(row["expires"]) if row.get("expires") else defaults.expiry,
        pkcs8=pkcs8 in _YES if pkcs8 else defaults.pkcs8,
        profile=LeafProfile.of(profile) if profile else defaults.profile,
        subject=Subject.of("", *fields),
        urls=URLs.of(*urls).or_else(defaults.urls),
    )


def _wrong(path: str, number: int, sentence: str, hint: str = _CSV_HINT) -> WrongLinesError:
    return WrongLinesError(path, [(number, RefusedError(sentence, hint))])
