"""The files that a client loads, found in the depot, and refused if it could not use them."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from cryptography import x509

from certstrap import keys
from certstrap.certificates import rules
from certstrap.certificates.properties import is_ca
from certstrap.depot import CERTIFICATE, CHAIN, KEY, PKCS8, Depot, Entry
from certstrap.depot.chain import expired, issuers_of, key_of_ca, require_root, withdrawn
from certstrap.errors import NotFoundError, RefusedError
from certstrap.keys import Passphrase
from certstrap.shell import arguments
from certstrap.temporal import chains, leaves, private_keys
from certstrap.temporal.clients import Client
from certstrap.temporal.findings import Finding, addressed
from certstrap.temporal.material import CertificateFile, KeyFile, read_certificates, read_key


class ClientFile(NamedTuple):
    """A file that a client loads: its path in the depot, and its content."""

    path: str
    data: bytes


class ClientFiles(NamedTuple):
    """The files of a client.

    Attributes:
        certificate: its certificate; below an intermediate, its chain.
        key: its private key.
        encrypted: whether that is encrypted.
        warnings: what may keep some clients from using them, in sentences.
    """

    certificate: ClientFile
    key: ClientFile
    encrypted: bool
    warnings: tuple[str, ...]


class Wanted(NamedTuple):
    """Whose files, and for whom.

    Attributes:
        name: whose, as the user typed it.
        client: who loads them; None for any client.
        now: the present instant.
        passphrase: opens a key that is encrypted, for a client that can do so too.
        program: how this program is called for the depot, in the commands that are suggested.
    """

    name: str
    client: Client | None
    now: datetime
    passphrase: Passphrase
    program: str = "certstrap"


def find(depot: Depot, entry: Entry, wanted: Wanted) -> ClientFiles:
    """Return the files of ``entry``, which its client can load.

    Raises:
        RefusedError: a file is not what the client can use: the certificate is a CA's, expired,
            revoked or without its chain; the key is encrypted, in another form or another's.
        NotFoundError: there is no certificate, or no key.
    """
    path, data = entry.path(CERTIFICATE), entry.read(CERTIFICATE)
    leaf = entry.certificate()
    above = _above(depot, leaf, path, wanted)
    own = read_certificates(data, path)
    _require([leaves.judge_file(own)])
    key, key_data = _key(entry, leaf, wanted)
    certificate = ClientFile(path, data)
    if len(above) > 1:
        certificate = _chain(entry, [leaf, *above], wanted)
    return ClientFiles(
        certificate,
        ClientFile(key.path, key_data),
        key.encrypted,
        _require(_kind(own, wanted)),
    )


def _above(
    depot: Depot, leaf: x509.Certificate, path: str, wanted: Wanted
) -> list[x509.Certificate]:
    """Return the CAs above a certificate that a client can use now."""
    if is_ca(leaf):
        raise RefusedError(f"{path} is a CA's certificate.", "Name a client.")
    again = (
        f"Move it away, then issue it again with: {wanted.program} issue {arguments(wanted.name)}"
    )
    rules.require(rules.valid(leaf, wanted.now, path, again))
    above = issuers_of(depot, leaf)
    chain = [leaf, *above]
    require_root(depot, chain)
    rules.require(expired(above, wanted.now))
    rules.require(withdrawn(depot, chain, path))
    rules.require(key_of_ca(depot, leaf.public_key(), path))
    return above


def _kind(own: CertificateFile, wanted: Wanted) -> list[Finding]:
    chain = chains.find(own, (), None)
    assert chain  # noqa: S101 - the file was judged
    usages = (each for each in leaves.judge_usages(chain.leaf) if each.status == "failed")
    _require(addressed(each, wanted.name, wanted.program) for each in usages)
    found = list(private_keys.judge_kind(chain, wanted.client))
    # A server other than Temporal Cloud may take any key that the client can use.
    return [
        each._replace(status="warning")
        if each.status == "failed" and each.rule.identifier == "key-kind"
        else each
        for each in found
    ]


def _require(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Refuse what failed, and return the warnings.

    Raises:
        RefusedError: with the first finding that failed.
    """
    warnings: list[str] = []
    for each in findings:
        if each.status == "failed":
            raise RefusedError(" ".join(each.sentences), each.fix, each.rule.identifier)
        warnings += each.sentences
    return tuple(warnings)


def _chain(entry: Entry, chain: list[x509.Certificate], wanted: Wanted) -> ClientFile:
    """Return the exported chain, which must be what would be exported now."""
    path, command = entry.path(CHAIN), f"{wanted.program} export-chain {arguments(wanted.name)}"
    if not entry.has(CHAIN):
        raise RefusedError(
            f"{entry.path(CERTIFICATE)} was issued by an intermediate CA, and {path}, which its "
            "client has to present, does not exist.",
            f"Write it with: {command}",
        )
    data = entry.read(CHAIN)
    file = read_certificates(data, path)
    found = [piece.certificate for piece in file.pieces]
    if not file.is_complete or file.problems or found not in (chain, chain[:-1]):
        raise RefusedError(
            f"{path} is not the chain of {entry.path(CERTIFICATE)} as it is now.",
            f"Move it away, and write it again with: {command}",
        )
    return ClientFile(path, data)


def _key(entry: Entry, leaf: x509.Certificate, wanted: Wanted) -> tuple[KeyFile, bytes]:
    """Return the key that the client loads, and the content of its file."""
    client = wanted.client
    opens = client is not None and client.pkcs8
    present = [each for each in ((PKCS8, KEY) if opens else (KEY, PKCS8)) if entry.has(each)]
    if not present:
        raise NotFoundError(
            "private key",
            entry.path(KEY),
            "Run this where the key is, or copy the key into the depot: certstrap import",
        )
    for suffix in present:  # an encrypted key is the last choice
        data, path = entry.read(suffix), entry.path(suffix)
        key = read_key(data, path, _nobody)
        if opens or not key.encrypted:
            break
    export = f"{wanted.program} export-pkcs8 {arguments(wanted.name)}"
    findings = list(private_keys.judge(key, None, client, export))
    if opens and not (key.problem or _is_for_java(key, suffix)):
        p12 = export.replace("export-pkcs8", "export-pkcs12")
        raise RefusedError(
            f"{path} is {'encrypted' if key.encrypted else 'not PKCS#8'}, and the client for Java "
            f"reads {entry.path(PKCS8)}, which does not exist.",
            f"Write it with: {export} (with --encrypt, Java needs its passphrase). Java also loads "
            f"a PKCS#12 file, which {p12} writes.",
            "client-form",
        )
    _require(findings)
    # Java opens an encrypted key itself; here it is opened to see that it is the right one.
    private, _ = keys.load(data, path, wanted.passphrase)
    rules.require(rules.pair(leaf, entry.path(CERTIFICATE), private, path))
    return key, data


def _is_for_java(key: KeyFile, suffix: str) -> bool:
    """Tell if Java can read a key: PKCS#8 that this program wrote, or that is unencrypted."""
    return suffix == PKCS8 or key.label == "PRIVATE KEY"


def _nobody() -> bytes:
    """Open no key: it is only to be known whether it is encrypted."""
    return b""
