"""The values that shell completion offers: words of an option, names of the depot."""

from collections.abc import Callable, Iterable

import typer

from certstrap.cli.context import Context
from certstrap.errors import CertstrapError
from certstrap.store.depot import CERTIFICATE, CRL, KEY, PKCS8, REQUEST, DepotFolder

Complete = Callable[[typer.Context, str], list[str]]
"""Returns what may take the place of a word that is not complete."""


def words(offered: Iterable[str]) -> Complete:
    """Return what offers these words."""

    def matching(_ctx: typer.Context, incomplete: str) -> list[str]:
        return [word for word in offered if word.casefold().startswith(incomplete.casefold())]

    return matching


def _of_depot(names: Callable[[DepotFolder], Iterable[str]]) -> Complete:
    """Return what offers names of the depot; none if it cannot be read, as nobody sees an error."""

    def matching(ctx: typer.Context, incomplete: str) -> list[str]:
        path = ctx.find_root().params.get("depot_path") or Context().depot_path
        try:
            return words(names(DepotFolder(str(path))))(ctx, incomplete)
        except CertstrapError:
            return []

    return matching


cas = _of_depot(lambda depot: (ca.entry.stem for ca in depot.authorities))
certificates = _of_depot(lambda depot: (each.stem for each in depot.with_suffix(CERTIFICATE)))
requests = _of_depot(  # those that are not signed yet
    lambda depot: (each.stem for each in depot.with_suffix(REQUEST) if not each.has(CERTIFICATE))
)


@_of_depot
def stems(depot: DepotFolder) -> Iterable[str]:
    """Offer all names."""
    every = (depot.with_suffix(suffix) for suffix in (KEY, REQUEST, CERTIFICATE, CRL))
    return sorted({entry.stem for entries in every for entry in entries})


@_of_depot
def leaves(depot: DepotFolder) -> Iterable[str]:
    """Offer the certificates that are not a CA's."""
    found = {authority.entry for authority in depot.authorities}
    return (entry.stem for entry in depot.with_suffix(CERTIFICATE) if entry not in found)


@_of_depot
def own_keys(depot: DepotFolder) -> Iterable[str]:
    """Offer the keys, without copies."""
    stems = {entry.stem for entry in depot.with_suffix(KEY)}
    return sorted(stems - {(stem + PKCS8).removesuffix(KEY) for stem in stems})


def keys(ctx: typer.Context, incomplete: str) -> list[str]:
    """Offer the keys, without those of CAs and without copies."""
    offered = cas(ctx, incomplete)
    return [stem for stem in own_keys(ctx, incomplete) if stem not in offered]
