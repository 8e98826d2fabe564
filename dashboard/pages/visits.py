"""The page of a site on which staff enter how many visits its months had, and what comes of it: the response rate.

Compares with published ratings only, so that nothing can be found out by entering numbers and looking what happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection
from werkzeug.exceptions import BadRequest

from dashboard import disclosure, sentences, visits
from dashboard.pages.asking import LONGEST_YEARS, Asked, back
from dashboard.pages.page import Page
from dashboard.places import Site, sites_of
from dashboard.store import reading
from ratings import period as periods
from ratings.period import DAY, Grain, Period, period_of

MONTHS = 13
"""As many as the overview has."""


@dataclass(frozen=True, slots=True)
class Line:
    """A month: what its field is called, what is written in it, what was in the database, what is wrong with it."""

    month: Period
    name: str
    text: str
    was: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Visits:
    """What the page shows. `sites`: where it is not about one site, those to choose from, each with its address."""

    site: Site | None
    sites: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...] = ()
    remarks: tuple[str, ...] = ()
    saved: bool = False
    earlier: str = ""
    later: str = ""
    address: str = ""

    @property
    def has_problems(self) -> bool:
        """Whether something that was entered cannot be stored."""
        return any(line.problem for line in self.lines)


def page(asked: Asked) -> Page:
    """The last thirteen closed months, or those up to `to`."""
    return _page(asked, {}, {})


def enter(asked: Asked, form: Mapping[str, str]) -> Page | None:
    """Store what a form has; None where all of it went in. Otherwise nothing did, and the page says what is wrong.

    Only what was changed in the form is stored: what somebody else entered meanwhile stays.
    """
    if not isinstance(asked.place, Site):
        raise BadRequest(asked.words("Visits are entered site by site."))
    changes: dict[Period, int | None] = {}
    problems: dict[str, str] = {}
    for name, text in form.items():
        written = name.removeprefix("visits-")
        if written == name or text.strip() == form.get(f"was-{written}", "").strip():
            continue
        month = _month(asked, written)
        try:
            changes[month] = visits.read(text)
        except ValueError:
            problems[written] = asked.words(
                "Write a whole number from 0 to %(most)s, or nothing.", most=asked.words.number(visits.MOST)
            )
    if problems:
        return _page(asked, form, problems)
    with asked.engine.begin() as connection:
        for month, number in changes.items():
            visits.put(connection, asked.place.id, month, number)
    return None


def _month(asked: Asked, written: str) -> Period:
    """A month that is not in the future: of the running one, staff may know the number before it is over."""
    try:
        month = periods.parse_month(written)
    except ValueError:
        raise BadRequest(
            asked.words("%(text)s is not a month. Write it as 2022-03.", text=repr(written[:20]))
        ) from None
    if month.first > asked.today:
        raise BadRequest(asked.words("%(month)s has not come yet.", month=asked.words.months(month).capitalize()))
    if month.first.year < asked.today.year - LONGEST_YEARS:
        raise BadRequest(asked.words("There are no figures of that time."))
    return month


def _page(asked: Asked, form: Mapping[str, str], problems: Mapping[str, str]) -> Page:
    say = asked.words
    if not isinstance(asked.place, Site):
        sites = tuple((site.name, asked.link("visits", site)) for site in sites_of(asked.place, asked.tree.sites))
        return Page("visits.html", say("Visits"), Visits(None, sites))
    last = asked.month("to") or asked.last_closed_month
    months = [back(last, number) for number in range(MONTHS)]
    shown = Period(months[-1].first, last.last)
    with reading(asked.engine) as connection:
        numbers = visits.entered(connection, [asked.place.id], shown)
        remarks = _remarks(connection, asked, shown)
    lines = []
    for month in months:
        written = periods.write(month, Grain.MONTH)
        known = numbers.get((asked.place.id, month.first))
        was = "" if known is None else str(known)
        typed = form.get(f"visits-{written}", was)[:20]
        lines.append(Line(month, written, typed, form.get(f"was-{written}", was)[:20], problems.get(written, "")))
    later = min(_ahead(last, MONTHS), asked.last_closed_month)
    return Page(
        "visits.html",
        say("Visits"),
        Visits(
            asked.place,
            (),
            tuple(lines),
            remarks,
            bool(asked.query.get("saved")) and not problems,
            asked.link("visits", None, to=f"{shown.first - DAY:%Y-%m}"),
            asked.link("visits", None, to=f"{later.last:%Y-%m}") if later != last else "",
            asked.link("visits", None, to=asked.query.get("to")),
        ),
    )


def _remarks(connection: Connection, asked: Asked, months: Period) -> tuple[str, ...]:
    """The response rate of what is published of these months, and where there are more ratings than visits."""
    shown = disclosure.blocks(connection, asked.place, asked.question, months, asked.threshold)
    answered = visits.answered(connection, asked.place, shown)
    return tuple(sentences.response(answered, shown.blocks, asked.words))


def _ahead(month: Period, number: int) -> Period:
    """The month so many months later."""
    for _ in range(number):
        month = period_of(Grain.MONTH, month.next())
    return month
