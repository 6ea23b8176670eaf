"""Judging the private key of a client: its form, its kind, and whose it is."""

from collections.abc import Iterator

from certstrap.keys import KeySpec, kind_of
from certstrap.shell import file
from certstrap.temporal import kinds
from certstrap.temporal.chains import Chain
from certstrap.temporal.clients import CLIENTS, Client, refusing, titles
from certstrap.temporal.findings import Finding, Problem, finding
from certstrap.temporal.material import KeyFile

_PKCS8, _ENCRYPTED_PKCS8 = "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"


def judge(
    key: KeyFile, chain: Chain | None, client: Client | None, remake: str
) -> Iterator[Finding]:
    """Yield what becomes of the rules for a private key.

    Args:
        key: the key.
        chain: the certificate that it should belong to, if that could be read.
        client: who is to use it; None for any.
        remake: the command that writes the key as PKCS#8, not encrypted.
    """
    yield finding("key-pem", _pem(key, remake))
    if key.encrypted or key.private:
        yield finding("key-encrypted", _encrypted(key, client, remake))
    if key.private and chain:
        yield finding("key-pair", _pair(key, chain))
    if key.private and key.label and not key.encrypted:
        yield finding("client-form", _form(key, client, remake))
    if key.lax is not None:
        fix = f"Restrict the file: chmod 0440 {file(key.path)}"
        yield finding("key-mode", [Problem(key.lax, fix, warning=True)] if key.lax else [])


def judge_kind(chain: Chain, client: Client | None) -> Iterator[Finding]:
    """Yield what becomes of the rules for the kind of key that a certificate is for."""
    source, kind = chain.leaf.source, kind_of(chain.leaf.certificate.public_key())
    if kind is None or not kinds.is_accepted(kind) or kind.bits > kinds.LARGEST_RSA_OF_GO:
        what = f"a key of kind {kind}" if kind else "a key that signs nothing"
        yield finding("key-kind", [Problem(f"{source} has {what}.")])
        return
    yield finding("key-kind", [])
    yield finding("client-kind", _kind(source, kind, client))


def _kind(source: str, kind: KeySpec, client: Client | None) -> Iterator[Problem]:
    refused_by = refusing(kind)
    if client in refused_by or len(refused_by) == len(CLIENTS):
        who = f"The client for {client.title}" if client else "No client of Temporal's"
        yield Problem(
            f"{source} has a key of kind {kind}. {who} can{'not' if client else ''} use it."
        )
    elif refused_by and not client:
        yield Problem(
            f"{source} has a key of kind {kind}, which the clients for {titles(refused_by)} "
            "cannot use.",
            warning=True,
        )


def _pem(key: KeyFile, remake: str) -> Iterator[Problem]:
    if key.problem:
        again = f"Write the key again as PEM: {remake}" if key.private else key.problem.fix
        yield key.problem._replace(fix=again)


def _encrypted(key: KeyFile, client: Client | None, remake: str) -> Iterator[Problem]:
    if not key.encrypted:
        return
    if client and client.pkcs8 and key.label == _ENCRYPTED_PKCS8:
        yield Problem(
            f"{key.path} is encrypted. The client for {client.title} needs its passphrase.",
            "Give the passphrase to the client, or write a copy that is not encrypted: " + remake,
            warning=True,
        )
    else:
        yield Problem(f"{key.path} is encrypted.", f"Write a copy that is not encrypted: {remake}")


def _pair(key: KeyFile, chain: Chain) -> Iterator[Problem]:
    assert key.private  # noqa: S101 - `judge` has seen it
    public = key.private.public_key()
    if public == chain.leaf.certificate.public_key():
        return
    for ca in chain.uploaded:
        if public == ca.certificate.public_key():
            yield Problem(
                f"{key.path} is the key of the CA {ca.source}, not that of {chain.leaf.source}.",
                "Use the client's key. The CA's key must stay where certificates are signed.",
            )
            return
    yield Problem(f"{key.path} is not the key of {chain.leaf.source}.")


def _form(key: KeyFile, client: Client | None, remake: str) -> Iterator[Problem]:
    if client and client.pkcs8 and key.label != _PKCS8:
        yield Problem(
            f"{key.path} is not PKCS#8: it begins with BEGIN {key.label}. The client for "
            f"{client.title} reads PKCS#8 only.",
            f"Write the key as PKCS#8: {remake}",
        )
