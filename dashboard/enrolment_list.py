"""A list of terminals to enrol, as a table (CSV) from a spreadsheet. Reads it, and changes nothing."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from dashboard.enrolment import TIMEZONE, EnrolmentError, Newcomer
from dashboard.saying import say
from ratings.config import LANGUAGES

COLUMNS = ("name", "site", "timezone", "languages")
_NEEDED = COLUMNS[:2]


def read(path: Path) -> list[Newcomer]:
    """The terminals of a file, as `parsed`."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise EnrolmentError(f"cannot be read ({error.strerror})", file=str(path)) from None
    return parsed(raw, str(path))


def parsed(raw: bytes, name: str) -> list[Newcomer]:
    """The terminals of a list, in order. `name` is how errors call it. Raises EnrolmentError, which names the line.

    UTF-8; separated by commas or semicolons; the first line names the columns. `timezone` and `languages` (separated by
    spaces) may be left out or empty.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise EnrolmentError(
            say("line %(number)s is not UTF-8; save it as CSV in UTF-8"), file=name, number=line
        ) from None
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",", strict=True)
    found: list[Newcomer] = []
    try:
        header = [each.strip().casefold() for each in next(rows, [])]
        if not set(_NEEDED) <= set(header) <= set(COLUMNS) or len(set(header)) != len(header):
            raise EnrolmentError(
                say("line 1 names the columns %(found)s; allowed: %(columns)s, of which name and site are needed"),
                file=name,
                found=", ".join(header)[:200] or "(none)",
                columns=", ".join(COLUMNS),
            )
        line = rows.line_num + 1
        for row in rows:
            if any(each.strip() for each in row):
                found.append(_newcomer(name, line, header, row))
            line = rows.line_num + 1
    except csv.Error as error:
        raise EnrolmentError(
            say("line %(number)s cannot be read as CSV (%(why)s)"), file=name, number=rows.line_num, why=str(error)
        ) from None
    if not found:
        raise EnrolmentError(
            say("there is no terminal in it; allowed: a line for each under the columns' names"), file=name
        )
    return found


def _newcomer(name: str, line: int, header: list[str], row: list[str]) -> Newcomer:
    if len(row) != len(header):
        raise EnrolmentError(
            say("line %(number)s has %(cells)s cells; allowed: %(wanted)s, as in line 1"),
            file=name,
            number=line,
            cells=len(row),
            wanted=len(header),
        )
    cells = {column: cell.strip() for column, cell in zip(header, row, strict=True)}
    if not cells["name"]:
        raise EnrolmentError(say("the name is missing"), file=name, line=line)
    if not cells["site"]:
        raise EnrolmentError(say("the site is missing"), file=name, line=line)
    return Newcomer(
        cells["name"],
        cells["site"],
        cells.get("timezone") or TIMEZONE,
        languages_of(cells.get("languages", "")),
        line=line,
    )


def languages_of(text: str) -> tuple[str, ...]:
    """The languages of a text such as `nb en` or `nb,en`; those that ship where it is empty."""
    return tuple(re.findall(r"[^\s,;]+", text)) or LANGUAGES
