"""How many visits a month had, as staff enter it, and how many of them were answered: the response rate.

The ratings it is compared with are the published ones that it is given. So a number of visits never tells
anything of a count that is hidden, whatever is entered. Knows no words and no pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from dashboard import schema
from dashboard.disclosure import Shown
from dashboard.places import Area, Place, Site, Terminal
from dashboard.store import note_change_of_site
from ratings.period import Grain, Period, periods_between

MOST = 1_000_000
"""More visits than this in a month are a typing mistake."""

_SPACES = re.compile(r"[ \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]")
_NUMBER = re.compile(r"[0-9]{1,7}")


@dataclass(frozen=True, slots=True)
class Answered:
    """The ratings of a published block (or of several), and the visits in all its months."""

    days: Period
    n: int
    visits: int

    @property
    def is_odd(self) -> bool:
        """Whether there are more ratings than visits: then one of the two numbers is not what it says."""
        return self.n > self.visits


def read(text: str) -> int | None:
    """A number as people write it, `1 234`; None where nothing is written. Raises ValueError."""
    plain = _SPACES.sub("", text)
    if not plain:
        return None
    if not _NUMBER.fullmatch(plain) or int(plain) > MOST:
        raise ValueError(f"{text[:20]!r} is not a whole number from 0 to {MOST}")
    return int(plain)


def put(connection: Connection, site_id: int, month: Period, number: int | None) -> None:
    """Enter a month's number of visits; None takes it out."""
    table = schema.visits
    if number is None:
        connection.execute(delete(table).where(table.c.site_id == site_id, table.c.month == month.first))
    else:
        values = {"site_id": site_id, "month": month.first, "number": number}
        connection.execute(_UPSERT[connection.dialect.name], values)
    note_change_of_site(connection, site_id)


def _upsert(statement: sqlite.Insert | postgresql.Insert) -> Any:
    return statement.on_conflict_do_update(
        index_elements=list(schema.visits.primary_key.columns), set_={"number": statement.excluded.number}
    )


_UPSERT = {
    "sqlite": _upsert(sqlite.insert(schema.visits)),
    "postgresql": _upsert(postgresql.insert(schema.visits)),
}


def entered(connection: Connection, site_ids: Sequence[int], days: Period) -> dict[tuple[int, date], int]:
    """The numbers that were entered, by site and the month's first day."""
    table = schema.visits.c
    rows = connection.execute(
        select(table.site_id, table.month, table.number).where(
            table.site_id.in_(site_ids), table.month >= days.first, table.month <= days.last
        )
    )
    return {(row.site_id, row.month): row.number for row in rows}


def answered(connection: Connection, place: Place, shown: Shown) -> tuple[Answered, ...]:
    """The blocks in which every month has the visits of every site that is in the block.

    Visits are a site's: a terminal has no response rate.
    """
    total = shown.total
    if isinstance(place, Terminal) or total is None:
        return ()
    sites: Iterable[Site] = place.sites if isinstance(place, Area) else (place,)
    without = {name: set(months) for name, months in shown.missing}
    numbers = entered(connection, [site.id for site in sites], total.days)
    if not numbers:
        return ()
    found: list[Answered] = []
    for block in shown.blocks:
        months = list(periods_between(Grain.MONTH, block.days.first, block.days.last))
        visits = [
            numbers.get((site.id, month.first))
            for site in sites
            for month in months
            if month not in without.get(site.name, ())
        ]
        known = [each for each in visits if each is not None]
        if len(known) == len(visits):
            found.append(Answered(block.days, sum(block.counts), sum(known)))
    return tuple(found)
