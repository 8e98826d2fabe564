"""The page on which administrators make the tokens that programs read figures with, and take them away."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from dashboard import places
from dashboard.accounts import people, tokens
from dashboard.accounts.access import Access
from dashboard.accounts.people import PersonError
from dashboard.accounts.tokens import USUAL, Token, Use
from dashboard.store import reading

Answer = Response | str | tuple[str, int]


def blueprint(access: Access) -> Blueprint:
    """All of it, on the database of `access`."""
    pages = Blueprint("tokens", __name__)

    @pages.get("/tokens")
    def everything() -> Answer:
        return _page(access)

    @pages.post("/tokens")
    def add() -> Answer:
        today = access.now().date()
        try:
            expires = date.fromisoformat(request.form.get("expires", ""))
        except ValueError:
            return _page(access, g.words("Give the last day as a date, such as 2027-12-31.")), 400
        try:
            with access.engine.begin() as connection:
                use, sites = _use(connection, request.form)
                token, word = tokens.add(connection, request.form.get("name", ""), use, sites, expires, today)
                people.note(connection, g.person.name, "token", words_of(token))
        except PersonError as error:
            return _page(access, g.words(error.args[0])), 400
        return render_template("token.html", token=token, word=word)

    @pages.post("/tokens/<int:number>/remove")
    def remove(number: int) -> Answer:
        with access.engine.begin() as connection:
            token = tokens.find(connection, number)
            if token is None:
                raise NotFound(g.words("There is no token of that number any more."))
            tokens.remove(connection, number)
            people.note(connection, g.person.name, "token-removed", token.name)
        return redirect(url_for("tokens.everything", lang=request.args.get("lang"), saved="yes"), 303)

    return pages


def words_of(token: Token) -> str:
    """For the list of what was done: which token, and what it sees."""
    sees = "all" if token.everywhere else ", ".join(f"site-{site}" for site in token.sites)
    return f"{token.name} ({token.use}{f': {sees}' if sees else ''}; {token.expires})"


def _use(connection: Connection, form: MultiDict[str, str]) -> tuple[Use, list[int] | None]:
    """What a form says that a token is for, and which sites it sees: `sites=all`, or `site-3` for each."""
    if form.get("use") == Use.METRICS:
        return Use.METRICS, None
    if form.get("sites") == "all":
        return Use.FIGURES, None
    return Use.FIGURES, [site.id for site in places.sites(connection) if form.get(site.key)]


def _page(access: Access, problem: str = "") -> str:
    with reading(access.engine) as connection:
        sites = places.sites(connection)
        known = tokens.everything(connection)
    names = {site.id: site.name for site in sites}
    today = access.now().date()
    return render_template(
        "tokens.html",
        tokens=known,
        sites=sites,
        # A site that has no terminal any more has no figures, but a name it had.
        seen={each.id: [names.get(site, f"site-{site}") for site in each.sites] for each in known},
        today=today,
        usual=today + USUAL,
        last=today + tokens.LONGEST,
        problem=problem,
        saved=bool(request.args.get("saved")) and not problem,
    )
