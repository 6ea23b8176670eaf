"""The options that several commands share."""

from typing import Annotated

import typer

from certstrap.cli import completion

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

CA = Annotated[
    str,
    typer.Option(
        "--CA",
        metavar="NAME",
        help="The CA that signs. Default: the only CA of the depot.",
        autocompletion=completion.cas,
    ),
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
        autocompletion=completion.curves,
    ),
]
_TIME = 'a length of time ("18 months", "90d", "30d10h") or the last day (2027-12-31)'
Expires = Annotated[
    str,
    typer.Option("--expires", metavar="TIME", help=f"When the certificate ends: {_TIME}."),
]
ExpiresWithCA = Annotated[
    str,
    typer.Option(
        "--expires",
        metavar="TIME",
        help=f"When the certificate ends: {_TIME}; no later than its CA. Default: 2 years.",
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

PassphraseText = Annotated[
    str | None,
    typer.Option(
        "--passphrase",
        metavar="TEXT",
        help="Passphrase of the key. Visible in the process list. Empty means none.",
    ),
]
PassphraseFile = Annotated[
    str | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE",
        help="Read the passphrase from the first line of FILE; - is standard input. Without it, "
        "CERTSTRAP_PASSPHRASE in the environment is used.",
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
AllowCA = Annotated[bool, typer.Option("--allow-ca", help="Export a CA's key too.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
CertificateName = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="The name in the certificate.",
        autocompletion=completion.certificates,
    ),
]
ToStdout = Annotated[bool, typer.Option("--stdout", help="Print the PEM as well.")]
