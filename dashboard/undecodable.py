"""Messages that are not of the protocol: counted, a few of each terminal kept for IT, byte for byte, and none answered.

A terminal sends again what was not acknowledged, so nothing is lost with what is not kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, delete, insert, select, update

from dashboard import quarantine
from dashboard.quarantine import Limit
from dashboard.schema import terminal, undecodable
from ratings import wire
from ratings.wire import Batch, Status, WireError

MOST_OF_ONE = Limit(20, 512 * 1024)
MOST_OF_ALL = Limit(1000, 16 * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class Undecodable:
    """One message: its `kind` is that of its topic, `size` that of the whole, `payload` perhaps the beginning only."""

    terminal: str
    kind: str
    payload: bytes
    size: int
    reason: str
    day: date


def keep(connection: Connection, terminal_id: str, kind: str, payload: bytes, reason: str, day: date) -> None:
    """Count a message of an enrolled terminal, and keep it while there is room."""
    here = terminal.c.id == terminal_id
    connection.execute(update(terminal).where(here).values(undecodable=terminal.c.undecodable + 1))
    fingerprint = hashlib.sha256(payload).hexdigest()
    known = (undecodable.c.terminal_id == terminal_id) & (undecodable.c.fingerprint == fingerprint)
    if connection.execute(select(undecodable.c.id).where(known)).first():
        return
    kept = payload[: wire.MOST_BYTES]
    if quarantine.room(connection, undecodable, terminal_id, MOST_OF_ONE, MOST_OF_ALL).holds(1, len(kept)):
        connection.execute(
            insert(undecodable).values(
                terminal_id=terminal_id,
                kind=kind,
                payload=kept,
                size=len(payload),
                fingerprint=fingerprint,
                reason=quarantine.storable(reason[: quarantine.MOST_REASON]),
                day=day,
            )
        )


def listing(connection: Connection) -> list[Undecodable]:
    """All that is kept, oldest first."""
    row = undecodable.c
    found = connection.execute(
        select(terminal.c.name, row.kind, row.payload, row.size, row.reason, row.day)
        .join(terminal, terminal.c.id == row.terminal_id)
        .order_by(row.id)
    )
    return [Undecodable(*each) for each in found]


def counted(connection: Connection) -> dict[str, int]:
    """How many messages could not be read, kept or not, by the terminal's name."""
    row = terminal.c
    rows = connection.execute(select(row.name, row.undecodable).where(row.undecodable > 0).order_by(row.name))
    return {name: int(number) for name, number in rows}


def retry(connection: Connection, terminal_id: str | None = None) -> int:
    """Let go what (of a terminal) can be read by now: it sends it again itself. Returns how many were let go.

    Where none of a terminal's is left, its number begins anew.
    """
    row = undecodable.c
    query = select(row.id, row.kind, row.payload, row.size)
    if terminal_id is not None:
        query = query.where(row.terminal_id == terminal_id)
    readable = [
        each.id
        for each in connection.execute(query).all()
        if each.size <= wire.MOST_BYTES and _is_readable(each.kind, each.payload)
    ]
    for number in readable:
        connection.execute(delete(undecodable).where(row.id == number))
    if readable:
        left = select(row.terminal_id)
        begun_anew = update(terminal).where(terminal.c.id.not_in(left)).values(undecodable=0)
        if terminal_id is not None:
            begun_anew = begun_anew.where(terminal.c.id == terminal_id)
        connection.execute(begun_anew)
    return len(readable)


def _is_readable(kind: str, payload: bytes) -> bool:
    try:
        if kind == "tables":
            wire.decode(payload, Batch)
        else:
            wire.decode(payload, Status)
    except WireError:
        return False
    return True


def forget(connection: Connection, terminal_id: str) -> int:
    """Forget what came of a terminal; returns how many messages that were."""
    found = connection.scalar(select(terminal.c.undecodable).where(terminal.c.id == terminal_id))
    connection.execute(update(terminal).where(terminal.c.id == terminal_id).values(undecodable=0))
    connection.execute(delete(undecodable).where(undecodable.c.terminal_id == terminal_id))
    return found or 0
