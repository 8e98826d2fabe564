"""What went wrong, for programs: as RFC 9457 has it, in English, with the right status and what belongs to that."""

from __future__ import annotations

import msgspec
from flask import Response
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from dashboard.api.shapes import Problem

LANGUAGE = "en"
CONTENT_TYPE = "application/problem+json"

USUAL = {
    404: "There is no such address. /api/openapi.json describes those that there are.",
    405: "Figures can only be read: use GET.",
    500: "Something is wrong here, and not with the request. Those who run this dashboard find it in its log.",
    503: "The figures cannot be read just now. Those who run this dashboard find the reason in its log.",
}
"""What is said where whoever noticed said nothing of their own."""


def is_for_programs(path: str) -> bool:
    """Whether what lies there is asked for by programs."""
    return path.startswith("/api/") or path in ("/api", "/healthz", "/metrics")


def answer(error: HTTPException) -> Response:
    """The error as a response."""
    code = error.code or 500
    own = error.description if error.description != type(error).description else None
    response = problem(code, own or USUAL.get(code) or str(error.description))
    for name, value in error.get_headers():
        # `Allow`, `Retry-After`, `WWW-Authenticate`: what the status asks for.
        if name.lower() != "content-type":
            response.headers.add(name, value)
    return response


def problem(code: int, detail: str) -> Response:
    """A problem as a response."""
    found = Problem("about:blank", HTTP_STATUS_CODES.get(code, "Error"), code, detail)
    return Response(msgspec.json.encode(found), code, content_type=CONTENT_TYPE)
