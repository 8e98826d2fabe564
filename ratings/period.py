"""Civil periods: days, weeks cut at month ends, months, quarters, years.

A period is a run of whole local days, `first` to `last`, both included. Where a day begins is a matter of
the terminal's time zone; only `local_day` and `start_of_day` know about zones.

Written form (stored and sent, DO NOT change): `2020-09` month, `2020-Q3` quarter, `2020` year,
`2020-09-07/2020-09-13` a range of days (a day is a range of one).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
SHORTEST_WEEK = 4
"""A rest of a week with fewer days than this joins the week beside it."""

_MONTH = re.compile(r"(\d{4})-(\d{2})")
_QUARTER = re.compile(r"(\d{4})-Q([1-4])")
_YEAR = re.compile(r"(\d{4})")
_RANGE = re.compile(r"(\d{4}-\d{2}-\d{2})/(\d{4}-\d{2}-\d{2})")


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
        """The first day after the period."""
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
        day = period.next()


def write(period: Period, grain: Grain) -> str:
    """The written form. Days and weeks are written as ranges, since pieces of a trend may be joined."""
    match grain:
        case Grain.MONTH:
            return f"{period.first:%Y-%m}"
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
    """The civil date at a moment (an aware datetime) in a zone."""
    if moment.tzinfo is None:
        raise ValueError("a naive datetime has no place in Fjes")
    return moment.astimezone(zone).date()


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first moment (UTC) of a civil day, also where daylight saving begins at midnight."""
    # Where 00:00 does not exist, fold 0 reads it with the offset before the gap: that is the moment of the change.
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _months(year: int, first: int, count: int) -> Period:
    begin = date(year, first, 1)
    end = first + count
    # The last day is asked for by the next month's first day; year 9999 has no next.
    following = date(year + (end - 1) // 12, (end - 1) % 12 + 1, 1)
    return Period(begin, following - DAY)


def _week(day: date) -> Period:
    whole = _months(day.year, day.month, 1)
    first = max(whole.first, day - DAY * day.weekday())
    last = min(whole.last, day + DAY * (6 - day.weekday()))
    if (last - first).days + 1 < SHORTEST_WEEK:
        # The rest of a week at a month's edge joins its neighbour within the month.
        return _week(last + DAY) if first == whole.first else _week(first - DAY)
    before, after = first - DAY, last + DAY
    if 0 < (before - whole.first).days + 1 < SHORTEST_WEEK:
        first = whole.first
    if 0 < (whole.last - after).days + 1 < SHORTEST_WEEK:
        last = whole.last
    return Period(first, last)
