"""A list of terminals to enrol, as a table (CSV) from a spreadsheet. Reads it, and changes nothing."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from dashboard.enrolment import EnrolmentError, Newcomer
from ratings.config import LANGUAGES

COLUMNS = ("name", "site", "timezone", "languages")
_NEEDED = COLUMNS[:2]


def read(path: Path) -> list[Newcomer]:
    """The terminals of a list, in order. Raises EnrolmentError, which names the line.

    UTF-8; separated by commas or semicolons; the first line names the columns. `timezone` and `languages` (separated by
    spaces) may be left out or empty.
    """
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise EnrolmentError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise EnrolmentError(f"{path}: line {line} is not UTF-8; save it as CSV in UTF-8") from None
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",", strict=True)
    found: list[Newcomer] = []
    try:
        header = [each.strip().casefold() for each in next(rows, [])]
        if not set(_NEEDED) <= set(header) <= set(COLUMNS) or len(set(header)) != len(header):
            raise EnrolmentError(
                f"{path}: line 1 names the columns {', '.join(header) or '(none)'}; "
                f"allowed: {', '.join(COLUMNS)}, of which name and site are needed"
            )
        line = rows.line_num + 1
        for row in rows:
            if any(each.strip() for each in row):
                found.append(_newcomer(path, line, header, row))
            line = rows.line_num + 1
    except csv.Error as error:
        raise EnrolmentError(f"{path}: line {rows.line_num} cannot be read as CSV ({error})") from None
    if not found:
        raise EnrolmentError(f"{path}: there is no terminal in it; allowed: a line for each under the columns' names")
    return found


def _newcomer(path: Path, line: int, header: list[str], row: list[str]) -> Newcomer:
    if len(row) != len(header):
        raise EnrolmentError(f"{path}: line {line} has {len(row)} cells; allowed: {len(header)}, as in line 1")
    cells = {column: cell.strip() for column, cell in zip(header, row, strict=True)}
    for column in _NEEDED:
        if not cells[column]:
            raise EnrolmentError(f"{path}: line {line}: the {column} is missing")
    return Newcomer(
        cells["name"],
        cells["site"],
        cells.get("timezone") or "Europe/Oslo",
        languages_of(cells.get("languages", "")),
        line=line,
    )


def languages_of(text: str) -> tuple[str, ...]:
    """The languages of a text such as `nb en` or `nb,en`; those that ship where it is empty."""
    return tuple(re.findall(r"[^\s,;]+", text)) or LANGUAGES
