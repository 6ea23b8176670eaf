"""When a certificate ends, from what a user typed; and when it starts."""

import calendar
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certstrap.errors import CertstrapError, InvalidExpiryError
from certstrap.pki.validity import Duration, Expiry, Validity
from tests.conftest import NOW

UNITS = Duration._fields
LETTERS = {"years": "y", "weeks": "w", "days": "d", "hours": "h", "minutes": "m", "seconds": "s"}

COUNTS = st.integers(0, 10_000)
DURATIONS = st.builds(Duration, **dict.fromkeys(UNITS, COUNTS))
SINCE_1950 = st.integers(0, 8050 * 365 * 86_400)  # seconds, to late in the year 9994
INSTANTS = SINCE_1950.map(lambda n: datetime(1950, 1, 1, tzinfo=UTC) + timedelta(seconds=n))


def at(year: int, month: int, day: int, hour: int = 12) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


@given(DURATIONS)
def test_a_duration_prints_and_parses_back(duration: Duration) -> None:
    assert Expiry.parse(str(duration)).end == duration


@given(st.permutations(UNITS), DURATIONS, st.sampled_from(["", " ", ", ", "  "]))
def test_units_may_come_in_any_order_in_words_or_letters(
    order: list[str], duration: Duration, between: str
) -> None:
    words = between.join(f"{getattr(duration, unit)}{unit.upper()}" for unit in order)
    assert Expiry.parse(words).end == duration
    lettered = [unit for unit in order if unit in LETTERS]
    letters = between.join(f"{getattr(duration, unit)} {LETTERS[unit]}" for unit in lettered)
    assert Expiry.parse(letters).end == Duration(**{u: getattr(duration, u) for u in lettered})


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("18 months", Duration(months=18)),
        ("2 years", Duration(years=2)),
        ("1 year 6 months", Duration(years=1, months=6)),
        ("1 year, 6 months", Duration(years=1, months=6)),
        ("2 weeks 1 day", Duration(weeks=2, days=1)),
        ("90d", Duration(days=90)),
        ("30d10h", Duration(days=30, hours=10)),
        ("1y 30d 10h", Duration(years=1, days=30, hours=10)),
        ("15m", Duration(minutes=15)),
        ("1 second", Duration(seconds=1)),
        (" 3 Weeks ", Duration(weeks=3)),
        ("010 days", Duration(days=10)),
        ("1 month 1 minute", Duration(months=1, minutes=1)),
    ],
)
def test_a_length_of_time_is_counts_with_units(text: str, duration: Duration) -> None:
    assert Expiry.parse(text).end == duration


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        (" ", "is empty"),
        ("1.5 years", "is not a length of time or a date"),
        ("-1 year", "is not a length of time or a date"),
        ("+1 year", "is not a length of time or a date"),
        ("1e3 days", "has an unknown unit, e"),
        ("year", "is not a length of time or a date"),
        ("5", "is not a length of time or a date"),
        ("1 year 6", "is not a length of time or a date"),
        ("1 year and 6 months", "is not a length of time or a date"),
        ("one year", "is not a length of time or a date"),
        ("1 year!", "is not a length of time or a date"),
        ("1 year,", "is not a length of time or a date"),
        (", 1 year", "is not a length of time or a date"),
        ("1 year,,1 day", "is not a length of time or a date"),
        ("\u0661 year", "is not a length of time or a date"),
        ("forever", "is not a length of time or a date"),
        ("1 mo", "has an unknown unit, mo"),
        ("1 yearss", "has an unknown unit, yearss"),
        ("1 fortnight", "has an unknown unit, fortnight"),
        ("1 day 2 days", "has days twice"),
        ("1d 1 day", "has days twice"),
        ("2027-02-30", "is not a date of the calendar"),
        ("2027-13-01", "is not a date of the calendar"),
        ("0000-01-01", "is not a date of the calendar"),
        ("2027-1-1", "is not a date of the calendar"),
        ("2027-12-31 1 day", "is not a length of time or a date"),
        ("2027-12-31T00:00", "is not a length of time or a date"),
        ("31.12.2027", "is not a length of time or a date"),
        ("١٢٣٤-01-01", "is not a date of the calendar"),
    ],
)
def test_what_is_not_wholly_understood_is_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidExpiryError) as caught:
        Expiry.parse(text)
    assert str(caught.value) == f'Invalid expiry: "{text}" {why}.'


@given(st.one_of(st.text(), st.text("0123456789ymwdhs -,.", max_size=20)))
def test_any_text_is_refused_or_ends_after_now_and_by_the_year_9999(text: str) -> None:
    with suppress(InvalidExpiryError):
        assert Expiry.parse(text).after(NOW) > NOW


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        (at(2026, 11, 23), Duration(months=18), at(2028, 5, 23)),
        (at(2026, 1, 31), Duration(months=1), at(2026, 2, 28)),
        (at(2028, 1, 31), Duration(months=1), at(2028, 2, 29)),
        (at(2026, 1, 31), Duration(months=2), at(2026, 3, 31)),
        (at(2026, 8, 31), Duration(months=1), at(2026, 9, 30)),
        (at(2028, 2, 29), Duration(years=1), at(2029, 2, 28)),
        (at(2028, 2, 29), Duration(years=4), at(2032, 2, 29)),
        (at(2096, 2, 29), Duration(years=4), at(2100, 2, 28)),
        (at(2026, 12, 31), Duration(months=1), at(2027, 1, 31)),
        (at(2026, 11, 30), Duration(months=12), at(2027, 11, 30)),
        (at(2026, 1, 31), Duration(months=1, days=1), at(2026, 3, 1)),
        (at(2026, 11, 23), Duration(days=365), at(2027, 11, 23)),
        (at(2026, 12, 31), Duration(hours=12), at(2027, 1, 1, 0)),
        (at(2026, 11, 23), Duration(weeks=1, days=1, minutes=60), at(2026, 12, 1, 13)),
        (at(2026, 11, 23), Duration(seconds=86_400), at(2026, 11, 24)),
        (at(9998, 12, 31), Duration(years=1), at(9999, 12, 31)),
        (at(9999, 11, 30), Duration(months=1), at(9999, 12, 30)),
    ],
)
def test_a_duration_goes_by_the_calendar_and_stays_in_its_month(
    start: datetime, duration: Duration, end: datetime
) -> None:
    assert duration.after(start) == end


@given(INSTANTS, st.integers(0, 200), st.integers(0, 2400))
def test_years_and_months_keep_the_day_and_the_time_or_end_the_month(
    start: datetime, years: int, months: int
) -> None:
    with suppress(OverflowError):
        end = Duration(years=years, months=months).after(start)
        assert 12 * (end.year - start.year) + end.month - start.month == 12 * years + months
        assert end.day == min(start.day, calendar.monthrange(end.year, end.month)[1])
        assert end.timetz() == start.timetz()


@pytest.mark.parametrize(
    "text",
    [
        "7974 years",
        "100000 months",
        "99999999 days",
        "999999999999999999999999 days",
        "316224000001 seconds",
        "9999999999999 weeks",
        f"{'9' * 5000} hours",
    ],
)
def test_a_length_of_time_past_the_year_9999_is_refused(text: str) -> None:
    with pytest.raises(InvalidExpiryError, match="is after the year 9999"):
        Expiry.parse(text).after(NOW)


def test_a_certificate_may_end_in_the_last_second_of_the_year_9999() -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert Expiry.parse("9999-12-31").after(NOW) == last
    assert Expiry.parse(f"{int((last - NOW).total_seconds())} s").after(NOW) == last
    with pytest.raises(InvalidExpiryError, match="9999"):
        Expiry.parse(f"{int((last - NOW).total_seconds()) + 1} s").after(NOW)


def test_a_day_is_valid_to_its_last_second_in_utc() -> None:
    expiry = Expiry.parse(" 2027-12-31 ")
    assert expiry.end == date(2027, 12, 31)
    assert expiry.after(NOW) == datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC)
    today = Expiry.parse(f"{NOW:%Y-%m-%d}")
    assert today.after(NOW) == NOW.replace(hour=23, minute=59, second=59)


@pytest.mark.parametrize("text", ["2026-11-22", "0001-01-01", "0 days", "0y 0d"])
def test_an_end_that_is_not_in_the_future_is_refused(text: str) -> None:
    with pytest.raises(InvalidExpiryError, match="is not in the future"):
        Expiry.parse(text).after(NOW)


def test_a_day_is_refused_in_its_last_second() -> None:
    last = NOW.replace(hour=23, minute=59, second=59)
    with pytest.raises(InvalidExpiryError, match="is not in the future"):
        Expiry.parse("2026-11-23").after(last)
    assert Expiry.parse("2026-11-23").after(last - timedelta(seconds=1)) == last


def test_an_expiry_prints_as_it_was_typed() -> None:
    assert str(Expiry.parse("1Y 2D")) == "1Y 2D"


@pytest.mark.parametrize(
    ("text", "years", "replaced"),
    [
        ("18 months", 2, Duration(years=2, months=18)),
        ("2 years", 3, Duration(years=3)),
        ("2 years 5 days", 0, Duration(days=5)),
        ("1y 30d 10h", 9, Duration(years=9, days=30, hours=10)),
    ],
)
def test_years_replace_the_years_of_an_expiry_and_leave_its_other_units(
    text: str, years: int, replaced: Duration
) -> None:
    assert Expiry.parse(text).with_years(years) == Expiry(str(replaced), replaced)


@pytest.mark.parametrize("years", [-1, -10])
def test_a_negative_number_of_years_is_refused_and_shown(years: int) -> None:
    with pytest.raises(InvalidExpiryError) as caught:
        Expiry.parse("2 years").with_years(years)
    assert f'"{years}" is not a number of years' in str(caught.value)


@pytest.mark.parametrize(
    "years", [8000, 10**18, 10**4299, 10**5000], ids=["8000", "18", "4300", "5001"]
)
def test_any_number_of_years_past_9999_is_refused(years: int) -> None:
    with pytest.raises(CertstrapError, match="after the year 9999"):
        Expiry.parse("18 months").with_years(years).after(NOW)


def test_years_do_not_go_with_a_date() -> None:
    with pytest.raises(InvalidExpiryError, match="is a date, and --years needs a length of time"):
        Expiry.parse("2027-12-31").with_years(1)


def test_a_certificate_starts_ten_minutes_back() -> None:
    end = NOW + timedelta(days=1)
    assert Validity.starting(NOW, end) == Validity(NOW - timedelta(minutes=10), end)


@pytest.mark.parametrize(
    ("inner", "outer", "cut"),
    [((2, 4), (1, 5), (2, 4)), ((0, 9), (1, 5), (1, 5)), ((2, 9), (1, 5), (2, 5))],
)
def test_a_validity_is_cut_to_that_of_its_ca(
    inner: tuple[int, int], outer: tuple[int, int], cut: tuple[int, int]
) -> None:
    def validity(start: int, end: int) -> Validity:
        return Validity(NOW + timedelta(days=start), NOW + timedelta(days=end))

    assert validity(*inner).within(validity(*outer)) == validity(*cut)


@pytest.mark.parametrize(("seconds", "is_cut"), [(-1, False), (0, False), (60, False), (61, True)])
def test_a_cut_of_more_than_a_minute_is_to_be_reported(seconds: int, is_cut: bool) -> None:
    outer = Validity(NOW, NOW + timedelta(days=1))
    inner = Validity(NOW, outer.end + timedelta(seconds=seconds))
    assert inner.is_cut_by(outer) == is_cut
