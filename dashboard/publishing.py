"""What is published when: blocks first, then the trend and the tables by language, hour and reason, which go by them.

Whatever has been shown is remembered in the database, and stays. With the modules it calls, one of the few places that
read counts; `disclosure.py` shows what they have published.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Column, ColumnElement, Connection, Engine, insert, select, update

from dashboard import blocks, blocks_stored, repeats, schema, slices, slices_stored, trends
from dashboard.blocks import GRACE
from dashboard.store import reading
from ratings.period import DAY, Grain, period_of
from ratings.pooling import LEAST


def publish_if_due(engine: Engine, site_ids: Sequence[int], question: str, today: date, threshold: int) -> None:
    """Publish what has become due, without waiting for the write lock where nothing has."""
    with reading(engine) as connection:
        waiting = due(connection, site_ids, question, today, threshold)
    for site_id in waiting:
        with engine.begin() as connection:
            publish(connection, site_id, question, today, threshold)


def due(connection: Connection, site_ids: Sequence[int], question: str, today: date, threshold: int) -> list[int]:
    """The sites of which something has changed, a day has passed or the threshold is another since `publish` looked."""
    table = schema.looked.c
    seen = {
        row.site_id: row.state
        for row in connection.execute(
            select(table.site_id, table.state).where(_about(table.site_id, site_ids), table.question == question)
        )
    }
    now = changes(connection, site_ids)
    return [each for each in site_ids if seen.get(each) != _state(now[each], today, threshold)]


Change = tuple[int, date]
"""How often anything of a site has changed, and the last day that any of its tables is about."""


def changes(connection: Connection, site_ids: Sequence[int]) -> dict[int, Change]:
    """As long as it and the day are the same, so is all that is told of a site."""
    table = schema.change.c
    rows = connection.execute(
        select(table.site_id, table.number, table.last_day).where(_about(table.site_id, site_ids))
    )
    found = {site_id: (number, last_day) for site_id, number, last_day in rows.all()}
    return {each: found.get(each, (0, date.min)) for each in site_ids}


def _about(column: Column[int], site_ids: Sequence[int]) -> ColumnElement[bool]:
    """The rows of some sites, and maybe of others: hundreds of ids in a query take longer than all rows there are."""
    return column.between(min(site_ids, default=0), max(site_ids, default=0))


def publish(connection: Connection, site_id: int, question: str, today: date, threshold: int) -> None:
    """Form what can be formed, and refresh what may be. Idempotent; in the caller's transaction.

    Raises ValueError for a threshold below the least: whatever asked for it, nothing is published by it.
    """
    if threshold < LEAST:
        raise ValueError(f"the threshold is {threshold}; allowed: at least {LEAST}")
    # Two that publish at once do it one after the other (PostgreSQL; SQLite has one writer anyway).
    connection.execute(select(schema.site.c.id).where(schema.site.c.id == site_id).with_for_update())
    # Before all else: what comes in while this reads is looked at the next time.
    change = changes(connection, [site_id])[site_id]
    monthly = blocks_stored.monthly(connection, site_id, question, today)
    pieces = trends.released(connection, site_id, question, today)
    shown = trends.stored(connection, [site_id], question).get(site_id, [])

    before = blocks_stored.stored(connection, [site_id], question).get(site_id, [])
    planned = blocks.plan(before, monthly, today, threshold, trends.told(shown, pieces))
    aside = repeats.monthly(connection, site_id, question, today)
    blocks_stored.apply(connection, site_id, question, before, repeats.counted(planned, aside))
    formed = blocks_stored.stored(connection, [site_id], question).get(site_id, [])
    trends.apply(
        connection,
        site_id,
        question,
        trends.plan(shown, pieces, _live(connection, site_id), formed, today, threshold),
    )
    for slice_, tables in slices_stored.released(connection, site_id, question).items():
        divided = slices_stored.stored(connection, site_id, question, slice_)
        books = slices.Books(slice_, tables, formed, monthly, today, threshold)
        slices_stored.apply(connection, site_id, question, slice_, divided, slices.plan(divided, books))
    _remember(connection, site_id, question, _state(change, today, threshold))


def _live(connection: Connection, site_id: int) -> set[str]:
    here = schema.terminal.c
    return set(connection.scalars(select(here.id).where(here.site_id == site_id, here.release == "live")))


def _state(change: Change, today: date, threshold: int) -> str:
    """Another text whenever another outcome is possible.

    Days bring something new when a period ends of which there are tables already, when a month ends, and when the wait
    for its last tables does; on all others nothing is planned anew.
    """
    number, last_day = change
    month = period_of(Grain.MONTH, today)
    waited = today > month.first - DAY + GRACE
    return f"{number} {last_day + DAY if last_day < today else today} {month.first} {waited} {threshold}"


def _remember(connection: Connection, site_id: int, question: str, state: str) -> None:
    table = schema.looked
    here = (table.c.site_id == site_id, table.c.question == question)
    if not connection.execute(update(table).where(*here).values(state=state)).rowcount:
        connection.execute(insert(table).values(site_id=site_id, question=question, state=state))
