"""``certstrap export-pkcs8``."""

from certstrap.cli import completion, options
from certstrap.cli.context import Context
from certstrap.cli.render.created import key_line
from certstrap.cli.session import SecretOptions, new_session
from certstrap.cli.terminal import say, warn
from certstrap.operations.export import export_pkcs8
from certstrap.store.depot import Name

EXAMPLES = (
    "certstrap export-pkcs8 your-namespace",
    "certstrap export-pkcs8 worker --encrypt --passphrase-file passphrase.txt",
    "certstrap export-pkcs8 --key client.key --output client.pkcs8.key",
)


def command(
    context: Context,
    name: str | None = options.argument(
        "NAME", "The name of the key.", completion.keys, default=None
    ),
    encrypt: bool = options.flag(
        "--encrypt", "Encrypt the copy with a passphrase. Otherwise it is not encrypted."
    ),
    key: str = options.source("--key", "Read the key from FILE; - is standard input."),
    output: str = options.file_or_device("--output", "Write the copy to FILE."),
    allow_ca: bool = options.ALLOW_CA,
    secrets: SecretOptions = options.KEY_PASSPHRASE,
) -> None:
    """Write a key as PKCS#8, which the Java SDK reads."""
    session = new_session(context, secrets)
    whose = None if name is None else Name.parse(name)
    exported = session.transact(
        lambda new: export_pkcs8(
            session, new, whose, encrypt=encrypt, allow_ca=allow_ca, key_file=key, output=output
        ),
        filter(None, [output]),
    )
    say(key_line(exported.path, encrypt))
    warn(*exported.warnings)
