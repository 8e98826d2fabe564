"""Tokens: what programs show in place of a password. The program has a random word, the database only a hash of it.

SHA-256 is enough here, unlike for a password: a word of 256 random bits can be guessed neither from its hash nor
without, so that a slow hash would protect nothing, and be paid for with each request.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from dashboard import schema
from dashboard.accounts.people import LONGEST_NAME, Person, PersonError, Role, say
from dashboard.store import reading

BEGINS = "fjes_"
"""What the words begin with, so that whoever finds one in a file knows what it is."""
USUAL = timedelta(days=365)
LONGEST = timedelta(days=5 * 366)
"""How long a token is good where nobody says otherwise, and at most."""


class Use(StrEnum):
    """What a token is for. One for figures gets no measurements, and the other way round."""

    FIGURES = "figures"
    METRICS = "metrics"


@dataclass(frozen=True, slots=True)
class Token:
    """`everywhere`: it sees all sites, later ones too; else those of `sites`. `expires`: its last day (UTC).

    `used`: the last day on which it was used. No moment is kept: that would tell when somebody is at work.
    """

    id: int
    name: str
    use: Use
    everywhere: bool
    sites: tuple[int, ...]
    expires: date
    used: date | None

    @property
    def holder(self) -> Person:
        """Whoever uses it, as what they may see goes: somebody who sees, and does nothing else."""
        role = Role.VIEWER if self.everywhere else None
        return Person(0, self.name, role, tuple((site, Role.VIEWER) for site in self.sites))


def add(
    connection: Connection, name: str, use: Use, sites: Iterable[int] | None, expires: date, today: date
) -> tuple[Token, str]:
    """A new one, and its word, which nobody can get again. `sites`: None for all. Raises PersonError."""
    name = " ".join(name.split())
    seen = () if sites is None else tuple(sorted(set(sites)))
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise PersonError(say("A name has 1 to 100 characters, in one line."))
    if connection.execute(select(schema.token.c.id).where(schema.token.c.key == _key(name))).first():
        raise PersonError(say("There is already a token of that name."))
    if use is Use.FIGURES and sites is not None and not seen:
        raise PersonError(say("Choose the sites that it may see."))
    if not today <= expires <= today + LONGEST:
        raise PersonError(say("The last day of a token is today or later, and at most five years from now."))
    word = BEGINS + secrets.token_urlsafe(32)
    everywhere = use is Use.FIGURES and sites is None
    made = connection.execute(
        insert(schema.token).values(
            name=name, key=_key(name), word=_hash(word), use=str(use), everywhere=everywhere, expires=expires
        )
    ).inserted_primary_key
    assert made is not None
    if use is Use.FIGURES and seen:
        connection.execute(insert(schema.token_site), [{"token_id": made[0], "site_id": site} for site in seen])
    found = find(connection, made[0])
    assert found is not None
    return found, word


def everything(connection: Connection) -> list[Token]:
    """All of them, by name."""
    here = schema.token_site.c
    sites: dict[int, tuple[int, ...]] = {}
    for token, site in connection.execute(select(here.token_id, here.site_id).order_by(here.site_id)):
        sites[token] = (*sites.get(token, ()), site)
    rows = connection.execute(select(schema.token).order_by(schema.token.c.name))
    return [_token(row, sites.get(row.id, ())) for row in rows]


def find(connection: Connection, id_: int) -> Token | None:
    """The one of a number; None where there is none (any more)."""
    return next((each for each in everything(connection) if each.id == id_), None)


def named(connection: Connection, name: str) -> Token | None:
    """The one of a name, whatever the case of its letters."""
    id_ = connection.scalar(select(schema.token.c.id).where(schema.token.c.key == _key(name)))
    return None if id_ is None else find(connection, id_)


def remove(connection: Connection, id_: int) -> None:
    """From now on its word opens nothing."""
    connection.execute(delete(schema.token_site).where(schema.token_site.c.token_id == id_))
    connection.execute(delete(schema.token).where(schema.token.c.id == id_))


def shown(engine: Engine, word: str) -> Token | None:
    """The token of a word, expired or not; None where there is none (any more)."""
    with reading(engine) as connection:
        row = connection.execute(select(schema.token).where(schema.token.c.word == _hash(word))).first()
        if row is None:
            return None
        here = schema.token_site.c
        sites = connection.scalars(select(here.site_id).where(here.token_id == row.id).order_by(here.site_id))
        return _token(row, tuple(sites))


def note_use(engine: Engine, token: Token, today: date) -> None:
    """Write down that it was used today; once a day."""
    if token.used != today:
        with engine.begin() as connection:
            connection.execute(update(schema.token).where(schema.token.c.id == token.id).values(used=today))


def fingerprint(word: str) -> str:
    """What a word is told apart by where tries are counted, without the word."""
    return _hash(word)[:16]


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()[: 2 * LONGEST_NAME]


def _hash(word: str) -> str:
    return hashlib.sha256(word.encode("utf-8", "replace")).hexdigest()


def _token(row: Row[Any], sites: tuple[int, ...]) -> Token:
    return Token(row.id, row.name, Use(row.use), row.everywhere, sites, row.expires, row.used)
