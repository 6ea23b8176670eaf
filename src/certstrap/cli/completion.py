"""The values that shell completion offers: words of an option, names of the depot."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from certstrap.cli.context import Context

if TYPE_CHECKING:
    from certstrap.depot import Depot


def curves(incomplete: str) -> list[str]:
    """Return the curves that begin so."""
    from certstrap.keys import CURVES  # noqa: PLC0415 - only a shell that completes needs it

    return _beginning(incomplete, CURVES)


def reasons(incomplete: str) -> list[str]:
    """Return the reasons for a revocation that begin so."""
    from certstrap.certificates.crl import REASONS  # noqa: PLC0415

    return _beginning(incomplete, REASONS)


def profiles(incomplete: str) -> list[str]:
    """Return the profiles that begin so."""
    return _beginning(incomplete, ("client", "server", "both"))


def cas(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the CAs of the depot that begin so."""
    return _beginning(incomplete, (each.entry.stem for each in _depot(ctx).authorities))


def requests(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the requests of the depot that begin so and are not signed yet."""
    from certstrap.depot import CERTIFICATE, REQUEST  # noqa: PLC0415

    entries = _depot(ctx).with_suffix(REQUEST)
    return _beginning(incomplete, (e.stem for e in entries if not e.has(CERTIFICATE)))


def certificates(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the certificates of the depot that begin so."""
    from certstrap.depot import CERTIFICATE  # noqa: PLC0415

    return _beginning(incomplete, (e.stem for e in _depot(ctx).with_suffix(CERTIFICATE)))


def keys(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the keys of the depot that begin so."""
    from certstrap.depot import KEY  # noqa: PLC0415

    return _beginning(incomplete, (entry.stem for entry in _depot(ctx).with_suffix(KEY)))


def _depot(ctx: typer.Context) -> "Depot":
    from certstrap.depot import Depot  # noqa: PLC0415

    path = ctx.find_root().params.get("depot_path") or Context().depot_path
    return Depot(str(path))


def _beginning(incomplete: str, words: Iterable[str]) -> list[str]:
    return [word for word in words if word.casefold().startswith(incomplete.casefold())]
