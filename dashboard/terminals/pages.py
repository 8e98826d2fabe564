"""The pages about terminals: how they are, and what `fjes dashboard terminal` and `refused` do.

A file for a card is the answer to the request that asked for it, and is kept nowhere: it holds the terminal's password.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, date

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from dashboard import cards, clock, enrolled, enrolment, enrolment_list, moving, quarantine, undecodable, unread
from dashboard.accounts import people
from dashboard.accounts.access import Access
from dashboard.broker import BY_HAND, BrokerError, Folder
from dashboard.enrolled import Enrolled, EnrolmentError
from dashboard.enrolment import Newcomer
from dashboard.saying import say
from dashboard.store import reading
from dashboard.terminals import seen
from ratings.config import LANGUAGES, Dashboard
from ratings.period import Period

Answer = Response | str | tuple[str, int]
SUFFIX = ".fjes.toml"


def blueprint(access: Access, settings: Dashboard, today: Callable[[], date | None] = clock.known_today) -> Blueprint:
    """All of them, on the database of `access`. `today` is a date in UTC, None where the clock is not known right."""
    pages = Blueprint("terminals", __name__)
    engine = access.engine
    folder = Folder(settings.broker) if settings.broker is not None else None

    @pages.get("/terminals")
    def everything() -> Answer:
        return _everything()

    @pages.post("/terminals")
    def add() -> Answer:
        texts: dict[str, str] = {}
        form = request.form
        try:
            if (refusal := _elsewhere(folder)) is not None:
                raise refusal
            newcomer = Newcomer(
                form.get("name", ""),
                form.get("site", ""),
                form.get("timezone", "").strip() or enrolment.TIMEZONE,
                _languages(form),
            )
            (made,) = enrolment.enrol(engine, [newcomer], folder, cards.into(texts), g.person.name)
        except (EnrolmentError, BrokerError) as error:
            return _everything(error), _code(error)
        return _given(made, texts)

    @pages.post("/terminals-list")
    def add_all() -> Answer:
        texts: dict[str, str] = {}
        try:
            if (refusal := _elsewhere(folder)) is not None:
                raise refusal
            sent = request.files.get("list")
            newcomers = enrolment_list.parsed(sent.read() if sent else b"", "the list")
            made = enrolment.enrol(engine, newcomers, folder, cards.into(texts), g.person.name)
        except (EnrolmentError, BrokerError) as error:
            return _everything(error), _code(error)
        if folder is None:
            return render_template("terminal_made.html", terminals=made)
        folder.reload()
        return _files(texts)

    @pages.get("/terminals/<terminal>")
    def one(terminal: str) -> Answer:
        return _one(terminal)

    @pages.post("/terminals/<terminal>/name")
    def rename(terminal: str) -> Answer:
        try:
            moving.rename(engine, terminal, request.form.get("name", ""), g.person.name)
        except EnrolmentError as error:
            return _one(terminal, error), _code(error)
        return _stored(terminal)

    @pages.post("/terminals/<terminal>/site")
    def move(terminal: str) -> Answer:
        texts: dict[str, str] = {}
        form = request.form
        try:
            with reading(engine) as connection:
                before = enrolled.find(connection, terminal)
                goes_on = moving.has_counted(connection, terminal)
            if goes_on and (refusal := _elsewhere(folder)) is not None:
                raise refusal
            languages = _languages(form) if goes_on else LANGUAGES
            wanted = Newcomer(form.get("name", ""), form.get("site", ""), before.timezone, languages)
            done = moving.move(engine, terminal, wanted, folder, cards.into(texts), _utc(), g.person.name)
        except (EnrolmentError, BrokerError) as error:
            return _one(terminal, error), _code(error)
        return _given(done.after, texts) if done.goes_on else _stored(terminal)

    @pages.post("/terminals/<terminal>/file")
    def reissue(terminal: str) -> Answer:
        texts: dict[str, str] = {}
        try:
            if (refusal := _elsewhere(folder)) is not None:
                raise refusal
            with reading(engine) as connection:
                enrolled.find(connection, terminal)
            if folder is None:
                raise EnrolmentError(say("there is no broker's folder in the configuration, and so no file to make"))
            made = enrolment.reissue(
                engine, terminal, _languages(request.form), folder, cards.into(texts), g.person.name
            )
        except (EnrolmentError, BrokerError) as error:
            return _one(terminal, error), _code(error)
        return _given(made, texts)

    @pages.post("/terminals/<terminal>/revoke")
    def revoke(terminal: str) -> Answer:
        is_open = folder is not None and folder.is_open()
        try:
            found = enrolment.revoke(engine, terminal, folder if is_open else None, _utc(), g.person.name)
            if found.revoked is not None:
                raise EnrolmentError(say("%(name)s is revoked already"), is_taken=True, name=repr(found.name))
        except (EnrolmentError, BrokerError) as error:
            return _one(terminal, error), _code(error)
        if is_open and folder is not None:
            folder.reload()
        return _stored(terminal)

    @pages.get("/refused")
    def refused() -> Answer:
        return _refused()

    @pages.post("/refused")
    def retry() -> Answer:
        wanted = request.form.get("terminal") or None
        try:
            with engine.begin() as connection:
                about = enrolled.find(connection, wanted).title if wanted is not None else ""
                accepted, kept = quarantine.retry(connection, today(), wanted)
                again = quarantine.ask_again(connection, wanted)
                readable = undecodable.retry(connection, wanted)
                people.note(connection, g.person.name, "retried", about)
        except EnrolmentError as error:
            return _refused(problem=_told(error)), _code(error)
        return _refused({"accepted": bool(accepted), "kept": bool(kept), "coming": bool(again or readable)})

    def _everything(error: EnrolmentError | BrokerError | None = None) -> str:
        with reading(engine) as connection:
            found = seen.look(connection, access.now(), g.words)
            sites = _sites(connection)
        return render_template(
            "terminals.html",
            found=found,
            sites=sites,
            problem=_told(error) if error else "",
            sent=request.form,
            **_means(),
        )

    def _one(terminal: str, error: EnrolmentError | BrokerError | None = None) -> str:
        with reading(engine) as connection:
            found = seen.look(connection, access.now(), g.words)
            try:
                enrolled.find(connection, terminal)
            except EnrolmentError:
                raise NotFound(g.words("There is no such terminal.")) from None
            sites = _sites(connection)
            counted = moving.has_counted(connection, terminal)
        each = next(each for each in found.terminals if each.terminal.id == terminal)
        return render_template(
            "terminal.html",
            each=each,
            trouble=found.trouble,
            sites=[site for site in sites if site != each.terminal.site],
            counted=counted,
            problem=_told(error) if error else "",
            saved=bool(request.args.get("saved")) and error is None,
            sent=request.form,
            **_means(),
        )

    def _means() -> dict[str, object]:
        """What can be done about logins from here."""
        is_open = folder is not None and folder.is_open()
        return {
            "has_broker": folder is not None,
            "is_open": folder is None or is_open,
            "by_hand": "" if folder is None or not is_open or folder.can_reload() else f"sudo {BY_HAND}",
            "tags": LANGUAGES,
        }

    def _refused(result: dict[str, bool] | None = None, problem: str = "") -> str:
        with reading(engine) as connection:
            found = unread.withheld(connection)
        return render_template("refused.html", found=found, result=result, problem=problem, span=Period)

    def _given(made: Enrolled, texts: dict[str, str]) -> Answer:
        """The file for its card, as the answer; without a broker's folder, which id it has."""
        if folder is None:
            return render_template("terminal_made.html", terminals=[made])
        folder.reload()
        return _file(made, texts[made.id])

    def _utc() -> date:
        return access.now().astimezone(UTC).date()

    return pages


def _file(terminal: Enrolled, text: str) -> Response:
    response = Response(text, mimetype="application/toml")
    response.headers.set("Content-Disposition", "attachment", filename=f"{terminal.id}{SUFFIX}")
    return response


def _files(texts: dict[str, str]) -> Response:
    """Several files, packed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for id_, text in texts.items():
            archive.writestr(f"{id_}{SUFFIX}", text)
    response = Response(packed.getvalue(), mimetype="application/zip")
    response.headers.set("Content-Disposition", "attachment", filename="terminals.zip")
    return response


def _stored(terminal: str) -> Response:
    return redirect(url_for("terminals.one", terminal=terminal, lang=request.args.get("lang"), saved="yes"), 303)


def _elsewhere(folder: Folder | None) -> EnrolmentError | None:
    """That logins cannot be made here, where there is a broker's folder that this process may not write."""
    if folder is None or folder.is_open():
        return None
    return EnrolmentError(
        say("the pages may not write into the broker's folder; use the command that stands there"), is_taken=True
    )


def _languages(form: MultiDict[str, str]) -> tuple[str, ...]:
    """Those that were ticked, in the order in which they ship. Raises EnrolmentError."""
    chosen = set(form.getlist("languages"))
    found = tuple(each for each in LANGUAGES if each in chosen)
    if not found:
        raise EnrolmentError(say("choose at least one language"))
    return found


def _sites(connection: Connection) -> list[str]:
    return sorted({each.site for each in enrolled.listing(connection)}, key=str.casefold)


def _code(error: EnrolmentError | BrokerError) -> int:
    if isinstance(error, BrokerError):
        return 503
    return 404 if error.is_missing else 409 if error.is_taken else 400


def _told(error: EnrolmentError | BrokerError) -> str:
    """What went wrong, in the reader's language where we have it."""
    if isinstance(error, BrokerError):
        return str(g.words("The broker's logins could not be changed: %(why)s", why=str(error)))
    text = str(g.words.translations.gettext(error.text))
    said = text % error.values if error.values else text
    if error.line is not None:
        said = g.words("line %(line)s: %(what)s", line=error.line, what=said)
    return f"{said[:1].upper()}{said[1:]}."
