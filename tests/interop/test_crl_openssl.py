"""OpenSSL agrees with our CRLs at every step: before a revocation, after it, and after the next."""

import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from certstrap.cli.context import utc_now
from tests.builders import crls, foreign
from tests.builders.depots import NEW_KEY
from tests.conftest import CommandLine
from tests.interop.conftest import KINDS
from tests.interop.peers import openssl

PASSPHRASE = ("--passphrase", "123456")
OF_CERTSTRAP = Path(__file__).parent.parent / "data" / "certstrap-1.3.0"
AFTER_IT = datetime(2026, 11, 24, 12, tzinfo=UTC)

every_kind = pytest.mark.parametrize("kind", KINDS)

Certstrap = Callable[..., None]


class Judge:
    """What OpenSSL says of the certificates and the CRLs in a folder, today or another day."""

    def __init__(self, folder: Path, root: str, now: datetime | None = None) -> None:
        self._folder, self._root = folder, root
        self._now = ["-attime", f"{now.timestamp():.0f}"] if now else []

    def reads(self, ca: str, serials: Sequence[int]) -> str:
        """Assert that a CRL is signed by its CA and holds those; return it as OpenSSL shows it."""
        crl, certificate = self._folder / f"{ca}.crl", self._folder / f"{ca}.crt"
        done = openssl(
            "crl", "-verify", "-noout", "-text", "-in", crl, "-CAfile", certificate, exit_code=None
        )
        # The exit status of `openssl crl -verify` says nothing.
        assert "verify OK" in done.stderr, done
        lines = [line.split(":") for line in done.stdout.splitlines()]
        found = [int(line[1], 16) for line in lines if line[0].strip() == "Serial Number"]
        assert found == list(serials), done
        return done.stdout

    def says(self, leaf: str, *crl_of: str, below: str = "", everywhere: bool = False) -> str:
        """Return what is wrong with a certificate by the CRLs of some CAs, or nothing."""
        files: list[str | Path] = ["-CAfile", self._folder / f"{self._root}.crt"]
        for ca in crl_of:
            files += ["-CRLfile", self._folder / f"{ca}.crl"]
        if below:
            files += ["-untrusted", self._folder / f"{below}.crt"]
        check = "-crl_check_all" if everywhere else "-crl_check"
        done = openssl(
            "verify", check, *self._now, *files, self._folder / f"{leaf}.crt", exit_code=None
        )
        if done.exit_code == 0:
            assert done.stdout.strip().endswith(": OK"), done
            return ""
        errors = [line for line in done.stderr.splitlines() if line.startswith("error ")]
        return errors[0].rpartition(": ")[2]


@pytest.fixture
def ours(pki: Path, tmp_path: Path) -> Path:
    """A copy of our depot, to revoke in."""
    return shutil.copytree(pki, tmp_path / "ours")


@pytest.fixture
def certstrap() -> Certstrap:
    """The command line, on a depot that is given to it."""
    today = CommandLine(now=utc_now())  # OpenSSL judges by the wall clock

    def run(depot: Path, *args: str, now: datetime | None = None) -> None:
        today("--depot-path", str(depot), *args, now=now)

    return run


def serial(depot: Path, stem: str) -> int:
    return foreign.load_certificate(depot / f"{stem}.crt").serial_number


@every_kind
def test_leaves_are_good_until_they_are_revoked(certstrap: Certstrap, ours: Path) -> None:
    judge = Judge(ours, "Root")
    judge.reads("Root", [])
    assert judge.says("client", "Root") == judge.says("server", "Root") == ""

    certstrap(ours, "revoke", "--CN", "client", "--CA", "Root", "--reason", "keyCompromise")
    shown = judge.reads("Root", [serial(ours, "client")])
    assert "Key Compromise" in shown
    assert judge.says("client", "Root") == "certificate revoked"
    assert judge.says("server", "Root") == ""

    certstrap(ours, "revoke", "--CN", "client", "--CA", "Root")
    assert judge.reads("Root", [serial(ours, "client")]) == shown

    certstrap(ours, "revoke", "--CN", "server", "--CA", "Root")
    judge.reads("Root", [serial(ours, "client"), serial(ours, "server")])
    assert judge.says("client", "Root") == judge.says("server", "Root") == "certificate revoked"


@every_kind
def test_a_whole_chain_is_good_until_one_of_it_is_revoked(
    certstrap: Certstrap, ours: Path, kind: str
) -> None:
    judge = Judge(ours, "Root")

    def says(leaf: str, *, everywhere: bool = True) -> str:
        return judge.says(leaf, "Root", "Intermediate", below="Intermediate", everywhere=everywhere)

    certstrap(ours, "request-cert", "--cn", "second", *KINDS[kind], "--no-passphrase")
    certstrap(ours, "sign", "second", "--CA", "Intermediate", "--expires", "1 year")
    certstrap(ours, "revoke", "--CN", "second", "--CA", "Intermediate")
    judge.reads("Intermediate", [serial(ours, "second")])
    assert says("second") == "certificate revoked"
    assert says("below") == ""

    certstrap(ours, "revoke", "--CN", "Intermediate", "--reason", "cACompromise")
    assert "CA Compromise" in judge.reads("Root", [serial(ours, "Intermediate")])
    assert says("below") == "certificate revoked"
    assert says("below", everywhere=False) == ""

    certstrap(ours, "revoke", "--CN", "below")
    judge.reads("Intermediate", [serial(ours, "second"), serial(ours, "below")])
    assert says("below", everywhere=False) == "certificate revoked"


@every_kind
@pytest.mark.parametrize("crl_number", [None, 41])
def test_a_crl_past_its_next_update_is_good_again_when_it_is_carried_on(
    certstrap: Certstrap, ours: Path, crl_number: int | None
) -> None:
    judge = Judge(ours, "Root")
    ca, key = foreign.load_certificate(ours / "Root.crt"), foreign.load_key(ours / "Root.key")
    old = crls.made_elsewhere(
        ca,
        key,
        entries=[crls.entry(serial(ours, "client"), ca.not_valid_before_utc)],
        crl_number=crl_number,
        updated=ca.not_valid_before_utc,
        next_update=ca.not_valid_before_utc + timedelta(seconds=1),
    )
    (ours / "Root.crl").unlink()
    (ours / "Root.crl").write_bytes(old)
    judge.reads("Root", [serial(ours, "client")])
    assert judge.says("server", "Root") == "CRL has expired"

    certstrap(ours, "revoke", "--serial", "2A", "--elsewhere", "--CA", "Root")
    shown = judge.reads("Root", [serial(ours, "client"), 42])
    assert f"Next Update: {_shown(ca.not_valid_after_utc)}" in shown
    number = shown.partition("X509v3 CRL Number: ")[2].split()[0]
    assert number == ("1" if crl_number is None else "42")
    assert judge.says("client", "Root") == "certificate revoked"
    assert judge.says("server", "Root") == ""


def _shown(when: datetime) -> str:
    return f"{when:%b} {when.day:2} {when:%H:%M:%S %Y} GMT"


CERTSTRAPS = {  # its CAs, and whom they revoked
    "RSA_Clear": (),
    "RSA_Enc": ("ns.acct",),
    "EC_Clear": (),
    "EC_Enc": ("alice_ex.com",),
    "P521_Enc": (),
    "P224_Clear": (),
    "Ed_Enc": (),
    "Ünï": (),
}


@pytest.mark.parametrize("ca", CERTSTRAPS)
def test_the_crls_of_certstrap_are_good_before_and_after(
    certstrap: Certstrap, tmp_path: Path, ca: str
) -> None:
    depot = shutil.copytree(OF_CERTSTRAP, tmp_path / "theirs")
    for file in depot.glob("*.key"):
        file.chmod(0o440)

    def run(*args: str) -> None:
        certstrap(depot, *args, now=AFTER_IT)

    judge = Judge(depot, ca, AFTER_IT)
    before = [serial(depot, stem) for stem in CERTSTRAPS[ca]]
    judge.reads(ca, before)
    secret = () if "Clear" in ca or ca == "Ünï" else PASSPHRASE  # the others are encrypted
    for name in ("good", "bad"):
        run("request-cert", "--cn", name, *NEW_KEY)
        run("sign", name, "--CA", ca, *secret, "--expires", "1 year")
        assert judge.says(name, ca) == ""

    run("revoke", "--CN", "bad", *secret)
    judge.reads(ca, [*before, serial(depot, "bad")])
    assert judge.says("bad", ca) == "certificate revoked"
    assert judge.says("good", ca) == ""
    for stem in CERTSTRAPS[ca]:
        assert judge.says(stem, ca) == "certificate revoked"
