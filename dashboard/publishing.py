"""What is published when: blocks first, then the trend and the tables by language, hour and reason, which go by them.

Whatever has been shown is remembered in the database, and stays. With the modules it calls, one of the few places that
read counts; `disclosure.py` shows what they have published.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, Engine, func, insert, select, update

from dashboard import blocks, schema, slices, trends
from dashboard.store import reading
from ratings.pooling import LEAST


def publish_if_due(engine: Engine, site_ids: Iterable[int], question: str, today: date, threshold: int) -> None:
    """Publish what has become due, without waiting for the write lock where nothing has."""
    for site_id in site_ids:
        with reading(engine) as connection:
            is_due = due(connection, site_id, question, today, threshold)
        if is_due:
            with engine.begin() as connection:
                publish(connection, site_id, question, today, threshold)


def due(connection: Connection, site_id: int, question: str, today: date, threshold: int) -> bool:
    """Whether something has come, a day has passed or the threshold is another since `publish` last looked."""
    return _seen(connection, site_id, question) != _state(connection, site_id, question, today, threshold)


def publish(connection: Connection, site_id: int, question: str, today: date, threshold: int) -> None:
    """Form what can be formed, and refresh what may be. Idempotent; in the caller's transaction.

    Raises ValueError for a threshold below the least: whatever asked for it, nothing is published by it.
    """
    if threshold < LEAST:
        raise ValueError(f"the threshold is {threshold}; allowed: at least {LEAST}")
    # Two that publish at once do it one after the other (PostgreSQL; SQLite has one writer anyway).
    connection.execute(select(schema.site.c.id).where(schema.site.c.id == site_id).with_for_update())
    monthly = blocks.monthly(connection, site_id, question, today)
    pieces = trends.released(connection, site_id, question, today)
    shown = trends.stored(connection, [site_id], question).get(site_id, [])

    before = blocks.stored(connection, [site_id], question).get(site_id, [])
    blocks.apply(
        connection,
        site_id,
        question,
        before,
        blocks.plan(before, monthly, today, threshold, trends.told(shown, pieces)),
    )
    formed = blocks.stored(connection, [site_id], question).get(site_id, [])
    trends.apply(
        connection,
        site_id,
        question,
        trends.plan(shown, pieces, _live(connection, site_id), formed, today, threshold),
    )
    for slice_, tables in slices.released(connection, site_id, question).items():
        divided = slices.stored(connection, [site_id], question, slice_).get(site_id, [])
        books = slices.Books(slice_, tables, formed, monthly, today, threshold)
        slices.apply(connection, site_id, question, slice_, divided, slices.plan(divided, books))
    _remember(connection, site_id, question, _state(connection, site_id, question, today, threshold))


def _live(connection: Connection, site_id: int) -> set[str]:
    here = schema.terminal.c
    return set(connection.scalars(select(here.id).where(here.site_id == site_id, here.release == "live")))


def _state(connection: Connection, site_id: int, question: str, today: date, threshold: int) -> str:
    """Another text whenever another table, or the same with other counts, is in the database."""
    table = schema.released.c
    row = connection.execute(
        select(func.count(), func.sum(table.n), func.sum(table.revision))
        .join(schema.terminal, schema.terminal.c.id == table.terminal_id)
        .where(schema.terminal.c.site_id == site_id, table.question == question)
    ).one()
    return " ".join(map(str, [*(each or 0 for each in row), today, threshold]))


def _seen(connection: Connection, site_id: int, question: str) -> str | None:
    table = schema.looked.c
    return connection.scalar(select(table.state).where(table.site_id == site_id, table.question == question))


def _remember(connection: Connection, site_id: int, question: str, state: str) -> None:
    table = schema.looked
    here = (table.c.site_id == site_id, table.c.question == question)
    if _seen(connection, site_id, question) is None:
        connection.execute(insert(table).values(site_id=site_id, question=question, state=state))
    else:
        connection.execute(update(table).where(*here).values(state=state))
