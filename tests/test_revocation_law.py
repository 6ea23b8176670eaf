"""The law of revocation: a CRL holds each serial number once, since its first time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import example, given, settings
from hypothesis import strategies as st

from certstrap import certificates, keys
from certstrap.authority.key_source import Passphrases
from certstrap.authority.revoke import revoke
from certstrap.certificates import CAProfile
from certstrap.depot import Depot
from certstrap.issuer import Issuer
from certstrap.keys import P256
from certstrap.names import Subject
from certstrap.revocation import REASONS, reason_of
from certstrap.validity import Expiry, Validity
from tests import crls
from tests.conftest import NOW

CA_END = Expiry.parse("10 years").after(NOW)
IN_THE_CLEAR = Passphrases(opening=bytes, opening_ca=bytes, new=bytes)
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
def ca() -> Issuer:
    """Return the CA of all examples."""
    key, validity = P256.generate(), Validity.starting(NOW, CA_END)
    return Issuer(certificates.self_sign(key, Subject("Cert"), CAProfile(), validity), key)


@contextmanager
def depot_with(old: OldCRL | None) -> Iterator[Path]:
    """Give the folder of a new depot, with the CA and its CRL if it has one."""
    with TemporaryDirectory() as name:
        root = Path(name)
        (root / "Cert.crt").write_bytes(ca().certificate.public_bytes(Encoding.PEM))
        (root / "Cert.key").write_bytes(keys.dump(ca().key, b""))
        (root / "Cert.key").chmod(0o440)
        if old:
            entries = [crls.entry(serial, LONG_AGO) for serial in old.serials]
            data = crls.made_elsewhere(*ca(), entries=entries, crl_number=old.number)
            (root / "Cert.crl").write_bytes(data)
        yield root


@settings(max_examples=60)
@given(old=OLD_CRLS, steps=STEPS)
@example(old=OldCRL(1, ()), steps=[Step(1, "unspecified", 0)])
@example(old=OldCRL(None, (1, 1)), steps=[Step(2, "superseded", 0), Step(1, "superseded", 1)])
def test_a_crl_holds_each_serial_number_once_since_its_first_time(
    old: OldCRL | None, steps: list[Step]
) -> None:
    expected: dict[int, tuple[datetime, str]] = {}
    for serial in old.serials if old else ():
        expected.setdefault(serial, (LONG_AGO, ""))
    number, now = (old.number if old else None), NOW
    with depot_with(old) as root:
        crl_path = root / "Cert.crl"
        for step in steps:
            now += timedelta(seconds=step.seconds)
            before = crl_path.read_bytes() if crl_path.exists() else None
            done = revoke(
                Depot(str(root)), step.serial, "Cert", reason_of(step.reason), IN_THE_CLEAR, now
            )
            if step.serial in expected:
                assert done.since == expected[step.serial][0]
                assert crl_path.read_bytes() == before
                continue
            shown = "" if step.reason == "unspecified" else step.reason
            expected[step.serial] = (now, shown)
            number = 1 if number is None else number + 1
            crl = crls.load(crl_path)
            assert crls.revoked(crl) == [(serial, *of) for serial, of in expected.items()]
            assert done.since is None
            assert done.entries == len(expected)
            assert crls.number(crl_path) == number
            assert crl.last_update_utc == now
            assert crl.next_update_utc == CA_END
            assert crl.is_signature_valid(ca().key.public_key())
        assert {path.name for path in root.iterdir()} <= {"Cert.crt", "Cert.key", "Cert.crl"}
