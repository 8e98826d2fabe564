"""Totals as they may be shown: published blocks in a range, summed over sites, with what is hidden and who is missing.

A part of `disclosure.py`, through which pages ask for it. Reads no database, and knows nothing of percentages, words or
pages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from dashboard.blocks import Group, Published
from dashboard.blocks_stored import Whole
from dashboard.stretches import coarse, spans, widened
from ratings.period import Grain, Period, periods_between
from ratings.pooling import group_small
from ratings.scale import Counts, add


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """Whole months and their counts, as they may be shown."""

    days: Period
    counts: Counts


@dataclass(frozen=True, slots=True)
class Shown:
    """A stretch of months as it may be shown: blocks in order, and the months that are in none.

    `missing`: where several sites are summed, the months that a site has no part in, by its name. `apart`: those of
    them that it has only together with others, in a block that would make the sum coarse for little.
    """

    requested: Period
    blocks: tuple[Block, ...]
    hidden: tuple[Period, ...]
    missing: tuple[tuple[str, tuple[Period, ...]], ...] = ()
    apart: tuple[tuple[str, tuple[Period, ...]], ...] = ()

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


def of_site(wholes: Iterable[Whole], threshold: int) -> list[Block]:
    """The blocks of a site that may be shown.

    Groups below the threshold (it was raised since) are joined, as in `groups_of`: then it is a matter of their sum.
    """
    return [Block(whole.days, whole.counts) for whole in wholes if sum(whole.counts) >= threshold]


def of_terminal(terminal: str, published: Iterable[Published], threshold: int) -> list[Block]:
    """The blocks in which a terminal is a group by itself."""
    return [
        Block(block.days, group.counts)
        for block in published
        for group in groups_of(block, threshold)
        if group.terminals == (terminal,)
    ]


def groups_of(block: Published, threshold: int) -> list[Group]:
    """The groups of a block that may be shown. Those below the threshold (it was raised since) are joined again."""
    shown = [(group, group.n) for group in block.groups if group.n]
    joined = group_small(shown, threshold, order=lambda group: group.terminals[0])
    groups = [
        Group(
            tuple(sorted(each for group in some for each in group.terminals)),
            add(*(group.counts for group in some)),
            repeats=sum(group.repeats for group in some),
        )
        for some in joined
    ]
    return [group for group in groups if group.n >= threshold]


def summed(found: Sequence[tuple[str, list[Block]]], asked: Period) -> Shown:
    """Blocks of one or more places in a range, widened until it cuts none; overlapping ones become one.

    A place whose block would make those of all others coarse is left out of its months (`stretches.py`).
    """
    by_days: dict[Period, list[Counts]] = defaultdict(list)
    for _, blocks_ in found:
        for block in blocks_:
            by_days[block.days].append(block.counts)
    sums = {days: add(*some) for days, some in by_days.items()}
    left_out = coarse({days: sum(counts) for days, counts in sums.items()}) if len(found) > 1 else set()
    days = widened(sums.keys() - left_out, asked)
    inside = {each for each in sums.keys() - left_out if each.overlaps(days)}
    joined = [Block(span, add(*(sums[each] for each in some))) for span, some in spans(inside, lambda each: each)]
    months = list(periods_between(Grain.MONTH, days.first, days.last))
    firsts = {each: _first_days(each) for each in sums}
    shown = {first for block in joined for first in _first_days(block.days)}
    hidden = tuple(month for month in months if month.first not in shown)
    missing: list[tuple[str, tuple[Period, ...]]] = []
    apart: list[tuple[str, tuple[Period, ...]]] = []
    for name, blocks_ in found if len(found) > 1 else ():
        mine = {block.days for block in blocks_}
        there = {first for each in mine & inside for first in firsts[each]}
        only_together = {first for each in mine & left_out for first in firsts[each]}
        without = tuple(month for month in months if month.first in (shown | only_together) - there)
        if without or not there:
            missing.append((name, without))
        if because := tuple(month for month in without if month.first in only_together):
            apart.append((name, because))
    return Shown(asked, tuple(joined), hidden, tuple(missing), tuple(apart))


def _first_days(days: Period) -> list[date]:
    """The first days of the months in it."""
    return [month.first for month in periods_between(Grain.MONTH, days.first, days.last)]
