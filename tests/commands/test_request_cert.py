"""`request-cert`: the lines, the files, and what stands in the request."""

import os
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed448
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat

from certstrap.pki.keys import P256, RSA_2048, PrivateKey, spec_of
from tests.builders import foreign
from tests.builders.depots import NEW_KEY
from tests.builders.keys import a_key
from tests.conftest import CommandLine, visible

REQUEST = ("request-cert", *NEW_KEY)


def request_of(folder: Path, stem: str) -> x509.CertificateSigningRequest:
    return foreign.load_request(folder / "out" / f"{stem}.csr")


def names_of(request: x509.CertificateSigningRequest) -> list[object]:
    names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [name.value for name in names]


def test_a_request_is_two_files_and_two_lines(certstrap: CommandLine, folder: Path) -> None:
    outcome = certstrap(*REQUEST, "--common-name", "client")
    assert outcome.stdout == "Created out/client.key\nCreated out/client.csr\n"
    modes = {path.name: path.stat().st_mode & 0o777 for path in visible(folder / "out")}
    assert modes == {"client.key": 0o400, "client.csr": 0o444}
    request = request_of(folder, "client")
    assert request.subject == foreign.name_of("client")
    assert request.is_signature_valid
    assert request.public_key() == foreign.load_key(folder / "out/client.key").public_key()
    assert not list(request.extensions)


def test_an_encrypted_key_is_reported(certstrap: CommandLine, folder: Path) -> None:
    outcome = certstrap("request-cert", "--cn", "a", "--curve", "P-256", "--passphrase", "123")
    assert outcome.lines == ["Created out/a.key (encrypted by passphrase)", "Created out/a.csr"]
    key = foreign.load_key(folder / "out/a.key", b"123")
    assert key.public_key() == request_of(folder, "a").public_key()


def test_the_key_is_rsa_2048_if_nothing_is_said(certstrap: CommandLine, folder: Path) -> None:
    certstrap("request-cert", "--cn", "a", "--no-passphrase")
    assert spec_of(foreign.load_key(folder / "out/a.key")) == RSA_2048


@pytest.mark.parametrize(
    ("options", "common_name", "stem"),
    [
        (("--cn", "c", "--domain", "d.example", "--uri", "spiffe://u/s"), "c", "c"),
        (("--domain", "d.example,e.example", "--uri", "spiffe://u/s"), "d.example", "d.example"),
        (("--cn", " ", "--domain", "d.example"), "d.example", "d.example"),
        (("--domain", "*.w.ex"), "*.w.ex", "_.w.ex"),
        (("--uri", "spiffe://u/s?x=1"), "spiffe://u/s?x=1", "spiffe_u_s_x_1"),
        (("--uri", "spiffe://u/s", "--ip", "::1"), "spiffe://u/s", "spiffe_u_s"),
        (("--ip", "127.0.0.1"), "127.0.0.1", "127.0.0.1"),
        (("--ip", "2001:db8::1"), "2001:db8::1", "2001_db8_1"),
        (("--cn", "Ünï code"), "Ünï code", "Ünï_code"),
        (("--cn", "../../x"), "../../x", "__.._x"),
    ],
)
def test_the_name_is_the_common_name_else_the_first_domain_uri_or_address(
    certstrap: CommandLine, folder: Path, options: tuple[str, ...], common_name: str, stem: str
) -> None:
    outcome = certstrap(*REQUEST, *options)
    assert outcome.lines == [f"Created out/{stem}.key", f"Created out/{stem}.csr"]
    assert request_of(folder, stem).subject == foreign.name_of(common_name)


def test_lists_are_stripped_distinguished_and_added_up(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap(
        *REQUEST, "--cn", "a",
        "--domain", "a.example, *.b.example", "--domain", "c.example,a.example",
        "--ip", " 10.0.0.1 ,::1", "--ip", "10.0.0.2",
        "--uri", "spiffe://a/b,urn:c", "--uri", "https://d.example/e",
    )  # fmt: skip
    assert names_of(request_of(folder, "a")) == [
        "a.example", "*.b.example", "c.example",
        ip_address("10.0.0.1"), ip_address("::1"), ip_address("10.0.0.2"),
        "spiffe://a/b", "urn:c", "https://d.example/e",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("option", "long"),
    [("--domain", f"{'a' * 60}.example"), ("--uri", f"spiffe://example/{'a' * 60}")],
)
def test_a_name_too_long_for_a_common_name_is_an_alternative_name_only(
    certstrap: CommandLine, folder: Path, option: str, long: str
) -> None:
    certstrap(*REQUEST, option, long)
    request = foreign.load_request(next((folder / "out").glob("*.csr")))
    assert not request.subject.rdns
    assert names_of(request) == [long]
    found = request.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert found.critical  # RFC 5280, 4.2.1.6: it is, where the subject is empty


def test_a_domain_of_64_characters_is_still_a_common_name(
    certstrap: CommandLine, folder: Path
) -> None:
    domain = f"{'a' * 56}.example"
    certstrap(*REQUEST, "--domain", domain)
    assert request_of(folder, domain).subject == foreign.name_of(domain)


def test_the_subject_holds_what_was_given(certstrap: CommandLine, folder: Path) -> None:
    certstrap(*REQUEST, "--cn", "a", "-o", "O", "--ou", "OU", "-c", "GB", "--st", "S", "-l", "L")
    subject = request_of(folder, "a").subject
    assert subject.rfc4514_string() == "CN=a,OU=OU,O=O,L=L,ST=S,C=GB"


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
@pytest.mark.parametrize(
    ("key", "form"),
    [
        (a_key(RSA_2048), PrivateFormat.TraditionalOpenSSL),
        (a_key(RSA_2048), PrivateFormat.PKCS8),
        (P256.generate(), PrivateFormat.TraditionalOpenSSL),
        (ed448.Ed448PrivateKey.generate(), PrivateFormat.PKCS8),
    ],
    ids=["pkcs1", "rsa-pkcs8", "sec1", "ed448"],
)
def test_a_key_that_exists_is_read_and_left_where_it_is(
    certstrap: CommandLine, folder: Path, key: PrivateKey, form: PrivateFormat, encoding: Encoding
) -> None:
    data = foreign.key_data(key, form=form, encoding=encoding)
    foreign.write(folder / "p.key", data, 0o600)
    outcome = certstrap("request-cert", "--cn", "a", "--key", "p.key")  # and nothing is asked
    assert outcome.lines == ["Read p.key", "Created out/a.csr"]
    assert request_of(folder, "a").public_key() == key.public_key()
    assert (folder / "p.key").read_bytes() == data
    assert not (folder / "out/a.key").exists()


def test_a_key_that_does_not_exist_is_created_there(certstrap: CommandLine, folder: Path) -> None:
    outcome = certstrap(*REQUEST, "--cn", "a", "--key", "p.key", "--csr", "p.csr")
    assert outcome.lines == ["Created p.key", "Created p.csr"]
    assert sorted(path.name for path in folder.iterdir()) == ["p.csr", "p.key"]
    assert (folder / "p.key").stat().st_mode & 0o777 == 0o400
    key = foreign.load_key(folder / "p.key")
    assert foreign.load_request(folder / "p.csr").public_key() == key.public_key()


def test_a_key_created_elsewhere_is_encrypted_too(certstrap: CommandLine, folder: Path) -> None:
    outcome = certstrap(
        "request-cert", "--cn", "a", "--curve", "P-256", "--key", "p.key", "--passphrase", "123"
    )
    assert outcome.lines == ["Created p.key (encrypted by passphrase)", "Created out/a.csr"]
    key = foreign.load_key(folder / "p.key", b"123")
    assert key.public_key() == request_of(folder, "a").public_key()


@pytest.mark.parametrize("given", [("--passphrase", "secret"), ()])
def test_an_encrypted_key_is_opened_by_its_own_passphrase(
    certstrap: CommandLine, folder: Path, given: tuple[str, ...]
) -> None:
    key = P256.generate()
    foreign.write(folder / "p.key", foreign.key_data(key, passphrase=b"secret"))
    certstrap("request-cert", "--cn", "a", "--key", "p.key", *given, input="secret\n")
    assert request_of(folder, "a").public_key() == key.public_key()


def test_a_passphrase_for_an_unencrypted_key_is_refused(
    certstrap: CommandLine, folder: Path
) -> None:
    foreign.write(folder / "p.key", foreign.key_data(P256.generate()))
    certstrap.refuses(
        "request-cert", "--cn", "a", "--key", "p.key", "--passphrase", "123",
        sentence="p.key is not encrypted, and the passphrase would not protect it.",
    )  # fmt: skip


def test_an_empty_passphrase_for_an_unencrypted_key_is_accepted(
    certstrap: CommandLine, folder: Path
) -> None:
    foreign.write(folder / "p.key", foreign.key_data(P256.generate()))
    outcome = certstrap("request-cert", "--cn", "a", "--key", "p.key", "--passphrase", "")
    assert outcome.lines == ["Read p.key", "Created out/a.csr"]


def test_stdout_prints_the_request_after_the_lines(certstrap: CommandLine, folder: Path) -> None:
    outcome = certstrap(*REQUEST, "--cn", "a", "--stdout")
    created = "Created out/a.key\nCreated out/a.csr\n"
    assert outcome.stdout == created + (folder / "out/a.csr").read_text()


@pytest.mark.parametrize("left", ["csr"])
def test_neither_a_key_nor_a_request_is_overwritten(
    certstrap: CommandLine, folder: Path, left: str
) -> None:
    certstrap(*REQUEST, "--cn", "a b")
    (folder / f"out/a_b.{'csr' if left == 'key' else 'key'}").unlink()
    certstrap.refuses(*REQUEST, "--cn", "a/b", sentence='is for "a b", and "a/b" was asked for.')
    for name in ("a b", "a_b"):
        certstrap.refuses(
            *REQUEST,
            "--cn",
            name,
            sentence='Certificate request "a_b" already exists!',
            hint=f"move out/a_b.{left} away",
        )


def test_a_name_that_is_taken_while_a_passphrase_is_typed_is_reported(
    certstrap: CommandLine, folder: Path
) -> None:
    fifo = folder / "fifo"
    os.mkfifo(fifo)

    def another() -> None:
        with fifo.open("w") as typed:  # which waits until somebody asks
            foreign.write(folder / "out/a.csr", b"of another")
            typed.write("secret\n")

    thread = Thread(target=another)
    thread.start()
    args = ("request-cert", "--curve", "P-256", "--cn", "a", "--passphrase-file", "fifo")
    outcome = certstrap(*args, exit_code=1)
    thread.join()
    assert outcome.stderr.startswith('Certificate request "a" already exists!\n')
    assert [path.name for path in visible(folder / "out")] == ["a.csr"]
    assert (folder / "out/a.csr").read_bytes() == b"of another"


@pytest.mark.parametrize("csr", ["there.csr", "sub", "nowhere"])
def test_a_file_named_for_the_request_is_not_overwritten(
    certstrap: CommandLine, folder: Path, csr: str
) -> None:
    (folder / "there.csr").write_text("precious")
    (folder / "sub").mkdir()
    (folder / "nowhere").symlink_to("gone")
    certstrap.refuses(*REQUEST, "--cn", "a", "--csr", csr, sentence=f"{csr} already exists!")


@pytest.mark.parametrize("option", ["--key", "--csr"])
def test_a_folder_that_is_missing_is_reported_before_a_passphrase_is_read(
    certstrap: CommandLine, folder: Path, option: str
) -> None:
    Path("passphrase.txt").write_text("")  # which would be refused
    certstrap.refuses(
        "request-cert", "--cn", "x", "--passphrase-file", "passphrase.txt", option, "no/such",
        sentence="Cannot write no/such: No such file or directory.",
    )  # fmt: skip


def test_key_and_request_cannot_be_one_file(certstrap: CommandLine, folder: Path) -> None:
    certstrap.refuses(
        *REQUEST, "--cn", "a", "--key", "same", "--csr", "same", sentence="same already exists!"
    )


@pytest.mark.parametrize("taken", ["output.csr", "out2", "out/b.csr"])
def test_a_file_that_is_in_the_way_is_called_by_its_own_name(
    certstrap: CommandLine, folder: Path, taken: str
) -> None:
    foreign.write(folder / taken, b"")
    certstrap.refuses(*REQUEST, "--cn", "a", "--csr", taken, sentence=f"{taken} already exists!")


def test_a_name_that_ends_in_pkcs8_does_not_take_the_place_of_an_export(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap(*REQUEST, "--cn", "a")
    certstrap("export-pkcs8", "a")
    certstrap.refuses(
        *REQUEST, "--cn", "a.pkcs8", sentence='Certificate request "a.pkcs8" already exists!'
    )
