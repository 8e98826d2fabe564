"""Alerts as the database keeps them: raised once for a cause and a period, answered and commented on by staff.

What an alert says is kept as it could be shown on the day when it was raised. Knows no figures and no pages.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from dashboard import schema

LEVEL = 20
"""The share of dissatisfied, in percent, above which it is told, where nothing else is set of a site."""
LEVELS = (0, 10, 15, 20, 25, 30, 40, 50)
"""What can be set; 0: never."""
LONGEST_COMMENT = 1000
SHOWN = 50


class Kind(StrEnum):
    """What an alert is about. DO NOT change these values; they're stored."""

    LEVEL = "level"
    """More were dissatisfied than the site's level."""
    FALL = "fall"
    """Fewer were satisfied than before: a clear change."""
    FEW = "few"
    """Nothing new of the trend, though terminals are online."""
    POUNDING = "pounding"
    SILENT = "silent"
    STUCK = "stuck"


About = Mapping[str, Any]
"""The values of an alert's sentences, as JSON has them."""


@dataclass(frozen=True, slots=True)
class Found:
    """A reason for an alert. `key` says what and when: it is raised once."""

    key: str
    kind: Kind
    site_id: int
    terminal: str | None
    about: About


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody said about an alert. No text: they acknowledged it without one."""

    moment: datetime
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Alert:
    """`ended`: the day on which its cause was over, of those that end. `answered_by`: who acknowledged it."""

    id: int
    kind: Kind
    site_id: int
    terminal: str | None
    about: About
    raised: date
    ended: date | None
    answered: datetime | None
    answered_by: str
    notes: tuple[Note, ...] = ()


def put(connection: Connection, found: Found, day: date) -> Alert | None:
    """Raise an alert; None where it was raised before."""
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    made = connection.execute(
        dialect.insert(schema.alert)
        .values(
            key=found.key,
            kind=str(found.kind),
            site_id=found.site_id,
            terminal=found.terminal,
            about=json.dumps(found.about),
            raised=day,
            answered_by="",
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(schema.alert.c.id)
    ).scalar()
    if made is None:
        return None
    return find(connection, made)


def find(connection: Connection, id_: int) -> Alert | None:
    """The one of a number."""
    row = connection.execute(select(schema.alert).where(schema.alert.c.id == id_)).first()
    return _alert(row, _notes(connection, [id_]).get(id_, ())) if row else None


def open_of(connection: Connection, site_ids: Sequence[int]) -> list[Alert]:
    """Those of some sites that nobody has acknowledged, the latest first."""
    return _listed(connection, site_ids, schema.alert.c.answered.is_(None))


def answered_of(connection: Connection, site_ids: Sequence[int]) -> list[Alert]:
    """The last of those that somebody has."""
    return _listed(connection, site_ids, schema.alert.c.answered.is_not(None))[:SHOWN]


def number_open(connection: Connection, site_ids: Sequence[int]) -> int:
    """How many nobody has acknowledged."""
    alert, asked = schema.alert.c, set(site_ids)
    # Of all sites, for there are few, and each page asks: hundreds of ids in a query take longer than their answer.
    query = select(alert.site_id, func.count()).where(alert.answered.is_(None)).group_by(alert.site_id)
    return sum(number for site_id, number in connection.execute(query) if site_id in asked)


def answer(connection: Connection, alert: Alert, who: str, text: str, moment: datetime, *, acknowledge: bool) -> None:
    """Somebody acknowledges an alert, or says something about it. Who was first stays."""
    here = schema.alert.c
    if acknowledge:
        connection.execute(
            update(schema.alert)
            .where(here.id == alert.id, here.answered.is_(None))
            .values(answered=moment, answered_by=who[:200])
        )
    if text:
        connection.execute(
            insert(schema.alert_note).values(
                alert_id=alert.id, moment=moment, who=who[:200], text=text[:LONGEST_COMMENT]
            )
        )


def going_on(connection: Connection, kinds: Collection[Kind]) -> list[Alert]:
    """Those of some kinds whose cause is not known to be over."""
    alert = schema.alert.c
    rows = connection.execute(
        select(schema.alert).where(alert.ended.is_(None), alert.kind.in_([str(kind) for kind in kinds]))
    )
    return [_alert(row, ()) for row in rows]


def end(connection: Connection, alert: Alert, day: date) -> None:
    """The cause of an alert is over."""
    connection.execute(update(schema.alert).where(schema.alert.c.id == alert.id).values(ended=day))


def level(connection: Connection, site_id: int) -> int:
    """The level of a site, in percent; 0: never."""
    here = schema.alert_level.c
    found = connection.scalar(select(here.percent).where(here.site_id == site_id))
    return LEVEL if found is None else int(found)


def set_level(connection: Connection, site_id: int, percent: int) -> None:
    """Set the level of a site."""
    connection.execute(delete(schema.alert_level).where(schema.alert_level.c.site_id == site_id))
    connection.execute(insert(schema.alert_level).values(site_id=site_id, percent=percent))


def _listed(connection: Connection, site_ids: Sequence[int], which: Any) -> list[Alert]:
    alert = schema.alert.c
    rows = connection.execute(
        select(schema.alert).where(alert.site_id.in_(site_ids), which).order_by(alert.id.desc()).limit(4 * SHOWN)
    ).all()
    notes = _notes(connection, [row.id for row in rows])
    return [_alert(row, notes.get(row.id, ())) for row in rows]


def _notes(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[Note, ...]]:
    note = schema.alert_note.c
    found: dict[int, tuple[Note, ...]] = {}
    for row in connection.execute(select(schema.alert_note).where(note.alert_id.in_(ids)).order_by(note.id)):
        found[row.alert_id] = (*found.get(row.alert_id, ()), Note(_aware(row.moment), row.who, row.text))
    return found


def _alert(row: Any, notes: tuple[Note, ...]) -> Alert:
    return Alert(
        row.id,
        Kind(row.kind),
        row.site_id,
        row.terminal,
        json.loads(row.about),
        row.raised,
        row.ended,
        _aware(row.answered) if row.answered else None,
        row.answered_by,
        notes,
    )


def _aware(moment: datetime) -> datetime:
    """SQLite keeps no zone; what is stored is UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
