"""``certstrap passphrase``."""

from certstrap.cli import completion, options
from certstrap.cli.context import Context
from certstrap.cli.session import SecretOptions, changing, session_with
from certstrap.cli.terminal import say
from certstrap.hints import printed
from certstrap.operations.passphrase import change_passphrase
from certstrap.store.depot import Name

EXAMPLES = (
    'certstrap passphrase "Cert"',
    'certstrap passphrase "Cert" --passphrase-file passphrase.txt',
    "certstrap passphrase worker --no-passphrase",
)


def command(
    context: Context,
    name: str = options.argument("NAME", "The name of the key.", completion.own_keys, default=...),
    old_passphrase_file: str | None = options.source(
        "--old-passphrase-file",
        "Read the old passphrase from the first line of FILE; - is standard input. Without it, "
        "CERTSTRAP_PASSPHRASE in the environment is used.",
        default=None,
    ),
    secrets: SecretOptions = SecretOptions(
        options.value(
            "--passphrase",
            "TEXT",
            "The new passphrase. Visible in the process list. Empty means none.",
            default=None,
        ),
        options.source(
            "--passphrase-file",
            "Read the new passphrase from the first line of FILE; - is standard input.",
            default=None,
        ),
        options.flag("--no-passphrase", "Remove the passphrase."),
    ),
) -> None:
    """Change, set or remove the passphrase of a key."""
    given = changing(context, secrets, old_passphrase_file)
    session, whose = session_with(context, given), Name.parse(name)
    changed = session.transact(lambda new: change_passphrase(session, new, whose))
    state = "encrypted by passphrase" if changed.encrypted else "not encrypted"
    if not changed.updated:
        has = "already has this passphrase" if changed.encrypted else "is not encrypted"
        say(f"{changed.path} {has}: nothing was changed.")
    say(*(f"Updated {path} ({state})" for path in changed.updated))
    say(*(printed(copy, context.named_depot) for copy in changed.copies))
