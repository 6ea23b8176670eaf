"""The law of revocation: a CRL holds each serial number once, since its first time.

Its reason is the first one, until a worse one is given.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from cryptography import x509
from hypothesis import example, given, settings
from hypothesis import strategies as st

from certstrap.cli.context import Context
from certstrap.pki.crl import REASONS
from certstrap.pki.validity import Expiry
from tests.builders import crls, foreign
from tests.conftest import NOW, CommandLine, call, visible

WORST = ("keyCompromise", "cACompromise")
CA_END = Expiry.parse("10 years").after(NOW)
LONG_AGO = NOW - timedelta(days=100)


class Step(NamedTuple):
    """A revocation: of what, why, and how many seconds after the one before."""

    serial: int
    reason: str
    seconds: int


class OldCRL(NamedTuple):
    """A CRL of certstrap or another tool: its number, if any, and what was revoked long ago."""

    number: int | None
    serials: Sequence[int]


# Few small numbers, so that some come again, among such as certificates have.
SERIALS = st.integers(1, 5) | st.integers(1, (1 << 159) - 1)
STEPS = st.lists(
    st.builds(Step, SERIALS, st.sampled_from(list(REASONS)), st.integers(0, 100_000)), max_size=12
)
OLD_CRLS = st.none() | st.builds(
    OldCRL, st.none() | st.integers(0, 1 << 64), st.lists(SERIALS, max_size=4)
)


@cache
def ca_files() -> dict[str, bytes]:
    """Return the files of the CA of all examples."""
    with TemporaryDirectory() as root:
        line = "init --cn Cert --curve P-256 --no-passphrase"
        CommandLine()("--depot-path", root, *line.split(), "--expires", "10 years")
        return {path.name: path.read_bytes() for path in visible(Path(root))}


@contextmanager
def depot_with(old: OldCRL | None) -> Iterator[Path]:
    """Give the folder of a new depot, with the CA and its CRL if it has one."""
    with TemporaryDirectory() as name:
        root = Path(name)
        for file, data in ca_files().items():
            (root / file).write_bytes(data)
            (root / file).chmod(0o440)
        (root / "Cert.crl").unlink()
        if old:
            entries = [crls.entry(serial, LONG_AGO) for serial in old.serials]
            ca = foreign.load_certificate(root / "Cert.crt"), foreign.load_key(root / "Cert.key")
            data = crls.made_elsewhere(*ca, entries=entries, crl_number=old.number)
            (root / "Cert.crl").write_bytes(data)
        yield root


@settings(max_examples=40)
@given(old=OLD_CRLS, steps=STEPS)
@example(old=OldCRL(1, ()), steps=[Step(1, "unspecified", 0)])
@example(old=OldCRL(1, ()), steps=[Step(1, "superseded", 0), Step(1, "keyCompromise", 1)])
@example(old=OldCRL(None, (1, 1)), steps=[Step(2, "superseded", 0), Step(1, "superseded", 1)])
def test_a_crl_holds_each_serial_number_once_since_its_first_time(
    old: OldCRL | None, steps: list[Step]
) -> None:
    expected: dict[int, tuple[datetime, str]] = {}
    for serial in old.serials if old else ():
        expected.setdefault(serial, (LONG_AGO, ""))
    number, now = (old.number if old else None), NOW
    with depot_with(old) as root:
        path = root / "Cert.crl"
        for serial, reason, seconds in steps:
            now += timedelta(seconds=seconds)
            before = path.read_bytes() if path.exists() else None
            command = ("revoke", "--elsewhere", "--serial", f"{serial:x}", "--reason", reason)
            context = Context(now=iter([now]).__next__, environ={})
            outcome = call("--depot-path", str(root), *command, input="", context=context)
            assert outcome.exit_code == 0
            line = outcome.stdout
            known = serial in expected
            since, reason_before = expected.get(serial, (now, ""))
            if known:
                assert f"since {since:%Y-%m-%d %H:%M:%S} UTC" in line
                if reason not in WORST or reason_before in WORST:
                    assert path.read_bytes() == before
                    continue
            expected[serial] = (since, "" if reason == "unspecified" else reason)
            number = 1 if number is None else number + 1
            crl = crls.load(path)
            assert crls.revoked(crl) == [(key, *value) for key, value in expected.items()]
            updated = f"Updated {path}: {len(expected)} revoked certificate"
            assert line.startswith("Revoked already" if known else updated)
            assert crls.number(path) == number
            assert (crl.last_update_utc, crl.next_update_utc) == (now, CA_END)
            assert _is_signed_by_its_ca(crl, root)
        assert {path.name for path in visible(root)} <= ca_files().keys()


def _is_signed_by_its_ca(crl: x509.CertificateRevocationList, root: Path) -> bool:
    public = foreign.load_certificate(root / "Cert.crt").public_key()
    return crl.is_signature_valid(public)  # type: ignore[arg-type]
