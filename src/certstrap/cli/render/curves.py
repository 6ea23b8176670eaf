"""The line about a key that Temporal's clients, or Temporal Cloud itself, refuse."""

from certstrap.keys import KeySpec
from certstrap.temporal import kinds
from certstrap.temporal.clients import CLIENTS, refusing, titles

_ADVICE = "Use RSA, P-256 or P-384 for Temporal Cloud."


def refusal_line(spec: KeySpec) -> str:
    """Return who refuses keys of that kind, in one line; nothing if nobody does."""
    if not kinds.is_accepted(spec) or spec.bits > kinds.LARGEST_RSA_OF_GO:
        return f"Temporal Cloud refuses {spec} keys. {_ADVICE}"
    refused_by = refusing(spec)
    if not refused_by:
        return ""
    if len(refused_by) == len(CLIENTS):
        return f"None of Temporal's clients can use a {spec} key. {_ADVICE}"
    return f"Temporal's clients for {titles(refused_by)} refuse {spec} keys. {_ADVICE}"
