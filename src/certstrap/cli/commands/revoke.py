"""``certstrap revoke``."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from certstrap.cli import completion, options
from certstrap.cli.context import Context, prints_to_terminal
from certstrap.cli.render.created import other_name_lines
from certstrap.cli.session import SecretOptions, new_session
from certstrap.cli.terminal import say, say_json, warn
from certstrap.errors import IncompleteError, RefusedError
from certstrap.hints import Hint
from certstrap.operations.revoke import Revoked, revoke
from certstrap.pki.crl import COMPROMISED, REASONS, reason_of
from certstrap.store.depot import Name
from certstrap.text import counted, quoted, serial_number, timestamp, utc

EXAMPLES = (
    "certstrap revoke --CN your-namespace --reason keyCompromise",
    'certstrap revoke --CN worker --CA "Cert" --reason superseded',
    'certstrap revoke --serial 5e:a1:07 --elsewhere --CA "Cert"',
)


def command(
    context: Context,
    name: str = options.argument(
        "[NAME]", "The name in the certificate; the same as --CN.", completion.certificates
    ),
    common_name: str = options.value(
        "--CN --cn", "NAME", "The name in the certificate.", completion.certificates
    ),
    ca: str = options.value(
        "--CA",
        "NAME",
        "The CA that issued it. Default: it is found by its signature.",
        completion.cas,
    ),
    serial: str = options.value("--serial", "HEX", "Its serial number, if it has no name here."),
    elsewhere: bool = options.flag(
        "--elsewhere",
        "With --serial: revoke it although neither depot nor archive has the certificate.",
    ),
    reason: str = options.value(
        "--reason", "REASON", f"Why: {', '.join(REASONS)}.", completion.words(REASONS)
    ),
    secrets: SecretOptions = options.CA_SECRETS,
    as_json: bool = options.AS_JSON,
) -> None:
    """Revoke a certificate: add it to the CRL of its CA."""
    common_name = options.one_name(name, common_name)
    if bool(common_name) == bool(serial):
        raise RefusedError(
            "Must provide either NAME or --serial HEX", options.for_example(EXAMPLES[0])
        )
    options.refuse_if(elsewhere and not serial, "--elsewhere is for --serial HEX")
    which = _serial_number(serial) if serial else Name.parse(common_name)
    session = new_session(context, secrets)
    issuer, why = Name.parse(ca) if ca else None, reason_of(reason)
    revoked = session.transact(
        lambda new: revoke(session, new, which, issuer, why, elsewhere=elsewhere)
    )
    if elsewhere and revoked.is_known:
        warn("The certificate is here: --elsewhere was not needed.")
    if why in COMPROMISED and not revoked.is_known:
        warn("Its key is not known, so it is not on the list of compromised keys.")
    if as_json:
        say_json(_document(revoked, session.now))
    elif revoked.since:
        if not (revoked.is_worse or revoked.list_path):
            context.report_no_options()
        say(_already_line(revoked, revoked.since))
        if reason and why != revoked.reason:
            warn(f"The reason stays {revoked.reason.value}: it can only be made worse.")
    else:
        first, *more = _updated_lines(revoked)
        say(first, *(more if prints_to_terminal() else []))
    warn(*_other_lines(revoked, which))
    if revoked.unreadable:
        sentence = "Older certificates of that name cannot be read, and may still be valid."
        raise IncompleteError(sentence, revoked.unreadable)


def _document(revoked: Revoked, now: datetime) -> dict[str, Any]:
    """Return the result as JSON, which docs/json.md describes."""
    wrote = not revoked.since or revoked.is_worse
    updated = filter(None, (revoked.crl_path if wrote else "", revoked.list_path))
    return {
        "schema": "certstrap.revoke/1",
        "revoked_at": timestamp(revoked.since or now),
        "reason": revoked.reason.value,
        "crl": revoked.crl_path,
        "entries": revoked.entries,
        "updated": [*updated],
        "still_valid": [*map(serial_number, revoked.still_valid)],
    }


def _updated_lines(revoked: Revoked) -> Iterator[str]:
    """Yield what was changed, and below that what else a person should know."""
    yield f"Updated {revoked.crl_path}: {counted(revoked.entries, 'revoked certificate')}"
    if revoked.list_path:
        yield f"Updated {revoked.list_path}: certstrap will not sign its key again."
    yield (
        "Temporal Cloud does not check CRLs: to lock this client out there, use a certificate "
        "filter or a new CA."
    )


def _already_line(revoked: Revoked, since: datetime) -> str:
    """Return what was changed of what was revoked before."""
    changed = [f"the reason is now {revoked.reason.value}"] if revoked.is_worse else []
    changed += [f"updated {revoked.list_path}"] if revoked.list_path else []
    return f"Revoked already, since {utc(since)}: {' and '.join(changed) or 'nothing was changed'}."


def _other_lines(revoked: Revoked, which: Name | int) -> Iterator[str]:
    """Yield the lines on a file with another name in it, and on what `renew` has replaced."""
    if revoked.certificate and isinstance(which, Name):
        yield from other_name_lines("The certificate", revoked.certificate, which)
    if revoked.still_valid:
        yield (
            "Older certificates of that name are still valid; revoke each with --serial: "
            f"{', '.join(map(serial_number, revoked.still_valid))}"
        )


def _serial_number(text: str) -> int:
    """Return a serial number as OpenSSL writes it: hex digits, with or without colons."""
    digits = text.removeprefix("serial=").removeprefix("0x").replace(":", "")
    if not re.fullmatch("[0-9A-Fa-f]{1,40}", digits) or not int(digits, 16):
        raise RefusedError(
            f"{quoted(text)} is not a serial number.",
            Hint("Read it with", ("openssl", "x509", ("-noout",), ("-serial",), ("-in", "FILE"))),
        )
    return int(digits, 16)
