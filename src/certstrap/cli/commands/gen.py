"""``certstrap gen``: the lines of `tcld gen`, under its names."""

from datetime import datetime

import typer
from cryptography import x509

from certstrap.cli import options
from certstrap.cli.context import Context, is_interactive, prints_to_terminal
from certstrap.cli.parsing import TRUE
from certstrap.cli.render.created import document, excluded_lines
from certstrap.cli.render.keys import refusal_lines
from certstrap.cli.session import SecretOptions, new_session
from certstrap.cli.terminal import say, say_json, warn
from certstrap.operations.gen import Holder, Pair, create_ca_files, create_leaf_files, unfinished
from certstrap.pki.profiles import BOTH, usage_name
from certstrap.pki.validity import Expiry
from certstrap.store.transaction import Transaction

EXAMPLES_CA = (
    "certstrap gen ca --org acme -d 1y --ca-cert ca.pem --ca-key ca.key",
    "certstrap gen ca --org acme -d 1y --ca-cert ca.pem --ca-key ca.key --rsa",
    "certstrap gen ca --org acme -d 1y --ca-cert ca.pem --ca-key ca.key --force",
)
_PAIRS = "--ca-cert ca.pem --ca-key ca.key --cert client.pem --key client.key"
EXAMPLES_LEAF = (
    f"certstrap gen leaf --org acme \\\n  {_PAIRS}",
    f"certstrap gen leaf --org acme -d 90d --common-name worker \\\n  {_PAIRS}",
    f"certstrap gen leaf --org acme --force \\\n  {_PAIRS}",
)
EXAMPLES = (EXAMPLES_CA[0], *EXAMPLES_LEAF[:2])

ORGANIZATION = options.subject_field(
    "--organization --org", "Organization (O).", "ORGANIZATION", default=...
)
UNIT = options.subject_field(
    "--organization-unit --ou", "Organizational unit (OU).", "ORGANIZATIONAL_UNIT"
)
COMMON_NAME = options.value("--common-name --cn", "NAME", "Common name (CN), if not random.")
AUTO_CONFIRM = options.flag("--auto_confirm", "", hidden=True)  # tcld's
Written = tuple[x509.Certificate, set[str]]
"""A new certificate, and which of its files were replaced."""
FORCE = options.flag("--force", "Overwrite existing files.")


def before(ctx: typer.Context, auto_confirm: bool = AUTO_CONFIRM) -> None:  # noqa: ARG001 - `_confirms` reads it
    """Write a CA or a leaf to files of your own, as tcld does."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def ca(
    context: Context,
    organization: str = ORGANIZATION,
    validity_period: str = options.value(
        "--validity-period -d", "TIME", "How long it is valid.", default=...
    ),
    ca_certificate_file: str = options.file(
        "--ca-certificate-file --ca-cert", "New CA certificate.", default=...
    ),
    ca_key_file: str = options.file("--ca-key-file --ca-key", "New CA key.", default=...),
    organization_unit: str = UNIT,
    common_name: str = COMMON_NAME,
    rsa: bool = options.flag("--rsa-algorithm --rsa", "An RSA 4096 key, not P-384."),
    force: bool = FORCE,
    as_json: bool = options.AS_JSON,
    auto_confirm: bool = AUTO_CONFIRM,  # noqa: ARG001 - it asks nothing
) -> None:
    """Write a root CA's certificate and key."""
    target = Pair(ca_certificate_file, ca_key_file)
    session = new_session(context, uses_depot=False)
    holder = Holder(organization, organization_unit, common_name)
    expiry = Expiry.parse(validity_period)

    def steps(new: Transaction) -> Written:
        existed = {*filter(new.exists, target)}
        created = create_ca_files(session, new, holder, target, expiry, rsa=rsa, overwrite=force)
        return created, existed

    _show(session.transact(steps, target, uses_depot=False), target, session.now, as_json=as_json)


def leaf(
    context: Context,
    organization: str = ORGANIZATION,
    ca_certificate_file: str = options.source(
        "--ca-certificate-file --ca-cert", "CA certificate.", default=...
    ),
    ca_key_file: str = options.source("--ca-key-file --ca-key", "CA key.", default=...),
    certificate_file: str = options.file(
        "--certificate-file --cert", "New certificate.", default=...
    ),
    key_file: str = options.file("--key-file --key", "New key.", default=...),
    validity_period: str = options.value(
        "--validity-period -d",
        "TIME",
        "How long it is valid; if not given, until 24 hours before its CA expires.",
    ),
    organization_unit: str = UNIT,
    common_name: str = COMMON_NAME,
    force: bool = FORCE,
    as_json: bool = options.AS_JSON,
    secrets: SecretOptions = options.CA_PASSPHRASE,
    auto_confirm: bool = AUTO_CONFIRM,  # noqa: ARG001 - `_confirms` looks at it
) -> None:
    """Write a client's certificate and key, signed by a CA in files."""
    target = Pair(certificate_file, key_file)
    ask = not (is_interactive() and _confirms(context))
    session = new_session(context, secrets, ask_opening=ask, uses_depot=False)
    holder = Holder(organization, organization_unit, common_name)
    ca = Pair(ca_certificate_file, ca_key_file)
    expiry = Expiry.parse(validity_period) if validity_period else None

    def steps(new: Transaction) -> Written:
        existed = {*filter(new.exists, target)}
        created = create_leaf_files(session, new, holder, ca, target, expiry, overwrite=force)
        return created, existed

    written = session.transact(steps, [*target, *unfinished(ca)], uses_depot=False)
    _show(written, target, session.now, as_json=as_json)
    certificate = written[0]
    usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    warn(*excluded_lines(usage_name(usage) for usage in BOTH if usage not in usages))
    if prints_to_terminal() and not as_json:
        say(*refusal_lines(certificate.public_key()))


def _confirms(context: Context) -> bool:
    """Return whether no question is to be asked: by tcld's variable, or its flag anywhere."""
    return context.environ.get("AUTO_CONFIRM", "") in TRUE or "auto_confirm" in context.typed


def _show(written: Written, pair: Pair, now: datetime, *, as_json: bool) -> None:
    """Print which files were created, and which replaced."""
    certificate, existed = written
    paths = (pair.key, pair.certificate)
    if as_json:
        created = [path for path in paths if path not in existed]
        say_json(document(now, certificate, created, filter(existed.__contains__, paths)))
    else:
        say(*(f"{'Updated' if path in existed else 'Created'} {path}" for path in paths))


COMMANDS = {  # name, whether it is shown, function, examples
    "ca": (True, ca, EXAMPLES_CA),
    "certificate-authority-certificate": (False, ca, EXAMPLES_CA),
    "leaf": (True, leaf, EXAMPLES_LEAF),
    "end-entity-certificate": (False, leaf, EXAMPLES_LEAF),
}
