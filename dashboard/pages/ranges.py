"""The months that a page is about: which are chosen, and which there are to choose from. `range.html` makes it a form.

Knows no figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from dashboard.pages.asking import KEPT, Asked
from ratings.period import DAY, Grain, Period, period_of, periods_between


@dataclass(frozen=True, slots=True)
class Preset:
    """A link to some months that are often asked for."""

    title: str
    address: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Range:
    """`chosen`: whole months. `months` to choose from, by year, the latest year first; none where nothing is shown yet.

    `address` takes the form; `kept` goes with it.
    """

    chosen: Period
    address: str
    kept: tuple[tuple[str, str], ...]
    months: tuple[tuple[int, tuple[Period, ...]], ...]
    presets: tuple[Preset, ...]


ENDS = ("from", "to")
"""What addresses call the first and the last month."""


def ends(asked: Asked) -> dict[str, str | None]:
    """The months that the address names, to hand on to another page."""
    return {name: asked.query.get(name) for name in ENDS}


def is_named(asked: Asked) -> bool:
    """Whether the address names any months."""
    return any(ends(asked).values())


def within(chosen: Period, known: Period | None) -> Period:
    """The part of a range of which there may be figures, or else all of it."""
    if known is None or not known.overlaps(chosen):
        return chosen
    return Period(max(chosen.first, known.first), min(chosen.last, known.last))


def choice(asked: Asked, page: str, known: Period | None, default: Period | None = None) -> Range:
    """What the address names, else `default`, else the last twelve months. `known`: the months there are figures of.

    `page` is its name in `PAGES`.
    """
    chosen = asked.months() if is_named(asked) or default is None else default
    return Range(
        chosen,
        asked.link(page, **dict.fromkeys(KEPT)),
        tuple((name, asked.query[name]) for name in KEPT if asked.query.get(name)),
        _months(asked, known, chosen) if known else (),
        tuple(_presets(asked, page, known, chosen)) if known else (),
    )


def _months(asked: Asked, known: Period, chosen: Period) -> tuple[tuple[int, tuple[Period, ...]], ...]:
    """The closed months since the first that is known, and those that are chosen, however early."""
    closed = periods_between(Grain.MONTH, known.first, asked.last_closed_month.last)
    months = {*closed, *(period_of(Grain.MONTH, day) for day in (chosen.first, chosen.last))}
    years = sorted({month.first.year for month in months}, reverse=True)
    return tuple((year, tuple(sorted(each for each in months if each.first.year == year))) for year in years)


def _presets(asked: Asked, page: str, known: Period, chosen: Period) -> Iterator[Preset]:
    last = asked.last_closed_month.last
    quarter, year = (_closed(grain, last) for grain in (Grain.QUARTER, Grain.YEAR))
    named = [
        (asked.words("Last quarter"), quarter),
        *([(asked.words("This year so far"), Period(year.next(), last))] if year.last < last else []),
        (asked.words("The year %(year)s", year=year.first.year), year),
        (asked.words("Everything"), Period(known.first, max(known.last, last))),
    ]
    for title, months in named:
        if months.overlaps(known):
            ends = {"from": f"{months.first:%Y-%m}", "to": f"{months.last:%Y-%m}"}
            yield Preset(title, asked.link(page, **ends), months == chosen)


def _closed(grain: Grain, last: date) -> Period:
    """The last quarter or year that ended by a day."""
    period = period_of(grain, last)
    return period if period.last <= last else period_of(grain, period.first - DAY)
