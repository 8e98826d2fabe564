"""Tables: all counts of one question, slice and period, from each key to four numbers.

There is nothing smaller than a table anywhere in Fjes: no row, message or log line for a single tap.
Written forms of slices and keys are stored and sent: DO NOT change them.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NewType

from ratings import period as periods
from ratings.period import Grain, Period
from ratings.scale import MAX_COUNT, ZERO, Counts, add

Epoch = NewType("Epoch", str)
"""A random UUID: the life of one store of ratings on one terminal (or of one import)."""

Revision = NewType("Revision", int)
"""A released table's number within its epoch, counted up from 1; 0 is before the first."""

Cells = dict[str, Counts]
"""From key to counts."""

COUNTED = "counted"
REPEAT = "repeat"
UNCHOSEN = "unchosen"
UNKNOWN = "unknown"
SKIPPED = "skipped"
OTHER = "other"

MOST_A_DAY = 86_400
"""More ratings than one a second, round the clock, are not people."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_HOUR = re.compile(r"([1-7])(?:/([1-7]))?-(\d{1,2})(?:/(\d{1,2}))?")
# Nearly all keys that ever come: known beforehand, since a busy terminal's table has every one of them.
_SINGLE_HOURS = {f"{day}-{hour}": (day, day, hour, hour + 1) for day in range(1, 8) for hour in range(24)}


class Slice(StrEnum):
    """By what a table divides the ratings of its period."""

    TOTAL = "total"
    TREND = "trend"
    LANGUAGE = "language"
    HOUR = "hour"
    REASON = "reason"


POOLED = (Slice.LANGUAGE, Slice.HOUR, Slice.REASON)
"""Slices whose small keys are pooled before release."""


@dataclass(frozen=True, slots=True)
class Table:
    """All counts of one question, slice and period. Keys without a rating may be left out."""

    question: str
    slice: Slice
    period: str
    cells: Cells = field(default_factory=dict)

    @property
    def days(self) -> Period:
        """The days the table is about."""
        return periods.parse(self.period)[0]

    @property
    def n(self) -> int:
        """How many ratings the table holds, repeats included: what a merge compares."""
        return sum(map(sum, self.cells.values()))

    @property
    def counted(self) -> Counts:
        """The sum of everything that enters a percentage: all keys but `repeat`."""
        return add(ZERO, *(counts for key, counts in self.cells.items() if key != REPEAT))


def is_name(text: str) -> bool:
    """Whether a text may be the id of a terminal, question or reason (it becomes a topic and a key)."""
    return _NAME.fullmatch(text) is not None


def hour_key(moment: datetime) -> str:
    """The `hour` key of a local time: ISO weekday and hour, `1-14` is Monday 14:00–14:59."""
    return f"{moment.isoweekday()}-{moment.hour}"


def stretch_key(first_day: int, last_day: int, begin: int, end: int) -> str:
    """The key of pooled hours: `1-12/16` is Monday 12:00–16:00, `1/3-0/24` Monday to Wednesday, all day.

    Weekdays are ISO (1 Monday to 7 Sunday), both included; `begin` and `end` are o'clock, 0–24.
    """
    weekdays = f"{first_day}" if first_day == last_day else f"{first_day}/{last_day}"
    hours = f"{begin}" if end == begin + 1 else f"{begin}/{end}"
    return f"{weekdays}-{hours}"


def parse_hour(key: str) -> tuple[int, int, int, int] | None:
    """Read an `hour` key: (first weekday, last weekday, begin, end); None for `unknown`, `other` and nonsense."""
    if single := _SINGLE_HOURS.get(key):
        return single
    found = _HOUR.fullmatch(key)
    if not found:
        return None
    first, begin = int(found[1]), int(found[3])
    last = int(found[2]) if found[2] else first
    end = int(found[4]) if found[4] else begin + 1
    if last < first or not begin < end <= 24 or key != stretch_key(first, last, begin, end):
        return None
    return first, last, begin, end


def all_hours() -> list[str]:
    """Every `hour` key that a tap can have."""
    return [*_SINGLE_HOURS, UNKNOWN]


def check(table: Table, today: date | None = None) -> None:
    """Raise ValueError, in words for IT, where a table is not well formed.

    `today`: refuse what begins more than a day after it; None when no clock is known right.
    """
    if not is_name(table.question):
        raise ValueError(f"question {table.question!r} is not a name: a–z, 0–9 and hyphens, at most 64")
    span, grain = periods.parse(table.period)
    length = (span.last - span.first).days + 1
    match table.slice:
        case Slice.TOTAL if grain is not Grain.MONTH:
            raise ValueError(f"a total is of a month, not of {table.period!r}")
        case Slice.TREND if grain is not None:
            raise ValueError(f"a trend is of a range of days, not of {table.period!r}")
        case Slice.TREND if not periods.period_of(Grain.MONTH, span.first).covers(span):
            raise ValueError(f"a piece of trend lies within one month, {table.period!r} does not")
        case Slice.LANGUAGE | Slice.HOUR | Slice.REASON if grain is None:
            raise ValueError(f"a table by {table.slice} is of a month, quarter or year, not of {table.period!r}")
    if today is not None and span.first > today + periods.DAY:
        raise ValueError(f"{table.period} lies in the future: today is {today}")
    for key, counts in table.cells.items():
        if not is_key(table.slice, key):
            raise ValueError(f"{key!r} is not a key of a table by {table.slice}")
        if len(counts) != 4 or min(counts) < 0 or max(counts) > MAX_COUNT:
            raise ValueError(f"counts of {key!r} are not four numbers from 0 to {MAX_COUNT}")
    if table.slice is Slice.HOUR and (doubled := _hour_in_two_keys(table.cells)):
        raise ValueError(f"the hour {doubled!r} stands in two keys")
    if table.n > MOST_A_DAY * length:
        raise ValueError(f"{table.n} ratings in {length} days are more than one a second, round the clock")


def _hour_in_two_keys(keys: Collection[str]) -> str | None:
    # Keys differ: no two single hours are the same, but a pooled stretch may hold one.
    seen = {key for key in keys if key in _SINGLE_HOURS}
    for first, last, begin, end in filter(None, (parse_hour(key) for key in keys if key not in seen)):
        for hour in (f"{day}-{o_clock}" for day in range(first, last + 1) for o_clock in range(begin, end)):
            if hour in seen:
                return hour
            seen.add(hour)
    return None


def is_key(slice_: Slice, key: str) -> bool:
    """Whether a key can stand in a table of this slice, before or after pooling."""
    match slice_:
        case Slice.TOTAL:
            return key in (COUNTED, REPEAT)
        case Slice.TREND:
            return key == COUNTED
        case Slice.LANGUAGE:
            return key in (UNCHOSEN, OTHER) or (len(key) <= 35 and _LANGUAGE.fullmatch(key) is not None)
        case Slice.HOUR:
            return key in (UNKNOWN, OTHER) or parse_hour(key) is not None
        case Slice.REASON:
            return key in (SKIPPED, OTHER) or is_name(key)
