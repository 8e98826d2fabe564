"""What may be shown by language, hour or reason: the tables that `slices.py` has published, told in bands.

A part of `disclosure.py`, through which pages ask for it. Knows nothing of percentages, words or pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from dashboard import blocks as totals
from dashboard import slices
from dashboard.bands import EXACT, Band, Step, band, step
from dashboard.places import Place, Site, Terminal, site_ids
from dashboard.stretches import spans, widened
from dashboard.summing import together
from ratings.period import Grain, Period, periods_between
from ratings.pooling import pool
from ratings.scale import Counts
from ratings.table import Cells, Slice


@dataclass(frozen=True, slots=True)
class Part:
    """One key of a table by language, hour or reason. `counts`: only where all keys of the table are large."""

    key: str
    n: Band
    satisfied: Step
    counts: Counts | None


@dataclass(frozen=True, slots=True)
class Split:
    """The ratings of some days by language, hour or reason, keys in order."""

    days: Period
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Splits:
    """A stretch of months by language, hour or reason: the tables in order, and the months that are in none.

    `total`: all the tables together. `missing`: terminals (of a site) or sites that have ratings there and are in none.
    """

    requested: Period
    splits: tuple[Split, ...]
    total: Split | None
    hidden: tuple[Period, ...]
    missing: tuple[str, ...]

    @property
    def widened(self) -> bool:
        """Whether a table reaches beyond what was asked for."""
        return self.total is not None and not self.requested.covers(self.total.days)


def splits(connection: Connection, place: Place, question: str, slice_: Slice, asked: Period, threshold: int) -> Splits:
    """The ratings of a terminal, a site or several sites by language, hour or reason, in a stretch of whole months.

    A terminal has a table only where it is never shown together with another in these days.
    """
    published = slices.stored(connection, site_ids(place), question, slice_)
    units = [
        (site_id, table.days, unit.terminals, cells)
        for site_id, tables in published.items()
        for table in tables
        for unit in table.units
        if (cells := _large(slice_, unit.cells, threshold))
        and (not isinstance(place, Terminal) or unit.terminals == (place.id,))
    ]
    days = widened((each for _, each, _, _ in units), asked)
    inside = [each for each in units if each[1].overlaps(days)]
    sums = [
        (span, together(slice_, [cells for *_, cells in some])) for span, some in spans(inside, lambda each: each[1])
    ]
    found = tuple(told(span, cells) for span, cells in sums)
    total = None
    if found:
        whole = Period(found[0].days.first, found[-1].days.last)
        total = told(whole, together(slice_, [cells for _, cells in sums]))
    months = periods_between(Grain.MONTH, days.first, days.last)
    hidden = tuple(month for month in months if not any(split.days.covers(month) for split in found))
    return Splits(asked, found, total, hidden, _missing(connection, place, question, days, inside))


def _large(slice_: Slice, cells: Cells, threshold: int) -> Cells:
    """A unit's cells as they may be shown, pooled again where the threshold was raised since; none: not at all."""
    if all(sum(counts) >= threshold for counts in cells.values()):
        return cells
    pooled = pool(slice_, cells, threshold)
    return pooled if all(sum(counts) >= threshold for counts in pooled.values()) else {}


def told(days: Period, cells: Cells) -> Split:
    """The table as it is told: exactly only where every key is large."""
    exact = all(sum(counts) >= EXACT for counts in cells.values())
    return Split(
        days,
        tuple(
            Part(key, band(sum(counts)), step(counts), counts if exact else None)
            for key, counts in sorted(cells.items())
        ),
    )


def _missing(
    connection: Connection,
    place: Place,
    question: str,
    days: Period,
    inside: Sequence[tuple[int, Period, tuple[str, ...], Cells]],
) -> tuple[str, ...]:
    """Who has ratings in blocks of these days, and is in no table: terminals of a site, or whole sites."""
    if isinstance(place, Terminal):
        return ()
    if not isinstance(place, Site):
        return tuple(site.name for site in place if site.id not in {site_id for site_id, *_ in inside})
    there = {each for _, _, terminals, _ in inside for each in terminals}
    published = totals.stored(connection, [place.id], question).get(place.id, [])
    counted = {
        each
        for block in published
        if block.days.overlaps(days)
        for group in block.groups
        for each in group.terminals
        if group.n
    }
    return tuple(each.name for each in place.terminals if each.id in counted - there)
