"""``certstrap inspect``."""

import typer

from certstrap.cli import completion, options
from certstrap.cli.context import Context, is_interactive, require_output
from certstrap.cli.options import named_entry
from certstrap.cli.render import inspect as render
from certstrap.cli.render.report import show
from certstrap.cli.session import OPENING, SecretOptions, new_session
from certstrap.cli.terminal import print_lines, warn
from certstrap.errors import NoPassphraseError, NotNamedError
from certstrap.inventory.inspect import OWN, Inspection, Inspector
from certstrap.pki import pem
from certstrap.session import Session
from certstrap.store.files import STANDARD_INPUT, source_of

EXAMPLES = (
    "certstrap inspect your-namespace",
    "certstrap inspect client.pem --json",
    "certstrap inspect your-namespace --pem",
)


def command(
    context: Context,
    what: list[str] = options.argument(
        "NAME|FILE...",
        "Names in the depot, or files; - is standard input.",
        completion.stems,
        callback=options.read_once,
        default=(),
    ),
    as_json: bool = options.AS_JSON,
    as_pem: bool = options.flag("--pem", "Print PEM; for a private key, its public key."),
    secrets: SecretOptions = options.KEY_PASSPHRASE,
) -> None:
    """Show the contents of a certificate, request, CRL or key."""
    require_output()
    if not what:
        raise NotNamedError("Must provide a name or a file.", options.for_example(EXAMPLES[0]))
    options.refuse_if(as_json and as_pem, "only one of --json and --pem can be given")
    session = new_session(context, secrets, ask_opening=False)
    opening, now = session.passphrases.opening, session.now

    def opening_pkcs12() -> bytes:
        try:
            return opening()
        except NoPassphraseError:
            if not is_interactive() or STANDARD_INPUT in what:
                raise
            return context.ask(OPENING.format("PKCS#12 file"))

    inspector = Inspector(session.depot, now, opening, opening_pkcs12)
    found = [_inspected(session, inspector, each, repair=as_pem) for each in dict.fromkeys(what)]
    if as_pem:
        print_lines(block for each in found for block in render.pem_blocks(each))
    else:
        show(
            lambda: render.document(found, now),
            lambda _: render.sections(found, now),
            as_json=as_json,
        )
    shown = [each for inspection in found for each in inspection.found]
    if any(each.object.problem or not each.is_known for each in shown):
        raise typer.Exit(1)


def _inspected(session: Session, inspector: Inspector, what: str, *, repair: bool) -> Inspection:
    """Return what is under a name of the depot, or in a file, whose damaged PEM may be repaired."""
    entry = named_entry(session, what, *OWN)
    if entry:
        return inspector.entry(entry)
    data, source = session.read(what, "name in the depot, and no file"), source_of(what)
    if repair:
        data, damage = pem.repair(data, source)
        if damage:
            warn(f"{damage} The output is repaired.")
    return inspector.data(data, source)
