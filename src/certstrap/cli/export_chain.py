"""``certstrap export-chain``."""

from typing import Annotated

import typer

from certstrap.authority.chain import export_chain
from certstrap.cli.console import say
from certstrap.cli.world import World
from certstrap.depot import Depot
from certstrap.names import Name

EXAMPLE = "certstrap export-chain your-namespace"


def command(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose chain it is.")],
    with_root: Annotated[
        bool, typer.Option("--with-root", help="End with the root, not before it.")
    ] = False,
    output: Annotated[
        str, typer.Option("--output", metavar="FILE", help="Write the chain to FILE.")
    ] = "",
) -> None:
    """Write a certificate and the intermediates above it."""
    world: World = ctx.obj
    depot = Depot(world.depot_path)
    say(f"Created {export_chain(depot, Name(name), with_root=with_root, output=output)}")
