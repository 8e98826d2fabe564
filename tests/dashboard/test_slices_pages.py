"""The pages by language, hour and reason: their figures are those of the tables, and they say no more."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest
from babel.messages.pofile import read_po
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from playwright.sync_api import Page as Window
from sqlalchemy import Engine

import dashboard
import terminal.kiosk
from dashboard import language, remote
from dashboard.charts.heat import LIMITS, Cell, HeatMap
from dashboard.charts.style import HEAT
from dashboard.pages import keys
from dashboard.web import create_app
from ratings import remote as sent
from ratings.config import Dashboard
from ratings.scale import ZERO, Counts, add
from ratings.sections import REASONS, Answer
from ratings.table import OTHER, SKIPPED, UNCHOSEN, UNKNOWN, Cells, Slice, all_hours
from terminal.kiosk.theme import Colour, contrast
from tests.dashboard.filling import Filling, day

TODAY = day("2023-02-10")
NB = "\N{NO-BREAK SPACE}"

LANGUAGES: Cells = {"nb": (5, 3, 20, 38), "en": (0, 1, 3, 20), "th": (2, 1, 2, 2), "ro": (0, 0, 0, 9)}
"""The example of docs/disclosure.md."""

REASON: Cells = {
    "waiting": (20, 10, 5, 5),
    "staff": (0, 1, 10, 49),
    "help": (0, 0, 10, 20),
    "food": (1, 1, 5, 5),
    SKIPPED: (5, 5, 40, 60),
}


def quarter(filling: Filling, terminal: str, slice_: Slice, cells: Cells, number: int = 4, year: int = 2022) -> None:
    """A quarter's table, and its ratings in the last month, so that the books balance."""
    last = 3 * number
    for month in (last - 2, last - 1):
        filling.month(terminal, f"{year}-{month:02}", ZERO)
    filling.month(terminal, f"{year}-{last:02}", add(*cells.values()))
    filling.split(terminal, slice_, f"{year}-Q{number}", cells)


def client(filling: Filling, today: date = TODAY) -> FlaskClient:
    return create_app(filling.engine, Dashboard(), today=lambda: today).test_client()


def read(filling: Filling, address: str, status: int = 200, today: date = TODAY) -> str:
    answer = client(filling, today).get(address)
    assert answer.status_code == status
    return answer.get_data(as_text=True).replace(NB, " ")


def rows(text: str, number: int = 0) -> list[list[str]]:
    """The cells of one of the tables of figures on a page."""
    table = re.findall(r'<table class="months">.*?</table>', text, re.DOTALL)[number]
    found = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    return [
        [unescape(re.sub(r"<[^>]*>", "", cell)).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)]
        for row in found[1:]
    ]


def sentence(text: str) -> str:
    found = re.search(r'<p class="finding">(.*?)</p>', text)
    return unescape(found[1]) if found else ""


def told(counts: Counts, sign: str) -> list[str]:
    """A share and a number as docs/disclosure.md says that they are told; apart from the code under test."""
    n, satisfied = sum(counts), counts[2] + counts[3]
    low = next(each for each in range(95, -1, -5) if 100 * satisfied >= each * n)
    share = f"{low}–{low + 5}{sign}"
    if low == 95:
        share = f"95{sign} or more"
    elif 100 * satisfied <= 5 * n:
        share = f"5{sign} or less"
    bands = ((100, "100 or more"), (50, "50–99"), (30, "30–49"), (20, "20–29"), (15, "15–19"), (10, "10–14"))
    return [share, next(name for least, name in bands if n >= least)]


def test_languages_are_told_in_steps_and_bands_by_their_names(sqlite: Filling) -> None:
    quarter(sqlite, sqlite.terminal("Stua"), Slice.LANGUAGE, LANGUAGES)
    text = read(sqlite, "/site-1/languages?lang=en")
    assert rows(text) == [
        ["Norwegian Bokmål", *told(LANGUAGES["nb"], "%")],
        ["English", *told(LANGUAGES["en"], "%")],
        ["Several languages with few ratings each", *told(add(LANGUAGES["th"], LANGUAGES["ro"]), "%")],
    ]
    assert "Languages with few ratings are shown together, to protect visitors." in text
    assert "October–December 2022" in text
    assert [row[0] for row in rows(read(sqlite, "/site-1/languages?lang=nb"))] == [
        "Norsk bokmål",
        "Engelsk",
        "Flere språk med få vurderinger",
    ]


def test_no_count_that_is_told_as_a_band_is_anywhere_on_the_page(sqlite: Filling) -> None:
    quarter(sqlite, sqlite.terminal("Stua"), Slice.LANGUAGE, {"nb": (3, 4, 21, 33), "en": (1, 1, 5, 16)})
    text = read(sqlite, "/site-1/languages?lang=en")
    figures = text[text.index("<section") :]
    shapes = r"<(path|rect)[^>]*>|<svg[^>]*>|<text[^>]*>"
    numbers = set(re.findall(r"(?<![\d.])\d+(?![\d.])", re.sub(shapes, " ", figures)))
    assert not numbers & {"61", "54", "23", "21", "33", "16"}


def test_counts_and_intervals_are_there_where_every_key_is_large(sqlite: Filling) -> None:
    cells: Cells = {"nb": (10, 20, 70, 200), "en": (40, 20, 20, 40), UNCHOSEN: (0, 5, 5, 90)}
    quarter(sqlite, sqlite.terminal("Stua"), Slice.LANGUAGE, cells)
    text = read(sqlite, "/site-1/languages?lang=en")
    assert rows(text) == [
        ["English", "50.0%", "41.2–58.8%", "120"],
        ["Norwegian Bokmål", "90.0%", "86.1–92.9%", "300"],
        ["No language chosen", "95.0%", "88.8–97.8%", "100"],
    ]
    assert sentence(text) == "Lowest: English, 50% satisfied. Highest: no language chosen, 95%."
    assert "The difference is clear" in text
    assert "(20 + 40) ÷ 120 = 50.0%" in text


def weeks(n: int, bad: Counts) -> Cells:
    """Five days of six hours with 9 of 10 satisfied, but for Friday at two."""
    share = (n // 20, n // 20, n // 2, n - n // 20 * 2 - n // 2)
    return {f"{weekday}-{hour}": share for weekday in range(1, 6) for hour in range(10, 16)} | {"5-14": bad}


def test_the_worst_hour_is_said_at_once_and_has_a_ring(sqlite: Filling) -> None:
    quarter(sqlite, sqlite.terminal("Stua"), Slice.HOUR, weeks(60, (20, 8, 12, 20)))
    text = read(sqlite, "/site-1/hours?lang=en")
    assert sentence(text) == "Lowest: Friday 14:00–15:00, 50–55% satisfied. Highest: 29 hours, 90–95%."
    assert text.count('class="ring" d=') == 2  # One in each size of the drawing.
    assert "clearly lowest" in text
    text = read(sqlite, "/site-1/hours?lang=nb")
    assert sentence(text) == "Lavest: fredag kl. 14–15, 50–55 % er fornøyd. Høyest: 29 timer, 90–95 %."
    assert ["Fredag kl. 14–15", "50–55 %", "50–99"] in rows(text)


def test_an_hour_that_was_bad_by_chance_is_not_called_clear(sqlite: Filling) -> None:
    quarter(sqlite, sqlite.terminal("Stua"), Slice.HOUR, weeks(20, (4, 2, 4, 10)))
    text = read(sqlite, "/site-1/hours?lang=en")
    assert sentence(text) == "No clear difference between the hours."
    assert "Lowest: Friday 14:00–15:00, 70–75% satisfied." in text
    assert "That can be chance." in text
    assert 'class="ring"' not in text


def test_a_lower_share_of_few_beside_a_clear_one_of_many_is_said_to_be_chance(sqlite: Filling) -> None:
    cells: Cells = {"nb": (1, 0, 50, 69), "en": (20, 5, 35, 40), "es": (2, 1, 3, 4), "bg": (0, 0, 5, 7)}
    quarter(sqlite, sqlite.terminal("Stua"), Slice.LANGUAGE, cells)
    text = read(sqlite, "/site-1/languages?lang=en")
    assert sentence(text) == "Lowest: English, 75–80% satisfied. Highest: Norwegian Bokmål, 95% or more."
    assert "Lower still, but that can be chance: Spanish, 70–75%." in text
    assert "Higher still" not in text


def test_hours_of_one_step_are_alike(sqlite: Filling) -> None:
    quarter(sqlite, sqlite.terminal("Stua"), Slice.HOUR, weeks(20, (1, 1, 9, 9)))
    text = read(sqlite, "/site-1/hours?lang=en")
    assert sentence(text) == "The hours are alike: 90–95% satisfied."


def test_hours_that_are_told_together_are_one_larger_cell(sqlite: Filling) -> None:
    cells: Cells = {
        **{f"1-{hour}": (0, 0, 0, 20) for hour in range(10, 14)},
        "2-10": (0, 0, 0, 20),
        "2-11/13": (0, 0, 10, 10),
        "2-13": (0, 0, 0, 20),
        "3/4-0/24": (0, 5, 5, 5),
        UNKNOWN: (0, 0, 0, 12),
    }
    quarter(sqlite, sqlite.terminal("Stua"), Slice.HOUR, cells)
    text = read(sqlite, "/site-1/hours?lang=en")
    assert ["Tuesday 11:00–13:00", "95% or more", "20–29"] in rows(text)
    assert ["Wednesday–Thursday", "65–70%", "15–19"] in rows(text)
    assert rows(text)[-1] == ["Hour not known", "95% or more", "10–14"]
    assert "Hours with few ratings are shown together" in text
    drawn = ElementTree.fromstring(
        re.findall(r"<svg[^>]*chart-narrow.*?</svg>", text, re.DOTALL)[0].replace("xlink:", "")
    )
    boxes = {
        "one": extent(drawn, "heat-0", 0),
        "two": max((extent(drawn, "heat-0", number) for number in range(7)), key=lambda each: each[1]),
        "days": extent(drawn, "heat-5", 0),
    }
    assert boxes["two"][1] > 1.9 * boxes["one"][1]
    assert boxes["two"][0] == pytest.approx(boxes["one"][0], abs=0.1)
    assert boxes["days"][0] > 1.9 * boxes["one"][0]
    assert boxes["days"][1] > 3.9 * boxes["one"][1]


def extent(drawing: ElementTree.Element, kind: str, number: int) -> tuple[float, float]:
    """Width and height of a shape."""
    shape = [each for each in drawing.iter() if each.get("class") == kind][number]
    points = [float(each) for each in re.findall(r"-?\d+\.?\d*", shape.get("d") or "")]
    return max(points[::2]) - min(points[::2]), max(points[1::2]) - min(points[1::2])


def cell(first: int, last: int, begin: int, end: int) -> Cell:
    return Cell(first, last, begin, end, 90, "90–95", "90–95 %")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        # What is told from midnight on, or until midnight, makes no row of its own.
        ([cell(1, 1, 0, 11), cell(1, 1, 11, 12), cell(2, 2, 10, 11), cell(2, 2, 11, 24)], [(10, 11), (11, 12)]),
        ([cell(1, 3, 0, 24), cell(4, 4, 10, 11)], [(10, 11)]),
        ([cell(1, 3, 0, 24)], [(0, 24)]),
        # An hour in which nobody came is a row, else the day would look shorter.
        ([cell(1, 1, 10, 11), cell(1, 1, 13, 14)], [(10, 11), (11, 13), (13, 14)]),
        ([cell(1, 1, hour, hour + 1) for hour in range(24)], [(hour, hour + 1) for hour in range(24)]),
    ],
)
def test_rows_are_the_stretches_that_no_cell_cuts(cells: list[Cell], expected: list[tuple[int, int]]) -> None:
    assert HeatMap(tuple(cells), "x").rows == expected


@pytest.mark.parametrize(("day_", "days"), [(1, 5), (5, 5), (6, 6), (7, 7)])
def test_the_weekend_is_drawn_where_there_are_ratings_on_it(day_: int, days: int) -> None:
    assert list(HeatMap((cell(day_, day_, 10, 11),), "x").days) == list(range(1, days + 1))


def test_an_airport_that_never_closes_is_drawn_whole(sqlite: Filling) -> None:
    cells: Cells = {key: (1, 1, 9, 9) for key in all_hours() if key != UNKNOWN}
    quarter(sqlite, sqlite.terminal("Gate"), Slice.HOUR, cells)
    text = read(sqlite, "/site-1/hours?lang=en")
    assert len(rows(text)) == 7 * 24
    wide = re.findall(r"<svg[^>]*chart-wide.*?</svg>", text, re.DOTALL)[0]
    assert wide.count('class="heat-1"') == 7 * 24
    assert all(f">{name}</text>" in wide for name in ("Mon", "Sun", "0–1", "23–24"))


def test_colours_stand_apart_without_colour_and_words_on_them_can_be_read() -> None:
    style = (Path(dashboard.__file__).parent / "static/fjes.css").read_text("utf-8")
    found = re.findall(r":root \{ (--heat-0: [^}]*)\}", style)
    light, dark, paper = (tuple(re.findall(r"#[0-9a-f]{6}", each)) for each in found)
    assert light == paper == HEAT
    assert len(HEAT) == len(LIMITS) + 1
    ink, night = Colour.read("#12262e"), Colour.read("#f4efe6")
    for shades, words in ((light, ink), (dark, night)):
        read = [Colour.read(each) for each in shades]
        assert all(contrast(words, each) >= 4.5 for each in read[:-1])
        assert contrast(ink, read[-1]) >= 4.5
        towards = [contrast(each, Colour.read("#000000")) for each in read]
        assert towards == sorted(towards, reverse=shades is light)


def test_reasons_have_their_names_and_those_of_the_unhappy_are_found(sqlite: Filling) -> None:
    quarter(sqlite, sqlite.terminal("Stua"), Slice.REASON, REASON)
    text = read(sqlite, "/site-1/reasons?lang=en")
    assert rows(text) == [
        ["The staff", *told(REASON["staff"], "%")],
        ["Waiting time", *told(REASON["waiting"], "%")],
        ["The help I got", *told(REASON["help"], "%")],
        ["Food", *told(REASON["food"], "%")],
        ["No reason given", *told(REASON[SKIPPED], "%")],
    ]
    assert sentence(text).startswith("Lowest: Waiting time, 25–30% satisfied. Highest: ")


def test_reasons_have_the_words_that_the_dashboard_has_set_of_them(sqlite: Filling) -> None:
    stua = sqlite.terminal("Stua")
    quarter(sqlite, stua, Slice.REASON, REASON)
    quarter(sqlite, sqlite.terminal("Kafé", "Annet sted"), Slice.REASON, REASON)
    texts = dict.fromkeys(("es", "bg", "th", "ro"), "x") | {"nb": "Køen", "en": "<The queue>"}
    wanted = sent.Remote(follow_up=sent.Answers(reasons=[Answer(id="waiting", texts=texts), Answer(id="staff")]))
    with sqlite.engine.begin() as connection:
        remote.put(connection, remote.Place("site", "Pro Sentret"), wanted, "the file")
    text = read(sqlite, "/site-1/reasons?lang=en")
    assert [row[0] for row in rows(text)][:2] == ["The staff", "<The queue>"]
    assert "<The queue>" not in text
    for place in ("terminal-stua", "all"):
        assert "Køen" in [row[0] for row in rows(read(sqlite, f"/{place}/reasons?lang=nb"))]
    # Of the other site nothing is set; an id that only a terminal's own file knows is shown as it is.
    assert {"Ventetiden", "Food"} <= {row[0] for row in rows(read(sqlite, "/site-2/reasons?lang=nb"))}


@pytest.mark.parametrize("place", [remote.Place("site", "Pro Sentret"), remote.Place("terminal", "stua")])
def test_a_page_that_is_kept_follows_when_a_reason_is_called_otherwise(sqlite: Filling, place: remote.Place) -> None:
    quarter(sqlite, sqlite.terminal("Stua"), Slice.REASON, REASON)
    pages = client(sqlite)
    texts = dict.fromkeys(("nb", "en", "es", "bg", "th", "ro"), "Kø")
    for expected in ("Waiting time", "Kø"):
        assert expected in pages.get("/site-1/reasons?lang=en").get_data(as_text=True)
        wanted = sent.Remote(follow_up=sent.Answers(reasons=[Answer(id="waiting", texts=texts)]))
        with sqlite.engine.begin() as connection:
            remote.put(connection, place, wanted, "the file")


@pytest.mark.parametrize("code", ["nb", "en"])
def test_reasons_that_ship_are_called_what_the_kiosk_calls_them(code: str) -> None:
    with (Path(terminal.kiosk.__file__).parent / f"words/{code}.po").open("rb") as file:
        kiosk = {str(each.string) for each in read_po(file, locale=code) if each.id}
    name = keys.reason(language.words(code), {})
    assert {name(each) for each in REASONS} <= kiosk
    assert len({name(each) for each in REASONS}) == len(REASONS)


def test_where_no_terminal_asks_for_a_reason_the_page_says_so(sqlite: Filling) -> None:
    quarter(sqlite, sqlite.terminal("Stua"), Slice.LANGUAGE, LANGUAGES)
    text = read(sqlite, "/site-1/reasons?lang=en")
    assert "No terminal here asks for a reason." in text
    assert "docs/follow-up.md" in text
    assert "hidden to protect visitors" not in text


@pytest.mark.parametrize("page", ["languages", "hours", "reasons"])
def test_few_ratings_are_hidden_and_no_figure_is_anywhere(sqlite: Filling, page: str) -> None:
    stua = sqlite.terminal("Stua")
    for slice_, key in ((Slice.LANGUAGE, "th"), (Slice.HOUR, "5-14"), (Slice.REASON, "staff")):
        quarter(sqlite, stua, slice_, {key: (0, 0, 0, 7)})
    for code, said in (("nb", "Skjult for å beskytte de besøkende"), ("en", "Hidden to protect visitors")):
        text = read(sqlite, f"/site-1/{page}?lang={code}")
        assert said in text
        main = text[text.index("<main") :]
        assert "<table" not in main
        assert not re.search(r"\b7\b|100|[Tt]hai|14", re.sub(r"<[^>]*>", " ", main))


@pytest.mark.parametrize("page", ["languages", "hours", "reasons"])
def test_a_place_without_ratings_has_an_empty_page(sqlite: Filling, page: str) -> None:
    sqlite.terminal("Stua")
    for place in ("all", "site-1", "terminal-stua"):
        text = read(sqlite, f"/{place}/{page}?lang=en")
        assert ("No terminal here asks" if page == "reasons" else "No ratings yet") in text
        assert "<form" not in text


def test_a_range_that_cuts_a_quarter_is_widened_and_says_so(sqlite: Filling) -> None:
    stua = sqlite.terminal("Stua")
    quarter(sqlite, stua, Slice.LANGUAGE, {"nb": (0, 0, 0, 30)}, 3)
    quarter(sqlite, stua, Slice.LANGUAGE, {"nb": (9, 9, 2, 10)}, 4)
    text = read(sqlite, "/site-1/languages?lang=en&from=2022-08&to=2022-09")
    assert "You asked for August–September 2022. This is July–September 2022" in text
    assert rows(text) == [["Norwegian Bokmål", "95% or more", "30–49"]]


def test_every_period_has_its_own_table_beside_the_sum(sqlite: Filling) -> None:
    stua = sqlite.terminal("Stua")
    quarter(sqlite, stua, Slice.LANGUAGE, {"nb": (0, 0, 0, 30), "en": (0, 0, 0, 12)}, 3)
    quarter(sqlite, stua, Slice.LANGUAGE, {"nb": (10, 10, 0, 0), "en": (0, 0, 0, 14)}, 4)
    text = read(sqlite, "/site-1/languages?lang=en")
    assert [unescape(each) for each in re.findall(r"<h3>(.*?)</h3>", text)] == [
        "October–December 2022",
        "July–September 2022",
    ]
    assert rows(text) == [["Norwegian Bokmål", "60–65%", "50–99"], ["English", "95% or more", "20–29"]]
    assert rows(text, 1) == [["Norwegian Bokmål", "5% or less", "20–29"], ["English", "95% or more", "10–14"]]
    assert rows(text, 2) == [["Norwegian Bokmål", "95% or more", "30–49"], ["English", "95% or more", "10–14"]]


def test_without_a_word_the_page_is_about_the_last_year_of_tables(sqlite: Filling) -> None:
    stua = sqlite.terminal("Stua")
    for year, number in ((2021, 3), (2021, 4), (2022, 1), (2022, 2), (2022, 3)):
        quarter(sqlite, stua, Slice.LANGUAGE, {"nb": (0, 0, 0, 30)}, number, year)
    text = read(sqlite, "/site-1/languages?lang=en")
    assert '<p class="sub">October 2021–September 2022</p>' in text
    # Everything: months before the first table are not hidden, there is none; those after the last are.
    everything = read(sqlite, "/site-1/languages?lang=en&from=2020-01&to=2023-01")
    assert "October 2022–January 2023: hidden to protect visitors." in everything
    assert "2020" not in everything[everything.index('<ul class="notes">') : everything.index("</section>")]


def test_who_is_left_out_for_the_sake_of_the_others_is_named(sqlite: Filling) -> None:
    kasse = sqlite.terminal("Kasse", "Kafé")
    for number in (3, 4):
        quarter(sqlite, kasse, Slice.LANGUAGE, {"nb": (0, 0, 0, 300)}, number)
    stua = sqlite.terminal("Stua", "<b>Stua</b>")
    for number, n in ((3, 8), (4, 9)):
        sqlite.month(stua, f"2022-{3 * number:02}", (0, 0, 0, n))
        sqlite.split(stua, Slice.LANGUAGE, f"2022-Q{number}", {"nb": (0, 0, 0, n)})
    text = read(sqlite, "/all/languages?lang=en&from=2022-10&to=2022-12")
    assert "shown over several quarters only: &lt;b&gt;Stua&lt;/b&gt;." in text
    assert "nothing of it may be shown" not in text
    assert "You asked for" not in text


def test_who_is_left_out_is_named(sqlite: Filling) -> None:
    stua = sqlite.terminal("Stua")
    quarter(sqlite, stua, Slice.LANGUAGE, {"nb": (0, 0, 0, 30)})
    sqlite.month(sqlite.terminal("<b>Hall</b>"), "2022-12", (0, 0, 0, 20))
    sqlite.terminal("Bod", "Tomt sted")
    text = read(sqlite, "/site-1/languages?lang=en")
    assert "Left out, since nothing of it may be shown: &lt;b&gt;Hall&lt;/b&gt;." in text
    assert "Left out, since nothing of it may be shown: Tomt sted." in read(sqlite, "/all/languages?lang=en")
    assert "Left out" not in read(sqlite, "/terminal-stua/languages?lang=en")
    for number in range(9):
        sqlite.terminal(f"Terminal {number}", f"Sted {number}")
    text = read(sqlite, "/all/languages?lang=en")
    assert "10 are left out, since nothing of them may be shown." in text
    assert all(f"Sted {number}" in text for number in range(9))


@pytest.mark.parametrize("page", ["languages", "hours", "reasons"])
@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("from=march", 400, "&#39;march&#39; is not a month. Write it as 2022-03."),
        ("from=2022-12&to=2022-01", 400, "December 2022 is after January 2022: turn the two round."),
        ("to=2023-02", 404, "February 2023 is not over yet."),
        ("from=0001-01", 404, "There are no figures of that time."),
        ("from=%3Cscript%3E", 400, "&lt;script&gt;"),
        ("from=" + "9" * 10_000, 400, "is not a month"),
        ("question=none", 404, "There are no ratings of such a question here."),
    ],
)
def test_what_is_asked_wrongly_gets_a_message_and_the_right_status(
    sqlite: Filling, page: str, query: str, status: int, said: str
) -> None:
    quarter(sqlite, sqlite.terminal("Stua"), Slice.LANGUAGE, LANGUAGES)
    text = read(sqlite, f"/site-1/{page}?lang=en&{query}", status)
    assert said in text
    assert len(text) < 30_000


def test_a_huge_range_is_no_trouble(sqlite: Filling) -> None:
    quarter(sqlite, sqlite.terminal("Stua"), Slice.HOUR, weeks(20, (4, 2, 4, 10)))
    text = read(sqlite, "/site-1/hours?lang=en&from=1924-01&to=2023-01")
    assert len(rows(text)) == 30
    assert len(text) < 100_000


@pytest.fixture
def window(browser: Browser) -> Iterator[Window]:
    context = browser.new_context(java_script_enabled=False, locale="nb-NO", viewport={"width": 360, "height": 800})
    yield context.new_page()
    context.close()


def test_months_are_chosen_without_script_and_by_keyboard(
    sqlite: Filling, served: Callable[[Engine, date], str], window: Window
) -> None:
    stua = sqlite.terminal("Stua")
    quarter(sqlite, stua, Slice.LANGUAGE, {"nb": (0, 0, 0, 30)}, 3)
    quarter(sqlite, stua, Slice.LANGUAGE, {"nb": (9, 9, 2, 10)}, 4)
    window.goto(served(sqlite.engine, TODAY) + "/site-1/languages?lang=en")
    assert window.get_by_label("From", exact=True).input_value() == "2022-07"
    window.get_by_label("From", exact=True).select_option("2022-10")
    window.get_by_label("To", exact=True).select_option(label="Dec 2022")
    window.get_by_role("button", name="Show").press("Enter")
    window.wait_for_url("**/site-1/languages?lang=en&from=2022-10&to=2022-12")
    assert window.locator(".slices tbody td").all_inner_texts() == ["40–45%", "30–49"]
    window.get_by_role("link", name="Everything").click()
    assert window.get_by_label("From", exact=True).input_value() == "2022-07"
    assert window.get_by_role("link", name="Everything").get_attribute("aria-current") == "true"
    window.get_by_role("link", name="Norsk").click()
    assert window.get_by_label("Fra", exact=True).input_value() == "2022-07"


@pytest.mark.parametrize("width", [320, 360, 768, 1440])
def test_nothing_is_wider_than_the_window_and_no_words_in_a_drawing_overlap(
    sqlite: Filling, served: Callable[[Engine, date], str], browser: Browser, width: int
) -> None:
    stua = sqlite.terminal("Stua " * 30)
    long = "a" + "-very-long-id" * 4
    reasons = REASON | {long: (5, 5, 5, 5)}
    hours = weeks(20, (0, 0, 0, 20)) | {"7-10": (20, 0, 0, 0)}
    total = add(*hours.values())
    quarter(sqlite, stua, Slice.HOUR, hours)
    rest = tuple(a - b for a, b in zip(total, add(*reasons.values()), strict=True))
    sqlite.split(stua, Slice.REASON, "2022-Q4", reasons | {"help": add(reasons["help"], rest)})  # type: ignore[arg-type]
    address = served(sqlite.engine, TODAY)
    window = browser.new_page(viewport={"width": width, "height": 800})
    for page in ("hours", "reasons"):
        for code in ("nb", "en"):
            window.goto(f"{address}/site-1/{page}?lang={code}")
            assert window.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert window.locator("svg.chart:visible").count() == 1
            window.evaluate("() => document.fonts.ready.then(() => null)")
            assert window.evaluate(OVERLAPPING) == []
    window.close()


@pytest.mark.parametrize("code", ["nb", "en"])
def test_no_number_is_cut_on_a_phone(
    sqlite: Filling, served: Callable[[Engine, date], str], browser: Browser, code: str
) -> None:
    stua = sqlite.terminal("Stua")
    large: Cells = dict.fromkeys((*REASONS, SKIPPED), (200, 300, 400, 1000))
    quarter(sqlite, stua, Slice.REASON, large)
    quarter(sqlite, stua, Slice.LANGUAGE, dict.fromkeys(("nb", "en", UNCHOSEN, OTHER), (20, 30, 40, 100)), 3)
    quarter(sqlite, stua, Slice.HOUR, {**weeks(200, (60, 60, 60, 60)), "3-10": (0, 0, 5, 8)}, 2)
    address = served(sqlite.engine, TODAY)
    window = browser.new_page(viewport={"width": 360, "height": 800})
    for page in ("reasons", "languages", "hours"):
        window.goto(f"{address}/site-1/{page}?lang={code}")
        assert window.evaluate(CUT) == []
    window.close()


CUT = """() => [...document.querySelectorAll(".scroll")].filter(each => each.scrollWidth > each.clientWidth)
  .map(each => each.scrollWidth - each.clientWidth)"""

OVERLAPPING = """() => {
  const drawing = [...document.querySelectorAll("svg.chart")].find(each => each.getBoundingClientRect().width);
  const frame = drawing.getBoundingClientRect();
  const boxes = [...drawing.querySelectorAll("text")].map(each => [each.textContent, each.getBoundingClientRect()]);
  const beyond = boxes.filter(([, b]) => b.left < frame.left - 1 || b.right > frame.right + 1);
  const meet = (a, b) =>
    a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 4 && b.top < a.bottom - 4;
  const over = boxes.flatMap(([name, a], i) =>
    boxes.slice(i + 1).filter(([, b]) => meet(a, b)).map(([other]) => [name, other]));
  return [...beyond.map(([name]) => name), ...over];
}"""
