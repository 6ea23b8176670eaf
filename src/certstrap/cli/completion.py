"""The values that shell completion offers: words of an option, names of the depot."""

from collections.abc import Callable, Iterable

import typer

from certstrap.cli.context import Context
from certstrap.errors import CertstrapError
from certstrap.store.depot import CERTIFICATE, CRL, KEY, PKCS8, REQUEST, Depot


def words(offered: Iterable[str]) -> Callable[[str], list[str]]:
    """Return what returns those of some words that begin so."""

    def matching(incomplete: str) -> list[str]:
        return _matching(incomplete, lambda: offered)

    return matching


def cas(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the CAs of the depot that begin so."""
    return _matching(incomplete, lambda: (ca.entry.stem for ca in _depot(ctx).authorities))


def requests(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the requests of the depot that begin so and are not signed yet."""

    def stems() -> list[str]:
        entries = _depot(ctx).with_suffix(REQUEST)
        return [entry.stem for entry in entries if not entry.has(CERTIFICATE)]

    return _matching(incomplete, stems)


def certificates(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the certificates of the depot that begin so."""
    return _matching(incomplete, lambda: (e.stem for e in _depot(ctx).with_suffix(CERTIFICATE)))


def stems(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the names of the depot that begin so."""

    def found() -> set[str]:
        depot = _depot(ctx)
        every = (depot.with_suffix(suffix) for suffix in (KEY, REQUEST, CERTIFICATE, CRL))
        return {entry.stem for entries in every for entry in entries}

    return _matching(incomplete, lambda: sorted(found()))


def leaves(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the certificates of the depot that begin so and are not a CA's."""

    def stems() -> list[str]:
        depot = _depot(ctx)
        cas = {authority.entry for authority in depot.authorities}
        return [entry.stem for entry in depot.with_suffix(CERTIFICATE) if entry not in cas]

    return _matching(incomplete, stems)


def keys(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the keys of the depot that begin so, without those of CAs and without copies."""

    def stems() -> list[str]:
        depot = _depot(ctx)
        found = depot.with_suffix(KEY)
        left_out = {authority.entry for authority in depot.authorities}
        left_out |= {depot.entry((entry.stem + PKCS8).removesuffix(KEY)) for entry in found}
        return [entry.stem for entry in found if entry not in left_out]

    return _matching(incomplete, stems)


def _depot(ctx: typer.Context) -> Depot:
    path = ctx.find_root().params.get("depot_path") or Context().depot_path
    return Depot(str(path))


def _matching(incomplete: str, words: Callable[[], Iterable[str]]) -> list[str]:
    """Return the words that begin so; none if the depot cannot be read, as nobody sees an error."""
    try:
        return [word for word in words() if word.casefold().startswith(incomplete.casefold())]
    except CertstrapError:
        return []
