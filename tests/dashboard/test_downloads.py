"""Charts as files: what a page shows, no more and no less, in every kind of file, under a name that says what it is."""

import csv
import io
import re
from datetime import date
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from PIL import Image

from dashboard.charts.rendering import SVG
from dashboard.pages.routes import PAGES
from dashboard.web import create_app
from ratings.config import Dashboard
from ratings.scale import Counts
from tests.dashboard.filling import Filling, day
from tests.dashboard.test_web import wilson

TODAY = day("2022-04-12")
SAMPLE: dict[str, Counts] = {"2022-01": (19, 18, 25, 53), "2022-02": (24, 5, 12, 28), "2022-03": (0, 1, 1, 2)}
KINDS = {
    "png": ("image/png", b"\x89PNG"),
    "svg": ("image/svg+xml", b"<?xml"),
    "pdf": ("application/pdf", b"%PDF"),
    "csv": ("text/csv", b"\xef\xbb\xbf"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK"),
}


@pytest.fixture
def sample(sqlite: Filling) -> Filling:
    stua = sqlite.terminal("Stua", "Pro Sentret Øst")
    for month, counts in SAMPLE.items():
        sqlite.month(stua, month, counts)
    return sqlite


def client(filling: Filling, today: date = TODAY) -> FlaskClient:
    return create_app(filling.engine, Dashboard(), today=lambda: today).test_client()


def links(asked: FlaskClient, address: str) -> list[str]:
    """The files that a page offers."""
    text = asked.get(address).get_data(as_text=True)
    rows = re.findall(r'<div class="downloads".*?</div>', text, re.DOTALL)
    return [each.replace("&amp;", "&") for row in rows for each in re.findall(r'href="([^"]+)"', row)]


def rows(asked: FlaskClient, address: str) -> list[dict[str, str]]:
    text = asked.get(address).get_data().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("place", ["site-1", "terminal-stua", "all"])
def test_every_chart_of_every_page_is_there_as_every_file_it_offers(sample: Filling, name: str, place: str) -> None:
    asked = client(sample)
    for link in links(asked, f"/{place}/{name}?lang=en" if name else f"/{place}?lang=en"):
        answer = asked.get(link)
        kind = link.split("?")[0].rpartition(".")[2]
        assert answer.status_code == 200, link
        mimetype, beginning = KINDS[kind]
        assert answer.mimetype == mimetype
        assert answer.data.startswith(beginning)
        said = answer.headers["Content-Disposition"]
        assert re.fullmatch(rf"attachment; filename=fjes-[a-z0-9-]+\.{kind}", said), said
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_overview_offers_each_kind_of_file(sample: Filling) -> None:
    offered = links(client(sample), "/site-1?lang=nb&month=2022-03&question=visit")
    assert {each for each in offered if "/months." in each} == {
        f"/site-1/overview/months.{kind}?lang=nb&month=2022-03&question=visit" for kind in KINDS
    }


def test_a_file_has_the_figures_of_the_page(sample: Filling) -> None:
    found = rows(client(sample), "/site-1/overview/months.csv?lang=en")
    expected = [("2022-02", "2022-02", 40, 69), ("2022-01", "2022-01", 78, 115)]
    shown = [row for row in found if not row["note"]]
    for row, (first, last, k, n) in zip(shown, expected, strict=True):
        assert (row["months_from"], row["months_to"], row["ratings"]) == (first, last, str(n))
        figures = [float(row[key]) for key in ("satisfied", "interval_low", "interval_high")]
        assert figures == pytest.approx([100 * k / n, *wilson(k, n)], abs=0.0001)
    assert {(row["source_place"], row["source_question"], row["source_day"]) for row in found} == {
        ("Pro Sentret Øst", "visit", "2022-04-12")
    }


def test_the_four_answers_have_files_of_their_own(sample: Filling) -> None:
    asked = client(sample)
    found = rows(asked, "/site-1/overview/answers.csv?lang=en")
    assert [(row["answer"], row["ratings"]) for row in found] == [
        *(("Very happy", "28"), ("Happy", "12"), ("Unhappy", "5"), ("Very unhappy", "24")),
    ]
    for row in found:
        k = int(row["ratings"])
        figures = [float(row[key]) for key in ("share", "interval_low", "interval_high")]
        assert figures == pytest.approx([100 * k / 69, *wilson(k, 69)], abs=0.0001)
    by_month = rows(asked, "/site-1/overview/answers-by-month.csv?lang=en")
    assert [(row["months_from"], row["note"]) for row in by_month] == [
        *(("2022-03", "hidden"), ("2022-02", ""), ("2022-01", "")),
    ]
    for row in by_month[1:]:
        counts = SAMPLE[row["months_from"]]
        shares = [float(row[key]) for key in ("very_unhappy", "unhappy", "happy", "very_happy")]
        assert shares == pytest.approx([100 * each / sum(counts) for each in counts], abs=0.0001)


def test_a_file_hides_what_the_page_hides(sample: Filling) -> None:
    (hidden,) = [row for row in rows(client(sample), "/site-1/overview/months.csv") if row["note"]]
    assert hidden["note"] == "hidden"
    assert hidden["months_from"] == "2022-03"
    assert {hidden[key] for key in ("satisfied", "interval_low", "interval_high", "ratings")} == {""}


def test_what_a_file_is_about_is_what_the_address_says(sample: Filling) -> None:
    asked = client(sample)
    found = rows(asked, "/site-1/overview/months.csv?month=2022-01")
    assert [row["months_from"] for row in found] == ["2022-01"]
    said = asked.get("/site-1/overview/months.csv?month=2022-01").headers["Content-Disposition"]
    assert said == "attachment; filename=fjes-pro-sentret-ost-overview-months-2022-01-2022-01.csv"


def test_a_place_whose_name_has_no_plain_letter_is_named_by_its_address(sqlite: Filling) -> None:
    sqlite.month(sqlite.terminal("T", "สถานที่"), "2022-03", (0, 0, 3, 20))
    said = client(sqlite).get("/site-1/overview/months.pdf").headers["Content-Disposition"]
    assert said == "attachment; filename=fjes-site-1-overview-months-2022-03-2022-03.pdf"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/site-1/overview/nothing.svg", 404),
        ("/site-1/nothing/months.svg", 404),
        ("/site-9/overview/months.svg", 404),
        ("/site-1/overview/months.gif", 404),
        ("/site-1/overview/months.csv?month=march", 400),
        ("/site-1/overview/months.png?month=2022-04", 404),
        ("/site-1/overview/months.xlsx?question=none", 404),
    ],
)
def test_what_is_asked_wrongly_gets_a_message_and_the_right_status(sample: Filling, address: str, status: int) -> None:
    answer = client(sample).get(address)
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert "Content-Disposition" not in answer.headers


def test_where_nothing_may_be_shown_there_is_no_file(sqlite: Filling) -> None:
    sqlite.month(sqlite.terminal("Stua"), "2022-03", (0, 0, 0, 7))
    asked = client(sqlite)
    assert links(asked, "/site-1") == []
    for kind in KINDS:
        assert asked.get(f"/site-1/overview/months.{kind}").status_code == 404


@pytest.mark.parametrize("more", ["_scheme=javascript", "_anchor=x", "_method=POST", "_external=1", "place=x&name=y"])
def test_nothing_in_an_address_turns_links_elsewhere(sample: Filling, more: str) -> None:
    asked = client(sample)
    text = asked.get(f"/site-1?lang=en&{more}").get_data(as_text=True)
    addresses = re.findall(r'href="([^"]*)"', text)
    assert len(addresses) > 8
    assert [each for each in addresses if not each.startswith(("/", "#"))] == []
    assert all(asked.get(each).status_code == 200 for each in links(asked, f"/site-1?lang=en&{more}"))


def test_a_picture_is_on_paper_and_has_two_dots_a_pixel(sample: Filling) -> None:
    asked = client(sample)
    with Image.open(io.BytesIO(asked.get("/site-1/overview/months.png").data)) as image:
        assert image.convert("RGB").getpixel((3, 3)) == (255, 253, 249)
        size = image.size
    root = ElementTree.fromstring(asked.get("/site-1/overview/months.svg").data)
    width, height = (float(each) for each in root.attrib["viewBox"].split()[2:])
    assert size == pytest.approx((2 * width, 2 * height), abs=1)


def test_an_svg_file_needs_no_typeface_and_says_in_words_what_it_shows(sample: Filling) -> None:
    root = ElementTree.fromstring(client(sample).get("/site-1/overview/months.svg?lang=en").data)
    assert root.find(f".//{{{SVG}}}text") is None
    assert root.findtext(f"{{{SVG}}}title") == "Satisfied visitors, January–March 2022"
    said = root.findtext(f"{{{SVG}}}desc") or ""
    assert said.startswith("Pro Sentret Øst\nJanuary 2022: 68%, interval 59–76%.")
    assert said.endswith(
        "March 2022: hidden to protect visitors.\nJanuary–March 2022. Base: 184 ratings.\n"
        "Share of satisfied visitors. The band is the 95% interval: the fewer ratings, the wider.\n"
        "Source: Fjes, as of 12 April 2022. Question: visit."
    )


def test_a_pdf_file_has_its_letters_as_letters_in_our_own_typeface(sample: Filling) -> None:
    content = client(sample).get("/site-1/overview/months.pdf").data
    assert b"/FontFile2" in content
    assert set(re.findall(rb"/BaseFont /(?:[A-Z]{6}\+)?([\w-]+)", content)) == {b"NotoSans-Regular", b"NotoSans-Bold"}
    assert b"/Type3" not in content


@pytest.mark.parametrize(
    ("live", "simulated", "warned"),
    [
        (False, False, []),
        (False, True, ["These are simulated ratings"]),
        (True, True, ["These are simulated ratings", "anonymity is not promised there"]),
    ],
)
def test_simulated_and_live_figures_are_marked_in_every_file(
    sqlite: Filling, live: bool, simulated: bool, warned: list[str]
) -> None:
    sqlite.month(sqlite.terminal("Demo", live=live, simulated=simulated), "2022-03", (0, 0, 5, 15))
    asked = client(sqlite)
    svg = asked.get("/site-1/overview/months.svg?lang=en").get_data(as_text=True)
    book = load_workbook(io.BytesIO(asked.get("/site-1/overview/months.xlsx?lang=en").data))
    sheet = " ".join(str(row[0]) for row in book.worksheets[0].iter_rows(values_only=True))
    for text in (svg, sheet):
        for warning in ("These are simulated ratings", "anonymity is not promised there"):
            assert (warning in text) == (warning in warned)
    (row,) = rows(asked, "/site-1/overview/months.csv")
    said = {True: "yes", False: "no"}
    assert (row["source_live"], row["source_simulated"]) == (said[live], said[simulated])


@pytest.mark.parametrize("name", ["=1+1", "$x$ <b>&\"'", "A" * 200, "สถานที่ 😀 النص", "-", "％s %(n)s %"])
def test_any_name_can_be_in_a_file(sqlite: Filling, name: str) -> None:
    sqlite.month(sqlite.terminal("T", name), "2022-03", (0, 0, 3, 20))
    asked = client(sqlite)
    for kind in KINDS:
        assert asked.get(f"/site-1/overview/months.{kind}").status_code == 200
    svg = ElementTree.fromstring(asked.get("/site-1/overview/months.svg").data)
    assert (svg.findtext(f"{{{SVG}}}desc") or "").startswith(name)


def test_the_same_figures_give_the_same_bytes_whoever_asks(sample: Filling) -> None:
    from dashboard.charts.paper import picture

    for kind in ("png", "svg", "pdf"):
        first = client(sample).get(f"/site-1/overview/months.{kind}").data
        picture.cache_clear()
        assert client(sample).get(f"/site-1/overview/months.{kind}").data == first
