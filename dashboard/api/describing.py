"""The description of the interface, in OpenAPI 3.1: made of the types that requests and answers are of."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import msgspec

from dashboard.api.answers import columns
from dashboard.api.asking import ASKED, parameters
from dashboard.api.problems import CONTENT_TYPE
from dashboard.api.shapes import ROWS, Answer, Problem

TEXTS = {
    "places": ("The places that the token sees", "Sites, their terminals, and the areas that they are in."),
    "totals": (
        "All months together, by place",
        "One row of each place: percentages with base and interval, and the change against as many months before.",
    ),
    "months": (
        "Month by month",
        "A row of each month, or of several that are shown together only. Those that are hidden have no figures.",
    ),
    "trend": ("The trend, by week or day", "Pieces of days as they were published, in order."),
    "languages": ("By language", "One row of each language, of all months together, in bands."),
    "hours": ("By weekday and hour", "One row of each hour, or stretch of hours, of all months together, in bands."),
    "reasons": ("By what mattered most", "One row of each reason, of all months together, in bands."),
}

PROBLEMS = {
    "400": "A parameter is wrong.",
    "401": "No token, or one that is wrong, has ended, or was removed.",
    "403": "Whoever is signed in has to choose a password first.",
    "404": "There is no such place or question; or the token does not see it.",
    "429": "Too many tries with a wrong token.",
    "503": "The database cannot be reached just now.",
}
OPEN = ("400", "404", "503")
"""What there is where everybody may read."""

ABOUT = """\
Figures of satisfaction as the pages show them, and by the same rules: what rests on too few ratings is hidden, to
protect visitors. Nothing can be changed here."""


def description(*, with_tokens: bool) -> dict[str, Any]:
    """The whole of it. `with_tokens`: only who shows a token reads anything."""
    answers = {name: Answer[row] for name, row in ROWS.items()}  # type: ignore[valid-type]
    references, schemas = msgspec.json.schema_components(
        [*answers.values(), Problem], ref_template="#/components/schemas/{name}"
    )
    of = dict(zip((*answers, "problem"), references, strict=True))
    found: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Fjes", "version": version("fjes"), "description": ABOUT, "license": {"name": "EUPL-1.2"}},
        "paths": {
            f"/api/v1/{name}": {"get": _operation(name, of[name], of["problem"], with_tokens=with_tokens)}
            for name in ROWS
        },
        "components": {"schemas": schemas},
    }
    if with_tokens:
        found["security"] = [{"bearer": []}, {"basic": []}]
        found["components"]["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer", "description": "A token, made on the page Tokens."},
            "basic": {"type": "http", "scheme": "basic", "description": "Any name, and a token as the password."},
        }
    return found


def _operation(name: str, rows: dict[str, Any], problem: dict[str, Any], *, with_tokens: bool) -> dict[str, Any]:
    summary, about = TEXTS[name]
    csv = {"type": "string", "description": f"UTF-8 with a byte order mark. Columns: {', '.join(columns(ROWS[name]))}."}
    link = {"description": "The address of further places, rel=next.", "schema": {"type": "string"}}
    return {
        "operationId": name,
        "summary": summary,
        "description": about,
        "parameters": [_parameter(*each) for each in parameters(ASKED[name]).items()],
        "responses": {
            "200": {
                "description": "The rows.",
                "headers": {"Link": link},
                "content": {"application/json": {"schema": rows}, "text/csv": {"schema": csv}},
            },
            **{
                status: {"description": why, "content": {CONTENT_TYPE: {"schema": problem}}, **_headers(status)}
                for status, why in PROBLEMS.items()
                if with_tokens or status in OPEN
            },
        },
    }


def _headers(status: str) -> dict[str, Any]:
    text = {"required": True, "schema": {"type": "string"}}
    match status:
        case "401":
            return {"headers": {"WWW-Authenticate": text}}
        case "429":
            return {"headers": {"Retry-After": text}}
        case _:
            return {}


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    about = schema.get("description")
    rest = {key: value for key, value in schema.items() if key != "description"}
    return {"name": name, "in": "query", **({"description": about} if about else {}), "schema": rest}
