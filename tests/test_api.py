"""The package as a library."""

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

import certstrap
from certstrap import CertstrapError, Depot, Subject
from tests.conftest import NOW, CommandLine
from tests.docs import ROOT, blocks

PAGE = ROOT / "docs" / "python.md"


def clock() -> datetime:
    return NOW


@pytest.fixture
def worker_depot(folder: Path) -> Depot:
    """A depot with the CA `Cert` and the certificate `worker`."""
    depot = Depot("out", now=clock)
    depot.init("Cert", curve="P-256", path_length=1)
    depot.issue("worker", curve="P-256")
    return depot


def test_the_page_shows_programs_that_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    programs = [block for block in blocks(PAGE) if block.language == "python"]
    names: dict[str, object] = {}
    for block in programs:
        exec("\n".join(block.lines), names)  # noqa: S102 - our own page
    assert capsys.readouterr().out.splitlines() == [
        "out/worker.crt out/worker.key",
        'CA with specified name "Cert" already exists!',
        "b'hello'",
    ]
    assert isinstance(names["upload"], bytes)


def test_each_method_of_the_page_exists_and_has_a_description() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    listed = [line.split("(")[0].removeprefix("| `") for line in lines if line.startswith("| `")]
    public = [name for name in vars(Depot) if not name.startswith("_") and name != "temporary"]
    assert sorted(listed) == sorted(public)
    for name in public:
        assert getattr(Depot, name).__doc__


def test_it_writes_what_the_command_line_reads(worker_depot: Depot, certstrap: CommandLine) -> None:
    assert "worker" in certstrap("status").stdout
    certstrap("verify", "worker")
    certstrap("issue", "other", "--curve", "P-256", "--no-passphrase")
    assert worker_depot["other"].certificate.issuer == worker_depot["Cert"].certificate.subject


def test_certificates_come_as_values(worker_depot: Depot) -> None:
    worker, root = worker_depot["worker"], worker_depot["Cert"]
    assert x509.load_pem_x509_certificates(worker.pem) == [worker.certificate]
    assert root.chain == (root.certificate,)
    assert worker.certificate_path == "out/worker.crt"
    key = load_pem_private_key(worker.key_pem(), None)
    assert key.public_key() == worker.certificate.public_key()
    Path("out/worker.key").unlink()
    assert worker_depot["worker"].key_path == ""


def test_an_intermediate_is_in_the_chain_of_what_it_signs(worker_depot: Depot) -> None:
    worker_depot.request("Int", curve="P-256")
    above = worker_depot.sign("Int", ca="Cert", intermediate=True)
    below = worker_depot.issue("below", ca="Int", curve="P-256", domains=["x.example"])
    assert below.chain == (below.certificate, above.certificate)
    assert worker_depot.verify("below").is_good


def test_a_request_is_signed_for_a_time_and_a_purpose(worker_depot: Depot) -> None:
    request = worker_depot.request("web", curve="P-256", domains=["web.example"])
    web = worker_depot.sign("web", expires="90d", profile="server")
    assert web.certificate.public_key() == request.public_key()
    end = NOW + timedelta(days=90)
    assert abs(web.certificate.not_valid_after_utc - end) < timedelta(minutes=1)


def test_a_renewal_and_a_revocation_are_seen_at_once(worker_depot: Depot) -> None:
    (renewed,) = worker_depot.renew("worker", new_key=True, expires="30d")
    assert renewed.certificate == worker_depot["worker"].certificate != renewed.old
    revoked = worker_depot.revoke("worker", reason="superseded")
    assert revoked.reason is x509.ReasonFlags.superseded
    assert not worker_depot.verify("worker").is_good
    (item,) = (item for item in worker_depot.status().items if item.stem == "worker")
    assert item.revoked == NOW
    with pytest.raises(CertstrapError):
        worker_depot.revoke(7)


def test_a_certificate_is_checked_and_its_ca_bundled(worker_depot: Depot) -> None:
    assert worker_depot.check("worker", namespace="worker.acct").passed
    pem = worker_depot.bundle()
    assert pem == worker_depot.bundle("Cert") == Path("out/Cert.crt").read_bytes()


def test_a_bundle_leaves_no_ca_out_in_silence(worker_depot: Depot) -> None:
    Path("out/Broken.crt").write_text("broken")
    with pytest.raises(CertstrapError, match="Cannot tell which CAs belong in the bundle"):
        worker_depot.bundle()
    assert worker_depot.bundle("Cert")


def test_a_ca_that_is_revoked_is_in_no_bundle(worker_depot: Depot) -> None:
    worker_depot.request("Int", curve="P-256")
    worker_depot.sign("Int", ca="Cert", intermediate=True)
    worker_depot.revoke("Int")
    with pytest.raises(CertstrapError, match="was revoked"):
        worker_depot.bundle("Cert", "Int")


def test_a_passphrase_encrypts_the_key_of_a_ca_and_of_a_request_and_opens_them(
    folder: Path,
) -> None:
    secret = Depot("out", passphrase="secret", now=clock)
    secret.issue("worker", curve="P-256")  # with its CA
    secret.request("other", curve="P-256")
    for name in ("Cert", "other"):
        assert b"ENCRYPTED" in Path(f"out/{name}.key").read_bytes()
    with pytest.raises(CertstrapError):
        Depot("out", now=clock).sign("other")
    assert secret.sign("other").certificate.issuer == secret["Cert"].certificate.subject


def test_only_a_passphrase_of_its_own_encrypts_the_key_of_a_client(folder: Path) -> None:
    secret = Depot("out", passphrase="secret", now=clock)
    worker = secret.issue("worker", curve="P-256")
    assert b"ENCRYPTED" not in worker.key_pem()
    assert secret.check("worker").passed
    other = secret.issue("other", curve="P-256", key_passphrase="other")
    key = load_pem_private_key(other.key_pem(), b"other")
    assert key.public_key() == other.certificate.public_key()
    assert secret.issue("other", key_passphrase="other") == other
    secret.request("third", curve="P-256")  # its key has the passphrase of the depot
    assert secret.issue("third").certificate.issuer == secret["Cert"].certificate.subject


def test_a_certificate_gets_the_subject_it_is_issued_with(worker_depot: Depot) -> None:
    given = Subject(organization="acme", country="DE")
    other = worker_depot.issue("other", curve="P-256", subject=given)
    assert other.certificate.subject.rfc4514_string() == "CN=other,O=acme,C=DE"
    with pytest.raises(CertstrapError):
        worker_depot.issue("other", subject=Subject(organization="another"))


def test_an_error_says_what_to_do_in_its_hint(worker_depot: Depot) -> None:
    with pytest.raises(CertstrapError) as caught:
        worker_depot.sign("none")
    assert str(caught.value.hint) == ("Create it with: certstrap request-cert --common-name none")


@pytest.mark.parametrize("method", ["status", "verify", "check", "bundle", "__getitem__"])
def test_a_depot_that_does_not_exist_is_refused_and_not_made(method: str, folder: Path) -> None:
    words = ["x"] if method in {"verify", "check", "__getitem__"} else []
    with pytest.raises(CertstrapError, match="There is no depot none"):
        getattr(Depot("none"), method)(*words)
    assert not (folder / "none").exists()


def test_a_depot_without_a_ca_has_no_bundle(folder: Path) -> None:
    depot = Depot("out", now=clock)
    depot.request("worker", curve="P-256")
    with pytest.raises(CertstrapError):
        depot.bundle()


def test_a_temporary_depot_is_gone_after_the_block() -> None:
    with Depot.temporary(now=clock) as depot:
        depot.issue("x", curve="P-256")
        assert Path(depot.path).is_dir()
    assert not Path(depot.path).exists()


def test_the_package_is_light_until_the_library_is_used() -> None:
    script = (
        "import sys, certstrap; sys.exit('cryptography' in sys.modules or 'typer' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    with pytest.raises(AttributeError, match="module 'certstrap' has no attribute 'x'"):
        certstrap.x  # noqa: B018


def test_a_passphrase_is_changed_and_removed(worker_depot: Depot) -> None:
    assert worker_depot.passphrase("worker", "one") == ("out/worker.key",)
    with pytest.raises(CertstrapError, match=r"^out/worker\.key is encrypted"):
        worker_depot.passphrase("worker", "two")
    encrypted = Depot("out", passphrase="one", now=clock)
    assert encrypted.passphrase("worker", b"one") == ()
    assert encrypted.passphrase("worker", "") == ("out/worker.key",)
    load_pem_private_key(worker_depot["worker"].key_pem(), None)
