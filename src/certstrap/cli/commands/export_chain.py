"""``certstrap export-chain``."""

import typer

from certstrap.cli import options
from certstrap.cli.context import Context
from certstrap.cli.session import new_session
from certstrap.cli.terminal import say, warn
from certstrap.operations.export import export_chain
from certstrap.store.depot import Name

EXAMPLES = (
    "certstrap export-chain your-namespace",
    "certstrap export-chain your-namespace --with-root",
    "certstrap export-chain your-namespace --output chain.pem",
)


def command(
    ctx: typer.Context,
    name: str = options.CERTIFICATE_NAME,
    with_root: bool = options.flag("--with-root", "Include the root."),
    output: str = options.file_or_device("--output", "Write the chain to FILE."),
) -> None:
    """Write a certificate and the intermediates above it."""
    context: Context = ctx.obj
    session = new_session(context)
    whose = Name.parse(name)
    chain = session.transact(
        lambda new: export_chain(session, new, whose, with_root=with_root, output=output),
        filter(None, [output]),
    )
    say(f"Created {chain.path}")
    warn(*chain.warnings)
