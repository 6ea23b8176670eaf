"""URLs of CRL, OCSP responder and CA in certificates: where they come from, and what they serve."""

import json
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap import Depot, URLs
from certstrap.pki.urls import NO_URLS
from tests.builders import foreign
from tests.builders.depots import NEW_KEY
from tests.conftest import NOW, CommandLine, visible

CRL, OCSP, ISSUER = "http://pki.example/Cert.crl", "http://ocsp.example", "http://pki.example/C.cer"
OPTIONS = ("--crl-url", CRL, "--ocsp-url", OCSP, "--issuer-url", ISSUER)
ALL = URLs((CRL,), (OCSP,), (ISSUER,))
OTHER = "http://other.example/Cert.crl"
INIT = ("init", "--cn", "Cert", "--path-length", "1", *NEW_KEY)
ISSUE = ("issue", "a", "--curve", "P-256")
HINT = 'A line is crl, ocsp or issuer, and a URL, as in "crl http://pki.example.com/Cert.crl".'


def urls(name: str) -> URLs:
    return URLs.in_(foreign.load_certificate(Path("out", f"{name}.crt")))


@pytest.fixture
def ca(certstrap: CommandLine) -> CommandLine:
    """A command line in a folder with a CA that puts URLs into what it signs."""
    certstrap(*INIT, *OPTIONS)
    return certstrap


def test_init_keeps_the_urls_beside_the_ca_in_a_file_that_its_owner_may_edit(
    certstrap: CommandLine, folder: Path
) -> None:
    outcome = certstrap(*INIT, *OPTIONS)
    assert outcome.lines == [f"Created out/Cert.{end}" for end in ("key", "crt", "crl", "urls")]
    file = folder / "out/Cert.urls"
    assert file.read_text() == f"crl {CRL}\nocsp {OCSP}\nissuer {ISSUER}\n"
    assert file.stat().st_mode & 0o777 == 0o644
    assert urls("Cert") == NO_URLS  # a root's own would lead to itself


def test_json_names_that_file_too(certstrap: CommandLine) -> None:
    created = json.loads(certstrap(*INIT, "--crl-url", CRL, "--json").stdout)["created"]
    assert created == [f"out/Cert.{end}" for end in ("key", "crt", "crl", "urls")]


def test_all_that_the_ca_signs_has_them(ca: CommandLine) -> None:
    ca(*ISSUE)
    ca("request-cert", "--cn", "b", *NEW_KEY)
    ca("sign", "b")
    ca("request-cert", "--cn", "Int", *NEW_KEY)
    ca("sign", "Int", "--intermediate", "--CA", "Cert")
    assert urls("a") == urls("b") == urls("Int") == ALL


def test_an_option_takes_the_place_of_those_of_its_kind(ca: CommandLine) -> None:
    ca(*ISSUE, "--crl-url", OTHER, "--crl-url", "http://second.example/")
    assert urls("a") == ALL._replace(crl=(OTHER, "http://second.example/"))
    ca("request-cert", "--cn", "b", *NEW_KEY)
    ca("sign", "b", "--ocsp-url", OTHER)
    assert urls("b") == ALL._replace(ocsp=(OTHER,))


def test_without_the_file_options_are_enough(certstrap: CommandLine) -> None:
    certstrap(*INIT)
    certstrap(*ISSUE, *OPTIONS)
    certstrap("issue", "b", "--curve", "P-256")
    assert urls("a") == ALL
    assert urls("b") == NO_URLS


def test_a_person_may_write_the_file(certstrap: CommandLine, folder: Path) -> None:
    certstrap(*INIT)
    (folder / "out/Cert.urls").write_text(f"\n crl  {CRL} {OTHER}\n")
    certstrap(*ISSUE)
    assert urls("a") == URLs((CRL, OTHER), (), ())


def test_renewals_keep_what_a_certificate_has_and_what_its_ca_signs_with(
    ca: CommandLine, folder: Path
) -> None:
    ca(*ISSUE, "--crl-url", OTHER)
    before = (folder / "out/Cert.urls").read_bytes()
    ca("renew", "Cert")
    ca("renew", "a")
    assert urls("a") == ALL._replace(crl=(OTHER,))
    assert (folder / "out/Cert.urls").read_bytes() == before
    ca("issue", "b", "--curve", "P-256")
    assert urls("b") == ALL


def test_a_renewal_needs_no_urls_of_its_ca(ca: CommandLine, folder: Path) -> None:
    ca(*ISSUE)
    (folder / "out/Cert.urls").write_text("nonsense")
    ca("renew", "a")
    assert urls("a") == ALL


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"http://a", 'out/Cert.urls has a line that is not understood: "http://a".'),
        (b"crl ftp://a", "out/Cert.urls cannot be used: Invalid CRL URL: ftp://a."),
        (b"crl \xff", "out/Cert.urls is not text in UTF-8."),
    ],
)
def test_nothing_is_signed_if_the_file_cannot_be_used_and_it_is_reported(
    ca: CommandLine, folder: Path, text: bytes, sentence: str
) -> None:
    ca("request-cert", "--cn", "b", *NEW_KEY)
    (folder / "out/Cert.urls").write_bytes(text)
    hint = HINT if b"\xff" not in text else "Save it as UTF-8."
    for line in (ISSUE, (*ISSUE, "--dry-run"), (*ISSUE, *OPTIONS), ("sign", "b")):
        ca.says(*line, sentence=sentence, hint=hint)
    status = ca("status", exit_code=3).stdout
    assert f"! {sentence}" in status
    (cert,) = json.loads(ca("inspect", "Cert", "--json", exit_code=None).stdout)["results"]
    assert sentence in cert["objects"][-1]["problems"]
    assert cert["objects"][-1]["kind"] == "list of URLs"


@pytest.mark.parametrize("options", [(), ("--crl-url", OTHER)])
def test_a_new_ca_does_not_take_over_the_urls_of_another(
    ca: CommandLine, folder: Path, options: tuple[str, ...]
) -> None:
    for end in ("key", "crt", "crl"):
        (folder / f"out/Cert.{end}").unlink()
    ca.refuses(*INIT, *options, sentence='CA with specified name "Cert" already exists!')
    ca(*INIT, *OPTIONS)  # as a command that was killed
    assert len(visible(folder / "out")) == 4


def test_what_exists_is_not_issued_again_for_other_urls(ca: CommandLine) -> None:
    ca(*ISSUE)
    ca(*ISSUE, *OPTIONS)
    line = (*ISSUE, "--crl-url", OTHER)
    ca.refuses(*line, sentence="out/a.crt has other URLs than those asked for.", hint="leave")


def test_a_list_has_columns_for_them(ca: CommandLine, folder: Path) -> None:
    (folder / "list.csv").write_text(
        f"name,crl-urls,ocsp-urls\nx,{OTHER} http://second.example/,\ny,,{OTHER}\n"
    )
    (folder / "list.toml").write_text(
        f'[[certificate]]\nname = "z"\nissuer-urls = ["{OTHER}", "{CRL}"]\n'
    )
    for file in ("list.csv", "list.toml"):
        ca("issue", "--from", file, "--curve", "P-256", "--crl-url", CRL)
    assert urls("x") == ALL._replace(crl=(OTHER, "http://second.example/"))
    assert urls("y") == ALL._replace(ocsp=(OTHER,))
    assert urls("z") == ALL._replace(issuer=(OTHER, CRL))
    (folder / "list.csv").write_text("name,crl-urls\nv,ftp://a\n")
    refused = ca("issue", "--from", "list.csv", exit_code=1).stderr
    assert "line 2: Invalid CRL URL: ftp://a" in refused


@pytest.mark.parametrize(
    ("option", "example"),
    [
        ("--crl-url", "http://pki.example.com/Cert.crl"),
        ("--ocsp-url", "http://ocsp.example.com"),
        ("--issuer-url", "http://pki.example.com/Cert.cer"),
    ],
)
def test_a_url_that_is_not_valid_is_answered_with_an_example_of_its_kind(
    certstrap: CommandLine, option: str, example: str
) -> None:
    certstrap.refuses("init", "--cn", "a", option, "ftp://a", sentence="Invalid ", hint=example)
    certstrap("init", "--cn", "a", *NEW_KEY, option, example)


def test_an_https_url_is_pointed_out_once(certstrap: CommandLine) -> None:
    url = "https://pki.example/Cert.crl"
    note = (
        f"{url}: a program that follows an https URL has to check another certificate first, "
        "which can go round in circles. Use http: what it serves is signed.\n"
    )
    certstrap(*INIT, "--crl-url", url, "--issuer-url", url, stderr=note)
    certstrap("issue", "a", "b", "--curve", "P-256", "--crl-url", url, stderr=note)
    certstrap("request-cert", "--cn", "c", *NEW_KEY)
    certstrap("sign", "c", "--crl-url", url, stderr=note)


def test_inspect_shows_them(ca: CommandLine) -> None:
    ca(*ISSUE)
    shown = ca("inspect", "a").stdout
    for line in (f"CRL at      {CRL}", f"OCSP at     {OCSP}", f"Issuer at   {ISSUER}"):
        assert f"  {line}\n" in shown
    assert "Extension" not in shown
    (found,) = json.loads(ca("inspect", "out/a.crt", "--json").stdout)["results"]
    content = found["objects"][0]["content"]
    kinds = ("crl_urls", "ocsp_urls", "issuer_urls")
    assert [content[kind] for kind in kinds] == [[CRL], [OCSP], [ISSUER]]
    assert content["other_extensions"] == []


def test_the_library_takes_the_same_urls(folder: Path) -> None:
    depot = Depot("out", now=lambda: NOW)
    depot.init("Cert", curve="P-256", urls=URLs(crl=[CRL]))
    issued = depot.issue("a", curve="P-256", urls=URLs(ocsp=[OCSP]))
    depot.request("b", curve="P-256")
    signed = depot.sign("b", urls=URLs(issuer=[ISSUER]))
    assert URLs.in_(issued.certificate) == URLs((CRL,), (OCSP,), ())
    assert URLs.in_(signed.certificate) == URLs((CRL,), (), (ISSUER,))


# What the URLs serve


def test_crl_writes_the_crl_in_der_and_again_after_each_revocation(
    ca: CommandLine, folder: Path
) -> None:
    def served() -> bytes:
        return x509.load_der_x509_crl((folder / "Cert.crl").read_bytes()).public_bytes(Encoding.PEM)

    line = ("crl", "Cert", "--der", "--output", "Cert.crl")
    assert ca(*line).lines == ["Created Cert.crl"]
    assert served() == (folder / "out/Cert.crl").read_bytes()
    ca(*ISSUE)
    ca("revoke", "--CN", "a")
    assert ca(*line).lines == ["Updated Cert.crl"]
    assert served() == (folder / "out/Cert.crl").read_bytes()
    assert (folder / "Cert.crl").stat().st_mode & 0o777 == 0o444


def test_it_needs_no_key(ca: CommandLine, folder: Path) -> None:
    (folder / "out/Cert.key").unlink()
    ca("crl", "Cert", "--der", "--output", "Cert.crl")


@pytest.mark.parametrize("content", [b"\x30\x03\x02\x01\x01", b"mine", b""])
def test_it_replaces_nothing_but_a_crl(ca: CommandLine, folder: Path, content: bytes) -> None:
    (folder / "file").write_bytes(content)
    ca.refuses("crl", "Cert", "--der", "--output", "file", sentence="file already exists")


@pytest.mark.parametrize("form", ["--der", "--bundle"])
@pytest.mark.parametrize("path", ["out/Other.crl", "./out/../out/Other.crl", "link/Other.crl"])
def test_it_never_takes_the_place_of_what_a_ca_revoked(
    ca: CommandLine, folder: Path, form: str, path: str
) -> None:
    ca("init", "--cn", "Other", *NEW_KEY)
    (folder / "link").symlink_to("out")
    before = (folder / "out/Other.crl").read_bytes()
    line = ("crl", "Cert", form, "--output", path)
    ca.refuses(*line, sentence=f"{path} is where the depot keeps the CRL of a CA", hint="another")
    assert (folder / "out/Other.crl").read_bytes() == before
    (folder / "out/Other.crl").unlink()
    ca.refuses(*line, sentence=f"{path} is where the depot keeps the CRL of a CA", hint="another")


def test_a_crl_that_has_expired_is_not_published(ca: CommandLine) -> None:
    ca("crl", "Cert", "--days", "1")
    late = NOW.replace(year=2027)
    ca.refuses("crl", "Cert", "--der", "--output", "f", now=late, sentence="out/Cert.crl expired")


def test_a_client_has_no_crl_to_publish(ca: CommandLine) -> None:
    ca(*ISSUE)
    ca.refuses("crl", "a", "--der", "--output", "f", sentence="is not a CA's certificate")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--output", "f", "--bundle"), "--bundle is PEM: leave out --der"),
        (("--output", "f", "--days", "3"), "--der changes no CRL: leave out --days and --stdout"),
        ((), "--der needs the name of a file: --output FILE"),
        (("--output", "-"), "--der needs the name of a file: --output FILE"),
    ],
)
def test_der_goes_to_a_file_and_changes_nothing(
    ca: CommandLine, options: tuple[str, ...], sentence: str
) -> None:
    line = ("crl", "Cert", "--der", *options)
    assert sentence in " ".join(ca(*line, exit_code=2).stderr.split())


def test_export_chain_writes_the_ca_alone_in_der(ca: CommandLine, folder: Path) -> None:
    line = ("export-chain", "Cert", "--der", "--output", "Cert.cer")
    assert ca(*line).lines == ["Created Cert.cer"]
    found = x509.load_der_x509_certificate((folder / "Cert.cer").read_bytes())
    assert found == foreign.load_certificate(folder / "out/Cert.crt")
    ca.refuses(*line, sentence="Cert.cer already exists")


@pytest.mark.parametrize("options", [(), ("--with-root", "--output", "f")])
def test_it_writes_one_certificate_to_a_file(ca: CommandLine, options: tuple[str, ...]) -> None:
    said = ca("export-chain", "Cert", "--der", *options, exit_code=2).stderr
    assert "--der writes one certificate to the file of --output FILE" in " ".join(said.split())
