"""Published blocks in the database: what they are formed from, what was published, and what was shown before.

A figure of a whole site asks for sums (`wholes`): it needs to know neither groups nor terminals, of which there may be
hundreds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from dashboard import schema
from dashboard.blocks import Group, Published
from ratings.period import Period
from ratings.scale import Counts
from ratings.table import Slice

NAMES = ("very_unhappy", "unhappy", "happy", "very_happy")
"""The columns of four counts, indexed by `Score`."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A block of a site, all that is shown of its groups together. `withdrawn`: some group is not shown any more."""

    days: Period
    counts: Counts
    withdrawn: bool


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


def uncut(connection: Connection, site_ids: Sequence[int], question: str, asked: Period) -> Period:
    """A range, widened so that it cuts no block of some sites."""
    block, days = schema.block.c, asked
    while True:
        first, last = connection.execute(
            select(func.min(block.first_day), func.max(block.last_day)).where(*_of(site_ids, question, days))
        ).one()
        wider = Period(min(days.first, first or days.first), max(days.last, last or days.last))
        if wider == days:
            return days
        days = wider


def stored(
    connection: Connection, site_ids: Sequence[int], question: str, days: Period | None = None
) -> dict[int, list[Published]]:
    """What was published for some sites (of some days), each site's blocks by day. Sites without any are left out."""
    block, group, member, past = (
        table.c for table in (schema.block, schema.block_group, schema.block_member, schema.earlier_group)
    )
    mine = _of(site_ids, question, days)
    members: dict[tuple[int, int], list[str]] = defaultdict(list)
    for block_id, number, terminal in connection.execute(
        select(member.block_id, member.number, member.terminal_id)
        .join(schema.block, block.id == member.block_id)
        .where(*mine)
    ):
        members[block_id, number].append(terminal)
    earlier: dict[tuple[int, int], list[Counts]] = defaultdict(list)
    for block_id, number, a, b, c, d in connection.execute(
        select(past.block_id, past.number, *(past[name] for name in NAMES))
        .join(schema.block, block.id == past.block_id)
        .where(*mine)
        .order_by(past.block_id, past.number, past.change)
    ):
        earlier[block_id, number].append((a, b, c, d))
    groups: dict[int, list[Group]] = defaultdict(list)
    for block_id, number, repeats, a, b, c, d in connection.execute(
        select(group.block_id, group.number, group.repeats, *(group[name] for name in NAMES))
        .join(schema.block, block.id == group.block_id)
        .where(*mine)
        .order_by(group.block_id, group.number)
    ):
        terminals = tuple(sorted(members[block_id, number]))
        groups[block_id].append(Group(terminals, (a, b, c, d), tuple(earlier.get((block_id, number), ())), repeats))
    found: dict[int, list[Published]] = defaultdict(list)
    for id_, site_id, first, last in connection.execute(
        select(block.id, block.site_id, block.first_day, block.last_day).where(*mine).order_by(block.first_day)
    ):
        found[site_id].append(Published(Period(first, last), tuple(groups[id_]), id_))
    return dict(found)


def wholes(connection: Connection, site_ids: Sequence[int], question: str, days: Period) -> dict[int, list[Whole]]:
    """What was published for some sites and days, each block as one sum, by day. Sites without any are left out."""
    block, group = schema.block.c, schema.block_group.c
    rows = connection.execute(
        select(
            block.site_id,
            block.first_day,
            block.last_day,
            func.min(_n()),
            *(func.sum(group[name]) for name in NAMES),
        )
        .join(schema.block_group, group.block_id == block.id)
        .where(*_of(site_ids, question, days))
        .group_by(block.id)
        .order_by(block.first_day)
    )
    found: dict[int, list[Whole]] = defaultdict(list)
    for site_id, first, last, least, a, b, c, d in rows:
        found[site_id].append(Whole(Period(first, last), (int(a), int(b), int(c), int(d)), withdrawn=least == 0))
    return dict(found)


def shown_terminals(connection: Connection, site_ids: Sequence[int], question: str, days: Period) -> set[str]:
    """The terminals of some sites that are in a group that is shown, in some days."""
    block, group, member = schema.block.c, schema.block_group.c, schema.block_member.c
    rows = connection.scalars(
        select(member.terminal_id)
        .distinct()
        .join(schema.block, block.id == member.block_id)
        .join(schema.block_group, (group.block_id == member.block_id) & (group.number == member.number))
        .where(*_of(site_ids, question, days), _n() > 0)
    )
    return set(rows)


def _of(site_ids: Sequence[int], question: str, days: Period | None = None) -> list[ColumnElement[bool]]:
    block = schema.block.c
    within = [block.first_day <= days.last, block.last_day >= days.first] if days else []
    return [block.site_id.in_(site_ids), block.question == question, *within]


def _n() -> ColumnElement[int]:
    group = schema.block_group.c
    return group.very_unhappy + group.unhappy + group.happy + group.very_happy


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
                .values(repeats=group.repeats, **dict(zip(NAMES, group.counts, strict=True)))
            )


def _add_group(connection: Connection, block_id: int, number: int, group: Group) -> None:
    connection.execute(
        insert(schema.block_group).values(
            block_id=block_id, number=number, repeats=group.repeats, **dict(zip(NAMES, group.counts, strict=True))
        )
    )
    connection.execute(
        insert(schema.block_member),
        [{"block_id": block_id, "number": number, "terminal_id": each} for each in group.terminals],
    )
