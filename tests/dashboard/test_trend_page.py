"""The trend page: its pieces are those that were published, drawn to scale, and it says by what they are counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser
from sqlalchemy import Engine

from dashboard import disclosure, language, store
from dashboard.charts.months import Point
from dashboard.charts.style import Size
from dashboard.charts.trend import SIZES, OverDays, gaps
from dashboard.language import words
from dashboard.places import tree
from dashboard.statistics import share
from ratings.config import DEFAULT_QUESTION as VISIT
from ratings.period import DAY, Period, days
from ratings.scale import Counts, add
from tests.dashboard.filling import Filling, day, months
from tests.dashboard.reading import read, rows, wilson

TODAY = day("2022-04-27")

WEEKS: dict[str, Counts] = {
    "2022-03-01/2022-03-06": (1, 1, 6, 10),
    "2022-03-07/2022-03-13": (0, 0, 2, 5),
    "2022-03-14/2022-03-20": (0, 1, 4, 4),
    "2022-03-21/2022-03-31": (3, 2, 5, 20),
}
APRIL: dict[str, Counts] = {
    "2022-04-01/2022-04-10": (0, 0, 8, 12),
    "2022-04-11/2022-04-17": (1, 0, 8, 12),
    "2022-04-18/2022-04-24": (1, 3, 8, 12),
}


def fill(filling: Filling, terminal: str) -> None:
    filling.month(terminal, "2022-03", add(*WEEKS.values()))
    for stretch, counts in (WEEKS | APRIL).items():
        filling.trend(terminal, stretch, counts)


def row(stretch: str, counts: Counts) -> list[str]:
    k, n = counts[2] + counts[3], sum(counts)
    low, high = wilson(k, n)
    return [stretch, f"{100 * k / n:.1f}%", f"{low:.1f}–{high:.1f}%", str(n)]


EXPECTED = [
    ["18–27 April 2022", "hidden to protect visitors"],
    row("11–17 April 2022", (1, 0, 8, 12)),
    row("1–10 April 2022", (0, 0, 8, 12)),
    row("21–31 March 2022", (3, 2, 5, 20)),
    # Seven ratings are too few for a piece of their own.
    row("7–20 March 2022", (0, 1, 6, 9)),
    row("1–6 March 2022", (1, 1, 6, 10)),
]


def test_its_rows_are_the_pieces_and_the_latest_is_held_back(filling: Filling) -> None:
    fill(filling, filling.terminal("Stua"))
    text = read(filling, "/site-1/trend?lang=en", TODAY)
    assert rows(text) == EXPECTED
    assert "Counted by week" in text
    assert "the month so far" in text
    norwegian = rows(read(filling, "/site-1/trend?lang=nb", TODAY))
    assert norwegian[0] == ["18.–27. april 2022", "skjult for å beskytte de besøkende"]
    percents = [each.replace(".", ",").replace("%", " %") for each in EXPECTED[1][1:3]]
    assert norwegian[1] == ["11.–17. april 2022", *percents, "21"]


def test_without_a_range_it_is_of_the_last_thirteen_weeks_and_with_one_of_that(sqlite: Filling) -> None:
    stua = sqlite.terminal("Stua")
    fill(sqlite, stua)
    sqlite.month(stua, "2021-03", (0, 0, 10, 10))
    sqlite.trend(stua, "2021-03-01/2021-03-31", (0, 0, 10, 10))
    assert rows(read(sqlite, "/site-1/trend?lang=en", TODAY)) == EXPECTED
    old = rows(read(sqlite, "/site-1/trend?from=2021-03&to=2021-03&lang=en", TODAY))
    assert old == [row("1–31 March 2021", (0, 0, 10, 10))]
    march = rows(read(sqlite, "/site-1/trend?from=2022-03&lang=en", TODAY))
    assert march == EXPECTED, "with the last closed month goes the running one"


def test_more_than_two_years_are_cut_and_said_to_be(sqlite: Filling) -> None:
    stua = sqlite.terminal("Stua")
    fill(sqlite, stua)
    sqlite.month(stua, "2019-03", (0, 0, 10, 10))
    sqlite.trend(stua, "2019-03-01/2019-03-31", (0, 0, 10, 10))
    text = read(sqlite, "/site-1/trend?from=2019-03&lang=en", TODAY)
    assert "These are the last two years" in text
    assert rows(text) == EXPECTED


def test_days_are_said_to_be_days(sqlite: Filling) -> None:
    stua = sqlite.terminal("Stua")
    for number in range(1, 32):
        sqlite.trend(stua, f"2022-03-{number:02}/2022-03-{number:02}", (0, 1, 4, 8))
    sqlite.month(stua, "2022-03", (0, 31, 124, 248))
    text = read(sqlite, "/site-1/trend?from=2022-03&to=2022-03&lang=en", TODAY)
    assert "Counted by day." in text
    assert "31 March 2022" in text


@pytest.mark.parametrize("place", ["site-1", "terminal-stua", "all"])
def test_where_no_trend_is_kept_it_says_so(sqlite: Filling, place: str) -> None:
    sqlite.month(sqlite.terminal("Stua"), "2022-03", (0, 0, 10, 40))
    text = read(sqlite, f"/{place}/trend?lang=en", TODAY)
    assert "No trend is kept here" in text
    assert "idden to protect" not in text


def test_terminals_and_sites_without_a_trend_are_named(sqlite: Filling) -> None:
    fill(sqlite, sqlite.terminal("Stua"))
    sqlite.month(sqlite.terminal("Hall"), "2022-03", (0, 0, 10, 40))
    sqlite.month(sqlite.terminal("X", "Vest"), "2022-03", (0, 0, 10, 40))
    assert "No trend is kept at: Hall." in read(sqlite, "/site-1/trend?lang=en", TODAY)
    assert "No trend is kept at: Vest." in read(sqlite, "/all/trend?lang=en", TODAY)


def test_few_ratings_say_nothing_of_how_they_are_counted(sqlite: Filling) -> None:
    stua = sqlite.terminal("Stua")
    sqlite.month(stua, "2022-03", (0, 0, 0, 6))
    sqlite.trend(stua, "2022-03-05/2022-03-05", (0, 0, 0, 6))
    with_few = read(sqlite, "/site-1/trend?lang=en", TODAY)
    sqlite.empty()
    sqlite.terminal("Stua")
    assert "hidden to protect visitors" in with_few.lower()
    assert with_few == read(sqlite, "/site-1/trend?lang=en", TODAY)


def test_a_terminal_beside_others_is_sent_to_the_site(sqlite: Filling) -> None:
    for name in ("Stua", "Hall"):
        fill(sqlite, sqlite.terminal(name))
    text = read(sqlite, "/terminal-stua/trend?lang=en", TODAY)
    assert 'href="/site-1/trend?lang=en">The trend of Pro Sentret</a>' in text
    assert rows(text) == []


def test_several_sites_are_summed_and_who_is_missing_is_named(sqlite: Filling) -> None:
    nord, sor = sqlite.terminal("N", "Nord"), sqlite.terminal("S", "Sør")
    fill(sqlite, nord)
    sqlite.month(sor, "2022-03", (0, 0, 0, 24))
    sqlite.trend(sor, "2022-03-01/2022-03-20", (0, 0, 0, 12))
    sqlite.trend(sor, "2022-03-21/2022-03-31", (0, 0, 0, 12))
    sqlite.month(sor, "2022-02", (0, 0, 0, 12))
    sqlite.trend(sor, "2022-02-01/2022-02-28", (0, 0, 0, 12))
    text = read(sqlite, "/all/trend?from=2022-02&to=2022-03&lang=en", TODAY)
    assert rows(text) == [
        row("21–31 March 2022", (3, 2, 5, 32)),
        row("1–20 March 2022", (1, 2, 12, 31)),
        row("1–28 February 2022", (0, 0, 0, 12)),
    ]
    assert "<li>Nord: 1–28 February 2022</li>" in text


def test_a_month_that_is_cut_is_gathered_as_a_whole(sqlite: Filling) -> None:
    """With a threshold raised since, a part of a month must not be another figure than the whole of it."""
    stua = sqlite.terminal("Stua")
    for first, last in ((1, 5), (6, 10), (11, 15), (16, 20), (21, 25)):
        sqlite.trend(stua, f"2022-04-{first:02}/2022-04-{last:02}", (0, 0, 0, 12))
    read(sqlite, "/site-1/trend", TODAY)
    with store.reading(sqlite.engine) as connection:
        site = tree(connection).sites[0]
        whole = disclosure.trend(connection, site, VISIT, months("2022-04", "2022-04"), 20)
        for first in range(1, 21):
            asked = Period(date(2022, 4, first), TODAY)
            part = disclosure.trend(connection, site, VISIT, asked, 20)
            assert set(part) <= set(whole)


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("from=2022-13", 400, "is not a month"),
        ("from=2022-03&to=2022-01", 400, "turn the two round"),
        ("to=2022-04", 404, "April 2022 is not over yet."),
        ("from=1900-01", 404, "There are no figures of that time."),
        ("from=1930-01", 200, "These are the last two years"),
        ("from=%3Cscript%3E", 400, "&lt;script&gt;"),
    ],
)
def test_what_is_asked_wrongly_gets_a_message(sqlite: Filling, query: str, status: int, said: str) -> None:
    fill(sqlite, sqlite.terminal("Stua"))
    assert said in read(sqlite, f"/site-1/trend?lang=en&{query}", TODAY, status)


# The drawing.


def point(first: date, last: date, k: int = 8, n: int = 10) -> Point:
    found = share(k, n)
    assert found is not None
    return Point(days(first, last), found)


def parts(drawing: OverDays, size: Size, kind: str) -> list[Any]:
    return [each for each in drawing.artists(size, words("en")) if each.get_gid() == kind]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_pieces_are_as_wide_as_they_are_long(size: Size) -> None:
    points = (
        point(date(2022, 3, 1), date(2022, 3, 7)),
        point(date(2022, 3, 8), date(2022, 3, 28)),
        point(date(2022, 3, 29), date(2022, 4, 4)),
    )
    drawing = OverDays(Period(date(2022, 3, 1), date(2022, 4, 4)), points, (), None)
    bands = [each.get_bbox().width for each in parts(drawing, size, "band")]
    gap = 6
    assert (bands[1] + gap) / (bands[0] + gap) == pytest.approx(3, abs=0.1)
    assert bands[0] == pytest.approx(bands[2])


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
@pytest.mark.parametrize("number", [1, 2, 13, 40, 731])
def test_amounts_never_lie_over_each_other_and_nothing_is_outside(size: Size, number: int) -> None:
    first = date(2021, 1, 1)
    length = max(1, 731 // number)
    points = tuple(
        point(first + timedelta(each * length), first + timedelta((each + 1) * length - 1), each % 11, 11)
        for each in range(number)
    )
    drawing = OverDays(Period(first, points[-1].days.last), points, (), None)
    amounts = sorted(each.get_position()[0] for each in parts(drawing, size, "amount"))
    assert amounts
    assert all(after - before > 1.6 * size.text for before, after in pairwise(amounts))
    for kind in ("amount", "axis"):
        for each in parts(drawing, size, kind):
            x, y = each.get_position()
            assert 0 <= x <= size.width
            assert 0 <= y <= size.height - 8
    assert len(drawing.description(words("en"))) < 3000


def test_hidden_days_are_marked_and_no_line_goes_over_them() -> None:
    points = (point(date(2022, 3, 1), date(2022, 3, 7)), point(date(2022, 3, 15), date(2022, 3, 21), 3))
    span = Period(date(2022, 3, 1), date(2022, 3, 31))
    hidden = gaps(span, points)
    assert hidden == (days(date(2022, 3, 8), date(2022, 3, 14)), days(date(2022, 3, 22), date(2022, 3, 31)))
    drawing = OverDays(span, points, hidden, None)
    assert len(parts(drawing, SIZES[0], "hidden")) == 2
    levels = [each for each in parts(drawing, SIZES[0], "line") if each.get_ydata()[0] != each.get_ydata()[1]]
    assert levels == []
    assert "8–14 March 2022: hidden to protect visitors" in drawing.description(words("en"))


def test_days_over_months_and_years_are_written_out() -> None:
    nb, en = (language.words(code) for code in ("nb", "en"))
    over = Period(date(2022, 2, 28), date(2022, 3, 6))
    assert (nb.days(over), en.days(over)) == ("28. februar–6. mars 2022", "28 February–6 March 2022")
    years = Period(date(2021, 12, 27), date(2022, 1, 2))
    assert nb.days(years) == "27. desember 2021–2. januar 2022"
    assert en.days(Period(over.first, over.first + DAY)) == "28 February–1 March 2022"


@pytest.mark.parametrize("width", [320, 360, 768, 1440])
def test_nothing_is_wider_than_the_window(
    sqlite: Filling, served: Callable[[Engine, date], str], browser: Browser, width: int
) -> None:
    fill(sqlite, sqlite.terminal("Stua", "Et sted med et usedvanlig langt navn " * 5))
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(served(sqlite.engine, TODAY) + "/site-1/trend")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".chart-narrow" if width < 700 else ".chart-wide").is_visible()
    page.close()
