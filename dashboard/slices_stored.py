"""The tables by language, hour and reason that terminals released, and those that were published, in the database."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Connection, delete, insert, select

from dashboard import schema
from dashboard.places import Place, Terminal, site_ids
from dashboard.slices import Divided, Stored, Unit
from dashboard.summing import Sum, added, alone
from ratings.period import Period
from ratings.pooling import pool
from ratings.scale import Counts
from ratings.table import POOLED, Cells, Slice


def released(connection: Connection, site_id: int, question: str) -> dict[Slice, list[Stored]]:
    """The tables of a site, by slice. Running periods are among them where release is live."""
    table = schema.released.c
    found: dict[Slice, list[Stored]] = {slice_: [] for slice_ in POOLED}
    for row in connection.execute(
        select(table.terminal_id, table.slice, table.first_day, table.last_day, table.cells)
        .join(schema.terminal, schema.terminal.c.id == table.terminal_id)
        .where(schema.terminal.c.site_id == site_id, table.question == question)
        .where(table.slice.in_([str(each) for each in POOLED]))
        .order_by(table.terminal_id, table.epoch, table.first_day)
    ):
        cells = _cells(row.cells)
        found[Slice(row.slice)].append(Stored(row.terminal_id, Period(row.first_day, row.last_day), cells))
    return found


def stored(connection: Connection, site_id: int, question: str, slice_: Slice) -> list[Divided]:
    """What was published for a site, by day."""
    table = schema.slice_table.c
    rows = connection.execute(
        select(schema.slice_table)
        .where(table.site_id == site_id, table.question == question, table.slice == str(slice_))
        .order_by(table.first_day)
    ).all()
    units = _units(connection, [row.id for row in rows])
    return [Divided(Period(row.first_day, row.last_day), tuple(units[row.id]), row.id) for row in rows]


def shown(
    connection: Connection, place: Place, question: str, slice_: Slice, threshold: int
) -> list[tuple[int, Period, Sum]]:
    """What may be shown of a place: each site's tables, by site and day.

    Of a terminal: the tables in which it is never shown together with another. Where the threshold was raised since,
    keys are pooled again; what is too small all the same is left out.
    """
    table, kept = schema.slice_table.c, schema.slice_sum.c
    rows = connection.execute(
        select(table.id, table.site_id, table.first_day, table.last_day, kept.terminals, kept.cells, kept.least)
        .outerjoin(schema.slice_sum, kept.table_id == table.id)
        .where(table.site_id.in_(site_ids(place)), table.question == question, table.slice == str(slice_))
        .order_by(table.site_id, table.first_day)
    ).all()
    only = (place.id,) if isinstance(place, Terminal) else None
    # A terminal has none of its own, a table that was published long ago none at all.
    is_kept = {row.id for row in rows if row.cells and not only and row.least >= threshold}
    sums = {row.id: Sum(_names(row.terminals), _cells(row.cells), row.least) for row in rows if row.id in is_kept}
    anew = [row.id for row in rows if row.id not in is_kept]
    for number, units in _units(connection, anew, only).items():
        sums[number] = _sum(slice_, units, threshold)
    found = [(row.site_id, Period(row.first_day, row.last_day), sums.get(row.id)) for row in rows]
    return [(site_id, days, each) for site_id, days, each in found if each is not None and each.cells]


def _sum(slice_: Slice, units: Sequence[Unit], threshold: int) -> Sum:
    """All units of a table that may be shown, together."""
    return added(slice_, [alone(unit.terminals, cells) for unit in units if (cells := _large(slice_, unit, threshold))])


def _large(slice_: Slice, unit: Unit, threshold: int) -> Cells:
    """A unit's cells as they may be shown, pooled again where the threshold was raised since; none: not at all."""
    if all(sum(counts) >= threshold for counts in unit.cells.values()):
        return unit.cells
    pooled = pool(slice_, unit.cells, threshold)
    return pooled if all(sum(counts) >= threshold for counts in pooled.values()) else {}


def _units(
    connection: Connection, tables: Collection[int], only: tuple[str, ...] | None = None
) -> dict[int, list[Unit]]:
    """The units of some tables; `only`: the one of just these terminals."""
    unit = schema.slice_unit.c
    mine = [unit.table_id.in_(tables)] + ([unit.terminals == json.dumps(only)] if only else [])
    units: dict[int, dict[int, Unit]] = defaultdict(dict)
    for row in connection.execute(
        select(schema.slice_unit).where(*mine).order_by(unit.table_id, unit.number, unit.change)
    ):
        before = units[row.table_id].get(row.number)
        earlier = (*before.earlier, before.cells) if before else ()
        units[row.table_id][row.number] = Unit(_names(row.terminals), _cells(row.cells), earlier)
    return defaultdict(list, {table: list(some.values()) for table, some in units.items()})


def _names(written: str) -> tuple[str, ...]:
    return msgspec.json.decode(written, type=tuple[str, ...])


def _cells(written: str) -> Cells:
    return msgspec.json.decode(written, type=dict[str, Counts])


def apply(
    connection: Connection,
    site_id: int,
    question: str,
    slice_: Slice,
    before: Sequence[Divided],
    after: Sequence[Divided],
) -> None:
    """Write what `plan` came to. What a unit showed until now stays, as an earlier change."""
    known = {table.id: table for table in before}
    for table in after:
        number, old = table.id, known[table.id].units if table.id is not None else ()
        if number is None:
            made = connection.execute(
                insert(schema.slice_table).values(
                    site_id=site_id,
                    question=question,
                    slice=str(slice_),
                    first_day=table.days.first,
                    last_day=table.days.last,
                )
            ).inserted_primary_key
            assert made is not None
            number = made[0]
        for place, unit in enumerate(table.units):
            if place >= len(old) or unit != old[place]:
                connection.execute(
                    insert(schema.slice_unit).values(
                        table_id=number,
                        number=place,
                        change=len(unit.earlier),
                        terminals=json.dumps(unit.terminals),
                        cells=json.dumps(unit.cells),
                    )
                )
        if table.units != old:
            # All units, whatever threshold they were published with: whoever reads the sum goes by `least`.
            whole = _sum(slice_, table.units, 1)
            connection.execute(delete(schema.slice_sum).where(schema.slice_sum.c.table_id == number))
            connection.execute(
                insert(schema.slice_sum).values(
                    table_id=number,
                    terminals=json.dumps(whole.terminals),
                    cells=json.dumps(whole.cells),
                    least=whole.least,
                )
            )
