"""How the terminals are: what IT sees of each, on the command line and on the page. Reads no count of ratings.

A terminal is *silent* when nothing of it is heard; one that is online, and of which everything is here up to a day, is
one where nobody pressed if nothing came. Whether anything is heard can be said only while ingest listens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from dashboard import enrolled, schema, terminal_faults
from dashboard.enrolled import Enrolled
from dashboard.saying import say
from dashboard.terminal_faults import Remark
from ratings.legible import printable
from ratings.wire import ClockState, Condition, Room

SILENT_AFTER = timedelta(minutes=35)
"""A status comes every quarter of an hour, give or take: after so long two are missing."""
LISTENS_FOR = timedelta(minutes=5)
"""Ingest notes once a minute that it listens."""


class Standing(StrEnum):
    """Whether a terminal is heard."""

    ONLINE = "online"
    SILENT = "silent"
    NEVER = "never"
    """Enrolled, and nothing has come of it yet."""
    RETIRED = "retired"
    """It said goodbye."""
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Health:
    """One terminal. What it did not tell, or never could, is None, or UNKNOWN.

    `since`: from when on it is silent, or when it said goodbye, in its own zone and to the hour. `pending`: released
    tables that are not here. `whole`: the day before which everything that may leave the terminal is here. `room`,
    `heat`, `power` and `buttons` are as coarse as they come: words of `ratings/wire.py`, or another's.
    """

    terminal: Enrolled
    standing: Standing
    since: datetime | None = None
    version: str | None = None
    clock: str = ClockState.UNKNOWN
    pending: int | None = None
    whole: date | None = None
    room: str = Room.UNKNOWN
    heat: str = Condition.UNKNOWN
    power: str = Condition.UNKNOWN
    buttons: str = Condition.UNKNOWN
    remarks: tuple[Remark, ...] = ()

    @property
    def well(self) -> bool:
        """Whether nothing is to be seen to."""
        return self.standing is not Standing.SILENT and not any(remark.fault for remark in self.remarks)


@dataclass(frozen=True, slots=True)
class Overview:
    """All terminals, and whether anybody listens to them. `remark` says so where nobody does."""

    terminals: tuple[Health, ...]
    remark: Remark | None = None

    @property
    def well(self) -> bool:
        """Whether nothing is to be seen to."""
        return self.remark is None and all(each.well for each in self.terminals)


def listened(connection: Connection, now: datetime) -> None:
    """Note that ingest is at the broker now."""
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(schema.listening).values(id=1, seen=now.astimezone(UTC))
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"seen": statement.excluded.seen}))


def last_listened(connection: Connection) -> datetime | None:
    """When ingest was at the broker last; None where it never was."""
    return _aware(connection.scalar(select(schema.listening.c.seen)))


def standings(connection: Connection, now: datetime) -> dict[Standing, int]:
    """How many terminals are heard, and how many are not. Quick: looks into no table of theirs."""
    seen = last_listened(connection)
    heard_until = min(now, seen) if seen else now
    statuses = {row.terminal_id: row for row in connection.execute(select(schema.status))}
    found = dict.fromkeys(Standing, 0)
    for each in enrolled.listing(connection):
        found[_health(each, statuses.get(each.id), now, heard_until, {}, ()).standing] += 1
    return found


def look(connection: Connection, now: datetime, *, books: bool = True) -> Overview:
    """How all terminals are at `now`, an aware datetime.

    `books`: also whether those of each terminal balance, which takes a read of every table of two years: seconds, for
    a thousand terminals.
    """
    everybody = enrolled.listing(connection)
    seen = last_listened(connection)
    # While nobody listened, nobody could be heard.
    heard_until = min(now, seen) if seen else now
    statuses = {row.terminal_id: row for row in connection.execute(select(schema.status))}
    epoch = schema.epoch.c
    held = {(row[0], row[1]): row[2] for row in connection.execute(select(epoch.terminal_id, epoch.epoch, epoch.upto))}
    faults = terminal_faults.found(connection, statuses, now.date(), books=books)
    terminals = tuple(
        _health(each, statuses.get(each.id), now, heard_until, held, tuple(faults.get(each.id, [])))
        for each in everybody
    )
    return Overview(terminals, _remark_on_listening(seen, now) if everybody else None)


def _remark_on_listening(seen: datetime | None, now: datetime) -> Remark | None:
    if seen is None:
        return Remark(
            say("Nobody has listened to the terminals yet, so nothing is known of them. Start `fjes dashboard ingest`.")
        )
    if now - seen > LISTENS_FOR:
        return Remark(
            say(
                "Nobody has listened to the terminals since %(since)s UTC, so nothing newer is known of them. See that "
                "`fjes dashboard ingest` runs, and what its log says."
            ),
            {"since": f"{seen:%Y-%m-%d %H:%M}"},
        )
    return None


def _health(
    terminal: Enrolled,
    row: Any,
    now: datetime,
    heard_until: datetime,
    held: Mapping[tuple[str, str], int],
    faults: tuple[Remark, ...],
) -> Health:
    if terminal.revoked is not None:
        return Health(terminal, Standing.REVOKED)
    status = terminal_faults.read(row.payload) if row is not None else None
    if status is None:
        return Health(terminal, Standing.NEVER, remarks=faults)
    received = _aware(row.received)
    assert received is not None
    standing = Standing.ONLINE
    if row.state == "retired":
        standing = Standing.RETIRED
    elif row.state == "offline" or heard_until - received > SILENT_AFTER:
        standing = Standing.SILENT
    zone = ZoneInfo(terminal.timezone)
    since = received.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    day = _day(status.day)
    pending = status.pending
    if pending is None:  # The first version did not tell.
        pending = max(0, status.revision - held.get((terminal.id, status.epoch), 0))
    told = terminal_faults.told(status, row.hours_ahead)
    if standing is Standing.ONLINE:
        told += terminal_faults.kiosk(status, day, now.astimezone(zone).date())
    return Health(
        terminal,
        standing,
        since=None if standing is Standing.ONLINE else since,
        version=printable(status.version),
        clock=status.clock,
        pending=pending,
        whole=day if pending == 0 else None,
        room=status.room,
        heat=status.heat,
        power=status.power,
        buttons=status.buttons,
        remarks=(*told, *faults),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _aware(moment: datetime | None) -> datetime | None:
    """SQLite keeps no zone; what is stored is UTC."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
