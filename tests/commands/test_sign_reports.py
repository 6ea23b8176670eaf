"""`sign` tells what is not as it was asked for; its profiles; standard input and output."""

import re
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from certstrap.pki.keys import P256, PrivateKey
from tests.builders import foreign
from tests.builders.certificates import a_name, a_request
from tests.builders.depots import NEW_KEY, TEN_YEARS, init, request
from tests.cli.terminal import ends, terminal
from tests.conftest import NOW, CommandLine, Program, snapshot, visible

SIGNED = "Created out/client.crt from out/client.csr signed by out/Cert.key"
CUT = "Expires 2036-11-23, with its CA."
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
BOTH = x509.ExtendedKeyUsage([SERVER, CLIENT])
NO_CA = x509.BasicConstraints(ca=False, path_length=None)


pytestmark = pytest.mark.depot(init("Cert", "--path-length", "2", *TEN_YEARS), request("client"))
"""A depot with the CA `Cert`, good for ten years, and the request `client`."""


def ask(depot: Path, *extensions: x509.ExtensionType, key: PrivateKey | None = None) -> None:
    """Put a request with those extensions in the place of the one in the depot."""
    (depot / "client.csr").unlink()
    foreign.write(depot / "client.csr", foreign.request(key=key, extensions=extensions))


def usages_of(depot: Path) -> list[x509.ObjectIdentifier]:
    extensions = foreign.load_certificate(depot / "client.crt").extensions
    return list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


@pytest.mark.parametrize(
    ("expires", "reported"),
    [
        ("10 years 61 seconds", [CUT]),
        ("200 years", [CUT]),
        ("2036-11-23", [CUT]),
        ("10 years 60 seconds", []),
        ("10 years", []),
        ("2036-11-22", []),
    ],
)
def test_it_tells_that_the_end_was_cut_to_the_cas(
    certstrap: CommandLine, depot: Path, expires: str, reported: list[str]
) -> None:
    stderr = "".join(f"{line}\n" for line in reported)
    signed = certstrap("sign", "client", "--expires", expires, stderr=stderr)
    assert signed.lines == [SIGNED]


def test_on_a_terminal_a_cut_by_seconds_is_not_told_either(folder: Path) -> None:
    for expires, told in (("10 years 30 seconds", ""), ("10 years 1 hour", ", with its CA")):
        name = "a" if told else "b"
        with terminal(folder, "init", "--cn", name, "--expires", "10 years", *NEW_KEY) as child:
            ends(child)
        with terminal(folder, "request-cert", "--cn", f"of {name}", *NEW_KEY) as child:
            ends(child)
        with terminal(folder, "sign", f"of {name}", "--CA", name, "--expires", expires) as child:
            lines = ends(child).splitlines()
        assert re.fullmatch(rf"Expires \d{{4}}-\d\d-\d\d{told}\.", lines[1])


def test_in_a_pipe_it_does_not_tell_that_the_default_end_was_cut(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("init", "--cn", "Short", *NEW_KEY)
    assert len(certstrap("sign", "client", "--CA", "Short").lines) == 1
    end = foreign.load_certificate(depot / "client.crt").not_valid_after_utc
    assert end == datetime(2028, 5, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("extensions", "named"),
    [
        ([x509.BasicConstraints(ca=True, path_length=None)], "basicConstraints"),
        ([foreign.key_usage("key_cert_sign")], "keyUsage"),
        ([x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])], "extendedKeyUsage"),
        ([x509.OCSPNoCheck(), foreign.alternative("a.example")], "OCSPNoCheck"),
        ([x509.TLSFeature([x509.TLSFeatureType.status_request])], "TLSFeature"),
        (
            [x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\5\0")],
            "1.3.6.1.4.1.55555.1",
        ),
        (
            [
                x509.BasicConstraints(ca=True, path_length=3),
                foreign.alternative("a.example"),
                foreign.key_usage("crl_sign"),
            ],
            "basicConstraints, keyUsage",
        ),
    ],
)
def test_it_names_the_extensions_that_were_not_taken_over(
    certstrap: CommandLine, depot: Path, extensions: Sequence[x509.ExtensionType], named: str
) -> None:
    ask(depot, *extensions)
    stderr = f"Not copied from the request: {named}.\n"
    assert certstrap("sign", "client", stderr=stderr).lines == [SIGNED]
    leaf = foreign.load_certificate(depot / "client.crt")
    assert leaf.extensions.get_extension_for_class(x509.BasicConstraints).value == NO_CA


def test_it_tells_both_in_a_line_each(certstrap: CommandLine, depot: Path) -> None:
    ask(depot, x509.BasicConstraints(ca=True, path_length=None))
    stderr = f"{CUT}\nNot copied from the request: basicConstraints.\n"
    signed = certstrap("sign", "client", "--expires", "11 years", stderr=stderr)
    assert signed.lines == [SIGNED]


def test_alternative_names_are_taken_over_and_not_reported(
    certstrap: CommandLine, depot: Path
) -> None:
    ask(depot, foreign.alternative("a.example"))
    assert certstrap("sign", "client").lines == [SIGNED]


@pytest.mark.parametrize(
    ("extensions", "options"),
    [
        ([NO_CA], ()),
        ([foreign.key_usage("digital_signature")], ()),
        ([BOTH], ()),
        ([x509.ExtendedKeyUsage([CLIENT])], ("--profile", "client")),
        ([x509.BasicConstraints(ca=True, path_length=1)], ("--intermediate", "--path-length", "1")),
        ([foreign.key_usage("key_cert_sign", "crl_sign")], ("--intermediate",)),
        ([NO_CA, foreign.key_usage("digital_signature"), BOTH], ()),
    ],
)
def test_what_was_asked_for_and_given_is_not_reported(
    certstrap: CommandLine,
    depot: Path,
    extensions: Sequence[x509.ExtensionType],
    options: tuple[str, ...],
) -> None:
    ask(depot, *extensions)
    assert certstrap("sign", "client", *options).lines == [SIGNED]


def test_a_key_identifier_that_is_the_same_is_not_reported(
    certstrap: CommandLine, depot: Path
) -> None:
    key = P256.generate()
    ask(depot, x509.SubjectKeyIdentifier.from_public_key(key.public_key()), key=key)
    assert certstrap("sign", "client").lines == [SIGNED]


@pytest.mark.parametrize(
    ("options", "usages"),
    [
        ((), [SERVER, CLIENT]),
        (("--profile", "both"), [SERVER, CLIENT]),
        (("--profile", "client"), [CLIENT]),
        (("--profile=server",), [SERVER]),
        (("-profile", "server"), [SERVER]),
    ],
)
def test_a_profile_sets_the_extended_key_usage(
    certstrap: CommandLine,
    depot: Path,
    options: tuple[str, ...],
    usages: list[x509.ObjectIdentifier],
) -> None:
    ask(depot, foreign.alternative("a.example"))
    assert certstrap("sign", "client", *options).lines == [SIGNED]
    assert usages_of(depot) == usages


@pytest.mark.parametrize("names", [("--ip", "127.0.0.1"), ("--domain", "a.example")])
def test_a_server_has_an_alternative_name(
    certstrap: CommandLine, depot: Path, names: tuple[str, ...]
) -> None:
    certstrap("request-cert", "--cn", "server", *names, *NEW_KEY)
    certstrap("sign", "server", "--profile", "server")


def test_a_server_without_one_is_refused(certstrap: CommandLine, depot: Path) -> None:
    ask(depot, NO_CA)
    certstrap.refuses(
        "sign", "client", "--profile", "server",
        sentence="TLS clients reject a server without them.", hint="--domain",
    )  # fmt: skip
    certstrap("sign", "client", "--profile", "client")


@pytest.mark.parametrize("profile", ["peer", "Client", "client,server"])
def test_an_unknown_profile_is_refused(certstrap: CommandLine, depot: Path, profile: str) -> None:
    certstrap.refuses(
        "sign", "client", "--profile", profile,
        sentence=f'There is no profile "{profile}".', hint="Choose client, server or both.",
    )  # fmt: skip


def test_a_certificate_that_was_removed_is_signed_again(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("sign", "client")
    first = foreign.load_certificate(depot / "client.crt")
    certstrap.refuses("sign", "client", sentence='Certificate "client" already exists!')
    (depot / "client.crt").unlink()
    assert certstrap("sign", "client", now=NOW + timedelta(days=1)).lines == [SIGNED]
    second = foreign.load_certificate(depot / "client.crt")
    assert second.public_key() == first.public_key()
    assert second.serial_number != first.serial_number


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_request_comes_from_standard_input(
    certstrap: CommandLine, depot: Path, encoding: Encoding
) -> None:
    request = foreign.load_request(depot / "client.csr").public_bytes(encoding)
    note = 'out/theirs.crt is for "client", the name in it.\n'
    line = ("sign", "theirs", "--csr", "-", "--CA", "Cert")
    lines = certstrap(*line, input=request, stderr=note).lines
    assert lines == ["Created out/theirs.crt from standard input signed by out/Cert.key"]
    assert foreign.load_certificate(depot / "theirs.crt").subject == foreign.name_of("client")
    assert not (depot / "theirs.csr").exists()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "Standard input is empty."),
        (b"nonsense", "Standard input is not a certificate request that can be read."),
        (foreign.request_changed_after_signing(), "Standard input is not signed by its own key."),
        (foreign.key_data(P256.generate()), "Standard input holds a private key, not a cert"),
    ],
)
def test_what_is_no_request_on_standard_input_is_refused(
    certstrap: CommandLine, depot: Path, data: bytes, sentence: str
) -> None:
    certstrap.refuses("sign", "x", "--csr", "-", sentence=sentence, input=data)


def test_standard_input_holds_a_request_or_a_passphrase(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap.refuses(
        "sign", "x", "--csr", "-", "--passphrase-file", "-",
        sentence="Both --csr and --passphrase-file are -.", hint="as a file",
    )  # fmt: skip


@pytest.mark.parametrize("more", [(), ("--stdout",)])
def test_the_certificate_alone_goes_to_standard_output(
    certstrap: CommandLine, depot: Path, more: tuple[str, ...]
) -> None:
    before = snapshot(depot)
    pem = certstrap("sign", "client", "--cert", "-", *more).stdout
    leaf = x509.load_pem_x509_certificate(pem.encode())
    assert pem.encode() == leaf.public_bytes(Encoding.PEM)
    assert leaf.subject == foreign.name_of("client")
    assert snapshot(depot) == before


def test_a_certificate_in_the_depot_does_not_bar_standard_output(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("sign", "client")
    before = snapshot(depot)
    assert certstrap("sign", "client", "--cert", "-").stdout.startswith("-----BEGIN CERTIFICATE")
    assert snapshot(depot) == before


def test_beside_standard_output_it_tells_on_standard_error(folder: Path, program: Program) -> None:
    program("init", "--cn", "Cert", "--curve", "P-256", "--passphrase", "123")
    asked = foreign.request(extensions=[x509.BasicConstraints(ca=True, path_length=None)])
    done = program(
        "sign", "client", "--csr", "-", "--cert", "-", "--expires", "30 years",
        "--passphrase", "123", input=asked.decode(),
    )  # fmt: skip
    x509.load_pem_x509_certificate(done.stdout.encode())
    assert done.stdout.startswith("-----BEGIN CERTIFICATE-----\n")
    assert done.stdout.endswith("-----END CERTIFICATE-----\n")
    reported = done.stderr.splitlines()
    assert reported[0].endswith(", with its CA.")
    assert reported[1:] == ["Not copied from the request: basicConstraints."]
    assert {path.name for path in visible(folder / "out")} == {
        "Cert.key", "Cert.crt", "Cert.crl",
    }  # fmt: skip


def test_a_refusal_leaves_standard_output_empty(certstrap: CommandLine, depot: Path) -> None:
    outcome = certstrap.refuses(
        "sign", "client", "--cert", "-", "--profile", "server", sentence="no alternative names"
    )
    assert not outcome.stdout


def test_another_name_in_the_request_that_was_named_is_reported(
    certstrap: CommandLine, depot: Path
) -> None:
    shutil.copy(depot / "client.csr", "their.csr")
    line = ("sign", "worker", "--csr", "their.csr")
    certstrap(*line, "--cert", "-", stderr='their.csr is for "client", the name in it.\n')
    certstrap(*line, stderr='out/worker.crt is for "client", the name in it.\n')
    certstrap("sign", "client", "--csr", "their.csr")


def test_another_name_in_the_request_of_a_ca_is_refused(
    certstrap: CommandLine, depot: Path
) -> None:
    shutil.copy(depot / "client.csr", "their.csr")
    certstrap.refuses(
        "sign", "Int", "--intermediate", "--csr", "their.csr",
        sentence='their.csr is for "client", and "Int" was asked for.',
        hint="If you mean that CA, use that name.",
    )  # fmt: skip
    certstrap("sign", "client", "--intermediate", "--csr", "their.csr")
    nameless = a_request(
        key=foreign.load_key(depot / "client.key"), subject=a_name(organization_name="Org")
    )
    foreign.write(depot.parent / "org.csr", nameless.public_bytes(Encoding.PEM))
    certstrap("sign", "Org", "--CA", "Cert", "--intermediate", "--csr", "org.csr")


def test_who_a_new_ca_is_can_be_compared(
    certstrap: CommandLine, depot: Path, program: Program, today: CommandLine
) -> None:
    line = ("sign", "client", "--intermediate", "--cert")
    done = program(*line, "a.crt")
    der = (
        foreign.load_request(depot / "client.csr")
        .public_key()
        .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    who = ["Subject: CN=client", f"SHA-256 of its public key: {sha256(der).hexdigest()}"]
    assert done.stdout == "Created a.crt from out/client.csr signed by out/Cert.key\n"
    assert done.stderr.splitlines() == who
    assert program(*line, "-").stderr.splitlines() == who
    with terminal(depot.parent, *line, "b.crt") as child:
        assert ends(child).splitlines()[1:3] == who


@pytest.mark.parametrize(
    ("options", "extensions"),
    [
        (("--intermediate",), [x509.BasicConstraints(ca=True, path_length=1)]),
        (("--intermediate",), [foreign.key_usage("key_cert_sign", "crl_sign")]),
        ((), [NO_CA, foreign.key_usage("digital_signature")]),
        ((), [x509.ExtendedKeyUsage([CLIENT])]),
        (("--profile", "client"), [x509.ExtendedKeyUsage([CLIENT])]),
    ],
)
def test_what_the_profile_gives_anyway_is_not_reported_as_left_out(
    options: tuple[str, ...],
    extensions: list[x509.ExtensionType],
    certstrap: CommandLine,
    depot: Path,
) -> None:
    ask(depot, *extensions)
    certstrap("sign", "client", *options)


@pytest.mark.parametrize(
    ("options", "extension", "name"),
    [
        (("--intermediate",), NO_CA, "basicConstraints"),
        ((), x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), "extendedKeyUsage"),
        ((), foreign.key_usage("key_cert_sign"), "keyUsage"),
    ],
)
def test_what_the_profile_does_not_give_is_reported(
    options: tuple[str, ...],
    extension: x509.ExtensionType,
    name: str,
    certstrap: CommandLine,
    depot: Path,
) -> None:
    ask(depot, extension)
    note = f"Not copied from the request: {name}.\n"
    certstrap("sign", "client", *options, stderr=note)
