"""Sessions: who is signed in. The browser has a random word, the database only a hash of it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, delete, insert, select, update

from dashboard import schema
from dashboard.accounts import people
from dashboard.accounts.people import Person
from dashboard.store import reading

IDLE = timedelta(hours=12)
"""A session that nobody has used for so long is over: a working day."""
LONGEST = timedelta(days=7)
NOTED = timedelta(minutes=5)
"""So often at most it is written down that a session is used."""


def begin(connection: Connection, person: Person, now: datetime, *, by_provider: bool = False) -> str:
    """Sign somebody in; returns the word for the browser. What is over is cleared away."""
    connection.execute(delete(schema.session).where(schema.session.c.began < now - LONGEST))
    word = secrets.token_urlsafe(32)
    connection.execute(
        insert(schema.session).values(
            word=hashed(word), person_id=person.id, began=now, seen=now, by_provider=by_provider
        )
    )
    return word


def whose(engine: Engine, word: str, now: datetime, *, only_provider: bool = False) -> Person | None:
    """Who is signed in by a word; None where nobody is (any more). `only_provider`: passwords do not count."""
    session = schema.session.c
    with reading(engine) as connection:
        row = connection.execute(select(schema.session).where(session.word == hashed(word))).first()
        if row is None:
            return None
        began, seen = (each.replace(tzinfo=UTC) for each in (row.began, row.seen))
        if now - seen > IDLE or now - began > LONGEST or (only_provider and not row.by_provider):
            return None
        person = people.find(connection, row.person_id)
    if person is not None and row.by_provider:
        # A password that was handed over, and is not needed here, need not be changed first.
        person = replace(person, new_password=False)
    if now - seen > NOTED:
        with engine.begin() as connection:
            connection.execute(update(schema.session).where(session.word == hashed(word)).values(seen=now))
    return person


def end(connection: Connection, word: str) -> bool:
    """Sign out. Returns whether it was by the provider that one was signed in."""
    session = schema.session.c
    mine = session.word == hashed(word)
    by_provider = bool(connection.scalar(select(session.by_provider).where(mine)))
    connection.execute(delete(schema.session).where(mine))
    return by_provider


def hashed(word: str) -> str:
    """What the database has of a browser's word: 256 random bits need no slow hash."""
    return hashlib.sha256(word.encode()).hexdigest()
