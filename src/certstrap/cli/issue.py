"""``certstrap issue``."""

from shlex import quote
from typing import Annotated

import typer

from certstrap.authority.issue import Issued, Wanted, issue
from certstrap.cli import options
from certstrap.cli.console import generate, say
from certstrap.cli.lines import say_ca, say_request, say_signed
from certstrap.cli.passphrases import passphrases
from certstrap.cli.world import World
from certstrap.depot import Depot
from certstrap.keys import KeySpec
from certstrap.names import AlternativeNames, Name
from certstrap.validity import Expiry

EXAMPLE = "certstrap issue your-namespace"


def command(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose certificate it is.")],
    ca: options.CA = "",
    passphrase: options.PassphraseText = None,
    passphrase_file: options.PassphraseFile = None,
    no_passphrase: options.NoPassphrase = False,
    key_bits: Annotated[
        int | None, typer.Option("--key-bits", metavar="N", help="Bits of a new RSA key (2048).")
    ] = None,
    curve: options.Curve = "",
    expires: options.Expires = "2 years",
    ip: options.Addresses = None,
    domain: options.Domains = None,
    uri: options.Uris = None,
    pkcs8: Annotated[
        bool, typer.Option("--pkcs8", help="Write the key as PKCS#8 too, for the Java SDK.")
    ] = False,
) -> None:
    """Do all that is missing for a client certificate.

    That is a CA, a key, a request and the signature. What is in the depot already is used as it is.
    A curve is used for a new CA too.
    """
    world: World = ctx.obj
    wanted = Wanted(
        Name(name),
        ca,
        AlternativeNames.parse(domain or (), ip or (), uri or ()),
        None if key_bits is None and not curve else KeySpec.of(key_bits or 0, curve),
        Expiry.parse(expires),
        pkcs8,
    )
    ask = world.is_interactive
    asked = passphrases(
        world, passphrase, passphrase_file, no_passphrase, ask_opening=ask, ask_new=ask
    )
    issued = issue(Depot(world.depot_path), wanted, asked, world.now(), generate)
    _say_created(issued)
    _say_next(issued, world.depot_path, name, pkcs8)


def _say_created(issued: Issued) -> None:
    if issued.ca:
        say_ca(issued.ca)
    if issued.request:
        say_request(issued.request)
    if issued.signed:
        say_signed(issued.signed)
    else:
        end = issued.certificate.not_valid_after_utc
        say(f"{issued.certificate_path} is there already, and valid until {end:%Y-%m-%d}.")
    if issued.pkcs8:
        say(f"Created {issued.pkcs8}")
    made_ca_key = issued.ca and not issued.ca.encrypted
    request = issued.request
    if made_ca_key or (request and not request.key_was_read and not request.key.encrypted):
        say("New keys are in the clear: --passphrase-file FILE would encrypt them.")


def _say_next(issued: Issued, depot_path: str, name: str, pkcs8: bool) -> None:
    key = issued.key_path or f"the key that {issued.certificate_path} was made for"
    if issued.pkcs8_path and (pkcs8 or issued.key_encrypted):
        key = issued.pkcs8_path
    depot = "" if depot_path == "out" else f"--depot-path {quote(depot_path)} "
    say("")
    say("What to do next:")
    if issued.ca_is_root:
        say(f"  Upload {issued.ca_path} to your Namespace, as its CA certificate.")
        say(f"  Give your client {issued.certificate_path} and {key}.")
    else:
        say(f"  Upload the root above {issued.ca_path} to your Namespace, as its CA certificate.")
        say(
            f"  Give your client its chain (certstrap {depot}export-chain {quote(name)}) and {key}."
        )
    if issued.key_encrypted and not issued.pkcs8_path:
        command = f"certstrap {depot}export-pkcs8 {quote(name)}"
        say(f"  Clients want that key in the clear: {command} writes it.")
