"""``certstrap revoke``."""

import re
from typing import Annotated

import typer

from certstrap.authority.revoke import revoke
from certstrap.cli import options
from certstrap.cli.console import is_terminal, say
from certstrap.cli.passphrases import passphrases
from certstrap.cli.world import World
from certstrap.depot import Depot
from certstrap.errors import Missing, Refused, quoted
from certstrap.names import Name
from certstrap.revocation import REASONS, reason_of

EXAMPLE = 'certstrap revoke --CN your-namespace --CA "Cert" --reason keyCompromise'


def command(
    ctx: typer.Context,
    common_name: Annotated[
        str, typer.Option("--CN", "--cn", metavar="NAME", help="Whose certificate it is.")
    ] = "",
    ca: Annotated[
        str, typer.Option("--CA", metavar="NAME", help="Who issued it; found if not given.")
    ] = "",
    serial: Annotated[
        str,
        typer.Option("--serial", metavar="HEX", help="Its serial number, where its file is gone."),
    ] = "",
    reason: Annotated[
        str,
        typer.Option("--reason", metavar="REASON", help=f"Why: {', '.join(REASONS)}."),
    ] = "",
    passphrase: options.PassphraseText = None,
    passphrase_file: options.PassphraseFile = None,
    no_passphrase: options.NoPassphrase = False,
) -> None:
    """Put a certificate on the CRL of the CA that issued it."""
    world: World = ctx.obj
    if bool(common_name) == bool(serial):
        raise Missing("Must provide either --CN NAME or --serial HEX", f"For example: {EXAMPLE}")
    revoked = revoke(
        Depot(world.depot_path),
        _serial_number(serial) if serial else Name(common_name),
        ca,
        reason_of(reason),
        passphrases(world, passphrase, passphrase_file, no_passphrase),
        world.now(),
    )
    if revoked.since:
        say(f"Revoked already, since {revoked.since:%Y-%m-%d %H:%M:%S} UTC: nothing was changed.")
        return
    count = revoked.entries
    say(f"Updated {revoked.crl_path}: {count} revoked certificate{'s' if count != 1 else ''}")
    if is_terminal():
        say(
            "Temporal Cloud does not check CRLs: to shut this client out there, use a certificate "
            "filter or a new CA."
        )


def _serial_number(text: str) -> int:
    """Return a serial number as OpenSSL writes it: hex digits, with or without colons."""
    digits = text.removeprefix("serial=").removeprefix("0x").replace(":", "")
    if not re.fullmatch("[0-9A-Fa-f]{1,40}", digits) or not int(digits, 16):
        raise Refused(
            f"{quoted(text)} is not a serial number.",
            "Read it with: openssl x509 -noout -serial -in FILE",
        )
    return int(digits, 16)
