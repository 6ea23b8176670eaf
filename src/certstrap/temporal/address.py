"""Addresses of endpoints: a host and a port."""

from typing import NamedTuple, Self

from certstrap.errors import InvalidNameError
from certstrap.temporal.namespace import PORT

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
