"""What a terminal's message does to the database, and what is answered: the protocol's dashboard end, without MQTT.

Call everything in one transaction per message, and send the answer after its commit: what is acknowledged is on disk.
State, not events: any order, repetition and loss of messages ends in the same tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from dashboard import clock, lineage, quarantine, schema, store, terminal_faults
from ratings import wire
from ratings.table import Slice, Table
from ratings.wire import Ack, Batch, Status


def is_enrolled(connection: Connection, terminal_id: str) -> bool:
    """Whether this terminal was enrolled and not revoked since. Nothing of any other may be handled."""
    here = (schema.terminal.c.id == terminal_id) & schema.terminal.c.revoked.is_(None)
    return connection.execute(select(schema.terminal.c.id).where(here)).first() is not None


def revoked(connection: Connection) -> set[str]:
    """The terminals that were enrolled once and may not send any more."""
    return set(connection.scalars(select(schema.terminal.c.id).where(schema.terminal.c.revoked.is_not(None))))


def handle_batch(connection: Connection, terminal_id: str, batch: Batch, today: date | None) -> Ack:
    """Merge the good tables of an enrolled terminal's batch, put the bad ones into quarantine, and move on.

    `today` is a date in UTC; None where the clock is not known right (then nothing is "in the future").
    """
    return take(connection, terminal_id, batch, today)[0]


def take(connection: Connection, terminal_id: str, batch: Batch, today: date | None) -> tuple[Ack, set[str]]:
    """As `handle_batch`; also returns the questions of which there was a `total`: their site may have news.

    What a terminal that was moved sends of its time at another site counts there (`lineage.py`).
    """
    good: list[Table] = []
    bad: list[tuple[bytes, str]] = []
    for raw in map(bytes, batch.tables):
        try:
            good.append(quarantine.read(raw, today))
        except ValueError as error:
            bad.append((raw, str(error)))
    terminal_id = lineage.owner(connection, terminal_id, batch.epoch)
    upto, last = _lock(connection, terminal_id, batch.epoch)
    store.merge(connection, terminal_id, batch.epoch, good, batch.upto)
    quarantine.keep(connection, terminal_id, batch.epoch, batch.upto, bad, today or clock.utc_date())
    if batch.after <= upto:
        # In order: nothing between `upto` and this batch is missing. Otherwise the terminal will go back.
        upto, last = max(upto, batch.upto), batch.batch
        where = (schema.epoch.c.terminal_id == terminal_id) & (schema.epoch.c.epoch == batch.epoch)
        connection.execute(update(schema.epoch).where(where).values(upto=upto, batch=last))
    return Ack(batch.epoch, upto, last), _questions(good)


def handle_status(
    connection: Connection,
    terminal_id: str,
    status: Status,
    received: datetime,
    *,
    retained: bool = False,
    sure: bool = True,
) -> Ack:
    """Remember an enrolled terminal's status; the answer is what the database holds of its epoch.

    `received` is an aware datetime, by a clock that is `sure` to be right or not. A `retained` status that is known
    already keeps the time at which it first came. Of a last will only that it came is kept: the rest is older than what
    the terminal said since.
    """
    state = "retired" if status.retired else status.state
    row = {
        "terminal_id": terminal_id,
        "received": received.astimezone(UTC),
        "payload": wire.encode(status).decode().rstrip(),
        "state": state,
        "hours_ahead": _hours_ahead(status, received) if sure and not retained else None,
    }
    if state != "offline" and not retained:
        _compare_cards(connection, terminal_id, status.epoch, received)
    statement = _insert(connection, schema.status)
    changed = ("received", "state") if state == "offline" else ("received", "state", "payload", "hours_ahead")
    new, old = statement.excluded, schema.status.c
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["terminal_id"],
            set_={name: new[name] for name in changed},
            where=or_(*(old[name] != new[name] for name in changed if name in ("state", "payload")))
            if retained
            else None,
        ),
        [row],
    )
    connection.execute(
        update(schema.terminal)
        .where(schema.terminal.c.id == terminal_id, schema.terminal.c.release != status.release)
        .values(release=status.release)
    )
    return held(connection, terminal_id, status.epoch)


def _compare_cards(connection: Connection, terminal_id: str, epoch: str, received: datetime) -> None:
    """Note that an epoch comes back after another: an epoch that ended never does, so a second card is in use."""
    table = schema.status.c
    before = connection.execute(select(table.payload, table.earlier).where(table.terminal_id == terminal_id)).first()
    last = terminal_faults.read(before.payload) if before is not None else None
    if before is None or last is None or last.epoch == epoch:
        return
    noted: dict[str, object] = {"earlier": last.epoch}
    if before.earlier == epoch:
        noted["two_cards"] = received.astimezone(UTC).date()
    connection.execute(update(schema.status).where(table.terminal_id == terminal_id).values(noted))


def _hours_ahead(status: Status, received: datetime) -> int | None:
    """By how many hours a terminal's clock is ahead of ours, to the hour; None where it does not tell."""
    try:
        told = datetime.strptime(status.hour, "%Y-%m-%dT%H").replace(tzinfo=UTC)
    except ValueError:
        return None
    return (told - received.astimezone(UTC).replace(minute=0, second=0, microsecond=0)) // timedelta(hours=1)


def held(connection: Connection, terminal_id: str, epoch: str) -> Ack:
    """What the database holds of an epoch: up to 0, and no batch, where it knows nothing of it."""
    terminal_id = lineage.owner(connection, terminal_id, epoch)
    found = connection.execute(
        select(schema.epoch.c.upto, schema.epoch.c.batch).where(
            schema.epoch.c.terminal_id == terminal_id, schema.epoch.c.epoch == epoch
        )
    ).first()
    return Ack(epoch, found.upto, found.batch) if found else Ack(epoch, 0, None)


def _lock(connection: Connection, terminal_id: str, epoch: str) -> tuple[int, str | None]:
    """The epoch's `upto` and last batch, made if new, and locked: two at once must not both move it."""
    where = (schema.epoch.c.terminal_id == terminal_id) & (schema.epoch.c.epoch == epoch)
    query = select(schema.epoch.c.upto, schema.epoch.c.batch).where(where).with_for_update()
    found = connection.execute(query).first()
    if found is None:
        values = {"terminal_id": terminal_id, "epoch": epoch, "upto": 0}
        connection.execute(_insert(connection, schema.epoch).on_conflict_do_nothing(), [values])
        found = connection.execute(query).one()
    return found.upto, found.batch


def _insert(connection: Connection, table: Any) -> Any:
    """An INSERT that may meet what is there already."""
    match connection.dialect.name:
        case "sqlite":
            return sqlite.insert(table)
        case "postgresql":
            return postgresql.insert(table)
        case _:
            return insert(table)


def _questions(tables: Iterable[Table]) -> set[str]:
    return {table.question for table in tables if table.slice is Slice.TOTAL}
