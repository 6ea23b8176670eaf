"""What is refused is refused before anybody is asked for a passphrase or a key is generated."""

import shutil
from collections.abc import Callable
from contextlib import chdir
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from cryptography.x509 import ReasonFlags

from certstrap.errors import CertstrapError
from certstrap.operations.ca import create_ca
from certstrap.operations.export import export_pkcs8, export_pkcs12
from certstrap.operations.issue import Wanted, issue
from certstrap.operations.plan import Passphrases, Plan
from certstrap.operations.request import request_certificate
from certstrap.operations.revoke import revoke
from certstrap.operations.sign import sign_request
from certstrap.pki.keys import P256
from certstrap.pki.names import NO_NAMES, AlternativeNames, Subject
from certstrap.pki.profiles import CAProfile, LeafProfile
from certstrap.pki.validity import Expiry
from certstrap.store.depot import Depot, Name
from tests.conftest import NOW, CommandLine

DAYS = Expiry.parse("30d")
NEW = ("--curve", "P-256", "--no-passphrase")
CA = ("--curve", "P-256", "--passphrase", "p")
Steps = Callable[[Plan], object]


def asked() -> NoReturn:
    pytest.fail("somebody was asked for a passphrase")


def generated(_: object) -> NoReturn:
    pytest.fail("a key was generated")


def named(text: str) -> Name:
    return Name.parse(text)


def sign(name: str, ca: str, profile: LeafProfile | CAProfile | None = None) -> Steps:
    return lambda plan: sign_request(plan, named(name), named(ca), profile or LeafProfile(), DAYS)


def wanted(name: str, ca: str = "Cert", domains: tuple[str, ...] = ()) -> Steps:
    names = AlternativeNames(domains)
    return lambda plan: issue(plan, Wanted(named(name), named(ca), names, None, DAYS))


def init(name: str) -> Steps:
    return lambda plan: create_ca(
        plan, plan.depot.place(named(name), ca=True), Subject(name), P256, CAProfile(), DAYS
    )


def request(name: str) -> Steps:
    return lambda plan: request_certificate(
        plan, plan.depot.place(named(name)), Subject(name), NO_NAMES, P256
    )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A depot whose CAs and some of whose clients have encrypted keys."""
    folder, certstrap = tmp_path_factory.mktemp("prepared"), CommandLine()
    with chdir(folder):
        certstrap("init", "--cn", "Cert", "--permit-domain", "ok.example", *CA)
        certstrap("init", "--cn", "Short", "--expires", "1d", *CA)
        certstrap("request-cert", "--cn", "leaf", *NEW)
        certstrap("sign", "leaf", "--CA", "Cert", "--passphrase", "p")
        certstrap("request-cert", "--cn", "revoked", "--curve", "P-256", "--passphrase", "p")
        certstrap("sign", "revoked", "--CA", "Cert", "--passphrase", "p")
        certstrap("revoke", "--CN", "revoked", "--passphrase", "p")
        certstrap("request-cert", "--cn", "open", *NEW)
        certstrap("request-cert", "--cn", "cert", *NEW)
        certstrap("request-cert", "--cn", "outside", "--domain", "no.example", *NEW)
        certstrap("export-pkcs8", "leaf")
    return folder / "out"


@pytest.fixture
def depot(prepared: Path, folder: Path) -> Depot:
    """A copy of it, in the current folder."""
    shutil.copytree(prepared, folder / "out")
    return Depot("out")


LATER = NOW + timedelta(days=2)


@pytest.mark.parametrize(
    ("steps", "sentence", "now"),
    [
        (init("Cert"), 'CA with specified name "Cert" already exists!', NOW),
        (request("leaf"), 'Certificate request "leaf" already exists!', NOW),
        (sign("leaf", "Cert"), 'Certificate "leaf" already exists!', NOW),
        (sign("missing", "Cert"), "There is no certificate request", NOW),
        (sign("open", "Missing"), "There is no certificate out/Missing.crt", NOW),
        (sign("open", "leaf"), "Selected CA certificate is not allowed to sign", NOW),
        (sign("open", "Short"), "out/Short.crt expired on", LATER),
        (sign("cert", "Cert"), "has the name of the CA itself", NOW),
        (sign("outside", "Cert"), "The CA may not sign no.example", NOW),
        (sign("open", "Cert", CAProfile()), "no intermediate may follow", NOW),
        (wanted("revoked"), "out/revoked.crt was revoked on", NOW),
        (wanted("new", "Short"), "out/Short.crt expired on", LATER),
        (wanted("Cert"), "is a CA's certificate", NOW),
        (wanted("leaf", domains=("a.example",)), "other alternative names", NOW),
        (lambda plan: revoke(plan, named("leaf"), named("Short"), ReasonFlags.unspecified),
         "did not issue that certificate", NOW),
        (lambda plan: revoke(plan, named("Cert"), named("Cert"), ReasonFlags.unspecified),
         "cannot revoke itself", NOW),
        (lambda plan: export_pkcs8(plan, named("leaf")), "out/leaf.pkcs8.key already exists!", NOW),
        (lambda plan: export_pkcs12(plan, named("leaf"), output="out/leaf.crt"),
         "out/leaf.crt already exists!", NOW),
    ],
)  # fmt: skip
def test_a_refusal_comes_before_any_prompt_and_any_key(
    depot: Depot, steps: Steps, sentence: str, now: datetime
) -> None:
    passphrases = Passphrases(opening=asked, opening_ca=asked, new=asked)
    with pytest.raises(CertstrapError) as refused, Plan(depot, passphrases, now, generated) as plan:
        steps(plan)
    assert sentence in str(refused.value)
