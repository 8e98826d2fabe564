"""The people who may sign in, and at which sites they may see or do what. Knows no passwords, only their hashes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from dashboard import schema
from dashboard.mail import queue

LONGEST_NAME = 100
DEEDS_SHOWN = 200


def say(text: str) -> str:
    """The text: it is translated where it is shown. Marks it for the catalogues."""
    return text


class Role(StrEnum):
    """What somebody may do at a site; each may do what those before it may."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMINISTRATOR = "administrator"

    @property
    def rank(self) -> int:
        """The higher, the more."""
        return list(Role).index(self)


class PersonError(ValueError):
    """What cannot be arranged so; `args[0]` says why, in English and as the catalogues have it."""


@dataclass(frozen=True, slots=True)
class Person:
    """`role`: everywhere; `at`: at sites, by their numbers. `new_password`: the next thing to do is to choose one.

    `by_group`: both are what the groups at the provider say, at each time of signing in.
    """

    id: int
    name: str
    role: Role | None
    at: tuple[tuple[int, Role], ...] = ()
    new_password: bool = False
    has_password: bool = True
    by_group: bool = False

    @property
    def is_administrator(self) -> bool:
        """Whether this one may arrange everything."""
        return self.role is Role.ADMINISTRATOR

    def may(self, role: Role, site_id: int) -> bool:
        """Whether this one may do at a site what a role does."""
        return any(
            each.rank >= role.rank
            for each in (self.role, *(held for site, held in self.at if site == site_id))
            if each is not None
        )


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that somebody arranged: `what` is a word of ours, `about` whom it was done to."""

    moment: datetime
    who: str
    what: str
    about: str


def everybody(connection: Connection) -> list[Person]:
    """All of them, by name."""
    at = _at(connection)
    rows = connection.execute(select(schema.person).order_by(schema.person.c.name))
    return [_person(row, at.get(row.id, ())) for row in rows]


def find(connection: Connection, id_: int) -> Person | None:
    """The one of a number; None where there is none (any more)."""
    row = connection.execute(select(schema.person).where(schema.person.c.id == id_)).first()
    return _with_roles(connection, row) if row else None


def named(connection: Connection, name: str) -> tuple[Person, str | None] | None:
    """The one of a name, whatever the case of its letters, and the hash of the password."""
    if not name.isprintable():
        return None  # Nobody is called so, and PostgreSQL refuses some of it.
    row = connection.execute(select(schema.person).where(schema.person.c.key == _key(name))).first()
    if row is None:
        return None
    return _with_roles(connection, row), row.password


def add(
    connection: Connection, name: str, password: str | None, role: Role | None, at: Mapping[int, Role] | None = None
) -> Person:
    """Somebody new, whose password (a hash) was handed over, and is to be changed. Raises PersonError.

    Without a password: somebody who signs in by the provider.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise PersonError(say("A name has 1 to 100 characters, in one line."))
    if named(connection, name):
        raise PersonError(say("There is already somebody of that name."))
    made = connection.execute(
        insert(schema.person).values(name=name, key=_key(name), password=password, new_password=password is not None)
    ).inserted_primary_key
    assert made is not None
    set_roles(connection, made[0], role, at or {})
    found = find(connection, made[0])
    assert found is not None
    return found


def set_roles(connection: Connection, id_: int, role: Role | None, at: Mapping[int, Role]) -> None:
    """What somebody may from now on, whatever their groups. Raises PersonError: there must be an administrator left."""
    if role is not Role.ADMINISTRATOR:
        _must_not_be_the_last(connection, id_)
    if Role.ADMINISTRATOR in at.values():
        raise PersonError(say("Administrators are administrators everywhere."))
    _put_roles(connection, id_, role, at, by_group=False)


def follow_groups(connection: Connection, id_: int, role: Role | None, at: Mapping[int, Role]) -> None:
    """What somebody may by the groups at the provider. It is the provider's word, were this the last administrator."""
    _put_roles(connection, id_, role, at, by_group=True)


def _put_roles(connection: Connection, id_: int, role: Role | None, at: Mapping[int, Role], *, by_group: bool) -> None:
    values = {"role": role and str(role), "by_group": by_group}
    connection.execute(update(schema.person).where(schema.person.c.id == id_).values(values))
    here = schema.person_site
    connection.execute(delete(here).where(here.c.person_id == id_))
    if at:
        connection.execute(
            insert(here), [{"person_id": id_, "site_id": site, "role": str(held)} for site, held in sorted(at.items())]
        )


def set_password(connection: Connection, id_: int, password: str, *, handed_over: bool) -> None:
    """Another password (a hash): all sessions end. `handed_over`: it is to be changed."""
    person = schema.person
    connection.execute(update(person).where(person.c.id == id_).values(password=password, new_password=handed_over))
    connection.execute(delete(schema.session).where(schema.session.c.person_id == id_))


def drop_password(connection: Connection, id_: int) -> None:
    """From now on only by the provider, whoever signs in there next under that name: all sessions end."""
    person = schema.person
    connection.execute(update(person).where(person.c.id == id_).values(password=None, new_password=False))
    for table in (schema.session, schema.identity):
        connection.execute(delete(table).where(table.c.person_id == id_))


def remove(connection: Connection, id_: int) -> None:
    """Take somebody out: all sessions end. Raises PersonError: there must be an administrator left."""
    _must_not_be_the_last(connection, id_)
    queue.forget_those_of(connection, id_)
    for table in (schema.session, schema.identity, schema.person_site, schema.wish, schema.addressee):
        connection.execute(delete(table).where(table.c.person_id == id_))
    connection.execute(delete(schema.person).where(schema.person.c.id == id_))


def note(connection: Connection, who: str, what: str, about: str) -> None:
    """Write down what somebody arranged."""
    connection.execute(
        insert(schema.deed).values(moment=datetime.now(UTC), who=who[:200], what=what, about=about[:200])
    )


def described(person: Person) -> str:
    """For the list of what was arranged: who, and what they may."""
    held: list[object] = [person.role or "", *(f"site-{site}: {role}" for site, role in person.at)]
    return f"{person.name} ({', '.join(str(each) for each in held if each) or '-'})"


def deeds(connection: Connection) -> list[Deed]:
    """The last of what was written down, the latest first."""
    rows = connection.execute(select(schema.deed).order_by(schema.deed.c.id.desc()).limit(DEEDS_SHOWN))
    return [Deed(row.moment.replace(tzinfo=UTC), row.who, row.what, row.about) for row in rows]


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()[: 2 * LONGEST_NAME]


def _at(connection: Connection, id_: int | None = None) -> dict[int, tuple[tuple[int, Role], ...]]:
    here = schema.person_site.c
    query = select(here.person_id, here.site_id, here.role).order_by(here.site_id)
    found: dict[int, tuple[tuple[int, Role], ...]] = {}
    for person, site, role in connection.execute(query if id_ is None else query.where(here.person_id == id_)):
        found[person] = (*found.get(person, ()), (site, Role(role)))
    return found


def _with_roles(connection: Connection, row: Row[Any]) -> Person:
    return _person(row, _at(connection, row.id).get(row.id, ()))


def _person(row: Row[Any], at: Sequence[tuple[int, Role]]) -> Person:
    return Person(
        id=row.id,
        name=row.name,
        role=Role(row.role) if row.role else None,
        at=tuple(at),
        new_password=row.new_password,
        has_password=row.password is not None,
        by_group=row.by_group,
    )


def _must_not_be_the_last(connection: Connection, id_: int) -> None:
    administrators = [each.id for each in everybody(connection) if each.is_administrator]
    if administrators == [id_]:
        raise PersonError(say("There must be an administrator left."))
