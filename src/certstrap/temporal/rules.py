"""The rules of Temporal Cloud and of its clients: what a rule is, and what is found by one.

What Temporal's page "Manage certificates" leaves open follows from the programs that judge:
Temporal Cloud's server is written in Go (crypto/x509, crypto/tls), and the clients for Python,
TypeScript, .NET and Ruby share a core that is written in Rust (rustls).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import wraps
from typing import Literal, NamedTuple, ParamSpec, get_args

from certstrap.errors import RefusedError
from certstrap.hints import Command, Hint, filled
from certstrap.pki.findings import Finding
from certstrap.text import with_capital

Group = Literal["CA", "leaf", "chain", "key", "names", "validity", "clients"]
GROUPS: tuple[Group, ...] = get_args(Group)
"""The groups, in the order in which they are shown."""

_CLOUD = "https://docs.temporal.io/cloud/"


class Page:
    """The pages that say what must be true; those of RFCs without the section."""

    REQUIREMENTS = _CLOUD + "certificates#certificate-requirements"
    ISSUING = _CLOUD + "certificates#issue-certificates"
    NOTICES = _CLOUD + "certificates#expiration-notifications"
    MANAGE = _CLOUD + "certificates#manage-certificates"
    COMPROMISED = _CLOUD + "certificates#how-to-handle-a-compromised-end-entity-certificate"
    CLIENT_CERTIFICATES = _CLOUD + "certificates#configure-clients-to-use-client-certificates"
    NAMESPACES = _CLOUD + "namespaces#temporal-cloud-namespace-name"
    RFC5280 = "https://www.rfc-editor.org/rfc/rfc5280#section-"
    TLS = "https://www.rfc-editor.org/rfc/rfc8446#section-"
    GO_TLS = "https://pkg.go.dev/crypto/tls#X509KeyPair"
    GO_X509 = "https://pkg.go.dev/crypto/x509#ParseCertificate"


REWRITE_CHAIN = Hint(
    "Move the file away and write the chain again", ("certstrap", "export-chain", "NAME")
)

REWRITE_KEY: Command = ("certstrap", "export-pkcs8", "NAME")
"""What stands in hints for the command that writes a key as PKCS#8, not encrypted."""

MOST_SHOWN = 3
"""How many findings by one rule are reported; of the others, only the number is."""

Status = Literal["passed", "warning", "failed"]


class Rule(NamedTuple):
    """A rule.

    Attributes:
        identifier: its name, which never changes.
        sentence: what must be true.
        fix: what to do if it is not. In its commands, NAME is the certificate's name in the depot,
            CA-NAME that of its CA, and FILE the file.
        page: the page that says so.
    """

    identifier: str
    group: Group
    sentence: str
    reason: str
    fix: Hint | str
    page: str


class Result(NamedTuple):
    """The result of a check by a rule.

    Attributes:
        findings: what is wrong, errors first; nothing if it passed.
        fix: what to do; empty if it passed.
    """

    rule: Rule
    findings: tuple[Finding, ...] = ()
    fix: Hint | str = ""

    @property
    def status(self) -> Status:
        """Whether it passed."""
        if not self.findings:
            return "passed"
        return "failed" if self.findings[0].severity == "error" else "warning"

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is wrong, and how much more of it there is."""
        shown = [with_capital(finding.sentence) for finding in self.findings[:MOST_SHOWN]]
        more = len(self.findings) - len(shown)
        return (*shown, f"And {more} more.") if more else tuple(shown)


RULES: dict[str, Rule] = {}
"""All rules, by their identifiers: those of the modules that have been imported."""

P = ParamSpec("P")
Check = Callable[P, Iterable[Finding]]


def rule(group: Group, page: str, fix: Hint | str) -> Callable[[Check[P]], Callable[P, Result]]:
    """Return what makes a function that yields what is wrong a rule; see `Rule`.

    Its name is the rule's, and its docstring says what must be true, and why. A finding without a
    hint gets ``fix``.
    """

    def decorate(check: Check[P]) -> Callable[P, Result]:
        identifier = check.__name__.replace("_", "-")
        sentence, reason = (check.__doc__ or "").split("\n\n")
        rule = Rule(identifier, group, sentence, " ".join(reason.split()), fix, page)
        RULES[identifier] = rule

        @wraps(check)
        def judge(*args: P.args, **kwargs: P.kwargs) -> Result:
            findings = (each._replace(rule=identifier) for each in check(*args, **kwargs))
            found = tuple(sorted(findings, key=lambda each: each.severity))
            if not found:
                return Result(rule)
            return Result(rule, found, next((each.hint for each in found if each.hint), fix))

        return judge

    return decorate


def looked_at(results: Iterable[Result], unseen: Collection[str]) -> Iterator[Result]:
    """Yield results, save those that found nothing by a rule that could not look at everything."""
    return (each for each in results if each.findings or each.rule.identifier not in unseen)


def fix_for(fix: Hint | str, rewrite: Command, names: Mapping[str, str]) -> Hint | str:
    """Return what to do, with the command that writes this key, and these names."""
    if isinstance(fix, Hint) and fix.command == REWRITE_KEY:
        return fix._replace(command=rewrite)
    return filled(fix, names)


def require_passed(results: Iterable[Result], hint: Hint | str = "") -> tuple[str, ...]:
    """Refuse what failed, and return the warnings; ``hint`` replaces what the rule says to do.

    Raises:
        RefusedError: with the first result that failed.
    """
    warnings: list[str] = []
    for each in results:
        if each.status == "failed":
            raise RefusedError(" ".join(each.sentences), hint or each.fix, each.rule.identifier)
        warnings += each.sentences
    return tuple(warnings)


def failure(sentence: str, hint: Hint | str = "") -> Finding:
    """Return a finding by the rule that yields it."""
    return Finding("", sentence, hint)


def warning(sentence: str, hint: Hint | str = "") -> Finding:
    """Return a finding by the rule that yields it, with which a certificate can be used yet."""
    return Finding("", sentence, hint, "warning")


def adopted(findings: Iterable[Finding], *rules: str) -> Iterator[Finding]:
    """Yield findings by rules of X.509, all of them or some, with this rule's hint for theirs."""
    return (finding._replace(hint="") for finding in findings if not rules or finding.rule in rules)
