"""``certstrap request-cert``."""

from typing import Annotated

import typer

from certstrap.authority.request import common_name_of, name_of, request_certificate
from certstrap.cli import options
from certstrap.cli.console import generate, say_pem
from certstrap.cli.lines import say_request
from certstrap.cli.passphrases import passphrases
from certstrap.cli.world import World
from certstrap.depot import Depot
from certstrap.keys import KeySpec
from certstrap.names import AlternativeNames, Subject

EXAMPLE = "certstrap request-cert --common-name your-namespace"


def command(
    ctx: typer.Context,
    common_name: options.CommonName = "",
    passphrase: options.PassphraseText = None,
    passphrase_file: options.PassphraseFile = None,
    no_passphrase: options.NoPassphrase = False,
    key_bits: options.KeyBits = 2048,
    curve: options.Curve = "",
    organization: options.Organization = "",
    organizational_unit: options.OrganizationalUnit = "",
    country: options.Country = "",
    province: options.Province = "",
    locality: options.Locality = "",
    ip: options.Addresses = None,
    domain: options.Domains = None,
    uri: options.Uris = None,
    key: Annotated[
        str,
        typer.Option(
            "--key", metavar="FILE", help="The key: read if FILE exists, else created there."
        ),
    ] = "",
    csr: Annotated[
        str, typer.Option("--csr", metavar="FILE", help="Write the request to FILE.")
    ] = "",
    stdout: options.ToStdout = False,
) -> None:
    """Create a key and a certificate request."""
    world: World = ctx.obj
    names = AlternativeNames.parse(domain or (), ip or (), uri or ())
    name = name_of(common_name, names)
    request = request_certificate(
        Depot(world.depot_path),
        name,
        Subject(
            common_name_of(name, names),
            organization,
            organizational_unit,
            country,
            province,
            locality,
        ),
        names,
        KeySpec.of(key_bits, curve),
        passphrases(world, passphrase, passphrase_file, no_passphrase),
        key_file=key,
        request_file=csr,
        generate=generate,
    )
    say_request(request)
    if stdout:
        say_pem(request.request)
