"""``certstrap issue``."""

from certstrap import platform
from certstrap.cli import completion, options
from certstrap.cli.context import Context, cores, is_interactive, prints_to_terminal
from certstrap.cli.render import issue as render
from certstrap.cli.render.created import country_lines, https_lines
from certstrap.cli.session import (
    NEW_CA,
    SecretOptions,
    passphrases,
    session_with,
    with_client_passphrase,
)
from certstrap.cli.terminal import print_json, print_lines, progress, say, say_json, warn
from certstrap.operations.batch import create_all, prepare_all, read_list
from certstrap.operations.issue import DEFAULT_EXPIRY, Defaults, Issuance, IssueRequest, Ready
from certstrap.pki.keys import CURVES, RSA_2048, KeySpec
from certstrap.pki.names import AlternativeNames, Subject
from certstrap.pki.profiles import LeafProfile
from certstrap.pki.urls import URLs
from certstrap.pki.validity import Expiry
from certstrap.session import Session
from certstrap.store.depot import Name
from certstrap.store.files import source_of
from certstrap.store.locks import one_step

EXAMPLES = (
    "certstrap issue your-namespace",
    "certstrap issue worker --curve P-256 --expires 90d --no-passphrase",
    "certstrap issue --from clients.csv --dry-run",
)


def command(
    context: Context,
    names: list[str] = options.argument(
        "[NAME]...", "The names in the certificates.", completion.requests, default=()
    ),
    ca: str = options.CA,
    secrets: SecretOptions = options.NEW_CA_SECRETS,
    encrypt_key: bool = options.flag(
        "--encrypt-key", "Encrypt the client's new key; its passphrase is asked for on a terminal."
    ),
    key_passphrase_file: str | None = options.source(
        "--key-passphrase-file",
        "Encrypt the client's new key with the first line of FILE.",
        default=None,
    ),
    key_bits: int | None = options.value(
        "--key-bits",
        "N",
        "Size of a new RSA key for the client, in bits (2048). A new CA has 4096.",
        default=None,
    ),
    curve: str = options.value(
        "--curve",
        "CURVE",
        "Curve of all new keys, also that of a new CA: P-256, P-384, P-224, P-521 or Ed25519.",
        completion.words(CURVES),
        envvar=options.CURVE_VARIABLE,
    ),
    expires: str = options.value(
        "--expires",
        "TIME",
        "When the client's certificate expires, no later than its CA. Default: 2 years. "
        "A new CA expires after 18 months.",
        envvar=options.EXPIRES_VARIABLE,
    ),
    subject: Subject = options.SUBJECT,
    ip: list[str] = options.ADDRESSES,
    domain: list[str] = options.DOMAINS,
    uri: list[str] = options.URIS,
    pkcs8: bool = options.flag("--pkcs8", "Write the key as PKCS#8 too, for the Java SDK."),
    profile: str = options.PROFILE_NAME,
    urls: URLs = options.URL_LISTS,
    source: str = options.source(
        "--from", "Issue all certificates of a list: CSV with a header, or TOML (docs/batches.md)."
    ),
    jobs: int | None = options.value(
        "--jobs",
        "N",
        "How many RSA keys to generate at the same time. Default: one for each core.",
        min=1,
        max=256,
        default=None,
    ),
    dry_run: bool = options.flag(
        "--dry-run", "Check everything except the CA's key, and create nothing."
    ),
    as_json: bool = options.AS_JSON,
) -> None:
    """Create whatever is missing for client certificates.

    That is a CA, a key, a request and the signature. What exists is used as it is.
    """
    options.refuse_if(
        bool(names) == bool(source),
        "name the certificates, or give a list of them with --from FILE",
    )
    options.refuse_if(
        (ip or domain or uri) and (source or len(names) > 1),
        "--domain, --ip and --uri are for one certificate; a list has columns for them",
    )
    typed = (
        text * (f"subject_{field}" in context.typed) for field, text in subject._asdict().items()
    )
    defaults = IssueRequest(
        Name.parse(names[0] if names else "any"),
        Name.parse(ca) if ca else None,
        AlternativeNames.parse(domain, ip, uri),
        options.new_key(context, key_bits or 0, curve) if options.asks_for_kind(context) else None,
        Expiry.parse(expires) if "expires" in context.typed else None,
        pkcs8,
        LeafProfile.of(profile) if "profile" in context.typed else None,
        Subject(*typed),
        Defaults(
            KeySpec.of(0, curve) if curve else RSA_2048,
            Expiry.parse(expires) if expires else DEFAULT_EXPIRY,
            Subject.of(*subject),
            LeafProfile.of(profile),
        ),
        URLs.of(*urls),
    )
    ask = is_interactive()
    of_ca = passphrases(context, secrets, ask_opening=ask, ask_new=ask, new_prompt=NEW_CA)
    given = with_client_passphrase(context, of_ca, encrypt=encrypt_key, file=key_passphrase_file)
    session = session_with(context, given)
    if source:
        data = session.read(source, "list of certificates")
        lines = read_list(data, source_of(source), defaults)
    else:
        lines = [(0, defaults._replace(name=Name.parse(name))) for name in names]
    ready = prepare_all(session, lines, source_of(source))
    warn(*dict.fromkeys(line for each in ready for line in country_lines(each.subject)))
    warn(*https_lines(*(each.wanted.urls for each in ready)))
    warn(*render.other_expiry_lines(ready, context.named_depot))
    if jobs and sum(bool(each.wanted.new_spec.bits) for each in ready) <= 1:
        warn("--jobs had no effect: it is for several RSA keys.")
    if not any(each.missing for each in ready):  # the same line, run again, is quiet
        context.report_no_options()
    if dry_run:
        if as_json:
            print_json(render.dry_run_document(ready, session.now))
        else:
            print_lines(render.ready_lines(ready))
        return
    issued = _create(session, ready, jobs or cores(), as_json=as_json)
    if as_json:
        say_json(render.document(issued, session.now))
    elif len(issued) == 1:
        name = ready[0].wanted.name.text
        say(*render.next_lines(issued[0], context.named_depot, name, _copying_line(context)))
    else:
        say(*render.next_lines_of_many(issued, _copying_line(context)))


def _copying_line(context: Context) -> render.CopyingLine | None:
    """Return what returns the line that copies a file to the clipboard, for a person."""
    if not prints_to_terminal():
        return None
    return lambda path: platform.copying_line(path, context.environ)


def _create(session: Session, ready: list[Ready], jobs: int, *, as_json: bool) -> list[Issuance]:
    """Create all, and say what was created: at the end, where a bar shows the progress."""
    issued: list[Issuance] = []
    waiting: list[str] = []
    held_back = prints_to_terminal()
    try:
        with progress("Issuing certificates") as report:
            for batch in create_all(session, ready, jobs, lambda done: report(done, len(ready))):
                issued += batch
                waiting += [
                    line for each in batch for line in render.issued_lines(each) if not as_json
                ]
                if not held_back:
                    with one_step():
                        lines, waiting = waiting, []
                        say(*lines)
    finally:
        say(*waiting)
    return issued
