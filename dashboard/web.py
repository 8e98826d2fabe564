"""The pages, as a Flask application served by waitress. One page so far: the overview of a site.

Gets every figure from `overview.py`, which gets it through disclosure control. Sets no cookie, logs no visitor, runs no
script but the one that refreshes a live page.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from flask import Flask, Response, g, render_template, request
from markupsafe import Markup
from sqlalchemy import Engine
from werkzeug.exceptions import BadRequest, HTTPException, NotFound

from dashboard import charts, disclosure, language, places, typeface
from dashboard.overview import last_closed_month, overview
from dashboard.places import Site
from dashboard.store import StoreError, reading
from ratings import period as periods
from ratings.config import DEFAULT_QUESTION, Dashboard
from ratings.period import Period

log = logging.getLogger(__name__)

REFRESH_SECONDS = 3
"""How often a live page asks for itself again."""

FONT_SECONDS = 30 * 24 * 3600
"""How long a browser keeps the typeface."""

HEADERS = {
    # No inline script or style, nothing from elsewhere, in nobody's frame.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def create_app(engine: Engine, settings: Dashboard, *, today: Callable[[], date] | None = None) -> Flask:
    """The application on a database that is up to date. `today` is for tests and simulations: which day it is."""
    app = Flask(__name__)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: g.words.translations.gettext(text),
        ngettext=lambda one, several, n: g.words.translations.ngettext(one, several, n),
        newstyle=True,
    )

    app.jinja_env.filters["capfirst"] = lambda text: text[:1].upper() + text[1:]

    @app.before_request
    def choose_language() -> None:
        g.words = language.words(language.choose(request.args.get("lang"), list(request.accept_languages.values())))

    @app.context_processor
    def names() -> dict[str, object]:
        return {"words": g.words, "languages": language.LANGUAGES, "refresh_seconds": REFRESH_SECONDS}

    @app.after_request
    def secure(response: Response) -> Response:
        response.headers.update(HEADERS)
        if request.endpoint not in ("static", "font"):
            # Figures of yesterday are not for a shared computer's cache; the language decides about the page, too.
            response.headers["Cache-Control"] = "no-store"
            response.headers["Vary"] = "Accept-Language"
        return response

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> tuple[str, int]:
        code = error.code or 500
        return render_template("message.html", code=code, text=_told(error)), code

    @app.errorhandler(StoreError)
    def without_database(error: StoreError) -> tuple[str, int]:
        log.error("%s", error)
        text = g.words("The figures cannot be read just now. Those who run this page find the reason in its log.")
        return render_template("message.html", code=503, text=text), 503

    @app.get("/static/noto-sans-<any(regular, bold):weight>.woff")
    def font(weight: str) -> Response:
        response = Response(typeface.woff(weight), mimetype="font/woff")
        response.cache_control.max_age = FONT_SECONDS
        return response

    @app.get("/")
    def page() -> str:
        with reading(engine) as connection:
            sites = places.sites(connection)
        if not sites:
            return render_template("empty.html")
        site = _site(sites, request.args.get("site"))
        day = today() if today else places.today(site, datetime.now(UTC))
        month = _month(request.args.get("month"), day)
        with reading(engine) as connection:
            question = next(iter(disclosure.questions(connection, [site.id])), DEFAULT_QUESTION)
        disclosure.publish_if_due(engine, [site.id], question, day, settings.threshold)
        with reading(engine) as connection:
            found = overview(connection, site, question, day, settings.threshold, month)
        return render_template(
            "overview.html",
            found=found,
            site=site,
            sites=sites,
            asked_month=month,
            today=day,
            charts=[Markup(found.chart(g.words.code, size)) for size in (charts.WIDE, charts.NARROW)],  # noqa: S704
        )

    return app


def _site(sites: list[Site], asked: str | None) -> Site:
    if asked is None:
        return sites[0]
    found = next((each for each in sites if str(each.id) == asked), None)
    if found is None:
        raise NotFound(g.words("There is no such site. It may have another number now: begin at the front page."))
    return found


def _month(asked: str | None, today: date) -> Period | None:
    if asked is None:
        return None
    try:
        month = periods.parse_month(asked)
    except ValueError:
        raise BadRequest(g.words("%(text)s is not a month. Write it as 2022-03.", text=repr(asked[:20]))) from None
    if month.last > last_closed_month(today).last:
        raise NotFound(g.words("%(month)s is not over yet.", month=g.words.months(month).capitalize()))
    if month.first.year < today.year - 100:
        raise NotFound(g.words("There are no figures of that time."))
    return month


def _told(error: HTTPException) -> str:
    """The error in the reader's language: our own words where we have them."""
    if error.description and error.description != type(error).description:
        return error.description
    if error.code == 404:
        return str(g.words("There is no such page."))
    return str(g.words("That did not work. Begin at the front page."))


def server(app: Flask, host: str, port: int) -> Any:
    """A waitress server that listens already (port 0: a free one, `effective_port`); `run()` serves until `close()`."""
    from waitress.server import create_server  # type: ignore[import-untyped]

    return create_server(app, host=host, port=port, threads=4, ident=None)


def serve(app: Flask, host: str, port: int) -> None:
    """Serve the pages until interrupted."""
    server(app, host, port).run()
