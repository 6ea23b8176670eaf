"""``certstrap export-pkcs8``."""

from typing import Annotated

import typer

from certstrap.authority.export import export_pkcs8
from certstrap.cli import options
from certstrap.cli.console import say
from certstrap.cli.passphrases import passphrases
from certstrap.cli.world import World
from certstrap.depot import Depot
from certstrap.names import Name

EXAMPLE = "certstrap export-pkcs8 your-namespace"


def command(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Whose key it is.")] = None,
    encrypt: Annotated[
        bool,
        typer.Option(
            "--encrypt", help="Protect the copy with a passphrase; it is in the clear if not."
        ),
    ] = False,
    key: Annotated[str, typer.Option("--key", metavar="FILE", help="Read the key from FILE.")] = "",
    output: Annotated[
        str, typer.Option("--output", metavar="FILE", help="Write the copy to FILE.")
    ] = "",
    allow_ca: options.AllowCA = False,
    passphrase: options.PassphraseText = None,
    passphrase_file: options.PassphraseFile = None,
    no_passphrase: options.NoPassphrase = False,
) -> None:
    """Write a key as PKCS#8, which the Java SDK reads."""
    world: World = ctx.obj
    path = export_pkcs8(
        Depot(world.depot_path),
        None if name is None else Name(name),
        passphrases(world, passphrase, passphrase_file, no_passphrase),
        encrypt=encrypt,
        allow_ca=allow_ca,
        key_file=key,
        output=output,
    )
    say(f"Created {path}" + (" (encrypted by passphrase)" if encrypt else ""))
