"""Temporal's clients: which keys they can use.

Found out with the clients themselves: `temporalio` 1.35.0 for those that are built on Temporal's
core (rustls), gRPC's C core for PHP, and the sources of Go's crypto/tls and of the JDK.
"""

from typing import NamedTuple

from certstrap.pki.keys import KeySpec
from certstrap.text import enumerated

LARGEST_RSA_OF_CORE = 4096  # bits
_CURVES_OF_CORE = ("P-256", "P-384", "Ed25519", "Ed448")  # the last two: `ca_rules.is_accepted`
_NOT_IN_TLS = "P-224"  # RFC 8446, 4.2.3


class Client(NamedTuple):
    """A client: its name on the command line, and its title in sentences.

    Attributes:
        core: whether it is built on Temporal's core.
        pkcs8: whether it reads PKCS#8 keys only, and also encrypted ones.
    """

    name: str
    title: str
    core: bool = False
    pkcs8: bool = False


CLIENTS = {
    client.name: client
    for client in (
        Client("java", "Java", pkcs8=True),
        Client("go", "Go"),
        Client("python", "Python", core=True),
        Client("typescript", "TypeScript", core=True),
        Client("dotnet", ".NET", core=True),
        Client("ruby", "Ruby", core=True),
        Client("php", "PHP"),
    )
}


def refusing(kind: KeySpec) -> tuple[Client, ...]:
    """Return the clients that cannot use a key of that kind, if it is strong (`rules.key`)."""
    of_core = kind.curve in _CURVES_OF_CORE or 0 < kind.bits <= LARGEST_RSA_OF_CORE
    return tuple(
        client
        for client in CLIENTS.values()
        if kind.curve == _NOT_IN_TLS or (client.core and not of_core)
    )


def titles(clients: tuple[Client, ...]) -> str:
    """Return the names of clients for a sentence."""
    return enumerated([client.title for client in clients])
