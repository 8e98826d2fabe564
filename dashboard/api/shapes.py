"""What programs get: the rows of each kind of answer. OpenAPI and the columns of CSV are made of these alone.

DO NOT change or remove a field: programs go by them. A new one comes last. Knows no database.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Generic, Literal, TypeVar

from msgspec import Meta, Struct, field

Kind = Literal["all", "area", "site", "terminal"]

Text = Annotated[str, Meta(min_length=1)]
Month = Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}$", description="A month, as 2023-12.")]
Percentage = Annotated[float, Meta(ge=0, le=100, description="0 to 100, rounded to four decimals.")]
Points = Annotated[float, Meta(ge=-100, le=100, description="Percentage points, rounded to four decimals.")]
Number = Annotated[int, Meta(ge=0)]


class Share(Struct, frozen=True):
    """A share in percent, and its 95 % Wilson interval."""

    percent: Percentage
    low: Percentage
    high: Percentage


class Range(Struct, frozen=True):
    """Percentages between which something lies: a step of five points, or an interval. Both alike: told exactly."""

    low: Percentage
    high: Percentage


class Band(Struct, frozen=True):
    """Between which numbers a number of ratings lies. Both alike: told exactly. Without `high`: and more."""

    low: Number
    high: Number | None


class Change(Struct, frozen=True):
    """How the satisfied share changed: clearly only where the 95 % interval of the difference is without zero."""

    direction: Literal["up", "down", "unclear"]
    points: Points
    low: Points
    high: Points
    against_from: Month
    against_to: Month


class About(Struct, frozen=True, kw_only=True):
    """Of which place a row is. `live`: it shows running counts, and promises no anonymity."""

    place: Annotated[Text, Meta(description="What addresses call it: all, area-2, site-3 or terminal-stua.")]
    kind: Kind
    name: Annotated[str, Meta(description="Empty for all sites together.")]
    live: bool
    simulated: Annotated[bool, Meta(description="Ratings of nobody: made up to try things out.")]


class Place(About, frozen=True, kw_only=True):
    """A place that the token sees."""

    above: Annotated[str | None, Meta(description="The place that it is directly in; none of that which holds all.")]
    timezone: Annotated[str | None, Meta(description="Of a terminal.")]


class Figures(About, frozen=True, kw_only=True):
    """What may be shown of the four answers. All figures are null where they are hidden, to protect visitors."""

    question: Text
    first: Annotated[Month | None, Meta(description="The first month that is in the figures.")] = field(name="from")
    last: Annotated[Month | None, Meta(description="The last month that is in the figures.")] = field(name="to")
    hidden: Annotated[bool, Meta(description="There are too few ratings to show.")]
    ratings: Annotated[Number | None, Meta(description="All ratings: what the first two shares are of.")]
    very_unhappy: Number | None
    unhappy: Number | None
    happy: Number | None
    very_happy: Number | None
    satisfied: Annotated[Share | None, Meta(description="Happy and very happy, of all ratings.")]
    very_satisfied: Annotated[Share | None, Meta(description="Very happy, of all ratings.")]
    very_satisfied_of_satisfied: Annotated[Share | None, Meta(description="Very happy, of happy and very happy.")]
    change: Annotated[Change | None, Meta(description="Of the satisfied share, against the months before.")]


class Total(Figures, frozen=True, kw_only=True):
    """A place and all the months that were asked for, together."""

    widened: Annotated[
        bool, Meta(description="Months that are shown together only reach beyond what was asked for: see from and to.")
    ]
    hidden_months: Annotated[tuple[Month, ...], Meta(description="Months that are over, and not in the figures.")]
    without: Annotated[
        tuple[str, ...], Meta(description="Of several sites: those that have no part in some of the months, by name.")
    ]


class MonthOf(Figures, frozen=True, kw_only=True):
    """A month of a place, or several that are shown together only."""


class Piece(About, frozen=True, kw_only=True):
    """A piece of the trend: some days. Hidden: days between pieces, and those that are held back."""

    question: Text
    first: date = field(name="from")
    last: date = field(name="to")
    hidden: bool
    ratings: Number | None
    satisfied: Share | None


class Part(About, frozen=True, kw_only=True):
    """A language, an hour or a reason, in bands; exactly where each of all that it is made of has many ratings."""

    question: Text
    first: Month = field(name="from")
    last: Month = field(name="to")
    key: Annotated[Text, Meta(description="The same in every language: nb, 1-14 for Mondays from 14 to 15, other.")]
    label: Annotated[Text, Meta(description="What people call it.")]
    ratings: Band
    satisfied: Range
    interval: Annotated[Range | None, Meta(description="The 95 % Wilson interval, where it is told exactly.")]


Row = TypeVar("Row", bound=About)


class Answer(Struct, Generic[Row], frozen=True):
    """Rows of one kind. Those of one place are never parted."""

    rows: list[Row]
    next: Annotated[str | None, Meta(description="The address of the rows of further places; null: these are all.")]


class Problem(Struct, frozen=True):
    """What went wrong, as RFC 9457 has it."""

    type: Literal["about:blank"]
    title: Text
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: Annotated[Text, Meta(description="What is wrong, where, and what to do.")]


ROWS: dict[str, type[About]] = {
    "places": Place,
    "totals": Total,
    "months": MonthOf,
    "trend": Piece,
    "languages": Part,
    "hours": Part,
    "reasons": Part,
}
"""The kinds of answers, by their addresses: `/api/v1/months`."""
