"""``certstrap connect``."""

import os
import sys
from collections.abc import Iterator, Mapping

from certstrap.cli import completion, options
from certstrap.cli.context import Context, is_interactive
from certstrap.cli.render import connect as render
from certstrap.cli.render.connect import SHELLS
from certstrap.cli.session import SecretOptions, new_session
from certstrap.cli.terminal import say, say_text, warn
from certstrap.errors import NotNamedError
from certstrap.hints import Command, Hint
from certstrap.store import files
from certstrap.store.depot import CERTIFICATE, Name
from certstrap.store.transaction import Transaction
from certstrap.temporal import connect
from certstrap.temporal.clients import CLIENTS
from certstrap.temporal.connect import Connection, absolute, target_of
from certstrap.text import escaped, quoted

EXAMPLES = (
    "certstrap connect your-namespace --namespace your-namespace.acct",
    "certstrap connect worker --namespace your-namespace.acct --format go",
    "certstrap connect worker --namespace your-namespace.acct --output worker.toml",
)
_SECRET_MODE = 0o600


def command(
    context: Context,
    name: str = options.argument(
        "NAME", "The name in the certificate.", completion.leaves, default=...
    ),
    namespace: str = options.value(
        "--namespace",
        "ID",
        "The Namespace, as in your-namespace.acct.",
        envvar="CERTSTRAP_NAMESPACE",
    ),
    form: str = options.value(
        "--format",
        "FORMAT",
        f"What to print: {', '.join(render.FORMATS)}.",
        completion.words(render.FORMATS),
        default="toml",
    ),
    shell: str = options.value(
        "--shell",
        "SHELL",
        f"The shell of env and cli: {', '.join(SHELLS)}. Default: sh.",
        completion.words(SHELLS),
    ),
    address: str = options.value(
        "--address",
        "HOST[:PORT]",
        "A regional or private endpoint, or a server of your own. Default: the endpoint of the "
        "Namespace in Temporal Cloud.",
    ),
    server_name: str = options.value(
        "--server-name",
        "NAME",
        "The name in the endpoint's certificate, if it is not that of the Namespace.",
    ),
    server_ca: str = options.file(
        "--server-ca", "The CA of the endpoint. Default: the CAs that the client's system trusts."
    ),
    output: str = options.value("--output", "FILE", "Write to FILE, a new one."),
    into: str = options.file(
        "--into",
        "Add the profile to FILE, such as ~/.config/temporalio/temporal.toml, which clients "
        "read unless TEMPORAL_CONFIG_FILE names another.",
    ),
    profile: str = options.value("--profile", "NAME", "The profile in TOML. Default: default."),
    as_json: bool = options.AS_JSON,
    secrets: SecretOptions = options.KEY_PASSPHRASE,
) -> None:
    """Print the configuration of a client.

    The paths in it are absolute. Only --format kubernetes prints the private key itself.
    """
    form = "json" if as_json else options.one_of("format", form, render.FORMATS)
    options.refuse_if(as_json and "form" in context.typed, "--json and --format exclude each other")
    shell = options.one_of("shell", shell, SHELLS)
    options.refuse_if(
        shell and form not in render.OF_A_SHELL, "--shell is for --format env and --format cli"
    )
    options.refuse_if(
        form != "toml" and (into or profile), "--into and --profile are for --format toml"
    )
    options.refuse_if(
        into and output, "--into FILE changes a file, --output FILE creates one: give one"
    )
    output = options.file_unless_dash(output)
    if not namespace:
        raise NotNamedError("Must provide --namespace ID", options.for_example(EXAMPLES[0]))
    target = target_of(namespace, address, server_name, server_ca)
    ask = is_interactive()
    session = new_session(context, secrets, ask_opening=ask)

    def make() -> tuple[str, Connection]:
        entry = session.depot.find(Name.parse(name), CERTIFICATE)
        connection = connect.connection_of(session, entry, target, name, CLIENTS.get(form))
        if form == "kubernetes":
            return render.kubernetes(connection, entry.stem), connection
        return _text(form, shell or "sh", profile, connection), connection

    if into:
        real = os.path.realpath(into)  # a link to it stays a link
        given = {
            "--namespace": namespace,
            "--address": address,
            "--server-name": server_name,
            "--server-ca": server_ca,
            "--profile": profile,
        }
        create = _creating(into, name, given)

        def steps(new: Transaction) -> Connection:
            _, connection = make()
            data = files.read(real, "configuration file", hint=create)
            changed = connect.add_to(data, into, connection, profile or connect.DEFAULT)
            new.replace(real, changed, _SECRET_MODE, keep_mode=True)
            return connection

        files.read(into, "configuration file", hint=create)
        connection = session.transact(steps, [real])
        say(f"Added the profile {quoted(profile or connect.DEFAULT)} to {escaped(into)}")
        say(*_selecting(context, into, profile))
    else:
        mode = _SECRET_MODE if form == "kubernetes" else files.EDITED_MODE
        text, connection = session.save(make, output, lambda made: made[0].encode(), mode)
        if output:
            say(f"Created {output}")
        else:
            say_text(text)
    variables = render.variable_lines(context.environ, form, connection, shell or "sh")
    warn(*connection.warnings, *variables)


def _creating(path: str, name: str, options: Mapping[str, str]) -> Hint:
    """Return how to create a configuration file that a profile cannot be added to yet."""
    given = [(option, value) for option, value in options.items() if value]
    create: Command = ("certstrap", "connect", name, *given, ("--output", path))
    folder = os.path.dirname(path)
    if folder and not os.path.isdir(folder):
        return Hint("Create it", ("mkdir", ("-p", folder)), create)
    return Hint("Create it", create)


def _selecting(context: Context, path: str, profile: str) -> Iterator[str]:
    """Yield which variables make clients read a profile of a file, unless they do already."""
    environ, name = context.environ, profile or connect.DEFAULT
    needed = {
        "TEMPORAL_CONFIG_FILE": (absolute(path), connect.default_file(environ, sys.platform)),
        "TEMPORAL_PROFILE": (name, connect.DEFAULT),
    }
    missing = {
        variable: value
        for variable, (value, default) in needed.items()
        if (environ.get(variable) or default) != value
    }
    if missing:
        commands = "; ".join(render.set_variables(missing, "sh").splitlines())
        yield f"Clients read it if you run: {commands}"


def _text(form: str, shell: str, profile: str, connection: Connection) -> str:
    if form == "json":
        return render.as_json(connection)
    if form == "toml":
        return connect.text_of(connection, connect.parse_name(profile or connect.DEFAULT))
    if form in render.LANGUAGES:
        return render.program(form, connection)
    return (render.env if form == "env" else render.cli)(connection, shell)
