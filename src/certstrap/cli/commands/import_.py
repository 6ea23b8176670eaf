"""``certstrap import``."""

from certstrap.cli import options
from certstrap.cli.context import Context
from certstrap.cli.render.created import key_line
from certstrap.cli.session import SecretOptions, new_session
from certstrap.cli.terminal import say
from certstrap.operations.import_ import import_certificate
from certstrap.store.depot import KEY, Name

EXAMPLES = (
    "certstrap import Root --cert ca.pem --key ca.key",
    "certstrap import client --cert client.pem --key client.key",
    "certstrap import client --cert client.p12 --passphrase-file passphrase.txt",
)


def command(
    context: Context,
    name: str = options.argument("NAME", "Its name in the depot.", default=...),
    cert: str = options.source(
        "--cert",
        "The certificate, a CA's or a leaf's, and the CAs above it. From a PKCS#12 file, its "
        "key too.",
        default=...,
    ),
    key: str = options.source("--key", "Its private key."),
    csr: str = options.source("--csr", "Its request."),
    secrets: SecretOptions = options.COPY_PASSPHRASE,
) -> None:
    """Copy a certificate from any tool into the depot."""
    session = new_session(context, secrets, ask_new=False)
    entry_name = Name.parse(name)
    imported = session.transact(
        lambda new: import_certificate(session, new, entry_name, cert, key, csr), creates=True
    )
    for path in imported.paths:
        say(key_line(path, imported.key_encrypted and path.endswith(KEY)))
    say(*(f"Not imported: {each}" for each in imported.not_imported))
