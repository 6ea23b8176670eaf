"""`connect`: whose configuration is printed, to which endpoint, and what is refused."""

import shlex
import tomllib
from base64 import b64decode
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat

from certstrap.cli.render.connect import FORMATS, LANGUAGES
from tests.builders import foreign, pairs
from tests.builders.depots import NEW_KEY
from tests.builders.keys import key_data
from tests.conftest import NOW, CommandLine, snapshot

ID = ("--namespace", "your-namespace.acct")
CLIENT = ("connect", "client", *ID)
HOST = "your-namespace.acct.tmprl.cloud"


@pytest.fixture
def chained(certstrap: CommandLine, folder: Path) -> Path:
    """A depot with `client` below `Int`, below `Root`."""
    certstrap("init", "--cn", "Root", "--curve", "P-256", "--path-length", "1", "--no-passphrase")
    for name in ("Int", "client"):
        certstrap("request-cert", "--cn", name, *NEW_KEY)
    certstrap("sign", "Int", "--CA", "Root", "--intermediate")
    certstrap("sign", "client", "--CA", "Int")
    return folder / "out"


def profile(text: str, name: str = "default") -> dict[str, object]:
    found: dict[str, object] = tomllib.loads(text)["profile"][name]
    return found


def test_a_profile_has_the_endpoint_of_the_namespace_and_absolute_paths(
    certstrap: CommandLine, depot: Path
) -> None:
    assert profile(certstrap(*CLIENT).stdout) == {
        "address": f"{HOST}:7233",
        "namespace": "your-namespace.acct",
        "tls": {
            "client_cert_path": str(depot / "client.crt"),
            "client_key_path": str(depot / "client.key"),
        },
    }


def test_nothing_is_written_without_being_asked_for(certstrap: CommandLine, depot: Path) -> None:
    before = snapshot(depot.parent)
    for form in FORMATS:
        certstrap(*CLIENT, "--format", form)
    assert snapshot(depot.parent) == before


@pytest.mark.parametrize(
    "host",
    [
        "aws-us-east-1.region.tmprl.cloud",
        "us-east-1.aws.api.temporal.io",
        "vpce-1.us-east-1.vpce.amazonaws.com",
        "VPCE-1.US-EAST-1.VPCE.AMAZONAWS.COM",
    ],
)
def test_another_endpoint_of_temporal_cloud_is_expected_to_have_the_name_of_the_namespace(
    host: str, certstrap: CommandLine, depot: Path
) -> None:
    found = profile(certstrap(*CLIENT, "--address", host).stdout)
    assert found["address"] == f"{host}:7233"
    assert found["tls"] == {
        "client_cert_path": str(depot / "client.crt"),
        "client_key_path": str(depot / "client.key"),
        "server_name": HOST,
    }


@pytest.mark.parametrize("namespace", ["default", "accounting", "My Namespace", "a.b.c", "ä"])
@pytest.mark.parametrize("address", ["localhost:7233", "[::1]:7233", "temporal.example:443"])
def test_a_server_of_ones_own_has_namespaces_of_any_name_and_no_name_is_made_up_for_it(
    namespace: str, address: str, certstrap: CommandLine, depot: Path
) -> None:
    own = ("connect", "client", "--namespace", namespace, "--address", address)
    found = profile(certstrap(*own).stdout)
    assert (found["address"], found["namespace"]) == (address, namespace)
    assert found["tls"] == {
        "client_cert_path": str(depot / "client.crt"),
        "client_key_path": str(depot / "client.key"),
    }
    for form in FORMATS:
        text = certstrap(*own, "--format", form).stdout
        assert "tmprl.cloud" not in text


@pytest.mark.parametrize("namespace", ["", "a\nb"])
def test_a_namespace_of_ones_own_has_a_name_that_can_be_written(
    namespace: str, certstrap: CommandLine, depot: Path
) -> None:
    own = ("connect", "client", "--namespace", namespace, "--address", "localhost")
    sentence = "Invalid Namespace:" if namespace else "Must provide --namespace ID"
    certstrap.refuses(*own, sentence=sentence, exit_code=1 if namespace else 2)


def test_what_may_be_a_private_link_is_said_to_be_taken_for_a_server_of_ones_own(
    certstrap: CommandLine, depot: Path
) -> None:
    line = (
        "10.0.0.5:7233 is taken for a server of your own. If it leads to Temporal Cloud, add "
        f"--server-name {HOST}.\n"
    )
    found = profile(certstrap(*CLIENT, "--address", "10.0.0.5", stderr=line).stdout)
    assert "server_name" not in found["tls"]  # type: ignore[operator]
    certstrap(*CLIENT, "--address", "10.0.0.5", "--server-name", HOST)


@pytest.mark.parametrize(
    ("namespace", "line"),
    [
        ("my--ns.acct", "The name my--ns has two hyphens in a row, which Temporal Cloud has not"),
        ("my-ns.a1b2", "The account a1b2 has fewer than 5 characters"),
    ],
)
def test_a_namespace_that_temporal_cloud_may_not_have_is_taken_with_a_warning(
    namespace: str, line: str, certstrap: CommandLine, depot: Path
) -> None:
    outcome = certstrap("connect", "client", "--namespace", namespace, exit_code=None)
    assert (outcome.exit_code, profile(outcome.stdout)["namespace"]) == (0, namespace)
    assert outcome.stderr.startswith(line)
    assert len(outcome.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("namespace", "hint"),
    [
        ("your-namespace.acct.tmprl.cloud", "The ID is your-namespace.acct."),
        ("your-namespace.acct.tmprl.cloud:7233", "The ID is your-namespace.acct."),
        ("https://Your-Namespace.acct.tmprl.cloud/", "The ID is your-namespace.acct."),
        ("aws-us-east-1.region.tmprl.cloud", "Give the ID of the Namespace, as in"),
        ("us-east-1.aws.api.temporal.io:7233", "Give the ID of the Namespace, as in"),
    ],
)
def test_an_endpoint_that_is_given_as_namespace_is_called_one(
    namespace: str, hint: str, certstrap: CommandLine, depot: Path
) -> None:
    args = ("connect", "client", "--namespace", namespace)
    certstrap.refuses(
        *args, sentence=f'Invalid Namespace id: "{namespace}" is an endpoint.', hint=hint
    )


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        (f"{HOST}:7233", f"Write only the name: {HOST}"),
        (f"https://{HOST}", f"Write only the name: {HOST}"),
        (f"https://{HOST}:7233/x", f"Write only the name: {HOST}"),
        (f"{HOST}.", f"Write only the name: {HOST}"),
        ("[::1]:7233", "Write only the name: ::1"),
        ("*.example.com", "A domain is labels"),
        ("a b", "A domain is labels"),
    ],
)
def test_a_server_name_is_a_name_and_not_an_address(
    name: str, hint: str, certstrap: CommandLine, depot: Path
) -> None:
    vpce = ("--address", "vpce-1.us-east-1.vpce.amazonaws.com")
    certstrap.refuses(
        *CLIENT,
        *vpce,
        "--server-name",
        name,
        sentence=f'Invalid server name: "{name}" is not a host name.',
        hint=hint,
    )


@pytest.mark.parametrize("name", ["localhost", "tls-sample", "127.0.0.1", "::1", "a_b.example"])
def test_a_server_name_may_be_a_domain_or_an_ip_address(
    name: str, certstrap: CommandLine, depot: Path
) -> None:
    own = ("--namespace", "default", "--address", "localhost", "--server-name", name)
    assert f'server_name = "{name}"' in certstrap("connect", "client", *own).stdout


def test_a_url_is_no_address_and_the_hint_has_the_right_form(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap.refuses(
        *CLIENT,
        "--address",
        f"https://{HOST}/",
        sentence=f'Invalid address: "https://{HOST}/" is not a host with a port.',
        hint=f"Write it as {HOST}:7233.",
    )


def test_an_intermediate_as_ca_of_the_server_is_said_to_serve_some_clients_only(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("init", "--common-name", "R", "--path-length", "1", *NEW_KEY)
    certstrap("request-cert", "--common-name", "I", *NEW_KEY)
    certstrap("sign", "I", "--CA", "R", "--intermediate")
    own = ("connect", "client", "--namespace", "default", "--address", "localhost")
    line = (
        f'{depot}/I.crt has an intermediate CA without its issuer "CN=R". The clients for Python, '
        ".NET, Ruby and Go accept that, and the client for TypeScript does not: add the "
        "certificate of that issuer to the file.\n"
    )
    certstrap(*own, "--server-ca", "out/I.crt", stderr=line)
    (depot.parent / "both.pem").write_bytes(
        (depot / "I.crt").read_bytes() + (depot / "R.crt").read_bytes()
    )
    for path in ("both.pem", "out/R.crt"):
        certstrap(*own, "--server-ca", path)


def test_the_address_of_the_namespace_itself_needs_no_server_name(
    certstrap: CommandLine, depot: Path
) -> None:
    assert "server_name" not in certstrap(*CLIENT, "--address", HOST).stdout


def test_a_server_name_and_the_ca_of_a_server_can_be_given(
    certstrap: CommandLine, depot: Path
) -> None:
    more = ("--server-name", "server.example", "--server-ca", "out/Cert.crt")
    text = certstrap(*CLIENT, "--address", "127.0.0.1:7000", *more).stdout
    assert 'server_name = "server.example"' in text
    assert f'server_ca_cert_path = "{depot}/Cert.crt"' in text


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_has_the_ca_and_the_name_of_the_server(
    form: str, certstrap: CommandLine, depot: Path
) -> None:
    more = ("--server-name", "server.example", "--server-ca", "out/Cert.crt")
    text = certstrap(*CLIENT, "--format", form, *more).stdout
    if form == "kubernetes":
        assert (
            b64decode(yaml.safe_load(text)["data"]["ca.crt"]) == (depot / "Cert.crt").read_bytes()
        )
    else:
        assert "server.example" in text
        assert str(depot / "Cert.crt") in text


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "kubernetes"])
def test_no_format_but_a_secret_has_key_material(
    form: str, certstrap: CommandLine, depot: Path
) -> None:
    text = certstrap(*CLIENT, "--format", form).stdout
    for line in (depot / "client.key").read_text().splitlines():
        assert line not in text


def test_a_secret_of_kubernetes_has_the_bytes_of_the_files(
    certstrap: CommandLine, depot: Path
) -> None:
    secret = yaml.safe_load(certstrap(*CLIENT, "--format", "kubernetes").stdout)
    data = secret.pop("data")
    assert secret == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "client"},
        "type": "kubernetes.io/tls",
    }
    assert {name: b64decode(text, validate=True) for name, text in data.items()} == {
        "tls.crt": (depot / "client.crt").read_bytes(),
        "tls.key": (depot / "client.key").read_bytes(),
    }


def test_a_leaf_below_an_intermediate_gets_its_chain(certstrap: CommandLine, chained: Path) -> None:
    certstrap("export-chain", "client")
    assert f'"{chained}/client.chain.crt"' in certstrap(*CLIENT).stdout
    secret = yaml.safe_load(certstrap(*CLIENT, "--format", "kubernetes").stdout)
    assert b64decode(secret["data"]["tls.crt"]) == (chained / "client.chain.crt").read_bytes()


def test_a_chain_with_its_root_will_do(certstrap: CommandLine, chained: Path) -> None:
    certstrap("export-chain", "client", "--with-root")
    assert f'"{chained}/client.chain.crt"' in certstrap(*CLIENT).stdout


def test_a_leaf_below_an_intermediate_is_refused_without_its_chain(
    certstrap: CommandLine, chained: Path
) -> None:
    certstrap.refuses(
        *CLIENT,
        sentence="out/client.chain.crt, which its client has to present, does not exist",
        hint="Write it with: certstrap export-chain client",
    )


def test_the_chain_of_an_older_certificate_is_refused(
    certstrap: CommandLine, chained: Path
) -> None:
    certstrap("export-chain", "client")
    (chained / "client.crt").unlink()
    certstrap("sign", "client", "--CA", "Int", "--expires", "90d")
    certstrap.refuses(
        *CLIENT,
        sentence="out/client.chain.crt is not the chain of out/client.crt as it is now.",
        hint="Move it away, and write it again with: certstrap export-chain client",
    )


@pytest.mark.parametrize("content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\n"])
def test_a_chain_file_that_is_none_is_refused(
    content: bytes, certstrap: CommandLine, chained: Path
) -> None:
    (chained / "client.chain.crt").write_bytes(content)
    certstrap.refuses(*CLIENT, sentence="is not the chain of out/client.crt as it is now")


def test_a_certificate_whose_root_is_not_there_is_refused(
    certstrap: CommandLine, chained: Path
) -> None:
    (chained / "Root.crt").unlink()
    certstrap.refuses(*CLIENT, sentence="The chain is incomplete", hint="certstrap import")


def issue_encrypted(certstrap: CommandLine, folder: Path, *depot: str) -> None:
    """Issue the certificate of a client whose key is encrypted."""
    (folder / "secret.txt").write_text("secret\n")
    certstrap(*depot, "issue", "client", *NEW_KEY, "--key-passphrase-file", "secret.txt")


def test_the_depot_is_named_in_the_commands_that_are_suggested(
    certstrap: CommandLine, folder: Path
) -> None:
    issue_encrypted(certstrap, folder, "--depot-path", "my depot")
    outcome = certstrap.refuses(
        "--depot-path", "my depot", *CLIENT, sentence="my depot/client.key is encrypted."
    )
    assert "certstrap --depot-path 'my depot' export-pkcs8 client" in outcome.stderr


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "java"])
def test_an_encrypted_key_is_refused_where_the_client_cannot_read_it(
    form: str, certstrap: CommandLine, folder: Path
) -> None:
    issue_encrypted(certstrap, folder)
    certstrap.refuses(
        *CLIENT, "--format", form, "--passphrase", "secret",
        sentence="out/client.key is encrypted.",
        hint="certstrap export-pkcs8 client",
    )  # fmt: skip


def test_a_certificate_that_is_not_for_clients_is_refused(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap(
        "issue", "client", "--profile", "server", "--domain", "a.example", *NEW_KEY,
    )  # fmt: skip
    certstrap.refuses(
        *CLIENT,
        sentence="The extended key usage of out/client.crt does not include client authentication.",
        hint="issue a new one: certstrap issue client --CA Cert",
    )


def test_the_copy_of_an_encrypted_key_is_used(certstrap: CommandLine, folder: Path) -> None:
    issue_encrypted(certstrap, folder)
    certstrap("export-pkcs8", "client", "--passphrase", "secret")
    assert f'"{folder}/out/client.pkcs8.key"' in certstrap(*CLIENT).stdout


def test_java_gets_the_pkcs8_file(certstrap: CommandLine, folder: Path) -> None:
    certstrap("issue", "client", "--no-passphrase", "--pkcs8")
    text = certstrap(*CLIENT, "--format", "java").stdout
    assert f'"{folder}/out/client.pkcs8.key"' in text
    assert "setKeyPassword" not in text


def test_java_gets_a_key_that_is_pkcs8_already(certstrap: CommandLine, depot: Path) -> None:
    assert f'"{depot}/client.key"' in certstrap(*CLIENT, "--format", "java").stdout


def test_java_is_told_to_make_the_pkcs8_file(certstrap: CommandLine, folder: Path) -> None:
    certstrap("issue", "client", "--no-passphrase")
    certstrap.refuses(
        *CLIENT, "--format", "java",
        sentence="out/client.key is not PKCS#8, and Java clients read "
        "out/client.pkcs8.key, which does not exist.",
        hint="which export-pkcs12 writes): certstrap export-pkcs8 client\n",
    )  # fmt: skip


def test_java_is_told_to_make_the_pkcs8_file_of_an_encrypted_key(
    certstrap: CommandLine, folder: Path
) -> None:
    issue_encrypted(certstrap, folder)
    certstrap.refuses(*CLIENT, "--format", "java", sentence="out/client.key is encrypted, and")


@pytest.fixture
def encrypted(certstrap: CommandLine, depot: Path) -> Path:
    """The depot, with an encrypted copy of the client's key."""
    certstrap("export-pkcs8", "client", "--encrypt", "--passphrase", "secret")
    return depot


def test_java_reads_an_encrypted_key_and_its_passphrase_from_the_environment(
    certstrap: CommandLine, encrypted: Path
) -> None:
    text = certstrap(*CLIENT, "--format", "java", "--passphrase", "secret").stdout
    assert f'"{encrypted}/client.pkcs8.key"' in text
    assert 'System.getenv("TEMPORAL_KEY_PASSWORD")' in text
    assert "secret" not in text


def test_an_encrypted_key_for_java_is_not_used_unseen(
    certstrap: CommandLine, encrypted: Path
) -> None:
    java = (*CLIENT, "--format", "java")
    certstrap.refuses(*java, sentence="its passphrase was not given")
    certstrap.refuses(*java, "--passphrase", "wrong", sentence="does not decrypt")


def test_a_copy_of_another_key_is_refused(certstrap: CommandLine, depot: Path) -> None:
    other = key_data(pairs.ca().key)
    foreign.write(depot / "client.pkcs8.key", other, 0o400)
    assert "client.key" in certstrap(*CLIENT).stdout
    sentence = "out/client.pkcs8.key is not the key of out/client.crt."
    certstrap.refuses(*CLIENT, "--format", "java", sentence=sentence)
    (depot / "client.key").unlink()
    certstrap.refuses(*CLIENT, sentence=sentence)


def test_the_key_of_another_certificate_is_refused(certstrap: CommandLine, depot: Path) -> None:
    (depot / "client.key").unlink()
    foreign.write(depot / "client.key", key_data(pairs.ca().key), 0o400)
    certstrap.refuses(*CLIENT, sentence="out/client.key is not the key of out/client.crt.")


def test_a_key_that_is_not_there_is_refused(certstrap: CommandLine, depot: Path) -> None:
    (depot / "client.key").unlink()
    certstrap.refuses(*CLIENT, sentence="There is no private key out/client.key.", hint="copy")


def test_a_key_that_others_can_read_is_refused(certstrap: CommandLine, depot: Path) -> None:
    (depot / "client.key").chmod(0o644)
    certstrap.refuses(*CLIENT, sentence="is a private key that others can access", hint="chmod")


@pytest.mark.parametrize("encoding", [Encoding.DER, None])
def test_a_key_that_no_client_reads_is_refused(
    encoding: Encoding | None, certstrap: CommandLine, depot: Path
) -> None:
    path = depot / "client.key"
    key = foreign.load_key(path)
    data = key_data(key, encoding=encoding) if encoding else b"\xef\xbb\xbf" + key_data(key)
    path.unlink()
    foreign.write(path, data, 0o400)
    certstrap.refuses(*CLIENT, sentence="out/client.key ", hint="certstrap export-pkcs8 client")
    certstrap.refuses(*CLIENT, "--format", "java", sentence="out/client.key ")


def test_a_certificate_that_no_client_reads_is_refused(certstrap: CommandLine, depot: Path) -> None:
    path = depot / "client.crt"
    der = foreign.load_certificate(path).public_bytes(Encoding.DER)
    path.unlink()
    foreign.write(path, der, 0o444)
    certstrap.refuses(*CLIENT, sentence="out/client.crt is DER, not PEM.")


def test_an_expired_certificate_is_refused(certstrap: CommandLine, folder: Path) -> None:
    certstrap("issue", "client", "--curve", "P-256", "--expires", "1d", "--no-passphrase")
    certstrap.refuses(
        *CLIENT, now=NOW + timedelta(days=2),
        sentence="out/client.crt expired on",
        hint="Renew it: certstrap renew client",
    )  # fmt: skip
    certstrap.refuses(*CLIENT, now=NOW - timedelta(days=2), sentence="is not valid before")


def test_a_certificate_of_an_expired_ca_is_refused(certstrap: CommandLine, folder: Path) -> None:
    ca = pairs.ca(end=NOW - timedelta(days=1))
    ca.store("Foreign")
    client = pairs.leaf(ca)
    foreign.write(folder / "out/client.crt", client.pem, 0o444)
    foreign.write(folder / "out/client.key", foreign.key_data(client.key), 0o400)
    certstrap.refuses(*CLIENT, sentence='The CA "CN=Foreign" expired')


def test_a_revoked_certificate_is_refused(certstrap: CommandLine, depot: Path) -> None:
    certstrap("revoke", "--CN", "client")
    certstrap.refuses(*CLIENT, sentence="out/client.crt was revoked")


def test_a_compromised_key_is_refused(certstrap: CommandLine, depot: Path) -> None:
    certstrap("revoke", "--CN", "client", "--reason", "keyCompromise")
    (depot / "client.crt").unlink()
    (depot / "Cert.crl").unlink()
    ca = pairs.Pair(
        foreign.load_certificate(depot / "Cert.crt"), foreign.load_key(depot / "Cert.key")
    )
    again = pairs.made(subject="client", key=foreign.load_key(depot / "client.key"), by=ca)
    foreign.write(depot / "client.crt", again.pem, 0o444)
    certstrap.refuses(*CLIENT, sentence="has a compromised key")


def test_the_certificate_of_a_ca_is_refused(certstrap: CommandLine, depot: Path) -> None:
    certstrap.refuses(
        "connect", "Cert", *ID, sentence="out/Cert.crt is a CA's certificate.", hint="client"
    )


def test_a_name_that_is_not_there_is_refused(certstrap: CommandLine, depot: Path) -> None:
    certstrap.refuses("connect", "nobody", *ID, sentence="There is no certificate out/nobody.crt.")


def test_a_kind_of_key_that_a_client_cannot_use_is_refused_for_that_client(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("issue", "client", "--curve", "P-521", "--no-passphrase")
    certstrap.refuses(*CLIENT, "--format", "python", sentence="has a key of kind P-521")
    certstrap(*CLIENT, "--format", "go")
    certstrap(
        *CLIENT,
        stderr="out/client.crt has a key of kind P-521, which the clients for Python, TypeScript, "
        ".NET and Ruby cannot use.\n",
    )


def test_a_kind_of_key_that_temporal_cloud_refuses_is_reported(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("issue", "client", "--curve", "Ed25519", "--no-passphrase")
    certstrap(*CLIENT, stderr="out/client.crt has a key of kind Ed25519.\n")


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        (["TEMPORAL_TLS_CERT"], "TEMPORAL_TLS_CERT is set: the temporal command uses it instead"),
        (["TEMPORAL_TLS_KEY"], "TEMPORAL_TLS_KEY is set: the temporal command uses it instead"),
        (
            ["TEMPORAL_TLS_CERT", "TEMPORAL_TLS_KEY"],
            "TEMPORAL_TLS_CERT and TEMPORAL_TLS_KEY are set: the temporal command uses them",
        ),
        (
            ["TEMPORAL_TLS_CERT_DATA", "TEMPORAL_TLS_CA", "TEMPORAL_TLS_CA_DATA"],
            "TEMPORAL_TLS_CERT_DATA, TEMPORAL_TLS_CA and TEMPORAL_TLS_CA_DATA are set:",
        ),
        (
            ["TEMPORAL_TLS_KEY_DATA"],
            "TEMPORAL_TLS_KEY_DATA is set: the temporal command uses it instead",
        ),
    ],
)
def test_old_variables_of_the_temporal_command_are_reported(
    variables: list[str], line: str, certstrap: CommandLine, depot: Path
) -> None:
    end = f"Remove {'it' if len(variables) == 1 else 'them'} with: unset {' '.join(variables)}\n"
    it = "it" if len(variables) == 1 else "them"
    said, _, _ = line.partition(":")
    expected = f"{said}: the temporal command uses {it} instead of this configuration. {end}"
    outcome = certstrap(*CLIENT, environ=dict.fromkeys(variables, "x"), stderr=expected)
    assert profile(outcome.stdout)
    certstrap(*CLIENT, environ=dict.fromkeys(variables, ""))


READING = ("toml", "env", "cli")  # whose clients read variables, too


@pytest.mark.parametrize(
    "variable",
    [
        "TEMPORAL_TLS_CLIENT_CERT_DATA",
        "TEMPORAL_TLS_CLIENT_KEY_DATA",
        "TEMPORAL_TLS_SERVER_CA_CERT_DATA",
    ],
)
def test_variables_that_clash_with_the_paths_are_reported(
    variable: str, certstrap: CommandLine, depot: Path
) -> None:
    line = (
        f"{variable} is set: clients refuse it beside the paths of this configuration. Remove it "
        f"with: unset {variable}\n"
    )
    command = (*CLIENT, "--server-ca", "out/Cert.crt")
    for form in READING:
        certstrap(*command, "--format", form, environ={variable: "x"}, stderr=line)


def test_a_ca_in_a_variable_clashes_with_nothing_and_is_used(
    certstrap: CommandLine, depot: Path
) -> None:
    variable = "TEMPORAL_TLS_SERVER_CA_CERT_DATA"
    line = (
        f"{variable} is set: clients use it before this configuration. Remove it with: unset "
        f"{variable}\n"
    )
    for form in READING:
        certstrap(*CLIENT, "--format", form, environ={variable: "x"}, stderr=line)


@pytest.mark.parametrize("off", ["0", "false", "False"])
def test_a_variable_that_switches_tls_off_is_reported(
    off: str, certstrap: CommandLine, depot: Path
) -> None:
    line = (
        "TEMPORAL_TLS is set: with it, clients do not use TLS. Remove it with: unset TEMPORAL_TLS\n"
    )
    for form in READING:
        certstrap(*CLIENT, "--format", form, environ={"TEMPORAL_TLS": off}, stderr=line)
        certstrap(*CLIENT, "--format", form, environ={"TEMPORAL_TLS": "true"})


def test_a_profile_that_clients_read_beside_variables_and_options_is_reported(
    certstrap: CommandLine, depot: Path
) -> None:
    line = (
        "TEMPORAL_PROFILE is set: clients also read that profile, and fail if there is none. "
        "Remove it with: unset TEMPORAL_PROFILE\n"
    )
    for form in ("env", "cli"):
        certstrap(*CLIENT, "--format", form, environ={"TEMPORAL_PROFILE": "p"}, stderr=line)


def test_no_variable_is_reported_beside_a_program_which_reads_none(
    certstrap: CommandLine, depot: Path
) -> None:
    names = ["CERT", "CA_DATA", "CLIENT_CERT_DATA", "SERVER_CA_CERT_DATA", "SERVER_NAME"]
    environ = {f"TEMPORAL_TLS_{name}": "x" for name in names}
    for form in FORMATS:
        if form not in READING:
            certstrap(*CLIENT, "--format", form, environ=environ | {"TEMPORAL_TLS": "0"})


def test_variables_that_take_precedence_over_a_profile_are_reported(
    certstrap: CommandLine, depot: Path
) -> None:
    names = [
        "TEMPORAL_ADDRESS",
        "TEMPORAL_NAMESPACE",
        "TEMPORAL_TLS_CLIENT_CERT_PATH",
        "TEMPORAL_TLS_CLIENT_KEY_PATH",
        "TEMPORAL_TLS_SERVER_NAME",
        "TEMPORAL_TLS_SERVER_CA_CERT_PATH",
    ]
    line = (
        f"{', '.join(names[:-1])} and {names[-1]} are set: clients use them before this "
        f"configuration. Remove them with: unset {' '.join(names)}\n"
    )
    certstrap(*CLIENT, environ=dict.fromkeys(names, "x"), stderr=line)
    nothing = (
        "TEMPORAL_ADDRESS is set: clients use it before this configuration. Remove it with: unset "
        "TEMPORAL_ADDRESS\n"
    )
    certstrap(*CLIENT, environ={"TEMPORAL_ADDRESS": ""}, stderr=nothing)
    same = {"TEMPORAL_ADDRESS": f"{HOST}:7233", "TEMPORAL_NAMESPACE": "your-namespace.acct"}
    certstrap(*CLIENT, environ=same)


@pytest.mark.parametrize(
    ("shell", "command"),
    [
        ("sh", "unset TEMPORAL_TLS_CERT TEMPORAL_TLS_KEY"),
        ("powershell", "Remove-Item Env:TEMPORAL_TLS_CERT, Env:TEMPORAL_TLS_KEY"),
        ("fish", "set -e TEMPORAL_TLS_CERT TEMPORAL_TLS_KEY"),
    ],
)
def test_variables_are_removed_as_the_shell_does_it(
    shell: str, command: str, certstrap: CommandLine, depot: Path
) -> None:
    environ = dict.fromkeys(("TEMPORAL_TLS_CERT", "TEMPORAL_TLS_KEY"), "x")
    args = (*CLIENT, "--format", "env", "--shell", shell)
    outcome = certstrap(*args, environ=environ, exit_code=None)
    assert outcome.exit_code == 0
    assert outcome.stderr.endswith(f"Remove them with: {command}\n")


@pytest.mark.parametrize("form", ["env", "cli"])
def test_variables_that_new_ones_do_not_replace_are_reported(
    form: str, certstrap: CommandLine, depot: Path
) -> None:
    environ = {"TEMPORAL_ADDRESS": "x", "TEMPORAL_TLS_SERVER_NAME": "x"}
    line = (
        "TEMPORAL_TLS_SERVER_NAME is set: clients use it before this configuration. Remove it "
        "with: unset TEMPORAL_TLS_SERVER_NAME\n"
    )
    certstrap(*CLIENT, "--format", form, environ=environ, stderr=line)
    certstrap(*CLIENT, "--format", "python", environ=environ)


def test_a_new_file_is_written(certstrap: CommandLine, depot: Path) -> None:
    printed = certstrap(*CLIENT).stdout
    assert certstrap(*CLIENT, "--output", "temporal.toml").stdout == "Created temporal.toml\n"
    file = depot.parent / "temporal.toml"
    assert file.read_text() == printed
    assert file.stat().st_mode & 0o777 == 0o644


def test_a_new_secret_is_readable_by_its_owner_alone(certstrap: CommandLine, depot: Path) -> None:
    certstrap(*CLIENT, "--format", "kubernetes", "--output", "secret.yaml")
    assert (depot.parent / "secret.yaml").stat().st_mode & 0o777 == 0o600


def test_an_old_file_is_not_overwritten(certstrap: CommandLine, depot: Path) -> None:
    (depot.parent / "temporal.toml").touch()
    certstrap.refuses(
        *CLIENT, "--output", "temporal.toml", sentence="temporal.toml already exists!"
    )


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ((), "Must provide --namespace ID"),
        (("--namespace", "nothing"), 'Invalid Namespace id: "nothing"'),
        ((*ID, "--format", "xml"), 'There is no format "xml".'),
        ((*ID, "--format", "env", "--shell", "zsh"), 'There is no shell "zsh".'),
        ((*ID, "--address", "a:b:c"), 'Invalid address: "a:b:c"'),
        ((*ID, "--server-ca", "out/client.key"), "out/client.key contains no certificate."),
        ((*ID, "--profile", "a\nb"), "Invalid profile:"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    args: tuple[str, ...], sentence: str, certstrap: CommandLine, depot: Path
) -> None:
    code = 2 if sentence.startswith("Must provide") else 1
    certstrap.refuses("connect", "client", *args, sentence=sentence, exit_code=code)


def test_a_server_ca_that_is_not_there_is_looked_for_at_its_path(
    certstrap: CommandLine, depot: Path
) -> None:
    for path in ("none.pem", "none/ca.pem"):
        sentence = f"There is no CA certificate {depot.parent / path}."
        certstrap.refuses(*CLIENT, "--server-ca", path, sentence=sentence, hint="Check the path.")


def test_a_file_of_too_many_certificates_is_no_ca_of_a_server(
    certstrap: CommandLine, depot: Path
) -> None:
    (depot.parent / "many.pem").write_bytes((depot / "Cert.crt").read_bytes() * 40)
    certstrap.refuses(*CLIENT, "--server-ca", "many.pem", sentence="many.pem is too large.")


@pytest.mark.parametrize(
    "args",
    [
        ("--shell", "fish"),
        ("--format", "go", "--profile", "prod"),
        ("--format", "env", "--into", "temporal.toml"),
        ("--into", "temporal.toml", "--output", "other.toml"),
    ],
)
def test_options_that_do_not_go_together_are_not_understood(
    args: tuple[str, ...], certstrap: CommandLine, depot: Path
) -> None:
    certstrap(*CLIENT, *args, exit_code=2)


def test_a_depot_whose_path_has_control_characters_is_refused(
    certstrap: CommandLine, folder: Path
) -> None:
    at = ("--depot-path", "a\nb")
    certstrap(*at, "issue", "client", *NEW_KEY)
    certstrap.refuses(*at, *CLIENT, sentence="its path has control characters")


def test_a_line_of_the_temporal_command_can_be_read_by_a_shell(
    certstrap: CommandLine, folder: Path
) -> None:
    at = ("--depot-path", "it's a $depot")
    certstrap(*at, "issue", "client", *NEW_KEY)
    line = certstrap(*at, *CLIENT, "--format", "cli").stdout
    assert shlex.split(line) == [
        "temporal", "workflow", "list",
        "--address", f"{HOST}:7233", "--namespace", "your-namespace.acct",
        "--tls-cert-path", f"{folder}/it's a $depot/client.crt",
        "--tls-key-path", f"{folder}/it's a $depot/client.key",
    ]  # fmt: skip


def test_every_language_of_the_clients_has_a_format() -> None:
    from certstrap.temporal.clients import CLIENTS  # noqa: PLC0415

    assert {*LANGUAGES} == {*CLIENTS}


def test_a_key_in_pkcs1_is_what_other_clients_get(certstrap: CommandLine, folder: Path) -> None:
    certstrap("issue", "client", "--no-passphrase")
    data = (folder / "out/client.key").read_bytes()
    assert data == key_data(
        foreign.load_key(folder / "out/client.key"), form=PrivateFormat.TraditionalOpenSSL
    )
    assert f"{folder}/out/client.key" in certstrap(*CLIENT, "--format", "ruby").stdout
