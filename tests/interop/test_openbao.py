"""An engine below our root: OpenBao issues, revokes and is renewed, and we and others agree."""

import json
import shutil
import tomllib
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.cli.context import utc_now
from tests.builders.keys import load_key
from tests.interop.openbao import Engine, engine_below_our_root
from tests.interop.peers import go, openssl

GO_VERIFY = Path(__file__).with_name("go_verify")
KINDS = {"EC": {"key_type": "ec", "key_bits": 256}, "RSA": {"key_type": "rsa", "key_bits": 2048}}
CLIENT = {"client_flag": True, "server_flag": False, "basic_constraints_valid_for_non_ca": True}


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, openbao: str, tmp_path: Path) -> Engine:
    key = KINDS[request.param]
    return engine_below_our_root(openbao, tmp_path, {**CLIENT, **key}, **key)


def state(engine: Engine, name: str) -> dict[str, object]:
    """Return what `status` knows of a name."""
    items = json.loads(engine.certstrap("status", "--json"))["items"]
    (item,) = (item for item in items if item["name"] == name)
    return dict(item)


def public(path: Path) -> object:
    return load_key(path).public_key()


def serial(path: Path) -> int:
    return x509.load_pem_x509_certificate(path.read_bytes()).serial_number


def test_its_clients_are_verified_up_to_our_root(engine: Engine) -> None:
    engine.issue("worker")
    engine.fetch_crl()
    file, root = engine.folder / "worker.crt", engine.file("Root.crt")
    shown = engine.certstrap("verify", str(file))
    assert shown.startswith(f"{file}: good\n")
    assert shown.splitlines()[-1].endswith("out/Issuing.crl, " + str(engine.file("Root.crl")))
    crls = engine.folder / "crls.pem"
    crls.write_text(
        engine.file("Issuing.crl").read_text() + "\n" + engine.file("Root.crl").read_text()
    )
    openssl("verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", root,
            "-untrusted", file, "-crl_check_all", "-CRLfile", crls, file)  # fmt: skip
    folder = engine.folder / "go"
    folder.mkdir()
    shutil.copy(root, folder / "ca.pem")
    shutil.copy(file, folder / "leaf.pem")
    assert go(GO_VERIFY, str(int(utc_now().timestamp())), folder).lines == [f"{folder} good"]


def test_a_revocation_there_is_seen_here(engine: Engine) -> None:
    issued = engine.issue("worker")
    engine.certstrap("import", "worker", "--cert", str(engine.folder / "worker.crt"),
                     "--key", str(engine.folder / "worker.key"))  # fmt: skip
    engine.certstrap("export-chain", "worker")
    engine.fetch_crl()
    assert "worker: good" in engine.certstrap("verify", "worker")
    assert state(engine, "worker")["state"] == "valid"
    engine.call("revoke", serial_number=issued["serial_number"])
    engine.fetch_crl()
    assert "worker.crt was revoked on" in engine.certstrap("verify", "worker", exit_code=3)
    assert state(engine, "worker")["state"] == "revoked"
    assert "worker.crt was revoked on" in engine.certstrap("check", "worker")
    file = str(engine.folder / "worker.crt")
    assert f"{file} was revoked on" in engine.certstrap("check", "--cert", file)
    number = serial(engine.file("worker.crt"))
    assert f"{number:X}" in engine.certstrap("inspect", str(engine.file("Issuing.crl")))


def test_its_renewed_certificate_is_imported_there(engine: Engine) -> None:
    engine.issue("before")
    old = serial(engine.file("Issuing.crt"))
    printed = engine.certstrap("renew", "Issuing", "--expires", "3 years")
    assert "where its key is: into that depot, or into the engine." in printed
    pem = engine.file("Issuing.crt").read_text()
    issuer = engine.call("issuers/import/cert", pem_bundle=pem)["imported_issuers"]
    engine.call("config/issuers", default=issuer[0])
    engine.issue("after")
    engine.fetch_crl()
    chain = x509.load_pem_x509_certificates((engine.folder / "after.crt").read_bytes())
    assert chain[1].serial_number == serial(engine.file("Issuing.crt")) != old
    for name in ("before", "after"):
        assert ": good" in engine.certstrap("verify", str(engine.folder / f"{name}.crt"))


def test_a_new_key_of_it_gets_a_ca_of_another_name(engine: Engine) -> None:
    engine.issue("before")
    engine.sign("Issuing 2", key_type="ec", key_bits=384)
    pem = engine.file("Issuing_2.crt").read_text()
    issuer = engine.call("issuers/import/cert", pem_bundle=pem)["imported_issuers"]
    old = engine.call("config/issuers")["default"]
    engine.issue("between")
    assert "Issuing.crt: CN=Issuing," in engine.certstrap(
        "verify", str(engine.folder / "between.crt")
    )
    engine.call("config/issuers", default=issuer[0])
    engine.file("Issuing.crl").write_text(engine.call(f"issuer/{old}/crl")["crl"])
    engine.issue("after")
    engine.fetch_crl("Issuing_2")
    printed = engine.certstrap("verify", str(engine.folder / "after.crt"))
    assert "Issuing_2.crt: CN=Issuing 2" in printed
    assert str(engine.file("Issuing_2.crl")) in printed
    assert ": good" in engine.certstrap("verify", str(engine.folder / "before.crt"))


def test_its_chain_is_a_bundle_that_admits_its_clients(engine: Engine) -> None:
    engine.issue("worker")
    bundle = engine.folder / "bundle.pem"
    engine.certstrap("bundle", "--output", str(bundle))
    assert len(x509.load_pem_x509_certificates(bundle.read_bytes())) == 2
    engine.certstrap("bundle", "--check", str(bundle))
    alone = engine.folder / "alone.crt"
    certificate = x509.load_pem_x509_certificate((engine.folder / "worker.crt").read_bytes())
    alone.write_bytes(certificate.public_bytes(Encoding.PEM))
    key = str(engine.folder / "worker.key")
    engine.certstrap("check", "--cert", str(alone), "--key", key, "--ca-bundle", str(bundle))


def test_its_client_passes_the_check_and_is_configured(engine: Engine) -> None:
    engine.issue("worker")
    files = (
        "--cert",
        str(engine.folder / "worker.crt"),
        "--key",
        str(engine.folder / "worker.key"),
    )
    report = engine.certstrap("check", *files, "--json")
    (result,) = json.loads(report)["results"]
    assert result["rehearsal"]["outcome"] == "accepted"
    engine.certstrap("import", "worker", *files)
    engine.certstrap("export-chain", "worker")
    (result,) = json.loads(engine.certstrap("check", "worker", "--json"))["results"]
    assert result["rehearsal"]["outcome"] == "accepted"
    profile = engine.certstrap("connect", "worker", "--namespace", "your-namespace.acct")
    tls = tomllib.loads(profile)["profile"]["default"]["tls"]
    assert public(Path(tls["client_key_path"])) == public(engine.folder / "worker.key")
    assert Path(tls["client_cert_path"]) == engine.file("worker.chain.crt")


def test_its_switch_for_basic_constraints_ends_the_warning(openbao: str, tmp_path: Path) -> None:
    role = {**CLIENT, **KINDS["EC"], "basic_constraints_valid_for_non_ca": False}
    engine = engine_below_our_root(openbao, tmp_path, role, **KINDS["EC"])

    def shown() -> str:
        engine.issue("worker")
        files = ("--cert", f"{tmp_path}/worker.crt", "--key", f"{tmp_path}/worker.key")
        return engine.certstrap("check", *files)

    assert "has the switch basic_constraints_valid_for_non_ca." in shown()
    engine.call("roles/clients", **{**role, "basic_constraints_valid_for_non_ca": True},
                allow_any_name=True, enforce_hostnames=False)  # fmt: skip
    assert "warning" not in shown()
