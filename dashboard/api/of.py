"""One place, and what is asked of it: what the rows of every kind of answer begin with. Knows no counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from dashboard.api import shapes
from dashboard.api.asking import AskedFigures
from dashboard.pages.asking import last_closed_month
from dashboard.places import Area, Place, Site, Terminal
from dashboard.statistics import Share

DECIMALS = 4
"""As in the pages' files."""


@dataclass(frozen=True, slots=True)
class Of:
    """A place, what is asked of it, and of which sites that is. `today`: which day it is there."""

    asked: AskedFigures
    place: Place
    sites: tuple[Site, ...]
    threshold: int
    today: date

    @property
    def closed(self) -> date:
        """The last day of the last month that is over."""
        return last_closed_month(self.today).last


def about(place: Place) -> dict[str, Any]:
    """What each row says of its place."""
    match place:
        case Area(id=0):
            kind: shapes.Kind = "all"
        case Area():
            kind = "area"
        case Site():
            kind = "site"
        case Terminal():
            kind = "terminal"
    return {"place": place.key, "kind": kind, "name": place.name, "live": place.live, "simulated": place.simulated}


def rounded(share: Share | None) -> shapes.Share | None:
    """A share as rows have it."""
    if share is None:
        return None
    return shapes.Share(round(share.percent, DECIMALS), round(share.low, DECIMALS), round(share.high, DECIMALS))
