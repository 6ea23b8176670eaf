"""``certstrap verify``."""

import typer

from certstrap.cli import completion, options
from certstrap.cli.context import Context, require_output
from certstrap.cli.options import named_entry
from certstrap.cli.render import verify as render
from certstrap.cli.render.report import show
from certstrap.cli.session import SecretOptions, new_session
from certstrap.cli.terminal import FOUND
from certstrap.errors import CertstrapError, NotNamedError
from certstrap.inventory.verify import Verdict, Verifier, read_certificates
from certstrap.pki.server import parse_server_name
from certstrap.pki.validity import instant
from certstrap.session import Session
from certstrap.store.depot import CERTIFICATE
from certstrap.store.files import source_of

EXAMPLES = (
    "certstrap verify your-namespace",
    "certstrap verify your-namespace --at 30d",
    "certstrap verify web --server web.example",
)


def command(
    context: Context,
    what: list[str] = options.argument(
        "NAME|FILE...",
        "Names in the depot, or files; - is standard input. The first certificate of a "
        "file is verified, and the others may be in its chain.",
        completion.certificates,
        callback=options.read_once,
        default=(),
    ),
    at: str = options.value("--at", "DATE", "Verify as of then (2027-12-31, 90d), not now."),
    server: str = options.value(
        "--server", "HOST", "Also verify that clients accept it as the certificate of this server."
    ),
    as_json: bool = options.AS_JSON,
    secrets: SecretOptions = options.KEY_PASSPHRASE,
) -> None:
    """Verify certificates: chain, signatures, dates, CRLs.

    The root and the CRLs are those of the depot. The exit status is 3 if a certificate is not good.
    """
    require_output()
    if not what:
        raise NotNamedError("Must provide a name or a file.", options.for_example(EXAMPLES[0]))
    session = new_session(context, secrets)
    moment = instant(at, session.now) if at else session.now
    name = parse_server_name(server) if server else ""
    verifier = Verifier(session.depot, moment, name)
    verdicts = [_verified(session, verifier, each) for each in dict.fromkeys(what)]
    show(
        lambda: render.document(verdicts, moment, context.named_depot),
        lambda _: render.sections(verdicts, context.named_depot),
        as_json=as_json,
    )
    if not all(verdict.is_good for verdict in verdicts):
        raise typer.Exit(FOUND)


def _verified(session: Session, verifier: Verifier, what: str) -> Verdict:
    entry = named_entry(session, what, CERTIFICATE)
    if not entry:
        data, source = session.read(what, "name in the depot, and no file"), source_of(what)
    else:
        source = entry.path(CERTIFICATE)
        try:
            data = entry.read(CERTIFICATE)
        except CertstrapError as error:
            return Verdict(what, unreadable=error)
    try:
        found, lost = read_certificates(data, source, session.passphrases.opening_pkcs12)
    except CertstrapError as error:
        return Verdict(what, unreadable=error)
    verdict = verifier.verify(what, found[0], found[1:])
    return verdict if verdict.is_good or not lost else Verdict(what, unreadable=lost)
