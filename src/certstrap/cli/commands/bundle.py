"""``certstrap bundle``."""

from collections.abc import Iterator
from contextlib import suppress

from certstrap.cli import completion, options
from certstrap.cli.context import Context
from certstrap.cli.render.check import show
from certstrap.cli.session import new_session
from certstrap.cli.terminal import print_lines, say, warn
from certstrap.errors import CertstrapError
from certstrap.hints import Hint, command_line, printed
from certstrap.pki.findings import require
from certstrap.session import Session
from certstrap.store.depot import CERTIFICATE, Name
from certstrap.store.files import PUBLIC_MODE, source_of
from certstrap.temporal import bundle as bundles
from certstrap.temporal.bundle import Bundle, Rotation, fingerprint
from certstrap.temporal.check import check_bundle
from certstrap.temporal.inputs import read_ca, read_certificates, with_names
from certstrap.temporal.namespace import Namespace
from certstrap.text import escaped

EXAMPLES = (
    'certstrap bundle "Cert" --output ca-bundle.pem',
    "certstrap bundle --check ca-bundle.pem",
    'certstrap bundle --rotate "Cert" "Cert 2028" --output ca-bundle.pem',
)
_DEFAULT = "ca-bundle.pem"
_EXAMPLE_NAMESPACE = "your-namespace.acct"


def command(
    context: Context,
    names: list[str] = options.argument(
        "[CA]...", "The CAs. Default: all in the depot.", completion.cas, default=()
    ),
    cert: list[str] = options.value(
        "--cert", "FILE", "Add the CAs in FILE, from any tool; repeatable.", default=()
    ),
    output: str = options.BUNDLE_FILE,
    rotate: tuple[str, str] | None = options.value(
        "--rotate",
        "OLD NEW",
        "Make the bundle with both CAs, and print the steps from one to the other.",
        default=None,
    ),
    namespace: str = options.value(
        "--namespace", "ID", "The Namespace in these steps.", envvar="CERTSTRAP_NAMESPACE"
    ),
    check: str = options.value("--check", "FILE", "Check an existing bundle from any tool."),
    quiet: bool = options.flag("--quiet -q", "With --check: print only what failed."),
    as_json: bool = options.flag("--json", "With --check: print JSON."),
) -> None:
    """Create the CA file to upload to Temporal Cloud.

    It goes to standard output, if --output is not given. With --check, the exit status is 3 if
    anything failed.
    """
    options.refuse_if(
        check and (names or cert or output or rotate),
        "--check FILE checks an existing file: give nothing else",
    )
    options.refuse_if(rotate and (names or cert), "--rotate names both CAs: give no others")
    options.refuse_if(
        "namespace" in context.typed and not rotate,
        "--namespace is for the steps of --rotate OLD NEW",
    )
    options.refuse_if((quiet or as_json) and not check, "--quiet and --json are for --check FILE")
    output = options.file_unless_dash(output)
    if check:
        session = new_session(context, uses_depot=False)
        file = read_certificates(session.read(check, "CA bundle"), source_of(check))
        with suppress(CertstrapError):  # it may be the bundle of no depot
            file = with_names(file, session.depot)
        report = check_bundle(file, session.now)
        show([report], session.now, context.named_depot, quiet=quiet, as_json=as_json)
        return
    session = new_session(context)

    def make_bundle() -> tuple[Bundle, list[str]]:
        if not rotate:
            others = (
                read_certificates(session.read(path, "CA certificate"), source_of(path))
                for path in cert
            )
            return bundles.of_depot(session.depot, names, session.now, others), []
        rotation = _rotation(session, rotate, output or _DEFAULT, namespace)
        bundle = bundles.make(
            [read_ca(session.depot, ca.entry) for ca in rotation.cas], session.now
        )
        old = {ca.certificate for ca in rotation.leaving}
        staying = [ca for ca in bundle.certificates if ca.certificate not in old]
        require(bundles.withdrawn_cas(session.depot, staying))
        leaving = [ca for ca in bundle.certificates if ca.certificate in old]
        # The steps name the clients: if these cannot be read, there is no bundle either.
        lines = list(_rotation_lines(rotation, context.named_depot))
        sentences = (finding.sentence for finding in bundles.withdrawn_cas(session.depot, leaving))
        warnings = (*rotation.namespace.doubts, *sentences, *bundle.warnings)
        return bundle._replace(warnings=warnings), lines

    bundle, lines = session.save(make_bundle, output, lambda made: made[0].pem, PUBLIC_MODE)
    if output:
        say(f"Created {output}")
    else:
        print_lines([bundle.pem.decode().rstrip("\n")])
    warn(*bundle.warnings)
    if output and lines:
        say("", *lines)
    else:  # standard output is the bundle's
        warn(*lines)


def _rotation(session: Session, names: tuple[str, str], path: str, namespace: str) -> Rotation:
    shown = Namespace.parse(namespace or _EXAMPLE_NAMESPACE)
    old, new = (session.depot.find(Name.parse(name), CERTIFICATE, ca=True) for name in names)
    return bundles.between(session.depot, old, new, path, shown, session.now)


def _rotation_lines(rotation: Rotation, depot_path: str) -> Iterator[str]:
    """Yield what a rotation is about, and its steps."""
    yield "The CAs, with their fingerprints as tcld shows them:"
    for what, ca in (("old", rotation.old), ("new", rotation.new)):
        end = ca.certificate.not_valid_after_utc
        name = escaped(ca.entry.stem)
        yield f"  {what}  {fingerprint(ca.certificate)}  {name}, expires {end:%Y-%m-%d}"
    for number, step in enumerate(bundles.steps(rotation), 1):
        yield ""
        yield f"{number}. {escaped(step.sentence)}"
        for line in step.lines:
            if isinstance(line, Hint):
                yield f"   # {printed(line, depot_path)}"
            else:
                yield f"   {escaped(command_line(line, depot_path))}"
