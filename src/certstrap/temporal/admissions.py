"""Certificate filters and the depot: which of its clients a filter admits."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from cryptography import x509

from certstrap.certificates import rules
from certstrap.certificates.properties import is_ca
from certstrap.depot import CERTIFICATE, Depot, Entry
from certstrap.depot.chain import issuers_of, revoked
from certstrap.errors import RefusedError
from certstrap.temporal.filters import Filter, choices_of


class Leaf(NamedTuple):
    """A client's certificate in the depot."""

    entry: Entry
    certificate: x509.Certificate

    @property
    def path(self) -> str:
        """Where it is."""
        return self.entry.path(CERTIFICATE)


class Admission(NamedTuple):
    """A leaf that a filter admits although it was not asked for.

    Attributes:
        filter: the filter.
        path: the leaf.
        revoked: whether it is revoked, which Temporal Cloud does not know.
    """

    filter: Filter
    path: str
    revoked: bool


class Match(NamedTuple):
    """A leaf, and the filters that admit it.

    Attributes:
        name: the name of its files.
        path: its certificate.
        numbers: the filters, from 1 on; none if it is shut out.
        revoked: whether it is admitted although it is revoked.
    """

    name: str
    path: str
    numbers: tuple[int, ...]
    revoked: bool


def leaves_of(depot: Depot) -> list[Leaf]:
    """Return the certificates of the depot that are not a CA's and can be read, by stem."""
    return [Leaf(*found) for found in depot.certificates() if not is_ca(found[1])]


def leaf_of(depot: Depot, entry: Entry, *, admitted: bool = True) -> Leaf:
    """Return the certificate of an entry.

    Raises:
        RefusedError: it is a CA's, or is revoked and is to be admitted.
    """
    leaf = Leaf(entry, entry.certificate())
    if is_ca(leaf.certificate):
        raise RefusedError(
            f"{leaf.path} is a CA's certificate, and filters are for clients.", "Name a client."
        )
    if admitted:
        chain = [leaf.certificate, *issuers_of(depot, leaf.certificate)]
        rules.require(revoked(depot, chain, leaf.path))
    return leaf


def filters_for(
    depot: Depot, wanted: Sequence[Leaf], now: datetime
) -> tuple[list[Filter], list[Admission]]:
    """Return filters that admit these leaves, and whom else of the same CA they admit.

    Leaves that have expired are not counted, as nobody admits them.

    Raises:
        RefusedError: there is no filter for a leaf; see `filters.choices_of`.
    """
    others = [
        leaf
        for leaf in leaves_of(depot)
        if leaf.entry not in {each.entry for each in wanted}
        and leaf.certificate.not_valid_after_utc >= now
    ]
    filters: list[Filter] = []
    admissions: list[Admission] = []
    for leaf in wanted:
        choices = choices_of(leaf.certificate, leaf.path)
        root = _root_above(depot, leaf.certificate)
        rivals = [
            other
            for other in others
            if choices[0].admits(other.certificate)
            and _root_above(depot, other.certificate) == root
        ]
        found = min(choices, key=_admitting(rivals))
        if found not in filters:
            filters.append(found)
            admissions += [
                Admission(found, other.path, _is_revoked(depot, other))
                for other in rivals
                if found.admits(other.certificate)
            ]
    return filters, admissions


def _admitting(rivals: Sequence[Leaf]) -> Callable[[Filter], int]:
    return lambda each: sum(each.admits(rival.certificate) for rival in rivals)


def _root_above(depot: Depot, certificate: x509.Certificate) -> x509.Certificate | None:
    """Return the last CA above a certificate that the depot has; whoever trusts it trusts all."""
    return next(reversed(issuers_of(depot, certificate)), None)


def _is_revoked(depot: Depot, leaf: Leaf) -> bool:
    chain = [leaf.certificate, *issuers_of(depot, leaf.certificate)]
    return any(True for _ in revoked(depot, chain, leaf.path))


def matches(depot: Depot, filters: Sequence[Filter], leaves: Sequence[Leaf]) -> Iterator[Match]:
    """Yield for each leaf the filters that admit it."""
    for leaf in leaves:
        numbers = tuple(n for n, each in enumerate(filters, 1) if each.admits(leaf.certificate))
        admitted = bool(numbers) and _is_revoked(depot, leaf)
        yield Match(leaf.entry.stem, leaf.path, numbers, admitted)
