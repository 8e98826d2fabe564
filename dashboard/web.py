"""The pages, as a Flask application served by waitress: languages, headers, errors, and what templates may use.

The pages themselves are in `pages/`, and those on which people sign in in `accounts/`. Sets no cookie but that of a
session, and of somebody who is on the way to one; logs nobody, runs no script but the one that refreshes a live page.
"""

from __future__ import annotations

import logging
import mimetypes
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, render_template, request
from sqlalchemy import Engine
from werkzeug.exceptions import Forbidden, HTTPException, NotFound, ServiceUnavailable

from dashboard import clock, health, language, metrics, same_origin, typeface
from dashboard.accounts import pages as accounts
from dashboard.accounts import provider_pages, token_pages
from dashboard.accounts.access import SENT_FROM, Access
from dashboard.api import problems
from dashboard.api import routes as api
from dashboard.bands import bands
from dashboard.charts.style import FILLS
from dashboard.mail import pages as mail_pages
from dashboard.pages import routes
from dashboard.screen.previews import Draw
from dashboard.store import StoreError
from dashboard.terminals import pages as terminals
from dashboard.upkeep import pages as upkeep
from ratings.config import Dashboard, Mail

log = logging.getLogger(__name__)

REFRESH_SECONDS = 3
"""How often a live page asks for itself again."""

FONT_SECONDS = 30 * 24 * 3600
"""How long a browser keeps the typeface."""

SECURE_SECONDS = 2 * 365 * 24 * 3600
"""How long a browser that has come by https comes by nothing else."""

MOST_BYTES = 64 * 1024
"""A form of ours is far shorter."""

STATIC = {
    path.name: (mimetypes.guess_type(path.name)[0] or "application/octet-stream", path.read_bytes())
    for path in (Path(__file__).parent / "static").iterdir()
}
"""Style, script and icon, by name."""

HEADERS = {
    # No inline script or style, nothing from elsewhere, in nobody's frame.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # To others, nothing; to ourselves, since without it a browser leaves out where a form comes from, too.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def create_app(
    engine: Engine,
    settings: Dashboard,
    *,
    today: Callable[[], date] | None = None,
    access: Access | None = None,
    draw: Draw | None = None,
    mail: Mail | None = None,
) -> Flask:
    """The application on a database that is up to date. `today` is for tests and simulations: which day it is.

    `access`: only people who sign in see something, and what they may. Without it whoever reaches the pages sees all.
    `draw`: the kiosk, for a look at what is planned.
    `mail`: the server that mail is handed to, where one is set up.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: g.words.translations.gettext(text),
        ngettext=lambda one, several, n: g.words.translations.ngettext(one, several, n),
        newstyle=True,
    )

    metrics.measure(app, engine)
    app.register_blueprint(health.blueprint(engine))

    app.jinja_env.filters["capfirst"] = lambda text: text[:1].upper() + text[1:]

    @app.before_request
    def choose_language() -> None:
        if problems.is_for_programs(request.path):
            g.words = language.words(problems.LANGUAGE)
            return
        g.words = language.words(language.choose(request.args.get("lang"), list(request.accept_languages.values())))

    @app.before_request
    def refuse_strangers() -> None:
        # There, nothing can be sent, by nobody.
        if not problems.is_for_programs(request.path) and not same_origin.is_from_here(request):
            raise Forbidden(g.words("This can only be sent from the page itself. Open it, and send it again there."))

    if access is not None:
        app.before_request(access.check)
        app.register_blueprint(accounts.blueprint(access))
        app.register_blueprint(provider_pages.blueprint(access))
        app.register_blueprint(upkeep.blueprint(engine, settings))
        app.register_blueprint(token_pages.blueprint(access))
        app.register_blueprint(terminals.blueprint(access, settings, today or clock.known_today))
        app.register_blueprint(mail_pages.blueprint(access, mail or Mail()))

    @app.context_processor
    def names() -> dict[str, object]:
        return {
            "words": g.words,
            "has_accounts": access is not None,
            # What is sent is answered with a page that is asked for at another address.
            "here": SENT_FROM.get(request.endpoint or "", request.endpoint or "pages.front"),
            "languages": language.LANGUAGES,
            "refresh_seconds": REFRESH_SECONDS,
            "fills": FILLS,
            "same": lambda **others: routes.query() | (request.view_args or {}) | others,
            "all_bands": bands,
            "kind_of": lambda value: type(value).__name__,
        }

    @app.after_request
    def secure(response: Response) -> Response:
        response.headers.update(HEADERS)
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = f"max-age={SECURE_SECONDS}"
        if request.endpoint not in ("static", "font"):
            # Figures of yesterday are not for a shared computer's cache; the language decides about the page, too.
            response.headers["Cache-Control"] = "no-store"
            response.headers["Vary"] = "Accept-Language"
        return response

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> tuple[str, int] | Response:
        if problems.is_for_programs(request.path):
            return problems.answer(error)
        code = error.code or 500
        return render_template("message.html", code=code, text=_told(error)), code

    @app.errorhandler(StoreError)
    def without_database(error: StoreError) -> tuple[str, int] | Response:
        log.error("%s", error)
        if problems.is_for_programs(request.path):
            return problems.answer(ServiceUnavailable())
        text = g.words("The figures cannot be read just now. Those who run this page find the reason in its log.")
        return render_template("message.html", code=503, text=text), 503

    @app.get("/static/<filename>", endpoint="static")
    def static(filename: str) -> Response:
        # Small, and from memory: an open file would stay open where a browser leaves before it has all of it.
        if filename not in STATIC:
            raise NotFound
        kind, content = STATIC[filename]
        response = Response(content, mimetype=kind)
        response.add_etag()
        response.make_conditional(request)
        return response

    @app.get("/static/noto-sans-<any(regular, bold):weight>.woff")
    def font(weight: str) -> Response:
        response = Response(typeface.woff(weight), mimetype="font/woff")
        response.cache_control.max_age = FONT_SECONDS
        return response

    app.register_blueprint(routes.blueprint(engine, settings, today, access, draw))
    app.register_blueprint(api.blueprint(engine, settings, today, access))
    return app


def _told(error: HTTPException) -> str:
    """The error in the reader's language: our own words where we have them."""
    if error.description and error.description != type(error).description:
        return error.description
    if error.code == 404:
        return str(g.words("There is no such page."))
    return str(g.words("That did not work. Begin at the front page."))


def server(app: Flask, host: str, port: int, proxy: str | None = None) -> Any:
    """A waitress server that listens already (port 0: a free one, `effective_port`); `run()` serves until `close()`.

    `proxy`: the address whose `X-Forwarded-…` headers are believed; from anybody else they are taken away.
    """
    from waitress.server import create_server  # type: ignore[import-untyped]

    # That a page waited a moment for another one is nothing that somebody should do something about.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    believed = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"} if proxy else set()
    return create_server(
        app,
        host=host,
        port=port,
        threads=4,
        ident=None,
        trusted_proxy=proxy,
        trusted_proxy_headers=believed,
        clear_untrusted_proxy_headers=True,
    )


def ready(app: Flask, settings: Dashboard) -> Any:
    """A server as by `server` that listens where the settings say; by https where they name a certificate.

    Raises OSError, and SecureError.
    """
    # Read and compiled before anybody asks, not while the first reader waits.
    for code in language.LANGUAGES:
        language.words(code)
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)
    if settings.certificate and settings.key:
        # Only where it is used: it takes a moment.
        from dashboard.secure import Secure

        return Secure(app, settings.host, settings.port, settings.certificate, settings.key)
    return server(app, settings.host, settings.port, settings.proxy)
