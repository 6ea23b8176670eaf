"""The options of several commands for keys: their kind, and whether they are encrypted."""

from typing import Annotated

import typer

from certstrap.cli import completion

KeyBits = Annotated[
    int, typer.Option("--key-bits", metavar="N", help="Size of a new RSA key, in bits.")
]
Curve = Annotated[
    str,
    typer.Option(
        "--curve",
        metavar="CURVE",
        help="Curve of a new key, instead of RSA: P-224, P-256, P-384, P-521 or Ed25519.",
        autocompletion=completion.curves,
    ),
]
PassphraseText = Annotated[
    str | None,
    typer.Option(
        "--passphrase",
        metavar="TEXT",
        help="Passphrase of the key. Visible in the process list. Empty means none.",
    ),
]
NoPassphrase = Annotated[
    bool,
    typer.Option("--no-passphrase", help="Do not ask for a passphrase or encrypt new keys."),
]
NoKeyPassphrase = Annotated[
    bool,
    typer.Option(
        "--no-passphrase",
        help="The key is not encrypted. If it is, its passphrase is asked for on a terminal only.",
    ),
]
NoCopyPassphrase = Annotated[
    bool,
    typer.Option("--no-passphrase", help="Do not ask for a passphrase or encrypt the new file."),
]
AllowCA = Annotated[bool, typer.Option("--allow-ca", help="Export a CA's key too.")]
