"""Pages about mail: what somebody wants, on the page Account; what waits and was refused, for administrators."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from dashboard import places
from dashboard.accounts import people
from dashboard.accounts.access import Access
from dashboard.accounts.pages import account_page
from dashboard.mail import queue, wishes, wishing
from dashboard.store import reading
from ratings.sections import Mail


def blueprint(access: Access, mail: Mail) -> Blueprint:
    """Its routes, on the database of `access`."""
    pages = Blueprint("mail", __name__)
    engine, is_on = access.engine, mail.host is not None

    def trouble() -> int:
        with reading(engine) as connection:
            return queue.trouble(connection)

    @pages.app_context_processor
    def names() -> dict[str, object]:
        """For the page Account: the form, with what is asked for or was just sent; how many mails are in trouble."""
        return {"mail_form": lambda: g.get("mail_form") or _form(access, is_on=is_on), "mail_trouble": trouble}

    @pages.post("/account/mail")
    def wish() -> Response | tuple[str, int]:
        with reading(engine) as connection:
            seen = access.visible(places.tree(connection))
        wishes_ = wishing.sent(request.form.to_dict(), seen, g.words)
        try:
            wishes_ = wishing.checked(wishes_, g.words)
        except wishing.WishError as error:
            g.mail_form = wishing.shown(wishes_, seen, g.words, is_on=is_on, problem=error.args[0])
            return account_page(access), 400
        with engine.begin() as connection:
            wishes.put(connection, g.person.id, wishes_)
        return redirect(url_for("accounts.account", lang=request.args.get("lang"), saved="yes"), 303)

    @pages.get("/mail")
    def waiting() -> str:
        with reading(engine) as connection:
            entries = queue.listing(connection)
        return render_template("mail.html", entries=entries, is_on=is_on, saved=bool(request.args.get("saved")))

    @pages.post("/mail/<int:number>/again")
    def again(number: int) -> Response:
        with engine.begin() as connection:
            _noted(queue.again(connection, number, access.now()), "mail-again", connection)
        return _back()

    @pages.post("/mail/<int:number>/forget")
    def forget(number: int) -> Response:
        with engine.begin() as connection:
            _noted(queue.forget(connection, number), "mail-forgotten", connection)
        return _back()

    return pages


def _form(access: Access, *, is_on: bool) -> wishing.Form:
    with reading(access.engine) as connection:
        seen = access.visible(places.tree(connection))
        return wishing.shown(wishes.find(connection, g.person.id), seen, g.words, is_on=is_on)


def _noted(entry: queue.Entry | None, what: str, connection: Connection) -> None:
    if entry is None:
        raise NotFound(g.words("This mail does not wait any more: it was sent, or forgotten."))
    people.note(connection, g.person.name, what, entry.key)


def _back() -> Response:
    return redirect(url_for("mail.waiting", lang=request.args.get("lang"), saved="yes"), 303)
