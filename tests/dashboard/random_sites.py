"""Random sites that publish as time goes by: whatever comes late, goes, or never comes. Without a database, so many.

Each step is what one look at the pages would publish, with the same functions as the dashboard's own.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from dashboard import blocks, lives, slices, trends
from dashboard.blocks import Published
from dashboard.slices import Books, Divided, Stored
from dashboard.trends import Shown
from ratings.period import DAY, Grain, Period, periods_between
from ratings.pooling import Piece, hold_one_back, pool
from ratings.scale import ZERO, Counts, Score, add, one
from ratings.table import POOLED, UNCHOSEN, Cells, Slice

SOURCE_MINIMUM = 5
LANGUAGES = ("nb", "en", "es", "bg", "th", "ro", UNCHOSEN)
HOURS = tuple(f"{day}-{hour}" for day in (1, 2, 3, 5) for hour in (10, 11, 14))
REASONS = ("help", "staff", "waiting")
KEYS = {Slice.LANGUAGE: LANGUAGES, Slice.HOUR: HOURS, Slice.REASON: REASONS}
START = date(2022, 1, 1)


class Released(NamedTuple):
    """A table, and the life of the terminal's store that it is of."""

    slice: Slice
    days: Period
    cells: Cells
    life: int


@dataclass
class Site:
    """What a site's terminals have released, and what of it was published."""

    threshold: int
    released: dict[str, list[Released]] = field(default_factory=dict)
    blocks: list[Published] = field(default_factory=list)
    trend: list[Shown] = field(default_factory=list)
    splits: dict[Slice, list[Divided]] = field(default_factory=lambda: {each: [] for each in POOLED})
    today: date = START

    @property
    def monthly(self) -> dict[str, dict[date, Counts]]:
        found: dict[str, dict[date, Counts]] = {}
        for terminal, tables in self.released.items():
            for table in tables:
                if table.slice is Slice.TOTAL and table.days.last < self.today:
                    months = found.setdefault(terminal, {})
                    months[table.days.first] = add(months.get(table.days.first, ZERO), *table.cells.values())
        return found

    @property
    def pieces(self) -> dict[str, list[Piece]]:
        found: dict[str, list[Piece]] = {}
        for terminal, tables in self.released.items():
            by_life: dict[int, list[Piece]] = {}
            for table in tables:
                if table.slice is Slice.TREND and table.days.last < self.today:
                    by_life.setdefault(table.life, []).append(Piece(table.days, add(*table.cells.values())))
            if by_life:
                found[terminal] = lives.together(by_life.values())
        return found

    def stored(self, slice_: Slice) -> list[Stored]:
        return [
            Stored(terminal, table.days, table.cells)
            for terminal, tables in self.released.items()
            for table in tables
            if table.slice is slice_
        ]

    def publish(self) -> None:
        """One look at the pages."""
        told = trends.told(self.trend, self.pieces)
        self.blocks = blocks.plan(self.blocks, self.monthly, self.today, self.threshold, told)
        made = trends.plan(self.trend, self.pieces, set(), self.blocks, self.today, self.threshold)
        self.trend = sorted([*self.trend, *made], key=lambda each: each.days)
        for slice_ in POOLED:
            books = Books(slice_, self.stored(slice_), self.blocks, self.monthly, self.today, self.threshold)
            self.splits[slice_] = slices.plan(self.splits[slice_], books)


def grow(seed: int, *, most_terminals: int = 4, threshold: int = 10) -> Site:
    """A site over some months, published after each step; deterministic in its seed."""
    chance = random.Random(seed)
    site = Site(threshold)
    end = START + timedelta(days=30 * chance.choice((3, 6, 8)))
    wings = [_terminal(chance, f"t{number}", end) for number in range(chance.randint(1, most_terminals))]
    day = START
    while day <= end + timedelta(days=40):
        site.today = day
        for terminal, arriving in wings:
            for table in [each for each in arriving if each[0] <= day]:
                arriving.remove(table)
                site.released.setdefault(terminal, []).append(table[1])
        site.publish()
        day += timedelta(days=chance.choice((1, 3, 7, 11)))
    return site


Arriving = list[tuple[date, Released]]
Tap = tuple[date, Score, dict[Slice, str]]


def _terminal(chance: random.Random, name: str, end: date) -> tuple[str, Arriving]:
    """A terminal's tables, each with the day on which it arrives. Some have had two lives, of which one is late."""
    busy = chance.choice((0.05, 0.15, 0.4, 1.0, 3.0))
    grain = chance.choice((Grain.MONTH, Grain.QUARTER))
    first = START + timedelta(days=chance.choice((0, 0, 0, 20, 45)))
    last = end - timedelta(days=chance.choice((0, 0, 0, 20, 45)))
    mood = chance.choice(((1, 1, 4, 8), (0, 0, 1, 9), (3, 3, 3, 3)))
    taps = [
        (day, chance.choices(list(Score), mood)[0], {slice_: chance.choice(keys) for slice_, keys in KEYS.items()})
        for day in (first + DAY * number for number in range(max(1, (last - first).days)))
        for _ in range(_visits(chance, busy, day))
    ]
    arriving = _life(chance, taps, Period(first, end), grain, chance.choice((0, 0, 0, 1, 5, 20)), 0)
    if chance.random() < 0.4:
        again = [tap for tap in taps if chance.random() < 0.3]
        arriving += _life(chance, again, Period(first, end), grain, chance.choice((1, 20, 60)), 1)
    return name, arriving


def _life(
    chance: random.Random, taps: list[Tap], days: Period, grain: Grain, late: int, life: int
) -> list[tuple[date, Released]]:
    """What one store releases of some taps, pooled and held back as at the source."""
    arriving: Arriving = []
    for month in periods_between(Grain.MONTH, days.first, days.last):
        counted = add(ZERO, *(one(score) for day, score, _ in taps if day in month))
        arriving.append((_arrival(chance, month, late), Released(Slice.TOTAL, month, {"counted": counted}, life)))
        ended: list[Piece] = []
        sent: list[Piece] = []
        for week in periods_between(Grain.WEEK, month.first, month.last):
            ended.append(Piece(week, add(ZERO, *(one(score) for day, score, _ in taps if day in week))))
            unseen = [piece for piece in ended if not any(each.days.covers(piece.days) for each in sent)]
            for piece in hold_one_back(unseen, SOURCE_MINIMUM, complete=week.last == month.last)[0]:
                sent.append(piece)
                if piece.n:
                    table = Released(Slice.TREND, piece.days, {"counted": piece.counts}, life)
                    arriving.append((_arrival(chance, week, late), table))
    for slice_ in POOLED:
        for period in periods_between(grain, days.first, days.last):
            cells: Cells = {}
            for day, score, keys in taps:
                if day in period:
                    cells[keys[slice_]] = add(cells.get(keys[slice_], ZERO), one(score))
            if cells:
                table = Released(slice_, period, pool(slice_, cells, SOURCE_MINIMUM), life)
                arriving.append((_arrival(chance, period, late), table))
    return arriving


def _visits(chance: random.Random, busy: float, day: date) -> int:
    return int(busy) + (chance.random() < busy % 1) if day.isoweekday() in (1, 2, 3, 5) else 0


def _arrival(chance: random.Random, period: Period, late: int) -> date:
    """The day after the period has closed, or some time later."""
    return period.last + DAY + timedelta(days=chance.choice((0, 0, 0, late)))
