"""What may be shown: every figure that leaves the dashboard (page, chart, table, file) comes from here.

Totals come as the blocks that `blocks.py` has published, the trend as the pieces of `trends.py`, languages, hours and
reasons (`splits.py`) as the tables of `slices.py`, in bands. A range that cuts one of them is widened, a sum is
the sum of what is shown, and what is hidden has no figure. Knows nothing of percentages, words or pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from dashboard import blocks as totals
from dashboard import schema, trends
from dashboard.blocks import NAMES, Group, Published
from dashboard.places import Place, Site, Terminal, site_ids
from dashboard.publishing import publish, publish_if_due
from dashboard.splits import Part, Split, Splits, splits
from dashboard.stretches import spans, widened
from ratings.period import Grain, Period, period_of, periods_between
from ratings.pooling import Piece, group_small, hold_one_back
from ratings.scale import Counts, add
from ratings.table import Slice

__all__ = [
    "Block",
    "Part",
    "Shown",
    "SoFar",
    "Split",
    "Splits",
    "blocks",
    "month_so_far",
    "publish",
    "publish_if_due",
    "questions",
    "splits",
    "trend",
]


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """Whole months and their counts, as they may be shown."""

    days: Period
    counts: Counts


@dataclass(frozen=True, slots=True)
class Shown:
    """A stretch of months as it may be shown: blocks in order, and the months that are in none.

    `missing`: where several sites are summed, the months that a site has no part in, by its name.
    """

    requested: Period
    blocks: tuple[Block, ...]
    hidden: tuple[Period, ...]
    missing: tuple[tuple[str, tuple[Period, ...]], ...] = ()

    @property
    def total(self) -> Block | None:
        """The sum of what is shown, never of what is hidden; None where nothing is."""
        if not self.blocks:
            return None
        days = Period(self.blocks[0].days.first, self.blocks[-1].days.last)
        return Block(days, add(*(block.counts for block in self.blocks)))

    @property
    def widened(self) -> bool:
        """Whether a block reaches beyond what was asked for."""
        return self.total is not None and not self.requested.covers(self.total.days)


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
    latest = func.max(table.last_day)
    rows = connection.execute(
        select(table.question)
        .join(schema.terminal, schema.terminal.c.id == table.terminal_id)
        .where(schema.terminal.c.site_id.in_(site_ids), table.slice == str(Slice.TOTAL))
        .group_by(table.question)
        .order_by(latest.desc(), table.question)
    )
    return list(rows.scalars())


def blocks(connection: Connection, place: Place, question: str, asked: Period, threshold: int) -> Shown:
    """The published blocks of a terminal, a site or several sites together in a stretch of whole months.

    A terminal has a figure only in blocks where it is a group by itself. Several sites are summed over stretches that
    cut no block of any of them.
    """
    published = totals.stored(connection, site_ids(place), question)
    found: list[tuple[str, list[Block]]]
    match place:
        case Terminal():
            found = [(place.name, _of_terminal(place.id, published.get(place.site_id, []), threshold))]
        case Site():
            found = [(place.name, _of_site(published.get(place.id, []), threshold))]
        case _:
            found = [(site.name, _of_site(published.get(site.id, []), threshold)) for site in place]
    return _sum(found, asked)


def _of_site(published: Iterable[Published], threshold: int) -> list[Block]:
    return [
        Block(block.days, add(*(group.counts for group in groups)))
        for block in published
        if (groups := _groups(block, threshold))
    ]


def _of_terminal(terminal: str, published: Iterable[Published], threshold: int) -> list[Block]:
    return [
        Block(block.days, group.counts)
        for block in published
        for group in _groups(block, threshold)
        if group.terminals == (terminal,)
    ]


def _groups(block: Published, threshold: int) -> list[Group]:
    """The groups of a block that may be shown. Those below the threshold (it was raised since) are joined again."""
    shown = [(group, group.n) for group in block.groups if group.n]
    joined = group_small(shown, threshold, order=lambda group: group.terminals[0])
    groups = [
        Group(tuple(sorted(each for group in some for each in group.terminals)), add(*(group.counts for group in some)))
        for some in joined
    ]
    return [group for group in groups if group.n >= threshold]


def _sum(found: Sequence[tuple[str, list[Block]]], asked: Period) -> Shown:
    """Blocks of one or more places in a range, widened until it cuts none; overlapping ones become one."""
    everything = [block for _, blocks_ in found for block in blocks_]
    days = widened((block.days for block in everything), asked)
    inside = [block for block in everything if block.days.overlaps(days)]
    joined = [
        Block(span, add(*(block.counts for block in some))) for span, some in spans(inside, lambda block: block.days)
    ]
    months = list(periods_between(Grain.MONTH, days.first, days.last))
    hidden = tuple(month for month in months if not any(block.days.covers(month) for block in joined))
    missing: list[tuple[str, tuple[Period, ...]]] = []
    for name, blocks_ in found if len(found) > 1 else ():
        without = tuple(
            month for month in months if month not in hidden and not any(b.days.covers(month) for b in blocks_)
        )
        if without or not any(block in inside for block in blocks_):
            missing.append((name, without))
    return Shown(asked, tuple(joined), hidden, tuple(missing))


def trend(connection: Connection, place: Place, question: str, asked: Period, threshold: int) -> tuple[Piece, ...]:
    """The pieces of a trend that touch some days, in order: of a site also those of the running month.

    A terminal has pieces only where it is alone in them. Several sites: from blocks whose pieces are all shown,
    coarsened to common unions.
    """
    published = totals.stored(connection, site_ids(place), question)
    days = widened((block.days for some in published.values() for block in some), asked)
    found: list[Piece] = []
    for site_id, pieces in trends.stored(connection, site_ids(place), question, days).items():
        near = [block for block in published.get(site_id, []) if block.days.overlaps(days)]
        for within in _stretches(near, pieces, several=not isinstance(place, Site | Terminal)):
            mine = [each for each in pieces if within.covers(each.days)]
            gathered = hold_one_back([each.piece for each in mine], threshold, complete=True)[0]
            if not isinstance(place, Terminal) or all(each.terminals == (place.id,) for each in mine):
                found += [piece for piece in gathered if piece.n >= threshold]
    return tuple(
        Piece(span, add(*(piece.counts for piece in some)))
        for span, some in spans(found, lambda piece: piece.days)
        if span.overlaps(asked)
    )


def _stretches(published: Sequence[Published], pieces: Sequence[trends.Shown], *, several: bool) -> list[Period]:
    """The days of blocks whose trend may be shown, and of months that are in no block yet."""
    found: list[Period] = []
    for block in published:
        whole = add(*(group.counts for group in block.groups))
        balanced = whole == add(*(each.piece.counts for each in pieces if block.days.covers(each.days)))
        if all(group.n for group in block.groups) and (balanced or not several):
            found.append(block.days)
    if not several:
        months = {period_of(Grain.MONTH, each.days.first) for each in pieces}
        found += [month for month in months if not any(block.days.overlaps(month) for block in published)]
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
