"""Options that a team sets once, in the environment: defaults, which refuse nothing that exists."""

from pathlib import Path

import pytest
from cryptography import x509

from certstrap.pki.keys import spec_of
from tests.builders import foreign
from tests.builders.depots import NEW_KEY
from tests.conftest import CommandLine

TEAM = {
    "CERTSTRAP_ORGANIZATION": "acme",
    "CERTSTRAP_ORGANIZATIONAL_UNIT": "payments",
    "CERTSTRAP_COUNTRY": "DE",
    "CERTSTRAP_PROVINCE": "Hessen",
    "CERTSTRAP_LOCALITY": "Kassel",
    "CERTSTRAP_CURVE": "P-384",
    "CERTSTRAP_EXPIRES": "90d",
    "CERTSTRAP_PROFILE": "client",
}
SUBJECT = "CN={},OU=payments,O=acme,L=Kassel,ST=Hessen,C=DE"


@pytest.fixture
def team(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a team."""
    for name, value in TEAM.items():
        monkeypatch.setenv(name, value)


def subject(path: str) -> str:
    """Return the subject of a certificate."""
    return foreign.load_certificate(Path(path)).subject.rfc4514_string()


def days(path: str) -> int:
    """Return for how many days a certificate is valid."""
    certificate = foreign.load_certificate(Path(path))
    return (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days


def usages(path: str) -> list[str]:
    """Return the extended key usages of a certificate."""
    extensions = foreign.load_certificate(Path(path)).extensions
    found = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    return sorted(usage._name for usage in found)


@pytest.mark.usefixtures("team")
def test_what_is_created_is_as_the_team_wants_it(certstrap: CommandLine) -> None:
    certstrap("init", "--cn", "Cert", "--no-passphrase")
    certstrap("request-cert", "--cn", "one", "--no-passphrase")
    certstrap("sign", "one")
    certstrap("issue", "two", "--no-passphrase")
    certstrap("gen", "ca", "-d", "1y", "--ca-cert", "ca.pem", "--ca-key", "ca.key")
    for name in ("Cert", "one", "two"):
        assert subject(f"out/{name}.crt") == SUBJECT.format(name)
        assert str(spec_of(foreign.load_key(Path(f"out/{name}.key")))) == "P-384"
    assert [days(f"out/{name}.crt") for name in ("Cert", "one", "two")] == [547, 90, 90]
    for name in ("one", "two"):
        assert usages(f"out/{name}.crt") == ["clientAuth"]
    assert ",O=acme" in subject("ca.pem")


@pytest.mark.usefixtures("team")
def test_an_option_goes_before_a_variable(certstrap: CommandLine) -> None:
    options = ("--no-passphrase", "--o", "other", "--key-bits", "2048")
    certstrap("issue", "one", *options, "--expires", "30d", "--profile", "both")
    certstrap("request-cert", "--cn", "two", *options)
    certstrap("sign", "two", "--years", "1")
    assert subject("out/one.crt") == SUBJECT.format("one").replace("acme", "other")
    for name in ("one", "two"):
        assert str(spec_of(foreign.load_key(Path(f"out/{name}.key")))) == "RSA 2048"
    assert (days("out/one.crt"), days("out/two.crt")) == (30, 365)
    assert usages("out/one.crt") == ["clientAuth", "serverAuth"]


def test_a_variable_refuses_nothing_that_exists(
    certstrap: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    certstrap("init", "--cn", "Cert", *NEW_KEY, "--path-length", "1")
    certstrap("issue", "done", *NEW_KEY, "--expires", "30d")
    for name in ("requested", "other", "Issuing"):
        certstrap("request-cert", "--cn", name, *NEW_KEY)
    Path("out/other.csr").unlink()
    for name, value in TEAM.items():
        monkeypatch.setenv(name, value)
    certstrap("issue", "done", "requested", "other", "--no-passphrase")
    certstrap("sign", "Issuing", "--intermediate")
    certstrap("request-cert", "--cn", "copy", "--key", "out/other.key", "--no-passphrase")
    assert subject("out/requested.crt") == "CN=requested"
    assert subject("out/other.crt") == SUBJECT.format("other")
    assert [days(f"out/{name}.crt") for name in ("done", "requested", "other")] == [30, 90, 90]
    assert days("out/Issuing.crt") > 500
    assert usages("out/done.crt") == ["clientAuth", "serverAuth"]


def test_an_empty_variable_counts_as_not_given(
    certstrap: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*TEAM, "CERTSTRAP_WAIT", "CERTSTRAP_NAMESPACE"):
        monkeypatch.setenv(name, "")
    certstrap("issue", "one", *NEW_KEY)
    assert subject("out/one.crt") == "CN=one"
    certstrap.refuses("connect", "one", sentence="Must provide --namespace ID", exit_code=2)


def test_the_namespace_is_that_of_the_environment(
    certstrap: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    certstrap("issue", "one", *NEW_KEY)
    monkeypatch.setenv("CERTSTRAP_NAMESPACE", "prod.acct")
    assert 'namespace = "prod.acct"' in certstrap("connect", "one").stdout
    assert certstrap("bundle", "Cert").stdout.startswith("-----BEGIN CERTIFICATE-----")
    assert certstrap("check", "one").exit_code == 0


def test_every_variable_is_in_the_help_and_in_the_reference(certstrap: CommandLine) -> None:
    lines = ["", "init", "request-cert", "sign", "issue", "connect"]
    helped = "".join(certstrap(*line.split(), "--help").stdout for line in lines)
    reference = (Path(__file__).parents[2] / "docs" / "reference.md").read_text(encoding="utf-8")
    for name in (*TEAM, "CERTSTRAP_WAIT", "CERTSTRAP_NAMESPACE", "CERTSTRAP_DEPOT_PATH"):
        assert name in helped
        assert f"`{name}`" in reference


@pytest.mark.parametrize("exists", ["csr", "crt"])
def test_a_subject_that_is_asked_for_must_be_that_of_what_exists(
    certstrap: CommandLine, exists: str
) -> None:
    certstrap("issue", "one", *NEW_KEY, "--organization", "acme", "--ou", "a", "--country", "DE")
    certstrap("issue", "one", *NEW_KEY, "--organization", "acme")
    if exists == "csr":
        Path("out/one.crt").unlink()
    certstrap.refuses(
        "issue", "one", *NEW_KEY, "--o", "acme", "--ou", "b",
        sentence=f"out/one.{exists} has another organizational unit than the one asked for.",
        hint="leave the option out",
    )  # fmt: skip


def test_a_list_has_columns_for_the_subject(certstrap: CommandLine, folder: Path) -> None:
    rows = "name,organization,country\none,other,FR\ntwo,,\nthree,,Germany\n"
    (folder / "list.csv").write_text(rows)
    (folder / "list.toml").write_text('[[certificate]]\nname = "four"\nlocality = "Kassel"\n')
    line = ("--o", "acme", *NEW_KEY, "--from")
    said = certstrap("issue", *line, "list.csv", exit_code=None)
    assert said.exit_code == 0
    assert said.stderr.startswith('The country "Germany" is not a code of two letters')
    certstrap("issue", *line, "list.toml")
    assert [subject(f"out/{name}.crt") for name in ("one", "two", "four")] == [
        "CN=one,O=other,C=FR",
        "CN=two,O=acme",
        "CN=four,O=acme,L=Kassel",
    ]
