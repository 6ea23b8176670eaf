"""Namespaces of Temporal Cloud, and the addresses of endpoints."""

import re
from typing import NamedTuple, Self

from certstrap.errors import InvalidNameError

SHORTEST, LONGEST = 2, 39  # characters of a name
PORT = 7233

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_ACCOUNT = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_EXAMPLE = "It is NAME.ACCOUNT, as in your-namespace.acct."


class Namespace(NamedTuple):
    """A Namespace: its name and the account that it belongs to."""

    name: str
    account: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a Namespace id.

        Raises:
            InvalidNameError: it does not have the form ``NAME.ACCOUNT``.
        """
        if text != text.lower():
            raise InvalidNameError(
                "Namespace id",
                text,
                "has upper-case letters",
                "Replace it with the ID of your Namespace, as in your-namespace.acct.",
            )
        name, dot, account = text.partition(".")
        if not dot or not _ACCOUNT.fullmatch(account):
            raise InvalidNameError(
                "Namespace id", text, "does not end in a dot and an account", _EXAMPLE
            )
        if not _NAME.fullmatch(name):
            raise InvalidNameError(
                "Namespace id",
                text,
                "has a name that is not made of lower-case letters, digits and single hyphens, or "
                "does not begin with a letter",
                _EXAMPLE,
            )
        if not SHORTEST <= len(name) <= LONGEST:
            raise InvalidNameError(
                "Namespace id",
                text,
                f"has a name of length {len(name)}, and {SHORTEST} to {LONGEST} are allowed",
                _EXAMPLE,
            )
        return cls(name, account)

    @property
    def host(self) -> str:
        """The host name of its endpoint."""
        return f"{self}.tmprl.cloud"

    @property
    def address(self) -> str:
        """Its endpoint, as clients take it: host name and port."""
        return f"{self.host}:{PORT}"

    def __str__(self) -> str:
        return f"{self.name}.{self.account}"


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
            raise InvalidNameError(
                "address", text, "is not a host with a port",
                "Write it as your-namespace.acct.tmprl.cloud:7233.",
            )  # fmt: skip
        if not 0 < int(number) <= _LAST_PORT:
            raise InvalidNameError("address", text, "has a port that does not exist")
        return cls(host, int(number))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
