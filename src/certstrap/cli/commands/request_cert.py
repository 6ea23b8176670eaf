"""``certstrap request-cert``."""

from typing import Annotated

import typer

from certstrap.authority.request import common_name_of, name_of, request_certificate
from certstrap.cli import key_options, name_options, options, output_options
from certstrap.cli.console import remark, say, say_pem
from certstrap.cli.context import Context, prints_to_terminal
from certstrap.cli.passphrases import passphrases, require_one_standard_input
from certstrap.cli.plans import new_plan
from certstrap.cli.render.curves import refusal_lines
from certstrap.cli.render.lines import country_lines, request_lines
from certstrap.keys import KeySpec
from certstrap.names import AlternativeNames, Subject

EXAMPLE = "certstrap request-cert --common-name your-namespace"


def command(
    ctx: typer.Context,
    common_name: name_options.CommonName = "",
    passphrase: key_options.PassphraseText = None,
    passphrase_file: options.PassphraseFile = None,
    no_passphrase: key_options.NoPassphrase = False,
    key_bits: key_options.KeyBits = 2048,
    curve: key_options.Curve = "",
    organization: name_options.Organization = "",
    organizational_unit: name_options.OrganizationalUnit = "",
    country: name_options.Country = "",
    province: name_options.Province = "",
    locality: name_options.Locality = "",
    ip: name_options.Addresses = None,
    domain: name_options.Domains = None,
    uri: name_options.Uris = None,
    key: Annotated[
        str,
        typer.Option(
            "--key",
            metavar="FILE",
            help="The key: read if FILE exists, else created there. - is standard input.",
        ),
    ] = "",
    csr: Annotated[
        str,
        output_options.file_or_device("--csr", help="Write the request to FILE."),
    ] = "",
    stdout: options.ToStdout = False,
) -> None:
    """Create a key and a certificate request."""
    context: Context = ctx.obj
    names = AlternativeNames.parse(domain or (), ip or (), uri or ())
    name = name_of(common_name, names)
    subject = Subject.of(
        common_name_of(name, names),
        organization,
        organizational_unit,
        country,
        province,
        locality,
    )
    spec = KeySpec.of(key_bits, curve)
    require_one_standard_input({"--key": key, "--passphrase-file": passphrase_file})
    given = passphrases(context, passphrase, passphrase_file, no_passphrase)
    with new_plan(context, given) as plan:
        entry = plan.depot.place(name)
        new = request_certificate(plan, entry, subject, names, spec, key_file=key, request_file=csr)
    remark(country_lines(subject))
    say(*request_lines(new))
    if prints_to_terminal():
        say(*refusal_lines(new.request.public_key()))
    if stdout:
        say_pem(new.request)
