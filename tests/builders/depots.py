"""Depots that tests begin with, as the commands that make them.

The mark ``depot`` of a test or a module has these commands, and the fixture ``depot`` gives the
depot that they make; without the mark, it is that of `CLIENT`.
"""

Command = tuple[str, ...]

NEW_KEY = ("--curve", "P-256", "--no-passphrase")
"""A key that is made in no time."""

UNUSED = "had no effect: nothing that was opened is encrypted, and no new file was to be.\n"
"""What is said of a passphrase that nothing needed, after its option."""

TEN_YEARS = ("--expires", "10 years")


def init(name: str = "Cert", *options: str) -> Command:
    """Return the command that creates a CA."""
    return ("init", "--cn", name, *NEW_KEY, *options)


def request(name: str, *options: str) -> Command:
    """Return the command that creates a key and a request."""
    return ("request-cert", "--cn", name, *NEW_KEY, *options)


def sign(name: str, ca: str = "Cert", *options: str) -> Command:
    """Return the command that signs a request."""
    return ("sign", name, "--CA", ca, *options)


def signed(name: str, ca: str = "Cert", *options: str) -> tuple[Command, Command]:
    """Return the commands that create a certificate; the options are those of `sign`."""
    return request(name), sign(name, ca, *options)


def issue(name: str, *options: str) -> Command:
    """Return the command that creates a client, and a CA if there is none."""
    return ("issue", name, *NEW_KEY, *options)


CLIENT = (issue("client"),)
"""The CA `Cert` and the certificate `client`."""
