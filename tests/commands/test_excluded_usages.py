"""A CA with an extended key usage limits what is below it: nothing else is signed there."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from certstrap.pki.profiles import BOTH, CLIENT, SERVER
from tests.builders import foreign, pairs
from tests.builders.pairs import Pair
from tests.conftest import CommandLine, snapshot

ANY = (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)
EXCLUDED = (
    "The CA may not sign certificates for this purpose: its extended key usage, or that of a CA "
    "above it, excludes it."
)
Usages = tuple[x509.ObjectIdentifier, ...]


def a_ca(subject: str, *usages: x509.ObjectIdentifier, by: Pair | None = None) -> Pair:
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (foreign.key_usage("key_cert_sign", "crl_sign"), True),
    ]
    extensions += [(x509.ExtendedKeyUsage(usages), False)] if usages else []
    return pairs.made(subject=subject, by=by, extensions=extensions)


@pytest.fixture
def limited(folder: Path) -> Path:
    """`Root` for servers and clients, and below it `Servers` and `Below`, which is below that."""
    root = a_ca("Root", *BOTH)
    root.store("Root")
    servers = a_ca("Servers", *SERVER, by=root)
    servers.store("Servers")
    a_ca("Below", by=servers).store("Below")
    return folder / "out"


def usages_of(path: Path) -> Usages:
    extensions = foreign.load_certificate(path).extensions
    return tuple(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


@pytest.mark.parametrize("ca", ["Servers", "Below"])
def test_what_a_ca_above_excludes_is_left_out(
    certstrap: CommandLine, limited: Path, ca: str
) -> None:
    left_out = "Left out, because a CA above excludes it: TLS client."
    new = ("--curve", "P-256", "--no-passphrase", "--domain", "a.example")
    assert left_out in certstrap("issue", "a", "--CA", ca, *new).stdout
    assert usages_of(limited / "a.crt") == SERVER
    certstrap("verify", "a")
    certstrap("request-cert", "--common-name", "b", *new)
    certstrap("sign", "b", "--CA", ca, stderr=f"{left_out}\n")
    assert usages_of(limited / "b.crt") == SERVER
    certstrap("request-cert", "--common-name", "c", *new)
    certstrap("sign", "c", "--CA", ca, "--profile", "server")
    certstrap("issue", "d", "--CA", "Root", *new)
    assert usages_of(limited / "d.crt") == BOTH


def test_nothing_is_signed_that_a_ca_above_excludes(certstrap: CommandLine, limited: Path) -> None:
    new = ("--curve", "P-256", "--no-passphrase")
    certstrap("request-cert", "--common-name", "a", *new)
    before = snapshot(limited)
    client = ("--CA", "Below", "--profile", "client")
    certstrap.refuses("sign", "a", *client, sentence=EXCLUDED, hint="another profile")
    certstrap.refuses("issue", "a", *client, sentence=EXCLUDED, hint="Choose another CA")
    certstrap.refuses("issue", "b", *client, *new, sentence=EXCLUDED)
    assert snapshot(limited) == before
    certstrap("sign", "a", "--CA", "Root", "--profile", "client")


@pytest.mark.parametrize(
    ("old", "new"), [(BOTH, SERVER), (SERVER, SERVER), (ANY, ANY), (CLIENT, None)]
)
def test_renewal_leaves_out_what_a_ca_above_excludes(
    certstrap: CommandLine, limited: Path, old: Usages, new: Usages | None
) -> None:
    below = Pair(
        foreign.load_certificate(limited / "Below.crt"), foreign.load_key(limited / "Below.key")
    )
    extensions = x509.ExtendedKeyUsage(old), foreign.alternative("a.example")
    pairs.leaf(below, "leaf", *extensions).store("leaf")
    if new is None:
        certstrap.refuses("renew", "leaf", sentence=EXCLUDED)
    else:
        left_out = "Left out, because a CA above excludes it: TLS client."
        assert (left_out in certstrap("renew", "leaf").lines) is (old != new)
        assert usages_of(limited / "leaf.crt") == new
        certstrap("verify", "leaf")


def test_status_shows_what_the_cas_above_exclude(certstrap: CommandLine, folder: Path) -> None:
    root = a_ca("Root")
    root.store("Root")
    servers = a_ca("Servers", *SERVER, by=root)
    servers.store("Servers")
    for name, usages in (("a", CLIENT), ("b", SERVER)):
        extended = x509.ExtendedKeyUsage(usages)
        pairs.made(subject=name, by=servers, extensions=[(extended, False)]).store(name)
    excluded = (
        "The extended key usage of out/Servers.crt excludes what out/a.crt is for: TLS client."
    )
    assert [line.strip() for line in certstrap("status").lines if "!" in line] == [f"! {excluded}"]


def test_a_ca_that_another_one_above_it_permits_excludes_nothing(
    certstrap: CommandLine, folder: Path
) -> None:
    root = a_ca("Root")
    root.store("Root")
    limited = a_ca("Int", *SERVER, by=root)
    limited.store("Int")
    free = pairs.ca(subject="Int", key=limited.key, by=root)
    free.store_certificate("Free")
    extended = x509.ExtendedKeyUsage(CLIENT)
    pairs.made(subject="a", by=limited, extensions=[(extended, False)]).store("a")
    certstrap("verify", "a")
    assert not [line for line in certstrap("status").lines if "!" in line]


def test_gen_says_what_a_ca_excludes(certstrap: CommandLine, limited: Path) -> None:
    ca = ("--ca-cert", "out/Servers.crt", "--ca-key", "out/Servers.key")
    target = ("--cert", "leaf.pem", "--key", "leaf.key")
    left_out = "Left out, because a CA above excludes it: TLS client.\n"
    certstrap("gen", "leaf", "--org", "acme", "-d", "1d", *ca, *target, stderr=left_out)
    assert usages_of(limited.parent / "leaf.pem") == SERVER
