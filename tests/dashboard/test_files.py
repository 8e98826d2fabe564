"""Tables as files, of every page: the columns that `docs/files.md` lists, whatever is in them, and each of its type."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook

from dashboard.charts.rendering import SVG
from dashboard.pages.routes import FRONT, PAGES
from dashboard.places import Place, tree
from dashboard.spreadsheets import FORMULA
from dashboard.store import reading
from tests.dashboard.filling import Filling
from tests.dashboard.reading import client
from tests.dashboard.test_downloads import links
from tests.dashboard.worlds import TODAY, hidden, odd, rich, small

DOCUMENTED = Path(__file__).resolve().parents[2] / "docs/files.md"
TITLES = {
    "Overview": "overview",
    "Trend": "trend",
    "Languages": "languages",
    "Hours": "hours",
    "Reasons": "reasons",
    "Side by side": "places",
    "Repeats": "repeats",
    "Annual report": "report",
}
SOURCE = ("source_place", "source_question", "source_day", "source_simulated", "source_live")

MONTH, DAY = r"\d{4}-\d\d", r"\d{4}-\d\d-\d\d"
NUMBER = r"-?\d+(\.\d{1,4})?"
TYPES = {
    r"days_(from|to)|source_day": DAY,
    r".*_(from|to)": MONTH,
    r".*_without": rf"{MONTH}( {MONTH})*",
    r"change": r"up|down|unclear",
    r".*_(low|high|points)|satisfied|share|(very_)?(un)?happy": NUMBER,
    r"ratings": r"\d+",
    r".*_key": r"[\w/-]+",
    r"note": r"hidden(: [a-z_ ]+)?",
    r"source_(simulated|live)": r"yes|no",
}
"""What the cells of a column look like, by its name; any of them may be empty. Others are names."""


def documented() -> dict[tuple[str, str], tuple[str, ...]]:
    """The columns of each page's files."""
    rows = re.findall(r"^\| ([^|]+) \| `([\w-]+)\.csv` \| ([^|]+) \|$", DOCUMENTED.read_text("utf-8"), re.MULTILINE)
    return {
        (TITLES[title.split(",")[0]], name): tuple(re.findall(r"`(\w+)`", columns)) for title, name, columns in rows
    }


def files(filling: Filling, asked: FlaskClient) -> Iterator[tuple[str, str, str]]:
    """The page, the chart and the address (without its ending) of every table that the pages offer."""
    with reading(filling.engine) as connection:
        top = tree(connection)
    places: list[Place] = [top, *top.all_areas, *top.sites, *(site.terminals[0] for site in top.sites)]
    for place in places:
        for name in PAGES:
            address = f"/{place.key}/{name}".rstrip("/")
            for link in links(asked, f"{address}?lang=en&from=2021-04&to=2022-03"):
                if found := re.fullmatch(r"(/[^?]*/([\w-]+))\.csv(\?.*)", link):
                    yield name or FRONT, re.sub(r"-\d{4}-\d\d$", "", found[2]), found[1] + ".{}" + found[3]


@pytest.mark.parametrize("world", [rich, odd, small, hidden], ids=lambda world: world.__name__)
def test_every_table_has_the_documented_columns_and_each_value_is_of_its_type(
    sqlite: Filling, world: Callable[[Filling], None]
) -> None:
    world(sqlite)
    known, asked = documented(), client(sqlite, TODAY)
    seen = set()
    for page, chart, address in files(sqlite, asked):
        text = asked.get(address.format("csv")).get_data().decode("utf-8-sig")
        head, *rows = csv.reader(io.StringIO(text, newline=""))
        assert tuple(head) == (*known[page, chart], "note", *SOURCE), address
        assert rows
        seen.add((page, chart))
        for column, value in ((column, value) for row in rows for column, value in zip(head, row, strict=True)):
            form = next((form for names, form in TYPES.items() if re.fullmatch(names, column)), ".*")
            assert value == "" or re.fullmatch(form, value), (address, column, value)
            assert not value.lstrip().startswith(FORMULA) or re.fullmatch(NUMBER, value)
        check_sheet(asked.get(address.format("xlsx")).data, len(rows))
    if world is rich:
        assert seen == set(known)


BASE = r"[^:]*\b20\d\d\. Base: [1-9][\d,]* ratings\."
LEAST = r"Each figure rests on at least [1-9][\d,]* ratings\."


def test_every_picture_says_what_it_rests_on(sqlite: Filling) -> None:
    rich(sqlite)
    asked, seen = client(sqlite, TODAY), set()
    for page, chart, address in files(sqlite, asked):
        picture = asked.get(address.format("svg"))
        if picture.status_code == 200:
            said = (ElementTree.fromstring(picture.data).findtext(f"{{{SVG}}}desc") or "").split("\n")
            assert [each for each in said if re.fullmatch(BASE, each) or re.fullmatch(LEAST, each)], (address, said)
            seen.add((page, chart))
    assert seen == set(documented()) - {("repeats", "latest")}


def check_sheet(content: bytes, rows: int) -> None:
    """Nothing is a formula; what has a number or a date for its look is one, and texts are texts."""
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    for row in sheet.iter_rows(min_row=sheet.max_row - rows + 1):
        for cell in row:
            assert cell.data_type in {"s", "n", "d"}
            if cell.number_format.startswith("yyyy"):
                assert isinstance(cell.value, datetime)
            elif cell.number_format != "General":
                assert isinstance(cell.value, int | float)
            else:
                assert cell.value is None or isinstance(cell.value, str)
                assert cell.value is None or cell.quotePrefix
