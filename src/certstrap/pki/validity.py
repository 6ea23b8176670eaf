"""When a certificate ends: ``18 months``, ``30d10h``, ``2027-12-31``; and when it starts.

Times are aware, in UTC, in whole seconds, as X.509 has them (RFC 5280, 4.1.2.5).
"""

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple, Self

from certstrap.errors import InvalidExpiryError, RefusedError
from certstrap.text import quoted

BACKDATED = timedelta(minutes=10)
"""How far back a certificate starts, so that a peer whose clock is slow accepts it at once."""

UNREPORTED_CUT = timedelta(minutes=1)
"""A certificate of as many years as its CA, signed right after it, is cut by seconds: no news."""

_LETTERS = {
    "y": "years", "w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds",
}  # fmt: skip
_PART = r"([0-9]+)\s*([A-Za-z]+)\s*(?:,\s*(?=[0-9]))?"
_LONGEST = 10_000 * 366 * 86_400  # seconds; a larger count of any unit is past the year 9999


class Duration(NamedTuple):
    """A length of time by the calendar; ``str`` writes what ``parse`` reads."""

    years: int = 0
    months: int = 0
    weeks: int = 0
    days: int = 0
    hours: int = 0
    minutes: int = 0
    seconds: int = 0

    def after(self, start: datetime) -> datetime:
        """Return the instant this long after ``start``; the day is cut to its month's last.

        Raises:
            OverflowError: it lies past the year 9999.
        """
        year, month = divmod(start.month - 1 + self.months, 12)
        year += start.year + self.years
        if year > 9999:  # noqa: PLR2004 - GeneralizedTime ends there
            raise OverflowError
        day = min(start.day, calendar.monthrange(year, month + 1)[1])
        return start.replace(year=year, month=month + 1, day=day) + timedelta(
            weeks=self.weeks,
            days=self.days,
            hours=self.hours,
            minutes=self.minutes,
            seconds=self.seconds,
        )

    def __str__(self) -> str:
        counts = zip(self, self._fields, strict=True)
        words = [f"{n} {unit if n != 1 else unit[:-1]}" for n, unit in counts if n]
        return " ".join(words) or "0 seconds"


class Expiry(NamedTuple):
    """What the user asked for: ``end`` is a length of time or a day, ``text`` their words."""

    text: str
    end: Duration | date

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a length of time or a date.

        Args:
            text: counts with units, in words (``1 year 6 months``) or letters (``1y 30d 10h``;
                ``m`` is minutes, months have no letter), each unit once; or ``YYYY-MM-DD``.

        Raises:
            InvalidExpiryError: any part of ``text`` is not understood.
        """
        stripped = text.strip()
        if stripped.count("-") == 2 and stripped.replace("-", "").isdigit():  # noqa: PLR2004
            try:
                return cls(text, date.fromisoformat(stripped))
            except ValueError:
                raise InvalidExpiryError(text, "is not a date of the calendar") from None
        return cls(text, _parse_duration(stripped, text))

    def with_years(self, years: int) -> "Expiry":
        """Return this expiry with ``years`` in place of its own; other units stay (``--years``).

        Raises:
            InvalidExpiryError: ``years`` is not a number of years, or this expiry is a date.
        """
        if years < 0:
            raise InvalidExpiryError(str(years), "is not a number of years")
        if years > 9999:  # noqa: PLR2004 - as in `Duration.after`; more digits may not even print
            raise InvalidExpiryError(self.text, "is after the year 9999")
        if not isinstance(self.end, Duration):
            raise InvalidExpiryError(self.text, "is a date, and --years needs a length of time")
        duration = self.end._replace(years=years)
        return Expiry(str(duration), duration)

    def __str__(self) -> str:
        return self.text

    @lru_cache  # noqa: B019 - a list asks for one end again and again, and a value is small
    def after(self, now: datetime) -> datetime:
        """Return the end for a certificate made at ``now``: for a day, its last second in UTC.

        Raises:
            InvalidExpiryError: the end is not after ``now``, or past the year 9999.
        """
        try:
            end = (
                self.end.after(now)
                if isinstance(self.end, Duration)
                else datetime.combine(self.end, time(23, 59, 59), UTC)
            )
        except OverflowError:
            raise InvalidExpiryError(self.text, "is after the year 9999") from None
        if end <= now:
            raise InvalidExpiryError(self.text, "is not in the future")
        return end


def instant(text: str, now: datetime) -> datetime:
    """Return the instant that ``text`` names.

    Args:
        text: a day, of which the last second is meant; a time in ISO 8601, in UTC if it names no
            zone; or a length of time from ``now``, as in `Expiry.parse`.
        now: the present instant.

    Raises:
        RefusedError: it is none of these, or past the year 9999.
    """
    stripped = text.strip()
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", stripped):
            return datetime.combine(date.fromisoformat(stripped), time(23, 59, 59), UTC)
        if re.match(r"[0-9]{4}-", stripped):
            found = datetime.fromisoformat(stripped).replace(microsecond=0)
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        return _parse_duration(stripped, text).after(now)
    except (ValueError, OverflowError, InvalidExpiryError):
        raise RefusedError(
            f"Invalid time: {quoted(text)}.",
            'Write it as "2027-12-31" (its last second, in UTC), "2027-12-31T12:00:00Z" or "90d" '
            "from now.",
        ) from None


def _parse_duration(stripped: str, text: str) -> Duration:
    counts: dict[str, int] = {}
    position = 0
    pattern = re.compile(_PART)
    while position < len(stripped):
        part = pattern.match(stripped, position)
        if not part:
            raise InvalidExpiryError(text, "is not a length of time or a date")
        word = part[2].lower()
        unit = _LETTERS.get(word, f"{word.removesuffix('s')}s")
        if unit not in Duration._fields:
            raise InvalidExpiryError(text, f"has an unknown unit, {part[2]}")
        if unit in counts:
            raise InvalidExpiryError(text, f"has {unit} twice")
        if len(part[1]) > len(str(_LONGEST)) or int(part[1]) > _LONGEST:
            raise InvalidExpiryError(text, "is after the year 9999")
        counts[unit] = int(part[1])
        position = part.end()
    if not counts:
        raise InvalidExpiryError(text, "is empty")
    return Duration(**counts)


DateState = Literal["valid", "not yet valid", "expired"]


class Validity(NamedTuple):
    """The first and the last second in which a certificate is valid."""

    start: datetime
    end: datetime

    @classmethod
    def starting(cls, now: datetime, end: datetime) -> Self:
        """Return the validity of a certificate made at ``now``: it starts ``BACKDATED``."""
        return cls(now - BACKDATED, end)

    def state(self, now: datetime) -> DateState:
        """Return whether ``now`` is in it, before it or after it; first and last second are."""
        if now > self.end:
            return "expired"
        return "valid" if now >= self.start else "not yet valid"

    def within(self, outer: "Validity") -> "Validity":
        """Return what of this validity lies in ``outer``, its CA's."""
        return Validity(max(self.start, outer.start), min(self.end, outer.end))

    def is_about(self, other: "Validity") -> bool:
        """Return whether it ends when ``other`` does, within what is not worth reporting."""
        return abs(self.end - other.end) <= UNREPORTED_CUT

    def is_cut_by(self, outer: "Validity") -> bool:
        """Return whether `within` ends so much earlier than this that it is to be reported."""
        return self.end - outer.end > UNREPORTED_CUT
