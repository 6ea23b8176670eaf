"""``certstrap export-chain``."""

from typing import Annotated

import typer

from certstrap.authority.export import export_chain
from certstrap.cli import name_options, output_options
from certstrap.cli.console import remark, say
from certstrap.cli.context import Context
from certstrap.cli.passphrases import passphrases
from certstrap.cli.plans import new_plan
from certstrap.names import Name

EXAMPLE = "certstrap export-chain your-namespace"


def command(
    ctx: typer.Context,
    name: name_options.CertificateName,
    with_root: Annotated[bool, typer.Option("--with-root", help="Include the root.")] = False,
    output: Annotated[
        str,
        output_options.file_or_device("--output", help="Write the chain to FILE."),
    ] = "",
) -> None:
    """Write a certificate and the intermediates above it."""
    context: Context = ctx.obj
    with new_plan(context, passphrases(context)) as plan:
        chain = export_chain(plan, Name.parse(name), with_root=with_root, output=output)
    say(f"Created {chain.path}")
    remark(chain.warnings)
