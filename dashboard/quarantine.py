"""Quarantine: tables that did not pass the checks, kept word for word until somebody looks at them and tries again.

What is refused stops nothing else and is acknowledged like the rest: the terminal would only send it again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from dashboard import schema, store
from dashboard.schema import refused
from ratings import table as tables
from ratings import wire
from ratings.table import Table


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
    """Keep refused tables, each with its reason; one that is there already (sent twice) stays as it is."""
    if not bad:
        return
    rows = [
        {
            "terminal_id": terminal_id,
            "epoch": epoch,
            "revision": revision,
            "payload": _text(raw),
            "fingerprint": hashlib.sha256(raw).hexdigest(),
            "reason": reason.replace("\0", "\\0"),
            "day": day,
        }
        for raw, reason in bad
    ]
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(refused).on_conflict_do_nothing(), rows)


def _text(raw: bytes) -> str:
    """Word for word where it is text; what no database could keep as text is written as its escapes."""
    return raw.decode("utf-8", "backslashreplace").replace("\0", "\\0")


def listing(connection: Connection) -> list[Refused]:
    """All that is in quarantine, oldest first."""
    found = connection.execute(
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
    return [Refused(*row) for row in found]


def retry(connection: Connection, today: date | None) -> tuple[list[Refused], list[Refused]]:
    """Check all of it again, after an update or when the day has come: merge what passes, keep the rest.

    Returns the accepted and the kept, these with today's reasons.
    """
    accepted: list[Refused] = []
    kept: list[Refused] = []
    for each in listing(connection):
        here = refused.c.id == each.id
        try:
            table = read(each.payload.encode(), today)
        except ValueError as error:
            reason = str(error).replace("\0", "\\0")
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
