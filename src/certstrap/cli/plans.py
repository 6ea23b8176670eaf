"""The plan of a command: its depot, its passphrases, its instant, its keys."""

import os
from datetime import UTC, datetime

from certstrap import owners
from certstrap.authority.passphrases import Passphrases
from certstrap.authority.plan import Plan
from certstrap.cli.console import generate, remark
from certstrap.cli.context import Context, read_all
from certstrap.depot import Depot
from certstrap.errors import RefusedError
from certstrap.keys import PBKDF2_ROUNDS
from certstrap.locks import Patience

_EARLIEST = datetime(1950, 1, 2, tzinfo=UTC)  # RFC 5280, 4.1.2.5; what begins now is backdated


def new_plan(context: Context, passphrases: Passphrases, *, uses_depot: bool = True) -> Plan:
    """Return an empty plan for the depot that the user chose.

    If others may write to that depot, and it is used, that is said on standard error.

    Raises:
        RefusedError: the clock is before the first year of certificates.
    """
    now = context.now()
    if now < _EARLIEST:
        raise RefusedError(
            f"The clock of this machine says {now:%Y-%m-%d}, and certificates begin in 1950.",
            "Set the clock.",
        )
    if uses_depot:
        remark_if_shared(context)
    patience = Patience(context.wait, lambda folder: remark([_waiting_line(context, folder)]))
    depot = Depot(context.depot_path)
    rounds = context.rounds or PBKDF2_ROUNDS
    return Plan(depot, passphrases, now, generate, read_all, patience, rounds)


def remark_if_shared(context: Context) -> None:
    """Say once that others may write to the depot, and what to do about it."""
    root = context.depot_path
    if os.path.isdir(root) and owners.is_shared(root):
        line = _shared_line(root)
        if line not in context.remarks:
            context.remarks.add(line)
            remark([line])


def _shared_line(root: str) -> str:
    from certstrap.shell import file  # noqa: PLC0415 - few depots are shared

    folder = file(root)
    commands = [f"chmod go-w {folder}"]
    if os.stat(root).st_uid not in {0, os.geteuid()}:
        commands.insert(0, f"chown {os.geteuid()} {folder}")
    return (
        f"Others may write to {root}: only files of yours, of root and of its owner are used. "
        f"Restrict it with: {' && '.join(commands)}"
    )


def _waiting_line(context: Context, folder: str) -> str:
    return f"Waiting up to {context.wait} seconds for another process that uses {folder} (--wait)."
