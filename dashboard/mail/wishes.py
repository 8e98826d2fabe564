"""What people asked to be sent: about which places, to which address, in which language. Knows no pages and no mail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Connection, delete, insert, select

from dashboard import language, schema
from dashboard.accounts import people
from dashboard.accounts.people import Person


class Kind(StrEnum):
    """What there is to be sent about a place."""

    REPORT = "report"
    ALERTS = "alerts"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What one person asked for. `places`: by kind, as addresses call them. No address: nothing is sent."""

    address: str = ""
    language: str = language.DEFAULT
    places: dict[Kind, frozenset[str]] = field(default_factory=dict)

    def of(self, kind: Kind) -> frozenset[str]:
        """The places that something of a kind was asked for about."""
        return self.places.get(kind, frozenset())


def find(connection: Connection, person: int) -> Wishes:
    """What a person asked for."""
    to = schema.addressee.c
    row = connection.execute(select(to.address, to.language).where(to.person_id == person)).first()
    if row is None:
        return Wishes()
    here = schema.wish.c
    rows = connection.execute(select(here.kind, here.place).where(here.person_id == person))
    places: dict[Kind, set[str]] = defaultdict(set)
    for kind, place in rows:
        places[Kind(kind)].add(place)
    return Wishes(row.address, row.language, {kind: frozenset(some) for kind, some in places.items()})


def put(connection: Connection, person: int, wishes: Wishes) -> None:
    """Put these in place of what a person asked for before."""
    for table in (schema.wish, schema.addressee):
        connection.execute(delete(table).where(table.c.person_id == person))
    if not wishes.address:
        return
    connection.execute(
        insert(schema.addressee).values(person_id=person, address=wishes.address, language=wishes.language)
    )
    rows = [
        {"person_id": person, "kind": str(kind), "place": place}
        for kind, places in sorted(wishes.places.items())
        for place in sorted(places)
    ]
    if rows:
        connection.execute(insert(schema.wish), rows)


def everybody(connection: Connection, kind: Kind) -> Iterator[tuple[Person, Wishes]]:
    """Those who asked for something of a kind, and may sign in."""
    asked = set(connection.scalars(select(schema.wish.c.person_id).where(schema.wish.c.kind == str(kind))))
    for person in people.everybody(connection):
        if person.id in asked:
            yield person, find(connection, person.id)
