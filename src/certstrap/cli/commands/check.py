"""``certstrap check``."""

from collections.abc import Iterator

from certstrap.cli import completion, options
from certstrap.cli.context import Context, is_interactive, require_output
from certstrap.cli.render.check import show
from certstrap.cli.session import SecretOptions, new_session
from certstrap.errors import NotFoundError
from certstrap.pki.server import parse_server_name
from certstrap.store.depot import CERTIFICATE, Name, changed_at
from certstrap.store.files import source_of
from certstrap.temporal.check import CheckOptions, Report, check
from certstrap.temporal.clients import CLIENTS
from certstrap.temporal.handshake import Endpoint
from certstrap.temporal.inputs import CheckSubject, Sources, read_server_ca
from certstrap.temporal.namespace import Address

EXAMPLES = (
    "certstrap check your-namespace",
    "certstrap check --cert client.pem --key client.key --ca-bundle ca.pem",
    "certstrap check your-namespace --namespace your-namespace.acct --client go",
)


def command(
    context: Context,
    names: list[str] = options.argument(
        "[NAME]...",
        "The names in the certificates. Default: all in the depot.",
        completion.certificates,
        default=(),
    ),
    cert: str = options.source("--cert", "Check this certificate file instead."),
    key: str = options.source("--key", "The key, if it is not in the depot."),
    ca_bundle: str = options.source(
        "--ca-bundle", "The CA file as it is uploaded. Default: the root of the depot above NAME."
    ),
    client: str = options.value(
        "--client",
        "CLIENT",
        f"The client that uses the key: {', '.join(CLIENTS)}.",
        completion.words(CLIENTS),
    ),
    namespace: str = options.value(
        "--namespace", "ID", "Check that the name fits this Namespace, as in your-namespace.acct."
    ),
    connect: str = options.value(
        "--connect", "HOST[:PORT]", "Also connect to this endpoint. Default port: 7233."
    ),
    server_ca: str = options.source(
        "--server-ca", "The CA of the endpoint. Default: the CAs that this system trusts."
    ),
    server_name: str = options.value(
        "--server-name", "NAME", "The name in the endpoint's certificate."
    ),
    timeout: float = options.value(
        "--timeout", "SECONDS", "How long to wait for it.", min=0.1, max=600, default=10
    ),
    quiet: bool = options.flag("--quiet -q", "Print only what failed."),
    verbose: bool = options.flag(
        "--verbose", "Print each rule, also if the whole depot is checked."
    ),
    strict: bool = options.flag("--strict", "End with status 3 if there are warnings, too."),
    as_json: bool = options.AS_JSON,
    secrets: SecretOptions = options.KEY_PASSPHRASE,
) -> None:
    """Check certificates and keys against Temporal Cloud's rules.

    A rehearsal tries them in a TLS connection on this machine. Without NAME, only what is wrong is
    printed. The exit status is 3 if anything failed.
    """
    if not quiet:
        require_output()
    wanted_client = CLIENTS.get(options.one_of("client", client, CLIENTS))
    options.refuse_if(quiet and verbose, "--quiet and --verbose exclude each other")
    options.refuse_if(cert and names, "--cert FILE takes the place of NAME: give one of them")
    options.refuse_if(
        key and not cert and len(names) != 1, "--key FILE needs one NAME, or --cert FILE"
    )
    options.refuse_if(
        (server_ca or server_name) and not connect,
        "--server-ca and --server-name need --connect HOST",
    )
    options.refuse_if("timeout" in context.typed and not connect, "--timeout needs --connect HOST")
    ask = is_interactive()
    session = new_session(context, secrets, ask_opening=ask)
    endpoint = None
    if connect:
        name = parse_server_name(server_name) if server_name else ""
        cas = None
        if server_ca:
            data = session.read(server_ca, "CA certificate")
            cas = read_server_ca(data, source_of(server_ca))
        endpoint = Endpoint(Address.parse(connect), name, cas, timeout)
    wanted = CheckOptions(wanted_client, namespace or None, endpoint)
    if not cert:
        session.depot.require()

    def judge() -> tuple[list[Report], list[str]]:
        sources = Sources(session, wanted_client, key, ca_bundle)
        reports = [
            check(subject, wanted, session.now, context.loopback, context.connect)
            for subject in _subjects(sources, cert, names)
        ]
        return reports, sources.servers

    before = changed_at(context.depot_path)
    reports, servers = judge()
    # A key may have been replaced after its certificate was read, or the other way round.
    if not all(report.passed for report in reports) and changed_at(context.depot_path) != before:
        reports, servers = session.transact(lambda _: judge())
    if not reports and not servers:
        raise NotFoundError("certificate in", context.depot_path, NotFoundError.IN_DEPOT)
    if quiet:
        context.report_no_options()
    show(
        reports,
        session.now,
        context.named_depot,
        quiet=quiet,
        as_json=as_json,
        strict=strict,
        is_long=verbose or bool(names or cert),
        servers=servers,
    )


def _subjects(sources: Sources, certificate: str, names: list[str]) -> Iterator[CheckSubject]:
    if certificate:
        yield sources.named(certificate)
    elif names:
        for name in names:
            yield sources.entry(sources.depot.find(Name.parse(name), CERTIFICATE))
    else:
        yield from sources.everything()
