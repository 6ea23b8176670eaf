"""A client's configuration: as a profile, as variables of a shell, as a program, as a Secret."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping

from certstrap.cli.render import snippets
from certstrap.cli.render.quoting import SHELLS, double
from certstrap.temporal.client_files import ClientFiles
from certstrap.temporal.connection import Connection

OLD_VARIABLES = ("TEMPORAL_TLS_CERT", "TEMPORAL_TLS_KEY")
"""What the `temporal` command reads before the variables that all clients read."""

LANGUAGES: dict[str, Callable[[Connection], str]] = {
    "python": snippets.python,
    "go": snippets.go,
    "java": snippets.java,
    "typescript": snippets.typescript,
    "dotnet": snippets.dotnet,
    "ruby": snippets.ruby,
    "php": snippets.php,
}
OF_A_SHELL = ("env", "cli")
FORMATS = ("toml", *OF_A_SHELL, *LANGUAGES, "kubernetes")

_LONGEST_NAME = 253  # RFC 1123, as Kubernetes has it


def env(connection: Connection, shell: str) -> str:
    """Return lines that set the variables of a client, for one of `SHELLS`."""
    line = {
        "sh": "export {}={}",
        "powershell": "$env:{} = {}",
        "fish": "set -gx {} {}",
    }[shell]
    settings = _settings(connection)
    return "".join(f"{line.format(key, SHELLS[shell](value))}\n" for key, value in settings.items())


def _settings(connection: Connection) -> dict[str, str]:
    target = connection.target
    every = {
        "TEMPORAL_ADDRESS": target.address,
        "TEMPORAL_NAMESPACE": str(target.namespace),
        "TEMPORAL_TLS_CLIENT_CERT_PATH": connection.certificate,
        "TEMPORAL_TLS_CLIENT_KEY_PATH": connection.key,
        "TEMPORAL_TLS_SERVER_NAME": target.server_name,
        "TEMPORAL_TLS_SERVER_CA_CERT_PATH": target.server_ca,
    }
    return {key: value for key, value in every.items() if value}


def cli(connection: Connection, shell: str) -> str:
    """Return a line of the `temporal` command, for one of `SHELLS`."""
    target = connection.target
    options = {
        "--address": target.address,
        "--namespace": str(target.namespace),
        "--tls-cert-path": connection.certificate,
        "--tls-key-path": connection.key,
        "--tls-server-name": target.server_name,
        "--tls-ca-path": target.server_ca,
    }
    words = [f"{key} {SHELLS[shell](value)}" for key, value in options.items() if value]
    return " ".join(["temporal workflow list", *words]) + "\n"


def kubernetes(files: ClientFiles, name: str, ca: bytes) -> str:
    """Return a Secret with a client's files, the key among them.

    Args:
        files: the files.
        name: whose they are; the Secret is named after it.
        ca: the CAs of the server's certificate, or nothing.
    """
    data = {"tls.crt": files.certificate.data, "tls.key": files.key.data, "ca.crt": ca}
    lines = [
        "apiVersion: v1",
        "kind: Secret",
        "metadata:",
        f"  name: {double(secret_name(name))}",
        "type: kubernetes.io/tls",
        "data:",
        *(f"  {key}: {b64encode(value).decode()}" for key, value in data.items() if value),
    ]
    return "\n".join([*lines, ""])


def secret_name(name: str) -> str:
    """Return the name of a Secret: lower-case letters, digits, hyphens and dots (RFC 1123)."""
    labels = (
        re.sub("[^a-z0-9]+", "-", label).strip("-")
        for label in name.lower()[:_LONGEST_NAME].split(".")
    )
    return ".".join(filter(None, labels)) or "temporal-client"


def old_variable_lines(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the line about old variables that are set in the environment."""
    found = [name for name in OLD_VARIABLES if environ.get(name)]
    if found:
        names, are, them = (
            (found[0], "is", "it") if len(found) == 1 else (" and ".join(found), "are", "them")
        )
        yield (
            f"{names} {are} set: the temporal command uses {them} instead of this configuration. "
            f"Remove {them} with: unset {' '.join(found)}"
        )
