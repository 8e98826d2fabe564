"""Quarantine: tables that did not pass the checks, kept word for word until somebody looks at them and tries again.

What is refused stops nothing else and is acknowledged like the rest: the terminal would only send it again. There is
room for so much of one terminal, and of all, so that none can fill the disk. Of what is beyond that the number is kept:
the terminal still has it, and can be had to send all of it again (`ask_again`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from dashboard import lineage, schema, store
from dashboard.schema import refused
from ratings import table as tables
from ratings import wire
from ratings.table import Table


@dataclass(frozen=True, slots=True)
class Limit:
    """So many things, and so many bytes of them."""

    number: int
    size: int

    def holds(self, number: int, size: int) -> bool:
        """Whether so much is within it."""
        return number <= self.number and size <= self.size


MOST_OF_ONE = Limit(1000, 4 * 1024 * 1024)
"""Of one terminal: more than ten years of its tables, where a dashboard is too old for all of them."""
MOST_OF_ALL = Limit(50_000, 256 * 1024 * 1024)
MOST_REASON = 500
"""So many letters of a reason are kept: it may name what was refused."""


@dataclass(frozen=True, slots=True)
class Refused:
    """One table in quarantine: where it came from, its `payload` as it came, why it was refused, on which day (UTC)."""

    id: int
    terminal_id: str
    terminal: str
    epoch: str
    revision: int
    payload: str
    reason: str
    day: date


def read(raw: bytes, today: date | None) -> Table:
    """One table of a batch that passes every check. Raises ValueError, in words for IT, for any other."""
    table = wire.decode_table(raw)
    tables.check(table, today)
    return table


def keep(
    connection: Connection, terminal_id: str, epoch: str, revision: int, bad: Sequence[tuple[bytes, str]], day: date
) -> None:
    """Keep refused tables, each with its reason, while there is room; one that is there already stays as it is."""
    if not bad:
        return
    here = (refused.c.terminal_id == terminal_id) & (refused.c.epoch == epoch)
    known = set(connection.scalars(select(refused.c.fingerprint).where(here)))
    left = room(connection, refused, terminal_id, MOST_OF_ONE, MOST_OF_ALL)
    rows: list[dict[str, Any]] = []
    size, unkept = 0, 0
    for raw, reason in bad:
        payload, fingerprint = storable(raw.decode("utf-8", "backslashreplace")), hashlib.sha256(raw).hexdigest()
        if fingerprint in known:
            continue
        if not left.holds(len(rows) + 1, size + (length := len(payload.encode()))):
            unkept += 1
            continue
        known.add(fingerprint)
        size += length
        rows.append(
            {
                "terminal_id": terminal_id,
                "epoch": epoch,
                "revision": revision,
                "payload": payload,
                "fingerprint": fingerprint,
                "reason": storable(reason[:MOST_REASON]),
                "day": day,
                "size": length,
            }
        )
    if rows:
        dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
        connection.execute(dialect.insert(refused).on_conflict_do_nothing(), rows)
    if unkept:
        at = (schema.epoch.c.terminal_id == terminal_id) & (schema.epoch.c.epoch == epoch)
        connection.execute(update(schema.epoch).where(at).values(unkept=schema.epoch.c.unkept + unkept))


def room(connection: Connection, table: Any, terminal_id: str, of_one: Limit, of_all: Limit) -> Limit:
    """How much more may be kept of a terminal in a table with a `size`."""
    taken = select(func.count(), func.coalesce(func.sum(table.c.size), 0)).select_from(table)
    one = connection.execute(taken.where(table.c.terminal_id == terminal_id)).one()
    every = connection.execute(taken).one()
    return Limit(
        min(of_one.number - one[0], of_all.number - every[0]), min(of_one.size - one[1], of_all.size - every[1])
    )


def storable(text: str) -> str:
    """A text as any database keeps it: a zero is written as its escape."""
    return text.replace("\0", "\\0")


def listing(connection: Connection, terminal_id: str | None = None) -> list[Refused]:
    """All that is in quarantine (of a terminal), oldest first."""
    query = (
        select(
            refused.c.id,
            refused.c.terminal_id,
            schema.terminal.c.name,
            refused.c.epoch,
            refused.c.revision,
            refused.c.payload,
            refused.c.reason,
            refused.c.day,
        )
        .join(schema.terminal, schema.terminal.c.id == refused.c.terminal_id)
        .order_by(refused.c.id)
    )
    if terminal_id is not None:
        query = query.where(refused.c.terminal_id == terminal_id)
    return [Refused(*row) for row in connection.execute(query)]


def retry(
    connection: Connection, today: date | None, terminal_id: str | None = None
) -> tuple[list[Refused], list[Refused]]:
    """Check all of it (of a terminal) again, after an update or when the day has come: merge what passes, keep others.

    Returns the accepted and the kept, these with today's reasons. Of a revoked terminal nothing is taken in, nor is
    what it sent before.
    """
    accepted: list[Refused] = []
    kept: list[Refused] = []
    revoked = lineage.silenced(connection)
    for each in listing(connection, terminal_id):
        here = refused.c.id == each.id
        try:
            if each.terminal_id in revoked:
                raise ValueError("the terminal is revoked; reissue it first, if this is to be taken in")
            table = read(each.payload.encode(), today)
        except ValueError as error:
            reason = storable(str(error)[:MOST_REASON])
            connection.execute(update(refused).where(here).values(reason=reason))
            kept.append(
                Refused(
                    each.id, each.terminal_id, each.terminal, each.epoch, each.revision, each.payload, reason, each.day
                )
            )
        else:
            store.merge(connection, each.terminal_id, each.epoch, [table], each.revision)
            connection.execute(delete(refused).where(here))
            accepted.append(each)
    return accepted, kept


def ask_again(connection: Connection, terminal_id: str | None = None) -> list[str]:
    """Have terminals (or one) send all they have again where not all that was refused could be kept; returns their ids.

    To them it is as if the database were lost. What is here already is not counted twice.
    """
    epoch = schema.epoch.c
    where = (epoch.unkept > 0) & epoch.terminal_id.not_in(lineage.silenced(connection))
    if terminal_id is not None:
        where &= epoch.terminal_id == terminal_id
    found = sorted(set(connection.scalars(select(epoch.terminal_id).where(where))))
    connection.execute(update(schema.epoch).where(where).values(upto=0, batch=None, unkept=0))
    return found


def unkept(connection: Connection) -> dict[str, int]:
    """How many refused tables there was no room for, by the terminal's name."""
    terminal, epoch = schema.terminal.c, schema.epoch.c
    query = select(terminal.name, func.sum(epoch.unkept)).join(schema.epoch, epoch.terminal_id == terminal.id)
    rows = connection.execute(query.where(epoch.unkept > 0).group_by(terminal.name).order_by(terminal.name))
    return {name: int(number) for name, number in rows}


def forget(connection: Connection, terminal_id: str) -> int:
    """Forget what was refused of a terminal; returns how many tables that were, kept or not."""
    at, here = schema.epoch.c.terminal_id == terminal_id, refused.c.terminal_id == terminal_id
    kept = connection.scalar(select(func.count()).select_from(refused).where(here)) or 0
    unkept = connection.scalar(select(func.sum(schema.epoch.c.unkept)).where(at)) or 0
    connection.execute(delete(refused).where(here))
    connection.execute(update(schema.epoch).where(at).values(unkept=0))
    return kept + int(unkept)
