"""``certstrap sign``."""

from typing import Annotated

import typer
from cryptography.x509 import ObjectIdentifier

from certstrap.authority.sign import choose_ca, sign_request
from certstrap.certificates import BOTH, CLIENT, SERVER, CAProfile, LeafProfile
from certstrap.cli import options
from certstrap.cli.console import read_standard_input, remark, say_pem
from certstrap.cli.lines import say_changed, say_signed
from certstrap.cli.passphrases import passphrases
from certstrap.cli.world import World
from certstrap.depot import Depot
from certstrap.errors import Missing, Refused, quoted
from certstrap.names import Name
from certstrap.validity import Expiry

STANDARD = "-"  # standard input or output, in the place of a file
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
        str,
        typer.Option(
            "--csr", metavar="FILE", help="Read the request from FILE; - is standard input."
        ),
    ] = "",
    cert: Annotated[
        str,
        typer.Option(
            "--cert", metavar="FILE", help="Write the certificate to FILE; - is standard output."
        ),
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
    profile: Annotated[
        str,
        typer.Option(
            "--profile",
            metavar="PROFILE",
            help="What for: client, server or both (both if not given).",
        ),
    ] = "",
) -> None:
    """Sign a request with a CA."""
    world: World = ctx.obj
    if not name or len(name) != 1:
        raise Missing("One host name must be provided.", f"For example: {EXAMPLE}")
    if path_length is not None and not intermediate:
        raise Refused("A path length is for CAs only.", "Give --intermediate too, or leave it out.")
    if profile and intermediate:
        raise Refused("A profile is for end entities.", "Leave out --profile or --intermediate.")
    if csr == passphrase_file == STANDARD:
        raise Refused("Both --csr and --passphrase-file are -.", "Give one of them as a file.")
    depot = Depot(world.depot_path)
    expiry = Expiry.parse(expires)
    signed = sign_request(
        depot,
        Name(name[0]),
        choose_ca(depot, ca),
        CAProfile(path_length or 0) if intermediate else LeafProfile(_usages(profile)),
        expiry if years is None else expiry.with_years(years),
        passphrases(world, passphrase, passphrase_file, no_passphrase),
        world.now(),
        request_file="standard input" if csr == STANDARD else csr,
        request_data=read_standard_input() if csr == STANDARD else None,
        certificate_file=None if cert == STANDARD else cert,
    )
    if cert == STANDARD:
        say_changed(signed, remark)
    else:
        say_signed(signed)
    if stdout or cert == STANDARD:
        say_pem(signed.certificate)


def _usages(profile: str) -> tuple[ObjectIdentifier, ...]:
    """Return the extended key usages of a profile's name."""
    usages = {"": BOTH, "both": BOTH, "client": CLIENT, "server": SERVER}.get(profile)
    if usages is None:
        raise Missing(f"There is no profile {quoted(profile)}.", "Choose client, server or both.")
    return usages
