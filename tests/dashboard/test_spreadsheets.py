"""Tables as files: every cell has its columns, what is hidden is empty and said, and nothing is ever a formula."""

import csv
import io
import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.cell import Cell as SheetCell

from dashboard.bands import Band, Step
from dashboard.charts.table import (
    HIDDEN,
    Cell,
    Column,
    Interval,
    Kind,
    Months,
    Named,
    Percent,
    Row,
    Table,
)
from dashboard.language import words
from dashboard.spreadsheets import FORMULA, as_csv, as_xlsx
from dashboard.statistics import Change
from ratings.legible import printable
from ratings.period import Period, days, month
from tests.dashboard.filling import day

MARCH = month(2022, 3)
HOSTILE = [
    '=HYPERLINK("http://example.org","click")',
    "+1+1",
    "-2+3",
    "@SUM(1)",
    " =1+1",
    "\t=1+1",
    "＝1+1",
    "=cmd|' /C calc'!A0",
    "#N/A",
    'Stua, øst; "vest"\r\n=1+1',
    "=" + "x" * 10_000,
]


def read_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def read_xlsx(content: bytes) -> list[list[SheetCell]]:
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    return [[cell for cell in row if isinstance(cell, SheetCell)] for row in sheet.iter_rows()]


def line(text: str) -> str:
    return printable(" ".join(re.split(r"\s", text)))


def one(column: Column, cell: Cell) -> Table:
    return Table((Column("what", "What"), column), (Row(("A", cell)),))


@pytest.mark.parametrize(
    ("column", "cell", "expected"),
    [
        (Column("n", "N"), 12_345, {"n": "12345"}),
        (Column("share", "Share"), Percent(200 / 3), {"share": "66.6667"}),
        (Column("share", "Share"), Percent(0.0), {"share": "0.0"}),
        (Column("ci", "CI", Kind.RANGE), Interval(10.0, 20.5), {"ci_low": "10.0", "ci_high": "20.5"}),
        (Column("n", "N", Kind.RANGE), Band(10, 14), {"n_low": "10", "n_high": "14"}),
        (Column("n", "N", Kind.RANGE), Band(100, None), {"n_low": "100", "n_high": ""}),
        (Column("n", "N", Kind.RANGE), 120, {"n_low": "120", "n_high": "120"}),
        (Column("n", "N", Kind.RANGE), HIDDEN, {"n_low": "", "n_high": "", "note": "hidden"}),
        (Column("n", "N", Kind.RANGE), None, {"n_low": "", "n_high": ""}),
        (Column("share", "Share", Kind.RANGE), Step(95, 100), {"share_low": "95", "share_high": "100"}),
        (Column("when", "When", Kind.MONTHS), MARCH, {"when_from": "2022-03", "when_to": "2022-03"}),
        (Column("when", "When", Kind.MONTHS), HIDDEN, {"when_from": "", "when_to": "", "note": "hidden"}),
        (
            Column("when", "When", Kind.DAYS),
            days(day("2022-03-07"), day("2022-03-13")),
            {"when_from": "2022-03-07", "when_to": "2022-03-13"},
        ),
        (
            Column("when", "When", Kind.SOME_MONTHS),
            Months((MARCH,)),
            {"when_from": "2022-03", "when_to": "2022-03", "when_without": ""},
        ),
        (
            Column("when", "When", Kind.SOME_MONTHS),
            Months((month(2021, 11), MARCH, month(2022, 5))),
            {"when_from": "2021-11", "when_to": "2022-05", "when_without": "2021-12 2022-01 2022-02 2022-04"},
        ),
        (Column("face", "Face", Kind.NAME), Named("Glad", "happy"), {"face": "Glad", "face_key": "happy"}),
        (
            Column("change", "Change", Kind.CHANGE),
            Change(-12.5, -20.25, -4.0),
            {"change": "down", "change_points": "-12.5", "change_low": "-20.25", "change_high": "-4.0"},
        ),
        (
            Column("change", "Change", Kind.CHANGE),
            Change(2.0, -1.0, 5.0),
            {"change": "unclear", "change_points": "2.0", "change_low": "-1.0", "change_high": "5.0"},
        ),
        (
            Column("change", "Change", Kind.CHANGE),
            Change(200 / 3, 50.0, 80.0),
            {"change": "up", "change_points": "66.6667", "change_low": "50.0", "change_high": "80.0"},
        ),
        (
            Column("change", "Change", Kind.CHANGE),
            None,
            {"change": "", "change_points": "", "change_low": "", "change_high": ""},
        ),
        (Column("n", "N"), None, {"n": ""}),
        (Column("n", "N"), HIDDEN, {"n": "", "note": "hidden"}),
        (Column("name", "Name"), "Øst", {"name": "Øst"}),
    ],
)
def test_a_cell_becomes_as_many_columns_as_its_kind_has_and_a_program_can_read_them(
    column: Column, cell: Cell, expected: dict[str, str]
) -> None:
    content = as_csv(one(column, cell), {"source_day": "2022-04-12"})
    # Excel takes it for UTF-8 only with a byte order mark.
    assert content.startswith(b"\xef\xbb\xbfwhat,")
    assert read_csv(content) == [{"what": "A"} | {"note": ""} | expected | {"source_day": "2022-04-12"}]


@pytest.mark.parametrize(
    ("kind", "cell"),
    [(Kind.VALUE, MARCH), (Kind.VALUE, Interval(1.0, 2.0)), (Kind.RANGE, Change(1.0, 0.5, 2.0)), (Kind.MONTHS, 3)],
)
def test_what_is_not_of_its_columns_kind_is_a_mistake_that_is_seen(kind: Kind, cell: Cell) -> None:
    with pytest.raises(ValueError, match="does not belong into a column of Kind"):
        as_csv(one(Column("what", "What", kind), cell), {})


def test_where_a_part_of_a_row_is_hidden_the_note_says_which() -> None:
    columns = (Column("what", "What"), Column("a", "A"), Column("b", "B"), Column("c", "C"))
    (row,) = read_csv(as_csv(Table(columns, (Row(("X", 1, HIDDEN, None)),)), {}))
    assert (row["a"], row["b"], row["c"], row["note"]) == ("1", "", "", "hidden: b")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_never_a_formula(name: str) -> None:
    table = Table((Column("name", "Name"), Column(name, name)), (Row((name, name)), Row((name, None))))
    for read in csv.reader(io.StringIO(as_csv(table, {"source_place": name}).decode("utf-8-sig"), newline="")):
        assert not [cell for cell in read if cell.lstrip().startswith(FORMULA)]
        assert not [cell for cell in read if set("\t\r\n") & set(cell)]
    cells = [cell for row in read_xlsx(as_xlsx(table, name, [name], [name], words("nb"))) for cell in row]
    texts = [cell for cell in cells if cell.value is not None]
    assert {cell.data_type for cell in texts} == {"s"}
    assert all(cell.quotePrefix for cell in texts)
    assert {cell.value for cell in texts} >= {line(name)}


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_survives_and_is_never_a_formula(name: str, other: str) -> None:
    table = Table((Column("name", "Name"), Column("other", "Other")), (Row((name, other)),))
    (row,) = read_csv(as_csv(table, {}))
    for text, cell in ((name, row["name"]), (other, row["other"])):
        assert cell in (line(text), f"'{line(text)}")
        assert not cell.lstrip().startswith(FORMULA)
    *_, last = read_xlsx(as_xlsx(table, name, [], [], words("en")))
    assert [cell.value or "" for cell in last] == [line(name), line(other), ""]
    assert {cell.data_type for cell in last if cell.value} <= {"s"}


def test_a_sheet_says_what_it_is_and_its_numbers_are_numbers() -> None:
    columns = (
        Column("months", "Måneder", Kind.MONTHS),
        Column("satisfied", "Fornøyde"),
        Column("interval", "Intervall", Kind.RANGE),
        Column("ratings", "Antall"),
    )
    table = Table(
        columns,
        (
            Row((Period(month(2022, 1).first, month(2022, 2).last), Percent(58.0), Interval(46.2, 68.9), 1234)),
            Row((MARCH, HIDDEN, HIDDEN, HIDDEN)),
        ),
    )
    content = as_xlsx(table, "Måned: for/måned", ["Pro Sentret"], ["Simulerte"], words("nb"))
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert [row[0] for row in rows[:3]] == ["Måned: for/måned", "Simulerte", "Pro Sentret"]
    assert sheet.title == "Måned  for måned"
    assert rows[4] == [
        "Måneder, fra", "Måneder, til", "Fornøyde", "Intervall, fra", "Intervall, til", "Antall", "Merknad",
    ]  # fmt: skip
    assert sheet.freeze_panes == "A6"
    january, february = datetime(2022, 1, 1), datetime(2022, 2, 28)  # noqa: DTZ001 (openpyxl's dates have no zone)
    assert rows[5] == [january, february, 0.58, pytest.approx(0.462), pytest.approx(0.689), 1234, None]
    assert [cell.number_format for cell in sheet[6]][:6] == ["yyyy-mm"] * 2 + ["0.0%"] * 3 + ["#,##0"]
    march = [datetime(2022, 3, 1), datetime(2022, 3, 31)]  # noqa: DTZ001
    assert rows[6] == [*march, None, None, None, None, "skjult for å beskytte de besøkende"]


def test_a_sheet_has_a_change_in_words_and_in_numbers_and_months_with_their_gaps() -> None:
    columns = (
        Column("place", "Sted"),
        Column("change", "Endring", Kind.CHANGE),
        Column("against", "Mot", Kind.SOME_MONTHS),
        Column("face", "Ansikt", Kind.NAME),
    )
    gap = Months((month(2022, 1), month(2022, 4)))
    table = Table(
        columns,
        (
            Row(("A", Change(-12.54, -20.0, -4.0), gap, Named("Fornøyd", "happy"))),
            Row(("B", None, None, None)),
        ),
    )
    sheet = load_workbook(io.BytesIO(as_xlsx(table, "T", [], [], words("nb")))).worksheets[0]
    head, first, second = [[cell.value for cell in row] for row in sheet.iter_rows()][-3:]
    points = "Endring i prosentpoeng"
    assert head == [
        *("Sted", "Endring", points, f"{points}, fra", f"{points}, til"),
        *("Mot, fra", "Mot, til", "Mot, uten", "Ansikt", "Merknad"),
    ]
    january, april = datetime(2022, 1, 1), datetime(2022, 4, 30)  # noqa: DTZ001 (openpyxl's dates have no zone)
    assert first == [
        *("A", "ned 13 prosentpoeng", -12.54, -20, -4, january, april),
        *("februar–mars 2022", "Fornøyd", None),
    ]
    assert second == ["B", *[None] * 9]
    assert [cell.number_format for cell in sheet[sheet.max_row - 1]][2:7] == ["0.0"] * 3 + ["yyyy-mm"] * 2
