"""``certstrap sign``."""

from typing import Annotated

import typer

from certstrap.authority import choose_ca, sign_request
from certstrap.certificates import CAProfile, LeafProfile
from certstrap.cli import options
from certstrap.cli.console import say_pem
from certstrap.cli.lines import say_signed
from certstrap.cli.passphrases import passphrases
from certstrap.cli.world import World
from certstrap.depot import Depot
from certstrap.errors import Missing, Refused
from certstrap.names import Name
from certstrap.validity import Expiry

EXAMPLE = 'certstrap sign your-namespace --CA "Cert"'


def command(
    ctx: typer.Context,
    name: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Whose request it is.")
    ] = None,
    ca: options.CA = "",
    passphrase: options.PassphraseText = None,
    passphrase_file: options.PassphraseFile = None,
    no_passphrase: options.NoPassphrase = False,
    expires: options.Expires = "2 years",
    years: options.Years = None,
    csr: Annotated[
        str, typer.Option("--csr", metavar="FILE", help="Read the request from FILE.")
    ] = "",
    cert: Annotated[
        str, typer.Option("--cert", metavar="FILE", help="Write the certificate to FILE.")
    ] = "",
    stdout: options.ToStdout = False,
    intermediate: Annotated[
        bool, typer.Option("--intermediate", help="Sign a CA, an intermediate.")
    ] = False,
    path_length: Annotated[
        int | None,
        typer.Option(
            "--path-length",
            metavar="N",
            help="How many intermediates may follow this one (0 if not given).",
        ),
    ] = None,
) -> None:
    """Sign a request with a CA."""
    world: World = ctx.obj
    if not name or len(name) != 1:
        raise Missing("One host name must be provided.", f"For example: {EXAMPLE}")
    if path_length is not None and not intermediate:
        raise Refused("A path length is for CAs only.", "Give --intermediate too, or leave it out.")
    depot = Depot(world.depot_path)
    expiry = Expiry.parse(expires)
    signed = sign_request(
        depot,
        Name(name[0]),
        choose_ca(depot, ca),
        CAProfile(path_length or 0) if intermediate else LeafProfile(),
        expiry if years is None else expiry.with_years(years),
        passphrases(world, passphrase, passphrase_file, no_passphrase, opening="CA key"),
        world.now(),
        request_file=csr,
        certificate_file=cert,
    )
    say_signed(signed)
    if stdout:
        say_pem(signed.certificate)
