"""The annual report's page: some months of a place as one sheet to read, print, or have as a PDF.

Gets its figures as `fjes report` does, and says them with the same words (`sentences.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from sqlalchemy import Connection

from dashboard import disclosure, language, sentences, visits, wording
from dashboard.charts.chart import Chart
from dashboard.charts.months import ByMonth, Point
from dashboard.charts.table import HIDDEN, Column, Kind, Row, Table, share_cells
from dashboard.disclosure import Block
from dashboard.language import runs
from dashboard.pages import ranges
from dashboard.pages.asking import Asked, last_closed_month
from dashboard.pages.overview import band_note
from dashboard.pages.page import Page
from dashboard.pages.ranges import Range
from dashboard.places import Area, Terminal, sites_of
from dashboard.reports import Report
from dashboard.statistics import Figures
from dashboard.store import reading
from ratings.period import DAY, Grain, Period, period_of, periods_between
from ratings.scale import add

MONTHS = 13
"""A longer stretch is shown by year: so many months fit on a sheet."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """The sentence to copy, in one language."""

    code: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the page shows. `figures` is None where nothing may be shown. `pdf`: where it is to be had as a file."""

    range: Range
    figures: Figures | None
    months: str
    sentences: tuple[Sentence, ...]
    response: tuple[str, ...]
    notes: tuple[str, ...]
    method: tuple[tuple[str, str], ...]
    pdf: str


def page(asked: Asked) -> Page:
    """The sheet of the months that are asked for: without any, of the last calendar year, or what there is of it."""
    with reading(asked.engine) as connection:
        known = disclosure.months_known(connection, asked.place, asked.question)
        range_ = ranges.choice(asked, "report", known, usual(known, asked.today))
        report = report_of(connection, asked, range_.chosen)
        question = wording.question(connection, asked.place, asked.question, asked.words)
    shown = report.shown
    say, total, months = asked.words, shown.total, shown.requested
    sheet = Sheet(
        range_,
        report.figures(total) if total else None,
        sentences.covered(report, say),
        tuple(
            Sentence(code, name, sentences.sentence(report, language.words(code)))
            for code, name in language.LANGUAGES.items()
        ),
        tuple(sentences.response(report.answered, shown.blocks, say)),
        tuple(sentences.notes(report, say)),
        tuple(sentences.method(report, question, say)),
        asked.link("report.pdf", None, **{"from": f"{months.first:%Y-%m}", "to": f"{months.last:%Y-%m}"}),
    )
    return Page("report.html", say("Annual report"), sheet, (_chart(asked, report),) if total else ())


def report_of(connection: Connection, asked: Asked, months: Period) -> Report:
    """What may be shown of some months, for the sentences."""
    shown = disclosure.blocks(connection, asked.place, asked.question, months, asked.threshold)
    return Report(
        _name(asked),
        asked.question,
        shown,
        asked.threshold,
        asked.today,
        asked.place.simulated,
        visits.answered(connection, asked.place, shown),
    )


def _name(asked: Asked) -> str:
    """What the sentences call the place, in any language."""
    match asked.place:
        case Area(id=0):
            return ""
        case Terminal():
            return f"{asked.place.name} ({sites_of(asked.place, asked.tree.sites)[0].name})"
        case _:
            return asked.place.name


def usual(known: Period | None, today: date) -> Period:
    """The last calendar year that is over and has figures, or what there is of it; of a place that is newer, this one.

    `known`: the months there are figures of.
    """
    year = period_of(Grain.YEAR, today.replace(month=1, day=1) - DAY)
    if known is None:
        return year
    if known.first > year.last:
        return Period(known.first, last_closed_month(today).last)
    year = period_of(Grain.YEAR, min(known.last, year.last))
    return Period(max(year.first, known.first), year.last)


def _chart(asked: Asked, report: Report) -> Chart:
    """The satisfied share month by month; of a longer stretch only a table, by year."""
    say, shown = asked.words, report.shown
    assert shown.total is not None
    span = Period(
        min(shown.total.days.first, shown.requested.first),
        max(shown.total.days.last, shown.requested.last),
    )
    by_month = len(list(periods_between(Grain.MONTH, span.first, span.last))) <= MONTHS
    blocks = shown.blocks if by_month else tuple(_by_year(shown.blocks))
    columns = (
        Column("months", say("Months"), Kind.MONTHS),
        Column("satisfied", say("Satisfied")),
        Column("interval", say("95%% interval"), Kind.RANGE),
        Column("ratings", say("Number")),
    )
    rows = [(block.days, _row(report, block)) for block in blocks]
    rows += [(each, Row((each, HIDDEN, HIDDEN, HIDDEN))) for each in runs(report.hidden)]
    points = tuple(Point(block.days, share) for block in blocks if (share := report.figures(block).satisfied))
    drawing = ByMonth(points, shown.hidden) if by_month and len(points) > 1 else None
    return Chart(
        "months",
        say("Month by month") if by_month else say("Year by year"),
        drawing,
        Table(columns, tuple(row for _, row in sorted(rows, key=lambda each: each[0]))),
        days=span,
        ratings=sum(shown.total.counts),
        note=band_note(say) if drawing else "",
    )


def _by_year(blocks: Iterable[Block]) -> Iterable[Block]:
    """Blocks of one year as one: of the year in which they end, since none is cut."""
    for _, some in groupby(blocks, lambda block: block.days.last.year):
        joined = list(some)
        days = Period(joined[0].days.first, joined[-1].days.last)
        yield Block(days, add(*(block.counts for block in joined)))


def _row(report: Report, block: Block) -> Row:
    share = report.figures(block).satisfied
    assert share is not None
    return Row((block.days, *share_cells(share)))
