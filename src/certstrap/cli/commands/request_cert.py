"""``certstrap request-cert``."""

from certstrap.cli import options
from certstrap.cli.context import Context, prints_to_terminal
from certstrap.cli.render import created as render
from certstrap.cli.render.keys import other_kind_lines, refusal_lines
from certstrap.cli.session import SecretOptions, new_session
from certstrap.cli.terminal import say, say_json, say_pem, warn
from certstrap.operations.request import NewRequest, common_name_of, name_of, request_certificate
from certstrap.pki.names import AlternativeNames, Subject
from certstrap.store.files import STANDARD_INPUT
from certstrap.store.transaction import Transaction

EXAMPLES = (
    "certstrap request-cert --common-name your-namespace",
    "certstrap request-cert --common-name worker --curve P-256 --no-passphrase",
    "certstrap request-cert --domain web.example,www.web.example --ip 10.0.0.7",
)


def command(
    context: Context,
    name: str = options.NEW_NAME,
    common_name: str = options.COMMON_NAME,
    secrets: SecretOptions = options.NEW_KEY_PASSPHRASE,
    key_bits: int = options.key_bits(2048),
    curve: str = options.CURVE,
    subject: Subject = options.SUBJECT,
    ip: list[str] = options.ADDRESSES,
    domain: list[str] = options.DOMAINS,
    uri: list[str] = options.URIS,
    key: str = options.source(
        "--key", "The key: read if FILE exists, else created there. - is standard input."
    ),
    csr: str = options.file_or_device("--csr", "Write the request to FILE."),
    stdout: bool = options.TO_STDOUT,
    as_json: bool = options.AS_JSON,
) -> None:
    """Create a key and a certificate request."""
    options.require_one_document(as_json=as_json, pem=stdout)
    names = AlternativeNames.parse(domain, ip, uri)
    whose = name_of(options.one_name(name, common_name), names)
    subject = Subject.of(*subject._replace(common_name=common_name_of(whose, names)))
    spec = options.new_key(context, key_bits, curve)
    session = new_session(context, secrets)

    def steps(new: Transaction) -> NewRequest:
        entry = session.depot.place(whose)
        return request_certificate(
            session, new, entry, subject, names, spec, key_file=key, request_file=csr
        )

    outputs = [path for path in (key, csr) if path and path != STANDARD_INPUT]
    requested = session.transact(steps, outputs, creates=True)
    warn(*render.country_lines(subject))
    if requested.key_path not in requested.paths and options.asks_for_kind(context):
        warn(*other_kind_lines(requested.key_path, requested.request.public_key(), spec))
    if as_json:
        say_json(render.document(session.now, None, requested.paths))
        return
    say(*render.request_lines(requested))
    if prints_to_terminal():
        say(*refusal_lines(requested.request.public_key()))
    if stdout:
        say_pem(requested.request)
