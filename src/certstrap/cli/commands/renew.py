"""``certstrap renew``."""

from datetime import datetime

import typer
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.cli import completion, options
from certstrap.cli.context import Context
from certstrap.cli.render import renew as render
from certstrap.cli.session import SecretOptions, new_session
from certstrap.cli.terminal import say, say_json, warn
from certstrap.errors import CertstrapError, NotNamedError
from certstrap.operations import renew as operation
from certstrap.operations.renew import Outcome, Renewed, RenewOptions
from certstrap.pki.decode import is_ca
from certstrap.pki.validity import Expiry
from certstrap.session import Session
from certstrap.store.depot import CERTIFICATE, Name
from certstrap.store.transaction import Transaction
from certstrap.temporal.inputs import read_certificates
from certstrap.text import quoted

EXAMPLES = (
    "certstrap renew --expiring 30d",
    "certstrap renew your-namespace --new-key",
    "certstrap renew your-namespace --undo",
)


def command(
    context: Context,
    names: list[str] = options.argument(
        "[NAME]...", "The names of the certificates.", completion.certificates, default=()
    ),
    expiring: str = options.value(
        "--expiring",
        "TIME",
        "Renew all certificates that expire within TIME, as in 30d; roots only by NAME.",
    ),
    new_key: bool = options.flag("--new-key", "Create new keys of the same kind."),
    expires: str = options.value(
        "--expires",
        "TIME",
        "When the certificate expires. Default: it is valid for as long as the old one.",
    ),
    undone: bool = options.flag("--undo", "Restore the files that the last renewal replaced."),
    prune_age: str = options.value(
        "--prune",
        "TIME",
        "Remove the private keys from the archive that were replaced longer ago than "
        "TIME, as in 90d.",
    ),
    execute: str = options.value(
        "--exec", "COMMAND", "Run COMMAND in the shell if anything was renewed."
    ),
    quiet: bool = options.flag("--quiet -q", "Print only what you must act on."),
    as_json: bool = options.AS_JSON,
    secrets: SecretOptions = options.NEW_KEY_SECRETS,
) -> None:
    """Renew certificates: the same names, the same CA, new dates.

    The old files go to the folder archive of the depot.
    """
    if prune_age:
        secret = secrets.text or secrets.file
        options.refuse_if(
            names or expiring or undone or execute or new_key or expires or secret,
            "--prune TIME is for the whole archive: give nothing else",
        )
        _prune(context, prune_age, as_json=as_json)
        return
    if bool(names) == bool(expiring):
        raise NotNamedError(
            "Must provide either NAME or --expiring TIME", options.for_example(EXAMPLES[0])
        )
    options.refuse_if(
        undone and (expiring or new_key or expires),
        "--undo NAME puts back files as they were: give nothing else",
    )
    options.refuse_if(quiet and as_json, "--json prints everything: leave out --quiet")
    wanted = RenewOptions(new_key, Expiry.parse(expires) if expires else None)
    whose = [Name.parse(name) for name in names]
    session = new_session(context, secrets, names_cas=True)
    now = session.now
    limit = Expiry.parse(expiring).after(now) if expiring else None
    outcome = session.transact(
        lambda new: _renew(session, new, whose, limit, wanted, undone=undone)
    )
    if quiet or not outcome.renewed:
        context.report_no_options()
    try:
        if not as_json:
            if not quiet:
                say(*render.lines(outcome, session.depot.archive, limit))
            _say_to_do(context, outcome, now, quiet=quiet)
        _say_refused(context, outcome)
    finally:  # also if nobody can read that: the next renewal may be months away
        status = context.run(execute) if execute and outcome.renewed else None
    if as_json:
        ran = (execute, status) if status is not None else None
        document = render.document(outcome, now, context.named_depot, restored=undone, command=ran)
        say_json(document)
    if status:
        ended = f"ended with status {status}" if status > 0 else f"was killed by signal {-status}"
        raise CertstrapError(
            f"The command {quoted(execute)} {ended}.",
            "What was renewed stays renewed: run that command again.",
        )
    if outcome.refused:
        raise typer.Exit(1)


def _say_refused(context: Context, outcome: Outcome) -> None:
    for entry, error in outcome.refused:
        warn(f"{entry.stem} is not renewed: {error.text}")
        warn(*error.hint_lines(context.named_depot))


def _prune(context: Context, age: str, *, as_json: bool) -> None:
    session = new_session(context)
    limit = session.now - (Expiry.parse(age).after(session.now) - session.now)
    removed = session.transact(lambda new: operation.prune(session, new, limit))
    if as_json:
        say_json(render.pruned(removed, session.now))
    elif removed:
        say(*(f"Removed {path}" for path in removed))
    else:
        say("Nothing to remove: no private key was replaced longer ago.")


def _renew(
    session: Session,
    new: Transaction,
    names: list[Name],
    limit: datetime | None,
    wanted: RenewOptions,
    *,
    undone: bool,
) -> Outcome:
    if limit:
        return operation.renew_expiring(session, new, limit, wanted)
    if undone:
        return Outcome(operation.undo(session, new, names), [], [])
    return operation.renew(session, new, names, wanted)


def _say_to_do(context: Context, outcome: Outcome, now: datetime, *, quiet: bool) -> None:
    for renewed in outcome.renewed:
        if is_ca(renewed.certificate):
            problems = _problems(renewed, now)
            first, *to_do = render.ca_lines(renewed, problems, context.named_depot)
            say(*([] if quiet else [first]), *to_do)


def _problems(renewed: Renewed, now: datetime) -> list[str]:
    """Return what Temporal Cloud has against a root."""
    if renewed.certificate.issuer != renewed.certificate.subject:
        return []
    from certstrap.temporal.check import check_bundle  # noqa: PLC0415 - handshakes load ssl

    path = renewed.entry.path(CERTIFICATE)
    file = read_certificates(renewed.certificate.public_bytes(Encoding.PEM), path)
    findings = check_bundle(file, now).results
    return [" ".join(each.sentences) for each in findings if each.status == "failed"]
