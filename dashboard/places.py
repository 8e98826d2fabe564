"""Sites and terminals by name: what people choose from before they ask for a figure. Knows no counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, select

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

    @property
    def key(self) -> str:
        """What addresses call it."""
        return f"terminal-{self.id}"


@dataclass(frozen=True, slots=True)
class Site:
    """A site and its terminals, by name."""

    id: int
    name: str
    terminals: tuple[Terminal, ...]

    @property
    def key(self) -> str:
        """What addresses call it."""
        return f"site-{self.id}"

    @property
    def live(self) -> bool:
        """Whether any of its terminals releases running periods."""
        return any(each.live for each in self.terminals)

    @property
    def simulated(self) -> bool:
        """Whether any of its terminals is simulated."""
        return any(each.simulated for each in self.terminals)


@dataclass(frozen=True, slots=True)
class Area:
    """Several sites together: all there are (`id` 0), or those beneath a branch of the tree. `name`: none of all."""

    id: int
    name: str
    sites: tuple[Site, ...]
    areas: tuple[Area, ...] = ()

    @property
    def key(self) -> str:
        """What addresses call it."""
        return f"area-{self.id}" if self.id else "all"

    @property
    def live(self) -> bool:
        """Whether any of its terminals releases running periods."""
        return any(each.live for each in self.sites)

    @property
    def simulated(self) -> bool:
        """Whether any of its terminals is simulated."""
        return any(each.simulated for each in self.sites)

    @property
    def all_areas(self) -> list[Area]:
        """Every area beneath it, each before those in it."""
        return [found for each in self.areas for found in (each, *each.all_areas)]

    @property
    def own_sites(self) -> tuple[Site, ...]:
        """Its sites that are in none of its areas."""
        deeper = {site.id for area in self.areas for site in area.sites}
        return tuple(site for site in self.sites if site.id not in deeper)


Place = Site | Terminal | Area
"""What a figure is about: a terminal, a site, or several sites together."""


def sites_of(place: Place, all_sites: Sequence[Site]) -> tuple[Site, ...]:
    """The sites that a figure of a place is about."""
    match place:
        case Terminal():
            return tuple(each for each in all_sites if each.id == place.site_id)
        case Site():
            return (place,)
        case Area():
            return place.sites


def site_ids(place: Place) -> list[int]:
    """Their numbers."""
    match place:
        case Terminal():
            return [place.site_id]
        case Site():
            return [place.id]
        case Area():
            return [site.id for site in place.sites]


def sites(connection: Connection) -> list[Site]:
    """All sites that have a terminal, by name."""
    return list(_sites(_rows(connection, _TERMINALS)))


def tree(connection: Connection) -> Area:
    """Everything there is: all sites and the areas that they are in, by name. Areas without sites are left out."""
    return _tree(*(_rows(connection, each) for each in (_TERMINALS, _AREAS, _PLACED)))


_TERMINALS = (
    select(
        schema.site.c.id,
        schema.site.c.name,
        *(schema.terminal.c[name] for name in ("id", "name", "timezone", "release", "simulated")),
    )
    .join(schema.terminal, schema.terminal.c.site_id == schema.site.c.id)
    .order_by(schema.site.c.id, schema.terminal.c.id)
)
_AREAS = select(schema.area.c.id, schema.area.c.name, schema.area.c.parent).order_by(schema.area.c.id)
_PLACED = select(schema.placed.c.site_id, schema.placed.c.area_id)


_LAST = str.maketrans({"æ": "{", "ä": "{", "ø": "|", "ö": "|", "å": "}"})
"""Letters that come after z in Norwegian (and their Swedish and German sisters), as what comes after z in ASCII."""


def _by_name(place: Site | Terminal | Area) -> tuple[str, str]:
    """How places are ordered: whatever the case of their letters, and alike in either database."""
    return place.name.casefold().translate(_LAST), place.name


Rows = tuple[tuple[Any, ...], ...]


def _rows(connection: Connection, query: Select[Any]) -> Rows:
    return tuple(map(tuple, connection.execute(query).all()))


# The same places are the same objects: a page that was made for one is found again by it.
@lru_cache(maxsize=4)
def _sites(rows: Rows) -> tuple[Site, ...]:
    found: dict[int, tuple[str, list[Terminal]]] = {}
    for site_id, site, id_, name, timezone, release, simulated in rows:
        terminal = Terminal(id_, name, site_id, timezone, release == "live", simulated)
        found.setdefault(site_id, (site, []))[1].append(terminal)
    sites_ = (Site(id_, name, tuple(sorted(each, key=_by_name))) for id_, (name, each) in found.items())
    return tuple(sorted(sites_, key=_by_name))


@lru_cache(maxsize=4)
def _tree(terminals: Rows, areas_: Rows, placed_: Rows) -> Area:
    known = _sites(terminals)
    placed: dict[int, int] = dict(placed_)
    below: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for id_, name, parent in areas_:
        below[parent or 0].append((id_, name))

    def grown(id_: int, name: str) -> Area:
        areas = sorted((each for beneath in below[id_] if (each := grown(*beneath)).sites), key=_by_name)
        inside = {site.id for area in areas for site in area.sites}
        here = tuple(site for site in known if placed.get(site.id, 0) == id_ or site.id in inside)
        return Area(id_, name, here, tuple(areas))

    return grown(0, "")


def find(among: Sequence[Site], site: str | None, terminal: str | None) -> tuple[Place, list[Site]]:
    """What is meant by a site's name and a terminal's name or id, and the sites that this is about.

    Without either, the only site there is, or all of them. Raises AskedError.
    """
    named = [each for each in among if site is None or each.name == site]
    if not named:
        raise AskedError(f"there is no site {site!r}; there are: {', '.join(each.name for each in among)}")
    if terminal is None:
        return (named[0] if len(named) == 1 else Area(0, "", tuple(named))), named
    there = [each for some in named for each in some.terminals]
    found = [each for each in there if each.name == terminal] or [each for each in there if each.id == terminal]
    if not found:
        names = ", ".join(each.name for each in there)
        raise AskedError(f"there is no terminal {terminal!r}{' there' if site else ''}; there are: {names}")
    return found[0], [each for each in named if each.id == found[0].site_id]


def today(place: Site | Sequence[Site], now: datetime | None = None) -> date:
    """Which day it is at a site, or at several: a day has come when it has come at each of the terminals."""
    moment = now or datetime.now(UTC)
    sites_ = [place] if isinstance(place, Site) else place
    zones = {each.timezone for site in sites_ for each in site.terminals}
    return min(moment.astimezone(ZoneInfo(zone)).date() for zone in zones)
