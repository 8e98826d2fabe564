"""Repeats: told in bands, beside many ratings only, as they were when the counts were published, never by answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser
from sqlalchemy import Engine, text

from dashboard import disclosure, store
from dashboard.bands import Band, Step
from dashboard.charts.repeats import SIZES, Bar, Repeats
from dashboard.disclosure import SetAside, repeat_bands
from dashboard.language import words
from dashboard.places import tree
from ratings.config import DEFAULT_QUESTION as VISIT
from ratings.scale import Counts
from tests.dashboard.filling import Filling, day, month, months, site
from tests.dashboard.reading import read, rows

TODAY = day("2022-04-12")
KIND = "months wraps"
OTHER = "00000000-0000-4000-8000-000000000002"
MARCH = "?from=2022-01&to=2022-03&lang=en"


def told(filling: Filling, place: str = "site", threshold: int = 10) -> list[SetAside]:
    with store.reading(filling.engine) as connection:
        ids = [each.id for each in tree(connection).sites]
    disclosure.publish_if_due(filling.engine, ids, VISIT, TODAY, threshold)
    with store.reading(filling.engine) as connection:
        of = site(connection)
        about = of if place == "site" else next(each for each in of.terminals if each.id == place)
        found = disclosure.repeats(connection, about, VISIT, months("2022-01", "2022-03"), threshold)
    return [each for some in found.values() for each in some]


def test_each_month_has_its_band_beside_its_ratings(filling: Filling) -> None:
    stua = filling.terminal("Stua")
    filling.month(stua, "2022-01", (0, 0, 20, 80), repeat=(100, 0, 20, 0))
    filling.month(stua, "2022-02", (0, 0, 10, 40), repeat=(0, 3, 0, 0))
    filling.month(stua, "2022-03", (0, 0, 10, 50))
    assert told(filling) == [
        SetAside(month("2022-01"), 100, Band(100, None), Step(50, 55)),
        SetAside(month("2022-02"), 50, Band(1, 9), None),
        SetAside(month("2022-03"), 60, Band(0, 0), None),
    ]
    text = read(filling, f"/site-1/repeats{MARCH}", TODAY)
    assert 'class="hidden"' not in text, "all are drawn: no mark for a hidden figure, and nothing that explains one"
    assert rows(text, KIND) == [
        ["March 2022", "0", "0.0%", "60"],
        ["February 2022", "1–9", "hidden to protect visitors", "50"],
        ["January 2022", "100 or more", "50–55%", "100"],
    ]
    assert rows(read(filling, f"/site-1/repeats{MARCH.replace('en', 'nb')}", TODAY), KIND)[2] == [
        "Januar 2022", "100 eller flere", "50–55 %", "100",
    ]  # fmt: skip


@pytest.mark.parametrize("repeat", [None, (0, 0, 0, 1), (300, 0, 0, 0)])
def test_beside_few_ratings_nothing_is_told_not_even_that_there_were_none(
    sqlite: Filling, repeat: Counts | None
) -> None:
    sqlite.month(sqlite.terminal("Stua"), "2022-03", (9, 0, 0, 40), repeat=repeat)
    assert told(sqlite) == [SetAside(month("2022-03"), 49, None, None)]
    found = read(sqlite, f"/site-1/repeats{MARCH}", TODAY)
    assert rows(found, KIND)[0] == ["March 2022", "hidden to protect visitors", "49"]


@pytest.mark.parametrize(("threshold", "n"), [(5, 25), (10, 50), (20, 100)])
def test_five_thresholds_of_ratings_are_enough(sqlite: Filling, threshold: int, n: int) -> None:
    stua = sqlite.terminal("Stua")
    sqlite.month(stua, "2022-02", (0, 0, 0, n - 1), repeat=(0, 0, 0, 2))
    sqlite.month(stua, "2022-03", (0, 0, 0, n), repeat=(0, 0, 0, 2))
    assert [each.repeats for each in told(sqlite, threshold=threshold)] == [None, Band(1, threshold - 1)]


@given(st.integers(5, 300), st.integers(0, 2000))
def test_bands_leave_no_number_out_and_overlap_nowhere(threshold: int, n: int) -> None:
    bands = repeat_bands(threshold)
    assert [each for each in bands if each.low <= n and (each.high is None or n <= each.high)] != []
    for before, after in pairwise(bands):
        assert before.high is not None
        assert after.low == before.high + 1
    assert bands[:2] == (Band(0, 0), Band(1, threshold - 1))


def test_what_comes_late_is_not_seen_until_its_ratings_are(filling: Filling) -> None:
    stua = filling.terminal("Stua")
    filling.month(stua, "2022-03", (0, 0, 10, 50))
    before = told(filling)
    filling.month(stua, "2022-03", (0, 0, 0, 9), epoch=OTHER, repeat=(0, 0, 0, 40))
    assert told(filling) == before, "nine late ratings are too few, and so their repeats are not told"
    filling.month(stua, "2022-03", (0, 0, 0, 10), epoch=OTHER, repeat=(0, 0, 0, 40))
    assert told(filling) == [SetAside(month("2022-03"), 70, Band(30, 49), None)]


def test_repeats_that_come_alone_change_nothing(filling: Filling) -> None:
    stua = filling.terminal("Stua")
    filling.month(stua, "2022-03", (0, 0, 10, 50), repeat=(0, 0, 0, 3))
    before = told(filling)
    filling.month(stua, "2022-03", (0, 0, 10, 50), repeat=(0, 0, 0, 30))
    assert told(filling) == before


def test_a_terminal_is_told_apart_only_where_each_beside_it_may_be(sqlite: Filling) -> None:
    hall, stua = sqlite.terminal("Hall"), sqlite.terminal("Stua")
    sqlite.month(hall, "2022-02", (0, 0, 10, 50))
    sqlite.month(stua, "2022-02", (0, 0, 0, 50), repeat=(0, 0, 0, 4))
    sqlite.month(hall, "2022-03", (0, 0, 10, 50))
    # Too few for itself: the site's band less that of the hall would be its own.
    sqlite.month(stua, "2022-03", (0, 0, 0, 20), repeat=(0, 0, 0, 4))
    assert [each.repeats for each in told(sqlite)] == [Band(1, 9), Band(1, 9)]
    assert [each.repeats for each in told(sqlite, hall)] == [Band(0, 0), None]
    assert [each.repeats for each in told(sqlite, stua)] == [Band(1, 9), None]


def test_a_terminal_that_is_shown_with_another_has_no_row(sqlite: Filling) -> None:
    hall, stua = sqlite.terminal("Hall"), sqlite.terminal("Stua")
    sqlite.month(hall, "2022-03", (0, 0, 10, 90))
    sqlite.month(stua, "2022-03", (0, 0, 0, 4), repeat=(0, 0, 0, 4))
    assert [each.repeats for each in told(sqlite)] == [Band(1, 9)]
    assert told(sqlite, hall) == told(sqlite, stua) == []
    found = read(sqlite, f"/terminal-{stua}/repeats{MARCH}", TODAY)
    assert {cell for row in rows(found, KIND) for cell in row[1:]} == {"hidden to protect visitors"}


def test_the_page_is_the_same_whichever_answer_was_pressed(sqlite: Filling) -> None:
    pages = []
    for score in range(4):
        sqlite.empty()
        repeat = tuple(37 if each == score else 0 for each in range(4))
        sqlite.month(sqlite.terminal("Stua"), "2022-03", (5, 5, 10, 50), repeat=repeat)  # type: ignore[arg-type]
        with store.reading(sqlite.engine) as connection:
            key = tree(connection).sites[0].key
        pages.append(read(sqlite, f"/{key}/repeats{MARCH}", TODAY).replace(key, "site"))
    assert len(set(pages)) == 1
    assert "30–49" in pages[0]
    assert "37" not in re.sub(r"<[^>]*>", "", re.sub(r"<svg.*?</svg>", "", pages[0], flags=re.DOTALL))


def test_several_sites_are_listed_with_their_latest_months_and_never_summed(sqlite: Filling) -> None:
    for name, n, aside in (("Nord", 60, 12), ("Sør", 60, 0), ("Vest", 20, 60)):
        sqlite.month(sqlite.terminal(name, name), "2022-03", (0, 0, 0, n), repeat=(0, 0, 0, aside))
    sqlite.terminal("Ny", "Ny")
    found = read(sqlite, f"/all/repeats{MARCH}", TODAY)
    assert rows(found, KIND) == [
        ["Nord", "10–14", "60", "March 2022"],
        ["Ny", "hidden to protect visitors"],
        ["Sør", "0", "60", "March 2022"],
        ["Vest", "hidden to protect visitors", "20", "March 2022"],
    ]
    assert "/site-1/repeats?" in found


def test_the_upgrade_counts_the_repeats_of_what_was_published(empty_database_url: str) -> None:
    engine = store.open_engine(empty_database_url)
    store.upgrade(engine)
    filling = Filling(engine)
    hall, stua = filling.terminal("Hall"), filling.terminal("Stua")
    filling.month(hall, "2022-03", (0, 0, 10, 90), repeat=(0, 0, 0, 3))
    filling.month(stua, "2022-03", (0, 0, 0, 60), repeat=(0, 0, 0, 20))
    filling.month(stua, "2022-02", (0, 0, 0, 60), repeat=(0, 0, 0, 100))
    before = [told(filling, each) for each in ("site", hall, stua)]
    settings = Config()
    settings.set_main_option("path_separator", "os")
    settings.set_main_option("script_location", str(Path(store.__file__).parent / "migrations"))
    with engine.begin() as connection:
        settings.attributes["connection"] = connection
        command.downgrade(settings, "0005")
    store.upgrade(engine)
    with store.reading(engine) as connection:
        stored = connection.execute(text("SELECT repeats FROM block_group ORDER BY repeats")).scalars()
        assert list(stored) == [3, 20, 100]
    assert [told(filling, each) for each in ("site", hall, stua)] == before
    engine.dispose()


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("from=2022-13", 400, "is not a month"),
        ("to=2022-04", 404, "April 2022 is not over yet."),
        ("from=1930-01", 200, "Set aside as repeats"),
    ],
)
def test_what_is_asked_wrongly_gets_a_message(sqlite: Filling, query: str, status: int, said: str) -> None:
    sqlite.month(sqlite.terminal("Stua"), "2022-03", (0, 0, 10, 90))
    assert said in read(sqlite, f"/site-1/repeats?lang=en&{query}", TODAY, status)


def test_nothing_yet_is_a_sentence(sqlite: Filling) -> None:
    sqlite.terminal("Stua")
    assert "Hidden to protect visitors" in read(sqlite, "/site-1/repeats?lang=en", TODAY)


def test_bars_are_as_high_as_their_band() -> None:
    bands = repeat_bands(10)
    bars = tuple(Bar(month(f"2022-{number + 1:02}"), band) for number, band in enumerate(bands))
    drawing = Repeats((*bars, Bar(month("2022-12"), None)), bands)
    for size in SIZES:
        artists = list(drawing.artists(size, words("nb")))
        heights = [each.get_height() for each in artists if each.get_gid() == "band"]  # type: ignore[attr-defined]
        assert heights == pytest.approx([heights[0] * (number + 1) for number in range(len(bands) - 1)])
        assert sum(each.get_gid() == "hidden" for each in artists) == 1
    assert drawing.description(words("en")).startswith("January 2022: 0. February 2022: 1–9. March 2022: 10–14.")


@pytest.mark.parametrize("width", [320, 360, 768, 1440])
@pytest.mark.parametrize("place", ["all", "site-1"])
def test_nothing_is_wider_than_the_window(
    sqlite: Filling, served: Callable[[Engine, object], str], browser: Browser, width: int, place: str
) -> None:
    for name in ("Stua", "Et sted med et usedvanlig langt navn " * 5):
        sqlite.month(sqlite.terminal(name, name), "2022-03", (0, 0, 10, 90), repeat=(0, 0, 0, 20))
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(served(sqlite.engine, TODAY) + f"/{place}/repeats")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()
