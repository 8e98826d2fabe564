"""Presses that were set aside as repeats: what publication remembers of them, and what may be told.

They are in no percentage and in no other table, and are told in bands, never by answer. But whoever reads that there
were some knows that as many presses as the terminal's rule asks for came just before, from one person as it seems: so
nothing is told, not even that there were none, beside so few ratings that those of all others would be few. A part of
`disclosure.py`. Knows no words and no pages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, func, select

from dashboard import blocks_stored, schema
from dashboard.bands import EDGES, EXACT, Band, Step, band, step_of
from dashboard.blocks import Group, Published
from dashboard.places import Place, Terminal, site_ids
from dashboard.totals import groups_of
from ratings.period import Period
from ratings.table import Slice

REPEATS_BESIDE = 5
"""Repeats are told beside this many times the threshold of ratings, or more."""

Monthly = Mapping[str, Mapping[date, int]]
"""Repeats of closed months: by terminal, by the month's first day."""


def monthly(connection: Connection, site_id: int, question: str, today: date) -> dict[str, dict[date, int]]:
    """The repeats of a site's closed months, all epochs of a terminal together."""
    table = schema.released.c
    aside = table.n - table.very_unhappy - table.unhappy - table.happy - table.very_happy
    rows = connection.execute(
        select(table.terminal_id, table.first_day, func.sum(aside))
        .join(schema.terminal, schema.terminal.c.id == table.terminal_id)
        .where(schema.terminal.c.site_id == site_id)
        .where(table.slice == str(Slice.TOTAL), table.question == question, table.last_day < today)
        .group_by(table.terminal_id, table.first_day)
    )
    found: dict[str, dict[date, int]] = defaultdict(dict)
    for terminal, first, n in rows:
        found[terminal][first] = int(n)
    return dict(found)


def counted(blocks: Iterable[Published], now: Monthly) -> list[Published]:
    """Blocks with their repeats as these are now. They are written together with new counts only (`blocks_stored.py`).

    So what comes late, and is too little to be shown, is not seen by its repeats either.
    """
    return [
        replace(block, groups=tuple(replace(group, repeats=_within(block.days, group, now)) for group in block.groups))
        for block in blocks
    ]


def _within(days: Period, group: Group, now: Monthly) -> int:
    return sum(n for each in group.terminals for first, n in now.get(each, {}).items() if first in days)


@dataclass(frozen=True, slots=True)
class SetAside:
    """The repeats of a block. `n`: its ratings. `repeats`: their number, in a band; None: hidden.

    `share`: of all presses, in a step; only where there are many of both.
    """

    days: Period
    n: int
    repeats: Band | None
    share: Step | None


def repeats(
    connection: Connection, place: Place, question: str, asked: Period, threshold: int
) -> dict[int, tuple[SetAside, ...]]:
    """The repeats of each site of a place, by its number and block by block; never summed over blocks or sites.

    Of a terminal: where it is a group by itself, and each group of the block may be told.
    """
    found: dict[int, tuple[SetAside, ...]] = {}
    for site_id, published in blocks_stored.stored(connection, site_ids(place), question, asked).items():
        told: list[SetAside] = []
        for block in published:
            groups = groups_of(block, threshold)
            small = any(group.n < REPEATS_BESIDE * threshold for group in groups)
            if isinstance(place, Terminal):
                told += [
                    _told(block.days, [each], threshold, hidden=small)
                    for each in groups
                    if each.terminals == (place.id,)
                ]
            elif groups:
                told.append(_told(block.days, groups, threshold))
        found[site_id] = tuple(told)
    return found


def _told(days: Period, groups: Sequence[Group], threshold: int, *, hidden: bool = False) -> SetAside:
    n, aside = sum(group.n for group in groups), sum(group.repeats for group in groups)
    if hidden or n < REPEATS_BESIDE * threshold:
        return SetAside(days, n, None, None)
    share = step_of(aside, n + aside) if min(n, aside) >= EXACT else None
    return SetAside(days, n, _band(aside, threshold), share)


def repeat_bands(threshold: int) -> tuple[Band, ...]:
    """What a number of repeats can be told as: none; fewer than the threshold; the bands of tables, from it on."""
    usual = [band(edge) for edge in EDGES]
    return (
        Band(0, 0),
        Band(1, threshold - 1),
        *(Band(max(each.low, threshold), each.high) for each in usual if each.high is None or each.high >= threshold),
    )


def _band(n: int, threshold: int) -> Band:
    return next(each for each in reversed(repeat_bands(threshold)) if each.low <= n)
