"""Civil periods: days, weeks cut at month ends, months, quarters, years.

A period is a run of whole local days, `first` to `last`, both included. Where a day begins is a matter of
the terminal's time zone; only `local_day` and `start_of_day` know about zones.

Written form (stored and sent, DO NOT change): `2020-09` month, `2020-Q3` quarter, `2020` year,
`2020-09-07/2020-09-13` a range of days (a day is a range of one).
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
SHORTEST_WEEK = 4
"""A rest of a week with fewer days than this joins the week beside it."""

# ASCII digits only: one period must not be written in two ways.
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_QUARTER = re.compile(r"([0-9]{4})-Q([1-4])")
_YEAR = re.compile(r"([0-9]{4})")
_RANGE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})/([0-9]{4}-[0-9]{2}-[0-9]{2})")


class Grain(StrEnum):
    """How long a period is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A run of whole days. Build it with `period_of`, `days` or `parse`."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"period ends ({self.last}) before it begins ({self.first})")

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def covers(self, other: Period) -> bool:
        """Whether every day of `other` is a day of this period."""
        return self.first <= other.first and other.last <= self.last

    def overlaps(self, other: Period) -> bool:
        """Whether the two have a day in common."""
        return self.first <= other.last and other.first <= self.last

    def next(self) -> date:
        """The first day after the period. Raises ValueError where the calendar ends (with the year 9999)."""
        if self.last == date.max:
            raise ValueError(f"there is no day after {self.last}")
        return self.last + DAY


def days(first: date, last: date) -> Period:
    """The range of days from `first` to `last`, both included."""
    return Period(first, last)


def month(year: int, number: int) -> Period:
    """The month `number` (1–12) of a year."""
    return _months(year, number, 1)


def period_of(grain: Grain, day: date) -> Period:
    """The period of the given grain that `day` lies in."""
    match grain:
        case Grain.DAY:
            return Period(day, day)
        case Grain.WEEK:
            return _week(day)
        case Grain.MONTH:
            return _months(day.year, day.month, 1)
        case Grain.QUARTER:
            return _months(day.year, (day.month - 1) // 3 * 3 + 1, 3)
        case Grain.YEAR:
            return _months(day.year, 1, 12)


def periods_between(grain: Grain, first: date, last: date) -> Iterator[Period]:
    """The periods of a grain from the one that holds `first` to the one that holds `last`, in order."""
    day = first
    while day <= last:
        period = period_of(grain, day)
        yield period
        if period.last >= last:
            return
        day = period.next()


def write(period: Period, grain: Grain) -> str:
    """The written form. Days and weeks are written as ranges, since pieces of a trend may be joined."""
    match grain:
        case Grain.MONTH:
            return f"{period.first.year:04}-{period.first.month:02}"
        case Grain.QUARTER:
            return f"{period.first.year:04}-Q{(period.first.month + 2) // 3}"
        case Grain.YEAR:
            return f"{period.first.year:04}"
        case _:
            return f"{period.first}/{period.last}"


def parse(text: str) -> tuple[Period, Grain | None]:
    """Read the written form.

    Returns the period and its grain; the grain of a range of days is `None`.
    Raises ValueError, naming the text, for anything that is not a well-formed period.
    """
    try:
        if found := _RANGE.fullmatch(text):
            return Period(date.fromisoformat(found[1]), date.fromisoformat(found[2])), None
        if found := _MONTH.fullmatch(text):
            return month(int(found[1]), int(found[2])), Grain.MONTH
        if found := _QUARTER.fullmatch(text):
            return _months(int(found[1]), int(found[2]) * 3 - 2, 3), Grain.QUARTER
        if found := _YEAR.fullmatch(text):
            return _months(int(found[1]), 1, 12), Grain.YEAR
    except ValueError as error:
        raise ValueError(f"{text!r} is not a period: {error}") from None
    raise ValueError(f"{text!r} is not a period: allowed are 2020-09, 2020-Q3, 2020 and 2020-09-07/2020-09-13")


def parse_month(text: str) -> Period:
    """Read `2020-09`. Raises ValueError for anything else."""
    if not _MONTH.fullmatch(text):
        raise ValueError(f"{text!r} is not a month: write it as 2020-09")
    return parse(text)[0]


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The civil date at a moment (an aware datetime) in a zone. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a naive datetime has no place in Fjes")
    try:
        return moment.astimezone(zone).date()
    except OverflowError:
        raise ValueError(f"{moment} is beyond the years 1 to 9999 in {zone}; set the clock right") from None


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first moment (UTC) of a civil day, also where daylight saving begins or ends at midnight.

    A day that a place skipped (Samoa, 30 December 2011) begins, and ends, at the moment of the skip.
    """
    # Where 00:00 does not exist, fold 0 reads it with the offset before the gap: that is the moment of the change.
    try:
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{day} begins beyond the years 1 to 9999 in {zone}; set the clock right") from None


def _months(year: int, first: int, count: int) -> Period:
    last = first + count - 1
    return Period(date(year, first, 1), date(year, last, monthrange(year, last)[1]))


def _week(day: date) -> Period:
    """The days of `day`'s ISO week within its month; a rest shorter than `SHORTEST_WEEK` at either end is joined."""
    whole = _months(day.year, day.month, 1)
    # Mondays that begin a piece: those that leave enough days before them, and after them, in the month.
    starts = [whole.first]
    monday = 1 + (7 - whole.first.weekday()) % 7
    for number in range(monday, whole.last.day + 1, 7):
        if number - 1 >= SHORTEST_WEEK and whole.last.day - number + 1 >= SHORTEST_WEEK:
            starts.append(whole.first.replace(day=number))
    first = max(start for start in starts if start <= day)
    last = min((start - DAY for start in starts if start > day), default=whole.last)
    return Period(first, last)
