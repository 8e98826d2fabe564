"""Whether a terminal's books balance: where its slices were counted side by side, they hold the same ratings.

The `counted` of a month equals its pieces of trend, and a quarter's languages, hours and reasons each equal its months,
score by score. What does not is still shown as it is: data is data; it is an error of that terminal, for IT to know.
Compares counts and gives out none.

Settings may change, and then the books need not balance by themselves. A slice whose periods became longer overlaps
what was released before, and is compared together with it. Trend and reasons can be switched on and off, so that in the
first and the last period of theirs something may be missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, select

from dashboard import lives, schema
from dashboard.stretches import joined
from ratings import period as periods
from ratings.period import Grain, Period
from ratings.pooling import Piece
from ratings.scale import ZERO, Counts, add
from ratings.table import Slice

SWITCHED = (Slice.TREND, Slice.REASON)
"""What can be switched on and off while the rest is counted."""


@dataclass(frozen=True, slots=True)
class Imbalance:
    """What one slice of a terminal holds in some days is not what its months hold."""

    terminal_id: str
    epoch: str
    question: str
    slice: Slice
    days: Period


def imbalances(
    connection: Connection, terminals: Iterable[str] | None = None, since: int | None = None
) -> list[Imbalance]:
    """Every one of some terminals, or of all, `since` the beginning of a year, or ever. No period goes beyond a year.

    What was imported is not looked at: nobody counted it side by side.
    """
    table = schema.released.c
    query = select(
        table.terminal_id,
        table.epoch,
        table.question,
        table.slice,
        table.first_day,
        table.last_day,
        table.very_unhappy,
        table.unhappy,
        table.happy,
        table.very_happy,
    ).where(table.epoch.not_in(select(schema.imported.c.epoch)))
    if terminals is not None:
        query = query.where(table.terminal_id.in_(list(terminals)))
    if since is not None:
        query = query.where(table.first_day >= date(since, 1, 1))
    rows = connection.execution_options(yield_per=1000).execute(
        query.order_by(table.terminal_id, table.epoch, table.question)
    )
    found = []
    for (terminal, epoch, question), group in groupby(rows, key=lambda row: tuple(row[:3])):
        found += [Imbalance(terminal, epoch, question, slice_, days) for slice_, days in _unequal(group)]
    return found


def _unequal(rows: Iterable[Any]) -> Iterator[tuple[Slice, Period]]:
    """The slices, and the days, in which one epoch's tables of one question do not agree with its months."""
    pieces: dict[Slice, list[Piece]] = {}
    for row in rows:
        pieces.setdefault(Slice(row.slice), []).append(Piece(Period(row.first_day, row.last_day), tuple(row[6:10])))
    months = pieces.pop(Slice.TOTAL, [])
    for slice_, found in sorted(pieces.items()):
        together = _by_month(found, months) if slice_ is Slice.TREND else joined(found)
        for number, piece in enumerate(together):
            whole = _sum(month for month in months if piece.days.covers(month.days))
            at_an_end = slice_ in SWITCHED and number in (0, len(together) - 1)
            missing = all(part <= of for part, of in zip(piece.counts, whole, strict=True))
            if piece.counts != whole and not (at_an_end and missing):
                yield slice_, piece.days


def _by_month(pieces: Iterable[Piece], months: Iterable[Piece]) -> list[Piece]:
    """The trend of each month that is over: while it runs, its last pieces are still on the card."""
    over = {month.days for month in months}
    by_month = groupby(lives.apart(pieces), key=lambda piece: periods.period_of(Grain.MONTH, piece.days.first))
    return [Piece(month, _sum(group)) for month, group in by_month if month in over]


def _sum(pieces: Iterable[Piece]) -> Counts:
    return add(ZERO, *(piece.counts for piece in pieces))
