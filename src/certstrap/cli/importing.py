"""``certstrap import``."""

from typing import Annotated

import typer

from certstrap.authority.importing import import_certificate
from certstrap.cli import options
from certstrap.cli.console import say
from certstrap.cli.passphrases import passphrases
from certstrap.cli.world import World
from certstrap.depot import KEY, Depot
from certstrap.names import Name

EXAMPLE = "certstrap import Root --cert ca.pem --key ca.key"


def command(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name it gets in the depot.")],
    cert: Annotated[
        str, typer.Option("--cert", metavar="FILE", help="The certificate, a CA's or a leaf's.")
    ],
    key: Annotated[str, typer.Option("--key", metavar="FILE", help="Its private key.")] = "",
    csr: Annotated[str, typer.Option("--csr", metavar="FILE", help="Its request.")] = "",
    passphrase: options.PassphraseText = None,
    passphrase_file: options.PassphraseFile = None,
    no_passphrase: options.NoPassphrase = False,
) -> None:
    """Copy a certificate of any tool into the depot."""
    world: World = ctx.obj
    imported = import_certificate(
        Depot(world.depot_path),
        Name(name),
        cert,
        key,
        csr,
        passphrases(world, passphrase, passphrase_file, no_passphrase, ask_new=False),
    )
    for path in imported.paths:
        encrypted = imported.key_encrypted and path.endswith(KEY)
        say(f"Created {path}" + (" (encrypted by passphrase)" if encrypted else ""))
    if imported.left:
        say(f"Not imported: {imported.left} more in {cert}. Import each by a name of its own.")
