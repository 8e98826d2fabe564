"""A database to look at in a large place: 1,000 terminals at 200 sites, five years of tables, all published.

Made as ingest would have made it: through the store, with the pooling of the terminals.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Engine

from dashboard import disclosure, places, store
from ratings.config import DEFAULT_QUESTION, LANGUAGES
from ratings.period import DAY, Grain, Period, period_of, periods_between, write
from ratings.pooling import LEAST, pool
from ratings.scale import ZERO, Counts, add
from ratings.table import COUNTED, Cells, Slice, Table, all_hours

TERMINALS, SITES = 1000, 200
YEARS = 5
THRESHOLD = 10
A_WEEK = (3, 12, 40, 120, 400)
"""How many ratings terminals have in a week, by turns: each site has one of each."""


@dataclass(frozen=True, slots=True)
class Made:
    """What is in the database."""

    tables: int
    ratings: int


def fill(engine: Engine, today: date, terminals: int = TERMINALS, sites: int = SITES, seed: int = 1) -> Made:
    """Fill an empty database that is up to date with all that was over before `today`, and publish it."""
    chance = random.Random(seed)
    first = period_of(Grain.QUARTER, today - timedelta(days=365 * YEARS)).first
    years = Period(first, period_of(Grain.MONTH, today).first - DAY)
    tables = ratings = 0
    for number in range(terminals):
        made = _tables(chance, years, A_WEEK[number // sites % len(A_WEEK)])
        with engine.begin() as connection:
            terminal = store.add_terminal(
                connection, f"Terminal {number:04}", f"Site {number % sites:03}", "Europe/Oslo"
            )
            store.merge(connection, terminal, f"00000000-0000-4000-8000-{number:012}", made, 1)
        tables += len(made)
        ratings += sum(sum(each.cells[COUNTED]) for each in made if each.slice is Slice.TOTAL)
    with store.reading(engine) as connection:
        ids = [site.id for site in places.sites(connection)]
    disclosure.publish_if_due(engine, ids, DEFAULT_QUESTION, today, THRESHOLD)
    return Made(tables, ratings)


def _tables(chance: random.Random, years: Period, a_week: int) -> list[Table]:
    hours = [hour for hour in all_hours() if hour.partition("-")[2] in {str(each) for each in range(9, 17)}]
    made: list[Table] = []
    for quarter in periods_between(Grain.QUARTER, years.first, years.last):
        whole = ZERO
        for month in periods_between(Grain.MONTH, quarter.first, min(quarter.last, years.last)):
            weeks = [(week, _counts(chance, a_week)) for week in periods_between(Grain.WEEK, month.first, month.last)]
            total = add(*(counts for _, counts in weeks))
            whole = add(whole, total)
            made.append(Table(DEFAULT_QUESTION, Slice.TOTAL, write(month, Grain.MONTH), {COUNTED: total}))
            made += [
                Table(DEFAULT_QUESTION, Slice.TREND, write(week, Grain.WEEK), {COUNTED: counts})
                for week, counts in weeks
                if sum(counts) >= LEAST
            ]
        made += [
            Table(DEFAULT_QUESTION, slice_, write(quarter, Grain.QUARTER), pool(slice_, cells, LEAST))
            for slice_, keys in ((Slice.LANGUAGE, LANGUAGES), (Slice.HOUR, hours))
            if quarter.last <= years.last and (cells := _spread(chance, whole, list(keys)))
        ]
    return made


def _counts(chance: random.Random, about: int) -> Counts:
    n = chance.randrange(about // 2, about * 3 // 2 + 1)
    worst, bad, good = (n * chance.randrange(share) // 100 for share in (6, 12, 35))
    return worst, bad, good, n - worst - bad - good


def _spread(chance: random.Random, whole: Counts, keys: list[str]) -> Cells:
    """Counts dealt out to keys by chance, so that they add up."""
    cells: dict[str, list[int]] = {}
    for score, n in enumerate(whole):
        for key in chance.choices(keys, k=n):
            cells.setdefault(key, [0, 0, 0, 0])[score] += 1
    return {key: (a, b, c, d) for key, (a, b, c, d) in cells.items()}
