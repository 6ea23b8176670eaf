"""What is found wrong, whatever it is and whoever looks: one value."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from certstrap.errors import RefusedError
from certstrap.hints import Hint

Severity = Literal["error", "warning"]


class Finding(NamedTuple):
    """A rule that does not hold.

    Attributes:
        rule: its identifier.
        sentence: what is wrong with what.
        hint: what to do, or empty.
        severity: ``warning`` if whatever it is about can be used all the same.
        of_ca: whether it is about a CA above what was judged.
    """

    rule: str
    sentence: str
    hint: Hint | str = ""
    severity: Severity = "error"
    of_ca: bool = False


def require(findings: Iterable[Finding], hint: Hint | str = "") -> None:
    """Raise the first of ``findings`` that is an error, if there is one.

    Raises:
        RefusedError: with its rule, sentence and hint, or with ``hint``.
    """
    for finding in findings:
        if finding.severity == "error":
            raise RefusedError(finding.sentence, hint or finding.hint, finding.rule)
