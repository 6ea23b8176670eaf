"""What is refused is refused before anybody is asked for a passphrase or a key is generated."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from cryptography.x509 import ReasonFlags

from certstrap.errors import CertstrapError
from certstrap.operations.ca import create_ca
from certstrap.operations.export import export_pkcs8, export_pkcs12
from certstrap.operations.issue import IssueRequest, issue
from certstrap.operations.request import request_certificate
from certstrap.operations.revoke import revoke
from certstrap.operations.sign import sign_request
from certstrap.pki.keys import P256
from certstrap.pki.names import NO_NAMES, AlternativeNames, Subject
from certstrap.pki.profiles import CAProfile, LeafProfile
from certstrap.pki.validity import Expiry
from certstrap.session import Passphrases, Session
from certstrap.store.depot import DepotFolder, Name
from certstrap.store.transaction import Transaction
from tests.builders import depots
from tests.conftest import NOW

DAYS = Expiry.parse("30d")
CA = ("--curve", "P-256", "--passphrase", "p")
Steps = Callable[[Session, Transaction], object]


def asked(*_: object) -> NoReturn:
    pytest.fail("somebody was asked for a passphrase")


def generated(_: object) -> NoReturn:
    pytest.fail("a key was generated")


def named(text: str) -> Name:
    return Name.parse(text)


def sign(name: str, ca: str, profile: LeafProfile | CAProfile | None = None) -> Steps:
    return lambda s, new: sign_request(
        s, new, named(name), named(ca), profile or LeafProfile(), DAYS
    )


def wanted(name: str, ca: str = "Cert", domains: tuple[str, ...] = ()) -> Steps:
    names = AlternativeNames(domains)
    return lambda s, new: issue(s, new, IssueRequest(named(name), named(ca), names, None, DAYS))


def init(name: str) -> Steps:
    return lambda s, new: create_ca(
        s,
        new,
        s.depot.place(named(name), ca=True),
        Subject(name),
        P256,
        CAProfile(),
        DAYS,
    )


def request(name: str) -> Steps:
    return lambda s, new: request_certificate(
        s, new, s.depot.place(named(name)), Subject(name), NO_NAMES, P256
    )


pytestmark = pytest.mark.depot(
    ("init", "--cn", "Cert", "--permit-domain", "ok.example", *CA),
    ("init", "--cn", "Short", "--expires", "1d", *CA),
    depots.request("leaf"),
    depots.sign("leaf", "Cert", "--passphrase", "p"),
    ("request-cert", "--cn", "revoked", "--curve", "P-256", "--passphrase", "p"),
    depots.sign("revoked", "Cert", "--passphrase", "p"),
    ("revoke", "--CN", "revoked", "--passphrase", "p"),
    depots.request("open"),
    depots.request("cert"),
    depots.request("outside", "--domain", "no.example"),
    ("export-pkcs8", "leaf"),
)
"""A depot whose CAs and some of whose clients have encrypted keys."""


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
        (lambda s, new: revoke(s, new, named("leaf"), named("Short"), ReasonFlags.unspecified),
         "did not issue that certificate", NOW),
        (lambda s, new: revoke(s, new, named("Cert"), named("Cert"), ReasonFlags.unspecified),
         "cannot revoke itself", NOW),
        (lambda s, new: export_pkcs8(s, new, named("leaf")),
         "out/leaf.pkcs8.key already exists!", NOW),
        (lambda s, new: export_pkcs12(s, new, named("leaf"), output="out/leaf.crt"),
         "out/leaf.crt already exists!", NOW),
    ],
)  # fmt: skip
def test_a_refusal_comes_before_any_prompt_and_any_key(
    depot: Path, steps: Steps, sentence: str, now: datetime
) -> None:
    passphrases = Passphrases(opening=asked, opening_ca=asked, new=asked, new_ca=asked)
    session = Session(DepotFolder("out"), now, passphrases, generated)
    with pytest.raises(CertstrapError) as refused:
        session.transact(lambda new: steps(session, new))
    assert sentence in str(refused.value)
