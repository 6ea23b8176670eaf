"""How values are written: the same in every output."""

from datetime import timedelta

import pytest

from certstrap.text import days_left, serial_number, timestamp, utc
from tests.conftest import NOW


def test_instants_are_written_in_utc() -> None:
    assert timestamp(NOW) == "2026-11-23T12:00:00Z"
    assert utc(NOW) == "2026-11-23 12:00:00 UTC"


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (timedelta(days=2, hours=23), 3),
        (timedelta(days=90) - timedelta(seconds=9), 90),
        (timedelta(hours=-1), 0),
        (timedelta(days=-1), -1),
    ],
)
def test_days_left_are_rounded(left: timedelta, days: int) -> None:
    assert days_left(NOW + left, NOW) == days


def test_serial_numbers_are_upper_case_hex() -> None:
    assert serial_number(0xABCDEF0123456789) == "ABCDEF0123456789"
    assert serial_number(-10) == "-A"
