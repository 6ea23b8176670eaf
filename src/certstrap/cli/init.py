"""``certstrap init``."""

from typing import Annotated

import typer

from certstrap.authority.create import create_ca
from certstrap.certificates import CAProfile
from certstrap.cli import options
from certstrap.cli.console import generate, say_pem
from certstrap.cli.lines import say_ca
from certstrap.cli.passphrases import passphrases
from certstrap.cli.world import World
from certstrap.depot import Depot
from certstrap.errors import Missing
from certstrap.keys import KeySpec
from certstrap.names import Name, Subject, parse_domain
from certstrap.validity import Expiry

EXAMPLE = 'certstrap init --common-name "Cert"'


def command(
    ctx: typer.Context,
    common_name: options.CommonName = "",
    passphrase: options.PassphraseText = None,
    passphrase_file: options.PassphraseFile = None,
    no_passphrase: options.NoPassphrase = False,
    key_bits: options.KeyBits = 4096,
    curve: options.Curve = "",
    expires: options.Expires = "18 months",
    years: options.Years = None,
    organization: options.Organization = "",
    organizational_unit: options.OrganizationalUnit = "",
    country: options.Country = "",
    province: options.Province = "",
    locality: options.Locality = "",
    key: Annotated[
        str, typer.Option("--key", metavar="FILE", help="Use the key in FILE; it is copied.")
    ] = "",
    stdout: options.ToStdout = False,
    permit_domain: Annotated[
        list[str] | None,
        typer.Option(
            "--permit-domain",
            metavar="DOMAIN",
            help="Let the CA sign only names in DOMAIN; may be repeated.",
        ),
    ] = None,
    path_length: Annotated[
        int, typer.Option("--path-length", metavar="N", help="How many intermediates may follow.")
    ] = 0,
    exclude_path_length: Annotated[
        bool, typer.Option("--exclude-path-length", help="Let any number of intermediates follow.")
    ] = False,
) -> None:
    """Create a CA: its key, its certificate and an empty CRL."""
    world: World = ctx.obj
    if not common_name.strip():
        raise Missing("Must supply Common Name for CA", f"For example: {EXAMPLE}")
    name = Name(common_name)
    expiry, spec = Expiry.parse(expires), KeySpec.of(key_bits, curve)
    permitted = [domain.strip() for text in permit_domain or () for domain in text.split(",")]
    ca = create_ca(
        Depot(world.depot_path),
        name,
        Subject(name.text, organization, organizational_unit, country, province, locality),
        key or spec,
        CAProfile(
            None if exclude_path_length else path_length,
            tuple(parse_domain(domain, wildcard=False) for domain in permitted),
        ),
        expiry if years is None else expiry.plus_years(years),
        passphrases(world, passphrase, passphrase_file, no_passphrase),
        world.now(),
        generate,
    )
    say_ca(ca, key)
    if stdout:
        say_pem(ca.issuer.certificate)
