"""The page *Upkeep*. A backup stays on the server: it has counts that no page shows, to administrators neither."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy import Engine
from werkzeug.exceptions import BadRequest, Conflict
from werkzeug.wrappers import Response

from dashboard import importing, places, store
from dashboard.accounts import people
from dashboard.backup import BackupError
from dashboard.happyornot import FormatError
from dashboard.importing import ImportRefused, Outcome, Wishes
from dashboard.store import StoreError
from dashboard.upkeep import backups
from dashboard.upkeep.jobs import Jobs, Told
from ratings.config import Dashboard

MOST_BYTES = 64 * 1024 * 1024
"""Of a file that is sent from a page; larger ones go in by the command."""

LONGEST_NAME = 150

Answer = Response | str | tuple[str, int]


def blueprint(engine: Engine, settings: Dashboard) -> Blueprint:
    """The page, and what can be begun on it."""
    pages = Blueprint("upkeep", __name__)
    jobs = Jobs((BackupError, StoreError, FormatError, ImportRefused))
    folder = settings.backups

    def begun(kind: str, about: str, work: Callable[[Told], object]) -> Response:
        who = g.person.name

        def noted(told: Told) -> object:
            result = work(told)
            # Afterwards: whoever puts a backup back replaces the list of what was done, too.
            with engine.begin() as connection:
                people.note(connection, who, kind, about)
            return result

        if not jobs.begin(kind, about, noted):
            raise Conflict(g.words("Something else is still running. Wait until it is done, and try again."))
        return redirect(url_for("upkeep.page", lang=request.args.get("lang")), 303)

    @pages.get("/upkeep")
    def page() -> Answer:
        return _page(engine, folder, jobs)

    @pages.post("/upkeep/backup")
    def back_up() -> Answer:
        kept = _there(folder)
        return begun("backup", str(kept), lambda told: backups.make(engine, kept))

    @pages.post("/upkeep/restore")
    def restore() -> Answer:
        kept, name = _there(folder), request.form.get("name", "")
        if not request.form.get("sure"):
            text = g.words("Tick that all that is there now is to be replaced. Nothing was changed.")
            return _page(engine, folder, jobs, {"restore": text}), 400
        return begun("restore", name[:LONGEST_NAME], lambda told: backups.put_back(engine, kept, name))

    @pages.before_request
    def large_files() -> None:
        if request.endpoint == "upkeep.import_happyornot":
            request.max_content_length = MOST_BYTES

    @pages.post("/upkeep/import")
    def import_happyornot() -> Answer:
        sent = request.files.get("file")
        name = (sent.filename or "")[:LONGEST_NAME] if sent else ""
        data = sent.read() if sent else b""
        if not data:
            return _page(engine, folder, jobs, {"import": g.words("Choose a file that is not empty.")}), 400
        wishes = _wishes(request.form)
        if isinstance(wishes, str):
            return _page(engine, folder, jobs, {"import": wishes}), 400
        dry = request.form.get("do") != "import"

        def work(told: Told) -> object:
            moment = datetime.now(UTC)
            reading, hash_ = importing.read_file(data, wishes, moment, told)
            outcome = Outcome()
            if reading.n:
                outcome = importing.import_file(
                    engine, reading, hash_, wishes, moment=moment, threshold=settings.threshold, dry=dry
                )
            return reading, outcome

        return begun("import-try" if dry else "import", name, work)

    return pages


def _there(folder: Path | None) -> Path:
    if folder is None:
        raise BadRequest(g.words("No folder for backups is named in the configuration: [dashboard] backups."))
    return folder


def _page(engine: Engine, folder: Path | None, jobs: Jobs, problems: Mapping[str, str] | None = None) -> str:
    listed, trouble = [], ""
    if folder is not None:
        try:
            listed = backups.listing(folder)
        except BackupError as error:
            trouble = str(error)
    with store.reading(engine) as connection:
        sites = places.sites(connection)
    running = jobs.last is not None and not jobs.last.ended
    return render_template(
        "upkeep.html",
        folder=folder,
        backups=listed,
        trouble=trouble,
        job=jobs.last,
        running=running,
        problems=problems or {},
        sites=sites,
        sent=request.form,
        most=MOST_BYTES // 2**20,
    )


def _wishes(form: Mapping[str, str]) -> Wishes | str:
    """What a form asks for; or what is wrong with it."""
    names = {}
    for field in ("terminal", "site"):
        name = names[field] = form.get(field, "").strip()
        if len(name) > LONGEST_NAME or not (name.isprintable() or not name):
            return str(g.words("A name has at most %(n)s characters, in one line.", n=LONGEST_NAME))
    return Wishes(names["terminal"] or None, names["site"] or None, replace=bool(form.get("replace")))
