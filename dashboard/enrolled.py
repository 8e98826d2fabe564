"""The terminals that were ever enrolled: which there are, and where they stand. Knows no broker, changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from dashboard import schema
from dashboard.saying import Told, say


class EnrolmentError(Told):
    """A terminal that cannot be enrolled, revoked, reissued, renamed or moved; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A terminal of the dashboard; `revoked` is the day (UTC) since which nothing of it is taken in."""

    id: str
    name: str
    site: str
    timezone: str
    revoked: date | None

    @property
    def title(self) -> str:
        """How the list of what was arranged calls it."""
        return f"{self.name} ({self.site})"


def listing(connection: Connection) -> list[Enrolled]:
    """All terminals that were ever enrolled, by site and name."""
    terminal, site = schema.terminal.c, schema.site.c
    rows = connection.execute(
        select(terminal.id, terminal.name, site.name, terminal.timezone, terminal.revoked)
        .join(schema.site, site.id == terminal.site_id)
        .order_by(site.name, terminal.name)
    )
    return [Enrolled(*row) for row in rows]


def find(connection: Connection, terminal_id: str) -> Enrolled:
    """The terminal of an id. Raises EnrolmentError, which names those that there are."""
    found = {each.id: each for each in listing(connection)}
    if terminal_id not in found:
        raise EnrolmentError(
            say("there is no terminal with the id %(id)s; there are: %(others)s"),
            is_missing=True,
            id=repr(terminal_id[:80]),
            others=", ".join(found) or "none",
        )
    return found[terminal_id]
