"""Rows as JSON, and as CSV for Excel and Power BI. Both have what the types of the rows say, whatever is in them.

In CSV a field with fields of its own becomes several columns: `satisfied_percent`, `satisfied_low`. Knows no database.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date
from types import UnionType
from typing import Any, get_args

import msgspec
from flask import Response, request, url_for
from msgspec import Struct

from dashboard.api.shapes import ROWS, About, Answer
from dashboard.spreadsheets import BYTE_ORDER_MARK, harmless

BETWEEN = "; "
"""Between the parts of a list, in one cell."""


def answer(name: str, rows: Sequence[About], last: str | None, kind: str) -> Response:
    """The rows as a response. `last`: the place after which there are more; None where these are all."""
    onward = _onward(name, last) if last else None
    if kind == "csv":
        response = Response(as_csv(ROWS[name], rows), content_type="text/csv; charset=utf-8; header=present")
        response.headers.set("Content-Disposition", "attachment", filename=f"fjes-{name}.csv")
    else:
        response = Response(msgspec.json.encode(Answer(list(rows), onward)), content_type="application/json")
    if onward:
        response.headers["Link"] = f'<{onward}>; rel="next"'
    return response


def _onward(name: str, last: str) -> str:
    """The address of the same, of further places."""
    asked: dict[str, Any] = {**request.args.to_dict(), "name": name, "after": last}
    return url_for("api.rows", **asked)


def as_csv(kind: type[Struct], rows: Sequence[Struct]) -> bytes:
    """A line of columns, and one for each row. No name in it is a formula."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\r\n")
    lines.writerow(columns(kind))
    lines.writerows([*_cells(kind, row)] for row in rows)
    return (BYTE_ORDER_MARK + out.getvalue()).encode()


def columns(kind: type[Struct]) -> list[str]:
    """The columns of some rows, by their type alone."""
    found: list[str] = []
    for each in msgspec.structs.fields(kind):
        within = _struct(each.type)
        found += [f"{each.encode_name}_{name}" for name in columns(within)] if within else [each.encode_name]
    return found


def _cells(kind: type[Struct], row: Struct | None) -> Iterator[str | int | float]:
    for each in msgspec.structs.fields(kind):
        value = None if row is None else getattr(row, each.name)
        if within := _struct(each.type):
            yield from _cells(within, value)
        else:
            yield _cell(value)


def _cell(value: Any) -> str | int | float:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return value
        case date():
            return value.isoformat()
        case tuple():
            return harmless(BETWEEN.join(value))
        case _:
            return harmless(str(value))


def _struct(annotation: Any) -> type[Struct] | None:
    """The struct that a field holds, be it optional or described; None where it holds a plain value."""
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        return annotation
    if isinstance(annotation, UnionType) or hasattr(annotation, "__metadata__"):
        return next((found for each in get_args(annotation) if (found := _struct(each))), None)
    return None
