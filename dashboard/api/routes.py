"""The addresses of the interface for programs: `/api/v1/months?place=site-3&period=last-year`, read-only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import msgspec
from flask import Blueprint, Response, request
from sqlalchemy import Engine

from dashboard import places
from dashboard.accounts.access import Access
from dashboard.api import answers, asking, rows
from dashboard.api.asking import ASKED, AskedFigures
from dashboard.api.describing import description
from dashboard.api.shapes import ROWS
from dashboard.store import reading
from ratings.config import Dashboard

USUAL = "site"
"""Of places of this kind there are figures where nobody asks for others: summed up, none of them counts twice."""


def blueprint(
    engine: Engine, settings: Dashboard, today: Callable[[], date] | None, access: Access | None
) -> Blueprint:
    """All addresses. `access` is who asks: they see their places only. Without it everybody sees all."""
    api = Blueprint("api", __name__, url_prefix="/api")
    described = msgspec.json.format(msgspec.json.encode(description(with_tokens=access is not None)), indent=2)

    @api.get("/openapi.json", endpoint="description")
    def describe() -> Response:
        return Response(described, content_type="application/json")

    @api.get(f"/v1/<any({', '.join(ROWS)}):name>", endpoint="rows")
    def answer(name: str) -> Response:
        asked = asking.read(ASKED[name], request.args)
        with reading(engine) as connection:
            tree = places.tree(connection)
        tree = access.visible(tree) if access else tree
        some, last = rows.chosen(tree, asked, USUAL if isinstance(asked, AskedFigures) else None)
        if isinstance(asked, AskedFigures):
            day = today() if today else None
            found = rows.of_figures(engine, name, some, asked, tree, settings.threshold, day)
        else:
            found = rows.of_places(some, tree)
        return answers.answer(name, found, last, asked.format)

    return api
