"""The options and arguments that several commands share."""

import os
import shlex
from typing import Annotated, Any

import typer

from certstrap.cli import completion
from certstrap.cli.context import require_output
from certstrap.cli.terminal import STANDARD_OUTPUT
from certstrap.errors import NotFoundError, RefusedError
from certstrap.hints import Hint
from certstrap.pki.keys import CURVES
from certstrap.session import Session
from certstrap.store.depot import Entry, Name
from certstrap.store.files import STANDARD_INPUT


def for_example(line: str) -> Hint:
    """Return the example of a command, whose options all have values, as a hint."""
    words = iter(shlex.split(line))
    command = tuple((word, next(words)) if word.startswith("--") else word for word in words)
    return Hint("For example", command)


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
        help=f"When the certificate expires: {TIME}; no later than its CA. Default: 2 years.",
    ),
]
ProfileName = Annotated[
    str,
    typer.Option(
        "--profile",
        metavar="PROFILE",
        help="What it is for: client, server or both. Default: both.",
        autocompletion=completion.words(("client", "server", "both")),
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


KeyBits = Annotated[
    int, typer.Option("--key-bits", metavar="N", help="Size of a new RSA key, in bits.")
]
Curve = Annotated[
    str,
    typer.Option(
        "--curve",
        metavar="CURVE",
        help="Curve of a new key, instead of RSA: P-224, P-256, P-384, P-521 or Ed25519.",
        autocompletion=completion.words(CURVES),
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


CommonName = Annotated[
    str, typer.Option("--common-name", "--cn", metavar="NAME", help="Common name (CN).")
]
Organization = Annotated[
    str, typer.Option("--organization", "--o", "-o", metavar="TEXT", help="Organization (O).")
]
OrganizationalUnit = Annotated[
    str,
    typer.Option("--organizational-unit", "--ou", metavar="TEXT", help="Organizational unit (OU)."),
]
Country = Annotated[
    str,
    typer.Option(
        "--country", "--c", "-c", metavar="CC", help="Country (C), two letters such as DE."
    ),
]
Province = Annotated[
    str, typer.Option("--province", "--st", metavar="TEXT", help="State or province (ST).")
]
Locality = Annotated[
    str, typer.Option("--locality", "--l", "-l", metavar="TEXT", help="Locality (L).")
]
Domains = Annotated[
    list[str] | None,
    typer.Option("--domain", metavar="LIST", help="Domains, separated by commas; repeatable."),
]
Addresses = Annotated[
    list[str] | None,
    typer.Option("--ip", metavar="LIST", help="IP addresses, separated by commas; repeatable."),
]
Uris = Annotated[
    list[str] | None,
    typer.Option("--uri", metavar="LIST", help="URIs, separated by commas; repeatable."),
]
NamespaceID = Annotated[
    str, typer.Option("--namespace", metavar="ID", help="The Namespace, as in your-namespace.acct.")
]
BundleFile = Annotated[
    str, typer.Option("--output", metavar="FILE", help="Write the bundle to FILE.")
]
CertificateName = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="The name in the certificate.",
        autocompletion=completion.certificates,
    ),
]


def file(*spellings: str, help: str) -> Any:  # noqa: A002 - as typer calls it
    """Return an option that names a file to write; ``-`` is refused."""
    return _option(spellings, help, "A file of that name is ./-.")


def file_or_device(*spellings: str, help: str) -> Any:  # noqa: A002
    """Return the same where a device such as ``/dev/stdout`` may take the place of the file."""
    hint = "Standard output is /dev/stdout, and a file of that name is ./-."
    return _option(spellings, help, hint)


def _option(spellings: tuple[str, ...], text: str, hint: str) -> Any:
    def refuse_dash(param: typer.CallbackParam, value: str) -> str:
        if value == STANDARD_OUTPUT:
            option = param.opts[-1]  # the short spelling, as in the examples of the help
            raise RefusedError(f"{option} needs the name of a file, not -.", hint)
        return value

    return typer.Option(*spellings, metavar="FILE", help=text, callback=refuse_dash)


def file_unless_dash(path: str) -> str:
    """Return the file that ``--output`` names, or nothing for ``-``: standard output."""
    return "" if path == STANDARD_OUTPUT else path


def named_entry(session: Session, what: str, *suffixes: str) -> Entry | None:
    """Return the entry of a name of the depot that has such a file, or None if a file is meant.

    A name comes before a file; a file is meant by ``-``, and by a path with a folder.

    Raises:
        NotFoundError: there is neither.
    """
    if what == STANDARD_INPUT or os.sep in what:
        return None
    entry = session.depot.find(Name.parse(what), *suffixes)
    if entry.has(*suffixes):
        return entry
    if not os.path.lexists(what):
        raise NotFoundError("file, and no name in the depot,", what, NotFoundError.IN_DEPOT)
    return None


def asks_for_kind(ctx: typer.Context, curve: str) -> bool:
    """Return whether the user said of which kind a new key is to be."""
    source = ctx.get_parameter_source("key_bits")
    return bool(curve) or (source is not None and source.name == "COMMANDLINE")
