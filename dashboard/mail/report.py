"""One monthly report as a letter: the figures of the overview page in text and HTML, its chart, and the sheet as a PDF.

All of it is made by the pages' own modules, and can show no more than they do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from flask import Flask, g, render_template
from sqlalchemy import Engine
from werkzeug.test import EnvironBuilder

from dashboard import language, sentences
from dashboard.charts.months import ByMonth
from dashboard.charts.paper import Frame, picture
from dashboard.charts.style import NARROW
from dashboard.language import Words
from dashboard.mail.letter import File, Letter, Picture
from dashboard.naming import plain
from dashboard.pages import overview, report, routes
from dashboard.pages.asking import Asked
from dashboard.pages.overview import Overview, band_note
from dashboard.pages.page import Page
from dashboard.places import Area
from dashboard.reports import Report
from dashboard.store import reading
from ratings.period import Period
from ratings.sections import Dashboard, Mail

CHART = "months"
"""What the HTML calls the chart's picture."""


@dataclass(frozen=True, slots=True)
class About:
    """What a report is about, as who gets it sees it: `seen` is all that they see, `day` which day it is."""

    place: str
    seen: Area
    month: Period
    day: date
    language: str


@contextmanager
def asking(app: Flask, engine: Engine, settings: Dashboard, about: About) -> Iterator[Asked]:
    """What is asked for, as if the one who gets it had opened the pages at that month. All that is due is published."""
    month = f"{about.month.first:%Y-%m}"
    query = {"month": month, "from": month, "to": month, "lang": about.language}
    builder = EnvironBuilder(path=f"/{about.place}", query_string=query)
    with app.request_context(builder.get_environ()):
        g.words = language.words(about.language)
        yield routes.asked_by(engine, settings, about.place, lambda: about.day, about.seen)


def letter(asked: Asked, month: Period, mail: Mail) -> Letter:
    """The report of a month, in the context of `asking`: where nothing may be shown, it says so and when it may be."""
    say, base = asked.words, (mail.page or "").rstrip("/")
    page = overview.page(asked)
    with reading(asked.engine) as connection:
        found = report.report_of(connection, asked, month)
    links = {
        "page": base + asked.link("", None, month=f"{month.first:%Y-%m}"),
        "stop": f"{base}/account?lang={say.code}",
    }
    drawing = _drawing(page)
    is_shown = found.shown.total is not None
    html = render_template(
        "mail_report.html",
        asked=asked,
        found=page.contents,
        report=found,
        figures=found.figures(found.shown.total) if found.shown.total else None,
        months=sentences.covered(found, say),
        chart=drawing.description(say) if drawing and is_shown else None,
        hidden=hidden(month, say),
        notes=sentences.notes(found, say),
        note=band_note(say),
        links=links,
        cid=CHART,
    )
    return Letter(
        subject(asked, found),
        _text(asked, found, month, links),
        html,
        say.code,
        (Picture(CHART, _picture(asked, drawing)),) if drawing and is_shown else (),
        (File(f"{name(asked)}-{month.first:%Y-%m}.pdf", routes.paper(asked)),) if is_shown else (),
        links["stop"],
    )


def name(asked: Asked) -> str:
    """What files about a place begin with."""
    return f"fjes-{plain(asked.title, 40) or asked.place.key}"


def subject(asked: Asked, found: Report) -> str:
    """Place, months, and the figure."""
    say = asked.words
    figures = found.figures(found.shown.total) if found.shown.total else None
    about = {"place": asked.title, "months": sentences.covered(found, say)}
    if figures is None or figures.satisfied is None:
        return say("%(place)s, %(months)s: hidden to protect visitors", **about)
    return say("%(place)s, %(months)s: %(percent)s satisfied", percent=say.percent(figures.satisfied.percent), **about)


def hidden(month: Period, say: Words) -> list[str]:
    """Why a month is not shown, and when it may be."""
    return [
        say("%(months)s: hidden to protect visitors.", months=_capital(say.months(month))),
        say(
            "There were too few ratings to be shown by themselves. They are shown together with those of the next "
            "months, as soon as there are enough: then they are in a report, too."
        ),
    ]


def _text(asked: Asked, found: Report, month: Period, links: dict[str, str]) -> str:
    say = asked.words
    parts = [sentences.as_text(found, say)]
    if not found.shown.total:
        parts = ["\n".join([asked.title, *hidden(month, say)])]
    if asked.place.live:
        parts.insert(0, say("From a place that shows running counts: anonymity is not promised there."))
    where, stop = say("On the page:"), say("You get this mail because you asked for it. To change or end it:")
    return "\n\n".join([*parts, f"{where} {links['page']}", f"{stop} {links['stop']}", ""])


def _drawing(page: Page) -> ByMonth | None:
    """The chart by month, where there is more than one to compare."""
    drawing = page.charts[0].drawing
    is_worth_it = isinstance(drawing, ByMonth) and len(drawing.points) > 1 and isinstance(page.contents, Overview)
    return drawing if isinstance(drawing, ByMonth) and is_worth_it else None


def _picture(asked: Asked, drawing: ByMonth) -> bytes:
    hidden_ = asked.words("hidden to protect visitors") if drawing.hidden else None
    return picture(drawing, asked.words.code, NARROW, Frame(asked.title, (), hidden_, (band_note(asked.words),)), "png")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
