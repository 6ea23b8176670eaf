"""``certstrap export-pkcs12``."""

from typing import Annotated

import typer

from certstrap.authority.pkcs12 import export_pkcs12
from certstrap.cli import options
from certstrap.cli.console import say
from certstrap.cli.passphrases import passphrases
from certstrap.cli.world import World
from certstrap.depot import Depot
from certstrap.names import Name

EXAMPLE = "certstrap export-pkcs12 your-namespace --passphrase-file p12.txt"


def command(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key and certificate.")],
    legacy: Annotated[
        bool,
        typer.Option("--legacy", help="Encrypt with 3DES and SHA-1, for old Java and Windows."),
    ] = False,
    output: Annotated[str, typer.Option("--output", metavar="FILE", help="Write to FILE.")] = "",
    allow_ca: options.AllowCA = False,
    passphrase: options.PassphraseText = None,
    passphrase_file: options.PassphraseFile = None,
    no_passphrase: options.NoPassphrase = False,
) -> None:
    """Write key, certificate and chain as one PKCS#12 file."""
    world: World = ctx.obj
    exported = export_pkcs12(
        Depot(world.depot_path),
        Name(name),
        passphrases(world, passphrase, passphrase_file, no_passphrase),
        legacy=legacy,
        allow_ca=allow_ca,
        output=output,
    )
    if exported.passphrase:
        say(f"Created {exported.path} (encrypted by passphrase)")
        if not exported.passphrase.isascii():
            say("Java does not open it: there, a passphrase is ASCII.")
    else:
        say(f"Created {exported.path}")
        say("It is not encrypted: whoever can read the file has the key.")
        say("Java finds no key in it: there, it has to be encrypted.")
    if exported.missing_issuer:
        say(f'Its chain is incomplete: the depot does not hold "{exported.missing_issuer}".')
