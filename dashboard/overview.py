"""The overview's contents: the last closed month, the month so far, and the last twelve, for one site.

Reads through `disclosure.py`, and makes nothing of it but percentages and a chart. Knows no HTML and no Flask.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from dashboard import charts, disclosure
from dashboard.disclosure import Block, Shown, SoFar
from dashboard.places import Site
from dashboard.statistics import Figures, figures
from ratings.period import DAY, Grain, Period, period_of, periods_between

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table, and a stretch of the chart: a block with its figures, or a month that is hidden."""

    days: Period
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page shows of a site. `month` is the closed month that it is about."""

    site: Site
    month: Period
    headline: Row | None
    so_far: SoFar | None
    so_far_figures: Figures | None
    rows: tuple[Row, ...]
    chart_points: tuple[charts.Point, ...]
    hidden: tuple[Period, ...]
    threshold: int

    def chart(self, language: str, size: charts.Size) -> str:
        """The chart as SVG; empty where there is nothing to draw."""
        return charts.satisfied_by_month(self.chart_points, self.hidden, language, size) if self.chart_points else ""


def last_closed_month(today: date) -> Period:
    """The month before the running one."""
    return period_of(Grain.MONTH, period_of(Grain.MONTH, today).first - DAY)


def overview(
    connection: Connection, site: Site, question: str, today: date, threshold: int, month: Period | None = None
) -> Overview:
    """What may be shown of a site's answers to a question up to a closed month (the last one where none is given)."""
    about = month or last_closed_month(today)
    shown = _last_months(disclosure.blocks(connection, site, question, _twelve(about), threshold), about)
    rows = [Row(block.days, figures(block.counts, threshold)) for block in shown.blocks]
    headline = next((row for row in reversed(rows) if month is None or row.days.covers(month)), None)
    if not rows and month is None:
        headline = _older(connection, site, question, about, threshold)
    so_far = disclosure.month_so_far(connection, site, question, today, threshold) if month is None else None
    hidden = shown.hidden if rows else ()
    return Overview(
        site,
        about,
        headline,
        so_far,
        figures(so_far.counts, threshold) if so_far and so_far.counts else None,
        tuple(sorted([*rows, *(Row(each, None) for each in hidden)], key=lambda row: row.days)),
        tuple(charts.Point(row.days, row.figures.satisfied) for row in rows if row.figures and row.figures.satisfied),
        hidden,
        threshold,
    )


def _twelve(last: Period) -> Period:
    first = last
    for _ in range(MONTHS - 1):
        first = period_of(Grain.MONTH, first.first - DAY)
    return Period(first.first, last.last)


def _last_months(shown: Shown, about: Period) -> Shown:
    """Without the hidden months before the first block: there is no figure before it, and nothing to hide."""
    if not shown.blocks:
        return shown
    first = shown.blocks[0].days.first
    last = max(about.last, shown.blocks[-1].days.last)
    hidden = tuple(
        each
        for each in periods_between(Grain.MONTH, first, last)
        if not any(block.days.covers(each) for block in shown.blocks)
    )
    return Shown(shown.requested, shown.blocks, hidden)


def _older(connection: Connection, site: Site, question: str, about: Period, threshold: int) -> Row | None:
    """The last block of all, where the last twelve months have none."""
    everything = Period(date(about.first.year - 20, 1, 1), about.last)
    blocks: tuple[Block, ...] = disclosure.blocks(connection, site, question, everything, threshold).blocks
    return Row(blocks[-1].days, figures(blocks[-1].counts, threshold)) if blocks else None
