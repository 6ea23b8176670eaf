"""``certstrap init``."""

from certstrap.cli import options
from certstrap.cli.context import Context, prints_to_terminal
from certstrap.cli.render import created as render
from certstrap.cli.render.keys import other_kind_lines, refusal_lines
from certstrap.cli.session import SecretOptions, new_session
from certstrap.cli.terminal import say, say_json, say_pem, warn
from certstrap.errors import RefusedError
from certstrap.operations.ca import NewCA, TokenKey, create_ca
from certstrap.pki.key_files import SCHEME, TokenURI
from certstrap.pki.name_constraints import Subtrees, constraints
from certstrap.pki.names import Subject
from certstrap.pki.profiles import CAProfile
from certstrap.pki.urls import URLs
from certstrap.pki.validity import Expiry
from certstrap.store.depot import Name
from certstrap.store.files import source_of
from certstrap.store.transaction import Transaction

EXAMPLES = (
    'certstrap init --common-name "Cert"',
    'certstrap init --common-name "Cert" --passphrase-file passphrase.txt',
    'certstrap init --common-name "Root" --path-length 1 --organization acme',
)


def command(
    context: Context,
    name: str = options.NEW_NAME,
    common_name: str = options.COMMON_NAME,
    secrets: SecretOptions = options.NEW_KEY_SECRETS,
    key_bits: int = options.key_bits(4096),
    curve: str = options.CURVE,
    expires: str = options.value(
        "--expires", "TIME", f"When the certificate expires: {options.TIME}.", default="18 months"
    ),
    years: int | None = options.YEARS,
    subject: Subject = options.SUBJECT,
    key: str = options.source(
        "--key",
        "Use the key in FILE, which is copied; - is standard input. Or use the key in a token that "
        "a pkcs11: URI names.",
    ),
    generate: bool = options.flag("--generate", "Make the key in the token that --key names."),
    stdout: bool = options.TO_STDOUT,
    permitted: Subtrees = options.PERMITTED,
    excluded: Subtrees = options.EXCLUDED,
    path_length: int | None = options.value(
        "--path-length", "N", "How many intermediates may follow. Default: 0.", default=None
    ),
    exclude_path_length: bool = options.flag(
        "--exclude-path-length", "Let any number of intermediates follow."
    ),
    urls: URLs = options.URL_LISTS,
    as_json: bool = options.AS_JSON,
) -> None:
    """Create a CA: its key, its certificate and an empty CRL."""
    options.require_one_document(as_json=as_json, pem=stdout)
    common_name = options.one_name(name, common_name)
    if not common_name.strip():
        raise RefusedError("Must supply Common Name for CA", options.for_example(EXAMPLES[0]))
    if path_length is not None and exclude_path_length:
        raise RefusedError(
            'The "path-length" and "exclude-path-length" flags cannot be used together!',
            "Leave one of them out.",
        )
    whose = Name.parse(common_name)
    expiry, spec = Expiry.parse(expires), options.new_key(context, key_bits, curve)
    subject = Subject.of(*subject._replace(common_name=whose.common_name))
    limits = constraints(permitted, excluded)
    urls = URLs.of(*urls)
    profile = CAProfile.of(None if exclude_path_length else path_length or 0, limits)
    if years:
        expiry = expiry.with_years(years)
    uri = TokenURI.parse(key) if key.startswith(SCHEME) else None
    if generate and not uri:
        raise RefusedError(
            "--generate makes a key in a token, and --key does not name one.",
            "Add --key with its URI, as in pkcs11:token=LABEL;object=LABEL.",
        )
    source = TokenKey(uri, spec if generate else None) if uri else key or spec
    session = new_session(context, secrets)

    def steps(new: Transaction) -> NewCA:
        entry = session.depot.place(whose, ca=True)
        return create_ca(session, new, entry, subject, source, profile, expiry, urls)

    created = session.transact(steps, creates=True)
    warn(*render.country_lines(subject), *render.https_lines(urls))
    if key and not generate and options.asks_for_kind(context):
        warn(*other_kind_lines(source_of(key), created.ca.certificate.public_key(), spec))
    if as_json:
        say_json(render.document(session.now, created.ca.certificate, created.paths))
        return
    say(*render.ca_lines(created, "" if uri else source_of(key), uri.place if uri else ""))
    if prints_to_terminal():
        say(render.expiry_line(created.ca.certificate))
        say(*refusal_lines(created.ca.certificate.public_key(), of_ca=True))
    if stdout:
        say_pem(created.ca.certificate)
