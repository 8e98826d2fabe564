"""The queue of mail, in the database: what waits, what was sent, what was refused for good.

Each mail has a key that says what it is, such as `report/7/site-3/2026-10`: it is put in once, however often that is
tried, and a key that was sent stays. What was sent keeps neither text nor address. Knows no server.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from dashboard import schema

WAITS = tuple(timedelta(minutes=each) for each in (1, 5, 15, 60, 240))
"""After each try that failed; the last for all that follow."""
LONGEST = timedelta(days=14)
"""A mail that could not be sent for so long is not tried any more."""
LONGEST_ANSWER = 500
SHOWN = 200

State = Literal["waits", "sent", "refused", "dropped"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mail that is to be sent. `person` and `place`: who gets it because they see what; of a test neither."""

    id: int
    key: str
    person: int | None
    place: str
    to: str
    message: str
    tries: int
    made: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """A mail as administrators see it. `answer`: why it is not sent, where it was tried. `due`: when it is again."""

    id: int
    key: str
    to: str
    state: State
    tries: int
    due: datetime
    answer: str


def put(
    connection: Connection, key: str, to: str, message: str, now: datetime, *, person: int | None, place: str = ""
) -> bool:
    """Put a mail in, to be sent at once; False where one of this key was, whatever became of it."""
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    made = connection.execute(
        dialect.insert(schema.mail)
        .values(
            key=key,
            person_id=person,
            place=place,
            recipient=to,
            message=message,
            state="waits",
            tries=0,
            made=now,
            due=now,
            answer="",
        )
        .on_conflict_do_nothing(index_elements=["key"])
    )
    return bool(made.rowcount)


def known(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Those of some keys that were put in."""
    return set(connection.scalars(select(schema.mail.c.key).where(schema.mail.c.key.in_(keys))))


def due(connection: Connection, now: datetime) -> list[Waiting]:
    """What is to be tried now, in the order in which it was put in."""
    mail = schema.mail.c
    rows = connection.execute(
        select(schema.mail).where(mail.state == "waits", mail.due <= now).order_by(mail.id).limit(SHOWN)
    )
    return [
        Waiting(row.id, row.key, row.person_id, row.place, row.recipient, row.message, row.tries, _aware(row.made))
        for row in rows
    ]


def sent(connection: Connection, id_: int) -> None:
    """It was taken: only that it was is kept."""
    _end(connection, id_, "sent", "", forget=True)


def dropped(connection: Connection, id_: int) -> None:
    """It is not to be sent any more."""
    _end(connection, id_, "dropped", "", forget=True)


def refused(connection: Connection, id_: int, answer: str) -> None:
    """It was refused for good. An administrator may have it tried again."""
    _end(connection, id_, "refused", answer, forget=False)


def later(connection: Connection, each: Waiting, answer: str, now: datetime) -> bool:
    """It could not be sent: it waits, each time longer. False where it has waited long enough, and is given up."""
    if now - each.made > LONGEST:
        refused(connection, each.id, answer)
        return False
    wait = WAITS[min(each.tries, len(WAITS) - 1)]
    _set(connection, each.id, tries=each.tries + 1, due=now + wait, answer=answer[:LONGEST_ANSWER])
    return True


def again(connection: Connection, id_: int, now: datetime) -> Entry | None:
    """Try one at once that waits or was refused; None where there is none."""
    return _changed(connection, id_, state="waits", tries=0, made=now, due=now)


def forget(connection: Connection, id_: int) -> Entry | None:
    """Take one that waits or was refused out of the queue. Its key stays: it is not made again."""
    return _changed(connection, id_, state="dropped", recipient="", message="", answer="")


def forget_those_of(connection: Connection, person: int) -> None:
    """Nothing more to somebody who is removed."""
    mail = schema.mail.c
    connection.execute(
        update(schema.mail)
        .where(mail.person_id == person, mail.state.in_(("waits", "refused")))
        .values(state="dropped", recipient="", message="", answer="")
    )


def listing(connection: Connection) -> list[Entry]:
    """What waits and what was refused, the latest first."""
    mail = schema.mail.c
    rows = connection.execute(
        select(schema.mail).where(mail.state.in_(("waits", "refused"))).order_by(mail.id.desc()).limit(SHOWN)
    )
    return [_entry(row) for row in rows]


def old(connection: Connection, before: datetime) -> list[int]:
    """Those that were sent, or are not to be, and were put in before a moment: they are not made again."""
    mail = schema.mail.c
    return list(connection.scalars(select(mail.id).where(mail.state.in_(("sent", "dropped")), mail.made < before)))


def clear(connection: Connection, ids: Sequence[int]) -> None:
    """Forget that there were some."""
    connection.execute(delete(schema.mail).where(schema.mail.c.id.in_(ids)))


def trouble(connection: Connection) -> int:
    """How many were refused for good, or wait though they were tried."""
    mail = schema.mail.c
    found = connection.scalar(
        select(func.count()).where((mail.state == "refused") | ((mail.state == "waits") & (mail.tries > 0)))
    )
    return int(found or 0)


def _end(connection: Connection, id_: int, state: State, answer: str, *, forget: bool) -> None:
    gone = {"recipient": "", "message": ""} if forget else {}
    _set(connection, id_, state=state, answer=answer[:LONGEST_ANSWER], **gone)


def _set(connection: Connection, id_: int, **values: Any) -> None:
    connection.execute(update(schema.mail).where(schema.mail.c.id == id_).values(**values))


def _changed(connection: Connection, id_: int, **values: Any) -> Entry | None:
    here = (schema.mail.c.id == id_) & schema.mail.c.state.in_(("waits", "refused"))
    row = connection.execute(select(schema.mail).where(here)).first()
    if row is None or not connection.execute(update(schema.mail).where(here).values(**values)).rowcount:
        return None
    return _entry(row)


def _entry(row: Any) -> Entry:
    return Entry(row.id, row.key, row.recipient, row.state, row.tries, _aware(row.due), row.answer)


def _aware(moment: datetime) -> datetime:
    """SQLite keeps no zone; what is stored is UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
