"""Name constraints and usages of a CA: on `init` and `sign --intermediate`, and what they limit."""

from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from certstrap import CertstrapError, Depot, Subtrees
from certstrap.pki.decode import extension
from tests.builders import foreign
from tests.builders.depots import NEW_KEY
from tests.conftest import NOW, CommandLine

EVERY_LIMIT = (
    "--permit-domain", "example.com", "--permit-ip", "10.0.0.0/8,2001:db8::/32",
    "--permit-uri", ".example.com", "--permit-email", "example.com",
    "--exclude-domain", "secret.example.com", "--exclude-ip", "10.9.0.0/16",
    "--exclude-uri", "secret.example.com", "--exclude-email", "root@example.com",
)  # fmt: skip
LIMITS = x509.NameConstraints(
    [
        x509.DNSName("example.com"),
        x509.IPAddress(ip_network("10.0.0.0/8")),
        x509.IPAddress(ip_network("2001:db8::/32")),
        x509.UniformResourceIdentifier(".example.com"),
        x509.RFC822Name("example.com"),
    ],
    [
        x509.DNSName("secret.example.com"),
        x509.IPAddress(ip_network("10.9.0.0/16")),
        x509.UniformResourceIdentifier("secret.example.com"),
        x509.RFC822Name("root@example.com"),
    ],
)
ROOT = ("init", "--cn", "Root", "--path-length", "2", *NEW_KEY)
INTERMEDIATE = ("sign", "Int", "--CA", "Root", "--intermediate")


@pytest.fixture
def root(certstrap: CommandLine) -> CommandLine:
    """A command line in a folder whose depot has a root, and a request for an intermediate."""
    certstrap(*ROOT)
    certstrap("request-cert", "--cn", "Int", *NEW_KEY)
    return certstrap


def certificate(name: str) -> x509.Certificate:
    return foreign.load_certificate(Path("out", f"{name}.crt"))


def usages(name: str) -> list[x509.ObjectIdentifier]:
    return [*(extension(certificate(name), x509.ExtendedKeyUsage) or ())]


def test_a_root_has_every_limit_that_was_asked_for(certstrap: CommandLine) -> None:
    certstrap(*ROOT, *EVERY_LIMIT)
    assert extension(certificate("Root"), x509.NameConstraints) == LIMITS


def test_an_intermediate_has_them_too_and_keeps_them_when_it_is_renewed(root: CommandLine) -> None:
    root(*INTERMEDIATE, *EVERY_LIMIT, "--profile", "client")
    for _ in range(2):
        assert extension(certificate("Int"), x509.NameConstraints) == LIMITS
        assert usages("Int") == [ExtendedKeyUsageOID.CLIENT_AUTH]
        root("renew", "Int")


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("--domain", "a.example.org"),
        ("--domain", "secret.example.com"),
        ("--ip", "192.0.2.1"),
        ("--ip", "10.9.0.1"),
        ("--uri", "https://example.org/"),
        ("--uri", "https://secret.example.com/"),
    ],
)
def test_what_a_limit_forbids_is_signed_by_no_command(
    certstrap: CommandLine, option: str, name: str
) -> None:
    certstrap(*ROOT, *EVERY_LIMIT)
    sentence = f"The CA may not sign {name}"
    certstrap.refuses("issue", "x", option, name, "--curve", "P-256", sentence=sentence)
    certstrap("request-cert", "--cn", "y", option, name, *NEW_KEY)
    certstrap.refuses("sign", "y", sentence=sentence)


def test_what_the_limits_permit_is_signed(certstrap: CommandLine) -> None:
    certstrap(*ROOT, *EVERY_LIMIT)
    names = ("--domain", "a.example.com", "--ip", "10.0.0.1", "--uri", "spiffe://a.example.com/x")
    certstrap("issue", "x", *names, "--curve", "P-256")
    certstrap("verify", "x")


def test_an_intermediate_for_clients_signs_no_server(root: CommandLine) -> None:
    root(*INTERMEDIATE, "--profile", "client", "--permit-domain", "example.com")
    root.refuses(
        "issue", "s", "--CA", "Int", "--profile", "server", "--domain", "a.example.com",
        sentence="The CA may not sign certificates for this purpose",
    )  # fmt: skip
    root("issue", "both", "--CA", "Int", "--curve", "P-256")
    assert usages("both") == [ExtendedKeyUsageOID.CLIENT_AUTH]
    root("verify", "both")


def test_the_profile_of_a_team_is_for_leaves_and_not_for_an_intermediate(
    root: CommandLine,
) -> None:
    root(*INTERMEDIATE, environ={"CERTSTRAP_PROFILE": "client"})
    assert usages("Int") == []


def test_only_a_ca_has_limits(root: CommandLine) -> None:
    root.refuses(
        "sign", "Int", "--exclude-ip", "10.0.0.0/8",
        sentence="Name constraints are for CAs only.", hint="--intermediate",
    )  # fmt: skip


def test_temporal_accepts_a_client_below_limited_cas(root: CommandLine) -> None:
    root(*INTERMEDIATE, *EVERY_LIMIT, "--profile", "client")
    root("issue", "worker", "--CA", "Int", "--domain", "a.example.com", "--curve", "P-256")
    root("export-chain", "worker")
    assert root("check", "worker").lines[-1] == "worker passed."
    root("bundle", "--check", "out/Root.crt")


def test_an_intermediate_that_can_sign_no_name_of_a_kind_is_reported(root: CommandLine) -> None:
    root("sign", "Int", "--intermediate", "--path-length", "1", "--permit-domain", "example.com")
    limits = (
        "--permit-domain", "a.example.com", "--permit-ip", "10.0.0.0/8", "--permit-email", "a@b.c"
    )  # fmt: skip
    root("request-cert", "--cn", "Narrow", *NEW_KEY)
    below = ("--intermediate", "--CA", "Int")
    root("sign", "Narrow", *below, *limits)
    root("request-cert", "--cn", "Nothing", *NEW_KEY)
    line = ("sign", "Nothing", *below, "--permit-domain", "b.example.org,b.example")
    said = (
        "It can sign none of the names that it is permitted (b.example.org, b.example): a CA above "
        "it is permitted only example.com.\n"
    )
    root(*line, stderr=said)


def test_the_limits_are_shown(certstrap: CommandLine) -> None:
    certstrap(*ROOT, *EVERY_LIMIT)
    shown = certstrap("inspect", "Root").lines
    assert (
        "  Permitted   DNS:example.com, IP:10.0.0.0/8, IP:2001:db8::/32, URI:.example.com, "
        "email:example.com"
    ) in shown
    assert (
        "  Excluded    DNS:secret.example.com, IP:10.9.0.0/16, URI:secret.example.com, "
        "email:root@example.com"
    ) in shown


def test_the_library_takes_the_same_limits(folder: Path) -> None:
    depot = Depot("out", now=lambda: NOW)
    limits = Subtrees(domains=["example.com"]), Subtrees(ips=["10.0.0.0/8"])
    expected = x509.NameConstraints(
        [x509.DNSName("example.com")], [x509.IPAddress(ip_network("10.0.0.0/8"))]
    )
    root = depot.init("Root", curve="P-256", path_length=1, permitted=limits[0], excluded=limits[1])
    assert extension(root.certificate, x509.NameConstraints) == expected
    depot.request("Int", curve="P-256")
    with pytest.raises(CertstrapError, match="for CAs only"):
        depot.sign("Int", permitted=limits[0])
    depot.sign("Int", intermediate=True, permitted=limits[0], excluded=limits[1], profile="client")
    assert extension(certificate("Int"), x509.NameConstraints) == expected
    assert usages("Int") == [ExtendedKeyUsageOID.CLIENT_AUTH]
