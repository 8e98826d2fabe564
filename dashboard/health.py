"""Whether the dashboard does what it is there for, in a word each: its database, whoever listens, what publishes early.

For whatever looks after it (`/healthz`). Tells no figure, no name and no version, since anybody may ask.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import msgspec
from flask import Blueprint, Response, current_app
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from dashboard import versions
from dashboard.early import Early
from dashboard.store import StoreError, reading
from dashboard.terminal_health import LISTENS_FOR, last_listened

EARLY = "fjes_early"
"""What the application calls the thread that publishes early, among its extensions."""


class Health(msgspec.Struct, frozen=True):
    """`listening`: whether ingest is at the broker. `never`: it was not started yet, as where figures are imported.

    `publishing`: whether what has become due is published before anybody asks. `not-here`: not by this process.
    """

    status: Literal["well", "unwell"]
    database: Literal["well", "unreachable", "other-version"]
    listening: Literal["well", "silent", "never", "unknown"]
    publishing: Literal["well", "stuck", "not-here"]


def look(engine: Engine, early: Early | None, now: datetime) -> Health:
    """How all of it is."""
    database: Literal["well", "unreachable", "other-version"] = "well"
    listening: Literal["well", "silent", "never", "unknown"] = "unknown"
    try:
        with reading(engine) as connection:
            if versions.of(connection) != versions.known()[0]:
                database = "other-version"
            else:
                seen = last_listened(connection)
                listening = "never" if seen is None else "well" if now - seen <= LISTENS_FOR else "silent"
    except StoreError:
        database = "unreachable"
    except SQLAlchemyError:
        database = "other-version"  # Of none: its tables are somebody else's, or are missing.
    publishing: Literal["well", "stuck", "not-here"] = "not-here"
    if early is not None:
        publishing = "well" if early.is_well() else "stuck"
    well = database == "well" and listening in ("well", "never") and publishing != "stuck"
    return Health("well" if well else "unwell", database, listening, publishing)


def blueprint(engine: Engine) -> Blueprint:
    """The address that is asked."""
    pages = Blueprint("health", __name__)

    @pages.get("/healthz", endpoint="look")
    def answer() -> Response:
        found = look(engine, current_app.extensions.get(EARLY), datetime.now(UTC))
        code = 200 if found.status == "well" else 503
        return Response(msgspec.json.encode(found), code, content_type="application/json")

    return pages
