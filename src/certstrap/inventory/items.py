"""What is shown of a depot: its items, and the tree that they are."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Literal, NamedTuple

from certstrap.certificates.rules import Violation

Kind = Literal["ca", "certificate", "request", "key", "crl", "file"]
State = Literal["valid", "not yet valid", "expired", "revoked", "unknown"]


class Item(NamedTuple):
    """The files of one stem.

    Attributes:
        stem: the name of the files, without suffix.
        kind: what they are: a CA or a certificate; else what there is without one: a request, a
            key or a CRL; or a file that cannot be read.
        key: the kind of key, such as ``P-256``; empty if it is not known.
        has_key: whether its private key is in the depot.
        start: when the certificate begins; None without a certificate.
        end: when it ends.
        serial: its serial number.
        issuer: the stem of the CA that issued it, its own for a root; empty if it is not here.
        issuer_name: the issuer as the certificate names it, if it is not here.
        revoked: since when it is revoked.
        crl_end: when the CRL next to it ends.
        problems: what is wrong.
    """

    stem: str
    kind: Kind = "file"
    key: str = ""
    has_key: bool = False
    start: datetime | None = None
    end: datetime | None = None
    serial: int | None = None
    issuer: str = ""
    issuer_name: str = ""
    revoked: datetime | None = None
    crl_end: datetime | None = None
    problems: tuple[Violation, ...] = ()

    def state(self, now: datetime) -> State:
        """Return whether its certificate is good, as far as dates and CRLs say."""
        if self.start is None or self.end is None:
            return "unknown"
        if self.revoked:
            return "revoked"
        if now > self.end:
            return "expired"
        return "valid" if now >= self.start else "not yet valid"


class Status(NamedTuple):
    """What a depot holds.

    Attributes:
        root: its folder.
        now: when it was looked at.
        items: what is in it.
        problems: what is wrong with the folder itself.
    """

    root: str
    now: datetime
    items: tuple[Item, ...]
    problems: tuple[Violation, ...] = ()

    def ending_by(self, limit: datetime) -> list[Item]:
        """Return what ends by then, or has ended; what ends first comes first.

        What is revoked is left out: nobody needs it renewed.
        """
        found = [item for item in self.items if item.end and item.end <= limit and not item.revoked]
        return sorted(found, key=_by_end)

    def unreadable(self) -> list[Item]:
        """Return the items whose certificate cannot be read, so that nobody knows its end."""
        return [
            item
            for item in self.items
            if not item.end and any(each.rule == "unreadable-certificate" for each in item.problems)
        ]

    def tree(self) -> Iterator[tuple[int, Item]]:
        """Yield each item with its depth: a CA, below it what it issued, what ends first first."""
        below: dict[str, list[Item]] = defaultdict(list)
        for item in self.items:
            below["" if item.issuer == item.stem else item.issuer].append(item)
        shown: set[str] = set()
        yield from _branch(below, "", 0, shown)
        for item in self.items:  # CAs that signed each other, and are below no root
            if item.stem not in shown:
                shown.add(item.stem)
                yield 0, item
                yield from _branch(below, item.stem, 1, shown)


_ORDER: dict[Kind, int] = {"ca": 0, "certificate": 1, "request": 2, "key": 3, "crl": 4, "file": 5}


def _branch(
    below: dict[str, list[Item]], stem: str, depth: int, shown: set[str]
) -> Iterator[tuple[int, Item]]:
    order = _by_kind if not stem else _by_end
    waiting = [(depth, item) for item in sorted(below[stem], key=order, reverse=True)]
    while waiting:  # not recursive: chains may be long
        depth, item = waiting.pop()
        if item.stem in shown:
            continue
        shown.add(item.stem)
        yield depth, item
        if item.kind == "ca":
            children = sorted(below[item.stem], key=_by_end, reverse=True)
            waiting += [(depth + 1, child) for child in children]


def _by_end(item: Item) -> tuple[bool, float, str]:
    return item.end is None, item.end.timestamp() if item.end else 0, item.stem


def _by_kind(item: Item) -> tuple[int, bool, float, str]:
    return (_ORDER[item.kind], *_by_end(item))
