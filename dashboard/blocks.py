"""Publication of totals: closed months of a site become blocks, for good.

A block is what no figure ever cuts: its months together reach the threshold, and so does each group of terminals in
it. Its bounds and groups never change; its counts change only by a threshold's worth. The rules are in `plan`, which
knows no database; `apply` writes what they come to, and keeps what was shown before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import Connection, func, insert, select, update

from dashboard import schema
from dashboard.crossing import Told, give_away, within
from dashboard.worth import may_change
from ratings.period import Grain, Period, period_of, periods_between
from ratings.pooling import group_small
from ratings.scale import ZERO, Counts, add
from ratings.table import Slice

GRACE = timedelta(days=7)
"""How long a block waits for a terminal that had the month before and has not sent this one.

What comes after a block was formed is shown only once it is a threshold's worth: without this, a small terminal whose
table comes some minutes after its neighbour's would lose its month.
"""

Monthly = Mapping[str, Mapping[date, Counts]]
"""Counts of closed months: by terminal, by the month's first day."""

NAMES = ("very_unhappy", "unhappy", "happy", "very_happy")
"""The columns of four counts, indexed by `Score`."""


@dataclass(frozen=True, slots=True)
class Group:
    """Terminals shown together, and the counts that were published. Zero: withdrawn, since too few were left.

    `earlier`: what was shown before, the oldest first.
    """

    terminals: tuple[str, ...]
    counts: Counts
    earlier: tuple[Counts, ...] = ()

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


def monthly(connection: Connection, site_id: int, question: str, today: date) -> dict[str, dict[date, Counts]]:
    """The counted ratings of a site's closed months, all epochs of a terminal together."""
    table = schema.released.c
    rows = connection.execute(
        select(table.terminal_id, table.first_day, *(func.sum(table[name]).label(name) for name in NAMES))
        .join(schema.terminal, schema.terminal.c.id == table.terminal_id)
        .where(schema.terminal.c.site_id == site_id)
        .where(table.slice == str(Slice.TOTAL), table.question == question, table.last_day < today)
        .group_by(table.terminal_id, table.first_day)
    )
    found: dict[str, dict[date, Counts]] = defaultdict(dict)
    for terminal, first, a, b, c, d in rows:
        found[terminal][first] = (int(a), int(b), int(c), int(d))
    return dict(found)


def stored(connection: Connection, site_ids: Sequence[int], question: str) -> dict[int, list[Published]]:
    """What was published for some sites, each site's blocks by day. Sites without any are left out."""
    block, group, member = schema.block.c, schema.block_group.c, schema.block_member.c
    mine = (block.site_id.in_(site_ids), block.question == question)
    members: dict[tuple[int, int], list[str]] = defaultdict(list)
    for row in connection.execute(
        select(schema.block_member).join(schema.block, block.id == member.block_id).where(*mine)
    ):
        members[row.block_id, row.number].append(row.terminal_id)
    earlier: dict[tuple[int, int], list[Counts]] = defaultdict(list)
    past = schema.earlier_group.c
    for row in connection.execute(
        select(schema.earlier_group)
        .join(schema.block, block.id == past.block_id)
        .where(*mine)
        .order_by(past.block_id, past.number, past.change)
    ):
        earlier[row.block_id, row.number].append((row.very_unhappy, row.unhappy, row.happy, row.very_happy))
    groups: dict[int, list[Group]] = defaultdict(list)
    for row in connection.execute(
        select(schema.block_group)
        .join(schema.block, block.id == group.block_id)
        .where(*mine)
        .order_by(group.block_id, group.number)
    ):
        place = row.block_id, row.number
        counts = (row.very_unhappy, row.unhappy, row.happy, row.very_happy)
        groups[row.block_id].append(Group(tuple(sorted(members[place])), counts, tuple(earlier.get(place, ()))))
    found: dict[int, list[Published]] = defaultdict(list)
    for row in connection.execute(select(schema.block).where(*mine).order_by(block.first_day)):
        found[row.site_id].append(Published(Period(row.first_day, row.last_day), tuple(groups[row.id]), row.id))
    return dict(found)


def apply(
    connection: Connection, site_id: int, question: str, before: Sequence[Published], after: Sequence[Published]
) -> None:
    """Write what `plan` came to. What a group showed until now is kept in `earlier_group`."""
    known = {block.id: block for block in before}
    for block in after:
        if block.id is None:
            _add(connection, site_id, question, block)
        elif block != known[block.id]:
            _change(connection, known[block.id], block)


def _add(connection: Connection, site_id: int, question: str, block: Published) -> None:
    made = connection.execute(
        insert(schema.block).values(
            site_id=site_id, question=question, first_day=block.days.first, last_day=block.days.last
        )
    ).inserted_primary_key
    assert made is not None
    for number, group in enumerate(block.groups):
        _add_group(connection, made[0], number, group)


def _change(connection: Connection, before: Published, after: Published) -> None:
    table = schema.block_group
    assert before.id is not None
    for number, group in enumerate(after.groups):
        if number >= len(before.groups):
            _add_group(connection, before.id, number, group)
        elif group.counts != before.groups[number].counts:
            connection.execute(
                insert(schema.earlier_group).values(
                    block_id=before.id,
                    number=number,
                    change=len(before.groups[number].earlier),
                    **dict(zip(NAMES, before.groups[number].counts, strict=True)),
                )
            )
            connection.execute(
                update(table)
                .where(table.c.block_id == before.id, table.c.number == number)
                .values(dict(zip(NAMES, group.counts, strict=True)))
            )


def _add_group(connection: Connection, block_id: int, number: int, group: Group) -> None:
    connection.execute(
        insert(schema.block_group).values(
            block_id=block_id, number=number, **dict(zip(NAMES, group.counts, strict=True))
        )
    )
    connection.execute(
        insert(schema.block_member),
        [{"block_id": block_id, "number": number, "terminal_id": each} for each in group.terminals],
    )
