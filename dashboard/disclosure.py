"""What may be shown: every figure that leaves the dashboard (page, chart, table, file) comes from here.

Closed months come as the blocks that `blocks.py` has published; the running month as pieces of trend, one held back.
A range that cuts a block is widened, a total is the sum of what is shown, and what is hidden has no figure.
Knows nothing of percentages, words or pages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, Engine, func, select

from dashboard import blocks as publication
from dashboard import lives, schema
from dashboard.blocks import NAMES, Group, Published, publish
from dashboard.places import Site, Terminal
from dashboard.store import reading
from ratings.period import Grain, Period, period_of, periods_between
from ratings.pooling import Piece, group_small, hold_one_back
from ratings.scale import Counts, add
from ratings.table import Slice

__all__ = ["Block", "Shown", "SoFar", "blocks", "month_so_far", "publish", "publish_if_due", "questions"]


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


def publish_if_due(engine: Engine, site_ids: Iterable[int], question: str, today: date, threshold: int) -> None:
    """Publish what has become due, without waiting for the write lock where nothing has."""
    for site_id in site_ids:
        with reading(engine) as connection:
            is_due = publication.due(connection, site_id, question, today, threshold)
        if is_due:
            with engine.begin() as connection:
                publish(connection, site_id, question, today, threshold)


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


def blocks(
    connection: Connection, place: Site | Terminal | Sequence[Site], question: str, asked: Period, threshold: int
) -> Shown:
    """The published blocks of a terminal, a site or several sites together in a stretch of whole months.

    A terminal has a figure only in blocks where it is a group by itself. Several sites are summed over stretches that
    cut no block of any of them.
    """
    found: list[tuple[str, list[Block]]]
    match place:
        case Terminal():
            published = publication.stored(connection, [place.site_id], question).get(place.site_id, [])
            found = [(place.name, _of_terminal(place.id, published, threshold))]
        case Site():
            published = publication.stored(connection, [place.id], question).get(place.id, [])
            found = [(place.name, _of_site(published, threshold))]
        case _:
            all_published = publication.stored(connection, [site.id for site in place], question)
            found = [(site.name, _of_site(all_published.get(site.id, []), threshold)) for site in place]
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
    days = asked
    while True:
        inside = [block for block in everything if block.days.overlaps(days)]
        wider = Period(
            min([days.first, *(block.days.first for block in inside)]),
            max([days.last, *(block.days.last for block in inside)]),
        )
        if wider == days:
            break
        days = wider
    joined: list[Block] = []
    for block in sorted(inside):
        if joined and joined[-1].days.overlaps(block.days):
            span = Period(joined[-1].days.first, max(joined[-1].days.last, block.days.last))
            joined[-1] = Block(span, add(joined[-1].counts, block.counts))
        else:
            joined.append(block)
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


def month_so_far(connection: Connection, site: Site, question: str, today: date, threshold: int) -> SoFar:
    """The running month of a site: pieces of trend gathered to the threshold with one held back.

    Live terminals give their running total instead, once it reaches the threshold.
    """
    month = period_of(Grain.MONTH, today)
    shown: list[Piece] = []
    closed = [each.id for each in site.terminals if not each.live]
    pieces = _common(_pieces(connection, closed, Slice.TREND, question, month))
    shown += hold_one_back(pieces, threshold, complete=False)[0]
    live = [each.id for each in site.terminals if each.live]
    running = [piece for some in _pieces(connection, live, Slice.TOTAL, question, month).values() for piece in some]
    is_live = sum(piece.n for piece in running) >= threshold
    if is_live:
        until = min(month.last, today)
        shown += [replace(piece, days=Period(month.first, until)) for piece in running]
    if not shown:
        return SoFar(month, None, None, False)
    days = Period(min(piece.days.first for piece in shown), max(piece.days.last for piece in shown))
    return SoFar(month, days, add(*(piece.counts for piece in shown)), is_live)


def _pieces(
    connection: Connection, terminals: Sequence[str], slice_: Slice, question: str, month: Period
) -> dict[str, list[Piece]]:
    """Tables of one slice within a month, by terminal and in order, its epochs summed where their days agree."""
    table = schema.released.c
    rows = connection.execute(
        select(table.terminal_id, table.epoch, table.first_day, table.last_day, *(table[name] for name in NAMES))
        .where(table.slice == str(slice_), table.question == question, table.terminal_id.in_(terminals))
        .where(table.first_day >= month.first, table.last_day <= month.last)
        .order_by(table.terminal_id, table.epoch)
    )
    found: dict[str, dict[str, list[Piece]]] = defaultdict(lambda: defaultdict(list))
    for terminal, epoch, first, last, a, b, c, d in rows:
        found[terminal][epoch].append(Piece(Period(first, last), (int(a), int(b), int(c), int(d))))
    return {terminal: lives.together(epochs.values()) for terminal, epochs in found.items()}


def _common(pieces: dict[str, list[Piece]]) -> list[Piece]:
    """Pieces of several terminals, coarsened to common unions of their days, as far as all of them have come.

    What only some have sent waits: shown with and without the others' it would tell what those others are.
    """
    if not pieces:
        return []
    until = min(some[-1].days.last for some in pieces.values())
    joined: list[Piece] = []
    for piece in sorted((piece for some in pieces.values() for piece in some), key=lambda each: each.days):
        if joined and joined[-1].days.overlaps(piece.days):
            joined[-1] = joined[-1].join(piece)
        else:
            joined.append(piece)
    return [piece for piece in joined if piece.days.last <= until]
