"""Findings: what became of a rule.

Whoever judges by a rule yields a `Problem` for each thing that is wrong; none means that all is
well. `finding` makes one finding of them.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from certstrap.hints import Hint
from certstrap.temporal.rules import RULES, Rule
from certstrap.text import with_capital

Status = Literal["passed", "warning", "failed"]

MOST_SHOWN = 3
"""How many problems with one rule are reported; of the others, only the number is."""


class Problem(NamedTuple):
    """What is wrong with what.

    Attributes:
        sentence: it, in one sentence.
        fix: what to do, if that is more exact than the rule's own.
        warning: whether the certificate can be used all the same.
    """

    sentence: str
    fix: Hint | str = ""
    warning: bool = False


class Finding(NamedTuple):
    """What became of a rule.

    Attributes:
        rule: the rule.
        status: whether it passed.
        sentences: what is wrong; none if it passed.
        fix: what to do; empty if it passed.
    """

    rule: Rule
    status: Status
    sentences: tuple[str, ...] = ()
    fix: Hint | str = ""


def finding(identifier: str, problems: Iterable[Problem]) -> Finding:
    """Return the finding for a rule; failures come before warnings."""
    rule = RULES[identifier]
    found = sorted(problems, key=lambda problem: problem.warning)
    if not found:
        return Finding(rule, "passed")
    shown = tuple(with_capital(problem.sentence) for problem in found[:MOST_SHOWN])
    more = len(found) - len(shown)
    if more:
        shown = (*shown, f"And {more} more.")
    fix = next((problem.fix for problem in found if problem.fix), rule.fix)
    return Finding(rule, "warning" if found[0].warning else "failed", shown, fix)
