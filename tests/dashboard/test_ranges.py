"""Which months a page is about, and which it offers: of figures that there are, and only months that are over."""

from __future__ import annotations

from datetime import date

import pytest
from werkzeug.exceptions import BadRequest

from dashboard import disclosure, language
from dashboard.pages.asking import Asked
from dashboard.pages.ranges import Range, choice
from dashboard.places import Area, Place, Site, tree
from dashboard.store import reading
from ratings.config import DEFAULT_QUESTION as VISIT
from ratings.period import Period, month
from tests.dashboard.filling import Filling, day, months

TODAY = day("2022-04-12")
KNOWN = months("2020-11", "2022-03")


def chosen(
    query: dict[str, str],
    known: Period | None = KNOWN,
    default: Period | None = None,
    *,
    filling: Filling,
    today: date = TODAY,
) -> Range:
    site = Site(1, "Pro Sentret", ())

    def link(page: str, place: Place | None = None, /, **query: str | None) -> str:
        return f"{page}?" + "&".join(f"{name}={value}" for name, value in query.items() if value is not None)

    asked = Asked(
        filling.engine,
        language.words("en"),
        Area(0, "", (site,)),
        site,
        VISIT,
        (VISIT,),
        today,
        10,
        query,
        link,
        None,
    )
    return choice(asked, "hours", known, default)


def test_without_a_word_it_is_the_last_twelve_months_or_what_the_page_prefers(sqlite: Filling) -> None:
    assert chosen({}, filling=sqlite).chosen == months("2021-04", "2022-03")
    quarter = months("2022-01", "2022-03")
    assert chosen({}, default=quarter, filling=sqlite).chosen == quarter
    assert chosen({"from": "", "to": ""}, default=quarter, filling=sqlite).chosen == quarter


def test_what_is_asked_for_is_chosen(sqlite: Filling) -> None:
    asked = {"from": "2021-01", "to": "2021-06"}
    assert chosen(asked, default=months("2022-01", "2022-03"), filling=sqlite).chosen == months("2021-01", "2021-06")


def test_every_closed_month_that_has_figures_is_offered_and_no_other(sqlite: Filling) -> None:
    offered = chosen({}, filling=sqlite).months
    assert [year for year, _ in offered] == [2022, 2021, 2020]
    assert [each for _, some in offered for each in some][:4] == [*(month(2022, n) for n in (1, 2, 3)), month(2021, 1)]
    assert offered[-1] == (2020, (month(2020, 11), month(2020, 12)))


def test_an_early_month_that_was_asked_for_stays_chosen(sqlite: Filling) -> None:
    offered = chosen({"from": "1990-05", "to": "2021-01"}, filling=sqlite).months
    assert offered[-1] == (1990, (month(1990, 5),))
    assert sum(len(some) for _, some in offered) == 18


def test_links_lead_to_the_last_quarter_the_years_and_everything(sqlite: Filling) -> None:
    presets = chosen({"from": "2022-01", "to": "2022-03"}, filling=sqlite).presets
    assert [(each.title, each.address, each.is_chosen) for each in presets] == [
        ("Last quarter", "hours?from=2022-01&to=2022-03", True),
        ("This year so far", "hours?from=2022-01&to=2022-03", True),
        ("The year 2021", "hours?from=2021-01&to=2021-12", False),
        ("Everything", "hours?from=2020-11&to=2022-03", False),
    ]
    # Of a quarter that is not over, and of a year without figures, there is none.
    presets = chosen({}, months("2022-01", "2022-03"), filling=sqlite, today=day("2022-06-30")).presets
    assert [each.address for each in presets] == [
        "hours?from=2022-01&to=2022-03",
        *["hours?from=2022-01&to=2022-05"] * 2,
    ]
    # In January no month of the year is over.
    presets = chosen({}, filling=sqlite, today=day("2022-01-20")).presets
    assert [each.title for each in presets] == ["Last quarter", "The year 2021", "Everything"]


def test_the_form_carries_on_language_and_question(sqlite: Filling) -> None:
    assert chosen({"lang": "en", "from": "2022-01", "x": "y"}, filling=sqlite).kept == (("lang", "en"),)


def test_before_there_are_figures_there_is_nothing_to_choose(sqlite: Filling) -> None:
    found = chosen({}, None, filling=sqlite)
    assert (found.months, found.presets) == ((), ())


def test_months_the_wrong_way_round_are_refused(sqlite: Filling) -> None:
    with pytest.raises(BadRequest, match=r"June 2021 is after January 2021"):
        chosen({"from": "2021-06", "to": "2021-01"}, filling=sqlite)


def test_known_months_are_those_of_blocks(filling: Filling) -> None:
    stua = filling.terminal("Stua")
    filling.month(stua, "2021-01", (0, 0, 0, 3))
    with reading(filling.engine) as connection:
        everything = tree(connection)
        assert disclosure.months_known(connection, everything, VISIT) is None
    filling.month(stua, "2021-03", (0, 0, 0, 9))
    filling.month(stua, "2021-04", (0, 0, 0, 20))
    disclosure.publish_if_due(filling.engine, [1], VISIT, TODAY, 10)
    with reading(filling.engine) as connection:
        assert disclosure.months_known(connection, everything, VISIT) == months("2021-01", "2021-04")
        assert disclosure.months_known(connection, everything, "other") is None
