"""A page's charts as files: tables as CSV for programs and XLSX for people, drawings as PNG, SVG and PDF.

Files are made of the very `Chart` that the page shows, and so cannot show what the page does not. Knows no database,
and nothing of what is in a chart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dashboard.charts.chart import Chart
from dashboard.charts.paper import Frame, picture
from dashboard.language import Words
from dashboard.naming import plain
from dashboard.spreadsheets import as_csv, as_xlsx
from ratings.legible import printable
from ratings.period import Grain, Period, period_of

PICTURES = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}
TABLES = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
KINDS = PICTURES | TABLES
"""The kinds of files by the ends of their names, as they are offered, and what browsers call them."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the figures of a file come from: what a page says around its charts. `key`: the place's, in addresses."""

    place: str
    key: str
    page: str
    question: str
    day: date
    simulated: bool
    live: bool


def kinds(chart: Chart) -> list[str]:
    """The kinds of files that there are of a chart; none where it has nothing to show."""
    return [*(PICTURES if chart.drawing else ()), *(TABLES if chart.table.rows else ())]


def made(chart: Chart, source: Source, say: Words, kind: str) -> bytes:
    """The chart as a file of one of its `kinds`."""
    warnings, about = _warnings(source, say), _about(chart, source, say)
    place = printable(source.place)
    if kind == "csv":
        return as_csv(chart.table, _columns(source))
    if kind == "xlsx":
        return as_xlsx(chart.table, chart.heading, [place, *about], warnings, say)
    assert chart.drawing is not None
    hidden = say("hidden to protect visitors") if chart.has_hidden(say) else None
    frame = Frame(place, tuple(warnings), hidden, tuple(about))
    return picture(chart.drawing, say.code, chart.sizes[0], frame, kind)


def name(chart: Chart, source: Source, kind: str) -> str:
    """What a file is called, in plain letters: `fjes-pro-sentret-months-2021-03-2022-03.csv`."""
    when = [f"{chart.days.first:%Y-%m}", f"{chart.days.last:%Y-%m}"] if chart.days else [source.day.isoformat()]
    parts = ["fjes", plain(source.place, 40) or source.key, source.page, chart.name, *when]
    return f"{'-'.join(filter(None, parts))}.{kind}"


def _columns(source: Source) -> dict[str, str]:
    """What stands behind each row of a CSV file, so that rows of several files can be put together."""
    return {
        "source_place": source.place,
        "source_question": source.question,
        "source_day": source.day.isoformat(),
        "source_simulated": "yes" if source.simulated else "no",
        "source_live": "yes" if source.live else "no",
    }


def _warnings(source: Source, say: Words) -> list[str]:
    """What nobody may miss."""
    found = []
    if source.simulated:
        found.append(say("These are simulated ratings, not those of real visitors."))
    if source.live:
        found.append(say("From a place that shows running counts: anonymity is not promised there."))
    return found


def _about(chart: Chart, source: Source, say: Words) -> list[str]:
    """What the figures rest on, and where they come from."""
    when = _when(chart.days, say) if chart.days else ""
    parts = [f"{when[:1].upper()}{when[1:]}."] if when else []
    if chart.ratings is not None:
        parts.append(say.many("Base: %(n)s rating.", "Base: %(n)s ratings.", chart.ratings))
    question = printable(source.question)[:100]
    source_line = say(
        "Source: Fjes, as of %(day)s. Question: %(question)s.", day=say.day(source.day), question=question
    )
    return [*([" ".join(parts)] if parts else []), *([chart.note] if chart.note else []), source_line]


def _when(days: Period, say: Words) -> str:
    """Months where they are whole ones, else days."""
    whole = Period(period_of(Grain.MONTH, days.first).first, period_of(Grain.MONTH, days.last).last)
    return say.months(days) if days == whole else say.days(days)
