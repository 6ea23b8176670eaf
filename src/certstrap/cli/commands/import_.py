"""``certstrap import``."""

from typing import Annotated

import typer

from certstrap.cli import options
from certstrap.cli.context import Context
from certstrap.cli.render.created import key_line
from certstrap.cli.session import new_session, passphrases, require_one_standard_input
from certstrap.cli.terminal import say
from certstrap.operations.import_ import import_certificate
from certstrap.store.depot import KEY, Name
from certstrap.store.files import source_of

EXAMPLE = "certstrap import Root --cert ca.pem --key ca.key"


def command(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name in the depot.")],
    cert: Annotated[
        str, typer.Option("--cert", metavar="FILE", help="The certificate, a CA's or a leaf's.")
    ],
    key: Annotated[str, typer.Option("--key", metavar="FILE", help="Its private key.")] = "",
    csr: Annotated[str, typer.Option("--csr", metavar="FILE", help="Its request.")] = "",
    passphrase: options.PassphraseText = None,
    passphrase_file: options.PassphraseFile = None,
    no_passphrase: options.NoCopyPassphrase = False,
) -> None:
    """Copy a certificate from any tool into the depot."""
    context: Context = ctx.obj
    require_one_standard_input(
        {"--cert": cert, "--key": key, "--csr": csr, "--passphrase-file": passphrase_file}
    )
    given = passphrases(context, passphrase, passphrase_file, no_passphrase, ask_new=False)
    session = new_session(context, given)
    entry_name = Name.parse(name)
    imported = session.transact(
        lambda new: import_certificate(session, new, entry_name, cert, key, csr), creates=True
    )
    for path in imported.paths:
        say(key_line(path, imported.key_encrypted and path.endswith(KEY)))
    if imported.left:
        more = f"{imported.left} more in {source_of(cert)}"
        say(f"Not imported: {more}. Import each under its own name.")
