"""``certstrap sign``."""

from certstrap.cli import completion, options
from certstrap.cli.context import Context, prints_to_terminal, require_output
from certstrap.cli.render import created as render
from certstrap.cli.session import SecretOptions, new_session
from certstrap.cli.terminal import STANDARD_OUTPUT, say, say_json, say_pem, warn
from certstrap.errors import RefusedError
from certstrap.hints import printed
from certstrap.operations.sign import Signed, sign_request
from certstrap.pki.name_constraints import Subtrees, constraints
from certstrap.pki.profiles import profile_of
from certstrap.pki.urls import URLs
from certstrap.pki.validity import Duration, Expiry
from certstrap.store.depot import Name

DEFAULT_EXPIRY = Expiry("2 years", Duration(years=2))
EXAMPLES = (
    'certstrap sign your-namespace --CA "Cert"',
    'certstrap sign worker --expires 90d --profile client --CA "Cert"',
    'certstrap sign Issuing --csr issuing.csr --intermediate --CA "Root"',
)


def command(
    context: Context,
    name: list[str] = options.argument(
        "NAME", "The name in the request.", completion.requests, default=()
    ),
    ca: str = options.CA,
    secrets: SecretOptions = options.CA_SECRETS,
    expires: str = options.EXPIRES_WITH_CA,
    years: int | None = options.YEARS,
    csr: str = options.source("--csr", "Read the request from FILE; - is standard input."),
    cert: str = options.value(
        "--cert", "FILE", "Write the certificate to FILE; - is standard output."
    ),
    stdout: bool = options.TO_STDOUT,
    intermediate: bool = options.flag(
        "--intermediate",
        "Sign the request as an intermediate CA; a --profile is then what that may sign.",
    ),
    path_length: int | None = options.value(
        "--path-length",
        "N",
        "How many intermediates may follow this one. Default: 0.",
        default=None,
    ),
    profile: str = options.PROFILE_NAME,
    permitted: Subtrees = options.PERMITTED,
    excluded: Subtrees = options.EXCLUDED,
    urls: URLs = options.URL_LISTS,
    as_json: bool = options.AS_JSON,
) -> None:
    """Sign a request with a CA."""
    if len(name) != 1:
        raise RefusedError("One host name must be provided.", options.for_example(EXAMPLES[0]))
    limits = constraints(permitted, excluded)
    if intermediate and "profile" not in context.typed:  # the variable is for clients
        profile = ""
    urls = URLs.of(*urls)
    kind = profile_of(profile, path_length, limits, is_ca=intermediate)
    prints_pem = stdout or cert == STANDARD_OUTPUT
    options.require_one_document(as_json=as_json, pem=prints_pem)
    if prints_pem:
        require_output()
    whose, issuer = Name.parse(name[0]), Name.parse(ca) if ca else None
    has_end = "expires" in context.typed
    if not has_end and (intermediate or years):  # the variable is for clients
        expires = ""
    expiry = Expiry.parse(expires) if expires else DEFAULT_EXPIRY
    if years:
        expiry = expiry.with_years(years)
    session = new_session(context, secrets)
    file = None if cert == STANDARD_OUTPUT else cert
    signed = session.transact(
        lambda new: sign_request(
            session,
            new,
            whose,
            issuer,
            kind,
            expiry,
            request_file=csr,
            certificate_file=file,
            urls=urls,
        ),
        filter(None, [file]),
    )
    warn(*render.https_lines(urls))
    if as_json:
        paths = filter(None, (signed.path, signed.crl_path))
        say_json(render.document(session.now, signed.certificate, paths))
    elif signed.path:
        say(render.signed_line(signed))
    is_shown = bool(signed.path) and prints_to_terminal() and not as_json
    end = bool(has_end or years)
    _report(signed, whose, is_shown, is_named=bool(csr), is_ca=intermediate, asked_for_end=end)
    if is_shown and not (cert or intermediate or profile == "server"):
        say(*(printed(hint, context.named_depot) for hint in render.usage_hints(name[0])))
    if prints_pem:
        say_pem(signed.certificate)


def _report(
    signed: Signed, name: Name, is_shown: bool, *, is_named: bool, is_ca: bool, asked_for_end: bool
) -> None:
    """Say what the certificate is: all of it to a person, what is unexpected to a script.

    Scripts read standard output, which in a pipe has certstrap's lines only. Whoever names a file
    with a request too (``is_named``) may have named the wrong one.
    """
    tell = say if is_shown else warn
    if is_named or is_shown:
        path = signed.path or signed.request_path
        (warn if is_named else say)(*render.other_name_lines(path, signed.certificate, name))
    if is_ca:
        tell(*render.identity_lines(signed.certificate))
        warn(*render.disjoint_lines(signed))
    if is_shown or (signed.cut and asked_for_end):
        tell(render.expiry_line(signed.certificate, cut=signed.cut))
    tell(*render.path_length_lines(signed), *render.left_out_lines(signed))
    if is_shown:
        say(*render.first_crl_lines(signed))
