"""The configuration of a client: variables, commands, programs, a secret of Kubernetes."""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files
from shlex import quote
from typing import NamedTuple

import certstrap.cli
from certstrap.platform import powershell
from certstrap.temporal.connect import Connection
from certstrap.text import enumerated

Quote = Callable[[str], str]


def double(text: str) -> str:
    """Return a string in double quotes, as in Python, Go, C# and YAML.

    Go refuses a byte order mark that is not written as an escape.
    """
    return '"' + _escaped(text, '"').replace("\ufeff", "\\ufeff") + '"'


def single(text: str) -> str:
    """Return a string in single quotes, as in TypeScript, Ruby, PHP and fish."""
    return "'" + _escaped(text, "'") + "'"


def java_string(text: str) -> str:
    """Return a string of Java; its source may be read in any encoding that contains ASCII."""
    units = double(text).encode("utf-16-be")
    return "".join(
        chr(unit) if unit < 0x80 else f"\\u{unit:04x}"  # noqa: PLR2004 - ASCII
        for unit in (int.from_bytes(units[i : i + 2]) for i in range(0, len(units), 2))
    )


def _escaped(text: str, mark: str) -> str:
    return text.replace("\\", "\\\\").replace(mark, "\\" + mark)


SHELLS: dict[str, Quote] = {"sh": quote, "powershell": powershell, "fish": single}


class Language(NamedTuple):
    """A language of clients: the program's template, and how strings are written."""

    template: str
    quote: Quote


LANGUAGES = {
    "python": Language("connect.py", double),
    "go": Language("connect.go", double),
    "java": Language("Connect.java", java_string),
    "typescript": Language("connect.ts", single),
    "dotnet": Language("connect.cs", double),
    "ruby": Language("connect.rb", single),
    "php": Language("connect.php", single),
}
_CONDITION = re.compile(r" *(?://|#) if ([A-Z_]+)$")


def program(language: str, connection: Connection) -> str:
    """Return a program in one of `LANGUAGES` that connects to a Namespace.

    Its template is a program too. There, a string such as ``"ADDRESS"`` stands for that value, and
    a comment such as ``if SERVER_CA`` ends each line that is only for a connection with one.
    The key is either ``ENCRYPTED`` or ``PLAIN``.
    """
    template, quote = LANGUAGES[language]
    values = {each.placeholder: each.value for each in _settings(connection)}
    given = {name for name, value in values.items() if value}
    given.add("ENCRYPTED" if connection.encrypted else "PLAIN")
    placeholder = re.compile(rf"""(["'])({"|".join(values)})\1""")
    source = files(certstrap.cli).joinpath("templates", template).read_text(encoding="utf-8")
    lines = [
        _CONDITION.sub("", line)
        for line in source.splitlines()
        if (condition := _CONDITION.search(line)) is None or condition[1] in given
    ]
    return placeholder.sub(lambda found: quote(values[found[2]]), "\n".join([*lines, ""]))


class _Setting(NamedTuple):
    """A value, and what stands for it: in a template, the environment, a command line."""

    placeholder: str
    variable: str
    option: str
    value: str


def _settings(connection: Connection) -> list[_Setting]:
    """Return the settings of a client; the value is empty for one that is not set."""
    target, path = connection.target, "TEMPORAL_TLS_{}_PATH".format
    certificate, key = connection.certificate.path, connection.key.path
    return [
        _Setting("ADDRESS", "TEMPORAL_ADDRESS", "--address", target.address),
        _Setting("NAMESPACE", "TEMPORAL_NAMESPACE", "--namespace", target.namespace),
        _Setting("CERTIFICATE", path("CLIENT_CERT"), "--tls-cert-path", certificate),
        _Setting("KEY", path("CLIENT_KEY"), "--tls-key-path", key),
        _Setting(
            "SERVER_NAME", "TEMPORAL_TLS_SERVER_NAME", "--tls-server-name", target.server_name
        ),
        _Setting("SERVER_CA", path("SERVER_CA_CERT"), "--tls-ca-path", target.server_ca),
    ]


_OLD_VARIABLES = (
    "TEMPORAL_TLS_CERT",
    "TEMPORAL_TLS_CERT_DATA",
    "TEMPORAL_TLS_KEY",
    "TEMPORAL_TLS_KEY_DATA",
    "TEMPORAL_TLS_CA",
    "TEMPORAL_TLS_CA_DATA",
)
"""What the `temporal` command reads before the variables that all clients read."""

_PROFILE = "TEMPORAL_PROFILE"
_TLS, _OFF = "TEMPORAL_TLS", {"0", "false"}
"""What tells clients whether to use TLS, and what it is in lower case if they do not."""

OF_A_SHELL = ("env", "cli")
FORMATS = ("toml", *OF_A_SHELL, *LANGUAGES, "kubernetes")

_READING = ("toml", *OF_A_SHELL)  # whose clients read variables, too
_LONGEST_NAME = 253  # RFC 1123, as Kubernetes has it


def env(connection: Connection, shell: str) -> str:
    """Return lines that set the variables of a client, for one of `SHELLS`."""
    settings = _settings(connection)
    return set_variables({each.variable: each.value for each in settings if each.value}, shell)


def set_variables(values: Mapping[str, str], shell: str) -> str:
    """Return lines that set variables, for one of `SHELLS`."""
    line = {
        "sh": "export {}={}\n",
        "powershell": "$env:{} = {}\n",
        "fish": "set -gx {} {}\n",
    }[shell]
    return "".join(line.format(key, SHELLS[shell](value)) for key, value in values.items())


def cli(connection: Connection, shell: str) -> str:
    """Return a line of the `temporal` command, for one of `SHELLS`."""
    given = [each for each in _settings(connection) if each.value]
    words = [f"{each.option} {SHELLS[shell](each.value)}" for each in given]
    return " ".join(["temporal workflow list", *words]) + "\n"


def kubernetes(connection: Connection, name: str) -> str:
    """Return a Secret with a client's files, the key among them; it is named after the client."""
    data = {
        "tls.crt": connection.certificate.data,
        "tls.key": connection.key.data,
        "ca.crt": connection.server_ca,
    }
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


def as_json(connection: Connection) -> str:
    """Return the settings as JSON, which docs/json.md describes."""
    target = connection.target
    document = {
        "schema": "certstrap.connect/1",
        "namespace": target.namespace,
        "address": target.address,
        "server_name": target.server_name or None,
        "server_ca": target.server_ca or None,
        "certificate": connection.certificate.path,
        "key": connection.key.path,
        "key_is_encrypted": connection.encrypted,
    }
    return json.dumps(document, indent=2) + "\n"


def variable_lines(
    environ: Mapping[str, str], form: str, connection: Connection, shell: str
) -> Iterator[str]:
    """Yield which variables of the environment keep clients from using a configuration.

    Args:
        form: the format of the configuration, one of `FORMATS`.
    """
    if form not in _READING:
        return  # programs name everything themselves
    settings = {each.variable: each.value for each in _settings(connection)}
    # A file is overridden by every other value, and variables by those that they do not replace.
    others = [name for name, value in settings.items() if form == "toml" or not value]
    different = [name for name in others if environ.get(name, settings[name]) != settings[name]]
    # Clients also read the content of a file from a variable, and refuse it beside its path.
    data = {
        f"{name.removesuffix('_PATH')}_DATA": value
        for name, value in settings.items()
        if name.endswith("_PATH")
    }
    refused = [name for name, path in data.items() if path]
    added = [name for name, path in data.items() if not path]
    profile = [_PROFILE] if form in OF_A_SHELL else []
    off = [_TLS] if environ.get(_TLS, "").lower() in _OFF else []

    def given(names: Sequence[str]) -> list[str]:
        return [name for name in names if environ.get(name)]

    conflicts = {
        "the temporal command uses {} instead of this configuration": given(_OLD_VARIABLES),
        "clients refuse {} beside the paths of this configuration": given(refused),
        "clients use {} before this configuration": [*different, *given(added)],
        "with it, clients do not use TLS": off,
        "clients also read that profile, and fail if there is none": given(profile),
    }
    for sentence, found in conflicts.items():
        if found:
            are, them = ("is", "it") if len(found) == 1 else ("are", "them")
            yield (
                f"{enumerated(found)} {are} set: {sentence.format(them)}. "
                f"Remove {them} with: {_removal(found, shell)}"
            )


def _removal(variables: Sequence[str], shell: str) -> str:
    """Return the command that removes variables, for one of `SHELLS`."""
    if shell == "powershell":
        return f"Remove-Item {', '.join(f'Env:{name}' for name in variables)}"
    return f"{'set -e' if shell == 'fish' else 'unset'} {' '.join(variables)}"
