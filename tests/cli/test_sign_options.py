"""`sign` as a filter, for one purpose alone, and what it tells of a request it did not follow."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from typer.testing import CliRunner

from certstrap.cli import app
from certstrap.cli.world import World
from tests.cli import foreign
from tests.conftest import NOW, CommandLine

CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH


@pytest.fixture
def depot(folder: Path) -> Path:
    """A depot with the CA `Foreign`, that ends in a year, and two requests."""
    depot = folder / "out"
    foreign.store_ca(depot)
    foreign.write(depot / "client.csr", foreign.request())
    names = [foreign.alternative("a.example")]
    foreign.write(depot / "server.csr", foreign.request(subject="a.example", extensions=names))
    return depot


@pytest.mark.parametrize(
    ("options", "usages"),
    [
        ((), {CLIENT, SERVER}),
        (("--profile", "both"), {CLIENT, SERVER}),
        (("--profile=client",), {CLIENT}),
        (("-profile", "server"), {SERVER}),
    ],
)
def test_the_profile_sets_what_it_is_for(
    certstrap: CommandLine,
    depot: Path,
    options: tuple[str, ...],
    usages: set[x509.ObjectIdentifier],
) -> None:
    certstrap("sign", "server", *options)
    leaf = foreign.load_certificate(depot / "server.crt")
    assert set(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == usages


@pytest.mark.parametrize(
    ("options", "sentence", "hint"),
    [
        (("--profile", "email"), 'There is no profile "email".', "client, server or both"),
        (("--profile", "client", "--intermediate"), "A profile is for end entities.", "--profile"),
        (("--profile", "server"), "The request has no alternative names", "--domain or --ip"),
        (
            ("--csr", "-", "--passphrase-file", "-"),
            "Both --csr and --passphrase-file are -",
            "file",
        ),
        (("--csr", "-"), "standard input is empty.", "certificate request"),
    ],
)
def test_what_cannot_be_is_refused(
    certstrap: CommandLine, depot: Path, options: tuple[str, ...], sentence: str, hint: str
) -> None:
    certstrap.refuses("sign", "client", *options, sentence=sentence, hint=hint)


def test_a_request_may_come_on_standard_input(certstrap: CommandLine, depot: Path) -> None:
    outcome = certstrap("sign", "x", "--csr", "-", "--expires", "1 day", input=foreign.request())
    assert outcome.stdout == "Created out/x.crt from standard input signed by out/Foreign.key\n"
    assert foreign.load_certificate(depot / "x.crt").subject == foreign.name_of("client")


@pytest.mark.parametrize("options", [(), ("--stdout",)])
def test_a_certificate_may_go_to_standard_output_and_nowhere_else(
    certstrap: CommandLine, depot: Path, options: tuple[str, ...]
) -> None:
    outcome = certstrap("sign", "client", "--cert", "-", "--expires", "1 day", *options)
    leaf = x509.load_pem_x509_certificate(outcome.stdout.encode())
    assert leaf.subject == foreign.name_of("client")
    assert outcome.lines[0] == "-----BEGIN CERTIFICATE-----"
    assert outcome.stdout.count("-----BEGIN") == 1
    assert not (depot / "client.crt").exists()
    assert not (depot.parent / "-").exists()


def test_a_remark_stays_out_of_the_pem(depot: Path) -> None:
    world = World(now=lambda: NOW, environ={})
    done = CliRunner().invoke(app, ["sign", "client", "--cert", "-"], obj=world)
    assert done.stderr == "It ends on 2027-11-23, as its CA does.\n"
    assert done.stdout.startswith("-----BEGIN CERTIFICATE-----\n")


def test_extensions_that_are_not_taken_over_are_named(certstrap: CommandLine, depot: Path) -> None:
    asked = [
        foreign.key_usage("crl_sign"),
        foreign.alternative("a.example"),
        x509.BasicConstraints(ca=True, path_length=None),
        x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"),
    ]
    foreign.write(depot / "greedy.csr", foreign.request(extensions=asked))
    assert certstrap("sign", "greedy", "--expires", "1 day").lines == [
        "Created out/greedy.crt from out/greedy.csr signed by out/Foreign.key",
        "Not taken over from the request: keyUsage, basicConstraints, 1.2.3.4.",
    ]
    leaf = foreign.load_certificate(depot / "greedy.crt")
    assert leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False


def test_a_certificate_that_was_removed_may_be_signed_again(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("sign", "client")
    first = foreign.load_certificate(depot / "client.crt")
    (depot / "client.crt").unlink()
    certstrap("sign", "client")
    assert foreign.load_certificate(depot / "client.crt").serial_number != first.serial_number
