"""The options that commands share."""

from typing import Annotated

import typer

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
    str, typer.Option("--country", "--c", "-c", metavar="CC", help="Country (C), two letters.")
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
        "--CA", metavar="NAME", help="The CA that signs; the depot's only one if not given."
    ),
]
KeyBits = Annotated[int, typer.Option("--key-bits", metavar="N", help="Bits of a new RSA key.")]
Curve = Annotated[
    str,
    typer.Option(
        "--curve", metavar="CURVE", help="Curve of a new key: P-224, P-256, P-384, P-521, Ed25519."
    ),
]
Expires = Annotated[
    str,
    typer.Option(
        "--expires",
        metavar="TIME",
        help='How long it is valid ("18 months", "90d", "30d10h") or its last day (2027-12-31).',
    ),
]
Years = Annotated[int | None, typer.Option("--years", metavar="N", hidden=True)]
Domains = Annotated[
    list[str] | None,
    typer.Option("--domain", metavar="LIST", help="Domains, a comma list; may be repeated."),
]
Addresses = Annotated[
    list[str] | None,
    typer.Option("--ip", metavar="LIST", help="IP addresses, a comma list; may be repeated."),
]
Uris = Annotated[
    list[str] | None,
    typer.Option("--uri", metavar="LIST", help="URIs, a comma list; may be repeated."),
]

PassphraseText = Annotated[
    str | None,
    typer.Option(
        "--passphrase",
        metavar="TEXT",
        help="Passphrase of the key; anyone can see it in the process list. Empty means none.",
    ),
]
PassphraseFile = Annotated[
    str | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE",
        help="Read the passphrase from the first line of FILE; - is standard input. "
        "CERTSTRAP_PASSPHRASE in the environment is read too.",
    ),
]
NoPassphrase = Annotated[
    bool, typer.Option("--no-passphrase", help="Ask for no new one: new keys are in the clear.")
]
AllowCA = Annotated[bool, typer.Option("--allow-ca", help="Export a CA's key too.")]
ToStdout = Annotated[bool, typer.Option("--stdout", help="Print the PEM as well.")]
