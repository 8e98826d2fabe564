"""How long publication, the audit and a page's disclosure take: 100 terminals, two years, six languages.

At a hundred sites, at one, and between. Small terminals among large ones, so that there is much to hide.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from statistics import median

from sqlalchemy import Engine

from bench.figures import verdict
from dashboard import disclosure, places, store
from dashboard.audit import audit
from dashboard.places import Site
from ratings.config import DEFAULT_QUESTION, LANGUAGES
from ratings.period import Grain, Period, periods_between, write
from ratings.pooling import LEAST, pool
from ratings.scale import ZERO, Counts, Score, add, one
from ratings.table import COUNTED, Cells, Slice, Table, all_hours

TERMINALS, SITES, YEARS = 100, (100, 20, 5, 1), Period(date(2023, 1, 1), date(2024, 12, 31))
YEAR = Period(date(2024, 1, 1), date(2024, 12, 31))
TODAY = date(2025, 2, 1)
A_MONTH = (2, 8, 25, 60, 300)
"""How many ratings terminals have in a month, by turns."""
THRESHOLD = 10
PAGES = 50


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds."""

    publish: float
    audit: float
    pages: list[float]
    hidden: int
    findings: int


def measure(folder: Path, sites: int) -> Times:
    engine = store.open_engine(f"sqlite:///{folder / f'disclosing-{sites}.db'}")
    try:
        store.upgrade(engine)
        _fill(engine, sites)
        with store.reading(engine) as connection:
            there = places.sites(connection)
        ids = [site.id for site in there]
        publish = _seconds(lambda: disclosure.publish_if_due(engine, ids, DEFAULT_QUESTION, TODAY, THRESHOLD))
        began = time.perf_counter()
        with store.reading(engine) as connection:
            found = audit(connection, datetime(2025, 2, 1, 12, tzinfo=UTC), THRESHOLD)
        took = time.perf_counter() - began
        pages = [
            median(_seconds(partial(page, engine, there[number % len(there)])) for number in range(PAGES))
            for page in (_overview, _splits)
        ]
        return Times(publish, took, pages, found.hidden, len(found.findings))
    finally:
        engine.dispose()


def _overview(engine: Engine, site: Site) -> None:
    """What the overview of a site asks for: a year of totals, its trend, and the month so far."""
    disclosure.publish_if_due(engine, [site.id], DEFAULT_QUESTION, TODAY, THRESHOLD)
    with store.reading(engine) as connection:
        disclosure.blocks(connection, site, DEFAULT_QUESTION, YEAR, THRESHOLD)
        disclosure.trend(connection, site, DEFAULT_QUESTION, YEAR, THRESHOLD)
        disclosure.month_so_far(connection, site, DEFAULT_QUESTION, TODAY, THRESHOLD)


def _splits(engine: Engine, site: Site) -> None:
    """A year of a site by language, and by hour."""
    disclosure.publish_if_due(engine, [site.id], DEFAULT_QUESTION, TODAY, THRESHOLD)
    with store.reading(engine) as connection:
        for slice_ in (Slice.LANGUAGE, Slice.HOUR):
            disclosure.splits(connection, site, DEFAULT_QUESTION, slice_, YEAR, THRESHOLD)


def _seconds(call: Callable[[], None]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _fill(engine: Engine, sites: int) -> None:
    chance = random.Random(1)
    hours = [hour for hour in all_hours() if hour.partition("-")[2] in {str(each) for each in range(9, 17)}]
    with engine.begin() as connection:
        for number in range(TERMINALS):
            place = f"Site {number % sites:02}"
            terminal = store.add_terminal(connection, f"Terminal {number:03}", place, "Europe/Oslo")
            epoch = f"00000000-0000-4000-8000-{number:012}"
            store.merge(connection, terminal, epoch, _tables(chance, A_MONTH[number // sites % len(A_MONTH)], hours), 1)


def _tables(chance: random.Random, a_month: int, hours: list[str]) -> list[Table]:
    made: list[Table] = []
    for quarter in periods_between(Grain.QUARTER, YEARS.first, YEARS.last):
        keys: dict[Slice, Cells] = {Slice.LANGUAGE: {}, Slice.HOUR: {}}
        for month in periods_between(Grain.MONTH, quarter.first, quarter.last):
            weeks = list(periods_between(Grain.WEEK, month.first, month.last))
            by_week: dict[Period, Counts] = {}
            for _ in range(chance.randrange(a_month // 2, a_month * 3 // 2 + 1)):
                score = one(chance.choices(list(Score), (4, 7, 24, 65))[0])
                week = chance.choice(weeks)
                by_week[week] = add(by_week.get(week, ZERO), score)
                for cells, key in zip(keys.values(), (chance.choice(LANGUAGES), chance.choice(hours)), strict=True):
                    cells[key] = add(cells.get(key, ZERO), score)
            total = add(ZERO, *by_week.values())
            made.append(Table(DEFAULT_QUESTION, Slice.TOTAL, write(month, Grain.MONTH), {COUNTED: total}))
            made += [
                Table(DEFAULT_QUESTION, Slice.TREND, write(week, Grain.WEEK), {COUNTED: counts})
                for week, counts in by_week.items()
            ]
        made += [
            Table(DEFAULT_QUESTION, slice_, write(quarter, Grain.QUARTER), pool(slice_, cells, LEAST))
            for slice_, cells in keys.items()
            if cells
        ]
    return made


def main(folder: Path) -> None:
    both, slowest = 0.0, 0.0
    for sites in SITES:
        times = measure(folder, sites)
        print(
            f"  {sites} sites: published in {times.publish:.2f} s, audited in {times.audit:.2f} s "
            f"({times.hidden:,} hidden counts, {times.findings} findings); "
            f"an overview {1000 * times.pages[0]:.1f} ms, languages and hours {1000 * times.pages[1]:.1f} ms",
            flush=True,
        )
        both, slowest = max(both, times.publish + times.audit), max(slowest, *times.pages)
    print(verdict("disclosure and audit", "under 10 s", f"{both:.1f} s", met=both < 10))
    print(verdict("a page's disclosure", "under 10 ms", f"{1000 * slowest:.1f} ms", met=slowest < 0.01))
