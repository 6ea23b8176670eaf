"""Lines of scripts that were written for certstrap, typed into bash as they stand there.

Only the kind of the keys is ours, as elliptic curves are quick.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from certstrap.cli.context import utc_now
from certstrap.pki.validity import Expiry
from tests import programs
from tests.builders import foreign
from tests.conftest import visible, without_identity
from tests.interop import peers
from tests.programs import Outcome

Bash = Callable[..., Outcome]

CA = 'certstrap init --common-name "CA" --expires "10 years" --passphrase "" --curve P-256\n'
CLIENT = 'certstrap request-cert --common-name client --passphrase "" --curve P-256\n'
SIGN = "certstrap sign client --CA CA\n"
SIGNED = "Created out/client.crt from out/client.csr signed by out/CA.key"


@pytest.fixture
def bash(folder: Path) -> Bash:
    """Runs a script in the empty folder; `certstrap` is on the PATH, and nobody at a terminal."""

    def run(script: str, *, exit_code: int = 0, stderr: str = "") -> Outcome:
        done = programs.run("bash", "-euo", "pipefail", "-c", script, exit_code=exit_code)
        said = without_identity(done.stderr) if "--intermediate" in script else done.stderr
        assert exit_code or said == stderr, (script, done)
        return done

    return run


@pytest.fixture(scope="module")
def openssl() -> None:
    """Ask for OpenSSL, which the scripts call."""
    peers.program("openssl", asked="version", answers="OpenSSL [3-9]", what="OpenSSL 3 or later")


def read(folder: Path, path: str = "out/client.crt") -> x509.Certificate:
    return foreign.load_certificate(folder / path)


def names_in(certificate: x509.Certificate) -> list[str]:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(name.value) for name in names]


def assert_ends_after(certificate: x509.Certificate, length: str) -> None:
    end = Expiry.parse(length).after(utc_now())
    assert end - timedelta(minutes=2) < certificate.not_valid_after_utc <= end


def test_options_have_one_dash(bash: Bash, folder: Path) -> None:
    bash(
        "certstrap init -cn CA -passphrase '' -curve P-256\n"
        'certstrap request-cert -cn client -ip 127.0.0.1 -domain localhost -passphrase "" '
        "-curve P-256\n"
        "certstrap sign client -CA CA"
    )
    assert names_in(read(folder)) == ["localhost", "127.0.0.1"]


@pytest.mark.parametrize("empty", ['--passphrase=""', "--passphrase ''", '--passphrase ""'])
def test_sign_is_given_an_empty_passphrase_for_an_unencrypted_key(bash: Bash, empty: str) -> None:
    done = bash(f"{CA}{CLIENT}certstrap sign client --CA CA {empty}")
    assert done.stdout.splitlines()[-1] == SIGNED


def test_the_name_of_the_ca_follows_an_equals_sign(bash: Bash, folder: Path) -> None:
    done = bash(
        'certstrap init --common-name="My CA" --passphrase="" --curve=P-256 --years=10\n'
        f'{CLIENT}certstrap sign client --CA="My CA"'
    )
    assert done.stdout.splitlines()[-1] == SIGNED.replace("/CA", "/My_CA")


def test_options_follow_the_name(bash: Bash, folder: Path) -> None:
    bash(f'{CA}{CLIENT}certstrap sign client --CA CA --expires "10 days" --passphrase ""')
    assert_ends_after(read(folder), "10 days")


def test_years_are_added_to_the_18_months_of_init(bash: Bash, folder: Path) -> None:
    bash("certstrap init --common-name CA --years 10 --passphrase '' --curve P-256")
    assert_ends_after(read(folder, "out/CA.crt"), "10 years 18 months")


def test_years_take_the_place_of_the_2_years_of_sign(bash: Bash, folder: Path) -> None:
    bash(
        "certstrap init --common-name CA --years 20 --passphrase '' --curve P-256\n"
        f"{CLIENT}certstrap sign client --years 10 --CA CA"
    )
    assert_ends_after(read(folder), "10 years")


def test_the_depot_is_the_folder_of_the_script(bash: Bash, folder: Path) -> None:
    done = bash((CA + CLIENT + SIGN).replace("certstrap ", 'certstrap --depot-path "." '))
    assert done.stdout.splitlines() == [
        "Created ./CA.key",
        "Created ./CA.crt",
        "Created ./CA.crl",
        "Created ./client.key",
        "Created ./client.csr",
        "Created ./client.crt from ./client.csr signed by ./CA.key",
    ]
    assert sorted(path.name for path in folder.iterdir()) == [
        "CA.crl", "CA.crt", "CA.key", "client.crt", "client.csr", "client.key",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["'*.x.example'", "*.x.example", "_.x.example"])
def test_a_wildcard_is_signed_as_typed_and_by_its_file_name(
    bash: Bash, folder: Path, name: str
) -> None:
    bash(
        f"{CA}certstrap request-cert --domain '*.x.example','localhost','*.localhost' "
        "--passphrase '' --curve P-256\n"
        f"certstrap sign {name} --CA CA"
    )
    certificate = read(folder, "out/_.x.example.crt")
    assert names_in(certificate) == ["*.x.example", "localhost", "*.localhost"]
    assert certificate.subject == foreign.name_of("*.x.example")


def test_key_request_and_certificate_lie_where_the_script_wants_them(
    bash: Bash, folder: Path
) -> None:
    done = bash(
        f"{CA}cn='some client, of ours'\n"
        "certstrap request-cert --cn \"$cn\" --key p.key --csr p.csr --passphrase '' "
        "--curve P-256\n"
        "certstrap sign p --csr p.csr --cert p.crt",
        stderr='p.crt is for "some client, of ours", the name in it.\n',
    )
    assert done.stdout.splitlines()[3:] == [
        "Created p.key",
        "Created p.csr",
        "Created p.crt from p.csr signed by out/CA.key",
    ]
    assert read(folder, "p.crt").subject == foreign.name_of("some client, of ours")
    assert sorted(path.name for path in visible(folder / "out")) == [
        "CA.crl", "CA.crt", "CA.key",
    ]  # fmt: skip


@pytest.mark.usefixtures("openssl")
@pytest.mark.parametrize("room", ["--exclude-path-length", "--path-length 2"])
def test_the_intermediate_of_another_tool_is_signed_from_its_request(
    bash: Bash, folder: Path, room: str
) -> None:
    done = bash(
        f"""
        certstrap --depot-path root init --organization "Example" --common-name "Testing Root" \\
            --expires "10 years" --curve P-256 {room} --passphrase "secret"
        mkdir csr cacerts
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ica.key \\
            -subj "/C=US/O=Example/CN=Intermediate CA1 v1" -out csr/ica.csr \\
            2>openssl.log
        certstrap --depot-path root sign --intermediate --path-length 1 --csr csr/ica.csr \\
            --cert cacerts/ica.crt --expires "3 year" --CA "Testing Root" --passphrase "secret" \\
            "Intermediate CA1 v1"
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key \\
            -subj "/CN=leaf" -out leaf.csr 2>openssl.log
        openssl x509 -req -in leaf.csr -CA cacerts/ica.crt -CAkey ica.key -days 30 \\
            -out leaf.crt 2>openssl.log
        openssl verify -CAfile root/Testing_Root.crt -untrusted cacerts/ica.crt leaf.crt
        """
    )
    created = "Created cacerts/ica.crt from csr/ica.csr signed by root/Testing_Root.key"
    assert created in done.stdout.splitlines()
    assert done.stdout.splitlines()[-1] == "leaf.crt: OK"
    assert_ends_after(read(folder, "cacerts/ica.crt"), "3 years")
    constraints = read(folder, "cacerts/ica.crt").extensions.get_extension_for_class(
        x509.BasicConstraints
    )
    assert constraints.value == x509.BasicConstraints(ca=True, path_length=1)
    assert not list((folder / "root").glob("Int*"))


@pytest.mark.usefixtures("openssl")
@pytest.mark.parametrize(
    ("room", "order"),
    [
        ("--exclude-path-length", "Int.crt out/Root.crt"),
        ("--path-length 2", "Root.crt out/Int.crt"),
    ],
)
def test_certificates_put_together_with_cat_are_a_chain_that_verifies(
    bash: Bash, room: str, order: str
) -> None:
    done = bash(
        f"""
        certstrap init --common-name Root {room} --passphrase "" --curve P-256
        certstrap request-cert --common-name Int --passphrase "" --curve P-256
        certstrap sign Int --intermediate --path-length 1 --CA Root
        {CLIENT}
        certstrap sign client --CA Int
        cat out/{order} > chain.pem
        openssl verify -x509_strict -CAfile chain.pem out/client.crt
        cat out/client.crt out/Int.crt > fullchain.pem
        openssl verify -x509_strict -CAfile out/Root.crt -untrusted fullchain.pem out/client.crt
        """
    )
    assert done.stdout.splitlines()[-2:] == ["out/client.crt: OK"] * 2


@pytest.mark.usefixtures("openssl")
@pytest.mark.parametrize(
    "make",
    [
        "openssl ecparam -name prime256v1 -genkey -noout -out existing.key",
        "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out existing.key",
        "openssl genrsa -traditional -out existing.key 2048",
    ],
    ids=["SEC1", "PKCS8", "PKCS1"],
)
def test_init_takes_an_existing_key(bash: Bash, folder: Path, make: str) -> None:
    done = bash(f"{make}\ncertstrap init --common-name CA --key existing.key --passphrase ''")
    assert done.stdout == "Read existing.key\nCreated out/CA.crt\nCreated out/CA.crl\n"
    public = foreign.load_key(folder / "existing.key").public_key()
    assert read(folder, "out/CA.crt").public_key() == public
    assert foreign.load_key(folder / "out/CA.key").public_key() == public


def test_init_again_is_refused(bash: Bash, folder: Path) -> None:
    bash(CA)
    before = (folder / "out/CA.crt").read_bytes()
    done = bash(CA, exit_code=1)
    assert not done.stdout
    assert done.stderr.splitlines()[0] == 'CA with specified name "CA" already exists!'
    # So that a script may be run a second time.
    bash(f"certstrap init --common-name CA --passphrase '' 2>log || true\n{CLIENT}{SIGN}")
    assert (folder / "out/CA.crt").read_bytes() == before


def test_the_depot_is_moved_and_gone_on_with(bash: Bash, folder: Path) -> None:
    done = bash(
        f"{CA}mv out/* .\nrm -r out\n"  # its .gitignore stays behind
        + (CLIENT + SIGN).replace("certstrap", "certstrap --depot-path .")
        + "certstrap --depot-path . revoke --CN client --CA CA\n"
    )
    assert done.stdout.splitlines()[-2:] == [
        "Created ./client.crt from ./client.csr signed by ./CA.key",
        "Updated ./CA.crl: 1 revoked certificate",
    ]
    assert not (folder / "out").exists()


def test_a_new_depot_holds_one_file_that_certstrap_would_not_have_made(bash: Bash) -> None:
    done = bash(
        f"{CA}{CLIENT}{SIGN}"
        "certstrap init --common-name Enc --passphrase secret --curve P-256\n"
        "certstrap sign client --cert again.crt --CA Enc --passphrase secret\n"
        "! certstrap sign client --CA CA 2>log\n"
        "certstrap revoke --CN client --CA CA\n"
        "echo; LC_ALL=C ls -A out"
    )
    assert done.stdout.partition("\n\n")[2].splitlines() == [
        ".gitignore", "CA.crl", "CA.crt", "CA.key", "Enc.crl", "Enc.crt", "Enc.key", "client.crt",
        "client.csr", "client.key",
    ]  # fmt: skip


def test_lines_are_counted_and_looked_for(bash: Bash) -> None:
    bash(
        f"""
        [ "$({CA.strip()} | grep -c Created)" = 3 ]
        [ "$({CLIENT.strip()} | grep -c Created)" = 2 ]
        [ "$({SIGN.strip()} | grep -c Created)" = 1 ]
        ! certstrap revoke --CN client --CA CA | grep client
        certstrap --version | grep -q version
        """
    )


@pytest.mark.parametrize("kind", ["--curve P-521", "--curve Ed25519", "--key-bits 2048"])
def test_keys_of_each_kind_go_all_the_way_and_standard_error_stays_empty(
    bash: Bash, folder: Path, kind: str
) -> None:
    done = bash(
        f"""
        certstrap init --passphrase secret --common-name CA {kind}
        certstrap request-cert --passphrase secret --common-name host1 --uri test://test/test {kind}
        certstrap request-cert --passphrase secret --ip 127.0.0.1,8.8.8.8 --cn 127.0.0.1 {kind}
        certstrap sign --passphrase secret --CA CA host1
        certstrap revoke --passphrase secret --CN host1 --CA CA
        """
    )
    assert [line.split()[0] for line in done.lines] == ["Created"] * 8 + ["Updated"]
    assert names_in(read(folder, "out/host1.crt")) == ["test://test/test"]


def test_an_encrypted_ca_is_used_without_a_prompt(bash: Bash, folder: Path) -> None:
    done = bash(
        f"""
        certstrap init --common-name CA --passphrase "pass phrase" --curve P-256
        {CLIENT}
        certstrap sign client --CA CA --passphrase "pass phrase"
        certstrap revoke --CN client --CA CA --passphrase "pass phrase"
        """
    )
    assert done.stdout.splitlines()[0] == "Created out/CA.key (encrypted by passphrase)"
    assert "Updated out/CA.crl: 1 revoked certificate" in done.stdout


def test_passphrases_come_down_a_pipe(bash: Bash) -> None:
    done = bash(
        f"""
        printf '\\n\\n' | certstrap init --common-name Clear --curve P-256
        printf 'secret\\nsecret\\n' | certstrap init --common-name CA --curve P-256 --years 10
        {CLIENT}
        echo secret | certstrap sign client --CA CA
        """
    )
    assert done.stdout.splitlines()[0] == "Created out/Clear.key"
    assert done.stdout.splitlines()[3] == "Created out/CA.key (encrypted by passphrase)"
    assert done.stdout.splitlines()[-1] == SIGNED
