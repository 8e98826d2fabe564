"""What may be shown: every figure that leaves the dashboard (page, chart, table, file) comes from here.

Totals come as the blocks that `blocks.py` has published, the trend as the pieces of `trends.py`, languages, hours and
reasons (`splits.py`) as the tables of `slices.py`, in bands. A range that cuts one of them is widened, a sum is
the sum of what is shown, and what is hidden has no figure. Knows nothing of percentages, words or pages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from dashboard import blocks_stored, schema, trends
from dashboard.beside import Beside, Together, beneath, terminals
from dashboard.blocks import GRACE
from dashboard.blocks_stored import NAMES, Whole
from dashboard.places import Area, Place, Site, Terminal, site_ids
from dashboard.publishing import Change, changes, publish, publish_if_due
from dashboard.repeats import REPEATS_BESIDE, SetAside, repeat_bands, repeats
from dashboard.splits import Part, Split, Splits, is_counted, splits, tables_known
from dashboard.stretches import coarse, spans
from dashboard.totals import Block, Shown, of_site, of_terminal, summed
from ratings.period import Grain, Period, period_of
from ratings.pooling import Piece, hold_one_back
from ratings.scale import Counts, add
from ratings.table import Slice

__all__ = [
    "GRACE",
    "REPEATS_BESIDE",
    "Beside",
    "Block",
    "Change",
    "Part",
    "SetAside",
    "Shown",
    "SoFar",
    "Split",
    "Splits",
    "Together",
    "Trend",
    "beneath",
    "blocks",
    "changes",
    "is_counted",
    "month_so_far",
    "months_known",
    "publish",
    "publish_if_due",
    "questions",
    "questions_by_site",
    "repeat_bands",
    "repeats",
    "splits",
    "tables_known",
    "terminals",
    "trend",
    "trend_kept",
    "trend_of",
    "trend_until",
]


@dataclass(frozen=True, slots=True)
class Trend:
    """Pieces in order. `missing`: where several sites are summed, those that a site has no part in, by its name."""

    pieces: tuple[Piece, ...]
    missing: tuple[tuple[str, tuple[Period, ...]], ...]


@dataclass(frozen=True, slots=True)
class SoFar:
    """The running month as it may be shown. `days` and `counts` are None while nothing may be.

    `live`: a running count is in it, with no promise of anonymity.
    """

    month: Period
    days: Period | None
    counts: Counts | None
    live: bool


def questions(connection: Connection, site_ids: Sequence[int]) -> list[str]:
    """The ids of the questions that some sites have totals of, the latest first."""
    table = schema.released.c
    latest = func.max(table.first_day)  # which is in the index; of months the order is the same
    rows = connection.execute(
        select(table.question)
        .join(schema.terminal, schema.terminal.c.id == table.terminal_id)
        .where(schema.terminal.c.site_id.in_(site_ids), table.slice == str(Slice.TOTAL))
        .group_by(table.question)
        .order_by(latest.desc(), table.question)
    )
    return list(rows.scalars())


def questions_by_site(connection: Connection) -> dict[int, list[str]]:
    """The ids of the questions of each site that has totals, in one look: each by itself reads all there is."""
    table, terminal = schema.released.c, schema.terminal.c
    rows = connection.execute(
        select(terminal.site_id, table.question)
        .join(schema.terminal, terminal.id == table.terminal_id)
        .where(table.slice == str(Slice.TOTAL))
        .group_by(terminal.site_id, table.question)
    )
    found: dict[int, list[str]] = {}
    for site_id, question in rows:
        found.setdefault(site_id, []).append(question)
    return found


def months_known(connection: Connection, place: Place, question: str) -> Period | None:
    """From the first to the last month that any block of a place's sites is about; None before there is one."""
    table = schema.block.c
    first, last = connection.execute(
        select(func.min(table.first_day), func.max(table.last_day)).where(
            table.site_id.in_(site_ids(place)), table.question == question
        )
    ).one()
    return Period(first, last) if first else None


def blocks(connection: Connection, place: Place, question: str, asked: Period, threshold: int) -> Shown:
    """The published blocks of a terminal, a site or several sites together in a stretch of whole months.

    A terminal has a figure only in blocks where it is a group by itself. Several sites are summed over stretches that
    cut no block of any of them.
    """
    if isinstance(place, Terminal):
        published = blocks_stored.stored(connection, [place.site_id], question, asked).get(place.site_id, [])
        return summed([(place.name, of_terminal(place.id, published, threshold))], asked)
    days = blocks_stored.uncut(connection, site_ids(place), question, asked)
    wholes = blocks_stored.wholes(connection, site_ids(place), question, days)
    sites = [place] if isinstance(place, Site) else place.sites
    return summed([(site.name, of_site(wholes.get(site.id, []), threshold)) for site in sites], asked)


def trend(connection: Connection, place: Place, question: str, asked: Period, threshold: int) -> tuple[Piece, ...]:
    """The pieces of `trend_of`."""
    return trend_of(connection, place, question, asked, threshold).pieces


def trend_of(connection: Connection, place: Place, question: str, asked: Period, threshold: int) -> Trend:
    """The trend of some days: of a site also that of the running month.

    A terminal has pieces only where it is alone in them. Several sites: from blocks whose pieces are all shown,
    coarsened to common unions, without those pieces that would make them coarse for little (`stretches.py`).
    """
    # Whole months: a part of one, gathered anew, would be another figure to subtract.
    first, last = (period_of(Grain.MONTH, day) for day in (asked.first, asked.last))
    days = blocks_stored.uncut(connection, site_ids(place), question, Period(first.first, last.last))
    wholes = blocks_stored.wholes(connection, site_ids(place), question, days)
    found: dict[int, list[Piece]] = {}
    for site_id, pieces in trends.stored(connection, site_ids(place), question, days).items():
        for within in _stretches(wholes.get(site_id, []), pieces, several=isinstance(place, Area)):
            mine = [each for each in pieces if within.covers(each.days)]
            gathered = hold_one_back([each.piece for each in mine], threshold, complete=True)[0]
            if not isinstance(place, Terminal) or all(each.terminals == (place.id,) for each in mine):
                found.setdefault(site_id, []).extend(piece for piece in gathered if piece.n >= threshold)
    if isinstance(place, Area):
        found = _without_coarse(found)
    sums = [
        (Piece(span, add(*(piece.counts for _, piece in some))), {site_id for site_id, _ in some})
        for span, some in spans(
            [(site_id, piece) for site_id, some in found.items() for piece in some], lambda each: each[1].days
        )
        if span.overlaps(asked)
    ]
    missing = [
        (site.name, tuple(piece.days for piece, there in sums if site.id not in there))
        for site in (place.sites if isinstance(place, Area) and sums else ())
    ]
    return Trend(tuple(piece for piece, _ in sums), tuple(each for each in missing if each[1]))


def _without_coarse(found: dict[int, list[Piece]]) -> dict[int, list[Piece]]:
    numbers: Counter[Period] = Counter()
    for pieces in found.values():
        numbers.update({piece.days: piece.n for piece in pieces})
    left_out = coarse(numbers)
    return {each: [piece for piece in pieces if piece.days not in left_out] for each, pieces in found.items()}


def trend_kept(connection: Connection, place: Place, question: str, asked: Period) -> dict[str, bool]:
    """Whether terminals keep a trend: of those that are in published blocks of some days, by their ids.

    All that they have in these blocks would be in pieces, too: that there is none says how they are set, and no more.
    """
    days = blocks_stored.uncut(connection, site_ids(place), question, asked)
    shown = blocks_stored.shown_terminals(connection, site_ids(place), question, days)
    keeping = trends.keeping(connection, shown, question, days)
    return {each: each in keeping for each in shown}


def trend_until(connection: Connection, site: Site, question: str) -> dict[str, date]:
    """The last day of the last published piece that a terminal has a part in, by its id. No count is in it."""
    found: dict[str, date] = {}
    for each in trends.stored(connection, [site.id], question).get(site.id, []):
        found |= dict.fromkeys(each.terminals, each.days.last)
    return found


def _stretches(wholes: Sequence[Whole], pieces: Sequence[trends.Shown], *, several: bool) -> list[Period]:
    """The days of blocks whose trend may be shown, and of months that are in no block yet."""
    found: list[Period] = []
    for whole in wholes:
        balanced = whole.counts == add(*(each.piece.counts for each in pieces if whole.days.covers(each.days)))
        if not whole.withdrawn and (balanced or not several):
            found.append(whole.days)
    if not several:
        months = {period_of(Grain.MONTH, each.days.first) for each in pieces}
        found += [month for month in months if not any(whole.days.overlaps(month) for whole in wholes)]
    return sorted(found)


def month_so_far(connection: Connection, site: Site, question: str, today: date, threshold: int) -> SoFar:
    """The running month of a site: the pieces of its trend that were published.

    Live terminals give their running total instead, once it reaches the threshold.
    """
    month = period_of(Grain.MONTH, today)
    shown = list(trend(connection, site, question, month, threshold))
    running = _running(connection, [each.id for each in site.terminals if each.live], question, month)
    is_live = sum(map(sum, running)) >= threshold
    if is_live:
        until = min(month.last, today)
        shown += [Piece(Period(month.first, until), counts) for counts in running]
    if not shown:
        return SoFar(month, None, None, False)
    days = Period(min(piece.days.first for piece in shown), max(piece.days.last for piece in shown))
    return SoFar(month, days, add(*(piece.counts for piece in shown)), is_live)


def _running(connection: Connection, live: Sequence[str], question: str, month: Period) -> list[Counts]:
    """The running totals of live terminals."""
    table = schema.released.c
    rows = connection.execute(
        select(*(func.sum(table[name]) for name in NAMES))
        .where(table.slice == str(Slice.TOTAL), table.question == question, table.terminal_id.in_(live))
        .where(table.first_day == month.first, table.last_day == month.last)
        .group_by(table.terminal_id)
    )
    return [(int(row[0]), int(row[1]), int(row[2]), int(row[3])) for row in rows]
