"""The lines on a new key that Temporal Cloud, or a client of it, refuses."""

from collections.abc import Iterator

from certstrap.pki.keys import KeySpec, kind_of
from certstrap.temporal import ca_rules
from certstrap.temporal.clients import CLIENTS, refusing, titles
from certstrap.text import escaped

_ADVICE = "Use RSA, P-256 or P-384 for Temporal Cloud."


def refusal_lines(key: object, *, of_ca: bool = False) -> Iterator[str]:
    """Yield who refuses a public key, in one line; nothing if nobody does.

    With ``of_ca`` it is a CA's key, which is none of the clients' business.
    """
    kind = kind_of(key)
    assert kind  # noqa: S101 - this program signs no other
    if not ca_rules.is_accepted(kind) or kind.bits > ca_rules.LARGEST_RSA_OF_GO:
        yield f"Temporal Cloud refuses {kind} keys. {_ADVICE}"
        return
    refused_by = () if of_ca else refusing(kind)
    if len(refused_by) == len(CLIENTS):
        yield f"None of Temporal's clients can use {kind} keys. {_ADVICE}"
    elif refused_by:
        yield f"Temporal's clients for {titles(refused_by)} refuse {kind} keys. {_ADVICE}"


def is_unusable(key: object) -> bool:
    """Return whether no client can connect to Temporal Cloud with a key of that kind."""
    kind = kind_of(key)
    assert kind  # noqa: S101 - as above
    return not ca_rules.is_accepted(kind) or len(refusing(kind)) == len(CLIENTS)


def other_kind_lines(path: str, key: object, spec: KeySpec) -> Iterator[str]:
    """Yield that a key that was read is not of the kind that new keys were to be of."""
    found = kind_of(key)
    if found != spec:
        yield (
            f"{escaped(path)} has a key of kind {found}, not {spec}: --curve and "
            "--key-bits are for new keys."
        )
