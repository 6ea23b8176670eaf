"""`inspect`: what a file is, in words; and whether the files of a name belong together."""

import json
import re
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
    pkcs7,
)
from typer.testing import CliRunner

from certstrap.cli.app import app
from certstrap.pki.pem import to_pem
from tests.builders import crls, foreign, pairs
from tests.builders.certificates import a_request
from tests.builders.depots import init, issue
from tests.builders.der import (
    UTF8,
    der,
    integer,
    oid,
    pbkdf2,
    raw_certificate,
    raw_extension,
    raw_name,
    sequence,
    sign_raw,
    with_rounds,
)
from tests.builders.keys import CA_KEY, LEAF_KEY, load_key, public
from tests.builders.stores import two_keys
from tests.cli.terminal import ENTER, ends, terminal
from tests.conftest import FEW_ROUNDS, NOW, CommandLine
from tests.interop.peers import openssl

pytestmark = pytest.mark.depot(init(), issue("worker", "--domain", "a.example", "--expires", "90d"))
"""The CA `Cert`, and `worker` below it."""


def rows(printed: str) -> dict[str, str]:
    """Return the labels of what was printed, with their texts; the first of each counts."""
    found: dict[str, str] = {}
    for label, text in re.findall(r"^  (\S[^\n]{0,10}?) {2,}(.+)$", printed, re.MULTILINE):
        found.setdefault(label, text)
    return found


def headings(printed: str) -> list[str]:
    return [line for line in printed.splitlines() if line and not line.startswith(" ")]


def objects(certstrap: CommandLine, *args: str, exit_code: int = 0) -> list[dict[str, Any]]:
    """Return the objects in a file, as in JSON."""
    (found,) = json.loads(certstrap("inspect", "--json", *args, exit_code=exit_code).stdout)[
        "results"
    ]
    return list(found["objects"])


def test_name_shows_certificate_request_and_key(certstrap: CommandLine, depot: Path) -> None:
    printed = certstrap("inspect", "worker").stdout
    assert headings(printed) == [
        "out/worker.crt: certificate",
        "out/worker.csr: certificate request",
        "out/worker.key: private key",
        "out/worker.crt, out/worker.csr and out/worker.key belong together.",
    ]
    assert rows(printed) | {"Serial": "", "SHA-256": "", "SHA-1": ""} == {
        "Subject": "CN=worker",
        "Issuer": "CN=Cert",
        "Issued by": "the CA Cert (out/Cert.crt)",
        "Names": "DNS:a.example",
        "CA": "no",
        "Used for": "TLS server, TLS client",
        "Key usage": "digital signature",
        "Valid": "2026-11-23 11:50:00 to 2027-02-21 12:00:00 UTC",
        "Days left": "90",
        "Key": "P-256, 128-bit security",
        "Signature": "ECDSA with SHA-256",
        "Serial": "",
        "SHA-256": "",
        "SHA-1": "",
        "Form": "PKCS#8",
        "Encrypted": "no",
    }
    assert len(printed.splitlines()) <= 30


def test_fingerprints_are_those_of_openssl(certstrap: CommandLine, depot: Path) -> None:
    shown = rows(certstrap("inspect", "worker").stdout)
    for algorithm, label in (("-sha256", "SHA-256"), ("-sha1", "SHA-1")):
        line = openssl("x509", "-in", depot / "worker.crt", "-noout", "-fingerprint", algorithm)
        assert line.stdout.strip().endswith(shown[label])


def test_ca_shows_its_crl_too(certstrap: CommandLine, depot: Path) -> None:
    certstrap("revoke", "--CN", "worker", "--reason", "superseded")
    printed = certstrap("inspect", "Cert").stdout
    shown = rows(printed)
    assert shown["CA"] == "yes, with 0 CAs below it"
    assert shown["Issued by"] == "itself: it is self-signed"
    assert shown["Signed by"] == "the CA Cert"
    assert shown["Number"] == "2"
    assert shown["Revoked"] == "1 certificate"
    assert re.search(r"^ +[0-9A-F]+ on 2026-11-23, superseded$", printed, re.MULTILINE)
    assert headings(printed)[-1] == "out/Cert.crt and out/Cert.key belong together."
    problem = rows(certstrap("inspect", "worker").stdout)["Problem"]
    assert problem == "out/worker.crt was revoked on 2026-11-23 12:00:00 UTC."


def test_long_crl_is_cut_and_json_has_all_of_it(certstrap: CommandLine, folder: Path) -> None:
    ca = pairs.ca()
    entries = [crls.entry(serial) for serial in range(1, 31)]
    Path("a.crl").write_bytes(crls.made_elsewhere(ca.certificate, ca.key, entries=entries))
    printed = certstrap("inspect", "a.crl").stdout
    shown = rows(printed)
    assert shown["Revoked"] == "30 certificates"
    assert shown["Signed by"] == "no CA in this depot"
    assert shown["Number"] == "none"
    assert printed.splitlines()[-1].strip() == "and 20 more"
    (result,) = json.loads(certstrap("inspect", "a.crl", "--json").stdout)["results"]
    assert len(result["objects"][0]["content"]["revoked"]) == 30


def test_key_of_another_does_not_belong_to_the_rest(certstrap: CommandLine, depot: Path) -> None:
    foreign.write(depot / "worker.key", foreign.key_data(LEAF_KEY))
    printed = certstrap("inspect", "worker").stdout
    sentence = "out/worker.key does not belong to out/worker.crt: the keys are not the same."
    assert headings(printed)[-1] == sentence
    (result,) = json.loads(certstrap("inspect", "worker", "--json").stdout)["results"]
    assert result["belong_together"] is False
    foreign.write(depot / "worker.csr", foreign.request(key=CA_KEY))
    request = "out/worker.csr does not belong to out/worker.crt: the keys are not the same."
    assert headings(certstrap("inspect", "worker").stdout)[-1] == f"{request} {sentence}"


@pytest.mark.parametrize(
    ("options", "opened"),
    [
        ((), False),
        (("--passphrase", "p"), True),
        (("--passphrase", "q"), False),
        (("--no-passphrase",), False),
    ],
)
def test_encrypted_key_is_opened_if_its_passphrase_is_given(
    certstrap: CommandLine, depot: Path, options: tuple[str, ...], opened: bool
) -> None:
    certstrap("request-cert", "--cn", "k", "--curve", "P-256", "--passphrase", "p")
    printed = certstrap("inspect", "k", *options).stdout
    if opened:
        assert "yes, and opened" in printed
        assert headings(printed)[-1] == "out/k.csr and out/k.key belong together."
    else:
        assert "yes, not opened: give its passphrase to see its kind" in printed
        assert headings(printed)[-1] == "out/k.key cannot be compared with out/k.csr."


def test_private_numbers_are_never_shown(certstrap: CommandLine, depot: Path) -> None:
    key = load_key(depot / "worker.key")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    number = f"{key.private_numbers().private_value:x}"
    for options in ((), ("--json",), ("--pem",)):
        for what in ("worker", "out/worker.key"):
            printed = certstrap("inspect", what, *options).stdout
            assert "PRIVATE" not in printed
            assert number not in printed.lower().replace(":", "")


def test_pem_is_printed_and_of_a_key_its_public_half(certstrap: CommandLine, depot: Path) -> None:
    certificate = foreign.load_certificate(depot / "worker.crt")
    der = certificate.public_bytes(Encoding.DER)
    printed = certstrap("inspect", "-", "--pem", input=der).stdout
    assert printed == (depot / "worker.crt").read_text()
    public = load_pem_public_key(certstrap("inspect", "out/worker.key", "--pem").stdout.encode())
    assert public == certificate.public_key()
    certstrap("request-cert", "--cn", "k", "--curve", "P-256", "--passphrase", "p")
    assert certstrap("inspect", "out/k.key", "--pem").stdout == ""


def test_public_key_is_shown(certstrap: CommandLine, folder: Path) -> None:
    data = LEAF_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    printed = certstrap("inspect", "-", input=data).stdout
    der = LEAF_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digest = sha256(der).digest().hex(":").upper()
    assert printed.splitlines() == [
        "standard input: public key",
        "  Key         P-256, 128-bit security",
        f"  SHA-256     {digest} (of the key)",
    ]
    (result,) = json.loads(certstrap("inspect", "-", "--json", input=data).stdout)["results"]
    assert result["objects"][0]["content"]["key"]["kind"] == "P-256"


def test_kind_that_is_not_known_is_named(certstrap: CommandLine, folder: Path) -> None:
    data = "-----BEGIN DH PARAMETERS-----\nMAA=\n-----END DH PARAMETERS-----\n"
    printed = certstrap("inspect", "-", input=data).stdout
    assert rows(printed) == {"Content": "not read by certstrap"}
    (result,) = json.loads(certstrap("inspect", "-", "--json", input=data).stdout)["results"]
    assert result["objects"][0]["content"] is None


def test_chain_of_standard_input_is_shown(certstrap: CommandLine, depot: Path) -> None:
    data = (depot / "worker.crt").read_bytes() + (depot / "Cert.crt").read_bytes()
    assert headings(certstrap("inspect", "-", input=data).stdout) == [
        "standard input (certificate 1): certificate",
        "standard input (certificate 2): certificate",
    ]


def test_certificate_of_another_ca_has_no_issuer_here(certstrap: CommandLine, depot: Path) -> None:
    root = pairs.ca(subject="Cert")  # the same name, another key
    Path("x.crt").write_bytes(pairs.leaf(root).pem)
    assert rows(certstrap("inspect", "x.crt").stdout)["Issued by"] == "no CA in this depot"


def test_of_two_cas_with_one_name_the_signature_tells_which(
    certstrap: CommandLine, folder: Path
) -> None:
    for number in range(3):
        ca = pairs.ca(subject="Same")
        ca.store(f"Same{number}")
        Path(f"{number}.crt").write_bytes(pairs.leaf(ca).pem)
    for number in range(3):
        shown = rows(certstrap("inspect", f"{number}.crt").stdout)
        assert shown["Issued by"] == f"the CA Same{number} (out/Same{number}.crt)"


def test_pkcs12_file_is_opened(certstrap: CommandLine, depot: Path) -> None:
    certstrap("export-pkcs12", "worker", "--passphrase", "p")
    printed = certstrap("inspect", "out/worker.p12", "--passphrase", "p").stdout
    assert headings(printed) == [
        "out/worker.p12 (private key): private key",
        "out/worker.p12 (certificate 1): certificate",
        "out/worker.p12 (certificate 2): certificate",
    ]
    refused = "The passphrase does not decrypt out/worker.p12."
    certstrap.refuses("inspect", "out/worker.p12", "--passphrase", "q", sentence=refused)
    certstrap.refuses("inspect", "out/worker.p12", sentence="its passphrase was not given")
    data = (depot / "worker.p12").read_bytes()
    (depot / "slow.p12").write_bytes(with_rounds(data, FEW_ROUNDS, 2**31 - 1))
    certstrap.refuses("inspect", "out/slow.p12", sentence="with more than 10,000,000 rounds")
    (depot / "slow.p12").write_bytes(with_rounds(data, FEW_ROUNDS, 5_000_000))  # three times
    certstrap.refuses("inspect", "out/slow.p12", sentence="with more than 10,000,000 rounds")
    certstrap.refuses("inspect", "-", input=data, sentence="its passphrase was not given")


def test_the_rounds_of_many_keys_count_in_sum(certstrap: CommandLine, folder: Path) -> None:
    key = to_pem("ENCRYPTED PRIVATE KEY", pbkdf2(integer(600_000)))
    (folder / "few.pem").write_bytes(key * 16)
    (folder / "many.pem").write_bytes(key * 17)
    assert certstrap("inspect", "few.pem", "--no-passphrase").stdout.count("not opened") == 16
    certstrap.refuses(
        "inspect", "many.pem", "--passphrase", "p", sentence="with more than 10,000,000 rounds"
    )


@pytest.mark.parametrize(("options", "encrypted"), [(("--passphrase", "p"), True), ((), False)])
@pytest.mark.parametrize("legacy", [(), ("--legacy",)])
def test_the_key_of_a_pkcs12_file_is_encrypted_unless_its_passphrase_is_empty(
    certstrap: CommandLine, depot: Path, options: tuple[str, ...], legacy: tuple[str, ...],
    encrypted: bool,
) -> None:  # fmt: skip
    certstrap("export-pkcs12", "worker", *legacy, *(options or ("--no-passphrase",)))
    (key, *_) = objects(certstrap, "out/worker.p12", *options)
    assert key["content"]["encrypted"] is encrypted
    shown = certstrap("inspect", "out/worker.p12", *options).lines
    assert f"  Encrypted   {'yes, and opened' if encrypted else 'no'}" in shown


def test_a_key_that_anybody_can_read_in_a_pkcs12_file_is_not_encrypted(
    certstrap: CommandLine, folder: Path
) -> None:
    Path("a.p12").write_bytes(two_keys([], pairs.made()))
    (key, *_) = objects(certstrap, "a.p12", "--passphrase", "p")
    assert key["content"]["encrypted"] is False


def test_every_key_of_a_pkcs12_file_is_shown_with_its_certificate(
    certstrap: CommandLine, folder: Path
) -> None:
    first, second = pairs.made(), pairs.made()
    Path("both.p12").write_bytes(two_keys([first, second]))
    found = objects(certstrap, "both.p12", "--passphrase", "p")
    keys = [each["content"]["key"]["sha256"] for each in found]
    assert keys[0] == keys[2 if "of certificate 1" in found[0]["source"] else 3]
    assert {each["source"] for each in found} == {
        "both.p12 (private key 1, of certificate 1)",
        "both.p12 (private key 2, of certificate 2)",
        "both.p12 (certificate 1)",
        "both.p12 (certificate 2)",
    }


def test_a_key_of_a_pkcs12_file_with_another_passphrase_is_shown_as_closed(
    certstrap: CommandLine, folder: Path
) -> None:
    Path("both.p12").write_bytes(two_keys([pairs.made()], pairs.made(), passphrase=b"another"))
    found = objects(certstrap, "both.p12", "--passphrase", "p", exit_code=1)
    assert [bool(each["content"]) for each in found] == [True, False, True, True]


@pytest.mark.parametrize("form", [Encoding.DER, Encoding.PEM])
def test_every_certificate_of_a_pkcs7_file_is_shown(
    certstrap: CommandLine, folder: Path, form: Encoding
) -> None:
    made = [pairs.made(subject=name).certificate for name in ("a", "b")]
    Path("a.p7b").write_bytes(pkcs7.serialize_certificates(made, form))
    found = objects(certstrap, "a.p7b")
    assert {each["content"]["subject"] for each in found} == {"CN=a", "CN=b"}
    certstrap("inspect", "a.p7b", "--pem")


def test_passphrase_of_a_pkcs12_file_is_asked_for_on_a_terminal(
    certstrap: CommandLine, depot: Path, folder: Path
) -> None:
    certstrap("export-pkcs12", "worker", "--passphrase", "p")
    with terminal(folder, "inspect", "out/worker.p12") as child:
        child.expect("Enter passphrase for PKCS#12 file")
        child.send("p" + ENTER)
        assert "CN=worker" in ends(child)


def test_terminal_shows_the_words_of_a_pipe_in_its_width(
    certstrap: CommandLine, depot: Path, folder: Path
) -> None:
    foreign.write(depot / "worker.key", foreign.key_data(LEAF_KEY), 0o644)
    with terminal(folder, "inspect", "worker") as child:
        printed = re.sub(r"\x1b\[[0-9;]*m", "", ends(child))
    assert all(len(line) <= 80 for line in printed.splitlines())
    words = certstrap("inspect", "worker").stdout.replace("Days left   90", "")
    for line in words.splitlines():
        if "Days left" not in line and len(line) < 80:
            assert line in printed


@pytest.mark.parametrize(
    ("end", "days"),
    [
        (NOW + timedelta(days=3), "3"),
        (NOW + timedelta(hours=3), "less than one"),
        (NOW - timedelta(seconds=1), "none: it expired today"),
        (NOW - timedelta(days=1), "none: it expired 1 day ago"),
        (NOW - timedelta(days=3), "none: it expired 3 days ago"),
    ],
)
def test_days_left_are_counted(
    certstrap: CommandLine, folder: Path, end: object, days: str
) -> None:
    it = pairs.ca(end=end)  # type: ignore[arg-type]
    Path("x.crt").write_bytes(it.pem)
    shown = rows(certstrap("inspect", "x.crt").stdout)
    assert shown["Days left"] == days
    assert shown["CA"] == "yes, with any number of CAs below it"
    assert ("Problem" in shown) == days.startswith("none")


def test_what_is_wrong_with_a_request_is_shown(certstrap: CommandLine, folder: Path) -> None:
    Path("a.csr").write_bytes(foreign.request_changed_after_signing())
    shown = rows(certstrap("inspect", "a.csr").stdout)
    assert shown["Problem"] == "a.csr is not signed by its own key."
    Path("b.csr").write_bytes(foreign.request(key=foreign.weak_key(), subject=""))
    shown = rows(certstrap("inspect", "b.csr").stdout)
    assert shown["Subject"] == "(none)"
    assert shown["Problem"] == "b.csr has an RSA key of 1024 bits."


def test_what_is_wrong_with_a_key_is_shown(certstrap: CommandLine, depot: Path) -> None:
    foreign.write(depot / "lax.key", foreign.key_data(foreign.weak_key()), 0o644)
    printed = certstrap("inspect", "lax").stdout
    assert "  Problem     out/lax.key is a private key that others can access" in printed
    assert "  Problem     out/lax.key has an RSA key of 1024 bits." in printed
    shutil_copy = Path(__file__).parent.parent / "data/certstrap-1.3.0/EC_Enc.key"
    foreign.write(depot / "bad.key", shutil_copy.read_bytes())
    problem = rows(certstrap("inspect", "bad").stdout)["Problem"]
    assert problem.startswith("out/bad.key has the malformed encoding of certstrap 1.3.0")


def test_old_crl_and_one_that_cannot_be_read_are_shown(certstrap: CommandLine, depot: Path) -> None:
    ca = foreign.load_certificate(depot / "Cert.crt")
    key = load_key(depot / "Cert.key")
    for days, end in ((-30, "expired on"), (30, "is not valid before")):
        updated = NOW + timedelta(days=days)
        old = crls.made_elsewhere(ca, key, updated=updated, next_update=updated + timedelta(days=1))
        foreign.write(depot / "Cert.crl", old, 0o644)
        problem = rows(certstrap("inspect", "out/Cert.crl").stdout)["Problem"]
        assert problem.startswith(f"out/Cert.crl {end}")
    (depot / "Cert.crl").write_text("broken")
    printed = certstrap("inspect", "worker", exit_code=1).stdout
    assert "  Problem     Cannot tell whether out/worker.crt is revoked: " in printed
    assert certstrap("inspect", "Cert", exit_code=1).stdout.count("Problem") == 1


def test_a_ca_that_cannot_be_read_is_not_taken_for_none(
    certstrap: CommandLine, depot: Path
) -> None:
    (depot / "Cert.crt").chmod(0o600)
    (depot / "Cert.crt").write_text("broken")
    for path, verb in (("out/worker.crt", "issued"), ("out/Cert.crl", "signed")):
        printed = certstrap("inspect", path, exit_code=1).stdout
        assert f"Problem     Cannot tell which CA {verb} {path}. out/Cert.crt is not a " in printed


def test_crl_without_an_end_is_shown(certstrap: CommandLine, folder: Path) -> None:
    ca = pairs.ca()
    crl = x509.load_pem_x509_crl(crls.made_elsewhere(ca.certificate, ca.key))
    foreign.write(folder / "x.crl", crls.without_an_end(crl, ca.key))
    assert rows(certstrap("inspect", "x.crl").stdout)["Valid"] == "2026-10-24 12:00:00 UTC"


def test_file_of_a_name_that_cannot_be_read_is_shown_with_the_rest(
    certstrap: CommandLine, depot: Path
) -> None:
    foreign.write(depot / "worker.csr", b"broken")
    printed = certstrap("inspect", "worker", exit_code=1).stdout
    assert headings(printed)[-1] == "out/worker.csr cannot be compared with out/worker.crt."
    assert "out/worker.key: private key" in printed
    foreign.write(depot / "lone.key", b"broken")
    assert headings(certstrap("inspect", "lone", exit_code=1).stdout) == [
        "out/lone.key: private key"
    ]


def test_certificate_with_extensions_is_shown(certstrap: CommandLine, folder: Path) -> None:
    tree = x509.NameConstraints(
        [x509.DNSName("a.example")], [x509.DirectoryName(foreign.name_of("x"))]
    )
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")
    it = pairs.made(extensions=[(tree, True), (unknown, True), (x509.OCSPNoCheck(), False)])
    Path("x.crt").write_bytes(it.pem)
    printed = certstrap("inspect", "x.crt").stdout
    shown = rows(printed)
    assert shown["Permitted"] == "DNS:a.example"
    assert shown["Excluded"] == "DirName:CN=x"
    assert "  Extension   1.2.3.4, critical\n  Extension   OCSPNoCheck\n" in printed


def test_json_names_its_schema(certstrap: CommandLine, depot: Path) -> None:
    found = json.loads(certstrap("inspect", "worker", "Cert", "--json").stdout)
    assert found["schema"] == "certstrap.inspect/1"
    assert found["inspected_at"] == "2026-11-23T12:00:00Z"
    worker, cert = found["results"]
    assert [each["kind"] for each in worker["objects"]] == [
        "certificate",
        "certificate request",
        "private key",
    ]
    assert worker["belong_together"] is True
    assert worker["objects"][0]["depot_issuer"] == "Cert"
    assert cert["objects"][2]["content"]["revoked"] == []


def test_name_of_the_depot_comes_before_a_file(certstrap: CommandLine, depot: Path) -> None:
    Path("worker").write_bytes((depot / "Cert.crt").read_bytes())
    assert "CN=worker" in certstrap("inspect", "worker").stdout
    assert "CN=worker" not in certstrap("inspect", "./worker").stdout
    Path("other").write_bytes((depot / "Cert.crt").read_bytes())
    assert headings(certstrap("inspect", "other").stdout) == ["other: certificate"]


def test_command_line_without_sense_is_refused(certstrap: CommandLine, depot: Path) -> None:
    certstrap.refuses("inspect", sentence="Must provide a name or a file.", exit_code=2)
    sentence = "There is no file, and no name in the depot, nobody."
    certstrap.refuses("inspect", "nobody", sentence=sentence)
    certstrap.refuses("inspect", "out/nobody.crt", sentence="out/nobody.crt.")
    certstrap("inspect", "worker", "--json", "--pem", exit_code=2)
    both = ("inspect", "-", "--passphrase-file", "-")
    certstrap.refuses(*both, sentence="Both --passphrase-file and FILE are -.")


def test_names_of_the_depot_are_completed(
    certstrap: CommandLine, depot: Path, folder: Path
) -> None:
    foreign.write(depot / "work-2.crl", b"")
    line = "certstrap inspect wor"
    environ = {"_CERTSTRAP_COMPLETE": "complete_bash", "COMP_WORDS": line.replace(" ", "\n")}
    done = CliRunner().invoke(app, [], env={**environ, "COMP_CWORD": "2"}, prog_name="certstrap")
    assert done.stdout.split() == ["work-2", "worker"]


def test_request_that_asks_to_be_a_ca_says_so(certstrap: CommandLine, folder: Path) -> None:
    constraints = x509.BasicConstraints(ca=True, path_length=3)
    (folder / "r.csr").write_bytes(a_request(extensions=[constraints]).public_bytes(Encoding.PEM))
    printed = rows(certstrap("inspect", "r.csr").stdout)
    assert printed["CA"] == "yes, with at most 3 CAs below it"
    digest = sha256(public(LEAF_KEY)).digest().hex(":").upper()
    assert printed["SHA-256"] == f"{digest} (of the key)"
    (result,) = json.loads(certstrap("inspect", "r.csr", "--json").stdout)["results"]
    content = result["objects"][0]["content"]
    assert (content["ca"], content["path_length"]) == (True, 3)


NO_CERTIFICATES = sequence(oid("1.2.840.113549.1.7.2"), der(0xA0, sequence(integer(1), sequence())))
"""PKCS#7 without certificates."""
ODD = raw_certificate(
    version=der(0xA0, integer(9)),
    end=der(0x18, b"20400101000000.5Z"),
    subject=raw_name([("2.5.4.3", UTF8, b"\xff")]),
    issuer=raw_name([("1.2.840.113549.1.9.1", 0x16, b"a@example.com")]),
    spki=sequence(sequence(oid("1.2.643.2.2.19")), der(0x03, b"\0")),
    extensions=raw_extension("2.5.29.19", sequence(integer(0))),
)
"""A certificate of which almost nothing can be read."""


@pytest.mark.parametrize("data", [ODD, to_pem("CERTIFICATE", ODD)], ids=["DER", "PEM"])
def test_all_that_can_be_read_is_shown(certstrap: CommandLine, folder: Path, data: bytes) -> None:
    (folder / "odd").write_bytes(data)
    printed = rows(certstrap("inspect", "odd", exit_code=1).stdout)
    assert printed | {"SHA-1": ""} == {
        "Subject": "commonName=#0c01ff",
        "Issuer": "emailAddress=a@example.com",
        "CA": "(cannot be read)",
        "Valid": "2020-01-01 00:00:00 to (cannot be read)",
        "Key": "(cannot be read)",
        "Signature": "ECDSA with SHA-256",
        "Serial": "5",
        "SHA-256": sha256(ODD).digest().hex(":").upper(),
        "SHA-1": "",
        "Problem": "odd has parts that cannot be read: version (9 is not a valid X509 version); "
        'expiry date ("20400101000000.5Z" is not a date that RFC 5280 allows); '
        "subject (it has a value that is not valid); key (1.2.643.2.2.19 is not supported); "
        "extension basicConstraints (it has a path length, but is not a CA).",
    }
    (result,) = json.loads(certstrap("inspect", "odd", "--json", exit_code=1).stdout)["results"]
    (each,) = result["objects"]
    assert each["content"]["not_after"] is None
    assert each["content"]["key"]["sha256"]
    assert [lost["part"] for lost in each["unreadable"]] == [
        "version", "expiry date", "subject", "key", "extension basicConstraints",
    ]  # fmt: skip
    assert printed["Problem"] in certstrap("verify", "odd", exit_code=3).stdout


def test_a_certificate_in_pkcs7_that_cannot_be_read_is_shown(
    certstrap: CommandLine, folder: Path
) -> None:
    both = raw_certificate(version=der(0xA0, integer(9))), raw_certificate()
    (folder / "both.pem").write_bytes(b"".join(to_pem("CERTIFICATE", each) for each in both))
    for form in ("PEM", "DER"):
        file = ("-certfile", "both.pem", "-outform", form, "-out", "f.p7b")
        openssl("crl2pkcs7", "-nocrl", *file)
        shown = certstrap("inspect", "f.p7b", exit_code=1).stdout
        assert headings(shown) == [
            f"f.p7b (certificate {number}): certificate" for number in (1, 2)
        ]
        assert re.search(r"f\.p7b \(certificate .\) has a part that cannot .*: version ", shown)
    certstrap.refuses("inspect", "-", input=NO_CERTIFICATES, sentence="without a certificate")


@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_the_crls_in_pkcs7_are_shown(certstrap: CommandLine, depot: Path, form: str) -> None:
    certstrap("crl", "Cert")
    out = ("-in", "out/Cert.crl", "-outform", form)
    openssl("crl2pkcs7", *out, "-certfile", "out/Cert.crt", "-out", "both.p7b")
    openssl("crl2pkcs7", *out, "-out", "crl.p7b")
    crl = "(certificate revocation list 1): certificate revocation list"
    shown = certstrap("inspect", "both.p7b").stdout
    assert headings(shown) == ["both.p7b (certificate 1): certificate", f"both.p7b {crl}"]
    assert headings(certstrap("inspect", "crl.p7b").stdout) == [f"crl.p7b {crl}"]
    assert certstrap("inspect", "crl.p7b", "--pem").stdout == (depot / "Cert.crl").read_text()


def test_der_with_something_after_it_is_shown(certstrap: CommandLine, folder: Path) -> None:
    (folder / "f.der").write_bytes(raw_certificate() + b"\n")
    printed = rows(certstrap("inspect", "f.der", exit_code=1).stdout)
    assert printed["Subject"] == "CN=leaf"
    assert printed["Problem"].endswith("cannot be read: encoding (it has extra data).")


def test_a_crl_whose_end_cannot_be_read_is_shown(certstrap: CommandLine, folder: Path) -> None:
    begin, end = der(0x17, b"200101000000Z"), der(0x17, b"1Z")
    algorithm = sequence(oid("1.2.840.10045.4.3.2"))
    crl = sequence(integer(1), algorithm, raw_name([("2.5.4.3", UTF8, b"x")]), begin, end)
    printed = rows(certstrap("inspect", "-", input=sign_raw(crl), exit_code=1).stdout)
    assert printed["Issuer"] == "CN=x"
    assert printed["Valid"] == "2020-01-01 00:00:00 to (cannot be read)"
    assert "next update" in printed["Problem"]


def test_a_date_in_the_first_year_has_four_digits(certstrap: CommandLine, folder: Path) -> None:
    data = raw_certificate(end=der(0x18, b"00010101000000Z"))
    printed = certstrap("inspect", "-", input=data).stdout
    assert rows(printed)["Valid"].endswith(" to 0001-01-01 00:00:00 UTC")


def test_a_crl_alone_that_only_shares_a_spelling_is_not_the_one(
    certstrap: CommandLine, depot: Path
) -> None:
    (depot / "Cert.crl").rename(depot / "_.crl")
    certstrap.refuses("inspect", "٣", sentence="out/_.crl")
