"""How a client connects: its endpoint, its Namespace, and the files that it loads."""

import os
from typing import NamedTuple

from certstrap.errors import UnusableFileError
from certstrap.names import is_plain
from certstrap.temporal.address import Address
from certstrap.temporal.namespace import Namespace


class Target(NamedTuple):
    """What a client connects to.

    Attributes:
        namespace: the Namespace.
        address: the endpoint, as ``HOST:PORT``.
        server_name: the name in the server's certificate; empty if it is the host.
        server_ca: the file with the CAs of the server's certificate; empty for the system's.
    """

    namespace: Namespace
    address: str
    server_name: str = ""
    server_ca: str = ""


def target_of(
    namespace: Namespace, address: str = "", server_name: str = "", server_ca: str = ""
) -> Target:
    """Return what a client of ``namespace`` connects to.

    At a regional or private endpoint, the server still has the certificate of the Namespace's own
    endpoint, so a client has to expect that name.

    Args:
        namespace: the Namespace.
        address: another endpoint than the Namespace's own, as ``HOST[:PORT]``.
        server_name: the name in the server's certificate, if it is another one.
        server_ca: the file with the CAs of the server's certificate.

    Raises:
        InvalidNameError: the address cannot be read.
        UnusableFileError: the path of that file cannot be written into a configuration.
    """
    endpoint = str(Address.parse(address)) if address else namespace.address
    if not server_name and endpoint != namespace.address:
        server_name = namespace.host
    return Target(namespace, endpoint, server_name, absolute(server_ca) if server_ca else "")


class Connection(NamedTuple):
    """What a client is configured with.

    Attributes:
        target: what it connects to.
        certificate: the absolute path of its certificate, or of its chain.
        key: the absolute path of its private key.
        encrypted: whether that key is encrypted.
    """

    target: Target
    certificate: str
    key: str
    encrypted: bool = False


def absolute(path: str) -> str:
    """Return the absolute path of a file, in a form that every program can read.

    Raises:
        UnusableFileError: it has control characters, or is not text.
    """
    found = os.path.abspath(path)
    if not is_plain(found):
        raise UnusableFileError(
            path,
            "cannot be written into a configuration: its path has control characters",
            "Move it to a folder with another name.",
        )
    return found
