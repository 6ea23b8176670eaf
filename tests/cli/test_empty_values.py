"""An option with an empty value is an option not given, as scripts write it for their variables."""

from pathlib import Path

import pytest
from cryptography import x509

from certstrap.pki.keys import spec_of
from tests.builders import foreign
from tests.builders.certificates import NO_CA
from tests.builders.depots import NEW_KEY
from tests.cli.shell import EC, bash
from tests.conftest import CommandLine

WAYS = ["{} {}", "{}={}"]


def with_empty(names: str, way: str) -> list[str]:
    """Return each of the options in ``names`` with an empty value, written in that way."""
    words: list[str] = []
    for name in names.split():
        words += [f"{name}="] if "=" in way else [name, ""]
    return words


def test_the_line_of_a_script_whose_variables_are_empty_is_read(folder: Path) -> None:
    bash(
        f"""
        IP="" DOMAIN="" URI="" ORG="" CSR="" KEY="" CRT="" EXPIRES=""
        certstrap init --cn CA {EC}
        certstrap request-cert --cn svc --ip "$IP" --domain "$DOMAIN" --uri "$URI" -o "$ORG" \\
            --csr "$CSR" --key "$KEY" {EC}
        certstrap sign svc --CA CA --csr "$CSR" --cert "$CRT" --expires "$EXPIRES"
        """
    )
    certificate = foreign.load_certificate(folder / "out/svc.crt")
    assert certificate.subject.rfc4514_string() == "CN=svc"
    with pytest.raises(x509.ExtensionNotFound):
        certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)


@pytest.mark.parametrize("way", WAYS)
def test_every_option_of_init_may_be_empty(certstrap: CommandLine, folder: Path, way: str) -> None:
    options = "--expires --years --o --ou --c --st --l --key --path-length --curve"
    line = ("init", "--cn", "CA", *with_empty(options, way), "--curve", "P-256")
    outcome = certstrap(*line, *with_empty("--passphrase", way))
    assert outcome.lines == ["Created out/CA.key", "Created out/CA.crt", "Created out/CA.crl"]
    ca = foreign.load_certificate(folder / "out/CA.crt")
    assert ca.subject.rfc4514_string() == "CN=CA"
    assert (ca.not_valid_after_utc.year, ca.not_valid_after_utc.month) == (2028, 5)
    constraints = ca.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert constraints == x509.BasicConstraints(ca=True, path_length=0)


@pytest.mark.parametrize("way", WAYS)
def test_every_option_of_request_cert_may_be_empty(
    certstrap: CommandLine, folder: Path, way: str
) -> None:
    options = "--ip --domain --uri --o --ou --c --st --l --key --csr --key-bits --curve"
    certstrap("request-cert", "--cn", "a", *with_empty(options, way), "--passphrase", "")
    request = foreign.load_request(folder / "out/a.csr")
    assert request.subject.rfc4514_string() == "CN=a"
    assert not list(request.extensions)
    assert str(spec_of(foreign.load_key(folder / "out/a.key"))) == "RSA 2048"


@pytest.mark.parametrize("way", WAYS)
def test_every_option_of_sign_may_be_empty(certstrap: CommandLine, folder: Path, way: str) -> None:
    certstrap("init", "--cn", "CA", *NEW_KEY)
    certstrap("request-cert", "--cn", "a", *NEW_KEY)
    options = "--CA --expires --years --csr --cert --path-length --profile"
    certstrap("sign", "a", *with_empty(options, way))
    leaf = foreign.load_certificate(folder / "out/a.crt")
    assert leaf.extensions.get_extension_for_class(x509.BasicConstraints).value == NO_CA


@pytest.mark.parametrize("way", WAYS)
def test_every_option_of_revoke_may_be_empty(certstrap: CommandLine, way: str) -> None:
    certstrap("issue", "a", "--curve", "P-256")
    outcome = certstrap("revoke", "--CN", "a", *with_empty("--CA --serial --reason", way))
    assert outcome.stdout == "Updated out/Cert.crl: 1 revoked certificate\n"


@pytest.mark.parametrize("way", WAYS)
def test_an_empty_depot_path_is_the_usual_one(
    certstrap: CommandLine, folder: Path, way: str
) -> None:
    certstrap(*with_empty("--depot-path", way), "init", "--cn", "CA", *NEW_KEY)
    assert (folder / "out/CA.crt").is_file()


def test_an_empty_value_does_not_take_back_another(certstrap: CommandLine, folder: Path) -> None:
    certstrap("init", "--cn", "CA", "--cn", "", "--o", "Acme", "-o=", *NEW_KEY)
    assert foreign.load_certificate(folder / "out/CA.crt").subject.rfc4514_string() == (
        "CN=CA,O=Acme"
    )


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("init", "--cn", ""), "Must supply Common Name for CA"),
        (("init", "--cn", "  "), "Must supply Common Name for CA"),
        (("request-cert", "--cn", "", "--ip="), "Must provide Common Name, domain, or URI"),
        (("revoke", "--CN", ""), "Must provide either NAME or --serial HEX"),
        (("sign", ""), 'Invalid name: "" has no letter or digit.'),
    ],
)
def test_what_a_command_needs_may_not_be_empty(
    certstrap: CommandLine, args: tuple[str, ...], sentence: str
) -> None:
    certstrap.refuses(*args, sentence=sentence)


@pytest.mark.parametrize("option", ["--ip", "--domain", "--uri"])
@pytest.mark.parametrize("text", [",", " ", "{0},", ",{0}", "{0},,{0}", "{0}, ,{0}"])
def test_a_list_with_an_empty_entry_is_refused(
    certstrap: CommandLine, option: str, text: str
) -> None:
    entry = {"--ip": "::1", "--domain": "a.example", "--uri": "urn:a"}[option]
    line = ("request-cert", "--cn", "a", *NEW_KEY, option, text.format(entry))
    certstrap.refuses(*line, sentence="Invalid ", hint="The list has an empty entry")


@pytest.mark.parametrize("way", WAYS)
def test_an_empty_list_of_permitted_domains_counts_as_not_given_as_in_certstrap_and_is_reported(
    certstrap: CommandLine, folder: Path, way: str
) -> None:
    said = "--permit-domain is empty, and does not limit the CA.\n"
    certstrap("init", "--cn", "CA", *NEW_KEY, *with_empty("--permit-domain", way), stderr=said)
    with pytest.raises(x509.ExtensionNotFound):
        foreign.load_certificate(folder / "out/CA.crt").extensions.get_extension_for_class(
            x509.NameConstraints
        )


_OTHER_LIMITS = "--permit-ip --permit-uri --permit-email --exclude-domain --exclude-ip"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("option", [*_OTHER_LIMITS.split(), "--exclude-uri", "--exclude-email"])
def test_a_ca_is_never_without_limits_because_a_variable_is_empty(
    certstrap: CommandLine, option: str, way: str
) -> None:
    certstrap("init", "--cn", "CA", "--path-length", "1", *NEW_KEY)
    certstrap("request-cert", "--cn", "Int", *NEW_KEY)
    limit = with_empty(option, way)
    for line in (("init", "--cn", "Other", *NEW_KEY), ("sign", "Int", "--intermediate")):
        certstrap.refuses(*line, *limit, sentence="Invalid ", hint="fill it, or leave it out")


def test_an_empty_passphrase_means_none(certstrap: CommandLine, folder: Path) -> None:
    environ = {"CERTSTRAP_PASSPHRASE": "secret"}
    certstrap("init", "--cn", "CA", "--curve", "P-256", "--passphrase", "", environ=environ)
    assert str(spec_of(foreign.load_key(folder / "out/CA.key"))) == "P-256"


@pytest.mark.parametrize("option", ["--passphrase-file", "--key-passphrase-file"])
@pytest.mark.parametrize("way", WAYS)
def test_an_empty_name_of_a_passphrase_file_never_means_that_there_is_no_passphrase(
    certstrap: CommandLine, way: str, option: str
) -> None:
    line = ("issue", "a", "--curve", "P-256", *with_empty(option, way))
    certstrap.refuses(*line, sentence="There is no passphrase file")


def test_a_flag_with_an_empty_value_cannot_be_read(certstrap: CommandLine) -> None:
    assert "--stdout" in certstrap("init", "--cn", "CA", "--stdout=", exit_code=2).stderr
