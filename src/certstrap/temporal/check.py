"""The check of a client's files, or of CAs: every rule, a rehearsal, and a real endpoint."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from certstrap.hints import Command, Hint
from certstrap.store.renewal import new_key_hint
from certstrap.temporal import ca_rules, client_rules, handshake, rules
from certstrap.temporal.client_rules import ClientChain
from certstrap.temporal.clients import Client
from certstrap.temporal.handshake import Connect, Endpoint, Handshake, Loopback
from certstrap.temporal.inputs import CertificateFile, CheckSubject
from certstrap.temporal.namespace import Namespace
from certstrap.temporal.rules import GROUPS, Result, fix_for

RULES = rules.RULES
"""All rules by their identifiers: the modules that are imported here define them."""


class CheckOptions(NamedTuple):
    """What is asked besides the rules that hold for everyone.

    Attributes:
        client: which of Temporal's clients is to use the key; None for any.
    """

    client: Client | None = None
    namespace: str | None = None
    endpoint: Endpoint | None = None


class Report(NamedTuple):
    """The result of a check.

    Attributes:
        results: those by each rule, by group.
        rehearsal: None if CAs alone were checked.
        connection: None if none was asked for.
    """

    subject: CheckSubject
    results: tuple[Result, ...]
    rehearsal: Handshake | None = None
    connection: Handshake | None = None
    address: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        tried = (each.outcome for each in (self.rehearsal, self.connection) if each)
        failed = any(result.status == "failed" for result in self.results)
        return not failed and all(outcome in {"accepted", "skipped"} for outcome in tried)


def check(
    subject: CheckSubject, wanted: CheckOptions, now: datetime, loopback: Loopback, connect: Connect
) -> Report:
    """Check ``subject`` by every rule, rehearse, and connect if that is wanted."""
    uploaded = subject.uploaded.certificates if subject.uploaded else ()
    private = subject.key.private if subject.key else None
    target = wanted.endpoint
    chain = None
    if subject.client:
        chain = client_rules.find_chain(
            subject.client, uploaded, private.public_key() if private else None, now
        )
    found = _results(subject, wanted, chain, now)
    results = _by_group(result._replace(fix=_fix(result.fix, subject)) for result in found)
    report = Report(subject, results, address=str(target.address) if target else "")
    if not subject.client:
        return report
    if not chain or not private:
        skipped = Handshake("skipped", _why_not(subject, chain))
        return report._replace(rehearsal=skipped, connection=skipped if target else None)
    presented = [each.certificate for each in subject.client.certificates]
    trusted = [each.certificate for each in uploaded]
    rehearsal = Handshake("skipped", "the CA that is uploaded is not known, or cannot be read")
    if trusted:
        rehearsal = handshake.rehearse(presented, private, trusted, now, loopback)
    report = report._replace(rehearsal=rehearsal)
    if not target:
        return report
    if presented[0].public_key() != private.public_key():
        own = chain.leaf.certificate.public_key() == private.public_key()
        why = "chain-first" if own else "key-pair"
        words = f"the key is not that of the first certificate of the file (see {why})"
        return report._replace(connection=Handshake("skipped", words))
    answer = handshake.connect(target, presented, private, now, connect)
    return report._replace(connection=answer)


_ELSEWHERE: Mapping[Command, str] = {
    ("renew", "NAME"): "where the key of its CA is",
    ("issue", "NAME"): "where the key of its CA is",
    ("issue", "NEW-NAME"): "where the key of its CA is",
    ("sign", "CA-NAME"): "from a request that was made where its key is",
}


def _fix(fix: Hint | str, subject: CheckSubject) -> Hint | str:
    """Return what to do about ``subject``, by its name."""
    if isinstance(fix, str):
        return fix
    where = _ELSEWHERE.get(fix.command[1:3])
    if where and fix.command[1] not in subject.signing:
        return f"{fix.sentence}, {where}."
    own = [each for each in subject.revoked or () if not each.of_ca and each.severity == "warning"]
    if "renew" in fix.command and own:
        fix = new_key_hint("NAME")
    return fix_for(fix, subject.rewrite, subject.placeholders)


def check_bundle(file: CertificateFile, now: datetime) -> Report:
    """Check a CA file by the rules for CAs that are uploaded."""
    return Report(CheckSubject(file.path, uploaded=file), _by_group(ca_rules.judge(file, now)))


def _by_group(results: Iterable[Result]) -> tuple[Result, ...]:
    return tuple(sorted(results, key=lambda result: GROUPS.index(result.rule.group)))


def _why_not(subject: CheckSubject, chain: ClientChain | None) -> str:
    if not chain:
        return "the certificate cannot be read"
    if not subject.key:
        return "the private key is not here"
    return f"the private key {'was not opened' if subject.key.encrypted else 'cannot be read'}"


def _results(
    subject: CheckSubject, wanted: CheckOptions, chain: ClientChain | None, now: datetime
) -> Iterator[Result]:
    key = subject.key
    if subject.uploaded:
        yield from ca_rules.judge(subject.uploaded, now)
    if subject.client:
        yield client_rules.leaf_pem(subject.client)
        yield client_rules.key_present(key, subject.key_path)
        if key:
            yield from client_rules.judge_key(key, chain, wanted.client)
    if chain:
        yield from client_rules.judge_leaf(chain)
        if not subject.uploaded or subject.uploaded.is_complete:
            yield from client_rules.judge_chain(chain, subject.complete)
        yield from client_rules.judge_key_kind(chain, wanted.client)
        if subject.revoked is not None:
            yield client_rules.leaf_revoked(subject.revoked)
    if wanted.namespace is not None:
        address = wanted.endpoint.address if wanted.endpoint else None
        form = client_rules.namespace_form(wanted.namespace, address)
        yield form
        if chain and form.status != "failed" and (address is None or address.is_cloud):
            yield client_rules.namespace_name(Namespace.parse(wanted.namespace), chain)
