"""How a client connects: its files, its profile in TOML, its target."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from cryptography import x509

from certstrap import documents
from certstrap.errors import InvalidNameError, NotFoundError, RefusedError, UnusableFileError
from certstrap.hints import Hint, filled
from certstrap.pki import key_files, rules
from certstrap.pki.decode import is_ca
from certstrap.pki.findings import require
from certstrap.pki.names import is_plain
from certstrap.pki.server import parse_server_name
from certstrap.session import Session
from certstrap.store import files
from certstrap.store.depot import CERTIFICATE, CHAIN, KEY, PKCS8, Entry
from certstrap.store.renewal import expired
from certstrap.store.withdrawn import key_of_ca, withdrawn
from certstrap.temporal import client_rules
from certstrap.temporal.client_rules import ClientChain
from certstrap.temporal.clients import Client
from certstrap.temporal.inputs import (
    key_suffix,
    read_certificates,
    read_key,
    read_server_ca,
    rewriting,
    without_root,
)
from certstrap.temporal.namespace import Address, Namespace, parse_other, require_plain
from certstrap.temporal.rules import Result, fix_for, require_passed
from certstrap.text import quoted


class Target(NamedTuple):
    """What a client connects to.

    Attributes:
        namespace: the Namespace's ID, or its name on another server than Temporal Cloud.
        address: the endpoint, as ``HOST:PORT``.
        server_name: the name in the server's certificate; empty if it is the host.
        server_ca: the file with the CAs of the server's certificate; empty for the system's.
    """

    namespace: str
    address: str
    server_name: str = ""
    server_ca: str = ""
    warnings: tuple[str, ...] = ()


def target_of(
    namespace: str, address: str = "", server_name: str = "", server_ca: str = ""
) -> Target:
    """Return what a client of ``namespace`` connects to.

    At a regional or private endpoint of Temporal Cloud, the server still has the certificate of the
    Namespace's own endpoint, so a client has to expect that name.

    Args:
        address: another endpoint than the Namespace's own, as ``HOST[:PORT]``.

    Raises:
        InvalidNameError: the Namespace, the address or the server name cannot be read.
        UnusableFileError: the path of ``server_ca`` cannot be written into a configuration.
    """
    endpoint = Address.parse(address) if address else None
    name = parse_server_name(server_name) if server_name else ""
    ca = absolute(server_ca) if server_ca else ""
    if endpoint and not endpoint.is_cloud:
        parse_other(namespace)
        doubts = () if name else _private_link(namespace, endpoint)
        return Target(namespace, str(endpoint), name, ca, tuple(doubts))
    found = Namespace.parse(namespace)
    where = str(endpoint or found.address)
    if not name and where != found.address:
        name = found.host
    return Target(namespace, where, name, ca, tuple(found.doubts))


def _private_link(namespace: str, endpoint: Address) -> Iterator[str]:
    """Yield what a client of Temporal Cloud needs, if the endpoint may be a private link there."""
    with suppress(InvalidNameError):
        host = Namespace.parse(namespace).host
        yield (
            f"{endpoint} is taken for a server of your own. If it leads to Temporal Cloud, add "
            f"--server-name {host}."
        )


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


class ClientFile(NamedTuple):
    """A file that a client loads: its absolute path, and its content."""

    path: str
    data: bytes


class Connection(NamedTuple):
    """What a client is configured with.

    Attributes:
        certificate: its certificate, or its chain if it is below an intermediate.
        encrypted: whether its key is.
        server_ca: the content of that file of the target, or nothing.
    """

    target: Target
    certificate: ClientFile
    key: ClientFile
    encrypted: bool = False
    server_ca: bytes = b""
    warnings: tuple[str, ...] = ()


def connection_of(
    session: Session, entry: Entry, target: Target, name: str, client: Client | None
) -> Connection:
    """Return a connection with the files of ``entry``, which its client can load.

    Args:
        name: that of the entry, as the user typed it.
        client: who loads the files; None for any client.

    Raises:
        UnusableFileError: the path of a file cannot be written into a configuration.
        RefusedError: a file is not what the client can use: the certificate is a CA's, expired,
            revoked or without its chain; the key is encrypted, in another form or another's.
        NotFoundError: there is no certificate, or no key.
    """
    path, data = entry.path(CERTIFICATE), entry.read(CERTIFICATE)
    leaf = entry.certificate()
    above = _above(session, leaf, path)
    ca = next((each.entry.stem for each in session.depot.issuers.of(leaf)), "CA-NAME")
    own = read_certificates(data, path)
    require_passed([client_rules.leaf_pem(own)])
    key, encrypted = _key_file(session, entry, leaf, name, client)
    certificate = ClientFile(path, data)
    if len(above) > 1:
        certificate = _chain(entry, [leaf, *above], name)
    judged = client_rules.find_chain(own, (), None, session.now)
    assert judged  # noqa: S101 - the file was judged
    kind = _kind(judged, client, {"NAME": name, "CA-NAME": ca})
    warnings = [*target.warnings, *require_passed(kind)]
    certificate, key = (each._replace(path=absolute(each.path)) for each in (certificate, key))
    server_ca = b""
    if target.server_ca:
        server_ca = files.read(target.server_ca, "CA certificate")
        doubt = without_root(read_server_ca(server_ca, target.server_ca))
        warnings += [doubt] if doubt else []
    return Connection(target, certificate, key, encrypted, server_ca, tuple(warnings))


def _above(session: Session, leaf: x509.Certificate, path: str) -> list[x509.Certificate]:
    """Return the CAs above a certificate that a client can use now."""
    if is_ca(leaf):
        raise RefusedError(f"{path} is a CA's certificate.", "Name a client.")
    depot, now = session.depot, session.now
    chain = depot.chain_of(leaf)
    require(withdrawn(depot, chain, path))  # before its dates: renewing would not help
    require(expired(depot, [leaf], now, path))
    require(rules.complete(chain, depot.root))
    require(expired(depot, chain[1:], now))
    require(key_of_ca(depot, leaf.public_key(), path))
    return chain[1:]


def _kind(chain: ClientChain, client: Client | None, names: Mapping[str, str]) -> list[Result]:
    usages = [client_rules.leaf_usage(chain), client_rules.leaf_client_usage(chain)]
    require_passed(each._replace(fix=filled(each.fix, names)) for each in usages)
    kind, *found = client_rules.judge_key_kind(chain, client)
    # A server other than Temporal Cloud may take any key that the client can use.
    warnings = (each._replace(severity="warning") for each in kind.findings)
    return [kind._replace(findings=tuple(warnings)), *found]


def _chain(entry: Entry, chain: list[x509.Certificate], name: str) -> ClientFile:
    """Return the exported chain, which must be what would be exported now."""
    path, command = entry.path(CHAIN), ("certstrap", "export-chain", name)
    if not entry.has(CHAIN):
        raise RefusedError(
            f"{entry.path(CERTIFICATE)} was issued by an intermediate CA, and {path}, which its "
            "client has to present, does not exist.",
            Hint("Write it with", command),
        )
    data = entry.read(CHAIN)
    file = read_certificates(data, path)
    found = [each.certificate for each in file.certificates]
    if not file.is_complete or file.problems or found not in (chain, chain[:-1]):
        raise RefusedError(
            f"{path} is not the chain of {entry.path(CERTIFICATE)} as it is now.",
            Hint("Move it away, and write it again with", command),
        )
    return ClientFile(path, data)


def _key_file(
    session: Session, entry: Entry, leaf: x509.Certificate, name: str, client: Client | None
) -> tuple[ClientFile, bool]:
    """Return the key that the client loads, and whether it is encrypted."""
    suffix = key_suffix(entry, client)
    if not suffix:
        raise NotFoundError(
            "private key",
            entry.path(KEY),
            f"Run this where the key is, or copy the key to {entry.path(KEY)}.",
        )
    data, path = entry.read(suffix), entry.path(suffix)
    key = read_key(data, path, bytes)  # not opened
    rewrite = rewriting(entry, name)
    is_for_java = suffix == PKCS8 or key.label == "PRIVATE KEY"  # encrypted only if written here
    if client and client.pkcs8 and not (key.problem or is_for_java):
        raise RefusedError(
            f"{path} is {'encrypted' if key.encrypted else 'not PKCS#8'}, and Java clients "
            f"read {entry.path(PKCS8)}, which does not exist.",
            Hint("Write it (Java also loads a PKCS#12 file, which export-pkcs12 writes)", rewrite),
            "client-form",
        )
    results = client_rules.judge_key(key, None, client)
    require_passed(each._replace(fix=fix_for(each.fix, rewrite, {})) for each in results)
    # Java opens an encrypted key itself; here it is opened to see that it is the right one.
    private, _ = key_files.load(data, path, session.passphrases.opening)
    require(rules.pair(leaf, entry.path(CERTIFICATE), private, path))
    return ClientFile(path, data), key.encrypted


DEFAULT = "default"

Tables = dict[str, Any]


def default_file(environ: Mapping[str, str], system: str) -> str:
    """Return the configuration file that clients read if no variable names one.

    Args:
        system: the operating system, as `sys.platform` names it.
    """
    home = environ.get("HOME", "")
    if system == "win32":
        folder = environ.get("APPDATA", "")
    elif system == "darwin":
        folder = os.path.join(home, "Library", "Application Support")
    else:
        folder = environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    return os.path.join(folder, "temporalio", "temporal.toml")


def parse_name(text: str) -> str:
    """Return the name of a profile.

    Raises:
        InvalidNameError: it is empty, or has control characters.
    """
    return require_plain("profile", text, "Choose a name such as default or prod.")


def profile_of(connection: Connection) -> Tables:
    """Return the settings of a profile."""
    target = connection.target
    tls = {
        "client_cert_path": connection.certificate.path,
        "client_key_path": connection.key.path,
        "server_name": target.server_name,
        "server_ca_cert_path": target.server_ca,
    }
    return {
        "address": target.address,
        "namespace": target.namespace,
        "tls": {key: value for key, value in tls.items() if value},
    }


def text_of(connection: Connection, name: str = DEFAULT) -> str:
    """Return a profile as TOML."""
    settings = profile_of(connection)
    tls = settings.pop("tls")
    header = f"profile.{_key(name)}"
    lines = [f"[{header}]", *_lines(settings), "", f"[{header}.tls]", *_lines(tls), ""]
    return "\n".join(lines)


def add_to(data: bytes, path: str, connection: Connection, name: str) -> bytes:
    """Return the file ``path`` with one more profile at its end; all that is there stays as it is.

    Raises:
        UnusableFileError: the file is not TOML, or not one that a profile can be added to.
        RefusedError: it has such a profile already.
    """
    before = documents.parse_toml(documents.text_of(data, path), path)
    profiles = before.get("profile", {})
    if not isinstance(profiles, dict):
        raise UnusableFileError(path, "has no table of profiles", "Name a temporal.toml.")
    if name in profiles:
        raise RefusedError(
            f"{path} already has the profile {quoted(name)}.",
            "Choose another name with --profile, or take that profile out of the file.",
        )
    newline = b"\r\n" if b"\r\n" in data else b"\n"
    separator = b"" if not data else newline if data.endswith(b"\n") else newline * 2
    text = text_of(connection, name).encode()
    after = data + separator + text.replace(b"\n", newline)
    expected = before | {"profile": profiles | {name: profile_of(connection)}}
    try:
        found = documents.parse_toml(documents.text_of(after, path), path)
    except UnusableFileError:
        found = {}
    if found != expected:
        raise UnusableFileError(
            path,
            "cannot be extended: its profiles are written in a way that ends with them",
            "Write them as tables, as in [profile.default], or add the profile by hand.",
        )
    return after


def _lines(settings: Tables) -> list[str]:
    return [f"{key} = {_string(value)}" for key, value in settings.items()]


def _key(name: str) -> str:
    return name if re.fullmatch("[A-Za-z0-9_-]+", name) else _string(name)


def _string(text: str) -> str:
    """Return a basic string (TOML 1.0); ``text`` has no control characters.

    A byte order mark is escaped, as some readers refuse it.
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\ufeff", "\\ufeff")
    return f'"{escaped}"'
