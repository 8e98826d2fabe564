"""Sites and terminals by name: what people choose from before they ask for a figure. Knows no counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from dashboard import schema


class AskedError(ValueError):
    """Something was asked for that is not there, or makes no sense; the text says what there is."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal. `live` promises no anonymity; `simulated` ratings are nobody's. Every page says both."""

    id: str
    name: str
    site_id: int
    timezone: str
    live: bool
    simulated: bool


@dataclass(frozen=True, slots=True)
class Site:
    """A site and its terminals, by name."""

    id: int
    name: str
    terminals: tuple[Terminal, ...]

    @property
    def live(self) -> bool:
        """Whether any of its terminals releases running periods."""
        return any(each.live for each in self.terminals)

    @property
    def simulated(self) -> bool:
        """Whether any of its terminals is simulated."""
        return any(each.simulated for each in self.terminals)


Place = Site | Terminal | Sequence[Site]
"""What a figure is about: a terminal, a site, or several sites together."""


def site_ids(place: Place) -> list[int]:
    """The sites that a figure of a place is about."""
    match place:
        case Terminal():
            return [place.site_id]
        case Site():
            return [place.id]
        case _:
            return [site.id for site in place]


def sites(connection: Connection) -> list[Site]:
    """All sites that have a terminal, by name."""
    found: dict[int, tuple[str, list[Terminal]]] = {}
    rows = connection.execute(
        select(schema.site.c.name.label("site_name"), schema.terminal)
        .join(schema.terminal, schema.terminal.c.site_id == schema.site.c.id)
        .order_by(schema.site.c.name, schema.site.c.id, schema.terminal.c.name)
    )
    for row in rows:
        terminal = Terminal(row.id, row.name, row.site_id, row.timezone, row.release == "live", row.simulated)
        found.setdefault(row.site_id, (row.site_name, []))[1].append(terminal)
    return [Site(id_, name, tuple(terminals)) for id_, (name, terminals) in found.items()]


def find(
    among: Sequence[Site], site: str | None, terminal: str | None
) -> tuple[Site | Terminal | list[Site], list[Site]]:
    """What is meant by a site's name and a terminal's name or id, and the sites that this is about.

    Without either, the only site there is, or all of them. Raises AskedError.
    """
    named = [each for each in among if site is None or each.name == site]
    if not named:
        raise AskedError(f"there is no site {site!r}; there are: {', '.join(each.name for each in among)}")
    if terminal is None:
        return (named[0] if len(named) == 1 else named), named
    there = [each for some in named for each in some.terminals]
    found = [each for each in there if each.name == terminal] or [each for each in there if each.id == terminal]
    if not found:
        names = ", ".join(each.name for each in there)
        raise AskedError(f"there is no terminal {terminal!r}{' there' if site else ''}; there are: {names}")
    return found[0], [each for each in named if each.id == found[0].site_id]


def today(site: Site, now: datetime | None = None) -> date:
    """Which day it is at a site: a day has come when it has come at each of its terminals."""
    moment = now or datetime.now(UTC)
    return min(moment.astimezone(ZoneInfo(each.timezone)).date() for each in site.terminals)
