"""The options and the argument of several commands for the names in a certificate."""

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
CertificateName = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="The name in the certificate.",
        autocompletion=completion.certificates,
    ),
]
