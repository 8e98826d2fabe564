"""What may be shown by language, hour or reason: the tables that `slices.py` has published, told in bands.

A part of `disclosure.py`, through which pages ask for it. Knows nothing of percentages, words or pages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from dashboard import blocks_stored, schema, slices_stored
from dashboard.bands import EXACT, Band, Step, band, step
from dashboard.places import Area, Place, Terminal, site_ids
from dashboard.stretches import QUARTER, coarse, spans, widened
from dashboard.summing import Sum, added
from ratings.period import Grain, Period, periods_between
from ratings.scale import Counts
from ratings.table import Slice


@dataclass(frozen=True, slots=True)
class Part:
    """One key of a table by language, hour or reason. `counts`: only where all keys of all that is in it are large."""

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
    `apart`: sites that are left out since they have a table of several quarters, which would make the sum coarse.
    """

    requested: Period
    splits: tuple[Split, ...]
    total: Split | None
    hidden: tuple[Period, ...]
    missing: tuple[str, ...]
    apart: tuple[str, ...] = ()

    @property
    def widened(self) -> bool:
        """Whether a table reaches beyond what was asked for."""
        return self.total is not None and not self.requested.covers(self.total.days)


def splits(connection: Connection, place: Place, question: str, slice_: Slice, asked: Period, threshold: int) -> Splits:
    """The ratings of a terminal, a site or several sites by language, hour or reason, in a stretch of whole months.

    A terminal has a table only where it is never shown together with another in these days. Several sites are summed
    without tables that would make the sum coarse for little (`stretches.py`).
    """
    everything = slices_stored.shown(connection, place, question, slice_, threshold)
    left_out = _coarse(everything) if isinstance(place, Area) else set()
    tables = [each for each in everything if each[1] not in left_out]
    days = widened((each for _, each, _ in tables), asked)
    inside = [each for each in tables if each[1].overlaps(days)]
    sums = [(span, added(slice_, [each for *_, each in some])) for span, some in spans(inside, lambda each: each[1])]
    found = tuple(told(span, each) for span, each in sums)
    total = None
    if found:
        whole = Period(found[0].days.first, found[-1].days.last)
        total = told(whole, added(slice_, [each for _, each in sums]))
    months = periods_between(Grain.MONTH, days.first, days.last)
    hidden = tuple(month for month in months if not any(split.days.covers(month) for split in found))
    apart = {site_id for site_id, each, _ in everything if each in left_out and each.overlaps(days)}
    missing = _missing(connection, place, question, days, inside, apart)
    return Splits(asked, found, total, hidden, missing, _names(place, apart))


def _coarse(tables: Iterable[tuple[int, Period, Sum]]) -> set[Period]:
    numbers: Counter[Period] = Counter()
    for _, days, each in tables:
        numbers[days] += sum(map(sum, each.cells.values()))
    return coarse(numbers, QUARTER)


def tables_known(connection: Connection, place: Place, question: str, slice_: Slice) -> Period | None:
    """From the first to the last day that any published table of a place's sites is about; None before there is one."""
    table = schema.slice_table.c
    first, last = connection.execute(
        select(func.min(table.first_day), func.max(table.last_day))
        .where(table.site_id.in_(site_ids(place)))
        .where(table.question == question, table.slice == str(slice_))
    ).one()
    return Period(first, last) if first else None


def is_counted(connection: Connection, place: Place, question: str, slice_: Slice) -> bool:
    """Whether any terminal of a place's sites has ever sent a table by language, hour or reason."""
    table = schema.released.c
    found = connection.execute(
        select(table.terminal_id)
        .join(schema.terminal, schema.terminal.c.id == table.terminal_id)
        .where(schema.terminal.c.site_id.in_(site_ids(place)))
        .where(table.question == question, table.slice == str(slice_))
        .limit(1)
    ).first()
    return found is not None


def told(days: Period, whole: Sum) -> Split:
    """A sum of tables as it is told: exactly only where every key of each table is large.

    Were it told because its *own* keys are large, somebody could subtract the tables that are told by themselves, and
    have what is left exactly.
    """
    return Split(
        days,
        tuple(
            Part(key, band(sum(counts)), step(counts), counts if whole.least >= EXACT else None)
            for key, counts in sorted(whole.cells.items())
        ),
    )


def _missing(
    connection: Connection,
    place: Place,
    question: str,
    days: Period,
    inside: Sequence[tuple[int, Period, Sum]],
    apart: Collection[int],
) -> tuple[str, ...]:
    """Who has ratings in blocks of these days, and is in no table: terminals of a site, or whole sites."""
    if isinstance(place, Terminal):
        return ()
    if isinstance(place, Area):
        return _names(place, {site.id for site in place.sites} - {site_id for site_id, *_ in inside} - {*apart})
    there = {each for *_, some in inside for each in some.terminals}
    counted = blocks_stored.shown_terminals(connection, [place.id], question, days)
    return tuple(each.name for each in place.terminals if each.id in counted - there)


def _names(place: Place, site_ids_: Collection[int]) -> tuple[str, ...]:
    """What some sites of an area are called, in its order."""
    return tuple(site.name for site in place.sites if site.id in site_ids_) if isinstance(place, Area) else ()
