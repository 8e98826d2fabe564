"""The list of pages, and how an address becomes one: `/site-3`, `/site-3/trend`, `/site-3/trend/pieces.csv`.

A page is a function from what was asked to a `Page`. A new one is a module here, a template, and a line in `PAGES`:
files of its charts, links, languages and messages come with it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from sqlalchemy import Connection, Engine
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from dashboard import disclosure, downloads, pdf, places
from dashboard.accounts import people
from dashboard.accounts.access import Access
from dashboard.charts.chart import Chart
from dashboard.downloads import Source
from dashboard.pages import alerts, beside, explanation, overview, repeats, report, slices, trend, visits
from dashboard.pages.asking import KEPT, Asked, find, path_to
from dashboard.pages.page import Page
from dashboard.places import Area, Place, sites_of
from dashboard.screen import page as screen
from dashboard.screen.previews import Draw, Previews
from dashboard.store import reading
from ratings.config import DEFAULT_QUESTION, Dashboard

PAGES: dict[str, Callable[[Asked], Page]] = {
    "": overview.page,
    "trend": trend.page,
    "languages": slices.languages,
    "hours": slices.hours,
    "reasons": slices.reasons,
    "places": beside.page,
    "repeats": repeats.page,
    "report": report.page,
    "visits": visits.page,
    screen.NAME: screen.page,
    alerts.NAME: alerts.page,
}

PAGES_KEPT = 256
"""So many pages are kept as they were made, until anything of their sites changes or the day is over."""

FRONT = "overview"
"""What the page without a name is called in the addresses of its files."""


def blueprint(
    engine: Engine,
    settings: Dashboard,
    today: Callable[[], date] | None,
    access: Access | None,
    draw: Draw | None = None,
) -> Blueprint:
    """All pages of a database. `today` is for tests and simulations: which day it is.

    `access` is who asks: they see their places only. Without it everybody sees, and may do, everything. `draw` is the
    kiosk's, for previews; without it there are none.
    """
    pages = Blueprint("pages", __name__)
    previews = Previews(draw) if draw is not None else None

    def seen(connection: Connection) -> Area:
        tree = places.tree(connection)
        return access.visible(tree) if access else tree

    @lru_cache(maxsize=PAGES_KEPT)
    def made(name: str, asked: Asked) -> Page:
        return PAGES[name](asked)

    @lru_cache(maxsize=PAGES_KEPT)
    def written(name: str, asked: Asked, _number_of_alerts: int) -> str:
        return _written(name, asked, made(name, asked))

    def asked_at(place: str, name: str) -> Asked:
        if name not in PAGES:
            raise NotFound
        return _asked(engine, settings, place, today, seen, access)

    @pages.get("/")
    def front() -> AnyResponse | str:
        with reading(engine) as connection:
            tree = seen(connection)
            is_empty = not places.sites(connection)
        if not tree.sites:
            return render_template("empty.html" if is_empty else "nothing_for_you.html")
        return redirect(_link("", tree.sites[0] if len(tree.sites) == 1 else tree))

    @pages.get("/<place>", defaults={"name": ""}, endpoint="page")
    @pages.get("/<place>/<name>", endpoint="page")
    def page(place: str, name: str) -> str:
        asked = asked_at(place, name)
        if name == screen.NAME:
            return _written(name, asked, screen.page(asked, can_preview=previews is not None))
        if name == alerts.NAME:  # Of no figures: what changes there has no part in what the others are kept by.
            return _written(name, asked, alerts.page(asked))
        return written(name, asked, alerts.number(asked))

    @pages.get(f"/<place>/<name>/<chart>.<any({', '.join(downloads.KINDS)}):kind>")
    def file(place: str, name: str, chart: str, kind: str) -> Response:
        page_name = "" if name == FRONT else name
        asked = asked_at(place, page_name)
        for each in made(page_name, asked).charts:
            if each.name == chart and kind in downloads.kinds(each):
                return _file(asked, each, name, kind)
        raise NotFound

    @pages.get("/explained")
    def explained() -> str:
        return render_template("explained.html", found=explanation.examples(), threshold=settings.threshold)

    @pages.get("/<place>/report.pdf")
    def report_pdf(place: str) -> Response:
        asked = asked_at(place, "report")
        sheet = pdf.made(render_template("paper.html", **_contents("report", asked, made("report", asked))))
        response = Response(sheet, mimetype="application/pdf")
        response.headers.set("Content-Disposition", "attachment", filename=f"fjes-{asked.place.key}.pdf")
        return response

    @pages.post("/<place>/visits")
    def enter_visits(place: str) -> AnyResponse | tuple[str, int]:
        asked = asked_at(place, "visits")
        if access:
            access.must_edit(asked.place)
        refused = visits.enter(asked, request.form.to_dict())
        if refused is None:
            return redirect(asked.link("visits", None, to=request.args.get("to"), saved="yes"), 303)
        return _written("visits", asked, refused), 400

    @pages.post(f"/<place>/{screen.NAME}")
    def set_screen(place: str) -> AnyResponse | tuple[str, int]:
        asked = asked_at(place, screen.NAME)
        if access:
            access.must_edit(asked.place)

        def noted(connection: Connection) -> None:
            if access:
                people.note(connection, g.person.name, "screen", asked.title)

        shown = screen.take(asked, request.form.to_dict(), previews, noted)
        if shown is None:
            return redirect(asked.link(screen.NAME, None, saved=request.form["form"]), 303)
        return _written(screen.NAME, asked, shown[0]), shown[1]

    @pages.get("/previews/<name>.png")
    def preview(name: str) -> Response:
        drawn = previews.find(name) if previews else None
        if drawn is None:
            raise NotFound
        return Response(drawn, mimetype="image/png")

    @pages.post("/<place>/alerts/<int:number>")
    def answer_alert(place: str, number: int) -> AnyResponse:
        asked = asked_at(place, "alerts")
        alert, site = alerts.alert_at(asked, number)
        if access:
            access.must_edit(site)
        acknowledge = request.form.get("what") == "acknowledge"
        alerts.answer(asked, alert, request.form.get("comment", ""), _who(), datetime.now(UTC), acknowledge=acknowledge)
        return redirect(asked.link("alerts", None, saved="yes"), 303)

    @pages.post("/<place>/alerts")
    def set_alert_level(place: str) -> AnyResponse:
        asked = asked_at(place, "alerts")
        if access:
            access.must_edit(asked.place)
        percent = alerts.set_level(asked, request.form.get("percent", ""))
        if access:
            with engine.begin() as connection:
                people.note(connection, _who(), "alert-level", f"{asked.title}: {percent} %")
        return redirect(asked.link("alerts", None, saved="yes"), 303)

    return pages


def _who() -> str:
    """Who asks, by name; nobody where there are no accounts."""
    person = g.get("person")
    return person.name if person else ""


def asked_by(engine: Engine, settings: Dashboard, key: str, today: Callable[[], date] | None, seen: Area) -> Asked:
    """What the request asks for of a place, by somebody who sees so much: for mail, which is about a page."""
    return _asked(engine, settings, key, today, lambda _: seen, None)


def paper(asked: Asked) -> bytes:
    """The annual report's sheet of a place and the months of the request as a PDF."""
    return pdf.made(render_template("paper.html", **_contents("report", asked, report.page(asked))))


def _written(name: str, asked: Asked, shown: Page) -> str:
    """A page as HTML. Knows of the request its address only, which is a part of what was asked."""
    return render_template(shown.template, **_contents(name, asked, shown))


def _contents(name: str, asked: Asked, shown: Page) -> dict[str, Any]:
    """What the template of a page gets."""

    def files(chart: Chart) -> list[tuple[str, str]]:
        return [(kind.upper(), _file_link(asked.place.key, name, chart, kind)) for kind in downloads.kinds(chart)]

    return {
        "asked": asked,
        "page": shown,
        "page_name": name,
        "found": shown.contents,
        "charts": {chart.name: chart for chart in shown.charts},
        "path": path_to(asked.place, asked.tree),
        "pages": _titles(alerts.number(asked)),
        "files": files,
    }


def _asked(
    engine: Engine,
    settings: Dashboard,
    key: str,
    today: Callable[[], date] | None,
    seen: Callable[[Connection], Area],
    access: Access | None,
) -> Asked:
    """What the request asks for, and all that is due of it published."""
    with reading(engine) as connection:
        tree = seen(connection)
        place = find(tree, key)
        if place is None:
            raise NotFound(g.words("There is no such place. It may have another number now: begin at the front page."))
        sites = sites_of(place, tree.sites)
        about = [site.id for site in sites]
        changes = tuple(disclosure.changes(connection, about).items())
    known = _questions(engine, changes) or (DEFAULT_QUESTION,)
    question = request.args.get("question") or known[0]
    if question not in known:
        raise NotFound(g.words("There are no ratings of such a question here."))
    day = today() if today else places.today(sites)
    disclosure.publish_if_due(engine, about, question, day, settings.threshold)
    may_edit = access is None or access.may_edit(place)
    state = place.key, g.words.code, tuple(sorted(request.args.items())), changes, tree
    return Asked(
        engine,
        g.words,
        tree,
        place,
        question,
        known,
        day,
        settings.threshold,
        request.args.to_dict(),
        _link,
        state,
        may_edit,
    )


@lru_cache(maxsize=PAGES_KEPT)
def _questions(engine: Engine, changes: tuple[tuple[int, disclosure.Change], ...]) -> tuple[str, ...]:
    """The questions of some sites, as long as nothing of them changes."""
    with reading(engine) as connection:
        return tuple(disclosure.questions(connection, [site_id for site_id, _ in changes]))


def _file(asked: Asked, chart: Chart, page: str, kind: str) -> Response:
    """A chart of a page as a file to keep."""
    source = Source(
        asked.title, asked.place.key, page, asked.question, asked.today, asked.place.simulated, asked.place.live
    )
    response = Response(downloads.made(chart, source, asked.words, kind), mimetype=downloads.KINDS[kind])
    response.headers.set("Content-Disposition", "attachment", filename=downloads.name(chart, source, kind))
    return response


def query() -> dict[str, Any]:
    """What the address has behind its `?`, without what would change more of another address than that."""
    own = {"place", "name", "chart", "kind"}
    return {name: value for name, value in request.args.items() if name not in own and not name.startswith("_")}


def _file_link(place: str, page: str, chart: Chart, kind: str) -> str:
    """The address of a file: of the same months, language and question as the page it is on."""
    return url_for("pages.file", **query(), place=place, name=page or FRONT, chart=chart.name, kind=kind)


def _titles(open_: int) -> list[tuple[str, str]]:
    """The pages as the navigation lists them. `open_`: how many alerts nobody has acknowledged."""
    say = g.words
    return [
        ("", say("Overview")),
        ("trend", say("Trend")),
        ("languages", say("Languages")),
        ("hours", say("Hours")),
        ("reasons", say("Reasons")),
        ("places", say("Side by side")),
        ("repeats", say("Repeats")),
        ("report", say("Annual report")),
        ("visits", say("Visits")),
        (screen.NAME, say("Screen")),
        ("alerts", say("Alerts (%(n)s)", n=say.number(open_)) if open_ else say("Alerts")),
    ]


def _link(page: str, place: Place | None = None, /, **query: str | None) -> str:
    """The address of a page; of the same place, language and question where nothing else is said."""
    kept: dict[str, Any] = {name: request.args.get(name) for name in KEPT}
    key = place.key if place else (request.view_args or {}).get("place", "all")
    return url_for("pages.page", place=key, name=page, **(kept | query))
