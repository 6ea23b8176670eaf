"""The archive: what `renew` has replaced, in the folder ``archive`` of the depot.

The files of one renewal share a number, one higher than that of the renewal before, and the serial
number of the certificate among them: ``NAME.NUMBER.SERIAL.crt``, ``NAME.NUMBER.SERIAL.key``. A name
that leaves no room for these is cut, and ends with ``~`` and the beginning of its SHA-256.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from cryptography import x509

from certstrap.errors import CertstrapError, RefusedError, attempted
from certstrap.pki import decode
from certstrap.pki.validity import BACKDATED
from certstrap.store import files
from certstrap.store.depot import (
    CERTIFICATE,
    CHAIN,
    KEY,
    PKCS8,
    PKCS12,
    REQUEST,
    DepotFolder,
    Entry,
)
from certstrap.text import serial_number

_SUFFIXES = (PKCS8, CHAIN, KEY, REQUEST, CERTIFICATE, PKCS12)
PRIVATE = {KEY, PKCS8, PKCS12}
_LONGEST = 255 - len(f".999999.{'f' * 40}{PKCS8}")
"""Bytes of a name that leave room for the rest; a file name has at most 255 (NAME_MAX)."""
_NAME = re.compile(
    rf"(.+)\.([0-9]+)\.-?[0-9A-Fa-f]+({'|'.join(map(re.escape, _SUFFIXES))})", re.DOTALL
)


class Archived(NamedTuple):
    """What one renewal replaced: its files by their suffixes."""

    paths: dict[str, str]

    def certificate(self) -> x509.Certificate:
        """Return its certificate."""
        return decode.load_certificate(self.read(CERTIFICATE), self.paths[CERTIFICATE])

    def read(self, suffix: str) -> bytes:
        """Return the content of one of its files."""
        private = suffix in PRIVATE
        return files.read(self.paths[suffix], "archived file", private=private, own=True)


class Archive:
    """The archive of a depot, which is listed once.

    Raises:
        CertstrapError: another user may have put the folder there, or may write to it.
    """

    def __init__(self, depot: DepotFolder) -> None:
        self._depot = depot
        self.root = depot.archive
        if os.path.lexists(self.root):
            files.require_own_folder(self.root)
        self._sets: dict[str, dict[int, dict[str, str]]] = {}
        self._planned: dict[str, list[x509.Certificate]] = {}
        for name in files.names_in(self.root):
            if found := _NAME.fullmatch(name):
                stem, number, suffix = found[1], int(found[2]), found[3]
                paths = self._sets.setdefault(stem, {}).setdefault(number, {})
                paths[suffix] = os.path.join(self.root, name)

    def of(self, entry: Entry) -> list[Archived]:
        """Return what was archived of an entry with a certificate, the last first."""
        return self._of(_stem_of(entry))

    def _of(self, stem: str) -> list[Archived]:
        found = self._sets.get(stem, {})
        return [
            Archived(found[number])
            for number in sorted(found, reverse=True)
            if CERTIFICATE in found[number]
        ]

    def certificates_of(self, entry: Entry) -> Iterator[x509.Certificate]:
        """Yield the certificates of an entry that were replaced and can be read, the last first."""
        yield from self._planned.get(entry.stem, ())
        for archived in self.of(entry):
            with suppress(CertstrapError):
                yield archived.certificate()

    def count_archived(self, entry: Entry, certificate: x509.Certificate) -> None:
        """Let a certificate count as archived that is about to be."""
        self._planned.setdefault(entry.stem, []).append(certificate)

    def certificates(self) -> Iterator[tuple[str, x509.Certificate | CertstrapError]]:
        """Yield each certificate, or the reason why it cannot be read, and its path."""
        for stem in sorted(self._sets):
            for archived in self._of(stem):
                yield archived.paths[CERTIFICATE], attempted(archived.certificate)

    def keys_replaced_by(self, limit: datetime) -> Iterator[str]:
        """Yield the paths of the private keys that a renewal before ``limit`` has replaced.

        A certificate was replaced when the one after it began. Of one that `renew --undo` has
        replaced, its own beginning counts. One that is missing or cannot be read is an error.
        """
        for stem in sorted(self._sets):
            for paths in self._sets[stem].values():
                if CERTIFICATE not in paths and (alone := sorted(PRIVATE & paths.keys())):
                    raise RefusedError(
                        f"Cannot tell when {paths[alone[0]]} was replaced: its certificate is not "
                        "in the archive.",
                        "Remove the file if no client needs it, or move it away.",
                    )
            after: x509.Certificate | None = None
            for archived in self._of(stem):
                certificate = archived.certificate()
                current = after or self._current(stem)
                begins = [each.not_valid_before_utc for each in (certificate, current) if each]
                if max(begins) + BACKDATED < limit:
                    yield from (archived.paths[each] for each in PRIVATE & archived.paths.keys())
                after = certificate

    def _current(self, stem: str) -> x509.Certificate | None:
        """Return what took the place of the last one of these; None if it is gone.

        A name that was cut is not looked for: `renew` names its files so only if they are long.
        """
        entry = self._depot.entry(stem)
        return entry.certificate() if entry.has(CERTIFICATE) else None

    def next_number(self, entry: Entry) -> int:
        """Return the number of the next renewal of an entry."""
        return max(self._sets.get(_stem_of(entry), {}), default=0) + 1

    def paths(self, entry: Entry, *suffixes: str) -> list[str]:
        """Return the paths of an entry's archived files with these suffixes."""
        sets = self._sets.get(_stem_of(entry), {}).values()
        return [each[suffix] for each in sets for suffix in suffixes if suffix in each]

    def path(self, entry: Entry, number: int, serial: int, suffix: str) -> str:
        """Return where a file that is replaced goes."""
        name = f"{_stem_of(entry)}.{number}.{serial_number(serial)}{suffix}"
        return os.path.join(self.root, name)


def _stem_of(entry: Entry) -> str:
    name = os.fsencode(entry.stem)
    if len(name) <= _LONGEST:
        return entry.stem
    digest = sha256(name).hexdigest()[:16]
    cut = name[: _LONGEST - len(digest) - 1].decode(errors="ignore")
    return f"{cut}~{digest}"
