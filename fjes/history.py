"""A year of simulated ratings for the demo: about ten a day, a dip in spring and its recovery, languages, reasons.

Made of tables, as a terminal would have released them. Everywhere it is shown, the page says that it is simulated.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
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
from ratings.table import SKIPPED, UNCHOSEN, Cells, Slice, Table

EPOCH = "51301a7e-d000-4000-8000-000000000000"
MONTHS = 12
LEAST_SO_FAR = 24
"""The running month has at least so many, on its first day too: a figure can be shown."""

_OPENS, _CLOSES = 10, 16
_LANGUAGES = {"nb": 40, "en": 20, "es": 11, "ro": 9, "bg": 6, "th": 3, UNCHOSEN: 11}
_PRAISE = {"help": 26, "staff": 22, "privacy": 9, "place": 6, "information": 5, "waiting": 2, SKIPPED: 30}
_BLAME = {"waiting": 34, "information": 15, "place": 8, "staff": 6, "help": 5, "privacy": 2, SKIPPED: 30}
_MOOD = (4, 7, 24, 65)
"""Weights of the four scores in a usual month, worst first."""
_DIP = (16, 20, 30, 34)


def add_history(
    connection: Connection, terminal_id: str, now: datetime, seed: int = 1, *, follow_up: bool = False
) -> None:
    """Store the simulated year before `now` (a local, aware datetime), and the running month up to it.

    With `follow_up`, a reason was asked for all the year.
    """
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
    made += _by_quarter(counted, Slice.LANGUAGE, lambda _: _LANGUAGES, chance)
    if follow_up:
        made += _by_quarter(counted, Slice.REASON, lambda score: _PRAISE if score >= Score.HAPPY else _BLAME, chance)
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


def _by_quarter(
    counted: dict[Hour, Counts], slice_: Slice, weights: Callable[[Score], dict[str, int]], chance: random.Random
) -> list[Table]:
    """The ratings by a key that each is given by chance, of so many weights; pooled, as they leave a terminal."""
    by_quarter: dict[Period, Cells] = {}
    for hour, counts in counted.items():
        cells = by_quarter.setdefault(periods.period_of(Grain.QUARTER, hour.day), {})
        for score in Score:
            keys = weights(score)
            for _ in range(counts[score]):
                key = chance.choices(list(keys), list(keys.values()))[0]
                cells[key] = add(cells.get(key, ZERO), one(score))
    return [
        Table(DEFAULT_QUESTION, slice_, periods.write(quarter, Grain.QUARTER), pool(slice_, cells, LEAST))
        for quarter, cells in by_quarter.items()
    ]
