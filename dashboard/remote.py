"""Remote configuration, as the database keeps it: what is set of a site, and of a terminal alone.

A terminal's own sections count before its site's. What was never set is sent to nobody: a dashboard that has lost its
database leaves terminals, and what the broker keeps for them, as they are. Knows no MQTT.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from sqlalchemy import ColumnElement, Connection, select, update

from dashboard import schema, store
from ratings import remote, wire
from ratings.config import Config, ConfigError
from ratings.legible import printable
from ratings.remote import Remote
from ratings.sections import Answer
from ratings.wire import MOST_BYTES, Status, WireError

MOST_BYTES_SET = MOST_BYTES // 2
"""Of a site as of a terminal, so that both together are a message that is read."""


class PlaceError(Exception):
    """There is no such site or terminal; the text says which there are."""


@dataclass(frozen=True, slots=True)
class Place:
    """What something is set of: a site, by its name, or a terminal, by its id."""

    kind: Literal["site", "terminal"]
    name: str

    @property
    def _here(self) -> ColumnElement[bool]:
        return schema.site.c.name == self.name if self.kind == "site" else schema.terminal.c.id == self.name


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a terminal has got with what is set: `state` in words, `refused` why not, where it said so."""

    terminal: str
    state: Literal["nothing is set", "in force", "not taken in yet", "refused"]
    refused: str = ""


def put(connection: Connection, place: Place, wanted: Remote, name: str) -> list[str]:
    """Set something of a place, in place of what was set of it; returns the terminals whom it concerns.

    `name` is how errors call it. Raises ConfigError where a terminal would refuse it, PlaceError.
    """
    find(connection, place)
    checked(wanted, name)
    encoded = remote.encode(wanted)
    if len(encoded) > MOST_BYTES_SET:
        raise ConfigError(f"{name}: {len(encoded)} bytes as a message; allowed: {MOST_BYTES_SET}")
    table = schema.site if place.kind == "site" else schema.terminal
    connection.execute(update(table).where(place._here).values(settings=encoded.decode()))
    # Pages say the question and the reasons in these words.
    site_id = connection.scalars(select(table.c.id if place.kind == "site" else table.c.site_id).where(place._here))
    store.note_change_of_site(connection, site_id.one())
    concerned = terminals(connection, place)
    for _, message in concerned:
        if message is not None:
            checked(remote.decode(message, name), name)
    return [each for each, _ in concerned]


def checked(settings: Remote, name: str) -> Config:
    """What a terminal makes of settings whose own file sets nothing of the sort. Raises ConfigError."""
    return remote.combine(Config(), settings, name)


def find(connection: Connection, place: Place) -> Remote | None:
    """What is set of a place alone; None where nothing ever was. Raises PlaceError."""
    table, column = (
        (schema.site, schema.site.c.name) if place.kind == "site" else (schema.terminal, schema.terminal.c.id)
    )
    found = connection.execute(select(table.c.settings).where(place._here)).first()
    if found is None:
        there = ", ".join(map(repr, connection.scalars(select(column).order_by(column)))) or "none"
        raise PlaceError(f"there is no {place.kind} {place.name!r}; there are: {there}")
    return remote.decode(found.settings.encode(), "the database") if found.settings is not None else None


def terminals(connection: Connection, place: Place | None = None) -> list[tuple[str, bytes | None]]:
    """The enrolled terminals (of a place), and the message that each is to have; None where nothing is set."""
    sites: dict[int, str | None] = {
        each.id: each.settings for each in connection.execute(select(schema.site.c.id, schema.site.c.settings))
    }
    query = select(schema.terminal.c.id, schema.terminal.c.site_id, schema.terminal.c.settings)
    query = query.where(schema.terminal.c.revoked.is_(None)).order_by(schema.terminal.c.id)
    if place is not None:
        query = query.join(schema.site).where(place._here)
    return [(each.id, _message(sites[each.site_id], each.settings)) for each in connection.execute(query)]


@lru_cache(maxsize=1024)
def _message(of_site: str | None, of_terminal: str | None) -> bytes | None:
    if of_site is None and of_terminal is None:
        return None
    site, terminal = (remote.decode((each or "{}").encode(), "the database") for each in (of_site, of_terminal))
    return remote.encode(remote.over(site, terminal))


def answers(message: bytes) -> Sequence[Answer]:
    """The answers to the follow-up question that a message sets."""
    follow_up = remote.decode(message, "the database").follow_up
    return follow_up.reasons if follow_up else ()


def standings(connection: Connection, place: Place | None = None) -> list[Standing]:
    """How far each enrolled terminal (of a place) has got, as it has said itself."""
    told: dict[str, str] = {
        each.terminal_id: each.payload
        for each in connection.execute(select(schema.status.c.terminal_id, schema.status.c.payload))
    }
    return [_standing(each, message, told.get(each)) for each, message in terminals(connection, place)]


def _standing(terminal: str, message: bytes | None, told: str | None) -> Standing:
    if message is None:
        return Standing(terminal, "nothing is set")
    try:
        status = wire.decode(told.encode(), Status) if told else None
    except WireError:
        status = None
    if status is not None and status.config_refused:
        return Standing(terminal, "refused", printable(status.config_refused))
    in_force = status is not None and status.config == remote.fingerprint(message)
    return Standing(terminal, "in force" if in_force else "not taken in yet")
