"""The page "My client cannot connect": each text of the core is what a Temporal client says."""

import asyncio
import re
from collections.abc import Callable
from typing import NamedTuple

import pytest

from certstrap.pki.keys import KeySpec
from certstrap.temporal.check import RULES, CheckOptions, Report
from certstrap.temporal.clients import CLIENTS
from tests.builders.certificates import a_name
from tests.builders.keys import LEAF_KEY, OTHER_KEY, a_key, key_data
from tests.docs import ROOT as REPOSITORY
from tests.interop import peers
from tests.programs import SECONDS
from tests.temporal import servers
from tests.temporal.pki import (
    BELOW,
    DAY,
    INTERMEDIATE,
    KEY,
    LEAF,
    PRESENT,
    ROOT,
    concatenated,
    judged,
    statuses,
)
from tests.temporal.servers import SERVER_CA, serving

peers.package("temporalio")

from temporalio.client import Client, TLSConfig  # noqa: E402 - only now is it known to be there

PAGE = REPOSITORY / "docs/cannot-connect.md"
P521 = a_key(KeySpec(curve="P-521"))
PYTHON = CheckOptions(CLIENTS["python"])
STRANGER = LEAF.but(by=ROOT.but(subject=a_name("Stranger"), key=OTHER_KEY)).without("authority key")


def rows() -> list[tuple[str, str]]:
    """Return the error texts of the page, each with what finds it."""
    row = re.compile(r"^\| `(.+?)` \| .+ \| (.+) \|$", re.MULTILINE)
    return row.findall(PAGE.read_text(encoding="utf-8"))


class Case(NamedTuple):
    """Files that do not work: how a client says so, and how they are judged."""

    text: str
    certificate: bytes
    key: bytes
    judge: Callable[[], Report] | None = None
    host: str = "localhost"
    server_ca: bytes = SERVER_CA.pem
    server_name: str | None = None
    port: int = 0


# What the core says in the place of an alert that it has not read yet.
CLOSED = (
    "operation was canceled",
    "peer closed connection without sending TLS close_notify",
    "stream closed because of a broken pipe",
)
ENCRYPTED = key_data(LEAF_KEY, passphrase=b"x")
EXPIRED = LEAF.but(end=PRESENT - DAY / 2)
OF_P521 = LEAF.but(key=P521)
CASES = [
    Case("PrivateKeyParseError", LEAF.pem, ENCRYPTED, lambda: judged(LEAF, key=ENCRYPTED)),
    Case("PrivateKeyParseError", LEAF.pem, b"x", lambda: judged(LEAF, key=b"x")),
    Case(
        "failed to parse private key as RSA, ECDSA, or EdDSA",
        OF_P521.pem,
        key_data(P521),
        lambda: judged(OF_P521, key=key_data(P521), wanted=PYTHON),
    ),
    Case(
        "KeyMismatch",
        LEAF.pem,
        key_data(OTHER_KEY),
        lambda: judged(LEAF, key=key_data(OTHER_KEY)),
    ),
    Case(
        "KeyMismatch",
        concatenated(INTERMEDIATE, BELOW),
        KEY,
        lambda: judged(INTERMEDIATE, BELOW),
    ),
    Case("NoCertificatesPresented", b"x", KEY, lambda: judged(b"x")),
    Case("received fatal alert: UnknownCA", STRANGER.pem, KEY, lambda: judged(STRANGER)),
    Case("received fatal alert: UnknownCA", BELOW.pem, KEY, lambda: judged(BELOW)),
    Case("received fatal alert: CertificateExpired", EXPIRED.pem, KEY, lambda: judged(EXPIRED)),
    Case("received fatal alert: CertificateRequired", b"", b""),
    Case("InvalidCertificate(UnknownIssuer)", LEAF.pem, KEY, server_ca=ROOT.pem),
    Case("NotValidForName", LEAF.pem, KEY, server_name="x.example"),
    Case("tcp connect error", LEAF.pem, KEY, port=1),
    Case("dns error", LEAF.pem, KEY, host="no-such-host.invalid"),
]


def says(case: Case, port: int) -> str:
    """Return what a client says that cannot connect."""
    tls = TLSConfig(
        client_cert=case.certificate or None,
        client_private_key=case.key or None,
        server_root_ca_cert=case.server_ca,
        domain=case.server_name,
    )
    connecting = Client.connect(f"{case.host}:{case.port or port}", namespace="a.b", tls=tls)
    with pytest.raises(RuntimeError) as failed:
        asyncio.run(asyncio.wait_for(connecting, SECONDS))
    return str(failed.value)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.text)
def test_a_client_says_what_the_page_says_and_the_check_finds_it(case: Case) -> None:
    with serving(servers.lingering) as server:
        said = says(case, server.port)
    texts = [case.text, *(CLOSED if "alert" in case.text else ())]
    assert [text for text in texts if text in said], said
    found = dict(rows())[case.text]
    if case.judge:
        (rule,) = statuses(case.judge())
        assert f"`{rule}`" in found


def test_the_page_names_only_rules_that_there_are() -> None:
    known = {*RULES, "check", "connection", "--client java", "--server-name"}
    for _, found in rows():
        assert {*re.findall(r"`([^`]+)`", found)} <= known
    assert {text for text, _ in rows()} >= {*CLOSED, *(case.text for case in CASES)}
