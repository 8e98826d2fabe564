"""What a request asks for: a place, a question, some months. Wrong ones get a message and the right status.

Addresses are `/site-3/trend?from=2020-09&to=2020-12&lang=nb`. Knows no figures.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from sqlalchemy import Engine
from werkzeug.exceptions import BadRequest, NotFound

from dashboard.language import Words
from dashboard.places import Area, Place, Site, sites_of
from ratings import period as periods
from ratings.period import DAY, Grain, Period, period_of

LONGEST_YEARS = 100
"""A range of more than this is a typing mistake."""

KEPT = ("lang", "question")
"""What links and forms carry on from page to page."""


class Link(Protocol):
    """What writes addresses."""

    def __call__(self, page: str, place: Place | None = None, /, **query: str | None) -> str:
        """The address of a page; of the same place, language and question where nothing else is said."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page is to show. `today`: which day it is at the place. `query`: what the address has behind its `?`.

    Two that are equal get the same page: `state` says what else it is made of, and whether any of that has changed.
    """

    engine: Engine = field(compare=False)
    words: Words = field(compare=False)
    tree: Area = field(compare=False)
    place: Place = field(compare=False)
    question: str
    questions: tuple[str, ...]
    today: date
    threshold: int
    query: Mapping[str, str] = field(compare=False)
    link: Link = field(compare=False)
    state: Hashable
    may_edit: bool = True
    """Whether the one who asks may change something here."""

    @property
    def sites(self) -> tuple[Site, ...]:
        """The sites that it is about."""
        return sites_of(self.place, self.tree.sites)

    @property
    def site(self) -> Site | None:
        """The one site that it is about; None where there are several."""
        return self.sites[0] if len(self.sites) == 1 else None

    @property
    def beneath(self) -> tuple[Place, ...]:
        """The places that it is made of, one level down: areas and sites, or the terminals where there are several."""
        match self.place:
            case Area():
                return (*self.place.areas, *self.place.own_sites)
            case Site() if len(self.place.terminals) > 1:
                return self.place.terminals
            case _:
                return ()

    @property
    def title(self) -> str:
        """What people call the place."""
        match self.place:
            case Area(id=0):
                return self.words("All sites")
            case _:
                return self.place.name

    @property
    def last_closed_month(self) -> Period:
        """The month before the running one."""
        return last_closed_month(self.today)

    def month(self, name: str = "month") -> Period | None:
        """A closed month that the address names; None where it names none."""
        text = self.query.get(name)
        return None if not text else self._closed(text)

    def months(self, default: int = 12) -> Period:
        """The closed months `from`–`to` that the address names; without either, the last ones."""
        last = self.month("to") or self.last_closed_month
        first = self.month("from") or back(last, default - 1)
        if last.first < first.first:
            raise BadRequest(
                self.words(
                    "%(first)s is after %(last)s: turn the two round.",
                    first=self.words.months(first).capitalize(),
                    last=self.words.months(last),
                )
            )
        return Period(first.first, last.last)

    def _closed(self, text: str) -> Period:
        try:
            month = periods.parse_month(text)
        except ValueError:
            raise BadRequest(
                self.words("%(text)s is not a month. Write it as 2022-03.", text=repr(text[:20]))
            ) from None
        if month.last > self.last_closed_month.last:
            raise NotFound(self.words("%(month)s is not over yet.", month=self.words.months(month).capitalize()))
        if month.first.year < self.today.year - LONGEST_YEARS:
            raise NotFound(self.words("There are no figures of that time."))
        return month


def last_closed_month(today: date) -> Period:
    """The month before the running one."""
    return period_of(Grain.MONTH, period_of(Grain.MONTH, today).first - DAY)


def back(month: Period, number: int) -> Period:
    """The month so many months before."""
    for _ in range(number):
        month = period_of(Grain.MONTH, month.first - DAY)
    return month


def find(tree: Area, key: str) -> Place | None:
    """The place that an address names; None where there is none (any more)."""
    if key == tree.key:
        return tree
    for area in tree.all_areas:
        if area.key == key:
            return area
    for site in tree.sites:
        if site.key == key:
            return site
        for terminal in site.terminals:
            if terminal.key == key:
                return terminal
    return None


def path_to(place: Place, top: Area) -> list[Place]:
    """All that a place is in, from the top of the tree on, and the place itself; nothing where it is not there."""
    if place == top:
        return [top]
    for area in top.areas:
        if beneath := path_to(place, area):
            return [top, *beneath]
    for site in top.sites:
        if place == site:
            return [top, site]
        if place in site.terminals:
            return [top, site, place]
    return []
