"""``certstrap export-pkcs12``."""

from certstrap.cli import options
from certstrap.cli.context import Context
from certstrap.cli.session import SecretOptions, new_session
from certstrap.cli.terminal import say, warn
from certstrap.operations.export import export_pkcs12
from certstrap.store.depot import Name

EXAMPLES = (
    "certstrap export-pkcs12 your-namespace --passphrase-file passphrase.txt",
    "certstrap export-pkcs12 worker --output client.p12 --no-passphrase",
    "certstrap export-pkcs12 worker --legacy --passphrase-file passphrase.txt",
)


def command(
    context: Context,
    name: str = options.CERTIFICATE_NAME,
    legacy: bool = options.flag(
        "--legacy", "Encrypt with 3DES and SHA-1, for old Java and Windows."
    ),
    output: str = options.file_or_device("--output", "Write to FILE."),
    allow_ca: bool = options.ALLOW_CA,
    secrets: SecretOptions = options.COPY_PASSPHRASE,
) -> None:
    """Write key, certificate and chain as one PKCS#12 file."""
    session = new_session(context, secrets)
    whose = Name.parse(name)
    exported = session.transact(
        lambda new: export_pkcs12(
            session, new, whose, legacy=legacy, allow_ca=allow_ca, output=output
        ),
        filter(None, [output]),
    )
    if exported.passphrase:
        say(f"Created {exported.path} (encrypted by passphrase)")
        if not exported.passphrase.isascii():
            say("Java cannot open it: its passphrase is not ASCII.")
    else:
        say(f"Created {exported.path}")
        say("Its passphrase is empty: whoever can read the file has the key.")
    warn(*exported.warnings)
    if exported.missing_issuer:
        say(f'Its chain is incomplete: the depot does not have "{exported.missing_issuer}".')
