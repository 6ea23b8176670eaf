"""Namespaces of Temporal Cloud and of other servers, and the addresses of endpoints."""

import re
from collections.abc import Iterator
from typing import NamedTuple, Self

from certstrap.errors import InvalidNameError
from certstrap.pki.names import is_plain
from certstrap.pki.server import host_in

SHORTEST, LONGEST = 2, 39  # characters of a name
PORT = 7233

_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_ACCOUNT = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SHORTEST_ACCOUNT = 5
_EXAMPLE_ACCOUNT = "acct"  # of Temporal's own pages, and of these
_EXAMPLE = "is NAME.ACCOUNT, as in your-namespace.acct."
_CLOUD = ".tmprl.cloud"
_CLOUD_DOMAINS = (_CLOUD, ".api.temporal.io", ".vpce.amazonaws.com")
"""What ends the names of Temporal Cloud's endpoints; the last one is AWS PrivateLink."""


class Namespace(NamedTuple):
    """A Namespace of Temporal Cloud: its name and the account that it belongs to."""

    name: str
    account: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a Namespace id.

        Raises:
            InvalidNameError: it does not have the form ``NAME.ACCOUNT``.
        """
        host = host_in(text)
        name, _, account = text.partition(".")
        hint = f"It {_EXAMPLE}"
        if host.endswith(_CLOUD_DOMAINS):
            reason, hint = "is an endpoint", _id_in(host)
        elif text != text.lower():
            reason = "has upper-case letters"
            hint = "Replace it with the ID of your Namespace, as in your-namespace.acct."
        elif not _ACCOUNT.fullmatch(account):
            reason = "does not end in a dot and an account"
            own = "For a server of your own, also give its address."
            hint = f"{own} In Temporal Cloud, it {_EXAMPLE}"
        elif not _NAME.fullmatch(name):
            reason = (
                "has a name that is not made of lower-case letters, digits and hyphens between "
                "them, or does not begin with a letter"
            )
        elif not SHORTEST <= len(name) <= LONGEST:
            reason = f"has a name of length {len(name)}, and {SHORTEST} to {LONGEST} are allowed"
        else:
            return cls(name, account)
        raise InvalidNameError("Namespace id", text, reason, hint)

    @property
    def host(self) -> str:
        """The host name of its endpoint."""
        return f"{self}{_CLOUD}"

    @property
    def address(self) -> str:
        """Its endpoint, as clients take it: host name and port."""
        return f"{self.host}:{PORT}"

    @property
    def doubts(self) -> Iterator[str]:
        """Why Temporal Cloud may have no such Namespace, in sentences."""
        if "--" in self.name:
            yield (
                f"The name {self.name} has two hyphens in a row, which Temporal Cloud has not "
                "always allowed."
            )
        if len(self.account) < _SHORTEST_ACCOUNT and self.account != _EXAMPLE_ACCOUNT:
            yield (
                f"The account {self.account} has fewer than {_SHORTEST_ACCOUNT} characters, and "
                "those of Temporal Cloud have more."
            )

    def __str__(self) -> str:
        return f"{self.name}.{self.account}"


def _id_in(host: str) -> str:
    """Return what to do about an endpoint that was given as a Namespace id."""
    found = host.removesuffix(_CLOUD)
    if found.count(".") == 1 and not found.endswith(".region"):
        return f"The ID is {found}."
    return "Give the ID of the Namespace, as in your-namespace.acct."


def parse_other(text: str) -> str:
    """Return the name of a Namespace of a server other than Temporal Cloud, which may be any.

    Raises:
        InvalidNameError: it is empty, or has control characters.
    """
    return require_plain("Namespace", text, "The first one of a server is default.")


def require_plain(kind: str, text: str, hint: str) -> str:
    """Return the name of something of Temporal's, which may be any text that can be shown.

    Raises:
        InvalidNameError: it is empty, or has control characters.
    """
    if not text or not is_plain(text):
        reason = "has a control character" if text else "is empty"
        raise InvalidNameError(kind, text, reason, hint)
    return text


_LAST_PORT = 65_535


class Address(NamedTuple):
    """A host and a port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``HOST``, ``HOST:PORT`` or ``[IPV6]:PORT``; the port is 7233 if none is given.

        Raises:
            InvalidNameError: it is neither.
        """
        if text.startswith("["):
            host, bracket, port = text[1:].partition("]")
            valid = bool(bracket) and (not port or port.startswith(":"))
        else:
            host, colon, port = text.partition(":")
            valid, port = ":" not in port, colon + port
        number = port.removeprefix(":") if port else str(PORT)
        valid = valid and bool(host) and not set(host) & set("/@ ") and host.isprintable()
        if not valid or not (number.isascii() and number.isdigit() and len(number) <= 5):  # noqa: PLR2004 - 65535
            known = host_in(text) if "://" in text else ""
            example = str(cls(known, PORT)) if known else "your-namespace.acct.tmprl.cloud:7233"
            raise InvalidNameError(
                "address", text, "is not a host with a port", f"Write it as {example}."
            )
        if not 0 < int(number) <= _LAST_PORT:
            raise InvalidNameError("address", text, "has a port that does not exist")
        return cls(host, int(number))

    @property
    def is_cloud(self) -> bool:
        """Whether it is an endpoint of Temporal Cloud, as far as its name tells."""
        return self.host.lower().removesuffix(".").endswith(_CLOUD_DOMAINS)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
