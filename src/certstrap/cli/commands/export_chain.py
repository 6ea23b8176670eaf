"""``certstrap export-chain``."""

from certstrap.cli import options
from certstrap.cli.context import Context
from certstrap.cli.session import new_session
from certstrap.cli.terminal import say, warn
from certstrap.operations.export import export_chain
from certstrap.store.depot import Name

EXAMPLES = (
    "certstrap export-chain your-namespace",
    "certstrap export-chain your-namespace --with-root",
    'certstrap export-chain "Cert" --der --output Cert.cer',
)


def command(
    context: Context,
    name: str = options.CERTIFICATE_NAME,
    with_root: bool = options.flag("--with-root", "Include the root."),
    der: bool = options.flag(
        "--der", "Write the certificate alone, in DER, as --issuer-url serves that of a CA."
    ),
    output: str = options.file_or_device("--output", "Write the chain to FILE."),
) -> None:
    """Write a certificate and the intermediates above it."""
    options.refuse_if(
        der and (with_root or not output),
        "--der writes one certificate to the file of --output FILE",
    )
    session = new_session(context)
    whose = Name.parse(name)
    chain = session.transact(
        lambda new: export_chain(session, new, whose, with_root=with_root, der=der, output=output),
        filter(None, [output]),
    )
    say(f"Created {chain.path}")
    warn(*chain.warnings)
