"""Undo a renewal: put the files back that it replaced."""

from collections.abc import Sequence

from certstrap.authority.plan import Plan
from certstrap.authority.renew import Renewed
from certstrap.authority.replaced import MODES, put
from certstrap.certificates import rules
from certstrap.depot import CERTIFICATE, CHAIN, KEY, PKCS12, Entry
from certstrap.depot.archive import Archive
from certstrap.depot.chain import issuers_of, revoked
from certstrap.depot.compromised import compromised, path_of
from certstrap.errors import RefusedError
from certstrap.names import Name
from certstrap.shell import arguments

_FROM_CERTIFICATE = (CHAIN, PKCS12)


def undo(plan: Plan, names: Sequence[Name]) -> list[Renewed]:
    """Put back what was archived last of each name, and archive what is there now.

    Undone twice, a renewal is as it was.

    Raises:
        CertstrapError: for one of them there is nothing to put back, or it may not be used.
    """
    entries = dict.fromkeys(plan.depot.find(name, CERTIFICATE) for name in names)
    archive = Archive(plan.depot)
    return [_undo(plan, archive, entry) for entry in entries]


def _undo(plan: Plan, archive: Archive, entry: Entry) -> Renewed:
    path = entry.path(CERTIFICATE)
    for each in (path, path_of(plan.depot)):
        plan.expect(each)
    now_there = entry.certificate()
    last = next(iter(archive.of(entry)), None)
    if not last:
        raise RefusedError(
            f"{archive.root} has nothing that took the place of {path}.",
            f"Only a renewal can be undone: certstrap renew {arguments(entry.stem)}",
        )
    source, before = last.paths[CERTIFICATE], last.certificate()
    if (before.subject, before.issuer) != (now_there.subject, now_there.issuer):
        raise RefusedError(
            f"{source} is not for whom {path} is, or by another CA.",
            "Move it out of the archive.",
        )
    rules.require(rules.valid(before, plan.now, source, f"Leave {path} as it is."))
    plan.depot.require_readable_cas()
    chain = [before, *issuers_of(plan.depot, before)]
    rules.require(revoked(plan.depot, chain[:2], source))
    rules.require(compromised(plan.depot, before.public_key(), source))
    same_key = before.public_key() == now_there.public_key()
    if not same_key and KEY not in last.paths:
        raise RefusedError(
            f"The archive does not have the key of {source}.",
            "Without its key, a certificate is of no use.",
        )
    for suffix in _FROM_CERTIFICATE if same_key else MODES:
        if entry.has(suffix) and suffix not in last.paths:
            raise RefusedError(
                f"{entry.path(suffix)} is newer than what is put back, and would not belong to it.",
                "Move it away, and create it again afterwards.",
            )
    found = {suffix: last.read(suffix) for suffix in MODES if suffix in last.paths}
    archived = put(plan, archive, entry, found, now_there)
    paths = tuple(entry.path(suffix) for suffix in found)
    return Renewed(entry, now_there, before, cut=False, paths=paths, archived=tuple(archived))
