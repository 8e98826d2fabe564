"""Tables as CSV for programs and as XLSX for people. Nothing in them is ever a formula, whatever somebody is called.

A cell becomes one plain value or several: a period its first and last month or day; an interval, a band or a step its
ends. Which, follows from the column's kind alone, so that a file has the same columns whatever is in it:
`docs/files.md` lists them. What is hidden is empty, and the row's note says so. Knows no database.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, assert_never

from dashboard.bands import Band, Step
from dashboard.charts.table import (
    HIDDEN,
    Column,
    Hidden,
    Interval,
    Kind,
    Months,
    Named,
    Percent,
    Row,
    Table,
)
from dashboard.language import Words
from dashboard.statistics import Change
from ratings.legible import printable
from ratings.period import DAY, Grain, Period, periods_between, write

if TYPE_CHECKING:
    from openpyxl.cell import Cell as SheetCell
    from openpyxl.cell import MergedCell

BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Without it Excel takes æ, ø and å for other letters."""

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""What a formula may begin with (OWASP, CSV Injection), wide forms of East Asia too."""

_LONGEST_CELL = 32_767
_LONGEST_SHEET_NAME = 31
_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class _Month:
    """The month that a day is in."""

    day: date


@dataclass(frozen=True, slots=True)
class _Points:
    """A difference of two percentages."""

    points: float


_Value = str | int | Percent | _Points | date | _Month | None

_ENDS: dict[Kind, tuple[str, ...]] = {
    Kind.VALUE: ("",),
    Kind.NAME: ("", "key"),
    Kind.MONTHS: ("from", "to"),
    Kind.SOME_MONTHS: ("from", "to", "without"),
    Kind.DAYS: ("from", "to"),
    Kind.RANGE: ("low", "high"),
    Kind.CHANGE: ("", "points", "low", "high"),
}
"""What a column's name in CSV files ends with, for each value of its cells. DO NOT change: programs go by them."""


def as_csv(table: Table, source: Mapping[str, str]) -> bytes:
    """Columns by their keys, numbers with a point; behind each row a note, and where it comes from (`source`)."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\r\n")
    keys = ["_".join(filter(None, (column.key, end))) for column in table.columns for end in _ENDS[column.kind]]
    lines.writerow([*map(harmless, keys), "note", *source])
    for row in table.rows:
        lines.writerow([*map(_written, _values(table, row)), _note(table, row), *map(harmless, source.values())])
    return (BYTE_ORDER_MARK + out.getvalue()).encode()


def as_xlsx(table: Table, title: str, about: Sequence[str], warnings: Sequence[str], say: Words) -> bytes:
    """A sheet that says what it is, and below that the table, by its titles, in numbers that Excel can count with."""
    # A tenth of a second, for those who ask for it.
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Border, Font, Side
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.worksheet import Worksheet

    book = Workbook()
    book.properties.creator, book.properties.title = "Fjes", _line(title)
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = re.sub(r"[\[\]:*?/\\']", " ", _line(title)).strip()[:_LONGEST_SHEET_NAME] or "Fjes"
    line = 0
    for words, font in ((title, Font(bold=True, size=14)), *((each, Font(bold=True)) for each in warnings)):
        line += 1
        _put(sheet.cell(line, 1), words).font = font
    for words in about:
        line += 1
        _put(sheet.cell(line, 1), words)
    line += 2
    heads = [*(head for column in table.columns for head in _heads(column, say)), say("Note")]
    for number, head in enumerate(heads, 1):
        top = _put(sheet.cell(line, number), head)
        top.font, top.border = Font(bold=True), Border(bottom=Side("thin"))
        top.alignment = Alignment(wrap_text=True, vertical="bottom", horizontal="left" if number == 1 else "right")
        is_named = number == 1 and table.columns[0].kind in (Kind.VALUE, Kind.NAME)
        sheet.column_dimensions[get_column_letter(number)].width = 28 if is_named else 14
    sheet.freeze_panes = f"A{line + 1}"
    sheet.print_title_rows = f"{line}:{line}"
    for row in table.rows:
        line += 1
        note = say("hidden to protect visitors") if _hidden(table, row) else None
        values = [*_values(table, row, say), note]
        for number, value in enumerate(values, 1):
            _put(sheet.cell(line, number), value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _values(table: Table, row: Row, say: Words | None = None) -> Iterator[_Value]:
    """A row's values, as many as its columns have; for people (`say`: in which language) words in place of keys."""
    for column, cell in zip(table.columns, row.cells, strict=True):
        match cell:
            case None | Hidden():
                found: tuple[_Value, ...] = (None,) * len(_ENDS[column.kind])
            case Named():
                found = cell.name, cell.key
            case Months():
                found = _Month(cell.runs[0].first), _Month(cell.runs[-1].last), _without(cell, say)
            case Change():
                found = _direction(cell, say), *map(_Points, (cell.points, cell.low, cell.high))
            case _:
                found = _value(cell, column.kind)
        if len(found) != len(_ENDS[column.kind]):
            raise ValueError(f"{cell!r} does not belong into a column of {column.kind}")
        yield from found[:1] if say and column.kind is Kind.NAME else found


def _value(cell: str | int | Percent | Interval | Band | Step | Period, kind: Kind) -> tuple[_Value, ...]:
    match cell:
        case str() | int() | Percent():
            # One number is both ends of itself.
            return (cell, cell) if kind is Kind.RANGE else (cell,)
        case Interval() | Step():
            return Percent(cell.low), Percent(cell.high)
        case Band():
            return cell.low, cell.high
        case Period():
            return (cell.first, cell.last) if kind is Kind.DAYS else (_Month(cell.first), _Month(cell.last))
        case _:
            assert_never(cell)


def _without(months: Months, say: Words | None) -> str | None:
    """The months between the first and the last that are not among them."""
    gaps = [Period(one.next(), other.first - DAY) for one, other in pairwise(months.runs)]
    if say:
        return say.listed(gaps) or None
    found = [month for gap in gaps for month in periods_between(Grain.MONTH, gap.first, gap.last)]
    return " ".join(write(month, Grain.MONTH) for month in found) or None


def _direction(change: Change, say: Words | None) -> str:
    """What a change is called: as on the pages, or for programs by a word that stays the same."""
    if say:
        return say.change(change)
    return "unclear" if not change.is_clear else "up" if change.points > 0 else "down"


def _hidden(table: Table, row: Row) -> list[str]:
    """The keys of a row's columns that are hidden."""
    return [column.key for column, cell in zip(table.columns, row.cells, strict=True) if cell is HIDDEN]


def _note(table: Table, row: Row) -> str:
    """`hidden`, and where only some of a row is hidden, which columns: `hidden: reason`."""
    found = _hidden(table, row)
    if not found or row.all_hidden:
        return "hidden" if found else ""
    return harmless(f"hidden: {' '.join(found)}")


def _written(value: _Value) -> str | int | float:
    """A value as CSV has it."""
    match value:
        case None:
            return ""
        case str():
            return harmless(value)
        case int():
            return value
        case Percent():
            return round(value.percent, _DECIMALS)
        case _Points():
            return round(value.points, _DECIMALS)
        case _Month():
            return value.day.isoformat()[:7]
        case date():
            return value.isoformat()
        case _:
            assert_never(value)


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: behind an apostrophe where it looks like one."""
    line = _line(text)
    return f"'{line}" if line.lstrip().startswith(FORMULA) else line


def _line(text: str) -> str:
    """A text in one line. Spaces that do not break are spaces."""
    return printable(re.sub(r"\s", " ", text))


def _heads(column: Column, say: Words) -> list[str]:
    """What people read above a column, or above each of those that it becomes."""
    title = column.title
    both = [say("%(column)s, from", column=title), say("%(column)s, to", column=title)]
    match column.kind:
        case Kind.VALUE | Kind.NAME:
            return [title]
        case Kind.MONTHS | Kind.DAYS | Kind.RANGE:
            return both
        case Kind.SOME_MONTHS:
            return [*both, say("%(column)s, without", column=title)]
        case Kind.CHANGE:
            points = say("%(column)s in percentage points", column=title)
            return [title, points, say("%(column)s, from", column=points), say("%(column)s, to", column=points)]
        case _:
            assert_never(column.kind)


def _put(cell: SheetCell | MergedCell, value: _Value) -> SheetCell | MergedCell:
    """Write a value into a cell, typed, and a text as a text: openpyxl takes one that begins with = for a formula."""
    match value:
        case str():
            cell.value = _line(value)[:_LONGEST_CELL]
            cell.data_type, cell.quotePrefix = "s", True
        case Percent():
            cell.value, cell.number_format = value.percent / 100, "0.0%"
        case _Points():
            cell.value, cell.number_format = value.points, "0.0"
        case _Month():
            cell.value, cell.number_format = value.day, "yyyy-mm"
        case date():
            cell.value, cell.number_format = value, "yyyy-mm-dd"
        case int():
            cell.value, cell.number_format = value, "#,##0"
        case None:
            pass
        case _:
            assert_never(value)
    return cell
