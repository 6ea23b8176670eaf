"""The options that several commands share, with what they sign and for how long."""

from typing import Annotated

import typer

from certstrap.cli import completion
from certstrap.cli.context import require_output

CA = Annotated[
    str,
    typer.Option(
        "--CA",
        metavar="NAME",
        help="The CA that signs. Default: the only CA of the depot.",
        autocompletion=completion.cas,
    ),
]
TIME = 'a length of time ("18 months", "90d", "30d10h") or the last day (2027-12-31)'
ExpiresWithCA = Annotated[
    str,
    typer.Option(
        "--expires",
        metavar="TIME",
        help=f"When the certificate ends: {TIME}; no later than its CA. Default: 2 years.",
    ),
]
ProfileName = Annotated[
    str,
    typer.Option(
        "--profile",
        metavar="PROFILE",
        help="What it is for: client, server or both. Default: both.",
        autocompletion=completion.profiles,
    ),
]
Years = Annotated[int | None, typer.Option("--years", metavar="N", hidden=True)]
PassphraseFile = Annotated[
    str | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE",
        help="Read the passphrase from the first line of FILE; - is standard input. Without it, "
        "CERTSTRAP_PASSPHRASE in the environment is used.",
    ),
]
CAPassphraseText = Annotated[
    str | None,
    typer.Option(
        "--passphrase",
        metavar="TEXT",
        help="Passphrase of the CA's key. Visible in the process list.",
    ),
]
NoCAPassphrase = Annotated[
    bool,
    typer.Option(
        "--no-passphrase",
        help="The CA's key is not encrypted. If it is, its passphrase is asked for on a terminal "
        "only.",
    ),
]


def _require_output(wanted: bool) -> bool:
    """Refuse to do what is asked for if the result cannot be printed."""
    if wanted:
        require_output()
    return wanted


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.", callback=_require_output)]
ToStdout = Annotated[
    bool, typer.Option("--stdout", help="Print the PEM as well.", callback=_require_output)
]
