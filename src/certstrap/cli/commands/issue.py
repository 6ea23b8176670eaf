"""``certstrap issue``."""

from typing import Annotated

import typer

from certstrap.authority.issue import Wanted, issue
from certstrap.authority.plan import carry_out
from certstrap.cli import completion, options
from certstrap.cli.console import say
from certstrap.cli.context import Context, is_interactive, prints_to_terminal
from certstrap.cli.passphrases import passphrases
from certstrap.cli.plans import new_plan
from certstrap.cli.render.issue import issued_lines, next_lines
from certstrap.keys import KeySpec
from certstrap.names import AlternativeNames, Name
from certstrap.validity import Expiry

EXAMPLE = "certstrap issue your-namespace"


def command(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="The name in the certificate.",
            autocompletion=completion.requests,
        ),
    ],
    ca: options.CA = "",
    passphrase: options.PassphraseText = None,
    passphrase_file: options.PassphraseFile = None,
    no_passphrase: options.NoPassphrase = False,
    key_bits: Annotated[
        int | None,
        typer.Option(
            "--key-bits",
            metavar="N",
            help="Size of a new RSA key for the client, in bits (2048). A new CA has 4096.",
        ),
    ] = None,
    curve: Annotated[
        str,
        typer.Option(
            "--curve",
            metavar="CURVE",
            help="Curve of all new keys, also that of a new CA: P-256, P-384, P-224, P-521 or "
            "Ed25519.",
            autocompletion=completion.curves,
        ),
    ] = "",
    expires: Annotated[
        str,
        typer.Option(
            "--expires",
            metavar="TIME",
            help="When the client's certificate ends, no later than its CA. A new CA ends after "
            "18 months.",
        ),
    ] = "2 years",
    ip: options.Addresses = None,
    domain: options.Domains = None,
    uri: options.Uris = None,
    pkcs8: Annotated[
        bool, typer.Option("--pkcs8", help="Write the key as PKCS#8 too, for the Java SDK.")
    ] = False,
) -> None:
    """Create whatever is missing for a client certificate.

    That is a CA, a key, a request and the signature. What exists is used as it is.
    """
    context: Context = ctx.obj
    wanted = Wanted(
        Name.parse(name),
        Name.parse(ca) if ca else None,
        AlternativeNames.parse(domain or (), ip or (), uri or ()),
        None if key_bits is None and not curve else KeySpec.of(key_bits or 0, curve),
        Expiry.parse(expires),
        pkcs8,
    )
    ask = is_interactive()
    given = passphrases(
        context, passphrase, passphrase_file, no_passphrase, ask_opening=ask, ask_new=ask
    )
    issued = carry_out(lambda: new_plan(context, given), lambda plan: issue(plan, wanted))
    on_terminal = prints_to_terminal()
    say(
        *issued_lines(issued),
        *next_lines(issued, context.depot_path, name, on_terminal=on_terminal),
    )
