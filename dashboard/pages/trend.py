"""The trend: the satisfied share over the days, in pieces as they were published, with the month so far at the end.

Reads through `disclosure.py`, and makes nothing of it but percentages and a chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from dashboard import disclosure
from dashboard.charts.chart import Chart
from dashboard.charts.months import Point
from dashboard.charts.table import HIDDEN, Column, Kind, Row, Table, share_cells
from dashboard.charts.trend import SIZES, OverDays, gaps
from dashboard.pages.asking import Asked, back
from dashboard.pages.page import Page
from dashboard.pages.ranges import Range, choice, is_named
from dashboard.places import Area, Terminal
from dashboard.statistics import figures
from dashboard.store import reading
from ratings.period import Grain, Period, period_of

WEEKS = 13
"""As far as the trend goes back where nobody asks for other months."""

MOST_MONTHS = 24
"""More is no trend of weeks and days to look at: the overview has the months."""

MOST_ROWS = 30
"""A longer table is folded."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the page shows. `days`: those that the trend is of. `is_cut`: more months were asked for than it shows.

    `is_kept`: any terminal keeps a trend; `without`: those that keep none, of several sites the sites. `by_day`: it is
    counted so. `missing`: of several sites those that are left out, and the pieces which lack them; none: all.
    """

    range: Range
    days: Period
    is_cut: bool
    is_kept: bool
    without: tuple[str, ...]
    by_day: bool
    missing: tuple[tuple[str, tuple[Period, ...]], ...]
    folded: bool


def page(asked: Asked) -> Page:
    """The trend of the months that are asked for, or of the last thirteen weeks."""
    last = asked.last_closed_month
    weeks = asked.today - timedelta(weeks=WEEKS)
    with reading(asked.engine) as connection:
        known = disclosure.months_known(connection, asked.place, asked.question)
        range_ = choice(asked, "trend", known, Period(period_of(Grain.MONTH, weeks).first, last.last))
        days, is_cut = _days(asked, range_.chosen if is_named(asked) else Period(weeks, last.last))
        trend = disclosure.trend_of(connection, asked.place, asked.question, days, asked.threshold)
        kept = disclosure.trend_kept(connection, asked.place, asked.question, days)
    points = tuple(
        Point(piece.days, share)
        for piece in trend.pieces
        if (share := figures(piece.counts, asked.threshold).satisfied)
    )
    missing = tuple((name, () if len(lack) == len(points) else lack) for name, lack in trend.missing)
    if isinstance(asked.place, Terminal):
        kept = {each: is_kept for each, is_kept in kept.items() if each == asked.place.id}
    found = Found(
        range_,
        days,
        is_cut,
        any(kept.values()) or not kept,
        () if isinstance(asked.place, Terminal) else _without(asked, kept),
        any(point.days.first == point.days.last for point in points),
        missing,
        len(points) > MOST_ROWS,
    )
    return Page("trend.html", asked.title, found, (_chart(asked, days, points),))


def _days(asked: Asked, months: Period) -> tuple[Period, bool]:
    """The days of a trend: with the last closed month goes the running one; and whether that is less than asked for."""
    last = (
        asked.today
        if months.last == asked.last_closed_month.last and not isinstance(asked.place, Area)
        else months.last
    )
    earliest = back(period_of(Grain.MONTH, months.last), MOST_MONTHS - 1).first
    return Period(max(months.first, earliest), last), months.first < earliest


def _without(asked: Asked, kept: dict[str, bool]) -> tuple[str, ...]:
    """The terminals that keep no trend; of several sites, those in which no terminal does."""
    if isinstance(asked.place, Area):
        of = {site.name: [kept[each.id] for each in site.terminals if each.id in kept] for site in asked.sites}
    else:
        of = {each.name: [kept[each.id]] for site in asked.sites for each in site.terminals if each.id in kept}
    return tuple(name for name, some in of.items() if some and not any(some))


def _chart(asked: Asked, days: Period, points: Sequence[Point]) -> Chart:
    say = asked.words
    drawing: OverDays | None = None
    hidden: tuple[Period, ...] = ()
    if points:
        # What a piece has of earlier or later days belongs to it, and nothing is hidden before the first.
        whole = Period(min(days.first, points[0].days.first), max(days.last, points[-1].days.last))
        hidden = gaps(whole, points)
        month = period_of(Grain.MONTH, asked.today).first
        drawn = Period(points[0].days.first, whole.last)
        drawing = OverDays(drawn, tuple(points), hidden, month if month in drawn else None)
    columns = (
        Column("days", say("Days"), Kind.DAYS),
        Column("satisfied", say("Satisfied")),
        Column("interval", say("95%% interval"), Kind.RANGE),
        Column("ratings", say("Number")),
    )
    rows = [
        (
            point.days,
            Row((point.days, *share_cells(point.share))),
        )
        for point in points
    ]
    rows += [(gap, Row((gap, HIDDEN, HIDDEN, HIDDEN))) for gap in hidden]
    latest_first = sorted(rows, key=lambda each: each[0], reverse=True)
    return Chart(
        "trend",
        say("Trend"),
        drawing,
        Table(columns, tuple(row for _, row in latest_first)),
        SIZES,
        days,
        sum(point.share.n for point in points),
        say(
            "Share of satisfied visitors. Each line is as long as its days, the band is its 95%% interval: the fewer "
            "ratings, the wider. The latest days are held back until enough ratings have come after them."
        ),
    )
