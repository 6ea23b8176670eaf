"""``certstrap crl``."""

from functools import partial

from certstrap.cli import completion, options
from certstrap.cli.context import Context
from certstrap.cli.render.created import crl_line
from certstrap.cli.session import SecretOptions, new_session
from certstrap.cli.terminal import STANDARD_OUTPUT, print_lines, say, say_pem
from certstrap.operations.revoke import crl_bundle, crl_in_der, renew_crl, write_crls
from certstrap.store.depot import Name

EXAMPLES = (
    'certstrap crl "Cert" --days 30',
    'certstrap crl "Cert" --der --output Cert.crl',
    "certstrap crl your-namespace --bundle --output crls.pem",
)


def command(
    context: Context,
    name: str = options.argument(
        "NAME",
        "The CA whose CRL it is; with --bundle, any certificate.",
        completion.certificates,
        default=...,
    ),
    days: int | None = options.value(
        "--days",
        "N",
        "The next update is due in N days. Default: when the CA expires; never, if it has.",
        min=1,
        max=36_500,
        default=None,
    ),
    bundle: bool = options.flag(
        "--bundle", "Print the CRLs of all CAs above NAME as one file, for nginx and others."
    ),
    der: bool = options.flag(
        "--der",
        "Write the CRL as it is now to the file of --output, in DER, as --crl-url serves it.",
    ),
    output: str = options.value("--output", "FILE", "Write the bundle, or the DER, to FILE."),
    stdout: bool = options.TO_STDOUT,
    secrets: SecretOptions = options.CA_SECRETS,
) -> None:
    """Create or renew a CA's CRL, or print those of a chain."""
    options.refuse_if(bundle and der, "--bundle is PEM: leave out --der")
    option = "--der" if der else "--bundle"
    options.refuse_if(
        (bundle or der) and (days or stdout),
        f"{option} changes no CRL: leave out --days and --stdout",
    )
    options.refuse_if(output and not (bundle or der), "--output is for --bundle and --der")
    options.refuse_if(
        der and output in {"", STANDARD_OUTPUT}, "--der needs the name of a file: --output FILE"
    )
    output = options.file_unless_dash(output)
    session = new_session(context, secrets)
    whose = Name.parse(name)
    if not (bundle or der):
        renewed = session.transact(lambda new: renew_crl(session, new, whose, days))
        say(crl_line(renewed))
        if stdout:
            say_pem(renewed.crl)
        return
    content = partial(crl_in_der if der else crl_bundle, session, whose)
    if output:
        done = session.transact(lambda new: write_crls(session, new, output, content()), [output])
        say(f"{done} {output}")
        return
    print_lines([content().decode().rstrip("\n")])
