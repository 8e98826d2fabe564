"""The interface for programs: the figures of the pages, no more and no less, in rows that stay as they are."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from dashboard import areas, places, schema, store
from dashboard.api import shapes
from dashboard.api.answers import columns
from dashboard.web import create_app
from ratings.config import Dashboard
from ratings.table import Slice
from tests.dashboard.filling import Filling
from tests.dashboard.test_tokens import said
from tests.dashboard.test_web import wilson

TODAY = date(2023, 2, 3)
FIGURES = ("totals", "months", "trend", "languages", "hours", "reasons")


def fill(filling: Filling) -> Filling:
    """A site with many ratings, one with few whose months are shown together, and one that shows nothing."""
    stua, hall = filling.terminal("Stua"), filling.terminal("Hall")
    kafe, bod = filling.terminal("Kafé", "Annet sted"), filling.terminal("Bod", "Lageret")
    for number in range(1, 13):
        filling.month(stua, f"2022-{number:02}", (1, 2, 30, 40 + 10 * number))
        filling.month(hall, f"2022-{number:02}", (3, 4, 20, 20))
        filling.month(kafe, f"2022-{number:02}", (1, 0, 1, 1))
    filling.month(bod, "2022-12", (0, 0, 1, 2))
    for days, at_stua, at_hall in (
        ("2022-12-01/2022-12-11", (1, 1, 10, 80), (1, 2, 10, 10)),
        ("2022-12-12/2022-12-31", (0, 1, 20, 80), (2, 2, 10, 10)),
        ("2023-01-01/2023-01-15", (1, 1, 10, 20), (2, 2, 10, 10)),
        ("2023-01-16/2023-01-31", (1, 1, 10, 20), (2, 2, 10, 10)),
    ):
        filling.trend(stua, days, at_stua)
        filling.trend(hall, days, at_hall)
    for quarter in ("2022-Q1", "2022-Q2", "2022-Q3", "2022-Q4"):
        total = sum(40 + 10 * number for number in range(3 * int(quarter[-1]) - 2, 3 * int(quarter[-1]) + 1))
        filling.split(stua, Slice.LANGUAGE, quarter, {"nb": (3, 6, 50, total - 40), "th": (0, 0, 40, 40)})
        filling.split(stua, Slice.HOUR, quarter, {"1-14": (3, 6, 50, total - 40), "2-9": (0, 0, 40, 40)})
        filling.split(stua, Slice.REASON, quarter, {"staff": (3, 6, 50, total - 40), "skipped": (0, 0, 40, 40)})
        filling.split(hall, Slice.LANGUAGE, quarter, {"nb": (9, 12, 60, 60)})
    with filling.engine.begin() as connection:
        areas.put(connection, ["Pro Sentret", "Annet sted"], "Oslo")
    return filling


@pytest.fixture
def filled(filling: Filling) -> Filling:
    """In either kind of database."""
    return fill(filling)


@pytest.fixture(scope="module")
def kept(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filling]:
    """For tests that only ask: one for all of them."""
    path = tmp_path_factory.mktemp("api") / "fjes.db"
    shutil.copyfile(sqlite_template, path)
    opened = store.open_engine(f"sqlite:///{path}")
    yield fill(Filling(opened))
    opened.dispose()


@pytest.fixture(scope="module")
def asked(kept: Filling) -> FlaskClient:
    return client(kept)


def client(filling: Filling, today: date = TODAY) -> FlaskClient:
    return create_app(filling.engine, Dashboard(), today=lambda: today).test_client()


def rows(asked: FlaskClient, address: str) -> list[dict[str, Any]]:
    answer = asked.get(f"/api/v1/{address}")
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "application/json"
    found = msgspec.json.decode(answer.data)
    assert found.keys() == {"rows", "next"}
    return list(found["rows"])


def sheet(asked: FlaskClient, address: str) -> list[dict[str, str]]:
    answer = asked.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "text/csv"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def test_places_are_listed_with_what_they_are_in(asked: FlaskClient) -> None:
    found = {row["place"]: (row["kind"], row["name"], row["above"], row["timezone"]) for row in rows(asked, "places")}
    assert found == {
        "all": ("all", "", None, None),
        "area-1": ("area", "Oslo", "all", None),
        "site-1": ("site", "Pro Sentret", "area-1", None),
        "site-2": ("site", "Annet sted", "area-1", None),
        "site-3": ("site", "Lageret", "all", None),
        "terminal-bod": ("terminal", "Bod", "site-3", "Europe/Oslo"),
        "terminal-hall": ("terminal", "Hall", "site-1", "Europe/Oslo"),
        "terminal-kafe": ("terminal", "Kafé", "site-2", "Europe/Oslo"),
        "terminal-stua": ("terminal", "Stua", "site-1", "Europe/Oslo"),
    }
    assert [row["place"] for row in rows(asked, "places?place=site-1")] == ["site-1", "terminal-hall", "terminal-stua"]
    assert [row["place"] for row in rows(asked, "places?kind=terminal&place=area-1")] == [
        *("terminal-hall", "terminal-kafe", "terminal-stua"),
    ]


def test_a_month_has_its_three_shares_with_base_and_interval(asked: FlaskClient) -> None:
    (row,) = rows(asked, "months?place=terminal-stua&period=2022-03")
    assert (row["from"], row["to"], row["hidden"], row["ratings"]) == ("2022-03", "2022-03", False, 103)
    assert [row[key] for key in ("very_unhappy", "unhappy", "happy", "very_happy")] == [1, 2, 30, 70]
    for name, k, n in (("satisfied", 100, 103), ("very_satisfied", 70, 103), ("very_satisfied_of_satisfied", 70, 100)):
        low, high = wilson(k, n)
        assert row[name] == pytest.approx({"percent": 100 * k / n, "low": low, "high": high}, abs=0.0001)
    assert row["change"]["direction"] == "unclear"
    assert (row["change"]["against_from"], row["change"]["against_to"]) == ("2022-02", "2022-02")


def test_a_share_of_a_part_needs_a_base_of_its_own(sqlite: Filling) -> None:
    sqlite.month(sqlite.terminal("Stua"), "2023-01", (3, 3, 3, 3))
    (row,) = rows(client(sqlite, date(2023, 2, 20)), "months?period=2023-01")
    assert row["satisfied"]["percent"] == 50
    assert row["very_satisfied_of_satisfied"] is None


@pytest.mark.parametrize("place", ["all", "area-1", "site-1", "site-2", "site-3", "terminal-stua", "terminal-kafe"])
def test_months_are_those_of_the_page(asked: FlaskClient, place: str) -> None:
    """The overview's file of the same months: the same shares, and the same months hidden."""
    page = asked.get(f"/{place}/overview/months.csv?month=2023-01")
    theirs = sheet(asked, f"/{place}/overview/months.csv?month=2023-01") if page.status_code == 200 else []
    ours = rows(asked, f"months?place={place}&from=2022-01&to=2023-01")
    assert [(row["from"], row["to"], row["hidden"]) for row in ours] == [
        (row["months_from"], row["months_to"], row["note"] == "hidden") for row in reversed(theirs)
    ]
    for our, their in zip(ours, reversed(theirs), strict=True):
        if not our["hidden"]:
            figures = [our["satisfied"][key] for key in ("percent", "low", "high")]
            assert figures == [float(their[key]) for key in ("satisfied", "interval_low", "interval_high")]
            assert our["ratings"] == int(their["ratings"])
        else:
            kept = {"place", "kind", "name", "live", "simulated", "question", "from", "to", "hidden"}
            assert {value for key, value in our.items() if key not in kept} == {None}


@pytest.mark.parametrize("place", ["area-1", "site-1", "terminal-stua", "terminal-hall"])
@pytest.mark.parametrize("name", ["languages", "hours", "reasons"])
def test_languages_hours_and_reasons_are_those_of_the_page(asked: FlaskClient, place: str, name: str) -> None:
    address = f"/{place}/{name}/{name}.csv?from=2022-01&to=2022-12&lang=en"
    theirs = sheet(asked, address) if asked.get(address).status_code == 200 else []
    key = name.removesuffix("s")
    ours = sheet(asked, f"/api/v1/{name}?place={place}&period=2022&lang=en&format=csv")
    same = ("satisfied_low", "satisfied_high", "interval_low", "interval_high", "ratings_low", "ratings_high")
    for row in (*ours, *theirs):
        row |= {each: f"{float(row[each]):.4f}" for each in same if row[each]}
    assert sorted([row["key"], row["label"].lower(), *(row[each] for each in same)] for row in ours) == sorted(
        [row[f"{key}_key"], row[key].lower(), *(row[each] for each in same)] for row in theirs
    )
    assert bool(ours) is (place != "terminal-hall" or name == "languages")


@pytest.mark.parametrize("place", ["all", "area-1", "site-1"])
def test_the_trend_is_that_of_the_page(asked: FlaskClient, place: str) -> None:
    theirs = sheet(asked, f"/{place}/trend/trend.csv?from=2022-12&to=2023-01")
    ours = rows(asked, f"trend?place={place}&from=2022-12")
    assert [(row["from"], row["to"], row["hidden"], row["ratings"]) for row in ours] == [
        (row["days_from"], row["days_to"], row["note"] == "hidden", int(row["ratings"]) if row["ratings"] else None)
        for row in reversed(theirs)
    ]


def test_totals_are_those_of_the_page_side_by_side(asked: FlaskClient) -> None:
    theirs = {
        row["source_place"] if row["place"] == "" else row["place"]: row
        for row in sheet(asked, "/all/places/beside.csv?from=2022-07&to=2022-12&lang=en")
    }
    ours = {
        row["name"] or "All sites": row
        for kind in ("all", "area", "site")
        for row in rows(asked, f"totals?kind={kind}&from=2022-07&to=2022-12")
    }
    assert ours.keys() | {"Lageret"} == theirs.keys()
    for name, our in ours.items():
        their = theirs[name]
        assert (our["from"], our["to"], our["ratings"]) == (
            *(their["months_from"], their["months_to"], int(their["ratings"])),
        )
        assert our["satisfied"]["percent"] == float(their["satisfied"])
        if our["change"]:
            assert our["change"]["direction"] == their["change"]
            assert our["change"]["points"] == float(their["change_points"])


def test_a_range_that_cuts_months_shown_together_is_widened_and_says_so(asked: FlaskClient) -> None:
    (row,) = rows(asked, "totals?place=site-2&period=2022-03")
    assert (row["from"], row["to"], row["widened"]) == ("2022-01", "2022-04", True)
    (row,) = rows(asked, "totals?place=site-1&period=2022-03")
    assert (row["from"], row["to"], row["widened"]) == ("2022-03", "2022-03", False)
    # Days within a month are the month.
    (row,) = rows(asked, "totals?place=site-1&from=2022-03-10&to=2022-04-02")
    assert (row["from"], row["to"], row["widened"]) == ("2022-03", "2022-04", True)


def test_what_is_hidden_is_named_and_who_is_missing(asked: FlaskClient) -> None:
    (row,) = rows(asked, "totals?place=all&period=2022")
    assert row["without"] == ["Annet sted", "Lageret"]
    (row,) = rows(asked, "totals?place=site-1&from=2022-12")
    assert (row["from"], row["to"], row["hidden_months"]) == ("2022-12", "2022-12", ["2023-01"])


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("period=last-month", "2022-12", "2022-12"),
        ("period=last-quarter", "2022-10", "2022-12"),
        ("period=last-year", "2022-01", "2022-12"),
        ("period=this-year", None, None),
        ("period=last-12-months", "2022-01", "2022-12"),
        ("", "2022-01", "2022-12"),
        ("period=all", "2022-01", "2022-12"),
        ("period=2022", "2022-01", "2022-12"),
        ("period=2022-Q2", "2022-04", "2022-06"),
        ("period=2022-q2", "2022-04", "2022-06"),
        ("period=2022-05", "2022-05", "2022-05"),
        ("period=2019", None, None),
        ("period=2031", None, None),
        ("from=2022-11", "2022-11", "2022-12"),
        ("to=2022-02", "2022-01", "2022-02"),
        ("from=1950-01-01&to=2150-12-31", "2022-01", "2022-12"),
        ("from=2022-02-28&to=2022-02-28", "2022-02", "2022-02"),
    ],
)
def test_what_words_for_time_mean(kept: Filling, words: str, first: str | None, last: str | None) -> None:
    found = rows(client(kept, date(2023, 1, 20)), f"totals?place=site-1&{words}")
    assert [(row["from"], row["to"]) for row in found] == ([(first, last)] if first else [])


def test_pages_of_places_go_on_until_there_are_no_more(filled: Filling) -> None:
    asked = client(filled)
    whole = rows(asked, "months?kind=terminal&period=all")
    found, address, links = [], "/api/v1/months?kind=terminal&period=all&limit=1", 0
    while address:
        answer = asked.get(address)
        part = msgspec.json.decode(answer.data)
        found += part["rows"]
        address = part["next"]
        assert answer.headers.get("Link") == (f'<{address}>; rel="next"' if address else None)
        links += 1
        # A name that changes, or a place that comes, moves nobody.
        with filled.engine.begin() as connection:
            connection.execute(update(schema.terminal).where(schema.terminal.c.id == "bod").values(name="Zzz"))
    assert links == 4
    assert found == whole
    answer = asked.get("/api/v1/months?kind=terminal&period=all&limit=1&format=csv")
    assert (
        answer.headers["Link"]
        == '</api/v1/months?kind=terminal&period=all&limit=1&format=csv&after=terminal-bod>; rel="next"'
    )


def test_csv_has_the_same_columns_whatever_is_in_it(asked: FlaskClient) -> None:
    for name in shapes.ROWS:
        for query in ("format=csv", "format=csv&place=site-3"):
            answer = asked.get(f"/api/v1/{name}?{query}")
            assert answer.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
            assert answer.headers["Content-Disposition"] == f"attachment; filename=fjes-{name}.csv"
            assert answer.data.decode("utf-8-sig").splitlines()[0].split(",") == columns(shapes.ROWS[name])


def test_csv_and_json_say_the_same(filled: Filling) -> None:
    asked = client(filled)

    def flat(value: Any, name: str = "") -> dict[str, str]:
        if isinstance(value, dict):
            return {
                k: v for key, each in value.items() for k, v in flat(each, f"{name}_{key}" if name else key).items()
            }
        if isinstance(value, list):
            return {name: "; ".join(value)}
        return {name: str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)}

    for name in shapes.ROWS:
        query = f"{name}?place=all&kind=terminal" + ("" if name == "places" else "&period=all")
        for ours, theirs in zip(rows(asked, query), sheet(asked, f"/api/v1/{query}&format=csv"), strict=True):
            assert theirs.items() >= {k: v for k, v in flat(ours).items() if k in theirs}.items()
            assert {v for k, v in theirs.items() if k not in flat(ours)} <= {""}


def test_no_name_is_a_formula(sqlite: Filling) -> None:
    stua = sqlite.terminal("=1+1", "@SUM(A1)")
    sqlite.month(stua, "2022-12", (1, 2, 30, 40))
    asked = client(sqlite)
    assert {row["name"] for row in rows(asked, "places")} == {"", "@SUM(A1)", "=1+1"}
    assert {row["name"] for row in sheet(asked, "/api/v1/places?format=csv")} == {"", "'@SUM(A1)", "'=1+1"}


def test_live_and_simulated_are_marked(sqlite: Filling) -> None:
    sqlite.month(sqlite.terminal("Stua", live=True), "2022-12", (1, 2, 30, 40))
    sqlite.month(sqlite.terminal("Kafé", "Kafé", simulated=True), "2022-12", (1, 2, 30, 40))
    found = {row["name"]: (row["live"], row["simulated"]) for row in rows(client(sqlite), "totals?period=2022-12")}
    assert found == {"Pro Sentret": (True, False), "Kafé": (False, True)}


def test_where_there_is_nothing_there_are_no_rows(sqlite: Filling) -> None:
    asked = client(sqlite)
    for name in FIGURES:
        assert rows(asked, name) == []
        assert rows(asked, f"{name}?place=all") == []
    assert len(rows(asked, "places")) == 1


def test_what_is_published_for_programs_is_what_was_published(filled: Filling) -> None:
    """Asking first for figures publishes as opening a page does: what comes late changes nothing that was shown."""
    asked = client(filled)
    before = rows(asked, "months?place=site-1&period=2022-03")
    filled.month("stua", "2022-03", (1, 2, 30, 73))
    assert rows(client(filled), "months?place=site-1&period=2022-03") == before


@pytest.mark.parametrize(
    ("address", "code", "what"),
    [
        ("nothing", 404, "There is no such address"),
        (
            "months?perod=2022",
            400,
            "There is no parameter 'perod'. There are: place, kind, limit, after, format, period",
        ),
        ("months?period=2022&period=2023", 400, "The parameter 'period' is there 2 times."),
        ("months?period=2022-13", 400, "The parameter 'period' cannot be '2022-13'. Which months: a month as 2023-12"),
        ("months?period=2022%0A", 400, "cannot be shown"),
        ("months?from=2022-02-30", 400, "The parameter 'from' cannot be '2022-02-30': there is no such day."),
        ("months?to=march", 400, "The parameter 'to' cannot be 'march'. Write it as 2023-01 or 2023-01-31."),
        ("months?from=2022-03&to=2022-01", 400, "'from' (2022-03) is after 'to' (2022-01). Turn the two round."),
        ("months?period=2022&from=2022-01", 400, "Leave out the one or the others."),
        ("months?limit=0", 400, "The parameter 'limit' cannot be '0'. It is a number from 1 to 500."),
        ("months?limit=many", 400, "It is a number from 1 to 500."),
        ("months?format=xml", 400, "The parameter 'format' cannot be 'xml'. It is one of: csv, json."),
        ("months?kind=town", 400, "It is one of: all, area, site, terminal."),
        ("months?place=Stua", 400, "Write it as all or area-2 or site-3 or terminal-stua."),
        ("months?place=site-9", 404, "There is no place 'site-9', or this token does not see it."),
        ("months?place=site-1&question=food", 404, "There are no ratings of a question 'food' there."),
        ("places?period=2022", 400, "There is no parameter 'period'."),
        ("months?lang=nb", 400, "There is no parameter 'lang'."),
        ("languages?lang=fr", 400, "It is one of: en, nb."),
    ],
)
def test_what_is_asked_wrongly_is_said_with_what_to_do(asked: FlaskClient, address: str, code: int, what: str) -> None:
    assert what in said(asked.get(f"/api/v1/{address}"), code)


def test_a_question_that_was_asked_at_some_sites_has_rows_of_these(asked: FlaskClient) -> None:
    assert rows(asked, "months?question=food") == []


def test_a_database_that_does_not_answer_is_a_problem_too(asked: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_connection: object) -> None:
        raise store.StoreError("the database is gone")

    monkeypatch.setattr(places, "tree", broken)
    assert "cannot be read just now" in said(asked.get("/api/v1/places"), 503)
