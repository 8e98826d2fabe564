"""Which places an answer has rows of, and what they are: place by place, all that is due of each being published."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial

from sqlalchemy import Connection, Engine
from werkzeug.exceptions import NotFound

from dashboard import disclosure, places
from dashboard.api import figures, parts, shapes
from dashboard.api.asking import Asked, AskedFigures
from dashboard.api.of import Of, about
from dashboard.pages.asking import find
from dashboard.places import Area, Place, Site, Terminal, sites_of
from dashboard.store import reading
from ratings.config import DEFAULT_QUESTION
from ratings.table import Slice

ORDER: dict[str, int] = {"all": 0, "area": 1, "site": 2, "terminal": 3}

Made = Callable[[Of, Connection, str], Iterator[shapes.About]]

MADE: dict[str, Made] = {
    "totals": figures.totals,
    "months": figures.months,
    "trend": parts.trend,
    "languages": partial(parts.parts, slice_=Slice.LANGUAGE),
    "hours": partial(parts.parts, slice_=Slice.HOUR),
    "reasons": partial(parts.parts, slice_=Slice.REASON),
}


def chosen(tree: Area, asked: Asked, usual: str | None) -> tuple[list[Place], str | None]:
    """The places of an answer in an order that no name changes, and the last of them where there are more.

    `usual`: of which kind where none is asked for; None for all. Raises NotFound.
    """
    above: Place | None = find(tree, asked.place) if asked.place else tree
    if above is None:
        raise NotFound(f"There is no place {asked.place!r}, or this token does not see it. /api/v1/places lists them.")
    if asked.place and usual and not asked.kind:
        found = [above]
    else:
        kind = asked.kind or usual
        found = [each for each in beneath(above) if kind in (None, about(each)["kind"])]
    found.sort(key=lambda each: _number(each.key))
    left = [each for each in found if not asked.after or _number(each.key) > _number(asked.after)]
    some = left[: asked.limit]
    return some, some[-1].key if len(left) > len(some) else None


def beneath(place: Place) -> Iterator[Place]:
    """A place, and all that is in it."""
    yield place
    match place:
        case Area():
            yield from place.all_areas
            for site in place.sites:
                yield from beneath(site)
        case Site():
            yield from place.terminals


def _number(key: str) -> tuple[int, int, str]:
    """What places are ordered by: what they are, and the number that they keep."""
    kind, _, name = key.partition("-")
    return ORDER[kind], int(name) if name.isdecimal() and kind != "terminal" else 0, name


def of_places(some: list[Place], tree: Area) -> list[shapes.About]:
    """Rows of the places themselves."""
    above: dict[str, str] = {}
    for place in beneath(tree):
        for each in _directly_in(place):
            above[each.key] = place.key
    return [
        shapes.Place(
            **about(each),
            above=above.get(each.key),
            timezone=each.timezone if isinstance(each, Terminal) else None,
        )
        for each in some
    ]


def _directly_in(place: Place) -> tuple[Place, ...]:
    match place:
        case Area():
            return (*place.areas, *place.own_sites)
        case Site():
            return place.terminals
        case _:
            return ()


def of_figures(
    engine: Engine, name: str, some: list[Place], asked: AskedFigures, tree: Area, threshold: int, today: date | None
) -> list[shapes.About]:
    """Rows of figures. `today` is for tests and simulations. Raises NotFound where one place is asked for in vain."""
    found: list[shapes.About] = []
    for place in some:
        sites = sites_of(place, tree.sites)
        if not sites:
            continue
        of = Of(asked, place, sites, threshold, today or places.today(sites))
        rows = _of_one(engine, name, of)
        if rows is None and asked.place and len(some) == 1:
            raise NotFound(f"There are no ratings of a question {asked.question!r} there. Leave 'question' out.")
        found += rows or []
    return found


def _of_one(engine: Engine, name: str, of: Of) -> list[shapes.About] | None:
    """Of one place; None where there are no ratings of the question."""
    ids = [site.id for site in of.sites]
    with reading(engine) as connection:
        known = disclosure.questions(connection, ids) or [DEFAULT_QUESTION]
    question = of.asked.question or known[0]
    if question not in known:
        return None
    disclosure.publish_if_due(engine, ids, question, of.today, of.threshold)
    with reading(engine) as connection:
        return list(MADE[name](of, connection, question))
