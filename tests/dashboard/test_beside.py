"""Side by side: each row is what the blocks say of that place, in the order of the tree, and nothing is shown twice."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from matplotlib.text import Text
from playwright.sync_api import Browser
from sqlalchemy import Engine, event

from dashboard import areas, disclosure, store
from dashboard.charts.beside import Line, SideBySide, sizes
from dashboard.charts.fitting import fitted, width
from dashboard.language import words
from dashboard.places import Area, Site, sites, tree
from dashboard.statistics import share
from ratings.config import DEFAULT_QUESTION as VISIT
from ratings.scale import Counts, add
from ratings.table import COUNTED, Slice, Table
from tests.dashboard.filling import EPOCH, Filling, day, month, months, site
from tests.dashboard.reading import clear_points, read, rows, wilson

TODAY = day("2022-04-12")
KIND = "months beside-table"


def put(filling: Filling, path: str | None, *names: str) -> None:
    with filling.engine.begin() as connection:
        areas.put(connection, names, path)


def cell(counts: Counts) -> str:
    """What a row says of some counts, in English: percentage, interval and base."""
    k, n = counts[2] + counts[3], sum(counts)
    low, high = wilson(k, n)
    return f"{100 * k / n:.1f}% {low:.0f}–{high:.0f}% of {n:,}"


@pytest.fixture
def tree_of_four(filling: Filling) -> Filling:
    """Two sites in areas, one at the root, one with too few to be shown; two months each."""
    for name, where, before, now in (
        ("Voss", "Vestland", (5, 5, 20, 70), (2, 2, 20, 76)),
        ("Pro Sentret", "Oslo / Sentrum", (30, 20, 20, 30), (5, 5, 10, 80)),
        ("Feltpleien", "Oslo / Sentrum", (0, 0, 0, 1), (0, 0, 1, 2)),
        ("Bergen", None, (0, 0, 10, 30), (1, 1, 10, 30)),
    ):
        terminal = filling.terminal(f"{name} 1", name)
        filling.month(terminal, "2022-02", before)
        filling.month(terminal, "2022-03", now)
        if where:
            put(filling, where, name)
    return filling


MARCH = "?from=2022-03&to=2022-03&lang=en"


def test_each_place_has_its_share_in_the_order_of_the_tree_and_a_sum_has_only_what_is_shown(
    tree_of_four: Filling,
) -> None:
    now = {"Bergen": (1, 1, 10, 30), "Pro Sentret": (5, 5, 10, 80), "Voss": (2, 2, 20, 76)}
    before = {"Bergen": (0, 0, 10, 30), "Pro Sentret": (30, 20, 20, 30), "Voss": (5, 5, 20, 70)}

    def row(name: str, *of: str) -> list[str]:
        counts, earlier = add(*(now[each] for each in of)), add(*(before[each] for each in of))
        points = clear_points(earlier, counts)
        said = "no clear change" if points is None else f"{'up' if points > 0 else 'down'} by {abs(points):.0f} points"
        return [name, cell(counts), f"{sum(counts):,}", said]

    found = rows(read(tree_of_four, f"/all/places{MARCH}", TODAY), KIND)
    assert found == [
        row("All sites", "Bergen", "Pro Sentret", "Voss"),
        row("Bergen", "Bergen"),
        row("Oslo", "Pro Sentret"),
        row("Sentrum", "Pro Sentret"),
        ["Feltpleien", "hidden to protect visitors", ""],
        row("Pro Sentret", "Pro Sentret"),
        row("Vestland", "Voss"),
        row("Voss", "Voss"),
    ]
    assert found[3][3] == "up by 40 points"
    assert found[1][3] == "no clear change"


def test_an_area_has_pages_of_its_own_and_rows_lead_to_them(tree_of_four: Filling) -> None:
    text = read(tree_of_four, f"/all/places{MARCH}", TODAY)
    address = re.search(r'href="(/area-\d+/places\?[^"]*)">Oslo<', text)
    assert address
    oslo = read(tree_of_four, address[1].replace("&amp;", "&"), TODAY)
    assert "<h1>Oslo</h1>" in oslo
    assert [row[0] for row in rows(oslo, KIND)] == ["Oslo", "Sentrum", "Feltpleien", "Pro Sentret"]
    assert 'href="/site-2?lang=en">Pro Sentret</a>' in oslo
    assert "<h1>Oslo</h1>" in read(tree_of_four, address[1].split("/places")[0] + "?lang=en", TODAY)


def test_both_languages_say_the_same(tree_of_four: Filling) -> None:
    norwegian = rows(read(tree_of_four, f"/all/places{MARCH.replace('en', 'nb')}", TODAY), KIND)
    english = rows(read(tree_of_four, f"/all/places{MARCH}", TODAY), KIND)
    assert norwegian[4] == ["Feltpleien", "skjult for å beskytte de besøkende", ""]
    assert norwegian[3][3] == "opp 40 prosentpoeng"

    def numbers(found: list[list[str]]) -> list[list[str]]:
        return [re.findall(r"\d+", cell.replace(",", ".")) for row in found for cell in row[1:]]

    assert numbers(norwegian) == numbers(english)


def test_what_a_row_rests_on_is_said_where_it_is_not_what_was_asked_for(sqlite: Filling) -> None:
    small, large = sqlite.terminal("A", "Liten"), sqlite.terminal("B", "Stor")
    for name in ("2022-01", "2022-02", "2022-03"):
        sqlite.month(small, name, (0, 0, 0, 4))
        sqlite.month(large, name, (0, 0, 10, 40))
    found = rows(read(sqlite, f"/all/places{MARCH}", TODAY), KIND)
    assert [row[0] for row in found] == ["All sites Without Liten", "Liten January–March 2022", "Stor"]
    assert found[0][1:3] == [cell((0, 0, 10, 40)), "50"]
    assert found[1][3] == "–"
    sqlite.month(small, "2022-03", (0, 0, 0, 20))
    found = rows(read(sqlite, f"/all/places{MARCH}", TODAY), KIND)
    assert [row[0] for row in found] == ["All sites January–March 2022", "Liten January–March 2022", "Stor"]


def test_terminals_that_are_shown_together_are_one_row_and_no_rating_is_in_two(filling: Filling) -> None:
    hall, stua, _ = (filling.terminal(name) for name in ("Hall", "Stua", "Kafé"))
    for name, counts in {"2022-01": (0, 0, 5, 20), "2022-02": (1, 0, 5, 15), "2022-03": (0, 0, 0, 30)}.items():
        filling.month(hall, name, counts)
    filling.month(stua, "2022-01", (0, 0, 0, 12))
    filling.month(stua, "2022-02", (0, 0, 0, 4))
    filling.month(stua, "2022-03", (2, 0, 0, 20))
    found = rows(read(filling, "/site-1/places?from=2022-01&to=2022-03&lang=en", TODAY), KIND)
    assert found == [
        ["Hall January 2022, March 2022", cell((0, 0, 5, 50)), "55", "–"],
        ["Hall + Stua February 2022", cell((1, 0, 5, 19)), "25", "–"],
        ["Kafé", "hidden to protect visitors", ""],
        ["Stua January 2022, March 2022", cell((2, 0, 0, 32)), "34", "–"],
    ]
    with store.reading(filling.engine) as connection:
        total = disclosure.blocks(connection, site(connection), VISIT, months("2022-01", "2022-03"), 10).total
        raised = disclosure.terminals(
            connection, site(connection), VISIT, month("2022-01"), months("2021-01", "2021-12"), 20
        )
        beneath = disclosure.beneath(
            connection, tree(connection), VISIT, months("2022-01", "2022-03"), months("2021-01", "2021-12"), 50
        )
    assert total is not None
    assert sum(total.counts) == 55 + 25 + 34
    together = {tuple(each.id for each in some.terminals): some.beside.shown.total for some in raised}
    # With a threshold that was raised since, Stua's twelve in January would be too few, beside Hall or alone.
    assert {some: total.counts for some, total in together.items() if total} == {(hall, stua): (0, 0, 5, 32)}
    # Nor is January's 37 or February's 25 enough for one of 50.
    assert [sum(block.counts) for block in beneath["site-1"].shown.blocks] == [52]


@pytest.fixture
def random_tree(sqlite: Filling) -> Filling:
    chance = random.Random(7)
    for number in range(9):
        terminals = [sqlite.terminal(f"T{number}{each}", f"Sted {number}") for each in "abc"[: 1 + number % 3]]
        for each in terminals:
            for name in ("2021-11", "2021-12", "2022-01", "2022-02", "2022-03"):
                n = chance.choice((0, 3, 8, 12, 40))
                sqlite.month(each, name, (0, 1, n, n) if n else (0, 0, 0, 0))
        put(sqlite, ("A", "A / B", "C", None)[number % 4], f"Sted {number}")
    read(sqlite, "/all", TODAY)
    return sqlite


@pytest.mark.parametrize("asked", ["2022-01", "2022-02", "2022-03"])
def test_a_row_is_what_the_pages_of_that_place_show(random_tree: Filling, asked: str) -> None:
    range_, before = months(asked, "2022-03"), months("2021-11", "2021-12")
    with store.reading(random_tree.engine) as connection:
        top = tree(connection)
        found = disclosure.beneath(connection, top, VISIT, range_, before, 10)
        everywhere: list[Area | Site] = [top, *top.all_areas, *top.sites]
        for place in everywhere:
            assert found[place.key].shown == disclosure.blocks(connection, place, VISIT, range_, 10)
            # Nothing is on both sides of a comparison.
            after, earlier = found[place.key].shown.total, found[place.key].before.total
            assert not (after and earlier and earlier.days.overlaps(after.days))
        for each in top.sites:
            alone = {
                some.terminals[0].id: some.beside.shown
                for some in disclosure.terminals(connection, each, VISIT, range_, before, 10)
                if len(some.terminals) == 1
            }
            for terminal in each.terminals:
                own = disclosure.blocks(connection, terminal, VISIT, range_, 10)
                assert own.blocks == (alone[terminal.id].blocks if terminal.id in alone else ())


def test_simulated_and_live_places_are_marked_where_others_are_not(sqlite: Filling) -> None:
    for name, simulated, live in (("A", True, False), ("B", False, True), ("C", False, False)):
        sqlite.month(sqlite.terminal(name, name, simulated=simulated, live=live), "2022-03", (0, 0, 10, 40))
    found = [row[0] for row in rows(read(sqlite, f"/all/places{MARCH}", TODAY), KIND)]
    assert found == ["All sites", "A simulated", "B live, without a promise of anonymity", "C"]


def test_where_nothing_is_there_is_a_sentence(sqlite: Filling) -> None:
    terminal = sqlite.terminal("A")
    assert "hidden to protect visitors" in read(sqlite, "/site-1/places?lang=en", TODAY)
    text = read(sqlite, f"/terminal-{terminal}/places?lang=en", TODAY)
    assert "There is nothing beneath a terminal." in text
    assert 'href="/site-1/places?lang=en"' in text


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("from=march", 400, "&#39;march&#39; is not a month."),
        ("from=2022-03&to=2022-01", 400, "turn the two round"),
        ("to=2022-04", 404, "April 2022 is not over yet."),
        ("from=1900-01", 404, "There are no figures of that time."),
        ("from=1930-01", 200, "Side by side"),
    ],
)
def test_what_is_asked_wrongly_gets_a_message(tree_of_four: Filling, query: str, status: int, said: str) -> None:
    assert said in read(tree_of_four, f"/all/places?lang=en&{query}", TODAY, status)


def test_hostile_names_are_text_and_break_nothing(sqlite: Filling) -> None:
    for number, name in enumerate(("<img src=x onerror=alert(1)>", "=1+1", "$x$ " * 45, "ก" * 200)):
        sqlite.month(sqlite.terminal(f"{name[:100]}{number}", name.strip()), "2022-03", (0, 0, 10, 40))
    put(sqlite, "<b>Oslo", "=1+1")
    text = read(sqlite, "/all/places?lang=en", TODAY)
    assert "<img" not in text
    assert "<b>Oslo" not in text
    assert "&lt;img src=x" in text


def names_in(drawing: SideBySide, at: int) -> list[str]:
    size = sizes(drawing.lines)[at]
    return [
        each.get_text()
        for each in drawing.artists(size, words("en"))
        if isinstance(each, Text) and each.get_gid() == "name"
    ]


def test_names_are_cut_to_the_room_there_is() -> None:
    assert fitted("Pro Sentret", 400, 15) == "Pro Sentret"
    cut = fitted("Grünerløkka helsestasjon for ungdom og unge voksne", 200, 15)
    assert cut.endswith("…")
    assert cut.startswith("Grünerløkka helse")
    assert width(cut, 15) <= 200 < width(cut[:-1] + "xxxx", 15)
    start = time.perf_counter()
    assert width(fitted("W" * 10_000, 200, 15), 15) <= 200
    assert time.perf_counter() - start < 1
    drawing = SideBySide(month("2022-03"), (Line("W" * 200, 6, False, share(5, 10)), Line("i", 0, True, None)))
    assert all(width(name, 15, bold=True) < 270 for name in names_in(drawing, 0))


def test_the_drawing_says_what_each_share_rests_on() -> None:
    lines = (
        Line("A", 0, True, share(1_230, 1_240)),
        Line("B", 1, False, share(12, 12), "January–March 2022"),
        Line("C", 1, False, None),
    )
    drawing = SideBySide(month("2022-03"), lines)
    for size in sizes(lines):
        artists = list(drawing.artists(size, words("en")))
        texts = [each.get_text() for each in artists if isinstance(each, Text) and each.get_gid() == "axis"]
        assert [each for each in texts if not each.endswith("%")] == ["of 1,240", "January–March 2022", "of 12"]
        assert all(0 < each.get_position()[1] < size.height for each in artists if isinstance(each, Text))
    assert drawing.description(words("en")) == (
        "A: 99% of 1,240, interval 99–100%. B (January–March 2022): 100% of 12, interval 76–100%. "
        "C: hidden to protect visitors."
    )


def test_whiskers_are_where_the_percentages_are() -> None:
    lines = (Line("A", 0, False, share(30, 40)), Line("B", 0, False, share(10, 40)))
    drawing = SideBySide(month("2022-03"), lines)
    wide = sizes(lines)[0]
    artists: list[Any] = list(drawing.artists(wide, words("en")))
    ends = {kind: [each.get_xdata() for each in artists if each.get_gid() == kind] for kind in ("grid", "line")}
    grid = [first for first, _ in ends["grid"]]
    spans = [(first, last) for first, last in ends["line"] if first != last]
    zero, hundred = grid[0], grid[-1]
    for span, (k, n) in zip(spans, ((30, 40), (10, 40)), strict=True):
        found = [100 * (x - zero) / (hundred - zero) for x in span]
        assert found == pytest.approx(wilson(k, n), abs=0.01)


@pytest.fixture
def many(sqlite: Filling) -> Filling:
    """A hundred sites with two terminals each, in ten areas, and ten months."""
    with sqlite.engine.begin() as connection:
        for number in range(100):
            name = f"Sted {number:03}"
            for each in range(2):
                made = store.add_terminal(connection, f"T{number}-{each}", name, "Europe/Oslo")
                tables = [
                    Table(VISIT, Slice.TOTAL, f"2021-{one:02}", {COUNTED: (1, 2, 10, 20 + each)})
                    for one in range(3, 13)
                ]
                store.merge(connection, made, EPOCH, tables, 1)
            areas.put(connection, [name], f"Område {number % 10}")
        for some in sites(connection):
            disclosure.publish(connection, some.id, VISIT, day("2022-01-12"), 10)
    return sqlite


def test_many_places_are_read_at_once_and_folded(many: Filling) -> None:
    asked: list[str] = []
    with store.reading(many.engine) as connection:
        top = tree(connection)
        event.listen(connection, "before_cursor_execute", lambda *given: asked.append(given[2]))
        start = time.perf_counter()
        found = disclosure.beneath(
            connection, top, VISIT, months("2021-08", "2021-12"), months("2021-03", "2021-07"), 10
        )
        took = time.perf_counter() - start
    assert len(found) == 1 + 10 + 100
    assert len(asked) < 10
    assert took < 10, "not a measurement: only that nothing is read over and over"
    text = read(many, "/all/places?lang=en", day("2022-01-12"))
    assert text.count('<details class="branch">') == 10
    assert "Sted 099" in text
    # Of the drawing, the first level.
    assert text.count('class="dot"') == 2 * (1 + 10)


@pytest.mark.parametrize("width_", [320, 360, 768, 1440])
def test_nothing_is_wider_than_the_window(
    tree_of_four: Filling, served: Callable[[Engine, date], str], browser: Browser, width_: int
) -> None:
    put(tree_of_four, "Et område med et usedvanlig langt navn " * 4, "Voss")
    page = browser.new_page(viewport={"width": width_, "height": 800})
    page.goto(served(tree_of_four.engine, TODAY) + f"/all/places{MARCH}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(
        "[...document.querySelectorAll('.beside-table')].every(e => e.scrollWidth <= e.parentElement.clientWidth)"
    )
    page.close()
