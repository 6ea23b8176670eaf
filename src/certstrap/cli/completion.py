"""The values that shell completion offers: words of an option, names of the depot."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import typer

from certstrap.cli.context import Context
from certstrap.errors import CertstrapError

if TYPE_CHECKING:
    from certstrap.store.depot import Depot


def curves(incomplete: str) -> list[str]:
    """Return the curves that begin so."""
    from certstrap.pki.keys import CURVES  # noqa: PLC0415 - only a shell that completes needs it

    return _beginning(incomplete, lambda: CURVES)


def reasons(incomplete: str) -> list[str]:
    """Return the reasons for a revocation that begin so."""
    from certstrap.pki.crl import REASONS  # noqa: PLC0415

    return _beginning(incomplete, lambda: REASONS)


def profiles(incomplete: str) -> list[str]:
    """Return the profiles that begin so."""
    return _beginning(incomplete, lambda: ("client", "server", "both"))


def formats(incomplete: str) -> list[str]:
    """Return the formats of a client's configuration that begin so."""
    from certstrap.cli.render.connect import FORMATS  # noqa: PLC0415

    return _beginning(incomplete, lambda: FORMATS)


def shells(incomplete: str) -> list[str]:
    """Return the shells that begin so."""
    from certstrap.cli.render.connect import SHELLS  # noqa: PLC0415

    return _beginning(incomplete, lambda: SHELLS)


def cas(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the CAs of the depot that begin so."""
    return _beginning(incomplete, lambda: (ca.entry.stem for ca in _depot(ctx).authorities))


def requests(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the requests of the depot that begin so and are not signed yet."""
    from certstrap.store.depot import CERTIFICATE, REQUEST  # noqa: PLC0415

    def stems() -> list[str]:
        entries = _depot(ctx).with_suffix(REQUEST)
        return [entry.stem for entry in entries if not entry.has(CERTIFICATE)]

    return _beginning(incomplete, stems)


def certificates(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the certificates of the depot that begin so."""
    from certstrap.store.depot import CERTIFICATE  # noqa: PLC0415

    return _beginning(incomplete, lambda: (e.stem for e in _depot(ctx).with_suffix(CERTIFICATE)))


def stems(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the names of the depot that begin so."""
    from certstrap.store.depot import CERTIFICATE, CRL, KEY, REQUEST  # noqa: PLC0415

    def found() -> set[str]:
        depot = _depot(ctx)
        every = (depot.with_suffix(suffix) for suffix in (KEY, REQUEST, CERTIFICATE, CRL))
        return {entry.stem for entries in every for entry in entries}

    return _beginning(incomplete, lambda: sorted(found()))


def leaves(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the certificates of the depot that begin so and are not a CA's."""
    from certstrap.store.depot import CERTIFICATE  # noqa: PLC0415

    def stems() -> list[str]:
        depot = _depot(ctx)
        cas = {authority.entry for authority in depot.authorities}
        return [entry.stem for entry in depot.with_suffix(CERTIFICATE) if entry not in cas]

    return _beginning(incomplete, stems)


def keys(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the keys of the depot that begin so, without those of CAs and without copies."""
    from certstrap.store.depot import KEY, PKCS8  # noqa: PLC0415

    def stems() -> list[str]:
        depot = _depot(ctx)
        found = depot.with_suffix(KEY)
        left_out = {authority.entry for authority in depot.authorities}
        left_out |= {depot.entry((entry.stem + PKCS8).removesuffix(KEY)) for entry in found}
        return [entry.stem for entry in found if entry not in left_out]

    return _beginning(incomplete, stems)


def _depot(ctx: typer.Context) -> "Depot":
    from certstrap.store.depot import Depot  # noqa: PLC0415

    path = ctx.find_root().params.get("depot_path") or Context().depot_path
    return Depot(str(path))


def _beginning(incomplete: str, words: Callable[[], Iterable[str]]) -> list[str]:
    """Return the words that begin so; none if the depot cannot be read, as nobody sees an error."""
    try:
        return [word for word in words() if word.casefold().startswith(incomplete.casefold())]
    except CertstrapError:
        return []
