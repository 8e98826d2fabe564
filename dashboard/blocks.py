"""Publication of totals: closed months of a site become blocks, for good.

A block is what no figure ever cuts: its months together reach the threshold, and so does each group of terminals in
it. Its bounds and groups never change; its counts change only by a threshold's worth. Here are the rules; the database
is `blocks_stored.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from dashboard.crossing import Told, give_away, within
from dashboard.worth import may_change
from ratings.period import Grain, Period, period_of, periods_between
from ratings.pooling import group_small
from ratings.scale import ZERO, Counts, add

GRACE = timedelta(days=7)
"""How long a block waits for a terminal that had the month before and has not sent this one.

What comes after a block was formed is shown only once it is a threshold's worth: without this, a small terminal whose
table comes some minutes after its neighbour's would lose its month.
"""

Monthly = Mapping[str, Mapping[date, Counts]]
"""Counts of closed months: by terminal, by the month's first day."""


@dataclass(frozen=True, slots=True)
class Group:
    """Terminals shown together, and the counts that were published. Zero: withdrawn, since too few were left.

    `earlier`: what was shown before, the oldest first. `repeats`: presses that had been set aside by then
    (`repeats.py`).
    """

    terminals: tuple[str, ...]
    counts: Counts
    earlier: tuple[Counts, ...] = ()
    repeats: int = 0

    @property
    def n(self) -> int:
        """How many ratings are published."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Published:
    """A block: whole months, and its groups in the order of their numbers. `id` is None before it is stored."""

    days: Period
    groups: tuple[Group, ...]
    id: int | None = None


def plan(
    before: Sequence[Published], monthly: Monthly, today: date, threshold: int, trend: Sequence[Told] = ()
) -> list[Published]:
    """All blocks as they are to be, by day; those of `before` keep their place, bounds and groups.

    `trend`: the pieces that were shown already, with which a block must not tell more than it says.
    """
    after = [_refreshed(block, monthly, threshold, trend) for block in before]
    for months, followed in _free(before, monthly, today):
        after += _gather(months, followed, monthly, today, threshold, trend)
    return sorted(after, key=lambda block: block.days)


def _free(before: Iterable[Published], monthly: Monthly, today: date) -> list[tuple[list[Period], bool]]:
    """Runs of closed months in no block, from the first with a total on; and whether a block follows the run."""
    first = min((month for months in monthly.values() for month in months), default=None)
    if first is None:
        return []
    last = period_of(Grain.MONTH, today).first - timedelta(days=1)
    taken = [block.days for block in before]
    runs: list[tuple[list[Period], bool]] = []
    run: list[Period] = []
    for month in periods_between(Grain.MONTH, first, last):
        if any(days.covers(month) for days in taken):
            runs.append((run, True))
            run = []
        else:
            run.append(month)
    return [(months, followed) for months, followed in [*runs, (run, False)] if months]


def _gather(
    months: Sequence[Period], followed: bool, monthly: Monthly, today: date, threshold: int, trend: Sequence[Told]
) -> list[Published]:
    """Gather months until they make a block. Where a block follows, a rest joins the last one gathered.

    A rest that has none to join stays hidden until it reaches the threshold: in the block that follows it, it could
    be had by subtraction.
    """
    done: list[Published] = []
    carried: list[Period] = []
    for month in months:
        if _awaited(month, monthly, today):
            return done
        carried.append(month)
        if block := _formed(Period(carried[0].first, month.last), monthly, threshold, trend):
            done.append(block)
            carried = []
    if carried and followed and done:
        longer = Period(done.pop().days.first, carried[-1].last)
        if block := _formed(longer, monthly, threshold, trend):
            done.append(block)
    return done


def _formed(days: Period, monthly: Monthly, threshold: int, trend: Sequence[Told]) -> Published | None:
    """The block of some months; None where it would be too small, or tell something beside the trend that was shown.

    Where only its division into terminals would, they are all in one group.
    """
    sizes = [(each, sum(counts)) for each, counts in _within(days, monthly).items() if sum(counts)]
    if sum(n for _, n in sizes) < threshold:
        return None
    shown = within(days, trend)
    for least in (threshold, sum(n for _, n in sizes)):
        groups = _groups(sizes, days, monthly, least)
        if not give_away([(group.terminals, group.counts) for group in groups], shown, threshold):
            return Published(days, groups)
    return None


def _awaited(month: Period, monthly: Monthly, today: date) -> bool:
    """Whether a terminal may still send this month: it had the month before, and the month is only just over."""
    if today > month.last + GRACE:
        return False
    previous = period_of(Grain.MONTH, month.first - timedelta(days=1)).first
    return any(previous in months and month.first not in months for months in monthly.values())


def _refreshed(block: Published, monthly: Monthly, threshold: int, trend: Sequence[Told]) -> Published:
    """The block with what has come, or gone, since; no group by less than a threshold's worth."""
    now = _within(block.days, monthly)
    groups: list[Group] = []
    for group in block.groups:
        counts = add(*(now.get(each, ZERO) for each in group.terminals))
        known = [each for each in (group.counts, *group.earlier) if sum(each)]
        if counts != group.counts and all(may_change(each, counts, threshold) for each in known):
            # Ratings can go, too, when an import is replaced. What is then too few is withdrawn, not shown.
            group = _showing(group, counts if sum(counts) >= threshold else ZERO)
        groups.append(group)
    members = {each for group in block.groups for each in group.terminals}
    newcomers = [(each, sum(counts)) for each, counts in now.items() if sum(counts) > 0 and each not in members]
    if sum(n for _, n in newcomers) >= threshold:
        more = [*groups, *_groups(newcomers, block.days, monthly, threshold)]
        if not give_away(
            [(group.terminals, group.counts) for group in more if group.n], within(block.days, trend), threshold
        ):
            groups = more
    return replace(block, groups=tuple(groups))


def _showing(group: Group, counts: Counts) -> Group:
    if counts == group.counts:
        return group
    return replace(group, counts=counts, earlier=(*group.earlier, group.counts))


def _groups(sizes: Iterable[tuple[str, int]], days: Period, monthly: Monthly, threshold: int) -> tuple[Group, ...]:
    now = _within(days, monthly)
    return tuple(
        Group(tuple(sorted(each)), add(*(now[terminal] for terminal in each))) for each in group_small(sizes, threshold)
    )


def _within(days: Period, monthly: Monthly) -> dict[str, Counts]:
    """What each terminal has in the months of a block."""
    return {
        terminal: add(*(counts for first, counts in months.items() if first in days))
        for terminal, months in monthly.items()
    }
