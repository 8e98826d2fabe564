"""A year of simulated ratings for the demo: about ten a day, a dip in spring and its recovery, small languages.

Made of tables, as a terminal would have released them. Everywhere it is shown, the page says that it is simulated.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, insert

from dashboard import schema, store
from dashboard.happyornot import Hour
from dashboard.importing import tables
from ratings import period as periods
from ratings.config import DEFAULT_QUESTION
from ratings.period import Grain, Period
from ratings.pooling import LEAST, pool
from ratings.scale import ZERO, Counts, Score, add, one
from ratings.table import UNCHOSEN, Cells, Slice, Table

EPOCH = "51301a7e-d000-4000-8000-000000000000"
MONTHS = 12
LEAST_SO_FAR = 24
"""The running month has at least so many, on its first day too: a figure can be shown."""

_OPENS, _CLOSES = 10, 16
_LANGUAGES = {"nb": 40, "en": 20, "es": 11, "ro": 9, "bg": 6, "th": 3, UNCHOSEN: 11}
_MOOD = (4, 7, 24, 65)
"""Weights of the four scores in a usual month, worst first."""
_DIP = (16, 20, 30, 34)


def add_history(connection: Connection, terminal_id: str, now: datetime, seed: int = 1) -> None:
    """Store the simulated year before `now` (a local, aware datetime), and the running month up to it."""
    chance = random.Random(seed)  # noqa: S311 - a simulation that is the same every time
    hours: Counter[tuple[date, int, Score]] = Counter()
    for day in _days(now.date()):
        weights = _DIP if _is_dip(day, now.date()) else _MOOD
        for _ in range(_visits(day, now.date(), chance)):
            score = chance.choices(list(Score), weights)[0]
            hours[day, chance.randrange(_OPENS, _CLOSES), score] += 1
    counted: dict[Hour, Counts] = {}
    for (day, hour, score), n in hours.items():
        place = Hour("", day, hour, False)
        counted[place] = add(counted.get(place, ZERO), *[one(score)] * n)
    made = tables(counted, DEFAULT_QUESTION, Grain.WEEK, now.date())
    made += _languages(counted, chance)
    connection.execute(insert(schema.epoch).values(terminal_id=terminal_id, epoch=EPOCH, upto=1))
    store.merge(connection, terminal_id, EPOCH, made, 1)


def _days(today: date) -> Iterator[date]:
    first = periods.period_of(Grain.MONTH, today).first
    for _ in range(MONTHS):
        first = periods.period_of(Grain.MONTH, first - periods.DAY).first
    while first <= today:
        yield first
        first += timedelta(days=1)


def _visits(day: date, today: date, chance: random.Random) -> int:
    """Visits rated on a day: closed at weekends, quiet in July, enough today."""
    if day == today:
        return LEAST_SO_FAR
    if day.isoweekday() > 5:
        return 0
    return chance.randrange(2, 7) if day.month == 7 else chance.randrange(7, 14)


def _is_dip(day: date, today: date) -> bool:
    """The fifth and sixth month before the running one."""
    back = (today.year - day.year) * 12 + today.month - day.month
    return back in (5, 6)


def _languages(counted: dict[Hour, Counts], chance: random.Random) -> list[Table]:
    by_quarter: dict[Period, Cells] = {}
    for hour, counts in counted.items():
        cells = by_quarter.setdefault(periods.period_of(Grain.QUARTER, hour.day), {})
        for score in Score:
            for _ in range(counts[score]):
                language = chance.choices(list(_LANGUAGES), list(_LANGUAGES.values()))[0]
                cells[language] = add(cells.get(language, ZERO), one(score))
    return [
        Table(
            DEFAULT_QUESTION, Slice.LANGUAGE, periods.write(quarter, Grain.QUARTER), pool(Slice.LANGUAGE, cells, LEAST)
        )
        for quarter, cells in by_quarter.items()
    ]
