"""``certstrap import``."""

from typing import Annotated

import typer

from certstrap.cli import options
from certstrap.cli.context import Context
from certstrap.cli.render.created import key_line
from certstrap.cli.session import new_session, passphrases
from certstrap.cli.terminal import say
from certstrap.operations.import_ import import_certificate
from certstrap.store.depot import KEY, Name

EXAMPLES = (
    "certstrap import Root --cert ca.pem --key ca.key",
    "certstrap import client --cert client.pem --key client.key",
    "certstrap import client --cert client.p12 --passphrase-file passphrase.txt",
)


def command(
    ctx: typer.Context,
    name: Annotated[str, options.argument("NAME", "Its name in the depot.")],
    cert: Annotated[
        str,
        options.source(
            "--cert",
            "The certificate, a CA's or a leaf's, and the CAs above it. From a PKCS#12 file, its "
            "key too.",
        ),
    ],
    key: Annotated[str, options.source("--key", "Its private key.")] = "",
    csr: Annotated[str, options.source("--csr", "Its request.")] = "",
    passphrase: options.PassphraseText = None,
    passphrase_file: options.PassphraseFile = None,
    no_passphrase: options.NoCopyPassphrase = False,
) -> None:
    """Copy a certificate from any tool into the depot."""
    context: Context = ctx.obj
    given = passphrases(context, passphrase, passphrase_file, no_passphrase, ask_new=False)
    session = new_session(context, given)
    entry_name = Name.parse(name)
    imported = session.transact(
        lambda new: import_certificate(session, new, entry_name, cert, key, csr), creates=True
    )
    for path in imported.paths:
        say(key_line(path, imported.key_encrypted and path.endswith(KEY)))
    say(*(f"Not imported: {each}" for each in imported.not_imported))
